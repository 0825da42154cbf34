"""Roles as members of the /metadata schema: its types Query, Mutation and Workspace get those here.

Resolvers translate names and call `apikeys.services`; the caller is `info.context.principal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid

import graphene
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.member_types import WorkspaceMember
from apikeys.graphql.membership_types import UserWorkspace
from apikeys.graphql.role_inputs import (
    CreateRoleInput,
    UpdateRoleInput,
    UpsertFieldPermissionsInput,
    UpsertObjectPermissionsInput,
    UpsertPermissionFlagsInput,
)
from apikeys.graphql.role_types import (
    FieldPermission,
    ObjectPermission,
    Role,
    RolePermissionFlag,
    flags_of,
    with_holders,
)
from apikeys.services.inputs import as_uuid
from apikeys.services.members import member_remove, member_set_role
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_delete, role_list, role_update
from config.http.rights import require
from metadata import models as data_model
from metadata.graphql.asking import all_of, principal_of, values_of
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import UUID


class Workspace:
    default_role = graphene.Field(Role)

    @staticmethod
    def resolve_default_role(root: data_model.Workspace, info: Info) -> models.Role | None:
        if root.default_role_id is None:
            return None
        return models.Role.objects.filter(workspace_id=root.id, id=root.default_role_id).first()


NEEDS: Mapping[str, Needed] = {"deleteUserFromWorkspace": (("WORKSPACE_MEMBERS",),), "*": (("ROLES",),)}


class Query:
    get_roles = all_of(Role)

    def resolve_get_roles(root: object, info: Info) -> list[models.Role]:
        return with_holders(role_list(principal_of(info)))


class Mutation:
    delete_user_from_workspace = graphene.Field(
        UserWorkspace,
        required=True,
        description="End someone's membership; their member record is soft-deleted",
        workspace_member_id_to_delete=graphene.String(required=True),
    )
    create_one_role = graphene.Field(
        Role, required=True, create_role_input=graphene.Argument(CreateRoleInput, required=True)
    )
    update_one_role = graphene.Field(
        Role, required=True, update_role_input=graphene.Argument(UpdateRoleInput, required=True)
    )
    delete_one_role = graphene.String(required=True, role_id=UUID(required=True))
    upsert_object_permissions = graphene.List(
        graphene.NonNull(ObjectPermission),
        required=True,
        upsert_object_permissions_input=graphene.Argument(UpsertObjectPermissionsInput, required=True),
    )
    upsert_field_permissions = graphene.List(
        graphene.NonNull(FieldPermission),
        required=True,
        upsert_field_permissions_input=graphene.Argument(UpsertFieldPermissionsInput, required=True),
    )
    upsert_permission_flags = graphene.List(
        graphene.NonNull(RolePermissionFlag),
        required=True,
        upsert_permission_flags_input=graphene.Argument(UpsertPermissionFlagsInput, required=True),
    )
    update_workspace_member_role = graphene.Field(
        WorkspaceMember, required=True, workspace_member_id=UUID(required=True), role_id=UUID(required=True)
    )

    def resolve_delete_user_from_workspace(
        root: object, info: Info, workspace_member_id_to_delete: str
    ) -> models.Member:
        principal = principal_of(info)
        require(principal, "WORKSPACE_MEMBERS")  # before the id is looked at
        wanted = as_uuid(workspace_member_id_to_delete, "workspaceMemberIdToDelete")
        return member_remove(principal, member_id=wanted)

    def resolve_create_one_role(root: object, info: Info, create_role_input: Mapping[str, object]) -> models.Role:
        principal, own_id = principal_of(info), create_role_input.get("id")
        require(principal, "ROLES")  # before the id is looked at
        return role_create(
            principal,
            values=values_of(create_role_input, ["id", "edit_window_minutes"]),
            role_id=as_uuid(own_id, "id") if own_id else None,
        )

    def resolve_update_one_role(root: object, info: Info, update_role_input: Mapping[str, Any]) -> models.Role:
        return role_update(
            principal_of(info),
            role_id=Uuid(update_role_input["id"]),
            values=values_of(update_role_input["update"], ["edit_window_minutes"]),
        )

    def resolve_delete_one_role(root: object, info: Info, role_id: str) -> str:
        return str(role_delete(principal_of(info), role_id=Uuid(role_id)))

    def resolve_upsert_object_permissions(
        root: object, info: Info, upsert_object_permissions_input: Mapping[str, Any]
    ) -> list[models.ObjectPermission]:
        return object_permissions_upsert(
            principal_of(info),
            role_id=Uuid(upsert_object_permissions_input["role_id"]),
            items=[values_of(each) for each in upsert_object_permissions_input["object_permissions"]],
        )

    def resolve_upsert_field_permissions(
        root: object, info: Info, upsert_field_permissions_input: Mapping[str, Any]
    ) -> list[models.FieldPermission]:
        return field_permissions_upsert(
            principal_of(info),
            role_id=Uuid(upsert_field_permissions_input["role_id"]),
            items=[values_of(each) for each in upsert_field_permissions_input["field_permissions"]],
        )

    def resolve_upsert_permission_flags(
        root: object, info: Info, upsert_permission_flags_input: Mapping[str, Any]
    ) -> list[dict[str, object]]:
        role = permission_flags_upsert(
            principal_of(info),
            role_id=Uuid(upsert_permission_flags_input["role_id"]),
            flags=upsert_permission_flags_input["permission_flag_keys"],
        )
        return flags_of(role)

    def resolve_update_workspace_member_role(
        root: object, info: Info, workspace_member_id: str, role_id: str
    ) -> models.Member:
        return member_set_role(principal_of(info), member_id=Uuid(workspace_member_id), role_id=Uuid(role_id))
