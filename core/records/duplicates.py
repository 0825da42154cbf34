"""Find duplicates: for each given record, the stored ones that look the same; one statement for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.http.rendering import loads
from config.principal import Principal
from core.query import ir
from core.query.duplicates import LARGEST_PAGE, check_duplicates, similar_to
from core.query.orders import id_key
from core.query.plan import Connection, FindPlan, Never, Window
from core.query.scope import Scope, find_object, require
from core.query.selections import answer_values, plan_connection, plan_members, spend_bytes, spend_values
from core.query.writes import check_batch, document, plan_inputs, refuse_creates, target_id
from core.records.listing import Listing, listing_of
from core.sql.bounded import bounded
from core.sql.execute import fetch
from core.sql.finding import compile_stored
from core.sql.fragment import Sql, join, raw
from core.sql.record import compile_record
from core.sql.select import compile_connection, compile_listing
from metadata.schema import WorkspaceSchema


def duplicate_pages(principal: Principal, schema: WorkspaceSchema, query: ir.Duplicates) -> list[Listing]:
    """For REST: a page for each input, in its order; an id that is not there has no page."""
    scope, plans = _plans(principal, schema, query)
    statements = [
        raw(f"SELECT {index}, l.* FROM (") + compile_listing(plan, compile_record(plan.members, "p")) + raw(") l")
        for index, plan in enumerate(plans)
    ]
    return [listing_of(row[1:], is_backward=False) for row in _run(scope, statements, 7)]


def duplicates(principal: Principal, schema: WorkspaceSchema, query: ir.Duplicates) -> list[str]:
    """For GraphQL: the JSON text of a connection for each input, as picked."""
    scope, plans = _plans(principal, schema, query)
    statements = [raw(f"SELECT {index}, (") + compile_connection(plan) + raw(")") for index, plan in enumerate(plans)]
    return [row[1] for row in _run(scope, statements, 2)]


def _run(scope: Scope, statements: Sequence[Sql], width: int) -> list[tuple[Any, ...]]:
    if not statements:
        return []
    sql = join(statements, " UNION ALL ") + raw(" ORDER BY 1")
    sql = bounded(sql, width, [1])
    rows = fetch(sql, scope.principal.workspace.shard, prepare=len(statements) == 1, late=scope)
    spend_bytes(sum(len(row[1] or "") for row in rows))
    return rows


def _plans(principal: Principal, schema: WorkspaceSchema, query: ir.Duplicates) -> tuple[Scope, list[FindPlan]]:
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    require(scope, "read", subject)
    check_duplicates(query.ids, query.records)
    sources: list[tuple[Mapping[str, object], str | None]]
    if query.ids is not None:
        check_batch(scope, len(query.ids))
        ids = [target_id(each) for each in query.ids]
        rows = fetch(compile_stored(subject, ids), principal.workspace.shard, late=scope) if ids else []
        stored = {row[0]: loads(row[1].encode()) for row in rows}
        sources = [(stored[each], each) for each in ids if each in stored]
    else:
        check_batch(scope, len(query.records or ()))
        inputs = plan_inputs(scope, subject, query.records or (), verb="read")
        refuse_creates(inputs)
        sources = [(document(subject, record), record.id) for record in inputs]
    connection: Connection | None = None
    members: tuple[Any, ...] = ()
    if isinstance(query.selection, tuple):
        connection = plan_connection(scope, subject, query.selection, cost=LARGEST_PAGE)
        spend_values(len(sources) * answer_values(connection.members, LARGEST_PAGE))
    else:
        members = plan_members(scope, subject, query.selection)
        spend_values(len(sources) * answer_values(members, LARGEST_PAGE))
    plans = [
        FindPlan(
            subject,
            similar_to(scope, subject, data, record_id) or Never(),
            sees_deleted=False,
            order=(id_key(subject),),
            window=Window(LARGEST_PAGE),
            members=members,
            connection=connection,
            with_total=True,
        )
        for data, record_id in sources
    ]
    return scope, plans
