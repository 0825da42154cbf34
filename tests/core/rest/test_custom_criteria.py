"""Duplicates of an object that users made, by the criteria they set for it, over both Core APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from metadata import cache
from metadata.models import Workspace
from tests.api_client import Answer
from tests.core.rest.conftest import Rest
from tests.factories import Api

IDS = [f"888a8457-eb2d-40ac-a707-551b615b698{digit}" for digit in range(4)]
CRITERIA = [["name", "homeAddressCity"], ["serial"], ["ownerId"]]


@pytest.fixture
def rocket(rest: Rest, workspace: Workspace) -> Iterator[str]:
    """An object with criteria over a composite, a number and a relation; its id."""
    cache.forget(workspace.id)  # what a test's end rolls back comes again under the same version
    names = {"nameSingular": "rocket", "namePlural": "rockets", "labelSingular": "Rocket", "labelPlural": "Rockets"}
    rocket = made(rest.post("metadata/objects", names))
    company = next(
        each["id"] for each in rest.get("metadata/objects?limit=200").data if each["nameSingular"] == "company"
    )
    for values in (
        {"type": "NUMBER", "name": "serial"},
        {"type": "ADDRESS", "name": "home"},
        {
            "type": "RELATION",
            "name": "owner",
            "relationCreationPayload": {
                "type": "MANY_TO_ONE",
                "targetObjectMetadataId": company,
                "targetFieldLabel": "Rockets",
                "targetFieldIcon": "IconRocket",
            },
        },
    ):
        made(rest.post("metadata/fields", {"objectMetadataId": rocket, "label": values["name"], **values}))
    answer = rest.patch(f"metadata/objects/{rocket}", {"duplicateCriteria": CRITERIA})
    assert answer.status == 200, answer.body
    yield rocket
    cache.forget(workspace.id)


@pytest.fixture
def rockets(rest: Rest, rocket: str) -> list[str]:
    """The first two agree on name and city, the first and the third on the serial number; the fourth is alone."""
    paris = {"addressCity": "Paris"}
    records: list[dict[str, Any]] = [
        {"id": IDS[0], "name": "Ariane", "home": paris, "serial": 1001},
        {"id": IDS[1], "name": "Ariane", "home": {**paris, "addressStreet1": "Elsewhere"}},
        {"id": IDS[2], "name": "Vega", "home": paris, "serial": 1001},
        {"id": IDS[3], "name": "Ariane", "home": {"addressCity": "Kourou"}, "serial": 2002},
    ]
    assert rest.post("batch/rockets", records).status == 201
    return IDS


def made(answer: Answer) -> str:
    assert answer.status == 201, answer.body
    return str(answer.data["id"])


def found(rest: Rest, body: dict[str, Any]) -> list[list[str]]:
    answer = rest.post("rockets/duplicates?fields=id", body)
    assert answer.status == 200, answer.body
    pages = answer.body["data"]
    assert [each["totalCount"] for each in pages] == [len(each["rocketDuplicates"]) for each in pages]
    return [[record["id"] for record in each["rocketDuplicates"]] for each in pages]


def found_by_graphql(rest: Rest, arguments: str) -> list[list[str]]:
    query = f"{{ rocketDuplicates({arguments}) {{ totalCount edges {{ node {{ id }} }} }} }}"
    pages = Api(rest.token).data(query)["rocketDuplicates"]
    return [[edge["node"]["id"] for edge in each["edges"]] for each in pages]


def test_of_stored_records_by_their_ids(rest: Rest, rockets: list[str]) -> None:
    expected = [[IDS[1], IDS[2]], [IDS[0]], [IDS[0]], []]
    assert found(rest, {"ids": rockets}) == expected
    listed = ", ".join(f'"{each}"' for each in rockets)
    assert found_by_graphql(rest, f"ids: [{listed}]") == expected


def test_of_data(rest: Rest, rockets: list[str]) -> None:
    data = [
        {"name": "Ariane", "home": {"addressCity": "Paris"}},
        {"serial": 2002},
        {"name": "Ariane"},  # half of a criterion tells nothing
        {"name": "ariane", "home": {"addressCity": "Paris"}},  # values agree exactly or not at all
    ]
    assert found(rest, {"data": data}) == [IDS[:2], [IDS[3]], [], []]
    assert found_by_graphql(rest, 'data: [{name: "Ariane", home: {addressCity: "Paris"}}, {serial: 2002}]') == [
        IDS[:2],
        [IDS[3]],
    ]


def test_by_a_relation(rest: Rest, rockets: list[str]) -> None:
    owner = made(rest.post("companies", {"name": "Acme"}))
    for each in rockets[2:]:
        assert rest.patch(f"rockets/{each}", {"ownerId": owner}).status == 200
    assert found(rest, {"ids": [IDS[3]]}) == [[IDS[2]]]
    assert found(rest, {"data": [{"ownerId": owner}]}) == [IDS[2:]]


def test_soft_deleted_records_are_no_duplicates(rest: Rest, rockets: list[str]) -> None:
    rest.delete(f"rockets/{IDS[1]}?soft_delete=true")
    assert found(rest, {"ids": [IDS[0]]}) == [[IDS[2]]]


def test_criteria_follow_a_renamed_field_and_go_with_a_deleted_one(rest: Rest, rocket: str, rockets: list[str]) -> None:
    fields = {each["name"]: each["id"] for each in rest.get(f"metadata/objects/{rocket}").data["fields"]}
    assert rest.patch(f"metadata/fields/{fields['home']}", {"name": "base"}).status == 200
    assert found(rest, {"ids": [IDS[0]]}) == [[IDS[1], IDS[2]]]
    assert found(rest, {"data": [{"name": "Ariane", "base": {"addressCity": "Paris"}}]}) == [IDS[:2]]
    assert rest.delete(f"metadata/fields/{fields['serial']}").status == 200
    assert found(rest, {"ids": [IDS[0]]}) == [[IDS[1]]]


def test_records_found_are_merged(rest: Rest, rockets: list[str]) -> None:
    answer = rest.patch("rockets/merge", {"ids": IDS[:2], "conflictPriorityIndex": 0})
    assert (answer.status, answer.data["id"]) == (200, IDS[0])
    assert found(rest, {"ids": [IDS[0]]}) == [[IDS[2]]]


def test_without_criteria_nothing_is_alike_and_a_merge_is_refused(rest: Rest, rocket: str, rockets: list[str]) -> None:
    assert rest.patch(f"metadata/objects/{rocket}", {"duplicateCriteria": None}).status == 200
    assert found(rest, {"ids": [IDS[0]]}) == [[]]
    answer = rest.patch("rockets/merge", {"ids": IDS[:2], "conflictPriorityIndex": 0})
    assert (answer.status, answer.message) == (
        400,
        "Merge is only available for objects with duplicate criteria."
        " Object 'rocket' does not have duplicate criteria defined.",
    )
    assert rest.get("rockets?limit=0").body["totalCount"] == 4
