"""A deploy without a gap: the code of the last release serves beside this one's, on this one's schema.

Which release that is stands in last_release.json. Its code is taken out of the repository's history; where that does
not reach back as far, in a shallow clone, what needs it is skipped.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from config.server.embedded_postgres import EmbeddedPostgres
from metadata import services
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, api_of, system_of, workspace_with
from tests.ops.deploys import LAST_RELEASE, faults, faults_of, since_the_release
from tests.server import ROOT, _prepared
from webhooks.models import Delivery
from webhooks.services import webhook_create

pytestmark = pytest.mark.long

# Migrations that break a rule and are safe all the same: (app, name) → what of it, and why.
EXCUSED: dict[tuple[str, str], dict[str, str]] = {}

# Of the last release's smoke suite, whose whole takes a minute and more (and passes; 387 tests).
SMOKE = (
    "tests/api/core_rest/test_records.py",
    "tests/api/core_graphql/test_writing.py",
)


# The rules of migrations -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_migrations_since_the_release_leave_its_code_working() -> None:
    for migration in since_the_release():
        key = (migration.app_label, migration.name)
        assert faults_of(migration) == list(EXCUSED.get(key, ())), key


BREAKING = {  # the statement, what old code lives with, and what is said
    "drops a table": ("DROP TABLE t CASCADE", "DROP INDEX i"),
    "drops a view": ("DROP VIEW v", "CREATE VIEW v AS SELECT 1"),
    "drops a function": ("DROP FUNCTION f()", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    "renames a table": ("ALTER TABLE t RENAME TO u", "ALTER INDEX i RENAME TO j"),
    "renames a column": ("ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME CONSTRAINT a TO b"),
    "drops a column": ("ALTER TABLE t DROP COLUMN a", "ALTER TABLE t ADD COLUMN a text"),
    "changes a column's type": (
        "ALTER TABLE t ALTER COLUMN a TYPE int USING a::int",
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1",
    ),
    "makes a column NOT NULL": (
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
    ),
    "drops a column's default": (
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
        "CREATE TABLE t (a int DEFAULT 1); ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
    ),
    "adds a column that is NOT NULL and has no default": (
        "ALTER TABLE t ADD COLUMN a int NOT NULL",
        "ALTER TABLE t ADD COLUMN a int DEFAULT 1 NOT NULL",
    ),
    "adds a constraint (UNIQUE)": (
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
        "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
    ),
    "adds a constraint (CHECK)": ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT c"),
    "adds a constraint (FOREIGN KEY)": (
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)",
        "CREATE TABLE t (a int REFERENCES u (a))",
    ),
    "adds a unique index": (
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
    ),
    "adds a trigger": (
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TABLE t (a int); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    ),
    "builds an index not CONCURRENTLY: writes wait for it": (
        "CREATE INDEX i ON t (a)",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
    ),
    "a DO block: what it does is not seen": ("DO $$ BEGIN DROP TABLE t; END $$", "SELECT 1"),
    "changes rows that old code reads": ("UPDATE t SET a = 2", "INSERT INTO t VALUES (1)"),
    "a change of data in Python: what it does to rows that old code reads is not seen": (
        "-- THIS OPERATION CANNOT BE WRITTEN AS SQL",
        "-- (no-op)",
    ),
}


@pytest.mark.parametrize("said", BREAKING)
def test_what_would_break_old_code_is_found(said: str) -> None:
    breaking, harmless = BREAKING[said]
    assert faults([breaking]) == [said]
    assert faults([harmless]) == []


# The code of the last release ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the last release's code."""
    commit = LAST_RELEASE["commit"]
    done = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"the history here does not reach back to the last release, {commit[:10]} (a shallow clone?)")
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_its_migrations_are_as_they_were(released: Path) -> None:
    """One that was changed afterwards would make new databases that old ones are not like."""
    found = {
        f"{app}/migrations/{path.name}": path.read_text()
        for app in LAST_RELEASE["migrations"]
        for path in (released / app / "migrations").glob("0*.py")
    }
    assert {name: (ROOT / name).read_text() for name in found} == found
    last = {
        app: max(path.stem for path in (released / app / "migrations").glob("0*.py"))
        for app in LAST_RELEASE["migrations"]
    }
    assert last == LAST_RELEASE["migrations"]


