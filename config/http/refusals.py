"""Answers to requests that reach no view: the error's shape by path, with everything answers have."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config.cors import CorsMiddleware
from config.errors import ApiError
from config.exceptions import answer, error_headers, is_api_path
from config.graphql_errors import error_json
from config.graphql_request import graphql_response
from config.observability import RequestMiddleware
from config.rendering import dumps

GRAPHQL_PATHS = ("/graphql", "/metadata")


def refuse(request: HttpRequest, error: ApiError) -> HttpResponseBase:
    """The response to a request that is refused before its view; a line in the log, an id, CORS headers."""
    return respond(request, lambda request: _shaped(request, error))


def respond(request: HttpRequest, view: Callable[[HttpRequest], HttpResponseBase]) -> HttpResponseBase:
    """A view's response with what every answer has, and none of the middleware that needs a session."""
    return RequestMiddleware(CorsMiddleware(view))(request)


def _shaped(request: HttpRequest, error: ApiError) -> HttpResponse:
    if request.path in GRAPHQL_PATHS:
        request_id = getattr(request, "request_id", None)
        response = graphql_response(request, dumps({"errors": [error_json(error, request_id)]}), error.status)
    elif is_api_path(request):
        return answer(error, {"request": request})
    else:
        response = HttpResponse(f"{error.message}\n", status=error.status, content_type="text/plain; charset=utf-8")
    for name, value in error_headers(error):
        response[name] = value
    return response
