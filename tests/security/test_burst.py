"""Ten thousand requests at once, at real web servers of one and of four processes: what passes is what may."""

from __future__ import annotations

import selectors
import socket
import time

import pytest
from django.db import connection

from benchmarks.load import request_bytes
from benchmarks.server import serving
from config.http.buckets import LARGEST_SHARE
from tests.factories import key_of, workspace_with
from tests.server import free_port

REQUESTS, CLIENTS = 10_000, 16
LIMIT, WINDOW_S = 600, 30.0  # any machine sends more than that
SETTLING_S = 0.05  # in which a server may just be asking the database for the last tokens
PATIENCE_S = 120.0
ANSWER = b"HTTP/1.1 "


def database_url() -> str:
    """Of the tests' own database."""
    entry = connection.settings_dict
    where = f"host={entry['HOST']}" if str(entry["HOST"]).startswith("/") else ""
    host = "" if where else f"{entry['HOST']}:{entry['PORT'] or 5432}"
    user = f"{entry['USER']}:{entry['PASSWORD']}" if entry["PASSWORD"] else entry["USER"]
    return f"postgres://{user}@{host}/{entry['NAME']}?{where}"


class Client:
    """A connection that sends all its requests without waiting for answers (RFC 9112 §9.3.2)."""

    def __init__(self, port: int, request: bytes, count: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.unsent = memoryview(request * count)
        self.unanswered = count
        self.statuses: dict[int, int] = {}
        self.first_answered = self.last_answered = 0.0
        self._received = b""

    def send(self) -> None:
        self.unsent = self.unsent[self.socket.send(self.unsent) :]

    def receive(self) -> None:
        data = self.socket.recv(1 << 20)
        assert data, "the server closed the connection"
        self._received += data
        pieces = self._received.split(ANSWER)
        for piece in pieces[1:-1]:
            self._count(piece)
        self._received = ANSWER + pieces[-1] if len(pieces) > 1 else pieces[0]
        if self.unanswered == 1 and len(self._received) > 12 and self._received.endswith(b"}"):
            self._count(self._received.removeprefix(ANSWER))

    def _count(self, answer: bytes) -> None:
        status = int(answer[:3])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.unanswered -= 1
        self.last_answered = time.monotonic()
        self.first_answered = self.first_answered or self.last_answered


class Burst:
    """CLIENTS connections that always have requests waiting at the server, in one thread."""

    def __init__(self, port: int, request: bytes) -> None:
        clients = [Client(port, request, REQUESTS // CLIENTS) for _ in range(CLIENTS)]
        started = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for each in clients:
                selector.register(each.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, each)
            while selector.get_map():
                assert time.monotonic() - started < PATIENCE_S
                for key, events in selector.select(1.0):
                    self._serve(selector, key.data, events)
        self.statuses = {
            status: sum(each.statuses.get(status, 0) for each in clients)
            for each in clients
            for status in each.statuses
        }
        self.longest_s = time.monotonic() - started  # from before the first request to after the last answer
        # as long as every client was asking:
        self.crowded_s = min(each.last_answered for each in clients) - max(each.first_answered for each in clients)

    def _serve(self, selector: selectors.BaseSelector, client: Client, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            client.send()
            if not client.unsent:
                selector.modify(client.socket, selectors.EVENT_READ, client)
        if events & selectors.EVENT_READ:
            client.receive()
            if not client.unanswered:
                selector.unregister(client.socket)
                client.socket.close()


@pytest.mark.alone
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("processes", [1, 4])
def test_a_burst(processes: int) -> None:
    token = key_of(workspace_with([]), role="Admin")
    connection.close()
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "API_RATE_LIMITING_SHORT_LIMIT": str(LIMIT),
        "API_RATE_LIMITING_SHORT_TTL_IN_MS": str(int(WINDOW_S * 1000)),
    }
    port = free_port()
    with serving(port, processes, environment):
        burst = Burst(port, request_bytes("GET", "/rest/metadata/apiKeys/me", token))
    assert set(burst.statuses) == {200, 429}
    assert sum(burst.statuses.values()) == REQUESTS
    passed, rate = burst.statuses[200], LIMIT / WINDOW_S
    assert passed <= LIMIT + rate * burst.longest_s
    least = LIMIT + rate * (burst.crowded_s - SETTLING_S)
    if processes > 1:
        least -= processes * LIMIT // LARGEST_SHARE
    assert passed >= int(least), (passed, burst.longest_s, burst.crowded_s)
