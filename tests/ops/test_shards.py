"""Workspaces whose records are in a second PostgreSQL cluster: a whole server, its workers, and what stands where."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.shards import shards_in
from tests.ops.moves import writing
from tests.ops.receiving import Receiver
from tests.ops.whole import everything
from tests.server import ROOT, Connection, Server, running

pytestmark = pytest.mark.long

Manage = Callable[..., str]


class Client:
    def __init__(self, server: Server, token: str | None = None) -> None:
        self.server = server
        self.token = token or server.demo["api_token"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = self.server.ask(method, path, body, token=self.token, **headers)
        return answer.status, answer.body

    def everything(self) -> dict[str, str]:
        return everything(
            lambda path: self.send("GET", path), lambda query, path: self.send("POST", path, {"query": query})[1]
        )

    def data(self, query: str, path: str = "/graphql", **variables: Any) -> Any:
        status, answer = self.send("POST", path, {"query": query, "variables": variables})
        assert status == 200 and "errors" not in answer, answer
        return answer["data"]


@pytest.fixture(scope="module")
def east(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "east", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def west(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "west", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def server(folder: Path, east: EmbeddedPostgres, west: EmbeddedPostgres) -> Iterator[Server]:
    """With its demo workspace in the second cluster of three."""
    environment = {
        "SHARD_EAST_URL": east.url,
        "SHARD_WEST_URL": west.url,
        "WORKSPACE_PLACEMENT": "east",
        "WORKERS": "1",
    }
    with running(folder / "up", "--no-assets", WEBHOOK_ALLOWED_HOSTS="127.0.0.1", **environment) as server:
        yield server
        log = server.log.read_text()
        assert "Traceback" not in log and '"level":"ERROR"' not in log, log


@pytest.fixture(scope="module")
def manage(server: Server, east: EmbeddedPostgres, west: EmbeddedPostgres) -> Manage:
    """Runs a command of manage.py and gives what it said."""
    settings = {"DATA_DIR": str(server.data_dir), "SHARD_EAST_URL": east.url, "SHARD_WEST_URL": west.url}

    def run(*arguments: str, fails: bool = False, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={"PATH": "", **settings, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == int(fails), done.stderr
        return done.stderr if fails else done.stdout.strip()

    return run


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiving = Receiver()
    yield receiving
    receiving.end()


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
        {"default": "applied", "east": "applied", "west": "applied"},
    )


def test_every_verb_works_and_its_webhooks_arrive(
    client: Client, server: Server, east: EmbeddedPostgres, receiver: Receiver
) -> None:
    assert client.send("POST", "/rest/webhooks", {"targetUrl": receiver.url, "operations": ["company.*"]})[0] == 201
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
    until(lambda: len(receiver.bodies) >= len(verbs))
    assert sorted(json.loads(each)["eventName"] for each in receiver.bodies) == [f"company.{verb}" for verb in verbs]
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
    assert client.send("GET", "/rest/rockets")[0] == 400


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


# A whole workspace as a file -------------------------------------------------------------------------


def whole_workspace(server: Server, manage: Manage, name: str, shard: str) -> Client:
    """A workspace with something of everything, and a client with a key of it."""
    manage("workspace", "create", name, "--empty", "--shard", shard)
    client = Client(server, manage("apikey", "create", "--workspace", name, "--name", "Whole", "--role", "Admin"))
    object_input = {
        "nameSingular": "rocket",
        "namePlural": "rockets",
        "labelSingular": "Rocket",
        "labelPlural": "Rockets",
    }
    rocket = client.data(
        "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }",
        "/metadata",
        input={"object": object_input},
    )["createOneObject"]["id"]
    fields = {}
    options = [
        {"value": each, "label": each, "color": "blue", "position": at} for at, each in enumerate(("UP", "DOWN"))
    ]
    for type, field, more in (
        ("TEXT", "code", {"isUnique": True}),
        ("SELECT", "state", {"options": options}),
        ("NUMBER", "speed", {}),
        ("FILES", "papers", {"settings": {"maxNumberOfValues": 3}}),
        ("RAW_JSON", "notes", {}),
    ):
        fields[field] = client.data(
            "mutation ($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id } }",
            "/metadata",
            input={"field": {"objectMetadataId": rocket, "type": type, "name": field, "label": field, **more}},
        )["createOneField"]["id"]
    client.data(
        "mutation ($input: CreateOneIndexInput!) { createOneIndex(input: $input) { id } }",
        "/metadata",
        input={
            "index": {
                "objectMetadataId": rocket,
                "indexType": "BTREE",
                "fields": [{"fieldMetadataId": fields["speed"]}],
            }
        },
    )
    view = client.data(
        "mutation ($input: CreateViewInput!) { createView(input: $input) { id } }",
        "/metadata",
        input={"name": "Fast ones", "icon": "IconX", "objectMetadataId": rocket},
    )["createView"]["id"]
    view_filter = {"viewId": view, "fieldMetadataId": fields["speed"], "operand": "GREATER_THAN_OR_EQUAL", "value": "3"}
    assert client.send("POST", "/rest/metadata/viewFilters", view_filter)[0] == 201
    guest = client.data(
        "mutation ($v: CreateRoleInput!) { createOneRole(createRoleInput: $v) { id } }",
        "/metadata",
        v={"label": "Guest", "canReadAllObjectRecords": True},
    )["createOneRole"]["id"]
    client.data(
        "mutation ($v: UpsertObjectPermissionsInput!) { upsertObjectPermissions(upsertObjectPermissionsInput: $v)"
        " { objectMetadataId } }",
        "/metadata",
        v={"roleId": guest, "objectPermissions": [{"objectMetadataId": rocket, "canReadObjectRecords": False}]},
    )
    hook = {"targetUrl": "http://127.0.0.1:9/hook", "operations": ["rocket.destroyed"]}
    assert client.send("POST", "/rest/webhooks", hook)[0] == 201
    file_id = upload(client, fields["papers"], b"\x00\xff" * 70_000)
    records = [
        {"name": f"Acme {number}", "code": f"A{number}", "speed": number, "state": ("UP", "DOWN")[number % 2]}
        for number in range(40)
    ]
    records[3] |= {"papers": [{"fileId": file_id, "label": "plan.pdf"}], "notes": {"of": rocket, "tab": "\t\\n\n"}}
    status, made = client.send("POST", "/rest/batch/rockets", records)
    assert status == 201, made
    ids = [each["id"] for each in made["data"]["createRockets"]]
    assert client.send("PATCH", f"/rest/rockets/{ids[5]}", {"speed": 500, "name": "Zoë \U0001f680"})[0] == 200
    assert client.send("DELETE", f"/rest/rockets/{ids[6]}?soft_delete=true")[0] == 200
    assert client.send("DELETE", f"/rest/rockets/{ids[7]}")[0] == 200
    return client


def upload(client: Client, field_id: str, content: bytes) -> str:
    edge = uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="fieldMetadataId"\r\n\r\n{field_id}\r\n--{edge}\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="plan.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    status, answer = client.send("POST", "/rest/metadata/files", body, **kind)
    assert status == 201, answer
    return str(answer["data"]["createOneFile"]["id"])


def paper(client: Client) -> bytes:
    [record] = client.send("GET", "/rest/rockets?filter=code[eq]:A3")[1]["data"]["rockets"]
    with Connection(client.server.port, None) as anybody:
        answer = anybody.get(record["papers"][0]["url"].removeprefix(client.server.url))
    assert answer.status == 200
    return bytes(answer.body)


WORKSPACE = "metadata/workspace"


def without_names(answers: dict[str, str]) -> dict[str, str]:
    """What a workspace is told apart from its copy by is left out."""
    settings = json.loads(answers[WORKSPACE])
    inner = settings["data"]["workspace"] if "data" in settings else settings
    for name in ("displayName", "subdomain", "inviteHash", "databaseSchema"):
        inner.pop(name, None)
    return {**answers, WORKSPACE: json.dumps(settings)}


def workspaces(server: Server) -> list[tuple[Any, ...]]:
    return rows(shared_url(server), "SELECT id::text, shard FROM metadata_workspace ORDER BY 1")


@pytest.fixture(scope="module")
def whole(server: Server, manage: Manage) -> Client:
    return whole_workspace(server, manage, "Whole", "east")


@pytest.fixture(scope="module")
def backup(manage: Manage, whole: Client, folder: Path) -> Path:
    path = folder / "whole.backup"
    manage("workspace", "export", "Whole", "--to", str(path))
    return path


def test_a_backup_makes_the_same_workspace_again(
    server: Server,
    manage: Manage,
    whole: Client,
    backup: Path,
    folder: Path,
    west: EmbeddedPostgres,
    east: EmbeddedPostgres,
) -> None:
    original, path = whole, backup
    assert path.stat().st_mode & 0o777 == 0o600
    copy_id = manage("workspace", "import", str(path), "--name", "Copy", "--to", "west")
    copy = Client(server, manage("apikey", "create", "--workspace", "Copy", "--name", "Copy", "--role", "Admin"))
    assert without_names(copy.everything()) == without_names(original.everything())
    assert paper(copy) == paper(original) == b"\x00\xff" * 70_000
    assert rows(shared_url(server), "SELECT name FROM apikeys_apikey WHERE workspace_id = %s", copy_id) == [("Copy",)]
    [(rocket,)] = rows(
        shared_url(server),
        "SELECT id::text FROM metadata_objectmetadata WHERE name_singular = 'rocket' AND workspace_id = %s",
        copy_id,
    )
    [record] = copy.send("GET", "/rest/rockets?filter=code[eq]:A3")[1]["data"]["rockets"]
    assert record["notes"] == {"of": rocket, "tab": "\t\\n\n"}  # what names an object names the copy's
    assert indexes_of(west, copy_id) == indexes_of(east, workspace_id(server, "Whole"))
    assert copy.send("POST", "/rest/rockets", {"code": "A1"})[0] == 400
    assert copy.send("POST", "/rest/rockets", {"code": "B1"})[0] == 201
    before = (copy.everything(), rows(shared_url(server), "SELECT id::text FROM apikeys_apikey ORDER BY 1"))

    again = folder / "again.backup"
    manage("workspace", "export", copy_id, "--to", str(again))
    manage("workspace", "delete", "--workspace", copy_id, "--yes")
    manage("maintain", "--once", DELETED_WORKSPACE_DAYS="0")
    assert copy.send("GET", "/rest/rockets")[0] == 401
    assert manage("workspace", "import", str(again), "--to", "default") == copy_id
    after = (copy.everything(), rows(shared_url(server), "SELECT id::text FROM apikeys_apikey ORDER BY 1"))
    assert after == before  # with its keys
    assert (copy_id, "default") in workspaces(server)


def workspace_id(server: Server, name: str) -> str:
    [(id,)] = rows(shared_url(server), "SELECT id::text FROM metadata_workspace WHERE display_name = %s", name)
    return str(id)


def indexes_of(cluster: EmbeddedPostgres, workspace: str) -> int:
    text = "SELECT count(*) FROM pg_indexes WHERE schemaname = %s"
    [(count,)] = rows(cluster.url, text, f"ws_{workspace.replace('-', '')}")
    return int(count)


def test_a_backup_that_cannot_be_read_changes_nothing(
    server: Server, manage: Manage, backup: Path, folder: Path, west: EmbeddedPostgres
) -> None:
    bad = folder / "bad.backup"
    content = backup.read_bytes()
    before = workspaces(server)
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ws\\_%%' ORDER BY 1"
    there = rows(west.url, schemas)
    middle = len(content) // 2
    for damaged in (content[:-100], content[:middle] + b"\x00\x00\x00\x00" + content[middle + 4 :]):
        bad.write_bytes(damaged)
        said = manage("workspace", "import", str(bad), "--name", "Bad", "--to", "west", fails=True)
        assert "The file is damaged or no backup of a workspace; nothing was imported" in said
    bad.unlink()
    with ZipFile(backup) as old, ZipFile(bad, "w") as newer:
        for name in old.namelist():
            text = old.read(name)
            newer.writestr(name, text.replace(b'"version": 1,', b'"version": 2,') if name == "manifest.json" else text)
    said = manage("workspace", "import", str(bad), "--name", "Bad", "--to", "west", fails=True)
    assert "The file was made by release 0.1.0, which is newer than this one; nothing was imported" in said
    assert (workspaces(server), rows(west.url, schemas)) == (before, there)


# Moves -----------------------------------------------------------------------------------------------


def move(manage: Manage, name: str, to: str, **options: Any) -> str:
    return manage("workspace", "move", name, "--to", to, "--keep", "0.5", **options)


@contextmanager
def begun(server: Server, urls: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that is killed at the end, as it is at a power cut."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": "", "DATA_DIR": str(server.data_dir), **urls},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def places(server: Server, east: EmbeddedPostgres, west: EmbeddedPostgres) -> dict[str, str]:
    return {"west": west.url, "default": shared_url(server), "east": east.url}


def here_and_there(server: Server, name: str) -> tuple[str, str]:
    """The database that a workspace is in, and another one."""
    here = str(state(server, name)[0])
    return here, "west" if here == "east" else "east"


def said(process: subprocess.Popen[str], text: str) -> None:
    """Wait until a command says so."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return
    pytest.fail("".join(lines))


