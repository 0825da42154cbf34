"""What commits together is there together, whoever dies: the web server's process, the database that the workspace's
records are in, the shared one, or the worker that delivers.

Two workspaces, one in the shared database and one in another, are written to under load; every request has an
Idempotency-Key. A request is a line: what it did to which record, and the number that it wrote. Records, history,
deliveries and kept answers are read as such lines too, so the four can be compared. A failing run prints its seed;
RANDOM_SEED=<seed> runs that one.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from tests.chance import seeds
from tests.ops.receiving import Receiver
from tests.server import ROOT, Server, _give_database, running

pytestmark = pytest.mark.alone

CLIENTS = 2  # of each workspace
BETWEEN_KILLS = 20  # answers of each workspace
LONGEST_S = 0.4  # after these, the moment of the kill
DEADLINE_S = 60
[SEED] = seeds(227043)[:1]


class Line(NamedTuple):
    """A request, or what is kept of it."""

    verb: str  # created, updated, deleted (softly), destroyed
    record_id: str
    number: int | None  # what an update wrote


@dataclass
class Request:
    line: Line
    method: str
    path: str
    body: Any
    key: str = field(default_factory=lambda: str(uuid4()))
    answer: tuple[int, bytes] | None = None  # None: nobody knows what became of it

    def send(self, connection: http.client.HTTPConnection, token: str) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": self.key,
        }
        text = None if self.body is None else json.dumps(self.body)
        connection.request(self.method, self.path, text, headers)
        response = connection.getresponse()
        return response.status, response.read()


@dataclass
class Place:
    """A workspace, and the database that its records are in."""

    name: str
    shard: str
    url: str  # of the database
    token: str
    requests: list[Request] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Request]:
        return [each for each in list(self.requests) if each.answer]

    @property
    def unanswered(self) -> list[Request]:
        return [each for each in self.requests if not each.answer]


class Client(threading.Thread):
    """Makes records, updates and deletes them; a record whose request has no answer is left as it is."""

    def __init__(self, server: Server, place: Place, over: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.address, self.place, self.over = urlsplit(server.url).netloc, place, over
        self.random = random.Random(seed)
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.one_record()
        except Exception as fault:
            self.place.unexpected.append(repr(fault))

    def one_record(self) -> None:
        id, path = str(uuid4()), "/rest/companies"
        done = self.do(Request(Line("created", id, None), "POST", path, {"id": id, "name": f"Kept {id}"}))
        for _ in range(self.random.randrange(3)):
            number = self.random.randrange(1, 10**9)
            done = done and self.do(
                Request(Line("updated", id, number), "PATCH", f"{path}/{id}", {"employees": number})
            )
        end = self.random.choice((None, "deleted", "destroyed"))
        if done and end:
            softly = "?soft_delete=true" if end == "deleted" else ""
            self.do(Request(Line(end, id, None), "DELETE", f"{path}/{id}{softly}", None))

    def do(self, request: Request) -> bool:
        """Whether it was answered. A client that is told to try again does, a few times, under the same key."""
        self.place.requests.append(request)
        for _ in range(3):
            try:
                self.connection = self.connection or http.client.HTTPConnection(self.address, timeout=DEADLINE_S)
                status, body = request.send(self.connection, self.place.token)
            except (OSError, http.client.HTTPException):  # the process that worked on it is gone
                self.connection = None
                status, body = 0, b""
            if status in (200, 201):
                request.answer = (status, body)
                return True
            if status == 409 and json.loads(body)["code"] == "IDEMPOTENCY_KEY_IN_USE":
                return False  # until the lease of the one that died ends
            if status not in (0, 503):
                self.place.unexpected.append(f"{request.line}: {status} {body!r}")
                return False
            if self.over.wait(0.1):
                return False
        return False


# What is there ---------------------------------------------------------------------------------------


def rows(url: str, query: str, *params: Any) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@dataclass(frozen=True)
class Kept:
    """What the databases hold of the requests, as lines."""

    records: dict[str, tuple[int | None, bool]]  # the number, and whether it is in the trash
    history: Counter[Line]
    deliveries: Counter[Line]
    answers: Counter[Line]


def kept(place: Place, schema: str, table: str) -> Kept:
    records = rows(
        place.url,
        f"SELECT id::text, (data->>'employees')::int, deleted_at IS NOT NULL FROM {table} WHERE data->>'name' LIKE 'Kept %%'",
    )
    ids = [each.line.record_id for each in place.requests if each.line.verb == "created"]
    history = rows(
        place.url,
        "SELECT action, record_id::text, (changes->'after'->>'employees')::int"
        f" FROM {schema}.history WHERE record_id = ANY(%s::uuid[])",
        ids,
    )
    deliveries = rows(
        place.url,
        "SELECT split_part(event_name, '.', 2), record_id::text,"
        " CASE WHEN event_name LIKE '%%.updated' THEN (convert_from(body, 'UTF8')::jsonb->'record'->>'employees')::int END"
        " FROM webhooks_delivery WHERE record_id = ANY(%s::uuid[])",
        ids,
    )
    of_keys = {each.key: each.line for each in place.requests}
    keys = rows(
        place.url, "SELECT key FROM core_idempotencykey WHERE status IN (200, 201) AND key = ANY(%s)", list(of_keys)
    )
    return Kept(
        {id: (number, is_deleted) for id, number, is_deleted in records},
        Counter(Line(*each) for each in history),
        Counter(Line(*each) for each in deliveries),
        Counter(of_keys[key] for (key,) in keys),
    )


def records_after(lines: list[Line]) -> dict[str, tuple[int | None, bool]]:
    """What requests that were carried out, in their order, make of the records."""
    found: dict[str, tuple[int | None, bool]] = {}
    for verb, id, number in lines:
        if verb == "destroyed":
            del found[id]
        else:
            found[id] = {
                "created": (None, False),
                "updated": (number, False),
                "deleted": (found.get(id, (None,))[0], True),
            }[verb]
    return found


def until(fact: Callable[[], Any], what: Callable[[], Any] = lambda: None) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not fact():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


# The scene -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def east(folder: Path) -> Iterator[EmbeddedPostgres]:
    (folder / "east").mkdir()
    _give_database(folder / "east")
    server = EmbeddedPostgres(folder / "east")  # durable: what it acknowledged it has after a kill
    server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def server(folder: Path, east: EmbeddedPostgres) -> Iterator[Server]:
    environment = {"SHARD_EAST_URL": east.url, "WORKSPACE_PLACEMENT": "east", "WORKERS": "2"}
    with running(folder / "up", "--no-assets", WEBHOOK_ALLOWED_HOSTS="127.0.0.1", **environment) as server:
        yield server


@pytest.fixture(scope="module")
def places(server: Server, east: EmbeddedPostgres) -> list[Place]:
    def manage(*arguments: str) -> str:
        environment = {"PATH": "", "DATA_DIR": str(server.data_dir), "SHARD_EAST_URL": east.url}
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    manage("workspace", "create", "Shared", "--shard", "default")
    key = manage("apikey", "create", "--workspace", "Shared", "--name", "Kill", "--role", "Admin").strip()
    return [
        Place("Demo", "east", east.url, server.demo["api_token"]),
        Place("Shared", "default", EmbeddedPostgres(server.data_dir).url, key),
    ]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiving = Receiver()
    yield receiving
    receiving.end()


def ask(server: Server, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=DEADLINE_S)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if content else None


def descendants(pid: int) -> list[int]:
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def processes_of(server: Server, *words: str) -> list[int]:
    """Processes of ours under this test's, whose commands have these words."""
    found = []
    for pid in descendants(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            environment = Path(f"/proc/{pid}/environ").read_text()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if set(words) <= set(command) and f"DATA_DIR={server.data_dir}\0" in environment:
            found.append(pid)
    return found


def kill_web_worker(server: Server, east: EmbeddedPostgres, chance: random.Random) -> None:
    workers = processes_of(server, "config.server.granian")[1:]  # the first is their parent
    os.kill(chance.choice(workers), signal.SIGKILL)


def kill_delivering(server: Server, east: EmbeddedPostgres, chance: random.Random) -> None:
    os.kill(processes_of(server, "deliver_webhooks", "east")[0], signal.SIGKILL)


def kill_east(server: Server, east: EmbeddedPostgres, chance: random.Random) -> None:
    assert east.pid
    os.kill(east.pid, signal.SIGKILL)
    until(lambda: not east.is_running())
    assert east.start()


def kill_shared(server: Server, east: EmbeddedPostgres, chance: random.Random) -> None:
    pid = EmbeddedPostgres(server.data_dir).pid  # `manage.py up` starts it again
    assert pid
    os.kill(pid, signal.SIGKILL)


KILLS = (kill_web_worker, kill_east, kill_delivering, kill_shared, kill_east, kill_web_worker)


def test_what_commits_together_is_there_together_after_kills(
    server: Server, east: EmbeddedPostgres, places: list[Place], receiver: Receiver
) -> None:
    print(f"RANDOM_SEED={SEED}")
    url, received = receiver.url, receiver.ids
    tables = {}
    for place in places:
        hook = {"targetUrl": url, "operations": ["company.*"]}
        assert ask(server, place.token, "POST", "/rest/webhooks", hook)[0] == 201
        _, settings = ask(server, place.token, "GET", "/rest/metadata/workspace")
        [company] = [
            each
            for each in ask(server, place.token, "GET", "/rest/metadata/objects?limit=200")[1]["data"]["objects"]
            if each["nameSingular"] == "company"
        ]
        schema = re.search(r"ws_[0-9a-f]{32}", json.dumps(settings))
        assert schema, settings
        tables[place.name] = (schema[0], f"{schema[0]}.o_{company['id'].replace('-', '')}")

    write_until_killed(server, east, places)
    for place in places:
        assert place.unexpected == []
        done = kept(place, *tables[place.name])
        acknowledged = Counter(each.line for each in place.acknowledged)
        print(place.name, len(place.requests), "requests,", len(place.unanswered), "without an answer")
        assert acknowledged - done.answers == Counter()
        assert done.history == done.deliveries == done.answers
        assert max(done.history.values()) == 1
        carried_out = [each.line for each in place.requests if done.answers[each.line]]
        assert done.records == records_after(carried_out)

    let_leases_end(places)
    for place in places:  # whoever got no answer sends it again, as does somebody who lost theirs
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=DEADLINE_S)
        for each in place.unanswered:
            each.answer = each.send(connection, place.token)
            assert each.answer[0] in (200, 201), (each, each.answer)
        for each in place.requests[::7]:
            assert each.send(connection, place.token) == each.answer
        done = kept(place, *tables[place.name])
        expected = Counter(each.line for each in place.requests)
        assert done.history == done.deliveries == done.answers == expected
        assert done.records == records_after([each.line for each in place.requests])

    count = sum(len(place.requests) for place in places)
    until(lambda: len(set(received)) >= count, lambda: (len(set(received)), count, server.log.read_text()[-3000:]))
    sent = "SELECT status, count(*) FROM webhooks_delivery GROUP BY 1"
    for place in places:
        until(lambda place=place: rows(place.url, sent) == [("delivered", len(place.requests))])  # type: ignore[misc]
    assert len(set(received)) == count
    assert "Traceback" not in server.log.read_text()


