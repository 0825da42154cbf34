"""The only writers of roles, members and API keys. Each function is one transaction.

Callers pass the principal that acts; `SYSTEM` of a workspace acts for the command line. A refusal
raises an error of config.errors and leaves nothing behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.module_loading import import_string

from apikeys import keys, refusals, signing_keys
from apikeys.activity import subjects
from apikeys.models import ApiKey, ApiKeyToken, FieldPermission, Invitation, Member, ObjectPermission, Role
from apikeys.roles import (
    ASSIGNABLE,
    FIELD_RIGHTS,
    OBJECT_RIGHTS,
    RIGHTS,
    VERBS,
    Reach,
    compile_permissions,
    excess,
    lacking_restrictions,
)
from config import audit
from config.errors import (
    BadRequest,
    Forbidden,
    InvalidMetadataInput,
    NotFound,
    TokenRefused,
)
from config.http.rights import lacking, require
from config.principal import FLAGS, Permissions, Principal, system
from config.roles import tell_role_changed
from config.texts import is_blank, refuse_nul
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.validation import InvalidInput

FLAG = "API_KEYS_AND_WEBHOOKS"
ADMIN_LABEL = "Admin"
MEMBER_LABEL = "Member"
NEVER = timedelta(days=36_525)  # "never expires" is stored as a hundred years
MAX_NAME_LENGTH = 255
RATES: Mapping[str, str] = {  # API name → column, of a key and of a principal
    "maxRequestsPerSecond": "max_requests_per_second",
    "maxRequestsPerMinute": "max_requests_per_minute",
}
MAX_RATE = 1_000_000_000

_WRITE_RIGHTS = ("can_update", "can_soft_delete", "can_destroy")
_ROLE_MEMBERS: Mapping[str, str] = {
    "label": "label",
    "description": "description",
    "icon": "icon",
    **RIGHTS,
    **ASSIGNABLE,
}


# Workspaces and members ------------------------------------------------------------------------------


def system_principal(workspace: Workspace) -> Principal:
    """Whoever runs the server's command line: every right in this workspace."""
    return system(workspace.ref())


def workspace_created(workspace: Workspace, empty: bool) -> None:
    """Give a new workspace its Admin and Member roles; Member is the default role."""
    with transaction.atomic():
        Role.objects.create(
            workspace_id=workspace.id,
            label=ADMIN_LABEL,
            description="Every right; cannot be edited",
            icon="IconUserCog",
            is_editable=False,
            can_be_assigned_to_agents=False,
            **dict.fromkeys(RIGHTS.values(), True),
        )
        member = Role.objects.create(
            workspace_id=workspace.id,
            label=MEMBER_LABEL,
            description="All records, no settings",
            icon="IconUser",
            can_be_assigned_to_agents=False,
            **{column: column != "can_update_all_settings" for column in RIGHTS.values()},
        )
        workspace.default_role_id = member.id
        Workspace.objects.filter(id=workspace.id).update(default_role_id=member.id)


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
    email = email.strip().lower()
    for path, text in (("firstName", first_name), ("lastName", last_name)):
        refuse_nul(text, path)
        if text and is_blank(text):
            raise InvalidInput([f"{path} must have a visible character"])
    try:
        validate_email(email)
    except ValidationError:
        raise BadRequest(f'"{email}" is not an e-mail address', path="email") from None
    if role is None and workspace.default_role_id is not None:
        role = roles_of(workspace.id).filter(id=workspace.default_role_id).first()
    if role is None or role.workspace_id != workspace.id:
        raise NotFound("Role not found", path="role")
    _refuse_unassignable(role, "role")
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
    _refuse_excess(principal, member.role)
    role = role_get(principal, role_id)
    _refuse_excess(principal, role)
    _refuse_unassignable(role)
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
    _refuse_excess(principal, member.role)
    _refuse_last_admin(member)
    gone = Member(id=member.id, workspace_id=member.workspace_id, user=member.user, role=member.role)
    if member.member_record_id is not None:
        workspace = Workspace.objects.get(id=principal.workspace_id)
        import_string(settings.MEMBER_RECORD_GONE)(workspace, member.member_record_id)
    subjects.note(principal, "member.deleted", member, subjects.facts_of(member), is_gone=True)
    member.delete()
    return gone


