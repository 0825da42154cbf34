"""Tokens: how they are made and what makes one genuine. Pure: no Django, no database.

A token is a JWT (RFC 7519) signed with HS256 (RFC 7515, RFC 7518 §3.2). Each workspace and kind of
token has its own secret, derived from the server's. Making goes through PyJWT; reading is written out
here, because it runs on every request: a quarter of PyJWT's time, with the same checks.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import jwt
import orjson

from config.errors import InvalidTokenType, Unauthenticated, UnknownToken

API_KEY = "API_KEY"
PLAYGROUND = "PLAYGROUND"
PLAYGROUND_LIFETIME_S = 2 * 60 * 60
CLOCK_LEEWAY_S = 60
MAX_TOKEN_LENGTH = 4096

# Kinds whose secret may have signed a token of that kind, in the order they are tried. Clients hold
# key tokens that were signed with the ACCESS secret.
_SIGNERS: Mapping[str, tuple[str, ...]] = {API_KEY: (API_KEY, "ACCESS"), PLAYGROUND: (PLAYGROUND,)}


@dataclass(frozen=True, slots=True)
class Token:
    """A genuine, unexpired token. `subject` is the id of the key, or of the member for a PLAYGROUND token."""

    kind: Literal["API_KEY", "PLAYGROUND"]
    workspace_id: UUID
    subject: str
    generation: int


@lru_cache(maxsize=10_000)
def signing_secret(secret_key: str, workspace_id: str, kind: str) -> bytes:
    """The HMAC secret of one workspace and kind: the hex SHA-256 of the three texts joined."""
    return hashlib.sha256(f"{secret_key}{workspace_id}{kind}".encode()).hexdigest().encode()


def make_api_key_token(
    secret_key: str, *, workspace_id: UUID, api_key_id: UUID, generation: int, issued_at: int, expires_at: int
) -> str:
    """A key's token; times are Unix seconds."""
    claims = {
        "sub": str(workspace_id),
        "workspaceId": str(workspace_id),
        "type": API_KEY,
        "jti": str(api_key_id),
        "gen": generation,
        "iat": issued_at,
        "exp": expires_at,
    }
    return jwt.encode(claims, signing_secret(secret_key, str(workspace_id), API_KEY), algorithm="HS256")


def make_playground_token(secret_key: str, *, workspace_id: UUID, member_id: UUID, issued_at: int) -> str:
    """A token that acts as a signed-in member for two hours."""
    claims = {
        "sub": str(member_id),
        "userId": str(member_id),
        "workspaceId": str(workspace_id),
        "type": PLAYGROUND,
        "iat": issued_at,
        "exp": issued_at + PLAYGROUND_LIFETIME_S,
    }
    return jwt.encode(claims, signing_secret(secret_key, str(workspace_id), PLAYGROUND), algorithm="HS256")


def digest(secret_key: str, token: str) -> str:
    """What is stored of a token: its HMAC-SHA256, 64 hex characters, under a pepper of the server."""
    pepper = hashlib.sha256(f"{secret_key}token-digest".encode()).digest()
    return hmac.digest(pepper, token.encode(), "sha256").hex()


def verify(secret_key: str, token: str, now: float) -> Token:
    """The token's meaning, when its form, signature and time are right.

    Raises Unauthenticated (`No payload`, `No payload sub`, `Token invalid.`, `Token has expired.`),
    UnknownToken or InvalidTokenType. That its key still stands is the caller's to check.
    """
    head, _, signature = token.rpartition(".")
    protected, _, body = head.partition(".")
    claims = _object(body) if len(token) <= MAX_TOKEN_LENGTH else None
    header = _object(protected)
    if claims is None or header is None or not signature:
        raise Unauthenticated("No payload")
    subject = claims.get("sub")
    if not subject or not isinstance(subject, str):
        raise Unauthenticated("No payload sub")

    kind = claims.get("type")
    workspace = claims.get("workspaceId")
    if kind is None and workspace is None:
        # The oldest form of a key's token names its workspace as `sub` and its key as `jti` only.
        if not isinstance(claims.get("jti"), str) or _as_uuid(subject) is None:
            raise UnknownToken("Unknown token error.")
        kind = API_KEY
    elif kind is None:
        raise UnknownToken("Unknown token error.")
    if workspace is None:
        workspace = subject
    if not isinstance(kind, str) or not isinstance(workspace, str):
        raise Unauthenticated("Token invalid.")

    _check_signature(secret_key, header, head, signature, workspace, kind)
    _check_times(claims, now)
    workspace_id = _as_uuid(workspace)
    if workspace_id is None:
        raise Unauthenticated("Token invalid.")
    generation = claims.get("gen", 1)
    if kind == API_KEY and isinstance(generation, int):
        return Token("API_KEY", workspace_id, str(claims.get("jti")), generation)
    if kind == PLAYGROUND:
        return Token("PLAYGROUND", workspace_id, subject, 0)
    raise InvalidTokenType("Invalid token type")


def _check_signature(
    secret_key: str, header: Mapping[str, Any], head: str, signature: str, workspace: str, kind: str
) -> None:
    # Only HS256 is ours; `kid` would name a key we do not have, `crit` an extension we do not know
    # (RFC 7515 §4.1.11), `b64` another signing input (RFC 7797).
    if header.get("alg") != "HS256" or "kid" in header or "crit" in header or "b64" in header:
        raise Unauthenticated("Token invalid.")
    try:
        given = _decode(signature)
        message = head.encode("ascii")
    except (Base64Error, ValueError):
        raise Unauthenticated("Token invalid.") from None
    for signer in _SIGNERS.get(kind, (kind, API_KEY)):
        secret = signing_secret(secret_key, workspace, signer)
        if hmac.compare_digest(hmac.digest(secret, message, "sha256"), given):
            return
    raise Unauthenticated("Token invalid.")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unauthenticated("Token invalid.")
        if name == "exp":
            if value <= now:
                raise Unauthenticated("Token has expired.")
        elif value > now + CLOCK_LEEWAY_S:
            raise Unauthenticated("Token invalid.")


def _object(part: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(_decode(part))
    except (Base64Error, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
