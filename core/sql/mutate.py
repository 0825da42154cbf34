"""Plans of writing → INSERT, UPDATE, DELETE: one statement for all records of a call.

Rows travel as one JSON parameter. A statement checks that related records exist (and locks them
against destruction), writes, keeps the object's total, and answers with the records' JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from config.http.rendering import dumps
from core.query.plan import Condition, Relate
from core.sql.apart import Insertion, Write, writing
from core.sql.bounded import bounded
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import EMPTY, Slot, Sql, array_literal, integer, join, quoted, raw
from core.sql.history import history_note
from metadata.schema import FieldSchema, ObjectSchema

KEPT = 128  # texts of inserts, and of updates, in use lately: each is some tens of kilobytes

# What one row of the JSON parameter holds, under short names as it is sent for every record (`h`: its history):
_INSERT_COLUMNS = "x(id uuid, d jsonb, s text, w text, k int, p float8, ca timestamptz, da timestamptz, cb jsonb)"
_UPDATE_COLUMNS = "x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)"


# An `updatedAt` is later than the one before. Adding to a moment with time zone is not IMMUTABLE, but of UTC it is:
_LATER = "greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC')"


def _ends_of(rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Which ends rows ask for: first, last."""
    return frozenset(row["w"] for row in rows if "w" in row)


def _positions(table: str, asked: frozenset[str]) -> tuple[list[Sql], str]:
    """CTEs of the ends that are asked for, and the position of an incoming row: its number, or before the first or
    after the last live record."""
    ctes, cases = [], []
    for word, name, function, sign in (("first", "pf", "min", "-"), ("last", "pl", "max", "+")):
        if word in asked:
            end = f"SELECT coalesce({function}(b.position), 0) AS at FROM {table} b WHERE b.deleted_at IS NULL"
            ctes.append(raw(f"{name} AS MATERIALIZED ({end})"))
            cases.append(f"WHEN x.w = '{word}' THEN (SELECT {name}.at FROM {name}) {sign} x.k")
    return ctes, f"CASE {' '.join(cases)} ELSE x.p END" if cases else "x.p"


def _related(targets: Sequence[ObjectSchema]) -> tuple[list[Sql], Sql]:
    """CTEs that lock the related records, and the numbers found as an array (one per relation)."""
    ctes = [
        Sql(
            f"k{index} AS MATERIALIZED (SELECT t.id FROM {table_of(target)} t"
            " WHERE t.id = ANY(%s::uuid[]) FOR KEY SHARE)",
            (Slot(f"ids{index}"),),
        )
        for index, target in enumerate(targets)
    ]
    counts = join((raw(f"(SELECT count(*) FROM k{index})") for index in range(len(targets))), ", ")
    return ctes, raw("ARRAY[") + counts + raw("]::bigint[]")


def _all_exist(targets: Sequence[ObjectSchema], under: _Under) -> Sql:
    """The condition, and that `_related` found all that it looked for."""
    condition = Sql(under.text, tuple(Slot(f"under{index}") for index in range(under.count)))
    found = [
        Sql(f"(SELECT count(*) FROM k{index}) = %s::bigint", (Slot(f"count{index}"),)) for index in range(len(targets))
    ]
    return join([condition, *found], " AND ")


@dataclass(frozen=True, slots=True)
class _Under:
    """The text of a condition, and how many parameters it has."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the text of a statement that writes is made of, beside its answers: the values come each time."""

    subject: ObjectSchema
    targets: tuple[ObjectSchema, ...]
    ends: frozenset[str]
    under: _Under | None


def _shape(
    subject: ObjectSchema, relates: Sequence[Relate], rows: Sequence[Mapping[str, Any]], under: Sql | None
) -> _Shape:
    condition = None if under is None else _Under(under.text, len(under.params))
    return _Shape(subject, tuple([each.target for each in relates]), _ends_of(rows), condition)


def _values(
    rows: Sequence[Mapping[str, Any]], updated_by: Mapping[str, Any], relates: Sequence[Relate], under: Sql | None
) -> dict[str, Any]:
    values: dict[str, Any] = {"by": dumps(updated_by).decode(), "rows": dumps(list(rows)).decode()}
    for index, relate in enumerate(relates):
        values[f"ids{index}"] = array_literal(relate.ids)
        values[f"count{index}"] = len(relate.ids)
    if under is not None:
        values.update((f"under{index}", value) for index, value in enumerate(under.params))
    return values


