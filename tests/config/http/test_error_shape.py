"""Every kind of exception has one JSON shape, and none tells what is inside."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.core import exceptions as django_exceptions
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.test import RequestFactory
from rest_framework import exceptions as drf_exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from config import errors
from config.http.error_pages import bad_request, not_found, server_error
from config.http.exceptions import answer

REQUEST_ID = "req-1"


def request(method: str = "get", path: str = "/rest/people") -> HttpRequest:
    made = getattr(RequestFactory(), method)(path)
    made.request_id = REQUEST_ID
    return made


def body_of(response: HttpResponse) -> dict[str, Any]:
    assert response["Content-Type"] == "application/json; charset=utf-8"
    body = json.loads(response.content)
    assert body.pop("requestId") == REQUEST_ID
    return body


CASES = {
    "our own": (
        errors.BadRequest("Wrong", hint="Do this", path="filter"),
        {
            "statusCode": 400,
            "error": "BadRequestException",
            "messages": ["Wrong"],
            "code": "INVALID_QUERY_INPUT",
            "hint": "Do this",
            "path": "filter",
        },
    ),
    "with details": (
        errors.DuplicateEntry("A duplicate entry was detected", details={"field": "domainName", "statusCode": 1}),
        {
            "statusCode": 400,
            "error": "BadRequestException",
            "messages": ["A duplicate entry was detected"],
            "code": "DUPLICATE_ENTRY",
            "field": "domainName",
        },
    ),
    "not found": (
        errors.RecordNotFound(),
        {
            "statusCode": 404,
            "error": "NotFoundException",
            "messages": ["Record not found"],
            "code": "RECORD_NOT_FOUND",
        },
    ),
    "forbidden": (
        errors.PermissionDenied(),
        {
            "statusCode": 403,
            "error": "ForbiddenException",
            "messages": ["Entity performing the request does not have permission"],
            "code": "PERMISSION_DENIED",
        },
    ),
    "missing token": (
        errors.MissingToken("Missing authentication token"),
        {
            "statusCode": 403,
            "error": "FORBIDDEN_EXCEPTION",
            "messages": ["Missing authentication token"],
            "code": "FORBIDDEN_EXCEPTION",
        },
    ),
    "bad token": (
        errors.Unauthenticated("Token invalid."),
        {
            "statusCode": 401,
            "error": "UNAUTHENTICATED",
            "messages": ["Token invalid."],
            "code": "UNAUTHENTICATED",
        },
    ),
    "malformed JSON": (
        errors.MalformedBody("unexpected character"),
        {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "unexpected character",
            "messages": ["unexpected character"],
            "code": "MALFORMED_BODY",
        },
    ),
    "DRF: parse error": (
        drf_exceptions.ParseError("no JSON"),
        {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "no JSON",
            "messages": ["no JSON"],
            "code": "MALFORMED_BODY",
        },
    ),
    "DRF: not authenticated": (
        drf_exceptions.NotAuthenticated(),
        {
            "statusCode": 403,
            "error": "FORBIDDEN_EXCEPTION",
            "messages": ["Missing authentication token"],
            "code": "FORBIDDEN_EXCEPTION",
        },
    ),
    "DRF: method": (
        drf_exceptions.MethodNotAllowed("PUT"),
        {
            "statusCode": 405,
            "error": "MethodNotAllowedException",
            "messages": ['Method "PUT" not allowed.'],
            "code": "METHOD_NOT_ALLOWED",
        },
    ),
    "DRF: not found": (
        drf_exceptions.NotFound(),
        {"statusCode": 404, "error": "NotFoundException", "messages": ["Not found"], "code": "NOT_FOUND"},
    ),
    "DRF: media type": (
        drf_exceptions.UnsupportedMediaType("text/csv"),
        {
            "statusCode": 415,
            "error": "BadRequestException",
            "messages": ['Unsupported media type "text/csv" in request.'],
            "code": "INVALID_QUERY_INPUT",
        },
    ),
    "DRF: validation": (
        drf_exceptions.ValidationError({"name": ["This field is required."]}),
        {
            "statusCode": 400,
            "error": "BadRequestException",
            "messages": ["This field is required."],
            "code": "INVALID_QUERY_INPUT",
        },
    ),
    "DRF: throttled": (
        drf_exceptions.Throttled(wait=6.2),
        {
            "statusCode": 429,
            "error": "RATE_LIMITED",
            "messages": ["Too many requests, slow down."],
            "code": "LIMIT_REACHED",
            "retryAfterSeconds": 7,
        },
    ),
    "Django: 404": (
        Http404("secret path"),
        {"statusCode": 404, "error": "NotFoundException", "messages": ["Not found"], "code": "NOT_FOUND"},
    ),
    "Django: permission": (
        django_exceptions.PermissionDenied("secret"),
        {"statusCode": 403, "error": "ForbiddenException", "messages": ["Forbidden resource"], "code": "FORBIDDEN"},
    ),
    "Django: suspicious": (
        django_exceptions.SuspiciousOperation("secret"),
        {
            "statusCode": 400,
            "error": "BadRequestException",
            "messages": ["Bad request"],
            "code": "INVALID_QUERY_INPUT",
        },
    ),
    "Django: body too big": (
        django_exceptions.RequestDataTooBig("secret"),
        {
            "statusCode": 413,
            "error": "PayloadTooLargeException",
            "messages": ["Body is too large"],
            "code": "BODY_TOO_LARGE",
        },
    ),
    "Django: connection lost": (
        UnreadablePostError("secret"),
        {
            "statusCode": 400,
            "error": "BadRequestException",
            "messages": ["The body ended before all of it had arrived"],
            "code": "INVALID_QUERY_INPUT",
        },
    ),
    "anything else": (
        ZeroDivisionError("secret"),
        {
            "statusCode": 500,
            "error": "InternalServerErrorException",
            "messages": ["Internal server error"],
            "code": "INTERNAL_SERVER_ERROR",
        },
    ),
}


@pytest.mark.parametrize(("fault", "expected"), CASES.values(), ids=CASES.keys())
def test_shape(fault: Exception, expected: dict[str, Any]) -> None:
    response = answer(fault, {"request": Request(request())})
    assert body_of(response) == expected
    assert response.status_code == expected["statusCode"]
    assert "secret" not in response.content.decode()


ERRORS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.ApiError)]


def _made(error: type[errors.ApiError]) -> errors.ApiError:
    if issubclass(error, errors.InvalidMetadataInput):
        return error("text", sub_code="INVALID_LABEL")
    if issubclass(error, errors.MetadataValidationFailed):
        return error([errors.Failure("index", "create", [errors.Problem("INVALID_INDEX_INPUT", "text")])])
    return error(["text"]) if issubclass(error, errors.InvalidInput) else error("text")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_of_the_list_has_its_status_and_a_name(error: type[errors.ApiError]) -> None:
    response = answer(_made(error), {"request": request()})
    body = body_of(response)
    assert response.status_code == body["statusCode"] == error.status
    assert body["messages"] == ["text"] and body["error"] and body["code"]


@pytest.mark.parametrize(
    ("fault", "name", "value"),
    [
        (errors.MissingToken("x"), "WWW-Authenticate", "Bearer"),
        (errors.Unauthenticated("x"), "WWW-Authenticate", "Bearer"),
        (errors.TokenRefused("x"), "WWW-Authenticate", "Bearer"),
        (errors.ApiKeyWithoutRole("x"), "WWW-Authenticate", "Bearer"),
        (errors.WorkspaceNotFound("x"), "WWW-Authenticate", "Bearer"),
        (errors.MethodNotAllowed("x", details={"allow": ["GET", "PATCH"]}), "Allow", "GET, PATCH"),
        (errors.RateLimited("x", details={"retryAfterSeconds": 7}), "Retry-After", "7"),
    ],
)
def test_header(fault: errors.ApiError, name: str, value: str) -> None:
    assert answer(fault, {"request": request()})[name] == value


def test_permission_is_no_matter_of_authentication() -> None:
    assert "WWW-Authenticate" not in answer(errors.PermissionDenied(), {"request": request()})


def test_an_error_may_bring_a_body_of_its_own() -> None:
    class Report(errors.ApiError):
        def rest_body(self) -> dict[str, Any]:
            return {"statusCode": 400, "error": "Report", "messages": [self.message], "report": {"fields": []}}

    assert body_of(answer(Report("x"), {"request": request()})) == {
        "statusCode": 400,
        "error": "Report",
        "messages": ["x"],
        "report": {"fields": []},
    }


def test_the_unexpected_is_logged_under_the_requests_id(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "config.http.exceptions"):
        answer(ZeroDivisionError("division by zero"), {"request": request()})
    [record] = caplog.records
    assert (record.getMessage(), record.request_id) == ("unexpected fault", REQUEST_ID)  # type: ignore[attr-defined]
    assert record.exc_info is not None and record.exc_info[0] is ZeroDivisionError


def test_the_expected_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "config.http.exceptions"):
        answer(errors.RecordNotFound(), {"request": request()})
    assert caplog.records == []


def test_views_of_drf_answer_through_it() -> None:
    class View(APIView):
        authentication_classes = ()

        def get(self, request: Request) -> HttpResponse:
            raise errors.RecordNotFound()

    got = View.as_view()(request())
    assert (got.status_code, body_of(got)["messages"]) == (404, ["Record not found"])
    refused = View.as_view()(request("post"))
    assert (refused.status_code, body_of(refused)["error"]) == (405, "MethodNotAllowedException")


@pytest.mark.parametrize(("method", "path"), [("get", "/rest"), ("post", "/rest/"), ("get", "/open-api/none")])
def test_path_nobody_serves(method: str, path: str) -> None:
    response = not_found(request(method, path))
    message = f"Cannot {method.upper()} {path}"
    assert response.status_code == 404
    assert body_of(response) == {"statusCode": 404, "error": "Not Found", "message": message, "messages": [message]}


def test_faults_outside_views() -> None:
    broken = server_error(request())
    assert (broken.status_code, body_of(broken)["code"]) == (500, "INTERNAL_SERVER_ERROR")
    bad = bad_request(request(), django_exceptions.DisallowedHost("secret"))
    assert bad.status_code == 400
    assert body_of(bad) == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "Bad request",
        "messages": ["Bad request"],
    }


def test_people_get_pages() -> None:
    response = not_found(request(path="/settings/none"))
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")
