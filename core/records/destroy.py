"""Destroy: records are removed for good, and what points at them goes along, is cleared, or keeps them all from going.

As foreign keys do, each relation by its on-delete rule, also one that is switched off. CASCADE is followed first, as
far as it leads and round every circle; what goes in the same call restricts nothing and is not cleared. NO_ACTION is
RESTRICT: nothing may be left that points at nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.errors import StillReferenced, TooManyRecords
from config.events import Event
from config.http import deadline
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, find_object, require, require_readable
from core.records.answers import events_of, plan_answer, plan_effect, tell
from core.records.locking import check_target, lock
from core.records.transaction import ATTEMPTS, CHUNK, in_chunks, in_transaction
from core.sql.execute import SerializationTrouble, fetch
from core.sql.finding import compile_hold
from core.sql.pointing import Pointers, compile_closure, compile_pointing, compile_probe, compile_repoint
from core.sql.record import compile_record
from core.sql.removal import compile_destroy
from core.sql.select import compile_by_ids
from metadata.schema import FieldSchema, ObjectSchema, OnDelete, WorkspaceSchema

RESTRICTING: frozenset[OnDelete] = frozenset({"RESTRICT", "NO_ACTION"})

Doomed = dict[ObjectSchema, list[str]]  # ids of the records that go, by object


def destroy(principal: Principal, schema: WorkspaceSchema, query: ir.Destroy) -> list[str]:
    """The JSON texts of the records as they were."""
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    require(scope, "destroy", subject)
    _require_restricting(scope, subject)
    condition = check_target(scope, subject, query.target)
    answer = plan_answer(scope, subject, query.selection, "destroyed")

    def work() -> list[str]:
        columns = tuple(answer.columns)
        locked = lock(
            scope, subject, query.target, condition, "destroy", deleted=None, answers=columns, with_data=False
        )
        ids = [row[0] for row in locked]
        if not ids:
            return []
        if answer.needs_second_read:
            using = principal.workspace.shard
            texts = dict(fetch(compile_by_ids(subject, ids, compile_record(answer.members, "r")), using))
        else:
            texts = {row[0]: row[3] for row in locked}
        told = remove(scope, subject, ids)
        tell(scope, [*told, *events_of(scope, answer, "destroyed", [(row[0], *row[3:]) for row in locked])])
        return [texts[record_id] for record_id in ids]

    return in_transaction(scope, subject, work)


def _require_restricting(scope: Scope, subject: ObjectSchema) -> None:
    """Refuse where records that the caller may not see could keep these from being destroyed, whether any does or not.

    Else the refusal would tell that they are there. Records that go along or are cleared are never told of.
    """
    reached, cascading, restricting = [subject], [], []
    for each in reached:
        for other, fields in scope.schema.pointing.get(each.id, ()):
            for field in fields:
                rule = _rule(field)
                if rule in RESTRICTING:
                    restricting.append((other, field))
                elif rule == "CASCADE":
                    cascading.append((other, field))
                    if other not in reached:
                        reached.append(other)
    if restricting:
        for other, field in (*restricting, *cascading):
            require(scope, "read", other)
            require_readable(scope, other, field)


def _rule(field: FieldSchema) -> OnDelete:
    assert field.relation is not None
    return field.relation.on_delete


def remove(scope: Scope, subject: ObjectSchema, ids: Sequence[str]) -> list[Event]:
    """Remove records, which are locked, with what follows from it; gives the events of the other records.

    Raises StillReferenced, TooManyRecords: more than `maxBulkRecords` others would go along or be cleared.
    """
    using = scope.principal.workspace.shard
    doomed: Doomed = {subject: list(ids)}
    told: list[Event] = []
    occupied = _occupied(scope, doomed, ("CASCADE", "RESTRICT", "NO_ACTION", "SET_NULL"))
    if any(rule == "CASCADE" for rule, *_ in occupied):
        doomed, gone = _gather(scope, subject, ids)
        told += gone
        occupied = _occupied(scope, doomed, ("RESTRICT", "NO_ACTION", "SET_NULL"))
    for rule, target, group in occupied:
        if rule in RESTRICTING:
            raise _still_referenced(scope, target, group)
    others = sum(map(len, doomed.values())) - len(ids)
    for _, _, group in occupied:
        cleared, events = repoint(scope, group, None, others, "destroy")
        others += cleared
        told += events
    for each, gone_ids in doomed.items():
        for chunk in in_chunks(gone_ids):
            fetch(compile_destroy(each, chunk, scope.principal.actor()), using)
    return told


def _occupied(scope: Scope, doomed: Doomed, rules: Sequence[OnDelete]) -> list[tuple[OnDelete, ObjectSchema, Pointers]]:
    """The records that stay and point at those that go, found by one statement: in the order of the rules, by object.

    With a restricting rule also by the object that they point at, which is answered beside them.
    """
    groups: dict[tuple[OnDelete, ObjectSchema, ObjectSchema | None], list[tuple[FieldSchema, Sequence[str]]]] = {}
    for subject, ids in doomed.items():
        for other, fields in scope.schema.pointing.get(subject.id, ()):
            for field in fields:
                rule = _rule(field)
                groups.setdefault((rule, other, subject if rule in RESTRICTING else None), []).append((field, ids))
    ordered = sorted(
        (
            (rule, target or other, Pointers(other, fields, doomed.get(other, ())))
            for (rule, other, target), fields in groups.items()
            if rule in rules
        ),
        key=lambda each: rules.index(each[0]),
    )
    if not ordered:
        return []
    probe = compile_probe([group for *_, group in ordered])
    return [ordered[row[0]] for row in sorted(fetch(probe, scope.principal.workspace.shard))]


def _gather(scope: Scope, subject: ObjectSchema, ids: Sequence[str]) -> tuple[Doomed, list[Event]]:
    """What goes with these records by CASCADE, these among it, all of it locked; and the events of the others.

    Looked for again until all that is found is locked: nothing can then come to point at it any more.
    """
    using, largest = scope.principal.workspace.shard, scope.principal.workspace.max_bulk_records
    objects, links = _cascades(scope.schema, subject)
    closure = compile_closure(objects, links, ids, len(ids) + largest + 1)
    effects = [plan_effect(scope, each, "destroyed") for each in objects]
    held: list[dict[str, tuple[str, ...]]] = [dict.fromkeys(ids, ()), *({} for _ in objects[1:])]
    for _ in range(ATTEMPTS):
        found = fetch(closure, using)
        if len(found) > len(ids) + largest:
            raise too_many(largest, "destroy")
        fresh: list[list[str]] = [[] for _ in objects]
        for place, record_id in found:
            if record_id not in held[place]:
                fresh[place].append(record_id)
        if not any(fresh):
            break
        for place, others in enumerate(fresh):
            for chunk in in_chunks(sorted(others)):
                rows = fetch(compile_hold(objects[place], chunk, effects[place].columns), using)
                held[place].update((row[0], row) for row in rows)
    else:
        raise SerializationTrouble
    doomed: Doomed = {}
    for place, record_id in found:
        doomed.setdefault(objects[place], []).append(record_id)
    told: list[Event] = []
    for place, each in enumerate(objects):
        rows = [row for row in map(held[place].__getitem__, doomed.get(each, ())) if row]
        told += events_of(scope, effects[place], "destroyed", rows)
    return doomed, told


def _cascades(
    schema: WorkspaceSchema, subject: ObjectSchema
) -> tuple[list[ObjectSchema], list[tuple[int, int, FieldSchema]]]:
    """The objects whose records can go with the subject's, it first, and the links as `compile_closure` has them."""
    objects = [subject]
    links = []
    for target, each in enumerate(objects):
        for other, fields in schema.pointing.get(each.id, ()):
            for field in fields:
                if _rule(field) == "CASCADE":
                    if other not in objects:
                        objects.append(other)
                    links.append((target, objects.index(other), field))
    return objects, links


