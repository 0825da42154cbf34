"""Plans of reading → SELECT. PostgreSQL assembles the answer's JSON; its text is the answer.

Every record is read through a subquery that knows its table, hides the soft-deleted unless the
filter names them, has a limit and orders by the id last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar
from uuid import UUID

from config.http.bounds import MAX
from core.query.plan import (
    EVERY,
    Aggregate,
    Condition,
    Connection,
    Constant,
    CursorOf,
    Edges,
    FindPlan,
    JoinId,
    Member,
    Node,
    OrderKey,
    PageInfo,
    Parts,
    ToMany,
    ToOne,
    Total,
    Value,
    Window,
)
from core.sql.bounded import bounded, within_bounds
from core.sql.files import with_urls
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import Sql, array_literal, filled, integer, join, quoted, raw, slots
from core.sql.json_text import json_object
from core.sql.keysets import Run, cursor_json, encoded_cursor, index_runs, key_expression, keyset, order_by, same_value
from metadata.schema import ObjectSchema

Planned = TypeVar("Planned")

_SHOWN_CURSORS = {"startCursor", "endCursor"}


# Records ---------------------------------------------------------------------------------------------


def compile_record(members: Sequence[Member], alias: str, level: int = 0) -> Sql:
    """JSON text of one record's object, over the row called `alias`; kept as long as the plan of the members is."""
    return _compiled(_Same(members), alias, level)


class _Same(Generic[Planned]):
    """What the planner gives compared by identity: it gives the same object for the same selection."""

    __slots__ = ("planned",)

    def __init__(self, planned: Planned) -> None:
        self.planned = planned

    def __hash__(self) -> int:
        return id(self.planned)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.planned is other.planned


