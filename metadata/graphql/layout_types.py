"""The types of views and their parts, made of the table of resources, and the rows of them that a request reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID as Uuid

from graphene import Boolean, Enum, Field, Float, Int, List, NonNull, ObjectType, String
from graphene import ResolveInfo as Info

from config.principal import Permissions
from metadata import layout_models as shown
from metadata.graphql.enums import ViewKey, ViewType
from metadata.graphql.rows import WorkspaceRows, rows_of
from metadata.graphql.scalars import JSON, UUID, DateTime
from metadata.services.layout.kinds import RESOURCES, VIEW, VIEW_FIELD, VIEW_FIELD_GROUP, VIEW_FILTER
from metadata.services.layout.masking import hidden_fields, shown_value
from metadata.services.layout.members import Member, Resource
from metadata.services.layout.reading import resource_rows

Resolver = Callable[..., object]

_VIEWS = tuple(each for each in RESOURCES.values() if each.flag == VIEW.flag)
PARTS = tuple(each for each in _VIEWS if each is not VIEW)


class ShownViews:
    """The views of one workspace, each table read once per request."""

    def __init__(self, rows: WorkspaceRows, permissions: Permissions) -> None:
        self.rows = rows
        self.permissions = permissions
        self._compared: frozenset[Uuid | None] = frozenset()
        self._hidden: frozenset[Uuid] = frozenset()

    @cached_property
    def views(self) -> Sequence[shown.View]:
        return list(resource_rows(VIEW, self.rows.workspace_id))

    def hidden_for(self, row: shown.ViewFilter | shown.View) -> frozenset[Uuid]:
        """Fields whose values are kept from the caller: of all filters there are, and of the row, deleted or not."""
        if isinstance(row, shown.View):
            known, hidden = self._hidden_of_views
            return hidden if row.id in known else hidden_fields(VIEW, [row], self.permissions)
        if not {row.field_id, row.relation_target_field_id} <= self._compared:
            rows = [row] if self._compared else [row, *resource_rows(VIEW_FILTER, self.rows.workspace_id)]
            self._compared |= {
                None,
                *(each.field_id for each in rows),
                *(each.relation_target_field_id for each in rows),
            }
            self._hidden |= hidden_fields(VIEW_FILTER, rows, self.permissions)
        return self._hidden

    @cached_property
    def _hidden_of_views(self) -> tuple[frozenset[Uuid], frozenset[Uuid]]:
        """The views there are, and what is kept from the caller of what they look for in any field."""
        hidden = hidden_fields(VIEW, self.views, self.permissions)
        return frozenset(each.id for each in self.views), hidden

    @cached_property
    def _parts(self) -> dict[str, Mapping[Uuid, Sequence[object]]]:
        return {}

    def parts(self, resource: Resource, view_id: Uuid) -> Sequence[Any]:
        if resource.one not in self._parts:
            by_view: dict[Uuid, list[Any]] = defaultdict(list)
            for row in resource_rows(resource, self.rows.workspace_id):
                by_view[row.view_id].append(row)
            self._parts[resource.one] = by_view
        return self._parts[resource.one].get(view_id, ())


def shown_views(info: Info) -> ShownViews:
    """What is kept for the request, made anew once a mutation has begun."""
    kept: ShownViews | None = getattr(info.context, "shown", None)
    if kept is None or kept.rows is not rows_of(info):
        kept = info.context.shown = ShownViews(rows_of(info), info.context.principal.permissions)
    return kept


_ENUMS: dict[str, Any] = {"ViewType": ViewType, "ViewKey": ViewKey}
_SCALARS: Mapping[str, Any] = {
    "text": String, "flag": Boolean, "number": Float, "count": Int, "json": JSON,
    "uuid": UUID, "object": UUID, "field": UUID, "related": UUID, "resource": UUID,
}  # fmt: skip


def member_scalar(member: Member) -> Any:
    if member.choices is None:
        return _SCALARS[member.kind]
    name = member.choices.__name__
    if name not in _ENUMS:
        _ENUMS[name] = Enum(name, [(value, value) for value in member.choices.values])
    return _ENUMS[name]


def _reader(attribute: str) -> Resolver:
    return lambda row, info: getattr(row, attribute)


def _condition_reader(member: Member) -> Resolver:
    return lambda row, info: shown_value(member, row, shown_views(info).hidden_for(row))


def _part_reader(part: Resource) -> Resolver:
    return lambda row, info: rows_of(info).spend(shown_views(info).parts(part, row.id))


def _object_type(resource: Resource) -> type[ObjectType]:
    members: dict[str, Any] = {"id": UUID(required=True)}
    for each in resource.members:
        reader = _condition_reader(each) if each.holds_conditions else _reader(each.attribute)
        members[each.name] = Field(member_scalar(each), required=not each.is_nullable, resolver=reader)
    members["workspaceId"] = UUID(required=True, resolver=_reader("workspace_id"))
    for name, attribute, required in (
        ("createdAt", "created_at", True),
        ("updatedAt", "updated_at", True),
        ("deletedAt", "deleted_at", False),
    ):
        members[name] = DateTime(required=required, resolver=_reader(attribute))
    for name, (kind, resolver) in _FURTHER.get(resource.one, {}).items():
        members[name] = Field(kind, required=kind is Boolean, resolver=resolver)
    if resource is VIEW_FIELD_GROUP:
        members["viewFields"] = List(NonNull(TYPES["viewField"]), required=True, resolver=_grouped_fields)
    if resource is VIEW:
        members["isCustom"] = Boolean(required=True, resolver=_reader("is_custom"))
        members["createdByUserWorkspaceId"] = UUID(resolver=_reader("created_by_user_workspace_id"))
        for part in PARTS:
            members[part.many] = List(NonNull(TYPES[part.one]), required=True, resolver=_part_reader(part))
    return type(resource.pascal, (ObjectType,), members)


def _is_active(row: Any, info: Info) -> bool:
    return row.deleted_at is None


def _is_overridden(row: object, info: Info) -> bool:
    return False  # a workspace changes views themselves


def _grouped_fields(row: shown.ViewFieldGroup, info: Info) -> Sequence[object]:
    fields = shown_views(info).parts(VIEW_FIELD, row.view_id)
    return list(rows_of(info).spend([each for each in fields if each.view_field_group_id == row.id]))


# What the reference's clients select beside the members themselves.
_FURTHER: Mapping[str, Mapping[str, tuple[object, Resolver]]] = {
    "view": {
        "isActive": (Boolean, _is_active),
        "applicationId": (UUID, lambda row, info: rows_of(info).workspace.custom_application_id),
        "universalIdentifier": (UUID, _reader("id")),
        "isSystemSideEffect": (Boolean, lambda row, info: not row.is_custom),
    },
    "viewField": {"isActive": (Boolean, _is_active), "isOverridden": (Boolean, _is_overridden)},
    "viewFieldGroup": {"isActive": (Boolean, _is_active), "isOverridden": (Boolean, _is_overridden)},
}


TYPES: dict[str, type[ObjectType]] = {}
for _resource in (VIEW_FIELD, *(each for each in PARTS if each is not VIEW_FIELD), VIEW):
    TYPES[_resource.one] = _object_type(_resource)
