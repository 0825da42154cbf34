"""Settings → Webhooks: the list, one webhook, and what can be done with it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.errors import ApiError, InvalidMetadataInput
from config.http.lists import Sorts, listing
from config.http.pages import principal_of, settings_page
from config.http.sentences import sentence
from webhooks import services
from webhooks.forms import DeleteForm, RotationForm, TestForm
from webhooks.pages.deliveries import last_shown, log_of
from webhooks.pages.secret import old_secret_until
from webhooks.pages.seen import HOME, object_choices, webhook_of
from webhooks.services import FLAG, Seen

ACTS_SHOWN = 20
_ACTS = {
    "created": gettext_lazy("made it"),
    "updated": gettext_lazy("changed it"),
    "deleted": gettext_lazy("deleted it"),
    "secretRotated": gettext_lazy("gave it a new secret"),
    "secretRevealed": gettext_lazy("saw its secret"),
}
_STATES = {
    "active": (gettext_lazy("Active"), "ok"),
    "failing": (gettext_lazy("Failing"), "warn"),
    "paused": (gettext_lazy("Paused"), "muted"),
    "switchedOff": (gettext_lazy("Switched off"), "bad"),
    "waiting": (gettext_lazy("Waiting: cannot sign"), "bad"),
}

_SORTS: Sorts = {
    "made": (gettext_lazy("Oldest first"), lambda each: each.webhook.created_at),
    "url": (gettext_lazy("By address"), lambda each: each.target_url),
    "state": (gettext_lazy("By state"), lambda each: list(_STATES).index(each.state)),
}


def status_of(webhook: Seen) -> tuple[str | Promise, str]:
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
        "webhooks": [{**_shown(each), "last": last_shown(last.get(each.id))} for each in listed],
        **choices,
        "total": len(webhooks),
        "search": search,
    }
    return render(request, "webhooks/webhook_list.html", context)


@settings_page(flag=FLAG)
@require_GET
def webhook_detail(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Settings and log of a webhook, the log as in the list of all deliveries."""
    principal = principal_of(request)
    webhook = webhook_of(request, webhook_id)
    context = {
        **_shown(webhook),
        **log_of(request, [webhook]),
        "test_form": TestForm(object_choices(principal)),
        "rotation_form": RotationForm(),
        "old_secret_until": old_secret_until(webhook.webhook),
        "acts": [(each, _ACTS[each.act]) for each in services.act_list(principal, webhook.id)[:ACTS_SHOWN]],
        "is_plain_http": webhook.target_url.startswith("http://"),
    }
    return render(request, "webhooks/webhook_detail.html", context)


@settings_page(flag=FLAG)
@require_POST
def webhook_switch(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    webhook = webhook_of(request, webhook_id)
    is_active = request.POST.get("active") == "1"
    try:
        services.webhook_update(principal_of(request), webhook_id=webhook.id, data={"isActive": is_active})
    except InvalidMetadataInput as error:
        messages.error(request, sentence(error))
    else:
        messages.success(
            request,
            gettext("The webhook is on. What was held is sent now.")
            if is_active
            else gettext("The webhook is paused. Events are not recorded for it until you resume it."),
        )
    return redirect(f"{HOME}/{webhook.id}")


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def webhook_delete(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Ask for the word `delete`, then delete."""
    webhook = webhook_of(request, webhook_id)
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
    webhook = webhook_of(request, webhook_id)
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


def _shown(webhook: Seen) -> dict[str, object]:
    label, kind = status_of(webhook)
    return {
        "webhook": webhook,
        "status": label,
        "badge": f"badge-{kind}",
        "events": _summary(list(webhook.shown_operations)),
    }


def _summary(operations: list[str]) -> str:
    """The events of a webhook in a few words."""
    if "*.*" in operations:
        return gettext("All events")
    shown = ", ".join(operations[:3])
    more = len(operations) - 3
    if more <= 0:
        return shown
    said = ngettext("%(events)s and %(number)d more", "%(events)s and %(number)d more", more)
    return said % {"events": shown, "number": more}
