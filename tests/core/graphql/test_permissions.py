"""What roles allow over `/graphql`: by verb, object and field; and that a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert
from apikeys.services.roles import role_create, role_list
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.core.graphql.conftest import clear_samples
from tests.factories import Api, api_of, key_of, principal_of, workspace_with

pytestmark = pytest.mark.django_db

DENIED = "Entity performing the request does not have permission"
ID = "20202020-0000-4000-8000-000000000001"
NOT_THERE = "20202020-0000-4000-8000-00000000000f"
WRITES = {
    "create one": 'createCompany(data: {name: "x"}) { id }',
    "create many": 'createCompanies(data: [{name: "x"}]) { id }',
    "upsert": f'createCompanies(data: [{{id: "{ID}", name: "x"}}], upsert: true) {{ id }}',
    "update one": f'updateCompany(id: "{ID}", data: {{name: "x"}}) {{ id }}',
    "update many": 'updateCompanies(filter: {id: {is: NOT_NULL}}, data: {name: "x"}) { id }',
    "merge": f'mergeCompanies(ids: ["{ID}", "{NOT_THERE}"], conflictPriorityIndex: 0) {{ id }}',
    "delete one": f'deleteCompany(id: "{ID}") {{ id }}',
    "delete many": "deleteCompanies(filter: {id: {is: NOT_NULL}}) { id }",
    "restore one": f'restoreCompany(id: "{ID}") {{ id }}',
    "restore many": "restoreCompanies(filter: {id: {is: NOT_NULL}}) { id }",
    "destroy one": f'destroyCompany(id: "{ID}") {{ id }}',
    "destroy many": "destroyCompanies(filter: {id: {is: NOT_NULL}}) { id }",
}
READS = {
    "find many": "companies { totalCount }",
    "find one": f'company(filter: {{id: {{eq: "{ID}"}}}}) {{ id }}',
    "group": "companiesGroupBy(groupBy: [{name: true}]) { totalCount }",
    "duplicates": f'companyDuplicates(ids: ["{ID}"]) {{ totalCount }}',
}


@pytest.fixture(scope="module")
def workspace(uncommitted: None) -> Workspace:
    """One company with one person."""
    made = workspace_with(empty=False)
    api = api_of(made)
    clear_samples(api)
    api.data(
        f'mutation {{ createCompany(data: {{id: "{ID}", name: "Acme", employees: 5}}) {{ id }}'
        f' createPerson(data: {{jobTitle: "A", companyId: "{ID}"}}) {{ id }} }}'
    )
    return made


def role(workspace: Workspace, *, objects: Any = None, fields: Any = None, **rights: bool) -> Api:
    """A client whose role has `rights` on all objects, other ones on some, and restrictions of company fields."""
    label = f"Role {len(role_list(principal_of(workspace)))}"
    values = {"label": label, "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True, **rights}
    made = role_create(principal_of(workspace), values=values)
    known = {each.name_singular: each for each in ObjectMetadata.objects.filter(workspace=workspace)}
    items = [{"objectMetadataId": str(known[name].id), **more} for name, more in (objects or {}).items()]
    if items:
        object_permissions_upsert(principal_of(workspace), role_id=made.id, items=items)
    company = known["company"]
    restricted = [
        {"objectMetadataId": str(company.id), "fieldMetadataId": str(FieldMetadata.objects.get(object=company, name=name).id), **more}
        for name, more in (fields or {}).items()
    ]  # fmt: skip
    if restricted:
        field_permissions_upsert(principal_of(workspace), role_id=made.id, items=restricted)
    return Api(key_of(workspace, role=label))


ALL = {"canUpdateAllObjectRecords": True, "canSoftDeleteAllObjectRecords": True, "canDestroyAllObjectRecords": True}


def outcome(api: Api, kind: str, field: str) -> str:
    """`""` when it was allowed, else the error's message; the answer's data is null then."""
    answer = api.graphql(f"{kind} {{ {field} }}")
    errors = answer.body.get("errors", [])
    if errors and errors[0]["extensions"]["code"] == "FORBIDDEN":
        assert list(answer.body["data"].values()) == [None]
        assert errors[0]["extensions"]["subCode"] == "PERMISSION_DENIED"
        assert errors[0]["extensions"]["userFriendlyMessage"] == "User does not have permission."
        return str(errors[0]["message"])
    return ""


def state(workspace: Workspace) -> Any:
    return api_of(workspace).data(
        "{ companies(filter: {not: {deletedAt: {is: NULL}}}) { totalCount } people { totalCount } other: company(filter: {id: {is: NOT_NULL}}) { name deletedAt updatedAt } }"
    )


def test_a_role_that_reads_only_writes_nothing(workspace: Workspace) -> None:
    guest = role(workspace)
    before = state(workspace)
    assert {name: outcome(guest, "mutation", field) for name, field in WRITES.items()} == dict.fromkeys(WRITES, DENIED)
    assert {name: outcome(guest, "query", field) for name, field in READS.items()} == dict.fromkeys(READS, "")
    assert state(workspace) == before


def test_a_role_that_may_not_read_an_object_reads_nothing_of_it(workspace: Workspace) -> None:
    blind = role(workspace, objects={"company": {"canReadObjectRecords": False}})
    assert {name: outcome(blind, "query", field) for name, field in READS.items()} == dict.fromkeys(READS, DENIED)
    refused = [
        "people { edges { node { company { id } } } }",
        "people(filter: {company: {name: {is: NOT_NULL}}}) { totalCount }",
        "people(orderBy: [{company: {name: AscNullsLast}}]) { totalCount }",
        "peopleGroupBy(groupBy: [{company: {name: true}}]) { totalCount }",
        "people { edges { node { company { opportunities { totalCount } } } } }",
    ]
    assert [outcome(blind, "query", field) for field in refused] == [DENIED] * len(refused)
    assert outcome(blind, "query", "people { edges { node { id jobTitle } } }") == ""


def test_an_unreadable_object_two_levels_down(workspace: Workspace) -> None:
    text = "people { edges { node { company { opportunities { edges { node { id } } } } } } }"
    assert outcome(role(workspace, objects={"opportunity": {"canReadObjectRecords": False}}), "query", text) == DENIED
    assert outcome(role(workspace), "query", text) == ""


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        ("canUpdateObjectRecords", {"create one", "create many", "upsert", "update one", "update many"}),
        ("canSoftDeleteObjectRecords", {"delete one", "delete many", "restore one", "restore many"}),
        ("canDestroyObjectRecords", {"destroy one", "destroy many"}),
    ],
)
def test_exactly_the_verbs_allowed_on_an_object_pass(workspace: Workspace, right: str, allowed: set[str]) -> None:
    some = role(workspace, objects={"company": {right: True}})
    outcomes = {name: outcome(some, "mutation", field) for name, field in WRITES.items()}
    assert {name for name, message in outcomes.items() if not message} == allowed
    person = 'createPerson(data: {jobTitle: "x"}) { id }'
    assert outcome(some, "mutation", person) == DENIED


def test_a_field_that_may_not_be_read(workspace: Workspace) -> None:
    blind = role(workspace, fields={"employees": {"canReadFieldValue": False}}, **ALL)
    refused = [
        ("query", "companies { edges { node { employees } } }"),
        ("query", "companies(filter: {employees: {gt: 1}}, first: 0) { totalCount }"),
        ("query", "companies(orderBy: [{employees: AscNullsLast}]) { totalCount }"),
        ("query", "companies { avgEmployees }"),
        ("query", "companiesGroupBy(groupBy: [{employees: true}]) { totalCount }"),
        ("query", "people { edges { node { company { employees } } } }"),
        ("query", "people(filter: {company: {employees: {gt: 1}}}) { totalCount }"),
        ("mutation", f'updateCompany(id: "{ID}", data: {{name: "x"}}) {{ id employees }}'),
    ]
    message = f'{DENIED}: no permission to read field "employees" on "company"'
    assert [outcome(blind, kind, field) for kind, field in refused] == [message] * len(refused)
    assert outcome(blind, "mutation", f'updateCompany(id: "{ID}", data: {{name: "x"}}) {{ id name }}') == ""
    assert outcome(blind, "query", "companies { totalCount edges { node { name } } }") == ""


def test_a_field_that_may_not_be_written(workspace: Workspace) -> None:
    locked = role(workspace, fields={"employees": {"canUpdateFieldValue": False}}, **ALL)
    message = f'{DENIED}: no permission to write field "employees" on "company"'
    assert outcome(locked, "mutation", f'updateCompany(id: "{ID}", data: {{employees: 1}}) {{ id }}') == message
    assert outcome(locked, "mutation", "createCompany(data: {employees: 1}) { id }") == message
    allowed = [
        ("query", "companies { avgEmployees edges { node { employees } } }"),
        ("query", "people { edges { node { company { employees people { totalCount } } } } }"),
        ("mutation", f'updateCompany(id: "{ID}", data: {{name: "x"}}) {{ employees }}'),
    ]
    assert [outcome(locked, kind, field) for kind, field in allowed] == [""] * len(allowed)
    assert api_of(workspace).data("{ companies { sumEmployees } }") == {"companies": {"sumEmployees": 5}}


@pytest.mark.parametrize(("owner", "target"), [("Note", "noteTargets"), ("Task", "taskTargets")])
def test_notes_and_tasks_take_their_targets_with_them(workspace: Workspace, owner: str, target: str) -> None:
    api = api_of(workspace)
    target_type = target[0].upper() + target[1:-1]
    owner_name = owner.lower()

    def count(deleted: bool = False) -> int:
        filter_ = "(filter: {deletedAt: {is: NOT_NULL}})" if deleted else ""
        total: int = api.data(f"{{ {target}{filter_} {{ totalCount }} }}")[target]["totalCount"]
        return total

    for plural in (False, True):
        made = api.data(f'mutation {{ create{owner}(data: {{title: "x"}}) {{ id }} }}')[f"create{owner}"]["id"]
        data = {f"{owner_name}Id": made, "targetCompanyId": ID}
        api.data(f"mutation ($d: X) {{ create{target_type}(data: $d) {{ id }} }}", {"d": data})

        def run(verb: str, made: str = made, plural: bool = plural) -> None:
            argument = f'filter: {{id: {{eq: "{made}"}}}}' if plural else f'id: "{made}"'
            api.data(f"mutation {{ {verb}{owner}{'s' if plural else ''}({argument}) {{ id }} }}")

        assert count() == 1
        run("delete")
        assert (count(), count(deleted=True)) == (0, 1)
        run("restore")
        assert (count(), count(deleted=True)) == (1, 0)
        run("destroy")
        assert (count(), count(deleted=True)) == (0, 0)


@pytest.mark.parametrize(
    "field",
    [
        'updateCompany(id: "not-an-id", data: {name: "x"}) { id }',
        'deleteCompany(id: "not-an-id") { id }',
        "destroyCompany { id }",
        "restoreCompanies(filter: {}) { id }",
        "createCompany(data: 7) { id }",
        'mergeCompanies(ids: "x", conflictPriorityIndex: 1.5) { id }',
    ],
)
def test_rights_are_asked_before_arguments_are_read(workspace: Workspace, field: str) -> None:
    """Who may not do it at all is told that, whatever they sent; who may is told what is wrong."""
    assert outcome(role(workspace), "mutation", field) == DENIED
    answer = api_of(workspace).graphql(f"mutation {{ {field} }}")
    assert answer.body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_aggregates_of_a_field_that_may_not_be_read_are_refused(workspace: Workspace) -> None:
    blind = role(workspace, fields={"employees": {"canReadFieldValue": False}})
    refused = [
        "companies { sumEmployees }",
        "companies { countUniqueValuesEmployees }",
        "companies { percentageEmptyEmployees }",
        "people { edges { node { company { id } } } } companies { maxEmployees }",
        "companiesGroupBy(groupBy: [{name: true}]) { maxEmployees }",
        "companiesGroupBy(groupBy: [{name: true}], orderBy: [{aggregate: {maxEmployees: AscNullsLast}}]) { totalCount }",
        "companiesGroupBy(groupBy: [{employees: true}]) { totalCount }",
    ]
    message = f'{DENIED}: no permission to read field "employees" on "company"'
    for field in refused:
        answer = blind.graphql(f"{{ {field} }}")
        assert [error["message"] for error in answer.body["errors"]] == [message], field
        assert answer.body["errors"][0]["extensions"]["subCode"] == "PERMISSION_DENIED"
    aggregate = "/rest/companies/groupBy?group_by=[{%22name%22:true}]"
    for query in (
        "&aggregate=[%22maxEmployees%22]",
        "&order_by=[{%22aggregate%22:{%22maxEmployees%22:%22AscNullsLast%22}}]",
    ):
        answer = blind.get(aggregate + query)
        assert (answer.status, answer.body["messages"]) == (403, [message]), query
    assert blind.data("{ companies { totalCount countEmptyName } }") == {
        "companies": {"totalCount": 1, "countEmptyName": 0}
    }
    assert role(workspace).data("{ companies { sumEmployees } }") == {"companies": {"sumEmployees": 5}}


KEPT = [
    ("{ companies { edges { node { name employees } } } }", {"companies": {"edges": [{"node": {"name": "Acme", "employees": 5}}]}}),
    ("{ companies { totalCount maxEmployees } }", {"companies": {"totalCount": 1, "maxEmployees": 5}}),
    (f'{{ company(filter: {{id: {{eq: "{ID}"}}}}) {{ employees }} }}', {"company": {"employees": 5}}),
    ("{ people { edges { node { company { employees } } } } }", {"people": {"edges": [{"node": {"company": {"employees": 5}}}]}}),
    ("{ companiesGroupBy(groupBy: [{name: true}]) { edges { node { employees } } } }",
     {"companiesGroupBy": [{"edges": [{"node": {"employees": 5}}]}]}),
    ("query A { ...Root } fragment Root on Query { companies(orderBy: [{employees: AscNullsLast}]) { totalCount } }",
     {"companies": {"totalCount": 1}}),
    ("{ companies(filter: {employees: {gt: 1}}) { totalCount } }", {"companies": {"totalCount": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "data"), KEPT, ids=[text for text, _ in KEPT])
def test_what_is_kept_of_a_document_for_one_role_is_not_served_to_another(
    workspace: Workspace, text: str, data: Any
) -> None:
    """The same text by turns, twice each: documents, plans and statements of the one are at hand for the other."""
    able = role(workspace)
    blind = role(workspace, fields={"employees": {"canReadFieldValue": False}})
    shut = role(workspace, objects={"company": {"canReadObjectRecords": False}})
    for _ in range(2):
        assert able.data(text) == data
        for refused in (blind, shut):
            answer = refused.graphql(text)
            assert [error["extensions"]["subCode"] for error in answer.body["errors"]] == ["PERMISSION_DENIED"]
            assert "5" not in str(answer.body["data"]) and set(answer.body["data"].values()) == {None}
    assert able.data(text) == data
