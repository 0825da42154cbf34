"""The writers of roles; who may hold which."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apikeys import refusals
from apikeys.activity import subjects
from apikeys.models import Member, Role
from apikeys.roles import (
    ASSIGNABLE,
    RIGHTS,
)
from apikeys.services.granting import inherit_restrictions, note_restrictions, refuse_excess
from apikeys.services.inputs import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, name_of, text_of
from config.errors import (
    BadRequest,
    Forbidden,
    InvalidInput,
    InvalidMetadataInput,
    NotFound,
)
from config.http.rights import require
from config.principal import Principal
from config.roles import tell_role_changed
from metadata.models import Workspace

_WRITE_RIGHTS = ("can_update", "can_soft_delete", "can_destroy")

_ROLE_MEMBERS: Mapping[str, str] = {
    "label": "label",
    "description": "description",
    "icon": "icon",
    **RIGHTS,
    **ASSIGNABLE,
}


def default_role_check(principal: Principal, role_id: UUID) -> None:
    """Refuse what cannot be the role of new members: another workspace's, one for keys, one above the caller."""
    role = role_get(principal, role_id)
    refuse_unassignable(role, "defaultRoleId")
    refuse_excess(principal, role)


def refuse_unassignable(role: Role, path: str | None = None) -> None:
    if not role.can_be_assigned_to_users:
        message = f'Role "{role.label}" cannot be assigned to members'
        raise InvalidMetadataInput(message, sub_code="ROLE_NOT_ASSIGNABLE", path=path)


def roles_of(workspace_id: UUID) -> QuerySet[Role]:
    return Role.objects.filter(workspace_id=workspace_id).prefetch_related("object_permissions", "field_permissions")


def role_list(principal: Principal) -> list[Role]:
    require(principal, "ROLES")
    return list(roles_of(principal.workspace_id))


def role_get(principal: Principal, role_id: UUID) -> Role:
    role = roles_of(principal.workspace_id).filter(id=role_id).first()
    if role is None:
        raise NotFound("Role not found")
    return role


@transaction.atomic
def role_create(principal: Principal, *, values: Mapping[str, object], role_id: UUID | None = None) -> Role:
    """A role from its API members (`label` required); rights that are not named are not given."""
    require(principal, "ROLES")
    if role_id is not None and Role.objects.filter(id=role_id).exists():
        raise BadRequest("A role with this id already exists", path="id")
    role = Role(workspace_id=principal.workspace_id, **({"id": role_id} if role_id else {}))
    _role_save(principal, role, {"label": None, **values})
    subjects.note(principal, "role.created", role)
    return role


@transaction.atomic
def role_update(principal: Principal, *, role_id: UUID, values: Mapping[str, object]) -> Role:
    """Change the API members that are named; null leaves a switch as it is."""
    require(principal, "ROLES")
    role = editable_role(principal, role_id)
    before = subjects.facts_of(role)
    _role_save(principal, role, values)
    subjects.note(principal, "role.updated", role, before)
    return role_get(principal, role_id)


@transaction.atomic
def role_delete(principal: Principal, *, role_id: UUID) -> UUID:
    """Delete a role: its members fall back to the default role, its keys stop working.

    Nobody is lifted by that beyond the caller, and nobody deletes their own role.
    """
    require(principal, "ROLES")
    workspace = Workspace.objects.select_for_update(of=("self",)).get(id=principal.workspace_id)
    role = editable_role(principal, role_id)
    if workspace.default_role_id == role.id:
        raise Forbidden("Default role cannot be deleted")
    if principal.role_id == role.id:
        raise Forbidden("Cannot update self role")
    if Member.objects.filter(role=role).exists():
        default = role_get(principal, workspace.default_role_id) if workspace.default_role_id else None
        if default is None or not default.is_editable or not default.can_be_assigned_to_users:
            raise Forbidden("Role has members and the workspace has no default role to move them to")
        refuse_excess(principal, default)
        moved = [
            (each, subjects.facts_of(each)) for each in Member.objects.filter(role=role).select_related("role", "user")
        ]
        Member.objects.filter(role=role).update(role=default)
        for member, before in moved:
            member.role = default
            subjects.note(principal, "member.updated", member, before)
    subjects.note(principal, "role.deleted", role, subjects.facts_of(role), is_gone=True)
    role.delete()
    tell_role_changed(principal.workspace_id, role_id)
    return role_id


def editable_role(principal: Principal, role_id: UUID) -> Role:
    """The role, locked for this transaction, which must lie within the caller's rights already."""
    role = Role.objects.select_for_update().filter(workspace_id=principal.workspace_id, id=role_id).first()
    if role is None:
        raise NotFound("Role not found")
    if not role.is_editable:
        raise refusals.not_editable(role)
    refuse_excess(principal, role)
    return role


def _role_save(principal: Principal, role: Role, values: Mapping[str, object]) -> None:
    for member, value in values.items():
        column = _ROLE_MEMBERS.get(member)
        if column is None:
            raise BadRequest(f'Role has no "{member}" property', path=member)
        if member == "label":
            value = name_of(value, "label")
        elif member in RIGHTS or member in ASSIGNABLE:
            if value is None:
                continue
            if not isinstance(value, bool):
                raise InvalidInput([f"{member} must be a boolean value"])
        elif value is not None:
            value = text_of(value, member, MAX_NAME_LENGTH if member == "icon" else MAX_DESCRIPTION_LENGTH)
        setattr(role, column, value)
    if not any(getattr(role, column) for column in ASSIGNABLE.values()):
        raise InvalidMetadataInput(
            "Role must be assignable to at least one target type", sub_code="ROLE_MUST_HAVE_AT_LEAST_ONE_TARGET"
        )
    if not role.can_be_assigned_to_users and Workspace.objects.filter(default_role_id=role.id).exists():
        raise InvalidMetadataInput(
            "The default role must be assignable to members",
            sub_code="ROLE_NOT_ASSIGNABLE",
            path="canBeAssignedToUsers",
        )
    writes = ("can_update", "can_soft_delete", "can_destroy")
    if not role.can_read_all_object_records and any(getattr(role, f"{each}_all_object_records") for each in writes):
        raise refusals.writes_without_reading(role)
    taken = Role.objects.filter(workspace_id=role.workspace_id, label=role.label).exclude(id=role.id)
    if taken.exists():
        raise refusals.label_taken(role)
    role_bump(role)
    check_override_reads(role)
    inherit_restrictions(principal, role)
    refuse_excess(principal, role)


def role_bump(role: Role) -> None:
    """Save the role as its next version, with what its restrictions amount to."""
    if role._state.adding:
        role.save(force_insert=True)
        return
    note_restrictions(role)
    role.version += 1
    role.save()
    tell_role_changed(role.workspace_id, role.id)


def check_override_reads(role: Role) -> None:
    """Writing an object needs reading it, whichever of the two says so."""
    for permission in role.object_permissions.all():
        reads = role.can_read_all_object_records if permission.can_read is None else permission.can_read
        if not reads and any(getattr(permission, each) for each in _WRITE_RIGHTS):
            raise refusals.writes_unreadable(role, permission.object_metadata_id)
