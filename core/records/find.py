"""Find one record and find many: one statement each."""

from __future__ import annotations

from config.errors import RecordNotFound
from config.principal import Principal
from core.query import ir
from core.query.names import Scope
from core.query.reading import plan_connection_page, plan_one, plan_page
from core.query.selections import plan_members
from core.records.listing import Listing, listing_of
from core.sql.execute import fetch, fetch_one
from core.sql.select import compile_connection, compile_listing, compile_one, compile_record
from metadata.schema import WorkspaceSchema


def find_page(principal: Principal, schema: WorkspaceSchema, query: ir.Find) -> Listing:
    """A page of records for REST."""
    plan = plan_page(Scope(schema, principal), query)
    row = fetch_one(compile_listing(plan, compile_record(plan.members, "p")), principal.workspace.shard)
    return listing_of(row, is_backward=plan.window.is_backward)


def find_connection(principal: Principal, schema: WorkspaceSchema, query: ir.Find) -> str:
    """The JSON text of a connection as picked, for GraphQL."""
    plan = plan_connection_page(Scope(schema, principal), query)
    text: str = fetch_one(compile_connection(plan), principal.workspace.shard)[0]
    return text


def find_one(principal: Principal, schema: WorkspaceSchema, query: ir.FindOne) -> str:
    """The JSON text of the first record that matches; raises RecordNotFound."""
    scope = Scope(schema, principal)
    subject, condition, sees_deleted = plan_one(scope, query)
    members = plan_members(scope, subject, query.selection)
    rows = fetch(compile_one(subject, condition, sees_deleted, compile_record(members, "r")), principal.workspace.shard)
    if not rows:
        raise RecordNotFound()
    text: str = rows[0][0]
    return text