def workspace_purged(workspace: Workspace) -> None:
    """Remove the keys, members and roles of a workspace that is gone. People stay: they may have another."""
    with transaction.atomic():
        for model in (ApiKey, Invitation, Member, Role):  # roles last: members are held by them
            model.objects.filter(workspace_id=workspace.id).delete()


def default_role_check(principal: Principal, role_id: UUID) -> None:
    """Refuse what cannot be the role of new members: another workspace's, one for keys, one above the caller."""
    role = role_get(principal, role_id)
    _refuse_unassignable(role, "defaultRoleId")
    _refuse_excess(principal, role)


def _refuse_unassignable(role: Role, path: str | None = None) -> None:
    if not role.can_be_assigned_to_users:
        message = f'Role "{role.label}" cannot be assigned to members'
        raise InvalidMetadataInput(message, sub_code="ROLE_NOT_ASSIGNABLE", path=path)


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


# Roles -----------------------------------------------------------------------------------------------


def permissions_of(role: Role) -> Permissions:
    """The compiled rights of a role, read through the ORM."""
    return compile_permissions(
        [getattr(role, column) for column in RIGHTS.values()],
        role.permission_flags,
        [
            (each.object_metadata_id, each.can_read, each.can_update, each.can_soft_delete, each.can_destroy)
            for each in role.object_permissions.all()
        ],
        [(each.field_metadata_id, each.can_read, each.can_update) for each in role.field_permissions.all()],
    )


def roles_of(workspace_id: UUID) -> QuerySet[Role]:
    return Role.objects.filter(workspace_id=workspace_id).prefetch_related("object_permissions", "field_permissions")


def role_list(principal: Principal) -> list[Role]:
    require(principal, "ROLES")
    return list(roles_of(principal.workspace_id))


def roles_for_api_keys(principal: Principal) -> list[Role]:
    """Roles that can be bound to a key; which of them the caller may bind is checked when they do."""
    require(principal, FLAG)
    return list(roles_of(principal.workspace_id).filter(can_be_assigned_to_api_keys=True))


def bindable_roles(principal: Principal) -> list[Role]:
    """Roles for keys that lie within the caller's own rights."""
    return [each for each in roles_for_api_keys(principal) if excess_of(principal, permissions_of(each)) is None]


def role_get(principal: Principal, role_id: UUID) -> Role:
    role = roles_of(principal.workspace_id).filter(id=role_id).first()
    if role is None:
        raise NotFound("Role not found")
    return role


@transaction.atomic
def role_create(principal: Principal, *, values: Mapping[str, Any], role_id: UUID | None = None) -> Role:
    """A role from its API members (`label` required); rights that are not named are not given."""
    require(principal, "ROLES")
    if role_id is not None and Role.objects.filter(id=role_id).exists():
        raise BadRequest("A role with this id already exists", path="id")
    role = Role(workspace_id=principal.workspace_id, **({"id": role_id} if role_id else {}))
    _role_save(principal, role, {"label": None, **values})
    subjects.note(principal, "role.created", role)
    return role


@transaction.atomic
def role_update(principal: Principal, *, role_id: UUID, values: Mapping[str, Any]) -> Role:
    """Change the API members that are named; null leaves a switch as it is."""
    require(principal, "ROLES")
    role = _editable_role(principal, role_id)
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
    role = _editable_role(principal, role_id)
    if workspace.default_role_id == role.id:
        raise Forbidden("Default role cannot be deleted")
    if principal.role_id == role.id:
        raise Forbidden("Cannot update self role")
    if Member.objects.filter(role=role).exists():
        default = role_get(principal, workspace.default_role_id) if workspace.default_role_id else None
        if default is None or not default.is_editable or not default.can_be_assigned_to_users:
            raise Forbidden("Role has members and the workspace has no default role to move them to")
        _refuse_excess(principal, default)
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