@lru_cache(maxsize=1024)
def _compiled(same: _Same[Sequence[Member]], alias: str, level: int) -> Sql:
    lists = sum(isinstance(member, ToMany) for member in same.planned)
    share = min(MAX.answer_bytes, max(HEAVY // max(1, lists), MAX.record_bytes))
    pieces = [_member(member, alias, level, share) for member in same.planned]
    return json_object(pieces, is_heavy=lists * share + _own_bytes(same.planned) > HEAVY + MAX.answer_bytes)


HEAVY = 3 * MAX.answer_bytes  # of the lists of one record, before anything measures them together


def _own_bytes(members: Sequence[Member]) -> int:
    """How much a record's members could bring but for its lists, were it and all that it belongs to full.

    All members of a record together are one record, unless some are selected several times.
    """
    parts = [part for member in members for part in (member.members if isinstance(member, Parts) else (member,))]
    own = Counter(part.sql for part in parts if isinstance(part, Value))
    others = sum(_own_bytes(member.members) for member in members if isinstance(member, ToOne))
    return max(own.values(), default=1) * MAX.record_bytes + others


def _member(member: Member, alias: str, level: int, share: int = 0) -> tuple[str, Sql | str]:
    """A member's key and its JSON text; `share` is how many bytes each list of it may have."""
    match member:
        case Constant(key, json):
            return key, json
        case Value(key, sql, schema_name):
            return key, with_urls(at(sql, alias), schema_name)
        case Parts(key, parts):
            return key, json_object([_member(part, alias, level) for part in parts])
        case JoinId(key, joined, target):
            other = f"t{level}"
            return key, raw(
                f"coalesce((SELECT to_json({other}.id)::text FROM {table_of(target)} {other}"
                f" WHERE {other}.id = {at(joined.value, alias)} AND {other}.deleted_at IS NULL), 'null')"
            )
        case ToOne(key, joined, target, members):
            other = f"t{level}"
            return key, (
                raw("coalesce((SELECT ")
                + compile_record(members, other, level + 1)
                + raw(
                    f" FROM {table_of(target)} {other} WHERE {other}.id = {at(joined.value, alias)}"
                    f" AND {other}.deleted_at IS NULL), 'null')"
                )
            )
        case ToMany():
            return member.key, _to_many(member, alias, level, share)


def _to_many(member: ToMany, alias: str, level: int, share: int) -> Sql:
    rows = f"m{level}"
    belongs = raw(f"{at(member.inverse.value, rows)} = {alias}.id")
    source = _Source(member.target, _where(member.condition, member.sees_deleted, rows, belongs), rows)
    if member.connection is not None:
        shown = _connection(member.connection, source, member.order, member.window, level, share)
        return raw("(SELECT ") + shown + raw(")")
    page = f"p{level}"
    return (
        raw(f"(SELECT concat('[', string_agg({page}.item, ','), ']') FROM (SELECT ")
        + compile_record(member.members, page, level + 1)
        + raw(" AS item FROM (")
        + source.rows(member.order, member.window.size)
        + raw(f") {page} OFFSET 0) {page} HAVING ")
        + within_bounds(f"{page}.item", largest=share)
        + raw(")")
    )


# Pages -----------------------------------------------------------------------------------------------


def _where(condition: Condition, sees_deleted: bool, alias: str, belongs: Sql | None = None) -> Sql:
    conditions = [belongs] if belongs is not None else []
    if not sees_deleted:
        conditions.append(raw(f"{alias}.deleted_at IS NULL"))
    if condition != EVERY:
        conditions.append(compile_condition(condition, alias))
    return join(conditions, " AND ") if conditions else raw("true")


class _Source:
    """The records a page is taken from: one table, one condition."""

    def __init__(self, subject: ObjectSchema, where: Sql, alias: str, *, is_unfiltered: bool = False) -> None:
        self.subject = subject
        self.where = where
        self.alias = alias
        self.is_unfiltered = is_unfiltered

    def table(self) -> Sql:
        return raw(f"{table_of(self.subject)} {self.alias}")

    def rows(self, order: Sequence[OrderKey], limit: int, window: Window | None = None) -> Sql:
        """`SELECT r.*` in order, at most `limit` rows, behind the window's cursor."""
        is_backward = window is not None and window.is_backward
        if window is None or not window.offset:
            runs = index_runs(order, None if window is None else window.cursor, self.alias, is_backward)
            if runs:
                return self._chained(runs, order_by(order, self.alias, is_backward), limit)
        where = self.where
        if window is not None and window.cursor is not None:
            where += raw(" AND ") + keyset(order, window.cursor, self.alias, is_backward)
        sql = raw(f"SELECT {self.alias}.* FROM ") + self.table() + raw(" WHERE ") + where
        sql += raw(" ORDER BY ") + order_by(order, self.alias, is_backward) + raw(" LIMIT ") + integer(limit)
        if window is not None and window.offset:
            sql += raw(" OFFSET ") + integer(window.offset)
        return sql

    def _chained(self, runs: Sequence[Run], ordering: Sql, limit: int) -> Sql:
        """The rows of the runs, one after the other; the second is not looked at when the first fills the page."""
        selects = [
            raw(f"SELECT {self.alias}.* FROM ")
            + self.table()
            + raw(" WHERE ")
            + join([self.where, *conditions], " AND ")
            + raw(" ORDER BY ")
            + own_ordering
            + raw(" LIMIT ")
            + integer(limit)
            for conditions, own_ordering in runs
        ]
        if len(selects) == 1:
            return selects[0]
        first, second = selects
        unfilled = raw("(SELECT count(*) FROM filled) < ") + integer(limit)
        return (
            raw("WITH filled AS MATERIALIZED (")
            + first
            + raw(
                f") SELECT {self.alias}.* FROM (SELECT 0 AS run, filled.* FROM filled UNION ALL SELECT 1, more.* FROM ("
            )
            + second
            + raw(") more WHERE ")
            + unfilled
            + raw(f") {self.alias} ORDER BY {self.alias}.run, ")
            + ordering
            + raw(" LIMIT ")
            + integer(limit)
        )

    def exists(self, further: Sql | None = None) -> Sql:
        where = self.where if further is None else self.where + raw(" AND ") + further
        return raw("EXISTS (SELECT 1 FROM ") + self.table() + raw(" WHERE ") + where + raw(")")

    def total(self) -> Sql:
        """How many records there are: kept for the whole object, counted under a filter."""
        if self.is_unfiltered:
            return kept_total(self.subject)
        return raw("(SELECT count(*) FROM ") + self.table() + raw(" WHERE ") + self.where + raw(")")


def kept_total(subject: ObjectSchema) -> Sql:
    """The number of live records as the writes keep it, exact in the statement's own snapshot."""
    return Sql(
        f"(SELECT coalesce(sum(live), 0)::bigint FROM {quoted(subject.schema_name)}.record_count"
        " WHERE object_id = %s::uuid)",
        (str(subject.id),),
    )


# Connections -----------------------------------------------------------------------------------------


def _connection(
    connection: Connection,
    source: _Source,
    order: Sequence[OrderKey],
    window: Window,
    level: int,
    share: int = MAX.answer_bytes,
) -> Sql:
    """`<json> FROM <page> …` of a connection as picked: what follows a SELECT. `share`: bytes it may have."""
    page = f"p{level}"
    needs_page = any(isinstance(member, Edges | PageInfo) for member in connection.members)
    ends = {
        name
        for member in connection.members
        if isinstance(member, PageInfo)
        for item in member.items
        if not isinstance(item, Constant)
        for name in [item[1]]
    }
    columns: list[Sql] = []
    edges: list[Sql] = []  # JSON texts of a row
    aggregates: dict[str, int] = {}  # SQL and its number: asked for twice, it is counted once
    pieces: list[tuple[str, Sql | str]] = []
    for member in connection.members:
        match member:
            case Constant(key, json):
                pieces.append((key, json))
            case Edges(key, items):
                name = f"e{len(edges)}"
                edges.append(_edge(items, order, page, level))
                columns.append(_array(f"{page}.{name}", window, page) + raw(f" AS {name}"))
                pieces.append((key, raw(f"a{level}.{name}")))
            case PageInfo(key, items):
                pieces.append((key, _page_info(items, source, order, window, level)))
            case Total(key):
                if source.is_unfiltered:
                    pieces.append((key, source.total()))
                else:
                    pieces.append((key, raw(f"c{level}.x{aggregates.setdefault('count(*)', len(aggregates))}")))
            case Aggregate(key, sql):
                pieces.append((key, raw(f"c{level}.x{aggregates.setdefault(sql, len(aggregates))}")))
    sources: list[Sql] = []
    if needs_page:
        columns.append(raw("count(*) AS n"))
        last = raw("least(") + integer(window.size) + raw(f", {page}.n)")
        first = integer(min(1, window.size))  # a page of no rows shows none
        for name, place, opposite in (("startCursor", first, last), ("endCursor", last, first)):
            if name in ends:
                row = opposite if window.is_backward else place  # read backwards, the first shown is the last read
                columns.append(
                    raw("max(")
                    + encoded_cursor(order, page)
                    + raw(f") FILTER (WHERE {page}.rn = ")
                    + row
                    + raw(f") AS {name.lower()}")
                )
        rows = f"q{level}"
        numbered = (
            raw(f"(SELECT {rows}.*, row_number() OVER () AS rn, count(*) OVER () AS n FROM (")
            + source.rows(order, window.size + 1, window)
            + raw(f") {rows}) {page}")
        )
        sources.append(
            raw("(SELECT ") + join(columns, ", ") + raw(" FROM ") + _with(edges, numbered, window, page, share)
        )
        sources[-1] += raw(f") a{level}")
    if aggregates:
        counted = [raw(f"{at(sql, source.alias)} AS x{index}") for sql, index in aggregates.items()]
        sources.append(
            raw("(SELECT ")
            + join(counted, ", ")
            + raw(" FROM ")
            + source.table()
            + raw(" WHERE ")
            + source.where
            + raw(f") c{level}")
        )
    answer = json_object(pieces)
    return answer if not sources else answer + raw(" FROM ") + join(sources, ", ")


def _with(edges: Sequence[Sql], numbered: Sql, window: Window, page: str, share: int) -> Sql:
    """The rows of a page with the texts of their edges, `e0` and so on: none of the row behind the page."""
    if not edges:
        return numbered
    shown = raw(f"CASE WHEN {page}.rn <= ") + integer(window.size) + raw(" THEN ")
    texts = [shown + text + raw(f" END AS e{place}") for place, text in enumerate(edges)]
    within = within_bounds(*(f"{page}.e{place}" for place in range(len(edges))), largest=share)
    return (
        raw(f"(SELECT {page}.*, ")
        + join(texts, ", ")
        + raw(" FROM ")
        + numbered
        + raw(f" OFFSET 0) {page} HAVING ")
        + within
    )


def _edge(items: Sequence[Node | CursorOf | Constant], order: Sequence[OrderKey], page: str, level: int) -> Sql:
    pieces: list[tuple[str, Sql | str]] = []
    for item in items:
        match item:
            case Constant(key, json):
                pieces.append((key, json))
            case CursorOf(key):
                pieces.append((key, raw("to_json(") + encoded_cursor(order, page) + raw(")::text")))
            case Node(key, members):
                pieces.append((key, compile_record(members, page, level + 1)))
    return json_object(pieces)


def _array(texts: str, window: Window, page: str) -> Sql:
    """The texts of the page's rows as a JSON array, in the order asked for."""
    ordering = f" ORDER BY {page}.rn DESC" if window.is_backward else ""
    return raw(f"concat('[', string_agg({texts}, ','{ordering}), ']')")


def _page_info(
    items: Sequence[tuple[str, str] | Constant],
    source: _Source,
    order: Sequence[OrderKey],
    window: Window,
    level: int,
) -> Sql:
    pieces: list[tuple[str, Sql | str]] = []
    more = raw(f"a{level}.n > ") + integer(window.size)
    for item in items:
        if isinstance(item, Constant):
            pieces.append((item.key, item.json))
            continue
        key, name = item
        if name in _SHOWN_CURSORS:
            pieces.append((key, raw(f"coalesce(to_json(a{level}.{name.lower()})::text, 'null')")))
        elif (name == "hasNextPage") != window.is_backward:
            pieces.append((key, raw("(") + more + raw(")::text")))
        else:
            pieces.append((key, raw("(") + _other_side(source, order, window) + raw(")::text")))
    return json_object(pieces)


def _other_side(source: _Source, order: Sequence[OrderKey], window: Window) -> Sql:
    """Whether records stand on the side the page was not read towards."""
    if window.cursor is not None:
        # Nearly always the record that the cursor was made of is still there, and found by its id.
        same = [
            same_value(key, value, key_expression(key, source.alias))
            for key, value in zip(order, window.cursor, strict=True)
        ]
        beyond = keyset(order, window.cursor, source.alias, not window.is_backward)
        return (
            raw("CASE WHEN ")
            + source.exists(join(same, " AND "))
            + raw(" THEN true ELSE ")
            + source.exists(beyond)
            + raw(" END")
        )
    if window.offset:
        return source.exists()
    return raw("false")


# Statements ------------------------------------------------------------------------------------------
#
# A statement is kept by all that its text is made of, the text of its condition among that; the values of the
# condition come each time. A page behind a cursor is compiled each time: what is compared with it depends on its nulls.

KEPT = 256  # statements of each kind in use lately: each is some kilobytes


@dataclass(frozen=True, slots=True)
class _Matching:
    """Which records are read: what the text of a condition over `r` is made of, and how many values it takes."""

    subject: ObjectSchema
    where: str
    count: int
    is_unfiltered: bool

    def source(self, where: Sql | None = None) -> _Source:
        """With the condition itself, or with slots for its values."""
        where = where or Sql(self.where, slots(self.count))
        return _Source(self.subject, where, "r", is_unfiltered=self.is_unfiltered)


def _matching(subject: ObjectSchema, condition: Condition, sees_deleted: bool) -> tuple[_Matching, Sql]:
    where = _where(condition, sees_deleted, "r")
    return _Matching(subject, where.text, len(where.params), condition == EVERY and not sees_deleted), where


def compile_connection(plan: FindPlan) -> Sql:
    """One row, one column: the JSON text of the connection."""
    assert plan.connection is not None
    matching, where = _matching(plan.object, plan.condition, plan.sees_deleted)
    if plan.window.cursor is not None:
        return raw("SELECT ") + _connection(plan.connection, matching.source(where), plan.order, plan.window, 0)
    kept = _kept_connection(matching, _Same(plan.connection), plan.order, plan.window)
    return Sql(kept.text, filled(kept.params, where.params))


@lru_cache(maxsize=KEPT)
def _kept_connection(matching: _Matching, same: _Same[Connection], order: tuple[OrderKey, ...], window: Window) -> Sql:
    return raw("SELECT ") + _connection(same.planned, matching.source(), order, window, 0)


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


def _listing(source: _Source, order: tuple[OrderKey, ...], window: Window, with_total: bool, record: Sql) -> Sql:
    ordering = " ORDER BY p.rn DESC" if window.is_backward else ""
    cursor = cursor_json(order, "p")
    size = integer(window.size)
    pieces = [
        raw(f"SELECT string_agg(p.item, ','{ordering}), count(*) > "), size, raw(", "),
        _other_side(source, order, window),
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
