"""Views and their parts in the schema of /metadata, made of the table of resources; and a field's change of type.

A part of the schema (see `metadata.graphql.parts`). Whoever may use the API reads; writing needs VIEWS
or DATA_MODEL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast
from uuid import UUID as Uuid

from graphene import Argument, Boolean, Enum, Field, Float, InputObjectType, Int, List, NonNull, ObjectType, String
from graphene import ResolveInfo as Info
from graphene.types.unmountedtype import UnmountedType

from config.errors import BadRequest
from config.principal import Permissions
from metadata import layout_models as shown
from metadata import services
from metadata.graphql import types
from metadata.graphql.enums import FieldMetadataType, ViewKey, ViewType
from metadata.graphql.inputs import payload
from metadata.graphql.parts import Needed
from metadata.graphql.resolvers import DATA_MODEL, begin_change
from metadata.graphql.rows import WorkspaceRows, rows_of
from metadata.graphql.scalars import JSON, UUID, DateTime
from metadata.models import FieldMetadata
from metadata.services.layout.kinds import RESOURCES, VIEW, VIEW_FIELD, VIEW_FIELD_GROUP, VIEW_FILTER
from metadata.services.layout.masking import hidden_fields, shown_value
from metadata.services.layout.members import Member, Resource
from metadata.services.layout.reading import require_writer, resource_find, resource_rows
from metadata.services.layout.writing import (
    resource_create,
    resource_create_many,
    resource_delete,
    resource_destroy,
    resource_update,
    resource_update_many,
)

Resolver = Callable[..., Any]

_VIEWS = tuple(each for each in RESOURCES.values() if each.flag == VIEW.flag)
_PARTS = tuple(each for each in _VIEWS if each is not VIEW)
_ID_ARGUMENTS = frozenset({"view", "viewFilterGroup"})  # named by `id`, others by `input: {id}`
_FLAG_ANSWERS = frozenset({"view", "viewSort", "viewFilterGroup"})  # their removal answers true
_MANY = frozenset({"viewField", "viewFieldGroup", "viewGroup"})
_MANY_UPDATED = frozenset({"viewGroup"})
# What the reference's clients may send in an update, and what changes nothing.
_UNAPPLIED: Mapping[str, Mapping[str, Any]] = {
    "viewGroup": {"fieldMetadataId": UUID},
    "viewFieldGroup": {"deletedAt": String},
}
_PARENT_ASKED = frozenset({"viewField", "viewFieldGroup"})


# What a request reads --------------------------------------------------------------------------------


class _Shown:
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
    def _parts(self) -> dict[str, Mapping[Uuid, Sequence[Any]]]:
        return {}

    def parts(self, resource: Resource, view_id: Uuid) -> Sequence[Any]:
        if resource.one not in self._parts:
            by_view: dict[Uuid, list[Any]] = defaultdict(list)
            for row in resource_rows(resource, self.rows.workspace_id):
                by_view[row.view_id].append(row)
            self._parts[resource.one] = by_view
        return self._parts[resource.one].get(view_id, ())


def _shown(info: Info) -> _Shown:
    """What is kept for the request, made anew once a mutation has begun."""
    kept: _Shown | None = getattr(info.context, "shown", None)
    if kept is None or kept.rows is not rows_of(info):
        kept = info.context.shown = _Shown(rows_of(info), info.context.principal.permissions)
    return kept


def _id(text: str, name: str = "id") -> Uuid:
    try:
        return Uuid(text)
    except ValueError:
        raise BadRequest(f"{name} must be a UUID", path=name) from None


# Types -----------------------------------------------------------------------------------------------

_ENUMS: dict[str, Any] = {"ViewType": ViewType, "ViewKey": ViewKey}
_SCALARS: Mapping[str, Any] = {
    "text": String, "flag": Boolean, "number": Float, "count": Int, "json": JSON,
    "uuid": UUID, "object": UUID, "field": UUID, "related": UUID, "resource": UUID,
}  # fmt: skip


def _scalar(member: Member) -> Any:
    if member.choices is None:
        return _SCALARS[member.kind]
    name = member.choices.__name__
    if name not in _ENUMS:
        _ENUMS[name] = Enum(name, [(value, value) for value in member.choices.values])
    return _ENUMS[name]


def _reader(attribute: str) -> Resolver:
    return lambda row, info: getattr(row, attribute)


def _condition_reader(member: Member) -> Resolver:
    return lambda row, info: shown_value(member, row, _shown(info).hidden_for(row))


def _part_reader(part: Resource) -> Resolver:
    return lambda row, info: rows_of(info).spend(_shown(info).parts(part, row.id))


def _object_type(resource: Resource) -> type[ObjectType]:
    members: dict[str, Any] = {"id": UUID(required=True)}
    for each in resource.members:
        reader = _condition_reader(each) if each.holds_conditions else _reader(each.attribute)
        members[each.name] = Field(_scalar(each), required=not each.is_nullable, resolver=reader)
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
        for part in _PARTS:
            members[part.many] = List(NonNull(TYPES[part.one]), required=True, resolver=_part_reader(part))
    return type(resource.pascal, (ObjectType,), members)


def _is_active(row: Any, info: Info) -> bool:
    return row.deleted_at is None


def _is_overridden(row: object, info: Info) -> bool:
    return False  # a workspace changes views themselves


def _grouped_fields(row: shown.ViewFieldGroup, info: Info) -> Sequence[Any]:
    fields = _shown(info).parts(VIEW_FIELD, row.view_id)
    return list(rows_of(info).spend([each for each in fields if each.view_field_group_id == row.id]))


# What the reference's clients select beside the members themselves.
_FURTHER: Mapping[str, Mapping[str, tuple[Any, Resolver]]] = {
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
for _resource in (VIEW_FIELD, *(each for each in _PARTS if each is not VIEW_FIELD), VIEW):
    TYPES[_resource.one] = _object_type(_resource)


def member_input(member: Member, *, required: bool) -> UnmountedType:
    return cast(UnmountedType, _scalar(member)(required=required))


def _input(name: str, members: Mapping[str, UnmountedType]) -> type[InputObjectType]:
    return type(name, (InputObjectType,), dict(members))


def _create_input(resource: Resource) -> type[InputObjectType]:
    members = {each.name: member_input(each, required=each.is_required) for each in resource.members}
    return _input(f"Create{resource.pascal}Input", {"id": UUID(), **members})


def _update_members(resource: Resource) -> dict[str, UnmountedType]:
    members = {each.name: member_input(each, required=False) for each in resource.members if not each.is_fixed}
    return members | {name: kind() for name, kind in _UNAPPLIED.get(resource.one, {}).items()}


# Queries ---------------------------------------------------------------------------------------------


def _getters(resource: Resource) -> dict[str, Any]:
    """`getViewField(id)` and `getViewFields(viewId)`; without a view's id the parts of all views."""
    kind = TYPES[resource.one]
    is_asked = resource.one in _PARENT_ASKED

    def resolve_one(root: object, info: Info, id: str) -> Any:
        return resource_find(resource, rows_of(info).workspace_id, _id(id))

    def resolve_many(root: object, info: Info, viewId: str | None = None) -> Sequence[Any]:
        parent = None if viewId is None else _id(viewId, "viewId")
        return list(rows_of(info).spend(list(resource_rows(resource, rows_of(info).workspace_id, parent))))

    many = List(NonNull(kind), required=True, viewId=String(required=is_asked), resolver=resolve_many)
    return {
        f"get{resource.pascal}": Field(kind, id=String(required=True), resolver=resolve_one),
        f"get{resource.pascal}s": many,
    }


