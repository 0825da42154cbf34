"""Morph relations are edited as one, and their rows are called after their targets, whatever those are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from config.errors import MetadataValidationFailed
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, api_of, workspace_with


@pytest.fixture
def workspace(db: None) -> Workspace:
    return workspace_with()


@pytest.fixture
def objects(workspace: Workspace) -> dict[str, ObjectMetadata]:
    return {name: add_object(workspace, name, f"{name}s") for name in ("pet", "zzPer", "per", "ship")}


def target(kind: str, other: ObjectMetadata, label: str) -> dict[str, Any]:
    return {"type": kind, "targetObjectMetadataId": str(other.id), "targetFieldLabel": label, "targetFieldIcon": "Icon"}


@pytest.fixture
def owner(workspace: Workspace, objects: Mapping[str, ObjectMetadata]) -> FieldMetadata:
    """Who owns a pet: `ownerZzPer`, `ownerPer` or `ownerShip`."""
    payloads = [target("MANY_TO_ONE", objects[name], "Pets") for name in ("zzPer", "per", "ship")]
    return add_field(workspace, objects["pet"], "MORPH_RELATION", "owner", morphRelationsCreationPayload=payloads)


def rows(field: FieldMetadata) -> list[FieldMetadata]:
    return list(FieldMetadata.objects.filter(morph_id=field.morph_id, is_custom=True).order_by("position"))


def names(field: FieldMetadata) -> list[str]:
    return [each.name for each in rows(field)]


def rename(workspace: Workspace, subject: ObjectMetadata, singular: str, plural: str) -> None:
    update = {"nameSingular": singular, "namePlural": plural}
    services.object_update(workspace_id=workspace.id, object_id=subject.id, update=update)


def edit(workspace: Workspace, field: FieldMetadata, **update: Any) -> None:
    services.field_update(workspace_id=workspace.id, field_id=field.id, update=update)


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status == status, answer.body
    [value] = answer.body["data"].values()
    return value


def test_renaming_an_object_renames_the_rows_that_lead_to_it(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], owner: FieldMetadata
) -> None:
    plain = add_field(
        workspace, objects["ship"], "RELATION", "masterZzPer",
        relationCreationPayload=target("MANY_TO_ONE", objects["zzPer"], "Ships"),
    )  # fmt: skip
    many = add_field(
        workspace, objects["ship"], "MORPH_RELATION", "crew",
        morphRelationsCreationPayload=[target("ONE_TO_MANY", objects["zzPer"], "Berth")],
    )  # fmt: skip
    api = api_of(workspace)
    person = done(api.post("/rest/zzPers", {}), 201)["id"]
    pet = done(api.post("/rest/pets", {"ownerZzPerId": person}), 201)["id"]
    ship = done(api.post("/rest/ships", {}), 201)["id"]
    done(api.patch(f"/rest/zzPers/{person}", {"berthId": ship}))

    rename(workspace, objects["zzPer"], "zzHuman", "zzHumans")

    assert names(owner) == ["ownerZzHuman", "ownerPer", "ownerShip"]
    assert [(each.join_name, (each.settings or {})["joinColumnName"]) for each in rows(owner)] == [
        (name, name) for name in ("ownerZzHumanId", "ownerPerId", "ownerShipId")
    ]
    assert names(many) == ["crewZzHumans"]
    plain.refresh_from_db()
    assert (plain.name, plain.join_name) == ("masterZzPer", "masterZzPerId")  # no row of a morph relation
    assert done(api.get(f"/rest/pets/{pet}"))["ownerZzHumanId"] == person
    assert api.get(f"/rest/pets?filter=ownerZzHumanId[eq]:{person}").body["totalCount"] == 1
    asked = "{ pets { edges { node { ownerZzHuman { id pets { edges { node { id } } } } } } }"
    asked += " ships { edges { node { crewZzHumans { edges { node { id } } } } } } }"
    assert api.data(asked) == {
        "pets": {"edges": [{"node": {"ownerZzHuman": {"id": person, "pets": {"edges": [{"node": {"id": pet}}]}}}}]},
        "ships": {"edges": [{"node": {"crewZzHumans": {"edges": [{"node": {"id": person}}]}}}]},
    }
    rename(workspace, objects["zzPer"], "zzPer", "zzPers")
    assert (names(owner), names(many)) == (["ownerZzPer", "ownerPer", "ownerShip"], ["crewZzPers"])


def test_another_objects_rows_keep_their_names(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], owner: FieldMetadata
) -> None:
    rename(workspace, objects["per"], "human", "humans")
    assert names(owner) == ["ownerZzPer", "ownerHuman", "ownerShip"]


def test_a_criterion_follows_the_renamed_row(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], owner: FieldMetadata
) -> None:
    update = {"duplicateCriteria": [["ownerZzPerId", "name"]]}
    services.object_update(workspace_id=workspace.id, object_id=objects["pet"].id, update=update)
    rename(workspace, objects["zzPer"], "zzHuman", "zzHumans")
    assert ObjectMetadata.objects.get(id=objects["pet"].id).duplicate_criteria == [["ownerZzHumanId", "name"]]


@pytest.mark.parametrize("taken", ["ownerZzHuman", "ownerZzHumanId"])
def test_a_name_that_is_taken_keeps_the_object_from_being_renamed(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], owner: FieldMetadata, taken: str
) -> None:
    add_field(workspace, objects["pet"], "TEXT", taken)
    with pytest.raises(MetadataValidationFailed) as refused:
        rename(workspace, objects["zzPer"], "zzHuman", "zzHumans")
    assert taken in str(refused.value.failures)
    assert names(owner) == ["ownerZzPer", "ownerPer", "ownerShip"]
    assert ObjectMetadata.objects.get(id=objects["zzPer"].id).name_singular == "zzPer"


def test_labels_rename_nothing(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], owner: FieldMetadata
) -> None:
    update = {"labelSingular": "Human", "labelPlural": "Humans"}
    services.object_update(workspace_id=workspace.id, object_id=objects["zzPer"].id, update=update)
    FieldMetadata.objects.filter(id=owner.id).update(name="ownerOld", join_name="ownerOldId")  # renamed in old times
    edit(workspace, owner, label="Keeper")
    assert names(owner) == ["ownerOld", "ownerPer", "ownerShip"]
    edit(workspace, owner, name="ownerOld", label="Keeper")  # as it is
    assert names(owner) == ["ownerOld", "ownerPer", "ownerShip"]
    edit(workspace, owner, name="keeper")
    assert names(owner) == ["keeperZzPer", "keeperPer", "keeperShip"]


@pytest.mark.parametrize("place", [0, 2])
def test_editing_one_row_edits_the_whole_relation(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], owner: FieldMetadata, place: int
) -> None:
    changes = {"label": "Keeper", "icon": "IconKey", "description": "Who keeps it", "name": "keeper"}
    row = rows(owner)[place]
    settings = {**(row.settings or {}), "onDelete": "CASCADE"}
    edit(workspace, row, **changes, settings=settings)
    assert [(each.name, each.label, each.icon, each.description, each.on_delete) for each in rows(owner)] == [
        (f"keeper{name}", "Keeper", "IconKey", "Who keeps it", "CASCADE") for name in ("ZzPer", "Per", "Ship")
    ]
    assert [(each.settings or {})["joinColumnName"] for each in rows(owner)] == [
        "keeperZzPerId", "keeperPerId", "keeperShipId"
    ]  # fmt: skip
    api = api_of(workspace)
    edit(workspace, row, isActive=False)
    assert [each.is_active for each in rows(owner)] == [False] * 3
    record = done(api.post("/rest/pets", {}), 201)
    assert not [name for name in record if name.startswith("keeper")]
    edit(workspace, rows(owner)[1 - place % 2], isActive=True)
    assert [each.is_active for each in rows(owner)] == [True] * 3
    assert done(api.get(f"/rest/pets/{record['id']}"))["keeperShipId"] is None


def test_the_rows_of_the_standard_model_are_each_their_own(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata]
) -> None:
    row = FieldMetadata.objects.get(workspace=workspace, object__name_singular="noteTarget", name="targetPet")
    edit(workspace, row, isActive=False)
    others = FieldMetadata.objects.filter(workspace=workspace, morph_id=row.morph_id).exclude(id=row.id)
    assert {each.is_active for each in others} == {True}


# System fields ------------------------------------------------------------------------------------------

SYSTEM = (
    "id", "createdAt", "updatedAt", "deletedAt", "createdBy", "updatedBy", "position", "searchVector",
)  # fmt: skip


@pytest.mark.parametrize("name", SYSTEM)
def test_what_every_record_has_cannot_be_switched_off(
    workspace: Workspace, objects: Mapping[str, ObjectMetadata], name: str
) -> None:
    api = api_of(workspace)
    field = FieldMetadata.objects.get(object=objects["pet"], name=name)
    message = f'System field "{name}" cannot be deactivated: every record has it, and the APIs need it'
    over_rest = api.patch(f"/rest/metadata/fields/{field.id}", {"isActive": False})
    assert over_rest.status == 400
    assert message in str(over_rest.body)
    mutation = "mutation ($id: UUID!) { updateOneField(input: {id: $id, update: {isActive: false}}) { id } }"
    over_graphql = api.graphql(mutation, {"id": str(field.id)}, "/metadata").body
    assert message in str(over_graphql["errors"])
    assert FieldMetadata.objects.get(id=field.id).is_active
    _list_still_works(api)


def _list_still_works(api: Api) -> None:
    assert api.get("/rest/pets").body["totalCount"] == 0
    assert api.data("{ pets { totalCount } }") == {"pets": {"totalCount": 0}}