def _editable_role(principal: Principal, role_id: UUID) -> Role:
    """The role, locked for this transaction, which must lie within the caller's rights already."""
    role = Role.objects.select_for_update().filter(workspace_id=principal.workspace_id, id=role_id).first()
    if role is None:
        raise NotFound("Role not found")
    if not role.is_editable:
        raise refusals.not_editable(role)
    _refuse_excess(principal, role)
    return role


def _role_save(principal: Principal, role: Role, values: Mapping[str, Any]) -> None:
    for member, value in values.items():
        column = _ROLE_MEMBERS.get(member)
        if column is None:
            raise BadRequest(f'Role has no "{member}" property', path=member)
        if member == "label":
            value = _name(value, "label")
        elif member in RIGHTS or member in ASSIGNABLE:
            if value is None:
                continue
            if not isinstance(value, bool):
                raise InvalidInput([f"{member} must be a boolean value"])
        elif value is not None and not isinstance(value, str):
            raise InvalidInput([f"{member} must be a string"])
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
    _bump(role)
    _check_override_reads(role)
    _inherit_restrictions(principal, role)
    _refuse_excess(principal, role)


def _bump(role: Role) -> None:
    """Save the role as its next version, with what its restrictions amount to."""
    if role._state.adding:
        role.save(force_insert=True)
        return
    _note_restrictions(role)
    role.version += 1
    role.save()
    tell_role_changed(role.workspace_id, role.id)


def _note_restrictions(role: Role) -> None:
    role.is_restricted = role.object_permissions.exists() or role.field_permissions.exists()


def _reach(principal: Principal, wanted: Permissions) -> Reach:
    """The living objects and fields that restrictions of the caller or of `wanted` name."""
    own = principal.permissions
    object_ids = {*wanted.objects, *own.objects}
    field_ids = own.unreadable_fields | own.locked_fields
    objects = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, id__in=object_ids)
    fields = FieldMetadata.objects.select_related("object").filter(
        object__workspace_id=principal.workspace_id, id__in=field_ids
    )
    return Reach(
        {each.id: each for each in objects} if object_ids else {},
        {each.id: each.object for each in fields} if field_ids else {},
    )


def excess_of(principal: Principal, wanted: Permissions) -> str | None:
    if principal.is_system:
        return None
    return excess(wanted, principal.permissions, _reach(principal, wanted))


def _inherit_restrictions(principal: Principal, role: Role, *, of_fields_only: bool = False) -> None:
    """Deny to the role what is denied to the caller, where it would have it otherwise.

    So that who does not see everything can give away what they see. What exceeds the caller's role-wide
    rights or flags is not cut down: that is refused.
    """
    own = principal.permissions
    if principal.is_system or not (own.objects or own.unreadable_fields or own.locked_fields):
        return
    wanted = permissions_of(role)
    objects, hidden, locked = lacking_restrictions(wanted, own, reach := _reach(principal, wanted))
    for object_id, verbs in () if of_fields_only else objects.items():
        permission = role.object_permissions.filter(object_metadata_id=object_id).first()
        permission = permission or ObjectPermission(role=role, object_metadata_id=object_id)
        for verb in VERBS if "read" in verbs else verbs:
            setattr(permission, f"can_{verb}", False)
        permission.save()
    for field_id in {*hidden, *locked}:
        known = role.field_permissions.filter(field_metadata_id=field_id).first()
        restriction = known or FieldPermission(
            role=role, object_metadata_id=reach.fields[field_id].id, field_metadata_id=field_id
        )
        restriction.can_read = False if field_id in hidden else restriction.can_read
        restriction.can_update = False if field_id in locked else restriction.can_update
        restriction.save()
    _note_restrictions(role)
    role.save(update_fields=["is_restricted"])


def _refuse_excess(principal: Principal, role: Role) -> None:
    """No escalation: what a role grants must lie within the rights of whoever grants it."""
    missing = excess_of(principal, permissions_of(role))
    if missing is not None:
        raise lacking(missing, f'The role grants "{missing}", which you do not have.')


