"""Headers that every answer has, whoever makes it: what a browser must not do with it.

Django's SecurityMiddleware, which stands around this one, adds nosniff, Referrer-Policy and Cross-Origin-Opener-Policy.
An answer's own headers go before these. Pages of the settings have a policy of their own (`config.http.pages`); the one
here is for all others: error pages, /admin, whatever a library renders.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from config.http.pages import CONTENT_SECURITY_POLICY, policy_text

PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), publickey-credentials-get=(), usb=()"
)
_POLICY = policy_text(CONTENT_SECURITY_POLICY)


class HeadersMiddleware:
    """Adds the Permissions-Policy, and the Content-Security-Policy to HTML without one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers["Permissions-Policy"] = PERMISSIONS_POLICY
        if headers.get("Content-Type", "").startswith("text/html") and "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = _POLICY
        return response
