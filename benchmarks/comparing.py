"""Whether answers hold the same data: each is brought to records by path (`name.firstName`), whoever gave it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.plain import names

_TIMES = ("createdAt", "updatedAt", "deletedAt", "startedAt")
_WHOLE = ("createdBy", "updatedBy", "avatarFile")
_OF_A_WRITE = ("id", "createdAt", "updatedAt", "createdBy", "updatedBy")
_NUMBERED = ("emails.primaryEmail", "jobTitle")
_NUMBER = re.compile(r"\d{7,}")


def content_of(body: bytes, *, is_plain: bool, is_write: bool) -> Any:
    """`(total, records)` of an answer. Of a write, what another write of the same has too."""
    parsed = json.loads(body)
    assert "errors" not in parsed, body[:2000]
    total, found = _plain_parts(parsed) if is_plain else _parts(parsed)
    records = [_record(each, is_plain=is_plain) for each in found]
    return total, [_without_numbers(each) for each in records] if is_write else records


def _parts(parsed: Any) -> tuple[int | None, list[Any]]:
    found = next(iter(parsed["data"].values()))
    total = parsed.get("totalCount")
    if isinstance(found, Mapping) and "edges" in found:
        total, found = found.get("totalCount"), [edge["node"] for edge in found["edges"]]
    return total, found if isinstance(found, list) else [found]


def _plain_parts(parsed: Any) -> tuple[int | None, list[Any]]:
    if isinstance(parsed, list):
        return None, parsed
    if "data" not in parsed:
        return parsed.get("count"), parsed.get("results", [parsed])
    found = next(iter(parsed["data"].values()))
    for wrapped in ("person", "people"):
        if set(found) == {wrapped}:
            found = found[wrapped]
            return None, found if isinstance(found, list) else [found]
    if "edges" in found:
        return found.get("totalCount"), [edge["node"] for edge in found["edges"]]
    return None, [found]


def _record(answered: Mapping[str, Any], *, is_plain: bool) -> dict[str, Any]:
    record: dict[str, Any] = {}
    if is_plain:
        table = names.PERSON if "first_name" in answered or "firstName" in answered else names.COMPANY
        record |= {path: _value(path, value) for path, value in names.record_of(answered, table).items()}
    company = answered.get("company_record" if "company_record" in answered else "company")
    if isinstance(company, Mapping):
        record["company"] = _record(company, is_plain=is_plain)
    if isinstance(people := answered.get("people"), Mapping):
        nodes = [_record(edge["node"], is_plain=is_plain) for edge in people["edges"]]
        record["people"] = (people["totalCount"], nodes)
    if not is_plain:
        for name, value in answered.items():
            if name in ("company", "people") or (value == [] and not name.startswith("additional")):
                continue  # a relation that the plain application has no table for
            if isinstance(value, Mapping) and name not in _WHOLE:
                record |= {f"{name}.{part}": each for part, each in value.items()}
            else:
                record[name] = _value(name, value)
    return record


def _value(path: str, value: Any) -> Any:
    if path in _TIMES and value is not None:
        moment = datetime.fromisoformat(value).astimezone(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return value


def _without_numbers(record: dict[str, Any]) -> dict[str, Any]:
    return {
        path: _NUMBER.sub("N", value) if path in _NUMBERED else value
        for path, value in record.items()
        if path not in _OF_A_WRITE
    }