@transaction.atomic
def permission_flags_upsert(principal: Principal, *, role_id: UUID, flags: Sequence[str]) -> Role:
    """Replace the role's set of flags."""
    require(principal, "ROLES")
    role = _editable_role(principal, role_id)
    unknown = sorted(set(flags) - FLAGS)
    if unknown:
        raise refusals.unknown_flags(role, unknown)
    before = subjects.facts_of(role)
    role.permission_flags = sorted(set(flags))
    _bump(role)
    _refuse_excess(principal, role)
    subjects.note(principal, "role.updated", role, before)
    return role


@transaction.atomic
def object_permissions_upsert(
    principal: Principal, *, role_id: UUID, items: Sequence[Mapping[str, Any]]
) -> list[ObjectPermission]:
    """Set what a role says of objects: `{objectMetadataId, canReadObjectRecords?, …}`, null inherits.

    A right that is not named keeps its stored answer.
    """
    require(principal, "ROLES")
    role = _editable_role(principal, role_id)
    ids = [as_uuid(each.get("objectMetadataId"), "objectMetadataId") for each in items]
    found = {each.id: each for each in ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, id__in=ids)}
    stored = {each.object_metadata_id: each for each in role.object_permissions.filter(object_metadata_id__in=ids)}
    before = subjects.facts_of(role)
    for object_id, item in zip(ids, items, strict=True):
        described = found.get(object_id)
        if described is None:
            raise NotFound("Object metadata not found")
        permission = stored.setdefault(object_id, ObjectPermission(role=role, object_metadata_id=object_id))
        for member, column in OBJECT_RIGHTS.items():
            if member in item:
                setattr(permission, column, item[member])
    ObjectPermission.objects.bulk_create(
        stored.values(),
        update_conflicts=True,
        unique_fields=["role", "object_metadata_id"],
        update_fields=OBJECT_RIGHTS.values(),
    )
    _check_override_reads(role)
    _inherit_restrictions(principal, role, of_fields_only=True)
    _bump(role)
    _refuse_excess(principal, role)
    subjects.note(principal, "role.updated", role, before)
    return [stored[each] for each in dict.fromkeys(ids)]


def _check_override_reads(role: Role) -> None:
    """Writing an object needs reading it, whichever of the two says so."""
    for permission in role.object_permissions.all():
        reads = role.can_read_all_object_records if permission.can_read is None else permission.can_read
        if not reads and any(getattr(permission, each) for each in _WRITE_RIGHTS):
            raise refusals.writes_unreadable(role, permission.object_metadata_id)


@transaction.atomic
def field_permissions_upsert(
    principal: Principal, *, role_id: UUID, items: Sequence[Mapping[str, Any]]
) -> list[FieldPermission]:
    """Restrict fields: `{objectMetadataId, fieldMetadataId, canReadFieldValue?, canUpdateFieldValue?}`.

    Only false and null are taken; an entry with neither restriction left is removed and not answered.
    """
    require(principal, "ROLES")
    role = _editable_role(principal, role_id)
    permissions = permissions_of(role)
    ids = [as_uuid(each.get("fieldMetadataId"), "fieldMetadataId") for each in items]
    fields = {
        each.id: each
        for each in FieldMetadata.objects.select_related("object").filter(
            object__workspace_id=principal.workspace_id, id__in=ids
        )
    }
    stored = {each.field_metadata_id: each for each in role.field_permissions.filter(field_metadata_id__in=ids)}
    before = subjects.facts_of(role)
    lifted = []
    for field_id, item in zip(ids, items, strict=True):
        field = fields.get(field_id)
        if field is None or field.object_id != as_uuid(item.get("objectMetadataId"), "objectMetadataId"):
            raise NotFound("Field metadata not found")
        if any(item.get(member) for member in FIELD_RIGHTS):
            raise InvalidMetadataInput(
                "Field permission can only introduce a restriction",
                sub_code="ONLY_FIELD_RESTRICTION_ALLOWED",
                path="fieldPermissions",
            )
        known = stored.get(field_id)
        permission = known or FieldPermission(role=role, object_metadata_id=field.object_id, field_metadata_id=field_id)
        for member, column in FIELD_RIGHTS.items():
            if member in item:
                setattr(permission, column, item[member])
        if permission.can_read is None and permission.can_update is None:
            if known is None:
                raise InvalidMetadataInput(
                    "Field permission must restrict reading or updating", sub_code="EMPTY_FIELD_PERMISSION_NOT_ALLOWED"
                )
            lifted.append(field_id)
            del stored[field_id]
            continue
        _check_field_restriction(permissions, field, permission)
        stored[field_id] = permission
    role.field_permissions.filter(field_metadata_id__in=lifted).delete()
    FieldPermission.objects.bulk_create(
        stored.values(),
        update_conflicts=True,
        unique_fields=["role", "field_metadata_id"],
        update_fields=FIELD_RIGHTS.values(),
    )
    _bump(role)
    _refuse_excess(principal, role)
    subjects.note(principal, "role.updated", role, before)
    return [stored[each] for each in dict.fromkeys(ids) if each in stored]


