"""A create that is one statement is sent without BEGIN and COMMIT; what needs more than one has them, as before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, api_of, system_of, workspace_with
from webhooks.services import webhook_create

PADS = {
    "nameSingular": "pad",
    "namePlural": "pads",
    "fields": [{"type": "TEXT", "name": "code", "isUnique": True}, {"type": "NUMBER", "name": "height"}],
}
ROCKETS = {
    "nameSingular": "rocket",
    "namePlural": "rockets",
    "fields": [{"type": "TEXT", "name": "title"}],
}


@pytest.fixture
def space(transactional_db: None) -> Iterator[Workspace]:
    workspace = workspace_with([PADS, ROCKETS], name="Space")
    yield workspace
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.database_schema}" CASCADE')


@pytest.fixture
def api(space: Workspace) -> Api:
    client = api_of(space)
    assert client.post("/rest/pads", {"code": "warm"}).status == 201
    return client


def sent(work: Callable[[], Any]) -> list[str]:
    """The first word of each statement, those of the rate limits and of the key left out."""
    with CaptureQueriesContext(connection) as captured:
        work()
    texts = [each["sql"] for each in captured.captured_queries]
    ours = [
        each for each in texts if "apikeys_" not in each and "record_count" not in each.split("FOR UPDATE")[0][:120]
    ]
    return [re.sub(r"^WITH\b.*", "INSERT", each.split()[0]) for each in ours]


def codes(api: Api) -> list[str]:
    return sorted(each["code"] for each in api.get("/rest/pads").body["data"]["pads"])


def test_a_create_of_one_is_one_statement(api: Api) -> None:
    assert sent(lambda: api.post("/rest/pads", {"code": "A"})) == ["INSERT"]
    assert codes(api) == ["A", "warm"]


def test_a_batch_is_one_statement(api: Api) -> None:
    assert sent(lambda: api.post("/rest/batch/pads", [{"code": "A"}, {"code": "B"}])) == ["INSERT"]
    assert codes(api) == ["A", "B", "warm"]


def test_over_graphql_too(api: Api) -> None:
    text = 'mutation { createPads(data: [{code: "A"}, {code: "B"}]) { code } }'
    assert sent(lambda: api.data(text)) == ["INSERT"]
    assert codes(api) == ["A", "B", "warm"]


def test_of_a_batch_with_a_value_that_is_taken_nothing_is_there(api: Api) -> None:
    answer = api.post("/rest/batch/pads", [{"code": "A"}, {"code": "warm"}])
    assert (answer.status, answer.body["messages"]) == (400, ["A duplicate entry was detected"])
    assert codes(api) == ["warm"]
    assert api.get("/rest/pads").body["totalCount"] == 1


def test_totals_and_history_are_written_with_it(api: Api) -> None:
    made = api.post("/rest/pads", {"code": "A"}).body["data"]["createPad"]
    assert api.get("/rest/pads").body["totalCount"] == 2
    [entry] = api.get(f"/rest/pads/{made['id']}/history").body["data"]["history"]
    assert entry["action"] == "created"


def test_with_a_webhook_it_is_a_transaction_and_the_delivery_is_in_it(api: Api, space: Workspace) -> None:
    webhook_create(system_of(space.id), data={"targetUrl": "https://receiver.example/hook"})
    api.post("/rest/pads", {"code": "first"})
    words = sent(lambda: api.post("/rest/pads", {"code": "A"}))
    assert (words[0], words[-1]) == ("BEGIN", "COMMIT")


def test_a_record_with_a_relation_is_a_transaction(api: Api, space: Workspace) -> None:
    pad = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="pad")
    rocket = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="rocket")
    relation = {"targetObjectMetadataId": str(pad.id), "type": "MANY_TO_ONE", "targetFieldLabel": "Rockets"}
    field = {"objectMetadataId": str(rocket.id), "type": "RELATION", "name": "pad", "label": "Pad"}
    made = api.post("/rest/metadata/fields", {**field, "relationCreationPayload": {**relation, "targetFieldIcon": "I"}})
    assert made.status == 201, made.body
    held = api.get("/rest/pads").body["data"]["pads"][0]["id"]
    words = sent(lambda: api.post("/rest/rockets", {"title": "Ariane", "padId": held}))
    assert (words[0], words[-1]) == ("BEGIN", "COMMIT")
    missing = api.post("/rest/rockets", {"title": "Vega", "padId": "00000000-0000-4000-8000-000000000000"})
    assert missing.status == 400
    assert [each["title"] for each in api.get("/rest/rockets").body["data"]["rockets"]] == ["Ariane"]


def test_it_waits_for_a_table_that_is_locked_for_a_moment(api: Api, space: Workspace) -> None:
    pad = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="pad")
    is_held, is_sent = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f'LOCK TABLE "{space.database_schema}"."o_{pad.id.hex}" IN ACCESS EXCLUSIVE MODE')
                is_held.set()
                is_sent.wait(10)
                cursor.execute("SELECT pg_sleep(0.02)")
        finally:
            connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert is_held.wait(10)
    is_sent.set()
    answer = api.post("/rest/pads", {"code": "A"})
    holder.join()
    assert answer.status == 201, answer.body
    assert codes(api) == ["A", "warm"]