def repoint(scope: Scope, group: Pointers, target: str | None, others: int, verb: str) -> tuple[int, list[Event]]:
    """Let the group's records point at the target, or at nothing; gives how many there are, and their events.

    Raises TooManyRecords when they and the `others` of the call are too many. Nobody is told of a relation that is
    switched off.
    """
    largest = scope.principal.workspace.max_bulk_records
    left = largest - others
    effect = plan_effect(scope, group.subject, "updated")
    rows: list[tuple[Any, ...]] = []
    while True:
        size = min(CHUNK, left - len(rows) + 1)
        sql = compile_repoint(group, target, scope.principal.actor(), effect.columns, size)
        found = fetch(sql, scope.principal.workspace.shard)
        rows += found
        if len(rows) > left:
            raise too_many(largest, verb)
        if len(found) < size:
            break
        deadline.check()
    shown: Mapping[str, str | None] = {
        field.storage_key: field.relation.join_name
        for field in group.subject.fields
        if field.relation is not None and field.relation.is_to_one
    }
    changed = {row[0]: tuple(name for key in row[-1] if (name := shown.get(key))) for row in rows}
    return len(rows), events_of(scope, effect, "updated", rows, changed)


def _still_referenced(scope: Scope, target: ObjectSchema, group: Pointers) -> StillReferenced:
    [(count,)] = fetch(compile_pointing(group), scope.principal.workspace.shard)
    other = group.subject
    is_shown = other.id in scope.schema.by_id and any(field in other.fields for field, _ in group.fields)
    return StillReferenced(
        f"{count} {other.label_plural} still point at the {target.label_singular}",
        hint=None if is_shown else "Their relation or their object is deactivated: activate it to see them.",
        details={"object": other.singular, "count": count},
    )


def too_many(largest: int, verb: str) -> TooManyRecords:
    """The refusal of a write that would change too many other records. Tells nothing of them."""
    return TooManyRecords(
        f"Cannot {verb} at once what more than {largest} other records point at",
        hint="Change or destroy some of those first. The limit is the workspace's maxBulkRecords.",
        details={"limit": largest},
        user_message=f"Up to {largest} other records can be changed at once, and more point here.",
    )
