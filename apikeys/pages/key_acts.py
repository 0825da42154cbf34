"""What is done with API keys and their tokens on pages of its own: replacing tokens, and stopping for good."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apikeys.models import ApiKey
from apikeys.pages.api_keys import HOME, key_of
from apikeys.pages.key_new import show_once
from apikeys.services.api_keys import FLAG, apikey_list, apikey_revoke
from apikeys.services.inputs import as_uuid
from apikeys.services.tokens import OVERLAPS_H, apikey_roll, apikey_token_revoke, apikey_tokens
from config.errors import ApiError
from config.forms import ConfirmForm
from config.http.lists import PAGE_SIZE
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.sentences import sentence
from config.principal import Principal

_ENDS = (gettext_lazy("At once"), gettext_lazy("In 1 hour"), gettext_lazy("In 24 hours"), gettext_lazy("In 7 days"))
OVERLAPS = tuple(zip(OVERLAPS_H, _ENDS, strict=True))


@settings_page(flag=FLAG)
@require_POST
def key_roll(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Issue a token in place of all others, and go to the page that shows it once."""
    principal = principal_of(request)
    key = key_of(principal, key_id)
    hours = {str(each): each for each, _ in OVERLAPS}.get(request.POST.get("overlap", ""))
    try:
        refuse_unknown(request.POST, ("overlap", FORM_TOKEN), "The form")
        return show_once(request, key, apikey_roll(principal, key_id=key.id, overlap_hours=hours))
    except ApiError as error:
        said = gettext("Choose when the earlier tokens end.") if hours is None else sentence(error)
        messages.error(request, said)
        return redirect(f"{HOME}/keys/{key.id}")


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def token_revoke(request: HttpRequest, key_id: UUID, token_id: UUID) -> HttpResponse:
    """Ask whether one token of a key is to stop, then stop it."""
    principal = principal_of(request)
    key = key_of(principal, key_id)
    row = next((each for each in apikey_tokens(principal, key.id) if each.id == token_id), None)
    if row is None:
        raise Http404
    if row.end <= timezone.now():
        return redirect(f"{HOME}/keys/{key.id}")
    if request.method == "POST":
        apikey_token_revoke(principal, key_id=key.id, token_id=row.id)
        said = gettext("The token that ends with %s is revoked. The others work on.")
        messages.success(request, said % row.last_four)
        return redirect(f"{HOME}/keys/{key.id}")
    return render(request, "apikeys/key_token_revoke.html", {"key": key, "token": row})


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask for the key's name, then stop it for good."""
    principal = principal_of(request)
    key = key_of(principal, key_id)
    if key.revoked_at is not None:
        return redirect(f"{HOME}/keys/{key.id}")
    refusal = gettext("This is not the name of the key. Nothing was revoked.")
    form = ConfirmForm(key.name, refusal, request.POST or None)
    if request.method == "POST" and form.is_valid():
        apikey_revoke(principal, key_id=key.id)
        messages.success(request, gettext("“%s” is revoked. Its tokens stopped working.") % key.name)
        return redirect(HOME)
    return render(request, "apikeys/key_revoke.html", {"key": key, "form": form}, status=422 if form.errors else 200)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def keys_revoke(request: HttpRequest) -> HttpResponse:
    """Name the keys that were chosen in the list, ask for a few words, then stop them for good: all or none."""
    principal = principal_of(request)
    chosen = _chosen(principal, (request.POST or request.GET).getlist("key"))
    if not chosen:
        messages.warning(request, gettext("Choose the keys that you want to revoke."))
        return redirect(HOME)
    words = ngettext("revoke %d key", "revoke %d keys", len(chosen)) % len(chosen)
    form = ConfirmForm(words, gettext("These are other words. Nothing was revoked."), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            for each in chosen:
                apikey_revoke(principal, key_id=each.id)
        said = ngettext("%d key is revoked.", "%d keys are revoked.", len(chosen))
        messages.success(request, said % len(chosen))
        return redirect(HOME)
    context = {"keys": chosen, "form": form}
    return render(request, "apikeys/keys_revoke.html", context, status=422 if form.errors else 200)


def _chosen(principal: Principal, texts: list[str]) -> list[ApiKey]:
    """Those of the keys that still work, as many as one page of the list shows."""
    try:
        ids = {as_uuid(each, "key") for each in texts[:PAGE_SIZE]}
    except ApiError:
        raise Http404 from None
    return [each for each in apikey_list(principal) if each.id in ids] if ids else []
