"""Plans group by: dimensions, date buckets, aggregates, the order of groups and their sample records."""

from __future__ import annotations

from calendar import day_name, month_name
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from config.errors import BadRequest, InvalidTimezone, TooComplex
from core.query import ir
from core.query.aggregates import AggregateSpec, aggregate_names, aggregates_of
from core.query.filters import mentions_deleted, plan_filter
from core.query.orders import DIRECTIONS, plan_order
from core.query.plan import Condition, Constant, CursorOf, Member, Node, OrderKey
from core.query.scope import Scope, find_object, member_names, nearest, require, require_readable, value_field
from core.query.selections import MAX_AGGREGATES, answer_values, plan_edge_items, plan_members, spend_values
from metadata.fieldtypes.sql_types import FieldSql
from metadata.schema import FieldSchema, ObjectSchema

DEFAULT_GROUPS = 50
MAX_GROUPS = 1_000
RECORDS_PER_GROUP = 10
MAX_DIMENSIONS = 5

_BUCKETS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_NAMED = ("DAY_OF_THE_WEEK", "MONTH_OF_THE_YEAR", "QUARTER_OF_THE_YEAR")
GRANULARITIES = (*_BUCKETS, *_NAMED, "NONE")
_WEEK_SHIFT = {"MONDAY": 0, "SUNDAY": 1, "SATURDAY": 2}  # days the week begins before Monday
_DAYS = tuple(day_name)
_MONTHS = tuple(month_name)[1:]
_MULTIPLE = "You cannot provide multiple {} GroupByInput, split them into multiple GroupByInput"
_KINDS = {"field": "fields in one", "subfield": "subfields in one", "nested": "nested fields in one relation"}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing to group by. `group_sql` is what rows are told apart by and ordered by, `json_sql` prints it.

    Both read the row `{r}`, which is the related record when `through` is set; `json_sql` reads
    `{d}`, the grouped value. `params` belong to `group_sql`.
    """

    path: tuple[str, ...]
    group_sql: str
    json_sql: str
    granularity: str | None = None  # of a date; None groups by the value itself
    params: tuple[object, ...] = ()
    through: tuple[FieldSql, ObjectSchema] | None = None
    is_unnested: bool = False
    folds_case: bool = False  # texts are ordered whatever their case
    is_counted: bool = False  # PostgreSQL knows how many values there are: of a column, or by an index


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """A key of the order of groups: the number of a dimension, or an aggregate's SQL."""

    key: int | str
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One member of a group's answer."""

    key: str
    kind: str  # "dimensions" | "number" (JSON number) | "text" (JSON string) | "records" | "edges"
    sql: str = ""


@dataclass(frozen=True, slots=True)
class GroupPlan:
    object: ObjectSchema
    condition: Condition
    sees_deleted: bool
    dimensions: tuple[Dimension, ...]
    members: tuple[GroupMember | Constant, ...]
    order: tuple[GroupOrder, ...]
    limit: int
    record_order: tuple[OrderKey, ...]
    record_offset: int
    record_members: tuple[Member, ...]  # REST's sample records
    edge_items: tuple[Node | CursorOf | Constant, ...]  # GraphQL's edges
    omit_nulls: bool


def plan_groups(scope: Scope, query: ir.GroupBy) -> GroupPlan:
    """Everything resolved; raises BadRequest and its kin with the field at fault."""
    subject = find_object(scope, query.object_name)
    require(scope, "read", subject)
    if not query.dimensions:
        raise BadRequest('Missing required argument: "groupBy" must be an array.')
    if len(query.dimensions) > MAX_DIMENSIONS:
        raise TooComplex(f"At most {MAX_DIMENSIONS} dimensions can be grouped by, not {len(query.dimensions)}")
    dimensions = tuple(_dimension(scope, subject, element) for element in query.dimensions)
    limit = DEFAULT_GROUPS if query.limit is None else query.limit
    if limit < 0 or limit > MAX_GROUPS:
        raise BadRequest(f"limit must be from 0 to {MAX_GROUPS} groups, not {limit}", path="limit")
    if query.record_offset < 0:
        raise BadRequest("offsetForRecords must not be negative", path="offsetForRecords")
    members: tuple[GroupMember | Constant, ...]
    edge_items: tuple[Any, ...] = ()
    record_members: tuple[Member, ...] = ()
    if isinstance(query.selection, ir.Everything):
        members = _rest_members(scope, subject, query)
        if query.with_records:
            record_members = plan_members(scope, subject, query.selection)
    else:
        members, edge_items = _picked_members(scope, subject, query.selection)
    spend_values(limit * (len(members) + RECORDS_PER_GROUP * answer_values((*record_members, *edge_items))))
    return GroupPlan(
        subject,
        plan_filter(scope, subject, query.filter),
        mentions_deleted(query.filter),
        dimensions,
        members,
        tuple(_order(scope, subject, element, dimensions) for element in query.order),
        limit,
        plan_order(scope, subject, query.record_order),
        query.record_offset,
        record_members,
        edge_items,
        query.omit_nulls,
    )


