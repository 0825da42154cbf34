"""What every settings page shares: who may see it, its security headers, its navigation.

A view is wrapped in `settings_page`; its template extends `base.html`. Who is signed in is answered by
the function named in settings.PAGE_PRINCIPAL, so that no app here needs to know another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.module_loading import import_string

from config.errors import NotFound, PermissionDenied, TokenRefused
from config.http.rights import may
from config.principal import Principal

View = Callable[..., HttpResponseBase]

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
FLAG = "API_KEYS_AND_WEBHOOKS"  # what the pages of every section need
CONSOLES = "/settings/api-webhooks/playground"  # which belong to the docs, whatever their path
SECTIONS = (  # path prefix, label, icon of static/settings/icons.svg
    ("/settings/api-webhooks", "API & Webhooks", "key"),
    ("/settings/docs", "Docs & playground", "book"),
)
TABS = (
    ("/settings/api-webhooks", "API keys"),
    ("/settings/api-webhooks/webhooks", "Webhooks"),
    ("/settings/docs", "Docs & playground"),
)


def settings_page(*, flag: str | None = None, csp: Mapping[str, str] | None = None) -> Callable[[View], View]:
    """Wrap a view for members of a workspace.

    The view finds `request.principal` and `request.workspace`. Nobody signed in: the sign-in page. A
    member without the settings `flag`: a 403 page. `csp` replaces single directives of
    CONTENT_SECURITY_POLICY, for pages with a viewer that needs them.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return secured(_answer(view, flag, request, *args, **kwargs), csp)

        return page

    return wrap


def public_page(view: View) -> View:
    """Wrap a view that needs nobody signed in, for its headers."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return secured(view(request, *args, **kwargs), None)

    return page


def _answer(view: View, flag: str | None, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    try:
        found = import_string(settings.PAGE_PRINCIPAL)(request)
    except TokenRefused:
        return render(request, "settings/forbidden.html", {"is_outsider": True}, status=403)
    if found is None:
        asked = {"next": request.get_full_path()} if request.method == "GET" else {}
        ended = getattr(request, "session_ended", None)
        query = urlencode({**asked, **({"ended": ended} if ended else {})})
        return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query}" if query else settings.LOGIN_URL)
    principal: Principal = found[0]
    request.principal, request.workspace = found  # type: ignore[attr-defined]
    if flag is not None and not may(principal, flag):
        return render(request, "settings/forbidden.html", {"flag": flag}, status=403)
    try:
        return view(request, *args, **kwargs)
    except PermissionDenied as error:
        return render(request, "settings/forbidden.html", {"error": error}, status=403)
    except (Http404, NotFound) as error:
        return render(request, "settings/not_found.html", {"error": error}, status=404)


def secured(response: HttpResponseBase, csp: Mapping[str, str] | None) -> HttpResponseBase:
    """The response with its policy; what is not marked otherwise is neither shared nor kept unchecked."""
    response["Content-Security-Policy"] = policy_text({**CONTENT_SECURITY_POLICY, **(csp or {})})
    if "Cache-Control" not in response:
        patch_cache_control(response, private=True, no_cache=True)
    return response


def policy_text(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of `base.html`: sections and tabs with the current one marked; none that the member may not open."""
    principal: Principal | None = getattr(request, "principal", None)
    if not request.path.startswith("/settings") or principal is None or not may(principal, FLAG):
        return {}
    path = "/settings/docs" if _is_within(request.path, CONSOLES) else request.path
    longest = max((tab for tab, _ in TABS if _is_within(path, tab)), key=len, default=None)
    return {
        "sections": [
            {"url": url, "label": label, "icon": icon, "is_current": _is_within(path, url)}
            for url, label, icon in SECTIONS
        ],
        "tabs": [{"url": url, "label": label, "is_current": url == longest} for url, label in TABS],
    }


def _is_within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose token is missing or old."""
    response = render(request, "settings/forbidden.html", {"is_stale_form": True}, status=403)
    secured(response, None)
    return response
