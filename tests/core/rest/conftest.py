"""A workspace with the standard objects, a key of each kind, and a client that speaks Core REST."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings

from apikeys.models import ApiKey, Role
from metadata.models import Workspace
from tests.factories import key_of, workspace_with


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any  # the response itself: its headers by name, its `content`

    @property
    def data(self) -> Any:
        """The one member of `data`."""
        [value] = self.body["data"].values()
        return value

    @property
    def message(self) -> str:
        [message] = self.body["messages"]
        return str(message)


class Rest:
    """Sends requests with one token; paths are what stands behind `/rest/`, query strings go as they are."""

    def __init__(self, token: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        path, _, query = path.partition("?")
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = more.pop("content_type", "application/json")
        response = self.client.generic(
            method,
            f"/rest/{path}",
            data,
            content_type,
            headers=self.headers | more.pop("headers", {}),
            QUERY_STRING=query.encode().decode("latin-1"),
            **more,
        )
        return Answer(response.status_code, json.loads(response.content) if response.content else None, response)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any = None) -> Answer:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)


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
