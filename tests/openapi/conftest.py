"""A workspace with a field of every type, its documents, and a signed-in member."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apikeys.models import Member, Role
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, add_field, api_of, workspace_with
from tests.openapi.model import add_every_type

PASSWORD = "correct horse battery"


def sign_in(client: Client, workspace: Workspace, *, role: str = "Admin", email: str = "ada@example.org") -> User:
    """A new member of the workspace, signed in on the client."""
    user = User.objects.create_user(email, email, PASSWORD, first_name="Ada", last_name="Byron")
    Member.objects.create(
        user=user, workspace_id=workspace.id, role=Role.objects.get(workspace_id=workspace.id, label=role)
    )
    client.force_login(user)
    return user


def _add_gadget(workspace: Workspace) -> None:
    """An object with a field of every type, and a relation to a standard one."""
    gadget = add_every_type(workspace)
    person = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    add_field(
        workspace, gadget, "RELATION", "owner",
        relationCreationPayload={
            "type": "MANY_TO_ONE", "targetObjectMetadataId": str(person.id),
            "targetFieldLabel": "Gadgets", "targetFieldIcon": "IconBox",
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def rich_workspace_of_the_module(uncommitted: None) -> Workspace:
    workspace = workspace_with(empty=False)
    _add_gadget(workspace)
    return workspace


@pytest.fixture
def rich_workspace(db: None, rich_workspace_of_the_module: Workspace) -> Workspace:
    return Workspace.objects.get(id=rich_workspace_of_the_module.id)


@pytest.fixture
def rich_api(rich_workspace: Workspace) -> Api:
    return api_of(rich_workspace)
