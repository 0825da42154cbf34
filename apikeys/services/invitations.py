"""Invitations: an admin names a person and a role, the person opens a link and is a member.

The link's token is random and known to nobody but who was given the link; the database keeps its digest. It works
once, for LIFETIME. Whoever invites gives a role within their own rights; a role that is deleted takes its invitations
along.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from apikeys.keys import digest
from apikeys.models import Invitation, Member, Role
from apikeys.services.granting import excess_of, permissions_of
from apikeys.services.inputs import email_of
from apikeys.services.members import member_create
from apikeys.services.roles import roles_of
from config import audit
from config.errors import BadRequest, NotFound
from config.http.rights import require
from config.principal import Principal
from metadata.models import Workspace

LIFETIME = timedelta(days=7)
FLAG = "WORKSPACE_MEMBERS"


def givable_roles(principal: Principal) -> list[Role]:
    """Roles for people that lie within the caller's own rights."""
    require(principal, FLAG, "ROLES")
    return [
        each
        for each in roles_of(principal.workspace_id)
        if each.can_be_assigned_to_users and excess_of(principal, permissions_of(each)) is None
    ]


def invitation_list(principal: Principal) -> list[Invitation]:
    """Those that can still be used, newest first."""
    require(principal, FLAG)
    open_ones = Invitation.objects.filter(workspace_id=principal.workspace_id, expires_at__gt=timezone.now())
    return list(open_ones.select_related("role"))


@transaction.atomic
def invitation_create(principal: Principal, *, email: str, role_id: UUID) -> tuple[Invitation, str]:
    """The invitation, and the token of its link, which cannot be had again. An earlier one of the person ends."""
    require(principal, FLAG)
    email = email_of(email)
    role = next((each for each in givable_roles(principal) if each.id == role_id), None)
    if role is None:
        raise NotFound("Role not found", path="role")
    if Member.objects.filter(workspace_id=principal.workspace_id, user__username=email).exists():
        raise BadRequest(f"{email} is already a member of this workspace", path="email")
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    Invitation.objects.filter(workspace_id=principal.workspace_id, email=email).delete()
    invitation = Invitation.objects.create(
        workspace_id=principal.workspace_id,
        email=email,
        role=role,
        digest=digest(settings.SECRET_KEY, token),
        created_by_name=principal.name[:255],
        created_at=now,
        expires_at=now + LIFETIME,
    )
    facts = {"email": email, "role": role.label, "expiresAt": invitation.expires_at}
    _note(principal, "invitation.created", invitation, after=facts)
    return invitation, token


def _note(principal: Principal, act: str, invitation: Invitation, **facts: audit.Facts) -> None:
    id, name = invitation.id, invitation.email
    audit.note(invitation.workspace_id, act, subject_id=id, name=name, by=principal, **facts)


@transaction.atomic
def invitation_end(principal: Principal, *, invitation_id: UUID) -> None:
    """Withdraw it: its link is void."""
    require(principal, FLAG)
    found = Invitation.objects.select_for_update(of=("self",)).select_related("role")
    invitation = found.filter(workspace_id=principal.workspace_id, id=invitation_id).first()
    if invitation is None:
        raise NotFound("Invitation not found")
    before = {"email": invitation.email, "role": invitation.role.label}
    _note(principal, "invitation.deleted", invitation, before=before)
    invitation.delete()


def invitation_of(token: str) -> tuple[Invitation, Workspace] | None:
    """What a link stands for; None for one that never was, was used, was withdrawn or has expired."""
    found = (
        Invitation.objects.select_related("role")
        .filter(digest=digest(settings.SECRET_KEY, token), expires_at__gt=timezone.now())
        .first()
        if token
        else None
    )
    workspace = Workspace.objects.filter(id=found.workspace_id, deleted_at=None).first() if found else None
    return None if found is None or workspace is None else (found, workspace)


@transaction.atomic
def invitation_accept(
    invitation: Invitation, workspace: Workspace, *, password: str | None, first_name: str = "", last_name: str = ""
) -> Member:
    """Make the person a member and use the invitation up. `password` is for somebody new on this server.

    Raises NotFound when the link was used or withdrawn in the meantime.
    """
    if not Invitation.objects.filter(id=invitation.id).delete()[0]:
        raise NotFound("Invitation not found")
    known = user_of(invitation)
    return member_create(
        workspace=workspace,
        email=invitation.email,
        password=password,
        first_name=first_name if known is None else known.first_name,
        last_name=last_name if known is None else known.last_name,
        role=invitation.role,
        is_joining=True,
    )


def user_of(invitation: Invitation) -> User | None:
    """The person invited, when they sign in to this server already."""
    return User.objects.filter(username=invitation.email).first()
