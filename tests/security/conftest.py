"""Time as a fixture, for what is limited by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from config.http import limits
from tests.security.rates import Clock, controlled_clock


@pytest.fixture
def clock(db: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Stands still unless the test moves it; nobody has asked for anything yet."""
    limits._purse.cache_clear()
    made = controlled_clock()
    monkeypatch.setattr(limits, "monotonic", made)
    monkeypatch.setattr(limits, "time", made)
    monkeypatch.setattr(limits._Outage, "until", 0.0)
    yield made
    limits._purse.cache_clear()
