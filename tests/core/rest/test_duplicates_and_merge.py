"""Records that are the same, found and made one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.rest.conftest import Rest

IDS = [f"777a8457-eb2d-40ac-a707-551b615b698{digit}" for digit in range(3)]
MISSING = "777a8457-eb2d-40ac-a707-551b615b6990"
ADA = {"firstName": "Ada", "lastName": "Byron"}


@pytest.fixture
def twins(rest: Rest) -> list[str]:
    """Two people of one name, and a third of another."""
    company = rest.post("companies", {"name": "Acme"}).data["id"]
    rest.post(
        "batch/people",
        [
            {"id": IDS[0], "name": ADA, "companyId": company, "emails": {"primaryEmail": "a@example.com"}},
            {"id": IDS[1], "name": ADA, "jobTitle": "Countess", "emails": {"primaryEmail": "b@example.com"}},
            {"id": IDS[2], "name": {"firstName": "Grace", "lastName": "Hopper"}},
        ],
    )
    return IDS[:2]


def test_duplicates_of_data(rest: Rest, twins: list[str]) -> None:
    answer = rest.post("people/duplicates", {"data": [{"name": ADA}]})
    assert answer.status == 200
    [entry] = answer.body["data"]
    assert sorted(entry) == ["pageInfo", "personDuplicates", "totalCount"]
    assert entry["totalCount"] == 2
    assert [record["id"] for record in entry["personDuplicates"]] == twins
    assert entry["pageInfo"]["hasNextPage"] is False
    assert entry["pageInfo"]["startCursor"] and entry["pageInfo"]["endCursor"]


def test_duplicates_of_an_id(rest: Rest, twins: list[str]) -> None:
    [entry] = rest.post("people/duplicates?fields=id", {"ids": [twins[0]]}).body["data"]
    assert (entry["totalCount"], entry["personDuplicates"]) == (1, [{"id": twins[1]}])


def test_no_duplicates(rest: Rest, twins: list[str]) -> None:
    [entry] = rest.post("people/duplicates", {"data": [{"name": {"firstName": "No", "lastName": "One"}}]}).body["data"]
    assert (entry["totalCount"], entry["personDuplicates"]) == (0, [])


def test_one_entry_per_input_in_order(rest: Rest, twins: list[str]) -> None:
    entries = rest.post("people/duplicates", {"ids": [IDS[2], twins[1]]}).body["data"]
    assert [[record["id"] for record in entry["personDuplicates"]] for entry in entries] == [[], [twins[0]]]


def test_duplicates_by_depth(rest: Rest, twins: list[str]) -> None:
    body = {"ids": [twins[1]]}
    [flat] = rest.post("people/duplicates", body).body["data"][0]["personDuplicates"]
    assert "company" not in flat
    [deep] = rest.post("people/duplicates?depth=1", body).body["data"][0]["personDuplicates"]
    assert deep["company"]["name"] == "Acme"
    assert rest.post("people/duplicates?depth=2", body).status == 400


def test_no_ids_have_no_duplicates(rest: Rest) -> None:
    answer = rest.post("people/duplicates", {"ids": []})
    assert (answer.status, answer.body) == (200, {"data": []})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"data": []}, 'The "data" condition can not be empty when "ids" input not provided'),
        ({"data": [], "ids": []}, 'You cannot provide both "data" and "ids" arguments'),
        ({}, 'You have to provide either "data" or "ids" argument'),
        ({"ids": "x"}, '"ids" should be an array'),
    ],
)
def test_duplicates_refused(rest: Rest, body: Any, message: str) -> None:
    answer = rest.post("people/duplicates", body)
    assert (answer.status, answer.body["error"], answer.message) == (400, "BadRequestException", message)


def test_merge(rest: Rest, twins: list[str]) -> None:
    answer = rest.patch("people/merge", {"ids": twins, "conflictPriorityIndex": 0})
    assert (answer.status, list(answer.body["data"])) == (200, ["mergePerson"])
    assert (answer.data["id"], answer.data["name"], answer.data["jobTitle"]) == (twins[0], ADA, "Countess")
    assert answer.data["emails"] == {"primaryEmail": "a@example.com", "additionalEmails": ["b@example.com"]}
    assert rest.get(f"people/{twins[0]}").status == 200
    assert rest.get(f"people/{twins[1]}").status == 404


def test_merge_dry_run_changes_nothing(rest: Rest, twins: list[str]) -> None:
    before = [rest.get(f"people/{each}").data for each in twins]
    answer = rest.patch("people/merge", {"ids": twins, "conflictPriorityIndex": 0, "dryRun": True})
    assert answer.status == 200
    assert answer.data["id"] not in twins and answer.data["deletedAt"] is not None
    assert [rest.get(f"people/{each}").data for each in twins] == before


def test_merge_shows_the_fields_asked_for(rest: Rest, twins: list[str]) -> None:
    answer = rest.patch("people/merge?fields=jobTitle", {"ids": twins, "conflictPriorityIndex": 1, "dryRun": True})
    assert sorted(answer.data) == ["id", "jobTitle"]


@pytest.mark.parametrize(
    ("ids", "index", "status"),
    [(IDS[:1], 0, 400), ([*IDS[:2], MISSING], 0, 404), (IDS[:2], 5, 400), (["x", "y"], 0, 400), ([], 0, 400)],
    ids=["one", "missing", "index", "no ids", "none"],
)
def test_merge_refused(rest: Rest, twins: list[str], ids: list[str], index: int, status: int) -> None:
    answer = rest.patch("people/merge", {"ids": ids, "conflictPriorityIndex": index})
    assert answer.status == status
    assert [rest.get(f"people/{each}").status for each in twins] == [200, 200]
