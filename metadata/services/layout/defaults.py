"""The views that come by themselves: every object's index view, and the boards of the standard model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from metadata import layout_models as shown
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.services.layout.writing import groups_of

_LAST_COLUMNS = ("createdBy", "createdAt")  # shown behind the object's own fields
WIDTH = 150.0  # pixels, of the columns that come by themselves
LABEL_WIDTH = 210.0

Rows = tuple[list[shown.View], list[shown.ViewField], list[shown.ViewGroup], list[shown.ViewFilter]]


@dataclass(frozen=True, slots=True)
class StandardView:
    """A further view of a standard object. `grouped_by` makes it a board; `mine` keeps the caller's own records."""

    object_name: str
    name: str
    icon: str
    grouped_by: str | None = None
    mine: str | None = None


STANDARD_VIEWS = (
    StandardView("opportunity", "By Stage", "IconLayoutKanban", grouped_by="stage"),
    StandardView("task", "Assigned to Me", "IconUserCircle", mine="assignee"),
    StandardView("task", "By Status", "IconLayoutKanban", grouped_by="status"),
)


def create_default_views(objects: Iterable[ObjectMetadata], fields: Mapping[UUID, Sequence[FieldMetadata]]) -> None:
    """Index views of new objects, and the standard model's own; four statements at most. `fields` are by object."""
    made: Rows = ([], [], [], [])
    for obj in objects:
        own = sorted(fields[obj.id], key=lambda each: each.position)
        index = _view(obj, own, f"All {obj.label_plural}", obj.icon or "IconList", 0)
        index.key = shown.ViewKey.INDEX
        _add(made, index, _columns(obj, own))
        further = () if obj.is_custom else [each for each in STANDARD_VIEWS if each.object_name == obj.name_singular]
        for place, definition in enumerate(further, 1):
            _add_standard(made, obj, own, definition, place)
    views, view_fields, groups, filters = made
    shown.View.objects.bulk_create(views)
    shown.ViewField.objects.bulk_create(view_fields)
    shown.ViewGroup.objects.bulk_create(groups)
    shown.ViewFilter.objects.bulk_create(filters)


def _view(obj: ObjectMetadata, fields: Sequence[FieldMetadata], name: str, icon: str, position: float) -> shown.View:
    return shown.View(
        workspace_id=obj.workspace_id, object_id=obj.id, name=name, icon=icon, position=position, is_custom=False
    )


def _add(made: Rows, view: shown.View, columns: Sequence[FieldMetadata]) -> None:
    made[0].append(view)
    made[1].extend(
        shown.ViewField(
            workspace_id=view.workspace_id,
            view=view,
            field_id=field.id,
            position=place,
            size=LABEL_WIDTH if place == 0 else WIDTH,
        )
        for place, field in enumerate(columns)
    )


def _add_standard(
    made: Rows, obj: ObjectMetadata, fields: Sequence[FieldMetadata], definition: StandardView, place: int
) -> None:
    by_name = {each.name: each for each in fields}
    view = _view(obj, fields, definition.name, definition.icon, place)
    if definition.grouped_by is not None:
        grouping = by_name[definition.grouped_by]
        view.type = shown.ViewType.KANBAN
        view.main_group_by_field_id = grouping.id
        view.kanban_aggregate_operation = shown.AggregateOperations.COUNT
        made[2].extend(groups_of(view, grouping))
    if definition.mine is not None and definition.mine in by_name:
        value: object = {"isCurrentWorkspaceMemberSelected": True, "selectedRecordIds": []}
        made[3].append(
            shown.ViewFilter(
                workspace_id=view.workspace_id,
                view=view,
                field_id=by_name[definition.mine].id,
                operand=shown.ViewFilterOperand.IS,
                value=value,
            )
        )
    _add(made, view, _columns(obj, fields))


def _columns(obj: ObjectMetadata, fields: Sequence[FieldMetadata]) -> list[FieldMetadata]:
    """The label identifier, the object's own fields in their order, and who made the record when."""
    by_name = {each.name: each for each in fields}
    first = [each for each in fields if each.id == obj.label_identifier_field_id]
    own = [each for each in fields if is_column(each) and each not in first]
    return [*first, *own, *(by_name[name] for name in _LAST_COLUMNS if name in by_name)]


def is_column(field: FieldMetadata) -> bool:
    """Whether a field is shown by itself in the index view."""
    return field.is_active and not field.is_system and not field.is_managed
