"""Plans of reading → SELECT: one statement, of which the text is kept.

It is kept by all that it is made of, the text of its condition among that; the values of the condition come each
time. A page behind a cursor is compiled each time: what is compared with it depends on its nulls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from core.query.plan import EVERY, Condition, Connection, FindPlan, OrderKey, Window
from core.sql.bounded import bounded, within_bounds
from core.sql.filters import table_of
from core.sql.fragment import Sql, array_literal, filled, integer, join, raw, slots
from core.sql.keysets import cursor_json
from core.sql.record import Same, connection_json
from core.sql.source import Source, other_side, where_of
from metadata.schema import ObjectSchema

KEPT = 256  # statements of each kind in use lately: each is some kilobytes


@dataclass(frozen=True, slots=True)
class _Matching:
    """Which records are read: what the text of a condition over `r` is made of, and how many values it takes."""

    subject: ObjectSchema
    where: str
    count: int
    is_unfiltered: bool

    def source(self, where: Sql | None = None) -> Source:
        """With the condition itself, or with slots for its values."""
        where = where or Sql(self.where, slots(self.count))
        return Source(self.subject, where, "r", is_unfiltered=self.is_unfiltered)


def _matching(subject: ObjectSchema, condition: Condition, sees_deleted: bool) -> tuple[_Matching, Sql]:
    where = where_of(condition, sees_deleted, "r")
    return _Matching(subject, where.text, len(where.params), condition == EVERY and not sees_deleted), where


def compile_connection(plan: FindPlan) -> Sql:
    """One row, one column: the JSON text of the connection."""
    assert plan.connection is not None
    matching, where = _matching(plan.object, plan.condition, plan.sees_deleted)
    if plan.window.cursor is not None:
        return raw("SELECT ") + connection_json(plan.connection, matching.source(where), plan.order, plan.window, 0)
    kept = _kept_connection(matching, Same(plan.connection), plan.order, plan.window)
    return Sql(kept.text, filled(kept.params, where.params))


@lru_cache(maxsize=KEPT)
def _kept_connection(matching: _Matching, same: Same[Connection], order: tuple[OrderKey, ...], window: Window) -> Sql:
    return raw("SELECT ") + connection_json(same.planned, matching.source(), order, window, 0)


def compile_listing(plan: FindPlan, record: Sql) -> Sql:
    """One row for REST: items (text or NULL), has more, other side, start and end cursor JSON, total.

    `record` is the compiled JSON of one record over the alias `p`.
    """
    matching, where = _matching(plan.object, plan.condition, plan.sees_deleted)
    if plan.window.cursor is not None:
        return _listing(matching.source(where), plan.order, plan.window, plan.with_total, record)
    kept = _kept_listing(matching, plan.order, plan.window, plan.with_total, record)
    return Sql(kept.text, filled(kept.params, where.params))


@lru_cache(maxsize=KEPT)
def _kept_listing(
    matching: _Matching, order: tuple[OrderKey, ...], window: Window, with_total: bool, record: Sql
) -> Sql:
    return _listing(matching.source(), order, window, with_total, record)


def _listing(source: Source, order: tuple[OrderKey, ...], window: Window, with_total: bool, record: Sql) -> Sql:
    ordering = " ORDER BY p.rn DESC" if window.is_backward else ""
    cursor = cursor_json(order, "p")
    size = integer(window.size)
    pieces = [
        raw(f"SELECT string_agg(p.item, ','{ordering}), count(*) > "), size, raw(", "),
        other_side(source, order, window),
        raw(", max("), cursor, raw(") FILTER (WHERE p.rn = "), integer(min(1, window.size)),
        raw("), max("), cursor, raw(") FILTER (WHERE p.rn = least("), size, raw(", p.n)), "),
        source.total() if with_total else raw("NULL"),
        raw(" FROM (SELECT p.*, CASE WHEN p.rn <= "), size, raw(" THEN "), record,
        raw(" END AS item FROM (SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n FROM ("),
        source.rows(order, window.size + 1, window), raw(") q) p OFFSET 0) p HAVING "), within_bounds("p.item"),
    ]  # fmt: skip
    return join(pieces, "")


def compile_one(subject: ObjectSchema, condition: Condition, sees_deleted: bool, *columns: Sql) -> Sql:
    """The columns, such as its JSON text, of the first record that matches; no row when none does.

    They are over the alias `r`.
    """
    matching, where = _matching(subject, condition, sees_deleted)
    kept = _kept_one(matching, columns)
    return Sql(kept.text, filled(kept.params, where.params))


@lru_cache(maxsize=KEPT)
def _kept_one(matching: _Matching, columns: tuple[Sql, ...]) -> Sql:
    source = matching.source()
    selected = raw("SELECT ") + join(columns, ", ") + raw(" FROM ")
    return selected + source.table() + raw(" WHERE ") + source.where + raw(" LIMIT 1")


def compile_by_ids(subject: ObjectSchema, ids: Sequence[UUID | str], record: Sql) -> Sql:
    """`(id, JSON text)` of records by their ids, deleted ones too: what a write answers with."""
    condition = Sql("r.id = ANY(%s::uuid[])", (array_literal(list(ids)),))
    rows = raw("SELECT r.id::text, ") + record + raw(f" FROM {table_of(subject)} r WHERE ") + condition
    return rows if len(ids) == 1 else bounded(rows, 2, [1])
