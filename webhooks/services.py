"""The only writers of webhooks, and what may be asked of their deliveries.

Every write of a webhook raises `Workspace.webhooks_version` in its own transaction, since caches are
keyed by it. Inputs carry the API's names (`targetUrl`); a key that is absent changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from config.errors import DuplicateEntry, InvalidMetadataInput, NotFound
from config.events import Action, Event
from config.http import rights
from config.principal import Principal
from metadata.cache import load_schema
from metadata.models import Workspace
from webhooks import transport
from webhooks.addresses import AddressPolicy, AddressRefused, InvalidUrl, Target, parse_target
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook, generate_secret, time_ordered_id
from webhooks.outbox import CHANNEL, event_body
from webhooks.sending import Network, send

FLAG = "API_KEYS_AND_WEBHOOKS"

ACTIONS = ("created", "updated", "deleted", "restored", "destroyed")
MAX_WEBHOOKS = 500  # live ones in a workspace, so that lists stay bounded
MAX_OPERATIONS = 200
MAX_SECRET_LENGTH = 512
MAX_DESCRIPTION_LENGTH = 2000
LOOKUP_AT_SAVE_S = 2.0

_OPERATION = re.compile(r"(\*|[A-Za-z][A-Za-z0-9]*)\.(\*|created|updated|deleted|restored|destroyed)")
_SCHEMA_OPERATION = re.compile(r"metadata\.(\*|[A-Za-z][A-Za-z0-9]*)\.(\*|created|updated|deleted)")
_NAMES = {
    "targetUrl": "target_url",
    "operations": "operations",
    "description": "description",
    "secret": "secret",
    "isActive": "is_active",
}


def require(principal: Principal) -> None:
    """Raises PermissionDenied unless the principal's role may see and change webhooks."""
    rights.require(principal, FLAG)


def application_id(workspace_id: UUID) -> UUID:
    """The application that owns what a workspace makes, its webhooks too."""
    return Workspace.objects.values_list("custom_application_id", flat=True).get(id=workspace_id)


def webhooks_of(workspace_id: UUID) -> QuerySet[Webhook]:
    """The live webhooks of a workspace, oldest first."""
    return Webhook.objects.filter(workspace_id=workspace_id, deleted_at=None).order_by("created_at", "id")


def webhook_get(workspace_id: UUID, webhook_id: UUID) -> Webhook:
    """Raises NotFound."""
    webhook = webhooks_of(workspace_id).filter(id=webhook_id).first()
    if webhook is None:
        raise NotFound("Webhook not found")
    return webhook


def webhook_create(*, workspace_id: UUID, data: Mapping[str, Any]) -> Webhook:
    """Make a webhook from {targetUrl, operations?, description?, secret?, isActive?, id?}.

    Without operations it hears of every event; without a secret it gets one. Raises
    InvalidMetadataInput naming the member, DuplicateEntry when the id is taken.
    """
    if data.get("targetUrl") in (None, ""):
        raise _invalid("targetUrl should not be empty", "INVALID_TARGET_URL", "targetUrl")
    values = _clean({"operations": ["*.*"], **_without_nulls(data, "operations", "secret", "isActive")})
    webhook = Webhook(workspace_id=workspace_id, **values)
    if data.get("id") is not None:
        webhook.id = _clean_id(data["id"])
    try:
        with transaction.atomic():
            _raise_version(workspace_id)  # first: its row lock makes the count below exact
            if webhooks_of(workspace_id).count() >= MAX_WEBHOOKS:
                raise _invalid(f"A workspace can have {MAX_WEBHOOKS} webhooks", "TOO_MANY_WEBHOOKS", None)
            webhook.save(force_insert=True)
    except IntegrityError:
        raise DuplicateEntry("A duplicate entry was detected", path="id") from None
    return webhook


def webhook_update(*, workspace_id: UUID, webhook_id: UUID, data: Mapping[str, Any]) -> Webhook:
    """Change the members that are given. Switching it on again forgets past failures and frees what was held."""
    values = _clean(_without_nulls(data, "targetUrl", "operations", "secret", "isActive"))
    with transaction.atomic():
        _raise_version(workspace_id)
        webhook = _locked(workspace_id, webhook_id)
        was_active = webhook.is_active
        for name, value in values.items():
            setattr(webhook, name, value)
        if webhook.is_active and not was_active:
            webhook.disabled_reason = None
            webhook.failing_since = None
        webhook.updated_at = timezone.now()
        webhook.save()
        if webhook.is_active != was_active:
            (_release if webhook.is_active else _hold)(webhook_id, _records_database(workspace_id))
    return webhook


