"""Every verb of both record APIs answers while fields, relations or whole objects are switched off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apikeys.services.members import member_create
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, add_field, api_of, workspace_with
from tests.openapi.model import add_every_type, add_owner

FIRST = "0190b6a0-0000-4000-8000-0000000000e1"
SECOND = "0190b6a0-0000-4000-8000-0000000000e2"
THIRD = "0190b6a0-0000-4000-8000-0000000000e3"

# What is switched off: fields as `object.field`, objects by their name.
SCENES = {
    "every field that users made": ("gadget.my*", "gadget.owner", "gadget.part*"),
    "the other side of a relation": ("person.gadgets",),
    "one relation and its target's label": ("gadget.owner", "person.jobTitle", "person.emails"),
    "relations of the standard model": ("company.people", "company.attachments", "person.company", "noteTarget.note"),
    "what duplicates are found by": ("company.domainName", "person.emails", "person.linkedinLink"),
    "the image, and what is searched": ("person.avatarFile", "person.avatarUrl", "company.domainName", "note.bodyV2"),
    "the object a relation leads to": ("person",),
    "the object of a morph relation": ("company",),
    "junctions and what hangs on every object": ("noteTarget", "taskTarget", "attachment", "timelineActivity"),
    "members and the notes' object": ("workspaceMember", "note"),
}


@pytest.fixture(scope="module")
def _of_the_module(uncommitted: None) -> Workspace:
    workspace = workspace_with(empty=False)
    gadget = add_every_type(workspace)
    add_owner(workspace, gadget)
    objects = {each.name_singular: each for each in ObjectMetadata.objects.filter(workspace=workspace)}
    payloads = [
        {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(objects[name].id), "targetFieldLabel": "Of gadgets"}
        for name in ("person", "company")
    ]
    add_field(workspace, gadget, "MORPH_RELATION", "part", morphRelationsCreationPayload=payloads)
    update = {"duplicateCriteria": [["myText"], ["ownerId"], ["name"]]}
    services.object_update(workspace_id=workspace.id, object_id=gadget.id, update=update)
    return workspace


@pytest.fixture
def workspace(db: None, _of_the_module: Workspace) -> Workspace:
    return Workspace.objects.get(id=_of_the_module.id)


@contextmanager
def switched_off(workspace: Workspace, names: tuple[str, ...]) -> Iterator[None]:
    def switch(is_active: bool) -> None:
        update = {"isActive": is_active}
        for name in names:
            subject, _, field = name.partition(".")
            obj = ObjectMetadata.objects.get(workspace=workspace, name_singular=subject)
            if not field:
                services.object_update(workspace_id=workspace.id, object_id=obj.id, update=update)
                continue
            assert obj.label_identifier_field_id is not None
            chosen = FieldMetadata.objects.filter(object=obj).exclude(id=obj.label_identifier_field_id)
            kind = {"name__startswith": field[:-1]} if field.endswith("*") else {"name": field}
            for each in chosen.filter(**kind):
                services.field_update(workspace_id=workspace.id, field_id=each.id, update=update)

    switch(False)
    yield
    switch(True)


def rest_calls(singular: str, plural: str) -> list[tuple[str, str, Any, int]]:
    """Method, path, body and status of each verb, in an order in which each finds what it needs."""
    one, two = {"id": FIRST, "name": "first"}, {"id": SECOND, "name": "second"}
    path, both = f"/rest/{plural}", f"filter=id[in]:[{FIRST},{SECOND}]"
    deleted = f"filter=and(id[in]:[{FIRST},{SECOND}],deletedAt[is]:NOT_NULL)"
    label = "name"
    return [
        ("POST", path, one, 201),
        ("POST", f"/rest/batch/{plural}", [two, {"id": THIRD, "name": "third"}], 201),
        ("POST", f"{path}?upsert=true", {**one, "position": 3}, 201),
        ("GET", f"{path}/{FIRST}?depth=1", None, 200),
        ("GET", f"{path}?depth=1&limit=5", None, 200),
        ("GET", f"{path}?filter={label}[eq]:first&order_by={label}[DescNullsLast],createdAt", None, 200),
        ("GET", f"{path}/groupBy?group_by=[{{\"createdAt\":{{\"granularity\":\"DAY\"}}}},{{\"{label}\":true}}]", None, 200),
        ("POST", f"{path}/duplicates", {"ids": [FIRST]}, 200),
        ("POST", f"{path}/duplicates", {"data": [{"name": "first"}]}, 200),
        ("GET", f"/rest/search?query=first&objects={singular}", None, 200),
        ("PATCH", f"{path}/{FIRST}", {"name": "first again"}, 200),
        ("PATCH", f"{path}?{both}", {"position": 5}, 200),
        ("GET", f"{path}/{FIRST}/history", None, 200),
        ("GET", f"{path}/export?format=csv", None, 200),
        ("GET", f"{path}/export?format=jsonl", None, 200),
        ("PATCH", f"{path}/merge?depth=1", {"ids": [SECOND, THIRD], "conflictPriorityIndex": 0}, 200),
        ("DELETE", f"{path}/{FIRST}?soft_delete=true", None, 200),
        ("DELETE", f"{path}?{both}&soft_delete=true", None, 200),
        ("PATCH", f"/rest/{plural}/{FIRST}/restore", None, 200),
        ("PATCH", f"/rest/{plural}/restore?{deleted}", None, 200),
        ("DELETE", f"{path}/{FIRST}", None, 200),
        ("DELETE", f"{path}?{both}", None, 200),
    ]  # fmt: skip


def graphql_calls(singular: str, plural: str) -> list[str]:
    """A document for each root field of an object."""
    one, many = singular[0].upper() + singular[1:], plural[0].upper() + plural[1:]
    both = f'filter: {{id: {{in: ["{FIRST}", "{SECOND}"]}}}}'
    return [
        f'mutation {{ create{one}(data: {{id: "{FIRST}", name: "first"}}) {{ id name createdBy {{ source }} }} }}',
        f'mutation {{ create{many}(data: [{{id: "{SECOND}", name: "b"}}, {{id: "{THIRD}", name: "c"}}]) {{ id }} }}',
        f'{{ {singular}(filter: {{id: {{eq: "{FIRST}"}}}}) {{ id name position }} }}',
        f"{{ {plural}(first: 2, orderBy: [{{name: AscNullsLast}}]) {{ totalCount countUniqueValuesName"
        " edges { node { id deletedAt } cursor } } }",
        f"{{ {plural}GroupBy(groupBy: [{{name: true}}]) {{ totalCount groupByDimensionValues }} }}",
        f'{{ {singular}Duplicates(ids: ["{FIRST}"]) {{ edges {{ node {{ id }} }} }} }}',
        f'{{ search(searchInput: "first", limit: 5, includedObjectNameSingulars: ["{singular}"])'
        " { edges { node { recordId label imageUrl } } } }",
        f'mutation {{ update{one}(id: "{FIRST}", data: {{name: "d"}}) {{ id }} }}',
        f"mutation {{ update{many}({both}, data: {{position: 4}}) {{ id }} }}",
        f'mutation {{ merge{many}(ids: ["{SECOND}", "{THIRD}"], conflictPriorityIndex: 0) {{ id }} }}',
        f'mutation {{ delete{one}(id: "{FIRST}") {{ deletedAt }} }}',
        f'mutation {{ restore{one}(id: "{FIRST}") {{ deletedAt }} }}',
        f"mutation {{ delete{many}({both}) {{ deletedAt }} }}",
        f"mutation {{ restore{many}({both}) {{ deletedAt }} }}",
        f'mutation {{ destroy{one}(id: "{FIRST}") {{ id }} }}',
        f"mutation {{ destroy{many}({both}) {{ id }} }}",
    ]


def wrong_answers(api: Api, singular: str, plural: str) -> list[Any]:
    wrong: list[Any] = []
    for method, path, body, status in rest_calls(singular, plural):
        if "/export" in path:
            response = api.client.get(path, headers={"Authorization": f"Bearer {api.token}"})
            content = b"".join(response.streaming_content).decode() if response.streaming else ""  # type: ignore[attr-defined]
            if response.status_code != status or "INCOMPLETE" in content:
                wrong.append((method, path, response.status_code, content))
            continue
        answer = api.request(method, path, body)
        if answer.status != status:
            wrong.append((method, path, answer.status, answer.body))
    row = json.dumps({"id": FIRST, "name": "first"}).encode()
    imported = api.client.post(
        f"/rest/{plural}/import?format=jsonl", row, content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {api.token}"},
    )  # fmt: skip
    if imported.status_code not in (200, 201) or api.delete(f"/rest/{plural}/{FIRST}").status != 200:
        wrong.append(("import", imported.status_code, imported.content))
    for text in graphql_calls(singular, plural):
        answer = api.graphql(text)
        if answer.status != 200 or "errors" in answer.body:
            wrong.append((text, answer.body))
    return wrong


def test_every_verb_answers(workspace: Workspace) -> None:
    api = api_of(workspace)
    for scene, off in SCENES.items():
        with switched_off(workspace, off):
            for singular, plural in (("gadget", "gadgets"), ("company", "companies")):
                if singular not in off:
                    assert not (wrong := wrong_answers(api, singular, plural)), "\n".join(map(str, (scene, *wrong)))
            for document in ("/rest/open-api/core", "/rest/open-api/metadata"):
                assert api.get(document).status == 200
            assert api.data("{ __schema { queryType { name } } }") == {"__schema": {"queryType": {"name": "Query"}}}
            for name in (each for each in off if "." not in each):
                plural = ObjectMetadata.objects.get(workspace=workspace, name_singular=name).name_plural
                assert api.get(f"/rest/{plural}").status == 400
    assert not (wrong := wrong_answers(api, "gadget", "gadgets")), "\n".join(map(str, wrong))


@pytest.mark.parametrize("name", ["workspaceMember", "workspaceMember.userEmail", "workspaceMember.userId"])
def test_people_can_join_all_the_same(workspace: Workspace, name: str) -> None:
    with switched_off(workspace, (name,)):
        member = member_create(workspace=workspace, email="ada@example.com", password="correct horse battery")
        if name != "workspaceMember":
            record = api_of(workspace).get(f"/rest/workspaceMembers/{member.member_record_id}")
            assert record.status == 200
