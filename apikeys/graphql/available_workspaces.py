"""Workspaces that somebody can sign in to, in the schema of /metadata."""

from __future__ import annotations

import graphene
from graphql import GraphQLResolveInfo as Info

from config.http.server_url import server_url
from metadata import models as data_model
from metadata.graphql.asking import all_of
from metadata.graphql.scalars import UUID
from metadata.graphql.workspace_types import WorkspaceUrls
from metadata.services import logo_url


class SSOConnection(graphene.ObjectType):
    """Always absent: people sign in with a password."""

    id = UUID(required=True)
    type = graphene.String(required=True)
    issuer = graphene.String(required=True)
    name = graphene.String(required=True)
    status = graphene.String(required=True)


class AvailableWorkspace(graphene.ObjectType):
    """A workspace that the caller is a member of."""

    id = UUID(required=True)
    display_name = graphene.String()
    login_token = graphene.String(description="Null: sign in to it")
    personal_invite_token = graphene.String()
    invite_hash = graphene.String()
    workspace_urls = graphene.Field(WorkspaceUrls, required=True)
    logo = graphene.String()
    sso = all_of(SSOConnection)

    def resolve_invite_hash(root: data_model.Workspace, info: Info) -> None:
        return None

    def resolve_logo(root: data_model.Workspace, info: Info) -> str | None:
        return logo_url(root)

    def resolve_workspace_urls(root: data_model.Workspace, info: Info) -> dict[str, str | None]:
        return urls_of(root)

    def resolve_sso(root: data_model.Workspace, info: Info) -> list[None]:
        return []


class AvailableWorkspaces(graphene.ObjectType):
    available_workspaces_for_sign_in = all_of(AvailableWorkspace)
    available_workspaces_for_sign_up = all_of(AvailableWorkspace)


def urls_of(workspace: data_model.Workspace) -> dict[str, str | None]:
    return {
        "custom_url": f"https://{workspace.custom_domain}" if workspace.custom_domain else None,
        "subdomain_url": f"{server_url()}/",
    }
