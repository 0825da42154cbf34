"""Writing records over `/graphql`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Api, api_of, workspace_with

pytestmark = [pytest.mark.django_db, pytest.mark.smoke]

SHIP = {
    "nameSingular": "ship",
    "namePlural": "ships",
    "fields": [
        {"type": "TEXT", "name": "code", "isUnique": True},
        {"type": "NUMBER", "name": "crew"},
        {"type": "LINKS", "name": "page"},
    ],
}


@pytest.fixture(scope="module")
def ships(uncommitted: None) -> Api:
    return api_of(workspace_with([SHIP]))


def create(api: Api, *records: dict[str, Any], upsert: bool | None = None) -> list[dict[str, Any]]:
    text = "mutation ($data: [ShipCreateInput!]!, $upsert: Boolean) { createShips(data: $data, upsert: $upsert) { id name code crew } }"
    created = api.data(text, {"data": records, "upsert": upsert})["createShips"]
    assert isinstance(created, list)
    return created


def all_ships(api: Api) -> list[tuple[str, int | None]]:
    data = api.data("{ ships(orderBy: {name: AscNullsLast}) { edges { node { name crew } } } }")
    return [(edge["node"]["name"], edge["node"]["crew"]) for edge in data["ships"]["edges"]]


def test_the_whole_life_of_a_record(ships: Api) -> None:
    id_ = str(uuid4())
    made = ships.data(
        "mutation ($input: ShipCreateInput!) { createShip(data: $input) { id name crew page { primaryLinkUrl } } }",
        {"input": {"id": id_, "name": "Argo", "crew": 50}},
    )
    assert made == {"createShip": {"id": id_, "name": "Argo", "crew": 50, "page": {"primaryLinkUrl": ""}}}
    changed = ships.data(
        "mutation ($id: ID!, $data: ShipUpdateInput!) { it: updateShip(id: $id, data: $data) { n: name crew } }",
        {"id": id_, "data": {"crew": 49}},
    )
    assert changed == {"it": {"n": "Argo", "crew": 49}}
    deleted = ships.data("mutation ($id: UUID!) { deleteShip(id: $id) { id deletedAt } }", {"id": id_})
    assert deleted["deleteShip"]["deletedAt"] is not None
    assert all_ships(ships) == []
    hidden = ships.data("{ ships(filter: {not: {deletedAt: {is: NULL}}}) { totalCount } }")
    assert hidden == {"ships": {"totalCount": 1}}
    restored = ships.data("mutation ($id: UUID!) { restoreShip(id: $id) { deletedAt } }", {"id": id_})
    assert restored == {"restoreShip": {"deletedAt": None}}
    destroyed = ships.data("mutation ($id: UUID!) { destroyShip(id: $id) { id name crew } }", {"id": id_})
    assert destroyed == {"destroyShip": {"id": id_, "name": "Argo", "crew": 49}}
    assert ships.data("{ ships(filter: {not: {deletedAt: {is: NULL}}}) { totalCount } }") == {
        "ships": {"totalCount": 0}
    }


def test_many_at_once(ships: Api) -> None:
    made = create(ships, *({"name": f"S{number}", "crew": number} for number in range(4)))
    assert [each["name"] for each in made] == ["S0", "S1", "S2", "S3"]
    some = {"crew": {"in": [1, 2]}}
    changed = ships.data(
        "mutation ($data: ShipUpdateInput, $filter: ShipFilterInput) { updateShips(data: $data, filter: $filter) { name } }",
        {"data": {"crew": 9}, "filter": some},
    )
    assert sorted(each["name"] for each in changed["updateShips"]) == ["S1", "S2"]
    nine = {"filter": {"crew": {"eq": 9}}}
    deleted = ships.data("mutation ($filter: X) { deleteShips(filter: $filter) { deletedAt } }", nine)
    assert [each["deletedAt"] is not None for each in deleted["deleteShips"]] == [True, True]
    assert all_ships(ships) == [("S0", 0), ("S3", 3)]
    restored = ships.data("mutation ($filter: X) { restoreShips(filter: $filter) { deletedAt } }", nine)
    assert restored == {"restoreShips": [{"deletedAt": None}, {"deletedAt": None}]}
    destroyed = ships.data("mutation ($filter: X) { destroyShips(filter: $filter) { crew } }", nine)
    assert destroyed == {"destroyShips": [{"crew": 9}, {"crew": 9}]}
    assert ships.data("mutation ($filter: X) { destroyShips(filter: $filter) { id } }", nine) == {"destroyShips": []}


def test_upsert_updates_what_a_unique_value_names_and_inserts_the_rest(ships: Api) -> None:
    [first] = create(ships, {"name": "Argo", "code": "A"})
    again = create(ships, {"code": "B", "name": "Beagle"}, {"code": "A", "crew": 5}, upsert=True)
    assert again == [
        {"id": again[0]["id"], "name": "Beagle", "code": "B", "crew": None},
        {"id": first["id"], "name": "Argo", "code": "A", "crew": 5},
    ]
    assert all_ships(ships) == [("Argo", 5), ("Beagle", None)]
    one = ships.data('mutation { createShip(data: {code: "A", crew: 6}, upsert: true) { id crew } }')
    assert one == {"createShip": {"id": first["id"], "crew": 6}}


@pytest.mark.parametrize("filter_", ["{}", "{and: []}", "{or: []}", "{and: [{}]}", "{name: {}}", "{page: {}}"])
@pytest.mark.parametrize("verb", ["update", "delete", "destroy", "restore"])
def test_a_bulk_write_without_a_filter_changes_nothing(ships: Api, verb: str, filter_: str) -> None:
    create(ships, {"name": "Argo", "crew": 1})
    data = ", data: {crew: 2}" if verb == "update" else ""
    answer = ships.graphql(f"mutation {{ {verb}Ships(filter: {filter_}{data}) {{ id }} }}")
    assert (answer.status, answer.body) == (
        200,
        {
            "data": {f"{verb}Ships": None},
            "errors": [
                {
                    "message": "A non-empty filter is required",
                    "extensions": {
                        "code": "BAD_USER_INPUT",
                        "subCode": "INVALID_QUERY_INPUT",
                        "userFriendlyMessage": "A non-empty filter is required",
                    },
                }
            ],
        },
    )
    assert all_ships(ships) == [("Argo", 1)]


def test_mutations_of_one_request_run_in_order_and_fail_alone(ships: Api) -> None:
    answer = ships.graphql(
        """mutation { createShip(data: {name: "One", code: "A"}) { name }
             createShips(data: [{name: "Two", code: "B"}, {name: "Three", code: "A"}]) { name }
             updateShips(data: {crew: 1}, filter: {code: {eq: "A"}}) { name crew } }"""
    )
    assert answer.body["data"] == {
        "createShip": {"name": "One"},
        "createShips": None,
        "updateShips": [{"name": "One", "crew": 1}],
    }
    [error] = answer.body["errors"]
    assert error["message"] == "A duplicate entry was detected"
    assert error["extensions"]["conflictingObjectNameSingular"] == "ship"
    assert all_ships(ships) == [("One", 1)]


@pytest.mark.parametrize("verb", ["update", "delete", "destroy", "restore"])
def test_one_record_that_is_not_there(ships: Api, verb: str) -> None:
    data = ", data: {crew: 2}" if verb == "update" else ""
    answer = ships.graphql(f'mutation {{ {verb}Ship(id: "{uuid4()}"{data}) {{ id }} }}')
    assert answer.body["data"] == {f"{verb}Ship": None}
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Record not found", "NOT_FOUND")


def test_values_refused(ships: Api) -> None:
    answer = ships.graphql('mutation { createShip(data: {crew: "many"}) { id } }')
    [error] = answer.body["errors"]
    assert error["message"] == "Invalid number value 'many' for field \"crew\""
    assert error["extensions"]["subCode"] == "INVALID_ARGS_DATA"
    unknown = ships.graphql("mutation { createShip(data: {sails: 1}) { id } }")
    assert unknown.body["errors"][0]["message"] == 'Object ship doesn\'t have any "sails" field.'
    assert all_ships(ships) == []


def test_a_record_that_points_at_one_destroyed_in_the_same_document_is_refused(api: Api) -> None:
    company = api.data('mutation { createCompany(data: {name: "Gone"}) { id } }')["createCompany"]["id"]
    people = api.data("{ people { totalCount } }")["people"]["totalCount"]
    answer = api.graphql(
        "mutation ($id: UUID!) { gone: destroyCompany(id: $id) { id }"
        ' lost: createPerson(data: {jobTitle: "Lost", companyId: $id}) { id } }',
        {"id": company},
    )
    assert answer.body["data"] == {"gone": {"id": company}, "lost": None}
    assert [each["message"] for each in answer.body["errors"]] == [f"companyId: no company with id {company}"]
    assert api.data("{ people { totalCount } }")["people"]["totalCount"] == people


def test_two_mutations_under_one_key_are_refused_and_neither_is_done(api: Api) -> None:
    """Not even the first: whoever reads the answer could not tell which it was."""
    before = api.data("{ companies { totalCount } people { totalCount } }")
    for second in ('createPerson(data: {jobTitle: "x"}) { id }', "__typename"):
        answer = api.graphql(f'mutation {{ a: createCompany(data: {{name: "x"}}) {{ id }} a: {second} }}')
        [error] = answer.body["errors"]
        assert error["message"].startswith('Fields "a" conflict because "createCompany" and "')
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert api.data("{ companies { totalCount } people { totalCount } }") == before