def _views_of(
    root: object, info: Info, objectMetadataId: str | None = None, viewTypes: Sequence[Any] | None = None
) -> list[shown.View]:
    object_id = None if objectMetadataId is None else _id(objectMetadataId, "objectMetadataId")
    wanted = None if viewTypes is None else set(payload(list(viewTypes)))
    return [
        each
        for each in rows_of(info).spend(_shown(info).views)
        if object_id in (None, each.object_id) and (wanted is None or each.type in wanted)
    ]


_queries: dict[str, Any] = {}
for _resource in (VIEW, *_PARTS):
    _queries |= _getters(_resource)
_queries["getViews"] = List(
    NonNull(TYPES["view"]),
    required=True,
    objectMetadataId=String(),
    viewTypes=List(NonNull(ViewType)),
    resolver=_views_of,
)
Query = type("Query", (), _queries)


# Mutations -------------------------------------------------------------------------------------------


def begin_writing(info: Info, resource: Resource) -> Uuid:
    """The workspace of a caller who may write; what the request read before is forgotten."""
    require_writer(info.context.principal, resource)
    rows = info.context.rows = WorkspaceRows(info.context.principal.workspace_id)
    return rows.workspace_id


def _creators(resource: Resource) -> dict[str, Any]:
    kind, given = TYPES[resource.one], _create_input(resource)

    def create(root: object, info: Info, input: object) -> Any:
        workspace_id = begin_writing(info, resource)
        created_by = info.context.principal.user_id
        return resource_create(resource, workspace_id=workspace_id, values=payload(input), created_by=created_by)

    def create_many(root: object, info: Info, inputs: object) -> list[Any]:
        workspace_id = begin_writing(info, resource)
        return resource_create_many(resource, workspace_id=workspace_id, inputs=payload(inputs))

    fields: dict[str, Any] = {
        f"create{resource.pascal}": Field(kind, required=True, input=Argument(given, required=True), resolver=create)
    }
    if resource.one in _MANY:
        inputs = Argument(List(NonNull(given)), required=True)
        fields[f"createMany{resource.pascal}s"] = List(
            NonNull(kind), required=True, inputs=inputs, resolver=create_many
        )
    return fields