@pytest.fixture
def urls(east: EmbeddedPostgres, west: EmbeddedPostgres) -> dict[str, str]:
    return {"SHARD_EAST_URL": east.url, "SHARD_WEST_URL": west.url}


def state(server: Server, name: str) -> tuple[Any, ...]:
    """Where a workspace is, and what is noted of a move."""
    [found] = rows(shared_url(server), "SELECT shard, move FROM metadata_workspace WHERE display_name = %s", name)
    return found


def has_schema(url: str, schema: str) -> bool:
    return rows(url, "SELECT to_regnamespace(%s) IS NOT NULL", schema) == [(True,)]


def schema_of(server: Server, name: str) -> str:
    return f"ws_{workspace_id(server, name).replace('-', '')}"


def add(client: Client) -> int:
    return client.send("POST", "/rest/rockets", {"name": "Later"})[0]


def test_a_workspace_moves_while_it_is_written_to(
    server: Server,
    manage: Manage,
    whole: Client,
    east: EmbeddedPostgres,
    west: EmbeddedPostgres,
    receiver: Receiver,
) -> None:
    ping = {"nameSingular": "ping", "namePlural": "pings", "labelSingular": "Ping", "labelPlural": "Pings"}
    create = "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }"
    whole.data(create, "/metadata", input={"object": ping})
    assert whole.send("POST", "/rest/webhooks", {"targetUrl": receiver.url, "operations": ["ping.created"]})[0] == 201
    schema = schema_of(server, "Whole")
    places = {"west": west.url, "default": shared_url(server), "east": east.url}
    with writing(server, whole.token, writers=2, a_second=200) as written:
        for place in places:
            assert f"The workspace is in {place}" in move(manage, "Whole", place)
            assert [name for name, each in places.items() if has_schema(each, schema)] == [place]
    assert written.faults == []
    assert state(server, "Whole") == ("east", None)
    ids = dict(
        rows(
            shared_url(server),
            "SELECT name_singular, replace(id::text, '-', '') FROM metadata_objectmetadata WHERE workspace_id = %s",
            workspace_id(server, "Whole"),
        )
    )
    rockets = f"{schema}.o_{ids['rocket']}"
    made = rows(east.url, f"SELECT id::text FROM {rockets} WHERE data->>'name' LIKE 'R %%' ORDER BY 1")
    assert made == sorted((id,) for id in written.rockets) and made
    assert rows(east.url, f"SELECT id::text FROM {schema}.o_{ids['ping']} ORDER BY 1") == sorted(
        (id,) for id in written.pings
    )
    count = "SELECT (SELECT sum(live) FROM {0}.record_count WHERE object_id = %s), count(*) FROM {1} WHERE deleted_at IS NULL"
    [(kept, counted)] = rows(east.url, count.format(schema, rockets), str(UUID(ids["rocket"])))
    assert kept == counted
    noted = f"SELECT action, record_id::text FROM {schema}.history WHERE record_id = ANY(%s::uuid[]) ORDER BY 1, 2"
    expected = [("created", id) for id in written.rockets] + [("updated", id) for id in written.updates]
    assert rows(east.url, noted, written.rockets) == sorted(expected)
    until(lambda: len(receiver.bodies) >= len(written.pings))
    assert sorted(json.loads(each)["record"]["id"] for each in receiver.bodies) == sorted(written.pings)
    log = "SELECT count(*) FROM webhooks_delivery WHERE workspace_id = %s AND status = 'delivered'"
    until(lambda: rows(east.url, log, workspace_id(server, "Whole")) == [(len(written.pings),)])
    for other in (west.url, shared_url(server)):
        assert rows(other, log, workspace_id(server, "Whole")) == [(0,)]


