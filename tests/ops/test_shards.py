"""Workspaces whose records are in a second PostgreSQL cluster: a whole server, its workers, and what stands where."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.shards import shards_in
from tests.server import ROOT, Server, running

pytestmark = pytest.mark.long


class Client:
    def __init__(self, server: Server) -> None:
        self.server = server

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {
            "Content-Type": "application/json",
            **headers,
            "Authorization": f"Bearer {self.server.demo['api_token']}",
        }
        try:
            with urlopen(Request(self.server.url + path, data, given, method=method), timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as fault:
            return fault.code, json.loads(fault.read() or b"null")

    def data(self, query: str, path: str = "/graphql", **variables: Any) -> Any:
        status, answer = self.send("POST", path, {"query": query, "variables": variables})
        assert status == 200 and "errors" not in answer, answer
        return answer["data"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def east(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "east", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def server(folder: Path, east: EmbeddedPostgres) -> Iterator[Server]:
    """With its demo workspace in the second cluster."""
    environment = {"SHARD_EAST_URL": east.url, "WORKSPACE_PLACEMENT": "east", "WORKERS": "1"}
    with running(folder / "up", "--no-assets", WEBHOOK_ALLOWED_HOSTS="127.0.0.1", **environment) as server:
        yield server
        log = server.log.read_text()
        assert "Traceback" not in log and '"level":"ERROR"' not in log, log


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server)


@pytest.fixture
def deliveries() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address, and the bodies that it was sent."""
    received: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{receiver.server_address[1]}/hook", received
    receiver.shutdown()
    receiver.server_close()


