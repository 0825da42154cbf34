"""Roles and API keys as members of the /metadata schema: its types Query, Mutation and Workspace get those here.

Resolvers translate names and call `apikeys.services`; the caller is `info.context.principal`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID as Uuid
from uuid import uuid5

import graphene
from django.db.models import prefetch_related_objects
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.people import EffectiveRights, UserWorkspace, WorkspaceMember
from apikeys.services.api_keys import (
    FLAG,
    MORE,
    apikey_assign_role,
    apikey_create,
    apikey_duplicate,
    apikey_get,
    apikey_list,
    apikey_revoke,
    apikey_update,
    roles_for_api_keys,
)
from apikeys.services.inputs import as_uuid
from apikeys.services.members import member_remove, member_set_role
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_delete, role_list, role_update
from apikeys.services.tokens import (
    IssuedToken,
    apikey_roll,
    apikey_token,
    apikey_token_revoke,
    playground_token,
    tokens_by_key,
)
from config.errors import InvalidMetadataInput, MissingToken
from config.http.rights import require
from config.principal import Principal
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import JSON, UUID, DateTime


def _principal(info: Info) -> Principal:
    principal: Principal | None = getattr(info.context, "principal", None)
    if principal is None:
        raise MissingToken("Missing authentication token")
    return principal


def _require_manager(info: Info) -> None:
    """What a role says and which keys have it is told to those who give roles or bind them; its name to everybody."""
    require(_principal(info), "ROLES", FLAG)


def _all_of(item: type) -> graphene.List:
    return graphene.List(graphene.NonNull(item), required=True)


def _some_of(item: type) -> graphene.List:
    return graphene.List(graphene.NonNull(item))


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

    def resolve_restricted_fields(root: models.ObjectPermission | EffectiveRights, info: Info) -> Mapping[str, Any]:
        """`{field id: {canRead, canUpdate}}` of the fields that the role restricts."""
        if isinstance(root, EffectiveRights):
            return root.restricted
        return {
            str(each.field_metadata_id): {"canRead": each.can_read, "canUpdate": each.can_update}
            for each in root.role.field_permissions.all()
            if each.object_metadata_id == root.object_metadata_id
        }

    def resolve_row_level_permission_predicates(root: Any, info: Info) -> list[Any]:
        return []

    def resolve_row_level_permission_predicate_groups(root: Any, info: Info) -> list[Any]:
        return []


class FieldPermission(graphene.ObjectType):
    id = UUID(required=True)
    object_metadata_id = UUID(required=True)
    field_metadata_id = UUID(required=True)
    role_id = UUID(required=True)
    can_read = graphene.Boolean(name="canReadFieldValue")
    can_update = graphene.Boolean(name="canUpdateFieldValue")


class ApiKeyForRole(graphene.ObjectType):
    id = UUID(required=True)
    name = graphene.String(required=True)
    expires_at = DateTime(required=True)
    revoked_at = DateTime()


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


class Role(graphene.ObjectType):
    id = UUID(required=True)
    universal_identifier = UUID()
    label = graphene.String(required=True)
    description = graphene.String()
    icon = graphene.String()
    is_editable = graphene.Boolean(required=True)
    can_be_assigned_to_users = graphene.Boolean(required=True)
    can_be_assigned_to_agents = graphene.Boolean(required=True)
    can_be_assigned_to_api_keys = graphene.Boolean(required=True)
    can_update_all_settings = graphene.Boolean(required=True)
    can_access_all_tools = graphene.Boolean(required=True)
    can_read_all_object_records = graphene.Boolean(required=True)
    can_update_all_object_records = graphene.Boolean(required=True)
    can_soft_delete_all_object_records = graphene.Boolean(required=True)
    can_destroy_all_object_records = graphene.Boolean(required=True)
    workspace_members = _all_of(WorkspaceMember)
    agents = _all_of(Agent)
    api_keys = _all_of(ApiKeyForRole)
    permission_flags = _some_of(RolePermissionFlag)
    object_permissions = _some_of(ObjectPermission)
    field_permissions = _some_of(FieldPermission)
    row_level_permission_predicates = _some_of(RowLevelPermissionPredicate)
    row_level_permission_predicate_groups = _some_of(RowLevelPermissionPredicateGroup)

    def resolve_universal_identifier(root: models.Role, info: Info) -> Uuid:
        return root.id

    def resolve_workspace_members(root: models.Role, info: Info) -> list[models.Member]:
        require(_principal(info), "ROLES")  # who binds keys has no use for people
        return list(root.members.all())

    def resolve_agents(root: models.Role, info: Info) -> list[Any]:
        _require_manager(info)
        return []

    def resolve_api_keys(root: models.Role, info: Info) -> list[models.ApiKey]:
        _require_manager(info)
        return [each for each in root.api_keys.all() if each.revoked_at is None]

    def resolve_permission_flags(root: models.Role, info: Info) -> list[dict[str, Any]]:
        _require_manager(info)
        return _flags(root)

    def resolve_object_permissions(root: models.Role, info: Info) -> list[models.ObjectPermission]:
        _require_manager(info)
        return list(root.object_permissions.all())

    def resolve_field_permissions(root: models.Role, info: Info) -> list[models.FieldPermission]:
        _require_manager(info)
        return list(root.field_permissions.all())

    def resolve_row_level_permission_predicates(root: models.Role, info: Info) -> list[Any]:
        return []

    def resolve_row_level_permission_predicate_groups(root: models.Role, info: Info) -> list[Any]:
        return []


def _flags(role: models.Role) -> list[dict[str, Any]]:
    return [{"id": uuid5(role.id, flag), "role_id": role.id, "flag": flag} for flag in role.permission_flags]


class IssuedApiKeyToken(graphene.ObjectType):
    """That a token was issued, never its text; it works until `endsAt`."""

    id = UUID(required=True)
    last_four = graphene.String(required=True)
    issued_at = DateTime(required=True)
    ends_at = DateTime(required=True)

    def resolve_ends_at(root: models.ApiKeyToken, info: Info) -> Any:
        return root.end


class ApiKey(graphene.ObjectType):
    id = UUID(required=True)
    name = graphene.String(required=True)
    expires_at = DateTime(required=True)
    revoked_at = DateTime()
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    max_requests_per_second = graphene.Int(description="0: no limit, null: the server's")
    max_requests_per_minute = graphene.Int(description="0: no limit, null: the server's")
    description = graphene.String()
    api_version = graphene.String(required=True)
    is_paused = graphene.Boolean(required=True)
    is_read_only = graphene.Boolean(required=True, description="It changes nothing, whatever its role may")
    object_metadata_ids = graphene.List(
        graphene.NonNull(UUID), description="The only objects it reaches; null: all that its role reaches"
    )
    allowed_networks = graphene.List(
        graphene.NonNull(graphene.String), description="CIDR, of the addresses it may be used from; null: everywhere"
    )
    last_used_at = DateTime()
    last_used_address = graphene.String()
    last_used_api = graphene.String()
    tokens = graphene.List(graphene.NonNull(IssuedApiKeyToken), required=True, description="The newest, without texts")
    role = graphene.Field(Role, required=True)

    def resolve_tokens(root: models.ApiKey, info: Info) -> list[models.ApiKeyToken]:
        """Of all keys of the answer they are read when those of the first are asked for."""
        known: dict[Uuid, list[models.ApiKeyToken]] | None = info.context.__dict__.get("api_key_tokens")
        if known is None or root.id not in known:
            known = info.context.__dict__["api_key_tokens"] = tokens_by_key(_principal(info))
        return list(info.context.rows.spend(known.get(root.id, [])))

    def resolve_is_paused(root: models.ApiKey, info: Info) -> bool:
        return not root.enabled

    def resolve_object_metadata_ids(root: models.ApiKey, info: Info) -> list[Uuid] | None:
        return None if root.object_ids is None else [Uuid(each) for each in root.object_ids]

    def resolve_role(root: models.ApiKey, info: Info) -> models.Role:
        if root.role is None:
            raise InvalidMetadataInput("API key has no role assigned", sub_code="API_KEY_NO_ROLE_ASSIGNED")
        return root.role


class ApiKeyToken(graphene.ObjectType):
    token = graphene.String(required=True)


class PlaygroundToken(graphene.ObjectType):
    token = graphene.String(required=True)
    expires_at = DateTime(required=True)


class GetApiKeyInput(graphene.InputObjectType):
    id = UUID(required=True)


class ApiKeyLimits(graphene.InputObjectType):
    """The members that creating and updating a key share."""

    max_requests_per_second = graphene.Int()
    max_requests_per_minute = graphene.Int()
    description = graphene.String()
    api_version = graphene.String()
    is_read_only = graphene.Boolean()
    object_metadata_ids = graphene.List(graphene.NonNull(UUID))
    allowed_networks = graphene.List(graphene.NonNull(graphene.String))


class CreateApiKeyInput(ApiKeyLimits):
    name = graphene.String(required=True)
    expires_at = graphene.String(required=True)
    revoked_at = graphene.String()
    role_id = UUID(required=True)


class UpdateApiKeyInput(ApiKeyLimits):
    id = UUID(required=True)
    name = graphene.String()
    expires_at = graphene.String()
    revoked_at = graphene.String()
    is_paused = graphene.Boolean()


class RevokeApiKeyInput(graphene.InputObjectType):
    id = UUID(required=True)


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
    object_permissions = _all_of(ObjectPermissionInput)


class FieldPermissionInput(graphene.InputObjectType):
    object_metadata_id = UUID(required=True)
    field_metadata_id = UUID(required=True)
    can_read_field_value = graphene.Boolean()
    can_update_field_value = graphene.Boolean()


class UpsertFieldPermissionsInput(graphene.InputObjectType):
    role_id = UUID(required=True)
    field_permissions = _all_of(FieldPermissionInput)


class PermissionFlagKey(graphene.Scalar):
    """A flag's name; clients send it as an enum value or as a string."""

    @staticmethod
    def serialize(value: Any) -> str:
        return str(value)

    @staticmethod
    def parse_value(value: Any) -> str:
        return str(value)

    @staticmethod
    def parse_literal(node: Any, variables: dict[str, Any] | None = None) -> str:
        return str(getattr(node, "value", ""))


