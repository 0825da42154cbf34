"""A workspace with books, its callers, and what the log says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from apikeys.activity import requests
from apikeys.activity.models import AuditEntry, RequestEntry
from apikeys.models import Member
from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with
from tests.settings_pages.conftest import add_member, browser_of  # noqa: F401

BOOKS = {
    "nameSingular": "book",
    "namePlural": "books",
    "fields": [{"type": "TEXT", "name": "title", "isUnique": True}, {"type": "NUMBER", "name": "pages"}],
}


@pytest.fixture(scope="module")
def acme_of_the_module(uncommitted: None) -> Workspace:
    return workspace_with([BOOKS], name="Acme")


@pytest.fixture
def acme(db: None, acme_of_the_module: Workspace) -> Iterator[Workspace]:
    requests._Log.buffer = None  # what other tests of this process asked is nothing to these
    yield Workspace.objects.get(id=acme_of_the_module.id)
    requests._Log.buffer = None


@pytest.fixture
def importer(acme: Workspace) -> Api:
    return api_of(acme, name="Importer")


@pytest.fixture
def ada(acme: Workspace) -> Member:
    return add_member(acme, "ada@example.com", "Admin")


@pytest.fixture
def browser(ada: Member, browser_of: Callable[[Member], Client]) -> Client:  # noqa: F811
    return browser_of(ada)


def entries(workspace: Workspace) -> list[RequestEntry]:
    """The workspace's requests so far, oldest first."""
    requests.flush()
    return list(RequestEntry.objects.filter(workspace_id=workspace.id).order_by("id"))


def acts(workspace: Workspace) -> list[AuditEntry]:
    """What admins did so far, oldest first; milliseconds are as fine as the order gets."""
    return list(AuditEntry.objects.filter(workspace_id=workspace.id).order_by("id"))
