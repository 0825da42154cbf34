"""Bearer token → Principal, for all four APIs: a signature check and one statement.

Nothing is trusted from memory without that statement: what is kept between requests (derived secrets,
compiled permissions) is keyed by the secret or by the role's version.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apikeys import keys
from apikeys.activity.facts import api_of
from apikeys.networks import is_allowed
from apikeys.roles import compile_permissions, narrowed
from config.errors import (
    AddressNotAllowed,
    ApiError,
    ApiKeyWithoutRole,
    MissingToken,
    TokenRefused,
    Unauthenticated,
    WorkspaceNotFound,
)
from config.http.client_address import client_address
from config.http.confirming import Check, waiting
from config.http.inputs import uuid_of
from config.principal import Permissions, Principal, WorkspaceRef
from config.server.replicas import replica_of
from config.server.statements import run

NO_MEMBER = "User is not a member of the workspace"


_ROLE_COLUMNS = """
    r.id, r.version, r.can_update_all_settings, r.can_access_all_tools, r.can_read_all_object_records,
    r.can_update_all_object_records, r.can_soft_delete_all_object_records, r.can_destroy_all_object_records,
    r.permission_flags::text,
    CASE WHEN r.is_restricted THEN (
        SELECT json_agg(json_build_array(o.object_metadata_id, o.can_read, o.can_update, o.can_soft_delete,
                                         o.can_destroy))::text
        FROM apikeys_objectpermission o WHERE o.role_id = r.id) END,
    CASE WHEN r.is_restricted THEN (
        SELECT json_agg(json_build_array(f.field_metadata_id, f.can_read, f.can_update))::text
        FROM apikeys_fieldpermission f WHERE f.role_id = r.id) END"""
_SIGNING_KEY = """
LEFT JOIN apikeys_signingkey s ON s.kid = %s"""
_SIGNING_KEY_COLUMNS = "s.kid IS NOT NULL, s.revoked_at IS NOT NULL"
_WORKSPACE_COLUMNS = """w.schema_version, w.webhooks_version, w.shard, w.max_batch_size, w.max_bulk_records,
    w.max_requests_per_minute"""

# Reads the three rows by their primary keys; each condition on `workspace_id` keeps a key of one
# workspace out of another's.
_KEY_COLUMNS = (
    _SIGNING_KEY_COLUMNS
    + ", "
    + _WORKSPACE_COLUMNS
    + """, k.name, k.api_version, k.enabled, k.generation, k.revoked_at IS NOT NULL, k.expires_at <= now(),
    k.previous_generation_until > now(), k.last_used_at > now() - interval '60 seconds',
    k.max_requests_per_second, k.max_requests_per_minute, k.is_read_only, k.object_ids::text,
    k.allowed_networks::text, k.token_ends::text, """
    + _ROLE_COLUMNS
)
_KEY_ROWS = (
    """
FROM metadata_workspace w"""
    + _SIGNING_KEY
    + """
LEFT JOIN apikeys_apikey k ON k.id = %s AND k.workspace_id = w.id
LEFT JOIN apikeys_role r ON r.id = k.role_id AND r.workspace_id = w.id
WHERE w.id = %s AND w.deleted_at IS NULL"""
)
_MEMBER_COLUMNS = (
    _SIGNING_KEY_COLUMNS
    + ", "
    + _WORKSPACE_COLUMNS
    + """, w.default_api_version, u.is_active, u.first_name, u.last_name, u.email, m.member_record_id,
    left(encode(sha256(convert_to(u.password || ':' || m.token_generation, 'UTF8')), 'hex'), 32), """
    + _ROLE_COLUMNS
)
_MEMBER_ROWS = (
    """
FROM metadata_workspace w"""
    + _SIGNING_KEY
    + """
LEFT JOIN apikeys_member m ON m.id = %s AND m.workspace_id = w.id
LEFT JOIN auth_user u ON u.id = m.user_id
LEFT JOIN apikeys_role r ON r.id = m.role_id AND r.workspace_id = w.id
WHERE w.id = %s AND w.deleted_at IS NULL"""
)

KEPT_CALLERS = 4096  # tokens of which it is remembered who they were


@dataclass(frozen=True, slots=True)
class _Statement:
    """What is asked of a token's holder: `whole` gives the columns and their text, `check` the text alone."""

    whole: str
    check: str


def _statement(columns: str, rows: str) -> _Statement:
    text = f"ROW({columns})::text"
    return _Statement(f"SELECT {text}, {columns}{rows}", f"SELECT {text} AS checked{rows}")


KEY_STATEMENT = _statement(_KEY_COLUMNS, _KEY_ROWS)
MEMBER_STATEMENT = _statement(_MEMBER_COLUMNS, _MEMBER_ROWS)


