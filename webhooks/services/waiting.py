"""What becomes of a webhook's waiting deliveries when the webhook is switched off or on, or deleted."""

from __future__ import annotations

from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone

from metadata.models import Workspace
from webhooks.delivery.outbox import CHANNEL
from webhooks.models import Delivery, DeliveryStatus


def hold(webhook_id: UUID, using: str) -> None:
    Delivery.objects.using(using).filter(webhook_id=webhook_id, status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.HELD
    )


def release(webhook_id: UUID, using: str) -> None:
    with transaction.atomic(using=using):
        Delivery.objects.using(using).filter(webhook_id=webhook_id, status=DeliveryStatus.HELD).update(
            status=DeliveryStatus.PENDING, next_attempt_at=timezone.now()
        )
        wake(using)


def give_up(webhook_id: UUID, using: str) -> None:
    Delivery.objects.using(using).filter(
        webhook_id=webhook_id, status__in=[DeliveryStatus.PENDING, DeliveryStatus.HELD]
    ).update(status=DeliveryStatus.FAILED, last_error="The webhook was deleted", finished_at=timezone.now())


def wake(using: str) -> None:
    """Tell the workers that there is something to send, when the transaction commits."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def records_database(workspace_id: UUID) -> str:
    """The alias of the database that holds the workspace's records."""
    shard = Workspace.objects.filter(id=workspace_id).values_list("shard", flat=True).first()
    return shard or "default"
