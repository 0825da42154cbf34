"""Many callers write the same records at once: each is there once, and nobody sees a collision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from metadata.models import Workspace
from tests.api_client import Answer
from tests.core.rest.conftest import Rest
from tests.factories import key_of, workspace_with

pytestmark = pytest.mark.smoke

CALLERS = 8
ROUNDS = 12
KEYS = 60


@pytest.fixture
def token(transactional_db: None) -> Iterator[str]:
    workspace: Workspace = workspace_with(name="Crowded", empty=False)
    token = key_of(workspace)
    Rest(token).delete("companies?filter=id[is]:NOT_NULL")
    yield token
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')


def crowd(token: str, request: Callable[[Rest, int, int], Answer]) -> list[Answer]:
    """What every caller got in every round; the callers start together, each with a connection of its own."""
    barrier = Barrier(CALLERS)

    def run(caller: int) -> list[Answer]:
        rest = Rest(token)
        try:
            barrier.wait()
            return [request(rest, caller, round_) for round_ in range(ROUNDS)]
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return [answer for answers in pool.map(run, range(CALLERS)) for answer in answers]


def company(key: int, name: str) -> dict[str, Any]:
    return {"domainName": {"primaryLinkUrl": f"https://c{key}.example"}, "name": name}


def keys(caller: int, round_: int) -> list[int]:
    """The same keys, in an order of each caller's own."""
    step = (1, 7, 11, 13, 17, 19, 23, 29)[caller]  # none shares a factor with KEYS
    return [(round_ + step * place) % KEYS for place in range(KEYS)]


def stored(token: str) -> list[dict[str, Any]]:
    answer = Rest(token).get("companies?limit=200")
    assert answer.body["totalCount"] == len(answer.data)
    return list(answer.data)


def test_upserts_of_the_same_keys_make_each_record_once(token: str) -> None:
    def request(rest: Rest, caller: int, round_: int) -> Answer:
        name = f"{caller}.{round_}"
        return rest.post("batch/companies?upsert=true", [company(key, name) for key in keys(caller, round_)])

    answers = crowd(token, request)
    assert [each.status for each in answers] == [201] * (CALLERS * ROUNDS)
    records = stored(token)
    assert sorted(each["domainName"]["primaryLinkUrl"] for each in records) == sorted(
        f"https://c{key}.example" for key in range(KEYS)
    )
    for answer in answers:  # whoever asked was answered with these records, in the order asked for
        assert {each["id"] for each in answer.data} == {each["id"] for each in records}
    assert len({each["name"] for each in records}) == 1  # a batch is written whole: the last one was


def test_creates_of_the_same_keys_are_made_or_refused(token: str) -> None:
    def request(rest: Rest, caller: int, round_: int) -> Answer:
        return rest.post("batch/companies", [company(key, f"{caller}") for key in keys(caller, round_)[:10]])

    answers = crowd(token, request)
    assert {each.status for each in answers} == {201, 400}
    assert {each.message for each in answers if each.status == 400} == {"A duplicate entry was detected"}
    made = sum(len(each.data) for each in answers if each.status == 201)
    assert len(stored(token)) == made


def test_updates_and_deletes_of_the_same_records_wait_for_each_other(token: str) -> None:
    Rest(token).post("batch/companies", [company(key, "new") for key in range(KEYS)])

    def request(rest: Rest, caller: int, round_: int) -> Answer:
        verb = caller % 3
        if verb == 0:
            return rest.patch("companies?filter=employees[is]:NULL", {"name": f"{caller}.{round_}"})
        if verb == 1:
            return rest.delete("companies?filter=employees[is]:NULL&soft_delete=true")
        return rest.patch("companies/restore?filter=employees[is]:NULL")

    answers = crowd(token, request)
    assert {each.status for each in answers} == {200}
    either = Rest(token).get("companies?limit=200&filter=or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)")
    assert either.body["totalCount"] == KEYS
    stored(token)  # the kept total is the number of live records
