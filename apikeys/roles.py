"""Rights of a role as data: their API names, the compiled permissions, and what exceeds what. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from config.principal import ObjectPermission, Permissions, Verb

VERBS: Sequence[Verb] = ("read", "update", "soft_delete", "destroy")

# API name → model column, of what a role says of every object and of itself.
RIGHTS: Mapping[str, str] = {
    "canUpdateAllSettings": "can_update_all_settings",
    "canAccessAllTools": "can_access_all_tools",
    "canReadAllObjectRecords": "can_read_all_object_records",
    "canUpdateAllObjectRecords": "can_update_all_object_records",
    "canSoftDeleteAllObjectRecords": "can_soft_delete_all_object_records",
    "canDestroyAllObjectRecords": "can_destroy_all_object_records",
}
ASSIGNABLE: Mapping[str, str] = {
    "canBeAssignedToUsers": "can_be_assigned_to_users",
    "canBeAssignedToAgents": "can_be_assigned_to_agents",
    "canBeAssignedToApiKeys": "can_be_assigned_to_api_keys",
}
OBJECT_RIGHTS: Mapping[str, str] = {
    "canReadObjectRecords": "can_read",
    "canUpdateObjectRecords": "can_update",
    "canSoftDeleteObjectRecords": "can_soft_delete",
    "canDestroyObjectRecords": "can_destroy",
}
FIELD_RIGHTS: Mapping[str, str] = {"canReadFieldValue": "can_read", "canUpdateFieldValue": "can_update"}

_ROLE_WIDE_NAMES: Mapping[Verb, str] = {
    "read": "canReadAllObjectRecords",
    "update": "canUpdateAllObjectRecords",
    "soft_delete": "canSoftDeleteAllObjectRecords",
    "destroy": "canDestroyAllObjectRecords",
}


def compile_permissions(
    rights: Sequence[bool],
    flags: Collection[str],
    objects: Sequence[Sequence[Any]] | None,
    fields: Sequence[Sequence[Any]] | None,
) -> Permissions:
    """Permissions out of plain rows.

    `rights` follows RIGHTS; `objects` is [(object id, read, update, soft delete, destroy)] and `fields`
    [(field id, read, update)], with booleans or None and ids as text or UUID.
    """
    settings, tools, read, update, soft_delete, destroy = rights
    return Permissions(
        read=read,
        update=update,
        soft_delete=soft_delete,
        destroy=destroy,
        objects={_uuid(each): ObjectPermission(*answers) for each, *answers in objects or ()},
        unreadable_fields=frozenset(_uuid(each) for each, can_read, _ in fields or () if can_read is False),
        locked_fields=frozenset(_uuid(each) for each, _, can_update in fields or () if can_update is False),
        settings=settings,
        tools=tools,
        flags=frozenset(flags),
    )


def _uuid(value: str | UUID) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def excess(wanted: Permissions, own: Permissions) -> str | None:
    """The first right in `wanted` that `own` lacks, by its API name; None when `wanted` is a subset.

    Objects that either side names are compared one by one, all others by the role-wide answer.
    """
    if wanted.settings and not own.settings:
        return "canUpdateAllSettings"
    if wanted.tools and not own.tools:
        return "canAccessAllTools"
    for flag in sorted(wanted.flags):
        if not own.has_flag(flag):
            return flag
    for verb in VERBS:
        if getattr(wanted, verb) and not getattr(own, verb):
            return _ROLE_WIDE_NAMES[verb]
        for object_id in wanted.objects.keys() | own.objects.keys():
            if wanted.grants(verb, object_id) and not own.grants(verb, object_id):
                return f"{_ROLE_WIDE_NAMES[verb]} on {object_id}"
    if own.unreadable_fields - wanted.unreadable_fields:
        return "canReadFieldValue"
    if own.locked_fields - wanted.locked_fields:
        return "canUpdateFieldValue"
    return None
