"""What every operation of Core REST shares in the document: query parameters and refusals.

The names of parameter components are those generated clients know; `orderByOfGroups` and its kin stand
beside them where the same parameter means something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.errors import EXCEPTION_NAMES
from core.query.orders import DIRECTIONS
from core.query.search import FILTERABLE, LARGEST_PAGE
from core.rest.body_schemas import UUID
from core.rest.search import DEFAULT_SIZE

Json = dict[str, Any]

_FILTER = """\
Conditions `field[comparator]:value`, joined by commas (all must hold) or by `and(…)`, `or(…)`, `not(…)`.

Comparators: `eq`, `neq`, `in`, `containsAny`, `is`, `gt`, `gte`, `lt`, `lte`, `startsWith`, `endsWith`, `like`,
`ilike`. `in` and `containsAny` take `[a,b]`; `is` takes `NULL` or `NOT_NULL`. Sub-fields and
fields of a to-one relation are reached with a dot: `emails.primaryEmail[eq]:ada@example.org`,
`company.name[ilike]:%acme%`.

A value in double or single quotes may hold anything, brackets, commas and quotes too:
`name[eq]:"O'Neil "Bob" (Ltd, Oslo"`. It ends at its quote before the end of the filter, before a closing bracket,
and before a comma with another condition (in a list: another quoted item) behind it. Two of its quotes in a row stand
for one that is no end: `name[in]:["a"",""b","c"]`. There are no other escapes; a backslash is a plain character. Quote
every item of a list, or none.

