"""Settings → Webhooks: the form that makes and changes one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.errors import ApiError
from config.events import ACTIONS
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from webhooks import services
from webhooks.forms import OperationRow, WebhookForm
from webhooks.pages.secret import SESSION_KEY
from webhooks.pages.seen import HOME, object_choices, webhook_of
from webhooks.services import FLAG, Seen

FORM_MEMBERS = frozenset((FORM_TOKEN, "target_url", "description", "secret", "role", "object", "action", "sure"))


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
    webhook = webhook_of(request, webhook_id)
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
    known = object_choices(principal_of(request))
    named = {each.object_name for each in form.rows} - {name for name, _ in known} - {"", "*"}
    context = {
        "form": form,
        "webhook": webhook,
        "rows": rows,
        "objects": [("*", gettext("All objects")), *known, *((name, _unlisted(name)) for name in sorted(named))],
        "actions": [("*", gettext("all actions")), *((each, each) for each in ACTIONS)],
    }
    return render(request, "webhooks/webhook_form.html", context, status=422 if form.errors else 200)


def _unlisted(name: str) -> str:
    """The label of a name that is none of an object the member may choose."""
    if services.named_object(f"{name}.*"):
        return gettext("%s (does not exist)") % name
    return gettext("%s (the data model)") % name
