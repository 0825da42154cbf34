"""Finds and locks the records a write is about."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.conf import settings

from config.errors import BadRequest, PreconditionFailed, RecordNotFound
from core.query import ir
from core.query.filters import mentions_deleted, plan_filter
from core.query.plan import Condition
from core.query.scope import Scope
from core.query.writes import check_bulk, target_id
from core.sql.answers import VERSION
from core.sql.execute import fetch, fetch_ahead, fetch_one
from core.sql.finding import by_id, compile_count, compile_lock
from core.sql.fragment import Sql
from metadata.schema import ObjectSchema


def check_target(scope: Scope, subject: ObjectSchema, target: ir.Target) -> Sql | Condition:
    """The condition of a target; a filter that restricts nothing is refused."""
    if target.is_one:
        return by_id(target_id(target.id))
    if ir.is_empty(target.filter):
        raise BadRequest("A non-empty filter is required")
    return plan_filter(scope, subject, target.filter)


def lock(
    scope: Scope,
    subject: ObjectSchema,
    target: ir.Target,
    condition: Sql | Condition,
    verb: str,
    *,
    deleted: bool | None,
    answers: tuple[Sql, ...] = (),
    with_data: bool = True,
    ahead: bool = False,
) -> list[tuple[Any, ...]]:
    """`(id, data text or None, is deleted, *answers)` of the target's records; raises RecordNotFound for one by id.

    One that is not as `target.expected` says raises PreconditionFailed.
    `deleted` says which are meant when a filter does not mention `deletedAt` itself. `ahead`: they are not locked, for
    a write that asks itself whether they are as they were.
    """
    using = scope.principal.workspace.shard
    if mentions_deleted(target.filter):
        deleted = None
    largest = scope.principal.workspace.max_bulk_records
    columns = answers if target.expected is None else (*answers, VERSION)
    limit = 1 if target.is_one else largest + 1
    sql = compile_lock(
        subject, condition, limit, deleted=deleted, answers=columns, with_data=with_data, locking=not ahead
    )
    rows = fetch_ahead(sql, using) if ahead else fetch(sql, using)
    if target.is_one and not rows:
        raise RecordNotFound()
    if target.expected is not None:
        _require_expected(subject, target_id(target.id), rows, target.expected)
        rows = [row[:-1] for row in rows]
    if len(rows) > largest and not isinstance(condition, Sql):
        check_bulk(scope, verb, fetch_one(compile_count(subject, condition, deleted=deleted), using)[0])
    return rows


def version_stamp(record_id: str, changed_at_ms: int | str) -> str:
    """A record's version as clients see it: equal while the record is as it was, and of no meaning beyond that.

    Made with a key, since `updatedAt` may be hidden from the caller. Another SECRET_KEY makes others.
    """
    key = _stamping_key(settings.SECRET_KEY)
    return blake2b(f"{record_id}.{changed_at_ms}".encode(), digest_size=8, key=key).hexdigest()


@lru_cache(maxsize=2)
def _stamping_key(secret_key: str) -> bytes:
    return blake2b(secret_key.encode(), digest_size=32, person=b"record version").digest()


def _require_expected(
    subject: ObjectSchema, record_id: str, rows: list[tuple[Any, ...]], expected: tuple[str, ...]
) -> None:
    if any(version_stamp(record_id, row[-1]) not in expected for row in rows):
        raise PreconditionFailed(
            f"The {subject.label_singular} has been changed since it was read", hint="Read it again, then repeat."
        )
