"""Reading records over `/graphql`."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

ROCKET = {
    "nameSingular": "rocket",
    "namePlural": "rockets",
    "fields": [
        {"type": "NUMBER", "name": "stages"},
        {"type": "CURRENCY", "name": "price"},
        {"type": "FULL_NAME", "name": "pilot"},
    ],
}


@pytest.fixture(scope="module")
def rockets(uncommitted: None) -> Api:
    """A workspace with an object of five records: A1 to A5, stages 1 to 5, no price for the last."""
    api = api_of(workspace_with([ROCKET]))
    data = [
        {
            "name": f"A{number}",
            "stages": number,
            "price": {"amountMicros": number * 1_000_000, "currencyCode": "EUR"} if number < 5 else None,
            "pilot": {"firstName": "Ada" if number % 2 else "Bob", "lastName": f"L{number}"},
        }
        for number in range(1, 6)
    ]
    api.data("mutation ($data: [RocketCreateInput!]!) { createRockets(data: $data) { id } }", {"data": data})
    return api


def names(connection: dict[str, Any]) -> list[str]:
    return [edge["node"]["name"] for edge in connection["edges"]]


def test_a_page_with_its_total_aliases_and_type_names(rockets: Api) -> None:
    data = rockets.data(
        """query ($f: RocketFilterInput, $o: [RocketOrderByInput]) {
             all: rockets(first: 2, filter: $f, orderBy: $o) {
               __typename n: totalCount sumStages avgPriceAmountMicros
               edges { __typename node { __typename called: name stages ...Paid } }
               pageInfo { __typename hasNextPage more: hasPreviousPage } } }
           fragment Paid on Rocket { price { amountMicros __typename } }""",
        {"f": {"stages": {"gte": 2}}, "o": {"stages": "DescNullsLast"}},
    )
    price = {"amountMicros": None, "__typename": "Currency"}
    assert data == {
        "all": {
            "__typename": "RocketConnection",
            "n": 4,
            "sumStages": 14,
            "avgPriceAmountMicros": 3_000_000,
            "edges": [
                {
                    "__typename": "RocketEdge",
                    "node": {"__typename": "Rocket", "called": "A5", "stages": 5, "price": price},
                },
                {
                    "__typename": "RocketEdge",
                    "node": {
                        "__typename": "Rocket",
                        "called": "A4",
                        "stages": 4,
                        "price": {**price, "amountMicros": 4_000_000},
                    },
                },
            ],
            "pageInfo": {"__typename": "PageInfo", "hasNextPage": True, "more": False},
        }
    }
    assert list(data["all"]) == ["__typename", "n", "sumStages", "avgPriceAmountMicros", "edges", "pageInfo"]


PAGE = """query ($first: Int, $last: Int, $after: String, $before: String, $o: [RocketOrderByInput!]) {
  rockets(first: $first, last: $last, after: $after, before: $before, orderBy: $o) {
    edges { node { name } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"""


def test_pages_forwards_and_backwards(rockets: Api) -> None:
    order = [{"pilot": {"firstName": "AscNullsLast", "lastName": "AscNullsLast"}}]
    seen: list[str] = []
    after = None
    for expected_more in (True, True, False):
        page = rockets.data(PAGE, {"first": 2, "after": after, "o": order})["rockets"]
        seen += names(page)
        assert page["pageInfo"]["hasNextPage"] is expected_more
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
    assert seen == ["A1", "A3", "A5", "A2", "A4"]
    back = rockets.data(PAGE, {"last": 2, "before": after, "o": order})["rockets"]
    assert names(back) == ["A5", "A2"]
    assert (back["pageInfo"]["hasPreviousPage"], back["pageInfo"]["hasNextPage"]) == (True, True)
    content = json.loads(base64.b64decode(str(after)))
    assert list(content) == ["pilot", "id"]
    assert content["pilot"] == {"firstName": "Bob", "lastName": "L4"}


def test_an_empty_page(rockets: Api) -> None:
    data = rockets.data("{ rockets(first: 0) { totalCount edges { cursor } pageInfo { startCursor hasNextPage } } }")
    assert data == {"rockets": {"totalCount": 5, "edges": [], "pageInfo": {"startCursor": None, "hasNextPage": True}}}


def test_offset_pages_are_disjoint_and_complete(rockets: Api) -> None:
    text = "query ($k: Int!) { rockets(first: 2, offset: $k, orderBy: [{stages: AscNullsLast}]) { edges { node { name } } } }"
    pages = [names(rockets.data(text, {"k": skipped})["rockets"]) for skipped in (0, 2, 4, 6)]
    assert pages == [["A1", "A2"], ["A3", "A4"], ["A5"], []]


def test_one_record(rockets: Api) -> None:
    found = rockets.data(
        '{ rocket(filter: {name: {eq: "A3"}}) { id name stages deletedAt createdBy { source name } } }'
    )
    assert found["rocket"] | {"id": None} == {
        "id": None,
        "name": "A3",
        "stages": 3,
        "deletedAt": None,
        "createdBy": {"source": "API", "name": "Test key"},
    }


def test_one_record_that_is_not_there(rockets: Api) -> None:
    answer = rockets.graphql('{ rocket(filter: {name: {eq: "none"}}) { id } }')
    assert (answer.status, answer.body) == (
        200,
        {
            "data": {"rocket": None},
            "errors": [
                {
                    "message": "Record not found",
                    "extensions": {
                        "code": "NOT_FOUND",
                        "subCode": "RECORD_NOT_FOUND",
                        "userFriendlyMessage": "This record does not exist or has been deleted.",
                    },
                }
            ],
        },
    )


def test_several_root_fields_succeed_or_fail_alone_in_the_order_of_the_document(rockets: Api) -> None:
    answer = rockets.graphql(
        "{ none: rocket(filter: {}) { id } __typename rockets { totalCount } workspaceMembers(first: -1) { totalCount } }"
    )
    assert list(answer.body["data"]) == ["none", "__typename", "rockets", "workspaceMembers"]
    assert answer.body["data"] == {
        "none": None,
        "__typename": "Query",
        "rockets": {"totalCount": 5},
        "workspaceMembers": None,
    }
    assert [error["message"] for error in answer.body["errors"]] == [
        "Missing filter argument",
        "First argument must be non-negative",
    ]
    assert set(answer.body["errors"][0]) == {"message", "extensions"}


def test_directives_with_variables_below_the_root(rockets: Api) -> None:
    text = "query ($with: Boolean!) { rockets(first: 1) { edges { node { name @include(if: $with) stages @skip(if: $with) } } } }"
    assert list(rockets.data(text, {"with": True})["rockets"]["edges"][0]["node"]) == ["name"]
    assert list(rockets.data(text, {"with": False})["rockets"]["edges"][0]["node"]) == ["stages"]


@pytest.mark.parametrize(
    ("filter_", "message", "sub_code"),
    [
        ("{foo: {eq: 1}}", 'Object rocket doesn\'t have any "foo" field.', "INVALID_ARGS_FILTER"),
        ('{name: {regex: "x"}}', None, "INVALID_ARGS_FILTER"),
        ('{stages: {eq: "x"}}', 'Invalid number value NaN for field "stages"', "INVALID_ARGS_FILTER"),
    ],
)
def test_filters_refused(rockets: Api, filter_: str, message: str | None, sub_code: str) -> None:
    answer = rockets.graphql(f"{{ rockets(filter: {filter_}) {{ totalCount }} }}")
    [error] = answer.body["errors"]
    assert answer.body["data"] == {"rockets": None}
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("BAD_USER_INPUT", sub_code)
    if message is not None:
        assert error["message"] == message


# Relations -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(uncommitted: None) -> Api:
    """Two companies, Acme with three people and Bolt with none, in a workspace of standard objects."""
    api = api_of(workspace_with(empty=False, name="People"))
    ids = api.data("{ companies { edges { node { id } } } people { edges { node { id } } } }")
    for plural, mutation in (("people", "destroyPeople"), ("companies", "destroyCompanies")):
        found = [edge["node"]["id"] for edge in ids[plural]["edges"]]
        if found:
            api.data(f"mutation ($f: X) {{ {mutation}(filter: $f) {{ id }} }}", {"f": {"id": {"in": found}}})
    acme, _bolt = api.data('mutation { createCompanies(data: [{name: "Acme"}, {name: "Bolt"}]) { id } }')[
        "createCompanies"
    ]
    api.data(
        "mutation ($data: [PersonCreateInput!]!) { createPeople(data: $data) { id } }",
        {"data": [{"jobTitle": title, "companyId": acme["id"]} for title in "XYZ"]},
    )
    return api


def test_nested_connections_honour_their_arguments(people: Api) -> None:
    data = people.data(
        """query ($n: Int) { companies(orderBy: [{name: AscNullsLast}]) { edges { node { name
             people(first: $n, orderBy: {jobTitle: DescNullsLast}, filter: {jobTitle: {in: ["X", "Z"]}}) {
               totalCount pageInfo { hasNextPage } edges { node { jobTitle company { name } } } } } } } }""",
        {"n": 1},
    )
    acme, bolt = [edge["node"] for edge in data["companies"]["edges"]]
    assert acme["people"] == {
        "totalCount": 2,
        "pageInfo": {"hasNextPage": True},
        "edges": [{"node": {"jobTitle": "Z", "company": {"name": "Acme"}}}],
    }
    assert bolt["people"] == {"totalCount": 0, "pageInfo": {"hasNextPage": False}, "edges": []}


def test_to_many_inside_to_many(people: Api) -> None:
    data = people.data(
        '{ company(filter: {name: {eq: "Acme"}}) { people { edges { node { company { people { totalCount } } } } } } }'
    )
    nested = [edge["node"]["company"]["people"]["totalCount"] for edge in data["company"]["people"]["edges"]]
    assert nested == [3, 3, 3]


def test_relations_deeper_than_five_levels_are_refused(people: Api) -> None:
    text = "company { people { edges { node { " * 3 + "id" + " } } } }" * 3
    answer = people.graphql(f"{{ people {{ edges {{ node {{ {text} }} }} }} }}")
    assert answer.body["data"] == {"people": None}
    [error] = answer.body["errors"]
    assert error["message"] == "Maximum depth of 5 reached"
    assert error["extensions"]["subCode"] == "TOO_COMPLEX_QUERY"


def test_filter_and_order_through_a_relation(people: Api) -> None:
    data = people.data(
        """{ people(filter: {company: {name: {like: "Ac%"}}}, orderBy: [{company: {name: AscNullsLast}}, {jobTitle: DescNullsLast}])
             { totalCount edges { node { jobTitle } } } }"""
    )
    assert [edge["node"]["jobTitle"] for edge in data["people"]["edges"]] == ["Z", "Y", "X"]


def test_a_soft_deleted_target_is_hidden_with_its_id(people: Api) -> None:
    acme = people.data('{ company(filter: {name: {eq: "Acme"}}) { id } }')["company"]["id"]
    people.data("mutation ($id: ID!) { deleteCompany(id: $id) { deletedAt } }", {"id": acme})
    text = "{ people(first: 1) { edges { node { companyId company { id } } } } }"
    assert people.data(text)["people"]["edges"] == [{"node": {"companyId": None, "company": None}}]
    people.data("mutation ($id: ID!) { restoreCompany(id: $id) { id } }", {"id": acme})
    assert people.data(text)["people"]["edges"] == [{"node": {"companyId": acme, "company": {"id": acme}}}]
