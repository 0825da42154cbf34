"""Pages, filters and nested lists of the data model."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apikeys.authentication import principal_of_member_id
from apikeys.services.members import member_create
from apikeys.services.roles import role_create
from apikeys.services.tokens import playground_token
from apikeys.services.workspaces import system_principal
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata
from tests.metadata.graphql.conftest import Api, Scene, token_of

PAGE = """query ($paging: CursorPaging!, $filter: ObjectFilter! = {}) {
  objects(paging: $paging, filter: $filter) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } } }"""


def cursor(place: int) -> str:
    return b64encode(f"arrayconnection:{place}".encode()).decode()


def object_ids(api: Api) -> list[str]:
    """Every object's id, in the order the API lists them."""
    rows = ObjectMetadata.objects.filter(workspace=api.workspace).values_list("id", flat=True)
    return [str(each) for each in sorted(rows, reverse=True)]


def page(api: Api, paging: dict[str, Any], **criteria: Any) -> Any:
    return api.ask(PAGE, {"paging": paging, "filter": criteria})["objects"]


def ids(connection: Any) -> list[str]:
    return [edge["node"]["id"] for edge in connection["edges"]]


def test_objects_lists_ten_by_default_newest_id_first(api: Api) -> None:
    answer = api.ask("{ objects { edges { cursor node { id } } } }")["objects"]
    assert ids(answer) == object_ids(api)[:10]
    assert [edge["cursor"] for edge in answer["edges"]] == [cursor(place) for place in range(10)]


def test_objects_can_be_listed_all_at_once(api: Api) -> None:
    answer = page(api, {"first": 1000})
    assert ids(answer) == object_ids(api)
    assert answer["pageInfo"]["hasNextPage"] is False


def test_paging_may_be_given_without_filter_and_filter_without_paging(api: Api) -> None:
    assert len(api.ask("{ objects(paging: {first: 3}) { edges { node { id } } } }")["objects"]["edges"]) == 3
    system = api.ask("{ objects(filter: {isSystem: {is: true}}) { edges { node { isSystem } } } }")["objects"]
    assert [edge["node"]["isSystem"] for edge in system["edges"]] == [True] * 10


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_walking_forwards_meets_every_object_once(api: Api, step: int) -> None:
    found: list[str] = []
    paging: dict[str, Any] = {"first": step}
    while True:
        answer = page(api, paging)
        assert answer["pageInfo"]["hasPreviousPage"] is bool(found)
        found += ids(answer)
        if not answer["pageInfo"]["hasNextPage"]:
            break
        paging = {"first": step, "after": answer["pageInfo"]["endCursor"]}
    assert found == object_ids(api)


def test_walking_backwards_meets_every_object_once(api: Api) -> None:
    found: list[str] = []
    paging: dict[str, Any] = {"last": 7}
    while True:
        answer = page(api, paging)
        assert answer["pageInfo"]["hasNextPage"] is bool(found)
        found = ids(answer) + found
        if not answer["pageInfo"]["hasPreviousPage"]:
            break
        paging = {"last": 7, "before": answer["pageInfo"]["startCursor"]}
    assert found == object_ids(api)


def test_an_empty_page_has_no_cursors(api: Api) -> None:
    answer = page(api, {"first": 0})
    assert answer == {
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "edges": [],
    }


@pytest.mark.parametrize(
    ("paging", "message", "sub_code"),
    [
        ({"first": 1, "last": 1}, "Cannot provide both first and last", "ARGS_CONFLICT"),
        ({"after": cursor(1), "before": cursor(3)}, "Cannot provide both before and after", "ARGS_CONFLICT"),
        ({"first": -1}, "First argument must be non-negative", "INVALID_ARGS_FIRST"),
        ({"last": -1}, "Last argument must be non-negative", "INVALID_ARGS_LAST"),
        ({"first": 1001}, "First argument must be at most 1000, got 1001", "INVALID_ARGS_FIRST"),
        ({"after": "zzz"}, "Invalid cursor: zzz", "INVALID_CURSOR"),
        (
            {"after": b64encode(b"arrayconnection:x").decode()},
            "Invalid cursor: YXJyYXljb25uZWN0aW9uOng=",
            "INVALID_CURSOR",
        ),
    ],
    ids=["first and last", "after and before", "negative first", "negative last", "too many", "no base64", "no number"],
)
def test_wrong_paging_is_refused(api: Api, paging: dict[str, Any], message: str, sub_code: str) -> None:
    error = api.refused(PAGE, {"paging": paging})
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")
    assert error["extensions"]["subCode"] == sub_code


