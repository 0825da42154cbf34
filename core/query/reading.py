"""Plans reading queries as a whole."""

from __future__ import annotations

from config.errors import BadRequest
from core.query import ir
from core.query.filters import equal_to_one, mentions_deleted, plan_filter
from core.query.orders import in_index_order, plan_order
from core.query.plan import Condition, FindPlan
from core.query.scope import Scope, find_object, require
from core.query.selections import answer_values, plan_members, plan_root_connection, plan_window, spend_values
from metadata.schema import ObjectSchema

DEFAULT_SIZE = 60  # of a REST page
DEFAULT_CONNECTION_SIZE = 200  # of a root connection of GraphQL


def plan_page(scope: Scope, query: ir.Find) -> FindPlan:
    """A REST page: the record's members and, unless told otherwise, the total."""
    subject, condition, sees_deleted = _matching(scope, query)
    order = in_index_order(subject, plan_order(scope, subject, query.order), equal_to_one(condition))
    size = DEFAULT_SIZE if query.page.size is None else query.page.size
    members = plan_members(scope, subject, query.selection)
    if isinstance(query.selection, ir.Everything) and (query.selection.depth or query.selection.deepens):
        spend_values(answer_values(members, size))
    return FindPlan(
        subject,
        condition,
        sees_deleted,
        order,
        plan_window(subject, query.page, size, order),
        members=members,
        with_total=query.with_total,
    )


def plan_connection_page(scope: Scope, query: ir.Find) -> FindPlan:
    """A GraphQL connection as picked."""
    subject, condition, sees_deleted = _matching(scope, query)
    order = in_index_order(subject, plan_order(scope, subject, query.order), equal_to_one(condition))
    size = DEFAULT_CONNECTION_SIZE if query.page.size is None else query.page.size
    assert isinstance(query.selection, tuple)
    connection = plan_root_connection(scope, subject, query.selection, cost=max(size, 1))
    spend_values(connection.values)
    return FindPlan(
        subject,
        condition,
        sees_deleted,
        order,
        plan_window(subject, query.page, size, order),
        connection=connection,
    )


def _matching(scope: Scope, query: ir.Find | ir.FindOne) -> tuple[ObjectSchema, Condition, bool]:
    subject = find_object(scope, query.object_name)
    require(scope, "read", subject)
    return subject, plan_filter(scope, subject, query.filter), mentions_deleted(query.filter)


def plan_one(scope: Scope, query: ir.FindOne) -> tuple[ObjectSchema, Condition, bool]:
    """The object, the condition and whether soft-deleted records are seen; an empty filter is refused."""
    if ir.is_empty(query.filter):
        raise BadRequest("Missing filter argument")
    return _matching(scope, query)
