"""Find one record and find many: one statement each."""

from __future__ import annotations

from typing import Any

from config.errors import RecordNotFound
from config.principal import Principal
from core.query import ir
from core.query.reading import plan_connection_page, plan_one, plan_page
from core.query.scope import Scope
from core.query.selections import answer_values, plan_members, spend_bytes, spend_values
from core.records.listing import Listing, listing_of
from core.records.locking import version_stamp
from core.sql.answers import VERSION
from core.sql.execute import fetch_confirming
from core.sql.fragment import Sql, raw
from core.sql.record import compile_record
from core.sql.select import compile_connection, compile_listing, compile_one
from metadata.schema import WorkspaceSchema


def find_page(principal: Principal, schema: WorkspaceSchema, query: ir.Find) -> Listing:
    """A page of records for REST."""
    scope = Scope(schema, principal)
    plan = plan_page(scope, query)
    sql = compile_listing(plan, compile_record(plan.members, "p"))
    row = fetch_confirming(sql, principal.workspace.shard, late=scope)
    assert row is not None
    return listing_of(row, is_backward=plan.window.is_backward)


def find_connection(principal: Principal, schema: WorkspaceSchema, query: ir.Find) -> str:
    """The JSON text of a connection as picked, for GraphQL."""
    scope = Scope(schema, principal)
    plan = plan_connection_page(scope, query)
    row = fetch_confirming(compile_connection(plan), principal.workspace.shard, late=scope)
    assert row is not None
    text: str = row[0]
    spend_bytes(len(text))
    return text


def find_one(principal: Principal, schema: WorkspaceSchema, query: ir.FindOne) -> str:
    """The JSON text of the first record that matches; raises RecordNotFound."""
    text: str = _find_one(principal, schema, query)[0]
    spend_bytes(len(text))
    return text


def find_version(principal: Principal, schema: WorkspaceSchema, query: ir.FindOne) -> tuple[str, str]:
    """The JSON text and the version (`ir.Target.expected`) of the first record that matches."""
    text, record_id, changed_at_ms = _find_one(principal, schema, query, raw("r.id::text"), VERSION)
    return text, version_stamp(record_id, changed_at_ms)


def _find_one(principal: Principal, schema: WorkspaceSchema, query: ir.FindOne, *columns: Sql) -> tuple[Any, ...]:
    scope = Scope(schema, principal)
    subject, condition, sees_deleted = plan_one(scope, query)
    members = plan_members(scope, subject, query.selection)
    if isinstance(query.selection, tuple):
        spend_values(answer_values(members))
    sql = compile_one(subject, condition, sees_deleted, compile_record(members, "r"), *columns)
    row = fetch_confirming(sql, principal.workspace.shard, late=scope)
    if row is None:
        raise RecordNotFound()
    return row
