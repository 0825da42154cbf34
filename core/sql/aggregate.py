"""Plans of grouping → SELECT … GROUP BY: one row per group, its JSON text."""

from __future__ import annotations

from core.query.groups import RECORDS_PER_GROUP, GroupMember, GroupPlan
from core.query.plan import EVERY, Constant, CursorOf, Node
from core.sql.bounded import bounded
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import Sql, integer, join, raw
from core.sql.json_text import json_object
from core.sql.keysets import encoded_cursor, order_by
from core.sql.record import compile_record
from metadata.schema import ObjectSchema


def compile_groups(plan: GroupPlan) -> Sql:
    """`(JSON text)` of each group, in order."""
    rows = _rows(plan)
    dimensions = [f"r.d{index}" for index in range(len(plan.dimensions))]
    pieces = [_member(plan, member) for member in plan.members]
    order = join([raw(text) for text in _order(plan)], ", ")
    groups = (
        raw("SELECT ")
        + json_object(pieces)
        + raw(" FROM (")
        + rows
        + raw(") r GROUP BY ")
        + raw(", ".join(dimensions))
        + raw(" ORDER BY ")
        + order
        + raw(" LIMIT ")
        + integer(plan.limit)
    )
    return bounded(groups, 1, [0])


def _rows(plan: GroupPlan) -> Sql:
    """Every matching record with the values it is grouped by, numbered within its group when samples are wanted.

    Of an expression over the JSON the planner takes as many values as there are records, and would sort all of them,
    each with its whole JSON. Behind OFFSET 0 it guesses 200, and counts by a hash table.
    """
    alias = "g"
    columns = [raw(f"{alias}.*")]
    joins: dict[tuple[str, ObjectSchema], str] = {}
    unnested: list[str] = []
    for index, dimension in enumerate(plan.dimensions):
        source = alias
        if dimension.through is not None:
            joined, target = dimension.through
            source = joins.setdefault((joined.value, target), f"j{len(joins)}")
        expression = at(dimension.group_sql, source)
        if dimension.is_unnested:
            unnested.append(f" CROSS JOIN LATERAL {expression} AS u{index}(value)")
            expression = f"u{index}.value"
        columns.append(Sql(f"{expression} AS d{index}", dimension.params))
    tables = f"{table_of(plan.object)} {alias}"
    for (value, target), name in joins.items():
        tables += (
            f" LEFT JOIN {table_of(target)} {name} ON {name}.id = {at(value, alias)} AND {name}.deleted_at IS NULL"
        )
    conditions = [] if plan.sees_deleted else [raw(f"{alias}.deleted_at IS NULL")]
    if plan.condition != EVERY:
        conditions.append(compile_condition(plan.condition, alias))
    sql = raw("SELECT ") + join(columns, ", ") + raw(f" FROM {tables}{''.join(unnested)} WHERE ")
    sql += join(conditions, " AND ") if conditions else raw("true")
    names = [f"n.d{index}" for index in range(len(plan.dimensions))]
    if any(isinstance(member, GroupMember) and member.kind in ("records", "edges") for member in plan.members):
        sql = (
            raw(f"SELECT n.*, row_number() OVER (PARTITION BY {', '.join(names)} ORDER BY ")
            + order_by(plan.record_order, "n")
            + raw(") AS rn FROM (")
            + sql
            + raw(") n")
        )
    elif not all(dimension.is_counted for dimension in plan.dimensions):
        sql += raw(" OFFSET 0")
    if plan.omit_nulls:
        sql = raw("SELECT n.* FROM (") + sql + raw(") n WHERE " + " AND ".join(f"{name} IS NOT NULL" for name in names))
    return sql


def _member(plan: GroupPlan, member: GroupMember | Constant) -> tuple[str, Sql | str]:
    if isinstance(member, Constant):
        return member.key, member.json
    match member.kind:
        case "dimensions":
            shown = [
                dimension.json_sql.replace("{d}", f"r.d{index}") for index, dimension in enumerate(plan.dimensions)
            ]
            return member.key, raw("concat('[', " + ", ',', ".join(shown) + ", ']')")
        case "number":
            return member.key, raw(at(member.sql, "r"))
        case "text":
            return member.key, raw(f"coalesce(to_json(({at(member.sql, 'r')})::text)::text, 'null')")
        case "records":
            return member.key, _sample(plan, compile_record(plan.record_members, "r"))
        case _:
            return member.key, _sample(plan, _edge(plan))


def _edge(plan: GroupPlan) -> Sql:
    pieces: list[tuple[str, Sql | str]] = []
    for item in plan.edge_items:
        match item:
            case Constant(key, json):
                pieces.append((key, json))
            case CursorOf(key):
                pieces.append((key, raw("to_json(") + encoded_cursor(plan.record_order, "r") + raw(")::text")))
            case Node(key, members):
                pieces.append((key, compile_record(members, "r", 1)))
    return json_object(pieces)


def _sample(plan: GroupPlan, record: Sql) -> Sql:
    first, last = plan.record_offset, plan.record_offset + RECORDS_PER_GROUP
    return (
        raw("concat('[', string_agg(")
        + record
        + raw(f", ',' ORDER BY r.rn) FILTER (WHERE r.rn > {first:d} AND r.rn <= {last:d}), ']')")
    )


def _order(plan: GroupPlan) -> list[str]:
    keys: list[str] = []
    for item in plan.order:
        expression = f"r.d{item.key}" if isinstance(item.key, int) else at(item.key, "r")
        if isinstance(item.key, int) and plan.dimensions[item.key].folds_case:
            expression = f'lower({expression}) COLLATE "C"'
        keys.append(
            f"{expression} {'DESC' if item.descending else 'ASC'} NULLS {'FIRST' if item.nulls_first else 'LAST'}"
        )
    return [*keys, *(f"r.d{index}" for index in range(len(plan.dimensions)))]
