"""Answers given before Django's chain of middleware and views, with everything that answers have."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from config.errors import ApiError
from config.http.error_pages import refusal
from config.http.exceptions import error_headers

LAST = "config.http.cors.CorsMiddleware"  # of settings.MIDDLEWARE: what comes after it may ask the database
LAST_COUNTED = "config.http.limits.LimitsMiddleware"
View = Callable[[HttpRequest], HttpResponseBase]


def refuse(request: HttpRequest, error: ApiError) -> HttpResponseBase:
    """The response to a request that is refused: in its API's shape, with an id, CORS headers, a line in the log."""
    return respond(request, lambda request: refused(request, error))


def refuse_counted(request: HttpRequest, error: ApiError) -> HttpResponseBase:
    """The same of a request that counts (`config.http.limits`), which may ask the database."""
    return respond(request, lambda request: refused(request, error), LAST_COUNTED)


def respond(request: HttpRequest, view: View, last: str = LAST) -> HttpResponseBase:
    """A view's response through the middleware that every answer passes."""
    request.view = view  # type: ignore[attr-defined]
    return _chain(tuple(settings.MIDDLEWARE), last)(request)


@lru_cache(maxsize=2)
def _chain(middleware: tuple[str, ...], last: str) -> View:
    def view(request: Any) -> HttpResponseBase:
        response: HttpResponseBase = request.view(request)
        return response

    chain: View = view
    for path in reversed(middleware[: middleware.index(last) + 1]):
        chain = import_string(path)(chain)
    return chain


def refused(request: HttpRequest, error: ApiError) -> HttpResponseBase:
    """The same without the middleware, for whoever is a part of it."""
    response = refusal(request, error)
    for name, value in error_headers(error):
        response[name] = value
    return response
