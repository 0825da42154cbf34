"""Create one or many records: one statement. With `upsert`, see `core.records.upsert`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.errors import InvalidRelation, MissingReference
from config.http.limits import count_written
from config.principal import Principal
from core.query import ir
from core.query.plan import Relate
from core.query.scope import Scope, find_object, require
from core.query.writes import MAX_CREATE_DEPTH, MAX_CREATED, RecordInput, check_batch, refuse_creates
from core.records.answers import Answer, emit_events, plan_answer, read_answers
from core.records.files import attach_files
from core.records.new_rows import insert_rows
from core.records.refusals import duplicate, missing_reference
from core.records.relating import besides, check_related, plan_relates, resolve_connects
from core.records.secrets import sealed_inputs
from core.records.transaction import in_one_statement, in_transaction, is_one_statement
from core.records.upsert import upsert
from core.sql.execute import UniqueViolation, fetch, write_alone
from core.sql.mutate import compile_insert
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema


def create(principal: Principal, schema: WorkspaceSchema, query: ir.Create) -> list[str]:
    """The JSON texts of the created records, in the order of the input."""
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    require(scope, "update", subject)
    check_batch(scope, len(query.records))
    inputs = sealed_inputs(scope, subject, query.records, as_batch=len(query.records) > 1)
    return write_inputs(scope, subject, inputs, query.selection, as_upsert=query.upsert)


def write_inputs(
    scope: Scope, subject: ObjectSchema, inputs: list[RecordInput], selection: ir.Selection, *, as_upsert: bool
) -> list[str]:
    """Write planned records, however many: all or, when it raises, none. Their JSON texts, in order."""
    if not inputs:
        return []
    try:
        if as_upsert:
            refuse_creates(inputs)
            return upsert(scope, subject, inputs, selection)
        answer = plan_answer(scope, subject, selection, "created")
        if is_one_statement(scope, subject, inputs, answer):
            texts = in_one_statement(scope, subject, lambda: _insert_alone(scope, subject, inputs, answer))
            if texts is not None:
                return texts
        return in_transaction(scope, subject, lambda: _create(scope, subject, inputs, answer))
    except UniqueViolation as fault:
        raise duplicate(scope, subject, fault, inputs) from None
    except MissingReference as fault:
        raise missing_reference(subject, fault, inputs) from None


def _insert_alone(scope: Scope, subject: ObjectSchema, inputs: list[RecordInput], answer: Answer) -> list[str] | None:
    """None: nothing was written, since related records are missing or the caller is not who they were."""
    rows = insert_rows(scope, subject, inputs)
    relates = besides(subject, plan_relates(scope, inputs), rows)
    actor = scope.principal.actor()
    written = write_alone(
        lambda under: compile_insert(subject, rows, actor, relates, answer.columns, under=under),
        scope.principal.workspace.shard,
    )
    if not written:
        return None
    texts = read_answers(scope, answer, written)
    count_written(len(texts))
    return [texts[row["id"]] for row in rows]


def _create(scope: Scope, subject: ObjectSchema, inputs: list[RecordInput], answer: Answer) -> list[str]:
    attach_files(scope, subject, inputs)
    resolve_connects(scope, inputs)
    create_related(scope, inputs)
    relates = plan_relates(scope, inputs)
    rows = insert_rows(scope, subject, inputs)
    written = insert(scope, subject, rows, relates, answer)
    texts = read_answers(scope, answer, written)
    order = {row["id"]: index for index, row in enumerate(rows)}
    written.sort(key=lambda row: order[row[0]])
    emit_events(scope, answer, "created", written)
    return [texts[row["id"]] for row in rows]


def create_related(scope: Scope, inputs: Sequence[RecordInput], depth: int = 1, created: int = 0) -> int:
    """Create what `create` asks for at the other end of relations, first, and point at it; gives how many there are.

    In the caller's transaction and with the caller's rights: one INSERT per relation and level.
    """
    by_field: dict[FieldSchema, list[RecordInput]] = {}
    for record in inputs:
        for field in record.creates:
            by_field.setdefault(field, []).append(record)
    for field, records in by_field.items():
        if depth > MAX_CREATE_DEPTH:
            raise InvalidRelation(f"Nested relation create depth cannot exceed {MAX_CREATE_DEPTH}", path=field.name)
        created += len(records)
        if created > MAX_CREATED:
            raise InvalidRelation(f"Maximum number of nested records to create is {MAX_CREATED}.", path=field.name)
        target = scope.schema.target(field)
        if target is None:
            raise InvalidRelation(f'The object behind "{field.name}" is not active', path=field.name)
        require(scope, "update", target)
        related = sealed_inputs(scope, target, [record.creates[field] for record in records])
        created = create_related(scope, related, depth + 1, created)
        attach_files(scope, target, related)
        resolve_connects(scope, related)
        answer = plan_answer(scope, target, ir.Everything(only=("id",)), "created")
        try:
            written = insert(scope, target, insert_rows(scope, target, related), plan_relates(scope, related), answer)
        except UniqueViolation as fault:
            fault.about = fault.about or (target, related)
            raise
        emit_events(scope, answer, "created", written)
        for record, made in zip(records, related, strict=True):
            record.values[field] = made.id
    return created


def insert(
    scope: Scope, subject: ObjectSchema, rows: Sequence[Mapping[str, object]], relates: Sequence[Relate], answer: Answer
) -> list[tuple[object, ...]]:
    """Run the INSERT and check that related records exist; gives its answer rows."""
    relates = besides(subject, relates, rows)
    sql = compile_insert(subject, rows, scope.principal.actor(), relates, answer.columns)
    written = fetch(sql, scope.principal.workspace.shard)
    check_related(scope, relates, written[0][-1] if written else None)
    return written
