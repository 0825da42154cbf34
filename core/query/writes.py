"""Plans writes: bodies become stored values, or all their faults are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from config.errors import (
    LISTED,
    ApiError,
    BadRequest,
    ClientGone,
    DeadlineExceeded,
    InvalidRelation,
    InvalidValue,
    TooComplex,
    TooManyRecords,
    shortened,
)
from config.http import deadline
from config.http.bounds import MAX
from config.http.inputs import uuid_of
from core.query.scope import Scope, denied, member_names, nearest
from metadata.fieldtypes.values import show
from metadata.schema import FieldSchema, ObjectSchema

Place = Literal["first", "last"]


@dataclass(slots=True)
class RecordInput:
    """One record's input, cleaned. `values` holds the fields given, None for those emptied."""

    index: int
    id: str | None = None
    values: dict[FieldSchema, Any] = dataclass_field(default_factory=dict)
    connects: dict[FieldSchema, Mapping[str, object]] = dataclass_field(default_factory=dict)
    disconnects: tuple[FieldSchema, ...] = ()
    creates: dict[FieldSchema, Mapping[str, object]] = dataclass_field(default_factory=dict)  # raw, of related records
    position: float | Place | None = None
    created_at: str | None = None
    deleted_at: str | None = None
    created_by: Mapping[str, object] | None = None  # as cleaned, before the caller fills it
    stored_id: str | None = None  # upsert sets it: the id of the stored record that this one updated


@dataclass(frozen=True, slots=True)
class _Slot:
    """What a body's key is about: a value that `clean` makes storable, or what the setter of its kind does."""

    kind: str  # "value", or a key of _SETTERS
    field: FieldSchema
    clean: Callable[[object, FieldSchema], object] | None = None
    is_required: bool = False


def _value_slot(field: FieldSchema) -> _Slot:
    return _Slot("value", field, field.type.clean, not field.is_nullable and field.relation is None)


@lru_cache(maxsize=2048)
def _slots(subject: ObjectSchema) -> Mapping[str, _Slot]:
    by_column = {
        "id": "id",
        "position": "position",
        "created_at": "createdAt",
        "deleted_at": "deletedAt",
        "created_by": "createdBy",
        "updated_at": "managed",
        "updated_by": "managed",
        "search": "search",
    }
    slots: dict[str, _Slot] = {}
    for field in subject.fields:
        if field.relation is not None:
            if field.relation.is_to_one:
                assert field.relation.join_name is not None
                slots[field.relation.join_name] = _value_slot(field)
                slots[field.name] = _Slot("relation", field)
            else:
                slots[field.name] = _Slot("to_many", field)
        elif field.column is not None:
            slots[field.name] = _Slot(by_column[field.column], field)
        else:
            slots[field.name] = _value_slot(field)
    return slots


def plan_inputs(
    scope: Scope,
    subject: ObjectSchema,
    records: Sequence[object],
    *,
    is_update: bool = False,
    as_batch: bool = True,
    verb: Literal["read", "update"] = "update",
) -> list[RecordInput]:
    """The cleaned records, in order; raises the first fault with all of them in its details.

    `verb` is what is done with the values: "read" compares stored ones with them.
    """
    slots = _slots(subject)
    refused = _locked(scope, subject) if verb == "update" else scope.hidden
    planned: list[RecordInput] = []
    faults = Faults()
    if len(records) > 1:
        for name, dear in ((name, each.field.type) for name, each in slots.items() if each.field.type.is_dear):
            dear.weigh(data.get(name) for data in records if isinstance(data, Mapping))
    for index, data in enumerate(records):
        deadline.check()
        record = RecordInput(index)
        values = record.values
        planned.append(record)
        if not isinstance(data, Mapping):
            faults.add(index, InvalidValue(f"Invalid object value {show(data)}: a record must be an object"))
            continue
        if len(data) > MAX.record_members:
            raise TooComplex(f"A record has {len(data)} members, more than {MAX.record_members}")
        for name, value in data.items():
            try:
                slot = slots.get(name)
                if slot is None:
                    faults.add(index, _unknown_member(scope, subject, name, with_hint=not faults.count))
                    continue
                field = slot.field
                if refused and field.id in refused:
                    raise denied(verb, subject, field)
                if slot.clean is not None:
                    cleaned = slot.clean(value, field)
                    if cleaned is None and slot.is_required:
                        cleaned = _required(field, name)
                    values[field] = cleaned
                    continue
                if slot.kind == "to_many" and isinstance(value, Mapping):
                    for act in _RELATION_VERBS & value.keys():
                        message = f"{act.capitalize()} is not allowed for {name} on {subject.singular}"
                        raise InvalidRelation(message, path=name)
                _SETTERS[slot.kind](record, field, value, is_update)
            except (DeadlineExceeded, ClientGone, TooComplex):  # about the request, not about this member
                raise
            except ApiError as fault:
                faults.add(index, fault)
        if record.connects or record.creates or record.disconnects:
            _refuse_both(record, data, faults)
    if faults.count:
        raise _report(faults, as_batch)
    return planned


