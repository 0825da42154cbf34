"""How a write runs: in a transaction or as one statement, again when it collided, and in chunks when it is of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from django.db import connections, transaction

from config.errors import Conflict
from config.http import deadline
from config.http.confirming import confirm
from config.server.locks import patiently
from config.server.shards import is_citus
from core.query.scope import Scope
from core.query.writes import RecordInput
from core.records.answers import Answer
from core.records.totals import fold_sometimes
from core.sql.execute import SerializationTrouble
from metadata.schema import ObjectSchema

T = TypeVar("T")
ATTEMPTS = 5


def in_transaction(scope: Scope, subject: ObjectSchema, work: Callable[[], T]) -> T:
    """Run a write of the object in one transaction, again when it collided with another (deadlock, serialization)
    and when it needs patience for a lock. Raises Conflict after ATTEMPTS collisions, LockTimeout."""
    confirm()
    using = scope.principal.workspace.shard
    return patiently(using, subject.id, lambda: _repeated(using, subject, work))


def in_one_statement(scope: Scope, subject: ObjectSchema, work: Callable[[], T]) -> T:
    """Run a write that is one statement and nothing after it that can be refused, as `in_transaction` runs others.

    Without BEGIN and COMMIT, which are two round trips: PostgreSQL commits each statement that stands alone.
    """
    using = scope.principal.workspace.shard
    if connections[using].in_atomic_block:
        return patiently(using, subject.id, lambda: _repeated(using, subject, work))
    fold_sometimes(subject, using)
    return patiently(using, subject.id, lambda: _repeated(using, subject, work, is_alone=True))


def is_one_statement(scope: Scope, subject: ObjectSchema, inputs: Sequence[RecordInput], answer: Answer) -> bool:
    """Whether an INSERT or UPDATE is all of a write: no other records are looked for, read or told of."""
    if answer.needs_second_read or answer.wants_events or is_citus(scope.principal.workspace.shard):
        return False
    return not any(
        record.connects or record.creates or any(record.values.get(field) for field in subject.files_fields)
        for record in inputs
    )


def _repeated(using: str, subject: ObjectSchema, work: Callable[[], T], *, is_alone: bool = False) -> T:
    for _ in range(ATTEMPTS):
        try:
            if is_alone:
                return work()
            with transaction.atomic(using=using):
                result = work()
                fold_sometimes(subject, using)
                return result
        except SerializationTrouble:
            continue
    raise Conflict("The records are being changed by other requests", hint="Try again.")


CHUNK = 1_000  # rows of one statement


def in_chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """What a write of many records does one after the other; in between it is asked whether its time is over."""
    for start in range(0, len(items), CHUNK):
        if start:
            deadline.check()
        yield items[start : start + CHUNK]
