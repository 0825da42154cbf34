"""`fields=company.name`: single members of related records."""

from __future__ import annotations

import pytest

from apikeys.services.permissions import field_permissions_upsert
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, Workspace
from tests.core.rest.conftest import Rest
from tests.factories import key_of, principal_of

pytestmark = pytest.mark.smoke
ADA, BOB = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def acme(rest: Rest) -> str:
    acme = str(rest.post("companies", {"name": "Acme", "employees": 5, "address": {"addressCity": "Oslo"}}).data["id"])
    batch = [{"id": ADA, "city": "Oslo", "companyId": acme}, {"id": BOB, "city": "Bergen"}]
    assert rest.post("batch/people", batch).status == 201
    return acme


def test_members_of_a_related_record(rest: Rest, acme: str) -> None:
    ada = {"id": ADA, "companyId": acme, "company": {"id": acme, "name": "Acme"}}
    bob = {"id": BOB, "companyId": None, "company": None}
    assert rest.get("people?depth=1&fields=company.name").data == [ada, bob]
    assert rest.get("people?fields=company.name").data == [ada, bob]  # what is asked for is answered
    assert rest.get(f"people/{ADA}?depth=1&fields=company.name").data == ada
    assert rest.get("people?depth=0&fields=company.name").data == [
        {"id": ADA, "companyId": acme},
        {"id": BOB, "companyId": None},
    ]


def test_several_members_of_one_record(rest: Rest, acme: str) -> None:
    asked = "fields=city,company.employees,company.address,company.name,company.id"
    [ada, _] = rest.get(f"people?depth=1&{asked}").data
    assert set(ada) == {"id", "city", "companyId", "company"}
    assert set(ada["company"]) == {"id", "name", "employees", "address"}
    assert (ada["company"]["employees"], ada["company"]["address"]["addressCity"]) == (5, "Oslo")


def test_the_whole_record_beside_a_member_of_it(rest: Rest, acme: str) -> None:
    for asked in ("company,company.name", "company.name,company"):
        company = rest.get(f"people/{ADA}?depth=1&fields={asked}").data["company"]
        assert company == rest.get(f"people/{ADA}?depth=1&fields=company").data["company"]
        assert rest.get(f"people/{ADA}?depth=0&fields={asked}").data == {"id": ADA, "companyId": acme}


def test_only_the_relations_named_are_expanded_where_no_depth_is_given(rest: Rest, acme: str) -> None:
    person = rest.get(f"people/{ADA}?fields=company,pointOfContactForOpportunities.name").data
    assert person == {"id": ADA, "companyId": acme, "pointOfContactForOpportunities": []}


def test_members_of_to_many_relations(rest: Rest, acme: str) -> None:
    assert rest.get(f"companies/{acme}?depth=1&fields=name,people.city").data == {
        "id": acme,
        "name": "Acme",
        "people": [{"id": ADA, "city": "Oslo"}],
    }


def test_a_relation_of_the_related_record_is_its_id(rest: Rest, acme: str) -> None:
    company = {"id": acme, "accountOwnerId": None}
    for name in ("accountOwner", "accountOwnerId"):
        assert rest.get(f"people/{ADA}?depth=1&fields=company.{name}").data["company"] == company


def test_what_a_write_answers(rest: Rest, acme: str) -> None:
    expected = {"id": BOB, "companyId": acme, "company": {"id": acme, "name": "Acme"}}
    assert rest.patch(f"people/{BOB}?depth=1&fields=company.name", {"companyId": acme}).data == expected


@pytest.mark.parametrize(
    ("asked", "unknown", "hint"),
    [
        ("company.nmae", "company.nmae", 'Did you mean "company.name"?'),
        ("comapny.name", "comapny.name", 'Did you mean "company"?'),
        ("company.", "company.", None),
        ("company.name,x.y,z", "x.y, z", None),
        ("companyId.name", "companyId.name", 'Did you mean "companyId"?'),
        ("name.firstName", "name.firstName", '"name" is answered as a whole'),
        ("company.address.addressCity", "company.address.addressCity", '"company.address" is answered as a whole'),
        ("company.accountOwner.name", "company.accountOwner.name", "Related records are answered one level deep"),
        ("company.searchVector", "company.searchVector", None),
    ],
)
def test_unknown_members_are_refused(rest: Rest, acme: str, asked: str, unknown: str, hint: str | None) -> None:
    for path in ("people?depth=1&", "people?depth=0&", "people?", f"people/{ADA}?"):
        answer = rest.get(f"{path}fields={asked}")
        message = f"'fields' parameter invalid. Unknown or unreadable fields on 'person': {unknown}"
        assert (answer.status, answer.message, answer.body["path"]) == (400, message, "fields")
        assert answer.body.get("hint") == hint
    before = rest.get("people?limit=0").body["totalCount"]
    assert rest.post(f"people?fields={asked}", {}).status == 400
    assert rest.get("people?limit=0").body["totalCount"] == before


def test_what_a_role_hides_is_no_member(rest: Rest, workspace: Workspace, acme: str) -> None:
    role = role_create(
        principal_of(workspace),
        values={"label": "Half blind", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True},
    )
    field = FieldMetadata.objects.get(workspace=workspace, object__name_singular="company", name="employees")
    hidden = {"objectMetadataId": field.object_id, "fieldMetadataId": field.id, "canReadFieldValue": False}
    field_permissions_upsert(principal_of(workspace), role_id=role.id, items=[hidden])
    reader = Rest(key_of(workspace, role="Half blind"))
    assert reader.get(f"people/{ADA}?fields=company.name").data["company"] == {"id": acme, "name": "Acme"}
    refused = reader.get(f"people/{ADA}?fields=company.employees")
    assert (refused.status, refused.message) == (
        400,
        "'fields' parameter invalid. Unknown or unreadable fields on 'person': company.employees",
    )


def test_files_have_no_related_records(rest: Rest, acme: str) -> None:
    refused = rest.get("people/export?fields=city,company.name")
    assert (refused.status, refused.message) == (
        400,
        "'fields' parameter invalid. A file has no parts of fields and no related records: company.name",
    )
