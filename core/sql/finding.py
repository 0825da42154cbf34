"""What a write looks for before it writes: records by a condition, by their ids or by unique values, mostly locked."""

from __future__ import annotations

from collections.abc import Sequence

from core.query.plan import Condition
from core.sql.answers import long_answers
from core.sql.bounded import bounded
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import Sql, array_literal, integer, join, raw
from metadata.schema import FieldSchema, ObjectSchema


def by_id(record_id: str) -> Sql:
    return Sql("r.id = %s::uuid", (record_id,))


def compile_lock(
    subject: ObjectSchema,
    condition: Condition | Sql,
    limit: int,
    *,
    deleted: bool | None,
    answers: Sequence[Sql] = (),
    with_data: bool = True,
    locking: bool = True,
) -> Sql:
    """`(id, data text, is deleted, *answers)` of the records a write is about, locked in the order of their ids.

    `deleted` picks live records (False), soft-deleted ones (True) or both (None). Without data its text is NULL.
    """
    where = condition if isinstance(condition, Sql) else compile_condition(condition, "r")
    if deleted is not None:
        where = raw("r.deleted_at IS " + ("NOT NULL AND " if deleted else "NULL AND ")) + where
    data = raw("r.data::text" if with_data else "NULL::text")
    columns = [raw("r.id::text"), data, raw("r.deleted_at IS NOT NULL"), *answers]
    rows = (
        raw("SELECT ")
        + join(columns, ", ")
        + raw(f" FROM {table_of(subject)} r WHERE ")
        + where
        + raw(" ORDER BY r.id LIMIT ")
        + integer(limit)
        + raw(" FOR UPDATE" if locking else "")
    )
    if limit == 1:
        return rows
    texts = [1] if with_data else []
    return bounded(rows, len(columns), texts + long_answers(answers, 3))


def compile_hold(subject: ObjectSchema, ids: Sequence[str], answers: Sequence[Sql]) -> Sql:
    """`(id, *answers)` of the records, locked in the order of their ids."""
    condition = Sql("r.id = ANY(%s::uuid[])", (array_literal(ids),))
    rows = raw("SELECT ") + join([raw("r.id::text"), *answers], ", ") + raw(f" FROM {table_of(subject)} r WHERE ")
    return bounded(rows + condition + raw(" ORDER BY r.id FOR UPDATE"), 1 + len(answers), long_answers(answers, 1))


def compile_count(subject: ObjectSchema, condition: Condition, *, deleted: bool | None) -> Sql:
    where = compile_condition(condition, "r")
    if deleted is not None:
        where = raw("r.deleted_at IS " + ("NOT NULL AND " if deleted else "NULL AND ")) + where
    return raw(f"SELECT count(*) FROM {table_of(subject)} r WHERE ") + where


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


def compile_matches(subject: ObjectSchema, conditions: Sequence[Sql], answers: Sequence[Sql] = ()) -> Sql:
    """`(id, data text, is deleted, *answers)` of records that match any condition, locked."""
    columns = [raw("r.id::text"), raw("r.data::text"), raw("r.deleted_at IS NOT NULL"), *answers]
    rows = (
        raw("SELECT ")
        + join(columns, ", ")
        + raw(f" FROM {table_of(subject)} r WHERE (")
        + join(conditions, ") OR (")
        + raw(") ORDER BY r.id FOR UPDATE")
    )
    return bounded(rows, len(columns), [1, *long_answers(answers, 3)])


def compile_keys(subject: ObjectSchema, condition: Sql) -> Sql:
    """`(id, data text)` of live records that match, for `connect`."""
    rows = raw(f"SELECT r.id::text, r.data::text FROM {table_of(subject)} r WHERE r.deleted_at IS NULL AND (")
    return bounded(rows + condition + raw(")"), 2, [1])


def compile_holders(subject: ObjectSchema, condition: Sql) -> Sql:
    """`(id, data text, when deleted)` of records that match, deleted ones too: who has a unique value."""
    rows = raw(f"SELECT r.id::text, r.data::text, r.deleted_at FROM {table_of(subject)} r WHERE ")
    return bounded(rows + condition, 3, [1])


def compile_stored(subject: ObjectSchema, ids: Sequence[str]) -> Sql:
    """`(id, data text)` of live records by their ids."""
    rows = Sql(
        f"SELECT r.id::text, r.data::text FROM {table_of(subject)} r"
        " WHERE r.id = ANY(%s::uuid[]) AND r.deleted_at IS NULL",
        (array_literal(ids),),
    )
    return bounded(rows, 2, [1])


def compile_existing(subject: ObjectSchema, ids: Sequence[str]) -> Sql:
    return Sql(f"SELECT t.id::text FROM {table_of(subject)} t WHERE t.id = ANY(%s::uuid[])", (array_literal(ids),))
