"""A write that is one statement is sent without BEGIN and COMMIT, and says itself whether its caller may still write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.records import update
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
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
    assert codes(client) == ["warm"]  # from now on it is remembered who asks
    return client


def sent(work: Callable[[], Any]) -> list[str]:
    """The first word of each statement, those of the rate limits and of totals left out; a CTE's is what it writes."""
    with CaptureQueriesContext(connection) as captured:
        work()
    texts = [each["sql"] for each in captured.captured_queries]
    ours = [each for each in texts if "record_count" not in each.split("FOR UPDATE")[0][:120]]
    return [re.findall(r"\b(?:INSERT|UPDATE|SELECT|BEGIN|COMMIT|ROLLBACK)\b", _CTE.sub("", each))[0] for each in ours]


_CTE = re.compile(
    r"^WITH (?:k\d+ AS MATERIALIZED \(SELECT .*? FOR KEY SHARE\), |p[fl] AS MATERIALIZED \(SELECT .*? IS NULL\), )*"
)


@contextmanager
def held(statement: str) -> Iterator[None]:
    """What another connection's statement locks, until a moment after the block has begun."""
    is_held, is_begun = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                is_held.set()
                is_begun.wait(10)
                cursor.execute("SELECT pg_sleep(0.02)")
        finally:
            connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert is_held.wait(10)
    is_begun.set()
    yield
    holder.join()


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
    assert (words[:2], words[-1]) == (["SELECT", "BEGIN"], "COMMIT")


@pytest.fixture
def pad_of_rockets(api: Api, space: Workspace) -> str:
    """The id of a pad that rockets can point at."""
    pad = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="pad")
    rocket = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="rocket")
    relation = {"targetObjectMetadataId": str(pad.id), "type": "MANY_TO_ONE", "targetFieldLabel": "Rockets"}
    field = {"objectMetadataId": str(rocket.id), "type": "RELATION", "name": "pad", "label": "Pad"}
    made = api.post("/rest/metadata/fields", {**field, "relationCreationPayload": {**relation, "targetFieldIcon": "I"}})
    assert made.status == 201, made.body
    held: str = api.get("/rest/pads").body["data"]["pads"][0]["id"]
    return held


NOBODY = "00000000-0000-4000-8000-000000000000"


def rockets(api: Api) -> list[tuple[str, str | None]]:
    found = api.get("/rest/rockets").body
    assert found["totalCount"] == len(found["data"]["rockets"])
    return sorted((each["title"], each["padId"]) for each in found["data"]["rockets"])


def test_a_record_with_a_relation_is_one_statement(api: Api, pad_of_rockets: str) -> None:
    assert sent(lambda: api.post("/rest/rockets", {"title": "Ariane", "padId": pad_of_rockets})) == ["INSERT"]
    assert rockets(api) == [("Ariane", pad_of_rockets)]


def test_a_record_that_is_missing_is_told_and_nothing_is_written(api: Api, pad_of_rockets: str) -> None:
    missing = api.post("/rest/rockets", {"title": "Vega", "padId": NOBODY})
    assert (missing.status, missing.body["messages"]) == (400, [f"padId: no pad with id {NOBODY}"])
    batch = [{"title": "Ariane", "padId": pad_of_rockets}, {"title": "Vega", "padId": NOBODY}]
    assert api.post("/rest/batch/rockets", batch).body["messages"] == [f"padId: no pad with id {NOBODY}"]
    assert rockets(api) == []


# Updates ---------------------------------------------------------------------------------------------


@pytest.fixture
def rocket(api: Api, pad_of_rockets: str) -> str:
    """The id of Ariane, which stands on the pad."""
    made = api.post("/rest/rockets", {"title": "Ariane", "padId": pad_of_rockets})
    identifier: str = made.body["data"]["createRocket"]["id"]
    return identifier


def test_an_update_of_one_reads_and_writes(api: Api, rocket: str, pad_of_rockets: str) -> None:
    assert sent(lambda: api.patch(f"/rest/rockets/{rocket}", {"title": "Ariane 6"})) == ["SELECT", "UPDATE"]
    text = f'mutation {{ updateRocket(id: "{rocket}", data: {{padId: null}}) {{ title padId }} }}'
    assert sent(lambda: api.data(text)) == ["SELECT", "UPDATE"]
    assert rockets(api) == [("Ariane 6", None)]
    entries = api.get(f"/rest/rockets/{rocket}/history").body["data"]["history"]
    assert [each["action"] for each in entries] == ["updated", "updated", "created"]


def test_an_update_that_points_at_nothing_is_told_and_changes_nothing(
    api: Api, rocket: str, pad_of_rockets: str
) -> None:
    refused = api.patch(f"/rest/rockets/{rocket}", {"title": "Vega", "padId": NOBODY})
    assert (refused.status, refused.body["messages"]) == (400, [f"padId: no pad with id {NOBODY}"])
    assert rockets(api) == [("Ariane", pad_of_rockets)]


def test_an_update_of_what_another_changed_meanwhile_keeps_both(
    api: Api, space: Workspace, rocket: str, pad_of_rockets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="rocket")
    others = [True]

    def write_alone(*given: Any) -> Any:
        if others:
            others.pop()
            with connection.cursor() as cursor:
                table = f'"{space.database_schema}"."o_{subject.id.hex}"'
                cursor.execute(f"UPDATE {table} SET data = data || jsonb_build_object(%s::text, 'X')", [title])
        return written(*given)

    title = FieldMetadata.objects.get(object=subject, name="title").storage_key
    written = update.write_alone
    monkeypatch.setattr(update, "write_alone", write_alone)
    words = sent(lambda: api.patch(f"/rest/rockets/{rocket}", {"padId": None}))
    assert words == ["SELECT", "UPDATE", "UPDATE", "SELECT", "BEGIN", "SELECT", "UPDATE", "COMMIT"]
    assert [each["padId"] for each in api.get("/rest/rockets").body["data"]["rockets"]] == [None]


def test_an_update_waits_for_who_changes_the_record(api: Api, space: Workspace, rocket: str) -> None:
    subject = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="rocket")
    with held(f'UPDATE "{space.database_schema}"."o_{subject.id.hex}" SET position = 7.5'):
        answer = api.patch(f"/rest/rockets/{rocket}", {"title": "Ariane 6"})
    assert answer.status == 200, answer.body
    [found] = api.get("/rest/rockets").body["data"]["rockets"]
    assert (found["title"], found["position"]) == ("Ariane 6", 7.5)


def test_it_waits_for_a_table_that_is_locked_for_a_moment(api: Api, space: Workspace) -> None:
    pad = ObjectMetadata.objects.get(workspace_id=space.id, name_singular="pad")
    with held(f'LOCK TABLE "{space.database_schema}"."o_{pad.id.hex}" IN ACCESS EXCLUSIVE MODE'):
        answer = api.post("/rest/pads", {"code": "A"})
    assert answer.status == 201, answer.body
    assert codes(api) == ["A", "warm"]
