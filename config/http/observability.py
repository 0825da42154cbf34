"""What a request tells about itself: an id, one JSON log line, and a Server-Timing header.

The line never holds a query string, a body or a header, so no secret can get into it. Everything here
is on the way of every request; the whole costs about ten microseconds.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from time import perf_counter
from types import TracebackType
from typing import Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from config.errors import ApiError
from config.http import deadline
from config.http.counting import note_request
from config.http.server_url import answering
from config.server.sqlstate import FAULTS, code_of
from config.time_ids import time_ordered_hex

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")  # an id from outside that may be echoed and logged
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds: not logged

_log = logging.getLogger("fourgate.request")
logger = logging.getLogger(__name__)


class RequestMiddleware:
    """Sets `request.request_id` and `request.timings` (stage → seconds), and reports on the answer.

    As long as the answer is made, the request is `config.http.server_url.answering`, and its work has the
    time of `config.http.deadline`.

    A sane `X-Request-Id` is kept, so that a proxy's log and ours can be joined; else one is made.
    Must be the first middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID")
        own_id = time_ordered_hex()
        request_id = given if given and REQUEST_ID.fullmatch(given) else own_id
        timings: dict[str, float] = {}
        request.request_id = request_id  # type: ignore[attr-defined]
        request.timings = timings  # type: ignore[attr-defined]
        token = answering.set(request)
        begun = deadline.begin(settings.REQUEST_DEADLINE_S, request.META.get(deadline.IS_GONE))
        response = self.get_response(request)
        deadline.end(begun)
        answering.reset(token)
        duration_ms = (perf_counter() - started) * 1000
        response["X-Request-Id"] = request_id
        if not response.streaming and "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        stages = "".join(f"{name};dur={seconds * 1000:.2f}, " for name, seconds in timings.items())
        response["Server-Timing"] = f"{stages}total;dur={duration_ms:.2f}"
        if request.path not in QUIET_PATHS:
            note_request(request, response.status_code, duration_ms / 1000)
            if _log.isEnabledFor(logging.INFO):
                _log_request(request, response.status_code, duration_ms, request_id)
            try:
                _noter(settings.REQUEST_LOG)(request, response.status_code, duration_ms, own_id)
            except Exception:  # the answer is made: no log may take it away
                logger.exception("a request could not be logged", extra={"request_id": request_id})
        return response


@lru_cache(maxsize=1)
def _noter(path: str) -> Callable[[HttpRequest, int, float, str], None]:
    return cast(Callable[[HttpRequest, int, float, str], None], import_string(path))


def note_fault(error: ApiError) -> None:
    """Remember why the request that is being answered is refused, or failed in a part; of several the first."""
    request: Any = answering.get()
    if request is not None and not hasattr(request, "fault"):
        request.fault = error


def note_operation(request: HttpRequest, operation: str | None = None, object_name: str | None = None) -> None:
    """Remember what a request asks: root fields of GraphQL, an object's nameSingular. Whoever reads it says so."""
    noted: Any = request
    if operation is not None:
        noted.operation = operation
    if object_name is not None:
        noted.object_name = object_name


class stage:
    """`with stage(request, "plan"): …` adds the time it takes to the request's `plan`."""

    __slots__ = ("_name", "_started", "_timings")

    def __init__(self, request: object, name: str) -> None:
        self._timings: dict[str, float] | None = getattr(request, "timings", None)
        self._name = name

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timings is not None:
            self._timings[self._name] = self._timings.get(self._name, 0.0) + perf_counter() - self._started


class JsonLines(logging.Formatter):
    """One JSON object per line: `at`, `level`, `logger`, `message`, and what the call adds.

    A call adds members by `extra={"fields": {…}}` or `extra={"request_id": …}`; a traceback is `error`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
        }
        fields = record.__dict__.get("fields")
        if fields is not None:
            line |= fields
        else:
            line["message"] = record.getMessage()
        if "request_id" in record.__dict__:
            line["requestId"] = record.__dict__["request_id"]
        if record.exc_info:
            line["error"] = without_values(self.formatException(record.exc_info), record.exc_info[1])
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def without_values(text: str, fault: BaseException | None) -> str:
    """A traceback without what the database says of a fault: it quotes the statement and the values in it."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        if isinstance(fault, FAULTS) and str(fault):
            text = text.replace(str(fault), f"SQLSTATE {code_of(fault)}")
        fault = fault.__cause__ or fault.__context__
    return text


def _log_request(request: HttpRequest, status: int, duration_ms: float, request_id: str) -> None:
    fields: dict[str, object] = {
        "method": request.method,
        "path": request.path,
        "status": status,
        "durationMs": round(duration_ms, 2),
        "requestId": request_id,
    }
    principal = getattr(request, "principal", None)
    if principal is not None:
        fields["workspaceId"] = principal.workspace_id
        if principal.api_key_id is not None:
            fields["apiKeyId"] = principal.api_key_id
    # What logger.info() would do, without its walk up the stack to find out who called.
    record = _log.makeRecord(_log.name, logging.INFO, __file__, 0, "request", (), None)
    record.__dict__["fields"] = fields
    _log.handle(record)
