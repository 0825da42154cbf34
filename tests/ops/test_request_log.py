"""The request log of real processes: what a stop, a replacement and a kill leave of it.

A second web server works on the data of the first, so that the database outlives it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from tests.ops.wire import Wire, request
from tests.server import ROOT, free_port, running

pytestmark = pytest.mark.alone  # compares times

START = (
    "import django, os; django.setup(); from config.management.commands.up import granian_command as command;"
    "given = command('127.0.0.1', {port}, 1); os.execv(given[0], given)"
)


@dataclass(frozen=True, slots=True)
class Own:
    """A web server of one process; `process` is its main one."""

    port: int
    token: str
    process: subprocess.Popen[bytes]

    def wire(self) -> Wire:
        return Wire(self.port)

    def ask(self, wire: Wire) -> str:
        """One request; gives its id."""
        answer = wire.send(request("GET", "/rest/companies?limit=1", Authorization=f"Bearer {self.token}")).answer()
        assert answer.status == 200
        return answer.headers["x-request-id"]

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def data() -> Iterator[tuple[Path, str]]:
    folder = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with running(folder, "--no-assets", WORKERS="1") as server:
            yield folder, server.demo["api_token"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def second(data: tuple[Path, str], **environment: str) -> Iterator[Own]:
    folder, token = data
    port = free_port()
    given = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "config.settings"}
    given.pop("DATABASE_URL", None)
    command = [sys.executable, "-c", START.format(port=port)]
    process = subprocess.Popen(command, cwd=ROOT, env=given | {"LOG_LEVEL": "WARNING"} | environment)
    try:
        deadline = time.monotonic() + 60
        while not _listens(port):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield Own(port, token, process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _listens(port: int) -> bool:
    try:
        return Wire(port).send(request("GET", "/healthz")).answer().status == 200
    except OSError:
        return False


def logged(data: tuple[Path, str], ids: list[str]) -> set[str]:
    connection = psycopg2.connect(EmbeddedPostgres(data[0]).url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id::text FROM apikeys_requestlog WHERE id = ANY(%s::uuid[])", [ids])
            return {row[0].replace("-", "") for row in cursor.fetchall()}
    finally:
        connection.close()


def test_a_server_that_is_stopped_leaves_nothing_out(data: tuple[Path, str]) -> None:
    with second(data) as own:
        wire = own.wire()
        ids = [own.ask(wire) for _ in range(100)]
        own.process.send_signal(signal.SIGTERM)
        own.process.wait(30)
    assert logged(data, ids) == set(ids)


def test_a_process_that_is_replaced_leaves_nothing_out(data: tuple[Path, str]) -> None:
    with second(data, WORKER_MAX_RSS_MB="10", WORKER_RSS_CHECK_S="2") as own:
        first = set(own.workers())
        ids = []
        deadline = time.monotonic() + 60
        while set(own.workers()) & first:
            assert time.monotonic() < deadline
            ids.append(own.ask(own.wire()))
        assert ids
        own.process.send_signal(signal.SIGTERM)
        own.process.wait(30)
    assert logged(data, ids) == set(ids)


def test_a_process_that_is_killed_loses_at_most_the_last_second(data: tuple[Path, str]) -> None:
    with second(data) as own:
        wire = own.wire()
        asked: list[tuple[float, str]] = []
        end = time.monotonic() + 3
        while time.monotonic() < end:
            asked.append((time.monotonic(), own.ask(wire)))
        killed_at = time.monotonic()
        for pid in (own.process.pid, *own.workers()):
            os.kill(pid, signal.SIGKILL)
        own.process.wait(30)
    found = logged(data, [id for _, id in asked])
    assert [id for at, id in asked if at < killed_at - 1 and id not in found] == []
    assert len(found) >= len(asked) / 2


def test_entries_wait_for_a_database_that_was_killed(data: tuple[Path, str]) -> None:
    with second(data) as own:
        wire = own.wire()
        ids = [own.ask(wire) for _ in range(10)]
        pid = EmbeddedPostgres(data[0]).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)  # `manage.py up` starts it again
        deadline = time.monotonic() + 60
        while True:
            try:
                if logged(data, ids) == set(ids):
                    break
            except psycopg2.OperationalError:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.2)
