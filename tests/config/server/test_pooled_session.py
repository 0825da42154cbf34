"""What a process says of a pooler's role that lacks timeouts: once, with the first connection."""

from __future__ import annotations

import configparser
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection

from config.server import session

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
LACKING = "-c statement_timeout=0 -c lock_timeout=0 -c jit=on"


@pytest.fixture
def started(db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process behind a pooler that has no connection yet."""
    settings.DATABASE_IS_POOLED = True
    monkeypatch.setattr(session, "_warned", set())
    yield


def connect(options: str | None) -> str:
    """A new connection with these settings of its session; gives the names of role and database."""
    wrapper = connection.copy()
    if options is not None:
        wrapper.settings_dict = {**wrapper.settings_dict}
        wrapper.settings_dict["OPTIONS"] = {**wrapper.settings_dict["OPTIONS"], "options": options}
    try:
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT format('%I IN DATABASE \"%s\"', current_user, current_database())")
            return str(cursor.fetchone()[0])
    finally:
        wrapper.close()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == session.logger.name]


def test_the_first_connection_says_each_thing_that_is_missing_and_the_next_nothing(
    started: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, session.logger.name)
    role, _, database = connect(LACKING).partition(" IN DATABASE ")
    place = f'ALTER ROLE "{role.strip(chr(34))}" IN DATABASE {database} SET'
    expected = [
        f"statement_timeout is 0 behind the pooler; run: {place} statement_timeout = {settings.STATEMENT_TIMEOUT_MS}",
        f"lock_timeout is 0 behind the pooler; run: {place} lock_timeout = {settings.LOCK_FIRST_WAIT_MS}",
        f"jit is on behind the pooler; run: {place} jit = off",
    ]
    assert said(caplog) == expected
    assert {each.levelname for each in caplog.records if each.name == session.logger.name} == {"WARNING"}
    connect(LACKING)
    assert said(caplog) == expected


def test_a_lock_timeout_at_its_most_is_fine_and_one_more_is_not(
    started: None, settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = settings.LOCK_TIMEOUT_MS
    connect(f"-c statement_timeout=60000 -c lock_timeout={most} -c jit=off")
    assert said(caplog) == []
    monkeypatch.setattr(session, "_warned", set())
    connect(f"-c statement_timeout=60000 -c lock_timeout={most + 1} -c jit=off")
    assert [each.split(" behind")[0] for each in said(caplog)] == [f"lock_timeout is {most + 1}"]


def test_without_a_pooler_nothing_is_looked_for(started: None, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.DATABASE_IS_POOLED = False
    connect(LACKING)
    assert said(caplog) == []


# The set-up that is given ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", [COMPOSE["configs"]["limits"]["content"], SETTINGS], ids=["compose", "docs"])
def test_a_role_with_the_given_limits_lacks_nothing(started: None, caplog: pytest.LogCaptureFixture, text: str) -> None:
    limits = re.findall(r"ALTER ROLE fourgate(?: IN DATABASE fourgate)? SET (\w+) = (\w+);", text)
    connect(" ".join(f"-c {name}={value}" for name, value in limits))
    assert (len(limits), said(caplog)) == (3, [])


def test_composes_profile_pools_transactions_and_is_started_as_the_docs_say() -> None:
    pooler = configparser.ConfigParser()
    pooler.read_string(COMPOSE["configs"]["pgbouncer"]["content"])
    assert COMPOSE["services"]["pgbouncer"]["profiles"] == ["pgbouncer"]
    assert pooler["pgbouncer"]["pool_mode"] == "transaction"
    port = pooler["pgbouncer"]["listen_port"]
    command = f"DATABASE_HOST=pgbouncer:{port} DATABASE_POOLER=transaction docker compose --profile pgbouncer up"
    assert command in SETTINGS and command in (ROOT / "compose.yaml").read_text()
    environment = COMPOSE["services"]["fourgate"]["environment"]
    assert "${DATABASE_HOST:-postgres:5432}" in environment["DATABASE_URL"]
    assert (environment["DATABASE_POOLER"], "postgres:5432" in environment["DATABASE_DIRECT_URL"]) == (
        "${DATABASE_POOLER:-}",
        True,
    )
