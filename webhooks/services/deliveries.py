"""What may be asked of deliveries, and done with them.

A delivery is shown to those who may read its object and, of an update, one of the fields it changed; its body
holds what both they and the webhook's role may read as of now. Only who holds every right of that role may
have it sent again, or send a test.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from config.errors import NotFound
from config.events import ACTIONS, Action, Event
from config.http.inputs import uuid_of
from config.http.paging import Page, PageRequest, read_page
from config.principal import Principal
from config.time_ids import time_ordered_id
from metadata.cache import load_schema
from metadata.schema import ObjectSchema, WorkspaceSchema
from webhooks.delivery.outbox import test_body
from webhooks.delivery.sending import Network, send
from webhooks.delivery.serialise import dumps
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook
from webhooks.readable import Visible, may_read, readable_part, reads_everything, visible_deliveries, withheld
from webhooks.services.checks import invalid
from webhooks.services.giving import refuse_beyond
from webhooks.services.reading import webhook_get
from webhooks.services.seen import SECRET_UNREADABLE, Seen, masked_url, require, seen_by
from webhooks.services.waiting import wake


def deliveries_seen(principal: Principal) -> QuerySet[Delivery]:
    """Every delivery of the workspace that the principal may know of, newest first, from its records' database."""
    require(principal)
    found = Delivery.objects.using(principal.workspace.shard).filter(workspace_id=principal.workspace_id)
    return found.filter(_visible(principal).condition).order_by("-id")


def delivery_get(principal: Principal, delivery_id: UUID) -> Delivery:
    """Raises NotFound."""
    delivery = deliveries_seen(principal).filter(id=delivery_id).first()
    if delivery is None:
        raise NotFound("Delivery not found")
    return delivery


@dataclass(frozen=True, slots=True)
class Content:
    """A delivery's body as one principal sees it, and whether something was left out of it.

    Answers of receivers may repeat the body, or tell of another system: they are shown beside a whole body
    of one's own webhook only, and those from a private network to admins only.
    """

    body: str
    is_redacted: bool
    shows_answers: bool
    shows_internal_answers: bool

    def shows_answer(self, attempt: Attempt) -> bool:
        return self.shows_answers and (self.shows_internal_answers or not attempt.is_internal)


def delivery_content(principal: Principal, delivery: Delivery, webhook: Seen) -> Content:
    """What of it the principal may read. `webhook` is the one it is of, deleted or not."""
    part = readable_part(
        bytes(delivery.body), delivery.object_id, _schema(principal), [webhook.permissions, principal.permissions]
    )
    body = part.body
    if webhook.is_beyond:
        content = json.loads(body)
        content["targetUrl"] = masked_url(content["targetUrl"])
        body = dumps(content)
    return Content(
        body.decode(),
        is_redacted=not part.is_whole or webhook.is_beyond,
        shows_answers=part.is_whole and not webhook.is_beyond,
        shows_internal_answers=principal.permissions.settings,
    )


def webhook_of(principal: Principal, delivery: Delivery) -> Seen:
    """The webhook of a delivery, also one that was deleted. Raises NotFound."""
    found = Webhook.objects.filter(id=delivery.webhook_id, workspace_id=principal.workspace_id).first()
    if found is None:
        raise NotFound("Delivery not found")
    return seen_by(principal, [found])[0]


@dataclass(frozen=True, slots=True)
class LastDelivery:
    """The newest delivery of a webhook, for lists."""

    status: str
    status_code: int | None
    created_at: datetime


_LAST_DELIVERIES = """
SELECT webhook.id, last.status, last.last_status_code, last.created_at
FROM unnest(%(webhooks)s::uuid[]) AS webhook (id) CROSS JOIN LATERAL (
    SELECT status, last_status_code, created_at FROM webhooks_delivery
    WHERE webhook_id = webhook.id AND workspace_id = %(workspace)s
      AND (
          %(everything)s OR object_id = ANY(%(objects)s::uuid[])
          OR (
              %(restricted)s::jsonb ? object_id::text
              AND (
                  coalesce(cardinality(updated_fields), 0) = 0
                  OR (%(restricted)s::jsonb -> object_id::text) ?| updated_fields
              )
          )
      )
    ORDER BY id DESC LIMIT 1
) AS last
"""


