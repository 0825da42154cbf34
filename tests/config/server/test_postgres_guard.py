"""How soon an embedded PostgreSQL that ended is started again: at once, and then ever later."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.postgres_guard import BackOff, PostgresGuard


def test_the_first_attempt_is_made_at_once_and_each_that_fails_doubles_the_pause() -> None:
    back_off, pauses, now = BackOff(), [], 1_000.0
    for _ in range(10):
        pauses.append(back_off.pause_s(now))
        now += pauses[-1]
        back_off.tried(now)
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


@pytest.mark.parametrize(("ran_s", "pause_s"), [(59.0, 1.0), (60.0, 1.0), (61.0, 0.0)])
def test_a_server_that_ran_for_a_minute_is_started_at_once(ran_s: float, pause_s: float) -> None:
    back_off = BackOff()
    for _ in range(2):
        back_off.tried(1_000.0)
    assert back_off.pause_s(1_000.0 + ran_s) == pause_s


def test_a_server_that_does_not_start_is_tried_again_and_each_attempt_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PG_BIN_DIR", str(tmp_path))  # has no programs
    said: list[str] = []
    is_enough = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 4:
            is_enough.set()

    (tmp_path / "data").mkdir()
    with PostgresGuard(EmbeddedPostgres(tmp_path / "data"), say):
        assert is_enough.wait(20)
    fault = f"The database server did not start: No PostgreSQL in PG_BIN_DIR ({tmp_path})."
    assert said[:4] == [
        "The database server ended; starting it again.",
        fault,
        "The database server ended; starting it again in 0.5 s.",
        fault,
    ]


def test_a_guard_that_waits_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PG_BIN_DIR", str(tmp_path))
    monkeypatch.setattr("config.server.postgres_guard.FIRST_PAUSE_S", 600.0)
    monkeypatch.setattr("config.server.postgres_guard.LAST_PAUSE_S", 600.0)
    waits = threading.Event()
    (tmp_path / "data").mkdir()
    with PostgresGuard(EmbeddedPostgres(tmp_path / "data"), lambda line: waits.set() if "600.0 s" in line else None):
        assert waits.wait(20)
    assert "postgres-guard" not in {each.name for each in threading.enumerate()}
