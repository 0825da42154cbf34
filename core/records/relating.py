"""Relations that a write names: related records are looked for, by id or by unique value, before it points at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.errors import ApiError, InvalidRelation, MissingReference
from config.http.rendering import loads
from config.texts import capitalised
from core.query.plan import Relate
from core.query.scope import Scope, may, require_readable
from core.query.writes import RecordInput
from core.records.refusals import about
from core.sql.execute import fetch
from core.sql.finding import compile_existing, compile_keys, unique_condition
from metadata.schema import FieldSchema, ObjectSchema


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


def besides(subject: ObjectSchema, relates: Sequence[Relate], rows: Sequence[Mapping[str, object]]) -> list[Relate]:
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


def _is_plain(value: object) -> bool:
    """Whether a `where` is text, or texts by sub-field."""
    if isinstance(value, Mapping):
        return all(isinstance(part, str) for part in value.values())
    return isinstance(value, str)


def _constraint(
    scope: Scope, target: ObjectSchema, field: FieldSchema, where: Mapping[str, object]
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
