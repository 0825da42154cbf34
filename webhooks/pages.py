"""Settings → Webhooks: the list, the form, deliveries and what can be done with them.

A secret is in one answer only, on a page that must not be kept: after it was made, and when somebody
asks to see it, which is logged.
"""

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
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.errors import ApiError, InvalidMetadataInput, NotFound
from config.events import ACTIONS
from config.http.inputs import uuid_of
from config.http.lists import Sorts, listing
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.sentences import sentence
from config.principal import Principal
from metadata.models import ObjectMetadata
from webhooks import services
from webhooks.delivery.signing import standard_secret
from webhooks.forms import DeleteForm, OperationRow, RotationForm, TestForm, WebhookForm
from webhooks.models import Delivery, DeliveryStatus, Webhook
from webhooks.services import FLAG, Seen

HOME = "/settings/api-webhooks/webhooks"
ACTS_SHOWN = 20
FORM_MEMBERS = frozenset((FORM_TOKEN, "target_url", "description", "secret", "role", "object", "action", "sure"))
SESSION_KEY = "webhook_secret"  # id of the webhook whose secret the next page may show

_BADGES = {
    DeliveryStatus.PENDING: ("Waiting", "warn"),
    DeliveryStatus.DELIVERING: ("On its way", "info"),
    DeliveryStatus.HELD: ("Held", "muted"),
    DeliveryStatus.DELIVERED: ("Delivered", "ok"),
    DeliveryStatus.FAILED: ("Failed", "bad"),
}

_ACTS = {
    "created": "made it",
    "updated": "changed it",
    "deleted": "deleted it",
    "secretRotated": "gave it a new secret",
    "secretRevealed": "saw its secret",
}
_STATES = {
    "active": ("Active", "ok"),
    "failing": ("Failing", "warn"),
    "paused": ("Paused", "muted"),
    "switchedOff": ("Switched off", "bad"),
    "waiting": ("Waiting: cannot sign", "bad"),
}


_SORTS: Sorts = {
    "made": ("Oldest first", lambda each: each.webhook.created_at),
    "url": ("By address", lambda each: each.target_url),
    "state": ("By state", lambda each: list(_STATES).index(each.state)),
}


def status_of(webhook: Seen) -> tuple[str, str]:
    """(label, badge kind) of a webhook."""
    return _STATES[webhook.state]


