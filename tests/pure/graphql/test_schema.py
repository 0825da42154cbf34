"""The schema a data model becomes. `UPDATE_GOLDEN=1` writes schema.graphql anew; its diff is the API's change."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, is_input_type, is_output_type, print_schema, validate_schema

from core.graphql.answer import RecordApi
from core.graphql.schema import build_schema
from metadata.fieldtypes import FieldType, field_types
from tests.pure.graphql.workspace import field_of, object_of, options, to_many, to_one, workspace

GOLDEN = Path(__file__).with_name("schema.graphql")


def schema_of(*extra: Any, **more: Any) -> GraphQLSchema:
    schema: GraphQLSchema = build_schema(workspace(*extra, **more)).graphql_schema
    return schema


def types_of(schema: GraphQLSchema, name: str) -> dict[str, str]:
    """The members of a type, by name, with their types as SDL writes them."""
    return {member: str(field.type) for member, field in schema.type_map[name].fields.items()}  # type: ignore[attr-defined]


def test_the_schema_is_the_one_that_was_agreed(api: RecordApi) -> None:
    text = print_schema(api.graphene.graphql_schema) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_the_schema_is_valid(api: RecordApi) -> None:
    schema = api.graphene.graphql_schema
    unchecked = GraphQLSchema(schema.query_type, schema.mutation_type, types=list(schema.type_map.values()))
    assert validate_schema(unchecked) == []
    assert next(iter(schema.type_map)) == "Query"
    assert all(is_input_type(each) or is_output_type(each) for each in schema.type_map.values())


@pytest.mark.parametrize(
    ("type_name", "member", "expected"),
    [
        ("Person", "id", "UUID!"),
        ("Person", "createdAt", "DateTime!"),
        ("Person", "deletedAt", "DateTime"),
        ("Person", "createdBy", "Actor!"),
        ("Person", "searchVector", "TSVector"),
        ("Person", "name", "FullName"),
        ("Person", "employees", "Int"),
        ("Person", "workPreference", "[PersonWorkPreferenceEnum]"),
        ("Person", "stage", "PersonStageEnum!"),
        ("Person", "companyId", "ID"),
        ("Person", "company", "Company"),
        ("Person", "pets", "PetConnection"),
        ("PersonConnection", "edges", "[PersonEdge!]!"),
        ("PersonConnection", "totalCount", "Int"),
        ("PersonConnection", "percentageEmptyJobTitle", "Float"),
        ("PersonConnection", "minCreatedAt", "DateTime"),
        ("PersonConnection", "sumAmountAmountMicros", "Float"),
        ("PersonConnection", "countTrueIsActive", "Int"),
        ("PersonEdge", "node", "Person!"),
        ("PersonEdge", "cursor", "Cursor!"),
        ("PageInfo", "endCursor", "ConnectionCursor"),
        ("PersonCreateInput", "id", "ID"),
        ("PersonCreateInput", "createdBy", "ActorCreateInput"),
        ("PersonCreateInput", "name", "FullNameCreateInput"),
        ("PersonCreateInput", "stage", "PersonStageEnum"),
        ("PersonCreateInput", "companyId", "ID"),
        ("PersonCreateInput", "company", "CompanyRelationInput"),
        ("PetCreateInput", "name", "String!"),
        ("PetUpdateInput", "name", "String"),
        ("PersonUpdateInput", "name", "FullNameUpdateInput"),
        ("PersonFilterInput", "and", "[PersonFilterInput]"),
        ("PersonFilterInput", "not", "PersonFilterInput"),
        ("PersonFilterInput", "id", "UUIDFilter"),
        ("PersonFilterInput", "employees", "IntFilter"),
        ("PersonFilterInput", "emails", "EmailsFilterInput"),
        ("PersonFilterInput", "stage", "PersonStageEnumFilter"),
        ("PersonFilterInput", "companyId", "UUIDFilter"),
        ("PersonFilterInput", "company", "CompanyFilterInput"),
        ("PersonFilterInput", "pets", "PetFilterInput"),
        ("PersonOrderByInput", "position", "OrderByDirection"),
        ("PersonOrderByInput", "name", "FullNameOrderByInput"),
        ("PersonOrderByInput", "company", "CompanyOrderByInput"),
        ("PersonStageEnumFilter", "in", "[PersonStageEnum!]"),
        ("UUIDFilter", "in", "[UUID!]"),
        ("CompanyWhereUniqueInput", "domainName", "CompanyDomainNameWhereInput"),
        ("CompanyDomainNameWhereInput", "primaryLinkUrl", "String"),
        ("CompanyConnectInput", "where", "CompanyWhereUniqueInput"),
        ("Actor", "source", "ActorSourceEnum"),
        ("ActorFilterInput", "source", "ActorSourceEnumFilter"),
        ("Currency", "amountMicros", "BigFloat"),
    ],
)
def test_members(api: RecordApi, type_name: str, member: str, expected: str) -> None:
    assert types_of(api.graphene.graphql_schema, type_name)[member] == expected


@pytest.mark.parametrize(
    ("type_name", "member"),
    [
        ("PersonCreateInput", "pets"),
        ("PersonCreateInput", "searchVector"),
        ("PersonOrderByInput", "pets"),
        ("PersonConnection", "countEmptyCompany"),
        ("PersonConnection", "maxPosition"),
        ("ActorCreateInput", "name"),
        ("Pet", "owner"),
    ],
)
def test_members_that_are_not_there(api: RecordApi, type_name: str, member: str) -> None:
    assert member not in types_of(api.graphene.graphql_schema, type_name)


def test_an_object_whose_types_collide_is_left_out_and_the_rest_stands() -> None:
    schema = schema_of(
        object_of("personEdge", "personEdges", []),
        object_of("pageInfo", "pageInfos", []),
        object_of("owner", "pets", []),
        object_of("rock", "rocks", [to_one("rock", "edge", "personEdge", "rocks")]),
    )
    assert {"people", "companies", "pets", "rocks"} <= set(schema.query_type.fields)  # type: ignore[union-attr]
    assert {"personEdges", "pageInfos", "owner"}.isdisjoint(schema.query_type.fields)  # type: ignore[union-attr]
    assert {"edge", "edgeId"}.isdisjoint(types_of(schema, "Rock"))


def test_a_relation_to_a_deactivated_object_is_left_out() -> None:
    snapshot = workspace()
    alone = replace(snapshot, objects=snapshot.objects[:1])
    schema: GraphQLSchema = build_schema(alone).graphql_schema
    assert {"company", "companyId", "pets"}.isdisjoint(types_of(schema, "Person"))


def test_options_that_graphql_cannot_name_make_a_string() -> None:
    rock = object_of(
        "rock",
        "rocks",
        [
            field_of("rock", "size", "SELECT", options=options("2XL", "M")),
            field_of("rock", "colors", "MULTI_SELECT", options=()),
        ],
    )
    schema = schema_of(rock)
    assert types_of(schema, "Rock")["size"] == "String"
    assert types_of(schema, "Rock")["colors"] == "[String]"
    assert types_of(schema, "RockFilterInput")["size"] == "RockSizeEnumFilter"
    assert types_of(schema, "RockSizeEnumFilter")["in"] == "[String!]"


OWN_FILTERS = [each for each in field_types() if not each.is_relation]  # that one has UUID's, and the record's fields


@pytest.mark.parametrize("described", OWN_FILTERS, ids=lambda each: each.name)
def test_a_filter_declares_the_operators_that_run_and_no_others(described: FieldType) -> None:
    field = field_of("rock", "it", described.name, options=options("A", "B") if described.has_options else ())
    schema = schema_of(object_of("rock", "rocks", [field]))
    declared = types_of(schema, "RockFilterInput")["it"]
    if not described.subfields:
        assert set(types_of(schema, declared)) == set(described.operators)
    for part in described.subfields.values():
        assert set(types_of(schema, types_of(schema, declared)[part.name])) == set(part.operators)


def test_a_workspace_without_objects_still_has_a_schema() -> None:
    schema: GraphQLSchema = build_schema(replace(workspace(), objects=())).graphql_schema
    assert (schema.mutation_type, list(schema.query_type.fields)) == (None, ["_empty"])  # type: ignore[union-attr]


def test_a_chain_of_many_relations_is_built() -> None:
    count = 400
    chain = [
        object_of(
            f"link{number}x",
            f"links{number}x",
            [
                to_one(f"link{number}x", "next", f"link{(number + 1) % count}x", "previous"),
                to_many(f"link{number}x", "previous", f"link{(number - 1) % count}x", "next"),
            ],
        )
        for number in range(count)
    ]
    assert len(schema_of(*chain).query_type.fields) >= 2 * count  # type: ignore[union-attr]
