"""What a process of the web server does with a request.

The event loop of a process does what never takes long: it reads a request to its end (`bodies`), gives it to a
thread (`lanes`), answers `/healthz`, and notices what is late or gone. One thread runs the synchronous application;
long work (exports, imports) has threads of its own, passwords another, and `/readyz` another. So whoever sends or reads
slowly holds nobody, and who asks for much holds those who ask for much.

    granian ─▶ read body ─▶ lane ─▶ Django ─▶ answer (whole, or through a pipe)
               deadlines    queue    thread    deadline
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import IO, Any

from django.conf import settings
from django.core import signals
from django.core.handlers.base import BaseHandler
from django.http import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.module_loading import import_string

from config.errors import ApiError, HeadersTooLarge, Overloaded, RequestTimedOut, TooManyUnfinished, UrlTooLong
from config.http.deadline import IS_GONE
from config.http.exceptions import as_api_error
from config.http.health import live, ready
from config.http.limits import COUNTED, LIMITS, count, recount
from config.http.refusals import refuse, refuse_counted, respond
from config.http.request_kinds import IN_PASSWORD_LANE, hashes_password, is_long, signs_in
from config.server import locks
from config.server.answers import Streams, deliver
from config.server.bodies import NO_BODY, Bodies, Body
from config.server.connections import end_surplus, give_up_unread, may_have_more_than
from config.server.granian import say_ready
from config.server.lanes import Job, Lane
from config.server.scope import ServerRequest
from config.server.warm_up import warm_up

LOOK_EVERY_S = 0.25  # at what is late or gone, as long as there is anything
COUNT_EVERY_S = 1.0  # the connections, when there are many
DRAIN_BYTES = 16 * 1024 * 1024  # of a refused body, so that its client gets to read the answer
DRAIN_TIMEOUT_S = 2.0
RETRY_AFTER_S = 1

logger = logging.getLogger(__name__)


class Handler(BaseHandler):
    """Django's chain of middleware and views."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    def run(self, request: ServerRequest) -> HttpResponseBase:
        set_script_prefix("/")
        signals.request_started.send(sender=Handler, environ=request.META)
        response: HttpResponseBase = self.get_response(request)
        return response


