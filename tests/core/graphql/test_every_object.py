"""The life of people through every root field, and a first page of every object."""

from __future__ import annotations

from core.graphql.operations import OPERATIONS
from metadata.cache import current_schema
from metadata.models import Workspace
from tests.factories import Api

SELECTION = "id jobTitle avatarUrl avatarFile { fileId } searchVector name { firstName } createdAt deletedAt"
KEYS = {"id", "jobTitle", "avatarUrl", "avatarFile", "searchVector", "name", "createdAt", "deletedAt"}
A, B, C = (f"20202020-0000-4000-8000-00000000000{digit}" for digit in "123")


def test_people_through_all_root_fields(api: Api):
    assert len(api.data("mutation { destroyPeople(filter: {id: {is: NOT_NULL}}) { id } }")["destroyPeople"]) == 5

    made = api.data(
        f"mutation ($d: [PersonCreateInput!]!) {{ createPeople(data: $d) {{ {SELECTION} }} }}",
        {"d": [{"id": A, "jobTitle": "one"}, {"id": B, "jobTitle": "two"}]},
    )["createPeople"]
    assert [(each["id"], each["jobTitle"]) for each in made] == [(A, "one"), (B, "two")]
    assert all(each.keys() == KEYS for each in made)

    made = api.data(
        f"mutation ($d: PersonCreateInput!) {{ createPerson(data: $d) {{ {SELECTION} }} }}",
        {"d": {"id": C, "jobTitle": "three"}},
    )["createPerson"]
    assert (made["jobTitle"], made.keys()) == ("three", KEYS)

    found = api.data(f"{{ people {{ edges {{ node {{ {SELECTION} }} }} }} }}")["people"]["edges"]
    assert {edge["node"]["id"] for edge in found} == {A, B, C}
    assert api.data(f'{{ person(filter: {{id: {{eq: "{C}"}}}}) {{ jobTitle }} }}')["person"] == {"jobTitle": "three"}

    changed = api.data(
        f'mutation {{ updatePeople(filter: {{id: {{in: ["{A}", "{B}"]}}}}, data: {{jobTitle: "many"}}) {{ jobTitle }} }}'
    )["updatePeople"]
    assert changed == [{"jobTitle": "many"}] * 2
    changed = api.data(f'mutation {{ updatePerson(id: "{C}", data: {{jobTitle: "single"}}) {{ jobTitle }} }}')
    assert changed["updatePerson"] == {"jobTitle": "single"}
    assert api.data('{ people(filter: {jobTitle: {eq: "many"}}) { totalCount } }')["people"]["totalCount"] == 2
    assert api.data('{ person(filter: {jobTitle: {eq: "single"}}) { id } }')["person"] == {"id": C}

    gone = api.data(f'mutation {{ deletePeople(filter: {{id: {{in: ["{A}", "{B}"]}}}}) {{ deletedAt }} }}')
    assert [bool(each["deletedAt"]) for each in gone["deletePeople"]] == [True, True]
    assert api.data(f'mutation {{ deletePerson(id: "{C}") {{ deletedAt }} }}')["deletePerson"]["deletedAt"]
    assert api.data("{ people { edges { node { id } } } }")["people"]["edges"] == []
    answer = api.graphql(f'{{ person(filter: {{id: {{eq: "{C}"}}}}) {{ id }} }}')
    assert answer.body["data"] == {"person": None}

    trash = "not: {deletedAt: {is: NULL}}"
    assert api.data(f"{{ people(filter: {{{trash}}}) {{ totalCount }} }}")["people"]["totalCount"] == 3
    seen = api.data(f'{{ person(filter: {{id: {{eq: "{C}"}}, {trash}}}) {{ id }} }}')["person"]
    assert seen == {"id": C}

    removed = api.data(f'mutation {{ destroyPeople(filter: {{id: {{in: ["{A}", "{B}"]}}}}) {{ id }} }}')
    assert len(removed["destroyPeople"]) == 2
    assert api.data(f'mutation {{ destroyPerson(id: "{C}") {{ id }} }}')["destroyPerson"] == {"id": C}
    assert api.data(f"{{ people(filter: {{{trash}}}) {{ totalCount }} }}")["people"]["totalCount"] == 0


def test_a_page_of_every_object_has_every_scalar(api: Api, workspace: Workspace):
    schema = current_schema(workspace.id)
    assert len(schema.objects) > 25
    for subject in schema.objects:
        shown = [each for each in subject.fields if each.relation is None and each.secret_flag is None]
        names = [field.name for field in shown]
        picks = " ".join(
            f"{field.name} {{ {' '.join(field.type.subfields)} }}" if field.type.subfields
            else f"{field.name} {{ fileId }}" if field.type.name == "FILES" else field.name
            for field in shown
        )  # fmt: skip
        created = f"create{subject.singular_pascal}"
        record = api.data(f"mutation {{ {created}(data: {{}}) {{ id }} }}")[created]
        page = api.data(f"{{ {subject.plural}(first: 100) {{ edges {{ node {{ {picks} }} }} }} }}")[subject.plural]
        assert record["id"] in {edge["node"]["id"] for edge in page["edges"]}
        assert list(page["edges"][0]["node"]) == names


def test_every_object_has_every_root_field(api: Api, workspace: Workspace):
    types = api.data("{ __schema { queryType { fields { name } } mutationType { fields { name } } } }")["__schema"]
    offered = {kind: {each["name"] for each in types[f"{kind}Type"]["fields"]} for kind in ("query", "mutation")}
    for subject in current_schema(workspace.id).objects:
        for operation in OPERATIONS:
            name = operation.field_name(subject)
            assert (name in offered[operation.root]) == operation.applies_to(subject), name
