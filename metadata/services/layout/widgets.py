"""Saving what a page's widget shows: the view behind it with all of its parts, in one transaction.

A list that is given is the whole of it: rows it does not name go, but for view fields, which stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config import audit
from config.errors import FieldMetadataNotFound, InvalidInput, MetadataNotFound
from config.http.bounds import check_count
from config.http.inputs import uuid_of
from config.principal import Permissions
from metadata import layout_models as shown
from metadata.models import FieldMetadata
from metadata.services.layout.checking import clean_member
from metadata.services.layout.kinds import (
    PAGE_LAYOUT_WIDGET,
    VIEW,
    VIEW_FIELD,
    VIEW_FIELD_GROUP,
    VIEW_FILTER,
    VIEW_FILTER_GROUP,
    VIEW_SORT,
)
from metadata.services.layout.members import LARGEST_CREATED, Resource
from metadata.services.layout.reading import label_identifier_of, not_found, resource_find, resource_rows
from metadata.services.layout.writing import destroy_rows, resource_create, resource_update
from metadata.services.locking import lock_workspace

Values = Mapping[str, Any]

LARGEST_SAVED = 60  # parts of one view that one mutation saves; each is checked like one that is saved alone


def fields_widget_upsert(
    *, workspace_id: UUID, widget_id: UUID, groups: Sequence[Values] | None, fields: Sequence[Values] | None
) -> shown.View:
    """The groups of a view's fields (`{id, name, position, isVisible, fields}`), or its fields without groups.

    Raises MetadataNotFound, InvalidInput, TooComplex.
    """
    if (groups is None) == (fields is None):
        raise InvalidInput(["Either groups or fields must be given, not both"])
    given = fields if groups is None else [field for group in groups for field in group["fields"]]
    assert given is not None
    check_count(len(given) + len(groups or ()), LARGEST_CREATED, "inputs", "inputs")
    with _view_behind(workspace_id, widget_id) as view:
        known = shown.ViewFieldGroup.objects.filter(view=view, deleted_at=None)
        kept = {UUID(str(each["id"])) for each in groups or ()}
        gone = [each for each in known.values_list("id", flat=True) if each not in kept]
        destroy_rows(VIEW_FIELD_GROUP, gone)
        for group in groups or ():
            values = {name: value for name, value in group.items() if name != "fields"}
            _upsert(VIEW_FIELD_GROUP, view, values)
        placed = [{**field, "viewFieldGroupId": group["id"]} for group in groups or () for field in group["fields"]]
        _upsert_fields(view, placed or [{**field, "viewFieldGroupId": None} for field in fields or ()])
    return view


def view_widget_upsert(
    *, workspace_id: UUID, widget_id: UUID, given: Mapping[str, Any], permissions: Permissions
) -> shown.View:
    """What a view shows and how: its settings, fields, filter groups, filters and sorts, as far as they are given.

    Raises MetadataNotFound, InvalidInput, TooComplex.
    """
    lists = {name: given.get(name) for name in ("viewFields", "viewFilterGroups", "viewFilters", "viewSorts")}
    check_count(sum(len(each or ()) for each in lists.values()), LARGEST_SAVED, "inputs", "inputs")
    with _view_behind(workspace_id, widget_id) as view:
        settings = given.get("viewSettings")
        if settings is not None:
            resource_update(VIEW, workspace_id=workspace_id, id=view.id, update=settings)
        _upsert_fields(view, lists["viewFields"] or ())
        if lists["viewFilterGroups"] is not None:
            ordered = list(_parents_first(lists["viewFilterGroups"]))
            _replace(VIEW_FILTER_GROUP, view, ordered, permissions, keeps_children=lists["viewFilters"] is not None)
        for resource, name in ((VIEW_FILTER, "viewFilters"), (VIEW_SORT, "viewSorts")):
            rows = lists[name]
            if rows is not None:
                _replace(resource, view, rows, permissions)
        view.refresh_from_db()
    return view


@contextmanager
def _view_behind(workspace_id: UUID, widget_id: UUID) -> Iterator[shown.View]:
    with transaction.atomic():
        lock_workspace(workspace_id)
        widget = resource_find(PAGE_LAYOUT_WIDGET, workspace_id, widget_id)
        if widget is None:
            raise not_found(PAGE_LAYOUT_WIDGET)
        configuration = widget.configuration if isinstance(widget.configuration, Mapping) else {}
        view_id = uuid_of(configuration.get("viewId"))
        if view_id is None:
            raise InvalidInput(["The widget shows no view: its configuration has no viewId"])
        view = resource_find(VIEW, workspace_id, view_id)
        if view is None:
            raise not_found(VIEW)
        yield view
        audit.note(workspace_id, "layout.updated", subject_id=view.id, name=f"parts of view {view.name}")


def _replace(
    resource: Resource,
    view: shown.View,
    rows: Sequence[Values],
    permissions: Permissions,
    *,
    keeps_children: bool = False,
) -> None:
    known = {each.id for each in resource_rows(resource, view.workspace_id, view.id)}
    named = {UUID(str(each["id"])) for each in rows if each.get("id") is not None}
    gone = [each for each in known if each not in named]
    if keeps_children and gone:  # the filters that are given say themselves which group they are in
        shown.ViewFilter.objects.filter(view_filter_group_id__in=gone).update(view_filter_group_id=None)
    destroy_rows(resource, gone)
    for each in rows:
        _upsert(resource, view, each, permissions)


def _upsert(resource: Resource, view: shown.View, values: Values, permissions: Permissions | None = None) -> None:
    """The row with that id in the view changed, or a new one."""
    id = values.get("id")
    stored = None if id is None else resource.model._default_manager.filter(id=id, view=view, deleted_at=None).first()
    if stored is None:
        values = {**values, "viewId": str(view.id)}
        resource_create(resource, workspace_id=view.workspace_id, values=values)
        return
    more: dict[str, Any] = {} if permissions is None else {"permissions": permissions}
    resource_update(resource, workspace_id=view.workspace_id, id=stored.pk, update=values, **more)


def _upsert_fields(view: shown.View, given: Sequence[Values]) -> None:
    """View fields by their own ids or by their fields'. Where they stand is up to who sends all of them."""
    rows = list(shown.ViewField.objects.filter(view=view, deleted_at=None))
    by_id = {each.id: each for each in rows}
    by_field: dict[UUID | None, shown.ViewField] = {each.field_id: each for each in rows}
    fields = {each.id: each for each in FieldMetadata.objects.filter(object_id=view.object_id)}
    groups = set(shown.ViewFieldGroup.objects.filter(view=view, deleted_at=None).values_list("id", flat=True))
    added: list[shown.ViewField] = []
    problems: list[str] = []
    for values in given:
        row_id, field_id = (uuid_of(values.get(name)) for name in ("viewFieldId", "fieldMetadataId"))
        if row_id is None and field_id is None:
            raise InvalidInput(["viewFieldId or fieldMetadataId must be given"])
        row = by_id.get(row_id) if row_id is not None else by_field.get(field_id)
        if row is None and row_id is not None:
            raise MetadataNotFound("View field not found", path="viewFieldId")
        if row is None:
            if field_id not in fields:
                raise FieldMetadataNotFound(path="fieldMetadataId")
            row = by_field[field_id] = shown.ViewField(workspace_id=view.workspace_id, view=view, field_id=field_id)
            added.append(row)
        problems += _put(row, values) or VIEW_FIELD.rules(row, fields)
        if row.view_field_group_id is not None and row.view_field_group_id not in groups:
            raise MetadataNotFound("View field group not found", path="viewFieldGroupId")
    leading = by_field.get(label_identifier_of(view.id)) if given else None
    if leading is not None and not leading.is_visible:
        problems.append("Label identifier view field has to be visible")
    if problems:
        raise InvalidInput(problems)
    for row in rows:
        row.updated_at = timezone.now()
    columns = ["is_visible", "position", "size", "aggregate_operation", "view_field_group", "updated_at"]
    shown.ViewField.objects.bulk_update(rows, columns)
    shown.ViewField.objects.bulk_create(added)


def _put(row: shown.ViewField, values: Values) -> list[str]:
    """Put the members that may change on the row; answers what is wrong with them."""
    problems = []
    for member in VIEW_FIELD.members:
        if member.is_fixed or member.name not in values or (values[member.name] is None and not member.is_nullable):
            continue
        fault, cleaned = clean_member(member, values[member.name])
        if fault is None:
            setattr(row, member.attribute, cleaned)
        else:
            problems.append(f"{member.name} {fault}")
    return problems


def _parents_first(groups: Sequence[Values]) -> Iterator[Values]:
    """Filter groups in an order in which each comes after the one that it is in; those of a circle come last."""
    waiting, placed = list(groups), set[object]()
    while waiting:
        ready = [each for each in waiting if not _is_below(each, waiting, placed)] or waiting
        for each in ready:
            placed.add(each.get("id"))
            yield each
        waiting = [each for each in waiting if each not in ready]


def _is_below(group: Values, waiting: Sequence[Values], placed: set[object]) -> bool:
    parent = group.get("parentViewFilterGroupId")
    return parent is not None and parent not in placed and any(each.get("id") == parent for each in waiting)
