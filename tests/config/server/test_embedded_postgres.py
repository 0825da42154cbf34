"""The supervised server, started for real: from nothing, again, and after every kind of sudden death."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from config.server import embedded_postgres, postgres_cluster, postmasters
from config.server.embedded_postgres import EmbeddedPostgres
from config.server.postgres_binaries import EmbeddedPostgresError, find_binaries

ROOT = Path(__file__).resolve().parents[3]
IS_ROOT = os.geteuid() == 0
INSTALLED = [str(binaries.bin) for binaries in find_binaries()]


@pytest.fixture(autouse=True)
def _own_server_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("PG_BIN_DIR", raising=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder that the server's user can reach; pytest's own are neither."""
    path = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    for left in [path, *path.iterdir()]:
        if (left / "postgres").exists():
            EmbeddedPostgres(left).destroy()
    shutil.rmtree(path)


@pytest.fixture
def data_dir(folder: Path) -> Path:
    return folder / "data"


def run_sql(server: EmbeddedPostgres, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def parent_process(data_dir: Path, body: str, **environment: str) -> subprocess.Popen[str]:
    """Another Python that has started the server and says so, then does what `body` says."""
    code = f"""
        import os, signal, sys, time
        from pathlib import Path
        from config.server.embedded_postgres import EmbeddedPostgres
        server = EmbeddedPostgres(Path(sys.argv[1]))
        print(server.start(), flush=True)
        {body}
    """
    return subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(code), str(data_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while postmasters.is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.01)


def test_first_start_makes_a_durable_database_and_a_second_one_keeps_it(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    assert server.start() is True
    assert server.is_running()
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "jit", "listen_addresses")
    settings = run_sql(server, "SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    assert settings == [("on", "on", "on", "on", "off", "")]
    assert run_sql(server, "SELECT current_user, current_database(), current_setting('server_encoding')") == [
        ("fourgate", "fourgate", "UTF8")
    ]
    assert run_sql(server, "SELECT lower('ÄÖÜ'), upper('straße') <> ''") == [("äöü", True)]
    run_sql(server, "CREATE TABLE kept AS SELECT 1 AS id")
    server.stop()
    assert not server.is_running()
    assert server.pid is None

    assert server.start() is True
    assert run_sql(server, "SELECT id FROM kept") == [(1,)]
    server.stop()


def test_the_server_is_not_root_and_its_folders_are_closed(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        assert server.pid is not None
        uid = Path(f"/proc/{server.pid}").stat().st_uid
        assert (uid != 0) if IS_ROOT else (uid == os.geteuid())
        for folder in (server.home, server.home / "data", server.socket):
            assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o700, uid), folder


def test_committed_rows_survive_kill_9_of_the_server(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    server.start()
    run_sql(server, "CREATE TABLE kept (id int)")
    for number in range(20):
        run_sql(server, f"INSERT INTO kept VALUES ({number})")
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    server.stop()  # finds nothing left to stop

    assert server.start() is True
    assert run_sql(server, "SELECT count(*) FROM kept") == [(20,)]
    assert server.pid != pid
    server.stop()


def test_the_server_of_a_killed_parent_is_used_and_stopped_by_the_next(data_dir: Path) -> None:
    parent = parent_process(data_dir, "time.sleep(60)")
    assert parent.stdout is not None
    assert parent.stdout.readline() == "True\n"
    parent.kill()
    parent.wait()

    server = EmbeddedPostgres(data_dir)
    pid = server.pid
    assert server.start() is False
    assert server.pid == pid
    server.stop()
    assert not server.is_running()


def test_the_server_of_a_killed_parent_that_died_too_is_started_again(data_dir: Path) -> None:
    parent = parent_process(data_dir, "time.sleep(60)")
    assert parent.stdout is not None
    parent.stdout.readline()
    server = EmbeddedPostgres(data_dir)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    parent.kill()
    parent.wait()

    assert server.start() is True
    server.stop()


def test_the_last_one_out_stops_the_server(data_dir: Path) -> None:
    other = parent_process(data_dir, "sys.stdin.read(); server.stop()")
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    server = EmbeddedPostgres(data_dir)
    assert server.start() is False

    other.communicate("")  # the one who started it leaves
    assert other.returncode == 0
    assert server.is_running()
    server.stop()
    assert not server.is_running()


def test_two_processes_that_start_together_agree_on_one_server(data_dir: Path) -> None:
    both = [parent_process(data_dir, "print(server.pid); sys.stdin.read(); server.stop()") for _ in range(2)]
    said = [[process.stdout.readline(), process.stdout.readline()] for process in both if process.stdout]
    for process in both:
        process.communicate("")
    assert sorted(started for started, _ in said) == ["False\n", "True\n"]
    assert said[0][1] == said[1][1] != "None\n"
    assert [process.returncode for process in both] == [0, 0]


@pytest.mark.parametrize("name", ["with spaces, a comma and 'quotes\"", "ünïcode", "long " * 30])
def test_any_path_will_do(folder: Path, name: str) -> None:
    data_dir = folder / name
    with EmbeddedPostgres(data_dir) as server:
        assert run_sql(server, "SELECT 1") == [(1,)]
        assert len(os.fsencode(server.socket / ".s.PGSQL.5432")) < 104


def test_two_folders_have_two_servers(folder: Path) -> None:
    with EmbeddedPostgres(folder / "one") as one, EmbeddedPostgres(folder / "two") as two:
        run_sql(one, "CREATE TABLE only_here (id int)")
        assert one.pid != two.pid
        assert run_sql(two, "SELECT to_regclass('only_here')") == [(None,)]


@pytest.mark.parametrize("owner", ["nobody's", "another program's", "garbage"])
def test_a_stale_pid_file_is_no_obstacle(data_dir: Path, owner: str) -> None:
    server = EmbeddedPostgres(data_dir)
    server.start()
    pid_file = server.home / "data" / "postmaster.pid"
    content = pid_file.read_text()
    status = pid_file.stat()
    server.stop()

    gone = subprocess.Popen(["true"])
    gone.wait()
    account = server.cluster.account()
    other = subprocess.Popen(["sleep", "60"], **(account.spawn if account else {}))
    pid = {"nobody's": str(gone.pid), "another program's": str(other.pid), "garbage": "not a number"}[owner]
    pid_file.write_text("\n".join([pid, *content.split("\n")[1:]]))
    os.chown(pid_file, status.st_uid, status.st_gid)
    try:
        assert server.start() is True
        assert other.poll() is None
    finally:
        server.stop()
        other.kill()
        other.wait()


def test_a_broken_first_start_leaves_nothing_half_made(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    server.start()
    server.stop()
    (server.home / "data").rename(server.home / "data.draft")  # as if initdb had been cut off before the rename
    assert server.start() is True
    assert not (server.home / "data.draft").exists()
    server.stop()


@pytest.mark.parametrize("bin_dir", INSTALLED)
def test_pg_bin_dir_chooses_the_server(data_dir: Path, bin_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN_DIR", bin_dir)
    (binaries,) = find_binaries()
    with EmbeddedPostgres(data_dir) as server:
        version = run_sql(server, "SELECT current_setting('server_version_num')::int / 10000")
        assert version == [(binaries.major,)]
        assert run_sql(server, "SELECT lower('Ä')") == [("ä",)]


def test_a_cluster_keeps_its_major_version(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, oldest = INSTALLED[0], INSTALLED[-1]
    assert newest != oldest
    monkeypatch.setenv("PG_BIN_DIR", oldest)
    server = EmbeddedPostgres(data_dir)
    server.start()
    server.stop()
    monkeypatch.setenv("PG_BIN_DIR", newest)
    with pytest.raises(EmbeddedPostgresError, match=r"was made by PostgreSQL \d+, but the server here is \d+"):
        server.start()
    monkeypatch.delenv("PG_BIN_DIR")  # all installations are at hand: the fitting one is taken
    with server:
        assert run_sql(server, "SELECT 1") == [(1,)]


def test_a_folder_without_programs_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BIN_DIR", str(tmp_path))
    with pytest.raises(EmbeddedPostgresError, match="No PostgreSQL in PG_BIN_DIR"):
        EmbeddedPostgres(data_dir).start()


def test_the_wheel_is_never_imported(data_dir: Path) -> None:
    body = "print([name for name in sys.modules if 'pgserver' in name]); server.stop()"
    said, _ = parent_process(data_dir, body).communicate()
    assert said == "True\n[]\n"


def test_programs_that_the_servers_user_cannot_reach_are_copied(folder: Path, data_dir: Path) -> None:
    """As root, with an environment in a private home; for everyone else they are used in place."""
    package = Path(INSTALLED[0]).parents[1]
    private = folder / "private"
    private.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, private / part.name, symlinks=True)
    body = "print(os.readlink(f'/proc/{server.pid}/exe')); server.stop()"
    process = parent_process(data_dir, body, PYTHONPATH=str(private))
    started, executable = process.communicate()[0].split("\n")[:2]
    assert started == "True"
    assert Path(executable).is_relative_to(data_dir / "postgres-server" if IS_ROOT else private)


def test_data_that_the_servers_user_cannot_reach_is_kept_elsewhere(folder: Path) -> None:
    """As root, with DATA_DIR in a private home; for everyone else it stays in DATA_DIR."""
    private = folder / "private"
    private.mkdir(mode=0o700)
    data_dir = private / "data"
    try:
        with EmbeddedPostgres(data_dir) as server:
            assert (data_dir / "postgres").is_symlink() is IS_ROOT
            assert server.home.is_relative_to(postgres_cluster.RELOCATED_ROOT) is IS_ROOT
            assert run_sql(server, "SELECT 1") == [(1,)]
            home = server.home
        assert EmbeddedPostgres(data_dir).home == home
    finally:
        EmbeddedPostgres(data_dir).destroy()
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        (["manage.py"], False),
        (["manage.py", "help"], False),
        (["manage.py", "--version"], False),
        (["manage.py", "up"], False),
        (["manage.py", "migrate", "--help"], False),
        (["manage.py", "migrate"], True),
        (["manage.py", "apikey", "create"], True),
    ],
)
def test_commands_that_need_a_database_bring_it(arguments: list[str], starts: bool) -> None:
    assert isinstance(embedded_postgres.for_command(arguments), EmbeddedPostgres) is starts


def test_a_given_database_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    assert not embedded_postgres.needed()
    assert not isinstance(embedded_postgres.for_command(["manage.py", "migrate"]), EmbeddedPostgres)
