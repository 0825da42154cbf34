"""Fixtures of the whole suite. The database must stand before Django reads its settings."""

from tests.chance import load_profile
from tests.database import start_database

load_profile()
start_database()

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from whitenoise.middleware import WhiteNoiseMiddleware

from apikeys.activity import requests
from apikeys.sign_in import PasswordHasher
from config.openapi import document
from core.records import idempotency, totals
from metadata import cache
from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with
from tests.sql_rules.collecting import Sent, collecting
from webhooks.delivery import outbox

PasswordHasher.iterations = 1_000  # a third of a second each otherwise; the servers that tests start have their own


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Of a run with a mark of ours, like `-m alone`, only the files that have it: to import them all takes 12 s."""
    mark = config.option.markexpr
    is_ours = mark in ("alone", "node", "fuzz", "smoke") and collection_path.suffix == ".py"
    return True if is_ours and f"mark.{mark}" not in collection_path.read_text() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is begun first: the run ends when the last process has ended."""
    items.sort(key=lambda each: each.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What is there by now stays until the end: a fifth of the run was spent on looking through it for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="module")
def uncommitted(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around a module's tests that is never committed: what the module's fixtures make in it, each test
    finds as it was made. Not for modules of `transactional_db`."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _as_the_module_made_it(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """After each test the caches hold what they held before: the next one gives the same version numbers to other
    changes. Begins after the fixtures of the module, whose rows are checked and whose snapshots are read here, once;
    else each test would do it, and a rollback take it back."""
    is_shared = "uncommitted" in request.fixturenames
    if is_shared:
        with django_db_blocker.unblock():
            connection.check_constraints()
            for id, version in Workspace.objects.filter(deleted_at=None).values_list("id", "schema_version"):
                cache.load_schema(id, version)
    snapshots, documents = cache._snapshots.copy(), document._kept.copy()
    yield
    if is_shared:
        cache._snapshots.clear()
        cache._snapshots.update(snapshots)
        document._kept.clear()
        document._kept.update(documents)
        outbox._subscriptions.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def _the_request_log_has_room() -> None:
    """No thread writes it in tests: without this, what other modules asked leaves no room for an entry of this one."""
    requests._Log.buffer = None


NEVER = 10**12


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_done_by_chance() -> Iterator[None]:
    """One write in so many does more than its own: tests say themselves when, but where chance is what is wanted."""
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("FUZZ"):
            patch.setattr(totals, "FOLD_EVERY", NEVER)
            patch.setattr(idempotency, "FORGET_EVERY", NEVER)
        yield


@pytest.fixture(scope="session")
def statements_sent() -> Iterator[Sent]:
    """The statements over workspaces' tables that this process sends."""
    with collecting() as sent:
        yield sent


@pytest.fixture(autouse=True)
def _statements_keep_the_rules(statements_sent: Sent) -> Iterator[None]:
    """Whatever a test sends keeps to the rules of tests/sql_rules, each kind of statement looked at once."""
    yield
    faults = statements_sent.faults()
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once() -> Iterator[None]:
    """Every test client makes its own middleware, and WhiteNoise's looks at each static file."""
    kept: dict[tuple[str, ...], dict[str, Any]] = {}
    add_files = WhiteNoiseMiddleware.add_files_from_finders

    def add_kept_files(self: WhiteNoiseMiddleware) -> None:
        key = (self.static_prefix, str(self.max_age), *map(str, settings.STATICFILES_DIRS))
        if key not in kept:
            add_files(self)
            kept[key] = self.files
        self.files = kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_kept_files)
        yield


@pytest.fixture(scope="module")
def workspace_of_the_module(uncommitted: None) -> Workspace:
    return workspace_with(empty=False)


@pytest.fixture
def workspace(db: None, workspace_of_the_module: Workspace) -> Workspace:
    """A workspace with the standard objects and its sample records."""
    return Workspace.objects.get(id=workspace_of_the_module.id)


@pytest.fixture
def api(workspace: Workspace) -> Api:
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
