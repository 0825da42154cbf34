"""Signing in over /metadata, and what a workspace shows to who has not (a part, see `metadata.graphql.parts`).

Nothing here needs a token. Passwords are tried as often as on the page, and once a request.
"""

from __future__ import annotations

from collections.abc import Mapping

import graphene
from django.http import HttpRequest
from graphql import GraphQLResolveInfo as Info

from apikeys import member_tokens
from apikeys.graphql.available_workspaces import urls_of
from apikeys.member_tokens import TokenPair
from apikeys.services.tokens import IssuedToken
from config.errors import BadRequest
from config.http.request_kinds import IN_PASSWORD_LANE
from metadata import models as data_model
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import UUID, DateTime
from metadata.graphql.workspace_types import WorkspaceUrls
from metadata.services import logo_url

PUBLIC = frozenset(
    {
        "getPublicWorkspaceDataByDomain",
        "getLoginTokenFromCredentials",
        "getAuthTokensFromLoginToken",
        "renewToken",
    }
)
NEEDS: Mapping[str, Needed] = {"*": ()}
LONGEST_PASSWORD = 4_096


class AuthToken(graphene.ObjectType):
    token = graphene.String(required=True)
    expires_at = DateTime(required=True)


class AuthTokenPair(graphene.ObjectType):
    access_or_workspace_agnostic_token = graphene.Field(AuthToken, required=True)
    refresh_token = graphene.Field(AuthToken, required=True)


class AuthTokens(graphene.ObjectType):
    tokens = graphene.Field(AuthTokenPair, required=True)


class LoginToken(graphene.ObjectType):
    login_token = graphene.Field(AuthToken, required=True)


class SSOIdentityProvider(graphene.ObjectType):
    """Always absent: people sign in with a password."""

    id = UUID(required=True)
    name = graphene.String(required=True)
    type = graphene.String(required=True)
    status = graphene.String(required=True)
    issuer = graphene.String(required=True)


class AuthProviders(graphene.ObjectType):
    sso = graphene.List(graphene.NonNull(SSOIdentityProvider), required=True)
    google = graphene.Boolean(required=True)
    magic_link = graphene.Boolean(required=True)
    password = graphene.Boolean(required=True)
    microsoft = graphene.Boolean(required=True)


class AuthBypassProviders(graphene.ObjectType):
    google = graphene.Boolean(required=True)
    password = graphene.Boolean(required=True)
    microsoft = graphene.Boolean(required=True)


class PublicWorkspaceData(graphene.ObjectType):
    """What the sign-in page of a workspace shows to everybody."""

    id = UUID(required=True)
    auth_providers = graphene.Field(AuthProviders, required=True)
    auth_bypass_providers = graphene.Field(AuthBypassProviders)
    logo = graphene.String()
    display_name = graphene.String()
    workspace_urls = graphene.Field(WorkspaceUrls, required=True)

    def resolve_auth_providers(root: data_model.Workspace, info: Info) -> dict[str, object]:
        no = dict.fromkeys(("google", "magic_link", "microsoft"), False)
        return {"sso": [], **no, "password": root.is_password_auth_enabled}

    def resolve_auth_bypass_providers(root: data_model.Workspace, info: Info) -> None:
        return None

    def resolve_logo(root: data_model.Workspace, info: Info) -> str | None:
        return logo_url(root)

    def resolve_workspace_urls(root: data_model.Workspace, info: Info) -> dict[str, str | None]:
        return urls_of(root)


class Query:
    get_public_workspace_data_by_domain = graphene.Field(
        PublicWorkspaceData, required=True, origin=graphene.String(description="The address of the client's page")
    )

    def resolve_get_public_workspace_data_by_domain(
        root: object, info: Info, origin: str | None = None
    ) -> data_model.Workspace:
        return member_tokens.public_workspace(origin)


class Mutation:
    get_login_token_from_credentials = graphene.Field(
        LoginToken,
        required=True,
        description="Sign in: the token is given to getAuthTokensFromLoginToken",
        email=graphene.String(required=True),
        password=graphene.String(required=True),
        origin=graphene.String(required=True),
        captcha_token=graphene.String(),
        locale=graphene.String(),
        verify_email_redirect_path=graphene.String(),
    )
    get_auth_tokens_from_login_token = graphene.Field(
        AuthTokens,
        required=True,
        description="The access token acts as the member over all four APIs",
        login_token=graphene.String(required=True),
        origin=graphene.String(required=True),
    )
    renew_token = graphene.Field(
        AuthTokens,
        required=True,
        description="New tokens for a refresh token",
        app_token=graphene.String(required=True),
    )

    def resolve_get_login_token_from_credentials(
        root: object, info: Info, email: str, password: str, origin: str, **_: object
    ) -> dict[str, IssuedToken]:
        _once(info.context)
        if info.context.META.get(IN_PASSWORD_LANE) is False:  # the web server did not see what was asked
            raise BadRequest("getLoginTokenFromCredentials must stand in the body as it is spelt, and not compressed")
        if len(password) > LONGEST_PASSWORD or "\x00" in email + password:
            raise BadRequest("email and password must be texts that a password form takes", path="password")
        token = member_tokens.login_token(info.context, email=email, password=password, origin=origin)
        return {"login_token": token}

    def resolve_get_auth_tokens_from_login_token(
        root: object, info: Info, login_token: str, origin: str
    ) -> dict[str, object]:
        _once(info.context)
        return _tokens(member_tokens.tokens_of_login(info.context, login_token))

    def resolve_renew_token(root: object, info: Info, app_token: str) -> dict[str, object]:
        _once(info.context)
        return _tokens(member_tokens.renewed_tokens(info.context, app_token))


def _tokens(pair: TokenPair) -> dict[str, object]:
    return {"tokens": {"access_or_workspace_agnostic_token": pair.access, "refresh_token": pair.refresh}}


def _once(request: HttpRequest) -> None:
    """One document signs in once, so that aliases cannot make a request of twenty passwords."""
    if getattr(request, "has_signed_in", False):
        raise BadRequest("One request can sign in once")
    request.has_signed_in = True  # type: ignore[attr-defined]
