"""Both logs as files: CSV that spreadsheets open safely, and JSON Lines, one object for each entry."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import orjson

from apikeys.activity.models import AuditEntry, RequestEntry
from config.formulas import harmless
from config.http.rendering import dumps
from metadata.fieldtypes.datetime import moment_text

Format = Literal["csv", "jsonl"]
CONTENT_TYPES: Mapping[str, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
MOST = 100_000  # entries of one file, the newest


def exported(entries: Iterable[RequestEntry] | Iterable[AuditEntry], form: Format) -> Iterator[bytes]:
    """The file in pieces. Its columns are the members of `facts_of`."""
    is_first = True
    for each in entries:
        facts = facts_of(each)
        if form == "jsonl":
            yield dumps(facts) + b"\n"
            continue
        line = io.StringIO()
        writer = csv.writer(line)
        if is_first:
            writer.writerow(facts)
            is_first = False
        writer.writerow([_cell(value) for value in facts.values()])
        yield line.getvalue().encode()


def facts_of(entry: RequestEntry | AuditEntry) -> dict[str, object]:
    """An entry by the names of its columns."""
    if isinstance(entry, AuditEntry):
        return {
            "at": moment_text(entry.at),
            "act": entry.act,
            "subject": entry.subject_name,
            "subjectId": entry.subject_id,
            "by": entry.actor_name,
            "byKind": entry.actor_kind,
            "byId": entry.actor_id,
            "before": entry.before,
            "after": entry.after,
            "address": entry.address,
            "userAgent": entry.user_agent,
            "requestId": entry.request_id,
        }
    return {
        "at": moment_text(entry.at),
        "by": entry.caller_name,
        "byKind": "key" if entry.is_key else "member",
        "byId": entry.caller_id,
        "api": entry.api,
        "method": entry.method,
        "path": entry.path,
        "operation": entry.operation,
        "object": entry.object_name,
        "status": entry.status,
        "errorCode": entry.error_code,
        "errorMessage": entry.error_message,
        "durationMs": entry.duration_ms,
        "address": entry.address,
        "requestId": entry.request_id,
        "headers": orjson.loads(entry.headers),
    }


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = dumps(value).decode()
    return harmless(str(value))
