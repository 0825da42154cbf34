"""Whatever name is accepted works in all four APIs and their documents, and goes on working."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, validate_schema

from core.claims import claims_of, clashes
from core.graphql.names import INPUT_SUFFIXES, OBJECT_SUFFIXES
from core.graphql.schema import build_schema
from core.graphql.types import vocabulary
from metadata.cache import current_schema
from metadata.models import Workspace
from tests.api_client import Answer
from tests.factories import Api

pytestmark = pytest.mark.django_db


def test_the_standard_model_claims_no_name_twice(workspace: Workspace) -> None:
    assert clashes(current_schema(workspace.id), None) == []


def test_every_type_and_root_field_of_the_schema_is_claimed(workspace: Workspace) -> None:
    schema = current_schema(workspace.id)
    claimed = {(each.space, each.name) for subject in schema.objects for each in claims_of(subject)}
    built = build_schema(schema).graphql_schema
    own = {name for name in built.type_map if name not in vocabulary() and not name.startswith("__")}
    assert own - {name for space, name in claimed if space == "GraphQL type"} == {"Query", "Mutation"}
    assert built.query_type is not None and built.mutation_type is not None
    assert {("GraphQL query", name) for name in built.query_type.fields} <= claimed
    assert {("GraphQL mutation", name) for name in built.mutation_type.fields} <= claimed


TYPES = sorted({f"{name[0].lower()}{name[1:]}" for name in vocabulary() if name[0].isupper() and name.isalnum()})
OF_COMPANY = [f"company{suffix}" for suffix in (*OBJECT_SUFFIXES[1:], *INPUT_SUFFIXES)]
SINGULARS = [
    *TYPES, *OF_COMPANY, "iD", "query", "mutation", "subscription", "cursor", "pageInfo", "metadatum", "personForUpdate",
    "companyForResponse", "companyDuplicates", "peopleGroupBy", "opportunityStageEnum", "opportunityStageEnumFilter",
    "companyDomainNameWhereInput", "oneCompany", "manyPeople", "edge", "node", "edges", "totalCount", "data", "records",
    "result", "value", "undefined", "none", "constructor", "prototype",
]  # fmt: skip
PLURALS = [
    "batch",
    "metadata",
    "apiKeys",
    "webhooks",
    "restore",
    "open",
    "companyGroupBy",
    "ids",
    "healthz",
    "graphqls",
]


def named(singular: str, plural: str) -> dict[str, str]:
    return {"nameSingular": singular, "namePlural": plural, "labelSingular": "Thing", "labelPlural": "Things"}


def create(api: Api, singular: str, plural: str | None = None) -> Answer:
    return api.post("/rest/metadata/objects", named(singular, plural or f"{singular}Many"))


def check_everywhere(api: Api, singular: str, plural: str) -> None:
    """An object as users have it: written and read over REST and GraphQL, present in both documents."""
    made = api.post(f"/rest/{plural}", {"name": "one"})
    assert made.status == 201, made.body
    [record] = made.body["data"].values()
    assert api.get(f"/rest/{plural}/{record['id']}").body["data"][singular]["name"] == "one"
    assert api.get(f"/rest/{plural}?filter=not(name[eq]:two)").body["totalCount"] == 1
    found = api.data(
        f'{{ {plural}(filter: {{not: {{name: {{eq: "two"}}}}}}) {{ totalCount edges {{ node {{ id }} }} }} }}'
    )
    assert found[plural] == {"totalCount": 1, "edges": [{"node": {"id": record["id"]}}]}
    title = singular[0].upper() + singular[1:]
    changed = api.data(
        f'mutation {{ update{title}(id: "{record["id"]}", data: {{name: "two"}}) {{ __typename name }} }}'
    )
    assert changed[f"update{title}"] == {"__typename": title, "name": "two"}
    document = api.get("/rest/open-api/core").body
    assert f"/{plural}" in document["paths"] and title in document["components"]["schemas"]
    assert api.delete(f"/rest/{plural}/{record['id']}").status == 200


def check_everything_else(api: Api) -> None:
    """What was there before still is: the whole GraphQL schema is valid, and the companies are answered."""
    built = build_client_schema(api.data(get_introspection_query()))
    assert validate_schema(built) == []
    assert api.data("{ companies { totalCount } }")["companies"]["totalCount"] > 0
    assert api.get("/rest/companies").status == 200


@pytest.mark.parametrize("chunk", range(4))
def test_an_object_of_any_name_is_refused_or_works_everywhere(api: Api, chunk: int) -> None:
    wanted = [(each, f"{each}Many") for each in SINGULARS] + [(f"{each}One", each) for each in PLURALS]
    for singular, plural in wanted[chunk::4]:
        answer = create(api, singular, plural)
        if answer.status == 201:
            check_everywhere(api, singular, plural)
        else:
            assert answer.status == 400, answer.body
            assert any(singular in each or plural in each or "reserved" in each for each in answer.body["messages"])
            assert singular not in {
                each["nameSingular"] for each in api.get("/rest/metadata/objects?limit=200").body["data"]["objects"]
            }
    check_everything_else(api)


def test_a_type_that_another_object_has_is_not_given_twice(api: Api) -> None:
    """In either order, and by a rename of either."""
    assert create(api, "ticketEdge").status == 201
    refused = create(api, "ticket")
    assert refused.status == 400
    assert refused.body["messages"] == [
        'Name "TicketEdge" (GraphQL type) of object "ticket" is not available: object "ticketEdge" has it'
    ]
    assert api.get("/rest/ticketMany").status == 400
    visit = create(api, "visit")
    assert visit.status == 201
    renamed = api.patch(f"/rest/metadata/objects/{id_of(visit)}", {"nameSingular": "ticket"})
    assert renamed.status == 400 and "TicketEdge" in renamed.body["messages"][0]
    assert api.data("{ visitMany { totalCount } ticketEdgeMany { totalCount } }") == {
        "visitMany": {"totalCount": 0},
        "ticketEdgeMany": {"totalCount": 0},
    }


def test_an_object_that_is_switched_on_again_is_asked_too(api: Api) -> None:
    first = id_of(create(api, "ticketEdge"))
    assert api.patch(f"/rest/metadata/objects/{first}", {"isActive": False}).status == 200
    assert create(api, "ticket").status == 201
    refused = api.patch(f"/rest/metadata/objects/{first}", {"isActive": True})
    said = 'Name "TicketEdge" (GraphQL type) of object "ticketEdge" is not available: object "ticket" has it'
    assert (refused.status, refused.message) == (400, said)
    check_everywhere(api, "ticket", "ticketMany")


def test_a_field_does_not_take_the_types_of_an_object(api: Api) -> None:
    assert create(api, "lawsuitStageEnum").status == 201
    lawsuit = id_of(create(api, "lawsuit"))
    options = [{"value": "A", "label": "a", "color": "red", "position": 0}]
    refused = add(api, lawsuit, "stage", "SELECT", options=options)
    assert refused.status == 400
    assert refused.body["messages"] == [
        'Name "LawsuitStageEnum" (GraphQL type) of field "stage" of object "lawsuit" is not available:'
        ' object "lawsuitStageEnum" has it'
    ]
    assert add(api, lawsuit, "stage", "TEXT").status == 201
    [stage] = [
        each
        for each in api.get(f"/rest/metadata/objects/{lawsuit}").body["data"]["object"]["fields"]
        if each["name"] == "stage"
    ]
    changed = api.post(f"/rest/metadata/fields/{stage['id']}/changeType", {"type": "SELECT", "options": options})
    assert changed.status == 400 and "LawsuitStageEnum" in changed.body["messages"][0]
    check_everywhere(api, "lawsuit", "lawsuitMany")
    check_everywhere(api, "lawsuitStageEnum", "lawsuitStageEnumMany")


@pytest.mark.parametrize("name", ["and", "or", "not"])
def test_a_field_is_not_called_like_an_operator(api: Api, name: str) -> None:
    ship = id_of(create(api, "ship"))
    refused = add(api, ship, name, "TEXT")
    assert refused.status == 400
    assert refused.body["messages"] == [
        f'Name "{name}" (member of ship) of field "{name}" of object "ship" is not available: object "ship" has it'
    ]
    check_everywhere(api, "ship", "shipMany")


@pytest.mark.parametrize("first", ["NUMBER", "CURRENCY"])
def test_a_composite_and_a_field_called_like_a_part_of_it(api: Api, first: str) -> None:
    ship = id_of(create(api, "ship"))
    fields = {"NUMBER": "amountAmountMicros", "CURRENCY": "amount"}
    assert add(api, ship, fields.pop(first), first).status == 201
    [(second, name)] = fields.items()
    assert add(api, ship, name, second).status == 400
    other = add(api, ship, "other", second)
    assert other.status == 201
    renamed = api.patch(f"/rest/metadata/fields/{id_of(other)}", {"name": name})
    assert renamed.status == 400, renamed.body
    check_everywhere(api, "ship", "shipMany")


def id_of(answer: Answer) -> str:
    assert answer.status == 201, answer.body
    [made] = answer.body["data"].values()
    found: str = made["id"]
    return found


def add(api: Api, object_id: str, name: str, type_name: str, **more: Any) -> Answer:
    values = {"objectMetadataId": object_id, "name": name, "label": name, "type": type_name}
    return api.post("/rest/metadata/fields", {**values, **more})
