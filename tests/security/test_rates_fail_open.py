"""Limits are no reason to refuse anybody when nothing can be counted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection

from config.http import limits
from tests.factories import api_of, workspace_with
from tests.security.test_rate_limits import BOOKS, NONE, statuses


@pytest.mark.django_db(transaction=True)
def test_requests_are_let_through_when_nothing_can_be_counted(
    settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_SHORT = (2, 3600.0)
    settings.RATE_LIMIT_LONG = settings.RATE_LIMIT_WORKSPACE = settings.RATE_LIMIT_ADDRESS = NONE
    limits._purse.cache_clear()
    moment = [1000.0]
    monkeypatch.setattr(limits, "monotonic", lambda: moment[0])
    monkeypatch.setattr(limits._Outage, "until", 0.0)
    monkeypatch.setattr(limits._Outage, "told_at", -1000.0)
    api = api_of(workspace_with([BOOKS]))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE apikeys_ratebucket RENAME TO hidden")
    try:
        with caplog.at_level(logging.WARNING, "config.http.limits"):
            for _ in range(5):
                assert statuses(api, "/rest/books", 3) == [200] * 3
                moment[0] += 1.1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO apikeys_ratebucket")
    told = [each.getMessage() for each in caplog.records if each.name == "config.http.limits"]
    assert len(told) == 1 and told[0].startswith("Rate limits are not counted: "), told
    assert statuses(api, "/rest/books", 3) == [200, 200, 429], "counted again"
    limits._purse.cache_clear()
