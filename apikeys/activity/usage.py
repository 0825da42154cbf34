"""How much keys are used, out of the request log: for the pages of keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apikeys.activity.models import RequestEntry
from config.object_users import ObjectUser
from config.principal import Principal
from config.time_ids import first_id_of, moment_of

HOURS = 24
COUNTED = 50_000  # the newest requests of one key that are counted; further ones are not looked at
COUNTED_IN_LISTS = 1_000  # of each key
MINUTE_COUNTED = 20_000
LATELY = timedelta(days=7)
LOOKED_THROUGH = 20_000  # the newest requests of a workspace, in which those for an object are looked for

# Both in the order of the index of callers, which leaves no other way to find the rows.
_BY_HOUR = """
SELECT width_bucket(id, %s::uuid[]), count(*), count(*) FILTER (WHERE outcome >= 4)
FROM (SELECT id, outcome FROM apikeys_requestlog
      WHERE caller_id = %s AND id >= %s ORDER BY id DESC LIMIT %s) newest
GROUP BY 1"""
_OF_EACH = """
SELECT wanted.id, newest.count FROM unnest(%s::uuid[]) wanted(id), LATERAL (
    SELECT count(*) FROM (SELECT 1 FROM apikeys_requestlog l
                          WHERE l.caller_id = wanted.id AND l.id >= %s ORDER BY l.id LIMIT %s) few) newest"""
_CALLERS = """
SELECT caller_id, max(caller_name), max(id::text) AS last
FROM (SELECT caller_id, caller_name, is_key, object_name, id FROM apikeys_requestlog
      WHERE workspace_id = %s AND id >= %s ORDER BY id DESC LIMIT %s) newest
WHERE is_key AND caller_id IS NOT NULL AND object_name = %s GROUP BY caller_id ORDER BY last DESC"""


@dataclass(frozen=True, slots=True)
class Hour:
    begin: datetime
    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class Day:
    """Requests of the last 24 hours, hour by hour, the oldest first; `is_whole` unless there were more than COUNTED."""

    hours: Sequence[Hour]

    @property
    def requests(self) -> int:
        return sum(each.requests for each in self.hours)

    @property
    def failed(self) -> int:
        return sum(each.failed for each in self.hours)

    @property
    def is_whole(self) -> bool:
        return self.requests < COUNTED

    @property
    def busiest(self) -> Hour:
        return max(self.hours, key=lambda each: each.requests)


def day_of(key_id: UUID) -> Day:
    """The last 24 hours of a key, by one statement along the index of callers."""
    now = timezone.now()
    begins = [now - timedelta(hours=HOURS - place) for place in range(HOURS)]
    ids = [first_id_of(each) for each in begins]
    with connection.cursor() as cursor:
        cursor.execute(_BY_HOUR, [[str(each) for each in ids], str(key_id), str(ids[0]), COUNTED])
        found = {bucket: (count, failed) for bucket, count, failed in cursor.fetchall()}
    return Day([Hour(begin, *found.get(place + 1, (0, 0))) for place, begin in enumerate(begins)])


def requests_of_each(key_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many requests each of the keys made in the last 24 hours, counted to COUNTED_IN_LISTS."""
    if not key_ids:
        return {}
    least = first_id_of(timezone.now() - timedelta(hours=HOURS))
    with connection.cursor() as cursor:
        cursor.execute(_OF_EACH, [[str(each) for each in key_ids], str(least), COUNTED_IN_LISTS])
        return dict(cursor.fetchall())


def last_minute(key_id: UUID) -> tuple[int, int]:
    """The requests of a key in the last minute, and those of its busiest second."""
    least = first_id_of(timezone.now() - timedelta(minutes=1))
    entries = RequestEntry.objects.filter(caller_id=key_id, id__gte=least)
    ids = entries.order_by("-id").values_list("id", flat=True)[:MINUTE_COUNTED]
    seconds = Counter(int(moment_of(each).timestamp()) for each in ids)
    return sum(seconds.values()), max(seconds.values(), default=0)


def callers_of_object(principal: Principal, singular: str) -> list[ObjectUser]:
    """The keys that called for the object lately, the last one first, out of the newest requests."""
    least = first_id_of(timezone.now() - LATELY)
    with connection.cursor() as cursor:
        cursor.execute(_CALLERS, [str(principal.workspace_id), str(least), LOOKED_THROUGH, singular])
        return [
            ObjectUser(name or "A key", f"/settings/api-webhooks/keys/{id}", moment_of(UUID(last)))
            for id, name, last in cursor.fetchall()
        ]