def test_a_move_that_is_killed_is_gone_on_with(
    server: Server, manage: Manage, whole: Client, urls: dict[str, str], places: dict[str, str]
) -> None:
    schema, shared = schema_of(server, "Whole"), shared_url(server)
    here, there = here_and_there(server, "Whole")
    arguments = ("workspace", "move", "Whole", "--to", there)

    with begun(server, urls, *arguments):  # killed when it copies
        until(lambda: has_schema(places[there], schema))
    assert state(server, "Whole") == (here, {"from": here, "to": there})
    assert add(whole) == 201

    blocking = psycopg2.connect(shared)
    with begun(server, urls, *arguments, "--keep", "60") as process:  # killed when it holds the writes
        said(process, "Going on with a move that was cut off")
        said(process, "Round 1")
        with blocking.cursor() as cursor:  # the switch waits for it
            cursor.execute("LOCK TABLE metadata_workspace IN SHARE MODE")
        until(lambda: rows(places[here], "SELECT to_regproc(%s) IS NOT NULL", f"{schema}.writes_held") == [(True,)])
        status, answer = whole.send("POST", "/rest/rockets", {"name": "Held"})
        assert (status, answer["code"], answer["retryAfterSeconds"]) == (503, "WORKSPACE_MOVING", 1)
        graphql = {"query": 'mutation { createRocket(data: {name: "Held"}) { id } }'}
        assert whole.send("POST", "/graphql", graphql)[1]["errors"][0]["extensions"]["subCode"] == "WORKSPACE_MOVING"
        assert whole.send("GET", "/rest/rockets?limit=1")[0] == 200
        process.kill()
        process.wait()
    blocking.close()
    until(lambda: add(whole) == 201)  # maintenance has let writes go on
    assert state(server, "Whole")[0] == here

    with begun(server, urls, *arguments, "--keep", "60") as process:  # killed after the switch
        said(process, "Writes were held")
        assert add(whole) == 201
    until(lambda: state(server, "Whole") == (there, None))  # maintenance has done what was left
    assert (has_schema(places[here], schema), has_schema(places[there], schema)) == (False, True)
    found = whole.send("GET", "/rest/rockets?filter=name[in]:[Later,Held]")[1]["data"]["rockets"]
    assert [each["name"] for each in found] == ["Later"] * 3