def webhook_delete(*, workspace_id: UUID, webhook_id: UUID) -> Webhook:
    """Delete softly: its deliveries stay readable, and those still waiting are given up."""
    with transaction.atomic():
        _raise_version(workspace_id)
        webhook = _locked(workspace_id, webhook_id)
        webhook.deleted_at = webhook.updated_at = timezone.now()
        webhook.is_active = False
        webhook.save()
        _give_up(webhook_id, _records_database(workspace_id))
    return webhook


def secret_rotate(*, workspace_id: UUID, webhook_id: UUID, overlap: timedelta, secret: str | None = None) -> Webhook:
    """Give a new secret. The old one signs beside it for the length of `overlap` (0 to 7 days)."""
    if not timedelta(0) <= overlap <= timedelta(days=7):
        raise _invalid("overlapHours must be between 0 and 168", "INVALID_WEBHOOK_INPUT", "overlapHours")
    new = _clean_secret(secret) if secret else generate_secret()
    with transaction.atomic():
        _raise_version(workspace_id)
        webhook = _locked(workspace_id, webhook_id)
        webhook.previous_secret = webhook.secret if overlap else None
        webhook.previous_secret_until = timezone.now() + overlap if overlap else None
        webhook.secret = new
        webhook.updated_at = timezone.now()
        webhook.save()
    return webhook


def webhook_disable(webhook: Webhook, reason: str, at: datetime, using: str) -> None:
    """Switch off an endpoint that is gone or has only failed; its deliveries wait until it is switched on again."""
    with transaction.atomic():
        _raise_version(webhook.workspace_id)
        changed = Webhook.objects.filter(id=webhook.id, workspace_id=webhook.workspace_id, is_active=True).update(
            is_active=False, disabled_reason=reason, updated_at=at
        )
        if changed:
            _hold(webhook.id, using)


# Deliveries ---------------------------------------------------------------------------------------


def deliveries_of(workspace_id: UUID) -> QuerySet[Delivery]:
    """Every delivery of a workspace, newest first, from the database of its records."""
    return Delivery.objects.using(_records_database(workspace_id)).filter(workspace_id=workspace_id).order_by("-id")


def delivery_get(workspace_id: UUID, delivery_id: UUID) -> Delivery:
    """Raises NotFound."""
    delivery = deliveries_of(workspace_id).filter(id=delivery_id).first()
    if delivery is None:
        raise NotFound("Delivery not found")
    return delivery


@dataclass(frozen=True, slots=True)
class LastDelivery:
    """The newest delivery of a webhook, for lists."""

    status: str
    status_code: int | None
    created_at: datetime


_LAST_DELIVERIES = """
SELECT webhook.id, last.status, last.last_status_code, last.created_at
FROM unnest(%s::uuid[]) AS webhook (id) CROSS JOIN LATERAL (
    SELECT status, last_status_code, created_at FROM webhooks_delivery
    WHERE webhook_id = webhook.id AND workspace_id = %s ORDER BY id DESC LIMIT 1
) AS last
"""