# Members ---------------------------------------------------------------------------------------------


def _aggregate(scope: Scope, subject: ObjectSchema, name: str) -> AggregateSpec:
    spec = aggregates_of(subject).get("totalCount" if name == "countAll" else name)
    if spec is None or name == "countAll":
        raise BadRequest(
            f"Unknown aggregate field(s): {name}", path="aggregate", hint=nearest(name, aggregate_names(scope, subject))
        )
    if spec.field is not None:
        require_readable(scope, subject, spec.field)
    return spec


def _check_aggregates(count: int) -> None:
    if count > MAX_AGGREGATES:
        raise TooComplex(f"At most {MAX_AGGREGATES} aggregates can be asked for of groups, not {count}")


def _rest_members(scope: Scope, subject: ObjectSchema, query: ir.GroupBy) -> tuple[GroupMember, ...]:
    _check_aggregates(len(query.aggregates))
    members = [GroupMember(name, "text", _aggregate(scope, subject, name).sql) for name in query.aggregates]
    members.append(GroupMember("groupByDimensionValues", "dimensions"))
    if query.with_records:
        members.append(GroupMember("records", "records"))
    return tuple(members)


def _picked_members(
    scope: Scope, subject: ObjectSchema, picks: Sequence[ir.Pick]
) -> tuple[tuple[GroupMember | Constant, ...], tuple[object, ...]]:
    members: list[GroupMember | Constant] = []
    edge_items: tuple[object, ...] = ()
    _check_aggregates(len(picks))
    for pick in picks:
        if pick.type_name is not None:
            members.append(Constant(pick.key, f'"{pick.type_name}"'))
        elif pick.name == "groupByDimensionValues":
            members.append(GroupMember(pick.key, "dimensions"))
        elif pick.name == "edges":
            members.append(GroupMember(pick.key, "edges"))
            edge_items = plan_edge_items(scope, subject, pick.picks, cost=MAX_GROUPS)
        elif pick.name == "pageInfo":
            members.append(Constant(pick.key, _page_info(pick.picks)))
        else:
            members.append(GroupMember(pick.key, "number", _aggregate(scope, subject, pick.name).json_sql))
    return tuple(members), edge_items


def _page_info(picks: Sequence[ir.Pick]) -> str:
    """Groups are not paged: nothing before, nothing after."""
    parts = []
    for pick in picks:
        if pick.type_name is not None:
            parts.append(f'"{pick.key}":"{pick.type_name}"')
        else:
            parts.append(f'"{pick.key}":{"false" if pick.name.startswith("has") else "null"}')
    return "{" + ",".join(parts) + "}"


# Dimensions ------------------------------------------------------------------------------------------


def _only(mapping: object, kind: str, name: str = "") -> tuple[str, object]:
    if not isinstance(mapping, Mapping) or not mapping:
        raise BadRequest(f'Invalid groupBy definition for field "{name}"', path=name or None)
    given = {key: value for key, value in mapping.items() if value is not None}
    if len(given) != 1:
        raise BadRequest(_MULTIPLE.format(_KINDS[kind]), path=name or None)
    [(key, value)] = given.items()
    return key, value


def _dimension(scope: Scope, subject: ObjectSchema, element: Mapping[str, object]) -> Dimension:
    name, definition = _only(element, "field")
    field = value_field(subject, name)
    if field is None:
        return _related_dimension(scope, subject, name, definition)
    require_readable(scope, subject, field)
    return _value_dimension(subject, field, (name,), definition)


