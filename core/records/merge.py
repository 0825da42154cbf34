"""Merge: several records become one; what they had, and what pointed at them, goes to the survivor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from config.errors import BadRequest, PermissionDenied, RecordNotFound
from config.events import Event
from config.http.rendering import dumps, loads
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, denied, find_object, may, reads, require, writes
from core.query.writes import RecordInput, target_id
from core.records.answers import events_of, plan_answer, read_answers, tell
from core.records.changes import Stored, rewrite, stored_of, update_row
from core.records.destroy import repoint
from core.records.transaction import in_transaction
from core.sql.execute import fetch
from core.sql.finding import compile_lock
from core.sql.fragment import Sql, array_literal
from core.sql.pointing import Pointers, compile_probe
from core.sql.removal import compile_destroy
from metadata.fieldtypes.uuid import new_id
from metadata.schema import ObjectSchema, WorkspaceSchema

LARGEST = 9


class _Preview(Exception):
    """Carries a dry run's answer out of the transaction that is rolled back."""

    def __init__(self, text: str) -> None:
        self.text = text


def merge(principal: Principal, schema: WorkspaceSchema, query: ir.Merge) -> str:
    """The JSON text of the surviving record.

    A dry run writes nothing and answers it under an id that is nobody's, with a `deletedAt`.
    """
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    require(scope, "update", subject)
    require(scope, "destroy", subject)
    _require_pointing(scope, subject)
    ids = _check(subject, query)
    try:
        return in_transaction(scope, subject, lambda: _merge(scope, subject, ids, query))
    except _Preview as preview:
        return _as_preview(preview.text, query.selection)


def _check(subject: ObjectSchema, query: ir.Merge) -> list[str]:
    if subject.duplicate_criteria is None:
        raise BadRequest(
            "Merge is only available for objects with duplicate criteria."
            f" Object '{subject.singular}' does not have duplicate criteria defined."
        )
    count = len(query.ids)
    if count < 2:
        raise BadRequest("At least 2 record IDs are required for merge", path="ids")
    if count > LARGEST:
        raise BadRequest(f"Maximum {LARGEST} records can be merged at once", path="ids")
    if not 0 <= query.priority < count:
        raise BadRequest(
            f"Invalid conflict priority '{query.priority}'. Valid options for {count} records: 0-{count - 1}",
            path="conflictPriorityIndex",
        )
    ids = [target_id(each) for each in query.ids]
    if len(set(ids)) < count:
        raise BadRequest("The same record cannot be merged with itself", path="ids")
    return ids


def _merge(scope: Scope, subject: ObjectSchema, ids: Sequence[str], query: ir.Merge) -> str:
    using = scope.principal.workspace.shard
    answer = plan_answer(scope, subject, query.selection, "updated")
    gone = plan_answer(scope, subject, ir.Everything(), "destroyed")
    by_ids = Sql("r.id = ANY(%s::uuid[])", (array_literal(ids),))
    rows = fetch(compile_lock(subject, by_ids, LARGEST, deleted=False, answers=tuple(gone.columns)), using)
    if len(rows) < len(ids):
        raise RecordNotFound(
            "One or more records not found" if isinstance(query.selection, tuple) else "Record not found"
        )
    stored = {row[0]: stored_of(row) for row in rows}
    survivor = ids[query.priority]
    others = [each for each in ids if each != survivor]
    record = _combined(scope, subject, [stored[survivor], *(stored[each] for each in others)])
    told = _repoint(scope, subject, others, survivor)
    fetch(compile_destroy(subject, others, scope.principal.actor()), using)
    row, changed = update_row(subject, stored[survivor], record, 0)
    written = rewrite(scope, subject, [row], [], answer)
    text = read_answers(scope, answer, written)[survivor]
    if query.dry_run:
        raise _Preview(text)
    told += events_of(scope, answer, "updated", written, {survivor: changed})
    told += events_of(scope, gone, "destroyed", [(row[0], *row[3:]) for row in rows if row[0] != survivor])
    tell(scope, told)
    return text


def _repoint(scope: Scope, subject: ObjectSchema, others: Sequence[str], survivor: str) -> list[Event]:
    """Let what points at `others` point at the survivor, whatever the on-delete rules say; gives the events of it.

    Raises PermissionDenied where the caller may not write that, TooManyRecords. The merged records' own relations are
    combined instead; but the survivor's that are switched off, or that the caller may not write, are in the way too.
    """
    groups: list[tuple[PermissionDenied | None, Pointers]] = []
    for other, fields in scope.schema.pointing.get(subject.id, ()):
        goes = list(others) if other is subject else []
        may_update = may(scope, "update", other)
        locked = [each for each in fields if not may_update or not writes(scope, each)]
        free = [each for each in fields if each not in locked]
        dormant = [each for each in free if each in other.dormant]
        refusal = denied("update", other, locked[0] if may_update else None) if locked else None
        for each, some, besides in (
            (refusal, locked, goes),
            (None, dormant, goes),
            (None, [field for field in free if field not in dormant], [*goes, survivor] if goes else goes),
        ):
            if some:
                groups.append((each, Pointers(other, [(field, others) for field in some], besides)))
    if not groups:
        return []
    probe = compile_probe([group for _, group in groups])
    occupied = [groups[row[0]] for row in sorted(fetch(probe, scope.principal.workspace.shard))]
    count, told = 0, list[Event]()
    for refused, group in occupied:
        if refused is not None:
            raise refused
        changed, events = repoint(scope, group, survivor, count, "merge")
        count += changed
        told += events
    return told


def _require_pointing(scope: Scope, subject: ObjectSchema) -> None:
    """Refuse where records that the caller may not see could point at those merged, whether any does or not."""
    for other, fields in scope.schema.pointing.get(subject.id, ()):
        require(scope, "read", other)
        for field in fields:
            if not reads(scope, other, field) and not (may(scope, "update", other) and writes(scope, field)):
                raise denied("update", other, field)


def _combined(scope: Scope, subject: ObjectSchema, records: Sequence[Stored]) -> RecordInput:
    """What the survivor, the first of `records`, has afterwards: its own in fields that the caller may not change.

    A relation from one of the merged records to another leads nowhere any more: it counts as empty.
    """
    survivor, *others = records
    gone = {each.id for each in others}
    merged = {survivor.id, *gone}
    combined = RecordInput(0)
    for field in subject.fields:
        if field.column is not None or (field.relation is not None and not field.relation.is_to_one):
            continue
        if not writes(scope, field) or not reads(scope, subject, field):
            continue
        key = field.storage_key
        values = [record.data[key] for record in records if key in record.data]
        if field.relation is not None and field.relation.target_object_id == subject.id:
            own = survivor.data.get(key)
            values = [each for each in values if each not in (merged if each != own else gone)]
            if not values and own in gone:
                combined.values[field] = None
        if values:
            combined.values[field] = field.type.combine(values)
    return combined


def _as_preview(text: str, selection: ir.Selection) -> str:
    """The merged record under an id that is nobody's, marked deleted: it does not exist."""
    record = loads(text.encode())
    keys = {"id": ["id"], "deletedAt": ["deletedAt"]}
    if isinstance(selection, tuple):
        keys = {name: [pick.key for pick in selection if pick.name == name and pick.type_name is None] for name in keys}
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for key in keys["id"]:
        record[key] = new_id()
    for key in keys["deletedAt"]:
        if key in record or isinstance(selection, tuple):
            record[key] = now
    return dumps(record).decode()
