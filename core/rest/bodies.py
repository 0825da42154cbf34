"""The bodies of Core REST: how each is read, checked for its outer kind, and its schema in the document.

What is inside of a record is the planner's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from config.errors import BadRequest
from core.rest import body_schemas
from metadata.schema import ObjectSchema

Json = Mapping[str, object]
Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Body:
    """What a route is sent. One without `read` is a file, which is read while its records are written."""

    schema: Callable[[ObjectSchema, int], Json]  # of an object's records; the int is the largest batch
    read: Callable[[object, str], object] | None  # of JSON and the object's plural name
    media_type: str = "application/json"


class Alike(NamedTuple):
    """What duplicates are looked for: stored records by id, or records that are not stored. One of them is given."""

    ids: tuple[object, ...] | None
    records: tuple[Record, ...] | None


class Merged(NamedTuple):
    ids: tuple[object, ...]
    priority: int  # the index of the record that survives
    dry_run: bool


def read_record(body: object, plural: str) -> Record:
    """The one record of a create, or the changes of an update."""
    if isinstance(body, list):
        raise BadRequest("Body should be a JSON object, not an array", hint=f"Send an array to /rest/batch/{plural}.")
    if not isinstance(body, dict):
        raise BadRequest("Body should be a JSON object")
    return body


def read_records(body: object, plural: str) -> tuple[Record, ...]:
    """The records of a batch."""
    if not isinstance(body, list):
        raise BadRequest("Body should be a JSON array of objects", hint=f"Send one object to /rest/{plural}.")
    return _objects(body, "Body")


def read_duplicates(body: object, plural: str) -> Alike:
    """`{"ids": [...]}` or `{"data": [{...}]}`; that it is exactly one of them is checked with the records."""
    body = read_record(body, plural)
    ids, records = body.get("ids"), body.get("data")
    return Alike(
        None if ids is None else tuple(_array(ids, "ids")),
        None if records is None else _objects(_array(records, "data"), "data"),
    )


def read_merge(body: object, plural: str) -> Merged:
    """`{"ids": [...], "conflictPriorityIndex": 0, "dryRun": false}`; the last two may be left out."""
    body = read_record(body, plural)
    priority = body.get("conflictPriorityIndex", 0)
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise BadRequest('"conflictPriorityIndex" should be an integer', path="conflictPriorityIndex")
    dry_run = body.get("dryRun", False)
    if not isinstance(dry_run, bool):  # "false" taken for true would only preview; taken for false it would merge
        raise BadRequest('"dryRun" should be true or false', path="dryRun")
    return Merged(tuple(_array(body.get("ids"), "ids")), priority, dry_run)


def _array(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise BadRequest(f'"{name}" should be an array', path=name)
    return value


def _objects(items: list[Any], name: str) -> tuple[Record, ...]:
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise BadRequest(f"{name} should be a JSON array of objects; item {index} is none", path=f"[{index}]")
    return tuple(items)


RECORD = Body(body_schemas.record, read_record)
CHANGES = Body(body_schemas.changes, read_record)
BATCH = Body(body_schemas.batch, read_records)
DUPLICATES = Body(body_schemas.duplicates_input, read_duplicates)
MERGE = Body(body_schemas.merge_input, read_merge)
FILE = Body(body_schemas.file_input, None, "application/octet-stream")
