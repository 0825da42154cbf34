"""What is noted of writes for replicas, what is no replica, and how they are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from config.server import replicas
from config.server.replicas import Lag, Replica, ReplicaConnections
from config.server.shards import replicas_in, shards_in
from core.sql import lateness
from core.sql.execute import fetch
from core.sql.fragment import Sql
from tests.factories import workspace_with


def notes() -> dict[str, tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT schema_name, shard, schema_version, place FROM core_written")
        return {name: (shard, version, place) for name, shard, version, place in cursor.fetchall()}


def put(name: str, shard: str, version: int, place: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(lateness._NOTE_OF_ANOTHER, (name, shard, version, place))


def test_a_note_never_goes_back(db: None) -> None:
    put("ws_a", "default", 0, 100)
    put("ws_a", "default", 7, 90)  # of a writer that was told earlier, and of a reader that knows the data model
    put("ws_a", "default", 0, 95)
    put("ws_b", "default", 1, 5)
    assert notes() == {"ws_a": ("default", 7, 100), "ws_b": ("default", 1, 5)}


def test_a_note_of_another_database_says_nothing_of_this_one(db: None) -> None:
    put("ws_a", "default", 7, 100)
    put("ws_a", "east", 0, 3)
    assert notes() == {"ws_a": ("east", 0, 3)}


@pytest.fixture
def replicated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the database had a replica; what answers in its place is the database itself."""
    entry = dict(connection.settings_dict)
    monkeypatch.setattr(django_settings, "REPLICAS", {"default": entry})
    handler = ReplicaConnections({"default": entry})
    monkeypatch.setattr(replicas, "replica_connections", handler)
    yield
    handler.close_all()


def committed() -> list[Any]:
    """What happens at the commit."""
    return [each[1] for each in connection.run_on_commit]


def test_what_is_written_is_noted_when_it_commits(db: None, replicated: None) -> None:
    schema = workspace_with([]).database_schema
    before = committed()
    count = Sql(f'SELECT count(*) FROM "{schema}".record_count', ())
    insert = Sql(f'INSERT INTO "{schema}".record_count (object_id, live) VALUES (%s::uuid, 1)', (str(uuid4()),))
    fetch(count, "default")
    assert committed() == before
    with pytest.raises(RuntimeError), transaction.atomic():
        fetch(insert, "default")
        raise RuntimeError
    assert committed() == before
    fetch(insert, "default")
    fetch(insert, "default")
    written = lateness._Written(schema, "default")
    assert [each for each in committed() if each == written] == [written]


def test_nothing_is_noted_without_a_replica(db: None) -> None:
    before = committed()
    lateness.note_writes('INSERT INTO "ws_0" VALUES (1)', "default")
    assert committed() == before


def test_a_primary_is_no_replica(transactional_db: None, replicated: None) -> None:
    found = Replica("default")
    assert found.is_resting()
    assert found.lag() == Lag("foreign")
    assert found.is_resting()
    assert found.rows("SELECT 1", (), prepare=True, since=0) is None


def test_replicas_are_named_in_the_environment() -> None:
    environment = {
        "SHARD_EAST_URL": "postgres://east", "SHARD_EAST_REPLICA_URL": "postgres://east-2",
        "SHARD_WEST_REPLICA_URL": "",
    }  # fmt: skip
    assert list(shards_in(environment)) == ["east"]
    engines = {"default": "postgresql", "east": "postgresql"}
    assert replicas_in(environment, "postgres://2", engines) == {
        "default": "postgres://2", "east": "postgres://east-2",
    }  # fmt: skip
    assert replicas_in(environment, None, engines) == {"east": "postgres://east-2"}


@pytest.mark.parametrize(
    ("environment", "engines", "fault"),
    [
        ({"SHARD_WEST_REPLICA_URL": "x"}, {"default": "postgresql"}, "SHARD_WEST_REPLICA_URL: there is no SHARD_WEST_URL"),
        ({"SHARD_DEFAULT_REPLICA_URL": "x"}, {"default": "postgresql"}, "SHARD_DEFAULT_REPLICA_URL: there is no SHARD_DEFAULT_URL"),
        ({}, {"default": "citus"}, "DATABASE_REPLICA_URL: reads of a citus database go to no replica"),
    ],
)  # fmt: skip
def test_a_replica_of_nothing_is_refused(environment: dict[str, str], engines: dict[str, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        replicas_in(environment, "postgres://2", engines)
