"""A person who is signed in: what they write says who they are, and their role decides what they see."""

from __future__ import annotations

from typing import Any

import pytest

from apikeys.authentication import principal_of_member_id
from apikeys.models import Member, Role
from apikeys.services.members import member_create
from apikeys.services.permissions import field_permissions_upsert
from apikeys.services.roles import role_create
from apikeys.services.tokens import playground_token
from metadata.models import FieldMetadata, Workspace
from tests.core.rest.conftest import Rest
from tests.factories import principal_of


def member_of(workspace: Workspace, role: str) -> Member:
    return member_create(
        workspace=workspace,
        email="ada@example.com",
        password="correct horse",
        first_name="Ada",
        last_name="Byron",
        role=Role.objects.get(workspace_id=workspace.id, label=role),
    )


def as_member(member: Member, workspace: Workspace) -> Rest:
    return Rest(playground_token(principal_of_member_id(workspace.id, member.id)).token)


@pytest.fixture
def ada(workspace: Workspace) -> Member:
    return member_of(workspace, "Admin")


@pytest.fixture
def mine(ada: Member, workspace: Workspace) -> Rest:
    return as_member(ada, workspace)


@pytest.fixture
def actor(ada: Member) -> dict[str, Any]:
    return {
        "source": "MANUAL",
        "workspaceMemberId": str(ada.member_record_id),
        "name": "Ada Byron",
        "context": {},
    }


def test_create_one_is_by_the_member(mine: Rest, actor: dict[str, Any]) -> None:
    made = mine.post("people", {})
    assert (made.status, made.data["createdBy"], made.data["updatedBy"]) == (201, actor, actor)


def test_each_of_a_batch_is_by_the_member(mine: Rest, actor: dict[str, Any]) -> None:
    made = mine.post("batch/people", [{}, {"createdBy": {"source": "EMAIL"}}])
    assert [each["createdBy"] for each in made.data] == [actor, {**actor, "source": "EMAIL"}]


def test_an_update_is_by_the_member_and_leaves_the_creator(rest: Rest, mine: Rest, actor: dict[str, Any]) -> None:
    made = rest.post("people", {}).data
    changed = mine.patch(f"people/{made['id']}", {"jobTitle": "CTO"}).data
    assert (changed["createdBy"], changed["updatedBy"]) == (made["createdBy"], actor)
    [entry, _] = rest.get(f"people/{made['id']}/history").data
    assert (entry["action"], entry["actor"]) == ("updated", actor)


def test_the_member_has_a_record(rest: Rest, ada: Member) -> None:
    found = rest.get(f"workspaceMembers/{ada.member_record_id}").data
    assert (found["name"], found["userEmail"]) == ({"firstName": "Ada", "lastName": "Byron"}, "ada@example.com")


@pytest.mark.parametrize("restricted", [False, True])
def test_a_relation_hidden_from_the_role_is_hidden_from_the_member(
    rest: Rest, workspace: Workspace, restricted: bool
) -> None:
    company = rest.post("companies", {"name": "Acme"}).data["id"]
    person = rest.post("people", {"companyId": company}).data["id"]
    system = principal_of(workspace)
    role = role_create(system, values={"label": "Part", "canReadAllObjectRecords": True, "canBeAssignedToUsers": True})
    if restricted:
        people = FieldMetadata.objects.get(object__workspace=workspace, object__name_singular="company", name="people")
        hidden = {"objectMetadataId": people.object_id, "fieldMetadataId": people.id, "canReadFieldValue": False}
        field_permissions_upsert(system, role_id=role.id, items=[hidden])
    answer = as_member(member_of(workspace, "Part"), workspace).get(f"companies/{company}?depth=1")
    assert answer.status == 200
    shown = None if "people" not in answer.data else [each["id"] for each in answer.data["people"]]
    assert shown == (None if restricted else [person])


def test_a_member_who_may_only_read_writes_nothing(rest: Rest, workspace: Workspace) -> None:
    role_create(
        principal_of(workspace), values={"label": "Part", "canReadAllObjectRecords": True, "canBeAssignedToUsers": True}
    )
    reader = as_member(member_of(workspace, "Part"), workspace)
    assert reader.get("people").status == 200
    denied = reader.post("people", {})
    assert (denied.status, denied.body["code"]) == (403, "PERMISSION_DENIED")
    assert rest.get("people?limit=0").body["totalCount"] == 0