@dataclass(frozen=True, slots=True)
class _Known:
    """Who a token was when it was last checked, and what is asked of it anyway: from where, and whether it ended."""

    principal: Principal
    check: Check
    networks: str | None
    end: float | None  # Unix seconds

    def holds(self, request: HttpRequest) -> bool:
        is_here = self.networks is None or is_allowed(client_address(request), self.networks)
        return is_here and (self.end is None or self.end > time.time())


known_callers: dict[keys.Token, _Known] = {}

LAST_USED_STATEMENT = """
UPDATE apikeys_apikey SET last_used_at = now(), last_used_address = %s, last_used_api = %s WHERE id IN (
    SELECT id FROM apikeys_apikey
    WHERE id = %s AND (last_used_at IS NULL OR last_used_at <= now() - interval '60 seconds')
    FOR UPDATE SKIP LOCKED)"""


def authenticate(request: HttpRequest) -> Principal:
    """Who sends this request, by its `Authorization: Bearer` header only; asked once per request.

    Raises MissingToken, Unauthenticated, TokenRefused, ApiKeyWithoutRole, AddressNotAllowed, WorkspaceNotFound,
    InvalidTokenType or UnknownToken. Unknown and revoked keys take the same statement and answer.
    """
    known: Principal | None = getattr(request, "principal", None)
    if known is not None:
        return known
    refusal: ApiError | None = getattr(request, "authentication_refusal", None)
    if refusal is not None:
        raise refusal
    try:
        principal = _principal_of_token(request)
    except ApiError as fault:
        request.authentication_refusal = fault  # type: ignore[attr-defined]
        raise
    request.principal = principal  # type: ignore[attr-defined]
    return principal


def presumed(request: HttpRequest) -> Principal:
    """Who sends this request as far as is known, for counting only: they may have been refused since.

    Raises what `authenticate` raises when nothing is known of the token.
    """
    if not hasattr(request, "principal"):
        kept = known_callers.get(_token(request))
        if kept is not None and kept.holds(request):
            request.presumed_caller = kept.principal  # type: ignore[attr-defined]
            return kept.principal
    return authenticate(request)


def _token(request: HttpRequest) -> keys.Token:
    """The request's token, genuine and unexpired; checked once."""
    known: keys.Token | None = getattr(request, "token", None)
    if known is None:
        known = keys.verify((settings.SECRET_KEY, *settings.SECRET_KEYS_OLD), _bearer(request), time.time())
        request.token = known  # type: ignore[attr-defined]
    return known


def _principal_of_token(request: HttpRequest) -> Principal:
    token = _token(request)
    request_under_way, known = waiting(), known_callers.get(token)
    if request_under_way is not None and known is not None and known.holds(request):
        request_under_way.check = known.check  # the statement that reads says whether it is still so
        return known.principal
    try:
        if token.kind == keys.API_KEY:
            return _principal_of_key(token, request)
        return principal_of_member_id(token.workspace_id, uuid_of(token.subject), token)
    except ApiError as fault:
        known_callers.pop(token, None)
        if not isinstance(fault, TokenRefused | ApiKeyWithoutRole):
            raise
        # whose it was is told to the request log, and to nobody else
        refused = (token.workspace_id, token.kind == keys.API_KEY, uuid_of(token.subject), "")
        request.refused_token = refused  # type: ignore[attr-defined]
        raise


