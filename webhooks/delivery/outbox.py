"""The event handler: one Delivery per event and webhook that wants it, in the record's transaction.

Which webhooks a workspace has is kept by `(workspace, webhooks_version)`; every write of a webhook
raises that version, so a warm answer costs no statement and is never stale. A change of a role that a
webhook acts as raises it too: what the role may read is kept beside the webhook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import connections

from config.events import Event
from config.principal import EVERYTHING, Permissions, WorkspaceRef
from config.roles import roles_by_id
from config.server.shards import is_citus
from config.time_ids import time_ordered_id
from metadata.cache import load_schema
from metadata.fieldtypes.datetime import moment_text
from webhooks.delivery.serialise import dumps
from webhooks.models import Webhook
from webhooks.readable import NOTHING_WITHHELD, Withheld, may_read, receives_everything, told, withheld

CHANNEL = "webhooks_delivery"  # NOTIFY wakes the workers when the transaction commits
WORKSPACES_REMEMBERED = 1000

# A record of these changes so often by itself that only webhooks naming the event exactly hear of it.
_EXACT_ONLY = frozenset({"workflowRun.updated"})

_INSERT = """
INSERT INTO webhooks_delivery
    (id, workspace_id, webhook_id, event_name, object_name, object_id, record_id, updated_fields, body,
     status, next_attempt_at, attempts, first_attempt, created_at)
SELECT id, workspace_id, webhook_id, event_name, object_name, object_id, record_id,
       string_to_array(updated_fields, ','), body, 'pending', at, 0, 0, at
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::text[],
            %s::bytea[], %s::timestamptz[])
    AS delivery (id, workspace_id, webhook_id, event_name, object_name, object_id, record_id, updated_fields,
                 body, at)
"""
_INSERT_AND_WAKE = f"WITH inserted AS ({_INSERT}) SELECT pg_notify(%s, '')"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What fan-out needs to know of an active webhook. No secret: that is read when it signs."""

    webhook_id: UUID
    target_url: str
    operations: frozenset[str]
    permissions: Permissions = EVERYTHING  # of the role it acts as

    def matches(self, object_name: str, action: str) -> bool:
        """Whether an event is asked for, by name or with `*` for either half."""
        name = f"{object_name}.{action}"
        if name in self.operations:
            return True
        if name in _EXACT_ONLY:
            return False
        return not self.operations.isdisjoint((f"*.{action}", f"{object_name}.*", "*.*"))


@lru_cache(maxsize=WORKSPACES_REMEMBERED)
def _subscriptions(workspace_id: UUID, version: int) -> tuple[Subscription, ...]:
    rows = list(
        Webhook.objects.filter(workspace_id=workspace_id, deleted_at=None, is_active=True)
        .order_by("created_at", "id")
        .values_list("id", "target_url", "operations", "role_id")
    )
    roles = roles_by_id({role_id for *_, role_id in rows if role_id is not None})
    return tuple(
        Subscription(
            id, target_url, frozenset(operations), EVERYTHING if role_id is None else roles[role_id].permissions
        )
        for id, target_url, operations, role_id in rows
        if role_id is None or role_id in roles  # one whose role was deleted tells of nothing
    )


def wants(workspace: WorkspaceRef, object_name: str, action: str) -> bool:
    """Whether any active webhook of the workspace asks for this event."""
    return any(each.matches(object_name, action) for each in _subscriptions(workspace.id, workspace.webhooks_version))


def handle(events: Sequence[Event], using: str) -> None:
    """Write the deliveries of these events: webhook by webhook, in the order of the events, in one statement.

    The bodies are made here and never again: each attempt sends these bytes.
    """
    rows = _delivery_rows(events)
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connections[using].cursor() as cursor:
            if is_citus(using):  # which takes no INSERT inside of another statement
                cursor.execute(_INSERT, columns)
                cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
            else:
                cursor.execute(_INSERT_AND_WAKE, [*columns, CHANNEL])


DeliveryRow = tuple[UUID, UUID, UUID, str, str, UUID, UUID, str | None, bytes, datetime]


def _delivery_rows(events: Sequence[Event]) -> list[DeliveryRow]:
    parts: dict[tuple[int, Withheld], _Parts | None] = {}  # the same for every webhook that reads as much
    rows: list[DeliveryRow] = []
    workspaces = dict.fromkeys(event.principal.workspace for event in events)
    for workspace in workspaces:
        for subscription in _subscriptions(workspace.id, workspace.webhooks_version):
            limits: dict[UUID, Withheld | None] = {}
            for index, event in enumerate(events):
                if event.principal.workspace != workspace or not subscription.matches(event.object_name, event.action):
                    continue
                if event.object_id not in limits:
                    limits[event.object_id] = _withheld(workspace, subscription.permissions, event.object_id)
                kept_back = limits[event.object_id]
                if kept_back is None:
                    continue
                if (index, kept_back) not in parts:
                    parts[index, kept_back] = _body_parts(event, kept_back)
                made = parts[index, kept_back]
                if made is None:
                    continue
                rows.append(
                    (
                        time_ordered_id(event.at, len(rows)),
                        workspace.id,
                        subscription.webhook_id,
                        event.name,
                        event.object_name,
                        event.object_id,
                        event.record_id,
                        made.updated_fields,
                        _body(made, subscription.webhook_id, subscription.target_url),
                        event.at,
                    )
                )
    return rows


def _withheld(workspace: WorkspaceRef, permissions: Permissions, object_id: UUID) -> Withheld | None:
    """What of the object a role does not get; None when it may not read the object."""
    if receives_everything(permissions):
        return NOTHING_WITHHELD
    subject = load_schema(workspace.id, workspace.schema_version).by_id.get(object_id)
    if subject is None or not may_read(permissions, subject):
        return None
    return withheld(permissions, subject)


@dataclass(frozen=True, slots=True)
class _Parts:
    """JSON between `targetUrl` and `webhookId`, and after it; and an update's fields, joined by commas."""

    before: bytes
    after: bytes
    updated_fields: str | None


def _body_parts(event: Event, kept_back: Withheld) -> _Parts | None:
    """None when the event tells nothing to those from whom so much is kept back."""
    seen = told(event, kept_back)
    if seen is None:
        return None
    record, updated_fields = seen
    before = {
        "eventName": event.name,
        "objectMetadata": {"id": event.object_id, "nameSingular": event.object_name},
        "workspaceId": event.principal.workspace.id,
    }
    after: dict[str, object] = {"eventDate": moment_text(event.at)}
    if event.principal.user_id is not None:
        after["userId"] = event.principal.user_id
    if event.principal.member_id is not None:
        after["workspaceMemberId"] = event.principal.member_id
    after["record"] = record
    if updated_fields is not None and event.action in {"updated", "deleted", "restored"}:
        after["updatedFields"] = updated_fields
    joined = ",".join(updated_fields) if updated_fields is not None and event.action == "updated" else None
    return _Parts(dumps(before)[1:-1], dumps(after)[1:], joined)


def test_body(event: Event, webhook: Webhook) -> bytes:
    """The bytes that this webhook is sent for an event that somebody asked for: all of it, and `isTest` at the end."""
    made = _body_parts(event, NOTHING_WITHHELD)
    assert made is not None
    return _body(made, webhook.id, webhook.target_url)[:-1] + b',"isTest":true}'


def _body(parts: _Parts, webhook_id: UUID, target_url: str) -> bytes:
    return b'{"targetUrl":%s,%s,"webhookId":"%s",%s' % (
        dumps(target_url),
        parts.before,
        str(webhook_id).encode(),
        parts.after,
    )
