"""What is kept of the document by object is never out of date: a change shows wherever it is told of."""

from __future__ import annotations

from typing import Any

import pytest

from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from core.openapi import records
from metadata.models import Workspace
from tests.factories import Api, api_of, principal_of
from tests.openapi.documents import core

pytestmark = pytest.mark.django_db


def made_anew(api: Api) -> dict[str, Any]:
    records._parts.clear()
    return core(api)


def object_id(api: Api, singular: str) -> str:
    objects = api.get("/rest/metadata/objects?limit=200").body["data"]["objects"]
    return str(next(each["id"] for each in objects if each["nameSingular"] == singular))


def field_id(api: Api, subject: str, name: str) -> str:
    fields = api.get(f"/rest/metadata/objects/{object_id(api, subject)}").body["data"]["object"]["fields"]
    return str(next(each["id"] for each in fields if each["name"] == name))


def test_a_label_shows_where_other_objects_lead_to_it(api: Api) -> None:
    connect = core(api)["components"]["schemas"]["Person"]["properties"]["company"]["description"]
    assert connect == "Instead of the id: the Company that has a unique value, or none"
    api.patch(f"/rest/metadata/objects/{object_id(api, 'company')}", {"labelSingular": "Firm"})
    after = core(api)
    connect = after["components"]["schemas"]["Person"]["properties"]["company"]["description"]
    assert connect == "Instead of the id: the Firm that has a unique value, or none"
    assert after == made_anew(api)


def test_a_unique_field_shows_where_other_objects_connect_by_it(api: Api) -> None:
    core(api)
    answer = api.patch(f"/rest/metadata/fields/{field_id(api, 'company', 'name')}", {"isUnique": True})
    assert answer.status == 200, answer.body
    after = core(api)
    where = after["components"]["schemas"]["Person"]["properties"]["company"]["properties"]["connect"]
    assert where["properties"]["where"]["properties"]["name"] == {"type": "string"}
    assert after == made_anew(api)


def test_a_deactivated_object_leaves_those_that_led_to_it(api: Api) -> None:
    assert "company" in core(api)["components"]["schemas"]["Person"]["properties"]
    api.patch(f"/rest/metadata/objects/{object_id(api, 'company')}", {"isActive": False})
    after = core(api)
    assert "company" not in after["components"]["schemas"]["Person"]["properties"]
    assert after == made_anew(api)


def test_a_role_with_a_flag_sees_its_routes_after_one_without(workspace: Workspace) -> None:
    system = principal_of(workspace)
    rights = dict.fromkeys(("canReadAllObjectRecords", "canBeAssignedToApiKeys"), True)
    for label, flags in (("Reader", []), ("Exporter", ["EXPORT_CSV"]), ("Reader again", [])):
        role = role_create(system, values={"label": label, **rights})
        permission_flags_upsert(system, role_id=role.id, flags=flags)
        api = api_of(workspace, role=label)
        shown = core(api)
        assert ("/people/export" in shown["paths"]) is bool(flags), label
        assert shown == made_anew(api)


def test_a_narrowed_document_does_not_change_the_whole_one(api: Api) -> None:
    whole = core(api)
    narrowed = api.get("/rest/open-api/core?objects=person").body
    assert list(narrowed["components"]["schemas"]) == ["Person", "PersonForUpdate", "PersonForResponse"]
    assert "company" not in narrowed["components"]["schemas"]["Person"]["properties"]
    assert core(api) == whole
