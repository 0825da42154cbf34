"""A workspace with the standard objects, a key of each kind, and a client that speaks Core REST."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apikeys.models import Role
from apikeys.services import apikey_create, apikey_token, system_principal
from metadata.models import Workspace
from metadata.services import workspace_create


@dataclass
class Answer:
    status: int
    body: Any
    headers: HttpResponse

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


@pytest.fixture
def workspace(db: None, settings: Any) -> Workspace:
    settings.ROOT_URLCONF = "tests.api.core_rest.urls"
    return workspace_create(name="Acme")


def token_of(workspace: Workspace, role: Role, name: str = "Importer") -> str:
    system = system_principal(workspace)
    key = apikey_create(system, name=name, expires_at=None, role_id=role.id)
    return apikey_token(system, key_id=key.id).token


@pytest.fixture
def token(workspace: Workspace) -> str:
    return token_of(workspace, Role.objects.get(workspace_id=workspace.id, label="Admin"))


@pytest.fixture
def rest(token: str) -> Rest:
    return Rest(token)


@pytest.fixture
def anonymous(workspace: Workspace) -> Rest:
    return Rest(None)
