"""Reads of records by a streaming replica: what is late, what never is, and who answers when it may not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.server.embedded_postgres import EmbeddedPostgres
from tests.ops.replicas import asked, replica
from tests.server import ROOT, Server, _give_database, running

pytestmark = pytest.mark.long

METRICS = "of-prometheus"
MAX_LAG_S = 3


class Client:
    """Each request on a connection of its own, so any of the server's processes may get it."""

    def __init__(self, server: Server, token: str, key_id: str = "") -> None:
        self.server, self.token, self.key_id = server, token, key_id

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", **headers}
        try:
            with urlopen(Request(self.server.url + path, data, given, method=method), timeout=60) as answer:
                content = answer.read()
                is_json = "/json" in answer.headers["Content-Type"]
                return answer.status, json.loads(content or b"null") if is_json else content.decode()
        except HTTPError as fault:
            return fault.code, json.loads(fault.read() or b"null")

    def get(self, path: str) -> Any:
        status, answer = self.send("GET", path)
        assert status == 200, answer
        return answer

    def data(self, query: str, path: str = "/graphql", **variables: Any) -> Any:
        status, answer = self.send("POST", path, {"query": query, "variables": variables})
        assert status == 200 and "errors" not in answer, answer
        return answer["data"]

    def create(self, name: str) -> str:
        status, answer = self.send("POST", "/rest/companies", {"name": name})
        assert status == 201, answer
        return str(answer["data"]["createCompany"]["id"])

    def name_of(self, id: str) -> str:
        return str(self.get(f"/rest/companies/{id}")["data"]["company"]["name"])


