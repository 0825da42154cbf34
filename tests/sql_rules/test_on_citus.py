"""A shard that is Citus is sent statements that it routes to one worker, and answers the same as one PostgreSQL.

There is no Citus here: the statements go to PostgreSQL, which runs them too, and the rules for Citus are asked of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from apikeys.authentication import known_callers
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, api_of, system_of, workspace_with
from tests.golden.conftest import _made, system  # noqa: F401 - fixtures
from tests.golden.files import FOLDER, NAMES, Namer, read_request, response_text
from tests.golden.system import SolarSystem
from tests.golden.test_golden import known_names
from tests.sql_rules.collecting import Sent
from webhooks.models import Delivery
from webhooks.services import webhook_create

pytestmark = pytest.mark.django_db

FIELDS = [{"type": "TEXT", "name": "code", "isUnique": True}, {"type": "NUMBER", "name": "stages"}]
OBJECTS: list[dict[str, Any]] = [
    {"nameSingular": "pad", "namePlural": "pads", "fields": [{"type": "TEXT", "name": "place"}]},
    {"nameSingular": "rocket", "namePlural": "rockets", "fields": FIELDS},
]


@pytest.fixture
def on_citus(settings: Any) -> None:
    settings.SHARD_ENGINES = {"default": "citus"}


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_the_same(on_citus: None, system: SolarSystem, name: str) -> None:  # noqa: F811
    request = read_request(name)
    system.api.get("/rest/planets?limit=0")
    namer = Namer(known_names(system), fixed="00000000-0000-4000-8000-")
    answer = request.send(system.api)
    assert response_text(answer, namer) == (FOLDER / f"{name}.response.json").read_text()


def everything_written(api: Api, workspace: Workspace) -> Any:
    """All kinds of writes, then what is kept of them: records, totals, history and deliveries, without ids and times."""
    pads = api.post("/rest/batch/pads", [{"place": "Kourou"}, {"place": "Vandenberg"}]).body["data"]["createPads"]
    rockets = [
        api.post("/rest/rockets", {"code": code, "stages": 2, "padId": pads[0]["id"], "position": place}).body["data"][
            "createRocket"
        ]["id"]
        for code, place in (("A", "first"), ("B", "last"), ("C", 5))
    ]
    assert api.post("/rest/rockets", {"code": "A"}).status == 400
    api.patch(f"/rest/rockets/{rockets[0]}", {"stages": 3, "position": "last"})
    api.patch("/rest/rockets?filter=code[in]:[B,C]", {"stages": 4})
    api.post("/rest/batch/rockets?upsert=true", [{"code": "A", "stages": 5}, {"code": "D", "stages": 6}])
    api.delete(f"/rest/rockets/{rockets[1]}?soft_delete=true")
    api.patch(f"/rest/restore/rockets/{rockets[1]}")
    api.delete(f"/rest/rockets/{rockets[2]}?soft_delete=true")
    api.delete(f"/rest/rockets/{rockets[1]}")
    api.delete(f"/rest/pads/{pads[0]['id']}")
    namer = Namer({}, fixed="no")
    shown = {name: api.get(f"/rest/{name}?order_by=position").body for name in ("pads", "rockets")}
    kept = {name: (body["data"], body["totalCount"]) for name, body in shown.items()}
    named = namer.text(json.dumps(kept))
    with connection.cursor() as cursor:
        schema = workspace.database_schema
        cursor.execute(f"SELECT action, actor->>'name', changes::text FROM {schema}.history ORDER BY record_id, id")
        history = sorted(namer.text(repr(row)) for row in cursor.fetchall())
    deliveries = sorted(Delivery.objects.filter(workspace_id=workspace.id).values_list("event_name", "status"))
    return named, history, deliveries


@pytest.fixture
def rocket_workspace() -> Iterator[tuple[Api, Workspace]]:
    workspace = workspace_with(OBJECTS)
    api = api_of(workspace)
    model = api.get("/rest/metadata/objects").body["data"]["objects"]
    ids = {each["nameSingular"]: each["id"] for each in model}
    made = api.post(
        "/rest/metadata/fields",
        {
            "objectMetadataId": ids["rocket"],
            "type": "RELATION",
            "name": "pad",
            "label": "Pad",
            "relationCreationPayload": {
                "type": "MANY_TO_ONE",
                "targetObjectMetadataId": ids["pad"],
                "targetFieldLabel": "Rockets",
                "targetFieldIcon": "IconRocket",
            },
        },
    )
    assert made.status == 201, made.body
    webhook_create(system_of(workspace.id), data={"targetUrl": "https://receiver.example/hook"})
    known_callers.clear()
    yield api, workspace


def test_what_is_kept_of_writes_is_the_same(
    rocket_workspace: tuple[Api, Workspace], settings: Any, statements_sent: Sent
) -> None:
    api, workspace = rocket_workspace
    before = dict(settings.SHARD_ENGINES)
    plain = everything_written(api, workspace)
    for name in ("rockets", "pads"):
        for each in api.get(f"/rest/{name}?filter=or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)").body["data"][name]:
            api.delete(f"/rest/{name}/{each['id']}")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {workspace.database_schema}.history")
    Delivery.objects.filter(workspace_id=workspace.id).delete()
    settings.SHARD_ENGINES = {"default": "citus"}
    assert everything_written(api, workspace) == plain
    settings.SHARD_ENGINES = before
    assert statements_sent.faults() == []


@pytest.mark.parametrize("engine", ["postgresql", "citus"])
def test_a_duplicate_is_named_although_a_worker_names_no_constraint(
    rocket_workspace: tuple[Api, Workspace], settings: Any, engine: str
) -> None:
    """As a worker of Citus refuses it: the index by its name there, in the message alone."""
    api, workspace = rocket_workspace
    settings.SHARD_ENGINES = {"default": engine}
    [rocket] = ObjectMetadata.objects.filter(workspace=workspace, name_singular="rocket")
    field = rocket.fields.get(name="code")
    holder = api.post("/rest/rockets", {"code": "A"}).body["data"]["createRocket"]["id"]
    message = f'duplicate key value violates unique constraint "u_{field.id.hex}_102008"'
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE unique_violation USING MESSAGE = '{message}'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse BEFORE INSERT ON {workspace.database_schema}.o_{rocket.id.hex}"
            " FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    answer = api.post("/rest/batch/rockets", [{"code": "B"}, {"code": "A"}])
    assert answer.status == 400
    said = {name: answer.body[name] for name in ("code", "field", "value", "index", "recordId")}
    assert said == {"code": "DUPLICATE_ENTRY", "field": "code", "value": "A", "index": 1, "recordId": holder}
    assert api.get("/rest/rockets").body["totalCount"] == 1
