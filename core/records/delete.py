"""Soft delete: records are hidden until restored or destroyed."""

from __future__ import annotations

from collections.abc import Sequence

from config.errors import BadRequest
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, find_object, require
from core.records.answers import emit_events, plan_answer, plan_effect, read_answers
from core.records.locking import check_target, lock
from core.records.transaction import in_chunks, in_transaction
from core.sql.execute import fetch
from core.sql.removal import compile_following, compile_set_deleted
from metadata.schema import ObjectSchema, WorkspaceSchema


def delete(principal: Principal, schema: WorkspaceSchema, query: ir.Delete) -> list[str]:
    """The JSON texts of the records with their `deletedAt`; one that is deleted already is not found."""
    return set_deleted(principal, schema, query, is_deleted=True)


def set_deleted(
    principal: Principal, schema: WorkspaceSchema, query: ir.Delete | ir.Restore, *, is_deleted: bool
) -> list[str]:
    """Soft delete, or its undoing: which records change is the only difference."""
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    require(scope, "soft_delete", subject)
    instead = None if subject.guard is None else subject.guard.instead_of_deleting
    if is_deleted and instead is not None and not principal.is_system:
        raise BadRequest(instead)
    condition = check_target(scope, subject, query.target)
    action = "deleted" if is_deleted else "restored"
    answer = plan_answer(scope, subject, query.selection, action)  # type: ignore[arg-type]

    def work() -> list[str]:
        seen = False if is_deleted else None  # restoring a live record is no fault
        verb = action.removesuffix("d")
        locked = lock(scope, subject, query.target, condition, verb, deleted=seen, with_data=False)
        ids = [row[0] for row in locked]
        if not ids:
            return []
        changed = [row[0] for row in locked if row[2] != is_deleted]
        _follow(scope, subject, ids, is_deleted=is_deleted)
        moved = set(changed)
        written = []
        for chunk in in_chunks(ids):
            touched = [each for each in chunk if each in moved]
            sql = compile_set_deleted(
                subject, chunk, principal.actor(), answer.columns, is_deleted=is_deleted, changed=touched
            )
            written += sorted(fetch(sql, principal.workspace.shard), key=lambda row: row[0])
        texts = read_answers(scope, answer, written)
        emit_events(scope, answer, action, [row for row in written if row[0] in moved], ("deletedAt",))  # type: ignore[arg-type]
        return [texts[record_id] for record_id in ids]

    return in_transaction(scope, subject, work)


def _follow(scope: Scope, subject: ObjectSchema, ids: Sequence[str], *, is_deleted: bool) -> None:
    """Do the same, before it is done to them, with the records of junctions that belong to these.

    Only with those that share their state: what was deleted before its owner stays deleted when that returns.
    """
    using = scope.principal.workspace.shard
    for junction, fields in scope.schema.followers.get(subject.id, ()):
        rows = fetch(compile_following(junction, fields, subject, ids), using)
        changed = [row[0] for row in rows if row[1] != is_deleted]
        moved = [row[0] for row in rows] if is_deleted else changed
        if not moved:
            continue
        action = "deleted" if is_deleted else "restored"
        answer = plan_effect(scope, junction, action)  # type: ignore[arg-type]
        sql = compile_set_deleted(
            junction, moved, scope.principal.actor(), answer.columns, is_deleted=is_deleted, changed=changed
        )
        written = [row for row in fetch(sql, using) if row[0] in set(changed)]
        emit_events(scope, answer, action, written, ("deletedAt",))  # type: ignore[arg-type]