def last_deliveries(workspace_id: UUID, webhook_ids: Sequence[UUID]) -> dict[UUID, LastDelivery]:
    """By webhook; those that never had one are left out."""
    with connections[_records_database(workspace_id)].cursor() as cursor:
        cursor.execute(_LAST_DELIVERIES, [list(webhook_ids), workspace_id])
        return {id: LastDelivery(*rest) for id, *rest in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Part of a webhook's log, newest first."""

    rows: list[Delivery]
    has_newer: bool
    has_older: bool


def delivery_page(
    *,
    workspace_id: UUID,
    webhook_id: UUID,
    limit: int,
    status: str | None = None,
    event_name: str | None = None,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
) -> DeliveryPage:
    """Up to `limit` deliveries beyond the one whose id is given. Raises InvalidMetadataInput for an unknown status."""
    found = deliveries_of(workspace_id).filter(webhook_id=webhook_id).defer("body")
    if status:
        if status not in DeliveryStatus.values:
            names = ", ".join(DeliveryStatus.values)
            raise _invalid(f'Invalid status "{status[:50]}". Valid values are: {names}', "INVALID_STATUS", "status")
        found = found.filter(status=status)
    if event_name:
        found = found.filter(event_name=event_name)
    if newer_than is not None:
        rows = list(found.filter(id__gt=newer_than).order_by("id")[: limit + 1])
        return DeliveryPage(rows[:limit][::-1], has_newer=len(rows) > limit, has_older=True)
    if older_than is not None:
        found = found.filter(id__lt=older_than)
    rows = list(found[: limit + 1])
    return DeliveryPage(rows[:limit], has_newer=older_than is not None, has_older=len(rows) > limit)


def delivery_redeliver(*, workspace_id: UUID, delivery_id: UUID) -> Delivery:
    """Send it again, as soon as a worker is free: same id, same bytes, new timestamp, the whole schedule anew.

    One that is waiting is sent now; one that is on its way stays as it is.
    """
    delivery = delivery_get(workspace_id, delivery_id)
    webhook = webhook_get(workspace_id, delivery.webhook_id)
    if not webhook.is_active:
        raise _invalid("The webhook is switched off: switch it on first", "WEBHOOK_NOT_ACTIVE", None)
    using = delivery._state.db or "default"
    with transaction.atomic(using=using):
        changed = (
            Delivery.objects.using(using)
            .filter(id=delivery.id)
            .exclude(status=DeliveryStatus.DELIVERING)
            .update(
                status=DeliveryStatus.PENDING,
                next_attempt_at=timezone.now(),
                first_attempt=F("attempts"),
                finished_at=None,
            )
        )
        if changed:
            _wake(using)
    delivery.refresh_from_db(using=using)
    return delivery


def failed_recover(*, workspace_id: UUID, webhook_id: UUID, since: datetime) -> int:
    """Send again every failed delivery of a webhook since a moment; the number of them."""
    webhook = webhook_get(workspace_id, webhook_id)
    if not webhook.is_active:
        raise _invalid("The webhook is switched off: switch it on first", "WEBHOOK_NOT_ACTIVE", None)
    using = _records_database(workspace_id)
    with transaction.atomic(using=using):
        count = (
            Delivery.objects.using(using)
            .filter(webhook_id=webhook_id, workspace_id=workspace_id, status=DeliveryStatus.FAILED)
            .filter(created_at__gte=since)
            .update(
                status=DeliveryStatus.PENDING,
                next_attempt_at=timezone.now(),
                first_attempt=F("attempts"),
                finished_at=None,
            )
        )
        if count:
            _wake(using)
    return count


def webhook_test(
    *, principal: Principal, webhook_id: UUID, object_name: str, action: str, network: Network | None = None
) -> Attempt:
    """Send an event made of each field's example, at once, and log it. Also while the webhook is switched off.

    Raises InvalidMetadataInput for an unknown object or action.
    """
    webhook = webhook_get(principal.workspace_id, webhook_id)
    event = sample_event(principal, object_name, action)
    body = event_body(event, webhook)
    delivery = Delivery(
        workspace_id=principal.workspace_id,
        webhook_id=webhook.id,
        event_name=event.name,
        object_name=event.object_name,
        record_id=event.record_id,
        body=body,
        attempts=1,
        created_at=event.at,
    )
    sent = send(webhook, delivery.id, body, event.at, network or Network.from_settings())
    delivery.status = DeliveryStatus.DELIVERED if sent.succeeded else DeliveryStatus.FAILED
    delivery.last_status_code, delivery.last_error, delivery.finished_at = sent.status_code, sent.error, timezone.now()
    using = principal.workspace.shard
    with transaction.atomic(using=using):
        delivery.save(using=using, force_insert=True)
        return Attempt.objects.using(using).create(delivery=delivery, number=1, **asdict(sent))


def sample_event(principal: Principal, object_name: str, action: str) -> Event:
    """An event of a record that does not exist, filled with what the fields give as examples."""
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    described = schema.by_singular.get(object_name)
    if described is None:
        raise _invalid(f"Object {object_name[:100]} does not exist", "INVALID_WEBHOOK_INPUT", "object")
    if action not in ACTIONS:
        raise _invalid(f"action must be one of {', '.join(ACTIONS)}", "INVALID_WEBHOOK_INPUT", "action")
    record_id = time_ordered_id()
    record: dict[str, Any] = {"id": str(record_id)}
    for field in described.fields:
        if field.relation is not None:
            if field.relation.join_name is not None:
                record[field.relation.join_name] = None
        elif field.name != "id" and field.type.is_readable and field.secret_flag is None:
            record[field.name] = next(iter(field.type.json_schema(field).get("examples", ())), None)
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


def _hold(webhook_id: UUID, using: str) -> None:
    Delivery.objects.using(using).filter(webhook_id=webhook_id, status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.HELD
    )


def _release(webhook_id: UUID, using: str) -> None:
    with transaction.atomic(using=using):
        Delivery.objects.using(using).filter(webhook_id=webhook_id, status=DeliveryStatus.HELD).update(
            status=DeliveryStatus.PENDING, next_attempt_at=timezone.now()
        )
        _wake(using)


def _give_up(webhook_id: UUID, using: str) -> None:
    Delivery.objects.using(using).filter(
        webhook_id=webhook_id, status__in=[DeliveryStatus.PENDING, DeliveryStatus.HELD]
    ).update(status=DeliveryStatus.FAILED, last_error="The webhook was deleted", finished_at=timezone.now())


def _wake(using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


# Checks -------------------------------------------------------------------------------------------


def address_policy() -> AddressPolicy:
    """What this installation lets webhooks reach."""
    return AddressPolicy.from_entries(settings.WEBHOOK_ALLOWED_HOSTS)


def clean_target_url(text: Any, policy: AddressPolicy, resolve: transport.Resolve = transport.resolve) -> str:
    """The URL in its one spelling. Raises InvalidMetadataInput when it cannot be read or may not be reached.

    A name that cannot be looked up within two seconds is taken: every send checks again.
    """
    if not isinstance(text, str):
        raise _invalid("targetUrl must be a string", "INVALID_TARGET_URL", "targetUrl")
    try:
        target = parse_target(text)
    except InvalidUrl as fault:
        raise _invalid("Invalid target URL provided", "INVALID_TARGET_URL", "targetUrl", hint=str(fault)) from None
    try:
        _check_reachable(target, policy, resolve)
    except AddressRefused as fault:
        raise _invalid(
            f"Target URL is refused: {fault}",
            "INVALID_TARGET_URL",
            "targetUrl",
            hint="An operator can allow private receivers with WEBHOOK_ALLOWED_HOSTS",
        ) from None
    return target.url


def _check_reachable(target: Target, policy: AddressPolicy, resolve: transport.Resolve) -> None:
    policy.check_name(target)
    try:
        _lookups().submit(transport.checked_addresses, target, policy, resolve).result(LOOKUP_AT_SAVE_S)
    except (OSError, FutureTimeout, UnicodeError):
        pass


@lru_cache(maxsize=1)
def _lookups() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook-lookup")


def _clean(data: Mapping[str, Any]) -> dict[str, Any]:
    """The given members as column values."""
    values: dict[str, Any] = {}
    for name, column in _NAMES.items():
        if name not in data:
            continue
        value = data[name]
        if name == "targetUrl":
            value = clean_target_url(value, address_policy())
        elif name == "operations":
            value = clean_operations(value)
        elif name == "secret":
            if value == "":
                continue
            value = _clean_secret(value)
        elif name == "description":
            value = _clean_description(value)
        elif not isinstance(value, bool):
            raise _invalid(f"{name} must be a boolean value", "INVALID_WEBHOOK_INPUT", name)
        values[column] = value
    return values


def clean_operations(value: Any) -> list[str]:
    """Operations as given, each once. Raises InvalidMetadataInput naming the one that cannot be read.

    An object need not exist: a webhook outlives the object that it names.
    """
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise _invalid("each value in operations must be a string", "INVALID_WEBHOOK_INPUT", "operations")
    operations = list(dict.fromkeys(each.strip() for each in value))
    if not operations:
        raise _invalid("operations must name one event or more", "INVALID_WEBHOOK_INPUT", "operations")
    if len(operations) > MAX_OPERATIONS:
        raise _invalid(f"operations can have {MAX_OPERATIONS} items", "INVALID_WEBHOOK_INPUT", "operations")
    for operation in operations:
        if not _OPERATION.fullmatch(operation) and not _SCHEMA_OPERATION.fullmatch(operation):
            raise _invalid(
                f'Invalid operation "{operation[:100]}"',
                "INVALID_WEBHOOK_INPUT",
                "operations",
                hint=f"Write object.action with {', '.join(ACTIONS)} or * for either half",
            )
    return operations


def _clean_secret(value: Any) -> str:
    secret = "".join(value.split()) if isinstance(value, str) else ""
    if not secret or len(secret) > MAX_SECRET_LENGTH or not secret.isprintable():
        raise _invalid(f"secret must have 1 to {MAX_SECRET_LENGTH} characters", "INVALID_WEBHOOK_INPUT", "secret")
    return secret


def _clean_description(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_DESCRIPTION_LENGTH or "\x00" in value:
        raise _invalid(
            f"description must be a string of up to {MAX_DESCRIPTION_LENGTH} characters",
            "INVALID_WEBHOOK_INPUT",
            "description",
        )
    return value


def _clean_id(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise _invalid("id must be a UUID", "INVALID_WEBHOOK_INPUT", "id") from None


def _without_nulls(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None or name not in names}


def _invalid(message: str, code: str, path: str | None, hint: str | None = None) -> InvalidMetadataInput:
    return InvalidMetadataInput(message, sub_code=code, path=path, hint=hint)


def _locked(workspace_id: UUID, webhook_id: UUID) -> Webhook:
    webhook = webhooks_of(workspace_id).select_for_update().filter(id=webhook_id).first()
    if webhook is None:
        raise NotFound("Webhook not found")
    return webhook


def _raise_version(workspace_id: UUID) -> None:
    Workspace.objects.filter(id=workspace_id).update(webhooks_version=F("webhooks_version") + 1)


def _records_database(workspace_id: UUID) -> str:
    """The alias of the database that holds the workspace's records."""
    shard = Workspace.objects.filter(id=workspace_id).values_list("shard", flat=True).first()
    return shard or "default"