def _updater(resource: Resource) -> dict[str, Any]:
    def update(root: object, info: Info, input: Any, id: str | None = None) -> Any:
        workspace_id = begin_writing(info, resource)
        members = payload(input) if id is not None else payload(input["update"])
        target = _id(id if id is not None else input["id"])
        return resource_update(
            resource,
            workspace_id=workspace_id,
            id=target,
            update=members,
            permissions=info.context.principal.permissions,
        )

    def update_many(root: object, info: Info, inputs: Any) -> list[Any]:
        workspace_id = begin_writing(info, resource)
        return resource_update_many(
            resource,
            workspace_id=workspace_id,
            inputs=[(_id(each["id"]), payload(each["update"])) for each in inputs],
            permissions=info.context.principal.permissions,
        )

    members = _update_members(resource)
    name = f"Update{resource.pascal}Input"
    arguments: dict[str, Any] = {}
    if resource.one in _ID_ARGUMENTS:
        arguments["id"] = String(required=True)
        given = _input(name, {"id": UUID(), **members})
    else:
        updates = _input(f"{name}Updates", members)
        given = _input(name, {"id": UUID(required=True), "update": updates(required=True)})
    arguments["input"] = Argument(given, required=True)
    kind = TYPES[resource.one]
    fields: dict[str, Any] = {f"update{resource.pascal}": Field(kind, required=True, resolver=update, **arguments)}
    if resource.one in _MANY_UPDATED:
        inputs = Argument(List(NonNull(given)), required=True)
        fields[f"updateMany{resource.pascal}s"] = List(
            NonNull(kind), required=True, inputs=inputs, resolver=update_many
        )
    return fields


