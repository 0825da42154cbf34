"""Real workspaces, keys and clients for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.test import Client

from apikeys.services.api_keys import apikey_create
from apikeys.services.roles import role_list
from apikeys.services.tokens import apikey_token
from config.principal import Principal, system
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer, ApiClient


@dataclass(frozen=True, slots=True)
class Api(ApiClient):
    """A client of one workspace with one token, within this process."""

    token: str | None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        content_type = headers.get("Content-Type", "")
        response = self.client.generic(method, path, content, content_type=content_type, headers=dict(headers))
        return Answer.of(response.status_code, response.getvalue(), dict(response.headers))


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
