"""What every writing verb does: one transaction, answers, events, and what a refusal means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, transaction

from config import events
from config.errors import ApiError, Conflict, DuplicateEntry, InvalidRelation, MissingReference
from config.http import deadline
from config.http.confirming import confirm
from config.http.limits import count_written
from config.http.rendering import loads
from config.server.locks import patiently
from config.server.shards import is_citus
from config.texts import capitalised
from core.query import ir
from core.query.plan import JoinId, Member, Relate, ToMany, ToOne, Value
from core.query.scope import Scope, may, reads, require_readable
from core.query.selections import answer_values, plan_members, spend_bytes, spend_values
from core.query.writes import RecordInput
from core.records.totals import fold_sometimes
from core.sql.execute import SerializationTrouble, UniqueViolation, fetch
from core.sql.fragment import Sql
from core.sql.mutate import compile_existing, compile_holders, compile_keys, unique_condition
from core.sql.select import compile_by_ids, compile_record
from metadata.fieldtypes.datetime import moment_text
from metadata.schema import FieldSchema, ObjectSchema

T = TypeVar("T")
ATTEMPTS = 5


def in_transaction(scope: Scope, subject: ObjectSchema, work: Callable[[], T]) -> T:
    """Run a write of the object in one transaction, again when it collided with another (deadlock, serialization)
    and when it needs patience for a lock. Raises Conflict after ATTEMPTS collisions, LockTimeout."""
    confirm()
    using = scope.principal.workspace.shard
    return patiently(using, subject.id, lambda: _repeated(using, subject, work))


def in_one_statement(scope: Scope, subject: ObjectSchema, work: Callable[[], T]) -> T:
    """Run a write that is one statement and nothing after it that can be refused, as `in_transaction` runs others.

    Without BEGIN and COMMIT, which are two round trips: PostgreSQL commits each statement that stands alone.
    """
    using = scope.principal.workspace.shard
    if connections[using].in_atomic_block:
        return patiently(using, subject.id, lambda: _repeated(using, subject, work))
    fold_sometimes(subject, using)
    return patiently(using, subject.id, lambda: _repeated(using, subject, work, is_alone=True))


def is_one_statement(scope: Scope, subject: ObjectSchema, inputs: Sequence[RecordInput], answer: Answer) -> bool:
    """Whether an INSERT or UPDATE is all of a write: no other records are looked for, read or told of."""
    if answer.needs_second_read or answer.wants_events or is_citus(scope.principal.workspace.shard):
        return False
    return not any(
        record.connects or record.creates or any(record.values.get(field) for field in subject.files_fields)
        for record in inputs
    )


def _repeated(using: str, subject: ObjectSchema, work: Callable[[], T], *, is_alone: bool = False) -> T:
    for _ in range(ATTEMPTS):
        try:
            if is_alone:
                return work()
            with transaction.atomic(using=using):
                result = work()
                fold_sometimes(subject, using)
                return result
        except SerializationTrouble:
            continue
    raise Conflict("The records are being changed by other requests", hint="Try again.")


# Answers ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers with, and what its events need."""

    subject: ObjectSchema
    members: tuple[Member, ...]
    needs_second_read: bool  # relations are read after the write, when its effects can be seen
    wants_events: bool

    @property
    def columns(self) -> list[Sql]:
        """JSON texts to take from the written rows, over the alias `r`."""
        columns = [] if self.needs_second_read else [compile_record(self.members, "r")]
        if self.wants_events:
            columns.append(compile_record(_event_members(self.subject), "r"))
        return columns


def plan_answer(scope: Scope, subject: ObjectSchema, selection: ir.Selection, action: events.Action) -> Answer:
    members = plan_members(scope, subject, selection)
    needs_second_read = any(isinstance(member, ToOne | ToMany | JoinId) for member in members)
    wants = events.wanted(scope.principal.workspace, subject.singular, action)
    return Answer(subject, members, needs_second_read, wants)


def plan_effect(scope: Scope, subject: ObjectSchema, action: events.Action) -> Answer:
    """What the events of records need that a write of others changes: rows of their id and, if wanted, their JSON.

    Nobody is told of records of an object that is switched off.
    """
    is_told = subject.id in scope.schema.by_id
    wants = is_told and events.wanted(scope.principal.workspace, subject.singular, action)
    return Answer(subject, (), needs_second_read=True, wants_events=wants)


@lru_cache(maxsize=2048)
def _event_members(subject: ObjectSchema) -> tuple[Member, ...]:
    """The whole record at depth 0, whatever the caller may read: a webhook has rights of its own. No secrets."""
    return tuple(
        Value(
            field.name if field.relation is None else field.relation.join_name or field.name,
            field.type.whole_answer_sql(field) if field.relation is None else field.type.sql(field).answer,
            subject.schema_name,
        )
        for field in subject.fields
        if field.type.is_readable and field.secret_flag is None and (field.relation is None or field.relation.is_to_one)
    )


