"""Settings → Webhooks: the secret of one.

It is in one answer only, on a page that must not be kept: after it was made, and when somebody
asks to see it, which is logged.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from config.errors import InvalidMetadataInput
from config.http.pages import principal_of, settings_page
from config.http.sentences import sentence
from webhooks import services
from webhooks.delivery.signing import standard_secret
from webhooks.forms import RotationForm
from webhooks.models import Webhook
from webhooks.pages.seen import HOME, webhook_of
from webhooks.services import FLAG

SESSION_KEY = "webhook_secret"  # id of the webhook whose secret the next page may show


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def webhook_secret(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """POST asks to see the secret; the GET that follows shows it, once. That it was shown is logged."""
    webhook = webhook_of(request, webhook_id)
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
    webhook = webhook_of(request, webhook_id)
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


def old_secret_until(webhook: Webhook) -> datetime | None:
    until = webhook.previous_secret_until
    return until if until is not None and until > timezone.now() else None
