"""A streaming replica of a cluster that tests started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.postgres_binaries import run_as
from config.server.postgres_cluster import SUPERUSER


@contextmanager
def replica(primary: EmbeddedPostgres, data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A copy of a running cluster that follows it. What the copy's `stop()` ended its `start()` begins again."""
    server = EmbeddedPostgres(data_dir, durable=False)
    data_dir.mkdir()
    account = server.cluster.account()
    server.cluster.make_home(account)
    programs = server.cluster.binaries(account)
    command = [str(programs.bin / "pg_basebackup"), "-D", str(server.home / "data"), "-R", "-X", "stream", "--no-sync"]
    command += ["-c", "fast", "-h", str(primary.cluster.server_socket), "-U", SUPERUSER]
    done = run_as(command, account)
    assert done.returncode == 0, done.stdout
    server.start()
    try:
        yield server
    finally:
        server.destroy()


def asked(server: EmbeddedPostgres, query: str, *params: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement of the superuser's in the database of records."""
    driver = psycopg2.connect(host=str(server.socket), user=SUPERUSER, dbname="fourgate")
    driver.autocommit = True
    try:
        with driver.cursor() as cursor:
            cursor.execute(query, params or None)
            return cursor.fetchall() if cursor.description else []
    finally:
        driver.close()
