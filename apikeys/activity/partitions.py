"""The partitions of both logs: made ahead, and dropped when all that is in them is older than is kept.

Requests have one for each day, acts one for each month, by UTC. What finds none (nobody made any for a while) stands in
the default partition and moves when its own is made. `manage.py maintain` calls `partitions_keep`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apikeys.activity.models import AuditEntry, RequestEntry
from config.time_ids import first_id_of
from metadata.models import Workspace

DAYS_AHEAD = 3
MONTHS_AHEAD = 2
PIECE = 10_000  # entries removed by one statement
DELETION = "workspace.deleted"


@dataclass(frozen=True, slots=True)
class Log:
    table: str
    name_format: str  # of a partition, after the table's
    following: Callable[[date], date]  # the first day of the next period
    ahead: int


def _first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


REQUESTS = Log("apikeys_requestlog", "%Y%m%d", lambda day: day + timedelta(days=1), DAYS_AHEAD)
AUDIT = Log("apikeys_auditlog", "%Y%m", _first_of_next_month, MONTHS_AHEAD)


def partitions_keep() -> int:
    """Make and drop what is due; gives how many it made and dropped."""
    now = timezone.now()
    return _keep(REQUESTS, now, settings.REQUEST_LOG_DAYS) + _keep(AUDIT, now, settings.AUDIT_LOG_DAYS)


def retentions_keep() -> int:
    """Remove the entries of workspaces that keep less than the installation does; gives how many.

    They are rows among others' in their partition, so they are deleted, by the primary key, so many at a time.
    """
    now, count = timezone.now(), 0
    for model, column, most in (
        (RequestEntry, "request_log_retention_days", settings.REQUEST_LOG_DAYS),
        (AuditEntry, "event_log_retention_days", settings.AUDIT_LOG_DAYS),
    ):
        shorter = Workspace.objects.filter(**{f"{column}__lt": most})
        for id, days in shorter.values_list("id", column):
            last = first_id_of(now - timedelta(days=days))
            count += _remove(model.objects.filter(workspace_id=id, id__lt=last))
    return count


def workspace_purged(workspace: Workspace) -> None:
    """Remove what was logged of a workspace that is gone, but who deleted it: that stays as long as any act does."""
    _remove(RequestEntry.objects.filter(workspace_id=workspace.id))
    _remove(AuditEntry.objects.filter(workspace_id=workspace.id).exclude(act=DELETION))


def _remove(entries: QuerySet[Any]) -> int:
    """Remove entries, so many at a time; gives how many."""
    count = 0
    while ids := list(entries.values_list("id", flat=True)[:PIECE]):
        count += entries.filter(id__gte=min(ids), id__lte=max(ids)).delete()[0]
    return count


def _keep(log: Log, now: datetime, days: int) -> int:
    known = _partitions(log)
    count = 0
    first = now.astimezone(UTC).date()
    if log is AUDIT:
        first = first.replace(day=1)
    for _ in range(log.ahead + 1):
        if first not in known and days:
            count += make_partition(log, first)
        first = log.following(first)
    cutoff = now - timedelta(days=days)
    for start, name in known.items():
        if _midnight(log.following(start)) <= cutoff:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {name}")  # a name of ours: `_partitions`
            count += 1
    with connection.cursor() as cursor:  # what nobody made a partition for in time
        cursor.execute(f"DELETE FROM {log.table}_other WHERE id < %s", [str(first_id_of(cutoff))])  # noqa: S608
    return count


def _partitions(log: Log) -> dict[date, str]:
    """The partitions that there are but the default one: first day → name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [log.table],
        )
        names = [name for (name,) in cursor.fetchall()]
    begin = f"{log.table}_"
    return {
        datetime.strptime(name.removeprefix(begin), log.name_format).replace(tzinfo=UTC).date(): name
        for name in names
        if name.removeprefix(begin).isdecimal()
    }


def make_partition(log: Log, first: date) -> int:
    """Make the partition that begins on that day, with what waits for it in the default one; 0 when somebody did."""
    name, other = f"{log.table}_{first.strftime(log.name_format)}", f"{log.table}_other"
    start, end = (first_id_of(_midnight(each)) for each in (first, log.following(first)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {other} IN ACCESS EXCLUSIVE MODE")  # one at a time; and nothing comes in meanwhile
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return 0
        cursor.execute(f"CREATE TABLE {name} (LIKE {log.table} INCLUDING ALL)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {other} WHERE id >= %s AND id < %s RETURNING *)"  # noqa: S608
            f" INSERT INTO {name} SELECT * FROM moved",
            [str(start), str(end)],
        )
        cursor.execute(f"ALTER TABLE {log.table} ATTACH PARTITION {name} FOR VALUES FROM ({_q(start)}) TO ({_q(end)})")
    return 1


def _q(id: UUID) -> str:
    """A bound of a partition, which takes no parameters."""
    return f"'{id}'"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
