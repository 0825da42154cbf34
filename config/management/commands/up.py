"""`manage.py up`: everything one machine needs, in one process tree.

In this order: the database (an embedded server without DATABASE_URL), migrations, the demo workspace,
browser assets, the web server, the webhook worker and the maintenance worker. Ctrl-C or SIGTERM ends
what was started here, in the opposite order. A second start finds everything made and changes nothing.
"""

from __future__ import annotations

import os
import resource
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from apikeys import signing_keys
from apikeys.activity.partitions import partitions_keep
from config.assets import AssetsError, fetch_assets
from config.demo import DemoAccess, delete_old_file, make_demo, ways_in
from config.http.counting import forget_ended
from config.server import embedded_postgres
from config.server.children import STOP_SIGNALS, Child, Stopped, Worker, stop, stop_all, uninterrupted
from config.server.embedded_postgres import EmbeddedPostgres
from config.server.postgres_binaries import EmbeddedPostgresError
from config.server.postgres_guard import PostgresGuard
from config.server.session import pooler_hint

START_LOCK = 0x466F7572  # advisory lock of the database: one `up` at a time migrates and makes the demo
READY_TIMEOUT_S = 60.0
GRANIAN = (
    ("--interface", "rsgi"),
    ("--loop", "uvloop"),
    ("--http", "1"),  # proxies speak HTTP/1.1; finding out which version a connection has would know no deadline
    ("--http1-buffer-size", str(128 * 1024)),  # of headers, and of what is read of a body at once
    ("--backpressure", "16384"),  # connections of a process: one that only waits costs a few kilobytes
    ("--respawn-failed-workers",),
    ("--workers-kill-timeout", "120"),  # for what a process that is replaced still works on
    ("--no-ws",),
    ("--log-level", "warning"),
)
ALL_INTERFACES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - and where they are reached from here
OPEN_FILES = 65_536


class Command(BaseCommand):
    help = "Start Fourgate: database, migrations, demo workspace, web server and workers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="interface to listen on")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS", "0")), help="0: one per core")
        parser.add_argument("--no-demo", action="store_true", help="make no demo workspace")
        parser.add_argument("--no-assets", action="store_true", help="fetch no browser assets")

    def handle(self, *args: object, **options: object) -> None:
        _allow_connections()
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup(1) wants it ignored
                signal.signal(number, stop)
        try:
            with ExitStack() as started:
                self._run(started, options)
        except Stopped:
            self.stdout.write("\nStopped.")

    def _run(self, started: ExitStack, options: dict[str, Any]) -> None:
        host, port = options["host"], options["port"]
        _require_free_port(host, port)
        os.environ.update(HOST=host, PORT=str(port))  # for the settings of what is started here
        for folder in settings.STATICFILES_DIRS:  # looked into from the start
            folder.mkdir(parents=True, exist_ok=True)
        fetching = None if options["no_assets"] else AssetsThread()
        try:
            with uninterrupted():
                started.enter_context(_database(self.stderr.write))
        except (EmbeddedPostgresError, OperationalError) as error:
            raise CommandError(f"No database: {error}{pooler_hint(error)}") from None
        forget_ended()
        with _one_at_a_time():
            self._migrate()
            partitions_keep()  # before anything is noted: maintenance would have to move it into its own
            self._warn_of_secret_keys()
            access = None if options["no_demo"] else make_demo()
            ways = ways_in()
        self._delete_old_file()
        connection.close()
        if fetching:
            self._report(fetching)

        with uninterrupted():
            server = Child(granian_command(host, port, options["workers"] or os.cpu_count() or 1))
            children = [server]
            started.callback(stop_all, children)
            workers: list[Worker] = []
            for name, command in _workers():
                workers.append(Worker(name, Child([sys.executable, "manage.py", *command])))
                children.append(workers[-1].child)
        is_near = host in {"127.0.0.1", "::1", *ALL_INTERFACES}
        base = f"http://{'localhost' if is_near else host}:{port}"
        _await_ready(server, host, port)
        self.stdout.write(_welcome(base, access, *ways))
        self.stdout.flush()
        self._watch(server, workers)

    def _migrate(self) -> None:
        for alias in connections:  # the shared tables first
            executor = MigrationExecutor(connections[alias])
            count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            if count:
                place = "" if alias == DEFAULT_DB_ALIAS else f" to {alias}"
                self.stdout.write(f"Applying {count} migrations{place} …")
                self.stdout.flush()
                call_command("migrate", database=alias, interactive=False, verbosity=0)
            if alias != DEFAULT_DB_ALIAS:
                connections[alias].close()

    def _warn_of_secret_keys(self) -> None:
        for lost in signing_keys.lost_secrets():
            self.stderr.write(self.style.WARNING(signing_keys.warning_of(lost)))
        signing_keys.current_kid()  # from the first start on it is known which SECRET_KEY this database is used with

    def _delete_old_file(self) -> None:
        path = delete_old_file()
        if path is not None:
            self.stdout.write(f"Deleted {path}, which held the demo's password and token. Both still work.")

    def _report(self, fetching: AssetsThread) -> None:
        if fetching.is_alive():
            self.stdout.write("Fetching the assets of the GraphQL consoles …")
            self.stdout.flush()
        while fetching.is_alive():
            fetching.join(0.1)
        if fetching.error:
            message = f"The GraphQL consoles will not work: their assets could not be fetched.\n{fetching.error}"
            self.stderr.write(self.style.WARNING(message))

    def _watch(self, server: Child, workers: Sequence[Worker]) -> None:
        """Until the web server ends or a signal comes; a worker that ends is started again."""
        while True:
            code = server.wait(0.5)
            if code is not None:
                raise CommandError(f"The web server ended (exit code {code}).")
            for worker in workers:
                code = worker.child.poll()
                if code is not None:
                    pause_s = worker.next_pause_s()
                    self.stderr.write(
                        f"The {worker.name} ended (exit code {code}); starting it again in {pause_s:.0f} s."
                    )
                    if server.wait(pause_s) is None:
                        worker.child.start()


