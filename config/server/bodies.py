"""Reads the bodies of requests on the event loop: before a thread is taken, under deadlines and in bounded memory.

Small bodies are bytes; larger ones go to a file that has no name. Whoever sends slowly costs a file and an entry in
`Bodies.readings`, which the server looks through a few times a second.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic
from typing import IO, Any

from django.conf import settings

from config.errors import (
    ApiError,
    BadRequest,
    BodyTooLarge,
    Overloaded,
    RequestTimedOut,
    TooManyUnfinished,
)
from config.http.client_address import believed_address, counted_as, is_trusted_proxy
from config.http.request_kinds import is_import, largest_body
from config.server.sqlstate import machine_error

logger = logging.getLogger(__name__)

MEMORY_BYTES = 256 * 1024  # a larger one goes to a file
WRITE_BYTES = 1024 * 1024  # at once to that file
SLOW_AFTER_S = 1.0  # until then a body is on its way, as a burst of whole requests is
RETRY_AFTER_S = 5


@dataclass(slots=True)
class Body:
    """A body that has arrived."""

    content: bytes | IO[bytes]
    length: int
    memory_bytes: int


NO_BODY = Body(b"", 0, 0)


class Reading:
    """One body on its way."""

    __slots__ = ("address", "client", "fault", "is_upload", "moved_at", "started_at", "task")

    def __init__(self, client: str, address: str | None, is_upload: bool) -> None:
        self.client = client
        self.address = address  # what the limit per address counts by; None: exempt
        self.is_upload = is_upload
        self.started_at = self.moved_at = monotonic()
        self.fault: ApiError | None = None
        self.task = asyncio.current_task()

    def end(self, fault: ApiError) -> None:
        if self.fault is None and self.task is not None:
            self.fault = fault
            self.task.cancel()


class Bodies:
    """All bodies of one process that are on their way, and what they hold."""

    def __init__(self, folder: Path, disk: Executor) -> None:
        self.readings: set[Reading] = set()
        self.memory_bytes = 0  # of bodies that arrive and of those that wait for a thread
        self.file_bytes = 0
        self._folder = folder
        self._disk = disk

    async def read(self, scope: Any, protocol: object, path: str, is_known: Callable[[], Awaitable[None]]) -> Body:
        """The body. Raises the ApiError of one that is too large, too slow, cut off, or of a caller nobody knows.

        `is_known` is awaited before a large file is taken; it raises an ApiError when the caller may not send any.
        """
        headers = scope.headers
        announced = _announced(headers)
        content_type = headers.get("content-type", "")
        largest = largest_body(path, content_type)
        if announced is not None:
            if announced > largest:
                raise BodyTooLarge(f"Body is larger than {largest} bytes")
            if announced == 0:
                return NO_BODY
        is_upload = largest > settings.MAX_BODY_BYTES or is_import(path)
        reading = Reading(scope.client, _counted_address(scope), is_upload)
        self.readings.add(reading)
        try:
            return await self._read_pieces(protocol, reading, announced, largest, is_known if is_upload else None)
        except asyncio.CancelledError:
            if reading.fault is None:
                raise
            raise reading.fault from None
        finally:
            self.readings.discard(reading)

    async def _read_pieces(
        self,
        protocol: Any,
        reading: Reading,
        announced: int | None,
        largest: int,
        is_known: Callable[[], Awaitable[None]] | None,
    ) -> Body:
        length = held = written = 0
        pieces: list[bytes] = []
        file: IO[bytes] | None = None
        empty = 0
        try:
            async for piece in protocol:
                if not piece:
                    empty += 1
                    continue
                reading.moved_at = monotonic()
                length += len(piece)
                if length > largest:
                    raise BodyTooLarge(f"Body is larger than {largest} bytes")
                pieces.append(piece)
                held += len(piece)
                self.memory_bytes += len(piece)
                is_full = self.memory_bytes > settings.MAX_BUFFERED_BYTES
                if held >= (MEMORY_BYTES if file is None else WRITE_BYTES) or is_full:
                    if file is None:
                        if is_known is not None:
                            reading.moved_at = inf  # it is not the client who is waited for
                            await is_known()
                        file = self._new_file()
                    written += held
                    await self._write(file, pieces, held)
                    reading.moved_at = monotonic()
                    self.memory_bytes -= held
                    held = 0
                    pieces = []
                if length == announced:
                    break  # the end itself would be one more turn of the loop
            # granian ends a body by one empty piece, and by a second one where it broke off or has trailers
            if empty > 1 or (announced is not None and length != announced):
                raise _cut_off()
            if file is None:
                body = Body(b"".join(pieces), length, held)
                held = 0
                return body
            if pieces:
                written += held
                await self._write(file, pieces, held)
            file.seek(0)
            return Body(file, length, 0)
        except BaseException:
            if file is not None:
                self.release_file(file, written)
            raise
        finally:
            self.memory_bytes -= held

    def _new_file(self) -> IO[bytes]:
        try:
            return tempfile.TemporaryFile(dir=self._folder)  # closed after the answer
        except OSError as fault:
            raise self._not_kept(fault) from None

    async def _write(self, file: IO[bytes], pieces: list[bytes], size: int) -> None:
        self.file_bytes += size
        if self.file_bytes > settings.MAX_SPOOLED_BYTES:
            raise _no_room()
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, _write_all, file, pieces)
        except OSError as fault:
            raise self._not_kept(fault) from None

    def _not_kept(self, fault: OSError) -> ApiError:
        """507 where the disk is full, 503 for what else the system refuses."""
        logger.error("a body could not be kept in %s: %s", self._folder, fault)
        return machine_error(fault) or _no_room()

    def release_file(self, file: IO[bytes], length: int) -> None:
        self.file_bytes -= length
        try:
            file.close()
        except OSError:  # what did not fit is written once more, and lost
            pass

    def look_after(self, now: float) -> None:
        """End what takes too long, and what one address has too much of."""
        slow: dict[str, list[Reading]] = defaultdict(list)
        for reading in self.readings:
            if now - reading.moved_at > settings.BODY_IDLE_TIMEOUT_S:
                reading.end(RequestTimedOut(f"Nothing of the body arrived for {settings.BODY_IDLE_TIMEOUT_S:g} s"))
                continue
            limit_s = settings.UPLOAD_TIMEOUT_S if reading.is_upload else settings.BODY_TIMEOUT_S
            if now - reading.started_at > limit_s:
                reading.end(RequestTimedOut(f"The body took longer than {limit_s:g} s"))
            elif reading.address is not None and now - reading.started_at > SLOW_AFTER_S:
                slow[reading.address].append(reading)
        most = settings.MAX_UNFINISHED_PER_ADDRESS
        for readings in slow.values():
            if most and len(readings) > most:
                for reading in sorted(readings, key=lambda each: each.started_at)[most:]:
                    reading.end(
                        TooManyUnfinished(
                            f"More than {most} requests of your address are unfinished",
                            hint="Finish the requests you began, or send their bodies faster.",
                            details={"retryAfterSeconds": RETRY_AFTER_S},
                        )
                    )


def _announced(headers: Any) -> int | None:
    """The Content-Length; None for a body in chunks."""
    if "transfer-encoding" in headers:
        return None
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise BadRequest("Content-Length is no number", path="Content-Length")
    return int(text)


def _counted_address(scope: Any) -> str | None:
    forwarded_for = ",".join(scope.headers.get_all("x-forwarded-for")) if settings.TRUSTED_PROXIES else ""
    if not forwarded_for and is_trusted_proxy(scope.client):
        return None  # the proxy itself
    return counted_as(believed_address(scope.client, forwarded_for))


def _cut_off() -> BadRequest:
    return BadRequest("The body ended before all of it had arrived")


def _no_room() -> Overloaded:
    return Overloaded(
        "The server holds as many large bodies as it may",
        hint="Send it again later.",
        details={"retryAfterSeconds": RETRY_AFTER_S},
    )


def _write_all(file: IO[bytes], pieces: list[bytes]) -> None:
    file.writelines(pieces)
    file.flush()  # here, where a full disk is told of
