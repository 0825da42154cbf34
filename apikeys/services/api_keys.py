"""The writers of API keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apikeys.activity import subjects
from apikeys.models import ApiKey, Member, Role
from apikeys.services.granting import excess_of, permissions_of, refuse_excess
from apikeys.services.inputs import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, moment, name_of, text_of
from apikeys.services.lifetimes import as_long_as, expiry_of_key
from apikeys.services.narrowing import NARROWING, living_objects, narrowing_columns, own_networks, refuse_wider_networks
from apikeys.services.rates import RATES, rates_of, rates_written
from apikeys.services.roles import roles_of
from config.errors import Forbidden, InvalidInput, InvalidMetadataInput, NotFound
from config.http.rights import require
from config.principal import KEYS_FLAG as FLAG
from config.principal import Principal
from metadata.models import Workspace

COPY = " (copy)"  # what the name of a duplicate ends with

MORE = frozenset(("description", *RATES, *NARROWING))  # what a key may have beside what it must have, by API names


def roles_for_api_keys(principal: Principal) -> list[Role]:
    """Roles that can be bound to a key; which of them the caller may bind is checked when they do."""
    require(principal, FLAG)
    return list(roles_of(principal.workspace_id).filter(can_be_assigned_to_api_keys=True))


def bindable_roles(principal: Principal) -> list[Role]:
    """Roles for keys that lie within the caller's own rights."""
    return [each for each in roles_for_api_keys(principal) if excess_of(principal, permissions_of(each)) is None]


def apikey_list(principal: Principal, *, with_revoked: bool = False) -> list[ApiKey]:
    require(principal, FLAG)
    found = ApiKey.objects.filter(workspace_id=principal.workspace_id).select_related("role")
    return list(found if with_revoked else found.filter(revoked_at=None))


def apikey_get(principal: Principal, key_id: UUID) -> ApiKey | None:
    """The key, a revoked one too; None when this workspace has no such key."""
    require(principal, FLAG)
    return apikey_of(principal, key_id)


def apikey_of(principal: Principal, key_id: UUID, *, lock: bool = False) -> ApiKey | None:
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
    more: Mapping[str, object] | None = None,
) -> ApiKey:
    """A key with exactly one role, which must lie within the caller's rights; no token yet.

    `expires_at` is a date or a moment in the future; None means never, which a workspace may not allow. `api_version`
    defaults to the workspace's. `more` are members of MORE: a description, how often the key may ask, and what leaves
    it less than its role.
    """
    require(principal, FLAG)
    require(principal, "ROLES")
    name = name_of(name, "name")
    until = expiry_of_key(principal, expires_at)
    role = _role_for_key(principal, role_id)
    if api_version is None:
        api_version = Workspace.objects.values_list("default_api_version", flat=True).get(id=principal.workspace_id)
    else:
        api_version = _version(api_version)
    more = more or {}
    limits = rates_written(principal, more, dict.fromkeys(RATES.values()))
    narrowing = narrowing_columns(
        principal, more, {"is_read_only": False, "object_ids": None, "allowed_networks": None}
    )
    member = Member.objects.filter(id=principal.user_id).first() if principal.user_id else None
    key = ApiKey.objects.create(
        workspace_id=principal.workspace_id,
        name=name,
        description=_description(more.get("description")),
        role=role,
        api_version=api_version,
        expires_at=until,
        revoked_at=moment(revoked_at, "revokedAt") if revoked_at else None,
        created_by_user_id=member.user_id if member else None,
        created_by_name=principal.name[:MAX_NAME_LENGTH],
        **limits,
        **narrowing,
    )
    subjects.note(principal, "apiKey.created", key)
    return key


@transaction.atomic
def apikey_duplicate(
    principal: Principal, *, key_id: UUID, name: str | None = None, expires_at: str | date | None = None
) -> ApiKey:
    """Another key that may what this one may, with none of its tokens; it lasts as long as this one was made for, or as
    the workspace allows."""
    require(principal, FLAG)
    require(principal, "ROLES")
    key = apikey_of(principal, key_id)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    narrowing = {name: getattr(key, column) for name, column in NARROWING.items()}
    return apikey_create(
        principal,
        name=name or f"{key.name[: MAX_NAME_LENGTH - len(COPY)]}{COPY}",
        expires_at=expires_at or as_long_as(key),
        role_id=key.role_id,
        api_version=key.api_version,
        more={**rates_of(key), **narrowing, "description": key.description, "objectMetadataIds": living_objects(key)},
    )


