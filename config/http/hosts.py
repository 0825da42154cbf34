"""Which names this server answers to, and whether a proxy may say that a request came by https.

A request for a name that is not ours is refused before anything is done for it: a page of somebody else's whose name
was pointed here (DNS rebinding) reaches nothing, and no address in an answer bears a foreign name.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from config.errors import HostNotAllowed
from config.http.client_address import is_trusted_proxy
from config.http.error_pages import refusal
from config.http.host_names import is_allowed

# Balancers ask by the address of the machine or container; the page of the refusal needs its style.
UNCHECKED_PATHS = ("/healthz", "/readyz", "/metrics", "/static/")
FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO"
SHOWN_LENGTH = 100  # characters of a refused name that are repeated


class HostMiddleware:
    """Believes X-Forwarded-Proto of settings.TRUSTED_PROXIES alone, and refuses what is not for ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        if FORWARDED_PROTO in meta and not is_trusted_proxy(meta.get("REMOTE_ADDR", "")):
            del meta[FORWARDED_PROTO]  # Django believes it of everybody (SECURE_PROXY_SSL_HEADER)
        host = meta.get("HTTP_HOST")
        if host is None or is_allowed(host, tuple(settings.ALLOWED_HOSTS)):
            return self.get_response(request)
        if request.path_info.startswith(UNCHECKED_PATHS):
            return self.get_response(request)
        shown = host if len(host) <= SHOWN_LENGTH else f"{host[:SHOWN_LENGTH]}…"
        error = HostNotAllowed(
            f'This server does not answer to the host "{shown}"',
            hint="If it is yours, name it in the setting ALLOWED_HOSTS or make it part of SERVER_URL.",
            path="Host",
        )
        return refusal(request, error)