def _check_field_restriction(permissions: Permissions, field: FieldMetadata, permission: FieldPermission) -> None:
    subject = field.object
    if permission.can_read is False and field.name == "id":
        raise InvalidMetadataInput(
            "Field restriction on reading the id is not allowed",
            sub_code="FIELD_RESTRICTION_ON_ID_NOT_ALLOWED",
            path="fieldPermissions",
            hint="Cursors and addresses of records need it. Take the object from the role instead.",
        )
    if not permissions.allows("read", subject):
        raise InvalidMetadataInput(
            "Field restriction only makes sense on a readable object",
            sub_code="FIELD_RESTRICTION_ONLY_ON_READABLE_OBJECT",
        )
    if permission.can_update is False and not permissions.allows("update", subject):
        raise InvalidMetadataInput(
            "Field restriction on update only makes sense on an updatable object",
            sub_code="FIELD_RESTRICTION_ON_UPDATE_ONLY_ON_UPDATABLE_OBJECT",
        )


# API keys --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token's text, to be shown once, and when it stops working; `id` is of its ApiKeyToken, if it has one."""

    token: str
    expires_at: datetime
    id: UUID | None = None


def apikey_list(principal: Principal, *, with_revoked: bool = False) -> list[ApiKey]:
    require(principal, FLAG)
    found = ApiKey.objects.filter(workspace_id=principal.workspace_id).select_related("role")
    return list(found if with_revoked else found.filter(revoked_at=None))


def apikey_get(principal: Principal, key_id: UUID) -> ApiKey | None:
    """The key, a revoked one too; None when this workspace has no such key."""
    require(principal, FLAG)
    return _apikey(principal, key_id)


def _apikey(principal: Principal, key_id: UUID, *, lock: bool = False) -> ApiKey | None:
    found = ApiKey.objects.select_related("role").filter(workspace_id=principal.workspace_id, id=key_id)
    return (found.select_for_update(of=("self",)) if lock else found).first()


@transaction.atomic
def apikey_create(
    principal: Principal,
    *,
    name: str,
    expires_at: str | date | None,
    role_id: UUID | None,
    revoked_at: str | datetime | None = None,
    api_version: str | None = None,
    rates: Mapping[str, Any] | None = None,
) -> ApiKey:
    """A key with exactly one role, which must lie within the caller's rights; no token yet.

    `expires_at` is a date or a moment in the future; None means never. `api_version` defaults to the
    workspace's. `rates` are members of RATES: how often the key may ask.
    """
    require(principal, FLAG)
    require(principal, "ROLES")
    name = _name(name, "name")
    until = expiry(expires_at)
    role = _role_for_key(principal, role_id)
    if api_version is None:
        api_version = Workspace.objects.values_list("default_api_version", flat=True).get(id=principal.workspace_id)
    elif api_version not in ("1", "2"):
        raise InvalidInput(['apiVersion must be "1" or "2"'])
    limits = _rates(principal, rates or {}, dict.fromkeys(RATES.values()))
    member = Member.objects.filter(id=principal.user_id).first() if principal.user_id else None
    key = ApiKey.objects.create(
        workspace_id=principal.workspace_id,
        name=name,
        role=role,
        api_version=api_version,
        expires_at=until,
        revoked_at=moment(revoked_at, "revokedAt") if revoked_at else None,
        created_by_user_id=member.user_id if member else None,
        created_by_name=principal.name[:MAX_NAME_LENGTH],
        **limits,
    )
    subjects.note(principal, "apiKey.created", key)
    return key


