"""Rights of a role as data: their API names, the compiled permissions, and what exceeds what. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from config.principal import TOOL_FLAGS, GuardedObject, ObjectPermission, Permissions, Verb

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


# Named rights that a key keeps although it is narrowed. WORKFLOWS opens records, which `allows` decides over.
_READING_FLAGS = frozenset(("EXPORT_CSV", "DOWNLOAD_FILE", "WORKFLOWS"))
_RECORD_FLAGS = TOOL_FLAGS | _READING_FLAGS


def narrowed(role: Permissions, *, is_read_only: bool, object_ids: Collection[UUID] | None) -> Permissions:
    """What of a role's permissions a key has that only reads, or that reaches those objects only; None: all.

    Never more than the role. Settings are of no object, and whoever manages keys, webhooks or roles gets at all
    records by them: a narrowed key manages none.
    """
    if not is_read_only and object_ids is None:
        return role
    kept = _READING_FLAGS if is_read_only else _RECORD_FLAGS
    reached = role.objects.keys() if object_ids is None else frozenset(object_ids)
    is_wide, writes = object_ids is None, not is_read_only
    return replace(
        role,
        read=role.read and is_wide,
        update=role.update and is_wide and writes,
        soft_delete=role.soft_delete and is_wide and writes,
        destroy=role.destroy and is_wide and writes,
        objects={
            each: ObjectPermission(*(role.grants(verb, each) and (verb == "read" or writes) for verb in VERBS))
            for each in reached
        },
        settings=False,
        tools=role.tools and not is_read_only,
        flags=frozenset(each for each in kept if role.has_flag(each)),
        is_read_only=is_read_only,
        only=None if object_ids is None else frozenset(object_ids),
    )


def _uuid(value: str | UUID) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


@dataclass(frozen=True, slots=True)
class Reach:
    """What restrictions are about, as far as it exists: objects by id, and the objects of fields by the fields' ids."""

    objects: Mapping[UUID, GuardedObject]
    fields: Mapping[UUID, GuardedObject]


NOTHING = Reach({}, {})


def excess(wanted: Permissions, own: Permissions, reach: Reach = NOTHING) -> str | None:
    """The first right in `wanted` that `own` lacks, by its API name; None when `wanted` is a subset.

    `reach` has every object and field that an override or restriction of either side names. Objects are
    compared one by one there, all others by the role-wide answer.
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
        for object_id, subject in reach.objects.items():
            if wanted.allows(verb, subject) and not own.allows(verb, subject):
                return f"{_ROLE_WIDE_NAMES[verb]} on {object_id}"
    if _unrestricted(wanted, "read", own.unreadable_fields - wanted.unreadable_fields, reach):
        return "canReadFieldValue"
    if _unrestricted(wanted, "update", own.locked_fields - wanted.locked_fields, reach):
        return "canUpdateFieldValue"
    return None


def lacking_restrictions(
    wanted: Permissions, own: Permissions, reach: Reach
) -> tuple[dict[UUID, list[Verb]], list[UUID], list[UUID]]:
    """What to take from `wanted` where `own` is restricted: verbs by object, fields to hide and fields to lock.

    Fields are asked for with the objects' restrictions in place already.
    """
    objects: dict[UUID, list[Verb]] = {}
    for object_id, subject in reach.objects.items():
        denied = [verb for verb in VERBS if wanted.allows(verb, subject) and not own.allows(verb, subject)]
        if denied:
            objects[object_id] = ["read"] if "read" in denied else denied
    return (
        objects,
        _unrestricted(wanted, "read", own.unreadable_fields - wanted.unreadable_fields, reach, objects),
        _unrestricted(wanted, "update", own.locked_fields - wanted.locked_fields, reach, objects),
    )


def _unrestricted(
    wanted: Permissions,
    verb: Verb,
    field_ids: Iterable[UUID],
    reach: Reach,
    denied: Mapping[UUID, Collection[Verb]] = MappingProxyType({}),
) -> list[UUID]:
    """Those of the fields that exist, on objects that `wanted` allows the verb on."""
    found = []
    for field_id in field_ids:
        subject = reach.fields.get(field_id)
        if subject is None or not wanted.allows(verb, subject):
            continue
        if not {"read", verb} & set(denied.get(subject.id, ())):
            found.append(field_id)
    return found
