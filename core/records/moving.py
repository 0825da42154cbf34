"""What of records is in a table that workspaces share, when one of them moves to another database."""

from __future__ import annotations

from uuid import UUID

from config.server.copying import copy_rows
from config.server.own_connection import Driver, quoted, rows_of, since_condition

_COLUMNS = (
    "workspace_id", "principal_id", "key", "method", "path", "digest", "status", "answer", "content_type", "etag",
    "created_at", "lease_until",
)  # fmt: skip
_LIST = ", ".join(map(quoted, _COLUMNS))
_TABLE = "public.core_idempotencykey"


def hold(source: Driver, workspace_id: UUID, schema: str) -> None:
    """Nothing: a key is claimed beside a write, which is held."""


def release(source: Driver, workspace_id: UUID, schema: str) -> None:
    pass


def bring(source: Driver, target: Driver, workspace_id: UUID, schema: str, since: int | None, is_last: bool) -> None:
    """The answers that were kept since; a claim without one ends with the refusal of its write. In a transaction of the
    target's, and one snapshot."""
    if since is None:
        forget(target, workspace_id)
    is_new = "true" if since is None else since_condition(since)
    where = f"workspace_id = '{workspace_id}' AND status IS NOT NULL AND {is_new}"
    query = f"SELECT {_LIST} FROM {_TABLE} WHERE {where}"
    rows_of(target, f"CREATE TEMPORARY TABLE answers ON COMMIT DROP AS SELECT {_LIST} FROM {_TABLE} LIMIT 0")
    copy_rows(source, query, target, "answers", _COLUMNS)
    same = "k.workspace_id = a.workspace_id AND k.principal_id = a.principal_id AND k.key = a.key"
    rows_of(target, f"DELETE FROM {_TABLE} k USING answers a WHERE {same}")
    rows_of(target, f"INSERT INTO {_TABLE} ({_LIST}) SELECT {_LIST} FROM answers")


def switch(shared: Driver, schema: str) -> None:
    """What a replica of the old place had to have says nothing of one of the new: core/sql/lateness.py."""
    rows_of(shared, "DELETE FROM public.core_written WHERE schema_name = %s", [schema])


def settle(source: Driver, target: Driver, workspace_id: UUID, schema: str) -> bool:
    """Nothing is left to be done in the old place."""
    return True


def forget(driver: Driver, workspace_id: UUID) -> None:
    """Delete all of a workspace that is not in this database, or not any more."""
    rows_of(driver, f"DELETE FROM {_TABLE} WHERE workspace_id = %s", [str(workspace_id)])
