"""The event handler: one Delivery per event and webhook that wants it, in the record's transaction.

Which webhooks a workspace has is kept by `(workspace, webhooks_version)`; every write of a webhook
raises that version, so a warm answer costs no statement and is never stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import connections

from config.events import Event
from config.principal import WorkspaceRef
from webhooks.models import Webhook, time_ordered_id
from webhooks.serialise import dumps, iso_moment

CHANNEL = "webhooks_delivery"  # NOTIFY wakes the workers when the transaction commits
WORKSPACES_REMEMBERED = 1000

# A record of these changes so often by itself that only webhooks naming the event exactly hear of it.
_EXACT_ONLY = frozenset({"workflowRun.updated"})

_INSERT = """
WITH inserted AS (
    INSERT INTO webhooks_delivery
        (id, workspace_id, webhook_id, event_name, object_name, record_id, body,
         status, next_attempt_at, attempts, first_attempt, created_at)
    SELECT id, workspace_id, webhook_id, event_name, object_name, record_id, body, 'pending', at, 0, 0, at
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::bytea[], %s::timestamptz[])
        AS delivery (id, workspace_id, webhook_id, event_name, object_name, record_id, body, at)
)
SELECT pg_notify(%s, '')
"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What fan-out needs to know of an active webhook. No secret: that is read when it signs."""

    webhook_id: UUID
    target_url: str
    operations: frozenset[str]

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
    rows = (
        Webhook.objects.filter(workspace_id=workspace_id, deleted_at=None, is_active=True)
        .order_by("created_at", "id")
        .values_list("id", "target_url", "operations")
    )
    return tuple(Subscription(id, target_url, frozenset(operations)) for id, target_url, operations in rows)


def wants(workspace: WorkspaceRef, object_name: str, action: str) -> bool:
    """Whether any active webhook of the workspace asks for this event."""
    return any(each.matches(object_name, action) for each in _subscriptions(workspace.id, workspace.webhooks_version))


def handle(events: Sequence[Event], using: str) -> None:
    """Write the deliveries of these events: webhook by webhook, in the order of the events, in one statement.

    The bodies are made here and never again: each attempt sends these bytes.
    """
    rows = _delivery_rows(events)
    if rows:
        with connections[using].cursor() as cursor:
            cursor.execute(_INSERT, [*(list(column) for column in zip(*rows, strict=True)), CHANNEL])


DeliveryRow = tuple[UUID, UUID, UUID, str, str, UUID, bytes, datetime]


def _delivery_rows(events: Sequence[Event]) -> list[DeliveryRow]:
    parts: dict[int, tuple[bytes, bytes]] = {}  # an event's bytes are the same for every webhook
    rows: list[DeliveryRow] = []
    workspaces = dict.fromkeys(event.principal.workspace for event in events)
    for workspace in workspaces:
        for subscription in _subscriptions(workspace.id, workspace.webhooks_version):
            for index, event in enumerate(events):
                if event.principal.workspace != workspace or not subscription.matches(event.object_name, event.action):
                    continue
                if index not in parts:
                    parts[index] = _body_parts(event)
                rows.append(
                    (
                        time_ordered_id(event.at, len(rows)),
                        workspace.id,
                        subscription.webhook_id,
                        event.name,
                        event.object_name,
                        event.record_id,
                        _body(parts[index], subscription.webhook_id, subscription.target_url),
                        event.at,
                    )
                )
    return rows


def _body_parts(event: Event) -> tuple[bytes, bytes]:
    """The members between `targetUrl` and `webhookId`, and those after it."""
    before = {
        "eventName": event.name,
        "objectMetadata": {"id": event.object_id, "nameSingular": event.object_name},
        "workspaceId": event.principal.workspace.id,
    }
    after: dict[str, object] = {"eventDate": iso_moment(event.at)}
    if event.principal.user_id is not None:
        after["userId"] = event.principal.user_id
    if event.principal.member_id is not None:
        after["workspaceMemberId"] = event.principal.member_id
    after["record"] = event.record
    if event.updated_fields is not None and event.action in {"updated", "deleted", "restored"}:
        after["updatedFields"] = event.updated_fields
    return dumps(before)[1:-1], dumps(after)[1:]


def event_body(event: Event, webhook: Webhook) -> bytes:
    """The bytes that this webhook is sent for an event."""
    return _body(_body_parts(event), webhook.id, webhook.target_url)


def _body(parts: tuple[bytes, bytes], webhook_id: UUID, target_url: str) -> bytes:
    return b'{"targetUrl":%s,%s,"webhookId":"%s",%s' % (
        dumps(target_url),
        parts[0],
        str(webhook_id).encode(),
        parts[1],
    )
