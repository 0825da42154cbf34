"""What is prepared on the server stays within its bound, whatever becomes of the requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, transaction

from config.errors import InvalidValue
from config.server.prepared import DOUBTFUL_AT_ONCE
from core.records.totals import fold
from core.sql.execute import UniqueViolation, fetch
from core.sql.fragment import Sql
from metadata.cache import current_schema
from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with

BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}
REFUSED = 1_200


@pytest.fixture(autouse=True)
def _new_connection(transactional_db: None) -> None:
    connection.close()


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


def backend_memory_mb() -> float:
    status = Path(f"/proc/{connection.connection.info.backend_pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) / 1024


@pytest.fixture
def acme() -> Iterator[Workspace]:
    workspace = workspace_with([BOOKS], name="Acme")
    yield workspace
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')


@pytest.fixture
def api(acme: Workspace) -> Api:
    return api_of(acme)


def test_refused_creates_leave_nothing_behind(api: Api) -> None:
    """By a unique value; each request once left its statement, 0.13 MB of PostgreSQL's memory."""
    taken = str(uuid4())
    assert api.post("/rest/books", {"id": taken, "title": "Emma"}).status == 201
    for _ in range(20):
        assert api.post("/rest/books", {"id": taken}).status == 400
    fold(current_schema(Workspace.objects.get().id).by_singular["book"], "default")  # some requests do, by chance
    count, memory_mb = prepared(), backend_memory_mb()
    for _ in range(REFUSED):
        assert api.post("/rest/books", {"id": taken}).status == 400
    assert (
        prepared() <= count + 1 <= settings.PREPARED_STATEMENTS_PER_CONNECTION
    )  # one more: totals are folded sometimes
    assert backend_memory_mb() < memory_mb + 10


@pytest.mark.parametrize("place", ["outside a transaction", "inside one"])
def test_statements_that_fail_when_run_are_dropped(place: str) -> None:
    """Each has a text of its own and a value that only running it finds wrong."""
    for number in range(REFUSED):
        with pytest.raises(InvalidValue):
            if place == "inside one":
                with transaction.atomic():
                    fetch(Sql(f"SELECT %s::text::int + {number}", ("no number",)), "default")
            else:
                fetch(Sql(f"SELECT %s::text::int + {number}", ("no number",)), "default")
    assert prepared() <= DOUBTFUL_AT_ONCE


def test_statements_that_cannot_be_prepared_cost_nothing() -> None:
    for number in range(3 * DOUBTFUL_AT_ONCE):
        with pytest.raises(psycopg2.ProgrammingError), transaction.atomic():
            fetch(Sql(f"SELECT no_such_function({number}, %s)", (1,)), "default")
        assert fetch(Sql("SELECT %s::int", (number,)), "default") == [(number,)]
    assert prepared() == 1


def test_the_bound_holds_for_those_that_succeed_and_those_that_do_not() -> None:
    for number in range(3 * settings.PREPARED_STATEMENTS_PER_CONNECTION):
        assert fetch(Sql(f"SELECT %s::text || '{number}'", ("x",)), "default") == [(f"x{number}",)]
        if number % 5 == 0:
            with pytest.raises(InvalidValue):
                fetch(Sql(f"SELECT %s::text::int + {number}", ("no number",)), "default")
        assert prepared() <= settings.PREPARED_STATEMENTS_PER_CONNECTION
    assert prepared() > settings.PREPARED_STATEMENTS_PER_CONNECTION - DOUBTFUL_AT_ONCE - 1


def test_nothing_is_lost_in_a_transaction_that_failed() -> None:
    """Nothing can be dropped in one; it is dropped later."""
    for number in range(settings.PREPARED_STATEMENTS_PER_CONNECTION):
        fetch(Sql(f"SELECT %s::int + {number}", (1,)), "default")
    with pytest.raises(UniqueViolation), transaction.atomic():
        fetch(Sql("CREATE TEMPORARY TABLE taken (id int PRIMARY KEY) ON COMMIT DROP", ()), "default", prepare=False)
        fetch(Sql("INSERT INTO taken VALUES (%s), (%s)", (1, 1)), "default")
    for number in range(2 * DOUBTFUL_AT_ONCE):
        with pytest.raises(InvalidValue), transaction.atomic():
            try:
                fetch(Sql("SELECT %s::text::int", ("no number",)), "default", prepare=False)
            except InvalidValue:
                with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
                    fetch(Sql(f"SELECT %s::text || 'failed {number}'", ("x",)), "default")
                raise
    for number in range(2 * DOUBTFUL_AT_ONCE):
        assert fetch(Sql(f"SELECT %s::text || 'after {number}'", ("x",)), "default") == [(f"xafter {number}",)]
    assert prepared() <= settings.PREPARED_STATEMENTS_PER_CONNECTION


def test_a_new_connection_has_none_and_prepares_them_again() -> None:
    sql = Sql("SELECT %s::int", (7,))
    assert fetch(sql, "default") == [(7,)]
    connection.close()
    assert fetch(sql, "default") == [(7,)]
    assert prepared() == 1


def test_a_plan_that_a_migration_outdated_is_made_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.outdated AS SELECT 1::int AS value")
    try:
        sql = Sql("SELECT value FROM public.outdated WHERE %s", (True,))
        assert fetch(sql, "default") == [(1,)]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE public.outdated ALTER COLUMN value TYPE text")
        assert fetch(sql, "default") == [("1",)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE public.outdated")


@pytest.mark.parametrize("is_prepared", [True, False])
def test_answers_are_the_same_either_way(api: Api, settings: Any, is_prepared: bool) -> None:
    settings.PREPARED_STATEMENTS = is_prepared
    made = api.post("/rest/books", {"title": "100 % of it"})
    assert made.status == 201
    assert [each["title"] for each in api.records("/rest/books?filter=title[like]:100 %25")] == ["100 % of it"]
