"""The solar system of the golden files, made once inside a transaction that is never committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from metadata import cache
from tests.golden.system import SolarSystem, make_system


@pytest.fixture(scope="module")
def _made(django_db_setup: None, django_db_blocker: Any) -> Iterator[SolarSystem]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_system()
        transaction.set_rollback(True)


@pytest.fixture
def system(_made: SolarSystem, db: None) -> Iterator[SolarSystem]:
    yield _made
    cache.forget(_made.workspace.id)
