"""A workspace with a field of every type, its documents, and a signed-in member."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apikeys.models import Member, Role
from metadata.fieldtypes.contract import field_types
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, api_of

PASSWORD = "correct horse battery"


def sign_in(client: Client, workspace: Workspace, *, role: str = "Admin", email: str = "ada@example.org") -> User:
    """A new member of the workspace, signed in on the client."""
    user = User.objects.create_user(email, email, PASSWORD, first_name="Ada", last_name="Byron")
    Member.objects.create(
        user=user, workspace_id=workspace.id, role=Role.objects.get(workspace_id=workspace.id, label=role)
    )
    client.force_login(user)
    return user


def add_every_type(workspace: Workspace) -> ObjectMetadata:
    """An object `gadget` with one field of every type that users can create."""
    gadget = add_object(workspace, "gadget", "gadgets")
    for field_type in field_types():
        if field_type.creation_refusal is not None or field_type.is_relation:
            continue
        more: dict[str, Any] = {}
        if field_type.samples.settings is not None:
            more["settings"] = dict(field_type.samples.settings)
        if field_type.has_options:
            more["options"] = [
                {"value": "RED", "label": "Red", "position": 0, "color": "red"},
                {"value": "BLUE", "label": "Blue", "position": 1, "color": "blue"},
            ]
        add_field(workspace, gadget, field_type.name, f"my{field_type.name.title().replace('_', '')}", **more)
    person = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    add_field(
        workspace, gadget, "RELATION", "owner",
        relationCreationPayload={
            "type": "MANY_TO_ONE", "targetObjectMetadataId": str(person.id),
            "targetFieldLabel": "Gadgets", "targetFieldIcon": "IconBox",
        },
    )  # fmt: skip
    return gadget


@pytest.fixture
def rich_workspace(workspace: Workspace) -> Workspace:
    add_every_type(workspace)
    workspace.refresh_from_db()
    return workspace


@pytest.fixture
def rich_api(rich_workspace: Workspace) -> Api:
    return api_of(rich_workspace)
