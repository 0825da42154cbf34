"""A write whose process is killed, before any of its statements or after the last, is there with all that belongs to it, or not
at all: the record, its history, its delivery and the answer of its Idempotency-Key. On one PostgreSQL they are one
statement or two; as a Citus shard is written to, statements of a transaction.

tests/ops/test_killed_writes.py kills whole servers and databases; this finds whatever is not in the transaction.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from psycopg2.extensions import cursor as DriverCursor

from metadata import services
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Answer, Api, api_of, system_of, workspace_with
from webhooks.models import Delivery
from webhooks.services import webhook_create

pytestmark = pytest.mark.django_db(transaction=True)

SHIPS = {
    "nameSingular": "ship",
    "namePlural": "ships",
    "fields": [{"type": "TEXT", "name": "code", "isUnique": True}, {"type": "NUMBER", "name": "decks"}],
}
MOST_STATEMENTS = 40

Write = Callable[[Api, str, str], Answer]  # a client, a record's id, and an Idempotency-Key


@dataclass
class Fleet:
    workspace: Workspace
    api: Api
    table: str
    number: int = 0

    def ship(self) -> str:
        """A record that is there before the write."""
        self.number += 1
        answer = self.api.post("/rest/ships", {"code": f"S{self.number}"})
        assert answer.status == 201, answer.body
        return str(answer.body["data"]["createShip"]["id"])

    def kept(self, id: str, key: str) -> dict[str, Any]:
        """What is there of a record, and of a key: the answer's status, or that nobody claimed it."""
        schema = self.workspace.database_schema
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT (data->>'decks')::int, deleted_at IS NULL FROM {self.table} WHERE id = %s", [id])
            record = cursor.fetchone()
            cursor.execute(f"SELECT action FROM {schema}.history WHERE record_id = %s ORDER BY id", [id])
            history = [action for (action,) in cursor.fetchall()]
            cursor.execute(f"SELECT sum(live) FROM {schema}.record_count")
            (live,) = cursor.fetchone()
            cursor.execute("SELECT status FROM core_idempotencykey WHERE key = %s AND status IS NOT NULL", [key])
            answers = [status for (status,) in cursor.fetchall()]
        told = Delivery.objects.filter(record_id=id).order_by("id").values_list("event_name", flat=True)
        return {
            "record": record,
            "history": history,
            "deliveries": [name.partition(".")[2] for name in told],
            "live": live or 0,
            "answers": answers,
        }


UPDATE = "mutation ($id: UUID!) { updateShip(id: $id, data: {decks: 7}) { id decks } }"
WRITES: dict[str, Write] = {
    "create": lambda api, id, key: api.post("/rest/ships", {"id": id, "code": "new"}, Idempotency_Key=key),
    "create many": lambda api, id, key: api.post(
        "/rest/batch/ships", [{"id": id, "code": "new"}, {"code": "newer"}], Idempotency_Key=key
    ),
    "upsert": lambda api, id, key: api.post(
        "/rest/batch/ships?upsert=true", [{"id": id, "decks": 7}], Idempotency_Key=key
    ),
    "update": lambda api, id, key: api.patch(f"/rest/ships/{id}", {"decks": 7}, Idempotency_Key=key),
    "delete": lambda api, id, key: api.delete(f"/rest/ships/{id}?soft_delete=true", Idempotency_Key=key),
    "destroy": lambda api, id, key: api.delete(f"/rest/ships/{id}", Idempotency_Key=key),
    "update over GraphQL": lambda api, id, key: api.post(
        "/graphql",
        {"query": UPDATE, "variables": {"id": id}},
        Idempotency_Key=key,
    ),
}
NEW = {"create", "create many"}


@pytest.fixture
def fleet(transactional_db: None) -> Iterator[Fleet]:
    workspace = workspace_with([SHIPS])
    webhook_create(system_of(workspace.id), data={"targetUrl": "https://receiver.example/hook"})
    [ship] = ObjectMetadata.objects.filter(workspace=workspace, name_singular="ship")
    yield Fleet(workspace, api_of(workspace), f"{workspace.database_schema}.o_{ship.id.hex}")
    services.workspace_delete(workspace_id=workspace.id)


@pytest.mark.parametrize("engine", ["postgresql", "citus"])
def test_a_write_that_is_killed_is_whole_or_not_there(fleet: Fleet, settings: Any, engine: str) -> None:
    settings.SHARD_ENGINES = {"default": engine}
    for name, write in WRITES.items():
        for number in range(1, MOST_STATEMENTS):
            id, key = (str(uuid4()) if name in NEW else fleet.ship()), str(uuid4())
            before = fleet.kept(id, key)
            is_done = not killed(fleet, write, id, key, number)
            after = fleet.kept(id, key)
            if is_done:
                assert_whole(before, after, name)
            else:
                assert after == before, (name, number)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE core_idempotencykey SET lease_until = now() - interval '1 s' WHERE status IS NULL"
                )
            again = write(fleet.api, id, key)
            assert again.status in (200, 201) and "errors" not in again.body, (name, number, again.body)
            assert ("Idempotent-Replayed" in again.headers) == is_done, (name, number)
            assert_whole(before, fleet.kept(id, key), name)
            free_codes(fleet)
            if is_done:
                break
        assert is_done and number > 5, "it is killed at several places"


VERBS = {"create": "created", "create many": "created", "delete": "deleted", "destroy": "destroyed"}


def assert_whole(before: dict[str, Any], after: dict[str, Any], name: str) -> None:
    verb = VERBS.get(name, "updated")
    assert after["history"] == [*before["history"], verb], (name, after)
    assert after["deliveries"] == [*before["deliveries"], verb], (name, after)
    assert after["answers"] == [201 if name in NEW or name == "upsert" else 200], (name, after)
    live = {"create": 1, "create many": 2, "delete": -1, "destroy": -1}.get(name, 0)
    assert after["live"] == before["live"] + live, (name, after)
    assert after["record"] == (None if name == "destroy" else (7 if verb == "updated" else None, name != "delete")), (
        name,
        after,
    )


def free_codes(fleet: Fleet) -> None:
    for each in fleet.api.get("/rest/ships?filter=code[in]:[new,newer]").body["data"]["ships"]:
        assert fleet.api.delete(f"/rest/ships/{each['id']}").status == 200


def killed(fleet: Fleet, write: Write, id: str, key: str, number: int) -> bool:
    """Whether it was: the write runs in a process that is killed before its n-th statement, if there is one."""
    process = os.fork()
    if process:
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        return os.WIFSIGNALED(status)
    try:
        connection.connection = None  # the parent's: neither used nor closed here
        sent = 0

        class Killing(DriverCursor):
            def execute(self, query: Any, vars: Any = None) -> None:
                nonlocal sent
                sent += 1
                if sent == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                super().execute(query, vars)

        connection.ensure_connection()
        connection.connection.cursor_factory = Killing
        answer = write(fleet.api, id, key)
        os._exit(0 if answer.status in (200, 201) else 3)
    finally:
        os._exit(1)
