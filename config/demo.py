"""The demo workspace of a first start: standard objects, sample records, an admin member and an API key."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apikeys import services
from metadata.models import Workspace
from metadata.services import workspace_create

WORKSPACE_NAME = "Demo"
ADMIN_EMAIL = "admin@example.com"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How to get in. Password and token are those made at the first start, None when they are not known any more."""

    workspace_id: UUID
    workspace_name: str
    admin_email: str
    admin_password: str | None
    api_token: str | None
    created: bool


def ensure_demo() -> DemoAccess | None:
    """Make the demo workspace when there is no workspace at all; else answer how to get into the one made before.

    What was made is kept in DATA_DIR/demo.json, readable by its owner only. None when the workspaces
    here are somebody's own.
    """
    path = Path(settings.DATA_DIR) / "demo.json"
    if Workspace.objects.exists():
        return _remembered(path)
    with transaction.atomic():
        access = _create()
        _remember(path, access)  # before the commit: what is committed can be got into
    return access


def _create() -> DemoAccess:
    workspace = workspace_create(name=WORKSPACE_NAME)
    password = secrets.token_urlsafe(12)
    principal = services.system_principal(workspace)
    admin = next(role for role in services.role_list(principal) if not role.is_editable)
    services.member_create(
        workspace=workspace, email=ADMIN_EMAIL, password=password, first_name="Ada", last_name="Admin", role=admin
    )
    key = services.apikey_create(principal, name="Demo key", role_id=admin.id, expires_at=None)
    token = services.apikey_token(principal, key_id=key.id)
    return DemoAccess(workspace.id, WORKSPACE_NAME, ADMIN_EMAIL, password, token.token, created=True)


def _remember(path: Path, access: DemoAccess) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({**asdict(access), "workspace_id": str(access.workspace_id)}, file)


def _remembered(path: Path) -> DemoAccess | None:
    if not path.exists():
        return None
    kept = json.loads(path.read_text())
    workspace_id = UUID(kept["workspace_id"])
    if not Workspace.objects.filter(id=workspace_id).exists():
        return None
    return DemoAccess(**{**kept, "workspace_id": workspace_id, "created": False})
