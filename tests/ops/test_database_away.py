"""The database goes and comes back: who notices, and what of it."""

from __future__ import annotations

import errno
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg2.extensions import cursor as DriverCursor

from apikeys.models import ApiKey, Role
from config.http.exceptions import answer
from config.http.observability import JsonLines
from metadata.models import ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.factories import Api, api_of, workspace_with
from tests.settings_pages.conftest import PASSWORD, add_member
from webhooks.models import Webhook

BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}
SHIP = {"nameSingular": "ship", "namePlural": "ships", "labelSingular": "Ship", "labelPlural": "Ships"}
Call = Callable[[Api], Answer]


@pytest.fixture
def acme(transactional_db: None) -> Iterator[Workspace]:
    workspace = workspace_with([BOOKS], name="Acme")
    yield workspace
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')


@pytest.fixture
def api(acme: Workspace) -> Api:
    api = api_of(acme)
    assert api.post("/rest/books", {"title": "Emma"}).status == 201
    ADMIN["id"] = str(Role.objects.get(workspace_id=acme.id, label="Admin").id)
    return api


def cut() -> None:
    """The server hangs up on the tests' connection, which nobody uses at the moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()


ADMIN: dict[str, str] = {}  # the id of the test's Admin role


READS: dict[str, Call] = {
    "Core REST": lambda api: api.get("/rest/books"),
    "Core GraphQL": lambda api: api.graphql("{ books { edges { node { title } } } }"),
    "Metadata REST": lambda api: api.get("/rest/metadata/objects"),
    "Metadata GraphQL": lambda api: api.graphql(
        "{ objects(paging: {first: 1}) { edges { node { id } } } }", path="/metadata"
    ),
    "API keys": lambda api: api.get("/rest/apiKeys"),
    "webhooks": lambda api: api.get("/rest/webhooks"),
}
WRITES: dict[str, Call] = {
    "Core REST": lambda api: api.post("/rest/books", {"title": "Persuasion"}),
    "Core REST, once": lambda api: api.post("/rest/books", {"title": "Persuasion"}, Idempotency_Key="k1"),
    "Core GraphQL": lambda api: api.graphql('mutation { createBook(data: {title: "Persuasion"}) { id } }'),
    "Metadata REST": lambda api: api.post("/rest/metadata/objects", SHIP),
    "Metadata GraphQL": lambda api: api.graphql(
        "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }",
        {"input": {"object": SHIP}},
        path="/metadata",
    ),
    "API keys": lambda api: api.post(
        "/rest/apiKeys", {"name": "second", "expiresAt": "2090-01-01T00:00:00Z", "roleId": ADMIN["id"]}
    ),
    "webhooks": lambda api: api.post(
        "/rest/webhooks", {"targetUrl": "https://hooks.example/x", "operations": ["book.created"]}
    ),
}


def everything() -> tuple[int, ...]:
    """How much of each kind there is."""
    with connection.cursor() as cursor:
        workspace = Workspace.objects.get()
        book = ObjectMetadata.objects.get(name_singular="book")
        cursor.execute(f'SELECT count(*) FROM "{workspace.database_schema}"."o_{book.id.hex}"')
        (books,) = cursor.fetchone()
    return books, ObjectMetadata.objects.count(), ApiKey.objects.count(), Webhook.objects.count()


@pytest.mark.parametrize("name", READS)
def test_a_lost_connection_is_opened_again_for_a_read(api: Api, name: str) -> None:
    before = READS[name](api)
    cut()
    after = READS[name](api)
    assert (after.status, after.body) == (200, before.body)


@pytest.mark.parametrize("name", WRITES)
def test_a_lost_connection_is_opened_again_for_a_write(api: Api, name: str) -> None:
    before = everything()
    cut()
    answer = WRITES[name](api)
    assert answer.status == (200 if "GraphQL" in name else 201) and "errors" not in answer.body, answer.body
    assert sum(everything()) == sum(before) + 1


def test_a_lost_connection_is_opened_again_for_pages(acme: Workspace) -> None:
    add_member(acme, "ada@example.com", "Admin")
    browser = Client()
    cut()
    sent = {"email": "ada@example.com", "password": PASSWORD}
    assert browser.post("/settings/login", sent).status_code == 302
    for path in ("/settings/api-webhooks", "/settings/docs", "/readyz"):
        cut()
        assert browser.get(path).status_code == 200, path


def test_a_transaction_that_sent_nothing_yet_gets_the_new_connection(api: Api) -> None:
    from django.db import transaction

    connection.ensure_connection()
    with transaction.atomic():
        other = connection.copy()
        with other.cursor() as cursor:
            pid = connection.connection.info.backend_pid
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        other.close()
        Webhook.objects.update(description="changed")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id_if_assigned(), pg_backend_pid()")
            _, second = cursor.fetchone()
        assert second != pid
        assert not connection.get_autocommit()
        transaction.set_rollback(True)
    assert connection.get_autocommit()


# In the middle ---------------------------------------------------------------------------------------


@contextmanager
def cut_before(number: int) -> Iterator[list[str]]:
    """The server hangs up right before that statement of the driver's; what was sent until then."""
    sent: list[str] = []

    class Cutting(DriverCursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            if "apikeys_lease" in str(query):  # without it requests go on, uncounted
                return super().execute(query, vars)
            sent.append(str(query))
            if len(sent) == number:
                with suppress(psycopg2.Error):
                    super().execute("SELECT pg_terminate_backend(pg_backend_pid())")
            super().execute(query, vars)

    connection.ensure_connection()
    driver = connection.connection
    driver.cursor_factory = Cutting
    try:
        yield sent
    finally:
        if not driver.closed:
            driver.cursor_factory = DriverCursor


@pytest.mark.parametrize("name", WRITES)
def test_a_connection_lost_in_the_middle_is_503_and_nothing_is_half_done(api: Api, name: str) -> None:
    before = everything()
    refused = 0
    for number in range(2, 60):  # the first is the key check, a read, which is sent again
        with cut_before(number) as sent:
            answer = WRITES[name](api)
        connection.close()
        if answer.status in (200, 201) and "errors" not in answer.body:
            assert sum(everything()) == sum(before) + 1
            if name != "webhooks" or len(sent) < number:
                break
            before = everything()  # it lost a read outside of its transaction, which was sent again
            continue
        refused += 1
        if "errors" in answer.body:
            assert answer.body["errors"][0]["extensions"]["subCode"] == "UNAVAILABLE", (sent, answer.body)
        else:
            assert (answer.status, answer.body["code"]) == (503, "UNAVAILABLE"), (sent, answer.body)
            assert answer.headers["Retry-After"] == "2"
        assert everything() == before, sent
    assert refused > 0


# Not there -------------------------------------------------------------------------------------------


@pytest.fixture
def nobody_there(api: Api) -> Iterator[Api]:
    """Nobody listens at the database's address."""
    connection.close()
    kept = dict(connection.settings_dict)
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
    yield api
    connection.settings_dict.update(kept)


@pytest.mark.parametrize("name", [name for name in READS if "GraphQL" not in name])
def test_rest_says_that_the_database_is_away(nobody_there: Api, name: str) -> None:
    answer = READS[name](nobody_there)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert answer.body == {
        "statusCode": 503,
        "error": "ServiceUnavailableException",
        "messages": ["The database cannot be reached"],
        "code": "UNAVAILABLE",
        "retryAfterSeconds": 2,
        "requestId": answer.headers["X-Request-Id"],
    }


@pytest.mark.parametrize("name", ["Core GraphQL", "Metadata GraphQL"])
def test_graphql_says_that_the_database_is_away(nobody_there: Api, name: str) -> None:
    answer = READS[name](nobody_there)
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["subCode"]) == ("The database cannot be reached", "UNAVAILABLE")
    assert error["extensions"]["retryAfterSeconds"] == 2
    assert answer.status == 200


