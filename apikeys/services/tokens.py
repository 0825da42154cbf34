"""The tokens of API keys, and those that the consoles of the docs page act with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from apikeys import keys, signing_keys
from apikeys.models import ApiKey, ApiKeyToken
from apikeys.services.api_keys import FLAG, apikey_create, apikey_of, refuse_excess_of_key
from apikeys.services.lifetimes import expiry
from apikeys.services.members import stamp_of_member
from config import audit
from config.errors import BadRequest, Forbidden, InvalidInput, InvalidMetadataInput, NotFound, TokenRefused
from config.http.rights import require
from config.principal import Principal

OVERLAPS_H = (0, 1, 24, 7 * 24)  # for how many hours the earlier tokens of a key work on beside a new one
TOKENS_SHOWN = 100


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
    key = _key_to_issue_of(principal, key_id)
    return _issued(principal, key, min(expiry(expires_at), key.expires_at))


def _key_to_issue_of(principal: Principal, key_id: UUID) -> ApiKey:
    """The key, locked; refused when it does not work, or may more than whoever asks."""
    key = apikey_of(principal, key_id, lock=True)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    if key.revoked_at is not None:
        raise TokenRefused("This API Key is revoked")
    if key.expires_at <= timezone.now():
        raise BadRequest("This API Key has expired", path="apiKeyId")
    if key.role is None:
        raise InvalidMetadataInput("API key has no role assigned", sub_code="API_KEY_NO_ROLE_ASSIGNED")
    refuse_excess_of_key(principal, key)
    if not key.enabled:
        raise TokenRefused("This API Key is paused", hint="Resume it to get a token of it.")
    return key


def _issued(principal: Principal, key: ApiKey, until: datetime) -> IssuedToken:
    """A token of a key that may have one."""
    now = timezone.now()
    kid = signing_keys.current_kid()
    while True:
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
        if row.ends_at is None:
            break
        until -= timedelta(seconds=1)  # that one was revoked in the second in which it was made
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
    more: Mapping[str, object] | None = None,
) -> tuple[ApiKey, IssuedToken]:
    """A key and a token of it that lasts as long, or neither."""
    key = apikey_create(
        principal, name=name, expires_at=expires_at, role_id=role_id, api_version=api_version, more=more
    )
    return key, apikey_token(principal, key_id=key.id)


@transaction.atomic
def apikey_roll(
    principal: Principal, *, key_id: UUID, overlap_hours: object, expires_at: str | date | None = None
) -> IssuedToken:
    """Issue a token in place of all others of the key, which end after the overlap: one of OVERLAPS_H.

    Those that end earlier anyway still do.
    """
    require(principal, FLAG)
    if isinstance(overlap_hours, bool) or overlap_hours not in OVERLAPS_H:
        raise InvalidInput([f"overlapHours must be one of {', '.join(map(str, OVERLAPS_H))}"])
    key = _key_to_issue_of(principal, key_id)
    until = min(expiry(expires_at), key.expires_at)
    end = _database_now() + timedelta(hours=int(overlap_hours))
    before, name = {"generation": key.generation}, key.name
    key.tokens.filter(Q(ends_at=None) | Q(ends_at__gt=end)).update(ends_at=end)
    key.generation += 1
    key.previous_generation_until = end
    key.token_ends = token_ends(key)
    key.save(update_fields=["generation", "previous_generation_until", "token_ends", "updated_at"])
    after = {"generation": key.generation, "earlierTokensEndAt": end}
    name = key.name
    audit.note(
        key.workspace_id, "apiKey.rolled", subject_id=key.id, name=name, before=before, after=after, by=principal
    )
    return _issued(principal, key, until)


def token_ends(key: ApiKey) -> dict[str, float] | None:
    """What authentication asks of the key's tokens, by their marks: when they end, in Unix seconds, 0 for long ago.

    In the key's row, since a join for it would cost every request of every key. A token that is not there is good when
    it is of the key's generation, or of the one before while that overlaps; so of others only those are there that
    still work.
    """
    now = _database_now()
    overlaps = key.previous_generation_until is not None and key.previous_generation_until > now
    ends: dict[str, float] = {}
    for row in key.tokens.exclude(ends_at=None).filter(expires_at__gt=now):
        is_over = row.end <= now
        is_good_unless_named = row.generation == key.generation or (overlaps and row.generation == key.generation - 1)
        if is_good_unless_named or not is_over:
            times = (int(row.issued_at.timestamp()), int(row.expires_at.timestamp()))
            ends[keys.mark_of(row.generation, row.kid, *times)] = 0.0 if is_over else row.end.timestamp()
    return ends or None


def _database_now() -> datetime:
    """Ends are compared with the database's clock, so they are set by it: at once is at once on every machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now


@transaction.atomic
def apikey_token_revoke(principal: Principal, *, key_id: UUID, token_id: UUID) -> ApiKeyToken:
    """Stop one token of a key at once and for good; the others work on."""
    require(principal, FLAG)
    key = apikey_of(principal, key_id, lock=True)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    row = key.tokens.filter(id=token_id).first()
    if row is None:
        raise NotFound(f"Token with id {token_id} not found")
    now = _database_now()
    if row.end > now:
        row.ends_at = now
        row.save(update_fields=["ends_at"])
        key.token_ends = token_ends(key)
        key.save(update_fields=["token_ends", "updated_at"])
        facts = {"token": f"…{row.last_four}"}
        name = key.name
        audit.note(key.workspace_id, "apiKey.tokenRevoked", subject_id=key.id, name=name, before=facts, by=principal)
    return row


def apikey_tokens(principal: Principal, key_id: UUID) -> list[ApiKeyToken]:
    """The tokens of a key, newest first, at most TOKENS_SHOWN. Raises NotFound."""
    require(principal, FLAG)
    if apikey_of(principal, key_id) is None:
        raise NotFound(f"API Key with id {key_id} not found")
    tokens = ApiKeyToken.objects.filter(api_key_id=key_id, api_key__workspace_id=principal.workspace_id)
    return list(tokens[:TOKENS_SHOWN])


def tokens_by_key(principal: Principal) -> dict[UUID, list[ApiKeyToken]]:
    """The tokens of all keys of the workspace that have not expired, newest first, at most TOKENS_SHOWN of each."""
    require(principal, FLAG)
    found: dict[UUID, list[ApiKeyToken]] = {}
    for row in ApiKeyToken.objects.filter(
        api_key__workspace_id=principal.workspace_id, expires_at__gt=timezone.now()
    ).order_by("-issued_at"):
        of_key = found.setdefault(row.api_key_id, [])
        if len(of_key) < TOKENS_SHOWN:
            of_key.append(row)
    return found


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
