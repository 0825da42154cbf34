"""Who changed what of a record."""

from __future__ import annotations

from typing import Any

from django.db import connection

from apikeys.services.permissions import field_permissions_upsert
from apikeys.services.roles import role_create
from metadata import services
from metadata.models import FieldMetadata, Workspace
from tests.core.rest.conftest import Rest
from tests.factories import key_of, principal_of

ID = "777a8457-eb2d-40ac-a707-551b615b6980"
OTHER = "777a8457-eb2d-40ac-a707-551b615b6981"
PATH = f"people/{ID}/history"


def entries(rest: Rest, path: str = PATH) -> list[tuple[str, Any]]:
    answer = rest.get(path)
    assert answer.status == 200, answer.body
    return [(each["action"], each["changes"]) for each in answer.body["data"]["history"]]


def field_of(workspace: Workspace, name: str) -> FieldMetadata:
    return FieldMetadata.objects.get(object__workspace_id=workspace.id, object__name_singular="person", name=name)


def test_an_entry(rest: Rest) -> None:
    created = rest.post("people", {"id": ID, "jobTitle": "CTO"}).data
    updated = rest.patch(f"people/{ID}", {"jobTitle": "CEO", "city": "Oslo"}).data
    answer = rest.get(PATH)
    newest, oldest = answer.body["data"]["history"]
    assert newest == {
        "id": "2",
        "action": "updated",
        "at": updated["updatedAt"],
        "actor": updated["updatedBy"],
        "changes": {"jobTitle": {"before": "CTO", "after": "CEO"}, "city": {"before": "", "after": "Oslo"}},
    }
    assert oldest == {
        "id": "1",
        "action": "created",
        "at": created["createdAt"],
        "actor": created["createdBy"],
        "changes": {},
    }
    assert (answer.body["totalCount"], sorted(answer.body["pageInfo"])) == (
        2,
        ["endCursor", "hasNextPage", "hasPreviousPage", "startCursor"],
    )


