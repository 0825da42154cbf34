"""manage.py member create --workspace W --email E --password-stdin: someone who may sign in to the settings pages.

Somebody who signs in to another workspace already keeps their password, so one that is given must be theirs.

manage.py member reset-link --email E: a link by which they set another one, once.
"""

from __future__ import annotations

import sys
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apikeys.activity.audit import COMMAND_LINE
from apikeys.management.commands.apikey import by_id_or, find_workspace
from apikeys.models import Member, Role
from apikeys.services.members import member_create
from apikeys.services.password_resets import reset_link_for
from config.errors import ApiError


class Command(BaseCommand):
    help = "Members of a workspace from the command line"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Create a member, reading the password from standard input")
        create.add_argument("--workspace", required=True, help="id or name")
        create.add_argument("--email", required=True)
        create.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password; left out only for somebody who has one, as a member of another workspace",
        )
        create.add_argument("--role", default=None, help="label or id; the workspace's default role when left out")
        create.add_argument("--first-name", default="")
        create.add_argument("--last-name", default="")

        link = actions.add_parser("reset-link", help="print a link by which somebody sets another password, once")
        link.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action'].replace('-', '_')}")(options)

    def _reset_link(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {options['email']}")
        self.stdout.write(reset_link_for(user, COMMAND_LINE))

    def _create(self, options: dict[str, Any]) -> None:
        workspace = find_workspace(options["workspace"])
        role = None
        if options["role"] is not None:
            role = Role.objects.filter(workspace_id=workspace.id, **by_id_or("label", options["role"])).first()
            if role is None:
                raise CommandError(f'No role "{options["role"]}" in this workspace')
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        email = options["email"].strip().lower()
        known = User.objects.filter(username=email).first()
        try:
            if known is None and password is not None:
                validate_password(password)
            elif known is not None and password is not None and not known.check_password(password):
                is_member = Member.objects.filter(workspace_id=workspace.id, user=known).exists()
                raise CommandError(
                    f"{email} is already a member of this workspace"
                    if is_member
                    else f"{email} signs in with another password, which stays: nothing was done. Leave"
                    " --password-stdin out to make them a member with the password that they have."
                )
            member = member_create(
                workspace=workspace,
                email=email,
                password=password,
                first_name=options["first_name"],
                last_name=options["last_name"],
                role=role,
            )
        except ApiError as error:
            raise CommandError(error.message) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        done = f'{email} is a member of "{workspace.display_name}" now, as {member.role.label}'
        self.stdout.write(done if known is None else f"{done}, with the name and password they had")
