"""Settings → one API key: what is known of it, and the forms that change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from apikeys.activity.facts import APIS
from apikeys.models import ApiKey
from apikeys.pages.api_keys import HOME, key_of, shown
from apikeys.pages.forms.api_keys import ApiKeyLimitsForm, ApiKeyRatesForm, ApiKeyTextForm, ExpiryForm
from apikeys.pages.key_acts import OVERLAPS
from apikeys.pages.key_new import longest_days_of, objects_of
from apikeys.pages.key_usage import usage_of
from apikeys.services.api_keys import FLAG, apikey_assign_role, apikey_set_enabled, apikey_update, bindable_roles
from apikeys.services.inputs import as_uuid
from apikeys.services.lifetimes import NEVER
from apikeys.services.tokens import apikey_tokens
from config.errors import ApiError
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.rights import may
from config.http.sentences import sentence
from config.principal import Principal
from config.templatetags.moments import is_forever
from metadata.models import ObjectMetadata


@dataclass(slots=True)
class Forms:
    """The forms of one key's page; of those only the one that was sent is bound."""

    text: ApiKeyTextForm
    limits: ApiKeyLimitsForm
    rates: ApiKeyRatesForm
    expiry: ExpiryForm

    @classmethod
    def of(cls, key: ApiKey, objects: Sequence[ObjectMetadata], longest_days: int | None) -> Forms:
        rates = {"per_second": key.max_requests_per_second, "per_minute": key.max_requests_per_minute}
        made = cls(
            ApiKeyTextForm(initial={"name": key.name, "description": key.description or ""}),
            ApiKeyLimitsForm(objects, key=key),
            ApiKeyRatesForm(initial=rates),
            ExpiryForm(),
        )
        made.expiry.limit_to(longest_days)
        return made


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_detail(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """What is known of a key; each of its forms changes one thing of it."""
    principal = principal_of(request)
    key = key_of(principal, key_id)
    objects = objects_of(principal)
    forms = Forms.of(key, objects, longest_days_of(request))
    if request.method == "POST":
        try:
            said = _change(request, principal, key, objects, forms)
            if said is None:
                return _render_detail(request, principal, key, forms, status=422)
            messages.success(request, said)
        except ApiError as error:
            messages.error(request, sentence(error))
        return redirect(f"{HOME}/keys/{key.id}")
    return _render_detail(request, principal, key, forms)


def _change(
    request: HttpRequest, principal: Principal, key: ApiKey, objects: Sequence[ObjectMetadata], forms: Forms
) -> str | None:
    """Do what the form that was sent asks for; what was done, in a sentence. None when it is filled in wrongly."""
    sent = request.POST
    if "name" in sent:
        forms.text = ApiKeyTextForm(sent)
        if not _is_right(forms.text):
            return None
        described = {"description": forms.text.cleaned_data["description"] or None} if "description" in sent else {}
        apikey_update(principal, key_id=key.id, values={"name": forms.text.cleaned_data["name"], **described})
        return gettext("Saved.")
    if "per_second" in sent:
        forms.rates = ApiKeyRatesForm(sent)
        if not _is_right(forms.rates):
            return None
        apikey_update(principal, key_id=key.id, values=forms.rates.values())
        return gettext("Rate limits saved.")
    if "expires" in sent:
        forms.expiry = ExpiryForm(sent)
        forms.expiry.limit_to(longest_days_of(request))
        if not _is_right(forms.expiry):
            return None
        until = forms.expiry.expires_at() or timezone.now() + NEVER
        apikey_update(principal, key_id=key.id, values={"expiresAt": until})
        return gettext(
            "The key has its new end. Tokens that end earlier still do: replace them to get one that lasts as long."
        )
    if "reach" in sent:
        forms.limits = ApiKeyLimitsForm(objects, sent)
        if not _is_right(forms.limits):
            return None
        apikey_update(principal, key_id=key.id, values=forms.limits.values())
        return gettext("Saved. It holds from the next request on.")
    refuse_unknown(sent, ("role", "enabled", "api_version", FORM_TOKEN), "The form")
    if "role" in sent:
        apikey_assign_role(principal, key_id=key.id, role_id=as_uuid(sent["role"], "role"))
        return gettext("Role changed.")
    if "api_version" in sent:
        apikey_update(principal, key_id=key.id, values={"apiVersion": sent["api_version"]})
        return gettext("The key now gets answers of that API version.")
    enabled = sent.get("enabled") == "1"
    apikey_set_enabled(principal, key_id=key.id, enabled=enabled)
    return gettext("The key works again.") if enabled else gettext("The key is paused.")


def _is_right(form: Form) -> bool:
    """Whether a form is filled in rightly, and was sent with nothing that it has not."""
    refuse_unknown(form.data, (*form.fields, FORM_TOKEN), "The form")
    return form.is_valid()


def _render_detail(
    request: HttpRequest, principal: Principal, key: ApiKey, forms: Forms, status: int = 200
) -> HttpResponse:
    roles = bindable_roles(principal) if may(principal, "ROLES") else []
    now = timezone.now()
    named = dict(forms.limits.fields["objects"].choices)  # type: ignore[attr-defined]
    end = key.expires_at if key.revoked_at is None else min(key.revoked_at, key.expires_at)
    is_alive = key.revoked_at is None and key.expires_at > now and key.role_id is not None
    context = {
        **shown(key),
        "form": forms.text,
        "has_errors": status != 200,
        "limits": forms.limits,
        "rates": forms.rates,
        "expiry": forms.expiry,
        "presets": forms.expiry.fields["expires"].choices,  # type: ignore[attr-defined]
        "chosen_expiry": forms.expiry["expires"].value(),
        "tokens": [
            {"row": each, "end": min(each.end, end), "is_alive": min(each.end, end) > now}
            for each in apikey_tokens(principal, key.id)
        ],
        "is_endless": is_forever(key.expires_at),
        "overlaps": OVERLAPS,
        "roles": roles,
        "reached": None
        if key.object_ids is None
        else [named.get(each, gettext("a deleted object")) for each in key.object_ids],
        "last_api": APIS.get(key.last_used_api or "", key.last_used_api),
        "is_dead": key.revoked_at is not None,
        "can_issue": is_alive and key.enabled,
        "is_waiting": is_alive and not key.enabled,
        "can_duplicate": may(principal, "ROLES"),
        **usage_of(key),
    }
    return render(request, "apikeys/key_detail.html", context, status=status)
