"""Duplicates and merge over `/graphql`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.graphql.conftest import without_samples
from tests.factories import Api

pytestmark = pytest.mark.django_db

GONE = "20202020-0000-4000-8000-00000000000f"
MERGE = """mutation ($ids: [UUID!]!, $i: Int!, $dry: Boolean! = false) { mergePeople(ids: $ids, conflictPriorityIndex: $i, dryRun: $dry) {
  id deletedAt emails { primaryEmail additionalEmails } phones { primaryPhoneNumber primaryPhoneCountryCode primaryPhoneCallingCode additionalPhones } } }"""
MERGE_COMPANIES = """mutation ($ids: X, $i: Int) { mergeCompanies(ids: $ids, conflictPriorityIndex: $i) {
  id name domainName { primaryLinkUrl primaryLinkLabel secondaryLinks } people { edges { node { jobTitle } } } } }"""


@pytest.fixture(scope="module")
def api(uncommitted: None) -> Api:
    return without_samples()


def people(api: Api, *records: dict[str, Any]) -> list[str]:
    made = api.data("mutation ($d: X) { createPeople(data: $d) { id } }", {"d": records})["createPeople"]
    return [each["id"] for each in made]


def mails(prefix: str, *more: str) -> dict[str, Any]:
    return {
        "emails": {
            "primaryEmail": f"{prefix}@x.example",
            "additionalEmails": [*more, f"{prefix}1@x.example", f"{prefix}2@x.example"],
        }
    }


def error_of(api: Api, text: str, variables: Any = None) -> tuple[str, str]:
    answer = api.graphql(text, variables)
    assert list(answer.body["data"].values()) == [None]
    [error] = answer.body["errors"]
    return error["message"], error["extensions"]["code"]


# Merge -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 1])
def test_the_survivors_email_is_primary_and_all_others_are_additional(api: Api, index: int) -> None:
    ids = people(api, mails("a"), mails("b"))
    merged = api.data(MERGE, {"ids": ids, "i": index})["mergePeople"]
    survivor, other = ("ab", "ba")[index]
    assert merged["id"] == ids[index]
    assert merged["emails"]["primaryEmail"] == f"{survivor}@x.example"
    assert len(merged["emails"]["additionalEmails"]) == 5
    assert f"{other}@x.example" in merged["emails"]["additionalEmails"]
    assert api.data(
        "query ($f: X) { people(filter: $f) { totalCount } }", {"f": {"not": {"deletedAt": {"is": "NULL"}}}}
    ) == {"people": {"totalCount": 0}}
    assert api.data("{ people { edges { node { id } } } }") == {"people": {"edges": [{"node": {"id": ids[index]}}]}}


def test_a_shared_email_is_kept_once(api: Api) -> None:
    records = [
        {
            "emails": {
                "primaryEmail": f"{name}@x.example",
                "additionalEmails": ["shared@x.example", f"{name}1@x.example"],
            }
        }
        for name in "ab"
    ]
    merged = api.data(MERGE, {"ids": people(api, *records), "i": 0})["mergePeople"]
    assert len(merged["emails"]["additionalEmails"]) == 4


def test_a_dry_run_writes_nothing(api: Api) -> None:
    ids = people(api, mails("a"), mails("b"))
    preview = api.data(MERGE, {"ids": ids, "i": 0, "dry": True})["mergePeople"]
    assert preview["id"] not in ids
    assert preview["deletedAt"] is not None
    assert len(preview["emails"]["additionalEmails"]) == 5
    text = "query ($id: X) { person(filter: {id: {eq: $id}}) { emails { primaryEmail } } }"
    assert api.data(text, {"id": ids[1]})["person"] == {"emails": {"primaryEmail": "b@x.example"}}


def test_phones_keep_both_codes_of_the_survivor(api: Api) -> None:
    def phones(*numbers: str) -> dict[str, Any]:
        first, second = numbers
        return {"phones": {"primaryPhoneNumber": first, "additionalPhones": [{"number": second}]}}

    ids = people(api, phones("+33612345678", "+33612345679"), phones("+447911123456", "+447911123457"))
    merged = api.data(MERGE, {"ids": ids, "i": 0})["mergePeople"]["phones"]
    assert merged["primaryPhoneNumber"] == "612345678"
    assert (merged["primaryPhoneCountryCode"], merged["primaryPhoneCallingCode"]) == ("FR", "+33")
    assert sorted(each["number"] for each in merged["additionalPhones"]) == ["612345679", "7911123456", "7911123457"]


@pytest.mark.parametrize("shared", [False, True])
def test_links_of_companies_and_the_people_that_point_at_them(api: Api, shared: bool) -> None:
    def company(name: str) -> dict[str, Any]:
        urls = [f"https://{name}1.example", "https://shared.example" if shared else f"https://{name}2.example"]
        links = [{"label": "", "url": url} for url in urls]
        return {
            "name": name,
            "domainName": {
                "primaryLinkUrl": f"https://{name}.example",
                "primaryLinkLabel": name,
                "secondaryLinks": links,
            },
        }

    made = api.data(
        "mutation ($d: X) { createCompanies(data: $d) { id } }", {"d": [company(name) for name in "abc"[:2]]}
    )
    ids = [each["id"] for each in made["createCompanies"]]
    people(api, *({"jobTitle": title, "companyId": id_} for title, id_ in zip("AB", ids, strict=True)))
    merged = api.data(MERGE_COMPANIES, {"ids": ids, "i": 1})["mergeCompanies"]
    assert (merged["id"], merged["name"]) == (ids[1], "b")
    assert (merged["domainName"]["primaryLinkUrl"], merged["domainName"]["primaryLinkLabel"]) == (
        "https://b.example",
        "b",
    )
    assert len(merged["domainName"]["secondaryLinks"]) == (4 if shared else 5)
    assert sorted(edge["node"]["jobTitle"] for edge in merged["people"]["edges"]) == ["A", "B"]
    gone = api.graphql("query ($id: X) { company(filter: {id: {eq: $id}}) { id } }", {"id": ids[0]})
    assert gone.body["data"] == {"company": None}


def test_merges_refused(api: Api) -> None:
    ids = people(api, {}, {})
    text = (
        "mutation ($ids: X, $i: X, $dry: X) { mergePeople(ids: $ids, conflictPriorityIndex: $i, dryRun: $dry) { id } }"
    )
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"i": 0}, ('Missing required argument: "ids" (array)', "BAD_USER_INPUT")),
        ({"ids": ids}, ('Missing required argument: "conflictPriorityIndex" (number)', "BAD_USER_INPUT")),
        ({"ids": ids, "i": 0, "dry": "x"}, ('Invalid argument: "dryRun" must be a boolean', "BAD_USER_INPUT")),
        ({"ids": ids[:1], "i": 0}, ("At least 2 record IDs are required for merge", "BAD_USER_INPUT")),
        ({"ids": [GONE] * 10, "i": 0}, ("Maximum 9 records can be merged at once", "BAD_USER_INPUT")),
        ({"ids": ids, "i": 5}, ("Invalid conflict priority '5'. Valid options for 2 records: 0-1", "BAD_USER_INPUT")),
        ({"ids": [ids[0], GONE], "i": 0}, ("One or more records not found", "NOT_FOUND")),
    ]
    assert [(given, error_of(api, text, given)) for given, _ in cases] == cases
    assert "merge" not in str(
        [
            each["name"]
            for each in api.data('{ __type(name: "Mutation") { fields { name } } }')["__type"]["fields"]
            if "Note" in each["name"]
        ]
    )


# Duplicates ------------------------------------------------------------------------------------------

DUPLICATES = """query ($ids: X, $data: X) { personDuplicates(ids: $ids, data: $data) {
  totalCount edges { cursor node { jobTitle } } pageInfo { hasNextPage hasPreviousPage } } }"""


def test_duplicates_of_existing_records_and_of_data(api: Api) -> None:
    same = {"name": {"firstName": "Ada", "lastName": "Byron"}}
    ids = people(
        api, {**same, "jobTitle": "A"}, {**same, "jobTitle": "B"}, {"name": {"firstName": "Bob"}, "jobTitle": "C"}
    )

    def titles(**given: Any) -> list[list[str]]:
        found = api.data(DUPLICATES, given)["personDuplicates"]
        assert all(each["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False} for each in found)
        assert [each["totalCount"] for each in found] == [len(each["edges"]) for each in found]
        return [sorted(edge["node"]["jobTitle"] for edge in each["edges"]) for each in found]

    assert titles(ids=ids) == [["B"], ["A"], []]
    assert titles(ids=[ids[1], GONE]) == [["A"]]
    assert titles(data=[same, {"name": {"firstName": "Ada"}}, {}]) == [["A", "B"], [], []]
    api.data("mutation ($id: ID!) { deletePerson(id: $id) { id } }", {"id": ids[1]})
    assert titles(ids=[ids[0]]) == [[]]


def test_duplicates_refused(api: Api) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({}, ('You have to provide either "data" or "ids" argument', "BAD_USER_INPUT")),
        ({"ids": [GONE], "data": [{}]}, ('You cannot provide both "data" and "ids" arguments', "BAD_USER_INPUT")),
        ({"data": []}, ('The "data" condition can not be empty when "ids" input not provided', "BAD_USER_INPUT")),
        ({"ids": "x"}, ('Invalid argument: "ids" must be an array', "BAD_USER_INPUT")),
        ({"data": 1}, ('Invalid argument: "data" must be an array', "BAD_USER_INPUT")),
    ]
    assert [(given, error_of(api, DUPLICATES, given)) for given, _ in cases] == cases
