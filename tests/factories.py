"""Real workspaces, keys and clients for tests, and the words tests speak to the APIs with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apikeys.services.api_keys import apikey_create
from apikeys.services.roles import role_list
from apikeys.services.tokens import apikey_token
from config.principal import Principal, system
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status, its JSON (None for an empty body) and its headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Api:
    """A client of one workspace with one token, for all four APIs."""

    token: str | None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.client.generic(
            method, path, content, content_type="application/json" if body is not None else "", headers=sent
        )
        return Answer(
            response.status_code, json.loads(response.content) if response.content else None, dict(response.headers)
        )

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("DELETE", path, body, **headers)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None, path: str = "/graphql") -> Answer:
        return self.post(path, {"query": query, **({} if variables is None else {"variables": variables})})

    def data(self, query: str, variables: Mapping[str, Any] | None = None, path: str = "/graphql") -> Any:
        """The `data` of a GraphQL answer that must have no errors."""
        answer = self.graphql(query, variables, path)
        assert answer.status == 200, answer.body
        assert "errors" not in answer.body, answer.body["errors"]
        return answer.body["data"]

    def form(self, path: str, parts: Mapping[str, Any]) -> Answer:
        """POST a multipart body; a part that is a `SimpleUploadedFile` is a file."""
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        response = self.client.post(path, dict(parts), headers=sent)
        return Answer(response.status_code, json.loads(response.content), dict(response.headers))

    def upload(self, field: str, name: str, content: bytes = b"content", content_type: str = "text/plain") -> Answer:
        """Upload a file over GraphQL for a field like `person.avatarFile`."""
        document = (
            "mutation ($file: Upload!, $field: String!) {"
            " uploadFilesFieldFile(file: $file, fieldMetadataId: $field) { id path size createdAt url } }"
        )
        operations = {"query": document, "variables": {"file": None, "field": field}}
        return self.form(
            "/metadata",
            {
                "operations": json.dumps(operations),
                "map": '{"0": ["variables.file"]}',
                "0": SimpleUploadedFile(name, content, content_type),
            },
        )

    def uploaded(self, field: str, name: str, content: bytes = b"content") -> str:
        """The id of a file that was uploaded."""
        answer = self.upload(field, name, content)
        assert answer.status == 200 and "errors" not in answer.body, answer.body
        file_id: str = answer.body["data"]["uploadFilesFieldFile"]["id"]
        return file_id

    def records(self, path: str) -> list[dict[str, Any]]:
        """The records of a REST list."""
        answer = self.get(path)
        assert answer.status == 200, answer.body
        [records] = answer.body["data"].values()
        return records


def workspace_with(objects: Sequence[Mapping[str, Any]] = (), *, name: str = "Test", empty: bool = True) -> Workspace:
    """A workspace with further objects: `{"nameSingular": …, "namePlural": …, "fields": [{"type": …, "name": …}, …]}`."""
    workspace = services.workspace_create(name=name, empty=empty)
    for definition in objects:
        add_object(workspace, **definition)
    workspace.refresh_from_db()
    return workspace


def add_object(
    workspace: Workspace, nameSingular: str, namePlural: str, fields: Sequence[Mapping[str, Any]] = (), **more: Any
) -> ObjectMetadata:
    values = {
        "nameSingular": nameSingular,
        "namePlural": namePlural,
        "labelSingular": nameSingular.capitalize(),
        "labelPlural": namePlural.capitalize(),
        **more,
    }
    made = services.object_create(workspace_id=workspace.id, values=values)
    for definition in fields:
        add_field(workspace, made, **definition)
    return made


def add_field(workspace: Workspace, subject: ObjectMetadata, type: str, name: str, **more: Any) -> FieldMetadata:
    values = {"objectMetadataId": str(subject.id), "type": type, "name": name, "label": name.capitalize(), **more}
    return services.field_create(workspace_id=workspace.id, values=values)


def principal_of(workspace: Workspace) -> Principal:
    """The system itself in the workspace, as it is now."""
    workspace.refresh_from_db()
    return system(workspace.ref())


def system_of(workspace_id: UUID) -> Principal:
    """The system itself in the workspace with that id, as it is now."""
    return system(Workspace.objects.get(id=workspace_id).ref())


def key_of(workspace: Workspace, *, role: str = "Admin", name: str = "Test key", api_version: str = "1") -> str:
    """A token of a new key with the role of that label."""
    principal = principal_of(workspace)
    role_id = next(each.id for each in role_list(principal) if each.label == role)
    key = apikey_create(principal, name=name, expires_at=None, role_id=role_id, api_version=api_version)
    return apikey_token(principal, key_id=key.id).token


def api_of(workspace: Workspace, **key: Any) -> Api:
    return Api(key_of(workspace, **key))
