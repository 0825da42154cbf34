"""Group by: one statement, one JSON text per group."""

from __future__ import annotations

from config.principal import Principal
from core.query import ir
from core.query.groups import plan_groups
from core.query.names import Scope
from core.sql.aggregate import compile_groups
from core.sql.execute import fetch_texts
from metadata.schema import WorkspaceSchema


def group_by(principal: Principal, schema: WorkspaceSchema, query: ir.GroupBy) -> list[str]:
    """The JSON text of each group, in the order asked for (else by the dimensions)."""
    plan = plan_groups(Scope(schema, principal), query)
    return list(fetch_texts(compile_groups(plan), principal.workspace.shard))