def last_deliveries(principal: Principal, webhook_ids: Sequence[UUID]) -> dict[UUID, LastDelivery]:
    """By webhook, of what the principal may know of; those that have none are left out."""
    require(principal)
    visible = _visible(principal)
    parameters: dict[str, Any] = {
        "webhooks": list(webhook_ids),
        "workspace": principal.workspace_id,
        "everything": visible.everything,
        "objects": list(visible.objects),
        "restricted": json.dumps({str(id): names for id, names in visible.restricted.items()}),
    }
    with connections[principal.workspace.shard].cursor() as cursor:
        cursor.execute(_LAST_DELIVERIES, parameters)
        return {id: LastDelivery(*rest) for id, *rest in cursor.fetchall()}


class DeliveryPage(Page[Delivery]):
    """Part of a webhook's log, newest first, uncounted."""

    @property
    def rows(self) -> Sequence[Delivery]:
        return self.items

    @property
    def has_newer(self) -> bool:
        return self.has_previous

    @property
    def has_older(self) -> bool:
        return self.has_next


def delivery_page(
    principal: Principal,
    *,
    webhook_id: UUID,
    limit: int,
    status: str | None = None,
    event_name: str | None = None,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
) -> DeliveryPage:
    """Up to `limit` deliveries beyond the one whose id is given. Raises InvalidMetadataInput for an unknown status."""
    found = deliveries_seen(principal).filter(webhook_id=webhook_id).defer("body")
    if status:
        if status not in DeliveryStatus.values:
            names = ", ".join(DeliveryStatus.values)
            raise invalid(f'Invalid status "{status[:50]}". Valid values are: {names}', "INVALID_STATUS", "status")
        found = found.filter(status=status)
    if event_name:
        found = found.filter(event_name=event_name)
    page = read_page(found, PageRequest(limit, older_than, newer_than), is_counted=False, is_exact=False)
    return DeliveryPage(page.items, page.has_next, page.has_previous, page.total)


def delivery_redeliver(principal: Principal, *, delivery_id: UUID) -> Delivery:
    """Send it again, as soon as a worker is free: same id, same bytes, new timestamp, the whole schedule anew.

    One that is waiting is sent now; one that is on its way stays as it is.
    """
    delivery = delivery_get(principal, delivery_id)
    _require_active(webhook_get(principal, delivery.webhook_id))
    using = principal.workspace.shard
    with transaction.atomic(using=using):
        found = Delivery.objects.using(using).filter(id=delivery.id).exclude(status=DeliveryStatus.DELIVERING)
        if _send_again(found):
            wake(using)
    delivery.refresh_from_db(using=using)
    return delivery


def failed_recover(principal: Principal, *, webhook_id: UUID, since: datetime) -> int:
    """Send again at once every delivery of a webhook since a moment that failed, be it for good or so that it waits to
    be tried again; the number of them."""
    _require_active(webhook_get(principal, webhook_id))
    using = principal.workspace.shard
    with transaction.atomic(using=using):
        waits = Q(status=DeliveryStatus.PENDING, attempts__gt=F("first_attempt"))
        failed = deliveries_seen(principal).filter(waits | Q(status=DeliveryStatus.FAILED), webhook_id=webhook_id)
        count = _send_again(failed.filter(created_at__gte=since))
        if count:
            wake(using)
    return count


def _require_active(webhook: Seen) -> None:
    refuse_beyond(webhook)
    if not webhook.webhook.is_active:
        raise invalid("The webhook is switched off: switch it on first", "WEBHOOK_NOT_ACTIVE", None)


def _send_again(deliveries: QuerySet[Delivery]) -> int:
    return deliveries.order_by().update(
        status=DeliveryStatus.PENDING,
        next_attempt_at=timezone.now(),
        first_attempt=F("attempts"),
        finished_at=None,
    )


@dataclass(frozen=True, slots=True)
class RealRecord:
    """What a test tells of: the record with that id, else the newest one."""

    id: UUID | None = None