Soft-deleted records are left out unless the filter names `deletedAt`."""


def _query(name: str, description: str, schema: Json, *, required: bool = False, **more: Any) -> Json:
    return {"name": name, "in": "query", "description": description, "required": required, "schema": schema, **more}


def _flag(name: str, description: str) -> Json:
    return _query(name, description, {"type": "boolean", "default": False})


def _header(name: str, description: str) -> Json:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "header", "description": description, "required": False, "schema": schema}


def _json_text(name: str, description: str, example: str, *, required: bool = False) -> Json:
    return _query(name, description, {"type": "string"}, required=required, example=example)


def parameters(default_size: int, max_size: int, default_groups: int) -> dict[str, Json]:
    """The parameter components by name."""
    text = {"type": "string"}
    words = {**text, "minLength": 1}
    filters = {
        "simple": {"value": "createdAt[gte]:2026-01-01", "summary": "Created this year"},
        "present": {"value": "deletedAt[is]:NOT_NULL", "summary": "Soft-deleted records only"},
        "either": {"value": "or(createdAt[gte]:2026-01-01,updatedAt[gte]:2026-06-01)", "summary": "One or the other"},
    }
    limit = {"type": "integer", "minimum": 0, "maximum": max_size}
    return {
        "idPath": {"name": "id", "in": "path", "required": True, "description": "The record's id", "schema": UUID},
        "ifMatch": _header(
            "If-Match", "Write only while the record is as it was read: the `ETag` it came with, else 412"
        ),
        "ifNoneMatch": _header("If-None-Match", "The `ETag` of an answer at hand: 304 while it is still the same"),
        "idempotencyKey": _header(
            "Idempotency-Key", "1 to 255 characters. Sent again within 24 hours, the same request is not carried out"
            " again but answered as it was, with `Idempotent-Replayed: true`",
        ),
        "startingAfter": _query("starting_after", "The page after this cursor (`pageInfo.endCursor`)", text),
        "endingBefore": _query("ending_before", "The page before this cursor (`pageInfo.startCursor`)", text),
        "filter": _query("filter", _FILTER, text, examples=filters),
        "requiredFilter": _query(
            "filter", f"Mandatory here: which records to write.\n\n{_FILTER}", words, required=True,
            example="id[in]:[20202020-1c25-4d02-bf25-6aeccf7ea419]",
        ),
        "depth": _query(
            "depth", "`1` adds the related records: one level, at most 60 of each to-many relation",
            {"type": "integer", "enum": [0, 1], "default": 0},
        ),
        "fields": _query(
            "fields", "Names of the members to answer, separated by commas; the id always is. `company.name` is one"
            " member of the related record (`people.city` of each), answered with its id, also where `depth` is not"
            " given; `depth=0` leaves only the relation's id. Composites are answered as a whole", words,
        ),
        "count": _query(
            "count", "`none` leaves out `totalCount`, which costs time on large filtered lists",
            {"type": "string", "enum": ["exact", "none"], "default": "exact"},
        ),
        "upsert": _flag("upsert", "Update the record that has the same id or unique value, if there is one"),
        "onError": _query(
            "on_error", "`continue` leaves out what has a fault and writes the rest; `stop` writes nothing of it",
            {"type": "string", "enum": ["stop", "continue"], "default": "stop"},
        ),
        "dryRun": _flag("dry_run", "Only say what would be done"),
        "safe": _flag(
            "safe", "CSV for spreadsheets: a cell that one would take for a formula (it begins with `=`, `+`, `-`, `@`,"
            " a tab or a line end) has an apostrophe before it, and the file is called `….safe.csv`. Importing with"
            " `safe=true` takes it away again",
        ),
        "separator": _query(
            "separator", "What stands between the cells of a CSV. When absent, exports have commas, and an import finds"
            " out by the names of the columns", {"type": "string", "enum": ["comma", "semicolon", "tab"]},
        ),
        "format": _query("format", "Format of the file", {"type": "string", "enum": ["csv", "jsonl"]}),
        "limitOfFile": _query("limit", "Records in the file; all when absent", {"type": "integer", "minimum": 0}),
        "softDelete": _flag("soft_delete", "Keep the record, restorable, instead of removing it for good"),
        "orderBy": _query(
            "order_by",
            "Fields with a direction, separated by commas: `createdAt[DescNullsLast],id`."
            f" Directions: {_listed(tuple(DIRECTIONS))}",
            text, example="createdAt[DescNullsLast]",
        ),
        "limit": _query("limit", f"Records per page, at most {max_size}", {**limit, "default": default_size}),
        "groupBy": _json_text(
            "group_by",
            "JSON array of objects with one member each, as in the example. Dates take a `granularity`, composites a"
            " sub-field, to-one relations a field of the other object",
            '[{"createdAt":{"granularity":"MONTH"}}]', required=True,
        ),
        "orderByOfGroups": _json_text(
            "order_by", "JSON array: the order of the groups, by a dimension or an aggregate",
            '[{"createdAt":{"orderBy":"AscNullsFirst","granularity":"MONTH"}}]',
        ),
        "limitOfGroups": _query("limit", "Number of groups", {**limit, "default": default_groups}),
        "viewId": _query("view_id", "A saved view whose filters to add", UUID),
        "aggregate": _json_text("aggregate", "JSON array of aggregate names", '["countNotEmptyId"]'),
        "includeRecordsSample": _flag("include_records_sample", "Add up to 10 records to each group"),
        "orderByForRecords": _query(
            "order_by_for_records", "The order of those records, as `order_by` of a list", text,
            example="createdAt[DescNullsLast]",
        ),
        "omitNullValues": _flag("omit_null_values", "Leave out groups without a value"),
    }  # fmt: skip


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


SEARCH_PARAMETERS: tuple[Json, ...] = (
    _query("query", "Words or their beginnings; all records without it", {"type": "string"}),
    _query(
        "limit", f"Number of records, at most {LARGEST_PAGE}",
        {"type": "integer", "minimum": 0, "maximum": LARGEST_PAGE, "default": DEFAULT_SIZE},
    ),
    _query("objects", "Only in these objects: names separated by commas", {"type": "string"}),
    _query("excluded_objects", "Not in these objects: names separated by commas", {"type": "string"}),
    _query("filter", f"Conditions as for lists, about {_listed(FILTERABLE)}", {"type": "string"}),
)  # fmt: skip


# Refusals ----------------------------------------------------------------------------------------------

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
