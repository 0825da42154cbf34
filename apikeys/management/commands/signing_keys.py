"""manage.py signing_keys list|rotate|revoke KID: the keys that sign the tokens of API keys and consoles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apikeys import keys, signing_keys
from apikeys.models import SigningKey
from config.errors import ApiError
from config.server.secret import fingerprint


class Command(BaseCommand):
    help = "Signing keys of tokens: list them, make a new one, make every token of one void"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="Every key: since when, what it does, how many tokens still run under it")
        actions.add_parser("rotate", help="Sign new tokens with a new key; earlier tokens stay valid")
        revoke = actions.add_parser("revoke", help="Make every token of a key void, at once and for good")
        revoke.add_argument("kid", help=f'a name from the list; "{keys.WITHOUT_KID}": tokens that name no key')

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, "_" + options["action"])(options)
        except ApiError as error:
            raise CommandError(f"{error.message}. {error.hint or ''}".strip()) from None

    def _list(self, options: dict[str, object]) -> None:
        current = signing_keys.current_kid()
        listed = signing_keys.listed()
        known = {fingerprint(each) for each in (settings.SECRET_KEY, *settings.SECRET_KEYS_OLD)}
        self.stdout.write(f"{'kid':<16}  {'made':<16}  {'tokens':>6}  state")
        if all(each.kid != keys.WITHOUT_KID for each in listed):
            self.stdout.write(_line(keys.WITHOUT_KID, "-", "valid: tokens from before there were signing keys"))
        for each in listed:
            made = "-" if each.kid == keys.WITHOUT_KID else each.created_at.strftime("%Y-%m-%d %H:%M")
            self.stdout.write(_line(each.kid, made, _state(each, current, known)))

    def _rotate(self, options: dict[str, object]) -> None:
        self.stdout.write(signing_keys.rotate().kid)

    def _revoke(self, options: dict[str, Any]) -> None:
        found = signing_keys.revoke(options["kid"])
        self.stdout.write(f"{found.kid} is revoked: its tokens answer 401.")


def _line(kid: str, made: str, state: str) -> str:
    return f"{kid:<16}  {made:<16}  {signing_keys.token_count(kid):>6}  {state}"


def _state(key: SigningKey, current: str, known: set[str]) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.secret_key_fingerprint not in known:
        return "void: its SECRET_KEY is not here (SECRET_KEYS_OLD)"
    return "signs" if key.kid == current else "valid"
