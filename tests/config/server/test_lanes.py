"""Lanes: one thread as long as all is short, another when the first is held up, and who stands by."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from config.server import lanes
from config.server.bodies import NO_BODY
from config.server.lanes import Job, Lane

pytestmark = pytest.mark.django_db(transaction=True)


class Loop:
    """An event loop in a thread of its own, and what jobs of a lane did: (name, thread, database session)."""

    def __init__(self, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.finished: deque[Job] = deque()
        self.done: list[tuple[str, int, int]] = []
        self.lane = Lane(
            "short",
            threads=1,
            queue_length=10,
            patience_s=10,
            finished=self.finished,
            call_later=self.loop.call_later,
            **options,
        )
        self.call(self.lane.start)

    def call(self, what: Callable[[], Any]) -> Any:
        async def called() -> Any:
            return what()

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(10)

    def offer(self, name: str, work: Callable[[], object] = lambda: None) -> Job:
        """A job that does `work`, and then says where it was."""

        def run(_: Job) -> None:
            work()
            self.done.append((name, threading.get_ident(), session()))

        job: Job = self.call(lambda: Job(run, self.loop.create_future(), "127.0.0.1:1", NO_BODY, None))
        assert self.call(lambda: self.lane.offer(job))
        return job

    def names(self) -> list[str]:
        return [name for name, _, _ in self.done]

    def end(self) -> None:
        self.call(self.lane.stop)
        until(lambda: not lane_threads())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


def session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def sleeping(seconds: float) -> Callable[[], None]:
    """The database works, and its thread waits."""

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [seconds])

    return work


def computing(seconds: float) -> Callable[[], None]:
    def work() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass

    return work


def lane_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "short"]


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def lane() -> Iterator[Loop]:
    loop = Loop(relief=1)
    yield loop
    loop.end()


def test_who_comes_while_the_database_works_for_another_is_answered_before(lane: Loop) -> None:
    lane.offer("warm")
    until(lambda: lane.names() == ["warm"])
    lane.offer("long", sleeping(1))
    for name in ("first", "second", "third"):
        lane.offer(name)
    until(lambda: len(lane.done) == 5)
    assert lane.names() == ["warm", "first", "second", "third", "long"]
    threads = {name: thread for name, thread, _ in lane.done}
    assert threads["first"] == threads["second"] == threads["third"] != threads["long"]
    assert threads["warm"] == threads["long"]


def test_who_computes_is_waited_for(lane: Loop) -> None:
    lane.offer("busy", computing(0.3))
    lane.offer("next")
    until(lambda: len(lane.done) == 2)
    assert lane.names() == ["busy", "next"]
    assert len({thread for _, thread, _ in lane.done}) == len(lane_threads()) == 1


def test_who_computes_for_more_than_a_second_is_not(lane: Loop) -> None:
    lane.offer("busy", computing(1.5))
    lane.offer("next")
    until(lambda: len(lane.done) == 2)
    assert lane.names() == ["next", "busy"]


def test_no_more_come_to_help_than_may(lane: Loop) -> None:
    for name in ("long", "longer", "next"):
        lane.offer(name, sleeping(1))
    until(lambda: len(lane.done) == 3)
    assert len(lane_threads()) == 2
    assert lane.names()[2] == "next"


def test_who_helped_stands_by_with_the_session_it_has(lane: Loop) -> None:
    helped = []
    for _ in range(2):
        lane.done.clear()
        lane.offer("long", sleeping(1))
        lane.offer("short")
        until(lambda: lane.names() == ["short", "long"])
        helped.append({session for _, _, session in lane.done})
        until(lambda: len(lane.lane._standing_by) == 1)
        lane.done.clear()
        lane.offer("alone")
        until(lambda: lane.names() == ["alone"])
    assert helped[0] == helped[1]
    assert len(helped[0]) == 2
    assert len(lane_threads()) == 2


def test_who_is_not_called_for_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "STANDS_BY_FOR_S", 0.2)
    lane = Loop(relief=1)
    lane.offer("long", sleeping(1))
    lane.offer("short")
    until(lambda: len(lane.done) == 2)
    sessions = {session for _, _, session in lane.done}
    until(lambda: len(lane_threads()) == 1)
    until(lambda: len(open_sessions(sessions)) == 1)
    lane.offer("next")
    until(lambda: lane.names()[2:] == ["next"])
    lane.end()


def open_sessions(known: set[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", [list(known)])
        return {pid for (pid,) in cursor.fetchall()}


def test_without_relief_everybody_waits() -> None:
    lane = Loop(relief=0)
    lane.offer("long", sleeping(1))
    lane.offer("next")
    until(lambda: len(lane.done) == 2)
    assert lane.names() == ["long", "next"]
    lane.end()


def test_turns_are_short_while_long_work_is_done_and_as_ever_after() -> None:
    usual = sys.getswitchinterval()
    lane = Loop(relief=1, takes_turns=True)
    seen = []

    def work() -> None:
        seen.append(sys.getswitchinterval())
        sleeping(0.1)()

    lane.offer("one", work)
    lane.offer("two", work)
    until(lambda: len(lane.done) == 2)
    lane.end()
    assert seen == [pytest.approx(0.0005)] * 2
    assert sys.getswitchinterval() == usual
