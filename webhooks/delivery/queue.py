"""The worker's statements over `webhooks_delivery`: claim, record, put back, prune.

Any number of workers may run. A claim counts as an attempt, and its number is the claim's token: a
worker whose lease ran out cannot overwrite what the next one did.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections

from config.time_ids import time_ordered_id
from webhooks.delivery.schedule import WAITS
from webhooks.models import DeliveryStatus

# `lane` steps from webhook to webhook along the partial index of what is pending, one probe each, so
# that a backlog costs nothing to those behind it. From each lane that has room it takes the oldest;
# of one record only one at a time while it is first tried, so that updates arrive in order if all is
# well. Lanes are served round by round.
_CLAIM = """
WITH RECURSIVE lane (webhook_id, due) AS (
    (SELECT webhook_id, next_attempt_at FROM webhooks_delivery
     WHERE status = 'pending' ORDER BY webhook_id, next_attempt_at LIMIT 1)
    UNION ALL
    SELECT following.webhook_id, following.next_attempt_at
    FROM lane CROSS JOIN LATERAL (
        SELECT webhook_id, next_attempt_at FROM webhooks_delivery
        WHERE status = 'pending' AND webhook_id > lane.webhook_id
        ORDER BY webhook_id, next_attempt_at LIMIT 1
    ) AS following
), busy AS (
    SELECT webhook_id, count(*) AS number FROM webhooks_delivery WHERE status = 'delivering' GROUP BY webhook_id
), due AS (
    SELECT candidate.*
    FROM lane LEFT JOIN busy USING (webhook_id) CROSS JOIN LATERAL (
        SELECT id, webhook_id, record_id, next_attempt_at FROM webhooks_delivery AS delivery
        WHERE status = 'pending' AND webhook_id = lane.webhook_id AND next_attempt_at <= %(now)s
          AND lane.webhook_id <> ALL(%(without)s::uuid[])
          AND NOT EXISTS (
              SELECT FROM webhooks_delivery AS earlier
              WHERE earlier.status = 'delivering' AND earlier.webhook_id = lane.webhook_id
                AND earlier.record_id = delivery.record_id AND earlier.attempts = 1
          )
        ORDER BY next_attempt_at, id
        LIMIT greatest(0, %(per_webhook)s - coalesce(busy.number, 0))
        FOR UPDATE SKIP LOCKED
    ) AS candidate
    WHERE lane.due <= %(now)s
), single AS (
    SELECT DISTINCT ON (webhook_id, record_id) * FROM due ORDER BY webhook_id, record_id, next_attempt_at, id
), chosen AS (
    SELECT id FROM (
        SELECT id, next_attempt_at,
               row_number() OVER (PARTITION BY webhook_id ORDER BY next_attempt_at, id) AS round
        FROM single
    ) AS ranked
    ORDER BY round, next_attempt_at, id LIMIT %(limit)s
)
UPDATE webhooks_delivery AS delivery
SET status = 'delivering', attempts = attempts + 1, lease_until = %(lease_until)s
FROM chosen WHERE delivery.id = chosen.id
RETURNING delivery.id, workspace_id, webhook_id, object_id, record_id, body, attempts, first_attempt,
          is_test
"""

_RECORD = """
WITH outcome AS (
    SELECT * FROM jsonb_to_recordset(%(outcomes)s::jsonb) AS outcome (
        attempt_id uuid, delivery_id uuid, number int, at timestamptz, duration_ms int,
        request_headers jsonb, status_code int, response_headers jsonb, response_body text, error text,
        is_internal boolean, status text, next_attempt_at timestamptz, finished_at timestamptz
    )
), settled AS (
    UPDATE webhooks_delivery AS delivery
    SET status = outcome.status, next_attempt_at = outcome.next_attempt_at, lease_until = NULL,
        last_status_code = outcome.status_code, last_error = outcome.error, finished_at = outcome.finished_at
    FROM outcome
    WHERE delivery.id = outcome.delivery_id AND delivery.status = 'delivering'
      AND delivery.attempts = outcome.number
)
INSERT INTO webhooks_attempt
    (id, delivery_id, number, at, duration_ms, request_headers, status_code, response_headers, response_body,
     error, is_internal)
SELECT attempt_id, delivery_id, number, at, duration_ms, request_headers, status_code, response_headers,
       response_body, error, is_internal
