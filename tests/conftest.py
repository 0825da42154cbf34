"""Fixtures of the whole suite. The database must stand before Django reads its settings."""

from tests.chance import load_profile
from tests.database import start_database

load_profile()
start_database()

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from apikeys.sign_in import PasswordHasher
from config.openapi import document
from metadata import cache
from tests.factories import Api, api_of, workspace_with
from webhooks.delivery import outbox

PasswordHasher.iterations = 1_000  # a third of a second each otherwise; the servers that tests start have their own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes is begun first: the run ends when the last process has ended."""
    items.sort(key=lambda each: each.get_closest_marker("long") is None)


@pytest.fixture(scope="module")
def uncommitted(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around a module's tests that is never committed: what the module's fixtures make in it, each test
    finds as it was made. Not for modules of `transactional_db`."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _versions_of_rolled_back_changes(request: pytest.FixtureRequest) -> Iterator[None]:
    """The next test gives the same version numbers to other changes: nothing kept by them may stay."""
    before = set(cache._snapshots)
    yield
    if "uncommitted" in request.fixturenames:
        for workspace_id in {id for id, _ in set(cache._snapshots) - before}:
            cache.forget(workspace_id)
        outbox._subscriptions.cache_clear()
        document._kept.clear()


@pytest.fixture
def workspace(db):
    """A workspace with the standard objects and its sample records."""
    return workspace_with(empty=False)


@pytest.fixture
def api(workspace) -> Api:
    """A client with an Admin key of `workspace`."""
    return api_of(workspace)


@pytest.fixture
def anonymous() -> Api:
    return Api(None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many requests were drawn at random, over all processes."""
    reports = [each for kind in terminalreporter.stats.values() for each in kind if getattr(each, "when", "") == "call"]
    count = sum(value for each in reports for name, value in each.user_properties if name == "fuzzed")
    if count:
        terminalreporter.write_line(f"{count:,} random requests over all APIs, imports and pages")