def test_filters_combine_by_and_or_and_negation(api: Api) -> None:
    company, person = api.object("company")["id"], api.object("person")["id"]
    either = {"or": [{"id": {"eq": company}}, {"id": {"eq": person}}]}
    both = sorted([company, person], reverse=True)
    assert ids(page(api, {}, **either)) == both
    assert ids(page(api, {}, id={"in": [person.upper()]})) == [person]
    assert ids(page(api, {}, id={"in": []})) == []
    assert ids(page(api, {}, **{"or": []})) == []
    assert ids(page(api, {}, **either, id={"neq": person})) == [company]
    assert ids(page(api, {}, **{"and": [either, {"isActive": {"isNot": True}}]})) == []
    assert ids(page(api, {"first": 1000}, id={"gt": both[0]})) == [each for each in object_ids(api) if each > both[0]]
    assert ids(page(api, {"first": 1000}, id={"notIn": both})) == [each for each in object_ids(api) if each not in both]


def test_fields_filters_by_object(api: Api) -> None:
    company = api.object("company")["id"]
    query = """query ($id: UUID!) { fields(paging: {first: 1000}, filter: {objectMetadataId: {eq: $id}}) {
      edges { node { id objectMetadataId } } } }"""
    nodes = [edge["node"] for edge in api.ask(query, {"id": company})["fields"]["edges"]]
    rows = FieldMetadata.objects.filter(object_id=company).values_list("id", flat=True)
    assert [node["id"] for node in nodes] == [str(each) for each in sorted(rows, reverse=True)]
    assert {node["objectMetadataId"] for node in nodes} == {company}


def test_an_objects_own_fields_page_and_filter(api: Api) -> None:
    query = """query ($id: UUID!) { object(id: $id) { fields(paging: {first: 2}, filter: {isSystem: {is: true}}) {
      pageInfo { hasNextPage } edges { node { isSystem } } } } }"""
    answer = api.ask(query, {"id": api.object("company")["id"]})["object"]["fields"]
    assert answer == {"pageInfo": {"hasNextPage": True}, "edges": [{"node": {"isSystem": True}}] * 2}


def test_indexes_are_listed_with_their_fields(api: Api) -> None:
    query = """{ indexMetadatas(paging: {first: 1000}) { edges { node { id indexType isUnique
      indexFieldMetadataList { fieldMetadataId order subFieldName } } } } }"""
    nodes = {edge["node"]["id"]: edge["node"] for edge in api.ask(query)["indexMetadatas"]["edges"]}
    assert len(nodes) == IndexMetadata.objects.filter(workspace=api.workspace).count()
    emails = FieldMetadata.objects.get(workspace=api.workspace, object__name_singular="person", name="emails")
    (unique,) = [
        node
        for node in nodes.values()
        if str(emails.id) in {each["fieldMetadataId"] for each in node["indexFieldMetadataList"]}
    ]
    assert unique["isUnique"] is True
    assert unique["indexFieldMetadataList"] == [
        {"fieldMetadataId": str(emails.id), "order": 0, "subFieldName": "primaryEmail"}
    ]


def test_relations_name_both_sides(api: Api) -> None:
    query = """query ($id: UUID!) { field(id: $id) { relation { type sourceObjectMetadata { nameSingular }
      targetObjectMetadata { nameSingular } sourceFieldMetadata { id name } targetFieldMetadata { name } } } }"""
    company = FieldMetadata.objects.get(workspace=api.workspace, object__name_singular="person", name="company")
    assert api.ask(query, {"id": str(company.id)})["field"]["relation"] == {
        "type": "MANY_TO_ONE",
        "sourceObjectMetadata": {"nameSingular": "person"},
        "targetObjectMetadata": {"nameSingular": "company"},
        "sourceFieldMetadata": {"id": str(company.id), "name": "company"},
        "targetFieldMetadata": {"name": "people"},
    }


