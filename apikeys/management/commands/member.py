"""manage.py member create --workspace W --email E --password-stdin: someone who may sign in to the settings pages.

Somebody who signs in to another workspace already keeps their password, so one that is given must be theirs.

`invite` prints a link by which somebody becomes a member, `reset-link` one by which they set another password, each
once; `list`, `change` (the role) and `remove` do what the page does.
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apikeys.activity.audit import COMMAND_LINE
from apikeys.management.commands.apikey import by_id_or, find_workspace
from apikeys.models import Member, Role
from apikeys.services.invitations import invitation_create, invitation_list
from apikeys.services.members import member_create, member_remove, member_set_role
from apikeys.services.password_resets import reset_link_for
from apikeys.services.workspaces import system_principal
from config.errors import ApiError
from config.http.server_url import server_url
from metadata.models import Workspace


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

        for action, text in (
            ("list", "The members of a workspace, and the invitations that are open"),
            ("invite", "Print a link by which somebody becomes a member, once"),
            ("change", "Give a member another role"),
            ("remove", "End a membership"),
        ):
            command = actions.add_parser(action, help=text)
            command.add_argument("--workspace", required=True, help="id or name")
            if action != "list":
                command.add_argument("--email", required=True)
            if action in ("invite", "change"):
                command.add_argument("--role", required=True, help="label or id")
        link = actions.add_parser("reset-link", help="print a link by which somebody sets another password, once")
        link.add_argument("--email", required=True)

    def handle(self, *args: object, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action'].replace('-', '_')}")(options)
        except ApiError as error:
            raise CommandError(error.message) from None

    def _list(self, options: dict[str, Any]) -> None:
        workspace = find_workspace(options["workspace"])
        for each in Member.objects.filter(workspace_id=workspace.id).select_related("user", "role"):
            seen = each.user.last_login
            last = "never signed in" if seen is None else f"last sign-in {seen:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{each.user.email}  {each.user.get_full_name()}  ({each.role.label})  {last}")
        for invitation in invitation_list(system_principal(workspace)):
            until = f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{invitation.email}  invited until {until}  ({invitation.role.label})")

    def _invite(self, options: dict[str, Any]) -> None:
        workspace = find_workspace(options["workspace"])
        role = _role(workspace, options["role"])
        _, token = invitation_create(system_principal(workspace), email=options["email"], role_id=role.id)
        self.stdout.write(f"{server_url()}/settings/join?{urlencode({'token': token})}")

    def _change(self, options: dict[str, Any]) -> None:
        workspace, member = _member(options)
        role = _role(workspace, options["role"])
        member_set_role(system_principal(workspace), member_id=member.id, role_id=role.id)

    def _remove(self, options: dict[str, object]) -> None:
        workspace, member = _member(options)
        member_remove(system_principal(workspace), member_id=member.id)

    def _reset_link(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {options['email']}")
        self.stdout.write(reset_link_for(user, COMMAND_LINE))

    def _create(self, options: dict[str, Any]) -> None:
        workspace = find_workspace(options["workspace"])
        role = None if options["role"] is None else _role(workspace, options["role"])
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


def _role(workspace: Workspace, text: str) -> Role:
    role = Role.objects.filter(workspace_id=workspace.id, **by_id_or("label", text)).first()
    if role is None:
        raise CommandError(f'No role "{text}" in this workspace')
    return role


def _member(options: dict[str, Any]) -> tuple[Workspace, Member]:
    workspace = find_workspace(options["workspace"])
    email = options["email"].strip().lower()
    member = Member.objects.filter(workspace_id=workspace.id, user__username=email).first()
    if member is None:
        raise CommandError(f"{email} is no member of this workspace")
    return workspace, member
