"""The writers of members, and the end of their tokens."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string

from apikeys.activity import subjects
from apikeys.models import Member, Role
from apikeys.services.granting import refuse_excess
from apikeys.services.inputs import check_person_name, email_of
from apikeys.services.roles import refuse_unassignable, role_get, roles_of
from config import audit
from config.errors import (
    BadRequest,
    Forbidden,
    NotFound,
)
from config.http.rights import require
from config.principal import Principal
from metadata.models import Workspace


@transaction.atomic
def member_create(
    *,
    workspace: Workspace,
    email: str,
    password: str | None,
    first_name: str = "",
    last_name: str = "",
    role: Role | None = None,
    member_record_id: UUID | None = None,
    is_joining: bool = False,
) -> Member:
    """Let a person sign in to this workspace, with `role` or its default role.

    A person who already signs in to another workspace keeps their password and names. `is_joining` says that they
    follow an invitation, and so let themselves in.
    """
    email = email_of(email)
    for path, text in (("firstName", first_name), ("lastName", last_name)):
        check_person_name(text, path)
    if role is None and workspace.default_role_id is not None:
        role = roles_of(workspace.id).filter(id=workspace.default_role_id).first()
    if role is None or role.workspace_id != workspace.id:
        raise NotFound("Role not found", path="role")
    refuse_unassignable(role, "role")
    user = User.objects.filter(username=email).first()
    if user is None:
        if not password:
            raise BadRequest("A new member needs a password", path="password")
        user = User.objects.create_user(email, email, password, first_name=first_name, last_name=last_name)
    if Member.objects.filter(workspace_id=workspace.id, user=user).exists():
        raise BadRequest(f"{email} is already a member of this workspace", path="email")
    if member_record_id is None:
        make_record = import_string(settings.MEMBER_RECORD)
        member_record_id = make_record(
            workspace, user_id=user.pk, email=email, first_name=first_name, last_name=last_name
        )
    member = Member.objects.create(workspace_id=workspace.id, user=user, role=role, member_record_id=member_record_id)
    if is_joining:
        by, facts = subjects.as_principal(member), subjects.facts_of(member)
        audit.note(workspace.id, "member.joined", subject_id=member.id, after=facts, by=by)
    else:
        subjects.note(None, "member.created", member)
    return member


@transaction.atomic
def member_set_role(principal: Principal, *, member_id: UUID, role_id: UUID) -> Member:
    """Give a member (by id, or by that of their record) another role.

    Nobody changes their own role, and one admin always stays.
    """
    require(principal, "ROLES")
    member = _member(principal, member_id)
    if principal.user_id == member.id:
        raise Forbidden("Cannot update self role")
    refuse_excess(principal, member.role)
    role = role_get(principal, role_id)
    refuse_excess(principal, role)
    refuse_unassignable(role)
    if role.is_editable:
        _refuse_last_admin(member)
    before = subjects.facts_of(member)
    member.role = role
    member.save(update_fields=["role"])
    subjects.note(principal, "member.updated", member, before)
    return member


@transaction.atomic
def member_remove(principal: Principal, *, member_id: UUID) -> Member:
    """End someone's membership (by id, or by that of their record), which takes every right that they have.

    Their record is soft-deleted, and they are asked for a sign-in no more; one admin always stays.
    """
    require(principal, "WORKSPACE_MEMBERS")
    member = _member(principal, member_id)
    refuse_excess(principal, member.role)
    _refuse_last_admin(member)
    gone = Member(id=member.id, workspace_id=member.workspace_id, user=member.user, role=member.role)
    if member.member_record_id is not None:
        workspace = Workspace.objects.get(id=principal.workspace_id)
        import_string(settings.MEMBER_RECORD_GONE)(workspace, member.member_record_id)
    subjects.note(principal, "member.deleted", member, subjects.facts_of(member), is_gone=True)
    member.delete()
    return gone


def _member(principal: Principal, member_id: UUID) -> Member:
    """The member, locked for this transaction."""
    member = (
        Member.objects.select_for_update(of=("self",))
        .select_related("role", "user")
        .filter(Q(id=member_id) | Q(member_record_id=member_id), workspace_id=principal.workspace_id)
        .first()
    )
    if member is None:
        raise NotFound("Member not found")
    return member


def _refuse_last_admin(member: Member) -> None:
    if member.role.is_editable:
        return
    # Locking the Admin role makes two such changes wait for each other.
    Role.objects.select_for_update().get(id=member.role_id)
    if not Member.objects.filter(role_id=member.role_id).exclude(id=member.id).exists():
        raise Forbidden("Cannot unassign admin role from last admin of the workspace")


def stamp_of_member(member_id: UUID) -> str:
    """What a member's console tokens must bear (see MEMBER_STATEMENT): another after they sign out, and with another
    password. 32 hex characters."""
    password, generation = Member.objects.values_list("user__password", "token_generation").get(id=member_id)
    return hashlib.sha256(f"{password}:{generation}".encode()).hexdigest()[:32]


def member_tokens_end(user_id: int) -> None:
    """End the console tokens of a person, in every workspace."""
    Member.objects.filter(user_id=user_id).update(token_generation=F("token_generation") + 1)