class Application:
    """One process of the web server."""

    def __init__(self) -> None:
        self._handler = Handler()
        warm_up()

    # granian's calls ----------------------------------------------------------------------------------

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._folder, self._lock = _own_folder(Path(settings.SPOOL_DIR))
        self._disk = ThreadPoolExecutor(1, "disk")
        self._cancelling = ThreadPoolExecutor(1, "cancel")
        self._bodies = Bodies(self._folder, self._disk)
        self._streams = Streams(loop, self._folder)
        self._jobs: set[Job] = set()
        self._finished: deque[Job] = deque()
        self._is_looking = False
        self._short = Lane(
            "short",
            threads=1,
            queue_length=settings.REQUEST_QUEUE,
            patience_s=settings.REQUEST_QUEUE_TIMEOUT_S,
            relief=settings.RELIEF_THREADS,
            call_later=loop.call_later,
            finished=self._finished,
        )
        locks.provide_stand_ins(self._short.stand_in)
        self._long = Lane(
            "long",
            threads=settings.LONG_THREADS,
            queue_length=settings.LONG_QUEUE,
            patience_s=settings.LONG_QUEUE_TIMEOUT_S,
            finished=self._finished,
            keeps_connection=False,
            takes_turns=True,
        )
        self._passwords = Lane(
            "passwords",
            threads=1,
            queue_length=settings.PASSWORD_QUEUE,
            patience_s=settings.REQUEST_QUEUE_TIMEOUT_S,
            finished=self._finished,
            keeps_connection=False,
        )
        self._ready = Lane("ready", threads=1, queue_length=64, patience_s=10, finished=self._finished)
        self._short.start()
        loop.call_soon(self._limit_unread)
        if settings.MAX_CONNECTIONS_PER_ADDRESS:
            loop.call_later(COUNT_EVERY_S, self._count_connections)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for lane in (self._short, self._long, self._passwords, self._ready):
            lane.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        for path in settings.PROCESS_END_HANDLERS:
            import_string(path)()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if self._finished:
            self._settle()
        path = scope.path
        headers = scope.headers
        if path == "/healthz":
            self._hand_over(protocol, respond(ServerRequest(scope, b"", 0), live))
            return
        if len(path) + len(scope.query_string) > settings.MAX_URL_BYTES:
            longest = settings.MAX_URL_BYTES
            await self._refuse(scope, protocol, UrlTooLong(f"The address is longer than {longest} bytes"))
            return
        body = NO_BODY
        counted: dict[str, Any] = {}
        if "content-length" in headers or "transfer-encoding" in headers:
            self._look_soon()
            try:
                body = await self._bodies.read(scope, protocol, path, lambda: self._admit(scope, counted))
            except ApiError as fault:
                await self._refuse(scope, protocol, fault, counted)
                return
        if path == "/readyz" or path == "/metrics":
            lane = self._ready
        elif is_long(path):
            lane = self._long
        elif hashes_password(scope.method, path) or signs_in(path, body.content):
            lane = self._passwords
        else:
            lane = self._short
        if path.startswith("/metadata"):
            counted[IN_PASSWORD_LANE] = lane is self._passwords

        def work(job: Job) -> None:
            self._answer(job, scope, protocol, body, counted)

        refusal = await self._run(lane, work, scope.client, body, protocol)
        if refusal is not None:
            await self._refuse(scope, protocol, refusal)

    # In a thread --------------------------------------------------------------------------------------

    def _answer(self, job: Job, scope: Any, protocol: Any, body: Body, counted: dict[str, Any]) -> None:
        request = ServerRequest(scope, body.content, body.length)
        request.META |= counted
        try:
            if request.path == "/readyz":
                response = respond(request, ready)
            else:
                if request.header_bytes > settings.MAX_HEADER_BYTES:
                    fault = HeadersTooLarge(f"The headers are larger than {settings.MAX_HEADER_BYTES} bytes")
                    self._hand_over(protocol, refuse_counted(request, fault))
                    return
                job.request = request
                request.META[IS_GONE] = job.tell_gone
                response = self._handler.run(request)
            try:
                deliver(self._streams, job, protocol, response)
            finally:
                response.close()
        except ApiError as fault:
            self._hand_over(protocol, refuse(request, fault))
        except Exception as fault:
            logger.exception("a request failed outside of its view")
            self._hand_over(protocol, refuse(request, as_api_error(fault)))

    # On the loop --------------------------------------------------------------------------------------

    async def _run(
        self, lane: Lane, work: Callable[[Job], Any], client: str, body: Body, protocol: Any = None
    ) -> ApiError | None:
        """Have it done in a lane; an error when the lane had no time for it. Without a `protocol` it is the loop that
        waits for its end, and is woken."""
        job = Job(work, self._loop.create_future(), client, body, protocol)
        if protocol is None:
            job.wake = self._wake
        if not lane.offer(job):
            self._release(body)
            return _overloaded()
        job.patience_s = lane.patience_s
        self._jobs.add(job)
        self._look_soon()
        await job.done
        return job.fault

    async def _admit(self, scope: Any, counted: dict[str, Any]) -> None:
        """Count a request whose large body is on its way, once. Raises the error of a caller whose body would be
        refused after it had arrived."""
        refused: list[ApiError] = []

        def work(job: Job) -> None:
            request = ServerRequest(scope, b"", 0)
            try:
                too_many = count(request)
                if too_many is not None:
                    too_many = recount(request)
                counted.update({name: request.META[name] for name in (COUNTED, LIMITS)})
                if too_many is not None:
                    raise too_many
                import_string(settings.AUTHENTICATOR)(request)  # has its answer by now
            except Exception as fault:
                refused.append(as_api_error(fault))

        fault = await self._run(self._short, work, scope.client, NO_BODY)
        if fault is not None or refused:
            raise fault or refused[0]

    async def _refuse(self, scope: Any, protocol: Any, fault: ApiError, counted: dict[str, Any] | None = None) -> None:
        response = await self._refusal(scope, fault, counted or {})
        headers = scope.headers
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        if has_body:
            response["Connection"] = "close"
        self._hand_over(protocol, response)
        if has_body and "expect" not in headers and not isinstance(fault, RequestTimedOut | TooManyUnfinished):
            try:
                await asyncio.wait_for(_drain(protocol), DRAIN_TIMEOUT_S)
            except TimeoutError:
                pass

    async def _refusal(self, scope: Any, fault: ApiError, counted: dict[str, Any]) -> HttpResponseBase:
        """Counted as other requests are, in a thread; not when there is too much to do anyway."""
        made: list[HttpResponseBase] = []

        def work(job: Job) -> None:
            request = ServerRequest(scope, b"", 0)
            request.META |= counted
            made.append(refuse_counted(request, fault))

        if not isinstance(fault, Overloaded | TooManyUnfinished):
            await self._run(self._short, work, scope.client, NO_BODY)
        return made[0] if made else refuse(ServerRequest(scope, b"", 0), fault)

    def _hand_over(self, protocol: Any, response: HttpResponseBase) -> None:
        protocol.response_bytes(response.status_code, list(response.items()), response.content)  # type: ignore[attr-defined]

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        """Let the coroutines of finished jobs end. Done when the loop is awake anyway: waking it costs 30 µs."""
        finished = self._finished
        while finished:
            self._end(finished.popleft())

    def _end(self, job: Job) -> None:
        self._jobs.discard(job)
        if job.watch is not None:
            job.watch.cancel()
        self._release(job.body)
        if not job.done.done():
            job.done.set_result(None)

    def _release(self, body: Body) -> None:
        if isinstance(body.content, bytes):
            self._bodies.memory_bytes -= body.memory_bytes
        else:
            self._bodies.release_file(body.content, body.length)

    def _look_soon(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            self._loop.call_later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        try:
            self._look_at(monotonic())
        except Exception:
            logger.exception("the web server could not look after its requests")
        self._is_looking = bool(self._jobs or self._streams.open or self._bodies.readings)
        if self._is_looking:
            self._loop.call_later(LOOK_EVERY_S, self._look)

    def _look_at(self, now: float) -> None:
        """Everything that is under way: end what is late, notice who is gone."""
        self._settle()
        self._bodies.look_after(now)
        self._streams.look_after(now)
        for job in list(self._jobs):
            if job.is_waiting and now - job.offered_at > job.patience_s:
                if job.claim():
                    job.fault = _overloaded()
                    self._end(job)
            elif job.watch is None and job.protocol is not None and now - job.offered_at > LOOK_EVERY_S:
                job.watch = self._loop.create_task(self._watch(job))

    def _count_connections(self) -> None:
        """granian keeps connections whose request has not begun to itself: they are counted from outside."""
        most = settings.MAX_CONNECTIONS_PER_ADDRESS
        if not may_have_more_than(most):
            self._loop.call_later(COUNT_EVERY_S, self._count_connections)
            return
        busy = {job.client for job in self._jobs} | {each.client for each in self._bodies.readings}
        counting = self._loop.run_in_executor(self._cancelling, end_surplus, most, busy | self._streams.clients())
        counting.add_done_callback(self._counted_connections)

    def _counted_connections(self, counting: asyncio.Future[int]) -> None:
        self._loop.call_later(COUNT_EVERY_S, self._count_connections)
        if fault := counting.exception():
            logger.error("connections could not be counted", exc_info=fault)
        elif ended := counting.result():
            logger.warning("%s connections of addresses with too many were closed", ended)

    async def _watch(self, job: Job) -> None:
        """What happens when the client of a request hangs up before its answer."""
        await job.protocol.client_disconnect()
        job.is_gone = True
        if job.claim():
            self._end(job)
        elif job.thread is not None:
            await self._loop.run_in_executor(self._cancelling, job.thread.cancel, job)

    def _limit_unread(self, tries: int = 1000) -> None:
        """As soon as granian listens."""
        if give_up_unread(settings.ANSWER_IDLE_TIMEOUT_S):
            say_ready()
        elif tries:
            self._loop.call_later(0.02, self._limit_unread, tries - 1)


def _overloaded() -> Overloaded:
    return Overloaded(
        "The server has more to do than it can; nothing was done",
        hint="Send the request again later.",
        details={"retryAfterSeconds": RETRY_AFTER_S},
    )


async def _drain(protocol: Any) -> None:
    """Take what the client still sends: a connection closed before would take the answer with it."""
    try:
        protocol.__aiter__()
    except RuntimeError:
        pass  # some of it was read already
    count = 0
    try:
        while count < DRAIN_BYTES:
            count += len(await protocol.__anext__())
    except StopAsyncIteration:
        pass


def _own_folder(parent: Path) -> tuple[Path, IO[bytes]]:
    """A new folder of this process and its lock; folders nobody locks any more are removed."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in parent.glob("[!.]*"):
        try:
            with (each / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(each, ignore_errors=True)
        except OSError:  # in use, or removed by another
            continue
    new = Path(tempfile.mkdtemp(dir=parent, prefix="."))  # until its lock is held
    own_lock = (new / "lock").open("wb")
    fcntl.flock(own_lock, fcntl.LOCK_EX)
    return new.rename(parent / new.name[1:]), own_lock
