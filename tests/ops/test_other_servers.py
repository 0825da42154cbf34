"""The smoke part of the suite on PostgreSQL 15, alone and behind PgBouncer in transaction mode, and a whole start there.

The programs are Debian's (`postgresql-15`, `pgbouncer`); `.ci/run` installs them. Without them the tests are skipped,
but not in CI.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.session import pooler_hint, session_problems
from tests.server import ROOT, free_port, running

pytestmark = pytest.mark.long

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
LIMITS = {"statement_timeout": "30000", "lock_timeout": "200", "jit": "off"}
SMOKE_TIMEOUT_S = 1_200


def require(is_there: bool, package: str) -> None:
    if not is_there:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the package {package}")
        pytest.skip(f"{package} is not installed")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def postgres_15(folder: Path) -> Iterator[EmbeddedPostgres]:
    require((POSTGRES_15 / "postgres").exists(), "postgresql-15")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PG_BIN_DIR", str(POSTGRES_15))
        server = EmbeddedPostgres(folder / "postgres15", durable=False)
        server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def pgbouncer(folder: Path, postgres_15: EmbeddedPostgres) -> Iterator[str]:
    """The address of a pooler in transaction mode; it takes any client and is the server's role `fourgate`."""
    require(PGBOUNCER is not None, "pgbouncer")
    port = free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={postgres_15.socket} user=fourgate\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 10\nmax_client_conn = 200\nquery_wait_timeout = 30\n"
    )
    settings.chmod(0o644)
    account = postgres_15.cluster.account()
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [str(PGBOUNCER), str(settings)], stdout=log, stderr=log, cwd="/", **(account.spawn if account else {})
        )
    url = f"postgres://fourgate@127.0.0.1:{port}/fourgate"
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg2.connect(url).close()
            break
        except psycopg2.OperationalError as fault:
            assert process.poll() is None and time.monotonic() < deadline, (
                fault,
                (folder / "pgbouncer.log").read_text(),
            )
            time.sleep(0.05)
    yield url
    process.send_signal(signal.SIGINT)
    process.wait(20)


def direct(server: EmbeddedPostgres) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    return connection


def set_limits(server: EmbeddedPostgres) -> None:
    with direct(server) as connection, connection.cursor() as cursor:
        for name, value in LIMITS.items():
            cursor.execute(f"ALTER ROLE fourgate SET {name} = %s", [value])


def smoke(folder: Path, name: str, *paths: str, **environment: str) -> str:
    """What the smoke part of the suite, or of these files of it, printed on another database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "DATABASE_"))}
    data_dir = folder / f"smoke-{name}"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "smoke",
            "-q",
            "--reuse-db",
            "-p",
            "no:cacheprovider",
            *(paths or ("tests",)),
        ],
        cwd=ROOT,
        env={**kept, **environment, "DATA_DIR": str(data_dir)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SMOKE_TIMEOUT_S,
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said[-10_000:]
    return said


def drop_test_database(server: EmbeddedPostgres) -> None:
    with direct(server).cursor() as cursor:
        cursor.execute(
            "DROP DATABASE IF EXISTS test_fourgate"
        )  # not forced: this role may not end an autovacuum; it waits


# What connections matter to: locks, sessions, prepared statements, processes beside each other.
ABOUT_CONNECTIONS = (
    "tests/metadata/test_building.py",
    "tests/metadata/test_concurrency.py",
    "tests/core/rest/test_concurrency.py",
    "tests/core/graphql/test_writing.py",
    "tests/webhooks/test_worker.py",
)


def test_the_smoke_suite_passes_on_postgresql_15(folder: Path, postgres_15: EmbeddedPostgres) -> None:
    drop_test_database(postgres_15)
    said = smoke(folder, "alone", DATABASE_URL=postgres_15.url)
    assert "passed" in said and "failed" not in said


def test_the_smoke_suite_passes_behind_pgbouncer(folder: Path, postgres_15: EmbeddedPostgres, pgbouncer: str) -> None:
    drop_test_database(postgres_15)
    set_limits(postgres_15)
    said = smoke(folder, "pooled", *ABOUT_CONNECTIONS, DATABASE_URL=pgbouncer, DATABASE_POOLER="transaction")
    assert "passed" in said and "failed" not in said


def test_a_role_without_limits_is_named_with_what_to_do(postgres_15: EmbeddedPostgres) -> None:
    with direct(postgres_15) as connection, connection.cursor() as cursor:
        for name in LIMITS:
            cursor.execute(f"ALTER ROLE fourgate RESET {name}")
    connection = psycopg2.connect(postgres_15.url, options="-c jit=on")
    with connection, connection.cursor() as cursor:
        assert session_problems(cursor) == [
            f"{name} is {found} behind the pooler; run: "
            f'ALTER ROLE "fourgate" IN DATABASE "fourgate" SET {name} = {LIMITS[name]}'
            for name, found in (("statement_timeout", "0"), ("lock_timeout", "0"), ("jit", "on"))
        ]
    connection.close()
    set_limits(postgres_15)
    with direct(postgres_15) as connection, connection.cursor() as cursor:
        assert session_problems(cursor) == []


def test_a_start_that_was_not_told_of_the_pooler_says_what_to_set(pgbouncer: str) -> None:
    with pytest.raises(psycopg2.OperationalError) as caught:
        psycopg2.connect(pgbouncer, options="-c jit=off")
    assert "set DATABASE_POOLER=transaction" in pooler_hint(caught.value)
    assert pooler_hint(psycopg2.OperationalError("connection refused")) == ""


@pytest.mark.parametrize("workers", ["pooled", "direct"])
def test_a_whole_server_behind_pgbouncer(
    folder: Path, postgres_15: EmbeddedPostgres, pgbouncer: str, workers: str
) -> None:
    """`manage.py up` migrates, makes the demo, serves many clients at once, and says nothing is missing."""
    set_limits(postgres_15)
    with direct(postgres_15).cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [workers])
        if not cursor.fetchone()[0]:
            cursor.execute(f"CREATE DATABASE {workers}")
    environment = {
        "DATABASE_URL": pgbouncer.replace("/fourgate", f"/{workers}"),
        "DATABASE_POOLER": "transaction",
        "WORKERS": "2",
    }
    if workers == "direct":
        environment["DATABASE_DIRECT_URL"] = postgres_15.url.replace("/fourgate?", "/direct?")
    with running(folder / f"up-{workers}", "--no-assets", **environment) as server:

        def create(number: int) -> int:
            return server.ask("POST", "/rest/companies", {"name": f"Acme {number}"}).status

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(create, range(80))) == {201}
        log = server.log.read_text()
    assert "behind the pooler" not in log
    assert "Traceback" not in log and '"level":"ERROR"' not in log
