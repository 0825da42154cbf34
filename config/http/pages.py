"""What every settings page shares: who may see it, its security headers, its navigation.

A view is wrapped in `settings_page`; its template extends `base.html`. Who is signed in is answered by
the function named in settings.PAGE_PRINCIPAL, so that no app here needs to know another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from typing import TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.module_loading import import_string
from django.utils.translation import gettext, gettext_lazy

from config.errors import BadRequest, Forbidden, NotFound, PermissionDenied, TokenRefused
from config.http.notices import notices_of
from config.http.rights import may
from config.http.sentences import lacked, sentence
from config.principal import KEYS_FLAG as FLAG
from config.principal import Principal
from config.right_words import plea
from config.texts import refuse_nul

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row")

CONTENT_SECURITY_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
PROFILE = "/settings/profile"  # what everybody may open
OPERATORS = "/settings/workspaces"  # for superusers
CONSOLES = "/settings/api-webhooks/playground"  # which belong to the docs, whatever their path
SECTIONS = (  # group, path prefix, label, icon of static/settings/icons.svg, rights of which one opens it
    (gettext_lazy("Developers"), "/settings/data-model", gettext_lazy("Data model"), "model", ("DATA_MODEL",)),
    (gettext_lazy("Developers"), "/settings/api-webhooks", gettext_lazy("API keys"), "key", (FLAG,)),
    (gettext_lazy("Developers"), "/settings/api-webhooks/webhooks", gettext_lazy("Webhooks"), "bolt", (FLAG,)),
    (gettext_lazy("Developers"), "/settings/docs", gettext_lazy("Docs & playground"), "book", (FLAG,)),
    (
        gettext_lazy("Developers"),
        "/settings/activity",
        gettext_lazy("Activity"),
        "pulse",
        (FLAG, "WORKSPACE", "SECURITY"),
    ),
    (gettext_lazy("Workspace"), "/settings/members", gettext_lazy("Members"), "people", ("WORKSPACE_MEMBERS", "ROLES")),
    (gettext_lazy("Workspace"), "/settings/roles", gettext_lazy("Roles"), "shield", ("ROLES",)),
    (gettext_lazy("Workspace"), "/settings/general", gettext_lazy("General"), "sliders", ("WORKSPACE",)),
)


def principal_of(request: HttpRequest) -> Principal:
    """Who asks for a settings page."""
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal


def settings_page(
    *, flag: str | Sequence[str] | None = None, csp: Mapping[str, str] | None = None
) -> Callable[[View], View]:
    """Wrap a view for members of a workspace.

    The view finds `request.principal` and `request.workspace`. Nobody signed in: the sign-in page. A
    member without the settings `flag` (or one of several): a 403 page. `csp` replaces single directives of
    CONTENT_SECURITY_POLICY, for pages with a viewer that needs them.
    """
    flags = (flag,) if isinstance(flag, str) else tuple(flag or ())

    def wrap(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            return secured(_answer(view, flags, request, *args, **kwargs), csp)

        return page

    return wrap


def public_page(view: View) -> View:
    """Wrap a view that needs nobody signed in, for its headers."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return secured(view(request, *args, **kwargs), None)

    return page


def _answer(
    view: View, flags: Sequence[str], request: HttpRequest, *args: object, **kwargs: object
) -> HttpResponseBase:
    try:
        found = import_string(settings.PAGE_PRINCIPAL)(request)
    except TokenRefused as refusal:
        context = {"is_outsider": True, "sentence": refusal.user_message}
        return render(request, "settings/forbidden.html", context, status=403)
    if found is None:
        asked = {"next": request.get_full_path()} if request.method == "GET" else {}
        ended = getattr(request, "session_ended", None)
        query = urlencode({**asked, **({"ended": ended} if ended else {})})
        return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query}" if query else settings.LOGIN_URL)
    try:
        refuse_nul(dict(request.GET.lists()))  # what is looked for goes to the database
    except BadRequest as error:
        context = {"error": error, "request_id": getattr(request, "request_id", None)}
        return render(request, "400.html", context, status=400)
    request.principal, request.workspace = found  # type: ignore[attr-defined]
    with shown_to(request):
        return _seen(view, flags, request, *args, **kwargs)


