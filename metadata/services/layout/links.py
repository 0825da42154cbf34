"""What views lose or follow when objects, fields and options change. Called inside the change's transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q

from metadata import layout_models as shown
from metadata import schema_rows
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.services.layout.conditions import filter_values, is_sayable
from metadata.services.layout.defaults import LABEL_WIDTH, WIDTH, is_column
from metadata.services.layout.kinds import PAGE_LAYOUT, VIEW
from metadata.services.layout.writing import destroy_rows, groups_of


def object_going(object_id: UUID) -> None:
    """The object is about to be deleted: its views and layouts go first."""
    destroy_rows(VIEW, list(shown.View.objects.filter(object_id=object_id).values_list("id", flat=True)))
    destroy_rows(PAGE_LAYOUT, list(shown.PageLayout.objects.filter(object_id=object_id).values_list("id", flat=True)))
    shown.PageLayoutWidget.objects.filter(object_id=object_id).update(object_id=None)


def fields_going(field_ids: Sequence[UUID]) -> None:
    """The fields are about to be deleted."""
    fields_hidden(field_ids, shown.AggregateOperations.COUNT)
    shown.ViewFilter.objects.filter(relation_target_field_id__in=field_ids).delete()
    for model in (shown.ViewField, shown.ViewFilter, shown.ViewSort):
        model._default_manager.filter(field_id__in=field_ids).delete()


def views_naming(workspace_id: UUID, field_ids: Sequence[UUID]) -> list[shown.View]:
    """The views that show, filter, sort, group or total by one of the fields, those of the object itself first."""
    parts = Q()
    for model in (shown.ViewField, shown.ViewFilter, shown.ViewSort):
        named = Q(field_id__in=field_ids)
        if model is shown.ViewFilter:
            named |= Q(relation_target_field_id__in=field_ids)
        if model is shown.ViewField:
            named &= Q(is_visible=True)
        parts |= Q(Exists(model._default_manager.filter(named, view_id=OuterRef("id"), deleted_at=None)))
    for name in ("main_group_by", "calendar", "calendar_end", "kanban_aggregate_operation"):
        parts |= Q(**{f"{name}_field_id__in": field_ids})
    living = shown.View.objects.filter(parts, workspace_id=workspace_id, deleted_at=None)
    return list(living.select_related("object").order_by("object_id", "position", "id"))


def fields_hidden(field_ids: Sequence[UUID], aggregate: shown.AggregateOperations | None = None) -> None:
    """The fields are not there for records any more: views grouped by them and calendars made by them go.

    Totals of them become `aggregate`. An object's own view, which came with it, stays and is grouped no more.
    """
    using = Q(main_group_by_field_id__in=field_ids) | Q(calendar_field_id__in=field_ids)
    dependent = shown.View.objects.filter(
        using | Q(kanban_aggregate_operation_field_id__in=field_ids) | Q(calendar_end_field_id__in=field_ids)
    )
    if not dependent:
        return
    gone = [
        each.id
        for each in dependent
        if each.calendar_field_id in field_ids or (each.main_group_by_field_id in field_ids and not _is_own(each))
    ]
    destroy_rows(VIEW, gone)
    grouped = shown.View.objects.filter(main_group_by_field_id__in=field_ids)
    shown.ViewGroup.objects.filter(view__in=grouped).delete()
    grouped.update(main_group_by_field_id=None)
    shown.View.objects.filter(calendar_end_field_id__in=field_ids).update(calendar_end_field_id=None)
    shown.View.objects.filter(kanban_aggregate_operation_field_id__in=field_ids).update(
        kanban_aggregate_operation=aggregate, kanban_aggregate_operation_field_id=None
    )


def _is_own(view: shown.View) -> bool:
    return view.key == shown.ViewKey.INDEX and not view.is_custom and view.type == shown.ViewType.TABLE


def fields_created(fields: Sequence[FieldMetadata]) -> None:
    """New fields stand at the end of their objects' index views."""
    columns = [each for each in fields if is_column(each)]
    if not columns:
        return
    views = shown.View.objects.filter(
        object_id__in={each.object_id for each in columns}, key=shown.ViewKey.INDEX, deleted_at=None
    )
    last = {
        each["view_id"]: each["last"]
        for each in shown.ViewField.objects.filter(view__in=views).values("view_id").annotate(last=Max("position"))
    }
    added: list[shown.ViewField] = []
    for view in views:
        place = last.get(view.id, -1.0)
        for field in columns:
            if field.object_id == view.object_id:
                place += 1
                added.append(
                    shown.ViewField(
                        workspace_id=view.workspace_id, view=view, field_id=field.id, position=place, size=WIDTH
                    )
                )
    shown.ViewField.objects.bulk_create(added)


