"""The demo workspace of a first start: standard objects, sample records, an admin member and an API key.

Its password and token are shown once, by the start that makes them, and written down nowhere; `manage.py
changepassword` and `manage.py apikey create` make others.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apikeys.models import Member
from apikeys.services.api_keys import apikey_create
from apikeys.services.members import member_create
from apikeys.services.roles import role_list
from apikeys.services.tokens import apikey_token
from apikeys.services.workspaces import system_principal
from metadata.models import Workspace
from metadata.services import workspace_create

WORKSPACE_NAME = "Demo"
ADMIN_EMAIL = "admin@example.com"
OLD_FILE = "demo.json"  # in DATA_DIR; earlier versions kept password and token in it


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How to get into a demo workspace that was just made."""

    workspace_name: str
    admin_email: str
    admin_password: str = field(repr=False)
    api_token: str = field(repr=False)


@transaction.atomic
def make_demo() -> DemoAccess | None:
    """Make the demo workspace when there is no workspace at all; None when there is one."""
    if Workspace.objects.exists():
        return None
    workspace = workspace_create(name=WORKSPACE_NAME)
    password = secrets.token_urlsafe(12)
    principal = system_principal(workspace)
    admin = next(role for role in role_list(principal) if not role.is_editable)
    member = member_create(
        workspace=workspace, email=ADMIN_EMAIL, password=password, first_name="Ada", last_name="Admin", role=admin
    )
    member.user.is_staff = member.user.is_superuser = True  # whoever starts the server is its operator
    member.user.save(update_fields=["is_staff", "is_superuser"])
    key = apikey_create(principal, name="Demo key", role_id=admin.id, expires_at=None)
    token = apikey_token(principal, key_id=key.id)
    return DemoAccess(WORKSPACE_NAME, ADMIN_EMAIL, password, token.token)


def delete_old_file() -> Path | None:
    """Delete what earlier versions wrote password and token into; the file's path if there was one."""
    path = Path(settings.DATA_DIR) / OLD_FILE
    if not path.exists():
        return None
    path.unlink()
    return path


def ways_in() -> tuple[str | None, str | None]:
    """(name of the only workspace, e-mail of its first admin), each None when there is none or more than one."""
    living = list(Workspace.objects.filter(deleted_at=None)[:2])
    if len(living) != 1:
        return None, None
    admins = Member.objects.filter(workspace_id=living[0].id, role__is_editable=False).order_by("created_at", "id")
    return living[0].display_name or str(living[0].id), admins.values_list("user__username", flat=True).first()
