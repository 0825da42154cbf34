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

from config.errors import MetadataNotFound
from config.http.bounds import check_count
from config.principal import Permissions
from metadata import view_models as shown
from metadata.services import resources
from metadata.services.locking import lock_workspace
from metadata.services.resources import (
    LARGEST_CREATED,
    PAGE_LAYOUT_WIDGET,
    VIEW,
    VIEW_FIELD,
    VIEW_FIELD_GROUP,
    VIEW_FILTER,
    VIEW_FILTER_GROUP,
    VIEW_SORT,
    Resource,
)
from metadata.validation import InvalidInput

Values = Mapping[str, Any]

LARGEST_SAVED = 100  # parts of one view that one mutation saves; each is checked like one that is saved alone


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
        resources.destroy_rows(VIEW_FIELD_GROUP, gone)
        for group in groups or ():
            values = {name: value for name, value in group.items() if name != "fields"}
            _upsert(VIEW_FIELD_GROUP, view, values)
            for field in group["fields"]:
                _upsert_field(view, {**field, "viewFieldGroupId": group["id"]})
        for field in fields or ():
            _upsert_field(view, {**field, "viewFieldGroupId": None})
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
            resources.resource_update(VIEW, workspace_id=workspace_id, id=view.id, update=settings)
        for field in lists["viewFields"] or ():
            _upsert_field(view, field)
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
        widget = resources.resource_find(PAGE_LAYOUT_WIDGET, workspace_id, widget_id)
        if widget is None:
            raise resources.not_found(PAGE_LAYOUT_WIDGET)
        configuration = widget.configuration if isinstance(widget.configuration, Mapping) else {}
        try:
            view = resources.resource_find(VIEW, workspace_id, UUID(str(configuration.get("viewId"))))
        except ValueError:
            raise InvalidInput(["The widget shows no view: its configuration has no viewId"]) from None
        if view is None:
            raise resources.not_found(VIEW)
        yield view


def _replace(
    resource: Resource,
    view: shown.View,
    rows: Sequence[Values],
    permissions: Permissions,
    *,
    keeps_children: bool = False,
) -> None:
    known = {each.id for each in resources.resource_rows(resource, view.workspace_id, view.id)}
    named = {UUID(str(each["id"])) for each in rows if each.get("id") is not None}
    gone = [each for each in known if each not in named]
    if keeps_children and gone:  # the filters that are given say themselves which group they are in
        shown.ViewFilter.objects.filter(view_filter_group_id__in=gone).update(view_filter_group_id=None)
    resources.destroy_rows(resource, gone)
    for each in rows:
        _upsert(resource, view, each, permissions)


def _upsert(resource: Resource, view: shown.View, values: Values, permissions: Permissions | None = None) -> None:
    """The row with that id in the view changed, or a new one."""
    id = values.get("id")
    stored = None if id is None else resource.model._default_manager.filter(id=id, view=view, deleted_at=None).first()
    if stored is None:
        values = {**values, "viewId": str(view.id)}
        resources.resource_create(resource, workspace_id=view.workspace_id, values=values)
        return
    more: dict[str, Any] = {} if permissions is None else {"permissions": permissions}
    resources.resource_update(resource, workspace_id=view.workspace_id, id=stored.pk, update=values, **more)


def _upsert_field(view: shown.View, values: Values) -> None:
    """A view field by its own id or by its field's. Where it stands is up to who sends all of them."""
    rows = shown.ViewField.objects.filter(view=view, deleted_at=None)
    row_id, field_id = values.get("viewFieldId"), values.get("fieldMetadataId")
    if row_id is None and field_id is None:
        raise InvalidInput(["viewFieldId or fieldMetadataId must be given"])
    row = rows.filter(id=row_id).first() if row_id is not None else rows.filter(field_id=field_id).first()
    if row is None and row_id is not None:
        raise MetadataNotFound("View field not found", path="viewFieldId")
    is_new = row is None
    row = row or shown.ViewField(workspace_id=view.workspace_id)
    members = {name: value for name, value in values.items() if name != "viewFieldId"}
    problems = resources.apply_members(VIEW_FIELD, row, {**members, "viewId": str(view.id)}, is_new=is_new)
    if not problems and not row.is_visible and resources.leads(row):
        problems = ["Label identifier view field has to be visible"]
    if problems:
        raise InvalidInput(problems)
    row.updated_at = timezone.now()
    row.save(force_insert=is_new)


def _parents_first(groups: Sequence[Values]) -> Iterator[Values]:
    """Filter groups in an order in which each comes after the one that it is in; those of a circle come last."""
    waiting, placed = list(groups), set[Any]()
    while waiting:
        ready = [each for each in waiting if not _is_below(each, waiting, placed)] or waiting
        for each in ready:
            placed.add(each.get("id"))
            yield each
        waiting = [each for each in waiting if each not in ready]


def _is_below(group: Values, waiting: Sequence[Values], placed: set[Any]) -> bool:
    parent = group.get("parentViewFilterGroupId")
    return parent is not None and parent not in placed and any(each.get("id") == parent for each in waiting)
