"""What a role may do beside its role-wide rights: settings, single objects, single fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction

from apikeys import refusals
from apikeys.activity import subjects
from apikeys.models import FieldPermission, ObjectPermission, Role
from apikeys.roles import (
    FIELD_RIGHTS,
    OBJECT_RIGHTS,
)
from apikeys.services.granting import inherit_restrictions, permissions_of, refuse_excess
from apikeys.services.inputs import as_uuid
from apikeys.services.roles import check_override_reads, editable_role, role_bump
from config.errors import (
    InvalidMetadataInput,
    NotFound,
)
from config.http.rights import require
from config.principal import FLAGS, Permissions, Principal
from metadata.models import FieldMetadata, ObjectMetadata


@transaction.atomic
def permission_flags_upsert(principal: Principal, *, role_id: UUID, flags: Sequence[str]) -> Role:
    """Replace the role's set of flags."""
    require(principal, "ROLES")
    role = editable_role(principal, role_id)
    unknown = sorted(set(flags) - FLAGS)
    if unknown:
        raise refusals.unknown_flags(role, unknown)
    before = subjects.facts_of(role)
    role.permission_flags = sorted(set(flags))
    role_bump(role)
    refuse_excess(principal, role)
    subjects.note(principal, "role.updated", role, before)
    return role


@transaction.atomic
def object_permissions_upsert(
    principal: Principal, *, role_id: UUID, items: Sequence[Mapping[str, object]]
) -> list[ObjectPermission]:
    """Set what a role says of objects: `{objectMetadataId, canReadObjectRecords?, …}`, null inherits.

    A right that is not named keeps its stored answer.
    """
    require(principal, "ROLES")
    role = editable_role(principal, role_id)
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
    check_override_reads(role)
    inherit_restrictions(principal, role, of_fields_only=True)
    role_bump(role)
    refuse_excess(principal, role)
    subjects.note(principal, "role.updated", role, before)
    return [stored[each] for each in dict.fromkeys(ids)]


@transaction.atomic
def field_permissions_upsert(
    principal: Principal, *, role_id: UUID, items: Sequence[Mapping[str, object]]
) -> list[FieldPermission]:
    """Restrict fields: `{objectMetadataId, fieldMetadataId, canReadFieldValue?, canUpdateFieldValue?}`.

    Only false and null are taken; an entry with neither restriction left is removed and not answered.
    """
    require(principal, "ROLES")
    role = editable_role(principal, role_id)
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
    role_bump(role)
    refuse_excess(principal, role)
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
