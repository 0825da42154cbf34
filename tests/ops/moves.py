"""Clients that write to a workspace all the time, remember what was acknowledged, and how long each waited."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.server import Connection, Server

MOVING = "WORKSPACE_MOVING"


@dataclass
class Written:
    """What was acknowledged: ids of rockets, and of pings, each of which a webhook tells of."""

    rockets: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    reads: int = 0
    longest_wait_s: float = 0.0
    longest_read_s: float = 0.0
    held: int = 0  # answers that told of the move
    faults: list[str] = field(default_factory=list)


class _Writer(threading.Thread):
    def __init__(self, connection: Connection, written: Written, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.connection, self.written, self.over = connection, written, over

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Until it is done, with one Idempotency-Key: what a client does that is told to wait."""
        headers = {} if body is None else {"Idempotency-Key": str(uuid4())}
        while True:
            answer = self.connection.request(method, path, body, **headers)
            if answer.status in (200, 201):
                return answer.body["data"]
            if answer.status == 503 and answer.body["code"] == MOVING and answer.headers["Retry-After"] == "1":
                self.written.held += 1
            else:
                self.written.faults.append(f"{method} {path}: {answer.status} {answer.body}")
                return None
            time.sleep(0.05)

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.step()
        except Exception as fault:
            self.written.faults.append(repr(fault))

    def step(self) -> None:
        raise NotImplementedError


class Batches(_Writer):
    """Batches of rockets, `a_second` records in all, and now and then an update of one."""

    size = 50
    a_second = 200.0

    def run(self) -> None:
        self.due = time.monotonic()
        super().run()

    def step(self) -> None:
        time.sleep(max(0.0, self.due - time.monotonic()))
        self.due += self.size / self.a_second
        started = time.monotonic()
        made = self.send("POST", "/rest/batch/rockets", [{"name": f"R {number}"} for number in range(self.size)])
        self.written.longest_wait_s = max(self.written.longest_wait_s, time.monotonic() - started)
        if made is None:
            return
        ids = [each["id"] for each in made["createRockets"]]
        self.written.rockets += ids
        started = time.monotonic()
        if self.send("PATCH", f"/rest/rockets/{ids[0]}", {"speed": 7}) is not None:
            self.written.updates.append(ids[0])
        self.written.longest_wait_s = max(self.written.longest_wait_s, time.monotonic() - started)


class Pings(_Writer):
    """One record after the other, of which a webhook tells."""

    def step(self) -> None:
        time.sleep(0.05)
        started = time.monotonic()
        made = self.send("POST", "/rest/pings", {"name": "Ping"})
        self.written.longest_wait_s = max(self.written.longest_wait_s, time.monotonic() - started)
        if made is not None:
            self.written.pings.append(made["createPing"]["id"])


class Readers(_Writer):
    """Reads that must never be refused, nor miss what was acknowledged before them."""

    def step(self) -> None:
        path, ids = ("pings", self.written.pings) if self.written.pings else ("rockets", self.written.rockets)
        last = ids[-1:]
        time.sleep(0.02)
        if not last:
            return
        started = time.monotonic()
        found = self.send("GET", f"/rest/{path}/{last[0]}")
        self.written.longest_read_s = max(self.written.longest_read_s, time.monotonic() - started)
        self.written.reads += found is not None


@contextmanager
def writing(server: Server, token: str, *, writers: int, a_second: float) -> Iterator[Written]:
    written, over = Written(), threading.Event()
    threads: list[_Writer] = [each(server.connect(token), written, over) for each in (Pings, Readers)]
    for _ in range(writers):
        batches = Batches(server.connect(token), written, over)
        batches.a_second = a_second / writers
        threads.append(batches)
    for each in threads:
        each.start()
    try:
        yield written
    finally:
        over.set()
        for each in threads:
            each.join(timeout=60)
