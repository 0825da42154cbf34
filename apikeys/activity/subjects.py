"""What the audit says of keys, roles and members: their state by API names, before and after an act. No secrets."""

from __future__ import annotations

from collections.abc import Mapping

from apikeys.models import ApiKey, Member, Role
from apikeys.roles import ASSIGNABLE, FIELD_RIGHTS, OBJECT_RIGHTS, RIGHTS
from config import audit
from config.principal import Permissions, Principal, WorkspaceRef
from metadata.models import FieldMetadata, ObjectMetadata

Row = ApiKey | Role | Member


def facts_of(row: Row) -> audit.Facts:
    match row:
        case ApiKey():
            return {
                "name": row.name,
                "description": row.description,
                "role": None if row.role is None else row.role.label,
                "isReadOnly": row.is_read_only,
                "objects": _object_names(row),
                "allowedNetworks": row.allowed_networks,
                "apiVersion": row.api_version,
                "expiresAt": row.expires_at,
                "revokedAt": row.revoked_at,
                "isPaused": not row.enabled,
                "maxRequestsPerSecond": row.max_requests_per_second,
                "maxRequestsPerMinute": row.max_requests_per_minute,
            }
        case Member():
            return {"email": row.user.email, "name": row.user.get_full_name(), "role": row.role.label}
    return _role_facts(row)


def _object_names(key: ApiKey) -> list[str] | None:
    if key.object_ids is None:
        return None
    found = ObjectMetadata.objects.filter(workspace_id=key.workspace_id, id__in=key.object_ids)
    names = {str(id): name for id, name in found.values_list("id", "name_singular")}
    return [names.get(each, each) for each in key.object_ids]


def _role_facts(role: Role) -> audit.Facts:
    objects = list(role.object_permissions.order_by("object_metadata_id"))
    fields = list(role.field_permissions.order_by("field_metadata_id"))
    object_ids = {each.object_metadata_id for each in objects} | {each.object_metadata_id for each in fields}
    named = ObjectMetadata.objects.filter(workspace_id=role.workspace_id, id__in=object_ids)
    names = dict(named.values_list("id", "name_singular")) if object_ids else {}
    field_ids = [each.field_metadata_id for each in fields]
    field_rows = FieldMetadata.objects.filter(workspace_id=role.workspace_id, id__in=field_ids)
    field_names = dict(field_rows.values_list("id", "name")) if fields else {}
    return {
        "label": role.label,
        "description": role.description,
        "icon": role.icon,
        **{name: getattr(role, column) for name, column in {**RIGHTS, **ASSIGNABLE}.items()},
        "permissionFlags": list(role.permission_flags),
        "objects": {
            names.get(each.object_metadata_id, str(each.object_metadata_id)): _said(each, OBJECT_RIGHTS)
            for each in objects
        },
        "fields": {
            f"{names.get(each.object_metadata_id, each.object_metadata_id)}."
            f"{field_names.get(each.field_metadata_id, each.field_metadata_id)}": _said(each, FIELD_RIGHTS)
            for each in fields
        },
    }


def _said(row: object, rights: Mapping[str, str]) -> dict[str, bool]:
    """What a row says; what it inherits is left out."""
    return {name: value for name, column in rights.items() if (value := getattr(row, column)) is not None}


def note(by: Principal | None, act: str, row: Row, before: audit.Facts | None = None, *, is_gone: bool = False) -> None:
    """Write down an act on a row: as it was, and as it now is."""
    after = None if is_gone else facts_of(row)
    audit.note(row.workspace_id, act, subject_id=row.pk, name=name_of(row), before=before, after=after, by=by)


def name_of(row: Row) -> str:
    match row:
        case ApiKey():
            return row.name
        case Member():
            return row.user.get_full_name() or row.user.email
    return row.label


def as_principal(member: Member) -> Principal:
    """The member as who acts, where no request says so: who has just become one, or signs in or out."""
    ref = WorkspaceRef(member.workspace_id, 0)
    return Principal(workspace=ref, permissions=Permissions(), name=name_of(member), user_id=member.id)
