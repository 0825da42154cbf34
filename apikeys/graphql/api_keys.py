"""API keys as members of the /metadata schema: its types Query and Mutation get those here.

Resolvers translate names and call `apikeys.services`; the caller is `info.context.principal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid

import graphene
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.role_types import Role, with_holders
from apikeys.kinds import API_KEY, ISSUED_TOKEN
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
from apikeys.services.tokens import (
    IssuedToken,
    apikey_roll,
    apikey_token,
    apikey_token_revoke,
    playground_token,
    tokens_by_key,
)
from config.errors import InvalidMetadataInput
from metadata.graphql.asking import all_of, principal_of, values_of
from metadata.graphql.kinds import kind_type
from metadata.graphql.parts import Needed
from metadata.graphql.rows import rows_of
from metadata.graphql.scalars import UUID, DateTime


def _tokens(root: models.ApiKey, info: Info) -> list[models.ApiKeyToken]:
    """Of all keys of the answer they are read when those of the first are asked for."""
    known: dict[Uuid, list[models.ApiKeyToken]] | None = info.context.__dict__.get("api_key_tokens")
    if known is None or root.id not in known:
        known = info.context.__dict__["api_key_tokens"] = tokens_by_key(principal_of(info))
    return list(rows_of(info).spend(known.get(root.id, [])))


def _role(root: models.ApiKey, info: Info) -> models.Role:
    if root.role is None:
        raise InvalidMetadataInput("API key has no role assigned", sub_code="API_KEY_NO_ROLE_ASSIGNED")
    return root.role


IssuedApiKeyToken = kind_type(ISSUED_TOKEN)
ApiKey = kind_type(
    API_KEY,
    tokens=graphene.List(
        graphene.NonNull(IssuedApiKeyToken),
        required=True,
        description="The newest, without texts",
        resolver=_tokens,
    ),
    role=graphene.Field(Role, required=True, resolver=_role),
)


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


def _shared_roles(found: list[models.ApiKey]) -> list[models.ApiKey]:
    """Let keys of one role share its instance, so that what hangs on it is read once."""
    roles: dict[Uuid, models.Role] = {}
    for each in found:
        if each.role is not None:
            each.role = roles.setdefault(each.role.id, each.role)
    return found


_KEYS: Needed = ((FLAG,),)
_KEYS_AND_ROLES: Needed = ((FLAG,), ("ROLES",))
NEEDS: Mapping[str, Needed] = {
    **dict.fromkeys(("apiKeys", "apiKey", "getApiKeyRoles"), _KEYS),
    **dict.fromkeys(("updateApiKey", "revokeApiKey", "generateApiKeyToken"), _KEYS),
    **dict.fromkeys(("rollApiKey", "revokeApiKeyToken"), _KEYS),
    **dict.fromkeys(("createApiKey", "duplicateApiKey", "assignRoleToApiKey"), _KEYS_AND_ROLES),
    "generatePlaygroundToken": (),
}


class Query:
    api_keys = all_of(ApiKey)
    api_key = graphene.Field(ApiKey, input=graphene.Argument(GetApiKeyInput, required=True))
    get_api_key_roles = all_of(Role)

    def resolve_api_keys(root: object, info: Info) -> list[models.ApiKey]:
        return _shared_roles(apikey_list(principal_of(info)))

    def resolve_api_key(root: object, info: Info, input: Mapping[str, Any]) -> models.ApiKey | None:
        return apikey_get(principal_of(info), Uuid(input["id"]))

    def resolve_get_api_key_roles(root: object, info: Info) -> list[models.Role]:
        return with_holders(roles_for_api_keys(principal_of(info)))


class Mutation:
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

    def resolve_create_api_key(root: object, info: Info, input: Mapping[str, Any]) -> models.ApiKey:
        return apikey_create(
            principal_of(info),
            name=input["name"],
            expires_at=input["expires_at"],
            role_id=Uuid(input["role_id"]),
            revoked_at=input.get("revoked_at"),
            api_version=input.get("api_version"),
            more={name: value for name, value in values_of(input).items() if name in MORE},
        )

    def resolve_roll_api_key(
        root: object, info: Info, api_key_id: str, overlap_hours: int, expires_at: str | None = None
    ) -> IssuedToken:
        return apikey_roll(
            principal_of(info), key_id=Uuid(api_key_id), overlap_hours=overlap_hours, expires_at=expires_at or None
        )

    def resolve_revoke_api_key_token(root: object, info: Info, api_key_id: str, token_id: str) -> models.ApiKeyToken:
        return apikey_token_revoke(principal_of(info), key_id=Uuid(api_key_id), token_id=Uuid(token_id))

    def resolve_duplicate_api_key(
        root: object, info: Info, api_key_id: str, name: str | None = None, expires_at: str | None = None
    ) -> models.ApiKey:
        return apikey_duplicate(principal_of(info), key_id=Uuid(api_key_id), name=name, expires_at=expires_at or None)

    def resolve_update_api_key(root: object, info: Info, input: Mapping[str, Any]) -> models.ApiKey | None:
        return apikey_update(principal_of(info), key_id=Uuid(input["id"]), values=values_of(input, ["id"]))

    def resolve_revoke_api_key(root: object, info: Info, input: Mapping[str, Any]) -> models.ApiKey | None:
        return apikey_revoke(principal_of(info), key_id=Uuid(input["id"]))

    def resolve_assign_role_to_api_key(root: object, info: Info, api_key_id: str, role_id: str) -> bool:
        apikey_assign_role(principal_of(info), key_id=Uuid(api_key_id), role_id=Uuid(role_id))
        return True

    def resolve_generate_api_key_token(root: object, info: Info, api_key_id: str, expires_at: str) -> IssuedToken:
        return apikey_token(principal_of(info), key_id=Uuid(api_key_id), expires_at=expires_at or None)

    def resolve_generate_playground_token(root: object, info: Info) -> IssuedToken:
        return playground_token(principal_of(info))