def test_a_morph_relation_is_one_listed_field_with_all_its_targets(api: Api) -> None:
    query = """query ($id: UUID!) { object(id: $id) { fieldsList { name type relation { targetObjectMetadata { nameSingular } }
      morphRelations { targetObjectMetadata { nameSingular } sourceFieldMetadata { name } } } } }"""
    fields = api.ask(query, {"id": api.object("noteTarget")["id"]})["object"]["fieldsList"]
    (morph,) = [field for field in fields if field["type"] == "MORPH_RELATION"]
    assert morph["name"] == "targetPerson"
    assert morph["relation"] == {"targetObjectMetadata": {"nameSingular": "person"}}
    assert morph["morphRelations"] == [
        {"targetObjectMetadata": {"nameSingular": name}, "sourceFieldMetadata": {"name": f"target{name.capitalize()}"}}
        for name in ("person", "company", "opportunity")
    ]
    assert {field["morphRelations"] is None for field in fields if field["type"] != "MORPH_RELATION"} == {True}


def test_the_statements_of_a_request_do_not_grow_with_what_it_lists(api: Api) -> None:
    query = """{ objects(paging: {first: %d}) { edges { node { fieldsList { object { id } relation { targetObjectMetadata { id } }
      morphRelations { targetFieldMetadata { id } } } indexMetadataList { indexFieldMetadataList { id } }
      searchFieldMetadataList { fieldMetadataId } fields { edges { node { id } } } } } } }"""
    counts = []
    for first in (1, 1000):
        with CaptureQueriesContext(connection) as queries:
            api.ask(query % first)
        counts.append(
            sum(not each["sql"].lstrip().startswith(("SAVEPOINT", "RELEASE", "UPDATE apikeys")) for each in queries)
        )
    assert counts == [5, 6]  # the key, objects, fields, indexes, index fields; what may be dear is counted first


def test_the_workspace_is_read_with_its_settings(api: Api) -> None:
    query = """{ currentWorkspace { id displayName activationStatus subdomain databaseSchema metadataVersion
      workspaceMembersCount featureFlags { key } workspaceUrls { subdomainUrl customUrl } trashRetentionDays
      defaultRole { label } } }"""
    assert api.ask(query)["currentWorkspace"] == {
        "id": str(api.workspace.id),
        "displayName": "North",
        "activationStatus": "ACTIVE",
        "subdomain": api.workspace.subdomain,
        "databaseSchema": api.workspace.database_schema,
        "metadataVersion": 1,
        "workspaceMembersCount": 0,
        "featureFlags": [],
        "workspaceUrls": {"subdomainUrl": "http://testserver/", "customUrl": None},
        "trashRetentionDays": 14,
        "defaultRole": {"label": "Member"},
    }


def test_settings_of_the_workspace_change(api: Api) -> None:
    query = (
        "mutation ($data: UpdateWorkspaceInput!) { updateWorkspace(data: $data) { displayName trashRetentionDays } }"
    )
    answer = api.ask(query, {"data": {"displayName": "Renamed", "trashRetentionDays": 30}})
    assert answer == {"updateWorkspace": {"displayName": "Renamed", "trashRetentionDays": 30}}
    assert api.ask("{ currentWorkspace { displayName } }") == {"currentWorkspace": {"displayName": "Renamed"}}


def test_a_setting_out_of_range_is_refused(api: Api) -> None:
    error = api.refused("mutation { updateWorkspace(data: {eventLogRetentionDays: 5}) { id } }")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == "eventLogRetentionDays must be an integer from 30 to 1095"


FLAG = """mutation ($key: String!, $value: Boolean!) {
  updateLabPublicFeatureFlag(input: {publicFeatureFlag: $key, value: $value}) { key value } }"""