class BearerAuthentication(BaseAuthentication):
    """`authenticate` as Django REST framework asks for it; `request.user` is the principal."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal]:
        principal = authenticate(request._request)
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _bearer(request: HttpRequest) -> str:
    given: str = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = given.partition(" ")
    token = token.strip()
    if not token or scheme.lower() != "bearer":
        raise MissingToken("Missing authentication token")
    return token


def _principal_of_key(token: keys.Token, request: HttpRequest) -> Principal:
    key_id = uuid_of(token.subject)
    params = (token.kid, key_id, token.workspace_id)
    text, *row = _row(KEY_STATEMENT, params)
    name, api_version, enabled, generation, revoked, expired, overlapping, fresh, per_second, per_minute = row[6:16]
    is_read_only, object_ids, networks, ends = row[16:20]
    end = None if ends is None else _ends(ends).get(token.mark)
    stands = None if end is None else end > time.time()
    if name is None or revoked:
        raise TokenRefused("This API Key is revoked")
    if expired:
        raise TokenRefused("This API Key is expired")
    if not enabled:
        raise TokenRefused("This API Key is paused", hint="Resume it in Settings → API keys.")
    if token.generation != generation and not stands:
        if stands is False or token.generation != generation - 1 or not overlapping:
            raise TokenRefused("This token was replaced by a newer one", hint="Use the key's newest token.")
    elif stands is False:
        raise TokenRefused("This token is revoked", hint="Use another token of the key.")
    if networks is not None and not is_allowed(address := client_address(request), networks):
        raise AddressNotAllowed(
            "This API Key may not be used from this address",
            hint=f"The request came from {address}. Who manages the key can allow its network.",
        )
    role_id, permissions = _role(tuple(row[20:]))
    if role_id is None:
        raise ApiKeyWithoutRole("API key has no role assigned", hint="Assign a role to the key.")
    if is_read_only or object_ids is not None:
        permissions = _narrowed(tuple(row[20:]), is_read_only, object_ids)
    principal = Principal(
        workspace=WorkspaceRef(token.workspace_id, *row[:6]),
        permissions=permissions,
        name=name,
        api_key_id=key_id,
        role_id=role_id,
        api_version=api_version,
        max_requests_per_second=per_second,
        max_requests_per_minute=per_minute,
    )
    if fresh:
        _remember(token, principal, Check(KEY_STATEMENT.check, _given(params), text), networks, end)
    else:
        _touch(key_id, client_address(request), api_of(request.path))
    return principal


def principal_of_member_id(workspace_id: UUID, member_id: UUID | None, token: keys.Token | None = None) -> Principal:
    """The principal of a member, as of now, by one statement; TokenRefused when they are none any more.

    A `token` that acts as the member must bear their stamp: signing out and a new password change it.
    """
    params = (None if token is None else token.kid, member_id, workspace_id)
    text, *row = _row(MEMBER_STATEMENT, params)
    api_version, is_active, first_name, last_name, email, member_record_id, stamp = row[6:13]
    role_id, permissions = _role(tuple(row[13:]))
    if not is_active or role_id is None:
        raise TokenRefused(NO_MEMBER)
    if token is not None and not hmac.compare_digest(token.stamp, stamp):
        raise TokenRefused("This token ended when its member signed out", hint="Sign in again.")
    principal = Principal(
        workspace=WorkspaceRef(workspace_id, *row[:6]),
        permissions=permissions,
        name=f"{first_name} {last_name}".strip() or email,
        user_id=member_id,
        member_id=member_record_id,
        role_id=role_id,
        api_version=api_version,
    )
    if token is not None:
        _remember(token, principal, Check(MEMBER_STATEMENT.check, _given(params), text))
    return principal


def _remember(
    token: keys.Token, principal: Principal, check: Check, networks: str | None = None, end: float | None = None
) -> None:
    if principal.workspace.shard != DEFAULT_DB_ALIAS and replica_of(principal.workspace.shard) is None:
        known_callers.pop(token, None)  # its records are not where the keys are, so no statement reads both
        return
    if len(known_callers) >= KEPT_CALLERS and token not in known_callers:
        known_callers.clear()
    known_callers[token] = _Known(principal, check, networks, end)


def _given(params: tuple[str | None, UUID | None, UUID]) -> list[str | None]:
    return [None if each is None else str(each) for each in params]


def _row(statement: _Statement, params: tuple[str | None, UUID | None, UUID]) -> tuple[Any, ...]:
    """A statement's text and columns but those of the token's signing key, which must stand. kid None: no token."""
    rows = run(connections[DEFAULT_DB_ALIAS], statement.whole, _given(params))
    if not rows:
        raise WorkspaceNotFound("Workspace not found")
    text, is_known, is_revoked, *columns = rows[0]
    if is_revoked or not (is_known or params[0] in (keys.WITHOUT_KID, None)):
        raise Unauthenticated("Token invalid.")
    return (text, *columns)


def _role(columns: tuple[Any, ...]) -> tuple[UUID | None, Permissions]:
    if columns[0] is None:
        return None, Permissions()
    return columns[0], _compiled(columns)


@lru_cache(maxsize=4096)
def _compiled(columns: tuple[Any, ...]) -> Permissions:
    """The permissions of a role's row; the row itself, version included, is the cache's key."""
    _, _, *rights, flags, objects, fields = columns
    return compile_permissions(rights, orjson.loads(flags), orjson.loads(objects or "[]"), orjson.loads(fields or "[]"))


@lru_cache(maxsize=1024)
def _ends(text: str) -> Mapping[str, float]:
    """The ends of a key's tokens, as the key's row has them (`services.tokens`)."""
    found: dict[str, float] = orjson.loads(text)
    return found


@lru_cache(maxsize=4096)
def _narrowed(columns: tuple[object, ...], is_read_only: bool, object_ids: str | None) -> Permissions:
    """Those of a key that has less than its role; kept apart from the role's by all that makes them less."""
    ids = None if object_ids is None else [UUID(each) for each in orjson.loads(object_ids)]
    return narrowed(_compiled(columns), is_read_only=is_read_only, object_ids=ids)


def _touch(key_id: UUID | None, address: str, api: str | None) -> None:
    """Note the use. The condition keeps requests that come together from writing one after the other.

    A disk that is full, or a lock, is no reason to refuse a request that may only want to read.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(LAST_USED_STATEMENT, [address, api, str(key_id)])
    except OperationalError:
        pass


class BearerScheme(OpenApiAuthenticationExtension):
    """How the documents of the APIs describe it."""

    target_class = "apikeys.authentication.BearerAuthentication"
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An API key's token, from Settings → API keys.",
        }
