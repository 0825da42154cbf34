"""North and South, made once inside a transaction that is never committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from metadata import cache
from tests.isolation.scene import Side, make_side


@pytest.fixture(scope="module")
def _sides(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Side, Side]]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_side("North"), make_side("South")
        transaction.set_rollback(True)


@pytest.fixture
def north(_sides: tuple[Side, Side], db: None) -> Iterator[Side]:
    yield _sides[0]
    cache.forget(_sides[0].workspace.id)  # what is rolled back here comes again under the same version


@pytest.fixture
def south(_sides: tuple[Side, Side], db: None) -> Side:
    return _sides[1]