@transaction.atomic
def apikey_update(principal: Principal, *, key_id: UUID, values: Mapping[str, Any]) -> ApiKey | None:
    """Change `name`, `expiresAt`, `revokedAt` or members of RATES; None when there is no such key.

    A revoked key stays revoked: an empty or null `revokedAt` is ignored. Who lacks rights that the key has
    may stop it, and change nothing else of it. A key cannot change how often it may ask
    itself.
    """
    require(principal, FLAG)
    key = _apikey(principal, key_id, lock=True)
    if key is None:
        return None
    if values.get("name") is not None or values.get("expiresAt") or values.keys() & RATES.keys():
        _refuse_excess_of_key(principal, key)
    before, was_revoked = subjects.facts_of(key), key.revoked_at is not None
    if values.get("name") is not None:
        key.name = _name(values["name"], "name")
    if values.get("expiresAt"):
        key.expires_at = expiry(values["expiresAt"])
    if values.get("revokedAt"):
        key.revoked_at = key.revoked_at or moment(values["revokedAt"], "revokedAt")
    if values.keys() & RATES.keys():
        if principal.api_key_id == key.id:
            raise Forbidden("Cannot update own rate limits")
        stored = {column: getattr(key, column) for column in RATES.values()}
        for column, limit in _rates(principal, values, stored).items():
            setattr(key, column, limit)
    key.save()
    is_revoked = key.revoked_at is not None and not was_revoked
    subjects.note(principal, "apiKey.revoked" if is_revoked else "apiKey.updated", key, before)
    return key


def _rates(principal: Principal, values: Mapping[str, Any], stored: Mapping[str, int | None]) -> dict[str, int | None]:
    """The limits of a key by column: those in `values`, by their API names, over the stored ones.

    null is the server's limit, 0 is none. A key passes on no wider limits than it has, and passes its own on where
    none are named.
    """
    limits = dict(stored)
    for member, column in RATES.items():
        if member in values:
            limits[column] = _rate(values[member], member)
        if principal.api_key_id is None:
            continue
        own = getattr(principal, column)
        if limits[column] is None and member not in values:
            limits[column] = own
        had, wanted = _in_force(column, own), _in_force(column, limits[column])
        if member in values and had and (not wanted or wanted > had):
            raise Forbidden(f"{member} must not exceed that of the key that asks, {had:g}", path=member)
    return limits


def _rate(value: Any, member: str) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_whole and 0 <= value <= MAX_RATE):
        raise InvalidInput([f"{member} must be an integer from 0 to {MAX_RATE}, or null"])
    return value


def _in_force(column: str, limit: int | None) -> float:
    """What a key's limit amounts to in its window, the server's where it has none of its own; 0 is no limit."""
    if limit is not None:
        return limit
    if column == "max_requests_per_second":
        tokens, window_s = settings.RATE_LIMIT_SHORT
        return float(tokens / window_s)
    tokens, window_s = settings.RATE_LIMIT_LONG
    return float(tokens / window_s * 60)


@transaction.atomic
def apikey_revoke(principal: Principal, *, key_id: UUID) -> ApiKey | None:
    """Stop every token of the key for good; the row stays. None when there is no such key."""
    require(principal, FLAG)
    key = _apikey(principal, key_id, lock=True)
    if key is not None and key.revoked_at is None:
        before = subjects.facts_of(key)
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at", "updated_at"])
        subjects.note(principal, "apiKey.revoked", key, before)
    return key


