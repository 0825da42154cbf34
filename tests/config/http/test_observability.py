"""A request's id, its log line and its Server-Timing header."""

from __future__ import annotations

import json
import logging
import re
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.http.observability import JsonLines, RequestMiddleware, stage
from config.principal import Permissions, Principal, WorkspaceRef


def answer(request: HttpRequest, **attributes: object) -> HttpResponse:
    """What the middleware makes of a request whose view sets these attributes on it."""

    def view(request: HttpRequest) -> HttpResponse:
        for name, value in attributes.items():
            setattr(request, name, value)
        return HttpResponse("secret body", status=418)

    response = RequestMiddleware(view)(request)
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("given", ["abc-123", "a" * 128, "Root=1-67891233-abcdef012345678912345678"])
def test_a_sane_request_id_is_kept(given: str) -> None:
    request = RequestFactory().get("/", headers={"X-Request-Id": given})
    assert answer(request)["X-Request-Id"] == given
    assert request.request_id == given  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", [None, "", "a b", "a" * 129, "a\nb", "{}", "é"])
def test_another_one_is_made(given: str | None) -> None:
    request = RequestFactory().get("/")
    if given is not None:
        request.META["HTTP_X_REQUEST_ID"] = given
    made = answer(request)["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert answer(RequestFactory().get("/"))["X-Request-Id"] != made


def test_stages_are_summed_and_reported() -> None:
    request = RequestFactory().get("/")

    def view(request: HttpRequest) -> HttpResponse:
        for _ in range(2):
            with stage(request, "plan"):
                pass
        with pytest.raises(ZeroDivisionError), stage(request, "sql"):
            raise ZeroDivisionError
        return HttpResponse()

    header = RequestMiddleware(view)(request)["Server-Timing"]
    assert re.fullmatch(r"plan;dur=\d+\.\d\d, sql;dur=\d+\.\d\d, total;dur=\d+\.\d\d", header)


def test_a_stage_outside_a_request_is_harmless() -> None:
    with stage(HttpRequest(), "plan"):
        pass


def test_one_line_per_request_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fourgate.request")
    caplog.handler.setFormatter(JsonLines())
    workspace_id, key_id = UUID(int=1), UUID(int=2)
    principal = Principal(WorkspaceRef(workspace_id, 1), Permissions(), "Importer", api_key_id=key_id)
    headers = {"Authorization": "Bearer secret-token", "X-Request-Id": "r1"}
    answer(RequestFactory().get("/rest/people?token=secret-query", headers=headers), principal=principal)

    (line,) = caplog.text.splitlines()
    assert "secret" not in line
    logged = json.loads(line)
    assert logged.pop("durationMs") >= 0
    assert logged.pop("at").endswith("+00:00")
    assert logged == {
        "level": "INFO",
        "logger": "fourgate.request",
        "method": "GET",
        "path": "/rest/people",
        "status": 418,
        "requestId": "r1",
        "workspaceId": str(workspace_id),
        "apiKeyId": str(key_id),
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_are_not_logged(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fourgate.request")
    answer(RequestFactory().get(path))
    assert caplog.records == []


def test_nothing_is_logged_above_the_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "fourgate.request")
    answer(RequestFactory().get("/rest/people"))
    assert caplog.records == []


def test_other_log_lines_are_json_too() -> None:
    record = logging.LogRecord("webhooks", logging.ERROR, "", 0, "lost %s\nof them", (3,), None)
    record.request_id = "r1"
    line = JsonLines().format(record)
    assert "\n" not in line
    logged = json.loads(line)
    del logged["at"]
    assert logged == {"level": "ERROR", "logger": "webhooks", "message": "lost 3\nof them", "requestId": "r1"}


def test_a_traceback_is_part_of_the_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    line = JsonLines().format(logging.LogRecord("core", logging.ERROR, "", 0, "unexpected", (), info))
    assert "ValueError: broken" in json.loads(line)["error"]
