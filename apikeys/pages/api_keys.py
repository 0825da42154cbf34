"""Settings → API & Webhooks: the list of API keys, and the pages of one key.

A token's text is in one answer only. Between its creation and that answer the session holds the id of
its row, from which it is made again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apikeys.models import ApiKey, Role
from apikeys.pages.forms import EXPIRY_PRESETS, ApiKeyForm, ApiKeyNameForm, ApiKeyRatesForm
from apikeys.roles import RIGHTS
from apikeys.services.api_keys import (
    FLAG,
    apikey_assign_role,
    apikey_get,
    apikey_list,
    apikey_revoke,
    apikey_set_enabled,
    apikey_update,
    bindable_roles,
)
from apikeys.services.granting import permissions_of
from apikeys.services.inputs import as_uuid
from apikeys.services.tokens import IssuedToken, apikey_create_with_token, apikey_token, apikey_token_issued
from config.errors import ApiError
from config.forms import ConfirmForm
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.rights import may, require
from config.http.server_url import server_url
from config.principal import Permissions, Principal
from metadata.models import ObjectMetadata

HOME = "/settings/api-webhooks"

EXPIRING = timedelta(days=14)

TOKEN_SESSION_KEY = "issued_token"  # noqa: S105 - {"key": id of the ApiKey, "token": id of the ApiKeyToken}

# What a role lets a key do, in the words of the form.
_ABILITIES = dict(
    zip(
        RIGHTS.values(),
        ("Change settings", "Use tools", "Read records", "Create and update", "Delete", "Destroy for good"),
        strict=True,
    )
)


def status_of(key: ApiKey) -> tuple[str, str]:
    """(label, badge kind) of a key."""
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


def _shown(key: ApiKey) -> dict[str, Any]:
    label, kind = status_of(key)
    return {
        "key": key,
        "status": label,
        "badge": f"badge-{kind}",
        "expiry_class": {"Expired": "text-bad", "Expiring": "text-warn"}.get(label, ""),
    }


@settings_page(flag=FLAG)
@require_GET
def key_list(request: HttpRequest) -> HttpResponse:
    """The keys of the workspace, with a search by name and the revoked ones on request."""
    principal = principal_of(request)
    search = request.GET.get("q", "").strip()[:200]
    with_revoked = request.GET.get("revoked") == "1"
    found = apikey_list(principal, with_revoked=True)
    listed = [
        _shown(each)
        for each in reversed(found)
        if (with_revoked or each.revoked_at is None) and search.lower() in each.name.lower()
    ]
    context = {
        "keys": listed,
        "revoked_count": sum(each.revoked_at is not None for each in found),
        "total": len(found),
        "search": search,
        "with_revoked": with_revoked,
        "can_create": may(principal, "ROLES"),
        **_example(request, principal.permissions),
    }
    return render(request, "apikeys/key_list.html", context)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_new(request: HttpRequest) -> HttpResponse:
    """Make a key and its first token, then go to the page that shows it once."""
    principal = principal_of(request)
    require(principal, "ROLES")
    roles = bindable_roles(principal)
    form = ApiKeyForm(roles, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            key, issued = apikey_create_with_token(
                principal,
                name=form.cleaned_data["name"],
                expires_at=form.expires_at(),
                role_id=UUID(form.cleaned_data["role"]),
            )
        except ApiError as error:
            form.add_error(None, error.message if error.hint is None else f"{error.message}. {error.hint}")
        else:
            return _show_once(request, key, issued)
    context = {
        "form": form,
        "roles": [_role_choice(each, form) for each in roles],
        "presets": EXPIRY_PRESETS,
        "chosen_expiry": form["expires"].value(),
    }
    return render(request, "apikeys/key_new.html", context, status=422 if form.errors else 200)


def _role_choice(role: Role, form: ApiKeyForm) -> dict[str, Any]:
    return {
        "role": role,
        "abilities": [words for column, words in _ABILITIES.items() if getattr(role, column)],
        "is_admin": role.can_update_all_settings,
        "is_chosen": form["role"].value() == str(role.id),
    }


def _show_once(request: HttpRequest, key: ApiKey, issued: IssuedToken) -> HttpResponse:
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
            return _show_once(request, key, apikey_token(principal, key_id=key.id))
        except ApiError as error:
            messages.error(request, error.message)
            return redirect(f"{HOME}/keys/{key.id}")
    waiting = request.session.get(TOKEN_SESSION_KEY)
    issued = None
    if isinstance(waiting, dict) and waiting.get("key") == str(key.id):
        del request.session[TOKEN_SESSION_KEY]
        issued = apikey_token_issued(principal, key_id=key.id, token_id=UUID(waiting["token"]))
    if issued is None:
        messages.warning(request, "A token is shown only once. Generate a new one if you did not copy it.")
        return redirect(f"{HOME}/keys/{key.id}")
    rights = Permissions() if key.role is None else permissions_of(key.role)
    context = {"key": key, "token": issued.token, "expires_at": issued.expires_at, **_example(request, rights)}
    response = render(request, "apikeys/key_token.html", context)
    response["Cache-Control"] = "no-store"
    return response


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_detail(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """What is known of a key; POST renames it, pauses or resumes it, gives it another role or other rate limits."""
    principal = principal_of(request)
    key = _key(principal, key_id)
    form = ApiKeyNameForm(initial={"name": key.name})
    rates = ApiKeyRatesForm(
        initial={"per_second": key.max_requests_per_second, "per_minute": key.max_requests_per_minute}
    )
    if request.method == "POST":
        try:
            refuse_unknown(request.POST, (*form.fields, *rates.fields, "role", "enabled", FORM_TOKEN), "The form")
            if "role" in request.POST:
                apikey_assign_role(principal, key_id=key.id, role_id=as_uuid(request.POST["role"], "role"))
                messages.success(request, "Role changed.")
            elif "enabled" in request.POST:
                enabled = request.POST["enabled"] == "1"
                apikey_set_enabled(principal, key_id=key.id, enabled=enabled)
                messages.success(request, "The key works again." if enabled else "The key is paused.")
            elif "per_second" in request.POST:
                rates = ApiKeyRatesForm(request.POST)
                if not rates.is_valid():
                    return _render_detail(request, principal, key, form, rates)
                apikey_update(principal, key_id=key.id, values=rates.values())
                messages.success(request, "Rate limits saved.")
            else:
                form = ApiKeyNameForm(request.POST)
                if not form.is_valid():
                    return _render_detail(request, principal, key, form, rates)
                apikey_update(principal, key_id=key.id, values={"name": form.cleaned_data["name"]})
                messages.success(request, "Name saved.")
        except ApiError as error:
            messages.error(request, error.message if error.hint is None else f"{error.message}. {error.hint}")
        return redirect(f"{HOME}/keys/{key.id}")
    return _render_detail(request, principal, key, form, rates)


def _render_detail(
    request: HttpRequest, principal: Principal, key: ApiKey, form: ApiKeyNameForm, rates: ApiKeyRatesForm
) -> HttpResponse:
    roles = bindable_roles(principal) if may(principal, "ROLES") else []
    context = {
        **_shown(key),
        "form": form,
        "rates": rates,
        "tokens": list(key.tokens.all()[:20]),
        "roles": roles,
        "is_dead": key.revoked_at is not None,
        "can_issue": key.revoked_at is None and key.expires_at > timezone.now() and key.role_id is not None,
    }
    return render(request, "apikeys/key_detail.html", context, status=422 if form.errors or rates.errors else 200)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask for the key's name, then stop it for good."""
    principal = principal_of(request)
    key = _key(principal, key_id)
    if key.revoked_at is not None:
        return redirect(f"{HOME}/keys/{key.id}")
    refusal = "This is not the name of the key. Nothing was revoked."
    form = ConfirmForm(key.name, refusal, request.POST or None)
    if request.method == "POST" and form.is_valid():
        apikey_revoke(principal, key_id=key.id)
        messages.success(request, f"“{key.name}” is revoked. Its tokens stopped working.")
        return redirect(HOME)
    return render(request, "apikeys/key_revoke.html", {"key": key, "form": form}, status=422 if form.errors else 200)


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
