"""manage.py apikey create|list|change|duplicate|roll|pause|resume|revoke: what the page of API keys does.

`create` and `roll` print the token, and nothing else.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apikeys.models import ApiKey, Role
from apikeys.services.api_keys import (
    apikey_assign_role,
    apikey_duplicate,
    apikey_list,
    apikey_revoke,
    apikey_set_enabled,
    apikey_update,
)
from apikeys.services.tokens import apikey_create_with_token, apikey_roll
from apikeys.services.workspaces import system_principal
from config.errors import ApiError
from config.http.inputs import uuid_of
from config.principal import Principal
from metadata.models import ObjectMetadata, Workspace

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}
OVERLAPS = {"0": 0, "1h": 1, "24h": 24, "7d": 168}  # hours, all of tokens.OVERLAPS_H
ALL = "all"


class Command(BaseCommand):
    help = "API keys from the command line"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        def action(name: str, help: str, *keys: str) -> CommandParser:
            found: CommandParser = actions.add_parser(name, help=help)
            found.add_argument("--workspace", required=True, help="id or name")
            for each in keys:
                found.add_argument("keys", nargs=each or None, metavar="KEY", help="id or name of a key")
            return found

        create = action("create", "Create a key and print its token; it is never shown again")
        create.add_argument("--name", required=True)
        create.add_argument("--role", required=True, help="label or id")
        create.add_argument("--expires", type=lifetime, default=timedelta(days=90), help="30d, 12h, 2y or never (90d)")
        create.add_argument("--read-only", action="store_true", help="it changes nothing")
        _limits(create)

        action("list", "Print the keys that are not revoked: id, name, role, end, last use")

        change = action("change", "Change what is named of a key", "")
        change.add_argument("--name")
        change.add_argument("--role", help="label or id")
        change.add_argument("--expires", type=lifetime, default=..., help="from now: 30d, 12h, 2y or never")
        writing = change.add_mutually_exclusive_group()
        writing.add_argument("--read-only", action="store_const", const=True, default=None, help="it changes nothing")
        writing.add_argument("--read-write", action="store_const", const=False, dest="read_only")
        _limits(change)

        duplicate = action("duplicate", "Make another key that may the same; roll it to get a token", "")
        duplicate.add_argument("--name", help="the same and (copy) by default")

        roll = action("roll", "Print a token in place of all others of the key", "")
        roll.add_argument("--overlap", choices=list(OVERLAPS), default="0", help="for how long the others work on (0)")

        action("pause", "Stop keys until they are resumed", "+")
        action("resume", "Let paused keys work again", "+")
        action("revoke", "Stop keys for good", "+")

    def handle(self, *args: object, **options: Any) -> None:
        principal = system_principal(find_workspace(options["workspace"]))
        named = options.get("keys") or ()
        keys = [_key(principal, each) for each in ([named] if isinstance(named, str) else named)]
        try:
            getattr(self, f"_{options['action']}")(principal, keys, options)
        except ApiError as error:
            raise CommandError(error.message) from None

    def _create(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        expires_in: timedelta | None = options["expires"]
        _, issued = apikey_create_with_token(
            principal,
            name=options["name"],
            expires_at=None if expires_in is None else timezone.now() + expires_in,
            role_id=_role_id(principal, options["role"]),
            api_version=options["api_version"],
            more={"isReadOnly": options["read_only"], **_limit_values(principal, options)},
        )
        self.stdout.write(issued.token)

    def _list(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        for key in apikey_list(principal):
            state = "" if key.enabled else ", paused"
            role = "no role" if key.role is None else key.role.label
            used = "never used" if key.last_used_at is None else f"last used {_moment(key.last_used_at)}"
            self.stdout.write(f"{key.id}  {key.name}  ({role}{state})  ends {_moment(key.expires_at)}, {used}")

    def _change(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        values = _limit_values(principal, options)
        values |= {"name": options["name"], "isReadOnly": options["read_only"], "apiVersion": options["api_version"]}
        values = {name: value for name, value in values.items() if value is not None or name in _CLEARED}
        if options["expires"] is not ...:
            values["expiresAt"] = timezone.now() + (options["expires"] or timedelta(days=36_525))
        with transaction.atomic():
            if options["role"]:
                apikey_assign_role(principal, key_id=keys[0].id, role_id=_role_id(principal, options["role"]))
            apikey_update(principal, key_id=keys[0].id, values=values)

    def _duplicate(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        self.stdout.write(str(apikey_duplicate(principal, key_id=keys[0].id, name=options["name"]).id))

    def _roll(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        hours = OVERLAPS[options["overlap"]]
        self.stdout.write(apikey_roll(principal, key_id=keys[0].id, overlap_hours=hours).token)

    def _pause(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        for key in keys:
            apikey_set_enabled(principal, key_id=key.id, enabled=False)

    def _resume(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        for key in keys:
            apikey_set_enabled(principal, key_id=key.id, enabled=True)

    def _revoke(self, principal: Principal, keys: Sequence[ApiKey], options: dict[str, Any]) -> None:
        for key in keys:
            apikey_revoke(principal, key_id=key.id)


_CLEARED = ("objectMetadataIds", "allowedNetworks", "description")  # null says something of these


def _limits(parser: CommandParser) -> None:
    parser.add_argument("--description")
    parser.add_argument(
        "--object", action="append", dest="objects", help="one it reaches, by name; several: repeat; all"
    )
    parser.add_argument("--network", action="append", dest="networks", help="one it is used from; repeat for more; all")
    parser.add_argument("--api-version", choices=["1", "2"], default=None, help="the workspace's by default")


def _limit_values(principal: Principal, options: dict[str, Any]) -> dict[str, object]:
    """What the options say, by API names; nothing of what they do not name."""
    values: dict[str, object] = {}
    if options["description"] is not None:
        values["description"] = options["description"]
    if options["objects"]:
        values["objectMetadataIds"] = None if ALL in options["objects"] else _object_ids(principal, options["objects"])
    if options["networks"]:
        values["allowedNetworks"] = None if ALL in options["networks"] else options["networks"]
    return values


def _object_ids(principal: Principal, names: Sequence[str]) -> list[str]:
    found = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, name_singular__in=names)
    ids = dict(found.values_list("name_singular", "id"))
    for name in names:
        if name not in ids:
            raise CommandError(f'No object "{name}" in this workspace: give its name in singular')
    return [str(ids[name]) for name in names]


def _role_id(principal: Principal, label_or_id: str) -> UUID:
    role = Role.objects.filter(workspace_id=principal.workspace_id, **by_id_or("label", label_or_id)).first()
    if role is None:
        raise CommandError(f'No role "{label_or_id}" in this workspace')
    return role.id


def _key(principal: Principal, name_or_id: str) -> ApiKey:
    """The key with this id, or the only one with this name that is not revoked."""
    keys = ApiKey.objects.filter(workspace_id=principal.workspace_id, **by_id_or("name", name_or_id))
    found = list(keys if "id" in by_id_or("name", name_or_id) else keys.filter(revoked_at=None)[:2])
    if not found:
        raise CommandError(f'No API key "{name_or_id}" in this workspace')
    if len(found) > 1:
        raise CommandError(f'Several API keys are called "{name_or_id}": give its id')
    return found[0]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def lifetime(text: str) -> timedelta | None:
    """`30d`, `12h`, `4w`, `2y`; `never` is None."""
    if text == "never":
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdwy])", text)
    if match is None:
        raise ArgumentTypeError(f'"{text}" is no lifetime: 30d, 12h, 4w, 2y or never')
    return int(match[1]) * _UNITS[match[2]]


def find_workspace(name_or_id: str) -> Workspace:
    """The living workspace with this id, or the only one with this name or subdomain."""
    living = Workspace.objects.filter(deleted_at=None)
    for column in ("display_name", "subdomain"):
        found = list(living.filter(**by_id_or(column, name_or_id))[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandError(f'Several workspaces are called "{name_or_id}": give its id')
    raise CommandError(f'No workspace "{name_or_id}"')


def by_id_or(column: str, text: str) -> dict[str, object]:
    """A filter by id when the text is a UUID, else by the column."""
    found = uuid_of(text)
    return {column: text} if found is None else {"id": found}
