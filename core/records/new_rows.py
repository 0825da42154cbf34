"""The rows of new records, as the INSERT takes them: what create and upsert share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.errors import TooComplex
from config.http.bounds import MAX
from config.http.rendering import dumps
from core.query.scope import Scope
from core.query.words import search_text
from core.query.writes import RecordInput, created_by, document
from core.records.refusals import about
from metadata.fieldtypes.uuid import new_id
from metadata.schema import ObjectSchema


def check_size(subject: ObjectSchema, data: Mapping[str, object], index: int | None = None) -> None:
    """Refuse a record whose JSON is larger than MAX_RECORD_BYTES; raises TooComplex. `index`: its place in a batch."""
    size = len(dumps(data))
    if size > MAX.record_bytes:
        fault = TooComplex(
            f"The {subject.label_singular} would have {size} bytes, more than {MAX.record_bytes}",
            hint="Put long texts into several records, or into files.",
        )
        raise fault if index is None else about(fault, index)


def insert_rows(scope: Scope, subject: ObjectSchema, inputs: Sequence[RecordInput]) -> list[dict[str, Any]]:
    """The rows of the JSON parameter: ids made, defaults and actors filled, positions numbered."""
    rows: list[dict[str, object]] = []
    steps = {"first": 0, "last": 0}
    for record in inputs:
        if record.id is None:
            record.id = new_id()
        data = document(subject, record)
        check_size(subject, data, record.index if len(inputs) > 1 else None)
        row: dict[str, object] = {"id": record.id, "d": data, "cb": created_by(scope, record)}
        place = "first" if record.position is None else record.position
        if place == "first" or place == "last":
            steps[place] += 1
            row |= {"w": place, "k": steps[place]}
        else:
            row["p"] = place
        words = search_text(subject, data)
        if words is not None:
            row["s"] = words
        if record.created_at is not None:
            row["ca"] = record.created_at
        if record.deleted_at is not None:
            row["da"] = record.deleted_at
        rows.append(row)
    return rows
