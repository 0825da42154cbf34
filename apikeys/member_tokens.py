"""Signing in over the API: a password becomes a login token, that one an access and a refresh token.

All of them bear the member's stamp, so that signing out and another password end them. None is stored; of a refresh
token that was given for new ones it is kept that it was.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate as check_password
from django.http import HttpRequest
from django.utils import timezone

from apikeys import keys, signing_keys
from apikeys.activity.sessions import note_of_user
from apikeys.authentication import NO_MEMBER, principal_of_member_id
from apikeys.models import Member, RenewedToken
from apikeys.services.members import member_tokens_end, stamp_of_member
from apikeys.services.tokens import IssuedToken
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
    note_of_user("session.begun", user.pk, workspace.id)
    return _issued(keys.LOGIN, workspace.id, members[workspace.id].id, settings.LOGIN_TOKEN_LIFETIME_S)


def tokens_of_login(request: HttpRequest, token: str) -> TokenPair:
    """The tokens that a login token is given for. Raises RateLimited, Unauthenticated, TokenRefused."""
    return _pair(request, token, keys.LOGIN)


def renewed_tokens(request: HttpRequest, token: str) -> TokenPair:
    """New tokens for a refresh token, which is good for once. Raises RateLimited, Unauthenticated, TokenRefused.

    A client whose answer was lost, and one with two windows, may give it again within REFRESH_TOKEN_GRACE_S. Later it
    was in two hands, and nobody knows in which last: every token of the member ends (RFC 9700 §4.14.2).
    """
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
    if kind == keys.REFRESH:
        _use(token.id or hashlib.sha256(text.rpartition(".")[0].encode()).hexdigest(), member_id)
    return TokenPair(
        _issued(keys.ACCESS, token.workspace_id, member_id, settings.ACCESS_TOKEN_LIFETIME_S),
        _issued(keys.REFRESH, token.workspace_id, member_id, settings.REFRESH_TOKEN_LIFETIME_S),
    )


def _use(token_id: str, member_id: UUID) -> None:
    now = timezone.now()
    RenewedToken.objects.filter(expires_at__lt=now).delete()
    expires_at = now + timedelta(seconds=settings.REFRESH_TOKEN_LIFETIME_S)
    used, is_first = RenewedToken.objects.get_or_create(
        id=token_id, defaults={"member_id": member_id, "renewed_at": now, "expires_at": expires_at}
    )
    if not is_first and now - used.renewed_at > timedelta(seconds=settings.REFRESH_TOKEN_GRACE_S):
        member_tokens_end(Member.objects.values_list("user_id", flat=True).get(id=member_id))
        raise TokenRefused("This refresh token was used before, so every token of its member has ended")


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
