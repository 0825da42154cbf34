"""Core REST as clients know it: every verb over HTTP, against the standard objects."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from metadata.models import FieldMetadata, Workspace
from metadata.services import standard_objects_add
from tests.api_client import Answer
from tests.core.rest.conftest import Rest
from tests.factories import api_of, workspace_with

pytestmark = pytest.mark.smoke

IDS = [f"777a8457-eb2d-40ac-a707-551b615b698{digit}" for digit in range(10)]
MISSING = "777a8457-eb2d-40ac-a707-551b615b6990"
DEPTH_2 = "'depth=2' parameter invalid. Allowed values are 0, 1"


def refusal(answer: Answer) -> tuple[int, str, str]:
    assert answer.body["statusCode"] == answer.status
    return answer.status, answer.body["error"], answer.message


@pytest.fixture
def company(rest: Rest) -> str:
    """A company whose link ends in a slash."""
    answer = rest.post("companies", {"name": "Acme", "domainName": {"primaryLinkUrl": "https://acme.example/"}})
    return str(answer.data["id"])


@pytest.fixture
def people(rest: Rest, company: str) -> list[str]:
    """Four people of the company, at the positions 0 to 3, whose ids ascend likewise."""
    answer = rest.post(
        "batch/people?fields=id",
        [{"id": IDS[n], "position": n, "jobTitle": f"Job {n}", "companyId": company} for n in range(4)],
    )
    return [record["id"] for record in answer.data]


def ids(answer: Answer) -> list[str]:
    return [record["id"] for record in answer.data]


# Create one ---------------------------------------------------------------------------------------------


def test_create_echoes_id_and_text(rest: Rest) -> None:
    answer = rest.post("people", {"id": IDS[0], "jobTitle": "CTO"})
    assert answer.status == 201
    assert list(answer.body) == ["data"] and list(answer.body["data"]) == ["createPerson"]
    assert (answer.data["id"], answer.data["jobTitle"]) == (IDS[0], "CTO")


def test_created_by_an_api_key(rest: Rest) -> None:
    actor = rest.post("people", {}).data["createdBy"]
    assert actor == {"source": "API", "workspaceMemberId": None, "name": "Importer", "context": {}}


def test_created_by_keeps_a_sent_source(rest: Rest) -> None:
    actor = rest.post("people", {"createdBy": {"source": "EMAIL"}}).data["createdBy"]
    assert (actor["source"], actor["workspaceMemberId"]) == ("EMAIL", None)


@pytest.mark.parametrize("sent", [{"workspaceMemberId": IDS[3]}, {"workspaceMemberId": IDS[3], "name": "Ada"}])
@pytest.mark.parametrize("path", ["people", "batch/people", "people?upsert=true"])
def test_an_api_key_cannot_claim_a_member_as_creator(rest: Rest, path: str, sent: Any) -> None:
    body: Any = {"id": IDS[0], "createdBy": sent}
    assert rest.post(path, [body] if "batch" in path else body).status == 201
    named = {"source": "MANUAL", "name": "Ada"} if "name" in sent else {"source": "API", "name": "Importer"}
    assert rest.get(f"people/{IDS[0]}").data["createdBy"] == {"workspaceMemberId": None, "context": {}, **named}
    rest.patch(f"people/{IDS[0]}", {"createdBy": {"workspaceMemberId": IDS[3]}})
    assert rest.get(f"people/{IDS[0]}").data["createdBy"] == {"workspaceMemberId": None, "context": {}, **named}


@pytest.mark.parametrize("path", ["people", "batch/people"])
def test_create_at_depth_0_has_no_relations(rest: Rest, company: str, path: str) -> None:
    body: Any = {"companyId": company}
    answer = rest.post(path, [body] if "batch" in path else body)
    record = answer.data[0] if "batch" in path else answer.data
    assert record["companyId"] == company
    assert "company" not in record


@pytest.mark.parametrize("path", ["people", "batch/people"])
def test_create_at_depth_1_has_relations_but_not_theirs(rest: Rest, company: str, path: str) -> None:
    body: Any = {"companyId": company}
    answer = rest.post(f"{path}?depth=1", [body] if "batch" in path else body)
    record = answer.data[0] if "batch" in path else answer.data
    assert record["company"]["domainName"]["primaryLinkUrl"] == "https://acme.example"
    assert "people" not in record["company"]


def test_depth_2_is_refused_everywhere(rest: Rest, people: list[str]) -> None:
    expected = (400, "BadRequestException", DEPTH_2)
    assert refusal(rest.post("people?depth=2", {})) == expected
    assert refusal(rest.post("batch/people?depth=2", [{}])) == expected
    assert refusal(rest.get("people?depth=2")) == expected
    assert refusal(rest.get(f"people/{people[0]}?depth=2")) == expected
    assert refusal(rest.patch(f"people/{people[0]}?depth=2", {"jobTitle": "x"})) == expected
    assert rest.get(f"people/{people[0]}").data["jobTitle"] == "Job 0"
    assert rest.get("people?limit=0").body["totalCount"] == 4


@pytest.mark.parametrize("path", ["people", "batch/people"])
def test_same_id_twice_is_refused(rest: Rest, people: list[str], path: str) -> None:
    body: Any = {"id": people[0]}
    answer = rest.post(path, [body, {}] if "batch" in path else body)
    assert refusal(answer) == (400, "BadRequestException", "A duplicate entry was detected")
    assert rest.get("people?limit=0").body["totalCount"] == 4


def test_unknown_stage_is_refused(rest: Rest) -> None:
    answer = rest.post("opportunities", {"name": "Deal", "stage": "NOPE"})
    assert (answer.status, answer.body["error"]) == (400, "BadRequestException")
    assert answer.message == (
        'Invalid value "NOPE" for field "stage". Valid values are: NEW, SCREENING, MEETING, PROPOSAL, CUSTOMER'
    )
    assert rest.get("opportunities").data == []


def test_emails_come_back_canonical(rest: Rest) -> None:
    emails = {"primaryEmail": "ADA@Bücher。Example", "additionalEmails": ["Second@EXAMPLE.com"]}
    canonical = {"primaryEmail": "ada@xn--bcher-kva.example", "additionalEmails": ["second@example.com"]}
    created = rest.post("people", {"emails": emails}).data
    assert created["emails"] == canonical
    updated = rest.patch(f"people/{created['id']}", {"emails": {"primaryEmail": "B@ÜBER.example"}}).data
    assert updated["emails"] == {"primaryEmail": "b@xn--ber-goa.example", "additionalEmails": ["second@example.com"]}


def test_unknown_member_is_refused(rest: Rest) -> None:
    answer = rest.post("people", {"foo": 1})
    assert refusal(answer) == (400, "BadRequestException", 'Object person doesn\'t have any "foo" field.')


# Create many --------------------------------------------------------------------------------------------


def test_batch_answers_in_order(rest: Rest) -> None:
    answer = rest.post("batch/people", [{"id": IDS[3]}, {"id": IDS[1]}, {"id": IDS[2]}])
    assert answer.status == 201
    assert list(answer.body["data"]) == ["createPeople"]
    assert ids(answer) == [IDS[3], IDS[1], IDS[2]]
    assert [record["createdBy"]["source"] for record in answer.data] == ["API"] * 3


def test_batch_keeps_each_source(rest: Rest) -> None:
    answer = rest.post("batch/people", [{"createdBy": {"source": source}} for source in ("EMAIL", "MANUAL")])
    actors = [(record["createdBy"]["source"], record["createdBy"]["workspaceMemberId"]) for record in answer.data]
    assert actors == [("EMAIL", None), ("MANUAL", None)]


def test_empty_batch(rest: Rest) -> None:
    answer = rest.post("batch/people", [])
    assert (answer.status, answer.data) == (201, [])


def test_one_bad_record_fails_the_batch(rest: Rest) -> None:
    answer = rest.post("batch/people", [{"jobTitle": "x"}, {"jobTitle": 5}])
    assert (answer.status, answer.body["error"]) == (400, "BadRequestException")
    assert rest.get("people").data == []


def test_batch_at_the_limit_and_one_more(rest: Rest) -> None:
    assert refusal(rest.post("batch/people", [{}] * 61)) == (
        400,
        "BadRequestException",
        "Maximum number of records to upsert is 60.",
    )
    assert rest.get("people?limit=0").body["totalCount"] == 0
    assert rest.post("batch/people", [{}] * 60).status == 201
    assert rest.get("people?limit=0").body["totalCount"] == 60


def test_upsert_updates_what_a_unique_value_names(rest: Rest, company: str) -> None:
    body = {"name": "Acme Inc", "domainName": {"primaryLinkUrl": "https://acme.example"}}
    answer = rest.post("companies?upsert=true&fields=id,name", body)
    assert (answer.status, answer.data) == (201, {"id": company, "name": "Acme Inc"})
    assert refusal(rest.post("companies", body))[2] == "A duplicate entry was detected"
    assert rest.get("companies?limit=0").body["totalCount"] == 1


def test_misspelt_upsert_writes_nothing(rest: Rest) -> None:
    assert refusal(rest.post("people?upsert=yes", {})) == (
        400,
        "BadRequestException",
        "'upsert=yes' parameter invalid. Allowed values are true, false",
    )
    assert rest.get("people").data == []


# Find one -----------------------------------------------------------------------------------------------


def test_find_one(rest: Rest, people: list[str]) -> None:
    answer = rest.get(f"people/{people[1]}")
    assert answer.status == 200
    assert list(answer.body) == ["data"] and list(answer.body["data"]) == ["person"]
    assert (answer.data["id"], answer.data["jobTitle"]) == (people[1], "Job 1")


def test_find_one_unknown(rest: Rest) -> None:
    assert refusal(rest.get(f"people/{MISSING}")) == (404, "NotFoundException", "Record not found")


def test_find_one_malformed(rest: Rest) -> None:
    assert refusal(rest.get("people/malformed-uuid")) == (
        400,
        "BadRequestException",
        "'malformed-uuid' is not a valid UUID",
    )


def test_find_one_by_depth(rest: Rest, people: list[str], company: str) -> None:
    flat = rest.get(f"people/{people[0]}").data
    assert flat["companyId"] == company and "company" not in flat
    deep = rest.get(f"people/{people[0]}?depth=1").data
    assert deep["company"]["domainName"]["primaryLinkUrl"] == "https://acme.example"
    assert "people" not in deep["company"]
    assert deep["noteTargets"] == []


# Find many ----------------------------------------------------------------------------------------------


def test_find_many(rest: Rest, people: list[str]) -> None:
    answer = rest.get("people")
    assert answer.status == 200
    assert sorted(answer.body) == ["data", "pageInfo", "totalCount"]
    assert ids(answer) == people
    assert answer.body["totalCount"] == 4
    cursors = [base64.b64encode(json.dumps({"id": each}, separators=(",", ":")).encode()).decode() for each in people]
    assert answer.body["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": cursors[0],
        "endCursor": cursors[3],
    }


def test_nothing_found(rest: Rest) -> None:
    assert rest.get("people").body == {
        "data": {"people": []},
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


def test_limit(rest: Rest, people: list[str]) -> None:
    answer = rest.get("people?limit=3")
    assert ids(answer) == people[:3]
    assert (answer.body["totalCount"], answer.body["pageInfo"]["hasNextPage"]) == (4, True)


def test_limit_0_counts(rest: Rest, people: list[str]) -> None:
    answer = rest.get("people?limit=0")
    assert (answer.data, answer.body["totalCount"]) == ([], 4)


def test_count_none_leaves_the_total_out(rest: Rest, people: list[str]) -> None:
    answer = rest.get("people?count=none&limit=1")
    assert "totalCount" not in answer.body
    assert (ids(answer), answer.body["pageInfo"]["hasNextPage"]) == (people[:1], True)


@pytest.mark.parametrize("query", ["filter=position[lte]:1", "filter=position[lt]:2", "filter=position%5Blt%5D%3A2"])
def test_filter_by_number(rest: Rest, people: list[str], query: str) -> None:
    answer = rest.get(f"people?{query}")
    assert ids(answer) == people[:2]
    assert (answer.body["totalCount"], answer.body["pageInfo"]["hasNextPage"]) == (2, False)


def test_starting_after_the_start_gives_the_second(rest: Rest, people: list[str]) -> None:
    start = rest.get("people").body["pageInfo"]["startCursor"]
    answer = rest.get(f"people?starting_after={start}&limit=1")
    assert ids(answer) == people[1:2]
    assert answer.body["totalCount"] == 4
    assert (answer.body["pageInfo"]["hasNextPage"], answer.body["pageInfo"]["hasPreviousPage"]) == (True, True)


def test_ending_before_the_end_gives_the_records_before_in_order(rest: Rest, people: list[str]) -> None:
    end = rest.get("people").body["pageInfo"]["endCursor"]
    answer = rest.get(f"people?ending_before={end}&limit=2")
    assert ids(answer) == people[1:3]
    assert (answer.body["pageInfo"]["hasNextPage"], answer.body["pageInfo"]["hasPreviousPage"]) == (True, True)


def test_order_by(rest: Rest, people: list[str]) -> None:
    assert ids(rest.get("people?order_by=position[AscNullsLast]")) == people
    assert ids(rest.get("people?order_by=position[DescNullsLast]")) == people[::-1]


def test_order_goes_on_behind_the_cursor(rest: Rest, people: list[str]) -> None:
    first = rest.get("people?order_by=position[DescNullsLast]&limit=2")
    end = first.body["pageInfo"]["endCursor"]
    assert ids(first) == [people[3], people[2]]
    second = rest.get(f"people?order_by=position[DescNullsLast]&limit=2&starting_after={end}")
    assert ids(second) == [people[1], people[0]]


def test_filter_in_quotes_not_encoded(rest: Rest, people: list[str], company: str) -> None:
    rest.post("people", {"jobTitle": "elsewhere"})
    assert ids(rest.get(f'people?filter=companyId[in]:["{company}"]')) == people


def test_filter_by_unquoted_ids(rest: Rest, people: list[str]) -> None:
    assert ids(rest.get(f"people?filter=id[in]:[{people[0]},{people[2]}]")) == [people[0], people[2]]


def test_order_by_a_composite_is_refused(rest: Rest) -> None:
    answer = rest.get("people?order_by=name[AscNullsLast]")
    assert refusal(answer) == (
        400,
        "BadRequestException",
        "Composite field \"name\" requires subfield ordering (e.g., { name: { subFieldName: 'AscNullsFirst' } })",
    )


def test_invalid_cursor_is_refused(rest: Rest) -> None:
    assert refusal(rest.get("people?starting_after=invalid-cursor")) == (
        400,
        "BadRequestException",
        "Invalid cursor: invalid-cursor",
    )


def test_a_cursor_of_another_order_is_refused(rest: Rest, people: list[str]) -> None:
    by_id = rest.get("people?limit=1").body["pageInfo"]["endCursor"]
    placed = rest.get("people?limit=1&order_by=position").body["pageInfo"]["endCursor"]
    missing = (
        'Cursor is missing the value for orderBy field "position": it was encoded for a different orderBy.'
        " Restart pagination without a cursor."
    )
    for side in ("starting_after", "ending_before"):
        answer = rest.get(f"people?order_by=position&{side}={by_id}")
        assert refusal(answer) == (400, "BadRequestException", missing)
        answer = rest.get(f"people?{side}={placed}")
        assert refusal(answer) == (400, "BadRequestException", f"Invalid cursor: {placed[:64]}…")
        assert answer.body["hint"] == "It was made for another order."


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("", [1, 2, 3]),
        ("not(deletedAt[is]:NULL)", [0]),
        ("not(deletedAt[is]:NOT_NULL)", [1, 2, 3]),
        ("not(not(deletedAt[is]:NOT_NULL))", [0]),
        ("or(not(deletedAt[is]:NULL),position[gte]:2)", [0, 2, 3]),
        ("not(and(deletedAt[is]:NULL,position[gte]:2))", [0, 1]),
        ("not(jobTitle[eq]:nobody)", [1, 2, 3]),
    ],
)
def test_deleted_at_inside_not_shows_the_deleted(rest: Rest, people: list[str], filter_: str, found: list[int]) -> None:
    assert rest.delete(f"people/{people[0]}?soft_delete=true").status == 200
    answer = rest.get(f"people?order_by=position&filter={filter_}")
    assert ids(answer) == [people[index] for index in found]
    assert answer.body["totalCount"] == len(found)


def test_as_many_conditions_as_may_be_and_one_more(rest: Rest, people: list[str]) -> None:
    def filtered(count: int) -> Answer:
        return rest.get("people?limit=0&filter=" + ",".join(["id[is]:NOT_NULL"] * count))

    assert filtered(1000).body["totalCount"] == 4
    assert refusal(filtered(1001)) == (400, "BadRequestException", "Filter has more than 1000 conditions")


def test_filter_order_and_limit_combine(rest: Rest, people: list[str]) -> None:
    answer = rest.get("people?filter=position[gte]:1&order_by=position[DescNullsLast]&limit=2")
    assert ids(answer) == [people[3], people[2]]
    assert answer.body["totalCount"] == 3
    assert answer.body["pageInfo"]["hasNextPage"] is True


def test_find_many_by_depth(rest: Rest, people: list[str], company: str) -> None:
    flat = rest.get("people?limit=1").data[0]
    assert flat["companyId"] == company and "company" not in flat
    deep = rest.get("people?limit=1&depth=1").data[0]
    assert deep["company"]["domainName"]["primaryLinkUrl"] == "https://acme.example"
    assert "people" not in deep["company"]
    assert [person["id"] for person in rest.get("companies?depth=1").data[0]["people"]] == people


def test_filter_by_a_related_record(rest: Rest, people: list[str]) -> None:
    assert ids(rest.get("people?filter=company.name[eq]:Acme")) == people
    assert ids(rest.get("people?filter=company.name[eq]:Other")) == []


def test_patterns_need_no_encoding_where_they_encode_nothing(rest: Rest, people: list[str]) -> None:
    assert ids(rest.get("people?filter=jobTitle[ilike]:%25JOB%25")) == people
    assert ids(rest.get("people?filter=jobTitle[like]:%ob _")) == people
    assert ids(rest.get("people?filter=jobTitle[like]:%__")) == people


def test_values_with_commas_and_brackets(rest: Rest) -> None:
    made = rest.post("companies", {"name": "Acme, Inc (Oslo)"}).data["id"]
    rest.post("companies", {"name": "Other"})
    assert ids(rest.get('companies?filter=name[eq]:"Acme, Inc (Oslo)"')) == [made]
    assert ids(rest.get("companies?filter=or(name[eq]:'Acme, Inc (Oslo)',and(name[eq]:x,name[eq]:y))")) == [made]


def test_unicode_in_filters(rest: Rest) -> None:
    made = rest.post("companies", {"name": "Žofie ✓"}).data["id"]
    assert ids(rest.get("companies?filter=name[eq]:Žofie ✓")) == [made]
    assert ids(rest.get("companies?filter=name%5Beq%5D:%C5%BDofie+%E2%9C%93")) == [made]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("filter=foo[eq]:1", 'Object person doesn\'t have any "foo" field.'),
        ("filter=name[eq]:1", 'Sub field "eq" not found for composite type: FULL_NAME'),
        ("filter=position[eq]:abc", 'Invalid number value NaN for field "position"'),
        ("filter=id[eq]:abc", "Invalid UUID value 'abc' for field \"id\""),
        ("filter=deletedAt[is]:null", 'Invalid filter value for "is" operator. Expected "NULL" or "NOT_NULL"'),
        ("order_by=foo", 'Field "foo" does not exist or is not sortable'),
        (
            "fields=id,foo,bar",
            "'fields' parameter invalid. Unknown or unreadable fields on 'person': foo, bar",
        ),
    ],
)
def test_what_the_data_model_does_not_know_is_refused(rest: Rest, query: str, message: str) -> None:
    assert refusal(rest.get(f"people?{query}")) == (400, "BadRequestException", message)


# Update -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_update_one(rest: Rest, people: list[str], company: str, method: str) -> None:
    changes = {
        "name": {"firstName": "Ada", "lastName": "Byron"},
        "emails": {"primaryEmail": "ada@example.com", "additionalEmails": ["a@example.com", "b@example.com"]},
        "jobTitle": "Countess",
    }
    answer = rest.request(method, f"people/{people[0]}", changes)
    assert answer.status == 200
    assert list(answer.body["data"]) == ["updatePerson"]
    assert {name: answer.data[name] for name in changes} == changes
    assert answer.data["companyId"] == company


def test_text_never_set_reads_as_empty(rest: Rest) -> None:
    made = rest.post("people", {}).data["id"]
    assert rest.patch(f"people/{made}", {"position": 1}).data["jobTitle"] == ""


def test_update_merges_composites(rest: Rest, people: list[str]) -> None:
    rest.patch(f"people/{people[0]}", {"name": {"firstName": "Ada", "lastName": "Byron"}})
    answer = rest.patch(f"people/{people[0]}", {"name": {"lastName": "Lovelace"}})
    assert answer.data["name"] == {"firstName": "Ada", "lastName": "Lovelace"}


def test_update_by_depth(rest: Rest, people: list[str], company: str) -> None:
    flat = rest.patch(f"people/{people[0]}", {"jobTitle": "x"}).data
    assert flat["companyId"] == company and "company" not in flat
    deep = rest.patch(f"people/{people[0]}?depth=1", {"jobTitle": "x"}).data
    assert deep["company"]["id"] == company and "people" not in deep["company"]


@pytest.mark.parametrize("body", [{}, {"jobTitle": "x"}])
def test_update_unknown(rest: Rest, body: Any) -> None:
    assert refusal(rest.patch(f"people/{MISSING}", body)) == (404, "NotFoundException", "Record not found")


def test_update_without_body_or_content_type(rest: Rest, people: list[str]) -> None:
    answer = rest.request("PATCH", f"people/{people[0]}", b"", Content_Type="")
    assert (answer.status, answer.data["jobTitle"]) == (200, "Job 0")


def test_update_many(rest: Rest, people: list[str]) -> None:
    answer = rest.patch("people?filter=position[gte]:2&fields=jobTitle", {"jobTitle": "new"})
    assert answer.status == 200
    assert list(answer.body["data"]) == ["updatePeople"]
    assert answer.data == [{"id": people[2], "jobTitle": "new"}, {"id": people[3], "jobTitle": "new"}]
    assert rest.get(f"people/{people[1]}").data["jobTitle"] == "Job 1"


@pytest.mark.parametrize("query", ["", "?filter=", "?filter=id[is]:NULL&filter=id[is]:NULL"])
def test_update_many_without_a_filter_changes_nothing(rest: Rest, people: list[str], query: str) -> None:
    answer = rest.patch(f"people{query}", {"jobTitle": "new"})
    assert (answer.status, answer.body["error"]) == (400, "BadRequestException")
    assert answer.message == (
        "Filters are mandatory for bulk update operations."
        " Please provide at least one filter to prevent accidental update of all records."
    )
    assert rest.get("people?filter=jobTitle[eq]:new").data == []


# Delete and destroy -------------------------------------------------------------------------------------


def test_destroy_one(rest: Rest, people: list[str]) -> None:
    answer = rest.delete(f"people/{people[0]}")
    assert (answer.status, answer.body) == (200, {"data": {"deletePerson": {"id": people[0]}}})
    assert rest.get(f"people?filter=id[eq]:{people[0]},or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)").data == []


def test_destroy_one_that_others_point_at(rest: Rest, people: list[str]) -> None:
    note = rest.post("notes", {"title": "About"}).data["id"]
    assert rest.post("noteTargets", {"noteId": note, "targetPersonId": people[0]}).status == 201
    answer = rest.delete(f"people/{people[0]}")
    assert (answer.status, answer.data) == (200, {"id": people[0]})


@pytest.mark.parametrize("query", ["", "?soft_delete=true"])
def test_delete_unknown(rest: Rest, query: str) -> None:
    assert refusal(rest.delete(f"people/{MISSING}{query}")) == (404, "NotFoundException", "Record not found")


@pytest.mark.parametrize("value", ["true", "1"])
def test_soft_delete_one_shows_the_record(rest: Rest, people: list[str], value: str) -> None:
    answer = rest.delete(f"people/{people[0]}?soft_delete={value}")
    assert (answer.status, list(answer.body["data"])) == (200, ["deletePerson"])
    assert (answer.data["id"], answer.data["jobTitle"]) == (people[0], "Job 0")
    assert answer.data["deletedAt"] is not None
    assert rest.get(f"people/{people[0]}").status == 404
    assert ids(rest.get("people?filter=deletedAt[is]:NOT_NULL")) == [people[0]]
    assert rest.delete(f"people/{people[0]}?soft_delete=true").status == 404


@pytest.mark.parametrize("query", ["soft_delete=yes", "soft_delete=", "softDelete=true", "soft_delet=true"])
def test_misspelt_soft_delete_destroys_nothing(rest: Rest, people: list[str], query: str) -> None:
    answer = rest.delete(f"people/{people[0]}?{query}")
    assert (answer.status, answer.body["error"]) == (400, "BadRequestException")
    assert rest.get(f"people/{people[0]}").status == 200


@pytest.mark.parametrize(
    ("query", "act"), [("?soft_delete=true", "delete"), ("?soft_delete=false", "destroy"), ("", "destroy")]
)
def test_delete_many_without_a_filter_is_refused(rest: Rest, people: list[str], query: str, act: str) -> None:
    assert refusal(rest.delete(f"people{query}")) == (
        400,
        "BadRequestException",
        f"Filters are mandatory for bulk {act} operations. "
        "Please provide at least one filter to prevent accidental deletion of all records.",
    )
    assert rest.get("people?limit=0").body["totalCount"] == 4


def test_destroy_many_by_pattern(rest: Rest) -> None:
    rest.post("batch/companies", [{"name": "Mill A"}, {"name": "Mill B"}, {"name": "Farm"}])
    answer = rest.delete("companies?filter=name%5Blike%5D%3A%22Mill%20%25%22")
    assert (answer.status, list(answer.body["data"])) == (200, ["deleteCompanies"])
    assert [list(record) for record in answer.data] == [["id"], ["id"]]
    everything = "filter=or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)"
    assert [record["name"] for record in rest.get(f"companies?{everything}").data] == ["Farm"]


def test_soft_delete_many(rest: Rest, people: list[str]) -> None:
    answer = rest.delete("people?filter=position[lt]:2&soft_delete=true")
    assert (answer.status, ids(answer)) == (200, people[:2])
    assert ids(rest.get("people")) == people[2:]


def test_delete_many_that_matches_nothing(rest: Rest, people: list[str]) -> None:
    answer = rest.delete("people?filter=position[gt]:9")
    assert (answer.status, answer.data) == (200, [])


# Restore ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["people/{id}/restore", "restore/people/{id}"])
def test_restore_one(rest: Rest, people: list[str], path: str) -> None:
    rest.delete(f"people/{people[0]}?soft_delete=true")
    answer = rest.request("PATCH", path.format(id=people[0]) + "?fields=id", b"", Content_Type="")
    assert (answer.status, answer.body) == (200, {"data": {"restorePerson": {"id": people[0]}}})
    found = rest.get(f"people/{people[0]}").data
    assert (found["jobTitle"], found["deletedAt"]) == ("Job 0", None)


@pytest.mark.parametrize("path", ["people/restore", "restore/people"])
def test_restore_many(rest: Rest, people: list[str], path: str) -> None:
    rest.delete(f"people/{people[0]}?soft_delete=true")
    answer = rest.patch(f"{path}?filter=id[eq]:{people[0]}&fields=id")
    assert (answer.status, answer.body) == (200, {"data": {"restorePeople": [{"id": people[0]}]}})
    assert rest.get(f"people/{people[0]}").data["jobTitle"] == "Job 0"


def test_restore_unknown(rest: Rest) -> None:
    assert refusal(rest.patch(f"people/{MISSING}/restore")) == (404, "NotFoundException", "Record not found")


def test_restore_many_without_a_filter_is_refused(rest: Rest, people: list[str]) -> None:
    rest.delete(f"people/{people[0]}?soft_delete=true")
    answer = rest.patch("people/restore")
    assert answer.message == (
        "Filters are mandatory for bulk restore operations."
        " Please provide at least one filter to prevent accidental restoration of all records."
    )
    assert rest.get(f"people/{people[0]}").status == 404


# Fields -------------------------------------------------------------------------------------------------


def test_fields_show_only_what_is_named_but_store_all(rest: Rest) -> None:
    one = rest.post("people?fields=id", {"id": IDS[0], "jobTitle": "CTO"})
    many = rest.post("batch/people?fields=id", [{"id": IDS[1], "jobTitle": "CEO"}])
    assert one.body == {"data": {"createPerson": {"id": IDS[0]}}}
    assert many.body == {"data": {"createPeople": [{"id": IDS[1]}]}}
    assert [record["jobTitle"] for record in rest.get("people").data] == ["CTO", "CEO"]


def test_fields_are_merged_and_always_with_the_id(rest: Rest, people: list[str]) -> None:
    assert rest.get(f"people/{people[0]}?fields=jobTitle, position&fields=jobTitle").data == {
        "id": people[0],
        "position": 0,
        "jobTitle": "Job 0",
    }


def test_fields_of_relations(rest: Rest, people: list[str], company: str) -> None:
    assert rest.get(f"people/{people[0]}?fields=company").data == {"id": people[0], "companyId": company}
    deep = rest.get(f"people/{people[0]}?fields=company&depth=1").data
    assert sorted(deep) == ["company", "companyId", "id"]
    assert deep["company"]["name"] == "Acme"


def test_fields_do_not_disturb_pages(rest: Rest, people: list[str]) -> None:
    first = rest.get("people?fields=jobTitle&order_by=position[DescNullsLast]&limit=2")
    assert first.data == [{"id": people[3], "jobTitle": "Job 3"}, {"id": people[2], "jobTitle": "Job 2"}]
    end = first.body["pageInfo"]["endCursor"]
    second = rest.get(f"people?fields=jobTitle&order_by=position[DescNullsLast]&limit=2&starting_after={end}")
    assert ids(second) == [people[1], people[0]]


# What no page may lose ------------------------------------------------------------------------------------


def test_walking_the_pages_gives_every_record_once(rest: Rest) -> None:
    made = sorted(str(uuid4()) for _ in range(11))
    rest.post("batch/people", [{"id": each, "jobTitle": "same" if n % 2 else None} for n, each in enumerate(made)])
    walked: list[str] = []
    path = "people?order_by=jobTitle[DescNullsLast]&limit=3"
    answer = rest.get(path)
    walked += ids(answer)
    while answer.body["pageInfo"]["hasNextPage"]:
        answer = rest.get(f"{path}&starting_after={answer.body['pageInfo']['endCursor']}")
        walked += ids(answer)
    assert len(walked) == 11 and sorted(walked) == made


# Groups -------------------------------------------------------------------------------------------------


@pytest.fixture
def deals(rest: Rest, company: str) -> None:
    """Three deals: two close on a Wednesday, one on a Thursday."""
    rest.post(
        "batch/opportunities",
        [
            {
                "name": name,
                "stage": stage,
                "closeDate": close_date,
                "amount": {"amountMicros": amount, "currencyCode": "USD"},
                "companyId": company,
            }
            for name, stage, close_date, amount in (
                ("Deal A", "NEW", "2025-02-05T08:00:00.000Z", 1_000_000_000_000),
                ("Deal B", "NEW", "2025-02-06T08:00:00.000Z", 3_000_000_000_000),
                ("Deal C", "MEETING", "2025-02-05T08:00:00.000Z", 2_000_000_000_000),
            )
        ],
    )


GROUPS = (
    'opportunities/groupBy?group_by=[{"closeDate":{"granularity":"DAY_OF_THE_WEEK"}},{"stage":true}]'
    '&aggregate=["maxAmountAmountMicros"]&limit=10'
)


def test_groups(rest: Rest, deals: None, company: str) -> None:
    answer = rest.get(f"{GROUPS}&include_records_sample=true&filter=closeDate[gte]:2025-02-01,closeDate[lt]:2025-03-01")
    assert answer.status == 200
    assert isinstance(answer.body, list)
    found = {tuple(group["groupByDimensionValues"]): group for group in answer.body}
    assert {key: group["maxAmountAmountMicros"] for key, group in found.items()} == {
        ("Wednesday", "NEW"): "1000000000000",
        ("Wednesday", "MEETING"): "2000000000000",
        ("Thursday", "NEW"): "3000000000000",
    }
    [record] = found["Thursday", "NEW"]["records"]
    assert (record["name"], record["stage"], record["companyId"]) == ("Deal B", "NEW", company)
    assert "company" not in record


def test_groups_of_a_filter_in_single_quotes(rest: Rest, deals: None) -> None:
    answer = rest.get(f"{GROUPS}&filter=closeDate[gte]:2025-02-01,stage[eq]:'NEW'")
    dimensions = sorted(group["groupByDimensionValues"] for group in answer.body)
    assert dimensions == [["Thursday", "NEW"], ["Wednesday", "NEW"]]
    assert "records" not in answer.body[0]


@pytest.mark.parametrize(
    ("direction", "names"),
    [("AscNullsFirst", ["Deal A", "Deal B"]), ("DescNullsFirst", ["Deal B", "Deal A"])],
)
def test_order_of_the_records_in_a_group(rest: Rest, deals: None, direction: str, names: list[str]) -> None:
    answer = rest.get(
        'opportunities/groupBy?group_by=[{"stage":true}]&include_records_sample=true'
        f"&filter=stage[eq]:NEW&order_by_for_records=name[{direction}]"
    )
    [group] = answer.body
    assert [record["name"] for record in group["records"]] == names


@pytest.mark.parametrize(
    ("direction", "groups"),
    [("AscNullsFirst", [["MEETING"], ["NEW"]]), ("DescNullsLast", [["NEW"], ["MEETING"]])],
)
def test_order_of_groups(rest: Rest, deals: None, direction: str, groups: list[list[str]]) -> None:
    answer = rest.get(f'opportunities/groupBy?group_by=[{{"stage":true}}]&order_by=[{{"stage":"{direction}"}}]')
    assert [group["groupByDimensionValues"] for group in answer.body] == groups


def test_a_group_shows_ten_of_its_records(rest: Rest) -> None:
    rest.post("batch/opportunities", [{"name": f"{number:02}", "stage": "NEW"} for number in range(12)])
    sample = (
        'opportunities/groupBy?group_by=[{"stage":true}]&aggregate=["totalCount"]&include_records_sample=true'
        "&order_by_for_records=name"
    )

    def shown(more: str = "") -> list[str]:
        [group] = rest.get(sample + more).body
        return [record["name"] for record in group["records"]]

    assert shown() == [f"{number:02}" for number in range(10)]
    assert shown("&filter=name[lt]:10") == shown()
    assert len(shown("&filter=name[lte]:10")) == 10
    assert len(shown("&filter=name[lt]:09")) == 9
    assert rest.get(sample).body[0]["totalCount"] == "12"


def test_as_many_dimensions_as_may_be_and_one_more(rest: Rest) -> None:
    def grouped(count: int) -> Answer:
        dimensions = ",".join(['{"stage":true}'] * count)
        return rest.get(f"opportunities/groupBy?group_by=[{dimensions}]")

    assert grouped(5).status == 200
    assert refusal(grouped(6)) == (400, "BadRequestException", "At most 5 dimensions can be grouped by, not 6")


def test_related_records_that_are_deleted_have_no_group(rest: Rest, people: list[str], company: str) -> None:
    """As their members are null everywhere else; the id alone still tells them apart."""

    def groups(dimension: str) -> list[tuple[Any, str]]:
        answer = rest.get(f'people/groupBy?group_by=[{dimension}]&aggregate=["totalCount"]')
        return [(*each["groupByDimensionValues"], each["totalCount"]) for each in answer.body]

    name = '{"company":{"name":true}}'
    acme = rest.get(f"companies/{company}").data["name"]
    assert groups(name) == [(acme, "4")]
    rest.delete(f"companies/{company}?soft_delete=true")
    assert groups(name) == [(None, "4")]
    assert groups('{"companyId":true}') == [(company, "4")]
    rest.patch(f"restore/companies/{company}")
    assert groups(name) == [(acme, "4")]


def test_groups_without_dimensions_are_refused(rest: Rest) -> None:
    answer = rest.get("opportunities/groupBy")
    assert (answer.status, answer.body["error"]) == (400, "BadRequestException")
    assert answer.message == (
        "Invalid group_by query parameter - should be a valid array of objects - ex: "
        """[{"firstField": true}, {"secondField": {"subField": true}}, {"dateField": {"granularity": 'DAY'}}]"""
    )


def test_groups_of_a_view_are_narrowed_by_its_filters(rest: Rest, deals: None, workspace: Workspace) -> None:
    stage = FieldMetadata.objects.get(object__workspace=workspace, object__name_singular="opportunity", name="stage")
    view = {"objectMetadataId": str(stage.object_id), "name": "New ones", "icon": "IconList"}
    view_id = rest.post("metadata/views", view).body["id"]
    stored = {"viewId": view_id, "fieldMetadataId": str(stage.id), "operand": "IS", "value": ["NEW"]}
    assert rest.post("metadata/viewFilters", stored).status == 201
    answer = rest.get(f'opportunities/groupBy?group_by=[{{"stage":true}}]&view_id={view_id}')
    assert [group["groupByDimensionValues"] for group in answer.body] == [["NEW"]]


@pytest.mark.parametrize("view_id", [MISSING, "mine"])
def test_groups_of_an_unknown_view_are_refused_and_not_widened(rest: Rest, deals: None, view_id: str) -> None:
    answer = rest.get(f"{GROUPS}&view_id={view_id}")
    assert refusal(answer) == (404, "NotFoundException", f"View {view_id} not found")


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("companyId", "company"), ("company", "companyId")])
def test_a_relation_is_written_by_one_of_its_two_members(order: tuple[str, str]) -> None:
    """In whatever order they come, in REST and in GraphQL."""
    workspace = workspace_with()
    standard_objects_add(workspace_id=workspace.id, names=["person", "company"])
    workspace.refresh_from_db()
    api = api_of(workspace)
    company = api.post("/rest/companies", {"name": "Acme"}).body["data"]["createCompany"]["id"]
    person = api.post("/rest/people", {"companyId": company}).body["data"]["createPerson"]["id"]
    values = {"companyId": company, "company": {"disconnect": True}}
    body = {name: values[name] for name in order}
    answer = api.patch(f"/rest/people/{person}", body)
    message = "company and companyId cannot be both provided."
    assert (answer.status, answer.body["messages"]) == (400, [message])
    document = "mutation ($id: UUID!, $data: PersonUpdateInput!) { updatePerson(id: $id, data: $data) { id } }"
    asked = {"query": document, "variables": {"id": person, "data": body}}
    assert [each["message"] for each in api.post("/graphql", asked).body["errors"]] == [message]
    assert api.get(f"/rest/people/{person}").body["data"]["person"]["companyId"] == company
    agreed = {name: {**values, "companyId": None}[name] for name in order}
    assert api.patch(f"/rest/people/{person}", agreed).body["data"]["updatePerson"]["companyId"] is None
