"""Hands answers to granian: short ones in one call, long ones through a pipe that waits for their reader.

granian keeps all that it is given in memory, however slowly the client reads. A named pipe that it
reads as a file does not. What the thread makes goes to a file first, so that the thread is free once everything is
made; a pump on the event loop moves it from there into the pipe, and breaks the connection of a client that takes
nothing for settings.ANSWER_IDLE_TIMEOUT_S.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import select
import tempfile
import threading
from asyncio import AbstractEventLoop
from collections.abc import Iterable
from email.header import Header
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase

from config.server.connections import hang_up
from config.server.lanes import Job

WHOLE_BYTES = 256 * 1024  # an answer that is no longer is sent as one
PIECE_BYTES = 128 * 1024  # what granian reads at once
PIPE_BYTES = 256 * 1024
AHEAD_BYTES = 256 * 1024 * 1024  # of one answer's file: then its thread waits until the reader has caught up
TURN_BYTES = 1024 * 1024  # moved before others have their turn on the loop
OPENING_TIMEOUT_S = 10.0
_serial = itertools.count()


class ReaderGone(Exception):
    """The client hung up, or reads too slowly, in the middle of its answer."""


class Streams:
    """The answers of one process that are on their way through a pipe."""

    def __init__(self, loop: AbstractEventLoop, folder: Path) -> None:
        self.loop = loop
        self.folder = folder
        self.open: set[Stream] = set()  # of the loop
        self._file_bytes = 0
        self._counting = threading.Lock()

    def count(self, size: int) -> None:
        with self._counting:
            self._file_bytes += size

    @property
    def is_full(self) -> bool:
        return self._file_bytes > settings.MAX_SPOOLED_BYTES

    def look_after(self, now: float) -> None:
        for stream in list(self.open):
            stream.look_after(now)

    def clients(self) -> set[str]:
        return {stream.client for stream in self.open}


def deliver(streams: Streams, job: Job, protocol: Any, response: HttpResponseBase) -> None:
    """Hand an answer over, in the thread that made it. Returns when all of it is made."""
    headers = _headers(response)
    is_head = job.request is not None and job.request.method == "HEAD"
    if not response.streaming:
        content: bytes = response.content  # type: ignore[attr-defined]
        if is_head or len(content) <= WHOLE_BYTES:
            protocol.response_bytes(response.status_code, headers, content)
            return
        pieces = (content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES))
    elif is_head:
        protocol.response_stream(response.status_code, headers)
        return
    else:
        pieces = iter(response.streaming_content)  # type: ignore[attr-defined]
    first: list[bytes] = []
    size = 0
    for piece in pieces:
        first.append(piece)
        size += len(piece)
        if size > WHOLE_BYTES:
            break
    else:
        protocol.response_bytes(response.status_code, headers, b"".join(first))
        return
    stream = Stream(streams, job)
    protocol.response_file(response.status_code, headers, str(stream.path))
    streams.loop.call_soon_threadsafe(stream.begin)
    try:
        stream.write_all(itertools.chain(first, pieces))
    except ReaderGone:
        pass
    except BaseException:
        stream.break_off()
        raise


class Stream:
    """One answer on its way: written by a thread, moved by the loop."""

    def __init__(self, streams: Streams, job: Job) -> None:
        self._streams = streams
        self._job = job
        self.client = job.client
        self.path = streams.folder / f"answer-{next(_serial)}"
        os.mkfifo(self.path, 0o600)
        self._file = tempfile.TemporaryFile(dir=streams.folder)  # noqa: SIM115 - closed by the pump
        self._changed = threading.Condition()
        self._written = self._read = 0  # places in the file
        self._is_complete = False
        self._is_gone = False
        self._is_idle = True  # whether the pump waits for the thread
        # of the loop alone:
        self._pipe: int | None = None
        self._piece = memoryview(b"")
        self._is_watched = False
        self._began_at = self._moved_at = monotonic()

    # The thread's side

    def write_all(self, pieces: Iterable[bytes]) -> None:
        gathered: list[bytes] = []
        size = 0
        for piece in pieces:
            gathered.append(piece)
            size += len(piece)
            if size >= PIECE_BYTES:
                self._write(b"".join(gathered))
                gathered, size = [], 0
        self._write(b"".join(gathered), is_last=True)

    def _write(self, data: bytes, *, is_last: bool = False) -> None:
        with self._changed:
            while self._must_wait():
                self._changed.wait()  # the pump gives up on a reader that stands still
            if self._is_gone:
                raise ReaderGone
            place = self._written
            while data:
                count = os.pwrite(self._file.fileno(), data, place)
                place += count
                data = data[count:]
            self._streams.count(place - self._written)
            self._written = place
            self._is_complete = is_last
            is_idle, self._is_idle = self._is_idle, False
        if is_idle:
            self._streams.loop.call_soon_threadsafe(self.move)

    def _must_wait(self) -> bool:
        is_far = self._written > AHEAD_BYTES or self._streams.is_full
        return is_far and self._read < self._written and not self._is_gone

    def break_off(self) -> None:
        """The answer cannot be made to its end: its client must see that."""
        self._streams.loop.call_soon_threadsafe(self.close, True)

    # The loop's side

    def begin(self, pause_s: float = 0.0005) -> None:
        """Open the pipe once granian has."""
        if pause_s == 0.0005:
            self._streams.open.add(self)
            self._began_at = monotonic()
        try:
            self._pipe = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as fault:
            if fault.errno != errno.ENXIO:
                raise
            if self._job.is_gone or monotonic() - self._began_at > OPENING_TIMEOUT_S:
                self.close()
            else:
                self._streams.loop.call_later(pause_s, self.begin, min(pause_s * 2, 0.05))
            return
        self.path.unlink()
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            try:
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            except OSError:
                pass  # the system allows this user no larger one
        self._moved_at = monotonic()
        self.move()

    def move(self) -> None:
        """Move as much as the reader takes."""
        if self._pipe is None:
            return
        moved = 0
        while moved < TURN_BYTES:
            if not self._piece and not self._next_piece():
                return
            try:
                count = os.write(self._pipe, self._piece)
            except BlockingIOError:
                self._watch(True)
                return
            except OSError:  # EPIPE: granian closed its end with the connection
                self.close()
                return
            moved += count
            self._piece = self._piece[count:]
            self._moved_at = monotonic()
        if not self._is_watched:
            self._streams.loop.call_soon(self.move)

    def _next_piece(self) -> bool:
        with self._changed:
            if self._read == self._written:
                if self._is_complete:
                    self.close()
                elif self._read:
                    self._file.truncate(0)
                    self._streams.count(-self._written)
                    self._read = self._written = 0
                    self._changed.notify()
                self._is_idle = True
            else:
                self._piece = memoryview(os.pread(self._file.fileno(), PIECE_BYTES, self._read))
                self._read += len(self._piece)
                self._changed.notify()
                return True
        self._watch(False)
        return False

    def _watch(self, wanted: bool) -> None:
        """Be called when the pipe has room."""
        if self._pipe is None or wanted == self._is_watched:
            return
        self._is_watched = wanted
        if wanted:
            self._streams.loop.add_writer(self._pipe, self.move)
        else:
            self._streams.loop.remove_writer(self._pipe)

    def look_after(self, now: float) -> None:
        """A few times a second: a reader that stands still, or is gone while nothing is written."""
        if self._pipe is None:
            return
        if self._is_watched:
            if now - self._moved_at > settings.ANSWER_IDLE_TIMEOUT_S:
                self.close(True)
        elif _has_no_reader(self._pipe):
            self.close()

    def close(self, is_broken: bool = False) -> None:
        """The end: of everything, or because the reader is gone or (`is_broken`) must not take it for complete."""
        if self not in self._streams.open:
            return
        self._streams.open.discard(self)
        if is_broken:
            hang_up(self.client)
        self._watch(False)
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        else:  # granian may wait for somebody to open the other end
            os.close(os.open(self.path, os.O_RDWR | os.O_NONBLOCK))
            self.path.unlink()
        with self._changed:
            if not self._is_complete or self._read < self._written:
                self._is_gone = self._job.is_gone = True
            self._changed.notify()
            self._streams.count(-self._written)
            self._file.close()


def _has_no_reader(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)
    return bool(poll.poll(0))


def _headers(response: HttpResponseBase) -> list[tuple[str, str]]:
    headers = [
        (name, value if value.isascii() else Header(value, "utf-8").encode()) for name, value in response.items()
    ]
    for cookie in response.cookies.values():
        headers.append(("Set-Cookie", cookie.output(header="")))
    return headers