@transaction.atomic
def apikey_update(principal: Principal, *, key_id: UUID, values: Mapping[str, Any]) -> ApiKey | None:
    """Change `name`, `expiresAt`, `revokedAt`, `isPaused`, `apiVersion` or members of MORE; None: no such key.

    A revoked key stays revoked: an empty or null `revokedAt` is ignored. Who lacks rights that the key has
    may stop it, and change nothing else of it. A key cannot change its own limits itself.
    """
    require(principal, FLAG)
    key = apikey_of(principal, key_id, lock=True)
    if key is None:
        return None
    enabled = _enabled(values.get("isPaused"), key)
    given = {name for name in ("name", "expiresAt", "apiVersion") if values.get(name)} | (values.keys() & MORE)
    if given or (enabled and not key.enabled):
        refuse_excess_of_key(principal, key)
    before, was_revoked = subjects.facts_of(key), key.revoked_at is not None
    if values.get("name") is not None:
        key.name = name_of(values["name"], "name")
    if values.get("expiresAt"):
        key.expires_at = expiry_of_key(principal, values["expiresAt"])
        key.expiry_notice_days = None
    if values.get("revokedAt"):
        key.revoked_at = key.revoked_at or moment(values["revokedAt"], "revokedAt")
    if values.keys() & RATES.keys():
        if principal.api_key_id == key.id:
            raise Forbidden("Cannot update own rate limits")
        stored = {column: getattr(key, column) for column in RATES.values()}
        for column, limit in rates_written(principal, values, stored).items():
            setattr(key, column, limit)
    if values.get("apiVersion"):
        key.api_version = _version(values["apiVersion"])
    if "description" in values:
        key.description = _description(values["description"])
    if values.keys() & NARROWING.keys():
        held = {column: getattr(key, column) for column in NARROWING.values()}
        narrowing = narrowing_columns(principal, values, held)
        if principal.api_key_id == key.id and narrowing != held:
            raise Forbidden("Cannot update own limits")
        for column, value in narrowing.items():
            setattr(key, column, value)
    key.enabled = enabled
    key.save()
    act = "apiKey.updated"
    if key.revoked_at is not None and not was_revoked:
        act = "apiKey.revoked"
    elif before["isPaused"] == enabled and not given:
        act = "apiKey.resumed" if enabled else "apiKey.paused"
    subjects.note(principal, act, key, before)
    return key


def _enabled(is_paused: object, key: ApiKey) -> bool:
    if is_paused is None:
        return key.enabled
    if not isinstance(is_paused, bool):
        raise InvalidInput(["isPaused must be a boolean value"])
    return not is_paused


def _version(given: object) -> str:
    if given not in ("1", "2"):
        raise InvalidInput(['apiVersion must be "1" or "2"'])
    return str(given)


def _description(given: object) -> str | None:
    if given is None:
        return None
    return text_of(given, "description", MAX_DESCRIPTION_LENGTH).strip() or None


@transaction.atomic
def apikey_revoke(principal: Principal, *, key_id: UUID) -> ApiKey | None:
    """Stop every token of the key for good; the row stays. None when there is no such key."""
    require(principal, FLAG)
    key = apikey_of(principal, key_id, lock=True)
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
    key = apikey_of(principal, key_id, lock=True)
    if key is not None:
        if enabled:
            refuse_excess_of_key(principal, key)
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
    key = apikey_of(principal, key_id, lock=True)
    if key is None:
        raise NotFound(f"API Key with id {key_id} not found")
    if principal.api_key_id == key.id:
        raise Forbidden("Cannot update self role")
    refuse_excess_of_key(principal, key)
    before = subjects.facts_of(key)
    key.role = _role_for_key(principal, role_id)
    key.save(update_fields=["role", "updated_at"])
    subjects.note(principal, "apiKey.updated", key, before)
    return key


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
    refuse_excess(principal, role)
    return role


def refuse_excess_of_key(principal: Principal, key: ApiKey) -> None:
    """Whoever manages a key could act as it does: they must have its role's rights, and its networks."""
    if key.role is not None:
        refuse_excess(principal, key.role)
    if principal.api_key_id is not None:
        refuse_wider_networks(key.allowed_networks, own_networks(principal))