def real_record(text: object) -> RealRecord | None:
    """None, "" and a made-up example; `newest`; else the id of a record. Raises InvalidMetadataInput."""
    if text is None or text == "":
        return None
    id = uuid_of(text)
    if id is None and text != "newest":
        raise invalid('recordId must be a UUID or "newest"', "INVALID_WEBHOOK_INPUT", "recordId")
    return RealRecord(id)


def webhook_test(
    principal: Principal,
    *,
    webhook_id: UUID,
    object_name: str,
    action: str,
    record: RealRecord | None = None,
    network: Network | None = None,
) -> Attempt:
    """Send an event of a real record, or of each readable field's example, at once, and log it. Also while the webhook
    is switched off. Body and headers say that it is a test.

    Raises InvalidMetadataInput for an action that does not exist, and for an object that does not or that the
    webhook's role may not read; RecordNotFound.
    """
    seen = webhook_get(principal, webhook_id)
    refuse_beyond(seen)
    webhook = seen.webhook
    if not webhook.has_readable_secret:
        raise invalid(SECRET_UNREADABLE, "WEBHOOK_SECRET_UNREADABLE", None)
    event = sample_event(principal, seen, object_name, action, record)
    body = test_body(event, webhook)
    delivery = Delivery(
        workspace_id=principal.workspace_id,
        webhook_id=webhook.id,
        event_name=event.name,
        object_name=event.object_name,
        object_id=event.object_id,
        record_id=event.record_id,
        updated_fields=list(event.updated_fields or ()) if event.action == "updated" else None,
        body=body,
        attempts=1,
        created_at=event.at,
        is_test=True,
    )
    sent = send(webhook, delivery.id, body, event.at, network or Network.from_settings(), is_test=True)
    delivery.status = DeliveryStatus.DELIVERED if sent.succeeded else DeliveryStatus.FAILED
    delivery.last_status_code, delivery.last_error, delivery.finished_at = sent.status_code, sent.error, timezone.now()
    using = principal.workspace.shard
    with transaction.atomic(using=using):
        delivery.save(using=using, force_insert=True)
        return Attempt.objects.using(using).create(delivery=delivery, number=1, **asdict(sent))


def sample_event(
    principal: Principal, webhook: Seen, object_name: str, action: str, real: RealRecord | None = None
) -> Event:
    """An event of a real record, or of one that does not exist: the examples of its fields. Of either what the
    webhook's role may read."""
    described = _schema(principal).by_singular.get(object_name)
    if described is None or not may_read(webhook.permissions, described):
        raise invalid(f"Object {object_name[:100]} does not exist", "INVALID_WEBHOOK_INPUT", "object")
    if action not in ACTIONS:
        raise invalid(f"action must be one of {', '.join(ACTIONS)}", "INVALID_WEBHOOK_INPUT", "action")
    if real is not None:
        record = import_string(settings.RECORD_OF_TEST)(principal, object_name, real.id)
    else:
        record = _example_of(described)
    record_id = UUID(str(record["id"]))
    record = dict(withheld(webhook.permissions, described).cut(record))
    return Event(
        action=cast(Action, action),
        principal=principal,
        object_id=described.id,
        object_name=described.singular,
        record_id=record_id,
        record=record,
        updated_fields=("deletedAt",) if action in ("deleted", "restored") else tuple(record)[1:2],
        at=timezone.now(),
    )


def _example_of(described: ObjectSchema) -> dict[str, object]:
    """A record that does not exist."""
    record: dict[str, object] = {"id": str(time_ordered_id())}
    for field in described.fields:
        if field.relation is not None:
            if field.relation.join_name is not None:
                record[field.relation.join_name] = None
        elif field.name != "id" and field.type.is_readable:
            record[field.name] = next(iter(field.type.json_schema(field).get("examples", ())), None)
    return record


def _schema(principal: Principal) -> WorkspaceSchema:
    return load_schema(principal.workspace_id, principal.workspace.schema_version)


def _visible(principal: Principal) -> Visible:
    if reads_everything(principal.permissions):
        return Visible(everything=True)
    return visible_deliveries(_schema(principal), principal.permissions)
