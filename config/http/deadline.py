"""How long the work of one request may go on, and whether anybody still waits for its answer.

`RequestMiddleware` begins a deadline for every request. Whatever works through many things (records, fields,
cells, nodes) asks `check()` between them, which costs a fifth of a microsecond; it raises, so that the
transaction around it is rolled back. No thread is ever killed: one step (a statement, a parse) ends in its
own time, for which statements and sizes have limits of their own; in the second half of a request's time a statement
has what is left of it (`config.server.statements`). Pure: no Django.

A web server that knows when a client hangs up says so under `IS_GONE` in the WSGI environment: a function
without arguments, that is cheap, never raises, and is true once nobody waits any more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from time import monotonic

from config.errors import ClientGone, DeadlineExceeded

IS_GONE = "fourgate.is_gone"  # member of the WSGI environment


class Deadline:
    """When the work must be done; `check` raises DeadlineExceeded or ClientGone."""

    __slots__ = ("ends_at_s", "is_gone", "is_long", "seconds", "spent")

    def __init__(self, seconds: float, is_gone: Callable[[], bool] | None = None) -> None:
        self.seconds = seconds
        self.ends_at_s = monotonic() + seconds  # of the monotonic clock
        self.is_gone = is_gone
        self.is_long = False  # works through any number of records, each of which is bounded alone
        self.spent: dict[str, int] = {}  # what `config.http.bounds` counts over the whole request

    def check(self) -> None:
        if monotonic() > self.ends_at_s:
            raise self.exceeded()
        if self.is_gone is not None and self.is_gone():
            raise ClientGone("The client hung up before its answer was ready")

    def exceeded(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"The request took longer than {self.seconds:g} s",
            hint="Send less in one request, or ask for less. Nothing of this part of it was written.",
        )

    def left_s(self) -> float:
        return max(0.0, self.ends_at_s - monotonic())

    def is_near(self) -> bool:
        """Whether less than half of the time is left, but some: a statement may not take all of its own any more.
        What is done once it is over (a key is freed, a refusal kept) is short and must not fail."""
        return 0 < 2 * (self.ends_at_s - monotonic()) < self.seconds


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def begin(seconds: float, is_gone: Callable[[], bool] | None = None) -> Token[Deadline | None]:
    """From now on this context's work has so many seconds; `end` it with what is returned."""
    return _current.set(Deadline(seconds, is_gone))


def end(token: Token[Deadline | None]) -> None:
    _current.reset(token)


def current() -> Deadline | None:
    """What is in force; None outside requests (commands, the worker), which may take their time."""
    return _current.get()


def check() -> None:
    """Raise DeadlineExceeded when the request's time is over, ClientGone when nobody waits for its answer."""
    deadline = _current.get()
    if deadline is not None:
        deadline.check()


def begin_again() -> None:
    """The same request once more: what it did so far counts for nothing. Raises what `check` raises."""
    deadline = _current.get()
    if deadline is not None:
        deadline.spent.clear()
    check()


def allow(seconds: float) -> Deadline:
    """Give work that is long by its nature (an import, an export) its own time, counted from now."""
    deadline = _current.get()
    longer = Deadline(seconds, None if deadline is None else deadline.is_gone)
    if deadline is not None:
        deadline.seconds, deadline.ends_at_s, deadline.is_long = longer.seconds, longer.ends_at_s, True
        return deadline
    return longer
