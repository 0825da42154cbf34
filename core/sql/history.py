"""SQL of the history that a workspace keeps of its records: noting a change, and reading what was noted."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.bounded import bounded
from core.sql.filters import table_of
from core.sql.fragment import EMPTY, Sql, array_literal, integer, quoted, raw
from metadata.schema import ObjectSchema

LAST = 2**63 - 1  # no entry has a number as high


def history_note(subject: ObjectSchema, action: str, changes: str = "NULL", where: Sql = EMPTY) -> Sql:
    """An INSERT that notes what became of the written rows `w`; `action`, `changes` and `where` are SQL over them."""
    return (
        Sql(
            f"INSERT INTO {_table(subject)} (object_id, record_id, action, at, actor, changes)"
            f" SELECT %s::uuid, w.id, {action}, w.updated_at, w.updated_by, {changes} FROM w",
            (str(subject.id),),
        )
        + where
    )


def compile_history(subject: ObjectSchema, record_id: str, before: int, limit: int, hidden: Sequence[str] = ()) -> Sql:
    """`(total, record exists, stored id, action, at, actor text, changes text)` of entries numbered below `before`.

    The entries of a record are numbered from 1, the oldest; they are answered newest first. There is always a row:
    without an entry its id is null. Updates that changed nothing but the storage keys in `hidden` are no entries, and
    have no number.
    """
    entries = f"{_table(subject)} h WHERE h.object_id = %s::uuid AND h.record_id = %s::uuid"
    key: tuple[str, ...] = (str(subject.id), record_id)
    if hidden:
        changed = "((h.changes->'before') || (h.changes->'after'))"
        entries += f" AND (h.action <> 'updated' OR {changed} = '{{}}' OR {changed} - %s::text[] <> '{{}}')"
        key = (*key, array_literal(hidden))
    return bounded(
        Sql(
            "SELECT t.total, t.known, p.* FROM (SELECT count(*) AS total,"
            f" EXISTS (SELECT 1 FROM {table_of(subject)} r WHERE r.id = %s::uuid) AS known FROM {entries}) t",
            (record_id, *key),
        )
        + Sql(
            " LEFT JOIN LATERAL (SELECT h.id, h.action,"
            """ to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), h.actor::text, h.changes::text"""
            f" FROM {entries} ORDER BY h.id DESC OFFSET greatest(t.total - %s::bigint + 1, 0) LIMIT ",
            (*key, before),
        )
        + integer(limit)
        + raw(") p ON true ORDER BY p.id DESC"),
        7,
        [6],
    )


def _table(subject: ObjectSchema) -> str:
    return f"{quoted(subject.schema_name)}.history"
