"""Settings → API keys: the list of API keys, and the pages of one key.

A token's text is in one answer only. Between its creation and that answer the session holds the id of
its row, from which it is made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apikeys.activity.facts import APIS
from apikeys.activity.usage import COUNTED_IN_LISTS, requests_of_each
from apikeys.models import ApiKey, Role
from apikeys.pages.forms.api_keys import (
    ApiKeyForm,
    ApiKeyLimitsForm,
    ApiKeyRatesForm,
    ApiKeyTextForm,
    ExpiryForm,
)
from apikeys.pages.key_usage import usage_of
from apikeys.roles import RIGHTS
from apikeys.services.api_keys import (
    FLAG,
    NEVER,
    apikey_assign_role,
    apikey_get,
    apikey_list,
    apikey_set_enabled,
    apikey_update,
    bindable_roles,
    rates_of,
)
from apikeys.services.granting import permissions_of
from apikeys.services.inputs import as_uuid
from apikeys.services.notices import NOTICE_DAYS
from apikeys.services.tokens import (
    OVERLAPS_H,
    IssuedToken,
    apikey_create_with_token,
    apikey_token,
    apikey_token_issued,
    apikey_tokens,
)
from config.errors import ApiError
from config.http.lists import Sorts, listing
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.rights import may, require
from config.http.sentences import sentence
from config.http.server_url import server_url
from config.principal import Permissions, Principal
from config.templatetags.moments import is_forever
from metadata.models import ObjectMetadata

HOME = "/settings/api-webhooks"

EXPIRING = timedelta(days=max(NOTICE_DAYS))
_ENDS = (gettext_lazy("At once"), gettext_lazy("In 1 hour"), gettext_lazy("In 24 hours"), gettext_lazy("In 7 days"))
OVERLAPS = tuple(zip(OVERLAPS_H, _ENDS, strict=True))

TOKEN_SESSION_KEY = "issued_token"  # noqa: S105 - {"key": id of the ApiKey, "token": id of the ApiKeyToken}

# What a role lets a key do, in the words of the form.
_ABILITIES = dict(
    zip(
        RIGHTS.values(),
        (
            gettext_lazy("Change settings"),
            gettext_lazy("Use tools"),
            gettext_lazy("Read records"),
            gettext_lazy("Create and update"),
            gettext_lazy("Delete"),
            gettext_lazy("Destroy for good"),
        ),
        strict=True,
    )
)


def status_of(key: ApiKey) -> tuple[str, str]:
    """(status, badge kind) of a key."""
    now = timezone.now()
    if key.revoked_at is not None:
        return "Revoked", "muted"
    if key.expires_at <= now:
        return "Expired", "bad"
    if key.role_id is None:
        return "No role", "bad"
    if not key.enabled:
        return "Paused", "muted"
    if key.expires_at <= now + EXPIRING:
        return "Expiring", "warn"
    return "Active", "ok"


STATES = {
    "Active": gettext_lazy("Active"),
    "Expiring": gettext_lazy("Expiring"),
    "Paused": gettext_lazy("Paused"),
    "Expired": gettext_lazy("Expired"),
    "No role": gettext_lazy("No role"),
}
SORTS: Sorts = {
    "made": (gettext_lazy("Newest first"), lambda each: -each.created_at.timestamp()),
    "name": (gettext_lazy("By name"), lambda each: each.name.lower()),
    "used": (gettext_lazy("Last used first"), lambda each: -each.last_used_at.timestamp() if each.last_used_at else 0),
    "ends": (gettext_lazy("First to expire first"), lambda each: each.expires_at),
}


def _shown(key: ApiKey) -> dict[str, Any]:
    status, kind = status_of(key)
    return {
        "key": key,
        "status": status,
        "status_label": STATES.get(status, gettext("Revoked")),
        "badge": f"badge-{kind}",
        "limits_in_words": _limits_in_words(key),
        "expiry_class": {"Expired": "text-bad", "Expiring": "text-warn"}.get(status, ""),
    }


def _limits_in_words(key: ApiKey) -> list[str]:
    """What leaves the key less than its role."""
    found = [gettext("Read only")] if key.is_read_only else []
    if key.object_ids is not None:
        found.append(ngettext("%d object", "%d objects", len(key.object_ids)) % len(key.object_ids))
    if key.allowed_networks is not None:
        found.append(ngettext("%d network", "%d networks", len(key.allowed_networks)) % len(key.allowed_networks))
    return found


@settings_page(flag=FLAG)
@require_GET
def key_list(request: HttpRequest) -> HttpResponse:
    """The keys of the workspace, with a search by name and the revoked ones on request."""
    principal = principal_of(request)
    search = request.GET.get("q", "").strip()[:200]
    with_revoked = request.GET.get("revoked") == "1"
    found = apikey_list(principal, with_revoked=True)
    chosen = [
        each
        for each in reversed(found)
        if (with_revoked or each.revoked_at is None) and search.lower() in each.name.lower()
    ]
    listed, choices = listing(
        request, chosen, sorts=SORTS, states=STATES, state_of=lambda each: status_of(each)[0],
        revoked="1" if with_revoked else "",
    )  # fmt: skip
    counts = requests_of_each([each.id for each in listed])
    context = {
        "keys": [{**_shown(each), "requests": _capped(counts.get(each.id, 0))} for each in listed],
        "can_revoke": any(each.revoked_at is None for each in listed),
        "revoked_count": sum(each.revoked_at is not None for each in found),
        "total": len(found),
        "search": search,
        "with_revoked": with_revoked,
        "can_create": may(principal, "ROLES"),
        **choices,
        **_example(request, principal.permissions),
    }
    return render(request, "apikeys/key_list.html", context)


def _capped(count: int) -> str:
    return f"{COUNTED_IN_LISTS:,}+" if count >= COUNTED_IN_LISTS else f"{count:,}"


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_new(request: HttpRequest) -> HttpResponse:
    """Make a key and its first token, then go to the page that shows it once. `from` is a key to begin with."""
    principal = principal_of(request)
    require(principal, "ROLES")
    roles = bindable_roles(principal)
    source = _source(principal, request.GET.get("from", ""))
    longest_days = _longest_days(request)
    form = ApiKeyForm(roles, objects_of(principal), request.POST or None, key=source, longest_days=longest_days)
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            key, issued = apikey_create_with_token(
                principal,
                name=form.cleaned_data["name"],
                expires_at=form.expires_at(),
                role_id=UUID(form.cleaned_data["role"]),
                api_version=source.api_version if source else None,
                more={**form.values(), **(rates_of(source) if source else {})},
            )
        except ApiError as error:
            form.add_error(None, sentence(error))
        else:
            return show_once(request, key, issued)
    context = {
        "form": form,
        "roles": [_role_choice(each, form) for each in roles],
        "presets": form.fields["expires"].choices,  # type: ignore[attr-defined]
        "chosen_expiry": form["expires"].value(),
        "source": source,
    }
    return render(request, "apikeys/key_new.html", context, status=422 if form.errors else 200)


def _longest_days(request: HttpRequest) -> int | None:
    """The longest life of a key in the workspace."""
    days: int | None = request.workspace.max_api_key_lifetime_days  # type: ignore[attr-defined]
    return days


def _source(principal: Principal, text: str) -> ApiKey | None:
    """The key whose settings a new one begins with."""
    if not text:
        return None
    try:
        return _key(principal, UUID(text))
    except ValueError:
        raise Http404 from None


def objects_of(principal: Principal) -> list[ObjectMetadata]:
    """What a key can be held to, those of the system last."""
    found = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, is_active=True)
    return list(found.order_by("is_system", "label_plural", "id"))


def _role_choice(role: Role, form: ApiKeyForm) -> dict[str, Any]:
    return {
        "role": role,
        "abilities": [words for column, words in _ABILITIES.items() if getattr(role, column)],
        "is_admin": role.can_update_all_settings,
        "is_chosen": form["role"].value() == str(role.id),
    }


def show_once(request: HttpRequest, key: ApiKey, issued: IssuedToken) -> HttpResponse:
    request.session[TOKEN_SESSION_KEY] = {"key": str(key.id), "token": str(issued.id)}
    return redirect(f"{HOME}/keys/{key.id}/token")


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_token(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """GET shows a token that was just issued, once. POST issues another one of the key."""
    principal = principal_of(request)
    key = _key(principal, key_id)
    if request.method == "POST":
        try:
            return show_once(request, key, apikey_token(principal, key_id=key.id))
        except ApiError as error:
            messages.error(request, sentence(error))
            return redirect(f"{HOME}/keys/{key.id}")
    waiting = request.session.get(TOKEN_SESSION_KEY)
    issued = None
    if isinstance(waiting, dict) and waiting.get("key") == str(key.id):
        del request.session[TOKEN_SESSION_KEY]
        issued = apikey_token_issued(principal, key_id=key.id, token_id=UUID(waiting["token"]))
    if issued is None:
        messages.warning(request, gettext("A token is shown only once. Generate a new one if you did not copy it."))
        return redirect(f"{HOME}/keys/{key.id}")
    rights = Permissions() if key.role is None else permissions_of(key.role)
    context = {"key": key, "token": issued.token, "expires_at": issued.expires_at, **_example(request, rights)}
    response = render(request, "apikeys/key_token.html", context)
    response["Cache-Control"] = "no-store"
    return response


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
    key = _key(principal, key_id)
    objects = objects_of(principal)
    forms = Forms.of(key, objects, _longest_days(request))
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
        forms.expiry.limit_to(_longest_days(request))
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
        **_shown(key),
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


def _key(principal: Principal, key_id: UUID) -> ApiKey:
    key = apikey_get(principal, key_id)
    if key is None:
        raise Http404
    return key


def _example(request: HttpRequest, permissions: Permissions) -> dict[str, str]:
    """`base_url`, and `example_path`: a request that works, on the workspace's own first readable object."""
    described = ObjectMetadata.objects.filter(
        workspace_id=principal_of(request).workspace_id, is_active=True, is_system=False
    ).order_by("created_at", "name_singular")
    plural = next((each.name_plural for each in described if permissions.allows("read", each)), None)
    return {
        "base_url": server_url(),
        "example_path": f"/rest/{plural}?limit=3" if plural else "/rest/metadata/objects",
    }
