"""A member's own settings in the schema of /metadata (a part of it, see `metadata.graphql.parts`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid

import graphene
from graphql import GraphQLResolveInfo as Info

from config.errors import BadRequest
from core.records.members import member_settings_update
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import JSON, UUID

NEEDS: Mapping[str, Needed] = {"*": ()}  # one's own settings are everybody's; the records ask for others'


class UpdateWorkspaceMemberSettingsInput(graphene.InputObjectType):
    workspace_member_id = UUID(required=True)
    update = JSON(required=True, description='Members of the workspaceMember record: `{"locale": "fr-FR"}`')


class Mutation:
    update_workspace_member_settings = graphene.Boolean(
        required=True, input=graphene.Argument(UpdateWorkspaceMemberSettingsInput, required=True)
    )

    @staticmethod
    def resolve_update_workspace_member_settings(root: object, info: Info, input: Mapping[str, Any]) -> bool:
        changes = input["update"]
        if not isinstance(changes, Mapping):
            raise BadRequest("update must be an object", path="update")
        member_settings_update(info.context.principal, Uuid(input["workspace_member_id"]), changes)
        return True
