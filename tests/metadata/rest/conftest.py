"""The metadata REST API as a key of each `apiVersion` sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from metadata.models import ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.factories import Api, add_object, api_of, workspace_with

PATH = "/rest/metadata"


@dataclass(frozen=True, slots=True)
class Metadata:
    """A client that knows which envelope it is to get."""

    workspace: Workspace
    api: Api
    is_keyed: bool

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return self.api.request(method, f"{PATH}/{path}", body, **headers)

    def list(self, name: str, query: str = "") -> tuple[list[dict[str, Any]], dict[str, Any], int]:
        """The items, `pageInfo` and `totalCount` of a list; its body has nothing else."""
        answer = self.request("GET", f"{name}{query}")
        assert answer.status == 200, answer.body
        assert answer.body.keys() == {"data", "pageInfo", "totalCount"}
        data = answer.body["data"]
        if self.is_keyed:
            assert data.keys() == {name}
            data = data[name]
        return data, answer.body["pageInfo"], answer.body["totalCount"]

    def item(self, method: str, path: str, operation: str, body: Any = None, status: int = 200) -> dict[str, Any]:
        """The resource of an answer, out of the envelope it must have."""
        answer = self.request(method, path, body)
        assert answer.status == status, answer.body
        assert not answer.body.keys() & {"error", "errors"}
        if not self.is_keyed:
            assert "data" not in answer.body
            return dict(answer.body)
        assert answer.body.keys() == {"data"}
        assert answer.body["data"].keys() == {operation}
        return dict(answer.body["data"][operation])


@pytest.fixture(scope="module")
def workspace_of_the_module(uncommitted: None) -> Workspace:
    return workspace_with(name="Small")


@pytest.fixture
def workspace(db: None, workspace_of_the_module: Workspace) -> Workspace:
    return Workspace.objects.get(id=workspace_of_the_module.id)


@pytest.fixture(params=["1", "2"], ids=["keyed", "direct"])
def metadata(request: pytest.FixtureRequest, workspace: Workspace) -> Metadata:
    return Metadata(workspace, api_of(workspace, api_version=request.param), request.param == "1")


@pytest.fixture
def rocket(workspace: Workspace) -> ObjectMetadata:
    return add_object(workspace, "rocket", "rockets")
