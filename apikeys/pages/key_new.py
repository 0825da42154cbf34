"""Settings → a new API key, and the page that shows its token.

A token's text is in one answer only. Between its creation and that answer the session holds the id of
its row, from which it is made again.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from apikeys.models import ApiKey, Role
from apikeys.pages.api_keys import HOME, example, key_of
from apikeys.pages.forms.api_keys import ApiKeyForm
from apikeys.roles import RIGHTS
from apikeys.services.api_keys import FLAG, bindable_roles
from apikeys.services.granting import permissions_of
from apikeys.services.rates import rates_of
from apikeys.services.tokens import IssuedToken, apikey_create_with_token, apikey_token, apikey_token_issued
from config.errors import ApiError
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.rights import require
from config.http.sentences import sentence
from config.principal import Permissions, Principal
from metadata.models import ObjectMetadata

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


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def key_new(request: HttpRequest) -> HttpResponse:
    """Make a key and its first token, then go to the page that shows it once. `from` is a key to begin with."""
    principal = principal_of(request)
    require(principal, "ROLES")
    roles = bindable_roles(principal)
    source = _source(principal, request.GET.get("from", ""))
    longest_days = longest_days_of(request)
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


def longest_days_of(request: HttpRequest) -> int | None:
    """The longest life of a key in the workspace."""
    days: int | None = request.workspace.max_api_key_lifetime_days  # type: ignore[attr-defined]
    return days


def _source(principal: Principal, text: str) -> ApiKey | None:
    """The key whose settings a new one begins with."""
    if not text:
        return None
    try:
        return key_of(principal, UUID(text))
    except ValueError:
        raise Http404 from None


def objects_of(principal: Principal) -> list[ObjectMetadata]:
    """What a key can be held to, those of the system last."""
    found = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, is_active=True)
    return list(found.order_by("is_system", "label_plural", "id"))


def _role_choice(role: Role, form: ApiKeyForm) -> dict[str, object]:
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
    key = key_of(principal, key_id)
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
    context = {"key": key, "token": issued.token, "expires_at": issued.expires_at, **example(request, rights)}
    response = render(request, "apikeys/key_token.html", context)
    response["Cache-Control"] = "no-store"
    return response
