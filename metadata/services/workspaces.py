"""The life of a workspace: made with its standard objects, deleted, and brought back."""

from __future__ import annotations

import re
import secrets
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config import audit
from config.errors import MetadataConflict, WorkspaceNotFound
from config.texts import is_blank
from metadata import cache
from metadata.models import Workspace, schema_name
from metadata.services.locking import lock_workspace
from metadata.services.placing import place
from metadata.services.standard_objects import create_standard_objects
from metadata.services.workspace_settings import invalid_workspace, settings_of
from metadata.standard import CATALOGUE, EMPTY_CATALOGUE


def workspace_create(*, name: str, id: UUID | None = None, empty: bool = False, shard: str | None = None) -> Workspace:
    """A workspace with its PostgreSQL schema, the standard objects and what the other apps add to it.

    `empty` leaves only the objects that the engine needs. `shard` is the alias of a database, else WORKSPACE_PLACEMENT
    says which. Raises MetadataConflict when the id is taken.
    Calls every function of settings.WORKSPACE_CREATED_HANDLERS, `(workspace, empty)`, in the transaction.
    """
    if is_blank(name):
        raise invalid_workspace("A workspace's name must have a visible character", "name")
    workspace = Workspace(id=id or uuid4(), display_name=name, shard=place(shard))
    workspace.subdomain = free_subdomain(name)
    workspace.database_schema = schema_name(workspace.id)
    try:
        with transaction.atomic(), transaction.atomic(using=workspace.shard):
            if Workspace.objects.filter(id=workspace.id).exists():
                raise MetadataConflict(f"Workspace {workspace.id} already exists", sub_code="WORKSPACE_ALREADY_EXISTS")
            workspace.save(force_insert=True)
            create_standard_objects(workspace, EMPTY_CATALOGUE if empty else CATALOGUE)
            for path in settings.WORKSPACE_CREATED_HANDLERS:
                import_string(path)(workspace, empty)
            facts = {"displayName": name, "objects": "the engine's own" if empty else "standard"}
            audit.note(workspace.id, "workspace.created", subject_id=workspace.id, name=name, after=facts)
    except BaseException:
        cache.forget(workspace.id)
        raise
    return workspace


def free_subdomain(name: str) -> str:
    """A subdomain that nobody has, like the name where that can be."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "workspace"
    if len(plain) >= 3 and not Workspace.objects.filter(subdomain=plain).exists():
        return plain
    return f"{plain}-{secrets.token_hex(4)}"


def workspace_delete(*, workspace_id: UUID) -> Workspace:
    """Mark the workspace deleted: nobody can reach it any more; its records stay until `workspaces_purge`."""
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        workspace.deleted_at = workspace.updated_at = timezone.now()
        workspace.save(update_fields=["deleted_at", "updated_at"])
        name = workspace.display_name or ""
        audit.note(workspace.id, "workspace.deleted", subject_id=workspace.id, name=name, before=settings_of(workspace))
    cache.forget(workspace_id)
    return workspace


def workspace_restore(*, workspace_id: UUID) -> Workspace:
    """Bring a deleted workspace back, with its keys, members and records, as long as it was not purged.

    Raises WorkspaceNotFound for one that is not there or was not deleted.
    """
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update().filter(id=workspace_id).exclude(deleted_at=None).first()
        if workspace is None:
            raise WorkspaceNotFound("Workspace not found")
        workspace.deleted_at, workspace.updated_at = None, timezone.now()
        workspace.save(update_fields=["deleted_at", "updated_at"])
        name = workspace.display_name or ""
        audit.note(workspace.id, "workspace.restored", subject_id=workspace.id, name=name, after=settings_of(workspace))
    cache.forget(workspace_id)
    return workspace
