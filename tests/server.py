"""A whole server as a user starts it: `manage.py up`, what `make run` calls, with a DATA_DIR of its own.

The database stands already, migrated and without a workspace, as a copy of one that is made once a run: to make it
takes longer than most of what is asked of the server. `tests/ops/test_up.py` starts without one, as a user does.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.server.embedded_postgres import EmbeddedPostgres
from tests.api_client import Answer, ApiClient
from tests.database import PREPARED

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 180
PATIENCE_S = 60  # for one answer
LAST_LINE = "Ctrl-C stops everything."


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    data_dir: Path
    demo: dict[str, str]  # what the first start printed: admin_email, admin_password, api_token; empty without
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def connect(self, token: str | None = None) -> Connection:
        """A new connection; without a token it has that of the demo."""
        return Connection(self.port, self.demo["api_token"] if token is None else token)

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> Answer:
        """An answer over a connection of its own, which any worker may take, and any thread ask for."""
        with self.connect(token) as connection:
            return connection.request(method, path, body, **headers)


class Connection(ApiClient):
    """A kept connection to a running server, with one token, or without. For one thread at a time."""

    def __init__(self, port: int, token: str | None) -> None:
        self.token = token
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)

    def send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """What goes wrong with the connection is an OSError or an `http.client.HTTPException`."""
        self.http.request(method, path, content or None, dict(headers))
        response = self.http.getresponse()
        return Answer.of(response.status, response.read(), dict(response.headers))

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(data_dir: Path, *arguments: str, **environment: str) -> Iterator[Server]:
    """Start it, wait until it can serve, and stop it with Ctrl-C."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    inherited |= {"DATA_DIR": str(data_dir), "PORT": str(port), "PYTHONUNBUFFERED": "1", **environment}
    log = data_dir / "up.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not {"DATABASE_URL", "PG_BIN_DIR"} & environment.keys():
        _give_database(data_dir)
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments], cwd=ROOT, env=inherited, stdout=output, stderr=output
        )
        try:
            _wait(process, log)
            yield Server(f"http://127.0.0.1:{port}", data_dir, _printed(log.read_text()), log)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
            EmbeddedPostgres(data_dir).destroy()  # as root its files may lie outside DATA_DIR


def _give_database(data_dir: Path) -> None:
    """A cluster with all tables, unless there is one."""
    server = EmbeddedPostgres(data_dir)
    account = server.cluster.account()
    server.cluster.make_home(account)
    if not (server.home / "data").exists():
        subprocess.run(["cp", "-a", _prepared().home / "data", server.home / "data"], check=True)


def _prepared() -> EmbeddedPostgres:
    """What is copied; the processes of a run share it."""
    own = Path(os.environ["DATA_DIR"])  # of this run, or of its process of several
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / PREPARED
    shared.mkdir(exist_ok=True)
    server = EmbeddedPostgres(shared, durable=False)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "is_ready").exists():
            environment = {**os.environ, "DATA_DIR": str(shared), "DATABASE_URL": server.url}
            with server:
                migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
                subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
            (shared / "is_ready").touch()
    return server


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while LAST_LINE not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def _printed(output: str) -> dict[str, str]:
    login = re.search(r"^  Admin login +(\S+) / (\S+)$", output, re.MULTILINE)
    token = re.search(r"^  API key +(\S+)$", output, re.MULTILINE)
    if login is None or token is None:
        return {}
    return {"admin_email": login[1], "admin_password": login[2], "api_token": token[1]}
