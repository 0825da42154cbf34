"""Group by: one statement, one JSON text per group."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from config.errors import MetadataNotFound
from config.principal import Principal
from core.query import ir
from core.query.groups import plan_groups
from core.query.scope import Scope, find_object
from core.query.selections import spend_bytes
from core.sql.aggregate import compile_groups
from core.sql.execute import fetch_texts
from metadata.fieldtypes.uuid import is_uuid
from metadata.schema import WorkspaceSchema
from metadata.services.layout.filters import view_filter


def group_by(principal: Principal, schema: WorkspaceSchema, query: ir.GroupBy) -> list[str]:
    """The JSON text of each group, in the order asked for (else by the dimensions)."""
    scope = Scope(schema, principal)
    if query.view_id is not None:
        query = replace(query, filter=_with_view(scope, query))
    texts = list(fetch_texts(compile_groups(plan_groups(scope, query)), principal.workspace.shard, late=scope))
    spend_bytes(sum(map(len, texts)))
    return texts


def _with_view(scope: Scope, query: ir.GroupBy) -> ir.Filter:
    """The query's filter and the stored ones of its view. Raises MetadataNotFound."""
    if not is_uuid(query.view_id):
        raise MetadataNotFound(f"View {query.view_id} not found", path="viewId")
    stored = view_filter(
        scope.principal.workspace.id,
        UUID(query.view_id),
        object_id=find_object(scope, query.object_name).id,
        member_id=scope.principal.member_id,
    )
    items = (ir.filter_of(stored),) if query.filter is None else (query.filter, ir.filter_of(stored))
    return ir.And(items)