def rows(url: str, query: str, *params: Any) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def until(fact: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def shared_url(server: Server) -> str:
    return EmbeddedPostgres(server.data_dir).url


def company_table(server: Server) -> tuple[str, str]:
    """The table of the demo workspace's companies, and the object's id."""
    [(schema, id)] = rows(
        shared_url(server),
        "SELECT w.database_schema, o.id::text FROM metadata_workspace w JOIN metadata_objectmetadata o"
        " ON o.workspace_id = w.id WHERE o.name_singular = 'company'",
    )
    return f'"{schema}".o_{id.replace("-", "")}', id


def test_records_are_in_the_database_that_the_workspace_was_placed_in(
    client: Client, server: Server, east: EmbeddedPostgres
) -> None:
    table, _ = company_table(server)
    status, answer = client.send("POST", "/rest/companies", {"name": "East"})
    assert status == 201
    id = answer["data"]["createCompany"]["id"]
    assert rows(east.url, f"SELECT data->>'name' FROM {table} WHERE id = %s", id) == [("East",)]
    assert rows(shared_url(server), "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ws\\_%%'") == []
    status, health = client.send("GET", "/readyz")
    assert (status, {name: each["migrations"] for name, each in health["databases"].items()}) == (
        200,
        {"default": "applied", "east": "applied"},
    )


def test_every_verb_works_and_its_webhooks_arrive(
    client: Client, server: Server, east: EmbeddedPostgres, deliveries: tuple[str, list[dict[str, Any]]]
) -> None:
    url, received = deliveries
    assert client.send("POST", "/rest/webhooks", {"targetUrl": url, "operations": ["company.*"]})[0] == 201
    key = {"Idempotency-Key": str(uuid4())}
    first = client.send("POST", "/rest/companies", {"name": "Once"}, **key)
    assert first[0] == 201 and client.send("POST", "/rest/companies", {"name": "Once"}, **key) == first
    id = first[1]["data"]["createCompany"]["id"]
    assert client.send("PATCH", f"/rest/companies/{id}", {"name": "Twice"})[0] == 200
    assert client.send("DELETE", f"/rest/companies/{id}?soft_delete=true")[0] == 200
    assert client.send("PATCH", f"/rest/restore/companies/{id}")[0] == 200
    found = client.data('query { companies(filter: {name: {eq: "Twice"}}) { edges { node { id } } totalCount } }')
    assert found["companies"] == {"edges": [{"node": {"id": id}}], "totalCount": 1}
    assert client.send("DELETE", f"/rest/companies/{id}")[0] == 200
    verbs = ["created", "deleted", "destroyed", "restored", "updated"]
    until(lambda: len(received) >= len(verbs))
    assert sorted(each["eventName"] for each in received) == [f"company.{verb}" for verb in verbs]
    until(lambda: rows(east.url, "SELECT count(*) FROM webhooks_delivery WHERE status = 'delivered'") == [(5,)])
    assert rows(shared_url(server), "SELECT count(*) FROM webhooks_delivery") == [(0,)]


def test_an_import_is_read_and_an_index_over_it_built(client: Client, server: Server, east: EmbeddedPostgres) -> None:
    table, object_id = company_table(server)
    lines = "".join(json.dumps({"name": f"Imported {number}", "employees": number}) + "\n" for number in range(10_500))
    status, report = client.send(
        "POST", "/rest/companies/import?format=jsonl", lines.encode(), **{"Content-Type": "application/x-ndjson"}
    )
    assert status == 200, report
    [(field_id,)] = rows(
        shared_url(server),
        "SELECT id::text FROM metadata_fieldmetadata WHERE object_id = %s AND name = 'employees'",
        object_id,
    )
    index = client.data(
        "mutation ($input: CreateOneIndexInput!) { createOneIndex(input: $input) { id state } }",
        "/metadata",
        input={
            "index": {"objectMetadataId": object_id, "indexType": "BTREE", "fields": [{"fieldMetadataId": field_id}]}
        },
    )["createOneIndex"]
    assert index["state"] == "BUILDING"
    name = f"x_{index['id'].replace('-', '')}"
    state = "SELECT state FROM metadata_indexmetadata WHERE id = %s"
    until(lambda: rows(shared_url(server), state, index["id"]) == [("READY",)])
    assert rows(
        east.url, "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", f"{table.split('.')[0]}.{name}"
    ) == [(True,)]


def test_a_change_of_the_data_model_that_was_committed_on_one_side_can_be_repeated(
    client: Client, server: Server, east: EmbeddedPostgres
) -> None:
    """As a server leaves it that dies between the two commits: the tables are changed, the data model is not."""
    made = client.data(
        "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }",
        "/metadata",
        input={
            "object": {
                "nameSingular": "rocket",
                "namePlural": "rockets",
                "labelSingular": "Rocket",
                "labelPlural": "Rockets",
            }
        },
    )["createOneObject"]["id"]
    create = "mutation ($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id } }"
    field = client.data(
        create,
        "/metadata",
        input={"field": {"objectMetadataId": made, "type": "TEXT", "name": "code", "label": "Code"}},
    )["createOneField"]["id"]
    table, _ = company_table(server)
    schema = table.split(".")[0]
    rockets = f"{schema}.o_{made.replace('-', '')}"
    rows(east.url, f"CREATE UNIQUE INDEX u_{field.replace('-', '')} ON {rockets} ((data->>'another'))")
    client.data(
        "mutation ($input: UpdateOneFieldMetadataInput!) { updateOneField(input: $input) { id isUnique } }",
        "/metadata",
        input={"id": field, "update": {"isUnique": True}},
    )
    assert client.send("POST", "/rest/rockets", {"code": "A"})[0] == 201
    assert client.send("POST", "/rest/rockets", {"code": "A"})[0] == 400
    rows(east.url, f"DROP TABLE {rockets}")
    client.data(
        "mutation ($input: DeleteOneObjectInput!) { deleteOneObject(input: $input) { id } }",
        "/metadata",
        input={"id": made},
    )
    assert client.send("GET", "/rest/rockets")[0] in (400, 404)


def test_a_workspace_is_placed_by_name_or_by_setting(server: Server, east: EmbeddedPostgres) -> None:
    environment = {"PATH": "", "DATA_DIR": str(server.data_dir), "SHARD_EAST_URL": east.url}

    def create(name: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "workspace", "create", name, "--empty", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env={**environment, **more}, capture_output=True, text=True, check=False
        )

    def shard(done: subprocess.CompletedProcess[str]) -> str:
        assert done.returncode == 0, done.stderr
        [(alias,)] = rows(shared_url(server), "SELECT shard FROM metadata_workspace WHERE id = %s", done.stdout.strip())
        return str(alias)

    assert shard(create("Named", "--shard", "east")) == "east"
    assert shard(create("Where the keys are")) == "default"
    turns = [shard(create(f"Turn {number}", WORKSPACE_PLACEMENT="round-robin")) for number in range(3)]
    assert turns == ["east", "default", "east"]
    assert shard(create("Few", WORKSPACE_PLACEMENT="fewest-records")) == "default"  # the import is in the other one
    before = rows(shared_url(server), "SELECT count(*) FROM metadata_workspace")
    refused = create("Nowhere", "--shard", "west")
    assert refused.returncode == 1 and "There is no database west; there are default, east" in refused.stderr
    assert rows(shared_url(server), "SELECT count(*) FROM metadata_workspace") == before


def test_shards_are_named_in_the_environment() -> None:
    found = shards_in(
        {
            "SHARD_WEST_2_URL": "postgres://west",
            "SHARD_EAST_URL": "postgres://pooler",
            "SHARD_EAST_DIRECT_URL": "postgres://east",
            "SHARD_EAST_ENGINE": "citus",
            "SHARD_EMPTY_URL": "",
        }
    )
    assert {alias: (each.url, each.direct_url, each.engine) for alias, each in found.items()} == {
        "east": ("postgres://pooler", "postgres://east", "citus"),
        "west_2": ("postgres://west", None, "postgresql"),
    }
    with pytest.raises(ValueError, match="SHARD_DEFAULT_URL: the database of DATABASE_URL is called default"):
        shards_in({"SHARD_DEFAULT_URL": "postgres://x"})
    with pytest.raises(ValueError, match="SHARD_EAST_ENGINE should be one of postgresql, citus, not 'oracle'"):
        shards_in({"SHARD_EAST_URL": "postgres://x", "SHARD_EAST_ENGINE": "oracle"})
