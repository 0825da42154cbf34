"""The row lock under which one change of a workspace follows another."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from config.errors import WorkspaceNotFound
from config.server.locks import seat_or_refusal, waiting_up_to
from metadata.models import Workspace


def lock_workspace(workspace_id: UUID) -> Workspace:
    """The workspace's row, locked until the transaction ends, in which the caller must be.

    Rows that point at it (keys, webhooks …) can still be made: the lock is not for its id. Nobody waits for a
    change that runs without one of the seats of `config.server.locks`. Raises WorkspaceNotFound, LockTimeout.
    """
    rows = Workspace.objects.filter(id=workspace_id, deleted_at=None)
    found = rows.select_for_update(no_key=True, skip_locked=True).first()
    if found is None and rows.exists():
        with seat_or_refusal(), waiting_up_to(DEFAULT_DB_ALIAS, settings.METADATA_LOCK_TIMEOUT_MS):
            found = rows.select_for_update(no_key=True).first()
    if found is None:
        raise WorkspaceNotFound("Workspace not found")
    return found
