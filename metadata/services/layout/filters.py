"""What a stored view says of records, in the shape of a GraphQL filter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from config.errors import MetadataNotFound, TooComplex
from config.http.bounds import MAX
from metadata import layout_models, schema_rows
from metadata.models import FieldMetadata
from metadata.schema import FieldSchema
from metadata.services.layout.conditions import Filter, anywhere, condition, count, either
from metadata.services.layout.kinds import VIEW, VIEW_FILTER, VIEW_FILTER_GROUP
from metadata.services.layout.reading import resource_find, resource_rows


def view_filter(
    workspace_id: UUID,
    view_id: UUID,
    *,
    object_id: UUID | None = None,
    member_id: UUID | None = None,
    now: datetime | None = None,
) -> Filter:
    """All filters of the view, AND-ed with its groups, as nested mappings (`{"and": [{"stage": {"in": […]}}]}`).

    `{}` when it has none. A filter without a value says nothing yet. `member_id` is the caller's record as a
    member, for filters like "assigned to me", which find nothing without one. Raises MetadataNotFound for a
    view that the workspace (or the object) does not have, InvalidFilter for what cannot be said of a field, and
    TooComplex when a text in any field is looked for in too many places: fields were added meanwhile.
    """
    view = resource_find(VIEW, workspace_id, view_id)
    if view is None or object_id not in (None, view.object_id):
        raise MetadataNotFound(f"View {view_id} not found", path="viewId")
    filters = list(resource_rows(VIEW_FILTER, workspace_id, view.id))
    groups = list(resource_rows(VIEW_FILTER_GROUP, workspace_id, view.id)) if filters else []
    is_anywhere = bool(view.any_field_filter_value)
    rows = FieldMetadata.objects.filter(workspace_id=workspace_id, object_id=view.object_id)
    if not is_anywhere:
        rows = rows.filter(id__in=[each.field_id for each in filters])
    rows = rows.filter(is_active=True).exclude(relation_target_object__is_active=False)
    rows = rows.exclude(relation_target_field__is_active=False)
    fields = {row.id: schema_rows.field_schema(row) for row in rows} if filters or is_anywhere else {}
    related_ids = {each.relation_target_field_id for each in filters} - {None}
    related = FieldMetadata.objects.filter(workspace_id=workspace_id, id__in=related_ids, is_active=True)
    known = fields | {row.id: schema_rows.field_schema(row) for row in (related if related_ids else ())}
    said = conditions(filters, groups, known, member_id=member_id, now=now or timezone.now())
    if is_anywhere:
        parts = anywhere(view.any_field_filter_value, fields.values())
        if count(said) + len(parts) > MAX.view_conditions:
            raise TooComplex(
                f"The filters of the view come to more than {MAX.view_conditions} conditions",
                path="viewId",
                hint=f"A text in any field is looked for in {len(parts)} places. Filter by some of the fields instead.",
            )
        said.append(either(parts))
    return {"and": said} if said else {}


def conditions(
    filters: Sequence[layout_models.ViewFilter],
    groups: Sequence[layout_models.ViewFilterGroup],
    fields: Mapping[UUID, FieldSchema],
    *,
    member_id: UUID | None,
    now: datetime,
) -> list[Filter]:
    """What the top of the tree says: the groups without a parent, and the filters without a group."""
    known = {each.id for each in groups}
    by_group: dict[UUID | None, list[layout_models.ViewFilter]] = defaultdict(list)
    for each in filters:
        by_group[each.view_filter_group_id if each.view_filter_group_id in known else None].append(each)
    children: dict[UUID | None, list[layout_models.ViewFilterGroup]] = defaultdict(list)
    for group in groups:
        parent = group.parent_view_filter_group_id
        children[parent if parent in known else None].append(group)

    def below(group_id: UUID | None) -> list[Filter]:
        parts: list[tuple[float, Filter]] = []
        for each in by_group[group_id]:
            said = condition(each, fields, member_id=member_id, now=now)
            if said is not None:
                parts.append((each.position_in_view_filter_group or 0, said))
        for group in children[group_id]:
            inner = below(group.id)
            if inner:
                parts.append((group.position_in_view_filter_group or 0, _joined(group.logical_operator, inner)))
        return [said for _, said in sorted(parts, key=lambda part: part[0])]

    return below(None)


def _joined(operator: str, parts: list[Filter]) -> Filter:
    if operator == layout_models.ViewFilterGroupLogicalOperator.NOT:
        return {"not": {"and": parts}}
    return {operator.lower(): parts}
