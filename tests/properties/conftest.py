"""A workspace with an object for generated records, made once inside a transaction that is never committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from tests.factories import Api, api_of, workspace_with
from tests.properties.things import THING


@pytest.fixture(scope="module")
def _things(django_db_setup: None, django_db_blocker: Any) -> Iterator[Api]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield api_of(workspace_with([THING]))
        transaction.set_rollback(True)


@pytest.fixture
def things(_things: Api, db: None) -> Api:
    return _things


@contextmanager
def stored(api: Api, records: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Have exactly these records for a while."""
    with transaction.atomic():
        answer = api.post("/rest/batch/things", list(records))
        assert answer.status == 201, answer.body
        yield
        transaction.set_rollback(True)