def write_until_killed(server: Server, east: EmbeddedPostgres, places: list[Place]) -> None:
    """Load, and what KILLS kills during it, each at a moment of chance."""
    chance, over = random.Random(SEED), threading.Event()
    clients = [Client(server, place, over, SEED + number) for place in places for number in range(CLIENTS)]
    for each in clients:
        each.start()
    try:
        for kill in (*KILLS, lambda *_: None):
            before = [len(place.acknowledged) for place in places]
            until(
                lambda before=before: all(  # type: ignore[misc]
                    len(place.acknowledged) >= had + BETWEEN_KILLS or place.unexpected
                    for place, had in zip(places, before, strict=True)
                ),
                lambda: server.log.read_text()[-3000:],
            )
            time.sleep(chance.uniform(0, LONGEST_S))
            kill(server, east, chance)
    finally:
        over.set()
        for each in clients:
            each.join(DEADLINE_S)


def let_leases_end(places: list[Place]) -> None:
    """As a minute does: the keys of requests that died are free, and others send what a killed worker was sending."""
    for place in places:
        rows(place.url, "UPDATE core_idempotencykey SET lease_until = now() - interval '1 s' WHERE status IS NULL")
        rows(
            place.url,
            "UPDATE webhooks_delivery SET lease_until = now() - interval '1 s' WHERE status = 'delivering'",
        )