@transaction.atomic
def apikey_set_enabled(principal: Principal, *, key_id: UUID, enabled: bool) -> ApiKey | None:
    """Pause a key, or let it work again, which takes every right that the key has."""
    require(principal, FLAG)
    key = _apikey(principal, key_id, lock=True)
    if key is not None:
        if enabled:
            _refuse_excess_of_key(principal, key)
        before = subjects.facts_of(key)
        key.enabled = enabled
        key.save(update_fields=["enabled", "updated_at"])
        subjects.note(principal, "apiKey.resumed" if enabled else "apiKey.paused", key, before)
    return key


@transaction.atomic
def apikey_assign_role(principal: Principal, *, key_id: UUID, role_id: UUID) -> ApiKey:
    """Bind another role to a key, within the caller's rights; a key cannot change its own."""
    require(principal, FLAG)
    require(principal, "ROLES")
    key = _apikey(principal, key_id, lock=True)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    if principal.api_key_id == key.id:
        raise Forbidden("Cannot update self role")
    _refuse_excess_of_key(principal, key)
    before = subjects.facts_of(key)
    key.role = _role_for_key(principal, role_id)
    key.save(update_fields=["role", "updated_at"])
    subjects.note(principal, "apiKey.updated", key, before)
    return key


@transaction.atomic
def apikey_token(principal: Principal, *, key_id: UUID, expires_at: str | date | None = None) -> IssuedToken:
    """Issue a token of the key, which ends no later than the key itself.

    Whoever asks must hold every right of the key: its token acts with its role.
    """
    require(principal, FLAG)
    key = _apikey(principal, key_id, lock=True)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    now = timezone.now()
    if key.revoked_at is not None:
        raise TokenRefused("This API Key is revoked")
    if key.expires_at <= now:
        raise BadRequest("This API Key has expired", path="apiKeyId")
    if key.role is None:
        raise InvalidMetadataInput("API key has no role assigned", sub_code="API_KEY_NO_ROLE_ASSIGNED")
    _refuse_excess(principal, key.role)
    until = min(expiry(expires_at), key.expires_at)
    kid = signing_keys.current_kid()
    row = ApiKeyToken(api_key=key, generation=key.generation, kid=kid, issued_at=now, expires_at=until)
    text = _token_text(row)
    row, _ = ApiKeyToken.objects.get_or_create(  # two tokens of one second and one expiry are the same text
        digest=keys.digest(settings.SECRET_KEY, text),
        defaults={
            "api_key": key,
            "generation": row.generation,
            "kid": kid,
            "last_four": text[-4:],
            "issued_at": now,
            "expires_at": until,
        },
    )
    facts = {"token": f"…{row.last_four}", "expiresAt": until}
    name = key.name
    audit.note(key.workspace_id, "apiKey.tokenIssued", subject_id=key.id, name=name, after=facts, by=principal)
    return IssuedToken(text, until, row.id)


@transaction.atomic
def apikey_create_with_token(
    principal: Principal,
    *,
    name: str,
    expires_at: str | date | None,
    role_id: UUID | None,
    api_version: str | None = None,
) -> tuple[ApiKey, IssuedToken]:
    """A key and a token of it that lasts as long, or neither."""
    key = apikey_create(principal, name=name, expires_at=expires_at, role_id=role_id, api_version=api_version)
    return key, apikey_token(principal, key_id=key.id)


def apikey_token_issued(principal: Principal, *, key_id: UUID, token_id: UUID) -> IssuedToken | None:
    """A token issued before, made again from its row: so no text waits in a session until it is shown.

    None when it is of another key or workspace, or signed with an earlier secret of the server.
    """
    require(principal, FLAG)
    row = (
        ApiKeyToken.objects.select_related("api_key__role")
        .filter(id=token_id, api_key_id=key_id, api_key__workspace_id=principal.workspace_id)
        .first()
    )
    if row is None:
        return None
    _refuse_excess_of_key(principal, row.api_key)
    text = _token_text(row)
    return IssuedToken(text, row.expires_at, row.id) if keys.digest(settings.SECRET_KEY, text) == row.digest else None


