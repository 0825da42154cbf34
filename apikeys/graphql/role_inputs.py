"""What roles are made and changed with in the schema of /metadata."""

from __future__ import annotations

import graphene

from metadata.graphql.asking import all_of
from metadata.graphql.scalars import UUID


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
    def parse_literal(node: object, variables: dict[str, object] | None = None) -> str:
        return str(getattr(node, "value", ""))


class UpsertPermissionFlagsInput(graphene.InputObjectType):
    role_id = UUID(required=True)
    permission_flag_keys = all_of(PermissionFlagKey)
