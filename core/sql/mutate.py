"""Plans of writing → INSERT, UPDATE: one statement for all records of a call, its text kept.

Rows travel as one JSON parameter. A statement checks that related records exist (and locks them
against destruction), writes, keeps the object's total, and answers with the records' JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from config.http.rendering import dumps
from core.query.plan import Relate
from core.sql.apart import Insertion, Write, writing
from core.sql.filters import table_of
from core.sql.fragment import EMPTY, Slot, Sql, array_literal, join, raw
from core.sql.history import history_note
from core.sql.totals import count_note
from metadata.schema import ObjectSchema

KEPT = 128  # texts of inserts, and of updates, in use lately: each is some tens of kilobytes

# What one row of the JSON parameter holds, under short names as it is sent for every record (`h`: its history):
_INSERT_COLUMNS = "x(id uuid, d jsonb, s text, w text, k int, p float8, ca timestamptz, da timestamptz, cb jsonb)"
_UPDATE_COLUMNS = "x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)"

# An `updatedAt` is later than the one before. Adding to a moment with time zone is not IMMUTABLE, but of UTC it is:
LATER = "greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC')"


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
    subject: ObjectSchema, relates: Sequence[Relate], rows: Sequence[Mapping[str, object]], under: Sql | None
) -> _Shape:
    condition = None if under is None else _Under(under.text, len(under.params))
    return _Shape(subject, tuple([each.target for each in relates]), _ends_of(rows), condition)


def _values(
    rows: Sequence[Mapping[str, object]], updated_by: Mapping[str, object], relates: Sequence[Relate], under: Sql | None
) -> dict[str, object]:
    values: dict[str, object] = {"by": dumps(updated_by).decode(), "rows": dumps(list(rows)).decode()}
    for index, relate in enumerate(relates):
        values[f"ids{index}"] = array_literal(relate.ids)
        values[f"count{index}"] = len(relate.ids)
    if under is not None:
        values.update((f"under{index}", value) for index, value in enumerate(under.params))
    return values


def compile_insert(
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, object]],
    updated_by: Mapping[str, object],
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
        ("c", count_note(subject, raw("count(*) FROM w WHERE deleted_at IS NULL"))),
        ("h", history_note(subject, "'created'")),
    ]
    return writing(ctes, notes, _answering(answers, counts), Insertion(related, counts, ends, insert, table, answers))


def compile_update(
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, object]],
    updated_by: Mapping[str, object],
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
            f" updated_at = {LATER}, updated_by = %s::jsonb"
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
        notes.append(("c", count_note(subject, Sql("%s::bigint", (Slot("revived"),)))))
    return writing(ctes, notes, _answering(answers, counts))


def _answering(answers: Sequence[Sql], counts: Sql) -> Sql:
    return raw("SELECT ") + join([raw("r.id::text"), *answers, counts], ", ") + raw(" FROM w r")


def compile_statistics(subject: ObjectSchema) -> Sql:
    """Let the planner look at the table again: after many rows came, and before autovacuum finds out."""
    return raw(f"ANALYZE (SKIP_LOCKED) {table_of(subject)}")  # an index may be being built
