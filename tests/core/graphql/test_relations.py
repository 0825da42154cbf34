"""Relations over `/graphql`: connecting, filtering, writing, ordering and paging through them."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.models import ObjectMetadata, Workspace
from tests.core.graphql.conftest import clear_samples
from tests.factories import Api, add_field, add_object, api_of, workspace_with

pytestmark = pytest.mark.django_db

ACME = {"domainName": {"primaryLinkUrl": "https://acme.example"}}
NEW = "20202020-0000-4000-8000-00000000000a"


def by_domain(domain: str) -> dict[str, Any]:
    return {"connect": {"where": {"domainName": {"primaryLinkUrl": f"https://{domain}.example"}}}}


@pytest.fixture(scope="module")
def crm(uncommitted: None) -> Api:
    """Four companies, four people; pets belong to a rocket or a survey result."""
    workspace = workspace_with(empty=False)
    api = api_of(workspace)
    clear_samples(api)
    add_pets(workspace)
    api.data(
        "mutation ($c: X, $p: X) { createCompanies(data: $c) { id } createPeople(data: $p) { id } }",
        {
            "c": [
                {"name": name, "domainName": {"primaryLinkUrl": f"https://{name.lower()}.example"}, "address": {"addressCity": city}}
                for name, city in (("Airbnb", "Paris"), ("Notion", "Oslo"), ("Stripe", "Paris"), ("Acme", "Rome"))
            ],
            "p": [
                {"jobTitle": title, "emails": {"primaryEmail": f"{title.lower()}@x.example"}, "company": by_domain(company)}
                for title, company in (("A1", "airbnb"), ("A2", "airbnb"), ("N1", "notion"), ("S1", "stripe"))
            ],
        },
    )  # fmt: skip
    return api


def add_pets(workspace: Workspace) -> None:
    rocket = add_object(workspace, "rocket", "rockets")
    survey = add_object(workspace, "surveyResult", "surveyResults")
    pet = add_object(workspace, "pet", "pets")
    payload = [
        {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(each.id), "targetFieldLabel": "Pets", "targetFieldIcon": "Icon"}
        for each in (rocket, survey)
    ]  # fmt: skip
    add_field(workspace, pet, "MORPH_RELATION", "polymorphicOwner", morphRelationsCreationPayload=payload)


def titles(api: Api, arguments: str = "", **variables: Any) -> list[str]:
    names = ", ".join(f"${name}: X" for name in variables)
    declared = f"query ({names}) " if names else ""
    given = ", ".join([arguments] * bool(arguments) + [f"{name}: ${name}" for name in variables])
    data = api.data(
        f"{declared}{{ people{f'({given})' if given else ''} {{ edges {{ node {{ jobTitle }} }} }} }}", variables
    )
    return [edge["node"]["jobTitle"] for edge in data["people"]["edges"]]


def ids(api: Api) -> dict[str, str]:
    """Ids of companies by name and of people by job title."""
    data = api.data("{ companies { edges { node { id name } } } people { edges { node { id jobTitle } } } }")
    companies = {edge["node"]["name"]: edge["node"]["id"] for edge in data["companies"]["edges"]}
    return companies | {edge["node"]["jobTitle"]: edge["node"]["id"] for edge in data["people"]["edges"]}


def messages(answer: Any) -> list[tuple[str, str]]:
    return [(error["message"], error["extensions"]["code"]) for error in answer.body["errors"]]


# Connect and disconnect ------------------------------------------------------------------------------

CREATE_ONE = "mutation ($d: X) { createPerson(data: $d) { jobTitle company { id } } }"
CREATE_MANY = "mutation ($d: X, $u: Boolean) { createPeople(data: $d, upsert: $u) { jobTitle company { id name } } }"
UPDATE_ONE = "mutation ($id: ID!, $d: X) { updatePerson(id: $id, data: $d) { jobTitle companyId company { id } } }"
UPDATE_MANY = "mutation ($f: X, $d: X) { updatePeople(filter: $f, data: $d) { jobTitle company { name } } }"


def test_connect_by_a_unique_field_when_creating_one(crm: Api) -> None:
    made = crm.data(CREATE_ONE, {"d": {"jobTitle": "New", "company": by_domain("acme")}})
    assert made["createPerson"] == {"jobTitle": "New", "company": {"id": ids(crm)["Acme"]}}


def test_connect_by_id(crm: Api) -> None:
    acme = ids(crm)["Acme"]
    made = crm.data(CREATE_ONE, {"d": {"company": {"connect": {"where": {"id": acme}}}}})
    assert made["createPerson"]["company"] == {"id": acme}


def test_connect_when_creating_many_answers_in_the_order_of_the_input(crm: Api) -> None:
    data = [{"jobTitle": name, "company": by_domain(name)} for name in ("stripe", "acme", "stripe")]
    made = crm.data(CREATE_MANY, {"d": data})["createPeople"]
    assert [(each["jobTitle"], each["company"]["name"]) for each in made] == [
        ("stripe", "Stripe"),
        ("acme", "Acme"),
        ("stripe", "Stripe"),
    ]


def test_connect_in_an_upsert_of_an_updated_and_an_inserted_person(crm: Api) -> None:
    data = [
        {"emails": {"primaryEmail": "A1@x.example"}, "company": by_domain("acme")},
        {"emails": {"primaryEmail": "new@x.example"}, "jobTitle": "New", "company": by_domain("notion")},
    ]
    made = crm.data(CREATE_MANY, {"d": data, "u": True})["createPeople"]
    assert [(each["jobTitle"], each["company"]["name"]) for each in made] == [("A1", "Acme"), ("New", "Notion")]


def test_connect_when_updating_one_keeps_what_else_is_changed(crm: Api) -> None:
    known = ids(crm)
    changed = crm.data(UPDATE_ONE, {"id": known["N1"], "d": {"jobTitle": "Other", "company": by_domain("acme")}})
    assert changed["updatePerson"] == {
        "jobTitle": "Other",
        "companyId": known["Acme"],
        "company": {"id": known["Acme"]},
    }


def test_connect_when_updating_many(crm: Api) -> None:
    some = {"jobTitle": {"in": ["A1", "S1"]}}
    changed = crm.data(UPDATE_MANY, {"f": some, "d": {"company": by_domain("notion")}})["updatePeople"]
    assert [each["company"]["name"] for each in changed] == ["Notion", "Notion"]
    assert sorted(titles(crm, filter={"company": {"name": {"eq": "Notion"}}})) == ["A1", "N1", "S1"]


@pytest.mark.parametrize("disconnect", [True, False])
def test_disconnect_empties_the_relation_or_leaves_it(crm: Api, disconnect: bool) -> None:
    known = ids(crm)
    change = {"company": {"disconnect": disconnect}}
    one = crm.data(UPDATE_ONE, {"id": known["A1"], "d": change})["updatePerson"]
    assert one["company"] == (None if disconnect else {"id": known["Airbnb"]})
    [many] = crm.data(UPDATE_MANY, {"f": {"id": {"eq": known["N1"]}}, "d": change})["updatePeople"]
    assert many["company"] == (None if disconnect else {"name": "Notion"})
    upserted = [{"emails": {"primaryEmail": "s1@x.example"}, **change}]
    [person] = crm.data(CREATE_MANY, {"d": upserted, "u": True})["createPeople"]
    assert person["company"] == (None if disconnect else {"id": known["Stripe"], "name": "Stripe"})


@pytest.mark.parametrize("members", [("companyId", "company"), ("company", "companyId")])
def test_a_null_beside_the_id_says_nothing(crm: Api, members: tuple[str, str]) -> None:
    """Clients of typed languages send every member there is."""
    known = ids(crm)
    body = {name: known["Acme"] if name == "companyId" else None for name in members}
    person = crm.patch(f"/rest/people/{known['A1']}", body).body["data"]["updatePerson"]
    assert person["companyId"] == known["Acme"]
    assert crm.patch(f"/rest/people/{known['A1']}", {"company": None}).body["data"]["updatePerson"]["companyId"] is None


def test_connects_refused(crm: Api) -> None:
    company = ids(crm)["Acme"]
    cases = [
        ([{"company": by_domain("acme"), "companyId": company}], "company and companyId cannot be both provided."),
        (
            [{"company": {"connect": {"where": {"domainName": {"primaryLinkUrl": "not-existing-company"}}}}}],
            "Expected 1 record to connect to company, but found 0 for domainNamePrimaryLinkUrl = not-existing-company",
        ),
        (
            [{"company": by_domain("acme")}, {"company": {"connect": {"where": {"id": company}}}}],
            "Expected the same constraint fields to be used consistently across all operations for company.",
        ),
        (
            [{"company": {"connect": {"where": {"name": "Acme"}}}}],
            "Missing required fields: at least one unique constraint have to be fully populated for 'company'.",
        ),
        (
            [{"company": {"connect": {"where": {"id": company, "name": "Acme"}}}}],
            "Field name is not a unique constraint field for 'company'.",
        ),
        (
            [{"company": {**by_domain("acme"), "disconnect": True}}],
            "Cannot have both connect and disconnect for the same field on undefined.",
        ),
        ([{"company": {"link": {}}}], 'Relation "company" requires connect or disconnect operation'),
        ([{"company": "x"}], 'Relation "company" requires connect or disconnect operation'),
        (
            [{"pointOfContactForOpportunities": {"connect": {"where": {"id": company}}}}],
            "Connect is not allowed for pointOfContactForOpportunities on person",
        ),
        ([{"companyId": "x"}], "Invalid UUID value 'x' for field \"companyId\""),
    ]
    answered = [messages(crm.graphql(CREATE_MANY, {"d": data})) for data, _ in cases]
    assert answered == [[(message, "BAD_USER_INPUT")] for _, message in cases]
    assert sorted(titles(crm)) == ["A1", "A2", "N1", "S1"]


def test_a_morph_relation_is_connected_and_disconnected(crm: Api) -> None:
    survey = crm.data('mutation { createSurveyResult(data: {name: "S"}) { id } }')["createSurveyResult"]["id"]
    text = """mutation ($d: X) { createPet(data: $d) { id polymorphicOwnerSurveyResult { id } polymorphicOwnerSurveyResultId } }"""
    made = crm.data(text, {"d": {"polymorphicOwnerSurveyResult": {"connect": {"where": {"id": survey}}}}})["createPet"]
    assert made["polymorphicOwnerSurveyResult"] == {"id": survey}
    assert made["polymorphicOwnerSurveyResultId"] == survey
    text = "mutation ($id: ID!, $d: X) { updatePet(id: $id, data: $d) { polymorphicOwnerSurveyResultId } }"
    emptied = crm.data(text, {"id": made["id"], "d": {"polymorphicOwnerSurveyResult": {"disconnect": True}}})
    assert emptied == {"updatePet": {"polymorphicOwnerSurveyResultId": None}}


def test_a_join_id_sets_and_clears_a_relation(crm: Api) -> None:
    known = ids(crm)
    changed = crm.data(UPDATE_ONE, {"id": known["A1"], "d": {"companyId": known["Acme"]}})["updatePerson"]
    assert changed["company"] == {"id": known["Acme"]}
    assert crm.data(UPDATE_ONE, {"id": known["A1"], "d": {"companyId": None}})["updatePerson"]["company"] is None
    answer = crm.graphql(UPDATE_ONE, {"id": known["A1"], "d": {"companyId": NEW}})
    assert messages(answer) == [(f"companyId: no company with id {NEW}", "BAD_USER_INPUT")]


def test_a_record_may_point_at_itself_and_at_others_of_its_batch(db: None) -> None:
    workspace = workspace_with()
    part = add_object(workspace, "part", "parts")
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(part.id),
        "targetFieldLabel": "Inner",
        "targetFieldIcon": "Icon",
    }
    add_field(workspace, part, "RELATION", "outer", relationCreationPayload=payload)
    api = api_of(workspace)
    data = [{"id": NEW, "outerId": NEW}, {"outerId": NEW}]
    create = "mutation ($d: X, $u: Boolean) { createParts(data: $d, upsert: $u) { outerId } }"
    for upsert in (False, True):
        assert api.data(create, {"d": data, "u": upsert}) == {"createParts": [{"outerId": NEW}] * 2}
    text = "mutation ($id: X) { updateParts(filter: {id: {is: NOT_NULL}}, data: {outerId: $id}) { outer { id } } }"
    assert api.data(text, {"id": NEW}) == {"updateParts": [{"outer": {"id": NEW}}] * 3}


# Filter and write through a relation -----------------------------------------------------------------


def test_filters_through_a_relation(crm: Api) -> None:
    airbnb = ids(crm)["Airbnb"]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"company": {"name": {"eq": "Airbnb"}}}, ["A1", "A2"]),
        ({"company": {"name": {"like": "%irbnb%"}}}, ["A1", "A2"]),
        ({"and": [{"company": {"name": {"eq": "Airbnb"}}}, {"jobTitle": {"eq": "A2"}}]}, ["A2"]),
        ({"company": {"address": {"addressCity": {"eq": "Paris"}}}}, ["A1", "A2", "S1"]),
        ({"company": {"domainName": {"primaryLinkUrl": {"eq": "https://notion.example"}}}}, ["N1"]),
        ({"company": {"or": [{"name": {"eq": "Notion"}}, {"not": {"name": {"neq": "Stripe"}}}]}}, ["N1", "S1"]),
        ({"companyId": {"eq": airbnb}}, ["A1", "A2"]),
        ({"companyId": {"in": [airbnb]}}, ["A1", "A2"]),
        ({"companyId": {"neq": airbnb}}, ["N1", "S1"]),
        ({"companyId": {"is": "NULL"}}, []),
        ({"company": {}}, ["A1", "A2", "N1", "S1"]),
    ]
    assert [sorted(titles(crm, filter=given)) for given, _ in cases] == [expected for _, expected in cases]


def test_filters_through_a_relation_refused(crm: Api) -> None:
    cases = [
        ({"company": {"accountOwner": {"id": {"is": "NULL"}}}}, "Relation filter nesting deeper than 1 hop is not supported"),
        ({"company": {"eq": NEW}}, 'Object company doesn\'t have any "eq" field.'),
        ({"company": NEW}, 'Cannot filter by relation field "company": use "companyId" instead'),
        ({"company": {"foo": {"eq": 1}}}, 'Object company doesn\'t have any "foo" field.'),
    ]  # fmt: skip
    text = "query ($f: X) { people(filter: $f) { totalCount } }"
    assert [messages(crm.graphql(text, {"f": given})) for given, _ in cases] == [
        [(message, "BAD_USER_INPUT")] for _, message in cases
    ]


def test_a_filter_on_the_targets_deletedAt_does_not_reveal_deleted_people(crm: Api) -> None:
    crm.data("mutation ($id: ID!) { deletePerson(id: $id) { id } }", {"id": ids(crm)["A1"]})
    assert titles(crm, filter={"company": {"deletedAt": {"is": "NULL"}, "name": {"eq": "Airbnb"}}}) == ["A2"]
    assert titles(crm, filter={"deletedAt": {"is": "NOT_NULL"}}) == ["A1"]


def test_a_filter_through_a_morph_relation(crm: Api) -> None:
    rockets = crm.data('mutation { createRockets(data: [{name: "R1"}, {name: "R2"}]) { id } }')["createRockets"]
    pets = [{"name": f"P{index}", "polymorphicOwnerRocketId": each["id"]} for index, each in enumerate(rockets)]
    crm.data("mutation ($d: X) { createPets(data: $d) { id } }", {"d": pets})
    text = '{ pets(filter: {polymorphicOwnerRocket: {name: {eq: "R2"}}}) { edges { node { name } } } }'
    assert crm.data(text) == {"pets": {"edges": [{"node": {"name": "P1"}}]}}


def test_a_filter_by_any_record_on_the_many_side(crm: Api) -> None:
    text = "query ($f: X) { companies(filter: $f) { edges { node { name } } } }"

    def names(given: Any) -> list[str]:
        return sorted(edge["node"]["name"] for edge in crm.data(text, {"f": given})["companies"]["edges"])

    assert names({"people": {"jobTitle": {"in": ["A1", "N1"]}}}) == ["Airbnb", "Notion"]
    assert names({"not": {"people": {"id": {"is": "NOT_NULL"}}}}) == ["Acme"]
    crm.data("mutation ($id: ID!) { deletePerson(id: $id) { id } }", {"id": ids(crm)["N1"]})
    assert names({"people": {"id": {"is": "NOT_NULL"}}}) == ["Airbnb", "Stripe"]


def test_bulk_writes_by_a_relation_filter_reach_exactly_the_matching_people(crm: Api) -> None:
    airbnb = {"f": {"company": {"name": {"eq": "Airbnb"}}}}
    changed = crm.data('mutation ($f: X) { updatePeople(filter: $f, data: {jobTitle: "Z"}) { id } }', airbnb)
    assert len(changed["updatePeople"]) == 2
    assert sorted(titles(crm)) == ["N1", "S1", "Z", "Z"]
    assert len(crm.data("mutation ($f: X) { deletePeople(filter: $f) { deletedAt } }", airbnb)["deletePeople"]) == 2
    assert sorted(titles(crm)) == ["N1", "S1"]
    assert len(crm.data("mutation ($f: X) { restorePeople(filter: $f) { id } }", airbnb)["restorePeople"]) == 2
    assert sorted(titles(crm)) == ["N1", "S1", "Z", "Z"]
    assert len(crm.data("mutation ($f: X) { destroyPeople(filter: $f) { id } }", airbnb)["destroyPeople"]) == 2
    assert sorted(titles(crm, filter={"not": {"deletedAt": {"is": "NULL"}}})) == []
    assert sorted(titles(crm)) == ["N1", "S1"]


# Order by a relation ---------------------------------------------------------------------------------


def test_people_are_ordered_by_their_company_in_both_directions(crm: Api) -> None:
    crm.data('mutation { createPerson(data: {jobTitle: "Free"}) { id } }')
    second = {"jobTitle": "AscNullsLast"}
    order = [{"company": {"name": "AscNullsLast"}}, second]
    assert titles(crm, orderBy=order) == ["A1", "A2", "N1", "S1", "Free"]
    assert titles(crm, orderBy=[{"company": {"name": "DescNullsFirst"}}, second]) == ["Free", "S1", "N1", "A1", "A2"]
    pages = [titles(crm, orderBy=order, first=2, offset=skipped) for skipped in (0, 2, 4)]
    assert pages == [["A1", "A2"], ["N1", "S1"], ["Free"]]
    assert titles(crm, orderBy=[{"company": {"address": {"addressCity": "AscNullsLast"}}}, second]) == [
        "N1", "A1", "A2", "S1", "Free",
    ]  # fmt: skip
    assert sorted(titles(crm, orderBy=[{"companyId": "AscNullsLast"}])) == ["A1", "A2", "Free", "N1", "S1"]


def test_pages_behind_a_cursor_under_a_relations_order(crm: Api) -> None:
    text = """query ($after: String) { people(first: 1, after: $after, orderBy: [{company: {name: DescNullsLast}}]) {
                edges { cursor node { company { name } } } } }"""
    walked: list[str] = []
    after = None
    for _ in range(4):
        [edge] = crm.data(text, {"after": after})["people"]["edges"]
        walked.append(edge["node"]["company"]["name"])
        after = edge["cursor"]
    assert walked == ["Stripe", "Notion", "Airbnb", "Airbnb"]


def test_the_order_by_a_relation_ignores_case(crm: Api) -> None:
    names = ("Zebra", "acme", "ACME")
    crm.data(
        "mutation { destroyPeople(filter: {id: {is: NOT_NULL}}) { id } destroyCompanies(filter: {id: {is: NOT_NULL}}) { id } }"
    )
    companies = crm.data(
        "mutation ($d: X) { createCompanies(data: $d) { id } }", {"d": [{"name": name} for name in names]}
    )
    data = [
        {"jobTitle": name, "companyId": each["id"]}
        for name, each in zip(names, companies["createCompanies"], strict=True)
    ]
    crm.data("mutation ($d: X) { createPeople(data: $d) { id } }", {"d": data})
    assert titles(crm, orderBy=[{"company": {"name": "AscNullsLast"}}])[2] == "Zebra"
    assert titles(crm, orderBy=[{"company": {"name": "DescNullsLast"}}])[0] == "Zebra"


def test_filter_relation_order_and_scalar_order_with_only_ids_selected(crm: Api) -> None:
    data = crm.data(
        """{ people(filter: {company: {name: {in: ["Airbnb", "Stripe"]}}}, orderBy: [{company: {name: AscNullsLast}},
             {createdAt: DescNullsLast}], first: 1) { edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
    )
    assert data["people"]["pageInfo"]["hasNextPage"] is True


# Nested pages ----------------------------------------------------------------------------------------


def test_a_connection_at_the_root_has_200_records_unless_told_otherwise(crm: Api) -> None:
    """As the reference's; a page of REST has 60, and so has a batch."""
    for count in (60, 60, 60, 25):
        crm.data("mutation ($d: X) { createTasks(data: $d) { id } }", {"d": [{"title": "One of many"}] * count})
    text = "{ tasks%s { totalCount pageInfo { hasNextPage } edges { node { id } } } }"
    for arguments, size in (("", 200), ("(first: null)", 200), ("(first: 205)", 205), ("(last: 3)", 3)):
        tasks = crm.data(text % arguments)["tasks"]
        assert (tasks["totalCount"], len(tasks["edges"])) == (205, size)
    assert crm.data(text % "")["tasks"]["pageInfo"] == {"hasNextPage": True}
    assert len(crm.get("/rest/tasks").body["data"]["tasks"]) == 60


def test_a_nested_connection_has_at_most_60_records_of_each_parent(crm: Api) -> None:
    known = ids(crm)
    for _ in range(2):
        data = [{"companyId": known["Acme"]}] * 35
        crm.data("mutation ($d: X) { createPeople(data: $d) { id } }", {"d": data})
    crm.data("mutation ($id: ID!) { deletePerson(id: $id) { id } }", {"id": known["A1"]})
    text = "{ companies(orderBy: [{name: AscNullsLast}]) { edges { node { name people { totalCount edges { node { id } } } } } } }"
    found = {
        edge["node"]["name"]: (edge["node"]["people"]["totalCount"], len(edge["node"]["people"]["edges"]))
        for edge in crm.data(text)["companies"]["edges"]
    }
    assert found == {"Acme": (70, 60), "Airbnb": (1, 1), "Notion": (1, 1), "Stripe": (1, 1)}


def test_a_company_without_people_has_an_empty_connection(crm: Api) -> None:
    data = crm.data(
        """{ company(filter: {name: {eq: "Acme"}}) { people { edges { node { id } } totalCount minCreatedAt
             pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
    )
    assert data["company"]["people"] == {
        "edges": [],
        "totalCount": 0,
        "minCreatedAt": None,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


def test_objects_are_named_by_the_data_model(crm: Api) -> None:
    assert ObjectMetadata.objects.filter(name_singular="surveyResult").count() == 1
    assert crm.data("{ surveyResults { totalCount } }") == {"surveyResults": {"totalCount": 0}}


# Creating related records ----------------------------------------------------------------------------


def test_a_related_record_is_created_and_linked(crm: Api) -> None:
    text = "mutation ($d: X) { createPerson(data: $d) { company { id name createdBy { name } } companyId } }"
    made = crm.data(text, {"d": {"company": {"create": {"id": NEW, "name": "Fresh"}}}})["createPerson"]
    assert made == {"companyId": NEW, "company": {"id": NEW, "name": "Fresh", "createdBy": {"name": "Test key"}}}
    data = [{"company": {"create": {"name": f"F{number}"}}} for number in range(3)]
    many = crm.data(CREATE_MANY, {"d": data})["createPeople"]
    assert [each["company"]["name"] for each in many] == ["F0", "F1", "F2"]
    one = crm.data(UPDATE_ONE, {"id": ids(crm)["A1"], "d": {"company": {"create": {"name": "Late"}}}})["updatePerson"]
    assert one["companyId"] == ids(crm)["Late"]
    changed = crm.data(
        UPDATE_MANY, {"f": {"jobTitle": {"in": ["A1", "A2"]}}, "d": {"company": {"create": {"name": "Both"}}}}
    )
    assert [each["company"]["name"] for each in changed["updatePeople"]] == ["Both", "Both"]


def test_related_records_several_levels_down(crm: Api) -> None:
    text = (
        "mutation ($d: X) { createNoteTarget(data: $d) { note { title } targetPerson { jobTitle company { name } } } }"
    )
    person = {"jobTitle": "Deep", "company": {"create": {"name": "Deeper"}}}
    data = {"note": {"create": {"title": "N"}}, "targetPerson": {"create": person}}
    assert crm.data(text, {"d": data})["createNoteTarget"] == {
        "note": {"title": "N"},
        "targetPerson": {"jobTitle": "Deep", "company": {"name": "Deeper"}},
    }


def test_related_records_refused_and_nothing_written(crm: Api) -> None:
    known = ids(crm)
    cases = [
        ({"company": {"create": {"name": "x"}}, "companyId": NEW}, "Cannot provide both company.create and companyId"),
        ({"pointOfContactForOpportunities": {"create": {}}}, "Create is not allowed for pointOfContactForOpportunities on person"),
        ({"company": {"create": {"foo": 1}}}, 'Object company doesn\'t have any "foo" field.'),
        ({"company": {"create": {"id": known["Acme"]}}}, "A duplicate entry was detected"),
        ({"company": {"create": ACME}}, "A duplicate entry was detected"),
        ({"company": {"create": {"name": "Lost"}}, "emails": {"primaryEmail": "a1@x.example"}}, "A duplicate entry was detected"),
    ]  # fmt: skip
    for data, message in cases:
        answer = crm.graphql(CREATE_ONE, {"d": data})
        assert messages(answer) == [(message, "BAD_USER_INPUT")]
    answer = crm.graphql(CREATE_ONE, {"d": {"company": {"create": ACME}}})
    assert answer.body["errors"][0]["extensions"]["conflictingObjectNameSingular"] == "company"
    upsert = crm.graphql(CREATE_MANY, {"d": [{"company": {"create": {"name": "x"}}}], "u": True})
    assert messages(upsert) == [("Nested relation create is not supported in this operation", "BAD_USER_INPUT")]
    assert ids(crm) == known


def test_more_than_200_related_records_are_refused(crm: Api) -> None:
    deal = {"company": {"create": {"name": "C"}}, "pointOfContact": {"create": {"company": {"create": {"name": "D"}}}}}
    text = "mutation ($d: X) { createOpportunities(data: $d) { id } }"
    note = {"note": {"create": {}}, "targetOpportunity": {"create": deal}}
    before = ids(crm)
    answer = crm.graphql("mutation ($d: X) { createNoteTargets(data: $d) { id } }", {"d": [note] * 41})  # 205 of them
    assert messages(answer) == [("Maximum number of nested records to create is 200.", "BAD_USER_INPUT")]
    assert ids(crm) == before
    assert crm.data("{ opportunities { totalCount } notes { totalCount } }") == {
        "opportunities": {"totalCount": 0},
        "notes": {"totalCount": 0},
    }
    assert len(crm.data(text, {"d": [deal] * 60})["createOpportunities"]) == 60  # 180


def test_related_records_nested_beyond_five_levels_are_refused(db: None) -> None:
    workspace = workspace_with()
    part = add_object(workspace, "part", "parts")
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(part.id),
        "targetFieldLabel": "Inner",
        "targetFieldIcon": "Icon",
    }
    add_field(workspace, part, "RELATION", "outer", relationCreationPayload=payload)
    api = api_of(workspace)

    def nested(levels: int) -> dict[str, Any]:
        return {"outer": {"create": nested(levels - 1)}} if levels else {}

    text = "mutation ($d: X) { createPart(data: $d) { id } }"
    assert "errors" not in api.graphql(text, {"d": nested(5)}).body
    assert api.data("{ parts { totalCount } }") == {"parts": {"totalCount": 6}}
    answer = api.graphql(text, {"d": nested(6)})
    assert messages(answer) == [("Nested relation create depth cannot exceed 5", "BAD_USER_INPUT")]
    assert api.data("{ parts { totalCount } }") == {"parts": {"totalCount": 6}}
