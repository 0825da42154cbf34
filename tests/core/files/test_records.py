"""Files in records: what is attached is answered with an address, and only what was uploaded can be attached."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from metadata.models import ObjectMetadata, Workspace, table_name
from tests.core.files.conftest import ROCKET
from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

FIELDS = "id code drawings { fileId label extension url }"
CREATE = (
    "mutation ($data: [RocketCreateInput!]!, $upsert: Boolean) {"
    f" createRockets(data: $data, upsert: $upsert) {{ {FIELDS} }} }}"
)
UPDATE = f"mutation ($id: UUID!, $data: RocketUpdateInput!) {{ updateRocket(id: $id, data: $data) {{ {FIELDS} }} }}"
UNKNOWN = "20202020-1c25-4d02-bf25-6aeccf7ea419"


def file(file_id: str, label: str) -> dict[str, str]:
    return {"fileId": file_id, "label": label}


def shown(record: Any) -> list[tuple[str, str, str | None]]:
    """Each drawing without its address, which must be one."""
    for each in record["drawings"]:
        assert each["url"].startswith(f"http://testserver/file/files-field/{each['fileId']}?token="), each
    return [(each["fileId"], each["label"], each["extension"]) for each in record["drawings"]]


def created(api: Api, *files: dict[str, str], code: str = "A") -> Any:
    data = api.data(CREATE, {"data": [{"code": code, "drawings": list(files)}], "upsert": False})
    [record] = data["createRockets"]
    return record


@pytest.fixture
def one(api: Api) -> str:
    return api.uploaded("rocket.drawings", "one.txt", b"one")


@pytest.fixture
def two(api: Api) -> str:
    return api.uploaded("rocket.drawings", "two.pdf", b"two")


def test_createMany_without_upsert_answers_file_label_and_extension(api: Api, one: str, two: str) -> None:
    record = created(api, file(one, "one.txt"), file(two, "Second drawing"))
    assert shown(record) == [(one, "one.txt", ".txt"), (two, "Second drawing", ".pdf")]


def test_createMany_with_upsert_replaces_the_list(api: Api, one: str, two: str) -> None:
    three = api.uploaded("rocket.drawings", "three.txt")
    first = created(api, file(one, "one.txt"), file(two, "two.pdf"))
    files = [file(one, "renamed.txt"), file(three, "three.txt")]
    new = {"code": "B", "drawings": [file(two, "two.pdf")]}
    data = api.data(CREATE, {"data": [{"id": first["id"], "drawings": files}, new], "upsert": True})
    updated, inserted = data["createRockets"]
    assert updated["id"] == first["id"]
    assert shown(updated) == [(one, "renamed.txt", ".txt"), (three, "three.txt", ".txt")]
    assert shown(inserted) == [(two, "two.pdf", ".pdf")]


def test_updateOne_replaces_the_list_and_leaving_a_file_out_removes_it(api: Api, one: str, two: str) -> None:
    record = created(api, file(one, "one.txt"))
    data = api.data(UPDATE, {"id": record["id"], "data": {"drawings": [file(one, "x.txt"), file(two, "two.pdf")]}})
    assert shown(data["updateRocket"]) == [(one, "x.txt", ".txt"), (two, "two.pdf", ".pdf")]
    data = api.data(UPDATE, {"id": record["id"], "data": {"drawings": [file(two, "two.pdf")]}})
    assert shown(data["updateRocket"]) == [(two, "two.pdf", ".pdf")]
    data = api.data(UPDATE, {"id": record["id"], "data": {"code": "Z"}})
    assert shown(data["updateRocket"]) == [(two, "two.pdf", ".pdf")]
    data = api.data(UPDATE, {"id": record["id"], "data": {"drawings": []}})
    assert data["updateRocket"]["drawings"] is None


def test_rest_answers_the_same_as_graphql(api: Api, one: str, two: str) -> None:
    made = api.post("/rest/rockets", {"code": "A", "drawings": [file(one, "one.txt"), file(two, "two")]})
    assert made.status == 201
    record = made.body["data"]["createRocket"]
    assert shown(record) == [(one, "one.txt", ".txt"), (two, "two", ".pdf")]
    [listed] = api.records("/rest/rockets")
    [edge] = api.data(f"{{ rockets {{ edges {{ node {{ {FIELDS} }} }} }} }}")["rockets"]["edges"]
    assert listed["drawings"] == edge["node"]["drawings"] == record["drawings"]
    changed = api.patch(f"/rest/rockets/{record['id']}", {"drawings": [file(two, "two")]})
    assert shown(changed.body["data"]["updateRocket"]) == [(two, "two", ".pdf")]


def test_one_file_may_be_in_several_records_and_the_changes_of_many(api: Api, one: str) -> None:
    for code in "AB":
        created(api, code=code)
    document = f'mutation ($data: RocketUpdateInput!) {{ updateRockets(filter: {{code: {{in: ["A", "B"]}}}}, data: $data) {{ {FIELDS} }} }}'
    data = api.data(document, {"data": {"drawings": [file(one, "one.txt")]}})
    assert [shown(each) for each in data["updateRockets"]] == [[(one, "one.txt", ".txt")]] * 2


def test_files_of_a_record_that_is_created_on_the_way(workspace: Workspace) -> None:
    api = api_of(workspace_with(empty=False))
    photo = api.uploaded("person.avatarFile", "ada.png")
    document = (
        "mutation ($data: OpportunityCreateInput!) { createOpportunity(data: $data) {"
        " pointOfContact { avatarFile { fileId label extension url } } } }"
    )
    contact = {"create": {"name": {"firstName": "Ada"}, "avatarFile": [file(photo, "Ada")]}}
    made = api.data(document, {"data": {"name": "Deal", "pointOfContact": contact}})["createOpportunity"]
    [kept] = made["pointOfContact"]["avatarFile"]
    assert (kept["fileId"], kept["label"], kept["extension"]) == (photo, "Ada", ".png")


# Refusals --------------------------------------------------------------------------------------------


def codes(api: Api) -> list[str]:
    return [each["code"] for each in api.records("/rest/rockets")]


def test_a_file_that_was_not_uploaded_is_refused(api: Api, one: str) -> None:
    message = f"drawings: no file with id {UNKNOWN} was uploaded for this field"
    body = {"code": "A", "drawings": [file(one, "one.txt"), file(UNKNOWN, "cv.pdf")]}
    refused = api.post("/rest/rockets", body)
    assert (refused.status, refused.body["messages"], refused.body["code"]) == (400, [message], "MISSING_REFERENCE")
    assert refused.body["missing"] == [UNKNOWN]
    answer = api.graphql(CREATE, {"data": [{"code": "B"}, body]})
    assert answer.body["data"] == {"createRockets": None}
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")
    assert error["extensions"]["index"] == 1
    assert codes(api) == []


@pytest.mark.parametrize("upsert", [True, False])
def test_a_file_of_another_field_is_refused(api: Api, upsert: bool) -> None:
    paper = api.uploaded("rocket.papers", "paper.txt")
    answer = api.graphql(CREATE, {"data": [{"code": "A", "drawings": [file(paper, "x")]}], "upsert": upsert})
    [error] = answer.body["errors"]
    assert error["message"] == f"drawings: no file with id {paper} was uploaded for this field"
    assert codes(api) == []


def test_a_file_of_another_workspace_is_refused(api: Api) -> None:
    foreign = api_of(workspace_with([ROCKET], name="Other")).uploaded("rocket.drawings", "secret.txt")
    record = created(api, code="A")
    refused = api.patch(f"/rest/rockets/{record['id']}", {"drawings": [file(foreign, "x")]})
    assert (refused.status, refused.body["code"]) == (400, "MISSING_REFERENCE")
    [kept] = api.records("/rest/rockets")
    assert kept["drawings"] is None


def test_more_files_than_the_field_takes_are_refused(api: Api) -> None:
    papers = [file(api.uploaded("rocket.papers", f"{number}.txt"), "x") for number in range(2)]
    refused = api.post("/rest/rockets", {"code": "A", "papers": papers})
    assert (refused.status, refused.body["messages"]) == (400, ['Max number of files is 1 for field "papers"'])
    assert codes(api) == []


def test_a_files_id_alone_opens_nothing_of_another_workspace(api: Api, workspace: Workspace) -> None:
    """An address is signed for the workspace that answers it."""
    foreign = api_of(workspace_with([ROCKET], name="Other")).uploaded("rocket.drawings", "secret.txt")
    record = created(api, code="A")
    rocket = ObjectMetadata.objects.get(workspace=workspace, name_singular="rocket")
    with connection.cursor() as cursor:  # however it came there
        cursor.execute(
            f"UPDATE {workspace.database_schema}.{table_name(rocket.id)} SET data = data || jsonb_build_object('drawings',"
            " jsonb_build_array(jsonb_build_object('fileId', %s::text, 'label', 'x')))",
            [foreign],
        )
    [shown_file] = api.get(f"/rest/rockets/{record['id']}").body["data"]["rocket"]["drawings"]
    answer = api.client.get(shown_file["url"].removeprefix("http://testserver"))
    assert answer.status_code == 404


@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("jsonl", "application/x-ndjson")])
def test_what_was_exported_can_be_imported_again(api: Api, one: str, two: str, form: str, kind: str) -> None:
    record = created(api, file(one, "one.txt"), file(two, "Zwei"))
    sent = {"Authorization": f"Bearer {api.token}"}
    exported = b"".join(api.client.get(f"/rest/rockets/export?format={form}", headers=sent))
    assert b"/file/files-field/" in exported
    api.patch(f"/rest/rockets/{record['id']}", {"drawings": [], "code": "B"})
    answer = api.client.post(
        f"/rest/rockets/import?format={form}&upsert=true", exported, content_type=kind, headers=sent
    )
    assert answer.json()["data"]["import"]["updated"] == 1, answer.json()
    [restored] = api.records("/rest/rockets")
    assert (restored["code"], shown(restored)) == ("A", [(one, "one.txt", ".txt"), (two, "Zwei", ".pdf")])
