"""Plans selections: which members an answer has, in which order, and how each is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from config.errors import BadRequest, TooComplex, UnknownField
from config.http.bounds import MAX, spend
from core.query import ir
from core.query.aggregates import aggregate_names, aggregates_of
from core.query.cursors import decode_cursor
from core.query.filters import mentions_deleted, plan_filter
from core.query.orders import id_key, plan_order
from core.query.pages import order_of, page_of
from core.query.plan import (
    EVERY,
    Aggregate,
    Connection,
    ConnectionMember,
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
from core.query.scope import Scope, inverse_of, may, member_names, nearest, reads, require, require_readable
from metadata.schema import FieldSchema, ObjectSchema

NESTED_SIZE = 60  # records of a to-many relation, per parent
LARGEST_NESTED = 1_000
MAX_RELATION_DEPTH = 5
MAX_COST = 2_000_000  # records that one path of relations could lead to
MAX_AGGREGATES = 200  # of one connection

# What is found by itself for every record above it, in values that take as long to answer (0.5 us each).
LOOKUP_VALUES = 8  # the record that a relation leads to
PAGE_VALUES = 16  # a page of records that lead here, in the order of the index
WHOLE_VALUES = 1_500  # a page for which its parent's records are all read and sorted: that of 1,000, the largest page


def plan_members(scope: Scope, subject: ObjectSchema, selection: ir.Selection) -> tuple[Member, ...]:
    """The members of one record's answer."""
    reading = scope.principal.permissions.reading
    if reading is None:
        return _plan_members(scope, subject, selection)
    key = (scope.schema, reading)  # not its version: a change that is rolled back leaves its number to another
    return _cached_members(_Key(key, scope), subject.id, selection)


