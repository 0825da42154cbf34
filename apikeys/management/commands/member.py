"""manage.py member create --workspace W --email E --password-stdin: someone who may sign in to the settings pages."""

from __future__ import annotations

import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apikeys import services
from apikeys.management.commands.apikey import by_id_or, find_workspace
from apikeys.models import Role
from config.errors import ApiError


class Command(BaseCommand):
    help = "Members of a workspace from the command line"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Create a member, reading the password from standard input")
        create.add_argument("--workspace", required=True, help="id or name")
        create.add_argument("--email", required=True)
        create.add_argument("--password-stdin", action="store_true", required=True)
        create.add_argument("--role", default=None, help="label or id; the workspace's default role when left out")
        create.add_argument("--first-name", default="")
        create.add_argument("--last-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        role = None
        if options["role"] is not None:
            role = Role.objects.filter(workspace_id=workspace.id, **by_id_or("label", options["role"])).first()
            if role is None:
                raise CommandError(f'No role "{options["role"]}" in this workspace')
        password = sys.stdin.readline().rstrip("\r\n")
        try:
            validate_password(password)
            services.member_create(
                workspace=workspace,
                email=options["email"],
                password=password,
                first_name=options["first_name"],
                last_name=options["last_name"],
                role=role,
            )
        except ApiError as error:
            raise CommandError(error.message) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
