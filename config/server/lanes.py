"""Lanes: threads that work on requests one after the other, each with its own database connection.

The event loop puts jobs in and takes their results out; a thread does nothing but work. A lane says no when
too many wait, and a job that has waited too long is taken out again, so that nobody waits for ever.

A lane with relief has one thread as long as all is short: threads beside each other make short answers slower. Whoever
comes while its job is held up (it waits for the database, or takes long in whatever way) gets another thread, which
stands by afterwards, with its connection open, for the next time.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

import psycopg2
from django.db import connections
from django.http import HttpRequest
from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

from config.errors import ApiError
from config.http.request_kinds import READS_ONLY
from config.server.bodies import Body
from config.server.frames import with_room_for_frames
from config.server.replicas import replica_connections

LONG_AFTER_S = 1.0  # a job that runs for longer is long, whatever it is
HELD_UP_AFTER_S = 0.002  # … and for longer than this, while its database works, it needs no processor of ours
STANDS_BY_FOR_S = 60.0
READS = frozenset(("GET", "HEAD"))

logger = logging.getLogger(__name__)


class Job:
    """Something to do in a lane. The loop waits for `done`, which is resolved when the loop next looks."""

    __slots__ = (
        "_ticket",
        "body",
        "client",
        "done",
        "fault",
        "is_gone",
        "offered_at",
        "patience_s",
        "protocol",
        "request",
        "started_at",
        "thread",
        "wake",
        "watch",
        "work",
    )

    def __init__(
        self,
        work: Callable[[Job], Any],
        done: asyncio.Future[None],
        client: str,
        body: Body,
        protocol: Any,
    ) -> None:
        self.work = work
        self.done = done
        self.client = client  # its address and port
        self.body = body  # held until it is done
        self.protocol = protocol  # granian's, when a client waits for it
        self.offered_at = monotonic()
        self.started_at = inf
        self.patience_s = inf
        self.fault: ApiError | None = None  # why it was not worked on
        self.is_gone = False  # whether the client hung up
        self.request: HttpRequest | None = None
        self.thread: LaneThread | None = None
        self.watch: asyncio.Task[None] | None = None
        self.wake: Callable[[], Any] | None = None  # called once it is done, when somebody waits for its end
        self._ticket = [True]

    def tell_gone(self) -> bool:
        return self.is_gone

    @property
    def may_cancel(self) -> bool:
        """Whether its statements only read, so that ending one in the middle loses nothing."""
        request = self.request
        return request is not None and (request.method in READS or READS_ONLY in request.META)

    def claim(self) -> bool:
        """True for the first who asks: the thread that works on it, or the loop that gives it up."""
        try:
            return self._ticket.pop()
        except IndexError:
            return False

    @property
    def is_waiting(self) -> bool:
        return bool(self._ticket)


class Lane:
    def __init__(
        self,
        name: str,
        *,
        threads: int,
        queue_length: int,
        patience_s: float,
        finished: deque[Job],
        relief: int = 0,
        call_later: Callable[[float, Callable[[], None]], Any] | None = None,
        keeps_connection: bool = True,
        takes_turns: bool = False,
    ) -> None:
        """`relief` is how many threads may come to help, one after the other, while all are held up; `call_later` is
        the loop's, and goes with it. One that `takes_turns` soon lets other threads go on while it computes.
        """
        self.name = name
        self.patience_s = patience_s
        self.keeps_connection = keeps_connection
        self.turns: Callable[[], AbstractContextManager[None]] = _short_turns if takes_turns else nullcontext
        self.finished = finished
        self.queue: SimpleQueue[Job | None] = SimpleQueue()
        self._queue_length = queue_length
        self._most_threads = threads
        self._most_with_relief = threads + relief
        self._call_later = call_later
        self._is_looking = False
        self._threads: list[LaneThread] = []  # that work, or wait for work
        self._standing_by: list[LaneThread] = []
        self._leaving = threading.Lock()

    def offer(self, job: Job) -> bool:
        """Put a job in; False when too many wait. Asked by the loop only."""
        waiting = self.queue.qsize()
        if waiting >= self._queue_length:
            return False
        self.queue.put(job)
        threads = self._threads
        if sum(each.job is None for each in threads) <= waiting:
            if len(threads) < self._most_threads:
                self.start()
            elif self._call_later is not None:
                self._relieve()
                self._look_soon()
        return True

    def start(self) -> None:
        """One more thread: who stands by, or a new one."""
        with self._leaving:
            if self._standing_by:
                thread = self._standing_by.pop()
                self._threads.append(thread)
                thread.calls.put(True)
            else:
                self._threads.append(LaneThread(self))

    def _look_soon(self) -> None:
        if not self._is_looking and self._call_later is not None:
            self._is_looking = True
            self._call_later(HELD_UP_AFTER_S, self._look)

    def _look(self) -> None:
        self._is_looking = False
        if not self.queue.empty():
            self._relieve()
            self._look_soon()

    def _relieve(self) -> None:
        """Have one more thread work, when all that do are held up."""
        threads = self._threads
        if len(threads) < self._most_with_relief:
            now = monotonic()
            if all(each.is_held_up(now) for each in threads):
                self.start()

    @contextmanager
    def stand_in(self) -> Iterator[None]:
        """One more thread for as long as one of this process waits for something that takes no processor."""
        with self._leaving:
            self._most_threads += 1
            self._most_with_relief += 1
        self.start()
        try:
            yield
        finally:
            with self._leaving:  # the next thread that has finished a job is then one too many
                self._most_threads -= 1
                self._most_with_relief -= 1

    def lets_go(self, thread: LaneThread) -> bool:
        """Whether a thread that finished a job is one too many, and so stands by."""
        if len(self._threads) <= self._most_threads:
            return False
        now = monotonic()
        with self._leaving:
            others = [each for each in self._threads if each is not thread]
            if sum(not each.is_held_up(now) for each in others) < self._most_threads:
                return False
            self._threads = others
            self._standing_by.append(thread)
            return True

    def dismiss(self, thread: LaneThread) -> bool:
        """Whether a thread that nobody called for long may end: it was not called in this very moment."""
        with self._leaving:
            if thread not in self._standing_by:
                return False
            self._standing_by.remove(thread)
            return True

    def stop(self) -> None:
        """Threads end after what they work on."""
        for _ in self._threads:
            self.queue.put(None)
        for thread in self._standing_by:
            thread.calls.put(False)


class LaneThread:
    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.job: Job | None = None
        self.calls: SimpleQueue[bool] = SimpleQueue()  # back to work (True) or to its end, while it stands by
        self._leaving = threading.Lock()  # held while a job ends, and while its statement is cancelled
        self._wrappers: Sequence[Any] = ()  # Django's connections of this thread
        threading.Thread(target=with_room_for_frames, args=(self._run,), name=lane.name, daemon=True).start()

    def _run(self) -> None:
        queue, finished = self._lane.queue, self._lane.finished
        self._wrappers = [*connections.all(), *replica_connections.all()]
        while (job := queue.get()) is not None:
            if not job.claim():
                continue
            job.started_at = monotonic()
            job.thread = self
            self.job = job
            try:
                with self._lane.turns():
                    job.work(job)
            except BaseException:
                logger.exception("a request failed outside of its view")
            with self._leaving:
                self.job = None
            finished.append(job)
            if job.wake is not None:
                job.wake()
            if self._lane.lets_go(self) and not self._stand_by():
                break
            if not self._lane.keeps_connection and queue.empty():
                self._close_connections()
        self._close_connections()

    def _stand_by(self) -> bool:
        """Wait for a call, with open connections; whether one came."""
        try:
            return self.calls.get(timeout=STANDS_BY_FOR_S)
        except Empty:
            return not self._lane.dismiss(self) and self.calls.get()

    def is_held_up(self, now: float) -> bool:
        """Whether its job takes long, or waits for a database that has worked on it for a while."""
        job = self.job
        if job is None:
            return False
        age_s = now - job.started_at
        return age_s > LONG_AFTER_S or (
            age_s > HELD_UP_AFTER_S and any(_is_active(each.connection) for each in self._wrappers)
        )

    @staticmethod
    def _close_connections() -> None:
        connections.close_all()
        replica_connections.close_all()

    def cancel(self, job: Job) -> None:
        """End the statement that `job` runs, if it still does. Takes a round trip: never called by the loop itself."""
        with self._leaving:
            if self.job is not job or not job.may_cancel:
                return
            for connection in [each.connection for each in self._wrappers]:
                try:
                    if _is_active(connection):
                        connection.cancel()
                except psycopg2.Error as fault:
                    logger.warning("a statement could not be cancelled: %s", fault)


def _is_active(connection: Any) -> bool:
    """Whether the database works on a statement of the connection."""
    return connection is not None and connection.get_transaction_status() == TRANSACTION_STATUS_ACTIVE


# Whoever wants the interpreter insists on it after so long, and gets it between two steps of who has it. Python's own
# 5 ms make a short request, which wants it three or four times, wait for 20 beside one that computes.
_TURN_S = 0.0005
_USUAL_TURN_S = sys.getswitchinterval()
_taking_turns = 0
_counting = threading.Lock()


@contextmanager
def _short_turns() -> Iterator[None]:
    global _taking_turns
    with _counting:
        _taking_turns += 1
        sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        with _counting:
            _taking_turns -= 1
            if not _taking_turns:
                sys.setswitchinterval(_USUAL_TURN_S)
