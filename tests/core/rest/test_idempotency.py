"""A write that is sent again under the same Idempotency-Key happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import F

from core.models import IdempotencyKey
from core.records import idempotency, totals
from metadata.models import ObjectMetadata, Workspace, table_name
from tests.api_client import Answer
from tests.budgets.recording import recording
from tests.core.rest.conftest import Rest
from tests.factories import key_of, workspace_with

ID = "777a8457-eb2d-40ac-a707-551b615b6980"
OTHER = "777a8457-eb2d-40ac-a707-551b615b6981"


def send(rest: Rest, method: str, path: str, body: Any = None, key: str = "k-1") -> Answer:
    return rest.request(method, path, body, Idempotency_Key=key)


def is_replayed(answer: Answer) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


def count(rest: Rest) -> int:
    return int(rest.get("people?limit=0").body["totalCount"])


def shift(field: str, by: timedelta) -> None:
    assert IdempotencyKey.objects.update(**{field: F(field) + by}) == 1


# Replay ------------------------------------------------------------------------------------------------


def test_the_second_request_gets_the_first_ones_answer(rest: Rest) -> None:
    first = send(rest, "POST", "people?unknown=1", {"jobTitle": "CTO"})
    second = send(rest, "POST", "people?unknown=1", {"jobTitle": "CTO"})
    assert (first.status, is_replayed(first)) == (201, False)
    assert (second.status, is_replayed(second)) == (201, True)
    assert first.content == second.content
    for name in ("Content-Type", "X-Ignored-Parameters", "ETag"):
        assert first.headers[name] == second.headers[name]
    assert count(rest) == 1


def test_every_method_is_replayed(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    for key, (method, path, body) in enumerate(
        [
            ("PATCH", f"people/{ID}", {"jobTitle": "CTO"}),
            ("PUT", f"people/{ID}", {"jobTitle": "CEO"}),
            ("PATCH", f"people?filter=id[eq]:{ID}", {"city": "Oslo"}),
            ("POST", "batch/people", [{}, {}]),
            ("DELETE", f"people/{ID}?soft_delete=true", None),
            ("PATCH", f"people/{ID}/restore", {}),
            ("DELETE", f"people/{ID}", None),
        ]
    ):
        first, second = (send(rest, method, path, body, f"k-{key}") for _ in range(2))
        assert (first.status, is_replayed(first), is_replayed(second)) == (
            201 if method == "POST" else 200,
            False,
            True,
        )
        assert first.body == second.body
    assert count(rest) == 2


def test_a_refusal_is_an_answer_too(rest: Rest) -> None:
    first = send(rest, "POST", "people", {"city": 5})
    second = send(rest, "POST", "people", {"city": 5})
    assert (first.status, second.status, is_replayed(second)) == (400, 400, True)
    assert first.body == second.body


def test_reads_take_no_notice(rest: Rest) -> None:
    assert [is_replayed(send(rest, "GET", "people")) for _ in range(2)] == [False, False]
    assert IdempotencyKey.objects.count() == 0


def test_another_key_is_another_request(rest: Rest) -> None:
    assert [send(rest, "POST", "people", {}, key).status for key in ("a", "b")] == [201, 201]
    assert count(rest) == 2


def test_keys_are_each_callers_own(rest: Rest, workspace: Workspace) -> None:
    other = Rest(key_of(workspace, name="Other"))
    assert [is_replayed(send(each, "POST", "people", {})) for each in (rest, other)] == [False, False]
    assert count(rest) == 2


def test_a_key_is_kept_for_a_day(rest: Rest) -> None:
    send(rest, "POST", "people", {})
    shift("created_at", -timedelta(hours=23, minutes=59))
    assert is_replayed(send(rest, "POST", "people", {}))
    shift("created_at", -timedelta(minutes=2))
    assert send(rest, "POST", "people", {"jobTitle": "CTO"}).data["jobTitle"] == "CTO"
    assert count(rest) == 2


def test_old_rows_are_deleted(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    send(rest, "POST", "people", {}, "old")
    shift("created_at", -timedelta(hours=25))
    monkeypatch.setattr(idempotency, "FORGET_EVERY", 1)
    send(rest, "POST", "people", {}, "new")
    assert [each.key for each in IdempotencyKey.objects.all()] == ["new"]


# Refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "people", {"jobTitle": "CEO"}),
        ("POST", "people?depth=1", {"jobTitle": "CTO"}),
        ("POST", "companies", {"jobTitle": "CTO"}),
    ],
)
def test_another_request_under_the_key_is_refused(rest: Rest, method: str, path: str, body: Any) -> None:
    send(rest, "POST", "people", {"jobTitle": "CTO"})
    answer = send(rest, method, path, body)
    assert (answer.status, answer.body["error"], answer.body["code"], answer.message) == (
        422,
        "UnprocessableEntityException",
        "IDEMPOTENCY_MISMATCH",
        "This Idempotency-Key was used for another request",
    )
    assert count(rest) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "clé"])
def test_what_is_no_key_is_refused(rest: Rest, key: str) -> None:
    answer = send(rest, "POST", "people", {}, key)
    assert (answer.status, answer.message) == (400, "Idempotency-Key should be 1 to 255 printable ASCII characters")
    assert count(rest) == 0


def test_the_key_of_a_request_that_died_is_free_after_its_lease(rest: Rest) -> None:
    send(rest, "POST", "people", {})
    IdempotencyKey.objects.update(status=None, answer=None, content_type=None)
    running = send(rest, "POST", "people", {})
    assert (running.status, running.body["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
    shift("lease_until", -timedelta(seconds=61))
    again = send(rest, "POST", "people", {})
    assert (again.status, is_replayed(again)) == (201, False)
    assert count(rest) == 2


def test_a_request_that_outlived_its_lease_writes_nothing(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    fold = totals.fold

    def meanwhile(*arguments: Any) -> None:  # another request claims the key before this one commits
        shift("lease_until", timedelta(seconds=61))
        fold(*arguments)

    monkeypatch.setattr(totals, "FOLD_EVERY", 1)
    monkeypatch.setattr(totals, "fold", meanwhile)
    assert send(rest, "POST", "people", {}).status == 409
    assert count(rest) == 0


def test_a_fault_of_ours_frees_the_key(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(totals, "FOLD_EVERY", 1)
        patch.setattr(totals, "fold", broken)
        assert send(rest, "POST", "people", {}).status == 500
    assert (count(rest), IdempotencyKey.objects.count()) == (0, 0)
    assert send(rest, "POST", "people", {}).status == 201


# Cost --------------------------------------------------------------------------------------------------


def test_statements(rest: Rest) -> None:
    rest.get("people?limit=0")
    numbers = []
    for key in (None, "a", "a"):
        with recording() as statements:
            rest.post("people", {}) if key is None else send(rest, "POST", "people", {}, key)
        numbers.append(len(statements))
    assert numbers == [1, 4, 3]  # the claim and the answer; the claim that fails and the stored answer


# Concurrency -------------------------------------------------------------------------------------------


@pytest.fixture
def shared(transactional_db: None) -> Iterator[tuple[Workspace, str]]:
    workspace = workspace_with(name="Shared", empty=False)
    yield workspace, key_of(workspace)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')


def in_thread(pool: ThreadPoolExecutor, call: Callable[[], Answer]) -> Any:
    def run() -> Answer:
        try:
            return call()
        finally:
            connection.close()

    return pool.submit(run)


def wait_until(statement: str) -> None:
    """Wait until the statement, seen from here, gives true."""
    pause = Event()
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            if cursor.fetchone()[0]:
                return
        pause.wait(0.01)
    raise AssertionError(statement)


WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid)"


def lock(workspace: Workspace, record_id: str) -> None:
    subject = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute(
            f'SELECT FROM "{workspace.database_schema}"."{table_name(subject.id)}" WHERE id = %s FOR UPDATE',
            [UUID(record_id)],
        )


def test_two_at_once_write_once(shared: tuple[Workspace, str]) -> None:
    workspace, token = shared
    rest = Rest(token)
    rest.post("people", {"id": ID})
    body = {"jobTitle": "CTO"}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock(workspace, ID)
            first = in_thread(pool, lambda: send(Rest(token), "PATCH", f"people/{ID}", body))
            wait_until(WAITING)
            running = send(rest, "PATCH", f"people/{ID}", body)
        assert (running.status, running.message) == (
            409,
            "The first request with this Idempotency-Key is still running",
        )
        assert first.result().status == 200
    again = send(rest, "PATCH", f"people/{ID}", body)
    assert (again.status, is_replayed(again)) == (200, True)
    assert again.body == first.result().body


def test_many_at_once_create_one(shared: tuple[Workspace, str]) -> None:
    rest = Rest(shared[1])
    before = count(rest)
    with ThreadPoolExecutor(4) as pool:
        calls = [in_thread(pool, lambda: send(Rest(shared[1]), "POST", "people", {})) for _ in range(8)]
        answers = [call.result() for call in calls]
    assert {each.status for each in answers} <= {201, 409}
    assert len({each.data["id"] for each in answers if each.status == 201}) == 1
    assert sum(each.status == 201 and not is_replayed(each) for each in answers) == 1
    assert count(rest) == before + 1


def test_a_deadlock_is_tried_again_under_a_key(shared: tuple[Workspace, str]) -> None:
    workspace, token = shared
    rest = Rest(token)
    rest.post("batch/people", [{"id": ID}, {"id": OTHER}])
    path = f"people?filter=id[in]:[{ID},{OTHER}]"
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock(workspace, OTHER)
            call = in_thread(pool, lambda: send(Rest(token), "PATCH", path, {"jobTitle": "CTO"}))
            wait_until(WAITING)
            lock(workspace, ID)  # the request has waited longer, so it finds the deadlock first and gives way
        answer = call.result()
    assert answer.status == 200
    assert [each["jobTitle"] for each in answer.data] == ["CTO", "CTO"]
    assert is_replayed(send(rest, "PATCH", path, {"jobTitle": "CTO"}))