def _remover(resource: Resource, verb: str, remove: Callable[..., Any]) -> dict[str, Any]:
    answers_flag = resource.one in _FLAG_ANSWERS

    def resolve(root: object, info: Info, id: str | None = None, input: Any = None) -> Any:
        workspace_id = begin_writing(info, resource)
        row = remove(resource, workspace_id=workspace_id, id=_id(id if input is None else input["id"]))  # type: ignore[arg-type]
        return True if answers_flag else row

    arguments: dict[str, Any] = (
        {"id": String(required=True)}
        if resource.one in _ID_ARGUMENTS
        else {
            "input": Argument(
                _input(f"{verb.capitalize()}{resource.pascal}Input", {"id": UUID(required=True)}), required=True
            )
        }
    )
    kind: Any = Boolean if answers_flag else TYPES[resource.one]
    return {f"{verb}{resource.pascal}": Field(kind, required=True, resolver=resolve, **arguments)}


# A field's type --------------------------------------------------------------------------------------


class ChangeFieldTypeInput(InputObjectType):
    fieldMetadataId = UUID(required=True)
    type = FieldMetadataType(required=True)
    options = JSON()
    settings = JSON()
    dryRun = Boolean(default_value=False)


class UnconvertedValue(ObjectType):
    """A stored value that the new type does not take, and the record that has it."""

    record_id = UUID(required=True)
    value = JSON()
    message = String(required=True)


class FieldTypeChange(ObjectType):
    """What a change of type did, or would do: `unconverted` lists up to 20 of the values in its way."""

    field = Field(types.MetadataField, required=True)
    is_dry_run = Boolean(required=True)
    converted_count = Int(required=True)
    unconverted_count = Int(required=True)
    unconverted = List(NonNull(UnconvertedValue), required=True)


def _change_field_type(root: object, info: Info, input: Mapping[str, Any]) -> Any:
    principal = begin_change(info, DATA_MODEL)
    change = services.field_change_type(
        workspace_id=principal.workspace_id,
        field_id=Uuid(input["fieldMetadataId"]),
        type=payload(input["type"]),
        options=payload(input.get("options")),
        settings=payload(input.get("settings")),
        dry_run=bool(input.get("dryRun")),
        permissions=principal.permissions,
    )
    return {
        "field": FieldMetadata.objects.get(workspace_id=principal.workspace_id, id=change.field_id),
        "is_dry_run": change.is_dry_run,
        "converted_count": change.converted,
        "unconverted_count": change.unconverted_count,
        "unconverted": change.unconverted,
    }


_mutations: dict[str, Any] = {
    "changeFieldType": Field(
        FieldTypeChange, required=True, input=Argument(ChangeFieldTypeInput, required=True), resolver=_change_field_type
    )
}
NEEDS: dict[str, Needed] = {"changeFieldType": (("DATA_MODEL",),)}
for _resource in (VIEW, *_PARTS):
    _writers = {
        **_creators(_resource),
        **_updater(_resource),
        **_remover(_resource, "delete", resource_delete),
        **_remover(_resource, "destroy", resource_destroy),
    }
    _mutations |= _writers
    NEEDS |= dict.fromkeys(_writers, ((_resource.flag, "DATA_MODEL"),))
Mutation = type("Mutation", (), _mutations)


# Members of other types ------------------------------------------------------------------------------


def _minimal_views(root: object, info: Info) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "type": each.type, "key": each.key, "object_metadata_id": each.object_id}
        for each in _shown(info).views
    ]


class MinimalMetadata:
    views = List(NonNull(types.MinimalView), required=True, resolver=_minimal_views)


def _all_of(part: Resource) -> Resolver:
    return lambda root, info: list(rows_of(info).spend(list(resource_rows(part, rows_of(info).workspace_id))))


Workspace = type(
    "Workspace",
    (),
    {
        "views": List(NonNull(TYPES["view"]), resolver=_views_of),
        **{each.many: List(NonNull(TYPES[each.one]), resolver=_all_of(each)) for each in _PARTS},
    },
)
