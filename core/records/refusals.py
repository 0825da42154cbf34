"""What a refusal of the database means to whoever sent the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from config.errors import ApiError, DuplicateEntry, MissingReference
from config.http.rendering import loads
from core.query.scope import Scope, may, reads
from core.query.writes import RecordInput
from core.sql.execute import UniqueViolation, fetch
from core.sql.finding import compile_holders, unique_condition
from metadata.fieldtypes.datetime import moment_text
from metadata.schema import FieldSchema, ObjectSchema


def about(fault: ApiError, index: int) -> ApiError:
    """The fault, saying which record of a batch it is about."""
    return fault.saying(details={"index": index}, extensions={"index": index})


def missing_reference(subject: ObjectSchema, fault: MissingReference, inputs: Sequence[RecordInput]) -> ApiError:
    """The fault, with the place in a batch of the first record that names what is missing."""
    field = subject.by_join_name.get(fault.path or "")
    missing = fault.details.get("missing", ())
    places = [record.index for record in inputs if field is not None and record.values.get(field) in missing]
    return about(fault, places[0]) if places and len(inputs) > 1 else fault


def duplicate(
    scope: Scope, subject: ObjectSchema, fault: UniqueViolation, inputs: Sequence[RecordInput]
) -> DuplicateEntry:
    """The duplicate's field, value and the record that has it already, as far as they can still be found.

    Asked after the transaction was rolled back. Two inputs of one batch can also collide with each other.
    Of a field that the caller may not read nothing is said but that there is a duplicate.
    """
    if fault.about is not None:
        subject, inputs = fault.about
    field = next((each for each in subject.fields if fault.constraint == f"u_{each.id.hex}"), None)
    if field is None:
        field = subject.by_name["id"]
    if not may(scope, "read", subject) or not reads(scope, subject, field):
        return _bare_duplicate(field)
    keys = [(record, unique_key(field, record)) for record in inputs]
    wanted = sorted({key for _, key in keys if key is not None})
    holders: dict[tuple[str, ...], tuple[str, datetime | None]] = {}
    if wanted:
        sql = compile_holders(subject, unique_condition(field, wanted))
        for record_id, data, deleted_at in fetch(sql, scope.principal.workspace.shard):
            stored = record_id if field.column == "id" else loads(data.encode()).get(field.storage_key)
            key = field.type.unique_values(stored)
            if key is not None:
                holders[key] = record_id, deleted_at
    details: dict[str, Any] = {}
    seen: dict[tuple[str, ...], int] = {}
    deleted_at = None
    for record, key in keys:
        if key is None:
            continue
        if key in holders or key in seen:
            record_id, deleted_at = holders.get(key, (None, None))
            details |= {"value": key[0], "index": record.index, "recordId": record_id}
            if key in seen:
                details["indexes"] = [seen[key], record.index]
            break
        seen[key] = record.index
    extensions: dict[str, object] = {}
    if field.column != "id" and details.get("recordId"):
        extensions["conflictingRecordId"] = details["recordId"]
        extensions["conflictingObjectNameSingular"] = subject.singular
    entry = _bare_duplicate(field, details, extensions)
    if deleted_at is not None:
        return _told_deleted(entry, subject, field, details["recordId"], moment_text(deleted_at))
    return entry


def _bare_duplicate(
    field: FieldSchema,
    details: Mapping[str, object] = MappingProxyType({}),
    extensions: Mapping[str, object] | None = None,
) -> DuplicateEntry:
    return DuplicateEntry(
        "A duplicate entry was detected",
        path=field.name,
        details={"field": field.name, **details},
        extensions=extensions or {},
        user_message=taken(field),
    )


def taken(field: FieldSchema) -> str:
    """The sentence for people: another record has this value of the unique field."""
    fault = "This record already exists." if field.column == "id" else f"This {field.label} value is already in use."
    return f"{fault} Please check your data and try again."


def _told_deleted(
    fault: DuplicateEntry, subject: ObjectSchema, field: FieldSchema, record_id: str, deleted_at: str
) -> DuplicateEntry:
    """The fault, saying that the other record is soft-deleted and what can be done: a filter on deletedAt finds it."""
    return fault.saying(
        hint=f"{subject.label_singular} {record_id}, deleted at {deleted_at}, has this {field.label}. Restore it"
        f" (PATCH /rest/restore/{subject.plural}/{record_id}, restore{subject.singular_pascal}), destroy it (DELETE "
        f"/rest/{subject.plural}/{record_id}, destroy{subject.singular_pascal}), or read it with "
        f"filter=id[eq]:{record_id},deletedAt[is]:NOT_NULL.",
        details={"recordDeletedAt": deleted_at},
        extensions={"conflictingRecordDeletedAt": deleted_at},
        user_message=f"A deleted {subject.label_singular} has this {field.label} already."
        " Restore it, or destroy it for good.",
    )


def unique_key(field: FieldSchema, record: RecordInput) -> tuple[str, ...] | None:
    """The key an input gives for a unique field; None when it gives none."""
    if field.column == "id":
        return field.type.unique_values(record.id)
    cleaned = record.values.get(field)
    return None if cleaned is None else field.type.unique_values(field.type.merge(None, cleaned, field))