def _count_note(subject: ObjectSchema, what: Sql) -> Sql:
    return (
        Sql(
            f"INSERT INTO {quoted(subject.schema_name)}.record_count (object_id, live)"
            " SELECT %s::uuid, n FROM (SELECT ",
            (str(subject.id),),
        )
        + what
        + raw(") kept(n) WHERE n <> 0")
    )


def compile_insert(
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, Any]],
    updated_by: Mapping[str, Any],
    relates: Sequence[Relate],
    answers: Sequence[Sql],
    *,
    skip_conflicts: bool = False,
    under: Sql | None = None,
) -> Write:
    """`(id, *answers, related counts)` of each inserted row. `answers` are JSON texts over the alias `r`.

    `under` is a condition: unless it holds, and all related records exist, nothing is written.
    """
    kept = _insert(_shape(subject, relates, rows, under), tuple(answers), skip_conflicts)
    return kept.with_values(_values(rows, updated_by, relates, under))


@lru_cache(maxsize=KEPT)
def _insert(shape: _Shape, answers: Sequence[Sql], skip_conflicts: bool) -> Write:
    subject, table = shape.subject, table_of(shape.subject)
    related, counts = _related(shape.targets)
    ends, position = _positions(table, shape.ends)
    insert = Sql(
        f"INSERT INTO {table}"
        " (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)"
        f" SELECT x.id, x.d, to_tsvector('simple', x.s), {position},"
        " coalesce(x.ca, now()), now(), x.da, x.cb, %s::jsonb"
        f" FROM jsonb_to_recordset(%s::jsonb) AS {_INSERT_COLUMNS}",
        (Slot("by"), Slot("rows")),
    )
    if shape.under is not None:
        insert += raw(" WHERE ") + _all_exist(shape.targets, shape.under)
    if skip_conflicts:
        insert += raw(" ON CONFLICT DO NOTHING")
    ctes = [*related, *ends, raw("w AS (") + insert + raw(" RETURNING *)")]
    notes = [
        ("c", _count_note(subject, raw("count(*) FROM w WHERE deleted_at IS NULL"))),
        ("h", history_note(subject, "'created'")),
    ]
    return writing(ctes, notes, _answering(answers, counts), Insertion(related, counts, ends, insert, table, answers))


def compile_update(
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, Any]],
    updated_by: Mapping[str, Any],
    relates: Sequence[Relate],
    answers: Sequence[Sql],
    *,
    revived: int = 0,
    under: Sql | None = None,
) -> Write:
    """`(id, *answers, related counts)` of each updated row; `revived` is how many come back from soft deletion.

    `under` is a condition over the row `r`: unless it holds, and all related records exist, nothing is written.
    """
    kept = _update(
        _shape(subject, relates, rows, under),
        tuple(answers),
        any(row["hs"] for row in rows),
        any(row["h"] is not None or row["rv"] for row in rows),
        revived > 0,
    )
    return kept.with_values({**_values(rows, updated_by, relates, under), "revived": revived})


@lru_cache(maxsize=KEPT)
def _update(shape: _Shape, answers: Sequence[Sql], has_words: bool, is_noted: bool, revives: bool) -> Write:
    subject, table = shape.subject, table_of(shape.subject)
    ctes, counts = _related(shape.targets)
    ends, position = _positions(table, shape.ends)
    ctes += ends
    words = ""  # where no searched field is changed the column is left alone
    if has_words:
        words = " search = CASE WHEN x.hs THEN to_tsvector('simple', x.s) ELSE r.search END,"
    condition = EMPTY if shape.under is None else raw(" AND ") + _all_exist(shape.targets, shape.under)
    ctes.append(
        Sql(
            f"w AS (UPDATE {table} r SET data = (r.data || x.d) - x.g,"
            + words
            + f" position = coalesce({position}, r.position),"
            " deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END,"
            f" updated_at = {_LATER}, updated_by = %s::jsonb"
            f" FROM jsonb_to_recordset(%s::jsonb) AS {_UPDATE_COLUMNS} WHERE r.id = x.id",
            (Slot("by"), Slot("rows")),
        )
        + condition
        + raw(" RETURNING r.*, x.h, x.rv)")
    )
    notes = []
    if is_noted:
        action = "CASE WHEN w.rv THEN 'restored' ELSE 'updated' END"
        notes.append(("h", history_note(subject, action, "w.h", raw(" WHERE w.h IS NOT NULL OR w.rv"))))
    if revives:
        notes.append(("c", _count_note(subject, Sql("%s::bigint", (Slot("revived"),)))))
    return writing(ctes, notes, _answering(answers, counts))


