"""A workspace with the standard objects, a key of each kind, and a client that speaks Core REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from apikeys.models import ApiKey, Role
from metadata.models import Workspace
from tests.api_client import Answer
from tests.factories import Api, key_of, workspace_with


class Rest(Api):
    """A client whose paths are what stands behind `/rest/`."""

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return Api.request(self, method, f"/rest/{path}", body, **headers)


@pytest.fixture(scope="module")
def standard(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Workspace, str]]:
    """One workspace for a module's tests, whose changes to it are rolled back, and the token of an Admin key."""
    with django_db_blocker.unblock():
        with override_settings(
            WORKSPACE_CREATED_HANDLERS=["apikeys.services.workspaces.workspace_created"]
        ):  # no first records
            workspace = workspace_with(name="Acme", empty=False)
        token = key_of(workspace, name="Importer")
    yield workspace, token
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')
        ApiKey.objects.filter(workspace_id=workspace.id).delete()
        Role.objects.filter(workspace_id=workspace.id).delete()
        workspace.delete()


@pytest.fixture
def workspace(db: None, standard: tuple[Workspace, str]) -> Workspace:
    return standard[0]


@pytest.fixture
def token(db: None, standard: tuple[Workspace, str]) -> str:
    return standard[1]


@pytest.fixture
def rest(token: str) -> Rest:
    return Rest(token)


@pytest.fixture
def anonymous(workspace: Workspace) -> Rest:
    return Rest(None)