FROM outcome WHERE EXISTS (SELECT FROM webhooks_delivery AS delivery WHERE delivery.id = outcome.delivery_id)
"""

_PUT_BACK = """
WITH lost AS (
    UPDATE webhooks_delivery
    SET status = CASE WHEN attempts - first_attempt < %(most)s THEN 'pending' ELSE 'failed' END,
        next_attempt_at = %(now)s, lease_until = NULL, last_status_code = NULL, last_error = %(error)s,
        finished_at = CASE WHEN attempts - first_attempt < %(most)s THEN NULL ELSE %(now)s END
    WHERE id IN (
        SELECT id FROM webhooks_delivery WHERE status = 'delivering' AND lease_until < %(now)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, attempts
)
INSERT INTO webhooks_attempt
    (id, delivery_id, number, at, request_headers, response_headers, response_body, error, is_internal)
SELECT gen_random_uuid(), id, attempts, %(now)s, '{}', '{}', '', %(error)s, false FROM lost
"""

_RETURN_UNSENT = """
UPDATE webhooks_delivery
SET status = %(status)s, attempts = attempts - 1, lease_until = NULL,
    last_error = coalesce(%(error)s, last_error),
    finished_at = CASE WHEN %(status)s = 'failed' THEN %(now)s END
WHERE id = ANY(%(ids)s) AND status = 'delivering'
"""

_REWRITE = """
UPDATE webhooks_delivery AS delivery SET body = given.body
FROM unnest(%s::uuid[], %s::bytea[]) AS given (id, body)
WHERE delivery.id = given.id AND delivery.status = 'delivering'
"""

_PRUNE = """
WITH old AS (
    SELECT id FROM webhooks_delivery
    WHERE id < %(bound)s AND status IN ('delivered', 'failed', 'held')
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), attempts AS (
    DELETE FROM webhooks_attempt WHERE delivery_id IN (SELECT id FROM old)
)
DELETE FROM webhooks_delivery WHERE id IN (SELECT id FROM old)
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker may send until its lease ends. `number` counts every attempt so far."""

    delivery_id: UUID
    workspace_id: UUID
    webhook_id: UUID
    object_id: UUID | None
    record_id: UUID
    body: bytes
    number: int
    first_attempt: int
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, and what its delivery is to do next."""

    claim: Claim
    at: datetime
    duration_ms: int | None
    status: DeliveryStatus
    request_headers: dict[str, str] = field(default_factory=dict)
    status_code: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    error: str | None = None
    is_internal: bool = False
    next_attempt_at: datetime | None = None


def claim(
    using: str, *, now: datetime, limit: int, per_webhook: int, lease: timedelta, without: Collection[UUID] = ()
) -> list[Claim]:
    """Take up to `limit` due deliveries, so that no webhook has more than `per_webhook` on their way.

    Those of the webhooks `without` are left where they are.
    """
    parameters: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "per_webhook": per_webhook,
        "lease_until": now + lease,
        "without": list(without),
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        return [
            Claim(id, workspace_id, webhook_id, object_id, record_id, bytes(body), attempts, first_attempt, is_test)
            for id, workspace_id, webhook_id, object_id, record_id, body, attempts, first_attempt, is_test in (
                cursor.fetchall()
            )
        ]


def record(using: str, outcomes: Sequence[Outcome]) -> None:
    """Write attempts to the log and settle their deliveries, in one statement."""
    rows = [
        {
            "attempt_id": str(time_ordered_id(each.at, index)),
            "delivery_id": str(each.claim.delivery_id),
            "number": each.claim.number,
            "at": each.at.isoformat(),
            "duration_ms": each.duration_ms,
            "request_headers": each.request_headers,
            "status_code": each.status_code,
            "response_headers": each.response_headers,
            "response_body": each.response_body,
            "error": each.error,
            "is_internal": each.is_internal,
            "status": each.status.value,
            "next_attempt_at": each.next_attempt_at.isoformat() if each.next_attempt_at else None,
            "finished_at": each.at.isoformat() if each.next_attempt_at is None else None,
        }
        for index, each in enumerate(outcomes)
    ]
    if rows:
        with connections[using].cursor() as cursor:
            cursor.execute(_RECORD, {"outcomes": json.dumps(rows)})


def put_back_lost(using: str, now: datetime) -> int:
    """Make deliveries whose worker died pending again, and say so in their log; the number of them.

    They count as attempts, so one that kills its worker each time is given up in the end.
    """
    error = "The worker stopped before it saw an answer"
    with connections[using].cursor() as cursor:
        cursor.execute(_PUT_BACK, {"now": now, "error": error, "most": len(WAITS)})
        return int(cursor.rowcount)


def return_unsent(
    using: str, claims: Sequence[Claim], status: DeliveryStatus, now: datetime, error: str | None = None
) -> None:
    """Give claims back that were not sent: their webhook is switched off or gone, cannot sign, or may not tell."""
    if claims:
        ids = [each.delivery_id for each in claims]
        with connections[using].cursor() as cursor:
            cursor.execute(_RETURN_UNSENT, {"ids": ids, "status": status.value, "now": now, "error": error})


def rewrite(using: str, claims: Sequence[Claim]) -> None:
    """Keep the bodies that claims have now, which their webhook's role may read less of than what was written."""
    if claims:
        with connections[using].cursor() as cursor:
            cursor.execute(_REWRITE, [[each.delivery_id for each in claims], [each.body for each in claims]])


def prune(using: str, before: datetime, limit: int = 1000) -> int:
    """Forget finished and held deliveries that are older; up to `limit` at a time. The number of them."""
    parameters: dict[str, Any] = {"bound": UUID(int=int(before.timestamp() * 1000) << 80), "limit": limit}
    with connections[using].cursor() as cursor:
        cursor.execute(_PRUNE, parameters)
        return int(cursor.rowcount)