def _answering(answers: Sequence[Sql], counts: Sql) -> Sql:
    return raw("SELECT ") + join([raw("r.id::text"), *answers, counts], ", ") + raw(" FROM w r")


POSITION = raw("r.position")
UNCHANGED = raw("r.xmin::text")  # of a row: it is another after every change
VERSION = raw("(extract(epoch FROM r.updated_at) * 1000)::bigint::text")  # of a record: when it was last changed

# Locking ---------------------------------------------------------------------------------------------


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
    return bounded(rows, len(columns), texts + _texts(answers, 3))


def _texts(answers: Sequence[Sql], start: int) -> list[int]:
    """The places of the answers that can be long, the first being `start`."""
    return [start + place for place, answer in enumerate(answers) if answer not in (POSITION, VERSION)]


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
            f" updated_at = {_LATER}, updated_by = %s::jsonb"
            f"{source} WHERE r.id = ANY(%s::uuid[]) RETURNING r.*)",
            (dumps(updated_by).decode(), array_literal(ids)),
        )
    )
    notes = []
    if changed:
        notes.append(("c", _count_note(subject, Sql("%s::bigint", (-len(changed) if is_deleted else len(changed),)))))
        moved = EMPTY if len(changed) == len(ids) else Sql(" WHERE w.id = ANY(%s::uuid[])", (array_literal(changed),))
        notes.append(("h", history_note(subject, "'deleted'" if is_deleted else "'restored'", where=moved)))
    rows = raw("SELECT ") + join([raw("r.id::text"), *answers], ", ") + raw(" FROM w r")
    if len(ids) > 1:  # nothing has measured them: locking them did not read what they hold
        rows = bounded(rows, 1 + len(answers), _texts(answers, 1))
    return writing(ctes, notes, rows)


def compile_destroy(subject: ObjectSchema, ids: Sequence[str], actor: Mapping[str, Any]) -> Write:
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
        ("c", _count_note(subject, raw("-count(*) FROM w WHERE deleted_at IS NULL"))),
    ]
    return writing(ctes, notes, raw("SELECT r.id::text FROM w r"))


@dataclass(frozen=True, slots=True)
class Pointers:
    """Records of `subject` that point at records which go, through any of the `fields`, each with the ids it leads to.

    Those of the `besides` are none: they go themselves.
    """

    subject: ObjectSchema
    fields: Sequence[tuple[FieldSchema, Sequence[str]]]
    besides: Sequence[str] = ()

    @property
    def condition(self) -> Sql:
        """True for them over the alias `r`, deleted or not."""
        points = join((_points(field, ids) for field, ids in self.fields), " OR ")
        if not self.besides:
            return points
        return raw("(") + points + Sql(") AND r.id <> ALL(%s::uuid[])", (array_literal(self.besides),))


def _points(field: FieldSchema, ids: Sequence[str]) -> Sql:
    return Sql(f"{at(field.type.sql(field).value, 'r')} = ANY(%s::uuid[])", (array_literal(ids),))


def compile_probe(groups: Sequence[Pointers]) -> Sql:
    """`(index)` of each group that has a record."""
    return join(
        (
            raw(f"SELECT {index} WHERE EXISTS (SELECT 1 FROM {table_of(each.subject)} r WHERE ")
            + each.condition
            + raw(")")
            for index, each in enumerate(groups)
        ),
        " UNION ALL ",
    )


def compile_pointing(group: Pointers) -> Sql:
    """`(count)` of the records of a group."""
    return raw(f"SELECT count(*) FROM {table_of(group.subject)} r WHERE ") + group.condition


