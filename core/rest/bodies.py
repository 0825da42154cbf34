"""The body of a Core REST write, checked for its outer kind; what is inside is the planner's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.errors import BadRequest
from core.query import ir


def read_record(body: Any, plural: str) -> Mapping[str, Any]:
    """The one record of a create, or the changes of an update."""
    if isinstance(body, list):
        raise BadRequest("Body should be a JSON object, not an array", hint=f"Send an array to /rest/batch/{plural}.")
    if not isinstance(body, dict):
        raise BadRequest("Body should be a JSON object")
    return body


def read_records(body: Any, plural: str) -> tuple[Mapping[str, Any], ...]:
    """The records of a batch."""
    if not isinstance(body, list):
        raise BadRequest("Body should be a JSON array of objects", hint=f"Send one object to /rest/{plural}.")
    return _objects(body, "Body")


def read_duplicates(body: Any, object_name: str, selection: ir.Everything) -> ir.Duplicates:
    """`{"ids": [...]}` or `{"data": [{...}]}`; that it is exactly one of them is checked with the records."""
    body = read_record(body, object_name)
    ids, records = body.get("ids"), body.get("data")
    return ir.Duplicates(
        object_name,
        selection,
        ids=None if ids is None else tuple(_array(ids, "ids")),
        records=None if records is None else _objects(_array(records, "data"), "data"),
    )


def read_merge(body: Any, object_name: str, selection: ir.Everything) -> ir.Merge:
    """`{"ids": [...], "conflictPriorityIndex": 0, "dryRun": false}`; the last two may be left out."""
    body = read_record(body, object_name)
    priority = body.get("conflictPriorityIndex", 0)
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise BadRequest('"conflictPriorityIndex" should be an integer', path="conflictPriorityIndex")
    dry_run = body.get("dryRun", False)
    if not isinstance(dry_run, bool):  # "false" taken for true would only preview; taken for false it would merge
        raise BadRequest('"dryRun" should be true or false', path="dryRun")
    return ir.Merge(object_name, tuple(_array(body.get("ids"), "ids")), priority, selection, dry_run)


def _array(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadRequest(f'"{name}" should be an array', path=name)
    return value


def _objects(items: list[Any], name: str) -> tuple[Mapping[str, Any], ...]:
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise BadRequest(f"{name} should be a JSON array of objects; item {index} is none", path=f"[{index}]")
    return tuple(items)
