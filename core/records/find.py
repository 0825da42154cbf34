"""Find one record and find many: one statement each."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache

from config.errors import RecordNotFound
from config.principal import Principal
from core.query import ir
from core.query.names import Scope
from core.query.plan import Member
from core.query.reading import plan_connection_page, plan_one, plan_page
from core.query.selections import plan_members
from core.records.listing import Listing
from core.sql.execute import fetch, fetch_one
from core.sql.fragment import Sql
from core.sql.select import compile_connection, compile_listing, compile_one, compile_record
from metadata.schema import WorkspaceSchema


def find_page(principal: Principal, schema: WorkspaceSchema, query: ir.Find) -> Listing:
    """A page of records for REST."""
    plan = plan_page(Scope(schema, principal), query)
    row = fetch_one(compile_listing(plan, record_sql(plan.members, "p")), principal.workspace.shard)
    items, more, other_side, start, end, total = row
    is_backward = plan.window.is_backward
    return Listing(
        items=items or "",
        total=total,
        has_next=other_side if is_backward else more,
        has_previous=more if is_backward else other_side,
        start_cursor=_encode(end if is_backward else start),
        end_cursor=_encode(start if is_backward else end),
    )


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
    rows = fetch(compile_one(subject, condition, sees_deleted, record_sql(members, "r")), principal.workspace.shard)
    if not rows:
        raise RecordNotFound()
    text: str = rows[0][0]
    return text


class _Members:
    """Members compared by identity: the planner gives the same tuple for the same selection."""

    __slots__ = ("members",)

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members

    def __hash__(self) -> int:
        return id(self.members)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Members) and self.members is other.members


@lru_cache(maxsize=1024)
def _compiled(members: _Members, alias: str) -> Sql:
    return compile_record(members.members, alias)


def record_sql(members: Sequence[Member], alias: str) -> Sql:
    """The compiled JSON of one record, kept as long as its plan is."""
    return _compiled(_Members(members), alias)


def _encode(cursor: str | None) -> str | None:
    return None if cursor is None else base64.b64encode(cursor.encode()).decode()
