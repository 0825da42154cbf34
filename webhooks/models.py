"""Webhooks, the deliveries they are owed, and each attempt to send one.

`Delivery` is the outbox and the log that users read. It is written through the database of the
workspace's records (`Workspace.shard`), in the records' transaction; `Webhook` stands beside the other
shared tables. So no constraint and no join leads from a delivery to its webhook.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from config.encrypted_fields import EncryptedTextField, Unreadable
from config.time_ids import time_ordered_id

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's


def generate_secret() -> str:
    """A secret in the form of the Standard Webhooks specification, from 32 random bytes."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


class Webhook(models.Model):
    """An address that wants to hear of events. Deleted softly: its log stays readable."""

    id = models.UUIDField(primary_key=True, default=time_ordered_id, editable=False)
    workspace_id = models.UUIDField()
    target_url = models.TextField()
    operations = ArrayField(models.TextField(), help_text="object.action, either half may be *")
    description = models.TextField(null=True, blank=True)
    secret = EncryptedTextField(default=generate_secret)
    previous_secret = EncryptedTextField(null=True, editable=False, help_text="Signs too until previous_secret_until")
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    role_id = models.UUIDField(
        null=True,
        editable=False,
        help_text="What it may tell of. Null: it was made before webhooks had roles, as Admin",
    )

    is_active = models.BooleanField(default=True)
    disabled_reason = models.TextField(null=True, blank=True, help_text="Set when the worker switched it off")
    failing_since = models.DateTimeField(null=True, editable=False, help_text="First failure after the last success")

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(operations__len__gt=0), name="webhooks_webhook_operations"),
            models.CheckConstraint(condition=~models.Q(secret=""), name="webhooks_webhook_secret"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "created_at", "id"],
                condition=models.Q(deleted_at=None),
                name="webhooks_webhook_live",
            )
        ]

    def __str__(self) -> str:
        return self.target_url

    @property
    def has_readable_secret(self) -> bool:
        """False when the server's SECRET_KEY is not the one that encrypted it: then nothing can be signed."""
        return not isinstance(self.secret, Unreadable)

    def signing_secrets(self, at: datetime) -> tuple[str, ...]:
        """The secrets that sign at this moment, the current one first. Only for those with `has_readable_secret`."""
        assert self.has_readable_secret
        if self.previous_secret and self.previous_secret_until and at < self.previous_secret_until:
            return (self.secret, self.previous_secret)  # one that cannot be read is empty, and does not sign
        return (self.secret,)


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"  # waits for next_attempt_at
    DELIVERING = "delivering"  # a worker has it until lease_until
    HELD = "held"  # its webhook is switched off; becomes pending again with it
    DELIVERED = "delivered"
    FAILED = "failed"  # given up


class Delivery(models.Model):
    """One event for one webhook. `body` is what every attempt signs and sends, byte for byte."""

    id = models.UUIDField(primary_key=True, default=time_ordered_id, editable=False)
    workspace_id = models.UUIDField()
    webhook = models.ForeignKey(Webhook, models.DO_NOTHING, db_constraint=False, db_index=False)
    event_name = models.TextField()
    object_name = models.TextField()
    object_id = models.UUIDField(null=True, help_text="Null: written before webhooks had roles")
    record_id = models.UUIDField()
    updated_fields = ArrayField(
        models.TextField(), null=True, help_text="Of an update: who may read none of them does not see the delivery"
    )
    body = models.BinaryField()

    status = models.TextField(choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    first_attempt = models.PositiveIntegerField(
        default=0, help_text="Attempts made before the last redelivery; the schedule counts from here"
    )
    last_status_code = models.PositiveSmallIntegerField(null=True)
    last_error = models.TextField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    is_test = models.BooleanField(default=False, db_default=False, help_text="Asked for by hand, of no change")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=DeliveryStatus.values), name="webhooks_delivery_status"
            )
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="webhooks_delivery_log"),
            # Claiming walks this one webhook by webhook, so a backlog of one hides nobody else's.
            models.Index(
                fields=["webhook", "next_attempt_at", "id"],
                condition=models.Q(status=DeliveryStatus.PENDING),
                name="webhooks_delivery_due",
            ),
            models.Index(
                fields=["webhook", "lease_until"],
                condition=models.Q(status=DeliveryStatus.DELIVERING),
                name="webhooks_delivery_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} {self.message_id}"

    @property
    def message_id(self) -> str:
        return message_id(self.id)


class Attempt(models.Model):
    """One request that was sent, or could not be."""

    id = models.UUIDField(primary_key=True, default=time_ordered_id, editable=False)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempt_set")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True)
    request_headers = models.JSONField(default=dict)
    status_code = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True, default="", help_text="The first 16 KB")
    error = models.TextField(null=True)
    is_internal = models.BooleanField(default=False, help_text="Sent to an address only the allow-list permits")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.status_code or self.error}"


class WebhookAct(models.Model):
    """Who did what to a webhook: a log that is only added to."""

    class Act(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        DELETED = "deleted"
        SECRET_ROTATED = "secretRotated"  # noqa: S105 - the name of an act
        SECRET_REVEALED = "secretRevealed"  # noqa: S105

    id = models.UUIDField(primary_key=True, default=time_ordered_id, editable=False)
    workspace_id = models.UUIDField()
    webhook_id = models.UUIDField()
    act = models.TextField(choices=Act.choices)
    at = models.DateTimeField(default=timezone.now)
    by_name = models.TextField(help_text="The API key or member as it was called then")
    by_api_key_id = models.UUIDField(null=True)
    by_member_id = models.UUIDField(null=True)
    members = ArrayField(models.TextField(), default=list, help_text="What an update changed: names, no values")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["webhook_id", "-id"], name="webhooks_act_log")]

    def __str__(self) -> str:
        return f"{self.act} by {self.by_name}"


def message_id(delivery_id: UUID) -> str:
    """The `webhook-id` of a delivery: the same on every attempt, since it is the row's id written shorter.

    >>> message_id(UUID("01910a2b-3c4d-4e5f-8a6b-7c8d9e0fa1b2"))
    'evt_01J452PF2D9SFRMTVWHPF0Z8DJ'
    """
    number = delivery_id.int
    return "evt_" + "".join(_BASE32[number >> shift & 31] for shift in range(125, -5, -5))


def delivery_id_of(text: str) -> UUID | None:
    """The delivery whose `webhook-id` that is; None for what is none.

    >>> delivery_id_of("evt_01J452PF2D9SFRMTVWHPF0Z8DJ")
    UUID('01910a2b-3c4d-4e5f-8a6b-7c8d9e0fa1b2')
    """
    digits = text.removeprefix("evt_").upper()
    if digits == text.upper() or len(digits) != 26 or not set(digits) <= set(_BASE32):
        return None
    number = 0
    for each in digits:
        number = number << 5 | _BASE32.index(each)
    return UUID(int=number) if number < 1 << 128 else None
