"""Webhooks, their acts, deliveries and attempts as both APIs answer them (see `metadata.kinds`)."""

from __future__ import annotations

from datetime import datetime
from typing import get_args
from uuid import UUID

from metadata.kinds import Asked, Kind, Member
from webhooks import services
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook, WebhookAct
from webhooks.services import Content, Seen
from webhooks.services.seen import State

# What a request has read --------------------------------------------------------------------------------


def reveal(asked: Asked, webhook: Webhook) -> None:
    """From here on the request's answers show the webhook's secret, masked elsewhere or not."""
    _revealed(asked).add(webhook.id)


def _revealed(asked: Asked) -> set[UUID]:
    return asked.once("revealed webhooks", lambda: set[UUID]())


def _secret(seen: Seen, asked: Asked) -> str | None:
    return seen.revealed_secret if seen.webhook.id in _revealed(asked) else seen.secret


def _application(seen: Seen, asked: Asked) -> UUID:
    return asked.once("application", lambda: services.application_id(seen.webhook.workspace_id))


def _content(delivery: Delivery, asked: Asked) -> Content:
    """What the caller may read of a delivery."""
    webhook = asked.once(
        ("webhook of deliveries", delivery.webhook_id), lambda: services.webhook_of(asked.principal, delivery)
    )
    return asked.once(("content", delivery.id), lambda: services.delivery_content(asked.principal, delivery, webhook))


def _next_attempt(delivery: Delivery, asked: Asked) -> datetime | None:
    return delivery.next_attempt_at if delivery.status == DeliveryStatus.PENDING else None


def _answer_headers(attempt: Attempt, asked: Asked) -> dict[str, str] | None:
    return attempt.response_headers if _content(attempt.delivery, asked).shows_answer(attempt) else None


def _answer_body(attempt: Attempt, asked: Asked) -> str | None:
    return attempt.response_body if _content(attempt.delivery, asked).shows_answer(attempt) else None


# The table ----------------------------------------------------------------------------------------------

WEBHOOK = Kind(
    "Webhook",
    (
        Member("id", "uuid", path="webhook.id"),
        Member(
            "targetUrl",
            words="Its host only, of a webhook of a role above the caller's",
            rest_words="Its host only, of a webhook of a role above",
        ),
        Member("operations", "texts", path="shown_operations"),
        Member("description", path="webhook.description", is_nullable=True),
        Member(
            "secret",
            told=_secret,
            is_nullable=True,
            words="Null where it is masked: ask revealWebhookSecret",
            rest_words="Null where it is masked: ask revealSecret",
        ),
        Member("applicationId", "uuid", told=_application),
        Member("createdAt", "moment", path="webhook.created_at"),
        Member("updatedAt", "moment", path="webhook.updated_at"),
        Member("deletedAt", "moment", path="webhook.deleted_at", is_nullable=True),
        Member("workspaceId", "uuid", path="webhook.workspace_id", only="rest"),
        Member("isActive", "flag", path="webhook.is_active"),
        Member(
            "disabledReason",
            path="webhook.disabled_reason",
            is_nullable=True,
            words="Why the server switched it off",
            rest_words="",
        ),
        Member(
            "roleId",
            "uuid",
            path="webhook.role_id",
            is_nullable=True,
            words="The role it acts as: it tells of what that role may read",
            rest_words="The role it acts as",
        ),
        Member(
            "roleLabel",
            told=lambda seen, asked: None if seen.role is None else seen.role.label,
            is_nullable=True,
            words="Null when the role was deleted",
            rest_words="",
        ),
        Member(
            "state",
            choices=get_args(State),
            words="active, failing, paused, switchedOff or waiting",
            rest_words="",
        ),
        Member("stateReason", is_nullable=True),
        Member(
            "staleOperations",
            "texts",
            words="Operations whose object was deleted",
            rest_words="Whose object was deleted",
        ),
        Member("warnings", "texts", words="What is taken but hardly meant"),
    ),
    component="Webhook",
    words="Its root is the webhook as the caller sees it.",
)
ACT = Kind(
    "WebhookAct",
    (
        Member("id", "uuid"),
        Member(
            "act",
            choices=tuple(WebhookAct.Act.values),
            words="created, updated, deleted, secretRotated or secretRevealed",
            rest_words="",
        ),
        Member("at", "moment"),
        Member("byName", words="The API key or member, as it was called then"),
        Member("byApiKeyId", "uuid", is_nullable=True),
        Member("byMemberId", "uuid", is_nullable=True),
        Member("members", "texts", words="What an update changed"),
    ),
    component="Act",
    words="Who did what to a webhook.",
)
ATTEMPT = Kind(
    "WebhookAttempt",
    (
        Member("number", "count"),
        Member("at", "moment"),
        Member("durationMs", "count", is_nullable=True),
        Member("statusCode", "count", is_nullable=True),
        Member("error", is_nullable=True),
        Member("requestHeaders", "object"),
        Member(
            "responseHeaders",
            "object",
            told=_answer_headers,
            is_nullable=True,
            words="Null where the receiver's answer is not for the caller",
            rest_words="",
        ),
        Member("responseBody", told=_answer_body, is_nullable=True, words="The first 16 KB", rest_words=""),
    ),
    component="Attempt",
)
LISTED_DELIVERY = Kind(
    "ListedWebhookDelivery",
    (
        Member("id", "uuid"),
        Member("messageId", words="The webhook-id header"),
        Member("webhookId", "uuid"),
        Member("eventName"),
        Member("objectName"),
        Member("recordId", "uuid"),
        Member(
            "status",
            choices=tuple(DeliveryStatus.values),
            words="pending, delivering, held, delivered or failed",
            rest_words="",
        ),
        Member("attempts", "count"),
        Member("nextAttemptAt", "moment", told=_next_attempt, is_nullable=True),
        Member("lastStatusCode", "count", is_nullable=True),
        Member("lastError", is_nullable=True),
        Member("createdAt", "moment"),
        Member("finishedAt", "moment", is_nullable=True),
        Member("isTest", "flag", words="Sent by hand; its body says so too"),
    ),
    component="Delivery",
    words="A line of the log.",
)
DELIVERY = Kind(
    "WebhookDelivery",
    (
        *LISTED_DELIVERY.members,
        Member(
            "body",
            told=lambda delivery, asked: _content(delivery, asked).body,
            words="What every attempt sends, less what the caller may not read",
            rest_words="",
        ),
        Member(
            "isRedacted",
            "flag",
            told=lambda delivery, asked: _content(delivery, asked).is_redacted,
            words="Whether something was left out of the body",
            rest_words="Whether something was left out of `body`",
        ),
        Member("attemptLog", "rows", told=lambda delivery, asked: list(delivery.attempt_set.all()), of=ATTEMPT),
    ),
    component="DeliveryDetail",
)
