"""What may not be read answers no question: search, history, files, kept answers, hints, and changes of the model."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apikeys.services.permissions import field_permissions_upsert
from apikeys.services.roles import role_list
from core.query.words import search_terms
from core.sql.execute import fetch_texts
from core.sql.fragment import Sql
from metadata.fieldtypes.registry import field_types
from tests.factories import principal_of
from tests.security.scene import (
    ALL,
    C1,
    D1,
    D2,
    D3,
    NOBODY,
    Caller,
    Reply,
    Scene,
    digest,
    normal,
)  # fmt: skip

DENIED = "Entity performing the request does not have permission"


ROLES = {
    "Blind": {"rights": ALL, "flags": ["DATA_MODEL"], "unreadable": ["deal.code", "deal.memo", "deal.papers"]},
    "Shy": {"rights": ALL, "unreadable": ["deal.createdBy"]},
    "Modeller": {"flags": ["DATA_MODEL"]},
}
RECORDS = [
    ("clients", {"id": C1, "name": "Ann"}),
    ("deals", {"id": D1, "name": "Élodie's Crème-brûlée", "region": "north_west", "memo": "Tarte", "budget": 1}),
    ("deals", {"id": D2, "name": "Tarte", "code": "X", "memo": "same"}),
    ("deals", {"id": D3, "name": "Third", "memo": "same"}),
]


def found(caller: Caller, words: str) -> list[str]:
    reply = caller.ask("GET", f"/rest/search?query={words}")
    assert reply.status == 200, reply.body
    return [each["recordId"] for each in reply.json["data"]["search"]]


# Search --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["elodie", "%C3%89lodie", "creme", "brul", "ELODIE%20creme", "west", "rulee", "north"]
)
def test_words_of_readable_fields_are_found_as_ever(records: Scene, words: str) -> None:
    assert found(records.caller("Blind"), words) == found(records.admin, words) == [D1]


def test_words_of_hidden_fields_find_nothing(records: Scene) -> None:
    assert found(records.admin, "tarte") == [D2, D1] or found(records.admin, "tarte") == [D1, D2]
    assert found(records.caller("Blind"), "tarte") == [D2]
    assert found(records.caller("Blind"), "same") == []


def test_pages_of_a_search_go_through_all_that_is_found(records: Scene) -> None:
    caller, seen, after = records.caller("Blind"), [], ""
    while True:
        reply = caller.ask("GET", f"/rest/search?query=tarte%20third%20creme&limit=1{after}").json
        seen += [each["recordId"] for each in reply["data"]["search"]]
        if not reply["pageInfo"]["hasNextPage"]:
            break
        after = f"&starting_after={reply['pageInfo']['endCursor']}"
    assert sorted(seen) == [D1, D2, D3]


@pytest.mark.parametrize("kind", [each for each in field_types() if each.searchable], ids=lambda kind: kind.name)
def test_the_paths_of_a_types_texts_give_no_word_that_its_texts_do_not(db: None, kind: Any) -> None:
    for _, stored in kind.samples.good:
        if stored is None:
            continue
        found = fetch_texts(
            Sql(
                " UNION ALL ".join(
                    "SELECT v #>> '{}' FROM jsonb_path_query(%s::jsonb, %s::jsonpath) v WHERE jsonb_typeof(v) = 'string'"
                    for _ in kind.search_paths
                ),
                tuple(each for path in kind.search_paths for each in (json.dumps(stored), path)),
            ),
            "default",
        )
        kept = {word for text in kind.search_texts(stored) for term in search_terms(text) for word in term}
        assert {word for text in found for term in search_terms(text) for word in term} <= kept, stored
        if kept:
            assert found, stored


# History -------------------------------------------------------------------------------------------------


def test_an_update_of_hidden_fields_only_is_no_entry(records: Scene) -> None:
    def entries(caller: Caller) -> Any:
        reply = caller.ask("GET", f"/rest/deals/{D1}/history").json
        return reply["totalCount"], [(each["action"], sorted(each["changes"])) for each in reply["data"]["history"]]

    for change in ({"memo": "other"}, {"memo": "again", "budget": 2}, {"name": "New"}):
        records.admin.ask("PATCH", f"/rest/deals/{D1}", change)
    assert entries(records.admin) == (
        4,
        [("updated", ["name"]), ("updated", ["budget", "memo"]), ("updated", ["memo"]), ("created", [])],
    )
    assert entries(records.caller("Blind")) == (3, [("updated", ["name"]), ("updated", ["budget"]), ("created", [])])


def test_who_made_a_record_is_not_told_by_its_history(records: Scene) -> None:
    records.admin.ask("PATCH", f"/rest/deals/{D1}", {"budget": 3})
    history = records.caller("Shy").ask("GET", f"/rest/deals/{D1}/history").json["data"]["history"]
    assert [(each["action"], each["actor"] and each["actor"]["name"]) for each in history] == [
        ("updated", "Admin key"),
        ("created", None),
    ]


# Files ---------------------------------------------------------------------------------------------------


def uploaded(scene: Scene) -> str:
    response = scene.admin.client.post(
        "/rest/metadata/files",
        {"fieldMetadataId": "deal.papers", "file": SimpleUploadedFile("a.txt", b"content", "text/plain")},
        headers={"Authorization": f"Bearer {scene.admin.token}"},
    )
    assert response.status_code == 201, response.content
    return re.findall(r'"id":\s*"([0-9a-f-]{36})"', response.content.decode())[0]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_file_of_a_hidden_field_is_not_there(records: Scene, method: str) -> None:
    file_id = uploaded(records)
    caller, before = records.caller("Blind"), digest(records.workspace)
    there = caller.ask(method, f"/rest/metadata/files/{file_id}")
    nowhere = caller.ask(method, f"/rest/metadata/files/{NOBODY}")
    assert there.status == 404
    assert normal(Reply(there.status, there.body.replace(file_id.encode(), NOBODY.encode()))) == normal(nowhere)
    assert digest(records.workspace) == before
    assert records.admin.ask("GET", f"/rest/metadata/files/{file_id}").status == 200


# Kept answers --------------------------------------------------------------------------------------------


def test_a_kept_answer_is_not_repeated_to_a_role_that_may_read_less(records: Scene) -> None:
    records.role("Shrinking", rights=ALL)
    caller = records.caller("Shrinking")

    def send() -> Reply:
        return caller.ask("POST", "/rest/deals", {"name": "x", "code": "K"}, Idempotency_Key="once")

    first = send()
    assert first.status == 201 and b'"code":"K"' in first.body
    assert (send().body, send().replayed) == (first.body, "true")
    system, code = principal_of(records.workspace), records.field("deal.code")
    role = next(each for each in role_list(system) if each.label == "Shrinking")
    item = {"objectMetadataId": str(code.object_id), "fieldMetadataId": str(code.id), "canReadFieldValue": False}
    field_permissions_upsert(system, role_id=role.id, items=[item])
    again, before = send(), digest(records.workspace)
    assert (again.status, again.json["code"], again.replayed) == (422, "IDEMPOTENCY_MISMATCH", None)
    assert b"K" not in again.body.replace(b"Idempotency-Key", b"").replace(b"take a new key", b"")
    assert digest(records.workspace) == before


def test_a_key_says_nothing_of_the_same_key_of_others(records: Scene) -> None:
    body = {"id": NOBODY, "name": "x", "memo": "secret"}
    assert records.admin.ask("POST", "/rest/deals", body, Idempotency_Key="shared").status == 201
    reply = records.caller("Blind").ask("POST", "/rest/deals", {"name": "y"}, Idempotency_Key="shared")
    assert (reply.status, reply.replayed) == (201, None)


# Hints ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "deals?filter=cod[eq]:1", None),
        ("GET", "deals?order_by=memoo", None),
        ("GET", "deals?fields=memoo", None),
        ("GET", 'deals/groupBy?group_by=[{"memoo":true}]', None),
        ("GET", 'deals/groupBy?group_by=[{"region":true}]&aggregate=["countEmptyMemoo"]', None),
    ],
)
def test_hints_name_nothing_hidden(records: Scene, method: str, path: str, body: Any) -> None:
    told = records.admin.ask(method, f"/rest/{path}", body)
    assert re.search(rb"Did you mean \W+(code|memo|countEmptyMemo)\W", told.body), told.body
    untold = records.caller("Blind").ask(method, f"/rest/{path}", body)
    assert untold.status == told.status
    assert not re.search(rb'mean[^"]*"(code|memo|countEmptyMemo)"', untold.body.replace(b"\\", b"")), untold.body


# The data model ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Blind", "Modeller"])
def test_a_field_that_cannot_be_made_unique_tells_its_values_to_readers_only(records: Scene, label: str) -> None:
    field = records.field("deal.memo")
    path = f"/rest/metadata/fields/{field.id}"
    told = records.admin.ask("PATCH", path, {"isUnique": True})
    assert told.status == 400 and b"2 records have the value" in told.body and D2.encode() in told.body
    untold = records.caller(label).ask("PATCH", path, {"isUnique": True})
    assert untold.status == 400
    assert b"several records have the same value" in untold.body
    for each in (b"same\\", b"2 records", D2.encode(), D3.encode()):
        assert each not in untold.body, untold.body
    document = (
        f'mutation {{ updateOneField(input: {{id: "{field.id}", update: {{isUnique: true}}}}) {{ id isUnique }} }}'
    )
    reply = records.caller(label).graphql(document, "/metadata")
    assert b"several records have the same value" in reply.body and D2.encode() not in reply.body
    field.refresh_from_db()
    assert not field.is_unique


@pytest.mark.parametrize("label", ["Blind", "Modeller"])
def test_the_type_of_a_hidden_field_is_not_changed(records: Scene, label: str) -> None:
    field = records.field("deal.memo")
    before = digest(records.workspace)
    for dry_run in (True, False):
        body = {"type": "NUMBER", "dryRun": dry_run}
        reply = records.caller(label).ask("POST", f"/rest/metadata/fields/{field.id}/changeType", body)
        assert (reply.status, reply.json["code"]) == (403, "PERMISSION_DENIED"), reply.body
        assert b"same" not in reply.body
    assert digest(records.workspace) == before