class _Key:
    """A cache key that carries the scope without comparing it."""

    __slots__ = ("parts", "scope")

    def __init__(self, parts: tuple[object, ...], scope: Scope) -> None:
        self.parts = parts
        self.scope = scope

    def __hash__(self) -> int:
        return hash(self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.parts == other.parts


@lru_cache(maxsize=1024)
def _cached_members(key: _Key, object_id: UUID, selection: ir.Selection) -> tuple[Member, ...]:
    return _plan_members(key.scope, key.scope.schema.by_id[object_id], selection)


def _plan_members(scope: Scope, subject: ObjectSchema, selection: ir.Selection) -> tuple[Member, ...]:
    if isinstance(selection, ir.Everything):
        return _everything(scope, subject, selection)
    return _picked(scope, subject, selection, depth=0, cost=1)


def answer_values(parts: Sequence[object], times: int = 1) -> int:
    """What the answer can cost, in values: each counts one, every page is as full as may be, and what has to be found
    for each record counts as many more as it takes longer. `parts` of `times` records."""
    values = 0
    for part in parts:
        values += times
        match part:
            case Edges(items=inner) | Node(members=inner) | Parts(members=inner):
                values += answer_values(inner, times)
            case ToOne(members=inner):
                values += LOOKUP_VALUES * times + answer_values(inner, times)
            case JoinId():
                values += LOOKUP_VALUES * times
            case ToMany(connection=connection, members=members):
                below: Sequence[object] = members if connection is None else connection.members
                values += (WHOLE_VALUES if _reads_all(part) else PAGE_VALUES) * times
                values += answer_values(below, times * max(part.window.size, 1))
    return values


def _reads_all(related: ToMany) -> bool:
    """Whether a page of it needs more of its parent's records than it answers: no index gives it as it is."""
    counted = () if related.connection is None else related.connection.members
    return (
        related.condition != EVERY
        or len(related.order) > 1  # the id alone is the order of the index
        or related.window.offset > 0
        or any(isinstance(member, Aggregate | Total) for member in counted)
    )


def spend_values(values: int) -> None:
    """Count them towards what one request may be answered with; raises TooComplex."""
    spend("values of nested records in its answer", values, MAX.answer_values)


def spend_bytes(size: int) -> None:
    """Count the bytes of one of the answers of a request; raises TooComplex. SQL bounds each of them by itself."""
    spend("bytes of records in its answers", size, MAX.answer_bytes)


# REST ------------------------------------------------------------------------------------------------


def _everything(scope: Scope, subject: ObjectSchema, selection: ir.Everything) -> tuple[Member, ...]:
    only = _wanted(scope, subject, selection.only)
    members: list[Member] = []
    for field in subject.fields:
        if not field.type.is_readable or not _is_wanted(field, only) or not reads(scope, subject, field):
            continue
        if field.relation is None:
            members.append(Value(field.name, field.type.whole_answer_sql(field), scope.files_schema))
            continue
        target = scope.schema.target(field)
        below = None if only is None else only.get(field.name)
        expanded = selection.depth > 0 and (only is None or field.name in only)
        expanded = target is not None and (expanded or (selection.deepens and below is not None))
        readable = target is not None and may(scope, "read", target)
        if field.relation.is_to_one:
            assert field.relation.join_name is not None
            sql = field.type.sql(field)
            if expanded and readable and target is not None:
                members.append(JoinId(field.relation.join_name, sql, target))
                members.append(ToOne(field.name, sql, target, _flat(scope, target, below)))
            else:
                members.append(Value(field.relation.join_name, sql.answer, scope.files_schema))
        elif expanded and readable and target is not None:
            inverse = inverse_of(scope, field)
            if inverse is not None:
                members.append(
                    ToMany(
                        field.name,
                        inverse.type.sql(inverse),
                        target,
                        EVERY,
                        sees_deleted=False,
                        order=(id_key(target),),
                        window=Window(NESTED_SIZE),
                        connection=None,
                        members=_flat(scope, target, below),
                    )
                )
    return tuple(members)


def _flat(scope: Scope, subject: ObjectSchema, only: tuple[str, ...] | None) -> tuple[Member, ...]:
    return _everything(scope, subject, ir.Everything(only=only))


Wanted = Mapping[str, tuple[str, ...] | None]  # of a relation: the members wanted of the other record; None: all


def _wanted(scope: Scope, subject: ObjectSchema, only: Sequence[str] | None) -> Wanted | None:
    """The members asked for and the id; raises BadRequest with every name that is unknown or may not be read.

    A composite is answered as a whole (the contract has no parts of it), and related records one level deep.
    """
    if only is None:
        return None
    wanted: dict[str, tuple[str, ...] | None] = {"id": None}
    unknown: dict[str, str | None] = {}  # each with a hint
    for name in only:
        outer, dot, inner = name.partition(".")
        field = subject.by_name.get(outer) or (None if dot else subject.by_join_name.get(outer))
        if field is None or not field.type.is_readable or not reads(scope, subject, field):
            unknown[name] = nearest(outer, _answered_names(scope, subject))
        elif not dot:
            wanted[name] = None
        elif field.relation is None:
            unknown[name] = f'"{outer}" is answered as a whole'
        elif (hint := _unknown_below(scope, field, inner)) is not None:
            unknown[name] = hint or None
        elif outer not in wanted or wanted[outer] is not None:
            wanted[outer] = (*(wanted.get(outer) or ()), inner)
    if unknown:
        raise BadRequest(
            f"'fields' parameter invalid. Unknown or unreadable fields on '{subject.singular}': {', '.join(unknown)}",
            path="fields",
            hint=next(iter(unknown.values())),
        )
    return wanted


def _unknown_below(scope: Scope, relation: FieldSchema, name: str) -> str | None:
    """Why `name` is no member of the related records, or "" without a hint; None when it is one."""
    target = scope.schema.target(relation)
    if target is None or not may(scope, "read", target):
        return ""
    outer, dot, _ = name.partition(".")
    field = target.by_name.get(outer) or target.by_join_name.get(outer)
    if field is None or not field.type.is_readable or not reads(scope, target, field):
        close = None if field is not None else nearest(outer, _answered_names(scope, target))
        return "" if close is None else close.replace('"', f'"{relation.name}.', 1)
    if not dot:
        return None
    if field.relation is not None:
        return "Related records are answered one level deep"
    return f'"{relation.name}.{outer}" is answered as a whole'


def _answered_names(scope: Scope, subject: ObjectSchema) -> list[str]:
    """The names of members that can stand in an answer of REST."""
    unanswered = {each.name for each in subject.fields if not each.type.is_readable}
    return [name for name in member_names(scope, subject) if name not in unanswered]


def _is_wanted(field: FieldSchema, only: Wanted | None) -> bool:
    if only is None or field.name in only:
        return True
    return field.relation is not None and field.relation.join_name in only


# GraphQL ---------------------------------------------------------------------------------------------


def _picked(scope: Scope, subject: ObjectSchema, picks: Sequence[ir.Pick], depth: int, cost: int) -> tuple[Member, ...]:
    members: list[Member] = []
    selected_relations = {pick.name for pick in picks}
    for pick in picks:
        if pick.type_name is not None:
            members.append(Constant(pick.key, f'"{pick.type_name}"'))
            continue
        field = subject.by_name.get(pick.name)
        if field is not None and field.relation is not None:
            members.append(_relation(scope, subject, field, pick, depth + 1, cost))
        elif field is not None:
            require_readable(scope, subject, field)
            members.append(_value(scope, subject, field, pick))
        elif (field := subject.by_join_name.get(pick.name)) is not None:
            require_readable(scope, subject, field)
            target = scope.schema.target(field)
            sql = field.type.sql(field)
            if field.name in selected_relations and target is not None:
                members.append(JoinId(pick.key, sql, target))
            else:
                members.append(Value(pick.key, sql.answer, scope.files_schema))
        else:
            raise UnknownField(
                f'Cannot query field "{pick.name}" on type "{subject.singular_pascal}".',
                hint=nearest(pick.name, member_names(scope, subject)),
            )
    return tuple(members)


def _value(scope: Scope, subject: ObjectSchema, field: FieldSchema, pick: ir.Pick) -> Member:
    if not field.type.subfields:
        return Value(pick.key, field.type.sql(field).answer, scope.files_schema)
    parts: list[Constant | Value] = []
    for part in pick.picks:
        if part.type_name is not None:
            parts.append(Constant(part.key, f'"{part.type_name}"'))
        else:
            parts.append(Value(part.key, field.type.sql(field, part.name).answer, scope.files_schema))
    return Parts(pick.key, tuple(parts))


def _relation(scope: Scope, subject: ObjectSchema, field: FieldSchema, pick: ir.Pick, depth: int, cost: int) -> Member:
    require_readable(scope, subject, field)
    if depth > MAX_RELATION_DEPTH:
        raise TooComplex(f"Maximum depth of {MAX_RELATION_DEPTH} reached")
    target = scope.schema.target(field)
    assert field.relation is not None
    if target is None:
        raise UnknownField(f'Cannot query field "{pick.name}" on type "{subject.singular_pascal}".')
    require(scope, "read", target)
    if field.relation.is_to_one:
        return ToOne(pick.key, field.type.sql(field), target, _picked(scope, target, pick.picks, depth, cost))
    inverse = inverse_of(scope, field)
    assert inverse is not None
    page = page_of(pick.arguments, largest=LARGEST_NESTED)
    size = NESTED_SIZE if page.size is None else page.size
    nested_cost = cost * max(size, 1)
    if nested_cost > MAX_COST:
        raise TooComplex(
            f"Query complexity is too high: it could answer {nested_cost} records, more than {MAX_COST}."
            " Ask for smaller pages of nested relations."
        )
    query_filter = ir.filter_of(pick.arguments["filter"]) if pick.arguments.get("filter") else None
    order = plan_order(scope, target, order_of(pick.arguments.get("orderBy")))
    return ToMany(
        pick.key,
        inverse.type.sql(inverse),
        target,
        plan_filter(scope, target, query_filter),
        mentions_deleted(query_filter),
        order,
        plan_window(target, page, size, order),
        plan_connection(scope, target, pick.picks, depth, nested_cost),
    )


def plan_window(subject: ObjectSchema, page: ir.Page, size: int, order: Sequence[OrderKey]) -> Window:
    """The rows a page stands for; backward only when `before` is given."""
    if page.after and page.before:
        raise BadRequest("Cannot provide both before and after")
    cursor = page.before or page.after
    return Window(
        size=size,
        offset=page.offset,
        cursor=decode_cursor(cursor, subject, order) if cursor else None,
        is_backward=bool(page.before),
    )


def plan_root_connection(scope: Scope, subject: ObjectSchema, picks: tuple[ir.Pick, ...], cost: int) -> Connection:
    """The members of a connection that is a root field's answer."""
    reading = scope.principal.permissions.reading
    if reading is None:
        return _valued(plan_connection(scope, subject, picks, cost=cost), cost)
    key = (scope.schema, reading)  # not its version: a change that is rolled back leaves its number to another
    return _cached_connection(_Key(key, scope), subject.id, picks, cost)


@lru_cache(maxsize=1024)
def _cached_connection(key: _Key, object_id: UUID, picks: tuple[ir.Pick, ...], cost: int) -> Connection:
    return _valued(plan_connection(key.scope, key.scope.schema.by_id[object_id], picks, cost=cost), cost)


def _valued(connection: Connection, cost: int) -> Connection:
    return replace(connection, values=answer_values(connection.members, cost))


def plan_connection(
    scope: Scope, subject: ObjectSchema, picks: Sequence[ir.Pick], depth: int = 0, cost: int = 1
) -> Connection:
    """The members of a connection as picked: edges, pageInfo, totalCount and aggregates."""
    members: list[ConnectionMember] = []
    for pick in picks:
        if pick.type_name is not None:
            members.append(Constant(pick.key, f'"{pick.type_name}"'))
        elif pick.name == "edges":
            members.append(Edges(pick.key, plan_edge_items(scope, subject, pick.picks, depth, cost)))
        elif pick.name == "pageInfo":
            items = tuple(
                Constant(each.key, f'"{each.type_name}"') if each.type_name is not None else (each.key, each.name)
                for each in pick.picks
            )
            members.append(PageInfo(pick.key, items))
        elif pick.name == "totalCount":
            members.append(Total(pick.key))
        else:
            spec = aggregates_of(subject).get(pick.name)
            if spec is None:
                raise UnknownField(
                    f'Cannot query field "{pick.name}" on type "{subject.singular_pascal}Connection".',
                    hint=nearest(pick.name, aggregate_names(scope, subject)),
                )
            if spec.field is not None:
                require_readable(scope, subject, spec.field)
            members.append(Aggregate(pick.key, spec.json_sql))
    if len(members) > MAX_AGGREGATES:
        count = sum(isinstance(member, Aggregate | Total) for member in members)
        if count > MAX_AGGREGATES:
            raise TooComplex(f"At most {MAX_AGGREGATES} aggregates can be asked for of one list, not {count}")
    return Connection(tuple(members))


def plan_edge_items(
    scope: Scope, subject: ObjectSchema, picks: Sequence[ir.Pick], depth: int = 0, cost: int = 1
) -> tuple[Node | CursorOf | Constant, ...]:
    """What each edge of a connection has."""
    return tuple(_edge_item(scope, subject, pick, depth, cost) for pick in picks)


def _edge_item(scope: Scope, subject: ObjectSchema, pick: ir.Pick, depth: int, cost: int) -> Node | CursorOf | Constant:
    if pick.type_name is not None:
        return Constant(pick.key, f'"{pick.type_name}"')
    if pick.name == "cursor":
        return CursorOf(pick.key)
    return Node(pick.key, _picked(scope, subject, pick.picks, depth, cost))