def test_a_feature_flag_is_switched(api: Api, reader_api: Api) -> None:
    for value in (True, False):
        flag = {"key": "IS_BETA_ENABLED", "value": value}
        assert api.ask(FLAG, flag) == {"updateLabPublicFeatureFlag": flag}
        shown = api.ask("{ currentWorkspace { featureFlags { key value } } }")
        assert shown == {"currentWorkspace": {"featureFlags": [flag]}}
    assert reader_api.refused(FLAG, flag)["extensions"]["subCode"] == "PERMISSION_DENIED"
    error = api.refused(FLAG, {"key": "no flag", "value": True})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == "publicFeatureFlag must be UPPER_SNAKE_CASE of at most 63 characters"


def test_record_counts_are_the_kept_totals_of_active_objects(api: Api, reader_api: Api) -> None:
    rocket = api.create_object()
    table = f'"{api.workspace.database_schema}".record_count'
    with connection.cursor() as sql:
        sql.execute(f"INSERT INTO {table} (object_id, live) VALUES (%s, 7), (%s, -2)", [rocket["id"]] * 2)
    workflows = 4  # which take a flag that the reader does not have
    for each, unseen in ((api, 0), (reader_api, workflows)):
        answer = each.ask("{ objectRecordCounts { objectNamePlural totalCount } }")["objectRecordCounts"]
        counts = {row["objectNamePlural"]: row["totalCount"] for row in answer}
        assert (counts["rockets"], counts["blocklists"]) == (5, 0)
        active = ObjectMetadata.objects.filter(workspace=api.workspace, is_active=True).count()
        assert len(counts) == active - unseen


def test_objects_that_may_not_be_read_are_not_counted(scene: Scene, api: Api) -> None:
    system = system_principal(scene.workspace)
    blind = role_create(system, values={"label": "Blind"})
    answer = Api(scene.workspace, token_of(scene.workspace, blind)).ask("{ objectRecordCounts { objectNamePlural } }")
    assert answer == {"objectRecordCounts": [{"objectNamePlural": "workspaceMembers"}]}  # known to all


def test_minimal_metadata_lists_every_object(api: Api) -> None:
    query = "{ minimalMetadata { objectMetadataItems { id nameSingular isActive } collectionHashes { collectionName hash } } }"
    answer = api.ask(query)["minimalMetadata"]
    assert [each["id"] for each in answer["objectMetadataItems"]] == object_ids(api)
    assert answer["collectionHashes"][0] == {"collectionName": "objectMetadata", "hash": "1"}


def test_a_key_is_no_user(api: Api) -> None:
    error = api.refused("{ currentUser { id } }")
    assert (error["message"], error["extensions"]["code"]) == ("Forbidden resource", "FORBIDDEN")


def test_a_member_is_the_current_user(scene: Scene) -> None:
    member = member_create(
        workspace=scene.workspace,
        email="ada@example.org",
        password="correct horse",
        first_name="Ada",
        last_name="Lovelace",
    )
    principal = principal_of_member_id(scene.workspace.id, member.id)
    query = "{ currentUser { id firstName lastName email currentWorkspace { id } } }"
    assert Api(scene.workspace, playground_token(principal).token).ask(query) == {
        "currentUser": {
            "id": str(member.id),
            "firstName": "Ada",
            "lastName": "Lovelace",
            "email": "ada@example.org",
            "currentWorkspace": {"id": str(scene.workspace.id)},
        }
    }


def test_a_deleted_workspace_lets_nobody_in(api: Api, reader_api: Api) -> None:
    delete = "mutation { deleteCurrentWorkspace { id deletedAt } }"
    assert reader_api.refused(delete)["extensions"]["subCode"] == "PERMISSION_DENIED"
    assert api.ask("{ currentWorkspace { deletedAt } }") == {"currentWorkspace": {"deletedAt": None}}
    assert api.ask(delete)["deleteCurrentWorkspace"]["deletedAt"] is not None
    (error,) = api.post("{ currentWorkspace { id } }").json()["errors"]
    assert error["message"] == "Workspace not found"
