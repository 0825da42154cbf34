"""Destroy: records are removed for good, and what points at them is cleared, removed or refused."""

from __future__ import annotations

from collections.abc import Sequence

from config.errors import StillReferenced
from config.http.limits import count_written
from config.principal import Principal
from core.query import ir
from core.query.names import Scope, find_object, require, require_readable
from core.records.targets import check_target, lock
from core.records.writing import emit_events, in_transaction, plan_answer
from core.sql.execute import fetch
from core.sql.mutate import compile_destroy, compile_pointing, compile_probe, compile_repoint
from core.sql.select import compile_by_ids, compile_record
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema


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
        locked = lock(scope, subject, query.target, condition, "destroy", deleted=None, answers=columns)
        ids = [row[0] for row in locked]
        if not ids:
            return []
        if answer.needs_second_read:
            using = principal.workspace.shard
            texts = dict(fetch(compile_by_ids(subject, ids, compile_record(answer.members, "r")), using))
        else:
            texts = {row[0]: row[3] for row in locked}
        remove(scope, subject, ids)
        emit_events(scope, answer, "destroyed", [(row[0], *row[3:]) for row in locked])
        return [texts[record_id] for record_id in ids]

    return in_transaction(scope, subject, work)


def _require_restricting(scope: Scope, subject: ObjectSchema) -> None:
    """Refuse where records that the caller may not see could keep these from being destroyed, whether any does or not.

    Else the refusal would tell that they are there. Records that go along or are cleared are never told of.
    """
    reached, cascading, restricting = [subject], [], []
    for each in reached:
        for other, fields in pointing_fields(scope.schema, each).items():
            for field in fields:
                rule = field.relation.on_delete if field.relation is not None else ""
                if rule == "RESTRICT":
                    restricting.append((other, field))
                elif rule == "CASCADE":
                    cascading.append((other, field))
                    if other not in reached:
                        reached.append(other)
    if restricting:
        for other, field in (*restricting, *cascading):
            require(scope, "read", other)
            require_readable(scope, other, field)


def remove(scope: Scope, subject: ObjectSchema, ids: Sequence[str]) -> None:
    """Remove records and settle every relation that points at them, level by level (each field's on-delete rule)."""
    using = scope.principal.workspace.shard
    for other, rule, fields in _occupied(scope, subject, ids):
        if rule == "RESTRICT":
            count = len(fetch(compile_pointing(other, fields, ids), using))
            raise StillReferenced(
                f"{count} {other.label_plural} still point at the {subject.label_singular}",
                details={"object": other.singular, "count": count},
            )
        if rule == "CASCADE":
            gone = [row[0] for row in fetch(compile_pointing(other, fields, ids), using)]
            gone = [each for each in gone if other is not subject or each not in set(ids)]
            if gone:
                count_written(len(gone))
                remove(scope, other, gone)
        elif rule == "SET_NULL":
            fetch(compile_repoint(other, fields, ids, None, scope.principal.actor()), using)
    fetch(compile_destroy(subject, ids, scope.principal.actor()), using)


_RULES = ("RESTRICT", "CASCADE", "SET_NULL")  # a refusal comes before anything is written


def _occupied(
    scope: Scope, subject: ObjectSchema, ids: Sequence[str]
) -> list[tuple[ObjectSchema, str, Sequence[FieldSchema]]]:
    """The relations through which some record points at `ids`, found by one statement."""
    groups: dict[tuple[str, ObjectSchema], list[FieldSchema]] = {}
    for other, fields in pointing_fields(scope.schema, subject).items():
        for field in fields:
            assert field.relation is not None
            groups.setdefault((field.relation.on_delete, other), []).append(field)
    ordered = sorted(
        ((other, rule, fields) for (rule, other), fields in groups.items() if rule in _RULES),
        key=lambda each: _RULES.index(each[1]),
    )
    if not ordered:
        return []
    probe = compile_probe([(other, fields) for other, _, fields in ordered], ids)
    return [ordered[row[0]] for row in sorted(fetch(probe, scope.principal.workspace.shard))]


def pointing_fields(schema: WorkspaceSchema, subject: ObjectSchema) -> dict[ObjectSchema, list[FieldSchema]]:
    """To-one relations of any object that point at `subject`."""
    found: dict[ObjectSchema, list[FieldSchema]] = {}
    for other in schema.objects:
        for field in other.fields:
            relation = field.relation
            if relation is not None and relation.is_to_one and relation.target_object_id == subject.id:
                found.setdefault(other, []).append(field)
    return found
