"""What a role may do as of now, told by the module named in settings.ROLES to those who act as one.

That module has the three functions below, with the same shapes; an app that acts as a role (webhooks)
never imports the app that keeps roles. Who writes a role calls `tell_role_changed` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from config.principal import Permissions, Principal


@dataclass(frozen=True, slots=True)
class Role:
    """A role that exists."""

    id: UUID
    label: str
    permissions: Permissions


def roles_by_id(role_ids: Collection[UUID]) -> Mapping[UUID, Role]:
    """Those of the roles that exist."""
    return _told().roles_by_id(role_ids) if role_ids else {}


def roles_of(workspace_id: UUID) -> list[Role]:
    """Every role of a workspace, Admin first."""
    found: list[Role] = _told().roles_of(workspace_id)
    return found


def excess(wanted: Permissions, principal: Principal) -> str | None:
    """The first right in `wanted` that the principal lacks, by its API name; None when they have all of them."""
    missing: str | None = _told().excess(wanted, principal)
    return missing


def tell_role_changed(workspace_id: UUID, role_id: UUID) -> None:
    """Call the handlers in settings.ROLE_CHANGED_HANDLERS: a role was changed, or deleted."""
    for path in settings.ROLE_CHANGED_HANDLERS:
        import_string(path)(workspace_id, role_id)


def _told() -> Any:
    return _module(settings.ROLES)


@lru_cache(maxsize=4)
def _module(path: str) -> object:
    return import_module(path)
