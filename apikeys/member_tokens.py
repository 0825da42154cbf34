"""Signing in over the API: a password becomes a login token, that one an access and a refresh token.

All of them bear the member's stamp, so that signing out and another password end them. None is stored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate as check_password
from django.http import HttpRequest

from apikeys import keys, signing_keys
from apikeys.authentication import NO_MEMBER, principal_of_member_id
from apikeys.models import Member
from apikeys.services import IssuedToken, stamp_of_member
from apikeys.sign_in import admit, admit_token
from config.errors import Forbidden, NotFound, TokenRefused
from metadata.models import Workspace


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: IssuedToken
    refresh: IssuedToken


def login_token(request: HttpRequest, *, email: str, password: str, origin: str) -> IssuedToken:
    """A token for whoever knows the password, in the workspace that `origin` names or else their first one.

    Raises RateLimited, Forbidden.
    """
    admit(request, email)
    user = check_password(request, username=email.strip().lower(), password=password)
    if user is None:
        raise Forbidden("E-mail or password is wrong.")
    members = {each.workspace_id: each for each in Member.objects.filter(user_id=user.pk)}  # oldest first
    living = {each.id: each for each in Workspace.objects.filter(id__in=members, deleted_at=None)}
    workspaces = [living[each] for each in members if each in living]
    if not workspaces:
        raise Forbidden(NO_MEMBER)
    workspace = _named_by(origin, workspaces) or workspaces[0]
    if not workspace.is_password_auth_enabled:
        raise Forbidden("Password authentication is not enabled for this workspace")
    return _issued(keys.LOGIN, workspace.id, members[workspace.id].id, settings.LOGIN_TOKEN_LIFETIME_S)


def tokens_of_login(request: HttpRequest, token: str) -> TokenPair:
    """The tokens that a login token is given for. Raises RateLimited, Unauthenticated, TokenRefused."""
    return _pair(request, token, keys.LOGIN)


def renewed_tokens(request: HttpRequest, token: str) -> TokenPair:
    """New tokens for a refresh token. Raises RateLimited, Unauthenticated, TokenRefused."""
    return _pair(request, token, keys.REFRESH)


def public_workspace(origin: str | None) -> Workspace:
    """The workspace that an address names, or the server's only one. Raises NotFound."""
    living = list(Workspace.objects.filter(deleted_at=None).order_by("created_at")[:2])
    found = _by_host(origin)
    if found is None and len(living) == 1:
        [found] = living
    if found is None:
        raise NotFound("Workspace not found")
    return found


def _by_host(origin: str | None) -> Workspace | None:
    host = _host(origin)
    if host is None:
        return None
    living = Workspace.objects.filter(deleted_at=None)
    return living.filter(custom_domain=host).first() or living.filter(subdomain=host.partition(".")[0]).first()


def _named_by(origin: str, workspaces: Sequence[Workspace]) -> Workspace | None:
    host = _host(origin)
    if host is None:
        return None
    for each in workspaces:
        if host == each.custom_domain or host.partition(".")[0] == each.subdomain:
            return each
    return None


def _host(origin: str | None) -> str | None:
    """
    >>> _host("https://Acme.crm.example:8443/x"), _host("acme.crm.example"), _host("https://["), _host(None)
    ('acme.crm.example', 'acme.crm.example', None, None)
    """
    if not origin:
        return None
    try:
        return urlsplit(origin if "//" in origin else f"//{origin}").hostname
    except ValueError:
        return None


def _pair(request: HttpRequest, text: str, kind: str) -> TokenPair:
    admit_token(request)
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEYS_OLD)
    token = keys.verify(secrets, text, time.time(), frozenset((kind,)))
    try:
        member_id = UUID(token.subject)
    except ValueError:
        raise TokenRefused(NO_MEMBER) from None
    principal_of_member_id(token.workspace_id, member_id, token)  # still a member, and signed out never since
    return TokenPair(
        _issued(keys.ACCESS, token.workspace_id, member_id, settings.ACCESS_TOKEN_LIFETIME_S),
        _issued(keys.REFRESH, token.workspace_id, member_id, settings.REFRESH_TOKEN_LIFETIME_S),
    )


def _issued(kind: str, workspace_id: UUID, member_id: UUID, lifetime_s: int) -> IssuedToken:
    now = int(time.time())
    text = keys.make_member_token(
        settings.SECRET_KEY,
        kind,
        workspace_id=workspace_id,
        member_id=member_id,
        stamp=stamp_of_member(member_id),
        issued_at=now,
        expires_at=now + lifetime_s,
        kid=signing_keys.current_kid(),
    )
    return IssuedToken(text, datetime.fromtimestamp(now + lifetime_s, UTC))
