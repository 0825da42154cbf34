"""Waiting for what another holds: it ends, with an answer that clients retry, and leaves others a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from typing import Any

import psycopg2
import pytest
from django.db import connection

from config.server import locks
from config.server.embedded_postgres import EmbeddedPostgres
from metadata.models import ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.factories import Api, api_of, workspace_with
from tests.server import running
from webhooks.models import Webhook

BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}
LOCKED = {
    "statusCode": 503,
    "error": "LOCK_TIMEOUT",
    "messages": ["What this request needs is being changed by another request"],
    "code": "LOCK_TIMEOUT",
    "hint": "Send the request again.",
    "retryAfterSeconds": 1,
}


@pytest.fixture
def acme(transactional_db: None) -> Iterator[Workspace]:
    locks._crowded_until.clear()
    workspace = workspace_with([BOOKS], name="Acme")
    yield workspace
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')


@pytest.fixture
def api(acme: Workspace) -> Api:
    return api_of(acme)


@pytest.fixture
def book(api: Api) -> str:
    id_: str = api.post("/rest/books", {"title": "Emma"}).body["data"]["createBook"]["id"]
    return id_


def table(acme: Workspace) -> str:
    return f'"{acme.database_schema}"."o_{ObjectMetadata.objects.get(name_singular="book").id.hex}"'


@contextmanager
def held(statement: str) -> Iterator[Callable[[], None]]:
    """Somebody else's open transaction; the value ends it."""
    other = psycopg2.connect(**connection.get_connection_params())
    with other.cursor() as cursor:
        cursor.execute(statement)
    try:
        yield other.rollback
    finally:
        other.close()


def in_thread(pool: ThreadPoolExecutor, call: Callable[[], Answer]) -> Future[tuple[Answer, float]]:
    def run() -> tuple[Answer, float]:
        began = time.monotonic()
        try:
            return call(), time.monotonic() - began
        finally:
            connection.close()

    return pool.submit(run)


def await_waiting(count: int) -> None:
    """Until that many sessions of the server wait for a lock."""
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0] == count:
                return
    raise AssertionError("nobody waits")


def title(api: Api, book: str) -> str:
    return str(api.get(f"/rest/books/{book}").body["data"]["book"]["title"])


def test_a_write_waits_three_seconds_and_is_refused_so_that_clients_retry(acme: Workspace, api: Api, book: str) -> None:
    with held(f"SELECT FROM {table(acme)} FOR UPDATE"):
        began = time.monotonic()
        answer = api.patch(f"/rest/books/{book}", {"title": "Persuasion"})
        took_s = time.monotonic() - began
        assert answer.status == 503
        assert answer.body == {**LOCKED, "requestId": answer.headers["X-Request-Id"]}
        assert answer.headers["Retry-After"] == "1"
        assert 2.9 < took_s < 10
        assert title(api, book) == "Emma"  # readers do not wait for writers
    assert api.patch(f"/rest/books/{book}", {"title": "Persuasion"}).status == 200
    assert title(api, book) == "Persuasion"


def test_graphql_has_the_same_error(acme: Workspace, api: Api, book: str, settings: Any) -> None:
    settings.LOCK_TIMEOUT_MS = 300
    document = f'mutation {{ updateBook(id: "{book}", data: {{title: "Persuasion"}}) {{ id }} }}'
    with held(f"SELECT FROM {table(acme)} FOR UPDATE"):
        answer = api.graphql(document)
    assert answer.status == 200
    assert answer.body["errors"] == [
        {
            "message": LOCKED["messages"][0],
            "extensions": {
                "code": "TIMEOUT",
                "subCode": "LOCK_TIMEOUT",
                "userFriendlyMessage": "This is being changed by another request. Please try again.",
                "hint": "Send the request again.",
                "retryAfterSeconds": 1,
            },
        }
    ]
    assert title(api, book) == "Emma"


def test_who_waits_gets_it_when_it_is_given_up(acme: Workspace, api: Api, book: str, settings: Any) -> None:
    settings.LOCK_TIMEOUT_MS = 20_000
    with held(f"SELECT FROM {table(acme)} FOR UPDATE") as give_up, ThreadPoolExecutor(1) as pool:
        waiting = in_thread(pool, lambda: api.patch(f"/rest/books/{book}", {"title": "Persuasion"}))
        time.sleep(2 * settings.LOCK_FIRST_WAIT_MS / 1000)  # beyond the wait that everybody has
        await_waiting(1)
        give_up()
        assert waiting.result()[0].status == 200
    assert title(api, book) == "Persuasion"


