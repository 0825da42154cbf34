"""manage.py apikey create --workspace W --name N --role Admin [--expires 30d] → the token, and nothing else."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apikeys.models import Role
from apikeys.services.tokens import apikey_create_with_token
from apikeys.services.workspaces import system_principal
from config.errors import ApiError
from config.http.inputs import uuid_of
from metadata.models import Workspace

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}


class Command(BaseCommand):
    help = "API keys from the command line"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Create a key and print its token; it is never shown again")
        create.add_argument("--workspace", required=True, help="id or name")
        create.add_argument("--name", required=True)
        create.add_argument("--role", required=True, help="label or id")
        create.add_argument("--expires", type=lifetime, default=timedelta(days=90), help="30d, 12h, 2y or never (90d)")
        create.add_argument("--api-version", choices=["1", "2"], default=None, help="the workspace's by default")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        role = Role.objects.filter(workspace_id=workspace.id, **by_id_or("label", options["role"])).first()
        if role is None:
            raise CommandError(f'No role "{options["role"]}" in this workspace')
        principal = system_principal(workspace)
        expires_in: timedelta | None = options["expires"]
        try:
            _, issued = apikey_create_with_token(
                principal,
                name=options["name"],
                expires_at=None if expires_in is None else timezone.now() + expires_in,
                role_id=role.id,
                api_version=options["api_version"],
            )
        except ApiError as error:
            raise CommandError(error.message) from None
        self.stdout.write(issued.token)


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


def by_id_or(column: str, text: str) -> dict[str, Any]:
    """A filter by id when the text is a UUID, else by the column."""
    found = uuid_of(text)
    return {column: text} if found is None else {"id": found}
