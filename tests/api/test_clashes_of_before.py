"""Names that clash in a data model of before they were refused: the rest works, and everybody is told."""

from __future__ import annotations

from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from graphql import build_client_schema, get_introspection_query, validate_schema

from core.clash_report import report
from metadata import cache
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, workspace_with
from tests.settings_pages.conftest import add_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(db: None) -> Workspace:
    """Of each test's own: what is written past the services comes again under the same version, with other rows."""
    workspace = workspace_with(empty=False)
    add_object(workspace, "visit", "visits")
    add_object(workspace, "guest", "guests")
    return workspace


def rewrite(workspace: Workspace, table: str, id: UUID, **names: str) -> None:
    """Other names in the tables themselves, as an older release would have written them."""
    columns = ", ".join(f"{name} = %s" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE metadata_{table}metadata SET {columns} WHERE id = %s", [*names.values(), id])
        cursor.execute(
            "UPDATE metadata_workspace SET schema_version = schema_version + 1 WHERE id = %s", [workspace.id]
        )


def object_of(workspace: Workspace, name: str) -> ObjectMetadata:
    return ObjectMetadata.objects.get(workspace=workspace, name_singular=name)


def told_over_rest(api: Api) -> dict[str, list[str]]:
    objects = api.get("/rest/metadata/objects?limit=200").body["data"]["objects"]
    return {each["nameSingular"]: each["nameClashes"] for each in objects if "nameClashes" in each}


def told_over_graphql(api: Api) -> dict[str, list[str]]:
    document = "{ objects(paging: {first: 200}) { edges { node { nameSingular nameClashes } } } }"
    nodes = [edge["node"] for edge in api.data(document, path="/metadata")["objects"]["edges"]]
    return {each["nameSingular"]: each["nameClashes"] for each in nodes if each["nameClashes"]}


def types_of(api: Api) -> dict[str, Any]:
    """The types by name, of a schema that is valid as a whole."""
    answered = api.data(get_introspection_query())
    assert validate_schema(build_client_schema(answered)) == []
    return {each["name"]: each for each in answered["__schema"]["types"]}


def members_of(described: Any) -> set[str]:
    return {each["name"] for each in described["fields"] or described["inputFields"]}


def ready() -> dict[str, Any]:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    found: dict[str, Any] = answer.json()
    return found


TAKEN = 'Name "VisitEdge" (GraphQL type) of object "visitEdge" is not available: object "visit" has it.'


def test_an_object_that_has_anothers_type_is_left_out_alone(workspace: Workspace, api: Api) -> None:
    before = types_of(api)
    guest = object_of(workspace, "guest")
    assert told_over_rest(api) == told_over_graphql(api) == {}
    assert "nameClashes" not in ready()
    rewrite(workspace, "object", guest.id, name_singular="visitEdge")

    types = types_of(api)
    assert {name for name in before if name not in types} == {name for name in before if name.startswith("Guest")}
    assert members_of(types["VisitEdge"]) == {"node", "cursor"}
    assert api.data("{ visits { totalCount } companies { totalCount } }")["visits"] == {"totalCount": 0}
    refused = api.graphql("{ guests { totalCount } }")
    assert [each["message"] for each in refused.body["errors"]] == [
        "Unknown field(s) guests. The corresponding object may have been deleted or renamed."
    ]
    made = api.post("/rest/guests", {"name": "Ada"})  # REST has no such type, and works
    assert made.status == 201 and api.get("/rest/guests").body["totalCount"] == 1

    told = {"visitEdge": [f"{TAKEN} The object is left out of GraphQL until one of them is renamed."]}
    assert told_over_rest(api) == told_over_graphql(api) == told
    assert ready()["nameClashes"] == [{"workspaceId": str(workspace.id), "objectMetadataId": str(guest.id)}]
    assert TAKEN in api.get("/rest/open-api/core").body["info"]["description"]
    with pytest.raises(CommandError, match="1 names clash"):
        call_command("workspace", "clashes", stdout=(printed := StringIO()))
    assert printed.getvalue().startswith(f"{workspace.id}: {TAKEN}")

    renamed = api.patch(f"/rest/metadata/objects/{guest.id}", {"nameSingular": "guest"})
    assert renamed.status == 200, renamed.body
    assert types_of(api).keys() == before.keys()
    assert told_over_rest(api) == told_over_graphql(api) == {}
    assert "nameClashes" not in ready()
    call_command("workspace", "clashes", stdout=(printed := StringIO()))
    assert printed.getvalue() == "No names clash.\n"


def test_the_docs_pages_say_it(workspace: Workspace, api: Api) -> None:
    rewrite(workspace, "object", object_of(workspace, "guest").id, name_singular="visitEdge")
    client = Client()
    client.force_login(add_member(workspace, "ada@example.com", "Admin").user)
    text = TAKEN.replace('"', "&quot;")
    assert text in client.get("/settings/docs").content.decode()
    assert text in client.get("/settings/docs/objects/visitEdge").content.decode()
    assert text not in client.get("/settings/docs/objects/visit").content.decode()


def test_a_type_of_the_system_is_not_given_to_an_object(workspace: Workspace, api: Api) -> None:
    rewrite(workspace, "object", object_of(workspace, "guest").id, name_singular="pageInfo")
    types = types_of(api)
    assert members_of(types["PageInfo"]) == {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"}
    assert "PageInfoConnection" not in types and "VisitConnection" in types
    [told] = told_over_rest(api)["pageInfo"]
    assert told.startswith('Name "PageInfo" (GraphQL type) of object "pageInfo" is not available: Fourgate itself has')


def test_a_plural_that_a_route_of_rest_has_is_left_out_of_the_document(workspace: Workspace, api: Api) -> None:
    rewrite(workspace, "object", object_of(workspace, "guest").id, name_plural="webhooks")
    assert api.data("{ webhooks { totalCount } }") == {"webhooks": {"totalCount": 0}}
    assert api.get("/rest/webhooks").body == []  # the workspace's webhooks
    document = api.get("/rest/open-api/core").body
    assert "/webhooks" not in document["paths"] and "Guest" not in document["components"]["schemas"]
    assert "/visits" in document["paths"]
    [told] = told_over_rest(api)["guest"]
    assert told.endswith("The object is left out of the REST document until one of them is renamed.")


@pytest.mark.parametrize("name", ["or", "aggregate"])
def test_a_field_called_like_an_operator_is_left_out_alone(workspace: Workspace, api: Api, name: str) -> None:
    field = add_field(workspace, object_of(workspace, "visit"), "TEXT", "reason")
    before = members_of(types_of(api)["Visit"])
    rewrite(workspace, "field", field.id, name=name)
    types = types_of(api)
    assert members_of(types["Visit"]) == before - {"reason"}
    assert {"and", "or", "not", "name"} <= members_of(types["VisitFilterInput"])
    assert api.post("/rest/visits", {"name": "x", name: "y"}).status == 201
    assert api.data('{ visits(filter: {or: [{name: {eq: "x"}}]}) { totalCount } }')["visits"]["totalCount"] == 1
    [told] = told_over_graphql(api)["visit"]
    assert told.startswith(f'Name "{name}" (member of visit) of field "{name}" of object "visit" is not available')
    assert told.endswith("The field is left out of GraphQL until one of them is renamed.")
    assert len(ready()["nameClashes"]) == 1


def test_a_sum_is_of_the_field_that_had_the_name_first(workspace: Workspace, api: Api) -> None:
    visit = object_of(workspace, "visit")
    add_field(workspace, visit, "CURRENCY", "amount")
    add_field(workspace, visit, "NUMBER", "other")
    workspace.refresh_from_db()
    rewrite(workspace, "field", FieldMetadata.objects.get(object=visit, name="other").id, name="amountAmountMicros")
    api.post("/rest/visits", {"amount": {"amountMicros": 7, "currencyCode": "EUR"}, "amountAmountMicros": 3})
    assert api.data("{ visits { sumAmountAmountMicros } }")["visits"] == {"sumAmountAmountMicros": 7}
    assert "amountAmountMicros" not in members_of(types_of(api)["Visit"])
    [told] = told_over_graphql(api)["visit"]
    assert 'of field "amountAmountMicros" of object "visit"' in told


def test_a_field_never_takes_the_place_of_an_object(workspace: Workspace, api: Api) -> None:
    """Whichever was there first: an object missing is worse than a field."""
    options = [{"value": "A", "label": "a", "color": "red", "position": 0}]
    field = add_field(workspace, object_of(workspace, "visit"), "SELECT", "stage", options=options)
    rewrite(workspace, "object", object_of(workspace, "guest").id, name_singular="visitStageEnum")
    types = types_of(api)
    assert "node" in members_of(types["VisitStageEnumEdge"]) and "stage" not in members_of(types["Visit"])
    assert list(told_over_graphql(api)) == ["visit"]
    renamed = api.patch(f"/rest/metadata/fields/{field.id}", {"name": "phase"})
    assert renamed.status == 200, renamed.body
    assert types_of(api)["VisitPhaseEnum"]["kind"] == "ENUM" and told_over_rest(api) == {}


def test_a_data_model_with_a_clash_can_be_changed_but_not_made_worse(workspace: Workspace, api: Api) -> None:
    guest = object_of(workspace, "guest")
    rewrite(workspace, "object", guest.id, name_singular="visitEdge")
    field = {"objectMetadataId": str(guest.id), "type": "TEXT", "name": "diet", "label": "Diet"}
    assert api.post("/rest/metadata/fields", field).status == 201
    assert api.patch(f"/rest/metadata/objects/{guest.id}", {"namePlural": "edges"}).status == 200
    worse = {"nameSingular": "visitConnection", "namePlural": "joins", "labelSingular": "L", "labelPlural": "Ls"}
    refused = api.post("/rest/metadata/objects", worse)
    said = 'Name "VisitConnection" (GraphQL type) of object "visitConnection" is not available: object "visit" has it'
    assert (refused.status, refused.message) == (400, said)
    assert not ObjectMetadata.objects.filter(workspace=workspace, name_plural="joins").exists()


def test_readiness_looks_at_few_data_models_at_a_time(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it did not get to is counted, and each is looked at once."""
    guest = object_of(workspace, "guest")
    rewrite(workspace, "object", guest.id, name_singular="visitEdge")
    assert report(0).clashing == [] and report(0).unchecked >= 1
    assert (workspace.id, guest.id) in report(60).clashing
    monkeypatch.setattr(cache, "read_rows", None)
    assert report(60).unchecked == 0 and (workspace.id, guest.id) in report(0).clashing
