"""Settings → Webhooks → Deliveries: the log, of one webhook or of all, and what can be done with a delivery."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from config.errors import ApiError, NotFound
from config.events import ACTIONS
from config.http.inputs import uuid_of
from config.http.pages import principal_of, settings_page
from config.http.sentences import sentence
from webhooks import services
from webhooks.models import Delivery, DeliveryStatus
from webhooks.pages.seen import HOME, object_choices, webhook_of
from webhooks.services import FLAG, Seen

_BADGES = {
    DeliveryStatus.PENDING: (gettext_lazy("Waiting"), "warn"),
    DeliveryStatus.DELIVERING: (gettext_lazy("On its way"), "info"),
    DeliveryStatus.HELD: (gettext_lazy("Held"), "muted"),
    DeliveryStatus.DELIVERED: (gettext_lazy("Delivered"), "ok"),
    DeliveryStatus.FAILED: (gettext_lazy("Failed"), "bad"),
}


@settings_page(flag=FLAG)
@require_GET
def delivery_list(request: HttpRequest) -> HttpResponse:
    """The deliveries of all webhooks, narrowed and ordered; `before` and `after` are ids of deliveries."""
    principal = principal_of(request)
    webhooks = services.webhook_list(principal)
    named = {each.id: each for each in webhooks}
    log = log_of(request, webhooks)
    rows = [{**each, "webhook": named[each["delivery"].webhook_id]} for each in log["deliveries"]]
    return render(request, "webhooks/delivery_list.html", {**log, "deliveries": rows, "webhooks": webhooks})


@settings_page(flag=FLAG)
@require_GET
def delivery_detail(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = webhook_of(request, webhook_id)
    delivery = _delivery(request, webhook, delivery_id)
    content = services.delivery_content(principal_of(request), delivery, webhook)
    context = {
        "webhook": webhook,
        **_delivery_shown(delivery),
        "body": json.dumps(json.loads(content.body), indent=2, ensure_ascii=False),
        "is_redacted": content.is_redacted,
        "size_bytes": len(delivery.body),
        "attempts": [
            {"attempt": each, "shows_answer": content.shows_answer(each)}
            for each in delivery.attempt_set.order_by("-number", "-at")
        ],
        "can_redeliver": webhook.is_active and not webhook.is_beyond and delivery.status != DeliveryStatus.DELIVERING,
    }
    return render(request, "webhooks/delivery_detail.html", context)


@settings_page(flag=FLAG)
@require_POST
def delivery_redeliver(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = webhook_of(request, webhook_id)
    services.refuse_beyond(webhook)
    delivery = _delivery(request, webhook, delivery_id)
    try:
        services.delivery_redeliver(principal_of(request), delivery_id=delivery.id)
    except ApiError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(
            request, gettext("It is sent again as soon as a worker is free. Reload to see what comes of it.")
        )
    return redirect(f"{HOME}/{webhook.id}/deliveries/{delivery.id}")


@settings_page(flag=FLAG)
@require_POST
def webhook_recover(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = webhook_of(request, webhook_id)
    services.refuse_beyond(webhook)
    days = {"1": 1, "7": 7, "14": 14}.get(request.POST.get("days", ""), 1)
    try:
        count = services.failed_recover(
            principal_of(request), webhook_id=webhook.id, since=timezone.now() - timedelta(days=days)
        )
    except ApiError as error:
        messages.error(request, sentence(error))
    else:
        said = ngettext("%d failed delivery is sent again.", "%d failed deliveries are sent again.", count)
        messages.success(request, said % count)
    return redirect(f"{HOME}/{webhook.id}")


def _delivery(request: HttpRequest, webhook: Seen, delivery_id: UUID) -> Delivery:
    delivery = services.delivery_get(principal_of(request), delivery_id)
    if delivery.webhook_id != webhook.id:
        raise NotFound("Delivery not found")
    return delivery


def log_of(request: HttpRequest, webhooks: Sequence[Seen]) -> dict[str, Any]:
    """What `webhooks/deliveries.html` shows: a page of the log of these webhooks as the query string asks for it."""
    principal, asked = principal_of(request), request.GET
    narrowing = services.DeliveryFilter(
        webhook_id=uuid_of(asked.get("webhook", "")),
        status=_choice(asked.get("status", ""), DeliveryStatus.values),
        event=".".join((asked.get("object", "")[:64] or "*", _choice(asked.get("action", ""), ACTIONS) or "*")),
        span=_choice(asked.get("span", ""), services.SPANS),
        search=asked.get("q", "").strip()[:200],
        oldest_first=asked.get("sort") == "oldest",
    )
    page = services.delivery_log(
        principal,
        narrowing,
        webhooks,
        older_than=uuid_of(asked.get("older", "")),
        newer_than=uuid_of(asked.get("newer", "")),
    )
    kept = {name: value for name, value in asked.items() if value and name not in ("older", "newer")}
    back, on = ("older", "newer") if narrowing.oldest_first else ("newer", "older")
    return {
        "deliveries": [_delivery_shown(each) for each in page.rows],
        "page": page,
        "links": {
            "before": urlencode({**kept, back: page.before}) if page.before else None,
            "after": urlencode({**kept, on: page.after}) if page.after else None,
        },
        "narrowing": narrowing,
        "is_narrowed": bool(kept.keys() - {"sort"}),
        "statuses": [(status.value, label) for status, (label, _) in _BADGES.items()],
        "spans": [(name, label) for name, (label, _) in services.SPANS.items()],
        "objects": object_choices(principal),
        "actions": ACTIONS,
        "chosen_object": asked.get("object", ""),
        "chosen_action": asked.get("action", ""),
    }


def _choice(text: str, choices: Iterable[str]) -> str:
    """A choice of the form; what is none narrows nothing."""
    return text if text in choices else ""


def last_shown(last: services.LastDelivery | None) -> dict[str, object] | None:
    if last is None:
        return None
    label, kind = _BADGES[DeliveryStatus(last.status)]
    return {"at": last.created_at, "label": label, "class": {"ok": "", "bad": "text-bad"}.get(kind, "text-warn")}


def _delivery_shown(delivery: Delivery) -> dict[str, object]:
    label, kind = _BADGES[DeliveryStatus(delivery.status)]
    next_attempt_at = delivery.next_attempt_at if delivery.status == DeliveryStatus.PENDING else None
    return {
        "delivery": delivery,
        "status": label,
        "badge": f"badge-{kind}",
        "next_attempt_at": next_attempt_at,
        "is_due": next_attempt_at is not None and next_attempt_at <= timezone.now(),
    }
