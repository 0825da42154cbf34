"""Upserts over `/graphql`: which record an input means, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.graphql.conftest import without_samples
from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

KNOWN = "20202020-0000-4000-8000-000000000001"
PEOPLE = "mutation ($d: [PersonCreateInput!]!) { createPeople(data: $d, upsert: true) { id emails { primaryEmail } jobTitle } }"
BADGE = {
    "nameSingular": "badge",
    "namePlural": "badges",
    "fields": [
        {"type": "TEXT", "name": "code", "isUnique": True},
        {"type": "TEXT", "name": "serial", "isUnique": True},
    ],
}
BADGES = "mutation ($d: X) { createBadges(data: $d, upsert: true) { id name code serial position deletedAt } }"


def person(email: str, **more: Any) -> dict[str, Any]:
    return {"emails": {"primaryEmail": email}, **more}


def test_people_by_email_and_by_id(db: None) -> None:
    api = without_samples()
    first = api.data(PEOPLE, {"d": [person("a@x.example"), person("b@x.example", id=KNOWN), person("c@x.example")]})
    ids = [each["id"] for each in first["createPeople"]]
    assert ids[1] == KNOWN
    again = api.data(PEOPLE, {"d": [person("A@X.example", jobTitle="T"), {"id": KNOWN, "jobTitle": "U"}]})[
        "createPeople"
    ]
    assert [(each["id"], each["jobTitle"]) for each in again] == [(ids[0], "T"), (KNOWN, "U")]
    assert api.data("{ people { totalCount } }") == {"people": {"totalCount": 3}}
    mixed = api.data(PEOPLE, {"d": [person("c@x.example"), person("d@x.example"), person("new@x.example", id=KNOWN)]})
    assert len(mixed["createPeople"]) == 3
    assert mixed["createPeople"][0]["id"] == ids[2]
    assert mixed["createPeople"][2] == {"id": KNOWN, "emails": {"primaryEmail": "new@x.example"}, "jobTitle": "U"}
    assert api.data("{ people { totalCount } }") == {"people": {"totalCount": 4}}


@pytest.fixture(scope="module")
def badges(uncommitted: None) -> Api:
    api = api_of(workspace_with([BADGE]))
    upsert(api, {"name": "One", "code": "A", "serial": "1"}, {"name": "Two", "code": "B", "serial": "2"})
    return api


def upsert(api: Api, *records: dict[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = api.data(BADGES, {"d": records})["createBadges"]
    return made


def test_two_records_by_different_unique_fields(badges: Api) -> None:
    before = {
        each["node"]["name"]: each["node"]["id"]
        for each in badges.data("{ badges { edges { node { id name } } } }")["badges"]["edges"]
    }
    changed = upsert(badges, {"code": "A", "name": "1"}, {"serial": "2", "name": "2"})
    assert [(each["id"], each["name"], each["deletedAt"]) for each in changed] == [
        (before["One"], "1", None),
        (before["Two"], "2", None),
    ]


def test_an_input_that_matches_two_records_is_refused(badges: Api) -> None:
    answer = badges.graphql(BADGES, {"d": [{"code": "A", "serial": "2"}]})
    assert answer.body["data"] == {"createBadges": None}
    [error] = answer.body["errors"]
    assert error["message"] == (
        "Multiple records found with the same unique field values for code: A, serial: 2."
        " Cannot determine which record to update."
    )
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == (
        "BAD_USER_INPUT",
        "UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT",
    )


def test_a_deleted_record_is_revived(badges: Api) -> None:
    [deleted] = badges.data('mutation { deleteBadges(filter: {code: {eq: "A"}}) { id deletedAt } }')["deleteBadges"]
    assert deleted["deletedAt"] is not None
    [revived] = upsert(badges, {"code": "A"})
    assert (revived["id"], revived["name"], revived["deletedAt"]) == (deleted["id"], "One", None)


def test_positions(badges: Api) -> None:
    [placed] = upsert(badges, {"code": "A", "position": 17})
    assert placed["position"] == 17
    [kept] = upsert(badges, {"code": "A", "name": "Other"})
    assert kept["position"] == 17
    [inserted] = upsert(badges, {"code": "C"})
    assert isinstance(inserted["position"], int | float)


def test_an_unknown_id_with_a_known_value_updates_the_record_that_has_it(badges: Api) -> None:
    [record] = upsert(badges, {"id": KNOWN, "code": "A", "name": "Changed"})
    assert record["id"] != KNOWN
    assert badges.data("{ badges { totalCount } }") == {"badges": {"totalCount": 2}}


def test_an_upsert_keeps_who_created_the_record(badges: Api) -> None:
    text = "mutation ($d: X) { createBadge(data: $d, upsert: true) { createdBy { source name } } }"
    data = {"code": "A", "createdBy": {"source": "IMPORT"}}
    assert badges.data(text, {"d": data})["createBadge"]["createdBy"] == {"source": "API", "name": "Test key"}


def test_one_bad_element_fails_the_whole_batch(badges: Api) -> None:
    answer = badges.graphql(BADGES, {"d": [{"code": "A", "name": "Changed"}, {"code": "C"}, {"code": 1}]})
    [error] = answer.body["errors"]
    assert error["message"] == 'Invalid string value 1 for text field "code"'
    names = badges.data("{ badges(orderBy: {name: AscNullsLast}) { edges { node { name } } } }")["badges"]["edges"]
    assert [edge["node"]["name"] for edge in names] == ["One", "Two"]


def test_an_updated_record_may_point_at_one_that_the_batch_creates(badges: Api) -> None:
    objects = badges.get("/rest/metadata/objects?limit=200").body["data"]["objects"]
    badge = next(each["id"] for each in objects if each["nameSingular"] == "badge")
    relation = {"type": "MANY_TO_ONE", "targetObjectMetadataId": badge, "targetFieldLabel": "Copies"}
    values = {"objectMetadataId": badge, "type": "RELATION", "name": "original", "label": "Original"}
    assert badges.post("/rest/metadata/fields", {**values, "relationCreationPayload": relation}).status == 201
    [old] = badges.data(BADGES.replace("X", "[BadgeCreateInput!]!"), {"d": [{"code": "old"}]})["createBadges"]
    batch = [{"code": "old", "originalId": KNOWN}, {"id": KNOWN, "code": "new", "originalId": old["id"]}]
    query = "mutation ($d: [BadgeCreateInput!]!) { createBadges(data: $d, upsert: true) { id code original { code } } }"
    assert badges.data(query, {"d": batch})["createBadges"] == [
        {"id": old["id"], "code": "old", "original": {"code": "new"}},
        {"id": KNOWN, "code": "new", "original": {"code": "old"}},
    ]
    before = badges.data("{ badges { totalCount } }")
    missing = [{"code": "old", "originalId": KNOWN.replace("0001", "0009")}, {"code": "other"}]
    assert badges.graphql(query, {"d": missing}).body["data"] == {"createBadges": None}
    assert badges.data("{ badges { totalCount } }") == before
