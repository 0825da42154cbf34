"""What of records is in a table that workspaces share, when one of them moves to another database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from config.server.copying import copy_rows
from config.server.own_connection import rows_of

_COLUMNS = (
    "workspace_id", "principal_id", "key", "method", "path", "digest", "status", "answer", "content_type", "etag",
    "created_at", "lease_until",
)  # fmt: skip
_TABLE = "public.core_idempotencykey"


def hold(source: Any, workspace_id: UUID, schema: str) -> None:
    """Nothing: a key is claimed beside a write, which is held."""


def release(source: Any, workspace_id: UUID, schema: str) -> None:
    pass


def bring(source: Any, target: Any, workspace_id: UUID, schema: str, since: int | None, is_last: bool) -> None:
    """The answers that are kept, once there are no more; a claim without one ends with the refusal of its write."""
    if is_last:
        forget(target, workspace_id)
        query = (
            f"SELECT {', '.join(_COLUMNS)} FROM {_TABLE} WHERE workspace_id = '{workspace_id}' AND status IS NOT NULL"
        )
        copy_rows(source, query, target, _TABLE, _COLUMNS)


def settle(source: Any, target: Any, workspace_id: UUID, schema: str) -> bool:
    """Nothing is left to be done in the old place."""
    return True


def forget(driver: Any, workspace_id: UUID) -> None:
    """Delete all of a workspace that is not in this database, or not any more."""
    rows_of(driver, f"DELETE FROM {_TABLE} WHERE workspace_id = %s", [str(workspace_id)])