def test_no_more_wait_than_the_setting_says_and_the_next_is_refused_soon(
    acme: Workspace, api: Api, book: str, settings: Any
) -> None:
    settings.LOCK_WAITERS, settings.LOCK_TIMEOUT_MS = 1, 20_000
    change = {"title": "Persuasion"}
    with held(f"SELECT FROM {table(acme)} FOR UPDATE") as give_up, ThreadPoolExecutor(1) as pool:
        waiting = in_thread(pool, lambda: api.patch(f"/rest/books/{book}", change))
        time.sleep(2 * settings.LOCK_FIRST_WAIT_MS / 1000)
        await_waiting(1)
        for _ in range(3):
            answer = api.patch(f"/rest/books/{book}", change)
            assert (answer.status, answer.body["code"]) == (503, "LOCK_TIMEOUT")
            assert not waiting.done()
        give_up()
        assert waiting.result()[0].status == 200
    assert api.patch(f"/rest/books/{book}", change).status == 200


def test_a_process_that_has_nobody_to_stand_in_waits_no_longer_than_everybody(
    acme: Workspace, api: Api, book: str, settings: Any
) -> None:
    settings.LOCK_TIMEOUT_MS = 600_000
    locks.provide_stand_ins(None)
    try:
        with held(f"SELECT FROM {table(acme)} FOR UPDATE"):
            assert api.patch(f"/rest/books/{book}", {"title": "Persuasion"}).status == 503
    finally:
        locks.provide_stand_ins(nullcontext)
    assert title(api, book) == "Emma"


def test_the_server_is_told_when_a_request_waits_and_when_it_is_over(
    acme: Workspace, api: Api, book: str, settings: Any
) -> None:
    settings.LOCK_TIMEOUT_MS = 300
    told: list[str] = []

    @contextmanager
    def stand_in() -> Iterator[None]:
        told.append("waits")
        try:
            yield
        finally:
            told.append("is over")

    locks.provide_stand_ins(stand_in)
    try:
        assert api.patch(f"/rest/books/{book}", {"title": "Persuasion"}).status == 200
        assert told == []
        with held(f"SELECT FROM {table(acme)} FOR UPDATE"):
            assert api.patch(f"/rest/books/{book}", {"title": "Sanditon"}).status == 503
    finally:
        locks.provide_stand_ins(nullcontext)
    assert told == ["waits", "is over"]


@pytest.mark.parametrize(
    "path", ["/rest/books", "/rest/books?filter=title[eq]:Emma", "/rest/search?query=Emma&objects=book"]
)
def test_a_read_of_a_table_that_is_being_changed_is_refused_too(
    acme: Workspace, api: Api, book: str, settings: Any, path: str
) -> None:
    settings.LOCK_TIMEOUT_MS = 300
    with held(f"LOCK TABLE {table(acme)} IN ACCESS EXCLUSIVE MODE"):
        answer = api.get(path)
        assert (answer.status, answer.body["code"]) == (503, "LOCK_TIMEOUT")
        assert api.get("/rest/metadata/objects").status == 200
    assert api.get(path).status == 200


# Changes of the data model ---------------------------------------------------------------------------


def new_field(api: Api, **more: Any) -> Answer:
    book = ObjectMetadata.objects.get(name_singular="book")
    return api.post(
        "/rest/metadata/fields",
        {"objectMetadataId": str(book.id), "type": "TEXT", "name": "isbn", "label": "ISBN", **more},
    )


WORKSPACE_ROW = "SELECT FROM metadata_workspace FOR NO KEY UPDATE"  # as a change of the data model holds it


def test_a_change_of_the_data_model_waits_for_another_one(api: Api, settings: Any) -> None:
    settings.METADATA_LOCK_TIMEOUT_MS = 20_000
    with held(WORKSPACE_ROW) as give_up, ThreadPoolExecutor(1) as pool:
        waiting = in_thread(pool, lambda: new_field(api))
        await_waiting(1)
        assert api.get("/rest/books").status == 200
        give_up()
        assert waiting.result()[0].status == 201


def test_but_not_for_ever(api: Api, settings: Any) -> None:
    settings.METADATA_LOCK_TIMEOUT_MS = 300
    with held(WORKSPACE_ROW):
        answer = new_field(api)
        assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (503, "LOCK_TIMEOUT", "1")
        document = 'mutation { createOneObject(input: {object: {nameSingular: "ship", namePlural: "ships",'
        document += ' labelSingular: "Ship", labelPlural: "Ships"}}) { id } }'
        [error] = api.graphql(document, path="/metadata").body["errors"]
        assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("TIMEOUT", "LOCK_TIMEOUT")
        assert ObjectMetadata.objects.count() == 1 + len(_standard())
    assert new_field(api).status == 201


def _standard() -> list[ObjectMetadata]:
    return list(ObjectMetadata.objects.exclude(name_singular="book"))


