"""Upsert: inputs that an id or a unique value already names update that record, the others are inserted.

Safe under concurrent upserts of the same keys: rows are inserted in the order of their keys with
`ON CONFLICT DO NOTHING`; whatever another transaction inserted meanwhile is matched again.
"""

from __future__ import annotations

from collections.abc import Sequence

from config.errors import Conflict, DuplicateEntry, MultipleMatches
from config.events import Event
from core.query import ir
from core.query.plan import Relate
from core.query.scope import Scope, readable_unique_fields
from core.query.writes import RecordInput
from core.records.answers import Answer, events_of, plan_answer, read_answers, tell
from core.records.changes import Stored, rewrite, stored_of, update_row
from core.records.files import attach_files
from core.records.new_rows import insert_rows
from core.records.refusals import duplicate, taken, unique_key
from core.records.relating import besides, check_related, plan_relates, resolve_connects
from core.records.transaction import ATTEMPTS, in_transaction
from core.sql.answers import POSITION
from core.sql.execute import UniqueViolation, fetch
from core.sql.finding import compile_matches, unique_condition
from core.sql.fragment import Sql
from core.sql.mutate import compile_insert
from metadata.schema import FieldSchema, ObjectSchema

Key = tuple[FieldSchema, tuple[str, ...]]


def upsert(scope: Scope, subject: ObjectSchema, inputs: list[RecordInput], selection: ir.Selection) -> list[str]:
    """The JSON texts of the records, in the order of the input."""
    given_ids = [record.id for record in inputs]
    created = plan_answer(scope, subject, selection, "created")
    updated = plan_answer(scope, subject, selection, "updated")
    unique = readable_unique_fields(scope, subject)
    keys = [_keys(unique, record) for record in inputs]
    _refuse_repeats(subject, keys)

    def work() -> list[str]:
        for record, given in zip(inputs, given_ids, strict=True):
            record.id, record.stored_id = given, None
        return _upsert(scope, subject, inputs, keys, created, updated)

    try:
        return in_transaction(scope, subject, work)
    except UniqueViolation as fault:
        raise duplicate(scope, subject, fault, inputs) from None


def _keys(fields: Sequence[FieldSchema], record: RecordInput) -> list[Key]:
    """The unique keys an input gives a value for, its id among them."""
    keys = [(field, unique_key(field, record)) for field in fields]
    return [(field, key) for field, key in keys if key is not None]


def _has_hidden_keys(scope: Scope, subject: ObjectSchema, inputs: Sequence[RecordInput]) -> bool:
    """Whether inputs have unique values that find no record, because the caller may not read them."""
    hidden = set(subject.unique_fields) - set(readable_unique_fields(scope, subject))
    return any(unique_key(field, record) is not None for field in hidden for record in inputs)


def _refuse_repeats(subject: ObjectSchema, keys: Sequence[Sequence[Key]]) -> None:
    """The same unique value twice in one batch has no one meaning."""
    first: dict[Key, int] = {}
    for index, each in enumerate(keys):
        for key in each:
            if key in first:
                field, values = key
                raise DuplicateEntry(
                    "A duplicate entry was detected",
                    path=field.name,
                    hint=f"Records {first[key]} and {index} of the batch have the same {field.label}.",
                    details={"field": field.name, "value": values[0], "indexes": [first[key], index]},
                    extensions={"indexes": [first[key], index]},
                    user_message=taken(field),
                )
            first[key] = index


def _upsert(
    scope: Scope,
    subject: ObjectSchema,
    inputs: Sequence[RecordInput],
    keys: Sequence[Sequence[Key]],
    created: Answer,
    updated: Answer,
) -> list[str]:
    attach_files(scope, subject, inputs)
    resolve_connects(scope, inputs)
    relates: Sequence[Relate] = plan_relates(scope, inputs)
    texts: dict[int, str] = {}
    told: list[Event] = []
    open_inputs = list(inputs)
    for attempt in range(ATTEMPTS):
        matches = _match(scope, subject, [(record, keys[record.index]) for record in open_inputs])
        # New records first: those that are updated may point at them.
        fresh = [record for record in open_inputs if record.index not in matches]
        if fresh:
            # What is skipped once and still matches nothing has a value of a record that the caller may not find.
            skips = attempt == 0 or not _has_hidden_keys(scope, subject, fresh)
            relates = _insert(scope, subject, fresh, keys, relates, created, texts, told, skip_conflicts=skips)
        found = [record for record in open_inputs if record.index in matches]
        if found:
            texts |= _update(scope, subject, found, matches, relates, updated, told)
            relates = []
        open_inputs = [record for record in fresh if record.index not in texts]
        if not open_inputs:
            break
    else:
        raise Conflict("The records are being changed by other requests", hint="Try again.")
    tell(scope, told)
    return [texts[record.index] for record in inputs]


