"""Programs of ours that run beside this one, and the signals that end them with it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from django.conf import settings

STOP_TIMEOUT_S = 30.0  # for requests in flight, and what a worker is about to send; all together
LOOK_EVERY_S = 0.05  # whether a child has ended
FIRST_RESTART_S, LAST_RESTART_S = 1.0, 30.0  # a worker's back-off
STEADY_S = 60.0  # a worker that ran this long starts again with the first back-off
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # Linux prctl(2)


class Stopped(BaseException):
    """One of STOP_SIGNALS: unwinds through everything that was started."""


class Stop:
    """What a signal does: raise Stopped, at once or at the end of what must not be cut in two."""

    is_held = False
    is_wanted = False


def stop(number: int, frame: FrameType | None) -> None:
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # once is enough: what follows must not be cut off
    Stop.is_wanted = True
    if not Stop.is_held:
        raise Stopped


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Around what a signal waits for.

    `subprocess` keeps a lock of its own when an exception hits it between two of its lines; whoever asks for
    the child afterwards, as our own stopping does, would wait for ever.
    """
    was_wanted, was_held, Stop.is_held = Stop.is_wanted, Stop.is_held, True
    try:
        yield
    finally:
        Stop.is_held = was_held
    if Stop.is_wanted and not was_wanted and not was_held:
        raise Stopped


class Child:
    """A program of ours that runs beside this one, in its own session so that a terminal's Ctrl-C
    reaches it only through us. On Linux it is ended even when we are killed."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self.start()

    def start(self) -> None:
        self._started = time.monotonic()
        with uninterrupted():
            self._process = subprocess.Popen(
                self._command,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_end_with_parent(),
            )

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._started

    def poll(self) -> int | None:
        """The exit code, or None when it still runs."""
        with uninterrupted():
            return self._process.poll()

    def wait(self, timeout_s: float) -> int | None:
        """The exit code, or None when it still runs after that time."""
        deadline = time.monotonic() + timeout_s
        while (code := self.poll()) is None and time.monotonic() < deadline:
            time.sleep(min(LOOK_EVERY_S, timeout_s))
        return code

    def terminate(self) -> None:
        """Ask it to end: SIGTERM."""
        if self.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """SIGKILL for what is left of it and of its own children."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # all gone: the usual case
        self._process.wait()


def stop_all(children: Sequence[Child]) -> None:
    """Each is told first, so that their last requests and deliveries end beside each other."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for child in children:
        child.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        child.kill()


@dataclass
class Worker:
    """A child that is started again when it ends, after a pause that doubles as long as it does not last."""

    name: str
    child: Child
    _pause_s: float = FIRST_RESTART_S

    def next_pause_s(self) -> float:
        pause_s = FIRST_RESTART_S if self.child.age_s > STEADY_S else self._pause_s
        self._pause_s = min(pause_s * 2, LAST_RESTART_S)
        return pause_s


def _end_with_parent() -> Callable[[], object] | None:
    """What a child runs before its program: ask Linux for a SIGTERM when its parent is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec little is safe
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
