"""The signing keys of tokens: which there are, which one signs now, and whether their secret is still here.

A signing key is a name. What it signs with is derived from SECRET_KEY (`apikeys.keys.signing_secret`), so a copy of
the database signs nothing. Tokens stay valid under every key that is not revoked: a new key is used at once, an old
one is revoked when its tokens have been replaced. Which keys stand is asked with each request, in the statement
that asks for the API key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.checks import Warning
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction
from django.utils import timezone

from apikeys import keys
from apikeys.models import ApiKeyToken, SigningKey
from config.errors import BadRequest, NotFound
from config.server.secret import SECRET_KEY_FILE, fingerprint

_MAKING = 0x73696778  # advisory lock: two servers that start together make one key


@dataclass(frozen=True, slots=True)
class LostSecret:
    """A SECRET_KEY that signing keys were made under and that this server does not have."""

    fingerprint: str
    kids: tuple[str, ...]
    is_in_data_dir: bool  # it is what DATA_DIR/secret_key holds, while the environment names another


def current_kid() -> str:
    """The key that signs now: the newest that stands under today's SECRET_KEY, made when there is none."""
    return _newest() or _first()


def _newest() -> str | None:
    standing = SigningKey.objects.filter(revoked_at=None, secret_key_fingerprint=fingerprint(settings.SECRET_KEY))
    return standing.exclude(kid=keys.WITHOUT_KID).order_by("-created_at", "-kid").values_list("kid", flat=True).first()


@transaction.atomic
def _first() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
    return _newest() or rotate().kid


def listed() -> list[SigningKey]:
    """All, oldest first."""
    return list(SigningKey.objects.all())


def rotate() -> SigningKey:
    """Another key that signs from now on; tokens of the others stay valid."""
    return SigningKey.objects.create(kid=keys.new_kid(), secret_key_fingerprint=fingerprint(settings.SECRET_KEY))


@transaction.atomic
def revoke(kid: str) -> SigningKey:
    """Make every token of a key void, at once and for good. `none`: the tokens that name no key.

    The key that signs now can be revoked only when another one stands: rotate first.
    """
    if kid == keys.WITHOUT_KID:
        SigningKey.objects.get_or_create(kid=kid, defaults={"secret_key_fingerprint": fingerprint(settings.SECRET_KEY)})
    found = SigningKey.objects.select_for_update().filter(kid=kid).first()
    if found is None:
        raise NotFound(f'No signing key "{kid}"')
    if found.revoked_at is None:
        if kid == _newest():
            raise BadRequest("This key signs new tokens", hint="Make another one first: manage.py signing_keys rotate.")
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
    return found


def token_count(kid: str) -> int:
    """How many tokens of API keys were issued under it and have not run out."""
    return ApiKeyToken.objects.filter(kid=kid, expires_at__gt=timezone.now(), api_key__revoked_at=None).count()


def lost_secrets() -> list[LostSecret]:
    """The secrets that are missing: what was signed or encrypted with them cannot be read any more."""
    known = {fingerprint(each) for each in (settings.SECRET_KEY, *settings.SECRET_KEYS_OLD)}
    standing = SigningKey.objects.filter(revoked_at=None).exclude(secret_key_fingerprint__in=known)
    lost: dict[str, list[str]] = {}
    for mark, kid in standing.order_by("created_at", "kid").values_list("secret_key_fingerprint", "kid"):
        lost.setdefault(mark, []).append(kid)
    kept = _fingerprint_in_data_dir() if lost else None
    return [LostSecret(mark, tuple(kids), mark == kept) for mark, kids in lost.items()]


def _fingerprint_in_data_dir() -> str | None:
    try:
        return fingerprint((Path(settings.DATA_DIR) / SECRET_KEY_FILE).read_text().strip())
    except OSError:
        return None


def is_secret_key_known() -> bool:
    """Whether no secret is missing; for the readiness page."""
    return not lost_secrets()


def check(app_configs: object, databases: Sequence[str] | None = None, **more: object) -> list[Warning]:
    """`manage.py check --database default`, and every `migrate`, name a SECRET_KEY that changed."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    try:
        return [Warning(warning_of(each), id="apikeys.W001") for each in lost_secrets()]
    except DatabaseError:  # not migrated yet
        return []


def warning_of(lost: LostSecret) -> str:
    """What to tell an operator: what does not work, and how to go on."""
    where = (
        f"It is the one in {Path(settings.DATA_DIR) / SECRET_KEY_FILE}: set SECRET_KEYS_OLD to what that file holds"
        if lost.is_in_data_dir
        else "Set SECRET_KEYS_OLD to the earlier key"
    )
    return (
        f"SECRET_KEY is another one than before (signing keys {', '.join(lost.kids)} are of a key with the fingerprint "
        f"{lost.fingerprint}). Void until that one is known again: the tokens of API keys made with it, everybody's "
        f"sign-in to the pages, and encrypted secrets, without which webhooks are not delivered. {where}, and all of "
        "it works; manage.py rotate_secrets then encrypts anew with today's. If it is lost for good, make new tokens "
        "and webhook secrets, and end this warning with: "
        + " && ".join(f"manage.py signing_keys revoke {kid}" for kid in lost.kids)
    )
