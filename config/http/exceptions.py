"""Any exception → the one JSON shape of the REST APIs; settings name `answer` as DRF's exception handler.

    {"statusCode": 404, "error": "NotFoundException", "messages": ["Record not found"],
     "code": "RECORD_NOT_FOUND", "hint"?, "path"?, …details, "requestId"}

Faults found before a route is (a body that is no JSON, a path nobody serves) have the shape of the web
framework the API was first built with: `message` and a reason phrase as `error`. An ApiError that says
more than this has a method `rest_body()` whose members replace these.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.core import exceptions as django_exceptions
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions as drf_exceptions

from config.errors import (
    ApiError,
    BadRequest,
    BodyTooLarge,
    Forbidden,
    Internal,
    InvalidTokenType,
    MalformedBody,
    MethodNotAllowed,
    MissingToken,
    NotFound,
    RateLimited,
    RefusedByFramework,
    TokenRefused,
    TooComplex,
    Unauthenticated,
    UnsupportedMediaType,
    WorkspaceMoving,
    WorkspaceNotFound,
    bounded,
)
from config.http.observability import note_fault
from config.http.rendering import JSON_CONTENT_TYPE, dumps
from config.server.sqlstate import machine_error

API_PATHS = ("/rest", "/graphql", "/metadata", "/open-api", "/file/")
AUTHENTICATION_FAILURES = (MissingToken, Unauthenticated, TokenRefused, InvalidTokenType, WorkspaceNotFound)

logger = logging.getLogger(__name__)


def answer(fault: BaseException, context: Mapping[str, object] | None = None) -> HttpResponse:
    """The response to an exception. `context` is DRF's, with the `request` if there is one."""
    request = (context or {}).get("request")
    request_id = getattr(getattr(request, "_request", request), "request_id", None)
    error = as_api_error(fault)
    note_fault(error)
    if isinstance(error, Internal):
        logger.error("unexpected fault", exc_info=fault, extra={"request_id": request_id})
    response = _json_response(error.status, {**rest_body(error), "requestId": request_id})
    for name, value in error_headers(error):
        response[name] = value
    if isinstance(error, WorkspaceMoving):
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log an error; it is announced
    return response


def rest_body(error: ApiError) -> dict[str, object]:
    """The members of an error's body, without the request's id."""
    own: Callable[[], Mapping[str, object]] | None = getattr(error, "rest_body", None)
    if own is not None:
        return bounded(own())
    if isinstance(error, MalformedBody):
        return {**framework_body(error.status, error.message), "messages": [error.message], "code": error.code}
    body: dict[str, object] = {
        "statusCode": error.status,
        "error": error.error_name,
        "messages": [error.message],
        "code": error.code,
    }
    if error.hint is not None:
        body["hint"] = error.hint
    if error.path is not None:
        body["path"] = error.path
    return {**bounded(error.details), **body} if error.details else body


def framework_body(status: int, message: str) -> dict[str, object]:
    return {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message}


def as_api_error(fault: BaseException) -> ApiError:
    """The error a client is told of; Internal, with nothing of the fault in it, for what nobody foresaw."""
    match fault:
        case ApiError():
            return fault
        case drf_exceptions.ParseError():
            return MalformedBody(_text(fault))
        case drf_exceptions.NotAuthenticated() | drf_exceptions.AuthenticationFailed():
            return MissingToken("Missing authentication token")
        case drf_exceptions.PermissionDenied() | django_exceptions.PermissionDenied():
            return Forbidden("Forbidden resource")
        case drf_exceptions.NotFound() | Http404():
            return NotFound("Not found")
        case drf_exceptions.MethodNotAllowed():
            return MethodNotAllowed(_text(fault))
        case drf_exceptions.Throttled():
            wait_s = getattr(fault, "wait", None)
            details = {} if wait_s is None else {"retryAfterSeconds": int(wait_s)}
            return RateLimited("Too many requests, slow down.", details=details)
        case drf_exceptions.APIException() if fault.status_code < 500:
            return RefusedByFramework(_text(fault), status=fault.status_code)
        case RecursionError():
            return TooComplex("The request is nested too deeply")
        case django_exceptions.RequestDataTooBig():
            return BodyTooLarge("Body is too large")
        case UnreadablePostError():
            return BadRequest("The body ended before all of it had arrived")
        case django_exceptions.SuspiciousOperation() | django_exceptions.BadRequest():
            return BadRequest("Bad request")
    return machine_error(fault) or Internal("Internal server error")


def _text(fault: drf_exceptions.APIException) -> str:
    """The first sentence of a DRF exception, whose detail may be text, a list or a mapping of them."""
    detail: object = fault.detail
    while isinstance(detail, dict | list) and detail:
        detail = next(iter(detail.values())) if isinstance(detail, dict) else detail[0]
    return str(detail)


def error_headers(error: ApiError) -> list[tuple[str, str]]:
    """What an error says in headers, whatever shape its body has."""
    if isinstance(error, AUTHENTICATION_FAILURES):
        return [("WWW-Authenticate", "Bearer")]  # RFC 6750 §3
    if isinstance(error, MethodNotAllowed) and "allow" in error.details:
        return [("Allow", ", ".join(error.details["allow"]))]
    if isinstance(error, UnsupportedMediaType):
        return [("Accept-Encoding", "gzip, deflate")]  # RFC 7694 §3
    if "retryAfterSeconds" in error.details:
        return [("Retry-After", str(error.details["retryAfterSeconds"]))]
    return []


def _json_response(status: int, body: Mapping[str, object]) -> HttpResponse:
    return HttpResponse(dumps(body), status=status, content_type=JSON_CONTENT_TYPE)


# What no view answers: see config.http.error_pages ---------------------------------------------------------


def is_api_path(request: HttpRequest) -> bool:
    """Whether programs and not people ask for this path."""
    return request.path.startswith(API_PATHS)


def framework_response(request: HttpRequest, status: int, message: str) -> HttpResponse:
    body = framework_body(status, message)
    return _json_response(status, {**body, "messages": [message], "requestId": getattr(request, "request_id", None)})