def _match(
    scope: Scope, subject: ObjectSchema, inputs: Sequence[tuple[RecordInput, Sequence[Key]]]
) -> dict[int, Stored]:
    """The stored record of each input that has one, soft-deleted ones included, locked."""
    wanted: dict[FieldSchema, list[tuple[str, ...]]] = {}
    for _, keys in inputs:
        for field, values in keys:
            wanted.setdefault(field, []).append(values)
    if not wanted:
        return {}
    conditions: list[Sql] = [unique_condition(field, sorted(set(values))) for field, values in wanted.items()]
    holders: dict[Key, Stored] = {}
    columns = (POSITION,) if any(record.position is not None for record, _ in inputs) else ()
    for row in fetch(compile_matches(subject, conditions, columns), scope.principal.workspace.shard):
        stored = stored_of(row, *row[3:])
        for field in wanted:
            value = stored.id if field.column == "id" else stored.data.get(field.storage_key)
            key = field.type.unique_values(value)
            if key is not None:
                holders[(field, key)] = stored
    matches: dict[int, Stored] = {}
    for record, keys in inputs:
        hits = {holders[key].id: holders[key] for key in keys if key in holders}
        if len(hits) > 1:
            named = ", ".join(f"{_label(field)}: {values[0]}" for field, values in keys if (field, values) in holders)
            raise MultipleMatches(
                f"Multiple records found with the same unique field values for {named}."
                " Cannot determine which record to update.",
                details={"index": record.index, "recordIds": sorted(hits)},
            )
        if hits:
            [matches[record.index]] = hits.values()
    by_record: dict[str, int] = {}
    for index, stored in matches.items():
        if stored.id in by_record:
            raise DuplicateEntry(
                "A duplicate entry was detected",
                hint=f"Records {by_record[stored.id]} and {index} of the batch are the same record.",
                details={"indexes": [by_record[stored.id], index], "recordId": stored.id},
                extensions={"indexes": [by_record[stored.id], index], "conflictingRecordId": stored.id},
            )
        by_record[stored.id] = index
    return matches


def _insert(
    scope: Scope,
    subject: ObjectSchema,
    fresh: Sequence[RecordInput],
    keys: Sequence[Sequence[Key]],
    relates: Sequence[Relate],
    answer: Answer,
    texts: dict[int, str],
    told: list[Event],
    *,
    skip_conflicts: bool,
) -> Sequence[Relate]:
    """Insert what nobody else does meanwhile; adds to `texts` and `told`, gives what is still to be looked up."""
    rows = insert_rows(scope, subject, fresh)
    relates = besides(subject, relates, rows)
    order = sorted(range(len(rows)), key=lambda place: [key[1] for key in keys[fresh[place].index]] or [("",)])
    sql = compile_insert(
        subject,
        [rows[place] for place in order],
        scope.principal.actor(),
        relates,
        answer.columns,
        skip_conflicts=skip_conflicts,
    )
    written = fetch(sql, scope.principal.workspace.shard)
    if written:
        check_related(scope, relates, written[0][-1])
    by_id = {record.id: record for record in fresh}
    for record_id, text in read_answers(scope, answer, written).items():
        texts[by_id[record_id].index] = text
    written.sort(key=lambda row: by_id[row[0]].index)
    told += events_of(scope, answer, "created", written)
    return [] if written else relates


def _label(field: FieldSchema) -> str:
    part = field.type.unique_parts()[0]
    return f"{field.name}.{part}" if part else field.name


def _update(
    scope: Scope,
    subject: ObjectSchema,
    records: Sequence[RecordInput],
    matches: dict[int, Stored],
    relates: Sequence[Relate],
    answer: Answer,
    told: list[Event],
) -> dict[int, str]:
    """Update the matched records; adds their events to `told`."""
    rows, changed, indexes = [], {}, {}
    for step, record in enumerate(records):
        stored = matches[record.index]
        row, changed[stored.id] = update_row(subject, stored, record, step, revive=True)
        rows.append(row)
        indexes[stored.id] = record.index
        record.stored_id = stored.id
    written = rewrite(scope, subject, rows, relates, answer)
    texts = read_answers(scope, answer, written)
    written.sort(key=lambda row: indexes[row[0]])
    told += events_of(scope, answer, "updated", written, changed)
    return {indexes[record_id]: text for record_id, text in texts.items()}