def read_answers(scope: Scope, answer: Answer, rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    """The answered JSON text by record id, from the rows of the write or by a read after it."""
    if not answer.needs_second_read:
        spend_bytes(sum(len(row[1]) for row in rows))
        return {row[0]: row[1] for row in rows}
    ids = [row[0] for row in rows]
    spend_values(answer_values(answer.members, len(ids)))
    sql = compile_by_ids(answer.subject, ids, compile_record(answer.members, "r"))
    texts = dict(fetch(sql, scope.principal.workspace.shard))
    spend_bytes(sum(map(len, texts.values())))
    return texts


UpdatedFields = Mapping[str, tuple[str, ...]] | tuple[str, ...] | None


def emit_events(
    scope: Scope,
    answer: Answer,
    action: events.Action,
    rows: Sequence[Sequence[Any]],
    updated_fields: UpdatedFields = None,
) -> None:
    """Tell the handlers of each written row."""
    tell(scope, events_of(scope, answer, action, rows, updated_fields))


def events_of(
    scope: Scope,
    answer: Answer,
    action: events.Action,
    rows: Sequence[Sequence[Any]],
    updated_fields: UpdatedFields = None,
) -> list[events.Event]:
    """One event per written row, if anybody wants them; the event's JSON is the last answer column.

    Fields by record id tell too which rows were changed at all: there is no event of one without any.
    """
    count_written(len(rows))
    if not answer.wants_events:
        return []
    place = 1 if answer.needs_second_read else 2
    now = datetime.now(UTC)
    return [
        events.Event(
            action,
            scope.principal,
            answer.subject.id,
            answer.subject.singular,
            UUID(row[0]),
            loads(row[place].encode()),
            updated_fields.get(row[0], ()) if isinstance(updated_fields, Mapping) else updated_fields,
            now,
        )
        for row in rows
        if not isinstance(updated_fields, Mapping) or updated_fields.get(row[0])
    ]


def tell(scope: Scope, told: Sequence[events.Event]) -> None:
    """Hand the events to the handlers, inside the transaction; nothing happens when there are none."""
    if told:
        events.emit(told, scope.principal.workspace.shard)


CHUNK = 1_000  # rows of one statement


def in_chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """What a write of many records does one after the other; in between it is asked whether its time is over."""
    for start in range(0, len(items), CHUNK):
        if start:
            deadline.check()
        yield items[start : start + CHUNK]


# Relations -------------------------------------------------------------------------------------------


def plan_relates(scope: Scope, inputs: Sequence[RecordInput]) -> list[Relate]:
    """Every related id the inputs name, once per relation.

    Raises MissingReference for all ids of an object the caller may not read: to them none is there.
    """
    ids: dict[FieldSchema, set[str]] = {}
    for record in inputs:
        for field, value in record.values.items():
            if field.relation is not None and value is not None:
                ids.setdefault(field, set()).add(value)
    relates = []
    for field, wanted in ids.items():
        target = scope.schema.target(field)
        assert field.relation is not None
        if target is None:
            raise InvalidRelation(f'The object behind "{field.name}" is not active', path=field.relation.join_name)
        ids_wanted = sorted(wanted)
        if not may(scope, "read", target):
            raise _missing(Relate(field, target, tuple(ids_wanted)), ids_wanted)
        relates.append(Relate(field, target, tuple(ids_wanted)))
    return relates


def besides(subject: ObjectSchema, relates: Sequence[Relate], rows: Sequence[Mapping[str, Any]]) -> list[Relate]:
    """What a statement must look up when it writes `rows` itself: it cannot see or lock these, and they will exist."""
    written = {row["id"] for row in rows}
    return [
        Relate(each.field, each.target, tuple(id_ for id_ in each.ids if id_ not in written))
        if each.target is subject
        else each
        for each in relates
    ]


def check_related(scope: Scope, relates: Sequence[Relate], counts: Sequence[int] | None) -> None:
    """Refuse ids of records that do not exist; `counts` is what the statement found per relation."""
    for relate, count in zip(relates, counts or (), strict=False):
        if count == len(relate.ids):
            continue
        found = {row[0] for row in fetch(compile_existing(relate.target, relate.ids), scope.principal.workspace.shard)}
        raise _missing(relate, [each for each in relate.ids if each not in found])


def _missing(relate: Relate, ids: Sequence[str]) -> MissingReference:
    assert relate.field.relation is not None
    name = relate.field.relation.join_name
    return MissingReference(
        f"{name}: no {relate.target.singular} with id {', '.join(ids[:5])}",
        path=name,
        details={"field": name, "missing": list(ids)},
    )


def resolve_connects(scope: Scope, inputs: Sequence[RecordInput]) -> None:
    """Replace every `connect` by the id of the one record it names; one statement per relation."""
    by_field: dict[FieldSchema, list[RecordInput]] = {}
    for record in inputs:
        for field in record.connects:
            by_field.setdefault(field, []).append(record)
    for field, records in by_field.items():
        _connect(scope, field, records, is_batch=len(inputs) > 1)


def _connect(scope: Scope, field: FieldSchema, records: Sequence[RecordInput], *, is_batch: bool) -> None:
    target = scope.schema.target(field)
    if target is None:
        raise InvalidRelation(f'The object behind "{field.name}" is not active', path=field.name)
    chosen = []
    for record in records:
        try:
            chosen.append(_constraint(scope, target, field, record.connects[field]))
        except InvalidRelation as fault:
            raise (about(fault, record.index) if is_batch else fault) from None
    unique = chosen[0][0]
    if any(each is not unique for each, _ in chosen):
        raise InvalidRelation(
            f"Expected the same constraint fields to be used consistently across all operations for {field.name}.",
            path=field.name,
        )
    using = scope.principal.workspace.shard
    keys = sorted({key for _, key in chosen})
    found: dict[tuple[str, ...], list[str]] = {}
    # To those who may not read the object none of its records is there.
    rows = fetch(compile_keys(target, unique_condition(unique, keys)), using) if may(scope, "read", target) else ()
    for record_id, data in rows:
        stored = record_id if unique.column == "id" else loads(data.encode()).get(unique.storage_key)
        key = unique.type.unique_values(stored)
        if key is not None:
            found.setdefault(key, []).append(record_id)
    for record, (_, key) in zip(records, chosen, strict=True):
        matches = found.get(key, [])
        if len(matches) != 1:
            refusal = _not_one(field, unique, key, len(matches))
            raise about(refusal, record.index) if is_batch else refusal
        record.values[field] = matches[0]


def _not_one(field: FieldSchema, unique: FieldSchema, key: tuple[str, ...], count: int) -> InvalidRelation:
    named = " and ".join(
        f"{unique.name}{capitalised(part)} = {value}"
        for part, value in zip(unique.type.unique_parts(), key, strict=False)
    )
    return InvalidRelation(
        f"Expected 1 record to connect to {field.name}, but found {count} for {named}", path=field.name
    )


def _is_plain(value: Any) -> bool:
    """Whether a `where` is text, or texts by sub-field."""
    if isinstance(value, Mapping):
        return all(isinstance(part, str) for part in value.values())
    return isinstance(value, str)


def _constraint(
    scope: Scope, target: ObjectSchema, field: FieldSchema, where: Mapping[str, Any]
) -> tuple[FieldSchema, tuple[str, ...]]:
    """The unique field that `where` fills completely, and its key. Raises PermissionDenied for an unreadable one."""
    complete: list[tuple[FieldSchema, tuple[str, ...]]] = []
    for unique in target.unique_fields:
        if unique.name in where:
            require_readable(scope, target, unique)
    for unique in target.unique_fields:
        if unique.name not in where:
            continue
        try:
            cleaned = unique.type.clean(where[unique.name], unique)
        except ApiError as fault:  # a value that no record can have
            given = unique.type.unique_values(where[unique.name]) if _is_plain(where[unique.name]) else None
            if given is not None:
                raise _not_one(field, unique, given, 0) from None
            raise InvalidRelation(fault.message, path=f"{field.name}.connect.where.{unique.name}") from None
        key = unique.type.unique_values(unique.type.merge(None, cleaned, unique))
        if key is not None:
            complete.append((unique, key))
    if not complete:
        raise InvalidRelation(
            "Missing required fields: at least one unique constraint have to be fully populated for"
            f" '{target.singular}'.",
            path=field.name,
        )
    names = {unique.name for unique in target.unique_fields}
    for name in where:
        if name not in names:
            raise InvalidRelation(
                f"Field {name} is not a unique constraint field for '{target.singular}'.", path=field.name
            )
    return complete[0]


# Refusals --------------------------------------------------------------------------------------------


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
    extensions: dict[str, Any] = {}
    if field.column != "id" and details.get("recordId"):
        extensions["conflictingRecordId"] = details["recordId"]
        extensions["conflictingObjectNameSingular"] = subject.singular
    entry = _bare_duplicate(field, details, extensions)
    if deleted_at is not None:
        return _told_deleted(entry, subject, field, details["recordId"], moment_text(deleted_at))
    return entry


def _bare_duplicate(
    field: FieldSchema, details: Mapping[str, Any] = MappingProxyType({}), extensions: Mapping[str, Any] | None = None
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
