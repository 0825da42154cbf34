"""What supervisors are told: alive, ready, or what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=True)


def test_live_asks_nothing(client: Client, django_assert_num_queries, db) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_names_what_the_database_has(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    found = response.json()
    extensions = found["databases"]["default"].pop("extensions")
    expected = {"default": {"database": "ok", "migrations": "applied"}}
    assert found == {"status": "ready", "secretKey": "ok", "databases": expected}
    assert set(extensions) == {"pg_trgm", "unaccent"}
    assert set(extensions.values()) <= {"installed", "available", "missing"}


@pytest.mark.django_db
def test_a_missing_migration_is_not_ready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name = '0001_initial'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["databases"]["default"]["migrations"] == "1 missing"


@pytest.fixture
def unreachable_database(django_db_blocker) -> Iterator[None]:
    """Nobody listens at the address; the connection of the tests is put back afterwards."""
    with django_db_blocker.unblock():
        connection.close()
        kept = dict(connection.settings_dict)
        connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
        yield
        connection.settings_dict.update(kept)


def test_an_unreachable_database_is_not_ready_and_not_described(client: Client, unreachable_database: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "secretKey": "unknown",
        "databases": {"default": {"database": "unreachable", "migrations": "unknown", "extensions": {}}},
    }
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_is_replaced(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