@pytest.fixture(scope="module")
def east(folder: Path) -> Iterator[EmbeddedPostgres]:
    (folder / "east").mkdir()
    _give_database(folder / "east")
    server = EmbeddedPostgres(folder / "east", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def environment(folder: Path, east: EmbeddedPostgres) -> dict[str, str]:
    return {
        "SHARD_EAST_URL": east.url,
        "DATABASE_REPLICA_URL": EmbeddedPostgres(folder / "replica").url,  # of servers that are not there yet
        "SHARD_EAST_REPLICA_URL": EmbeddedPostgres(folder / "replica-of-east").url,
        "REPLICA_MAX_LAG_S": str(MAX_LAG_S),
    }


@pytest.fixture(scope="module")
def server(folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    more = {"METRICS_TOKEN": METRICS, "WORKERS": "2", "LOCK_FIRST_WAIT_MS": "3000"}
    with running(folder / "up", "--no-assets", **environment, **more) as server:
        yield server
        log = server.log.read_text()
        assert "Traceback" not in log and '"level":"ERROR"' not in log, log
        assert '"status":5' not in log, log


@pytest.fixture(scope="module")
def primary(server: Server) -> EmbeddedPostgres:
    return EmbeddedPostgres(server.data_dir)


@pytest.fixture(scope="module")
def copy(server: Server, primary: EmbeddedPostgres, folder: Path) -> Iterator[EmbeddedPostgres]:
    """The replica, which comes while the server runs."""
    health = Client(server, "").get("/readyz")
    away = {"state": "unreachable", "lagBytes": None, "lagSeconds": None}
    assert (health["status"], health["databases"]["default"]["replica"]) == ("ready", away)
    with replica(primary, folder / "replica") as found:
        yield found


@pytest.fixture
def client(server: Server, copy: EmbeddedPostgres) -> Client:
    client = Client(server, server.demo["api_token"])
    until(lambda: answered_by(client, lambda: client.get("/rest/companies?limit=1")) == {"replica": 1})
    return client


@pytest.fixture
def other(client: Client) -> Client:
    """Another key of the workspace."""
    roles = client.data("{ getRoles { id label } }", "/metadata")["getRoles"]
    [role] = [each["id"] for each in roles if each["label"] == "Admin"]
    body = {"name": f"Other {uuid4()}", "expiresAt": "2090-01-01T00:00:00Z", "roleId": role}
    status, key = client.send("POST", "/rest/metadata/apiKeys", body)
    assert status == 201, key
    status, issued = client.send("POST", f"/rest/metadata/apiKeys/{key['id']}/token", {})
    assert status == 201, issued
    return Client(client.server, issued["token"], key["id"])


def until(fact: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def numbers(client: Client) -> dict[tuple[str, str, str], float]:
    status, text = client.send("GET", "/metrics", Authorization=f"Bearer {METRICS}")
    assert status == 200
    samples = (each for family in text_string_to_metric_families(text) for each in family.samples)
    return {
        (each.name, each.labels.get("database", ""), each.labels.get("by", "")): each.value
        for each in samples
        if "late_reads_total" in each.name or "replica" in each.name
    }


def answered_by(client: Client, reads: Callable[[], Any], database: str = "default") -> dict[str, int]:
    """Who answered how many reads."""
    before = numbers(client)
    reads()
    after = numbers(client)
    counts = {
        by: int(after.get(key, 0) - before.get(key, 0))
        for by in ("replica", "primary")
        for key in [("fourgate_late_reads_total", database, by)]
    }
    return {by: count for by, count in counts.items() if count}


@contextmanager
def paused(copy: EmbeddedPostgres) -> Iterator[None]:
    asked(copy, "SELECT pg_wal_replay_pause()")
    try:
        until(lambda: asked(copy, "SELECT pg_get_wal_replay_pause_state()") == [("paused",)])
        yield
    finally:
        asked(copy, "SELECT pg_wal_replay_resume()")


def companies(primary: EmbeddedPostgres) -> str:
    [(table,)] = asked(
        primary,
        "SELECT format('%I.o_%s', w.database_schema, replace(o.id::text, '-', ''))"
        " FROM metadata_workspace w JOIN metadata_objectmetadata o ON o.workspace_id = w.id"
        " WHERE o.name_singular = 'company'",
    )
    return str(table)


def test_every_kind_of_read_is_the_replicas(client: Client) -> None:
    id = client.create("Read")
    group_by = "{ companiesGroupBy(groupBy: [{name: true}]) { groupByDimensionValues } }"
    duplicates = f'{{ companyDuplicates(ids: ["{id}"]) {{ totalCount }} }}'
    reads: dict[str, tuple[Callable[[], Any], int]] = {
        "list": (lambda: client.get("/rest/companies"), 1),
        "one": (lambda: client.get(f"/rest/companies/{id}"), 1),
        "groups": (lambda: client.get("/rest/companies/groupBy?group_by=[{%22name%22:true}]"), 1),
        "history": (lambda: client.get(f"/rest/companies/{id}/history"), 1),
        "duplicates": (lambda: client.send("POST", "/rest/companies/duplicates", {"ids": [id]}), 2),
        "search": (lambda: client.get("/rest/search?query=read"), 1),
        "GraphQL list": (lambda: client.data("{ companies { totalCount } }"), 1),
        "GraphQL one": (lambda: client.data(f'{{ company(filter: {{id: {{eq: "{id}"}}}}) {{ name }} }}'), 1),
        "GraphQL groups": (lambda: client.data(group_by), 1),
        "GraphQL duplicates": (lambda: client.data(duplicates), 2),
        "GraphQL search": (
            lambda: client.data('{ search(searchInput: "read", limit: 5) { edges { node { label } } } }'),
            1,
        ),
        "two in one document": (lambda: client.data("{ companies { totalCount } people { totalCount } }"), 2),
    }
    for name, (read, count) in reads.items():
        until(lambda: answered_by(client, lambda: client.get("/rest/companies?limit=1")) == {"replica": 1})
        assert (name, answered_by(client, read)) == (name, {"replica": count})
    key = {"Idempotency-Key": str(uuid4())}
    body = {"ids": [id]}
    writes = answered_by(client, lambda: client.send("POST", "/rest/companies/duplicates", body, **key))
    mutations = f'mutation {{ updateCompany(id: "{id}", data: {{name: "X"}}) {{ name people {{ totalCount }} }} }}'
    assert (writes, answered_by(client, lambda: client.data(mutations))) == ({}, {})


def test_pages_of_an_export_are_read_there(client: Client) -> None:
    lines = "".join(json.dumps({"name": f"Exported {number}"}) + "\n" for number in range(201))
    path = "/rest/companies/import?format=jsonl"
    status, report = client.send("POST", path, lines.encode(), **{"Content-Type": "application/x-ndjson"})
    assert status == 200, report
    asks = "/rest/companies/export?format=jsonl&filter=name[startsWith]:Exported"
    files: list[str] = []
    until(lambda: answered_by(client, lambda: files.append(client.get(asks))) == {"replica": 3})
    assert len(files[-1].splitlines()) == 201


def test_what_was_answered_is_read_by_everybody(client: Client, other: Client) -> None:
    """By either process, key and API, whether or not the replica has it yet."""
    query = "query ($id: UUID) { company(filter: {id: {eq: $id}}) { name } }"
    for number in range(30):
        id = client.create(f"Made {number}")
        assert other.data(query, id=id)["company"]["name"] == f"Made {number}"
        assert client.name_of(id) == f"Made {number}"
        data = f'mutation {{ updateCompany(id: "{id}", data: {{name: "Changed {number}"}}) {{ id }} }}'
        other.data(data)
        assert client.name_of(id) == f"Changed {number}"
        assert client.send("DELETE", f"/rest/companies/{id}")[0] == 200
        assert (other.send("GET", f"/rest/companies/{id}")[0], client.send("GET", f"/rest/companies/{id}")[0]) == (
            404, 404,
        )  # fmt: skip


def test_while_nothing_is_replayed_the_primary_answers_what_was_written(
    client: Client, other: Client, copy: EmbeddedPostgres
) -> None:
    with paused(copy):
        key = {"Idempotency-Key": str(uuid4())}
        first = client.send("POST", "/rest/companies", {"name": "Paused"}, **key)
        assert first[0] == 201 and client.send("POST", "/rest/companies", {"name": "Paused"}, **key) == first
        id = first[1]["data"]["createCompany"]["id"]
        assert answered_by(client, lambda: [client.name_of(id) for _ in range(4)]) == {"primary": 4}
        assert answered_by(client, lambda: [other.name_of(id) for _ in range(4)]) == {"primary": 4}
        status, _ = client.send("PATCH", f"/rest/companies/{id}", {"name": "Later"})
        assert (status, client.name_of(id), other.name_of(id)) == (200, "Later", "Later")
    until(lambda: answered_by(client, lambda: client.name_of(id)) == {"replica": 1})
    assert client.name_of(id) == "Later"


def test_a_replica_that_is_too_late_is_read_no_more(
    client: Client, primary: EmbeddedPostgres, copy: EmbeddedPostgres
) -> None:
    """What nobody sent to the server is late; for REPLICA_MAX_LAG_S at most."""
    id = client.create("Early")
    until(lambda: answered_by(client, lambda: [client.name_of(id) for _ in range(8)]) == {"replica": 8})
    with paused(copy):
        change = f"UPDATE {companies(primary)} SET data = jsonb_set(data, '{{name}}', '\"Late\"') WHERE id = %s"
        asked(primary, change, id)
        assert client.name_of(id) == "Early"  # so it was the replica's answer
        until(lambda: client.name_of(id) == "Late")
        time.sleep(MAX_LAG_S / 2)  # each process finds out for itself
        until(lambda: answered_by(client, lambda: [client.name_of(id) for _ in range(8)]) == {"primary": 8})
        health = client.get("/readyz")
        told = health["databases"]["default"]["replica"]
        assert (health["status"], told["state"], told["lagBytes"] > 0) == ("ready", "behind", True)
        found = numbers(client)
        assert found["fourgate_replica_up", "default", ""] == 1
        assert found["fourgate_replica_lag_bytes", "default", ""] > 0
        assert found["fourgate_replica_lag_seconds", "default", ""] > MAX_LAG_S / 2
    until(lambda: answered_by(client, lambda: client.name_of(id)) == {"replica": 1})
    assert client.name_of(id) == "Late"
    told = client.get("/readyz")["databases"]["default"]["replica"]
    assert told == {"state": "ok", "lagBytes": 0, "lagSeconds": 0.0}


def test_a_key_that_is_revoked_is_refused_at_once(client: Client, other: Client, copy: EmbeddedPostgres) -> None:
    until(lambda: answered_by(client, lambda: [other.get("/rest/companies?limit=1") for _ in range(6)]).get("replica"))
    with paused(copy):
        assert client.send("DELETE", f"/rest/metadata/apiKeys/{other.key_id}")[0] == 200
        for _ in range(6):
            assert other.send("GET", "/rest/companies?limit=1")[0] == 403
            _, answer = other.send("POST", "/graphql", {"query": "{ companies { totalCount } }"})
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_data_model_that_is_ahead_of_the_replica_is_answered(client: Client, copy: EmbeddedPostgres) -> None:
    made = client.data(
        "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }",
        "/metadata",
        input={
            "object": {
                "nameSingular": "rocket", "namePlural": "rockets", "labelSingular": "Rocket", "labelPlural": "Rockets",
            }
        },
    )["createOneObject"]["id"]  # fmt: skip
    assert client.send("POST", "/rest/rockets", {"name": "Saturn V"})[0] == 201
    until(lambda: answered_by(client, lambda: client.get("/rest/rockets")) == {"replica": 1})
    with paused(copy):
        renamed = {"nameSingular": "vehicle", "namePlural": "vehicles", "labelSingular": "V", "labelPlural": "Vs"}
        update = "mutation ($input: UpdateOneObjectInput!) { updateOneObject(input: $input) { id } }"
        client.data(update, "/metadata", input={"id": made, "update": renamed})
        create = "mutation ($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id } }"
        field = {"objectMetadataId": made, "type": "TEXT", "name": "code", "label": "Code", "defaultValue": "'none'"}
        client.data(create, "/metadata", input={"field": field})

        def reads() -> None:
            for _ in range(4):
                [found] = client.get("/rest/vehicles")["data"]["vehicles"]
                assert (found["name"], "code" in found) == ("Saturn V", True)
                nodes = client.data("{ vehicles { edges { node { name code } } } }")["vehicles"]["edges"]
                assert [each["node"]["name"] for each in nodes] == ["Saturn V"]
                assert client.send("GET", "/rest/rockets")[0] == 400

        assert answered_by(client, reads).keys() == {"primary"}
    until(lambda: answered_by(client, reads) == {"replica": 8})


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_statement_that_the_replica_ends_is_the_primarys(
    client: Client, primary: EmbeddedPostgres, copy: EmbeddedPostgres, end: str
) -> None:
    """As it ends those that are in the way of what it replays: the statement (57014), or the connection (57P01)."""
    table = companies(primary)
    holder = psycopg2.connect(host=str(primary.socket), user="postgres", dbname="fourgate")
    answers: list[tuple[int, Any]] = []
    reading = threading.Thread(target=lambda: answers.append(client.send("GET", "/rest/companies?limit=1")))
    try:
        holder.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = %s::regclass"
        until(lambda: asked(copy, held, table) == [(1,)])
        reading.start()
        waiting = f"SELECT {end}(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'fourgate'"
        until(lambda: asked(copy, waiting))
    finally:
        holder.close()
    reading.join(60)
    assert [status for status, _ in answers] == [200]
    until(lambda: answered_by(client, lambda: client.get("/rest/companies?limit=1")) == {"replica": 1})


def test_a_replica_that_is_killed_is_missed_by_nobody(client: Client, copy: EmbeddedPostgres) -> None:
    id = client.create("Killed")
    until(lambda: answered_by(client, lambda: [client.name_of(id) for _ in range(6)]) == {"replica": 6})
    assert copy.pid is not None
    os.kill(copy.pid, signal.SIGKILL)
    until(lambda: copy.pid is None)
    assert answered_by(client, lambda: [client.name_of(id) for _ in range(6)]) == {"primary": 6}
    health = client.get("/readyz")
    away = {"state": "unreachable", "lagBytes": None, "lagSeconds": None}
    assert (health["status"], health["databases"]["default"]["replica"]) == ("ready", away)
    assert numbers(client)["fourgate_replica_up", "default", ""] == 0
    assert client.send("PATCH", f"/rest/companies/{id}", {"name": "Meanwhile"})[0] == 200
    copy.start()
    assert client.name_of(id) == "Meanwhile"
    until(lambda: answered_by(client, lambda: client.name_of(id)) == {"replica": 1})
    assert client.name_of(id) == "Meanwhile"


def test_a_workspace_of_another_database_is_read_from_that_ones_replica(
    client: Client, east: EmbeddedPostgres, folder: Path, environment: dict[str, str], primary: EmbeddedPostgres
) -> None:
    id = client.create("Moving")
    [(workspace,)] = asked(primary, "SELECT id::text FROM metadata_workspace")
    command = [sys.executable, "manage.py", "workspace", "move", workspace, "--to", "east", "--keep", "0"]
    variables = {"PATH": "", "DATA_DIR": str(client.server.data_dir), **environment}
    with replica(east, folder / "replica-of-east") as copy:
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert client.name_of(id) == "Moving"
        until(lambda: answered_by(client, lambda: client.name_of(id), "east") == {"replica": 1})
        for number in range(10):
            assert client.send("PATCH", f"/rest/companies/{id}", {"name": f"East {number}"})[0] == 200
            assert client.name_of(id) == f"East {number}"
        with paused(copy):
            assert client.send("PATCH", f"/rest/companies/{id}", {"name": "Paused"})[0] == 200
            assert answered_by(client, lambda: [client.name_of(id) for _ in range(4)], "east") == {"primary": 4}
            assert client.name_of(id) == "Paused"
        until(lambda: answered_by(client, lambda: client.name_of(id), "east") == {"replica": 1})
        shards = {name: each["replica"]["state"] for name, each in client.get("/readyz")["databases"].items()}
        assert shards == {"default": "ok", "east": "ok"}
