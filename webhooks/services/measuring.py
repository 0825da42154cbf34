"""What waits to be delivered, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import connections

_WAITING = """
SELECT status, count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)
FROM webhooks_delivery WHERE status IN ('pending', 'delivering') GROUP BY status
"""


def delivery_metrics(using: str) -> Iterator[tuple[str, str, str | None, Mapping[str, float]]]:
    """`(name, what it is, its label, value by label)` of the deliveries in one database."""
    with connections[using].cursor() as cursor:
        cursor.execute(_WAITING)
        found = {status: (count, float(age)) for status, count, age in cursor.fetchall()}
    counts = {status: float(found.get(status, (0, 0.0))[0]) for status in ("pending", "delivering")}
    late_s = max(0.0, found.get("pending", (0, 0.0))[1])
    yield "fourgate_deliveries", "Webhook deliveries that wait or are on their way", "status", counts
    yield "fourgate_delivery_late_seconds", "How long the most overdue one has been due", None, {"": late_s}
