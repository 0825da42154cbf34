"""Objects through `POST /metadata`: creating, validating, changing and deleting them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.metadata.graphql.conftest import (
    CREATE_OBJECT,
    DELETE_OBJECT,
    UPDATE_OBJECT,
    Api,
    object_input,
)

RESERVED_MESSAGE = 'This name is reserved. Use a different name or the system will add "Custom" suffix.'
MALFORMED_MESSAGE = "Name is not valid: it must start with lowercase letter and contain only alphanumeric letters"
SAME_NAMES_MESSAGE = "The singular and plural names cannot be the same for an object"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
INVERSE_SIDES = {
    "timelineActivities": ("timelineActivity", "targetRocket"),
    "attachments": ("attachment", "targetRocket"),
    "noteTargets": ("noteTarget", "targetRocket"),
    "taskTargets": ("taskTarget", "targetRocket"),
    "favorites": ("favorite", "rocket"),
}


def update(api: Api, object_id: str, **members: Any) -> Any:
    return api.ask(UPDATE_OBJECT, {"input": {"id": object_id, "update": members}})["updateOneObject"]


def refuse_update(api: Api, object_id: str, **members: Any) -> dict[str, Any]:
    return api.refused(UPDATE_OBJECT, {"input": {"id": object_id, "update": members}})


def delete(api: Api, object_id: str) -> Any:
    return api.ask(DELETE_OBJECT, {"input": {"id": object_id}})["deleteOneObject"]


def fields_of(api: Api, name: str) -> dict[str, Any]:
    """An object's fields by name, each row of a morph relation by itself."""
    rows = FieldMetadata.objects.filter(workspace=api.workspace, object__name_singular=name)
    return {row.name: row for row in rows}


def report(error: dict[str, Any], kind: str = "objectMetadata") -> list[tuple[str, str]]:
    """Code and message of everything that a report says of its only rejected entity."""
    extensions = error["extensions"]
    assert extensions["code"] == "METADATA_VALIDATION_FAILED"
    assert extensions["summary"] == {"totalErrors": 1, kind: 1}
    assert list(extensions["errors"]) == [kind]
    (entity,) = extensions["errors"][kind]
    assert extensions["message"] == f"Validation failed for 1 {kind}"
    assert extensions["userFriendlyMessage"] == entity["errors"][0]["userFriendlyMessage"]
    return [(each["code"], each["message"]) for each in entity["errors"]]


# Create ----------------------------------------------------------------------------------------------


def test_basic_creation_answers_the_object(api: Api) -> None:
    rocket = api.create_object(description="Flies", icon="IconRocket")
    identifier = next(field for field in rocket["fieldsList"] if field["name"] == "name")
    expected = {
        "nameSingular": "rocket",
        "namePlural": "rockets",
        "labelSingular": "Rocket",  # capitalised
        "labelPlural": "Rockets",
        "description": "Flies",
        "icon": "IconRocket",
        "isCustom": True,
        "isRemote": False,
        "isActive": True,
        "isSystem": False,
        "isSearchable": True,
        "isUIReadOnly": False,
        "isLabelSyncedWithName": False,
        "duplicateCriteria": None,
        "imageIdentifierFieldMetadataId": None,
        "labelIdentifierFieldMetadataId": identifier["id"],
        "standardOverrides": None,
    }
    assert {name: rocket[name] for name in expected} == expected
    assert rocket["applicationId"] != api.object("company")["applicationId"]
    assert api.object("rocket") == rocket


def test_creation_raises_the_version_of_the_data_model(api: Api) -> None:
    before = Workspace.objects.get(id=api.workspace.id).schema_version
    api.create_object()
    assert api.ask("{ currentWorkspace { metadataVersion } }") == {"currentWorkspace": {"metadataVersion": before + 1}}


def test_the_default_relations_exist_on_both_sides(api: Api) -> None:
    rocket = api.create_object()
    sides = {
        field["name"]: (
            field["relation"]["targetObjectMetadata"]["nameSingular"],
            field["relation"]["targetFieldMetadata"],
        )
        for field in rocket["fieldsList"]
        if field["relation"] is not None
    }
    assert {name: (target, field["name"]) for name, (target, field) in sides.items()} == INVERSE_SIDES
    for name, (target, field) in sides.items():
        inverse = fields_of(api, target)[INVERSE_SIDES[name][1]]
        assert (str(inverse.id), inverse.label) == (field["id"], "Rocket")


