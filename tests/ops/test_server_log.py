"""The embedded server's log: about the server, never about what customers store, and never more than it may be."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.postgres_settings import LOG_FILES

SECRET = "the-customers-own-words"
REFUSED = [  # statement, parameters: refused in every way that quotes a value
    ("INSERT INTO note (id, body) VALUES (%s, %s)", (1, SECRET)),  # unique: DETAIL has the key
    ("INSERT INTO note (id, body) VALUES (NULL, %s)", (SECRET,)),  # null: DETAIL has the whole row
    ("INSERT INTO note (id, body) VALUES (2, %s)", (SECRET * 400_000,)),  # check: the statement is 9 MB
    ("SELECT %s::uuid", (SECRET,)),  # the message has the value
    ("SELECT %s::jsonb", (f'{{"{SECRET}',)),  # CONTEXT has it
    ("SELECT %s::timestamptz", (SECRET,)),
    ("SELECT (%s::text)::int", (SECRET,)),
    (f'SELECT "{SECRET}"', ()),
    ("DO $$ BEGIN RAISE WARNING '%%', %s; END $$", (SECRET,)),
    ("PREPARE refused AS SELECT $1::uuid; EXECUTE refused(%s)", (SECRET,)),
]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        server = EmbeddedPostgres(folder / "data", durable=False)
        server.start()
    yield server
    server.destroy()
    shutil.rmtree(folder)


def log_text(server: EmbeddedPostgres) -> str:
    return "".join(path.read_text(errors="replace") for path in sorted((server.home / "log").iterdir()))


def test_a_refused_value_is_nowhere_in_the_log(server: EmbeddedPostgres) -> None:
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE note (id int PRIMARY KEY, body text CHECK (length(body) < 1000))")
        cursor.execute("INSERT INTO note VALUES (1, 'x')")
        for statement, parameters in REFUSED:
            with suppress(psycopg2.Error):
                cursor.execute(statement, parameters)
        cursor.execute("SET statement_timeout = 1")
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("SELECT pg_sleep(1), %s", (SECRET,))
        cursor.execute("SET statement_timeout = 0; SELECT pg_sleep(0)")
    connection.close()
    text = log_text(server)
    assert "database system is ready to accept connections" in text
    assert SECRET not in text
    assert len(text) < 20_000
    said = (server.data_dir / "postgres.start.log").read_text(errors="replace")
    assert SECRET not in said


def test_a_log_that_grows_is_continued_in_another_file(server: EmbeddedPostgres) -> None:
    before = len(list((server.home / "log").iterdir()))
    connection = psycopg2.connect(server.url)
    deadline = time.monotonic() + 60
    with connection, connection.cursor() as cursor:
        while len(list((server.home / "log").iterdir())) == before:
            assert time.monotonic() < deadline
            cursor.execute("DO $$ BEGIN RAISE LOG '%', repeat('x', 1000000); END $$")
    connection.close()
    for path in (server.home / "log").iterdir():
        assert path.stat().st_size < 30_000_000


def test_only_the_newest_logs_are_kept(server: EmbeddedPostgres) -> None:
    folder = server.home / "log"
    for number in range(LOG_FILES + 3):
        (folder / f"postgres-2020-01-{number + 1:02d}_000000.log").write_text("old")
    for name in ("postgres-Mon.log", "other.log", "postgres-2020-01-01_000000.log.bak"):
        (folder / name).write_text("x")
    server.remove_old_logs()
    left = {path.name for path in folder.iterdir()}
    assert {"other.log", "postgres-2020-01-01_000000.log.bak"} <= left
    assert "postgres-Mon.log" not in left
    logs = sorted(left - {"other.log", "postgres-2020-01-01_000000.log.bak"})
    assert len(logs) == LOG_FILES
    assert logs[0] > "postgres-2020-01-03"


def test_a_folder_that_is_a_link_is_not_followed(server: EmbeddedPostgres) -> None:
    elsewhere = server.data_dir / "elsewhere"
    elsewhere.mkdir()
    precious = [elsewhere / f"postgres-2020-01-{number + 1:02d}_000000.log" for number in range(LOG_FILES + 3)]
    for path in precious:
        path.write_text("precious")
    other = EmbeddedPostgres(server.data_dir / "other")
    (server.data_dir / "other" / "postgres").mkdir(parents=True)
    os.symlink(elsewhere, server.data_dir / "other" / "postgres" / "log")
    other.remove_old_logs()
    assert all(path.exists() for path in precious)
