"""The root fields of the metadata API: reads out of `rows_of(info)`, writes through `metadata.services`.

Any key and member may read the data model; each mutation asks for its settings flag first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid

from django.contrib.auth import get_user_model
from django.db import transaction
from graphene import Argument, Field, List, NonNull, ResolveInfo
from graphql import get_named_type
from graphql.execution.collect_fields import collect_sub_fields

from config.errors import FieldMetadataNotFound, Forbidden, IndexMetadataNotFound, ObjectMetadataNotFound
from config.http import deadline, rights
from config.http.bounds import MAX, check_count
from config.principal import Principal
from metadata import cache, services
from metadata.graphql import inputs, types, workspace_types
from metadata.graphql.connections import Connection, Criteria, Paging
from metadata.graphql.inputs import list_arguments, payload
from metadata.graphql.parts import Needed, extended
from metadata.graphql.rows import Row, WorkspaceRows, rows_of
from metadata.graphql.scalars import UUID
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace

DATA_MODEL = "DATA_MODEL"
WORKSPACE = "WORKSPACE"
SECURITY = "SECURITY"


NEEDS: Mapping[str, Needed] = {
    **dict.fromkeys(
        (
            "createOneObject", "updateOneObject", "updateManyObjects", "deleteOneObject", "createOneField",
            "updateOneField", "deleteOneField", "createOneIndex", "deleteOneIndex",
        ),
        ((DATA_MODEL,),),
    ),
    "updateWorkspace": ((WORKSPACE, SECURITY),),
    "updateLabPublicFeatureFlag": ((WORKSPACE,),),
    "deleteCurrentWorkspace": ((WORKSPACE,),),
}  # fmt: skip


def require(info: ResolveInfo, flag: str) -> Principal:
    """The caller, who must have the settings flag; raises PermissionDenied."""
    principal: Principal = info.context.principal
    rights.require(principal, flag)
    return principal


def begin_change(info: ResolveInfo, flag: str) -> Principal:
    """The caller of a mutation. What earlier mutations of the request read is forgotten."""
    principal = require(info, flag)
    info.context.rows = WorkspaceRows(principal.workspace_id)
    return principal


class Query:
    objects = Field(types.ObjectConnection, required=True, args=list_arguments(inputs.ObjectFilter))
    object = Field(types.Object, required=True, id=UUID(required=True))
    fields = Field(types.FieldConnection, required=True, args=list_arguments(inputs.FieldFilter))
    field = Field(types.MetadataField, required=True, id=UUID(required=True))
    index = Field(types.Index, required=True, id=UUID(required=True))
    index_metadatas = Field(types.IndexConnection, required=True, args=list_arguments(inputs.IndexFilter))
    object_record_counts = List(NonNull(workspace_types.ObjectRecordCount), required=True)
    minimal_metadata = Field(lambda: extended("MinimalMetadata", workspace_types.MinimalMetadataMembers), required=True)
    current_workspace = Field(lambda: extended("Workspace", workspace_types.WorkspaceMembers), required=True)
    current_user = Field(lambda: extended("User", workspace_types.UserMembers), required=True)

    @staticmethod
    def resolve_objects(root: None, info: ResolveInfo, paging: Paging, filter: Criteria) -> Connection:
        return types.connection(info, rows_of(info).objects.values(), paging, filter)

    @staticmethod
    def resolve_object(root: None, info: ResolveInfo, id: str) -> ObjectMetadata:
        row = _object(info, id)
        rows_of(info).asked_for = rows_of(info).asked_for or row.id
        return row

    @staticmethod
    def resolve_fields(root: None, info: ResolveInfo, paging: Paging, filter: Criteria) -> Connection:
        return types.connection(info, rows_of(info).fields.values(), paging, filter)

    @staticmethod
    def resolve_field(root: None, info: ResolveInfo, id: str) -> FieldMetadata:
        return _field(info, id)

    @staticmethod
    def resolve_index(root: None, info: ResolveInfo, id: str) -> IndexMetadata:
        return _index(info, id)

    @staticmethod
    def resolve_index_metadatas(root: None, info: ResolveInfo, paging: Paging, filter: Criteria) -> Connection:
        return types.connection(info, rows_of(info).indexes.values(), paging, filter)

    @staticmethod
    def resolve_object_record_counts(root: None, info: ResolveInfo) -> list[dict[str, Any]]:
        rows, permissions = rows_of(info), info.context.principal.permissions
        return [
            {"object_name_plural": each.name_plural, "total_count": rows.totals.get(each.id, 0)}
            for each in rows.objects.values()
            if each.is_active and permissions.allows("read", each)
        ]

    @staticmethod
    def resolve_minimal_metadata(root: None, info: ResolveInfo) -> WorkspaceRows:
        return rows_of(info)

    @staticmethod
    def resolve_current_workspace(root: None, info: ResolveInfo) -> Workspace:
        return rows_of(info).workspace

    @staticmethod
    def resolve_current_user(root: None, info: ResolveInfo) -> workspace_types.UserRoot:
        principal: Principal = info.context.principal
        user_id = principal.user_id
        user = get_user_model().objects.filter(memberships=user_id).first() if user_id else None
        if user is None or user_id is None:
            raise Forbidden("Forbidden resource", hint="API keys belong to no user. Use a user's token.")
        return {
            "id": user_id,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email": user.email,
            "workspace_member_id": principal.member_id,
            "user": user,
        }


class Mutation:
    create_one_object = Field(types.Object, required=True, input=Argument(inputs.CreateOneObjectInput, required=True))
    update_one_object = Field(types.Object, required=True, input=Argument(inputs.UpdateOneObjectInput, required=True))
    update_many_objects = List(
        NonNull(types.Object),
        required=True,
        inputs=Argument(List(NonNull(inputs.UpdateOneObjectInput)), required=True),
    )
    delete_one_object = Field(types.Object, required=True, input=Argument(inputs.DeleteOneObjectInput, required=True))
    create_one_field = Field(
        types.MetadataField, required=True, input=Argument(inputs.CreateOneFieldMetadataInput, required=True)
    )
    update_one_field = Field(
        types.MetadataField, required=True, input=Argument(inputs.UpdateOneFieldMetadataInput, required=True)
    )
    delete_one_field = Field(
        types.MetadataField, required=True, input=Argument(inputs.DeleteOneFieldInput, required=True)
    )
    create_one_index = Field(types.Index, required=True, input=Argument(inputs.CreateOneIndexInput, required=True))
    delete_one_index = Field(types.Index, required=True, input=Argument(inputs.DeleteOneIndexInput, required=True))
    update_workspace = Field(
        lambda: extended("Workspace", workspace_types.WorkspaceMembers),
        required=True,
        data=Argument(inputs.UpdateWorkspaceInput, required=True),
    )
    update_lab_public_feature_flag = Field(
        workspace_types.FeatureFlag,
        required=True,
        input=Argument(inputs.UpdateLabPublicFeatureFlagInput, required=True),
    )
    delete_current_workspace = Field(lambda: extended("Workspace", workspace_types.WorkspaceMembers), required=True)

    @staticmethod
    def resolve_create_one_object(root: None, info: ResolveInfo, input: Mapping[str, object]) -> ObjectMetadata:
        principal = begin_change(info, DATA_MODEL)
        return _stored(services.object_create(workspace_id=principal.workspace_id, values=payload(input["object"])))

    @staticmethod
    def resolve_update_one_object(root: None, info: ResolveInfo, input: Mapping[str, Any]) -> ObjectMetadata:
        principal = begin_change(info, DATA_MODEL)
        return _stored(
            services.object_update(
                workspace_id=principal.workspace_id, object_id=Uuid(input["id"]), update=payload(input["update"])
            )
        )

    @staticmethod
    def resolve_update_many_objects(root: None, info: ResolveInfo, inputs: Any) -> list[ObjectMetadata]:
        principal = begin_change(info, DATA_MODEL)
        check_count(len(inputs), MAX.metadata_items, "inputs", "inputs")
        try:
            with transaction.atomic():
                updated = []
                for each in inputs:
                    deadline.check()
                    changed = services.object_update(
                        workspace_id=principal.workspace_id,
                        object_id=Uuid(each["id"]),
                        update=payload(each["update"]),
                    )
                    updated.append(_stored(changed))
                return updated
        except BaseException:
            cache.forget(principal.workspace_id)  # the versions of the updates that are undone will come again
            raise

    @staticmethod
    def resolve_delete_one_object(root: None, info: ResolveInfo, input: Mapping[str, Any]) -> ObjectMetadata:
        principal = begin_change(info, DATA_MODEL)
        _read_what_is_shown(info)
        return services.object_delete(workspace_id=principal.workspace_id, object_id=Uuid(input["id"]))

    @staticmethod
    def resolve_create_one_field(root: None, info: ResolveInfo, input: Mapping[str, object]) -> FieldMetadata:
        principal = begin_change(info, DATA_MODEL)
        return _stored(services.field_create(workspace_id=principal.workspace_id, values=payload(input["field"])))

    @staticmethod
    def resolve_update_one_field(root: None, info: ResolveInfo, input: Mapping[str, Any]) -> FieldMetadata:
        principal = begin_change(info, DATA_MODEL)
        return _stored(
            services.field_update(
                workspace_id=principal.workspace_id,
                field_id=Uuid(input["id"]),
                update=payload(input["update"]),
                permissions=principal.permissions,
            )
        )

    @staticmethod
    def resolve_delete_one_field(root: None, info: ResolveInfo, input: Mapping[str, Any]) -> FieldMetadata:
        principal = begin_change(info, DATA_MODEL)
        _read_what_is_shown(info)
        return services.field_delete(workspace_id=principal.workspace_id, field_id=Uuid(input["id"]))

    @staticmethod
    def resolve_create_one_index(root: None, info: ResolveInfo, input: Mapping[str, object]) -> IndexMetadata:
        principal = begin_change(info, DATA_MODEL)
        return _stored(services.index_create(workspace_id=principal.workspace_id, values=payload(input["index"])))

    @staticmethod
    def resolve_delete_one_index(root: None, info: ResolveInfo, input: Mapping[str, Any]) -> IndexMetadata:
        principal = begin_change(info, DATA_MODEL)
        rows_of(info).index_fields  # noqa: B018
        return services.index_delete(workspace_id=principal.workspace_id, index_id=Uuid(input["id"]))

    @staticmethod
    def resolve_update_workspace(root: None, info: ResolveInfo, data: Mapping[str, object]) -> Workspace:
        principal = begin_change(info, SECURITY if services.SECURITY_MEMBERS & data.keys() else WORKSPACE)
        if data.keys() - services.SECURITY_MEMBERS:
            require(info, WORKSPACE)
        return services.workspace_update(workspace_id=principal.workspace_id, update=payload(data), principal=principal)

    @staticmethod
    def resolve_update_lab_public_feature_flag(
        root: None, info: ResolveInfo, input: Mapping[str, Any]
    ) -> dict[str, object]:
        principal = begin_change(info, WORKSPACE)
        key, value = input["publicFeatureFlag"], input["value"]
        services.feature_flag_set(workspace_id=principal.workspace_id, key=key, value=value)
        return {"key": key, "value": value}

    @staticmethod
    def resolve_delete_current_workspace(root: None, info: ResolveInfo) -> Workspace:
        return services.workspace_delete(workspace_id=begin_change(info, WORKSPACE).workspace_id)


def _object(info: ResolveInfo, id: str) -> ObjectMetadata:
    row = rows_of(info).objects.get(Uuid(id))
    if row is None:
        raise ObjectMetadataNotFound()
    return row


def _field(info: ResolveInfo, id: str) -> FieldMetadata:
    row = rows_of(info).fields.get(Uuid(id))
    if row is None:
        raise FieldMetadataNotFound()
    return row


def _index(info: ResolveInfo, id: str) -> IndexMetadata:
    row = rows_of(info).indexes.get(Uuid(id))
    if row is None:
        raise IndexMetadataNotFound(f"Index {id} not found")
    return row


def _stored(row: Row) -> Row:
    """The row as every later read shows it: times in their stored precision, enums as their texts."""
    row.refresh_from_db()
    return row


def _read_what_is_shown(info: ResolveInfo) -> None:
    """Before a deletion: its answer shows what was deleted, and all that belonged to it where that is selected."""
    rows: WorkspaceRows = rows_of(info)
    rows.objects  # noqa: B018
    shown = get_named_type(info.return_type)
    selected = collect_sub_fields(info.schema, info.fragments, info.variable_values, shown, info.field_nodes)
    if any(node.selection_set is not None for nodes in selected.values() for node in nodes):
        rows.fields_by_object, rows.indexes, rows.index_fields  # noqa: B018
