"""North and South, made once inside a transaction that is never committed."""

from __future__ import annotations

import pytest

from tests.isolation.scene import Side, make_side


@pytest.fixture(scope="module")
def _sides(uncommitted: None) -> tuple[Side, Side]:
    return make_side("North"), make_side("South")


@pytest.fixture
def north(_sides: tuple[Side, Side], db: None) -> Side:
    return _sides[0]


@pytest.fixture
def south(_sides: tuple[Side, Side], db: None) -> Side:
    return _sides[1]
