"""Two clients change the same object at once on a running server, while others read it without a pause.

One order or the other, never a half: every reader sees names and labels that one client wrote together, every change
raises the version by one, and nobody is answered with a fault of the server.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.server import Server, running

DURATION_S = 5.0
OBJECTS, FIELDS = "/rest/metadata/objects", "/rest/metadata/fields"
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("data"), "--no-assets", WORKERS="3") as started:
        yield started


def client(server: Server) -> Ask:
    """A client with a kept connection: `ask(method, path, body)` is the answer's status and JSON."""
    connection = server.connect()

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = connection.request(method, path, body)
        assert answer.status < 500, (path, answer.body)
        return answer.status, answer.body

    return ask


def graphql(ask: Ask, query: str, path: str = "/graphql") -> Any:
    """The whole answer, which has no fault of the server in it."""
    content = ask("POST", path, {"query": query})[1]
    assert "INTERNAL_SERVER_ERROR" not in [each["extensions"]["code"] for each in content.get("errors", ())], content
    return content


def version(ask: Ask) -> int:
    return int(
        graphql(ask, "{ currentWorkspace { metadataVersion } }", "/metadata")["data"]["currentWorkspace"][
            "metadataVersion"
        ]
    )


def named(word: str, number: int) -> dict[str, str]:
    name = f"{word}{number}"
    return {
        "nameSingular": name,
        "namePlural": f"{name}s",
        "labelSingular": name.title(),
        "labelPlural": f"{name.title()}s",
    }


def together(names: dict[str, Any]) -> bool:
    """Whether the four names were written by one change."""
    return (
        names["namePlural"] == f"{names['nameSingular']}s" and names["labelSingular"] == names["nameSingular"].title()
    )


class Readers:
    """What goes on beside the changes, each in a thread of its own; a failing one fails the test."""

    def __init__(self, server: Server) -> None:
        self.rounds: Counter[str] = Counter()
        self.faults: list[BaseException] = []
        self._server = server
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, work: Callable[[Ask], None]) -> None:
        def run() -> None:
            try:
                ask = client(self._server)
                while not self._stop.is_set():
                    work(ask)
                    self.rounds[name] += 1
            except BaseException as fault:
                self.faults.append(fault)
                self._stop.set()

        self._threads.append(threading.Thread(target=run, name=name))
        self._threads[-1].start()

    def run_for(self, duration_s: float) -> None:
        self._stop.wait(duration_s)
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self.faults == []


def make(ask: Ask, names: dict[str, str]) -> str:
    status, made = ask("POST", OBJECTS, names)
    assert status == 201, made
    return str(made["data"]["createOneObject"]["id"])


def test_one_object_renamed_by_two_while_others_read(server: Server) -> None:
    ask = client(server)
    ship = make(ask, named("ship", 0))
    port = make(ask, named("port", 0))
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": port, "targetFieldLabel": "Ships"}
    relation = {"objectMetadataId": ship, "type": "RELATION", "name": "home", "label": "Home"}
    status, answer = ask("POST", FIELDS, {**relation, "relationCreationPayload": payload})
    assert status == 201, answer
    assert ask("POST", "/rest/port0s", {"name": "Hamburg"})[0] == 201
    before = version(ask)
    changed: Counter[str] = Counter()

    def rename(word: str) -> Callable[[Ask], None]:
        def work(ask: Ask) -> None:
            number = changed[word] + 1
            names = named(word, number)
            status, answer = ask("PATCH", f"{OBJECTS}/{ship}", names)
            assert status == 200, answer
            changed[word] = number
            assert {name: answer["data"]["updateOneObject"][name] for name in names} == names

        return work

    def read_metadata(ask: Ask) -> None:
        status, answer = ask("GET", f"{OBJECTS}/{ship}")
        assert status == 200, answer
        assert together(answer["data"]["object"]), answer
        node = graphql(ask, f'{{ object(id: "{ship}") {{ nameSingular namePlural labelSingular }} }}', "/metadata")
        assert together(node["data"]["object"]), node

    def read_records(ask: Ask) -> None:
        status, answer = ask("GET", "/rest/port0s?depth=1")
        assert status == 200, answer
        [record] = answer["data"]["port0s"]
        assert record["ships"] == [], record
        answer = graphql(ask, "{ port0s { edges { node { name ships { edges { node { id home { id } } } } } } } }")
        assert "errors" not in answer, answer

    def write_records(ask: Ask) -> None:
        names = ask("GET", f"{OBJECTS}/{ship}")[1]["data"]["object"]
        status, answer = ask("POST", f"/rest/{names['namePlural']}", {"name": "Cap San Diego"})
        assert status in (201, 400, 404), answer  # 400 and 404: renamed since its name was read

    def read_documents(ask: Ask) -> None:
        assert ask("GET", "/rest/open-api/core")[0] == 200
        answer = graphql(ask, "{ __schema { types { name fields { name } } } }")
        assert "errors" not in answer, answer

    readers = Readers(server)
    for name, work in (
        ("red", rename("red")),
        ("blue", rename("blue")),
        ("metadata", read_metadata),
        ("records", read_records),
        ("writes", write_records),
        ("documents", read_documents),
    ):
        readers.start(name, work)
    readers.run_for(DURATION_S)

    assert set(readers.rounds) == {"red", "blue", "metadata", "records", "writes", "documents"}, readers.rounds
    assert version(client(server)) == before + changed.total()
    last = ask("GET", f"{OBJECTS}/{ship}")[1]["data"]["object"]
    assert last["nameSingular"] in {f"{word}{number}" for word, number in changed.items()}
    assert together(last)
    assert ask("GET", f"/rest/{last['namePlural']}")[0] == 200


def test_of_two_equal_changes_one_is_made(server: Server) -> None:
    """Both create the same field, both delete it: one is told that the other was first."""
    ask = client(server)
    boat = make(ask, named("boat", 0))
    before = version(ask)
    barrier = threading.Barrier(2)
    answers: dict[int, list[tuple[int, int]]] = {0: [], 1: []}
    faults: list[BaseException] = []
    rounds = 12

    def work(number: int) -> None:
        try:
            ask = client(server)
            for turn in range(rounds):
                field = {"objectMetadataId": boat, "type": "TEXT", "name": f"mark{turn}", "label": "Mark"}
                barrier.wait(60)
                created = ask("POST", FIELDS, field)[0]
                barrier.wait(60)
                fields = ask("GET", f"{OBJECTS}/{boat}")[1]["data"]["object"]["fields"]
                [made] = [each["id"] for each in fields if each["name"] == field["name"]]
                barrier.wait(60)
                answers[number].append((created, ask("DELETE", f"{FIELDS}/{made}")[0]))
        except BaseException as fault:
            faults.append(fault)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    for first, second in zip(*answers.values(), strict=True):
        assert {first[0], second[0]} == {201, 400}
        assert {first[1], second[1]} == {200, 404}
    assert version(client(server)) == before + 2 * rounds  # the connection of before may have waited for too long
