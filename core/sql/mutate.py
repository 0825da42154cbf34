"""Plans of writing → INSERT, UPDATE, DELETE: one statement for all records of a call.

Rows travel as one JSON parameter. A statement checks that related records exist (and locks them
against destruction), writes, keeps the object's total, and answers with the records' JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.rendering import dumps
from core.query.plan import Condition, Relate
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import EMPTY, Sql, array_literal, integer, join, quoted, raw
from core.sql.history import history_cte
from metadata.schema import FieldSchema, ObjectSchema

# What one row of the JSON parameter holds, under short names as it is sent for every record (`h`: its history):
_INSERT_COLUMNS = "x(id uuid, d jsonb, s text, w text, k int, p float8, ca timestamptz, da timestamptz, cb jsonb)"
_UPDATE_COLUMNS = "x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)"


def _position(table: str) -> str:
    """The position of an incoming row: its number, or before the first or after the last live record."""
    end = f"(SELECT coalesce({{}}(b.position), 0) FROM {table} b WHERE b.deleted_at IS NULL)"
    first, last = end.format("min"), end.format("max")
    return f"CASE x.w WHEN 'first' THEN {first} - x.k WHEN 'last' THEN {last} + x.k ELSE x.p END"


def _related(relates: Sequence[Relate]) -> tuple[list[Sql], Sql]:
    """CTEs that lock the related records, and the numbers found as an array (one per relation)."""
    ctes = [
        Sql(
            f"k{index} AS MATERIALIZED (SELECT t.id FROM {table_of(relate.target)} t"
            " WHERE t.id = ANY(%s::uuid[]) FOR KEY SHARE)",
            (array_literal(relate.ids),),
        )
        for index, relate in enumerate(relates)
    ]
    counts = join((raw(f"(SELECT count(*) FROM k{index})") for index in range(len(relates))), ", ")
    return ctes, raw("ARRAY[") + counts + raw("]::bigint[]")


def _count_cte(subject: ObjectSchema, what: Sql) -> Sql:
    return (
        Sql(
            f"c AS (INSERT INTO {quoted(subject.schema_name)}.record_count (object_id, live)"
            " SELECT %s::uuid, n FROM (SELECT ",
            (str(subject.id),),
        )
        + what
        + raw(") kept(n) WHERE n <> 0)")
    )


def compile_insert(
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, Any]],
    updated_by: Mapping[str, Any],
    relates: Sequence[Relate],
    answers: Sequence[Sql],
    *,
    skip_conflicts: bool = False,
) -> Sql:
    """`(id, *answers, related counts)` of each inserted row. `answers` are JSON texts over the alias `r`."""
    table = table_of(subject)
    ctes, counts = _related(relates)
    insert = Sql(
        f"w AS (INSERT INTO {table}"
        " (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)"
        f" SELECT x.id, x.d, to_tsvector('simple', x.s), {_position(table)},"
        " coalesce(x.ca, now()), now(), x.da, x.cb, %s::jsonb"
        f" FROM jsonb_to_recordset(%s::jsonb) AS {_INSERT_COLUMNS}"
        + (" ON CONFLICT DO NOTHING" if skip_conflicts else "")
        + " RETURNING *)",
        (dumps(updated_by).decode(), dumps(list(rows)).decode()),
    )
    ctes.append(insert)
    ctes.append(_count_cte(subject, raw("count(*) FROM w WHERE deleted_at IS NULL")))
    ctes.append(history_cte(subject, "'created'"))
    return _answering(ctes, answers, counts)


def compile_update(
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, Any]],
    updated_by: Mapping[str, Any],
    relates: Sequence[Relate],
    answers: Sequence[Sql],
    *,
    revived: int = 0,
) -> Sql:
    """`(id, *answers, related counts)` of each updated row; `revived` is how many come back from soft deletion."""
    table = table_of(subject)
    ctes, counts = _related(relates)
    ctes.append(
        Sql(
            f"w AS (UPDATE {table} r SET data = (r.data || x.d) - x.g,"
            " search = CASE WHEN x.hs THEN to_tsvector('simple', x.s) ELSE r.search END,"
            f" position = coalesce({_position(table)}, r.position),"
            " deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END,"
            " updated_at = greatest(now(), r.updated_at + interval '1 millisecond'), updated_by = %s::jsonb"
            f" FROM jsonb_to_recordset(%s::jsonb) AS {_UPDATE_COLUMNS} WHERE r.id = x.id RETURNING r.*, x.h, x.rv)",
            (dumps(updated_by).decode(), dumps(list(rows)).decode()),
        )
    )
    if any(row["h"] is not None or row["rv"] for row in rows):
        action = "CASE WHEN w.rv THEN 'restored' ELSE 'updated' END"
        ctes.append(history_cte(subject, action, "w.h", raw(" WHERE w.h IS NOT NULL OR w.rv")))
    if revived:
        ctes.append(_count_cte(subject, Sql("%s::bigint", (revived,))))
    return _answering(ctes, answers, counts)


def _answering(ctes: Sequence[Sql], answers: Sequence[Sql], counts: Sql) -> Sql:
    return (
        raw("WITH ")
        + join(ctes, ", ")
        + raw(" SELECT ")
        + join([raw("r.id::text"), *answers, counts], ", ")
        + raw(" FROM w r")
    )


VERSION = raw("(extract(epoch FROM r.updated_at) * 1000)::bigint::text")  # of a record: when it was last changed

# Locking ---------------------------------------------------------------------------------------------


def compile_lock(
    subject: ObjectSchema,
    condition: Condition | Sql,
    limit: int,
    *,
    deleted: bool | None,
    answers: Sequence[Sql] = (),
) -> Sql:
    """`(id, data text, is deleted, *answers)` of the records a write is about, locked in the order of their ids.

    `deleted` picks live records (False), soft-deleted ones (True) or both (None).
    """
    where = condition if isinstance(condition, Sql) else compile_condition(condition, "r")
    if deleted is not None:
        where = raw("r.deleted_at IS " + ("NOT NULL AND " if deleted else "NULL AND ")) + where
    columns = [raw("r.id::text"), raw("r.data::text"), raw("r.deleted_at IS NOT NULL"), *answers]
    return (
        raw("SELECT ")
        + join(columns, ", ")
        + raw(f" FROM {table_of(subject)} r WHERE ")
        + where
        + raw(" ORDER BY r.id LIMIT ")
        + integer(limit)
        + raw(" FOR UPDATE")
    )


def by_id(record_id: str) -> Sql:
    return Sql("r.id = %s::uuid", (record_id,))


def compile_count(subject: ObjectSchema, condition: Condition, *, deleted: bool | None) -> Sql:
    where = compile_condition(condition, "r")
    if deleted is not None:
        where = raw("r.deleted_at IS " + ("NOT NULL AND " if deleted else "NULL AND ")) + where
    return raw(f"SELECT count(*) FROM {table_of(subject)} r WHERE ") + where


# Soft delete, restore, destroy -----------------------------------------------------------------------


def compile_set_deleted(
    subject: ObjectSchema,
    ids: Sequence[str],
    updated_by: Mapping[str, Any],
    answers: Sequence[Sql],
    *,
    is_deleted: bool,
    changed: Sequence[str],
) -> Sql:
    """`(id, *answers, counts)` after `deletedAt` was set or cleared; `changed` are those that were not so before."""
    value = "now()" if is_deleted else "NULL"
    ctes = [
        Sql(
            f"w AS (UPDATE {table_of(subject)} r SET deleted_at = {value},"
            " updated_at = greatest(now(), r.updated_at + interval '1 millisecond'), updated_by = %s::jsonb"
            " WHERE r.id = ANY(%s::uuid[]) RETURNING r.*)",
            (dumps(updated_by).decode(), array_literal(ids)),
        )
    ]
    if changed:
        ctes.append(_count_cte(subject, Sql("%s::bigint", (-len(changed) if is_deleted else len(changed),))))
        moved = EMPTY if len(changed) == len(ids) else Sql(" WHERE w.id = ANY(%s::uuid[])", (array_literal(changed),))
        ctes.append(history_cte(subject, "'deleted'" if is_deleted else "'restored'", where=moved))
    return _answering(ctes, answers, raw("NULL"))


def compile_destroy(subject: ObjectSchema, ids: Sequence[str], actor: Mapping[str, Any]) -> Sql:
    """`(id)` of each record removed for good; `actor` is who does it."""
    ctes = [
        Sql(
            f"w AS (DELETE FROM {table_of(subject)} r WHERE r.id = ANY(%s::uuid[])"
            " RETURNING r.id, r.deleted_at, greatest(now(), r.updated_at) AS updated_at, %s::jsonb AS updated_by)",
            (array_literal(ids), dumps(actor).decode()),
        ),
        history_cte(subject, "'destroyed'"),
        _count_cte(subject, raw("-count(*) FROM w WHERE deleted_at IS NULL")),
    ]
    return raw("WITH ") + join(ctes, ", ") + raw(" SELECT r.id::text FROM w r")


def compile_probe(groups: Sequence[tuple[ObjectSchema, Sequence[FieldSchema]]], ids: Sequence[str]) -> Sql:
    """`(index)` of each group of relation fields through which any record points at `ids`."""
    return join(
        (
            raw(f"SELECT {index} WHERE EXISTS (SELECT 1 FROM {table_of(other)} r WHERE ")
            + _points(fields, ids)
            + raw(")")
            for index, (other, fields) in enumerate(groups)
        ),
        " UNION ALL ",
    )


def _points(fields: Sequence[FieldSchema], ids: Sequence[str]) -> Sql:
    """True for records that point at `ids` through any of the fields, deleted or not."""
    keys = array_literal(ids)
    return join((Sql(f"{at(field.type.sql(field).value, 'r')} = ANY(%s::uuid[])", (keys,)) for field in fields), " OR ")


def compile_pointing(subject: ObjectSchema, fields: Sequence[FieldSchema], ids: Sequence[str]) -> Sql:
    """`(id)` of records of `subject` that point at `ids` through any of `fields`, locked."""
    return (
        raw(f"SELECT r.id::text FROM {table_of(subject)} r WHERE ")
        + _points(fields, ids)
        + raw(" ORDER BY r.id FOR UPDATE")
    )


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


def compile_repoint(
    subject: ObjectSchema,
    fields: Sequence[FieldSchema],
    ids: Sequence[str],
    target: str | None,
    actor: Mapping[str, Any],
) -> Sql:
    """Let every relation of `fields` that points at `ids` point at `target`, or at nothing; gives the changed ids.

    Each changed record's history notes it, by `actor`; its `updatedAt` stays, as nobody wrote to it.
    """
    table, keys = table_of(subject), array_literal(ids)
    pointing = join(
        (
            Sql(
                f"CASE WHEN {at(field.type.sql(field).value, 'r')} = ANY(%s::uuid[])"
                f" THEN jsonb_build_object('{field.storage_key}', r.data->'{field.storage_key}')"
                " ELSE '{}'::jsonb END",
                (keys,),
            )
            for field in fields
        ),
        " || ",
    )
    if target is None:
        after, change = raw("'{}'::jsonb"), raw("r.data - ARRAY(SELECT jsonb_object_keys(o.b))")
    else:
        after = Sql("(SELECT jsonb_object_agg(k, %s::text) FROM jsonb_object_keys(o.b) k)", (target,))
        change = raw("r.data || ") + after
    found = raw("o AS (SELECT r.id, ") + pointing + raw(f" AS b FROM {table} r WHERE ") + _points(fields, ids)
    written = (
        raw(f"w AS (UPDATE {table} r SET data = ")
        + change
        + Sql(
            " FROM o WHERE r.id = o.id RETURNING r.id, now() AS updated_at, %s::jsonb AS updated_by,"
            " jsonb_build_object('before', o.b, 'after', ",
            (dumps(actor).decode(),),
        )
        + after
        + raw(") AS h)")
    )
    ctes = [found + raw(" ORDER BY r.id FOR UPDATE)"), written, history_cte(subject, "'updated'", "w.h")]
    return raw("WITH ") + join(ctes, ", ") + raw(" SELECT w.id::text FROM w")


# Unique values ---------------------------------------------------------------------------------------


def unique_condition(field: FieldSchema, values: Sequence[tuple[str, ...]], alias: str = "r") -> Sql:
    """Records that have one of the given unique keys of the field."""
    expressions = [at(text, alias) for text in field.type.unique_sql(field)]
    operands = field.type.unique_operands(field)
    if len(expressions) == 1:
        cast = field.type.sql(field, field.type.unique_parts()[0] or None).array
        return Sql(f"{expressions[0]} = ANY(%s::{cast})", (array_literal([value[0] for value in values]),))
    one = "(" + " AND ".join(f"{left} = {right}" for left, right in zip(expressions, operands, strict=True)) + ")"
    condition = field.type.unique_condition_sql(field)
    text = "(" + " OR ".join([one] * len(values)) + ")"
    if condition is not None:
        text += f" AND {at(condition, alias)}"
    return Sql(text, tuple(part for value in values for part in value))


def compile_matches(subject: ObjectSchema, conditions: Sequence[Sql]) -> Sql:
    """`(id, data text, is deleted)` of records that match any condition, locked."""
    return (
        raw(f"SELECT r.id::text, r.data::text, r.deleted_at IS NOT NULL FROM {table_of(subject)} r WHERE (")
        + join(conditions, ") OR (")
        + raw(") ORDER BY r.id FOR UPDATE")
    )


def compile_keys(subject: ObjectSchema, condition: Sql) -> Sql:
    """`(id, data text)` of live records that match, for `connect`."""
    return (
        raw(f"SELECT r.id::text, r.data::text FROM {table_of(subject)} r WHERE r.deleted_at IS NULL AND (")
        + condition
        + raw(")")
    )


def compile_holders(subject: ObjectSchema, condition: Sql) -> Sql:
    """`(id, data text, when deleted)` of records that match, deleted ones too: who has a unique value."""
    return raw(f"SELECT r.id::text, r.data::text, r.deleted_at FROM {table_of(subject)} r WHERE ") + condition


def compile_stored(subject: ObjectSchema, ids: Sequence[str]) -> Sql:
    """`(id, data text)` of live records by their ids."""
    return Sql(
        f"SELECT r.id::text, r.data::text FROM {table_of(subject)} r"
        " WHERE r.id = ANY(%s::uuid[]) AND r.deleted_at IS NULL",
        (array_literal(ids),),
    )


def compile_existing(subject: ObjectSchema, ids: Sequence[str]) -> Sql:
    return Sql(f"SELECT t.id::text FROM {table_of(subject)} t WHERE t.id = ANY(%s::uuid[])", (array_literal(ids),))


def compile_statistics(subject: ObjectSchema) -> Sql:
    """Let the planner look at the table again: after many rows came, and before autovacuum finds out."""
    return raw(f"ANALYZE (SKIP_LOCKED) {table_of(subject)}")  # an index may be being built
