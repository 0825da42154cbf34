"""Links by which somebody sets another password: asked for at the sign-in page, or made for them.

A link's token is random, works once, for PASSWORD_RESET_LIFETIME_S, and only its digest is kept. Using it ends every
sign-in of the account and all its other links. Who asks at the sign-in page learns nothing of the account: the link
goes to its address, and all that depends on it happens after the answer.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from apikeys.activity import subjects
from apikeys.activity.sessions import SOMEBODY, note_about_user, note_of_user
from apikeys.keys import digest
from apikeys.models import Member, PasswordReset
from apikeys.services.granting import refuse_excess
from apikeys.services.sessions import sessions_end
from config import mail
from config.errors import Forbidden, NotFound
from config.http.rights import require
from config.http.server_url import server_url
from config.principal import Principal

FLAG = "WORKSPACE_MEMBERS"
MOST_BY_MAIL = 5  # open links of one account: further ones are not sent
NOT_YOURS = "This account is not of this workspace alone, so only an operator of the server can make a link for it"


def link_of(token: str) -> str:
    return f"{server_url()}/settings/reset?{urlencode({'token': token})}"


def reset_asked(email: str) -> None:
    """Mail a link to the account with that address, if there is one that can sign in."""
    user = User.objects.filter(username=email.strip().lower(), is_active=True).first()
    if user is None:
        return
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two that ask at once are counted one after the other
        open_ones = PasswordReset.objects.filter(user=user, is_by_mail=True, expires_at__gt=timezone.now())
        if open_ones.count() >= MOST_BY_MAIL:
            return
        token = _made(user, is_by_mail=True)
        note_about_user("session.resetAsked", user.pk, SOMEBODY)
    _mail(user, token)


def reset_link(principal: Principal, *, member_id: UUID, is_operator: bool = False) -> tuple[Member, str]:
    """A link for a member, to be given to them by whoever asks, who could use it: so they must have every right that
    the account has. That of a member of other workspaces, or of an operator, is for operators."""
    member = _member(principal, member_id)
    if not is_operator:
        refuse_excess(principal, member.role)
        elsewhere = Member.objects.filter(user=member.user).exclude(workspace_id=principal.workspace_id)
        if member.user.is_staff or member.user.is_superuser or elsewhere.exists():
            raise Forbidden(NOT_YOURS)
    with transaction.atomic():
        token = _made(member.user, is_by_mail=False)
        subjects.note(principal, "member.resetLinkMade", member)
    return member, token


def reset_mail(principal: Principal, *, member_id: UUID) -> Member:
    """Mail a link to a member, to nobody else's knowledge."""
    member = _member(principal, member_id)
    with transaction.atomic():
        token = _made(member.user, is_by_mail=False)
        subjects.note(principal, "member.resetLinkMade", member)
    mail.later(lambda: _mail(member.user, token))
    return member


def reset_link_for(user: User, by: str) -> str:
    """A link for any account, by whoever runs the server."""
    with transaction.atomic():
        token = _made(user, is_by_mail=False)
        note_about_user("member.resetLinkMade", user.pk, by)
    return link_of(token)


def reset_of(token: str) -> PasswordReset | None:
    """What a link stands for; None for one that never was, was used, is too old, or whose account is closed."""
    if not token:
        return None
    found = PasswordReset.objects.select_related("user").filter(digest=digest(settings.SECRET_KEY, token))
    return found.filter(expires_at__gt=timezone.now(), user__is_active=True).first()


@transaction.atomic
def reset_use(reset: PasswordReset, password: str) -> None:
    """Set the password, and end every sign-in and every other link. Raises NotFound when it was used meanwhile."""
    if not PasswordReset.objects.filter(id=reset.id).delete()[0]:
        raise NotFound("Link not found")
    user = User.objects.select_for_update().get(pk=reset.user_id)
    user.set_password(password)
    user.save(update_fields=["password"])
    PasswordReset.objects.filter(user=user).delete()
    sessions_end(user.pk)
    note_of_user("session.passwordReset", user.pk)


def resets_sweep() -> int:
    """Delete the links that are too old; how many."""
    return PasswordReset.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def lifetime_in_words() -> str:
    minutes = settings.PASSWORD_RESET_LIFETIME_S // 60
    if minutes >= 120:
        return ngettext("%d hour", "%d hours", minutes // 60) % (minutes // 60)
    return ngettext("%d minute", "%d minutes", minutes) % minutes


def _made(user: User, *, is_by_mail: bool) -> str:
    token, now = secrets.token_urlsafe(32), timezone.now()
    PasswordReset.objects.create(
        user=user,
        digest=digest(settings.SECRET_KEY, token),
        is_by_mail=is_by_mail,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.PASSWORD_RESET_LIFETIME_S),
    )
    return token


def _mail(user: User, token: str) -> None:
    asked = gettext("Somebody asked for another password for your account at %s.") % settings.SERVER_URL
    here = gettext("Set it here, within %s:") % lifetime_in_words()
    unasked = gettext("If it was not you, nothing has changed and you need not do anything.")
    text = f"{asked}\n\n{here}\n{link_of(token)}\n\n{unasked}\n"
    mail.send(user.email or user.username, gettext("Set another password"), text)


def _member(principal: Principal, member_id: UUID) -> Member:
    require(principal, FLAG)
    found = Member.objects.select_related("role", "user").filter(id=member_id, workspace_id=principal.workspace_id)
    member = found.first()
    if member is None:
        raise NotFound("Member not found")
    return member
