"""Deliveries arrive: retries, endings, order, fairness, and a worker that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from config.events import emit
from tests.factories import system_of
from tests.webhooks.conftest import START, Clock, Receiver, event, make_workspace, network, principal_of
from webhooks import services
from webhooks.delivery import queue
from webhooks.delivery.schedule import WAITS, next_attempt, parse_retry_after
from webhooks.delivery.signing import sign_hexadecimal, sign_standard
from webhooks.delivery.worker import Worker
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.services import delivery_redeliver, webhook_create, webhook_delete, webhook_update

pytestmark = [pytest.mark.django_db, pytest.mark.smoke]


def change(workspace_id: UUID, number: int = 1, **more: Any) -> list[Delivery]:
    """Tell of `number` new records; the deliveries written for them, oldest first."""
    principal = principal_of(workspace_id)
    known = set(Delivery.objects.values_list("id", flat=True))
    emit([event(principal, **more) for _ in range(number)], "default")
    return list(Delivery.objects.exclude(id__in=known).order_by("id"))


def test_a_delivery_arrives_signed_twice(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker
) -> None:
    (delivery,) = change(workspace_id)
    receiver.answer = (202, {"X-Trace": "t1"}, b"thanks \xff")
    assert worker.run_once() == 1
    (received,) = receiver.received
    body = bytes(delivery.body)
    assert (received.path, received.body) == ("/hook", body)
    headers = received.headers
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == delivery.message_id
    assert headers["webhook-timestamp"] == "1770091506"
    assert headers["webhook-signature"] == sign_standard(webhook.secret, delivery.message_id, 1770091506, body)
    assert headers["X-Twenty-Webhook-Timestamp"] == "1770091506789"
    assert headers["X-Twenty-Webhook-Signature"] == sign_hexadecimal(webhook.secret, 1770091506789, body)
    assert len(headers["X-Twenty-Webhook-Nonce"]) == 32

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.last_status_code, delivery.last_error) == (
        "delivered",
        1,
        202,
        None,
    )
    assert (delivery.next_attempt_at, delivery.lease_until, delivery.finished_at) == (None, None, START)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.status_code, attempt.error, attempt.at) == (1, 202, None, START)
    assert attempt.response_headers["X-Trace"] == "t1"
    assert attempt.response_body == "thanks \N{REPLACEMENT CHARACTER}"
    assert attempt.request_headers["webhook-id"] == delivery.message_id
    assert attempt.is_internal
    assert worker.run_once() == 0


def test_a_retry_keeps_id_and_bytes_and_signs_anew(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    (delivery,) = change(workspace_id)
    receiver.answers = [(500, {}, b"")]
    worker.run_once()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.next_attempt_at) == ("pending", START + timedelta(seconds=5))
    clock.advance(seconds=4.9)
    assert worker.run_once() == 0
    clock.advance(seconds=0.1)
    assert worker.run_once() == 1
    first, second = receiver.received
    assert first.body == second.body == bytes(delivery.body)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    for name in (
        "webhook-timestamp", "webhook-signature", "X-Twenty-Webhook-Timestamp", "X-Twenty-Webhook-Signature",
        "X-Twenty-Webhook-Nonce",
    ):  # fmt: skip
        assert first.headers[name] != second.headers[name]
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)
    assert list(Attempt.objects.values_list("number", "status_code")) == [(1, 500), (2, 200)]


def test_the_whole_schedule_then_failed(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    (delivery,) = change(workspace_id)
    receiver.answer = (503, {}, b"busy")
    for wait in WAITS:
        clock.advance(seconds=wait.total_seconds())
        assert worker.run_once() == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("failed", 10, None)
    assert delivery.last_error == "The receiver answered 503"
    clock.advance(days=3)
    assert worker.run_once() == 0
    assert Webhook.objects.get().is_active  # less than five days


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 240), (0.5, 300), (1.0, 360)])
def test_jitter(chance: float, seconds: int) -> None:
    assert next_attempt(2, START, chance) == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("Tue, 03 Feb 2026 04:15:06 GMT", timedelta(minutes=9, seconds=59, microseconds=211000)),
        ("Mon, 02 Feb 2026 04:15:06 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
    ],
)
def test_reading_retry_after(value: str | None, wait: timedelta | None) -> None:
    assert parse_retry_after(value, START) == wait


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("3600", timedelta(hours=1)),
        ("6", timedelta(seconds=6)),
        ("1", timedelta(seconds=5)),  # no shorter than the schedule's own wait
        ("0", timedelta(seconds=5)),
        ("604800", timedelta(days=7)),
        ("604801", timedelta(days=7)),
    ],
)
def test_retry_after_is_waited_for(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, asked: str, waited: timedelta
) -> None:
    (delivery,) = change(workspace_id)
    receiver.answers = [(429, {"Retry-After": asked}, b"")]
    worker.run_once()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.next_attempt_at) == ("pending", START + waited)


def test_a_redirect_is_a_failure(
    workspace_id: UUID, receiver: Receiver, new_receiver: Callable[[], Receiver], webhook: Webhook, worker: Worker
) -> None:
    elsewhere = new_receiver()
    receiver.answer = (307, {"Location": elsewhere.url()}, b"")
    (delivery,) = change(workspace_id)
    worker.run_once()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_status_code) == ("pending", 307)
    assert delivery.last_error == "The receiver answered 307: redirects are not followed"
    assert elsewhere.received == []


def test_gone_switches_the_webhook_off(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker
) -> None:
    gone, waiting = change(workspace_id, 1) + change(workspace_id, 1, at=START + timedelta(hours=1))
    receiver.answer = (410, {}, b"")
    assert worker.run_once() == 1
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_reason) == (False, "The receiver answered 410 Gone")
    gone.refresh_from_db()
    waiting.refresh_from_db()
    assert (gone.status, gone.attempts, waiting.status) == ("failed", 1, "held")
    assert change(workspace_id) == []  # nothing new is written for it

    receiver.answer = (200, {}, b"")
    webhook_update(system_of(workspace_id), webhook_id=webhook.id, data={"isActive": True})
    webhook.refresh_from_db()
    waiting.refresh_from_db()
    assert (webhook.disabled_reason, waiting.status) == (None, "pending")


def test_five_days_of_failures_switch_the_webhook_off(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    receiver.answer = (500, {}, b"")
    change(workspace_id)
    worker.run_once()
    webhook.refresh_from_db()
    assert webhook.failing_since == START
    clock.advance(days=4, hours=23)
    worker.run_once()
    assert Webhook.objects.get().is_active
    clock.advance(hours=1)
    change(workspace_id, at=clock())
    worker.run_once()
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_reason) == (
        False,
        "Every attempt since 2026-02-03 04:05 UTC failed",
    )
    clock.advance(days=1)
    assert worker.run_once() == 0  # what was on its way beside the last straw is held too
    assert list(Delivery.objects.values_list("status", flat=True)) == ["held", "held"]

    webhook_update(system_of(workspace_id), webhook_id=webhook.id, data={"isActive": True})
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since, webhook.disabled_reason) == (True, None, None)
    change(workspace_id, at=clock())
    worker.run_once()  # one more failure does not switch it off again: five days begin anew
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, clock())


def test_outcomes_of_one_batch_are_each_settled_as_they_are(
    workspace_id: UUID, receiver: Receiver, new_receiver: Callable[[], Receiver], webhook: Webhook, worker: Worker
) -> None:
    """Two deliveries on their way at once, that end together: one arrived and one did not."""
    failing = new_receiver()
    failing.answer = (503, {}, b"busy")
    broken = webhook_create(system_of(workspace_id), data={"targetUrl": failing.url()})
    change(workspace_id)
    receiver.gate.clear()
    failing.gate.clear()
    worker._start_due()
    assert receiver.arrived.acquire(timeout=20) and failing.arrived.acquire(timeout=20)
    receiver.gate.set()
    failing.gate.set()
    worker._senders.shutdown(wait=True)
    assert worker._settle() == 2
    settled = {
        each.webhook_id: (each.status, each.attempts, each.last_status_code, each.next_attempt_at, each.finished_at)
        for each in Delivery.objects.all()
    }
    assert settled == {
        webhook.id: ("delivered", 1, 200, None, START),
        broken.id: ("pending", 1, 503, START + timedelta(seconds=5), None),
    }
    assert set(Attempt.objects.values_list("delivery__webhook_id", "number", "status_code", "response_body")) == {
        (webhook.id, 1, 200, "ok"),
        (broken.id, 1, 503, "busy"),
    }
    assert dict(Webhook.objects.values_list("id", "failing_since")) == {webhook.id: None, broken.id: START}


def test_a_success_in_a_batch_of_outcomes_outweighs_its_failures(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    """The webhook has failed for six days: one more failure alone would switch it off."""
    Webhook.objects.update(failing_since=START - timedelta(days=6))
    change(workspace_id, 2)
    receiver.answers = [(503, {}, b""), (200, {}, b"")]
    receiver.gate.clear()
    worker._start_due()
    assert receiver.arrived.acquire(timeout=20) and receiver.arrived.acquire(timeout=20)
    receiver.gate.set()
    worker._senders.shutdown(wait=True)
    assert worker._settle() == 2
    assert sorted(Delivery.objects.values_list("status", "last_status_code")) == [("delivered", 200), ("pending", 503)]
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since, webhook.disabled_reason) == (True, None, None)


def test_one_success_ends_a_row_of_failures(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    receiver.answers = [(500, {}, b"")]
    change(workspace_id)
    worker.run_once()
    clock.advance(days=6)
    assert worker.run_once() == 1
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, None)


def test_a_private_address_is_refused_at_send(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, clock: Clock
) -> None:
    from webhooks.delivery.addresses import AddressPolicy

    (delivery,) = change(workspace_id)
    worker = Worker(clock=clock, network=network(policy=AddressPolicy()))
    worker.run_once()
    worker.close()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_error) == (
        "pending",
        "127.0.0.1 is the private or reserved address 127.0.0.1",
    )
    assert receiver.received == []


def test_both_secrets_sign_while_one_is_rotated(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    services.secret_rotate(system_of(workspace_id), webhook_id=webhook.id, overlap=timedelta(hours=24))
    rotated = Webhook.objects.get()
    Webhook.objects.update(previous_secret_until=START + timedelta(hours=24))
    assert rotated.secret != webhook.secret
    (delivery,) = change(workspace_id)
    worker.run_once()
    signature = sign_standard(rotated.secret, delivery.message_id, 1770091506, bytes(delivery.body))
    old = sign_standard(webhook.secret, delivery.message_id, 1770091506, bytes(delivery.body))
    assert receiver.received[0].headers["webhook-signature"] == f"{signature} {old}"
    clock.advance(hours=24)
    change(workspace_id)
    worker.run_once()
    assert " " not in receiver.received[1].headers["webhook-signature"]


def test_a_deleted_webhook_gets_nothing_more(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker
) -> None:
    (delivery,) = change(workspace_id)
    webhook_delete(system_of(workspace_id), webhook_id=webhook.id)
    worker.run_once()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_error, receiver.received) == ("failed", "The webhook was deleted", [])


@pytest.mark.parametrize(
    ("change_to_row", "status"), [({"is_active": False}, "held"), ({"deleted_at": START, "is_active": False}, "failed")]
)
def test_a_claim_of_a_webhook_that_is_off_is_given_back(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, change_to_row: dict[str, Any], status: str
) -> None:
    (delivery,) = change(workspace_id)
    Webhook.objects.update(**change_to_row)  # as if it happened between two statements
    worker.run_once()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, receiver.received) == (status, 0, [])


def test_redelivery_keeps_id_and_bytes_and_starts_the_schedule_anew(
    workspace_id: UUID, receiver: Receiver, webhook: Webhook, worker: Worker, clock: Clock
) -> None:
    (delivery,) = change(workspace_id)
    worker.run_once()
    again = delivery_redeliver(system_of(workspace_id), delivery_id=delivery.id)
    assert (again.status, again.attempts, again.first_attempt) == ("pending", 1, 1)
    clock.now = again.next_attempt_at  # type: ignore[assignment]
    receiver.answers = [(500, {}, b"")]
    worker.run_once()
    delivery.refresh_from_db()
    assert delivery.next_attempt_at == clock() + timedelta(seconds=5)
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_recover_sends_failed_ones_since_a_moment(workspace_id: UUID, webhook: Webhook) -> None:
    change(workspace_id, 2)
    change(workspace_id, 3, at=START + timedelta(hours=1))
    Delivery.objects.update(status="failed")
    recovered = services.failed_recover(
        system_of(workspace_id), webhook_id=webhook.id, since=START + timedelta(hours=1)
    )
    assert recovered == 3
    assert Delivery.objects.filter(status="pending").count() == 3


# Claiming ------------------------------------------------------------------------------------------


def claim(limit: int = 100, per_webhook: int = 4, **more: Any) -> list[queue.Claim]:
    return queue.claim("default", now=START, limit=limit, per_webhook=per_webhook, lease=timedelta(minutes=1), **more)


def test_a_backlog_takes_only_its_own_share(workspace_id: UUID, webhook: Webhook) -> None:
    change(workspace_id, 50)
    other = make_workspace()
    second = webhook_create(system_of(other), data={"targetUrl": "http://127.0.0.1:9/"})
    (late,) = change(other)
    claims = claim()
    assert [each.webhook_id for each in claims].count(webhook.id) == 4
    assert [each.delivery_id for each in claims if each.webhook_id == second.id] == [late.id]
    assert claim() == []  # both are at their limit or empty
    assert len(claim(per_webhook=5)) == 1


def test_a_short_claim_serves_every_webhook_once_before_any_twice(workspace_id: UUID, webhook: Webhook) -> None:
    change(workspace_id, 10)
    for _ in range(3):
        other = make_workspace()
        webhook_create(system_of(other), data={"targetUrl": "http://127.0.0.1:9/"})
        change(other, 1)
    assert len({each.webhook_id for each in claim(limit=4)}) == 4


def test_the_oldest_first_and_nothing_early(workspace_id: UUID, webhook: Webhook) -> None:
    later = change(workspace_id, at=START + timedelta(seconds=1))
    now = change(workspace_id)
    before = change(workspace_id, at=START - timedelta(seconds=1))
    assert [each.delivery_id for each in claim(limit=1)] == [before[0].id]
    assert [each.delivery_id for each in claim()] == [now[0].id]
    assert later[0].status == "pending"


def test_one_record_at_a_time_while_it_is_first_tried(workspace_id: UUID, webhook: Webhook) -> None:
    record_id = uuid4()
    (first,) = change(workspace_id, record_id=record_id, at=START - timedelta(microseconds=1))
    (second,) = change(workspace_id, record_id=record_id)
    other = change(workspace_id)
    assert {each.delivery_id for each in claim()} == {first.id, other[0].id}
    assert claim() == []
    Delivery.objects.filter(id=first.id).update(status="pending", next_attempt_at=START + timedelta(seconds=5))
    assert [each.delivery_id for each in claim()] == [second.id]


def test_a_delivery_that_is_tried_again_lets_the_next_of_its_record_pass(workspace_id: UUID, webhook: Webhook) -> None:
    record_id = uuid4()
    (first,) = change(workspace_id, record_id=record_id)
    assert [each.delivery_id for each in claim()] == [first.id]
    Delivery.objects.filter(id=first.id).update(status="pending", next_attempt_at=START)
    assert [(each.delivery_id, each.number) for each in claim()] == [(first.id, 2)]  # it is on its way again
    (second,) = change(workspace_id, record_id=record_id)
    assert [each.delivery_id for each in claim()] == [second.id]


def test_a_lost_claim_is_put_back_and_its_late_outcome_changes_nothing(workspace_id: UUID, webhook: Webhook) -> None:
    (delivery,) = change(workspace_id)
    (lost,) = claim()
    assert queue.put_back_lost("default", START + timedelta(seconds=60)) == 0
    assert queue.put_back_lost("default", START + timedelta(seconds=61)) == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    (taken,) = queue.claim(
        "default", now=START + timedelta(seconds=61), limit=1, per_webhook=4, lease=timedelta(minutes=1)
    )
    assert (lost.number, taken.number) == (1, 2)
    late = queue.Outcome(lost, START, 5, queue.DeliveryStatus.FAILED, status_code=410)
    queue.record("default", [late])
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivering", 2)
    assert list(Attempt.objects.order_by("at").values_list("number", "error", "status_code")) == [
        (1, None, 410),
        (1, "The worker stopped before it saw an answer", None),
    ]


def test_a_delivery_that_always_loses_its_worker_is_given_up(workspace_id: UUID, webhook: Webhook) -> None:
    (delivery,) = change(workspace_id)
    for number in range(10):
        now = START + timedelta(hours=number)
        assert len(queue.claim("default", now=now, limit=1, per_webhook=4, lease=timedelta(minutes=1))) == 1
        queue.put_back_lost("default", now + timedelta(minutes=2))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("failed", 10)


def test_old_deliveries_are_forgotten(workspace_id: UUID, webhook: Webhook, worker: Worker, clock: Clock) -> None:
    old = change(workspace_id, at=START - timedelta(days=15))[0]
    waiting = change(workspace_id, at=START - timedelta(days=15))[0]
    recent = change(workspace_id)[0]
    Delivery.objects.exclude(id=waiting.id).update(status="delivered")
    Delivery.objects.filter(id=waiting.id).update(next_attempt_at=START + timedelta(days=1))
    Attempt.objects.create(delivery=old, number=1, at=START)
    worker.run_once()
    assert set(Delivery.objects.values_list("id", flat=True)) == {waiting.id, recent.id}
    assert Attempt.objects.count() == 0


def test_claiming_reads_its_index_only(workspace_id: UUID, webhook: Webhook) -> None:
    change(workspace_id, 200)
    parameters: dict[str, Any] = {"now": START, "limit": 8, "per_webhook": 4, "lease_until": START, "without": []}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + queue._CLAIM, parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("webhooks_delivery_due") == 3
    assert "Seq Scan on webhooks_delivery" not in plan


# Running -------------------------------------------------------------------------------------------


@pytest.fixture
def running() -> Iterator[Callable[..., Worker]]:
    """Start workers in threads; they are stopped and awaited at the end."""
    started: list[tuple[Worker, threading.Thread]] = []

    def start(**more: Any) -> Worker:
        worker = Worker(network=network(), **more)

        def run() -> None:
            worker.run()
            connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        started.append((worker, thread))
        return worker

    yield start
    for worker, _ in started:
        worker.stop()
    for _, thread in started:
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_slow_endpoint_delays_nobody_else(
    new_receiver: Callable[[], Receiver], running: Callable[..., Worker]
) -> None:
    slow, fast = new_receiver(), new_receiver()
    slow.gate.clear()
    workspace_id = make_workspace()
    webhook_create(system_of(workspace_id), data={"targetUrl": slow.url()})
    webhook_create(system_of(workspace_id), data={"targetUrl": fast.url()})
    running(concurrency=8)
    change(workspace_id, 20)
    for _ in range(20):
        assert fast.arrived.acquire(timeout=10)
    assert len(slow.received) == 4
    slow.gate.set()
    for _ in range(20):
        assert slow.arrived.acquire(timeout=10)
    assert {each.headers["webhook-id"] for each in slow.received} == {
        each.message_id for each in Delivery.objects.filter(webhook__target_url=slow.url())
    }


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_delivery_once(receiver: Receiver, running: Callable[..., Worker]) -> None:
    workspace_id = make_workspace()
    webhook_create(system_of(workspace_id), data={"targetUrl": receiver.url()})
    running(concurrency=4)
    running(concurrency=4)
    written = change(workspace_id, 60)
    for _ in written:
        assert receiver.arrived.acquire(timeout=10)
    assert sorted(each.headers["webhook-id"] for each in receiver.received) == sorted(
        each.message_id for each in written
    )


def start_process(*arguments: str) -> subprocess.Popen[str]:
    """The command as an operator runs it, on the test's database."""
    database = connection.settings_dict
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1", "WEBHOOK_TIMEOUT_S": "10"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "deliver_webhooks", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_sending_loses_nothing(receiver: Receiver) -> None:
    workspace_id = make_workspace()
    webhook_create(system_of(workspace_id), data={"targetUrl": receiver.url()})
    (delivery,) = change(workspace_id)
    receiver.gate.clear()
    process = start_process()
    try:
        assert receiver.arrived.acquire(timeout=20)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    receiver.gate.set()
    delivery.refresh_from_db()
    assert delivery.status == "delivering"

    lease_until = delivery.lease_until
    assert lease_until is not None
    successor = Worker(clock=lambda: lease_until + timedelta(seconds=1), network=network())
    assert successor.run_once() == 1
    successor.close()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


@pytest.mark.django_db(transaction=True)
def test_sigterm_lets_what_is_on_its_way_arrive(receiver: Receiver) -> None:
    workspace_id = make_workspace()
    webhook_create(system_of(workspace_id), data={"targetUrl": receiver.url()})
    (delivery,) = change(workspace_id)
    receiver.gate.clear()
    process = start_process("--concurrency", "2")
    try:
        assert receiver.arrived.acquire(timeout=20)
        process.send_signal(signal.SIGTERM)
        receiver.gate.set()
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0 and "Traceback" not in errors
    finally:
        process.kill()
        process.communicate()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 1)


@pytest.mark.django_db(transaction=True)
def test_once_sends_what_is_due_and_ends(receiver: Receiver) -> None:
    workspace_id = make_workspace()
    webhook_create(system_of(workspace_id), data={"targetUrl": receiver.url()})
    change(workspace_id, 10)
    process = start_process("--once")
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "10 attempts\n"), errors
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}
