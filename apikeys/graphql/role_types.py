"""Roles in the schema of /metadata: what they say of objects, fields and settings, and who has them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid5

import graphene
from django.db.models import prefetch_related_objects
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.member_types import WorkspaceMember
from apikeys.graphql.membership_types import EffectiveRights
from apikeys.kinds import KEY_OF_ROLE, ROLE
from apikeys.services.api_keys import FLAG
from config.http.rights import require
from metadata.graphql.asking import all_of, principal_of, some_of
from metadata.graphql.kinds import kind_type
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
    return flags_of(root)


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


def flags_of(role: models.Role) -> list[dict[str, object]]:
    return [{"id": uuid5(role.id, flag), "role_id": role.id, "flag": flag} for flag in role.permission_flags]


def with_holders(roles: list[models.Role]) -> list[models.Role]:
    prefetch_related_objects(roles, "api_keys", "members__user")
    return roles
