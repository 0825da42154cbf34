"""Keeps the number of live records of each object: sums up the rows that writes add.

A write adds a row in its own statement, so no two writers wait for one counter. Reading sums an
object's rows; folding replaces many rows by one. It runs inside one in `FOLD_EVERY` writes and takes
only rows that no other transaction holds, so it never waits either.
"""

from __future__ import annotations

import random
from uuid import UUID

from core.sql.execute import fetch
from core.sql.fragment import Sql, quoted
from metadata.models import Workspace
from metadata.schema import ObjectSchema

FOLD_EVERY = 64


def fold_sometimes(subject: ObjectSchema, using: str) -> None:
    """Fold in one of FOLD_EVERY calls; call it in a write's transaction, after the write."""
    if random.randrange(FOLD_EVERY) == 0:  # noqa: S311 - nobody gains by guessing it
        fold(subject, using)


def fold(subject: ObjectSchema, using: str) -> None:
    """Replace the object's rows by their sum. Exact under concurrency: readers see all old rows or the new one."""
    table = f"{quoted(subject.schema_name)}.record_count"
    fetch(
        Sql(
            f"WITH picked AS (SELECT id FROM {table} WHERE object_id = %s::uuid ORDER BY id LIMIT 10000"
            " FOR UPDATE SKIP LOCKED),"
            f" gone AS (DELETE FROM {table} t USING picked WHERE t.id = picked.id RETURNING live)"
            f" INSERT INTO {table} (object_id, live) SELECT %s::uuid, sum(live) FROM gone HAVING count(*) > 0",
            (str(subject.id), str(subject.id)),
        ),
        using,
    )


def live_counts(workspace: Workspace) -> dict[UUID, int]:
    """The number of live records of each object that ever had one, by the object's id."""
    table = f"{quoted(workspace.database_schema)}.record_count"
    counts = Sql(f"SELECT object_id, sum(live) FROM {table} GROUP BY object_id", ())
    rows = fetch(counts, workspace.shard, prepare=False)
    return {object_id: int(count) for object_id, count in rows}


def recount(subject: ObjectSchema, using: str) -> int:
    """Count the live records anew and make the kept total agree; gives the number. Locks the object's writers out."""
    table = f"{quoted(subject.schema_name)}.{quoted(subject.table_name)}"
    counts = f"{quoted(subject.schema_name)}.record_count"
    fetch(Sql(f"LOCK TABLE {table} IN SHARE MODE"), using, prepare=False)
    [(count,)] = fetch(Sql(f"SELECT count(*) FROM {table} WHERE deleted_at IS NULL"), using, prepare=False)
    fetch(Sql(f"DELETE FROM {counts} WHERE object_id = %s::uuid", (str(subject.id),)), using)
    fetch(Sql(f"INSERT INTO {counts} (object_id, live) VALUES (%s::uuid, %s)", (str(subject.id), count)), using)
    return int(count)
