"""What a worker says while the database is away, and how long it waits."""

from __future__ import annotations

import logging

import pytest

from config.server.outage import Outage


def test_an_outage_is_one_line_when_it_begins_and_one_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(logging.getLogger("worker"))
    fault = OSError("connection refused\nIs the server running?")
    pauses = [outage.met(fault) for _ in range(7)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert [each.getMessage() for each in caplog.records] == [
        "The database cannot be used, trying again until it can: connection refused"
    ]
    outage.over()
    outage.over()
    assert [each.getMessage().rpartition(" after ")[0] for each in caplog.records[1:]] == [
        "The database can be used again"
    ]


def test_the_next_outage_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(logging.getLogger("worker"))
    outage.over()  # nothing was amiss
    assert not caplog.records
    for _ in range(2):
        assert [outage.met(OSError("gone")) for _ in range(2)] == [0.5, 1.0]
        outage.over()
    assert len(caplog.records) == 4
