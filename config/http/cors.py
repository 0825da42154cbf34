"""Lets pages of any origin call the APIs (Fetch standard, "CORS protocol").

Every origin is allowed because no cookie opens an API: a page needs a key of its own, in a header.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config.http.exceptions import API_PATHS

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = "Authorization, Content-Type, Accept, If-Match, If-None-Match, Idempotency-Key, X-Request-Id"
RESPONSE_HEADERS = (
    "ETag, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, WWW-Authenticate, "
    "X-Ignored-Parameters, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
PREFLIGHT_MAX_AGE_S = "86400"


class CorsMiddleware:
    """Answers OPTIONS on the APIs' paths and lets their other answers be read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API_PATHS):
            return self.get_response(request)
        response = _preflight(request) if request.method == "OPTIONS" else self.get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
        return response


def _preflight(request: HttpRequest) -> HttpResponse:
    """What a browser may send: any method here, and every header it announces."""
    response = HttpResponse(status=204)
    response["Allow"] = response["Access-Control-Allow-Methods"] = METHODS
    asked = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
    response["Access-Control-Allow-Headers"] = asked or REQUEST_HEADERS
    response["Access-Control-Max-Age"] = PREFLIGHT_MAX_AGE_S
    response["Vary"] = "Access-Control-Request-Headers"
    return response