def compile_closure(
    objects: Sequence[ObjectSchema], links: Sequence[tuple[int, int, FieldSchema]], ids: Sequence[str], limit: int
) -> Sql:
    """`(place, id)` of the records `ids` of the first object and of all that point at any of these, at any distance.

    A place is an object's in `objects`. A link is the place of the object that is pointed at, that of the one whose
    field points, and the field. Each record comes once, the nearest first, and `limit` of them at most.
    """
    steps = join(
        (
            raw(
                f"SELECT {source} AS o, r.id FROM {table_of(objects[source])} r"
                f" WHERE g.o = {target} AND {at(field.type.sql(field).value, 'r')} = g.id"
            )
            for target, source, field in links
        ),
        " UNION ALL ",
    )
    return (
        Sql("WITH RECURSIVE g(o, id) AS (SELECT 0, unnest(%s::uuid[]) UNION", (array_literal(ids),))
        + raw(" SELECT n.o, n.id FROM g CROSS JOIN LATERAL (")
        + steps
        + raw(") n) SELECT g.o, g.id::text FROM g LIMIT ")
        + integer(limit)
    )


def compile_hold(subject: ObjectSchema, ids: Sequence[str], answers: Sequence[Sql]) -> Sql:
    """`(id, *answers)` of the records, locked in the order of their ids."""
    condition = Sql("r.id = ANY(%s::uuid[])", (array_literal(ids),))
    rows = raw("SELECT ") + join([raw("r.id::text"), *answers], ", ") + raw(f" FROM {table_of(subject)} r WHERE ")
    return bounded(rows + condition + raw(" ORDER BY r.id FOR UPDATE"), 1 + len(answers), _texts(answers, 1))


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
    group: Pointers, target: str | None, actor: Mapping[str, Any], answers: Sequence[Sql], limit: int
) -> Write:
    """Let what points at records that go point at `target`, or at nothing: `limit` records of the group at most.

    Gives `(id, *answers, storage keys of the relations that were changed)`. Each record's history notes it, by
    `actor`; its `updatedAt` stays, as nobody wrote to it.
    """
    table = table_of(group.subject)
    pointing = join(
        (
            raw("CASE WHEN ")
            + _points(field, ids)
            + raw(
                f" THEN jsonb_build_object('{field.storage_key}', r.data->'{field.storage_key}') ELSE '{{}}'::jsonb END"
            )
            for field, ids in group.fields
        ),
        " || ",
    )
    if target is None:
        after, change = raw("'{}'::jsonb"), raw("r.data - ARRAY(SELECT jsonb_object_keys(o.b))")
    else:
        after = Sql("(SELECT jsonb_object_agg(k, %s::text) FROM jsonb_object_keys(f.b) k)", (target,))
        change = raw("r.data || o.a")
    found = (
        raw("f AS MATERIALIZED (SELECT r.id, ")
        + pointing
        + raw(f" AS b FROM {table} r WHERE ")
        + group.condition
        + raw(" ORDER BY r.id LIMIT ")
        + integer(limit)
        + raw(" FOR UPDATE), o AS MATERIALIZED (SELECT f.id, f.b, ")
        + after
        + raw(" AS a FROM f)")
    )
    returned = "r.*" if answers else "r.id"
    updated = (
        raw(f"u AS (UPDATE {table} r SET data = ")
        + change
        + raw(f" FROM o WHERE r.id = o.id RETURNING {returned}, o.b, o.a)")
    )
    noted = Sql(
        "w AS (SELECT u.id, now() AS updated_at, %s::jsonb AS updated_by,"
        " jsonb_build_object('before', u.b, 'after', u.a) AS h FROM u)",
        (dumps(actor).decode(),),
    )
    columns = [raw("r.id::text"), *answers, raw("ARRAY(SELECT jsonb_object_keys(r.b))")]
    rows = bounded(raw("SELECT ") + join(columns, ", ") + raw(" FROM u r"), len(columns), _texts(answers, 1))
    return writing([found, updated, noted], [("h", history_note(group.subject, "'updated'", "w.h"))], rows)


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
    return bounded(rows, len(columns), [1, *_texts(answers, 3)])


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


def compile_statistics(subject: ObjectSchema) -> Sql:
    """Let the planner look at the table again: after many rows came, and before autovacuum finds out."""
    return raw(f"ANALYZE (SKIP_LOCKED) {table_of(subject)}")  # an index may be being built
