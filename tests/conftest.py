"""Fixtures of the whole suite. The database must stand before Django reads its settings."""

from tests.chance import load_profile
from tests.database import start_database

load_profile()
start_database()

from typing import Any

import pytest

from tests.factories import Api, api_of, workspace_with


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes is begun first: the run ends when the last process has ended."""
    items.sort(key=lambda each: each.get_closest_marker("long") is None)


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
