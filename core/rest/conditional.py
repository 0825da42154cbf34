"""Conditional requests on one record: ETag, If-None-Match and If-Match (RFC 9110 §8.8.3, §13.1).

An entity tag is `"<id>.<version>.<digest>"`. The version stands for the record's `updatedAt` without telling it
(`core.records.locking.version_stamp`): two roles that read different fields have it in common. It is all that
If-Match compares: a change goes through as long as the record is as it was read, whichever fields were
asked for. The digest is of the answer's text, so that a tag never stands for two texts: they differ by
`depth` and `fields`, by what related records hold, by the data model and by the caller's rights.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2b

from config.errors import BadRequest
from config.http.rendering import loads
from core.records.locking import version_stamp

LONGEST_HEADER = 8_192
_BEGINS = re.compile(r'\{"id":"([0-9a-f-]{36})","createdAt":"[0-9T:.Z-]+","updatedAt":"([0-9T:.Z-]+)"')
_TAGS = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def entity_tag(record_id: str, version: str, text: str) -> str:
    """The strong entity tag of an answer, with its quotes."""
    return f'"{record_id.lower()}.{version}.{blake2b(text.encode(), digest_size=8).hexdigest()}"'


def tag_of_written(text: str) -> str | None:
    """The entity tag that a read of the record just written would bear; None where `fields` leaves out `updatedAt`."""
    begins = _BEGINS.match(text)
    if begins is not None:  # as whole records do, which need not be read
        record_id, changed_at = begins.groups()
    else:
        record = loads(text.encode())
        record_id, changed_at = record.get("id"), record.get("updatedAt")
    if not isinstance(record_id, str) or not isinstance(changed_at, str):
        return None
    changed_at_ms = round(datetime.fromisoformat(changed_at).timestamp() * 1000)
    return entity_tag(record_id, version_stamp(record_id, changed_at_ms), text)


def is_unchanged(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has the answer already: weak comparison, as GET asks for (RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag.strip('"') in (text for _, text in _read_tags(if_none_match, "If-None-Match"))


def expected_versions(if_match: str | None, record_id: str | None) -> tuple[str, ...] | None:
    """The versions of the record that If-Match allows; None when any will do.

    Tags that are weak or of another record match none (strong comparison, RFC 9110 §13.1.1). Raises BadRequest
    where the header is no list of tags, or for a write that is not about one stored record: it cannot be
    checked there, and a condition that is ignored overwrites what it was to protect.
    """
    if if_match is None:
        return None
    if record_id is None:
        raise BadRequest("If-Match is only possible on the path of one record", path="If-Match")
    if if_match.strip() == "*":
        return None
    parts = [text.split(".") for is_weak, text in _read_tags(if_match, "If-Match") if not is_weak]
    return tuple(each[1] for each in parts if len(each) == 3 and each[0] == record_id.lower())


def _read_tags(header: str, name: str) -> list[tuple[bool, str]]:
    """`(is weak, text without quotes)` of each tag of a list."""
    if len(header) > LONGEST_HEADER:
        raise BadRequest(f"{name} is longer than {LONGEST_HEADER} characters", path=name)
    tags, at = [], 0
    while at < len(header):
        found = _TAGS.match(header, at)
        if found is None:
            raise BadRequest(f"{name} is no list of entity tags", hint='An entity tag stands in quotes: "…"', path=name)
        tags.append((found[1] is not None, found[2]))
        at = found.end()
    return tags