def _related_dimension(scope: Scope, subject: ObjectSchema, name: str, definition: object) -> Dimension:
    relation_field = subject.by_name.get(name)
    if relation_field is None or relation_field.relation is None:
        raise BadRequest(
            f"Unidentified field in groupBy: {name}", path=name, hint=nearest(name, member_names(scope, subject))
        )
    target = scope.schema.target(relation_field)
    if not relation_field.relation.is_to_one or target is None:
        raise BadRequest(f'Field "{name}" is not supported in groupBy', path=name)
    require_readable(scope, subject, relation_field)
    require(scope, "read", target)
    nested_name, nested = _only(definition, "nested", name)
    field = value_field(target, nested_name)
    if field is None:
        raise BadRequest(
            f"Unidentified field in groupBy: {name}.{nested_name}",
            path=name,
            hint=nearest(nested_name, member_names(scope, target)),
        )
    require_readable(scope, target, field)
    dimension = _value_dimension(target, field, (name, nested_name), nested)
    through = (relation_field.type.sql(relation_field), target)
    return replace(dimension, through=through)


def _value_dimension(subject: ObjectSchema, field: FieldSchema, path: tuple[str, ...], definition: object) -> Dimension:
    label = ".".join(path)
    if not field.type.groupable or (field.column is not None and field.column not in ("created_at", "updated_at")):
        raise BadRequest(f'Field "{label}" is not supported in groupBy', path=label)
    if field.type.subfields:
        part, chosen = _only(definition, "subfield", label)
        if part not in field.type.subfields or not field.type.subfields[part].groupable:
            raise BadRequest(f'Composite subfield "{part}" is not supported in groupBy for "{label}"', path=label)
        if chosen is not True:
            raise BadRequest(f'Composite subfield "{part}" must be set to true in groupBy for "{label}"', path=label)
        return _plain_dimension(subject, (*path, part), field, field.type.sql(field, part))
    sql = field.type.sql(field)
    if field.type.is_date and isinstance(definition, Mapping):
        return _date_dimension(subject, field, sql, path, definition)
    if isinstance(definition, Mapping) and definition.get("unnest") is True and sql.cast == "jsonb":
        elements = f"jsonb_array_elements_text(coalesce({sql.json}, '[null]'::jsonb))"
        return Dimension(path, elements, "coalesce(to_json({d})::text, 'null')", is_unnested=True)
    if definition is not True:
        raise BadRequest(f'Invalid groupBy definition for field "{label}"', path=label)
    return _plain_dimension(subject, path, field, sql)


def _plain_dimension(subject: ObjectSchema, path: tuple[str, ...], field: FieldSchema, sql: FieldSql) -> Dimension:
    """Grouping by the value itself, which prints as its type says."""
    return Dimension(
        path,
        sql.value,
        f"coalesce({field.type.group_sql(sql)}::text, 'null')",
        folds_case=sql.cast == "text",
        is_counted=field.column is not None
        or field.relation is not None
        or any(sql.value == columns[0] for columns in subject.index_orders),
    )


def _date_dimension(
    subject: ObjectSchema, field: FieldSchema, sql: FieldSql, path: tuple[str, ...], definition: Mapping[str, object]
) -> Dimension:
    label = ".".join(path)
    granularity = definition.get("granularity") or "NONE"
    if granularity not in GRANULARITIES:
        raise BadRequest(
            f'Invalid granularity "{granularity}" for field "{label}"',
            path=label,
            hint=f"Known granularities: {', '.join(GRANULARITIES)}",
        )
    if granularity == "NONE":
        return _plain_dimension(subject, path, field, sql)
    zone = _zone(definition.get("timeZone"), label)
    has_time = field.type.has_time
    moment = f"({sql.value})::timestamptz AT TIME ZONE %s::text" if has_time else f"({sql.value})::date::timestamp"
    params: tuple[object, ...] = (zone,) if has_time else ()
    if granularity in _BUCKETS:
        shift = _week_shift(definition.get("weekStartDay"), label) if granularity == "WEEK" else 0
        if shift:
            group = f"date_trunc('week', {moment} + interval '{shift} day') - interval '{shift} day'"
        else:
            group = f"date_trunc('{granularity.lower()}', {moment})"
        return Dimension(path, group, f"coalesce(to_json({_DAY})::text, 'null')", granularity, params)
    if granularity == "QUARTER_OF_THE_YEAR":
        return Dimension(
            path,
            f"extract(quarter FROM {moment})::int",
            "coalesce(to_json('Q' || {d})::text, 'null')",
            granularity,
            params,
        )
    number, names = f"extract(month FROM {moment})::int", _MONTHS
    if granularity == "DAY_OF_THE_WEEK":  # 1 is the day that the week begins with
        shift = _week_shift(definition.get("weekStartDay"), label)
        number = f"(extract(isodow FROM {moment})::int + {6 + shift}) %% 7 + 1"
        names = _DAYS[7 - shift :] + _DAYS[: 7 - shift]
    listed = "ARRAY[" + ",".join(f"'{name}'" for name in names) + "]"
    return Dimension(
        path,
        number,
        f"coalesce(to_json(({listed})[{{d}}])::text, 'null')",
        granularity,
        params,
    )