def test_its_smoke_suite_passes_on_the_new_schema(released: Path, tmp_path: Path) -> None:
    server: EmbeddedPostgres = _prepared()  # migrated by this code, and empty
    with server:
        administering = psycopg2.connect(server.url.replace("/fourgate?", "/postgres?"))
        administering.autocommit = True
        with administering.cursor() as cursor:
            cursor.execute("CREATE DATABASE test_fourgate TEMPLATE fourgate")
        try:
            environment = {**environment_of(tmp_path), "DATABASE_URL": server.url}
            command = [sys.executable, "-m", "pytest", "-m", "smoke", "-q", "--reuse-db", "-p", "no:cacheprovider"]
            done = subprocess.run(
                [*command, *SMOKE],
                cwd=released,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
        finally:
            with administering.cursor() as cursor:
                cursor.execute("DROP DATABASE test_fourgate WITH (FORCE)")
            administering.close()
    assert done.returncode == 0, done.stdout[-10_000:]
    print(done.stdout.splitlines()[-1])


def environment_of(data_dir: Path) -> dict[str, str]:
    """Of a process of the last release's: nothing of what this one's pytest and Django are told."""
    mine = ("PYTEST_", "DATABASE_", "DJANGO_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    return {**kept, "DATA_DIR": str(data_dir)}


# Both beside each other ------------------------------------------------------------------------------

SERVING = """
import json, sys, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
print("ready", file=sys.stderr, flush=True)
for line in sys.stdin:
    method, path, body, headers = json.loads(line)
    answer = client.generic(method, path, body, "application/json", headers=headers)
    found = b"".join(answer.streaming_content) if answer.streaming else answer.content
    said = [answer.status_code, found.decode(), dict(answer.headers)]
    print("ANSWER " + json.dumps(said), flush=True)
"""


class Released:
    """A client of the last release's code, which answers in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], token: str) -> None:
        self.process, self.token = process, token

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        given = {
            "Authorization": f"Bearer {self.token}",
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        text = "" if body is None else json.dumps(body)
        assert self.process.stdin and self.process.stdout
        print(json.dumps([method, path, text, given]), file=self.process.stdin, flush=True)
        for line in self.process.stdout:  # what it logs stands between the answers
            if line.startswith("ANSWER "):
                status, content, answered = json.loads(line.removeprefix("ANSWER "))
                return status, json.loads(content) if content else None, answered
        raise AssertionError("The process of the last release ended")

    def data(self, query: str, path: str = "/graphql", **variables: Any) -> Any:
        status, body, _ = self.send("POST", path, {"query": query, "variables": variables})
        assert status == 200 and "errors" not in body, body
        return body["data"]


SHIP = {"nameSingular": "ship", "namePlural": "ships", "fields": [{"type": "TEXT", "name": "code", "isUnique": True}]}


@pytest.fixture
def workspace(transactional_db: None) -> Iterator[Workspace]:
    workspace = workspace_with([SHIP])
    webhook_create(system_of(workspace.id), data={"targetUrl": "https://receiver.example/hook"})
    yield workspace
    services.workspace_delete(workspace_id=workspace.id)


@pytest.fixture
def new(workspace: Workspace) -> Api:
    return api_of(workspace)


@pytest.fixture
def old(released: Path, new: Api) -> Iterator[Released]:
    given = connection.settings_dict
    url = f"postgres://{given['USER']}@/{given['NAME']}?host={quote(given['HOST'])}"
    environment = {
        **environment_of(settings.DATA_DIR),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING],
        cwd=released,
        env={**environment, "SECRET_KEY": settings.SECRET_KEY, "ALLOWED_HOSTS": "*"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Released(process, str(new.token))
    finally:
        process.kill()
        process.communicate()


def test_old_and_new_code_write_side_by_side(workspace: Workspace, old: Released, new: Api) -> None:
    # Core REST: what one writes the other reads, updates, deletes and restores.
    status, body, _ = old.send("POST", "/rest/ships", {"code": "old"})
    assert status == 201, body
    of_old = body["data"]["createShip"]["id"]
    of_new = new.post("/rest/ships", {"code": "new"}).body["data"]["createShip"]["id"]
    assert new.patch(f"/rest/ships/{of_old}", {"name": "by new"}).status == 200
    assert old.send("PATCH", f"/rest/ships/{of_new}", {"name": "by old"})[0] == 200
    assert old.send("DELETE", f"/rest/ships/{of_new}?soft_delete=true")[0] == 200
    assert new.patch(f"/rest/restore/ships/{of_new}").status == 200
    assert new.post("/rest/ships", {"code": "old"}).status == 400
    assert old.send("POST", "/rest/ships", {"code": "new"})[0] == 400
    for id, names in ((of_old, "by new"), (of_new, "by old")):
        theirs, ours = old.send("GET", f"/rest/ships/{id}")[1], new.get(f"/rest/ships/{id}").body
        assert theirs == ours and ours["data"]["ship"]["name"] == names
        theirs, ours = old.send("GET", f"/rest/ships/{id}/history")[1], new.get(f"/rest/ships/{id}/history").body
        assert theirs == ours

    # An answer that one has kept, the other gives.
    key = str(uuid4())
    first = old.send("POST", "/rest/ships", {"code": "once"}, Idempotency_Key=key)
    again = new.post("/rest/ships", {"code": "once"}, Idempotency_Key=key)
    assert (first[0], again.status) == (201, 201) and again.body == first[1]
    assert "Idempotent-Replayed" in again.headers

    # Metadata: a change by one is seen by the other at once, over every API.
    [ship] = ObjectMetadata.objects.filter(workspace=workspace, name_singular="ship")
    field = {"objectMetadataId": str(ship.id), "type": "NUMBER", "name": "decks", "label": "Decks"}
    assert new.post("/rest/metadata/fields", field).status == 201
    assert old.send("PATCH", f"/rest/ships/{of_old}", {"decks": 7})[0] == 200
    create = "mutation ($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id } }"
    other = {**field, "type": "TEXT", "name": "harbour", "label": "Harbour"}
    old.data(create, "/metadata", input={"field": other})
    assert new.patch(f"/rest/ships/{of_old}", {"harbour": "Kiel"}).status == 200
    fields = "fields(paging: {first: 50}) { edges { node { id name type label } } }"
    model = f"{{ objects(paging: {{first: 10}}) {{ edges {{ node {{ nameSingular {fields} }} }} }} }}"
    assert old.data(model, "/metadata") == new.data(model, path="/metadata")
    records = "{ ships(orderBy: [{code: AscNullsLast}]) { totalCount edges { node { id code decks harbour } } } }"
    shown = old.data(records)
    assert shown == new.data(records)
    assert [each["node"]["code"] for each in shown["ships"]["edges"]] == ["new", "old", "once"]
    created = old.data('mutation { createShip(data: {code: "graph", decks: 1}) { id } }')["createShip"]["id"]
    assert (
        new.data("mutation ($id: UUID!) { destroyShip(id: $id) { id } }", {"id": created})["destroyShip"]["id"]
        == created
    )

    # Keys and webhooks.
    assert old.send("GET", "/rest/webhooks")[1] == new.get("/rest/webhooks").body
    assert old.send("GET", "/rest/apiKeys")[1] == new.get("/rest/apiKeys").body
    told = Delivery.objects.filter(workspace_id=workspace.id).order_by("id").values_list("event_name", flat=True)
    assert [name.partition(".")[2] for name in told] == [
        *("created", "created", "updated", "updated", "deleted", "restored"),
        *("created", "updated", "updated", "created", "destroyed"),
    ]
