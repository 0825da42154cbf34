"""The tokens of API keys, and those that the consoles of the docs page act with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apikeys import keys, signing_keys
from apikeys.models import ApiKey, ApiKeyToken
from apikeys.services.api_keys import FLAG, apikey_create, apikey_of, expiry, refuse_excess_of_key
from apikeys.services.members import stamp_of_member
from config import audit
from config.errors import (
    BadRequest,
    Forbidden,
    InvalidMetadataInput,
    NotFound,
    TokenRefused,
)
from config.http.rights import require
from config.principal import Principal


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token's text, to be shown once, and when it stops working; `id` is of its ApiKeyToken, if it has one."""

    token: str
    expires_at: datetime
    id: UUID | None = None


@transaction.atomic
def apikey_token(principal: Principal, *, key_id: UUID, expires_at: str | date | None = None) -> IssuedToken:
    """Issue a token of the key, which ends no later than the key itself.

    Whoever asks must hold every right of the key: its token acts with its role.
    """
    require(principal, FLAG)
    key = apikey_of(principal, key_id, lock=True)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    now = timezone.now()
    if key.revoked_at is not None:
        raise TokenRefused("This API Key is revoked")
    if key.expires_at <= now:
        raise BadRequest("This API Key has expired", path="apiKeyId")
    if key.role is None:
        raise InvalidMetadataInput("API key has no role assigned", sub_code="API_KEY_NO_ROLE_ASSIGNED")
    refuse_excess_of_key(principal, key)
    until = min(expiry(expires_at), key.expires_at)
    kid = signing_keys.current_kid()
    row = ApiKeyToken(api_key=key, generation=key.generation, kid=kid, issued_at=now, expires_at=until)
    text = _token_text(row)
    row, _ = ApiKeyToken.objects.get_or_create(  # two tokens of one second and one expiry are the same text
        digest=keys.digest(settings.SECRET_KEY, text),
        defaults={
            "api_key": key,
            "generation": row.generation,
            "kid": kid,
            "last_four": text[-4:],
            "issued_at": now,
            "expires_at": until,
        },
    )
    facts = {"token": f"…{row.last_four}", "expiresAt": until}
    name = key.name
    audit.note(key.workspace_id, "apiKey.tokenIssued", subject_id=key.id, name=name, after=facts, by=principal)
    return IssuedToken(text, until, row.id)


@transaction.atomic
def apikey_create_with_token(
    principal: Principal,
    *,
    name: str,
    expires_at: str | date | None,
    role_id: UUID | None,
    api_version: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> tuple[ApiKey, IssuedToken]:
    """A key and a token of it that lasts as long, or neither."""
    key = apikey_create(
        principal, name=name, expires_at=expires_at, role_id=role_id, api_version=api_version, more=more
    )
    return key, apikey_token(principal, key_id=key.id)


def apikey_token_issued(principal: Principal, *, key_id: UUID, token_id: UUID) -> IssuedToken | None:
    """A token issued before, made again from its row: so no text waits in a session until it is shown.

    None when it is of another key or workspace, or signed with an earlier secret of the server.
    """
    require(principal, FLAG)
    row = (
        ApiKeyToken.objects.select_related("api_key__role")
        .filter(id=token_id, api_key_id=key_id, api_key__workspace_id=principal.workspace_id)
        .first()
    )
    if row is None:
        return None
    refuse_excess_of_key(principal, row.api_key)
    text = _token_text(row)
    return IssuedToken(text, row.expires_at, row.id) if keys.digest(settings.SECRET_KEY, text) == row.digest else None


def _token_text(row: ApiKeyToken) -> str:
    return keys.make_api_key_token(
        settings.SECRET_KEY,
        workspace_id=row.api_key.workspace_id,
        api_key_id=row.api_key_id,
        generation=row.generation,
        issued_at=int(row.issued_at.timestamp()),
        expires_at=int(row.expires_at.timestamp()),
        kid=row.kid,
    )


def playground_token(principal: Principal) -> IssuedToken:
    """A token for the API consoles that acts as the signed-in member."""
    if principal.user_id is None:
        raise Forbidden("This endpoint requires a session access token")
    now = int(timezone.now().timestamp())
    text = keys.make_playground_token(
        settings.SECRET_KEY,
        workspace_id=principal.workspace_id,
        member_id=principal.user_id,
        stamp=stamp_of_member(principal.user_id),
        issued_at=now,
        kid=signing_keys.current_kid(),
    )
    return IssuedToken(text, datetime.fromtimestamp(now + keys.PLAYGROUND_LIFETIME_S, UTC))
