"""Deliveries, when a workspace moves to another database: each is sent by the worker of one place.

What is finished is copied before the switch, since nobody sends it. What waits is parked at the switch: put aside in
the old place, where no worker finds it, and put among the others of the new place afterwards. What is being sent just
then is ended by who sends it, and follows.
"""

from __future__ import annotations

from uuid import UUID

from config.server.copying import copy_rows
from config.server.own_connection import Driver, quoted, rows_of, since_condition
from webhooks.delivery.outbox import CHANNEL
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook

_COLUMNS = tuple(str(field.column) for field in Delivery._meta.concrete_fields)
_OF_ATTEMPTS = tuple(str(field.column) for field in Attempt._meta.concrete_fields)
_DELIVERY, _ATTEMPT = "public.webhooks_delivery", "public.webhooks_attempt"
_LIST, _ATTEMPT_LIST = ", ".join(map(quoted, _COLUMNS)), ", ".join(map(quoted, _OF_ATTEMPTS))
AT_ONCE = 5_000


def hold(source: Driver, workspace_id: UUID, schema: str) -> None:
    """Park what waits. In the transaction that holds the writes."""
    deliveries, attempts = _parked(schema)
    rows_of(source, f"CREATE TABLE {deliveries} (LIKE {_DELIVERY})")
    rows_of(source, f"CREATE TABLE {attempts} (LIKE {_ATTEMPT})")
    _park(source, workspace_id, schema, f"status = '{DeliveryStatus.PENDING.value}'")


def release(source: Driver, workspace_id: UUID, schema: str) -> None:
    """Let the worker of the old place have again what was parked. In the transaction that lets writes go on."""
    deliveries, attempts = _parked(schema)
    rows_of(source, f"INSERT INTO {_DELIVERY} ({_LIST}) SELECT {_LIST} FROM {deliveries}")  # noqa: S608
    rows_of(source, f"INSERT INTO {_ATTEMPT} ({_ATTEMPT_LIST}) SELECT {_ATTEMPT_LIST} FROM {attempts}")  # noqa: S608
    rows_of(source, f"DROP TABLE {deliveries}, {attempts}")
    rows_of(source, "SELECT pg_notify(%s, '')", [CHANNEL])


def bring(source: Driver, target: Driver, workspace_id: UUID, schema: str, since: int | None, is_last: bool) -> None:
    """Copy what is finished and was written since. In a transaction of the target's, and one snapshot."""
    ours = _ours(workspace_id)
    is_new = "true" if since is None else since_condition(since, "d.")
    rows_of(target, f"CREATE TEMPORARY TABLE changed ON COMMIT DROP AS SELECT id FROM {_DELIVERY} LIMIT 0")  # noqa: S608
    copy_rows(source, f"SELECT id FROM {_DELIVERY} d WHERE {ours} AND {is_new}", target, "changed", ["id"])  # noqa: S608
    if is_last:
        copy_rows(source, f"SELECT id FROM {_parked(schema)[0]}", target, "changed", ["id"])  # noqa: S608
    rows_of(target, f"DELETE FROM {_ATTEMPT} a USING changed c WHERE a.delivery_id = c.id")  # noqa: S608
    rows_of(target, f"DELETE FROM {_DELIVERY} d USING changed c WHERE d.id = c.id")  # noqa: S608
    waits = f"('{DeliveryStatus.PENDING.value}', '{DeliveryStatus.DELIVERING.value}')"
    finished = f"{ours} AND {is_new} AND d.status NOT IN {waits}"
    copy_rows(source, f"SELECT {_LIST} FROM {_DELIVERY} d WHERE {finished}", target, _DELIVERY, _COLUMNS)  # noqa: S608
    query = (
        f"SELECT {_ATTEMPT_LIST} FROM {_ATTEMPT} WHERE delivery_id IN (SELECT id FROM {_DELIVERY} d WHERE {finished})"  # noqa: S608
    )
    copy_rows(source, query, target, _ATTEMPT, _OF_ATTEMPTS)