def _locked(scope: Scope, subject: ObjectSchema) -> frozenset[UUID]:
    """The fields of the object that the caller may not write."""
    permissions = scope.principal.permissions
    locked = frozenset(each.id for each in subject.secret_fields if permissions.locks(each))
    return permissions.locked_fields | locked if locked else permissions.locked_fields


class Faults:
    """What is wrong with the records of one call: the first LISTED faults with their record's index, and how many."""

    def __init__(self) -> None:
        self.first: list[tuple[int, ApiError]] = []
        self.count = 0

    def add(self, index: int, fault: ApiError) -> None:
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append((index, fault))


def _unknown_member(scope: Scope, subject: ObjectSchema, name: str, *, with_hint: bool) -> InvalidValue:
    """Comparing names is dear, so only the first fault of a call says which may have been meant."""
    hint = nearest(name, member_names(scope, subject)) if with_hint else None
    return InvalidValue(f'Object {subject.singular} doesn\'t have any "{shortened(name)}" field.', hint=hint, path=name)


def _report(faults: Faults, as_batch: bool) -> ApiError:
    """The first fault, carrying the list; in a batch each says which record it is about."""
    index, first = faults.first[0]
    errors: list[dict[str, object]] = [
        {"message": fault.message, "path": fault.path, **({"index": at} if as_batch else {})}
        for at, fault in faults.first
    ]
    if faults.count > LISTED:
        errors.append({"message": f"and {faults.count - LISTED} more", "path": None})
    more = {"errors": errors, **({"index": index} if as_batch else {})}
    return first.saying(details=more, extensions=more)


def _required(field: FieldSchema, name: str) -> object:
    """What a field that cannot be empty holds after it was emptied: its default."""
    if field.default is None:
        raise InvalidValue(
            f"Field {name} is not nullable and has no default value.",
            path=name,
            user_message="A required field is missing.",
        )
    return default_value(field)


_RELATION_VERBS = frozenset({"connect", "disconnect", "create"})


