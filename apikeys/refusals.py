"""Why a role is refused: errors of `config.errors` with the report that other rules of the data model come with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from apikeys.models import Role
from config.errors import InvalidRole, RoleMutationNotAllowed, listed

Kind = Literal["role", "objectPermission", "rolePermissionFlag"]
NON_READABLE = "Cannot give update permission to non-readable object"


def not_editable(role: Role) -> InvalidRole:
    return RoleMutationNotAllowed(
        message := "Role is not editable",
        sub_code=(code := "ROLE_NOT_EDITABLE"),
        extensions=_report("role", _of(role), code, message),
    )


def label_taken(role: Role) -> InvalidRole:
    return RoleMutationNotAllowed(
        message := "A role with this label already exists",
        sub_code=(code := "ROLE_LABEL_ALREADY_EXISTS"),
        path="label",
        extensions=_report("role", _of(role), code, message, value=role.label),
    )


def writes_without_reading(role: Role) -> InvalidRole:
    """The role writes all objects without reading them."""
    return InvalidRole(
        message := "Cannot give writing permission without reading permission",
        sub_code=(code := "CANNOT_GIVE_WRITING_PERMISSION_WITHOUT_READING_PERMISSION"),
        user_message=NON_READABLE,
        extensions=_report("role", _of(role), code, message, user_message=NON_READABLE),
    )


def writes_unreadable(role: Role, object_id: UUID) -> InvalidRole:
    """The role's rights over one object write what they cannot read."""
    return InvalidRole(
        NON_READABLE,
        sub_code=(code := "CANNOT_GIVE_WRITING_PERMISSION_ON_NON_READABLE_OBJECT"),
        extensions=_report(
            "objectPermission", {**_of(role), "objectMetadataId": str(object_id)}, code, NON_READABLE, str(object_id)
        ),
    )


def unknown_flags(role: Role, flags: Sequence[str]) -> InvalidRole:
    shown = listed(flags)
    return InvalidRole(
        message := f"Invalid permission setting (unknown value): {', '.join(shown)}",
        sub_code=(code := "INVALID_SETTING_PERMISSIONS"),
        extensions=_report("rolePermissionFlag", _of(role), code, message, value=shown),
    )


def _of(role: Role) -> dict[str, str]:
    return {"universalIdentifier": str(role.id), "label": role.label}


def _report(
    kind: Kind,
    entity: Mapping[str, str],
    code: str,
    message: str,
    value: object = None,
    user_message: str | None = None,
) -> dict[str, object]:
    """As `config.errors.Failure` reports objects and fields, of the one entity that was rejected."""
    problem = {"code": code, "message": message, "userFriendlyMessage": user_message or message, "value": value}
    failure = {"metadataName": kind, "flatEntityMinimalInformation": dict(entity), "errors": [problem]}
    return {
        "message": f"Validation failed for 1 {kind}",
        "errors": {kind: [failure]},
        "summary": {"totalErrors": 1, kind: 1},
    }
