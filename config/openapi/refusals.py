"""The refusals that the documents of all APIs share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.errors import EXCEPTION_NAMES

Json = dict[str, Any]


_MESSAGES: Json = {"type": "array", "items": {"type": "string"}}
_MORE: Json = {
    "code": {"type": "string", "description": "Stable name of the fault"},
    "hint": {"type": "string", "description": "What to do about it"},
    "path": {"type": "string", "description": "The field or parameter at fault"},
    "requestId": {"type": ["string", "null"], "description": "Find the request in the server's log by it"},
}
# status → (when, `error`, an example's message and code)
_REFUSALS: Mapping[str, tuple[str, str, str, str]] = {
    "400": ("Cannot be read, or breaks a rule of the data model", EXCEPTION_NAMES[400],
            "'depth=2' parameter invalid. Allowed values are 0, 1", "INVALID_QUERY_INPUT"),
    "401": ("The token is no token, has a wrong signature or has expired", "UNAUTHENTICATED",
            "Token invalid.", "UNAUTHENTICATED"),
    "403": ("No token, a revoked key, or a role without the right", "FORBIDDEN_EXCEPTION",
            "Missing authentication token", "FORBIDDEN_EXCEPTION"),
    "404": ("No such record", EXCEPTION_NAMES[404], "Record not found", "RECORD_NOT_FOUND"),
    "409": ("Clashes with what is there, or with a request that still runs", EXCEPTION_NAMES[409],
            "Field already exists", "FIELD_ALREADY_EXISTS"),
    "412": ("The record is no longer as `If-Match` says", EXCEPTION_NAMES[412],
            "The Person has been changed since it was read", "PRECONDITION_FAILED"),
    "413": ("The body is larger than 10 MB", EXCEPTION_NAMES[413],
            "Body is larger than 10485760 bytes", "BODY_TOO_LARGE"),
    "422": ("The `Idempotency-Key` came with another request before", EXCEPTION_NAMES[422],
            "This Idempotency-Key was used for another request", "IDEMPOTENCY_MISMATCH"),
    "429": ("Too many requests; wait for `Retry-After` seconds", "RATE_LIMITED",
            "Too many requests, slow down.", "LIMIT_REACHED"),
    "503": ("Others hold what is needed, or there is too much to do; wait for `Retry-After` seconds",
            EXCEPTION_NAMES[503], "The server has more to do than it can; nothing was done", "OVERLOADED"),
}  # fmt: skip


def refusals(statuses: tuple[str, ...]) -> dict[str, Json]:
    """The response components, named by their status."""
    return {status: _refusal(status) for status in statuses}


def _refusal(status: str) -> Json:
    when, error, message, code = _REFUSALS[status]
    schema: Json = {
        "type": "object",
        "properties": {
            "statusCode": {"type": "integer"},
            "error": {"type": "string"},
            "messages": _MESSAGES,
            **_MORE,
        },
        "required": ["statusCode", "error", "messages"],
        "examples": [{"statusCode": int(status), "error": error, "messages": [message], "code": code}],
    }
    response: Json = {"description": when, "content": {"application/json": {"schema": schema}}}
    if status in ("401", "403"):
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}}
    if status == "429":
        numbers = ("limit", "remaining", "periodCount", "retryAfterSeconds")
        schema["properties"] |= {name: {"type": "integer"} for name in numbers}
        response["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"},
            "RateLimit": {
                "schema": {"type": "string"},
                "description": "What is left, on every answer: name;r=left;t=s",
            },
            "RateLimit-Policy": {"schema": {"type": "string"}, "description": "The limits: name;q=requests;w=seconds"},
        }
    return response


def refusal_table() -> list[dict[str, str]]:
    """The refusals for people: status, when, `error` and an example's code and message."""
    return [
        {"status": status, "when": when.replace("`", ""), "error": error, "message": message, "code": code}
        for status, (when, error, message, code) in _REFUSALS.items()
    ]