def _set_relation(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    if value is None:  # clears, but says nothing beside the id: clients of typed languages send every member
        record.values.setdefault(field, None)
        return
    if not isinstance(value, Mapping) or not (value.keys() & _RELATION_VERBS) or value.keys() - _RELATION_VERBS:
        raise InvalidRelation(f'Relation "{field.name}" requires connect or disconnect operation', path=field.name)
    connect, disconnect, create = value.get("connect"), value.get("disconnect"), value.get("create")
    if create is not None:
        if connect is not None or disconnect is not None:
            raise InvalidRelation(f'Relation "{field.name}" takes one of connect, disconnect, create', path=field.name)
        record.creates[field] = create
        return
    if connect is not None and disconnect is not None:
        raise InvalidRelation(
            "Cannot have both connect and disconnect for the same field on undefined.", path=field.name
        )
    if connect is not None:
        where = connect.get("where") if isinstance(connect, Mapping) else None
        if not isinstance(where, Mapping) or not where:
            raise InvalidRelation(
                f'Relation "{field.name}" requires connect.where with the fields of one unique constraint',
                path=field.name,
            )
        record.connects[field] = where
    elif disconnect is True:
        record.values[field] = None
        record.disconnects = (*record.disconnects, field)
    elif disconnect is not False and disconnect is not None:
        raise InvalidRelation(f'Relation "{field.name}" takes disconnect: true or false', path=field.name)


def _refuse_both(record: RecordInput, data: Mapping[str, object], faults: Faults) -> None:
    """A relation is written by one of its two members; an id of null beside `disconnect` says the same."""
    for field in record.disconnects:
        assert field.relation is not None
        if data.get(field.relation.join_name or "") is not None:
            message = f"{field.name} and {field.relation.join_name} cannot be both provided."
            faults.add(record.index, InvalidRelation(message, path=field.name))
    for field in record.connects:
        assert field.relation is not None
        if field.relation.join_name in data:
            message = f"{field.name} and {field.relation.join_name} cannot be both provided."
            faults.add(record.index, InvalidRelation(message, path=field.name))
    for field in record.creates:
        assert field.relation is not None
        if field.relation.join_name in data:
            message = f"Cannot provide both {field.name}.create and {field.relation.join_name}"
            faults.add(record.index, InvalidRelation(message, path=field.name))


def _set_to_many(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    raise InvalidValue(f"One-to-many relation {field.name} field does not support write operations.", path=field.name)


def _set_id(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    found = uuid_of(value) if isinstance(value, str) else None
    if found is None:
        shown = f'"{value}"' if isinstance(value, str) else show(value)
        raise BadRequest(f"Value {shown} is not a valid UUID", path="id", user_message="Invalid UUID format.")
    record.id = str(found)


def _set_position(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    record.position = field.type.clean(value, field)


def _set_created_at(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    cleaned = None if value is None else field.type.clean(value, field)
    if not is_update:
        record.created_at = cleaned


def _set_deleted_at(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    cleaned = field.type.clean(value, field)
    if is_update and cleaned is not None:
        raise InvalidValue("deletedAt can only be changed through delete and restore", path="deletedAt")
    record.deleted_at = cleaned


def _set_created_by(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    cleaned = field.type.clean(value, field)
    if not is_update:
        record.created_by = cleaned


def _set_nothing(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    """Members the server manages (`updatedAt`, `updatedBy`) may be sent back; they are not taken over."""


def _set_search(record: RecordInput, field: FieldSchema, value: object, is_update: bool) -> None:
    raise InvalidValue(f"{field.name} {field.type.name}-typed field does not support write operations", path=field.name)


_SETTERS: Mapping[str, Callable[[RecordInput, FieldSchema, object, bool], None]] = {
    "relation": _set_relation,
    "to_many": _set_to_many,
    "id": _set_id,
    "position": _set_position,
    "createdAt": _set_created_at,
    "deletedAt": _set_deleted_at,
    "createdBy": _set_created_by,
    "managed": _set_nothing,
    "search": _set_search,
}


# Defaults and actors ---------------------------------------------------------------------------------


def default_value(field: FieldSchema) -> object:
    """The stored value of a field's default, now."""
    return field.type.default(field.default, field)


@lru_cache(maxsize=2048)
def _defaults(subject: ObjectSchema) -> tuple[tuple[FieldSchema, object, bool], ...]:
    """Fields with a default: (field, its value, whether it must be computed anew each time)."""
    found = []
    for field in subject.fields:
        if field.column is None and field.relation is None and field.default is not None:
            computed = field.default in ("now", "uuid") if isinstance(field.default, str) else False
            found.append((field, None if computed else default_value(field), computed))
    return tuple(found)


def document(subject: ObjectSchema, record: RecordInput) -> dict[str, object]:
    """The JSON a new record stores: given values over defaults, absent where there is none."""
    data: dict[str, object] = {}
    for field, cleaned in record.values.items():
        if cleaned is not None:
            stored = field.type.merge(None, cleaned, field)
            if stored is not None:
                data[field.storage_key] = stored
    for field, value, computed in _defaults(subject):
        if field not in record.values:
            stored = default_value(field) if computed else value
            if stored is not None:
                data[field.storage_key] = stored
    return data


def created_by(scope: Scope, record: RecordInput) -> Mapping[str, object]:
    """Who made the record: the caller, with the source the client named, or the actor it spelled out."""
    caller = scope.principal.actor()
    sent = {key: value for key, value in (record.created_by or {}).items() if value is not None}
    if scope.principal.api_key_id is not None:
        sent.pop("workspaceMemberId", None)
    if not sent:
        return caller
    if "name" in sent:
        return {"source": "MANUAL", **sent}
    return {**caller, **sent}


# Related records -------------------------------------------------------------------------------------

MAX_CREATE_DEPTH = 5
MAX_CREATED = 200  # related records of one request


def refuse_creates(inputs: Sequence[RecordInput]) -> None:
    """For operations that create no related records."""
    for record in inputs:
        for field in record.creates:
            raise InvalidRelation("Nested relation create is not supported in this operation", path=field.name)


# Limits ----------------------------------------------------------------------------------------------


def check_batch(scope: Scope, count: int) -> None:
    """At most `maxBatchSize` records in one call; the answer names the limit and what was sent."""
    largest = scope.principal.workspace.max_batch_size
    if count > largest:
        message = f"Maximum number of records to upsert is {largest}."
        raise TooManyRecords(
            message, hint=f"{count} were sent.", details={"limit": largest, "count": count}, user_message=message
        )


def check_bulk(scope: Scope, verb: str, count: int) -> None:
    """At most `maxBulkRecords` records matched by the filter of one bulk write."""
    largest = scope.principal.workspace.max_bulk_records
    if count > largest:
        raise TooManyRecords(
            f"Cannot {verb} more than {largest} records at once",
            hint=f"The filter matches {count}.",
            details={"limit": largest, "count": count},
            user_message=f"You can only {verb} up to {largest} records at once.",
        )


def target_id(value: object) -> str:
    """A record id given in a path or argument, lower-case."""
    found = uuid_of(value)
    if found is None:
        raise BadRequest(f"'{value}' is not a valid UUID")
    return str(found)
