"""Create or upsert as many records as can be: those with a fault are left out, the others are written.

Each record is planned alone. What the database refuses (duplicates, missing relations) is found by
halving: a group that is refused is rolled back to its savepoint and its halves are tried in turn, from
the first record to the last, as if they had been sent one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from config.errors import ApiError
from config.http import deadline
from core.query import ir
from core.query.scope import Scope
from core.query.writes import RecordInput
from core.records.create import write_inputs
from core.records.secrets import sealed_inputs
from metadata.schema import ObjectSchema

REFUSALS = frozenset((400, 403, 404))  # faults of one record; any other ends the whole


@dataclass(slots=True)
class Outcome:
    """What became of one record: its JSON text and id, or the fault that kept it out."""

    text: str = ""
    id: str = ""
    is_update: bool = False
    fault: ApiError | None = None


def create_each(
    scope: Scope, subject: ObjectSchema, records: Sequence[object], selection: ir.Selection, *, as_upsert: bool
) -> list[Outcome]:
    """The outcome of each record, in order, in one transaction; other faults than REFUSALS are raised."""
    outcomes = [Outcome() for _ in records]
    planned: list[tuple[RecordInput, Outcome]] = []
    for data, outcome in zip(records, outcomes, strict=True):
        try:
            [record] = sealed_inputs(scope, subject, [data], as_batch=False)
        except ApiError as fault:
            if fault.status not in REFUSALS:
                raise
            outcome.fault = fault
        else:
            planned.append((record, outcome))
    with transaction.atomic(using=scope.principal.workspace.shard):
        _write(scope, subject, planned, selection, as_upsert)
    return outcomes


def _write(
    scope: Scope,
    subject: ObjectSchema,
    planned: Sequence[tuple[RecordInput, Outcome]],
    selection: ir.Selection,
    as_upsert: bool,
) -> None:
    deadline.check()
    inputs = [record for record, _ in planned]
    for index, record in enumerate(inputs):
        record.index = index
    try:
        texts = write_inputs(scope, subject, inputs, selection, as_upsert=as_upsert)
    except ApiError as fault:
        if fault.status not in REFUSALS:
            raise
        if len(planned) == 1:
            planned[0][1].fault = fault.saying(without=("index", "indexes"))
            return
        middle = len(planned) // 2
        _write(scope, subject, planned[:middle], selection, as_upsert)
        _write(scope, subject, planned[middle:], selection, as_upsert)
        return
    for (record, outcome), text in zip(planned, texts, strict=True):
        outcome.text, outcome.is_update = text, record.stored_id is not None
        outcome.id = record.stored_id or record.id or ""