def test_a_second_one_finds_no_seat_where_there_is_one(api: Api, settings: Any) -> None:
    settings.LOCK_WAITERS, settings.METADATA_LOCK_TIMEOUT_MS = 1, 20_000
    with held(WORKSPACE_ROW) as give_up, ThreadPoolExecutor(1) as pool:
        waiting = in_thread(pool, lambda: new_field(api))
        await_waiting(1)
        answer = new_field(api, name="second")
        assert (answer.status, answer.body["code"]) == (503, "LOCK_TIMEOUT")
        assert not waiting.done()
        give_up()
        assert waiting.result()[0].status == 201


@pytest.mark.parametrize("change", ["unique", "type", "delete"])
def test_it_waits_for_who_writes_the_table_and_then_leaves_no_trace(
    acme: Workspace, api: Api, settings: Any, change: str
) -> None:
    settings.METADATA_LOCK_TIMEOUT_MS = 300
    made = new_field(api).body["data"]["createOneField"]
    calls: dict[str, Callable[[], Answer]] = {
        "unique": lambda: api.patch(f"/rest/metadata/fields/{made['id']}", {"isUnique": True}),
        "type": lambda: api.post(f"/rest/metadata/fields/{made['id']}/changeType", {"type": "NUMBER"}),
        "delete": lambda: api.delete(f"/rest/metadata/objects/{_book()}"),
    }
    version = Workspace.objects.get(id=acme.id).schema_version
    with held(f"LOCK TABLE {table(acme)} IN ROW EXCLUSIVE MODE") as give_up:
        answer = calls[change]()
        assert (answer.status, answer.body["code"]) == (503, "LOCK_TIMEOUT"), answer.body
        assert Workspace.objects.get(id=acme.id).schema_version == version
        settings.METADATA_LOCK_TIMEOUT_MS = 20_000
        with ThreadPoolExecutor(1) as pool:
            waiting = in_thread(pool, calls[change])
            time.sleep(2 * settings.LOCK_FIRST_WAIT_MS / 1000)
            await_waiting(1)
            give_up()
            assert waiting.result()[0].status == 200
    assert Workspace.objects.get(id=acme.id).schema_version == version + 1


def _book() -> Any:
    return ObjectMetadata.objects.get(name_singular="book").id


def test_records_are_made_while_the_data_model_changes_and_a_new_webhook_waits(api: Api) -> None:
    with held(WORKSPACE_ROW):
        webhook = {"targetUrl": "https://hooks.example/x", "operations": ["book.created"]}
        assert api.post("/rest/books", {"title": "Persuasion"}).status == 201
        assert api.get("/rest/apiKeys").status == 200
        answer = api.post("/rest/webhooks", webhook)  # its row points at the workspace's
        assert (answer.status, answer.body["code"], Webhook.objects.count()) == (503, "LOCK_TIMEOUT", 0)


def test_the_web_server_goes_on_with_others_while_one_waits(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server of one process and one thread, whose writer of a record waits for somebody's transaction."""
    folder = tmp_path_factory.mktemp("data")
    limits = {"LOCK_FIRST_WAIT_MS": "100", "LOCK_TIMEOUT_MS": "30000", "LOCK_WAITERS": "1", "RELIEF_THREADS": "0"}
    with running(folder, "--no-assets", WORKERS="1", **limits) as server, ThreadPoolExecutor(1) as pool:
        [company] = server.ask("GET", "/rest/companies?limit=1").body["data"]["companies"]
        path, change = f"/rest/companies/{company['id']}", {"employees": 7}
        with psycopg2.connect(EmbeddedPostgres(folder).url) as other, other.cursor() as cursor:
            cursor.execute("SELECT id FROM metadata_objectmetadata WHERE name_singular = 'company'")
            [(object_id,)] = cursor.fetchall()
            cursor.execute("SELECT database_schema FROM metadata_workspace")
            [(schema,)] = cursor.fetchall()
            cursor.execute(f'SELECT FROM "{schema}"."o_{object_id.hex}" FOR UPDATE')
            waiting = pool.submit(server.ask, "PATCH", path, change)
            with closing(psycopg2.connect(EmbeddedPostgres(folder).url)) as third, third.cursor() as looking:
                third.autocommit = True
                for _ in range(600):
                    looking.execute(
                        "SELECT count(*) FROM pg_stat_activity"
                        " WHERE wait_event_type = 'Lock' AND now() - query_start > interval '0.3 s'"
                    )
                    if looking.fetchone() == (1,):
                        break
                    time.sleep(0.05)
                else:
                    pytest.fail("nobody waits beyond the first wait")
            for _ in range(3):  # one thread waits, another stands in for it
                assert server.ask("GET", path).status == 200
            assert not waiting.done()
            refusal = server.ask("PATCH", path, change)  # the only seat is taken
            assert (refusal.status, refusal.body["code"]) == (503, "LOCK_TIMEOUT")
            other.rollback()
        assert waiting.result().status == 200
        assert [server.ask("GET", path).body["data"]["company"]["employees"] for _ in range(3)] == [7, 7, 7]