@pytest.mark.parametrize("path", ["/settings/api-webhooks", "/settings/docs", "/admin/"])
def test_pages_say_so_in_their_style_and_the_log_in_one_line(
    nobody_there: Api, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = "x" * 32
    response = browser.get(path)
    text = response.content.decode()
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert re.search(r"settings/settings\.[0-9a-f]+\.css", text) and "The database cannot be reached" in text
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(record.getMessage(), record.exc_info) for record in told] == [("The database cannot be reached", None)]


def test_health_is_answered_meanwhile(nobody_there: Api) -> None:
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").status_code == 503


# No space --------------------------------------------------------------------------------------------


@pytest.fixture
def full(acme: Workspace, api: Api) -> Iterator[Api]:
    """What PostgreSQL says when the disk is full, from the tables of books and keys."""
    book = ObjectMetadata.objects.get(name_singular="book")
    tables = [f'"{acme.database_schema}"."o_{book.id.hex}"', "apikeys_apikey"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE apikeys_apikey SET last_used_at = NULL")  # so that its next use is noted
        cursor.execute(
            "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        for table in tables:
            cursor.execute(f"CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_space()")
    yield api
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION no_space CASCADE")


def test_a_full_disk_is_507_and_reading_goes_on(full: Api) -> None:
    before = everything()
    answer = full.post("/rest/books", {"title": "Persuasion"})
    assert (answer.status, answer.body["code"]) == (507, "STORAGE_FULL")
    assert answer.body["error"] == "InsufficientStorageException"
    answer = WRITES["API keys"](full)
    assert (answer.status, answer.body["code"]) == (507, "STORAGE_FULL")
    [error] = WRITES["Core GraphQL"](full).body["errors"]
    assert error["extensions"]["subCode"] == "STORAGE_FULL"
    assert [each["title"] for each in full.records("/rest/books")] == ["Emma"]
    assert everything() == before


def test_a_disk_that_is_full_for_our_own_files_is_507() -> None:
    with pytest.raises(OSError) as caught, open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    assert caught.value.errno == errno.ENOSPC
    response = answer(caught.value)
    assert (response.status_code, json.loads(response.content)["code"]) == (507, "STORAGE_FULL")
    assert answer(PermissionError(errno.EACCES, "x")).status_code == 500


# The log ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_our_own_log_does_not_repeat_the_values_a_statement_was_refused_for() -> None:
    try:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s::text, %s::uuid", ["the customer's secret", "the customer's number"])
        except OperationalError:
            raise
        except Exception as fault:
            raise RuntimeError("went wrong") from fault
    except RuntimeError as fault:
        record = logging.makeLogRecord({"exc_info": (type(fault), fault, fault.__traceback__), "msg": "x"})
    text = json.loads(JsonLines().format(record))["error"]
    assert "customer" not in text.replace('["the customer\'s secret", "the customer\'s number"]', "")
    assert "RuntimeError: went wrong" in text
    assert "psycopg2.errors.InvalidTextRepresentation: SQLSTATE 22P02" in text
