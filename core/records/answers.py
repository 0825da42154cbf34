"""What a write answers with, and the events it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from config import events
from config.http.limits import count_written
from config.http.rendering import loads
from core.query import ir
from core.query.plan import JoinId, Member, ToMany, ToOne, Value
from core.query.scope import Scope
from core.query.selections import answer_values, plan_members, spend_bytes, spend_values
from core.sql.execute import fetch
from core.sql.fragment import Sql
from core.sql.record import compile_record
from core.sql.select import compile_by_ids
from metadata.schema import ObjectSchema


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
    rows: Sequence[Sequence[object]],
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
