"""Ten thousand requests at once, at real web servers of one and of four processes: what passes is what may."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from benchmarks.load import HttpConnection, request_bytes
from benchmarks.server import serving
from config.http.buckets import LARGEST_SHARE
from tests.factories import key_of, workspace_with
from tests.server import free_port

REQUESTS, CLIENTS = 10_000, 16
LIMIT, WINDOW_S = 600, 30.0  # any machine sends more than that
SETTLING_S = 0.05  # in which a server may just be asking the database for the last tokens


def database_url() -> str:
    """Of the tests' own database."""
    entry = connection.settings_dict
    where = f"host={entry['HOST']}" if str(entry["HOST"]).startswith("/") else ""
    host = "" if where else f"{entry['HOST']}:{entry['PORT'] or 5432}"
    user = f"{entry['USER']}:{entry['PASSWORD']}" if entry["PASSWORD"] else entry["USER"]
    return f"postgres://{user}@{host}/{entry['NAME']}?{where}"


class Clients:
    """CLIENTS connections that send their share as fast as they are answered."""

    def __init__(self, port: int, request: bytes) -> None:
        self.passed, self.others = 0, set[int]()
        self._first_sent, self._first_answered = [], []
        self._last_sent, self._last_answered = [], []
        self._lock = threading.Lock()
        connections = [HttpConnection(port) for _ in range(CLIENTS)]
        threads = [threading.Thread(target=self._send, args=(each, request)) for each in connections]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        for each in connections:
            each.socket.close()

    def _send(self, connection: HttpConnection, request: bytes) -> None:
        passed, others, sent = 0, set[int](), []
        started = time.monotonic()
        first = 0.0
        for _ in range(REQUESTS // CLIENTS):
            sent.append(time.monotonic())
            status, _ = connection.ask(request)
            first = first or time.monotonic()
            passed += status == 200
            if status not in (200, 429):
                others.add(status)
        with self._lock:
            self.passed += passed
            self.others |= others
            self._first_sent.append(started)
            self._first_answered.append(first)
            self._last_sent.append(sent[-1])
            self._last_answered.append(time.monotonic())

    @property
    def longest_s(self) -> float:
        """From before the first request to after the last answer."""
        return max(self._last_answered) - min(self._first_sent)

    @property
    def crowded_s(self) -> float:
        """As long as every client was asking."""
        return min(self._last_sent) - max(self._first_answered)


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
        burst = Clients(port, request_bytes("GET", "/rest/metadata/apiKeys/me", token))
    rate = LIMIT / WINDOW_S
    assert burst.others == set()
    assert burst.passed <= LIMIT + rate * burst.longest_s
    least = LIMIT + rate * (burst.crowded_s - SETTLING_S)
    if processes > 1:
        least -= processes * LIMIT // LARGEST_SHARE
    assert burst.passed >= int(least), (burst.passed, burst.longest_s, burst.crowded_s)
