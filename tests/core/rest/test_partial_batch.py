"""`on_error=continue` of a batch, and what holds without it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.rest.conftest import Rest


def company(name: str, domain: str | None = None) -> dict[str, Any]:
    return {"name": name} | ({} if domain is None else {"domainName": {"primaryLinkUrl": f"https://{domain}.example"}})


def names(rest: Rest) -> list[str]:
    return sorted(each["name"] for each in rest.get("companies").data)


def test_good_records_are_written_and_bad_ones_named(rest: Rest) -> None:
    rest.post("companies", company("Old", "taken"))
    batch = [
        company("A", "a"),
        {"name": 5},
        company("B", "taken"),
        {"name": "C", "accountOwnerId": "00000000-0000-4000-8000-000000000000"},
        company("D", "a"),
        {"nmae": "E"},
        company("F"),
    ]
    answer = rest.post("batch/companies?on_error=continue", batch)
    assert answer.status == 201
    assert [each["name"] for each in answer.data] == ["A", "F"]
    results = answer.body["results"]
    assert [(each["index"], each["status"]) for each in results] == list(enumerate([201, 400, 400, 400, 400, 400, 201]))
    assert [results[0]["id"], results[6]["id"]] == [each["id"] for each in answer.data]
    assert results[1]["messages"] == ['Invalid string value 5 for text field "name"']
    assert results[2]["messages"] == results[4]["messages"] == ["A duplicate entry was detected"]
    assert results[2]["error"] == "BadRequestException"
    assert results[3]["code"] == "MISSING_REFERENCE"
    assert results[5]["hint"] == 'Did you mean "name"?'
    assert names(rest) == ["A", "F", "Old"]
    assert rest.get("companies?limit=0").body["totalCount"] == 3


def test_upsert_says_what_was_updated(rest: Rest) -> None:
    old = rest.post("companies", company("Old", "taken")).data["id"]
    batch = [company("New", "taken"), company("Fresh", "fresh"), {"name": False}]
    answer = rest.post("batch/companies?on_error=continue&upsert=true", batch)
    assert [each["status"] for each in answer.body["results"]] == [200, 201, 400]
    assert answer.body["results"][0]["id"] == old
    assert names(rest) == ["Fresh", "New"]


def test_all_bad_is_200_without_records(rest: Rest) -> None:
    answer = rest.post("batch/companies?on_error=continue", [{"name": 1}, {"name": 2}])
    assert (answer.status, answer.data, [each["status"] for each in answer.body["results"]]) == (200, [], [400, 400])


def test_without_it_all_or_nothing(rest: Rest) -> None:
    for query in ("", "?on_error=stop"):
        answer = rest.post(f"batch/companies{query}", [company("A"), {"name": 5}])
        assert (answer.status, answer.body["index"]) == (400, 1)
    assert names(rest) == []


NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("upsert", ["", "?upsert=true"])
@pytest.mark.parametrize(
    ("record", "index"),
    [
        ({"name": 5}, 1),
        ({"accountOwnerId": NOBODY}, 1),
        ({"accountOwner": {"connect": {"where": {"id": NOBODY}}}}, 1),
        ({"accountOwner": {"connect": {"where": {"name": "Ada"}}}}, 1),
        ({"domainName": {"primaryLinkUrl": "https://a.example"}}, None),
    ],
    ids=["value", "missing", "missing to connect", "nothing unique", "twice in the batch"],
)
def test_a_refused_batch_says_which_record(rest: Rest, upsert: str, record: Any, index: int | None) -> None:
    answer = rest.post(f"batch/companies{upsert}", [company("A", "a"), record])
    assert answer.status == 400
    if index is None:
        assert answer.body["indexes"] == [0, 1]
    else:
        assert answer.body["index"] == index
    assert names(rest) == []


def test_what_is_refused_as_a_whole(rest: Rest) -> None:
    bad = rest.post("batch/companies?on_error=never", [company("A")])
    assert (bad.status, bad.message) == (400, "'on_error=never' parameter invalid. Allowed values are stop, continue")
    assert rest.post("batch/companies?on_error=continue", [company("A")] * 61).status == 400
    assert names(rest) == []


def test_quotes_protect_commas_in_lists(rest: Rest) -> None:
    rest.post("batch/companies", [company("Acme, Inc"), company("B"), company("C]x"), company("Acme")])
    for wanted, query in [
        (["Acme, Inc", "B"], '["Acme, Inc","B"]'),
        (["Acme, Inc"], "['Acme, Inc']"),
        (["B", "C]x"], '[B,"C]x"]'),
        (["Acme"], "[Acme, Inc]"),
    ]:
        found = rest.get(f"companies?filter=name[in]:{query}").data
        assert sorted(each["name"] for each in found) == wanted