def _token_text(row: ApiKeyToken) -> str:
    return keys.make_api_key_token(
        settings.SECRET_KEY,
        workspace_id=row.api_key.workspace_id,
        api_key_id=row.api_key_id,
        generation=row.generation,
        issued_at=int(row.issued_at.timestamp()),
        expires_at=int(row.expires_at.timestamp()),
        kid=row.kid,
    )


def playground_token(principal: Principal) -> IssuedToken:
    """A token for the API consoles that acts as the signed-in member."""
    if principal.user_id is None:
        raise Forbidden("This endpoint requires a session access token")
    now = int(timezone.now().timestamp())
    text = keys.make_playground_token(
        settings.SECRET_KEY,
        workspace_id=principal.workspace_id,
        member_id=principal.user_id,
        stamp=stamp_of_member(principal.user_id),
        issued_at=now,
        kid=signing_keys.current_kid(),
    )
    return IssuedToken(text, datetime.fromtimestamp(now + keys.PLAYGROUND_LIFETIME_S, UTC))


def stamp_of_member(member_id: UUID) -> str:
    """What a member's console tokens must bear (see MEMBER_STATEMENT): another after they sign out, and with another
    password. 32 hex characters."""
    password, generation = Member.objects.values_list("user__password", "token_generation").get(id=member_id)
    return hashlib.sha256(f"{password}:{generation}".encode()).hexdigest()[:32]


def member_tokens_end(user_id: int) -> None:
    """End the console tokens of a person, in every workspace."""
    Member.objects.filter(user_id=user_id).update(token_generation=F("token_generation") + 1)


def _role_for_key(principal: Principal, role_id: UUID | None) -> Role:
    role = roles_of(principal.workspace_id).filter(id=role_id).first() if role_id else None
    if role is None:
        raise InvalidMetadataInput("Could not find role for given roleId", sub_code="ROLE_NOT_FOUND", path="roleId")
    if not role.can_be_assigned_to_api_keys:
        raise InvalidMetadataInput(
            f'Role "{role.label}" cannot be assigned to API keys',
            sub_code="ROLE_CANNOT_BE_ASSIGNED_TO_API_KEYS",
            path="roleId",
        )
    _refuse_excess(principal, role)
    return role


def expiry(value: str | date | None) -> datetime:
    """When a key or token ends: a future moment; None is a hundred years from now."""
    now = timezone.now()
    if value is None:
        return now + NEVER
    until = moment(value, "expiresAt")
    if until <= now:
        raise InvalidInput(["expiresAt must be in the future"])
    return until


def moment(value: str | date, path: str) -> datetime:
    """A date or a moment in ISO 8601; without an offset it is UTC, a date is its first moment."""
    parsed: date | None = None
    if isinstance(value, str):
        try:
            parsed = parse_datetime(value) or parse_date(value)
        except ValueError:
            parsed = None
    elif isinstance(value, date):
        parsed = value
    if parsed is None:
        raise InvalidInput([f"{path} must be a valid ISO 8601 date string"])
    if not isinstance(parsed, datetime):
        parsed = datetime.combine(parsed, time.min)
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidInput([f"{path} must be a valid ISO 8601 date string"]) from None


def _refuse_excess_of_key(principal: Principal, key: ApiKey) -> None:
    if key.role is not None:
        _refuse_excess(principal, key.role)


def _name(value: Any, path: str) -> str:
    if not isinstance(value, str) or is_blank(value):
        raise InvalidInput([f"{path} should not be empty"])
    if len(value.strip()) > MAX_NAME_LENGTH:
        raise InvalidInput([f"{path} must be shorter than or equal to {MAX_NAME_LENGTH} characters"])
    refuse_nul(value, path)
    return value.strip()


def as_uuid(value: Any, path: str) -> UUID:
    """The UUID in a value that a client sent."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        raise InvalidInput([f"{path} must be a UUID"]) from None
