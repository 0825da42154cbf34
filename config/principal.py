"""Who asks, and what they may do. Pure: made by the authenticator, read by the planner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

Verb = Literal["read", "update", "soft_delete", "destroy"]

KEYS_FLAG = "API_KEYS_AND_WEBHOOKS"

# Named flags of a role: those that canUpdateAllSettings implies, and those of canAccessAllTools.
SETTINGS_FLAGS = frozenset(
    [
        KEYS_FLAG,
        "WORKSPACE",
        "WORKSPACE_MEMBERS",
        "ROLES",
        "DATA_MODEL",
        "SECURITY",
        "WORKFLOWS",
        "APPLICATIONS",
        "MARKETPLACE_APPS",
        "LAYOUTS",
        "VIEWS",
        "BILLING",
        "AI_SETTINGS",
        "IMPERSONATE",
        "SSO_BYPASS",
        "ADMIN_PANEL",
    ]
)
TOOL_FLAGS = frozenset(
    [
        "AI",
        "SEND_EMAIL_TOOL",
        "HTTP_REQUEST_TOOL",
        "CODE_INTERPRETER_TOOL",
        "IMPORT_CSV",
        "EXPORT_CSV",
        "UPLOAD_FILE",
        "DOWNLOAD_FILE",
        "CONNECTED_ACCOUNTS",
        "PROFILE_INFORMATION",
    ]
)
FLAGS = SETTINGS_FLAGS | TOOL_FLAGS


@dataclass(frozen=True, slots=True)
class Guard:
    """What decides over a standard object in place of a role's record rights and overrides.

    `read` and `write` are flags; without one nobody is refused. `own_fields` are what a member may change of
    the record that stands for them, without the flag. `instead_of_deleting` says what to do, where records are
    not soft-deleted.
    """

    read: str | None = None
    write: str | None = None
    own_fields: frozenset[str] = frozenset()
    instead_of_deleting: str | None = None


class GuardedObject(Protocol):
    """An object, as far as rights are concerned."""

    @property
    def id(self) -> UUID: ...

    @property
    def guard(self) -> Guard | None: ...


class GuardedField(Protocol):
    """A field, as far as rights are concerned. With a `secret_flag` its values are answered to nobody, and who has
    the flag may write them."""

    @property
    def id(self) -> UUID: ...

    @property
    def secret_flag(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class ObjectPermission:
    """What a role says of one object; None inherits the role-wide answer."""

    read: bool | None = None
    update: bool | None = None
    soft_delete: bool | None = None
    destroy: bool | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """The compiled rights of one role, less what an API key of it leaves out (`narrowed` in apikeys/roles.py)."""

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
    is_read_only: bool = False  # what is guarded by flags is not written either
    only: frozenset[UUID] | None = None  # nor is it reached, unless it is one of these objects

    def allows(self, verb: Verb, subject: GuardedObject) -> bool:
        """Whether records of the object may be read or written so: the one place that decides it."""
        guard = subject.guard
        if guard is None:
            return self.grants(verb, subject.id)
        if (self.is_read_only and verb != "read") or (self.only is not None and subject.id not in self.only):
            return False
        flag = guard.read if verb == "read" else guard.write
        return flag is None or self.has_flag(flag)

    def grants(self, verb: Verb, object_id: UUID) -> bool:
        """What the role says of an object: its override, else the role-wide right. `allows` asks guards as well.

        Who may not read records may not write them either, whatever an override that only denies reading leaves;
        of role-wide rights the database sees to that.
        """
        override = self.objects.get(object_id) if self.objects else None
        if override is None:
            return bool(getattr(self, verb))
        if verb != "read" and not (self.read if override.read is None else override.read):
            return False
        answer = getattr(override, verb)
        return bool(getattr(self, verb) if answer is None else answer)

    def hides(self, field: GuardedField) -> bool:
        """Whether the field's values are kept from the caller."""
        return field.secret_flag is not None or field.id in self.unreadable_fields

    def locks(self, field: GuardedField) -> bool:
        """Whether the caller may not write the field."""
        return field.id in self.locked_fields or (
            field.secret_flag is not None and not self.has_flag(field.secret_flag)
        )

    def has_flag(self, flag: str) -> bool:
        """Whether a settings or tool flag is granted, by itself or by the right that implies its kind."""
        return flag in self.flags or (self.tools if flag in TOOL_FLAGS else self.settings)

    @property
    def as_key(self) -> tuple[object, ...]:
        """All of it, to key caches by: equal for two roles that say the same."""
        own = (self.read, self.update, self.soft_delete, self.destroy, self.settings, self.tools, self.flags)
        fields = (self.unreadable_fields, self.locked_fields)
        return (*own, frozenset(self.objects.items()), *fields, self.is_read_only, self.only)

    @property
    def reading(self) -> tuple[object, ...] | None:
        """All that decides what may be read, to key caches by; None when overrides do, which differ by object."""
        if self.objects or self.only is not None:
            return None
        return (self.read, self.unreadable_fields, self.settings, self.tools, self.flags)


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
    max_requests_per_minute: int | None = None  # None: the server's limit; 0: none


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
    max_requests_per_second: int | None = None  # the key's own limits, as the workspace's
    max_requests_per_minute: int | None = None
    is_system: bool = False

    is_authenticated = True  # what Django REST framework asks of a user

    @property
    def workspace_id(self) -> UUID:
        return self.workspace.id

    def actor(self) -> dict[str, object]:
        """The stored ACTOR of records this principal writes."""
        if self.api_key_id is not None:
            return {"source": "API", "name": self.name, "context": {}}
        if self.is_system:
            return {"source": "SYSTEM", "name": self.name}
        actor: dict[str, object] = {"source": "MANUAL", "name": self.name, "context": {}}
        if self.member_id is not None:
            actor["workspaceMemberId"] = str(self.member_id)
        return actor


def system(workspace: WorkspaceRef) -> Principal:
    """The server itself, and whoever runs its command line: every right in the workspace."""
    return Principal(workspace=workspace, permissions=EVERYTHING, name="System", is_system=True)