def test_a_move_that_fails_is_undone(
    server: Server, manage: Manage, whole: Client, urls: dict[str, str], places: dict[str, str]
) -> None:
    schema, shared = schema_of(server, "Whole"), shared_url(server)
    here, there = here_and_there(server, "Whole")
    blocking = psycopg2.connect(shared)
    with begun(server, urls, "workspace", "move", "Whole", "--to", there) as process:
        said(process, "Round 1")
        with blocking.cursor() as cursor:
            cursor.execute("LOCK TABLE metadata_workspace IN SHARE MODE")
        held = "SELECT to_regproc(%s) IS NOT NULL"
        until(lambda: rows(places[here], held, f"{schema}.writes_held") == [(True,)])
        waits = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'UPDATE metadata_workspace SET shard%%'"
        until(lambda: rows(shared, waits) == [(True,)])  # the connection that would have switched
        blocking.close()
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert f"The workspace is in {here}; the copy in {there} is removed" in rest
        assert "CommandError: The workspace was not moved: " in rest
    assert state(server, "Whole") == (here, None)
    assert not has_schema(places[there], schema)
    assert add(whole) == 201

    away = "postgres://fourgate@127.0.0.1:9/none"
    assert "The workspace was not moved" in move(
        manage, "Whole", there, fails=True, **{f"SHARD_{there.upper()}_URL": away}
    )
    until(lambda: state(server, "Whole") == (here, None))  # maintenance, to which it is there, has removed nothing
    assert add(whole) == 201
    refused = move(manage, "Whole", "south", fails=True)
    assert "There is no database south; there are default, east, west" in refused


def test_on_citus_its_own_function_moves_the_schema(
    server: Server, manage: Manage, whole: Client, places: dict[str, str]
) -> None:
    """Citus is not here: what would be sent to it is."""
    here, _ = here_and_there(server, "Whole")
    rows(places[here], "CREATE TABLE public.sent (what text)")
    rows(
        places[here],
        "CREATE FUNCTION public.citus_schema_move(regnamespace, text, integer) RETURNS void LANGUAGE sql"
        " AS $$INSERT INTO public.sent VALUES ($1::text || ' ' || $2 || ' ' || $3)$$",
    )
    told = move(manage, "Whole", "10.0.0.7:5433", **{f"SHARD_{here.upper()}_ENGINE": "citus"})
    assert told == "The workspace is on 10.0.0.7:5433"
    assert rows(places[here], "SELECT what FROM public.sent") == [(f"{schema_of(server, 'Whole')} 10.0.0.7 5433",)]
    assert state(server, "Whole") == (here, None)