def test_the_life_of_a_record(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    rest.delete(f"people/{ID}?soft_delete=true")
    rest.patch(f"people/{ID}/restore")
    rest.patch(f"people/{ID}/restore")  # changes nothing
    rest.patch(f"people/{ID}", {"name": {"firstName": "Ada"}})
    rest.patch(f"people/{ID}", {"name": {"firstName": "Ada"}})  # nor does this
    rest.delete(f"people/{ID}")
    assert rest.get(f"people/{ID}").status == 404
    name = {"before": {"firstName": "", "lastName": ""}, "after": {"firstName": "Ada", "lastName": ""}}
    assert entries(rest) == [
        ("destroyed", {}),
        ("updated", {"name": name}),
        ("restored", {}),
        ("deleted", {}),
        ("created", {}),
    ]


def test_a_relation_has_the_name_of_its_id(rest: Rest) -> None:
    company = rest.post("companies", {"name": "Acme"}).data["id"]
    rest.post("people", {"id": ID})
    rest.patch(f"people/{ID}", {"companyId": company})
    assert entries(rest)[0] == ("updated", {"companyId": {"before": None, "after": company}})


def test_a_relation_whose_end_is_destroyed_or_merged_away(rest: Rest) -> None:
    kept, gone = (rest.post("companies", {"name": "Acme"}).data["id"] for _ in range(2))
    rest.post("batch/people", [{"id": ID, "companyId": gone}, {"id": OTHER, "companyId": kept}])
    before = rest.get(f"people/{ID}").data
    assert rest.patch("companies/merge", {"ids": [kept, gone], "conflictPriorityIndex": 0}).status == 200
    assert entries(rest)[0] == ("updated", {"companyId": {"before": gone, "after": kept}})
    assert rest.delete(f"companies/{kept}").status == 200
    cleared = ("updated", {"companyId": {"before": kept, "after": None}})
    assert entries(rest)[0] == entries(rest, f"people/{OTHER}/history")[0] == cleared
    assert [each["actor"]["name"] for each in rest.get(PATH).data] == ["Importer"] * 3
    assert rest.get(f"people/{ID}").data == {**before, "companyId": None}


def test_batches_and_bulk_writes_note_each_record(rest: Rest) -> None:
    rest.post("batch/people", [{"id": ID, "jobTitle": "A"}, {"id": OTHER, "jobTitle": "B"}])
    rest.patch(f"people?filter=id[in]:[{ID},{OTHER}]", {"jobTitle": "B"})
    assert entries(rest) == [("updated", {"jobTitle": {"before": "A", "after": "B"}}), ("created", {})]
    assert entries(rest, f"people/{OTHER}/history") == [("created", {})]


def test_an_upsert_that_revives_is_a_restore_with_its_changes(rest: Rest) -> None:
    rest.post("people", {"id": ID, "jobTitle": "A"})
    rest.delete(f"people/{ID}?soft_delete=true")
    rest.post("people?upsert=true", {"id": ID, "jobTitle": "B"})
    assert entries(rest)[0] == ("restored", {"jobTitle": {"before": "A", "after": "B"}})


def test_merged_records_are_destroyed_and_the_survivor_updated(rest: Rest) -> None:
    rest.post("batch/people", [{"id": ID}, {"id": OTHER, "jobTitle": "B"}])
    assert rest.patch("people/merge", {"ids": [ID, OTHER], "conflictPriorityIndex": 0, "dryRun": True}).status == 200
    assert len(entries(rest)) == 1
    assert rest.patch("people/merge", {"ids": [ID, OTHER], "conflictPriorityIndex": 0}).status == 200
    action, changes = entries(rest)[0]
    assert (action, changes["jobTitle"]["after"]) == ("updated", "B")
    assert entries(rest, f"people/{OTHER}/history")[0] == ("destroyed", {})


def test_a_write_that_is_refused_leaves_no_entry(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    assert rest.patch(f"people/{ID}", {"companyId": OTHER}).status == 400
    assert entries(rest) == [("created", {})]


# Pages -------------------------------------------------------------------------------------------------


def test_walking_the_pages(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    for number in range(4):
        rest.patch(f"people/{ID}", {"jobTitle": str(number)})
    ids = [each["id"] for each in rest.get(PATH).body["data"]["history"]]
    seen, sides, path = [], [], f"{PATH}?limit=2"
    while True:
        body = rest.get(path).body
        seen += [each["id"] for each in body["data"]["history"]]
        info = body["pageInfo"]
        sides.append((info["hasPreviousPage"], info["hasNextPage"], body["totalCount"]))
        if not info["hasNextPage"]:
            break
        path = f"{PATH}?limit=2&starting_after={info['endCursor']}"
    assert (len(ids), seen) == (5, ids)
    assert sides == [(False, True, 5), (True, True, 5), (True, False, 5)]


def test_entries_are_numbered_by_record(rest: Rest) -> None:
    """Whatever is written meanwhile shows in no id and no cursor of another record's history."""
    rest.post("people", {"id": ID})
    rest.post("batch/companies", [{"name": str(number)} for number in range(5)])
    rest.post("people", {"id": OTHER})
    rest.patch(f"people/{ID}", {"jobTitle": "CTO"})
    body = rest.get(f"{PATH}?limit=1").body
    assert [each["id"] for each in body["data"]["history"]] == ["2"]
    cursor = body["pageInfo"]["endCursor"]
    rest.patch(f"people/{ID}", {"jobTitle": "CEO"})
    after = rest.get(f"{PATH}?starting_after={cursor}").body
    assert [each["id"] for each in after["data"]["history"]] == ["1"]
    assert [each["id"] for each in rest.get(f"people/{OTHER}/history").data] == ["1"]


def test_a_cursor_that_is_none_is_refused(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    answer = rest.get(f"{PATH}?starting_after=nonsense")
    assert (answer.status, answer.body["code"]) == (400, "INVALID_CURSOR")


def test_other_parameters_are_named(rest: Rest) -> None:
    rest.post("people", {"id": ID})
    assert rest.get(f"{PATH}?depth=1").headers["X-Ignored-Parameters"] == "depth"


# Refusals ----------------------------------------------------------------------------------------------


def test_an_unknown_record_is_not_found(rest: Rest) -> None:
    answer = rest.get(PATH)
    assert (answer.status, answer.message) == (404, "Record not found")


def test_a_record_from_before_there_was_a_history_has_an_empty_one(rest: Rest, workspace: Workspace) -> None:
    rest.post("people", {"id": ID})
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{workspace.database_schema}".history')
    answer = rest.get(PATH)
    assert (answer.body["data"]["history"], answer.body["totalCount"]) == ([], 0)
    assert answer.body["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


def test_only_get(rest: Rest) -> None:
    answer = rest.post(PATH, {})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_no_key_and_no_right_to_read(rest: Rest, anonymous: Rest, workspace: Workspace) -> None:
    rest.post("people", {"id": ID})
    role_create(principal_of(workspace), values={"label": "Nobody", "canBeAssignedToApiKeys": True})
    assert anonymous.get(PATH).status == 403
    assert Rest(key_of(workspace, role="Nobody")).get(PATH).body["code"] == "PERMISSION_DENIED"


def test_fields_the_caller_may_not_read_are_left_out(rest: Rest, workspace: Workspace) -> None:
    rest.post("people", {"id": ID})
    rest.patch(f"people/{ID}", {"jobTitle": "CTO", "city": "Oslo"})
    system = principal_of(workspace)
    role = role_create(
        system, values={"label": "Part", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True}
    )
    field = field_of(workspace, "jobTitle")
    items = [{"objectMetadataId": field.object_id, "fieldMetadataId": field.id, "canReadFieldValue": False}]
    field_permissions_upsert(system, role_id=role.id, items=items)
    [(_, changes), _] = entries(Rest(key_of(workspace, role="Part")))
    assert list(changes) == ["city"]


def test_a_renamed_field_has_its_present_name_and_a_deleted_one_none(rest: Rest, workspace: Workspace) -> None:
    person = field_of(workspace, "jobTitle").object_id
    values = {"objectMetadataId": str(person), "type": "TEXT", "name": "nick", "label": "Nick"}
    field = services.field_create(workspace_id=workspace.id, values=values)
    rest.post("people", {"id": ID})
    rest.patch(f"people/{ID}", {"nick": "Countess"})
    services.field_update(workspace_id=workspace.id, field_id=field.id, update={"name": "alias", "label": "Alias"})
    assert list(entries(rest)[0][1]) == ["alias"]
    services.field_update(workspace_id=workspace.id, field_id=field.id, update={"isActive": False})
    services.field_delete(workspace_id=workspace.id, field_id=field.id)
    assert entries(rest)[0] == ("updated", {})
