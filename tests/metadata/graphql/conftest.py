"""Two workspaces and clients of `POST /metadata` with keys of different rights."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.models import Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.roles import role_create
from apikeys.services.tokens import apikey_token
from apikeys.services.workspaces import system_principal
from metadata.models import ObjectMetadata, Workspace
from metadata.services import workspace_create


@dataclass
class Api:
    """The metadata API as one caller sees it."""

    workspace: Workspace
    token: str | None

    def post(self, query: str, variables: Any = None, **headers: str) -> Any:
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return Client().post(
            "/metadata",
            json.dumps({"query": query, "variables": variables}),
            content_type="application/json",
            headers=headers,
        )

    def ask(self, query: str, variables: Any = None) -> Any:
        """The `data` of an answer without errors."""
        response = self.post(query, variables)
        body = response.json()
        assert (response.status_code, body.get("errors")) == (200, None)
        return body["data"]

    def refused(self, query: str, variables: Any = None) -> dict[str, Any]:
        """The single error of a request that was executed and refused; its data is null."""
        response = self.post(query, variables)
        body = response.json()
        assert (response.status_code, body["data"], len(body["errors"])) == (200, None, 1)
        return body["errors"][0]

    def object(self, name: str) -> dict[str, Any]:
        """An object as the API lists it, by its singular name."""
        row = ObjectMetadata.objects.get(workspace=self.workspace, name_singular=name)
        return self.ask(OBJECT, {"id": str(row.id)})["object"]

    def create_object(self, name: str = "rocket", **more: Any) -> dict[str, Any]:
        return self.ask(CREATE_OBJECT, {"input": {"object": object_input(name, **more)}})["createOneObject"]

    def create_field(self, **members: Any) -> dict[str, Any]:
        members = {"type": "TEXT", "name": "speed", "label": "Speed", **members}
        return self.ask(CREATE_FIELD, {"input": {"field": members}})["createOneField"]


FIELD_MEMBERS = """id universalIdentifier applicationId objectMetadataId type name label description icon isCustom
  isActive isSystem isUIReadOnly isUIEditable isNullable isUnique defaultValue options settings isLabelSyncedWithName
  morphId createdAt updatedAt"""
OBJECT_MEMBERS = """id universalIdentifier applicationId nameSingular namePlural labelSingular labelPlural description
  icon color shortcut isCustom isRemote isActive isSystem isSearchable isUIReadOnly isUIEditable isUICreatable
  labelIdentifierFieldMetadataId imageIdentifierFieldMetadataId isLabelSyncedWithName duplicateCriteria
  standardOverrides { labelSingular labelPlural description icon color }
  fieldsList { id name label type isSystem icon
    relation { type targetObjectMetadata { id nameSingular } targetFieldMetadata { id name label } } }
  indexMetadataList { id name indexType isUnique isCustom indexFieldMetadataList { fieldMetadataId } }"""
OBJECT = f"query ($id: UUID!) {{ object(id: $id) {{ {OBJECT_MEMBERS} }} }}"
FIELD = f"query ($id: UUID!) {{ field(id: $id) {{ {FIELD_MEMBERS} }} }}"
CREATE_OBJECT = f"mutation ($input: CreateOneObjectInput!) {{ createOneObject(input: $input) {{ {OBJECT_MEMBERS} }} }}"
UPDATE_OBJECT = f"mutation ($input: UpdateOneObjectInput!) {{ updateOneObject(input: $input) {{ {OBJECT_MEMBERS} }} }}"
DELETE_OBJECT = "mutation ($input: DeleteOneObjectInput!) { deleteOneObject(input: $input) { id nameSingular } }"
_RELATION = """relation { type sourceObjectMetadata { id } targetObjectMetadata { id }
  sourceFieldMetadata { id name } targetFieldMetadata { id name label icon settings objectMetadataId } }
  morphRelations { type targetObjectMetadata { id nameSingular } sourceFieldMetadata { id name } }"""
CREATE_FIELD = (
    f"mutation ($input: CreateOneFieldMetadataInput!) {{ createOneField(input: $input) "
    f"{{ {FIELD_MEMBERS} {_RELATION} }} }}"
)
UPDATE_FIELD = (
    f"mutation ($input: UpdateOneFieldMetadataInput!) {{ updateOneField(input: $input) "
    f"{{ {FIELD_MEMBERS} standardOverrides {{ label description icon }} }} }}"
)
DELETE_FIELD = "mutation ($input: DeleteOneFieldInput!) { deleteOneField(input: $input) { id name } }"


def object_input(name: str = "rocket", **more: Any) -> dict[str, Any]:
    return {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s", **more}


@dataclass
class Scene:
    """A workspace with the tokens of an admin's key and of a key that may read everything and change nothing."""

    workspace: Workspace
    admin_token: str
    reader_token: str


def _scene(name: str) -> Scene:
    workspace = workspace_create(name=name)
    system = system_principal(workspace)
    admin = Role.objects.get(workspace_id=workspace.id, label="Admin")
    reader = role_create(system, values={"label": "Reader", "canReadAllObjectRecords": True})
    return Scene(workspace, token_of(workspace, admin), token_of(workspace, reader))


def token_of(workspace: Workspace, role: Role) -> str:
    system = system_principal(workspace)
    expires_at = (timezone.now() + timedelta(days=30)).isoformat()
    key = apikey_create(system, name=f"{role.label} key", expires_at=expires_at, role_id=role.id)
    return apikey_token(system, key_id=key.id, expires_at=expires_at).token


@pytest.fixture(scope="module")
def _scenes(uncommitted: None) -> tuple[Scene, Scene]:
    return _scene("North"), _scene("South")


@pytest.fixture
def scene(_scenes: tuple[Scene, Scene], db: None) -> Scene:
    return _scenes[0]


@pytest.fixture
def other_scene(_scenes: tuple[Scene, Scene], db: None) -> Scene:
    return _scenes[1]


@pytest.fixture
def api(scene: Scene) -> Api:
    """A key with every right."""
    return Api(scene.workspace, scene.admin_token)


@pytest.fixture
def other_api(other_scene: Scene) -> Api:
    """A key with every right in another workspace."""
    return Api(other_scene.workspace, other_scene.admin_token)


@pytest.fixture
def reader_api(scene: Scene) -> Api:
    """A key without settings flags."""
    return Api(scene.workspace, scene.reader_token)


@pytest.fixture
def anonymous_api(scene: Scene) -> Api:
    return Api(scene.workspace, None)


@pytest.fixture(scope="module")
def _rocket(_scenes: tuple[Scene, Scene]) -> dict[str, Any]:
    return Api(_scenes[0].workspace, _scenes[0].admin_token).create_object("rocket")


@pytest.fixture
def rocket(scene: Scene, _rocket: dict[str, Any]) -> dict[str, Any]:
    """An object of the admin's making, as it was answered."""
    return deepcopy(_rocket)


@pytest.fixture(scope="module")
def _pad(_scenes: tuple[Scene, Scene]) -> dict[str, Any]:
    return Api(_scenes[0].workspace, _scenes[0].admin_token).create_object("pad")


@pytest.fixture
def pad(scene: Scene, _pad: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(_pad)
