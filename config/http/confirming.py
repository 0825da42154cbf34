"""Statements that find out who asks beside what they are for: one round trip to the database instead of two.

A caller whose token was checked before is taken for who they were then, until the first statement of the request
confirms it: that statement has the check beside the read, as independent parts of one snapshot. Where it says
anything else than before (the key was revoked, its role, its limits or the data model changed), what was read is thrown
away and the request begins again, now with a check of its own before all else. A write that is one statement has the
check as a condition: where it fails, nothing is written. Nothing is answered that was not confirmed: a request that
sends no such statement, or fails before it, is confirmed at its end. Knows no app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import atomic
from django.http import HttpRequest

from config.http import deadline
from config.http.limits import recount
from config.server.statements import Rows, run

Response = TypeVar("Response")

KEPT = 512  # texts of reads with their check that are in use


class CallerChanged(BaseException):
    """What was known of the caller is not so any more. No Exception, so that nobody takes it for a fault to answer."""


@dataclass(slots=True)
class Check:
    """A statement of one row and one text, its parameters, and the text that it gave for this token before."""

    text: str
    params: Sequence[object]
    expected: str

    def passes(self, found: str | None) -> None:
        if found != self.expected:
            raise CallerChanged


class Waiting:
    """A request that may wait with its check; `check` is what its caller still has to pass.

    `may_be_late`: it only reads, so a replica may answer; `since` is then what that has to have, once it is known.
    """

    __slots__ = ("check", "may_be_late", "since")

    def __init__(self, *, may_be_late: bool = False) -> None:
        self.check: Check | None = None
        self.may_be_late = may_be_late
        self.since: int | None = None


_waiting: ContextVar[Waiting | None] = ContextVar("waiting", default=None)


def waiting() -> Waiting | None:
    """The request under way, if it may wait with its check."""
    return _waiting.get()


def allow_late() -> None:
    """Called for a request that is known to read only. One that began again, its caller having changed, is not late."""
    now = _waiting.get()
    if now is not None:
        now.may_be_late = True


@contextmanager
def late_as(request: Waiting | None) -> Iterator[None]:
    """What is read of an answer after its view, in pieces, may be late where the request might."""
    if request is None or not request.may_be_late or _waiting.get() is not None:
        yield
        return
    piece = Waiting(may_be_late=True)
    given = _waiting.set(piece)
    try:
        yield
    finally:
        _waiting.reset(given)
        request.may_be_late = piece.may_be_late  # no piece is of an earlier state than those before


def confirmed(request: HttpRequest, work: Callable[[], Response]) -> Response:
    """What the work for a request gives or raises, once it is certain who asked."""
    given = _waiting.set(Waiting())
    try:
        try:
            response = work()
        except Exception:
            confirm()
            raise
        confirm()
        return response
    except CallerChanged:
        del request.principal  # type: ignore[attr-defined]
    finally:
        _waiting.reset(given)
    deadline.begin_again()  # somebody may still wait for the answer, or nobody
    refusal = recount(request)
    if refusal is not None:
        raise refusal
    return work()


def confirm() -> None:
    """Check by a statement of its own whoever was not confirmed yet. Raises CallerChanged."""
    now = _waiting.get()
    if now is None or now.check is None:
        return
    check = now.check
    rows = run(connections[DEFAULT_DB_ALIAS], check.text, check.params)  # a fault here leaves the check to be done
    now.check = None
    check.passes(rows[0][0] if rows else None)


def run_if_confirmed(using: str, write: Callable[[Check | None], tuple[str, Sequence[object]]]) -> Rows:
    """The rows of a write of one statement, outside of which nothing was written yet.

    `write` gives its text and parameters: with the check that it has to have as a condition, or with None where the
    caller is confirmed. No rows: nothing was written, for this reason or for another.
    """
    now = _waiting.get()
    if using != DEFAULT_DB_ALIAS:  # where there are no keys
        confirm()
    check = None if now is None else now.check
    text, params = write(check)
    rows = run(connections[using], text, params, is_patient=False)
    if now is not None and rows:
        now.check = None
    return rows


def run_confirming(using: str, text: str, params: Sequence[object]) -> Rows:
    """The rows of a read of one row at most, and the check of the caller with it where that is still to be done."""
    now = _waiting.get()
    if now is None or now.check is None:
        return run(connections[using], text, params)
    if using != DEFAULT_DB_ALIAS:  # where there are no keys
        confirm()
        return run(connections[using], text, params)
    check, connection = now.check, connections[using]
    both = _both(check.text, text)
    with (
        atomic(using=using) if connection.in_atomic_block else nullcontext()
    ):  # so that the check can come after a fault
        rows = run(connection, both, (*check.params, *params))
    now.check = None
    check.passes(rows[0][0] if rows else None)
    return [row[2:] for row in rows if row[1]]


@lru_cache(maxsize=KEPT)
def _both(check: str, read: str) -> str:
    """Kept, so that it is the same text for whoever keeps something by it."""
    return f"SELECT c.*, r.* FROM ({check}) c LEFT JOIN (SELECT true, q.* FROM ({read}) q) r ON true"  # noqa: S608
