"""What is answered where no view answers: JSON in the shape of the API on its paths, a page of the site elsewhere.

The pages ask nothing of the database and need nobody signed in, so that they can be shown whatever is broken.
"""

from __future__ import annotations

import logging
import sys

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from config.errors import ApiError, Forbidden, Internal
from config.http.exceptions import answer, framework_response, is_api_path
from config.http.graphql_errors import error_json
from config.http.pages import secured
from config.http.rendering import JSON_CONTENT_TYPE, dumps
from config.server.sqlstate import machine_error

logger = logging.getLogger(__name__)

PAGES = frozenset((400, 403, 404, 429, 500, 503))
PAGE_PATHS = ("/settings", "/admin")
GRAPHQL_PATHS = frozenset({"/graphql", "/metadata"})


def refusal(request: HttpRequest, error: ApiError) -> HttpResponse:
    """An error found before any view was asked."""
    if request.path_info in GRAPHQL_PATHS:
        body = dumps({"errors": [error_json(error)]})
        return HttpResponse(body, status=error.status, content_type=JSON_CONTENT_TYPE)
    if is_api_path(request):
        return answer(error, {"request": request})
    return error_page(request, error.status, error=error)


def error_page(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    """`<status>.html`: 400, 403, 404, 429, 500 or 503; what else is refused (408, 413 …) has the page of a 400."""
    request_id = getattr(request, "request_id", None)
    response = HttpResponse(
        render_to_string(f"{status if status in PAGES else 400}.html", {"request_id": request_id, **context}),
        status=status,
    )
    secured(response, None)
    return response


# Django's handlers of what no view answered (`handler400` … of the URL table) ---------------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_api_path(request):
        return framework_response(request, 400, "Bad request")
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_api_path(request):
        return answer(Forbidden("Forbidden resource"), {"request": request})
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    is_for_people = request.resolver_match is not None or request.path_info.startswith(PAGE_PATHS)
    if is_api_path(request) or not (is_for_people or _asks_for_html(request)):
        return framework_response(request, 404, f"Cannot {request.method} {request.path}")
    return error_page(request, 404)


def root(request: HttpRequest) -> HttpResponse:
    """`/` leads people to the settings; for programs there is nothing."""
    if request.method in ("GET", "HEAD") and _asks_for_html(request):
        return HttpResponseRedirect("/settings")
    return framework_response(request, 404, f"Cannot {request.method} {request.path}")


def _asks_for_html(request: HttpRequest) -> bool:
    """As browsers do; programs ask for anything, or for JSON."""
    return "html" in request.META.get("HTTP_ACCEPT", "").lower()


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody caught; Django calls this while it handles the exception. What is the machine's fault (no database,
    no space) is answered as such, and is no reason for a traceback in the log."""
    fault = sys.exc_info()[1]
    error = None if fault is None else machine_error(fault)
    if error is None:
        if is_api_path(request):
            return answer(Internal("Internal server error"), {"request": request})
        return error_page(request, 500)
    logger.warning(error.message, extra={"request_id": getattr(request, "request_id", None)})
    if is_api_path(request):
        response = answer(error, {"request": request})
    else:
        response = error_page(request, 503, error=error)
        response.status_code = error.status
        if error.retry_after_s is not None:
            response["Retry-After"] = str(error.retry_after_s)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would add the traceback
    return response
