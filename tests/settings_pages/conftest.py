"""A workspace with an admin and a plain member, and browsers signed in as them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from apikeys.models import Member, Role
from apikeys.services.members import member_create
from metadata.models import Workspace
from tests.factories import workspace_with

PASSWORD = "correct horse battery"
BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}


@pytest.fixture(scope="module")
def acme_of_the_module(uncommitted: None) -> Workspace:
    return workspace_with([BOOKS], name="Acme")


@pytest.fixture
def acme(db: None, acme_of_the_module: Workspace) -> Workspace:
    return Workspace.objects.get(id=acme_of_the_module.id)


def add_member(workspace: Workspace, email: str, label: str) -> Member:
    return member_create(
        workspace=workspace,
        email=email,
        password=PASSWORD,
        first_name="Ada",
        last_name="Lovelace",
        role=Role.objects.get(workspace_id=workspace.id, label=label),
    )


@pytest.fixture
def browser_of() -> Callable[[Member], Client]:
    """A browser signed in as a member; forms need their CSRF token only where a test asks for it."""

    def signed_in(member: Member) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return signed_in


@pytest.fixture
def ada(acme: Workspace) -> Member:
    return add_member(acme, "ada@example.com", "Admin")


@pytest.fixture
def browser(ada: Member, browser_of: Callable[[Member], Client]) -> Client:
    return browser_of(ada)