def switch(shared: Driver, schema: str) -> None:
    """Nothing: where deliveries are is where the workspace is."""


def settle(source: Driver, target: Driver, workspace_id: UUID, schema: str) -> bool:
    """After the switch: what was parked, and what else is left in the old place and not being sent. Whether that was
    all; else some is being sent, and this is to be called again."""
    while True:
        _unpark(source, target, schema)
        with source:
            more = _park(source, workspace_id, schema, f"status <> '{DeliveryStatus.DELIVERING.value}'", limit=AT_ONCE)
        if not more:
            return rows_of(source, f"SELECT 1 FROM {_DELIVERY} d WHERE {_ours(workspace_id)} LIMIT 1") == []  # noqa: S608


def forget(driver: Driver, workspace_id: UUID) -> None:
    """Delete all of a workspace that is not in this database, or not any more."""
    ids = f"SELECT id FROM {_DELIVERY} d WHERE {_ours(workspace_id)}"  # noqa: S608
    rows_of(driver, f"DELETE FROM {_ATTEMPT} WHERE delivery_id IN ({ids})")  # noqa: S608
    rows_of(driver, f"DELETE FROM {_DELIVERY} d WHERE {_ours(workspace_id)}")  # noqa: S608


def _parked(schema: str) -> tuple[str, str]:
    return quoted(schema, "parked_delivery"), quoted(schema, "parked_attempt")


def _ours(workspace_id: UUID) -> str:
    """A condition on deliveries, which have an index by webhook."""
    ids = Webhook.objects.filter(workspace_id=workspace_id).values_list("id", flat=True)
    return f"d.webhook_id = ANY(ARRAY[{', '.join(repr(str(id)) for id in ids)}]::uuid[])"


def _park(source: Driver, workspace_id: UUID, schema: str, where: str, limit: int | None = None) -> int:
    """Put deliveries aside, with their attempts. In a transaction."""
    deliveries, attempts = _parked(schema)
    most = "" if limit is None else f"LIMIT {limit}"
    with source.cursor() as cursor:
        cursor.execute(
            f"WITH chosen AS (SELECT id FROM {_DELIVERY} d WHERE {_ours(workspace_id)} AND {where} {most} FOR UPDATE),"  # noqa: S608
            f" gone AS (DELETE FROM {_DELIVERY} d USING chosen WHERE d.id = chosen.id RETURNING d.*)"
            f" INSERT INTO {deliveries} ({_LIST}) SELECT {_LIST} FROM gone"
        )
        count = int(cursor.rowcount)
        cursor.execute(
            f"WITH gone AS (DELETE FROM {_ATTEMPT} a USING {deliveries} d WHERE a.delivery_id = d.id RETURNING a.*)"  # noqa: S608
            f" INSERT INTO {attempts} ({_ATTEMPT_LIST}) SELECT {_ATTEMPT_LIST} FROM gone"
        )
    return count


def _unpark(source: Driver, target: Driver, schema: str) -> None:
    """What is parked in the old place into the new one; done twice it is there once."""
    deliveries, attempts = _parked(schema)
    if rows_of(source, f"SELECT 1 FROM {deliveries} LIMIT 1") == []:  # noqa: S608
        return
    with target:
        for parked, table, columns in ((deliveries, _DELIVERY, _COLUMNS), (attempts, _ATTEMPT, _OF_ATTEMPTS)):
            names = ", ".join(map(quoted, columns))
            rows_of(target, f"CREATE TEMPORARY TABLE brought (LIKE {table}) ON COMMIT DROP")
            copy_rows(source, f"SELECT {names} FROM {parked}", target, "brought", columns)  # noqa: S608
            rows_of(target, f"INSERT INTO {table} ({names}) SELECT {names} FROM brought ON CONFLICT DO NOTHING")  # noqa: S608
            rows_of(target, "DROP TABLE brought")
        rows_of(target, "SELECT pg_notify(%s, '')", [CHANNEL])
    rows_of(source, f"TRUNCATE {deliveries}, {attempts}")
