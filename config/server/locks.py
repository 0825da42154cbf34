"""Waiting for the locks of other requests, so that somebody is always left to serve the rest.

A request that waits for a lock keeps its thread from everybody else, and a lock that is held for long (a large
change of the data model, a forgotten session in psql) soon has every thread waiting for it. So:

- A request first waits LOCK_FIRST_WAIT_MS, which is the `lock_timeout` of the web server's connections. Ordinary
  collisions, two writers of one record, are over long before.
- Whoever needs longer takes a seat, of which a process has LOCK_WAITERS, and begins its transaction anew with what is
  left of LOCK_TIMEOUT_MS (METADATA_LOCK_TIMEOUT_MS for changes of the data model). Meanwhile the web server has
  another thread stand in for it. A web server that cannot do so has no seats.
- Who finds no seat is refused with LOCK_TIMEOUT at once; and for a second all who come for the same wait
  CROWDED_WAIT_MS only.

No statement is added to a request that does not wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections, transaction

from config.errors import LockTimeout
from config.server.database import is_command
from config.server.sqlstate import lock_timeout

T = TypeVar("T")
StandIn = Callable[[], AbstractContextManager[Any]]
CROWDED_WAIT_MS = 20
CROWDED_FOR_S = 1.0
_MOST_CROWDED = 1_000  # things remembered

# A command has nobody else to serve.
_stand_in: StandIn | None = nullcontext if is_command() else None
_taken = 0  # seats
_counting = Lock()
_crowded_until: dict[Hashable, float] = {}  # by what is waited for, on time.monotonic's clock


def patiently(using: str, what: Hashable, attempt: Callable[[], T], *, longest_ms: int | None = None) -> T:
    """Run `attempt`, a transaction or a part of one that a savepoint can take back, waiting for locks as above.

    `what` stands for what it may have to wait for: an object of the data model, say. Raises LockTimeout.
    """
    try:
        if _crowded_until and _crowded_until.get(what, 0.0) > time.monotonic():
            with waiting_up_to(using, CROWDED_WAIT_MS):
                return attempt()
        return attempt()
    except LockTimeout as refusal:
        return wait_in_a_seat(using, what, attempt, refusal, longest_ms=longest_ms)


def wait_in_a_seat(
    using: str, what: Hashable, attempt: Callable[[], T], refusal: LockTimeout, *, longest_ms: int | None = None
) -> T:
    """Run `attempt` with the longer wait; raises `refusal` when there is no seat."""
    with seat() as is_free:
        if not is_free:
            _note_crowd(what)
            raise refusal
        wait_ms = (longest_ms or settings.LOCK_TIMEOUT_MS) - settings.LOCK_FIRST_WAIT_MS
        try:
            with waiting_up_to(using, max(1, wait_ms)):
                return attempt()
        except LockTimeout:
            _note_crowd(what)
            raise


@contextmanager
def waiting_up_to(using: str, wait_ms: int) -> Iterator[None]:
    """A transaction, or a savepoint of the one around it, whose statements wait that long for each lock."""
    wrapper = connections[using]
    is_inside = wrapper.in_atomic_block
    with transaction.atomic(using=using):
        with wrapper.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(wait_ms)}")
        yield
        if is_inside:
            with wrapper.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")  # the connection's own


def provide_stand_ins(make: StandIn | None) -> None:
    """Told by a web server whose process can go on with other requests while one waits: `with make(): …` is around
    the wait, in the thread that waits. Not told, requests have the first wait only."""
    global _stand_in
    _stand_in = make


@contextmanager
def seat() -> Iterator[bool]:
    """Whether one of this process's seats was free; it is held for the block."""
    if _stand_in is None or not _sit_down():
        yield False
        return
    try:
        with _stand_in():
            yield True
    finally:
        _stand_up()


@contextmanager
def seat_or_refusal() -> Iterator[None]:
    """A seat for the block. Raises LockTimeout when there is none."""
    with seat() as is_free:
        if not is_free:
            raise lock_timeout()
        yield


def _sit_down() -> bool:
    global _taken
    with _counting:
        if _taken >= settings.LOCK_WAITERS:
            return False
        _taken += 1
        return True


def _stand_up() -> None:
    global _taken
    with _counting:
        _taken -= 1


def _note_crowd(what: Hashable) -> None:
    if len(_crowded_until) >= _MOST_CROWDED:
        _crowded_until.clear()
    _crowded_until[what] = time.monotonic() + CROWDED_FOR_S
