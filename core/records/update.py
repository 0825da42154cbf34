"""Update one record by id, or all that match a filter: lock, merge, write."""

from __future__ import annotations

from collections.abc import Mapping

from config.errors import BadRequest
from config.http.limits import count_written
from config.principal import Principal
from core.query import ir
from core.query.plan import Condition
from core.query.scope import Scope, find_object, require, require_update
from core.query.writes import RecordInput, target_id
from core.records.answers import Answer, emit_events, plan_answer, read_answers
from core.records.changes import rewrite, stored_of, update_row
from core.records.create import create_related
from core.records.files import attach_files
from core.records.locking import check_target, lock
from core.records.refusals import duplicate
from core.records.relating import besides, plan_relates, resolve_connects
from core.records.secrets import sealed_inputs
from core.records.transaction import in_one_statement, in_transaction, is_one_statement
from core.sql.answers import POSITION, UNCHANGED
from core.sql.execute import UniqueViolation, write_alone
from core.sql.fragment import Sql, join
from core.sql.mutate import compile_update
from metadata.schema import ObjectSchema, WorkspaceSchema


def update(principal: Principal, schema: WorkspaceSchema, query: ir.Update) -> list[str]:
    """The JSON texts of the updated records, in the order of their ids."""
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    _require(scope, subject, query)
    condition = check_target(scope, subject, query.target)
    [record] = sealed_inputs(scope, subject, [query.changes], is_update=True, as_batch=False)
    if record.id is not None and not (query.target.is_one and record.id == target_id(query.target.id)):
        raise BadRequest("The id of a record cannot be changed", path="id")
    answer = plan_answer(scope, subject, query.selection, "updated")
    try:
        if query.target.is_one and is_one_statement(scope, subject, [record], answer):
            text = in_one_statement(
                scope, subject, lambda: _update_alone(scope, subject, query.target, condition, record, answer)
            )
            if text is not None:
                return [text]
        return in_transaction(scope, subject, lambda: _update(scope, subject, query.target, condition, record, answer))
    except UniqueViolation as fault:
        raise duplicate(scope, subject, fault, [record]) from None


def _require(scope: Scope, subject: ObjectSchema, query: ir.Update) -> None:
    if query.target.is_one and isinstance(query.changes, Mapping):
        require_update(scope, subject, query.target.id, query.changes)
    else:
        require(scope, "update", subject)


def _update_alone(
    scope: Scope,
    subject: ObjectSchema,
    target: ir.Target,
    condition: Sql | Condition,
    record: RecordInput,
    answer: Answer,
) -> str | None:
    """Read the record, and write it if nobody has changed it since. None: nothing was written, since somebody has,
    related records are missing, or the caller is not who they were."""
    columns = (UNCHANGED,) if record.position is None else (UNCHANGED, POSITION)
    [found] = lock(scope, subject, target, condition, "update", deleted=False, answers=columns, ahead=True)
    row, _ = update_row(subject, stored_of(found, *found[4:]), record, 0)
    relates = besides(subject, plan_relates(scope, [record]), [row])
    actor, unchanged = scope.principal.actor(), Sql(f"{UNCHANGED.text} = %s", (found[3],))
    written = write_alone(
        lambda under: compile_update(
            subject, [row], actor, relates, answer.columns, under=join([unchanged, under], " AND ")
        ),
        scope.principal.workspace.shard,
    )
    if not written:
        return None
    count_written(1)
    return read_answers(scope, answer, written)[row["id"]]


def _update(
    scope: Scope,
    subject: ObjectSchema,
    target: ir.Target,
    condition: Sql | Condition,
    record: RecordInput,
    answer: Answer,
) -> list[str]:
    columns = () if record.position is None else (POSITION,)
    locked = lock(scope, subject, target, condition, "update", deleted=False, answers=columns)
    stored = [stored_of(row, *row[3:]) for row in locked]
    attach_files(scope, subject, [record])
    resolve_connects(scope, [record])
    create_related(scope, [record])
    relates = plan_relates(scope, [record])
    rows, changed = [], {}
    for step, each in enumerate(stored):
        row, changed[each.id] = update_row(subject, each, record, step)
        rows.append(row)
    written = rewrite(scope, subject, rows, relates, answer)
    texts = read_answers(scope, answer, written)
    order = {each.id: index for index, each in enumerate(stored)}
    written.sort(key=lambda row: order[row[0]])
    emit_events(scope, answer, "updated", written, changed)
    return [texts[each.id] for each in stored]
