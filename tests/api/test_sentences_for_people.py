"""`userFriendlyMessage`: where the contract names a sentence, it is that one; everywhere else what the message says.

The contract's standard sentence, `An error occurred.`, is answered nowhere: it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from apikeys.services.roles import role_create
from metadata import services
from metadata.models import FieldMetadata, Workspace
from tests.api_client import Answer
from tests.factories import Api, add_field, add_object, api_of, key_of, principal_of, workspace_with

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-4000-8000-000000000000"
ID = "20202020-0000-4000-8000-0000000000e1"
CREATE = "mutation ($d: ShipCreateInput!) { createShip(data: $d) { id } }"
MANY = "mutation ($d: [ShipCreateInput!]!, $u: Boolean) { createShips(data: $d, upsert: $u) { id } }"
STAGES = [{"value": "NEW", "label": "New", "position": 0, "color": "red"}]


@pytest.fixture(scope="module")
def workspace(uncommitted: None) -> Workspace:
    made = workspace_with()
    port, ship = add_object(made, "port", "ports"), add_object(made, "ship", "ships")
    add_field(made, ship, "EMAILS", "mail", label="Emails", isUnique=True)
    add_field(made, ship, "SELECT", "stage", options=STAGES)
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(port.id), "targetFieldLabel": "Ships"}
    home = add_field(made, ship, "RELATION", "home", relationCreationPayload=payload)
    update = {"settings": {**(home.settings or {}), "onDelete": "RESTRICT"}}
    services.field_update(workspace_id=made.id, field_id=home.id, update=update)
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(port.id), "targetFieldLabel": "Twins"}
    add_field(made, port, "RELATION", "twin", relationCreationPayload=payload)
    made.refresh_from_db()
    return made


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return api_of(workspace)


@pytest.fixture
def kept(api: Api) -> str:
    """The id of a port, which a ship calls its home."""
    port: str = api.post("/rest/ports", {"name": "Oslo"}).body["data"]["createPort"]["id"]
    ship = {"id": ID, "name": "Fram", "mail": {"primaryEmail": "fram@example.org"}, "homeId": port}
    assert api.post("/rest/ships", ship).status == 201
    return port


def create(api: Api, **values: Any) -> Answer:
    return api.graphql(CREATE, {"d": values})


# The contract's words: what is asked, the message it is refused with, and the sentence for people.
NAMED: Mapping[str, tuple[Callable[[Api, str], Answer], str, str]] = {
    "a record that is not there": (
        lambda api, _: api.graphql(f'{{ ship(filter: {{id: {{eq: "{NOBODY}"}}}}) {{ id }} }}'),
        "Record not found",
        "This record does not exist or has been deleted.",
    ),
    "a relation of a relation": (
        lambda api, _: api.graphql('{ ships(filter: {home: {twin: {name: {eq: "x"}}}}) { totalCount } }'),
        "Relation filter nesting deeper than 1 hop is not supported",
        "Relation filters can only traverse one relation deep",
    ),
    "an id that is none": (
        lambda api, _: create(api, id="x"),
        'Value "x" is not a valid UUID',
        "Invalid UUID format.",
    ),
    "a value that another record has": (
        lambda api, _: create(api, mail={"primaryEmail": "FRAM@example.org"}),
        "A duplicate entry was detected",
        "This Emails value is already in use. Please check your data and try again.",
    ),
    "a value that is twice in one call": (
        lambda api, _: api.graphql(MANY, {"d": [{"mail": {"primaryEmail": "x@y.example"}}] * 2, "u": True}),
        "A duplicate entry was detected",
        "This Emails value is already in use. Please check your data and try again.",
    ),
    "an id that another record has": (
        lambda api, _: create(api, id=ID),
        "A duplicate entry was detected",
        "This record already exists. Please check your data and try again.",
    ),
    "an id that is twice in one call": (
        lambda api, _: api.graphql(MANY, {"d": [{"id": NOBODY}] * 2, "u": True}),
        "A duplicate entry was detected",
        "This record already exists. Please check your data and try again.",
    ),
    "a relation to nobody": (
        lambda api, _: create(api, homeId=NOBODY),
        f"homeId: no port with id {NOBODY}",
        "This operation references a record that does not exist or cannot be modified due to existing relationships.",
    ),
    "a record that others hold": (
        lambda api, port: api.graphql(f'mutation {{ destroyPort(id: "{port}") {{ id }} }}'),
        "",
        "This record cannot be deleted because it is still referenced by other records.",
    ),
    "an option that there is not": (
        lambda api, _: create(api, stage="OLD"),
        'Invalid value "OLD" for field "stage". Valid values are: NEW',
        'Invalid value for field "stage"',
    ),
    "too many at once": (
        lambda api, _: api.graphql(MANY, {"d": [{}] * 61}),
        "Maximum number of records to upsert is 60.",
        "Maximum number of records to upsert is 60.",
    ),
    "no token": (
        lambda api, _: Api(None).graphql("{ ships { totalCount } }"),
        "",
        "You must be authenticated to perform this action.",
    ),
    "a wrong token": (
        lambda api, _: Api(str(api.token)[:-4] + "AAAA").graphql("{ ships { totalCount } }"),
        "Token invalid.",
        "You must be authenticated to perform this action.",
    ),
    "a model of before": (
        lambda api, _: api.post("/graphql", {"query": "{ ships { nothing } }"}, x_schema_version="1"),
        "Schema version mismatch.",
        "Your workspace has been updated with a new data model. Please refresh the page.",
    ),
    "a program of before": (
        lambda api, _: api.post("/graphql", {"query": "{ ships { nothing } }"}, x_app_version="0.0.1"),
        "App version mismatch.",
        "Your app version is out of date. Please refresh the page to continue.",
    ),
    "a name that is too long": (
        lambda api, _: create_object(api, nameSingular="a" * 64),
        "Multiple validation errors occurred while creating object",
        "Name is too long",
    ),
}


def create_object(api: Api, **changes: Any) -> Answer:
    values = {"nameSingular": "boat", "namePlural": "boats", "labelSingular": "Boat", "labelPlural": "Boats", **changes}
    query = "mutation ($i: CreateOneObjectInput!) { createOneObject(input: $i) { id } }"
    return api.graphql(query, {"i": {"object": values}}, "/metadata")


def told(answer: Answer) -> tuple[str, str]:
    [error] = answer.body["errors"]
    return error["message"], error["extensions"]["userFriendlyMessage"]


@pytest.mark.parametrize("name", NAMED)
def test_the_contracts_sentence(api: Api, kept: str, name: str) -> None:
    ask, message, sentence = NAMED[name]
    found = told(ask(api, kept))
    assert found[1] == sentence
    assert found[0] == message or message == ""


def test_a_required_field_is_named_in_the_message_and_not_in_the_sentence(workspace: Workspace, api: Api) -> None:
    FieldMetadata.objects.filter(object__name_singular="ship", name="stage", workspace=workspace).update(
        is_nullable=False
    )
    services.object_update(
        workspace_id=workspace.id,
        object_id=FieldMetadata.objects.get(workspace=workspace, object__name_singular="ship", name="stage").object_id,
        update={"description": "So that the model is read again"},
    )
    assert told(create(api, stage=None)) == (
        "Field stage is not nullable and has no default value.",
        "A required field is missing.",
    )


def test_who_may_not_is_told_so(workspace: Workspace) -> None:
    role_create(principal_of(workspace), values={"label": "Nobody", "canBeAssignedToApiKeys": True})
    answer = Api(key_of(workspace, role="Nobody")).graphql("{ ships { totalCount } }")
    assert told(answer) == ("Entity performing the request does not have permission", "User does not have permission.")


def test_more_records_than_one_update_may_change(api: Api, kept: str) -> None:
    assert api.patch("/rest/metadata/workspace", {"maxBulkRecords": 200}).status == 200  # as the reference has it
    for _ in range(4):
        assert api.post("/rest/batch/ships", [{"name": "Many"}] * 50).status == 201
    query = 'mutation {{ updateShips(filter: {{name: {{in: [{0}]}}}}, data: {{name: "Other"}}) {{ id }} }}'
    assert told(api.graphql(query.format('"Many", "Fram"'))) == (
        "Cannot update more than 200 records at once",
        "You can only update up to 200 records at once.",
    )
    assert api.data('{ ships(filter: {name: {eq: "Other"}}) { totalCount } }')["ships"] == {"totalCount": 0}
    assert len(api.data(query.format('"Many"'))["updateShips"]) == 200


def test_of_several_faults_the_first_is_told_or_that_there_are_many(api: Api) -> None:
    assert told(create_object(api, nameSingular="a" * 64, namePlural="b" * 64))[1] == "Name is too long"
    fields = {"fields": [{"name": "ok", "label": "OK", "type": "NOTHING"}]}
    for answer in (create_object(api, labelSingular=""), create_object(api, **fields)):
        assert told(answer)[1] not in ("", "An error occurred.")