class UpsertPermissionFlagsInput(graphene.InputObjectType):
    role_id = UUID(required=True)
    permission_flag_keys = _all_of(PermissionFlagKey)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.title() for each in rest)


def _values(given: Mapping[str, Any], without: Sequence[str] = ()) -> dict[str, Any]:
    """The members that were sent, under their API names."""
    return {_camel(name): value for name, value in given.items() if name not in without}


def _shared_roles(found: list[models.ApiKey]) -> list[models.ApiKey]:
    """Let keys of one role share its instance, so that what hangs on it is read once."""
    roles: dict[Any, models.Role] = {}
    for each in found:
        if each.role is not None:
            each.role = roles.setdefault(each.role_id, each.role)
    return found


class Workspace:
    default_role = graphene.Field(Role)

    def resolve_default_role(root: Any, info: Info) -> models.Role | None:
        if root.default_role_id is None:
            return None
        return models.Role.objects.filter(workspace_id=root.id, id=root.default_role_id).first()


_KEYS: Needed = ((FLAG,),)
_KEYS_AND_ROLES: Needed = ((FLAG,), ("ROLES",))
NEEDS: Mapping[str, Needed] = {
    **dict.fromkeys(("apiKeys", "apiKey", "getApiKeyRoles"), _KEYS),
    **dict.fromkeys(("updateApiKey", "revokeApiKey", "generateApiKeyToken"), _KEYS),
    **dict.fromkeys(("rollApiKey", "revokeApiKeyToken"), _KEYS),
    **dict.fromkeys(("createApiKey", "duplicateApiKey", "assignRoleToApiKey"), _KEYS_AND_ROLES),
    "generatePlaygroundToken": (),
    "deleteUserFromWorkspace": (("WORKSPACE_MEMBERS",),),
    "*": (("ROLES",),),
}