_ZONES = frozenset(available_timezones())


# A day in ISO 8601: in a zone behind UTC the year before 1 is 0, and the one after 9999, in a zone ahead of it, takes
# the expanded form (§4.1.2.4), as JavaScript reads and writes it.
_DAY = (
    "CASE WHEN {d} < '0001-01-01' THEN to_char({d}, '\"0000\"-MM-DD')"
    " WHEN {d} >= '10000-01-01' THEN to_char({d}, '\"+0\"YYYY-MM-DD') ELSE to_char({d}, 'YYYY-MM-DD') END"
)


def _zone(given: object, label: str) -> str:
    """The zone whose days count; UTC when none is named."""
    if given is None:
        return "UTC"
    if not isinstance(given, str) or given not in _ZONES:
        raise InvalidTimezone(f"Invalid timezone: {given}", path=label)
    return ZoneInfo(given).key


def _week_shift(given: object, label: str) -> int:
    if given is None:
        return 0
    if given not in _WEEK_SHIFT:
        raise BadRequest(
            f'Invalid weekStartDay "{given}" for field "{label}"', path=label, hint="MONDAY, SUNDAY or SATURDAY"
        )
    return _WEEK_SHIFT[given]


# Order -----------------------------------------------------------------------------------------------


def _direction(value: object, label: str) -> tuple[bool, bool]:
    if not isinstance(value, str) or value not in DIRECTIONS:
        raise BadRequest(f'Invalid order direction for "{label}"', path=label, hint=", ".join(DIRECTIONS))
    return DIRECTIONS[value]


def _order(
    scope: Scope, subject: ObjectSchema, element: Mapping[str, object], dimensions: Sequence[Dimension]
) -> GroupOrder:
    if len(element) != 1:
        raise BadRequest("Please provide orderBy field criteria one by one in orderBy array")
    [(name, value)] = element.items()
    if name == "aggregate":
        if not isinstance(value, Mapping) or len(value) != 1:
            raise BadRequest("Please provide aggregate criteria one by one in orderBy array")
        [(aggregate, direction)] = value.items()
        spec = aggregates_of(subject).get(aggregate)
        if spec is None:
            raise BadRequest(
                f"Unknown aggregate field: {aggregate}", hint=nearest(aggregate, aggregate_names(scope, subject))
            )
        if spec.field is not None:
            require_readable(scope, subject, spec.field)
        return GroupOrder(spec.sql, *_direction(direction, aggregate))
    path: tuple[str, ...] = (name,)
    granularity: str | None = None
    while isinstance(value, Mapping):
        if "orderBy" in value or "granularity" in value:
            granularity, value = value.get("granularity"), value.get("orderBy")
            break
        if len(value) != 1:
            raise BadRequest("Please provide orderBy field criteria one by one in orderBy array")
        [(part, value)] = value.items()
        path = (*path, part)
    granularity = None if granularity == "NONE" else granularity
    for index, dimension in enumerate(dimensions):
        if dimension.path == path and dimension.granularity == granularity:
            return GroupOrder(index, *_direction(value, ".".join(path)))
    same_path = [dimension for dimension in dimensions if dimension.path == path]
    if same_path and granularity is not None:
        raise BadRequest(f"Cannot order by a date granularity that is not in groupBy criteria: {granularity}")
    if same_path:
        raise BadRequest(
            f"Cannot order by a field that is not in groupBy or that is not an aggregate field: {'.'.join(path)}"
        )
    relation = subject.by_name.get(name)
    if relation is not None and relation.relation is not None:
        raise BadRequest(f"Cannot order by a relation field that is not in groupBy criteria: {'.'.join(path)}")
    raise BadRequest(f"Cannot order by a field that is not an aggregate nor in groupBy criteria: {'.'.join(path)}.")
