"""`manage.py up` as a user runs it: first start, second start, stopping, and what happens when a part dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from config.server import children
from config.server.embedded_postgres import EmbeddedPostgres
from tests.server import Connection

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
LAST_LINE = "Ctrl-C stops everything."
DEADLINE_S = 90


def until(fact: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not fact():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Run:
    """One `manage.py up` of its own DATA_DIR, with everything it printed."""

    def __init__(self, data_dir: Path, port: int, *arguments: str, **environment: str) -> None:
        self._output = tempfile.NamedTemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self.port = port
        environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "WORKERS": "1", **environment}
        environment.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-assets", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=environment,
        )

    @property
    def output(self) -> str:
        return Path(self._output.name).read_text()

    def wait_ready(self) -> str:
        until(lambda: LAST_LINE in self.output or self.process.poll() is not None, "not ready")
        assert self.process.poll() is None, self.output
        return self.output

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def child(self, name: str) -> int:
        """The process of the child whose command has this word; 0 when there is none."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in task.read_text().split():
            if name in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                return int(pid)
        return 0

    def is_answering(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Shared by the tests of this module: making the demo workspace once is enough."""
    path = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    EmbeddedPostgres(path).destroy()
    shutil.rmtree(path)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def up(data_dir: Path, port: int) -> Iterator[Run]:
    run = Run(data_dir, port)
    yield run
    if run.process.poll() is None:
        run.end()


def facts(output: str) -> dict[str, str]:
    """The lines `  Label  value` of the welcome."""
    return dict(re.findall(r"^  ([A-Z][\w ]*?)  +(\S.*)$", output, re.MULTILINE))


def count_all(data_dir: Path) -> list[tuple[str, int]]:
    """Rows of every table of the workspaces and of Fourgate, but of rate limits: they go when their time is over."""
    import psycopg2

    with EmbeddedPostgres(data_dir) as server:
        connection = psycopg2.connect(server.url)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT schemaname || '.' || relname FROM pg_stat_user_tables WHERE relname <> 'apikeys_ratebucket'"
                " ORDER BY 1",
            )
            tables = [name for (name,) in cursor.fetchall()]
            counts = []
            for name in tables:
                schema, table = name.split(".")
                cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')
                counts.append((name, cursor.fetchone()[0]))
        connection.close()
    return counts


def secrets_of(first: dict[str, str]) -> list[str]:
    return [first["Admin login"].split(" / ")[1], first["API key"]]


def files_with(data_dir: Path, text: str) -> list[Path]:
    """Files under DATA_DIR that hold the text; the database's own hold what it was given: hashes."""
    return [path for path in data_dir.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_the_first_start_prints_how_to_get_in_and_a_second_changes_nothing(data_dir: Path, up: Run, port: int) -> None:
    first = facts(up.wait_ready())
    assert first["Core REST"] == f"http://localhost:{port}/rest/"
    assert "Password and token are shown this once." in up.output

    curl = next(line.strip() for line in up.output.splitlines() if line.startswith("  curl "))
    said = subprocess.run(["sh", "-c", curl + " -sS"], capture_output=True, text=True, check=True).stdout
    assert len(json.loads(said)["data"]["companies"]) == 2

    assert up.end(signal.SIGINT) == 0
    assert not up.is_answering()
    assert not EmbeddedPostgres(data_dir).is_running()
    assert [files_with(data_dir, secret) for secret in secrets_of(first)] == [[], []]
    before = count_all(data_dir)

    again = Run(data_dir, port)
    try:
        second = facts(again.wait_ready())
        assert "Applying" not in again.output
        assert not [secret for secret in secrets_of(first) if secret in again.output]
    finally:
        again.end()
    assert {name: second[name] for name in ("Core REST", "API docs", "Settings", "Workspace")} == {
        name: first[name] for name in ("Core REST", "API docs", "Settings", "Workspace")
    }
    assert (second["Workspace"], "Admin login" in second, "API key" in second) == ("Demo", False, False)
    assert count_all(data_dir) == before


def test_a_later_start_says_how_to_make_another_key_and_password_and_it_works(
    data_dir: Path, up: Run, port: int
) -> None:
    said = facts(up.wait_ready())
    environment = {**os.environ, "DATA_DIR": str(data_dir)}
    environment.pop("DATABASE_URL", None)
    made = subprocess.run(
        ["sh", "-c", said["New API key"]], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    with Connection(port, made.stdout.strip()) as connection:
        assert connection.get("/rest/companies?limit=2").status == 200
    assert said["New password"].endswith("manage.py changepassword admin@example.com")
    helped = subprocess.run(
        ["sh", "-c", said["New password"] + " --help"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert helped.returncode == 0
    assert up.end() == 0


def test_a_file_of_an_earlier_version_with_password_and_token_is_deleted(data_dir: Path, port: int) -> None:
    old = data_dir / "demo.json"
    old.write_text('{"admin_password": "hunter2"}')
    run = Run(data_dir, port)
    try:
        assert f"Deleted {old}, which held the demo's password and token. Both still work." in run.wait_ready()
        assert not old.exists()
    finally:
        run.end()


def test_without_the_demo_nothing_of_it_is_made(port: int) -> None:
    path = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    path.chmod(0o755)
    try:
        run = Run(path, port, "--no-demo")
        said = facts(run.wait_ready())
        assert run.end() == 0
        assert "Workspace" not in said and "Admin login" not in said and "API key" not in said
        assert said["New workspace"].endswith("manage.py workspace create NAME")
        assert not (path / "demo.json").exists()
        rows = dict(count_all(path))
        made = ("metadata_workspace", "auth_user", "apikeys_member", "apikeys_apikey", "apikeys_apikeytoken")
        assert {name: rows[f"public.{name}"] for name in made} == dict.fromkeys(made, 0)
    finally:
        EmbeddedPostgres(path).destroy()
        shutil.rmtree(path)


def test_another_secret_key_is_named_at_the_start(data_dir: Path, up: Run, port: int) -> None:
    up.wait_ready()
    assert "SECRET_KEY is another one than before" not in up.output
    assert up.end() == 0
    other = Run(data_dir, port, SECRET_KEY="x" * 50 + "another")
    try:
        said = other.wait_ready()
        assert "SECRET_KEY is another one than before" in said
        assert f"It is the one in {data_dir / 'secret_key'}: set SECRET_KEYS_OLD" in said
        with Connection(port, None) as connection:
            assert connection.get("/readyz").body["secretKey"] == "changed"
    finally:
        other.end()
    kept = (data_dir / "secret_key").read_text()
    known = Run(data_dir, port, SECRET_KEY="x" * 50 + "another", SECRET_KEYS_OLD=kept)
    try:
        assert "SECRET_KEY is another one" not in known.wait_ready()
    finally:
        known.end()


def test_a_taken_port_is_named_and_nothing_is_started(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = Run(data_dir, port)
        assert run.process.wait(DEADLINE_S) == 1
    assert f"Cannot listen on 127.0.0.1:{port} (Address already in use). Choose another PORT." in run.output
    assert not EmbeddedPostgres(data_dir).is_running()


@pytest.mark.parametrize(
    ("command", "name"), [("deliver_webhooks", "webhook worker"), ("maintain", "maintenance worker")]
)
def test_a_worker_that_dies_is_started_again(up: Run, command: str, name: str) -> None:
    up.wait_ready()
    first = up.child(command)
    os.kill(first, signal.SIGKILL)
    until(lambda: up.child(command) not in {0, first}, "no second worker")
    assert f"The {name} ended (exit code -9)" in up.output
    assert up.end() == 0


@pytest.fixture
def signals() -> Iterator[Callable[[], None]]:
    """`up`'s handlers, for a test that signals its own process."""
    kept = {number: signal.getsignal(number) for number in children.STOP_SIGNALS}

    def install() -> None:
        for number in children.STOP_SIGNALS:
            signal.signal(number, children.stop)

    yield install
    sys.settrace(None)
    for number, handler in kept.items():
        signal.signal(number, handler)
    children.Stop.is_wanted = False


def signal_at_line(number: int) -> Any:
    """A trace function that sends SIGTERM before that line of what runs next."""
    lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal lines
        lines += event == "line"
        if lines == number:
            sys.settrace(None)
            signal.raise_signal(signal.SIGTERM)
        return trace

    return trace


def test_a_signal_at_any_line_of_waiting_for_a_child_lets_it_be_stopped(signals: Callable[[], None]) -> None:
    """Python's own wait keeps its lock when it is cut in two, and stopping then waited for ever."""
    number = stopped = 0
    while stopped == number:
        number += 1
        signals()
        children.Stop.is_wanted = False
        child = children.Child(["sleep", "60"])
        try:
            sys.settrace(signal_at_line(number))
            child.wait(0.0)
            sys.settrace(None)
        except children.Stopped:
            stopped += 1
        finally:
            sys.settrace(None)
        children.stop_all([child])
        assert child._process.returncode == -signal.SIGTERM
    assert number > 20  # the last had no such line


def test_a_web_server_that_dies_ends_everything(data_dir: Path, up: Run) -> None:
    up.wait_ready()
    os.kill(up.child("config.server.granian"), signal.SIGKILL)
    assert up.process.wait(DEADLINE_S) == 1
    assert "The web server ended (exit code -9)." in up.output
    assert not up.is_answering()
    assert not EmbeddedPostgres(data_dir).is_running()


def test_a_killed_up_takes_its_children_along_and_the_next_one_starts(data_dir: Path, up: Run, port: int) -> None:
    up.wait_ready()
    up.process.kill()
    up.process.wait()
    until(lambda: not up.is_answering(), "the web server outlived its parent")
    again = Run(data_dir, port)
    again.wait_ready()
    with Connection(port, None) as connection:
        assert connection.get("/readyz").status == 200
    assert again.end() == 0
    assert not EmbeddedPostgres(data_dir).is_running()


def test_a_command_beside_it_uses_its_server_and_leaves_it(data_dir: Path, up: Run) -> None:
    up.wait_ready()
    environment = {**os.environ, "DATA_DIR": str(data_dir)}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "manage.py", "migrate", "--check"]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
    assert EmbeddedPostgres(data_dir).is_running()
    assert up.end() == 0
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0  # brings its own
    assert not EmbeddedPostgres(data_dir).is_running()
