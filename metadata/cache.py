"""Keeps the snapshots of workspaces' data models by version.

A version's snapshot never changes, so nothing has to be invalidated: a request brings the version
that its authentication read. Objects that a change leaves as they were are shared by the versions
before and after it, and so is all that is kept by object.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from django.db import connection

from config.errors import WorkspaceNotFound
from metadata.schema import WorkspaceSchema
from metadata.schema_rows import read_rows

KEPT_SNAPSHOTS = 256

_snapshots: OrderedDict[tuple[UUID, int], WorkspaceSchema] = OrderedDict()
_lock = Lock()


def kept_schema(workspace_id: UUID, version: int) -> WorkspaceSchema | None:
    """The snapshot of that version when it is at hand; the database is not asked."""
    return _snapshots.get((workspace_id, version))


def load_schema(workspace_id: UUID, version: int) -> WorkspaceSchema:
    """The snapshot of that version; the present one, under its own version, when the rows moved on meanwhile.

    Raises WorkspaceNotFound.
    """
    key = (workspace_id, version)
    with _lock:
        found = _snapshots.get(key)
        if found is not None:
            _snapshots.move_to_end(key)
            return found
        earlier = [each for (kept_id, _), each in _snapshots.items() if kept_id == workspace_id]
    known = {each.digest: each for snapshot in earlier for each in (*snapshot.objects, *snapshot.dormant)}
    fresh = read_rows(workspace_id, known)
    with _lock:
        _snapshots[(workspace_id, fresh.version)] = fresh
        for old in [each for each in _snapshots if each[0] == workspace_id and each[1] < fresh.version - 1]:
            del _snapshots[old]  # whoever still uses it holds it
        while len(_snapshots) > KEPT_SNAPSHOTS:
            _snapshots.popitem(last=False)
    return fresh


def read_schema(workspace_id: UUID) -> WorkspaceSchema:
    """The present snapshot for who looks at every workspace once: it is not kept. Raises WorkspaceNotFound."""
    with _lock:
        known = {
            each.digest: each
            for (kept_id, _), kept in _snapshots.items()
            if kept_id == workspace_id
            for each in kept.objects
        }
    return read_rows(workspace_id, known)


def current_schema(workspace_id: UUID) -> WorkspaceSchema:
    """The snapshot of the workspace's present version. Raises WorkspaceNotFound."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_version FROM metadata_workspace WHERE id = %s AND deleted_at IS NULL", [workspace_id]
        )
        row = cursor.fetchone()
    if row is None:
        raise WorkspaceNotFound("Workspace not found")
    return load_schema(workspace_id, row[0])


def forget(workspace_id: UUID) -> None:
    """Drop the workspace's snapshots: after a failed change, whose version number will come again."""
    with _lock:
        for key in [key for key in _snapshots if key[0] == workspace_id]:
            del _snapshots[key]
