"""Who asks, and what they may do. Pure: made by the authenticator, read by the planner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Verb = Literal["read", "update", "soft_delete", "destroy"]


@dataclass(frozen=True, slots=True)
class ObjectPermission:
    """What a role says of one object; None inherits the role-wide answer."""

    read: bool | None = None
    update: bool | None = None
    soft_delete: bool | None = None
    destroy: bool | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """The compiled rights of one role."""

    read: bool = False
    update: bool = False
    soft_delete: bool = False
    destroy: bool = False
    objects: Mapping[UUID, ObjectPermission] = field(default_factory=dict)
    unreadable_fields: frozenset[UUID] = frozenset()
    locked_fields: frozenset[UUID] = frozenset()  # readable or not, never writable
    settings: bool = False  # every settings flag
    tools: bool = False
    flags: frozenset[str] = frozenset()

    def allows(self, verb: Verb, object_id: UUID, *, is_system: bool = False) -> bool:
        """Whether the role may do it; objects of the system itself are open unless an override says otherwise."""
        if self.objects:
            override = self.objects.get(object_id)
            if override is not None:
                answer = getattr(override, verb)
                if answer is not None:
                    return bool(answer)
        return is_system or bool(getattr(self, verb))

    def has_flag(self, flag: str) -> bool:
        """Whether a settings flag is granted (`DATA_MODEL`, `ROLES` …)."""
        return self.settings or flag in self.flags

    def has_tool(self, flag: str) -> bool:
        """Whether a tool flag is granted (`UPLOAD_FILE` …)."""
        return self.tools or flag in self.flags


EVERYTHING = Permissions(read=True, update=True, soft_delete=True, destroy=True, settings=True, tools=True)


@dataclass(frozen=True, slots=True)
class WorkspaceRef:
    """The workspace a request is for, with the versions its caches are keyed by."""

    id: UUID
    schema_version: int
    webhooks_version: int = 0
    shard: str = "default"
    max_batch_size: int = 60
    max_bulk_records: int = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: an API key, a member signed in to the settings pages, or the system itself."""

    workspace: WorkspaceRef
    permissions: Permissions
    name: str
    api_key_id: UUID | None = None
    user_id: UUID | None = None
    member_id: UUID | None = None  # id of the caller's workspaceMember record
    role_id: UUID | None = None
    api_version: Literal["1", "2"] = "1"
    is_system: bool = False

    is_authenticated = True  # what Django REST framework asks of a user

    @property
    def workspace_id(self) -> UUID:
        return self.workspace.id

    def actor(self) -> dict[str, Any]:
        """The stored ACTOR of records this principal writes."""
        if self.api_key_id is not None:
            return {"source": "API", "name": self.name, "context": {}}
        if self.is_system:
            return {"source": "SYSTEM", "name": self.name}
        actor: dict[str, Any] = {"source": "MANUAL", "name": self.name, "context": {}}
        if self.member_id is not None:
            actor["workspaceMemberId"] = str(self.member_id)
        return actor


def system(workspace: WorkspaceRef) -> Principal:
    """The server itself, and whoever runs its command line: every right in the workspace."""
    return Principal(workspace=workspace, permissions=EVERYTHING, name="System", is_system=True)
