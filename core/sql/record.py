"""A record as it is selected → SQL of its JSON text, with the related records and connections in it.

PostgreSQL assembles the text; it is the answer. A record has connections and these have records, which is why both
stand here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from config.http.bounds import MAX
from core.query.plan import (
    Aggregate,
    Connection,
    Constant,
    CursorOf,
    Edges,
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
from core.sql.bounded import within_bounds
from core.sql.files import with_urls
from core.sql.filters import at, table_of
from core.sql.fragment import Sql, integer, join, raw
from core.sql.json_text import json_object
from core.sql.keysets import encoded_cursor
from core.sql.source import Source, other_side, where_of

_SHOWN_CURSORS = {"startCursor", "endCursor"}
HEAVY = 3 * MAX.answer_bytes  # of the lists of one record, before anything measures them together
Planned = TypeVar("Planned")


class Same(Generic[Planned]):
    """What the planner gives compared by identity: it gives the same object for the same selection."""

    __slots__ = ("planned",)

    def __init__(self, planned: Planned) -> None:
        self.planned = planned

    def __hash__(self) -> int:
        return id(self.planned)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.planned is other.planned


def compile_record(members: Sequence[Member], alias: str, level: int = 0) -> Sql:
    """JSON text of one record's object, over the row called `alias`; kept as long as the plan of the members is."""
    return _compiled(Same(members), alias, level)


@lru_cache(maxsize=1024)
def _compiled(same: Same[Sequence[Member]], alias: str, level: int) -> Sql:
    lists = sum(isinstance(member, ToMany) for member in same.planned)
    share = min(MAX.answer_bytes, max(HEAVY // max(1, lists), MAX.record_bytes))
    pieces = [_member(member, alias, level, share) for member in same.planned]
    return json_object(pieces, is_heavy=lists * share + _own_bytes(same.planned) > HEAVY + MAX.answer_bytes)


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
    source = Source(member.target, where_of(member.condition, member.sees_deleted, rows, belongs), rows)
    if member.connection is not None:
        shown = connection_json(member.connection, source, member.order, member.window, level, share)
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


def connection_json(
    connection: Connection,
    source: Source,
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
    source: Source,
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
            pieces.append((key, raw("(") + other_side(source, order, window) + raw(")::text")))
    return json_object(pieces)
