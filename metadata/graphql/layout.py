"""Views and their parts in the schema of /metadata, made of the table of resources; and a field's change of type.

A part of the schema (see `metadata.graphql.parts`). Whoever may use the API reads; writing needs VIEWS
or DATA_MODEL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID as Uuid

from graphene import Argument, Boolean, Field, InputObjectType, List, NonNull, String
from graphene import ResolveInfo as Info
from graphene.types.unmountedtype import UnmountedType

from config.errors import BadRequest
from config.http.inputs import uuid_of
from metadata import layout_models as shown
from metadata.graphql import workspace_types
from metadata.graphql.enums import ViewType
from metadata.graphql.inputs import payload
from metadata.graphql.layout_types import PARTS, TYPES, Resolver, member_scalar, shown_views
from metadata.graphql.parts import Needed
from metadata.graphql.rows import WorkspaceRows, rows_of
from metadata.graphql.scalars import UUID
from metadata.graphql.type_change import CHANGE_FIELD_TYPE
from metadata.services.layout.kinds import VIEW
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


def _id(text: str, name: str = "id") -> Uuid:
    found = uuid_of(text)
    if found is None:
        raise BadRequest(f"{name} must be a UUID", path=name)
    return found


def member_input(member: Member, *, required: bool) -> UnmountedType:
    return cast(UnmountedType, member_scalar(member)(required=required))


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

    def resolve_one(root: object, info: Info, id: str) -> object:
        return resource_find(resource, rows_of(info).workspace_id, _id(id))

    def resolve_many(root: object, info: Info, viewId: str | None = None) -> Sequence[object]:
        parent = None if viewId is None else _id(viewId, "viewId")
        return list(rows_of(info).spend(list(resource_rows(resource, rows_of(info).workspace_id, parent))))

    many = List(NonNull(kind), required=True, viewId=String(required=is_asked), resolver=resolve_many)
    return {
        f"get{resource.pascal}": Field(kind, id=String(required=True), resolver=resolve_one),
        f"get{resource.pascal}s": many,
    }


def _views_of(
    root: object, info: Info, objectMetadataId: str | None = None, viewTypes: Sequence[object] | None = None
) -> list[shown.View]:
    object_id = None if objectMetadataId is None else _id(objectMetadataId, "objectMetadataId")
    wanted = None if viewTypes is None else set(payload(list(viewTypes)))
    return [
        each
        for each in rows_of(info).spend(shown_views(info).views)
        if object_id in (None, each.object_id) and (wanted is None or each.type in wanted)
    ]


_queries: dict[str, object] = {}
for _resource in (VIEW, *PARTS):
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


def _creators(resource: Resource) -> dict[str, object]:
    kind, given = TYPES[resource.one], _create_input(resource)

    def create(root: object, info: Info, input: object) -> object:
        workspace_id = begin_writing(info, resource)
        created_by = info.context.principal.user_id
        return resource_create(resource, workspace_id=workspace_id, values=payload(input), created_by=created_by)

    def create_many(root: object, info: Info, inputs: object) -> list[object]:
        workspace_id = begin_writing(info, resource)
        return resource_create_many(resource, workspace_id=workspace_id, inputs=payload(inputs))

    fields: dict[str, object] = {
        f"create{resource.pascal}": Field(kind, required=True, input=Argument(given, required=True), resolver=create)
    }
    if resource.one in _MANY:
        inputs = Argument(List(NonNull(given)), required=True)
        fields[f"createMany{resource.pascal}s"] = List(
            NonNull(kind), required=True, inputs=inputs, resolver=create_many
        )
    return fields


def _updater(resource: Resource) -> dict[str, object]:
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
    arguments: dict[str, object] = {}
    if resource.one in _ID_ARGUMENTS:
        arguments["id"] = String(required=True)
        given = _input(name, {"id": UUID(), **members})
    else:
        updates = _input(f"{name}Updates", members)
        given = _input(name, {"id": UUID(required=True), "update": updates(required=True)})
    arguments["input"] = Argument(given, required=True)
    kind = TYPES[resource.one]
    fields: dict[str, object] = {f"update{resource.pascal}": Field(kind, required=True, resolver=update, **arguments)}
    if resource.one in _MANY_UPDATED:
        inputs = Argument(List(NonNull(given)), required=True)
        fields[f"updateMany{resource.pascal}s"] = List(
            NonNull(kind), required=True, inputs=inputs, resolver=update_many
        )
    return fields


def _remover(resource: Resource, verb: str, remove: Callable[..., object]) -> dict[str, object]:
    answers_flag = resource.one in _FLAG_ANSWERS

    def resolve(root: object, info: Info, id: str | None = None, input: Any = None) -> object:
        workspace_id = begin_writing(info, resource)
        row = remove(resource, workspace_id=workspace_id, id=_id(id if input is None else input["id"]))  # type: ignore[arg-type]
        return True if answers_flag else row

    arguments: dict[str, object] = (
        {"id": String(required=True)}
        if resource.one in _ID_ARGUMENTS
        else {
            "input": Argument(
                _input(f"{verb.capitalize()}{resource.pascal}Input", {"id": UUID(required=True)}), required=True
            )
        }
    )
    kind: object = Boolean if answers_flag else TYPES[resource.one]
    return {f"{verb}{resource.pascal}": Field(kind, required=True, resolver=resolve, **arguments)}


_mutations: dict[str, object] = {
    "changeFieldType": CHANGE_FIELD_TYPE,
}
NEEDS: dict[str, Needed] = {"changeFieldType": (("DATA_MODEL",),)}
for _resource in (VIEW, *PARTS):
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


def _minimal_views(root: object, info: Info) -> list[dict[str, object]]:
    return [
        {"id": each.id, "type": each.type, "key": each.key, "object_metadata_id": each.object_id}
        for each in shown_views(info).views
    ]


class MinimalMetadata:
    views = List(NonNull(workspace_types.MinimalView), required=True, resolver=_minimal_views)


def _all_of(part: Resource) -> Resolver:
    return lambda root, info: list(rows_of(info).spend(list(resource_rows(part, rows_of(info).workspace_id))))


Workspace = type(
    "Workspace",
    (),
    {
        "views": List(NonNull(TYPES["view"]), resolver=_views_of),
        **{each.many: List(NonNull(TYPES[each.one]), resolver=_all_of(each)) for each in PARTS},
    },
)