@contextmanager
def shown_to(request: HttpRequest) -> Iterator[None]:
    """Around what is shown: dates in the zone and words in the language that whoever asks has chosen, if any.

    `request.time_zone` (IANA) and `request.language` are set by who knows the person (settings.PAGE_PRINCIPAL).
    """
    zone, language = getattr(request, "time_zone", None), getattr(request, "language", None)
    try:
        known = ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError):  # it was there when it was chosen
        known = None
    with timezone.override(known), translation.override(language or settings.LANGUAGE_CODE):
        yield


def _seen(view: View, flags: Sequence[str], request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
    if flags and not may(principal_of(request), *flags):
        return _refused(request, flags[0])
    try:
        return view(request, *args, **kwargs)
    except Forbidden as error:
        return render(request, "settings/forbidden.html", {"sentence": sentence(error)}, status=403)
    except PermissionDenied as error:
        if error.hint == plea(lacked(error)):  # else it says more than whom to ask for what
            return _refused(request, lacked(error))
        return render(request, "settings/forbidden.html", {"sentence": sentence(error)}, status=403)
    except (Http404, NotFound) as error:
        return render(request, "settings/not_found.html", {"error": error}, status=404)


def _refused(request: HttpRequest, right: str) -> HttpResponse:
    workspace = request.workspace  # type: ignore[attr-defined]
    said = plea(right, workspace.display_name or "", say=gettext)
    return render(request, "settings/forbidden.html", {"sentence": said}, status=403)


def secured(response: HttpResponseBase, csp: Mapping[str, str] | None) -> HttpResponseBase:
    """The response with its policy; what is not marked otherwise is neither shared nor kept unchecked."""
    response["Content-Security-Policy"] = policy_text({**CONTENT_SECURITY_POLICY, **(csp or {})})
    if "Cache-Control" not in response:
        patch_cache_control(response, private=True, no_cache=True)
    return response


def policy_text(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context of `base.html`: sections with the current one marked; none that the member may not open."""
    principal: Principal | None = getattr(request, "principal", None)
    if not request.path.startswith("/settings") or principal is None:
        return {}
    path = "/settings/docs" if _is_within(request.path, CONSOLES) else request.path
    current = max((url for _, url, _, _, _ in SECTIONS if _is_within(path, url)), key=len, default=None)
    groups: dict[str, list[dict[str, object]]] = {}
    for group, url, label, icon, flags in SECTIONS:
        if may(principal, *flags):
            groups.setdefault(str(group), []).append(
                {"url": url, "label": label, "icon": icon, "is_current": url == current}
            )
    if getattr(request.user, "is_superuser", False):
        is_current = _is_within(path, OPERATORS)
        groups[gettext("Server")] = [
            {"url": OPERATORS, "label": gettext("Workspaces"), "icon": "tiles", "is_current": is_current}
        ]
    return {
        "attention": partial(notices_of, principal, request.path),  # called by the template, once
        "sections": groups.items(),
    }


def first_section(principal: Principal) -> str:
    """The address of the first section the member may open; their profile when there is none."""
    return next((url for _, url, _, _, flags in SECTIONS if may(principal, *flags)), PROFILE)


def page_number(request: HttpRequest) -> int:
    """The page of a list that is asked for by `page`, from 1 on; the first for what is no number."""
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def page_of(request: HttpRequest, rows: Sequence[Row], size: int) -> tuple[Sequence[Row], dict[str, int]]:
    """The rows of the page that is asked for, and what `includes/pager.html` needs: `{page, pages}`."""
    pages = max(1, -(-len(rows) // size))
    page = min(page_number(request), pages)
    return rows[(page - 1) * size : page * size], {"page": page, "pages": pages}


def _is_within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose token is missing or old."""
    response = render(request, "settings/forbidden.html", {"is_stale_form": True}, status=403)
    secured(response, None)
    return response