def test_without_a_name_field_the_id_identifies(api: Api) -> None:
    rocket = api.create_object(skipNameField=True)
    by_name = {field["name"]: field["id"] for field in rocket["fieldsList"]}
    assert "name" not in by_name
    assert rocket["labelIdentifierFieldMetadataId"] == by_name["id"]


def test_the_index_list_of_a_fresh_object_is_one_gin_index(api: Api) -> None:
    rocket = api.create_object()
    (index,) = rocket["indexMetadataList"]
    vector = next(field for field in rocket["fieldsList"] if field["type"] == "TS_VECTOR")
    assert (index["indexType"], index["isUnique"], index["isCustom"]) == ("GIN", False, False)
    assert index["indexFieldMetadataList"] == [{"fieldMetadataId": vector["id"]}]


def test_create_delete_and_create_again(api: Api) -> None:
    first = api.create_object()
    assert delete(api, first["id"]) == {"id": first["id"], "nameSingular": "rocket"}
    assert api.create_object()["id"] != first["id"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"nameSingular": "a" * 64}, [("INVALID_OBJECT_INPUT", "Name is too long")]),
        ({"namePlural": "a" * 64}, [("INVALID_OBJECT_INPUT", "Name is too long")]),
        (
            {"nameSingular": "  "},
            [("INVALID_OBJECT_INPUT", "Name is too short"), ("INVALID_OBJECT_INPUT", MALFORMED_MESSAGE)],
        ),
        ({"nameSingular": "Rocket"}, [("INVALID_OBJECT_INPUT", MALFORMED_MESSAGE)]),
        ({"nameSingular": "μRocket"}, [("INVALID_OBJECT_INPUT", MALFORMED_MESSAGE)]),
        ({"nameSingular": "1rocket"}, [("INVALID_OBJECT_INPUT", MALFORMED_MESSAGE)]),
        ({"nameSingular": "role"}, [("INVALID_OBJECT_INPUT", RESERVED_MESSAGE)]),
        ({"namePlural": "workspaces"}, [("INVALID_OBJECT_INPUT", RESERVED_MESSAGE)]),
        ({"namePlural": "rocket"}, [("INVALID_OBJECT_INPUT", SAME_NAMES_MESSAGE)]),
        ({"namePlural": " rocket  "}, [("INVALID_OBJECT_INPUT", SAME_NAMES_MESSAGE)]),
        ({"nameSingular": "company"}, [("OBJECT_ALREADY_EXISTS", "Object already exists")]),
        ({"nameSingular": "people"}, [("OBJECT_ALREADY_EXISTS", "Object already exists")]),
        ({"labelSingular": "a" * 64}, [("INVALID_OBJECT_INPUT", "Object label is too long")]),
        ({"labelPlural": " "}, [("INVALID_OBJECT_INPUT", "Object label is too short")]),
        (
            {"isLabelSyncedWithName": True, "labelSingular": "Other"},
            [("INVALID_OBJECT_INPUT", "Names are not synced with labels")],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_bad_names_and_labels_are_reported(api: Api, members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    before = ObjectMetadata.objects.count()
    error = api.refused(CREATE_OBJECT, {"input": {"object": {**object_input(), **members}}})
    assert error["message"] == "Multiple validation errors occurred while creating object"
    assert error["path"] == ["createOneObject"]
    assert report(error) == expected
    assert ObjectMetadata.objects.count() == before


@pytest.mark.parametrize("name", ["nameSingular", "namePlural", "labelSingular", "labelPlural"])
def test_an_empty_text_is_bad_input(api: Api, name: str) -> None:
    error = api.refused(CREATE_OBJECT, {"input": {"object": {**object_input(), name: ""}}})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    checked = f"{name} has failed the name validation check, " if name.startswith("name") else ""
    assert error["message"] == f"{checked}{name} should not be empty"
    assert error["extensions"]["userFriendlyMessage"] == error["message"]


def test_a_missing_name_is_invalid(api: Api) -> None:
    members = object_input()
    del members["namePlural"]
    response = api.post(CREATE_OBJECT, {"input": {"object": members}})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_identical_labels_are_allowed(api: Api) -> None:
    rocket = api.create_object(labelSingular="Fleet", labelPlural="Fleet")
    assert (rocket["labelSingular"], rocket["labelPlural"]) == ("Fleet", "Fleet")


def test_remote_objects_are_refused(api: Api) -> None:
    error = api.refused(CREATE_OBJECT, {"input": {"object": object_input(isRemote=True)}})
    assert error["message"] == "Remote objects are not supported yet"


# Update ----------------------------------------------------------------------------------------------


def test_a_custom_object_can_change_all_its_members(api: Api) -> None:
    rocket = api.create_object()
    members = {
        "nameSingular": "ship",
        "namePlural": "ships",
        "labelSingular": "Ship",
        "labelPlural": "Ships",
        "description": "Sails",
        "icon": "IconShip",
        "color": "blue",
        "isActive": False,
        "isSearchable": False,
        "isLabelSyncedWithName": True,
    }
    changed = update(api, rocket["id"], **members)
    assert {name: changed[name] for name in members} == members
    assert changed["id"] == rocket["id"]


def test_renaming_a_custom_object_renames_its_inverse_fields(api: Api) -> None:
    rocket = api.create_object()
    api.create_field(
        objectMetadataId=rocket["id"],
        type="RELATION",
        name="maker",
        label="Maker",
        relationCreationPayload={
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": api.object("company")["id"],
            "targetFieldLabel": "Made rockets",
            "targetFieldIcon": "IconRocket",
        },
    )
    before = {name: fields_of(api, name)[inverse].id for name, inverse in INVERSE_SIDES.values()}
    update(api, rocket["id"], nameSingular="ship", namePlural="ships", labelSingular="Ship", labelPlural="Ships")
    for name, old in INVERSE_SIDES.values():
        inverse = fields_of(api, name)[old.replace("rocket", "ship").replace("Rocket", "Ship")]
        assert (inverse.id, inverse.label, inverse.join_name) == (before[name], "Ship", f"{inverse.name}Id")
    assert "madeRockets" in fields_of(api, "company")


def test_the_label_identifier_cannot_be_null(api: Api) -> None:
    rocket = api.create_object()
    error = refuse_update(api, rocket["id"], labelIdentifierFieldMetadataId=None)
    assert report(error) == [("INVALID_OBJECT_INPUT", "labelIdentifierFieldMetadataId cannot be null")]


def test_the_label_identifier_must_exist(api: Api) -> None:
    rocket = api.create_object()
    error = refuse_update(api, rocket["id"], labelIdentifierFieldMetadataId=str(uuid4()))
    message = "labelIdentifierFieldMetadataId validation failed: related field metadata not found"
    assert report(error) == [("INVALID_OBJECT_INPUT", message)]


def test_the_label_identifier_must_be_a_uuid(api: Api) -> None:
    rocket = api.create_object()
    response = api.post(
        UPDATE_OBJECT, {"input": {"id": rocket["id"], "update": {"labelIdentifierFieldMetadataId": "not-a-uuid"}}}
    )
    (error,) = response.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Invalid UUID", "GRAPHQL_VALIDATION_FAILED")
    assert error["extensions"]["value"] == "not-a-uuid"


def test_the_label_identifier_must_be_of_a_fitting_type(api: Api) -> None:
    rocket = api.create_object()
    number = api.create_field(objectMetadataId=rocket["id"], type="NUMBER")
    error = refuse_update(api, rocket["id"], labelIdentifierFieldMetadataId=number["id"])
    message = "labelIdentifierFieldMetadataId validation failed: field type not compatible"
    assert report(error) == [("INVALID_OBJECT_INPUT", message)]
    assert api.object("rocket")["labelIdentifierFieldMetadataId"] == rocket["labelIdentifierFieldMetadataId"]


def test_the_search_follows_the_label_identifier(api: Api) -> None:
    searched = "query ($id: UUID!) { object(id: $id) { searchFieldMetadataList { fieldMetadataId } } }"
    note_target = api.object("noteTarget")
    rocket = api.create_object(skipNameField=True)
    text = api.create_field(objectMetadataId=rocket["id"], isSearchable=False)
    assert api.ask(searched, {"id": rocket["id"]})["object"]["searchFieldMetadataList"] == []
    changed = update(api, rocket["id"], labelIdentifierFieldMetadataId=text["id"])
    assert changed["labelIdentifierFieldMetadataId"] == text["id"]
    assert api.ask(searched, {"id": rocket["id"]})["object"]["searchFieldMetadataList"] == [
        {"fieldMetadataId": text["id"]}
    ]
    assert api.ask(searched, {"id": note_target["id"]})["object"]["searchFieldMetadataList"] == []


def test_a_standard_object_takes_overrides(api: Api) -> None:
    company = api.object("company")
    members = {
        "labelSingular": "Firm",
        "labelPlural": "Firms",
        "description": "A firm",
        "icon": "IconFlag",
        "color": "red",
    }
    changed = update(api, company["id"], **members, isActive=False, isSearchable=False)
    assert {name: changed[name] for name in members} == members
    assert changed["standardOverrides"] == members
    assert (changed["isActive"], changed["isSearchable"]) == (False, False)


def test_names_stay_when_a_standard_object_is_relabelled(api: Api) -> None:
    company = api.object("company")
    changed = update(api, company["id"], labelSingular="Firm", labelPlural="Firms")
    assert (changed["nameSingular"], changed["namePlural"]) == ("company", "companies")
    assert changed["standardOverrides"] == {
        "labelSingular": "Firm",
        "labelPlural": "Firms",
        "description": None,
        "icon": None,
        "color": None,
    }


def test_the_original_label_clears_an_override(api: Api) -> None:
    company = api.object("company")
    update(api, company["id"], labelSingular="Firm")
    assert update(api, company["id"], labelSingular="Company")["standardOverrides"] is None


def test_a_translation_of_an_override_is_shown_in_its_locale(api: Api) -> None:
    company = api.object("company")
    update(api, company["id"], translations=[{"locale": "fr-FR", "property": "labelSingular", "value": "Entreprise"}])
    query = "query ($id: UUID!) { object(id: $id) { labelSingular } }"
    labels = [
        api.post(query, {"id": company["id"]}, **headers).json()["data"]["object"]["labelSingular"]
        for headers in ({"X-Locale": "fr-FR"}, {})
    ]
    assert labels == ["Entreprise", "Company"]


def test_forbidden_members_of_a_standard_object_are_all_named(api: Api) -> None:
    company = api.object("company")
    error = refuse_update(
        api,
        company["id"],
        namePlural="firms",
        nameSingular="firm",
        isLabelSyncedWithName=True,
        labelIdentifierFieldMetadataId=company["fieldsList"][0]["id"],
        labelSingular="Firm",
    )
    assert error["message"] == (
        "Cannot edit standard object metadata properties: "
        "isLabelSyncedWithName, labelIdentifierFieldMetadataId, namePlural, nameSingular"
    )
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("BAD_USER_INPUT", "INVALID_OBJECT_INPUT")
    assert api.object("company") == company


def test_updating_an_unknown_object_is_not_found(api: Api) -> None:
    error = refuse_update(api, UNKNOWN_ID, labelSingular="X")
    assert (error["message"], error["extensions"]["code"]) == ("Object to update not found", "NOT_FOUND")


def test_an_object_of_another_workspace_cannot_be_changed(api: Api, other_api: Api) -> None:
    foreign = other_api.create_object()
    assert refuse_update(api, foreign["id"], labelSingular="X")["extensions"]["code"] == "NOT_FOUND"
    assert api.refused(DELETE_OBJECT, {"input": {"id": foreign["id"]}})["extensions"]["code"] == "NOT_FOUND"
    assert other_api.object("rocket") == foreign


def test_a_key_without_rights_changes_and_deletes_nothing(api: Api, reader_api: Api) -> None:
    rocket = api.create_object()
    assert refuse_update(reader_api, rocket["id"], labelSingular="X")["extensions"]["subCode"] == "PERMISSION_DENIED"
    error = reader_api.refused(DELETE_OBJECT, {"input": {"id": rocket["id"]}})
    assert error["extensions"]["subCode"] == "PERMISSION_DENIED"
    assert api.object("rocket") == rocket


MANY = "mutation ($inputs: [UpdateOneObjectInput!]!) { updateManyObjects(inputs: $inputs) { id labelSingular } }"


def test_many_objects_change_together(api: Api) -> None:
    ids = [api.object(name)["id"] for name in ("company", "person")]
    inputs = [
        {"id": each, "update": {"labelSingular": label}} for each, label in zip(ids, ("Firm", "Human"), strict=True)
    ]
    answer = api.ask(MANY, {"inputs": inputs})["updateManyObjects"]
    assert answer == [{"id": ids[0], "labelSingular": "Firm"}, {"id": ids[1], "labelSingular": "Human"}]


def test_many_objects_change_all_or_none(api: Api) -> None:
    company = api.object("company")
    inputs = [
        {"id": company["id"], "update": {"labelSingular": "Firm"}},
        {"id": UNKNOWN_ID, "update": {"labelSingular": "X"}},
    ]
    assert api.refused(MANY, {"inputs": inputs})["extensions"]["code"] == "NOT_FOUND"
    assert api.object("company") == company


# Delete ----------------------------------------------------------------------------------------------


def test_an_active_object_can_be_deleted(api: Api) -> None:
    rocket = api.create_object()
    assert delete(api, rocket["id"])["id"] == rocket["id"]
    error = api.refused("query ($id: UUID!) { object(id: $id) { id } }", {"id": rocket["id"]})
    assert error["extensions"]["code"] == "NOT_FOUND"


def test_an_object_can_be_deactivated_first(api: Api) -> None:
    rocket = api.create_object()
    assert update(api, rocket["id"], isActive=False)["isActive"] is False
    assert delete(api, rocket["id"])["id"] == rocket["id"]


def test_a_deleted_object_is_answered_with_what_it_had(api: Api) -> None:
    rocket = api.create_object()
    query = "mutation ($input: DeleteOneObjectInput!) { deleteOneObject(input: $input) { nameSingular fieldsList { name } } }"
    answer = api.ask(query, {"input": {"id": rocket["id"]}})["deleteOneObject"]
    assert answer["fieldsList"] == [{"name": field["name"]} for field in rocket["fieldsList"]]


def test_deleting_removes_the_inverse_default_fields(api: Api) -> None:
    delete(api, api.create_object()["id"])
    assert [name for name, inverse in INVERSE_SIDES.values() if inverse in fields_of(api, name)] == []


@pytest.mark.parametrize("relation_type", ["MANY_TO_ONE", "ONE_TO_MANY"])
@pytest.mark.parametrize("deleted", ["rocket", "pad"])
def test_deleting_either_side_removes_the_relation_from_the_other(api: Api, relation_type: str, deleted: str) -> None:
    rocket, pad = api.create_object("rocket"), api.create_object("pad")
    api.create_field(
        objectMetadataId=rocket["id"],
        type="RELATION",
        name="home",
        label="Home",
        relationCreationPayload={
            "type": relation_type,
            "targetObjectMetadataId": pad["id"],
            "targetFieldLabel": "Guests",
            "targetFieldIcon": "IconRocket",
        },
    )
    kept, field = {"rocket": ("pad", "guests"), "pad": ("rocket", "home")}[deleted]
    assert field in fields_of(api, kept)
    delete(api, {"rocket": rocket, "pad": pad}[deleted]["id"])
    assert field not in fields_of(api, kept)


@pytest.mark.parametrize("deleted", ["rocket", "pad"])
def test_deleting_either_side_removes_a_morph_relation_from_the_other(api: Api, deleted: str) -> None:
    rocket, pad, ship = (api.create_object(name) for name in ("rocket", "pad", "ship"))
    payloads = [
        {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": each["id"],
            "targetFieldLabel": "Guests",
            "targetFieldIcon": "I",
        }
        for each in (pad, ship)
    ]
    api.create_field(
        objectMetadataId=rocket["id"],
        type="MORPH_RELATION",
        name="home",
        label="Home",
        morphRelationsCreationPayload=payloads,
    )
    assert {"homePad", "homeShip"} <= fields_of(api, "rocket").keys()
    delete(api, {"rocket": rocket, "pad": pad}[deleted]["id"])
    if deleted == "pad":
        assert fields_of(api, "rocket").keys() & {"homePad", "homeShip"} == {"homeShip"}
    assert ("guests" in fields_of(api, "ship")) is (deleted == "pad")


@pytest.mark.parametrize(
    ("name", "message"),
    [("company", "Standard objects cannot be deleted"), ("noteTarget", "System objects cannot be deleted")],
)
def test_standard_and_system_objects_cannot_be_deleted(api: Api, name: str, message: str) -> None:
    kept = api.object(name)
    error = api.refused(DELETE_OBJECT, {"input": {"id": kept["id"]}})
    assert error["message"] == "Multiple validation errors occurred while deleting object"
    assert [each[1] for each in report(error)] == [message]
    assert api.object(name) == kept


def test_deleting_an_unknown_object_is_not_found(api: Api) -> None:
    error = api.refused(DELETE_OBJECT, {"input": {"id": UNKNOWN_ID}})
    assert (error["message"], error["extensions"]["code"]) == ("Object to delete not found", "NOT_FOUND")


# Indexes ---------------------------------------------------------------------------------------------

CREATE_INDEX = """mutation ($input: CreateOneIndexInput!) { createOneIndex(input: $input) {
  id name isCustom isUnique indexType indexFieldMetadataList { fieldMetadataId order subFieldName } } }"""
DELETE_INDEX = (
    "mutation ($input: DeleteOneIndexInput!) { deleteOneIndex(input: $input) { id indexFieldMetadataList { order } } }"
)


def test_an_index_is_made_and_deleted(api: Api) -> None:
    company = ObjectMetadata.objects.get(workspace=api.workspace, name_singular="company")
    fields = fields_of(api, "company")
    columns = [
        {"fieldMetadataId": str(fields["employees"].id)},
        {"fieldMetadataId": str(fields["address"].id), "subFieldName": "addressCity"},
    ]
    index = api.ask(
        CREATE_INDEX,
        {"input": {"index": {"objectMetadataId": str(company.id), "fields": columns, "indexType": "BTREE"}}},
    )["createOneIndex"]
    assert (index["isCustom"], index["isUnique"], index["indexType"]) == (True, False, "BTREE")
    assert index["indexFieldMetadataList"] == [
        {"fieldMetadataId": str(fields["employees"].id), "order": 0, "subFieldName": None},
        {"fieldMetadataId": str(fields["address"].id), "order": 1, "subFieldName": "addressCity"},
    ]
    found = api.ask("query ($id: UUID!) { index(id: $id) { name } }", {"id": index["id"]})
    assert found == {"index": {"name": index["name"]}}
    deleted = api.ask(DELETE_INDEX, {"input": {"id": index["id"]}})["deleteOneIndex"]
    assert deleted == {"id": index["id"], "indexFieldMetadataList": [{"order": 0}, {"order": 1}]}
    assert (
        api.refused("query ($id: UUID!) { index(id: $id) { id } }", {"id": index["id"]})["extensions"]["code"]
        == "NOT_FOUND"
    )


def test_wrong_index_fields_are_reported(api: Api) -> None:
    company = ObjectMetadata.objects.get(workspace=api.workspace, name_singular="company")
    address = fields_of(api, "company")["address"]
    index = {
        "objectMetadataId": str(company.id),
        "fields": [{"fieldMetadataId": str(address.id)}],
        "indexType": "BTREE",
    }
    error = api.refused(CREATE_INDEX, {"input": {"index": index}})
    assert error["message"] == "Validation errors occurred while creating index"
    assert [each[1] for each in report(error, "index")] == ["Composite field address requires a sub-field selection"]


def test_automatic_indexes_cannot_be_deleted(api: Api) -> None:
    (index,) = api.create_object()["indexMetadataList"]
    error = api.refused(DELETE_INDEX, {"input": {"id": index["id"]}})
    assert [each[1] for each in report(error, "index")] == [
        f"Index {index['id']} is a system index and cannot be deleted"
    ]


def test_a_key_without_rights_makes_no_index(api: Api, reader_api: Api) -> None:
    company = ObjectMetadata.objects.get(workspace=api.workspace, name_singular="company")
    index = {"objectMetadataId": str(company.id), "fields": [], "indexType": "BTREE"}
    assert reader_api.refused(CREATE_INDEX, {"input": {"index": index}})["extensions"]["subCode"] == "PERMISSION_DENIED"