class Query:
    api_keys = _all_of(ApiKey)
    api_key = graphene.Field(ApiKey, input=graphene.Argument(GetApiKeyInput, required=True))
    get_api_key_roles = _all_of(Role)
    get_roles = _all_of(Role)

    def resolve_api_keys(root: Any, info: Info) -> list[models.ApiKey]:
        return _shared_roles(apikey_list(_principal(info)))

    def resolve_api_key(root: Any, info: Info, input: Mapping[str, Any]) -> models.ApiKey | None:
        return apikey_get(_principal(info), Uuid(input["id"]))

    def resolve_get_api_key_roles(root: Any, info: Info) -> list[models.Role]:
        return _with_holders(roles_for_api_keys(_principal(info)))

    def resolve_get_roles(root: Any, info: Info) -> list[models.Role]:
        return _with_holders(role_list(_principal(info)))


def _with_holders(roles: list[models.Role]) -> list[models.Role]:
    prefetch_related_objects(roles, "api_keys", "members__user")
    return roles


class Mutation:
    delete_user_from_workspace = graphene.Field(
        UserWorkspace,
        required=True,
        description="End someone's membership; their member record is soft-deleted",
        workspace_member_id_to_delete=graphene.String(required=True),
    )
    create_api_key = graphene.Field(ApiKey, required=True, input=graphene.Argument(CreateApiKeyInput, required=True))
    update_api_key = graphene.Field(ApiKey, input=graphene.Argument(UpdateApiKeyInput, required=True))
    revoke_api_key = graphene.Field(ApiKey, input=graphene.Argument(RevokeApiKeyInput, required=True))
    assign_role_to_api_key = graphene.Boolean(
        required=True, api_key_id=UUID(required=True), role_id=UUID(required=True)
    )
    generate_api_key_token = graphene.Field(
        ApiKeyToken, required=True, api_key_id=UUID(required=True), expires_at=graphene.String(required=True)
    )
    roll_api_key = graphene.Field(
        ApiKeyToken,
        required=True,
        description="A token in place of all others, which work on for 0, 1, 24 or 168 hours",
        api_key_id=UUID(required=True),
        overlap_hours=graphene.Int(default_value=0),
        expires_at=graphene.String(),
    )
    revoke_api_key_token = graphene.Field(
        IssuedApiKeyToken, required=True, api_key_id=UUID(required=True), token_id=UUID(required=True)
    )
    duplicate_api_key = graphene.Field(
        ApiKey,
        required=True,
        description="Another key that may what this one may, without a token",
        api_key_id=UUID(required=True),
        name=graphene.String(),
        expires_at=graphene.String(),
    )
    generate_playground_token = graphene.Field(PlaygroundToken, required=True)
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

    def resolve_delete_user_from_workspace(root: Any, info: Info, workspace_member_id_to_delete: str) -> models.Member:
        principal = _principal(info)
        require(principal, "WORKSPACE_MEMBERS")  # before the id is looked at
        wanted = as_uuid(workspace_member_id_to_delete, "workspaceMemberIdToDelete")
        return member_remove(principal, member_id=wanted)

    def resolve_create_api_key(root: Any, info: Info, input: Mapping[str, Any]) -> models.ApiKey:
        return apikey_create(
            _principal(info),
            name=input["name"],
            expires_at=input["expires_at"],
            role_id=Uuid(input["role_id"]),
            revoked_at=input.get("revoked_at"),
            api_version=input.get("api_version"),
            more={name: value for name, value in _values(input).items() if name in MORE},
        )

    def resolve_roll_api_key(
        root: Any, info: Info, api_key_id: str, overlap_hours: int, expires_at: str | None = None
    ) -> IssuedToken:
        return apikey_roll(
            _principal(info), key_id=Uuid(api_key_id), overlap_hours=overlap_hours, expires_at=expires_at or None
        )

    def resolve_revoke_api_key_token(root: Any, info: Info, api_key_id: str, token_id: str) -> models.ApiKeyToken:
        return apikey_token_revoke(_principal(info), key_id=Uuid(api_key_id), token_id=Uuid(token_id))

    def resolve_duplicate_api_key(
        root: Any, info: Info, api_key_id: str, name: str | None = None, expires_at: str | None = None
    ) -> models.ApiKey:
        return apikey_duplicate(_principal(info), key_id=Uuid(api_key_id), name=name, expires_at=expires_at or None)

    def resolve_update_api_key(root: Any, info: Info, input: Mapping[str, Any]) -> models.ApiKey | None:
        return apikey_update(_principal(info), key_id=Uuid(input["id"]), values=_values(input, ["id"]))

    def resolve_revoke_api_key(root: Any, info: Info, input: Mapping[str, Any]) -> models.ApiKey | None:
        return apikey_revoke(_principal(info), key_id=Uuid(input["id"]))

    def resolve_assign_role_to_api_key(root: Any, info: Info, api_key_id: str, role_id: str) -> bool:
        apikey_assign_role(_principal(info), key_id=Uuid(api_key_id), role_id=Uuid(role_id))
        return True

    def resolve_generate_api_key_token(root: Any, info: Info, api_key_id: str, expires_at: str) -> IssuedToken:
        return apikey_token(_principal(info), key_id=Uuid(api_key_id), expires_at=expires_at or None)

    def resolve_generate_playground_token(root: Any, info: Info) -> IssuedToken:
        return playground_token(_principal(info))

    def resolve_create_one_role(root: Any, info: Info, create_role_input: Mapping[str, Any]) -> models.Role:
        principal, own_id = _principal(info), create_role_input.get("id")
        require(principal, "ROLES")  # before the id is looked at
        return role_create(
            principal,
            values=_values(create_role_input, ["id", "edit_window_minutes"]),
            role_id=as_uuid(own_id, "id") if own_id else None,
        )

    def resolve_update_one_role(root: Any, info: Info, update_role_input: Mapping[str, Any]) -> models.Role:
        return role_update(
            _principal(info),
            role_id=Uuid(update_role_input["id"]),
            values=_values(update_role_input["update"], ["edit_window_minutes"]),
        )

    def resolve_delete_one_role(root: Any, info: Info, role_id: str) -> str:
        return str(role_delete(_principal(info), role_id=Uuid(role_id)))

    def resolve_upsert_object_permissions(
        root: Any, info: Info, upsert_object_permissions_input: Mapping[str, Any]
    ) -> list[models.ObjectPermission]:
        return object_permissions_upsert(
            _principal(info),
            role_id=Uuid(upsert_object_permissions_input["role_id"]),
            items=[_values(each) for each in upsert_object_permissions_input["object_permissions"]],
        )

    def resolve_upsert_field_permissions(
        root: Any, info: Info, upsert_field_permissions_input: Mapping[str, Any]
    ) -> list[models.FieldPermission]:
        return field_permissions_upsert(
            _principal(info),
            role_id=Uuid(upsert_field_permissions_input["role_id"]),
            items=[_values(each) for each in upsert_field_permissions_input["field_permissions"]],
        )

    def resolve_upsert_permission_flags(
        root: Any, info: Info, upsert_permission_flags_input: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        role = permission_flags_upsert(
            _principal(info),
            role_id=Uuid(upsert_permission_flags_input["role_id"]),
            flags=upsert_permission_flags_input["permission_flag_keys"],
        )
        return _flags(role)

    def resolve_update_workspace_member_role(
        root: Any, info: Info, workspace_member_id: str, role_id: str
    ) -> models.Member:
        return member_set_role(_principal(info), member_id=Uuid(workspace_member_id), role_id=Uuid(role_id))
