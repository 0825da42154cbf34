"""How long entries are kept, how many wait, and what happens when there are too many."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apikeys.activity import requests
from apikeys.activity.models import AuditEntry, RequestEntry
from apikeys.activity.partitions import (
    AUDIT,
    REQUESTS,
    _keep,
    _partitions,
    partitions_keep,
    retentions_keep,
    workspace_purged,
)
from config.time_ids import first_id_of
from metadata.models import Workspace
from metadata.services import workspace_update
from tests.apikeys.activity.conftest import entries
from tests.apikeys.activity.test_pages import add
from tests.factories import Api, api_of, workspace_with

NOON = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)


def days() -> list[str]:
    return sorted(each.isoformat() for each in _partitions(REQUESTS))


def place_of(id: object) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM apikeys_requestlog WHERE id = %s", [str(id)])
        return str(cursor.fetchone()[0])


def test_days_are_made_ahead_and_dropped_when_they_are_over(acme: Workspace) -> None:
    for name in _partitions(REQUESTS).values():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {name}")
    assert _keep(REQUESTS, NOON, 30) == 4
    assert days() == ["2026-02-10", "2026-02-11", "2026-02-12", "2026-02-13"]
    assert _keep(REQUESTS, NOON, 30) == 0
    first, second = add(acme, NOON), add(acme, NOON + timedelta(days=1))
    assert (place_of(first), place_of(second)) == ("apikeys_requestlog_20260210", "apikeys_requestlog_20260211")
    kept_until = datetime(2026, 3, 13, 0, 0, tzinfo=UTC)  # the first day ended 30 days before
    _keep(REQUESTS, kept_until - timedelta(seconds=1), 30)
    assert RequestEntry.objects.filter(id=first).exists()
    _keep(REQUESTS, kept_until, 30)
    assert not RequestEntry.objects.filter(id=first).exists() and RequestEntry.objects.filter(id=second).exists()
    assert "2026-02-10" not in days()


def test_what_came_before_its_day_was_made_moves_there(acme: Workspace) -> None:
    early = add(acme, NOON)
    assert place_of(early) == "apikeys_requestlog_other"
    _keep(REQUESTS, NOON, 30)
    assert place_of(early) == "apikeys_requestlog_20260210"
    old = add(acme, NOON - timedelta(days=31))
    _keep(REQUESTS, NOON, 30)
    assert not RequestEntry.objects.filter(id=old).exists()


def test_acts_have_a_partition_a_month(acme: Workspace) -> None:
    _keep(AUDIT, NOON, 365)
    assert {"2026-02-01", "2026-03-01", "2026-04-01"} <= {each.isoformat() for each in _partitions(AUDIT)}
    _keep(AUDIT, datetime(2027, 3, 2, tzinfo=UTC), 365)
    assert "2026-02-01" not in {each.isoformat() for each in _partitions(AUDIT)}


def test_what_was_logged_of_a_purged_workspace_goes_with_it(acme: Workspace, importer: Api) -> None:
    other = workspace_with(name="Elsewhere")
    api_of(other).get("/rest/workspaceMembers")
    importer.get("/rest/books")
    assert len(entries(other)) == 1 and AuditEntry.objects.filter(workspace_id=other.id).exists()
    workspace_purged(other)
    workspace_purged(other)  # it may be begun again
    assert entries(other) == [] and not AuditEntry.objects.filter(workspace_id=other.id).exists()
    assert len(entries(acme)) == 1 and AuditEntry.objects.filter(workspace_id=acme.id).exists()


def test_switched_off_nothing_is_written_and_nothing_is_kept(acme: Workspace, importer: Api, settings: object) -> None:
    settings.REQUEST_LOG_DAYS = settings.AUDIT_LOG_DAYS = 0  # type: ignore[attr-defined]
    importer.get("/rest/books")
    importer.patch("/rest/metadata/workspace", {"displayName": "Elsewhere"})
    assert entries(acme) == [] and not AuditEntry.objects.filter(subject_name="Elsewhere").exists()
    old = add(acme, NOON)
    partitions_keep()
    assert not RequestEntry.objects.filter(id=old).exists()


def test_a_buffer_takes_as_many_as_it_has_room_for(caplog: pytest.LogCaptureFixture) -> None:
    buffer = requests.Buffer(3)
    for number in range(3):
        buffer.put(("w", str(number)))
    assert buffer.take() == [("w", "0"), ("w", "1"), ("w", "2")] and not buffer and caplog.records == []


def test_what_is_too_much_is_counted_in_the_log_itself(
    acme: Workspace, importer: Api, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REQUEST_LOG_BUFFER = 3  # type: ignore[attr-defined]
    for _ in range(5):
        assert importer.get("/rest/books").status == 200
    with caplog.at_level(logging.WARNING):
        *kept, note = entries(acme)
    assert len(kept) == 3 and {each.path for each in kept} == {"/rest/books"}
    assert (note.api, note.caller_id) == ("log", None)
    assert note.path == "2 requests were not logged: there were more than the log could take in"
    assert [each.getMessage() for each in caplog.records if each.name == requests.__name__] == [
        "the request log could not keep up: 2 entries were dropped"
    ]
    assert len(entries(acme)) == 4


def test_what_could_not_be_written_waits_as_far_as_there_is_room() -> None:
    buffer = requests.Buffer(3)
    for number in range(3):
        buffer.put(("w", str(number)))
    taken = buffer.take()
    buffer.put(("w", "3"))
    buffer.put_back(taken)
    assert list(buffer.rows) == [("w", "0"), ("w", "1"), ("w", "3")] and buffer.dropped == {"w": 1}


def test_a_workspace_keeps_less_than_the_server(acme: Workspace) -> None:
    other = workspace_with(name="Other")
    workspace_update(workspace_id=acme.id, update={"requestLogRetentionDays": 7, "eventLogRetentionDays": 30})
    now = datetime.now(UTC)
    kept = [add(acme, now - timedelta(days=6)), add(other, now - timedelta(days=8))]
    gone = add(acme, now - timedelta(days=8))
    old = {each: AuditEntry.objects.filter(workspace_id=each.id).latest("id") for each in (acme, other)}
    for each in old.values():  # as if it had been 31 days ago
        AuditEntry.objects.filter(id=each.id).update(id=first_id_of(now - timedelta(days=31)))
    before = {each: AuditEntry.objects.filter(workspace_id=each.id).count() for each in (acme, other)}
    assert retentions_keep() == 2
    assert set(RequestEntry.objects.values_list("id", flat=True)) >= set(kept)
    assert not RequestEntry.objects.filter(id=gone).exists()
    assert AuditEntry.objects.filter(workspace_id=acme.id).count() == before[acme] - 1
    assert AuditEntry.objects.filter(workspace_id=other.id).count() == before[other]
    assert retentions_keep() == 0