@settings_page(flag=FLAG)
@require_GET
def webhook_list(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    webhooks = services.webhook_list(principal)
    search = request.GET.get("q", "").strip()[:200]
    found = [
        each
        for each in webhooks
        if search.lower() in each.target_url.lower() or search.lower() in (each.description or "").lower()
    ]
    states = {value: label for value, (label, _) in _STATES.items()}
    listed, choices = listing(request, found, sorts=_SORTS, states=states, state_of=lambda each: each.state)
    last = services.last_deliveries(principal, [each.id for each in listed])
    context = {
        "webhooks": [{**_shown(each), "last": _last_shown(last.get(each.id))} for each in listed],
        **choices,
        "total": len(webhooks),
        "search": search,
    }
    return render(request, "webhooks/webhook_list.html", context)


@settings_page(flag=FLAG)
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    """Make a webhook, then show its secret once."""
    principal = principal_of(request)
    form = WebhookForm(request.POST if request.method == "POST" else None, roles=services.roles_to_give(principal))
    if request.method == "POST" and not _changes_rows(request, form) and _may_save(request, form):
        try:
            refuse_unknown(request.POST, FORM_MEMBERS, "The form")
            webhook = services.webhook_create(principal, data=form.values())
        except ApiError as error:
            form.refuse(error)
        else:
            request.session[SESSION_KEY] = str(webhook.id)
            return redirect(f"{HOME}/{webhook.id}/secret")
    return _render_form(request, form, None)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def webhook_edit(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    principal = principal_of(request)
    webhook = _webhook(request, webhook_id)
    services.refuse_beyond(webhook)
    roles = services.roles_to_give(principal)
    form = WebhookForm(request.POST if request.method == "POST" else None, webhook, roles=roles)
    if request.method == "POST" and not _changes_rows(request, form) and _may_save(request, form, webhook):
        try:
            refuse_unknown(request.POST, FORM_MEMBERS, "The form")
            services.webhook_update(principal, webhook_id=webhook.id, data=form.values())
        except ApiError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("Saved. Events from now on follow the new settings."))
            return redirect(f"{HOME}/{webhook.id}")
    return _render_form(request, form, webhook)


def _may_save(request: HttpRequest, form: WebhookForm, webhook: Seen | None = None) -> bool:
    """Whether the form is right and nothing speaks against saving it, or that was read and is meant."""
    if not form.is_valid():
        return False
    if "sure" in request.POST:
        return True
    form.doubts = services.webhook_doubts(
        principal_of(request), target_url=form.cleaned_data["target_url"], operations=form.operations, webhook=webhook
    )
    return not form.doubts


def _changes_rows(request: HttpRequest, form: WebhookForm) -> bool:
    """Whether the form was sent only to add or remove a row; nothing is saved then, and nothing is complained of."""
    if "remove" in request.POST:
        place = request.POST["remove"]
        if place.isdecimal() and int(place) < len(form.rows):
            del form.rows[int(place)]
    elif "add" not in request.POST:
        return False
    form.is_bound = False
    form.initial = {name: request.POST.get(name, "") for name in form.fields if name != "secret"}
    return True


def _render_form(request: HttpRequest, form: WebhookForm, webhook: Seen | None) -> HttpResponse:
    rows = form.rows if form.rows and not form.rows[-1].object_name else [*form.rows, OperationRow()]
    known = _object_choices(principal_of(request))
    named = {each.object_name for each in form.rows} - {name for name, _ in known} - {"", "*"}
    context = {
        "form": form,
        "webhook": webhook,
        "rows": rows,
        "objects": [("*", "All objects"), *known, *((name, _unlisted(name)) for name in sorted(named))],
        "actions": [("*", "all actions"), *((each, each) for each in ACTIONS)],
    }
    return render(request, "webhooks/webhook_form.html", context, status=422 if form.errors else 200)


def _unlisted(name: str) -> str:
    """The label of a name that is none of an object the member may choose."""
    return f"{name} (does not exist)" if services.named_object(f"{name}.*") else f"{name} (the data model)"


@settings_page(flag=FLAG)
@require_GET
def delivery_list(request: HttpRequest) -> HttpResponse:
    """The deliveries of all webhooks, narrowed and ordered; `before` and `after` are ids of deliveries."""
    principal = principal_of(request)
    webhooks = services.webhook_list(principal)
    named = {each.id: each for each in webhooks}
    log = _log(request, webhooks)
    rows = [{**each, "webhook": named[each["delivery"].webhook_id]} for each in log["deliveries"]]
    return render(request, "webhooks/delivery_list.html", {**log, "deliveries": rows, "webhooks": webhooks})


@settings_page(flag=FLAG)
@require_GET
def webhook_detail(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Settings and log of a webhook, the log as in the list of all deliveries."""
    principal = principal_of(request)
    webhook = _webhook(request, webhook_id)
    context = {
        **_shown(webhook),
        **_log(request, [webhook]),
        "test_form": TestForm(_object_choices(principal)),
        "rotation_form": RotationForm(),
        "old_secret_until": _old_secret_until(webhook.webhook),
        "acts": [(each, _ACTS[each.act]) for each in services.act_list(principal, webhook.id)[:ACTS_SHOWN]],
        "is_plain_http": webhook.target_url.startswith("http://"),
    }
    return render(request, "webhooks/webhook_detail.html", context)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def webhook_secret(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """POST asks to see the secret; the GET that follows shows it, once. That it was shown is logged."""
    webhook = _webhook(request, webhook_id)
    services.refuse_beyond(webhook)
    if request.method == "POST":
        request.session[SESSION_KEY] = str(webhook.id)
        return redirect(f"{HOME}/{webhook.id}/secret")
    if request.session.get(SESSION_KEY) != str(webhook.id):
        messages.warning(request, gettext("Ask to see the secret again: this page shows it only once."))
        return redirect(f"{HOME}/{webhook.id}")
    del request.session[SESSION_KEY]
    try:
        secret = services.secret_reveal(principal_of(request), webhook_id=webhook.id)
    except InvalidMetadataInput as error:
        messages.error(request, sentence(error))
        return redirect(f"{HOME}/{webhook.id}")
    context = {"webhook": webhook, "secret": secret, "standard_secret": standard_secret(secret)}
    response = render(request, "webhooks/webhook_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


@settings_page(flag=FLAG)
@require_POST
def webhook_rotate(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _webhook(request, webhook_id)
    form = RotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose how long the old secret signs. Nothing was changed."))
        return redirect(f"{HOME}/{webhook.id}")
    services.secret_rotate(
        principal_of(request),
        webhook_id=webhook.id,
        overlap=timedelta(hours=form.cleaned_data["hours"]),
    )
    request.session[SESSION_KEY] = str(webhook.id)
    return redirect(f"{HOME}/{webhook.id}/secret")


@settings_page(flag=FLAG)
@require_POST
def webhook_switch(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _webhook(request, webhook_id)
    is_active = request.POST.get("active") == "1"
    try:
        services.webhook_update(principal_of(request), webhook_id=webhook.id, data={"isActive": is_active})
    except InvalidMetadataInput as error:
        messages.error(request, sentence(error))
    else:
        messages.success(
            request,
            "The webhook is on. What was held is sent now."
            if is_active
            else "The webhook is paused. Events are not recorded for it until you resume it.",
        )
    return redirect(f"{HOME}/{webhook.id}")


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def webhook_delete(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Ask for the word `delete`, then delete."""
    webhook = _webhook(request, webhook_id)
    services.refuse_beyond(webhook)
    form = DeleteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.webhook_delete(principal_of(request), webhook_id=webhook.id)
        messages.success(request, gettext("The webhook is deleted."))
        return redirect(HOME)
    return render(
        request, "webhooks/webhook_delete.html", {"webhook": webhook, "form": form}, status=422 if form.errors else 200
    )


@settings_page(flag=FLAG)
@require_POST
def webhook_test(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Send an event of an example, or of a real record, and go to what came of it."""
    webhook = _webhook(request, webhook_id)
    services.refuse_beyond(webhook)
    try:
        attempt = services.webhook_test(
            principal_of(request),
            webhook_id=webhook.id,
            object_name=request.POST.get("object", ""),
            action=request.POST.get("action", ""),
            record=services.real_record(request.POST.get("record", "").strip()),
        )
    except ApiError as error:
        messages.error(request, sentence(error))
        return redirect(f"{HOME}/{webhook.id}")
    if attempt.error is None:  # else the delivery's page tells of a fault by itself
        said = gettext("The receiver answered %(status)s in %(time)s ms.")
        messages.success(request, said % {"status": attempt.status_code, "time": attempt.duration_ms})
    return redirect(f"{HOME}/{webhook.id}/deliveries/{attempt.delivery_id}")


@settings_page(flag=FLAG)
@require_POST
def webhook_recover(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = _webhook(request, webhook_id)
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


@settings_page(flag=FLAG)
@require_GET
def delivery_detail(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = _webhook(request, webhook_id)
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
    webhook = _webhook(request, webhook_id)
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


def _webhook(request: HttpRequest, webhook_id: UUID) -> Seen:
    return services.webhook_get(principal_of(request), webhook_id)


def _delivery(request: HttpRequest, webhook: Seen, delivery_id: UUID) -> Delivery:
    delivery = services.delivery_get(principal_of(request), delivery_id)
    if delivery.webhook_id != webhook.id:
        raise NotFound("Delivery not found")
    return delivery


def _shown(webhook: Seen) -> dict[str, Any]:
    label, kind = status_of(webhook)
    return {
        "webhook": webhook,
        "status": label,
        "badge": f"badge-{kind}",
        "events": _summary(list(webhook.shown_operations)),
    }


def _log(request: HttpRequest, webhooks: Sequence[Seen]) -> dict[str, Any]:
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
        "objects": _object_choices(principal),
        "actions": ACTIONS,
        "chosen_object": asked.get("object", ""),
        "chosen_action": asked.get("action", ""),
    }


def _choice(text: str, choices: Iterable[str]) -> str:
    """A choice of the form; what is none narrows nothing."""
    return text if text in choices else ""


def _summary(operations: list[str]) -> str:
    """The events of a webhook in a few words."""
    if "*.*" in operations:
        return "All events"
    shown = ", ".join(operations[:3])
    return shown if len(operations) <= 3 else f"{shown} and {len(operations) - 3} more"


def _last_shown(last: services.LastDelivery | None) -> dict[str, Any] | None:
    if last is None:
        return None
    label, kind = _BADGES[DeliveryStatus(last.status)]
    return {"at": last.created_at, "label": label, "class": {"ok": "", "bad": "text-bad"}.get(kind, "text-warn")}


def _delivery_shown(delivery: Delivery) -> dict[str, Any]:
    label, kind = _BADGES[DeliveryStatus(delivery.status)]
    next_attempt_at = delivery.next_attempt_at if delivery.status == DeliveryStatus.PENDING else None
    return {
        "delivery": delivery,
        "status": label,
        "badge": f"badge-{kind}",
        "next_attempt_at": next_attempt_at,
        "is_due": next_attempt_at is not None and next_attempt_at <= timezone.now(),
    }


def _object_choices(principal: Principal) -> list[tuple[str, str]]:
    """(name, label) of every active object that the member may read, people's own kinds first."""
    readable = services.readable_objects(principal)
    rows = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, is_active=True, id__in=readable)
    ordered = sorted(rows, key=lambda each: (each.is_system, each.shown("labelSingular").lower()))
    return [(each.name_singular, each.shown("labelSingular")) for each in ordered]


def _old_secret_until(webhook: Webhook) -> Any:
    until = webhook.previous_secret_until
    return until if until is not None and until > timezone.now() else None
