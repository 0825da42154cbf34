"""What a webhook may be given by whom: a role within their rights, and events that it may tell of."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import F

from config.errors import NotFound
from config.http import rights
from config.http.inputs import uuid_of
from config.http.suggestions import nearest_name
from config.principal import Principal
from config.right_words import beyond
from config.roles import Role, excess, roles_of
from metadata.cache import load_schema
from metadata.models import ObjectMetadata, Workspace
from webhooks.readable import may_read, reads_everything, unreadable_object
from webhooks.services.checks import (
    invalid,
    named_object,
)
from webhooks.services.reading import webhooks_of
from webhooks.services.seen import Seen, seen_by


def roles_to_give(principal: Principal) -> list[Role]:
    """The roles that the principal may let a webhook act as: those within their own rights, Admin first."""
    if not rights.may(principal, "ROLES"):
        return []
    return [each for each in roles_of(principal.workspace_id) if excess(each.permissions, principal) is None]


def refuse_beyond(seen: Seen) -> None:
    """Raises PermissionDenied when the webhook's role exceeds the rights of whoever looks at it."""
    if seen.missing is not None:
        raise rights.lacking(seen.missing, beyond("The role that the webhook acts as", seen.missing))


def locked(principal: Principal, webhook_id: UUID) -> Seen:
    """A webhook that is about to be changed. Raises NotFound and PermissionDenied."""
    raise_version(principal.workspace_id)
    found = webhooks_of(principal.workspace_id).select_for_update().filter(id=webhook_id).first()
    if found is None:
        raise NotFound("Webhook not found")
    seen = seen_by(principal, [found])[0]
    refuse_beyond(seen)
    return seen


def role_of_maker(principal: Principal) -> Role | None:
    """The maker's role; Admin for the server itself, None in a workspace that has no roles."""
    roles = roles_of(principal.workspace_id)
    if principal.is_system:
        return roles[0] if roles else None
    role = next((each for each in roles if each.id == principal.role_id), None)
    if role is None:  # never None instead, which means Admin
        raise invalid("Could not find role for given roleId", "ROLE_NOT_FOUND", "roleId")
    return role


def role_to_give(principal: Principal, given: object, held: Role | None = None) -> Role:
    """The role with that id, within the rights of whoever gives it. `held` is given already."""
    role_id = uuid_of(given)
    if role_id is None:
        raise invalid("roleId must be a UUID", "INVALID_WEBHOOK_INPUT", "roleId")
    if held is not None and held.id == role_id:
        return held
    if role_id != principal.role_id and not rights.may(principal, "ROLES"):
        raise rights.lacking("ROLES")
    role = next((each for each in roles_of(principal.workspace_id) if each.id == role_id), None)
    if role is None:
        raise invalid("Could not find role for given roleId", "ROLE_NOT_FOUND", "roleId")
    missing = excess(role.permissions, principal)
    if missing is not None:
        raise rights.lacking(missing, beyond("The role", missing))
    return role


def check_operations(principal: Principal, operations: list[str], role: Role | None) -> None:
    """Refuse a subscription to an object that does not exist, or that the webhook's role may not read.

    Asked with the workspace's row locked, so that no object is renamed meanwhile.
    """
    check_readable(principal, operations, role)
    names = {name: each for each in operations if (name := named_object(each)) is not None}
    if not names:
        return
    rows = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id)
    plurals = dict(rows.values_list("name_plural", "name_singular"))
    known = frozenset(plurals.values())
    for name, operation in names.items():
        if name not in known:
            raise invalid(
                f'No object is called "{name[:100]}", so "{operation[:100]}" would never be sent',
                "WEBHOOK_OBJECT_NOT_FOUND",
                "operations",
                hint=_meant(name, plurals),
            )


def _meant(name: str, plurals: Mapping[str, str]) -> str | None:
    """The object of that plural or of that name in other letters, else the nearest one."""
    by_spelling = {each.lower(): singular for each, singular in plurals.items()}
    by_spelling |= {each.lower(): each for each in plurals.values()}
    close = name.lower() if name.lower() in by_spelling else nearest_name(name.lower(), by_spelling)
    return None if close is None else f'Did you mean "{by_spelling[close]}"?'


def check_readable(principal: Principal, operations: list[str], role: Role | None) -> None:
    """What may not be read and what does not exist are one answer to who does not see everything."""
    if role is None or reads_everything(role.permissions):
        return
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    name = unreadable_object(operations, schema, role.permissions)
    if name is not None:
        readable = {each.plural: each.singular for each in schema.objects if may_read(role.permissions, each)}
        hint = _meant(name, readable)
        raise invalid(
            f'Object "{name[:100]}" does not exist, or the role "{role.label}" may not read it',
            "WEBHOOK_OBJECT_NOT_READABLE",
            "operations",
            hint="Write *.* for everything that the role may read" if hint is None else hint,
        )


def raise_version(workspace_id: UUID) -> None:
    Workspace.objects.filter(id=workspace_id).update(webhooks_version=F("webhooks_version") + 1)
