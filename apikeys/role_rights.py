"""What a role may do as of now, for those who act as one: the module of settings.ROLES (see config/roles.py)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet, prefetch_related_objects

from apikeys import roles
from apikeys.models import Role as Row
from apikeys.services.granting import excess_of, permissions_of
from config.principal import Permissions, Principal
from config.roles import Role


def roles_by_id(role_ids: Collection[UUID]) -> dict[UUID, Role]:
    return {each.id: each for each in _roles(Row.objects.filter(id__in=role_ids))}


def roles_of(workspace_id: UUID) -> list[Role]:
    return _roles(Row.objects.filter(workspace_id=workspace_id).order_by("is_editable", "created_at", "id"))


def excess(wanted: Permissions, principal: Principal) -> str | None:
    return excess_of(principal, wanted)


def _roles(rows: QuerySet[Row]) -> list[Role]:
    """One statement, and two more when any of them has restrictions of its own."""
    found = list(rows)
    prefetch_related_objects([each for each in found if each.is_restricted], "object_permissions", "field_permissions")
    return [Role(each.id, each.label, _permissions(each)) for each in found]


def _permissions(role: Row) -> Permissions:
    if role.is_restricted:
        return permissions_of(role)
    rights = [getattr(role, column) for column in roles.RIGHTS.values()]
    return roles.compile_permissions(rights, role.permission_flags, (), ())