def label_identifier_changed(obj: ObjectMetadata) -> None:
    """The new label identifier leads every view of the object, and is shown."""
    leading_id = obj.label_identifier_field_id
    if leading_id is None:
        return
    columns: dict[UUID, list[shown.ViewField]] = defaultdict(list)
    for each in shown.ViewField.objects.filter(view__object_id=obj.id, deleted_at=None):
        columns[each.view_id].append(each)
    added, changed = [], []
    for view in shown.View.objects.filter(object_id=obj.id, deleted_at=None):
        others = [each.position for each in columns[view.id] if each.field_id != leading_id]
        leading = next((each for each in columns[view.id] if each.field_id == leading_id), None)
        first = min(others) - 1 if others else 0.0
        if leading is None:
            added.append(
                shown.ViewField(
                    workspace_id=obj.workspace_id, view=view, field_id=leading_id, position=first, size=LABEL_WIDTH
                )
            )
        else:
            leading.is_visible = True
            leading.position = min(leading.position, first) if others else leading.position
            changed.append(leading)
    shown.ViewField.objects.bulk_create(added)
    shown.ViewField.objects.bulk_update(changed, ["position", "is_visible"])


def options_changed(field: FieldMetadata, replacements: Mapping[str, str | None]) -> None:
    """The field's options are others now: `replacements` are old values → new ones, None for removed ones."""
    for view in shown.View.objects.filter(main_group_by_field_id=field.id):
        _follow_groups(view, field, replacements)
    if not replacements:
        return
    emptied = []
    own = Q(field_id=field.id, relation_target_field_id=None) | Q(relation_target_field_id=field.id)
    for row in shown.ViewFilter.objects.filter(own):
        value = replaced(row.value, replacements)
        if value == row.value:
            continue
        if not filter_values(value):
            emptied.append(row.id)
        else:
            row.value = value
            row.save(update_fields=["value"])
    shown.ViewFilter.objects.filter(id__in=emptied).delete()


def _follow_groups(view: shown.View, field: FieldMetadata, replacements: Mapping[str, str | None]) -> None:
    rows = {each.field_value: each for each in shown.ViewGroup.objects.filter(view=view)}
    kept: dict[str, shown.ViewGroup] = {}
    for value, row in rows.items():
        new = replacements.get(value, value)
        if new is not None:
            row.field_value = new
            kept[new] = row
    shown.ViewGroup.objects.filter(id__in=[each.id for each in rows.values() if each not in kept.values()]).delete()
    wanted = groups_of(view, field)
    place = max((each.position for each in kept.values()), default=-1.0)
    added = []
    for group in wanted:
        if group.field_value not in kept:
            place += 1
            group.position = place
            added.append(group)
    shown.ViewGroup.objects.bulk_update(kept.values(), ["field_value"])
    shown.ViewGroup.objects.bulk_create(added)


def settings_changed(field: FieldMetadata) -> None:
    """The field may take fewer values now: filters by what it cannot hold any more go."""
    subject = schema_rows.field_schema(field)
    own = Q(field_id=field.id, relation_target_field_id=None) | Q(relation_target_field_id=field.id)
    gone = [
        row.id
        for row in shown.ViewFilter.objects.filter(own)
        if not is_sayable(row.operand, row.value, subject, row.sub_field_name)
    ]
    shown.ViewFilter.objects.filter(id__in=gone).delete()


def type_changed(field: FieldMetadata) -> None:
    """The field holds something else now: what was said of its old values says nothing any more."""
    fields_hidden([field.id], shown.AggregateOperations.COUNT)
    shown.ViewFilter.objects.filter(relation_target_field_id=field.id).delete()
    shown.ViewFilter.objects.filter(field_id=field.id).delete()
    shown.ViewSort.objects.filter(field_id=field.id).delete()
    shown.ViewField.objects.filter(field_id=field.id).update(aggregate_operation=None)


def replaced(value: object, replacements: Mapping[str, str | None]) -> object:
    """A filter's value with new option values in the place of old ones, in the form it was in.

    >>> replaced('["A", "B"]', {"A": "A2", "B": None})
    '["A2"]'
    """
    values = [replacements.get(each, each) if isinstance(each, str) else each for each in filter_values(value)]
    values = [each for each in values if each is not None]
    if isinstance(value, list):
        return values
    if isinstance(value, str) and value.startswith("["):
        return json.dumps(values)
    return values[0] if values else ""
