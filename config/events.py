"""What happened to a record, told to whoever is listed in `settings.EVENT_HANDLERS`.

A handler is a module with two functions, named in the settings by its dotted path so that the
writer never imports it:

    wants(workspace: WorkspaceRef, object_name: str, action: str) -> bool
    handle(events: Sequence[Event], using: str) -> None      # inside the record's transaction

A handler never sends anything over the network: it writes rows that commit with the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Literal
from uuid import UUID

from config.principal import Principal, WorkspaceRef

Action = Literal["created", "updated", "deleted", "restored", "destroyed"]
ACTIONS: Mapping[Action, str] = {  # and what the record of such an event is
    "created": "the new record",
    "updated": "the record after the update",
    "deleted": "the record that was soft-deleted",
    "restored": "the record that was restored",
    "destroyed": "the record before it was removed for good",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one record. `record` is its REST shape at depth 0, after the change (before it, when destroyed)."""

    action: Action
    principal: Principal
    object_id: UUID
    object_name: str  # nameSingular
    record_id: UUID
    record: Mapping[str, object]
    updated_fields: tuple[str, ...] | None
    at: datetime

    @property
    def name(self) -> str:
        return f"{self.object_name}.{self.action}"


@lru_cache(maxsize=1)
def _handlers() -> tuple[ModuleType, ...]:
    from django.conf import settings

    return tuple(import_module(path) for path in settings.EVENT_HANDLERS)


def wanted(workspace: WorkspaceRef, object_name: str, action: Action) -> bool:
    """Whether any handler wants these events, so that a write nobody listens to stays one statement."""
    return any(handler.wants(workspace, object_name, action) for handler in _handlers())


def emit(events: Sequence[Event], using: str) -> None:
    """Hand the events to every handler, in the transaction that changed the records."""
    for handler in _handlers():
        handler.handle(events, using)