def _workers() -> Iterator[tuple[str, list[str]]]:
    """What each is called, and runs: deliveries are beside the records, so each database has a worker for its own."""
    for alias in connections:
        name = "webhook worker" if alias == DEFAULT_DB_ALIAS else f"webhook worker of {alias}"
        yield name, ["deliver_webhooks", "--database", alias]
    yield "maintenance worker", ["maintain"]


class AssetsThread(threading.Thread):
    """Fetches the browser assets while the database starts; they are no reason not to start."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.error: AssetsError | None = None
        self.start()

    def run(self) -> None:
        try:
            fetch_assets(settings.DATA_DIR)
        except AssetsError as error:
            self.error = error


@contextmanager
def _database(say: Callable[[str], object]) -> Iterator[None]:
    if embedded_postgres.needed():
        with EmbeddedPostgres(settings.DATA_DIR) as server, PostgresGuard(server, say):
            yield
    else:
        connection.ensure_connection()
        yield


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Several `up` on one database (machines behind a balancer) migrate one after the other."""
    holder = connection.copy()  # of a transaction: a session's lock would be lost behind a pooler
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [START_LOCK])
        yield
    finally:
        holder.close()


def _allow_connections() -> None:
    """As many open files as the system lets us have: each connection is one, and 1,024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another PORT.") from None


def granian_command(host: str, port: int, workers: int) -> list[str]:
    """The web server's command line."""
    options = [part for option in GRANIAN for part in option]
    options += ["--http1-header-read-timeout", str(settings.HEADER_TIMEOUT_S * 1000)]
    if settings.WORKER_MAX_RSS_MB:
        options += ["--workers-max-rss", str(settings.WORKER_MAX_RSS_MB)]
        options += ["--rss-sample-interval", str(settings.WORKER_RSS_CHECK_S)]
    where = ["--host", host, "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "config.server.granian", *options, *where, "config.server.rsgi:application"]


def _await_ready(server: Child, host: str, port: int) -> None:
    address = ALL_INTERFACES.get(host, host)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}/readyz"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            with opener.open(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            problem = error.read().decode(errors="replace")[:500]
        except OSError as error:
            problem = str(error)
        if server.poll() is not None:
            raise CommandError("The web server did not start.")
        if time.monotonic() > deadline:
            raise CommandError(f"Not ready after {READY_TIMEOUT_S:.0f} s: {problem}")
        time.sleep(0.05)


def _welcome(base: str, access: DemoAccess | None, workspace: str | None, admin: str | None) -> str:
    """What a start prints: the addresses; the demo's password and token when it made them, else how to make others.

    `workspace` and `admin`: see `config.demo.ways_in`.
    """
    lines = [
        "",
        f"Fourgate is ready at {base}",
        "",
        f"  Core REST         {base}/rest/",
        f"  Metadata REST     {base}/rest/metadata/",
        f"  Core GraphQL      {base}/graphql",
        f"  Metadata GraphQL  {base}/metadata",
        f"  API docs          {base}/settings/docs",
        f"  Settings          {base}/settings/api-webhooks",
        "",
    ]
    if access:
        lines += [
            f"  Workspace         {access.workspace_name}",
            f"  Admin login       {access.admin_email} / {access.admin_password}",
            f"  API key           {access.api_token}",
            "",
            "Password and token are shown this once. Try it:",
            "",
            f"  curl -H 'Authorization: Bearer {access.api_token}' '{base}/rest/companies?limit=2'",
        ]
    else:
        name, manage = shlex.quote(workspace) if workspace else "WORKSPACE", f"{_python()} manage.py"
        lines += [f"  Workspace         {workspace}"] if workspace else []
        lines += [] if workspace else [f"  New workspace     {manage} workspace create NAME"]
        lines.append(f"  New API key       {manage} apikey create --workspace {name} --name NAME --role Admin")
        lines.append(
            f"  New password      {manage} changepassword {shlex.quote(admin)}"
            if admin
            else f"  New member        {manage} member create --workspace {name} --email EMAIL --password-stdin"
        )
    return "\n".join([*lines, "", "Ctrl-C stops everything."])


def _python() -> str:
    """The Python of this environment as one would type it."""
    path = Path(sys.executable)
    return str(path.relative_to(settings.BASE_DIR)) if path.is_relative_to(settings.BASE_DIR) else str(path)
