"""Soft deletion, restoring and removal for good → one statement for all records of a call, with its notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.http.rendering import dumps
from core.sql.answers import long_answers
from core.sql.apart import Write, writing
from core.sql.bounded import bounded
from core.sql.filters import at, table_of
from core.sql.fragment import EMPTY, Sql, array_literal, join, raw
from core.sql.history import history_note
from core.sql.mutate import LATER
from core.sql.totals import count_note
from metadata.schema import FieldSchema, ObjectSchema


def compile_set_deleted(
    subject: ObjectSchema,
    ids: Sequence[str],
    updated_by: Mapping[str, object],
    answers: Sequence[Sql],
    *,
    is_deleted: bool,
    changed: Sequence[str],
) -> Write:
    """`(id, *answers)` after `deletedAt` was set or cleared; `changed` are those that were not so before."""
    ctes: list[Sql] = []
    value, source = "now()" if is_deleted else "NULL", ""
    if is_deleted and len(changed) < len(ids):  # within a COALESCE no function that is not IMMUTABLE
        ctes.append(raw("t AS (SELECT now() AS at)"))
        value, source = "coalesce(r.deleted_at, t.at)", " FROM t"
    ctes.append(
        Sql(
            f"w AS (UPDATE {table_of(subject)} r SET deleted_at = {value},"
            f" updated_at = {LATER}, updated_by = %s::jsonb"
            f"{source} WHERE r.id = ANY(%s::uuid[]) RETURNING r.*)",
            (dumps(updated_by).decode(), array_literal(ids)),
        )
    )
    notes = []
    if changed:
        notes.append(("c", count_note(subject, Sql("%s::bigint", (-len(changed) if is_deleted else len(changed),)))))
        moved = EMPTY if len(changed) == len(ids) else Sql(" WHERE w.id = ANY(%s::uuid[])", (array_literal(changed),))
        notes.append(("h", history_note(subject, "'deleted'" if is_deleted else "'restored'", where=moved)))
    rows = raw("SELECT ") + join([raw("r.id::text"), *answers], ", ") + raw(" FROM w r")
    if len(ids) > 1:  # nothing has measured them: locking them did not read what they hold
        rows = bounded(rows, 1 + len(answers), long_answers(answers, 1))
    return writing(ctes, notes, rows)


def compile_following(
    subject: ObjectSchema, fields: Sequence[FieldSchema], owner: ObjectSchema, ids: Sequence[str]
) -> Sql:
    """`(id, is deleted)` of records of `subject` that belong to `ids` of `owner` and are in its state, locked.

    In its state: both live, or both deleted at the same time, thus by the same request.
    """
    points = " OR ".join(f"{at(field.type.sql(field).value, 'r')} = s.id" for field in fields)
    return Sql(
        f"SELECT r.id::text, r.deleted_at IS NOT NULL FROM {table_of(owner)} s JOIN {table_of(subject)} r ON ({points})"
        " WHERE s.id = ANY(%s::uuid[]) AND r.deleted_at IS NOT DISTINCT FROM s.deleted_at"
        " ORDER BY r.id FOR UPDATE OF r",
        (array_literal(ids),),
    )


def compile_destroy(subject: ObjectSchema, ids: Sequence[str], actor: Mapping[str, object]) -> Write:
    """`(id)` of each record removed for good; `actor` is who does it."""
    ctes = [
        Sql(
            f"g AS (DELETE FROM {table_of(subject)} r WHERE r.id = ANY(%s::uuid[])"
            " RETURNING r.id, r.deleted_at, r.updated_at),"
            " w AS (SELECT g.id, g.deleted_at, greatest(now(), g.updated_at) AS updated_at, %s::jsonb AS updated_by"
            " FROM g)",
            (array_literal(ids), dumps(actor).decode()),
        ),
    ]
    notes = [
        ("h", history_note(subject, "'destroyed'")),
        ("c", count_note(subject, raw("-count(*) FROM w WHERE deleted_at IS NULL"))),
    ]
    return writing(ctes, notes, raw("SELECT r.id::text FROM w r"))
