"""A workspace with something to hide: vaults, and how much fuel a rocket has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apikeys.models import Role
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, api_of, principal_of, workspace_with

FLAG = "API_KEYS_AND_WEBHOOKS"
READS_ALL = {"canReadAllObjectRecords": True}
OBJECTS = [
    {
        "nameSingular": "rocket",
        "namePlural": "rockets",
        "fields": [{"type": "TEXT", "name": "motto"}, {"type": "TEXT", "name": "fuel"}],
    },
    {"nameSingular": "vault", "namePlural": "vaults", "fields": [{"type": "TEXT", "name": "code"}]},
]
PATH = "/rest/metadata/webhooks"
HOOK = "http://127.0.0.1:9/services/T0/token"


@dataclass(frozen=True)
class Scene:
    """`admin` may do everything; `hooks` may not read vaults and fuel; `plain` reads everything, and webhooks."""

    workspace: Workspace
    admin: Api
    hooks: Api
    plain: Api

    def object_id(self, name: str) -> UUID:
        return ObjectMetadata.objects.get(workspace_id=self.workspace.id, name_singular=name).id

    def field_id(self, name: str, field: str) -> UUID:
        return FieldMetadata.objects.get(object_id=self.object_id(name), name=field).id

    def role_id(self, label: str) -> UUID:
        return Role.objects.get(workspace_id=self.workspace.id, label=label).id

    def hide_object(self, label: str, name: str) -> None:
        object_permissions_upsert(
            principal_of(self.workspace),
            role_id=self.role_id(label),
            items=[{"objectMetadataId": str(self.object_id(name)), "canReadObjectRecords": False}],
        )

    def hide_field(self, label: str, name: str, field: str) -> None:
        field_permissions_upsert(
            principal_of(self.workspace),
            role_id=self.role_id(label),
            items=[
                {
                    "objectMetadataId": str(self.object_id(name)),
                    "fieldMetadataId": str(self.field_id(name, field)),
                    "canReadFieldValue": False,
                }
            ],
        )

    def webhook(self, api: Api, **more: Any) -> dict[str, Any]:
        answer = api.post(PATH, {"targetUrl": HOOK, **more})
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.body
        return made


def make_role(workspace: Workspace, label: str, flags: list[str], **rights: bool) -> None:
    principal = principal_of(workspace)
    made = role_create(principal, values={"label": label, **rights})
    permission_flags_upsert(principal, role_id=made.id, flags=flags)


def make_scene() -> Scene:
    workspace = workspace_with(OBJECTS)
    make_role(workspace, "Hooks", [FLAG], **READS_ALL)
    make_role(workspace, "Plain", [FLAG], **READS_ALL)
    scene = Scene(workspace, api_of(workspace), api_of(workspace, role="Hooks"), api_of(workspace, role="Plain"))
    scene.hide_object("Hooks", "vault")
    scene.hide_field("Hooks", "rocket", "fuel")
    return scene
