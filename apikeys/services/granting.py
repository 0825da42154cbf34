"""What a role grants, and that nobody grants what they do not have themselves."""

from __future__ import annotations

from apikeys.models import FieldPermission, ObjectPermission, Role
from apikeys.roles import (
    RIGHTS,
    VERBS,
    Reach,
    compile_permissions,
    excess,
    lacking_restrictions,
)
from config.http.rights import lacking
from config.principal import Permissions, Principal
from config.right_words import beyond
from metadata.models import FieldMetadata, ObjectMetadata


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


def note_restrictions(role: Role) -> None:
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


def inherit_restrictions(principal: Principal, role: Role, *, of_fields_only: bool = False) -> None:
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
    note_restrictions(role)
    role.save(update_fields=["is_restricted"])


def refuse_excess(principal: Principal, role: Role) -> None:
    """No escalation: what a role grants must lie within the rights of whoever grants it."""
    missing = excess_of(principal, permissions_of(role))
    if missing is not None:
        raise lacking(missing, beyond("The role", missing))
