"""Roles as members of the /metadata schema: its types Query, Mutation and Workspace get those here.

Resolvers translate names and call `apikeys.services`; the caller is `info.context.principal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid
from uuid import uuid5

import graphene
from django.db.models import prefetch_related_objects
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.people import EffectiveRights, UserWorkspace, WorkspaceMember
from apikeys.kinds import KEY_OF_ROLE, ROLE
from apikeys.services.api_keys import FLAG
from apikeys.services.inputs import as_uuid
from apikeys.services.members import member_remove, member_set_role
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_delete, role_list, role_update
from config.http.rights import require
from metadata.graphql.asking import all_of, principal_of, some_of, values_of
from metadata.graphql.kinds import kind_type
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import JSON, UUID, DateTime


def _require_manager(info: Info) -> None:
    """What a role says and which keys have it is told to those who give roles or bind them; its name to everybody."""
    require(principal_of(info), "ROLES", FLAG)


class RolePermissionFlag(graphene.ObjectType):
    id = UUID(required=True)
    role_id = UUID(required=True)
    flag = graphene.String(required=True)


class ObjectPermission(graphene.ObjectType):
    object_metadata_id = UUID(required=True)
    can_read = graphene.Boolean(name="canReadObjectRecords")
    can_update = graphene.Boolean(name="canUpdateObjectRecords")
    can_soft_delete = graphene.Boolean(name="canSoftDeleteObjectRecords")
    can_destroy = graphene.Boolean(name="canDestroyObjectRecords")
    restricted_fields = JSON()
    row_level_permission_predicates = graphene.List(graphene.NonNull(lambda: RowLevelPermissionPredicate))
    row_level_permission_predicate_groups = graphene.List(graphene.NonNull(lambda: RowLevelPermissionPredicateGroup))

    def resolve_restricted_fields(root: models.ObjectPermission | EffectiveRights, info: Info) -> Mapping[str, object]:
        """`{field id: {canRead, canUpdate}}` of the fields that the role restricts."""
        if isinstance(root, EffectiveRights):
            return root.restricted
        return {
            str(each.field_metadata_id): {"canRead": each.can_read, "canUpdate": each.can_update}
            for each in root.role.field_permissions.all()
            if each.object_metadata_id == root.object_metadata_id
        }

    def resolve_row_level_permission_predicates(root: object, info: Info) -> list[object]:
        return []

    def resolve_row_level_permission_predicate_groups(root: object, info: Info) -> list[object]:
        return []


class FieldPermission(graphene.ObjectType):
    id = UUID(required=True)
    object_metadata_id = UUID(required=True)
    field_metadata_id = UUID(required=True)
    role_id = UUID(required=True)
    can_read = graphene.Boolean(name="canReadFieldValue")
    can_update = graphene.Boolean(name="canUpdateFieldValue")


ApiKeyForRole = kind_type(KEY_OF_ROLE)


class Agent(graphene.ObjectType):
    """Always absent: this server runs no agents."""

    id = UUID(required=True)
    name = graphene.String(required=True)
    label = graphene.String(required=True)
    icon = graphene.String()
    description = graphene.String()
    prompt = graphene.String(required=True)
    model_id = graphene.String(required=True)
    response_format = JSON()
    role_id = UUID()
    is_custom = graphene.Boolean(required=True)
    application_id = UUID()
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    model_configuration = JSON()
    evaluation_inputs = graphene.List(graphene.NonNull(graphene.String), required=True)


class RowLevelPermissionPredicate(graphene.ObjectType):
    """Always absent: permissions go by object and field."""

    id = UUID(required=True)


class RowLevelPermissionPredicateGroup(graphene.ObjectType):
    """Always absent: permissions go by object and field."""

    id = UUID(required=True)


def _members(root: models.Role, info: Info) -> list[models.Member]:
    require(principal_of(info), "ROLES")  # who binds keys has no use for people
    return list(root.members.all())


def _api_keys(root: models.Role, info: Info) -> list[models.ApiKey]:
    _require_manager(info)
    return [each for each in root.api_keys.all() if each.revoked_at is None]


def _permission_flags(root: models.Role, info: Info) -> list[dict[str, object]]:
    _require_manager(info)
    return _flags(root)


def _object_permissions(root: models.Role, info: Info) -> list[models.ObjectPermission]:
    _require_manager(info)
    return list(root.object_permissions.all())


def _field_permissions(root: models.Role, info: Info) -> list[models.FieldPermission]:
    _require_manager(info)
    return list(root.field_permissions.all())


def _agents(root: models.Role, info: Info) -> list[None]:
    _require_manager(info)
    return []


def _none(root: models.Role, info: Info) -> list[None]:
    return []


Role = kind_type(
    ROLE,
    workspace_members=all_of(WorkspaceMember, _members),
    agents=all_of(Agent, _agents),
    api_keys=all_of(ApiKeyForRole, _api_keys),
    permission_flags=some_of(RolePermissionFlag, _permission_flags),
    object_permissions=some_of(ObjectPermission, _object_permissions),
    field_permissions=some_of(FieldPermission, _field_permissions),
    row_level_permission_predicates=some_of(RowLevelPermissionPredicate, _none),
    row_level_permission_predicate_groups=some_of(RowLevelPermissionPredicateGroup, _none),
)


def _flags(role: models.Role) -> list[dict[str, object]]:
    return [{"id": uuid5(role.id, flag), "role_id": role.id, "flag": flag} for flag in role.permission_flags]


class RoleSwitches(graphene.InputObjectType):
    """The members that creating and updating a role share."""

    description = graphene.String()
    icon = graphene.String()
    can_update_all_settings = graphene.Boolean()
    can_access_all_tools = graphene.Boolean()
    can_read_all_object_records = graphene.Boolean()
    can_update_all_object_records = graphene.Boolean()
    can_soft_delete_all_object_records = graphene.Boolean()
    can_destroy_all_object_records = graphene.Boolean()
    can_be_assigned_to_users = graphene.Boolean()
    can_be_assigned_to_agents = graphene.Boolean()
    can_be_assigned_to_api_keys = graphene.Boolean()
    edit_window_minutes = graphene.Int(description="Taken, and changes nothing: records can be edited at any age")


class CreateRoleInput(RoleSwitches):
    id = graphene.String()
    label = graphene.String(required=True)


class UpdateRolePayload(RoleSwitches):
    label = graphene.String()


class UpdateRoleInput(graphene.InputObjectType):
    id = UUID(required=True)
    update = graphene.InputField(UpdateRolePayload, required=True)


class ObjectPermissionInput(graphene.InputObjectType):
    object_metadata_id = UUID(required=True)
    can_read_object_records = graphene.Boolean()
    can_update_object_records = graphene.Boolean()
    can_soft_delete_object_records = graphene.Boolean()
    can_destroy_object_records = graphene.Boolean()


class UpsertObjectPermissionsInput(graphene.InputObjectType):
    role_id = UUID(required=True)
    object_permissions = all_of(ObjectPermissionInput)


class FieldPermissionInput(graphene.InputObjectType):
    object_metadata_id = UUID(required=True)
    field_metadata_id = UUID(required=True)
    can_read_field_value = graphene.Boolean()
    can_update_field_value = graphene.Boolean()


class UpsertFieldPermissionsInput(graphene.InputObjectType):
    role_id = UUID(required=True)
    field_permissions = all_of(FieldPermissionInput)


class PermissionFlagKey(graphene.Scalar):
    """A flag's name; clients send it as an enum value or as a string."""

    @staticmethod
    def serialize(value: object) -> str:
        return str(value)

    @staticmethod
    def parse_value(value: object) -> str:
        return str(value)

    @staticmethod
    def parse_literal(node: object, variables: dict[str, Any] | None = None) -> str:
        return str(getattr(node, "value", ""))


class UpsertPermissionFlagsInput(graphene.InputObjectType):
    role_id = UUID(required=True)
    permission_flag_keys = all_of(PermissionFlagKey)


class Workspace:
    default_role = graphene.Field(Role)

    def resolve_default_role(root: Any, info: Info) -> models.Role | None:
        if root.default_role_id is None:
            return None
        return models.Role.objects.filter(workspace_id=root.id, id=root.default_role_id).first()


NEEDS: Mapping[str, Needed] = {"deleteUserFromWorkspace": (("WORKSPACE_MEMBERS",),), "*": (("ROLES",),)}


class Query:
    get_roles = all_of(Role)

    def resolve_get_roles(root: object, info: Info) -> list[models.Role]:
        return with_holders(role_list(principal_of(info)))


def with_holders(roles: list[models.Role]) -> list[models.Role]:
    prefetch_related_objects(roles, "api_keys", "members__user")
    return roles


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
        return _flags(role)

    def resolve_update_workspace_member_role(
        root: object, info: Info, workspace_member_id: str, role_id: str
    ) -> models.Member:
        return member_set_role(principal_of(info), member_id=Uuid(workspace_member_id), role_id=Uuid(role_id))
