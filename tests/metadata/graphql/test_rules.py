"""Every rule of options, defaults, uniqueness and settings, as a client meets it when it creates and when it updates."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from metadata.fieldtypes.options import COLORS
from tests.metadata.graphql.conftest import CREATE_OBJECT, FIELD, UPDATE_FIELD, Api, object_input
from tests.metadata.graphql.test_fields import OPTIONS, refuse, refuse_update, relation_payload
from tests.metadata.graphql.test_objects import refuse_update as refuse_object_update
from tests.metadata.graphql.test_objects import report

ID = str(uuid4())
INVALID = "INVALID_FIELD_INPUT"


def option(**members: Any) -> dict[str, Any]:
    return {**OPTIONS[0], **members}


def without(member: str) -> dict[str, Any]:
    return {key: value for key, value in OPTIONS[0].items() if key != member}


# Options ---------------------------------------------------------------------------------------------

OPTION_RULES: list[tuple[Any, list[str]]] = [
    ([], ["Options are required for enum fields"]),
    ([option(id="no-uuid")], ["Option id is invalid"]),
    ([option(id=None)], ["Option id is required", "Option id is invalid"]),
    ([without("label")], ["Option label is required"]),
    ([option(label="")], ["Option label must be a string of at least one character"]),
    ([option(label=5)], ["Option label must be a string of at least one character"]),
    ([option(label="a" * 64)], ["Option label exceeds 63 characters"]),
    ([option(label="a,b")], ["Label must not contain a comma"]),
    ([without("value")], ["Option value is required"]),
    ([option(value="")], ["Option value must be a string of at least one character"]),
    ([option(value=5)], ["Option value must be a string of at least one character"]),
    ([option(value="A" * 64)], ["Option value exceeds 63 characters"]),
    ([option(value="newOne")], ['Value must be in UPPER_CASE and follow snake_case "newOne"']),
    ([option(), option(value="B")], ["Duplicated option position"]),
    ([option(id=ID), option(id=ID, value="B", position=1)], ["Duplicated option id"]),
    ([option(), option(value=" NEW ", position=1)], ["Duplicated option value"]),
    (
        [option(color="mauve")],
        [f'Option "New" color "mauve" is not supported. Supported colors: {", ".join(COLORS)}'],
    ),
]
RULES = pytest.mark.parametrize(("options", "messages"), OPTION_RULES, ids=[case[1][-1][:40] for case in OPTION_RULES])
ENUMS = pytest.mark.parametrize("type_name", ["SELECT", "MULTI_SELECT"])


@ENUMS
@RULES
def test_options_of_a_new_field(
    api: Api, rocket: dict[str, Any], type_name: str, options: Any, messages: list[str]
) -> None:
    error = refuse(api, rocket, type=type_name, options=options)
    assert report(error, "fieldMetadata") == [(INVALID, message) for message in messages]


@ENUMS
@RULES
def test_options_of_a_field_that_is_there(
    api: Api, rocket: dict[str, Any], type_name: str, options: Any, messages: list[str]
) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type=type_name, options=OPTIONS)
    error = refuse_update(api, field["id"], options=options)
    assert report(error, "fieldMetadata") == [(INVALID, message) for message in messages]


@pytest.mark.parametrize("color", COLORS)
def test_every_colour_is_taken(api: Api, rocket: dict[str, Any], color: str) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=[option(color=color)])
    assert field["options"][0]["color"] == color


def test_an_option_needs_no_colour_and_positions_need_not_follow_each_other(api: Api, rocket: dict[str, Any]) -> None:
    options = [{**without("color"), "position": 7}, option(value="B", position=3)]
    field = api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=options)
    assert sorted((each["position"], each.get("color")) for each in field["options"]) == [(3, "red"), (7, None)]


def test_options_keep_their_ids_and_new_ones_get_one(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=OPTIONS)
    kept = field["options"][1]
    changed = api.ask(
        UPDATE_FIELD,
        {"input": {"id": field["id"], "update": {"options": [kept, option(value="FRESH", position=5)]}}},
    )["updateOneField"]["options"]
    assert changed[0] == kept
    assert (changed[1]["value"], len(changed[1]["id"])) == ("FRESH", 36)
    assert changed[1]["id"] not in {each["id"] for each in field["options"]}


# Defaults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_name", "default"),
    [
        ("ACTOR", {"source": "'MANUAL'", "name": "'System'", "workspaceMemberId": None}),
        ("ADDRESS", {"addressStreet1": "'Main street 1'", "addressCity": "'Berlin'", "addressLat": None}),
        (
            "PHONES",
            {
                "primaryPhoneNumber": "''",
                "primaryPhoneCountryCode": "'FR'",
                "primaryPhoneCallingCode": "'+33'",
                "additionalPhones": None,
            },
        ),
        ("RATING", "'RATING_2'"),
        ("ARRAY", ["'a'", "'b'"]),
    ],
)
def test_a_default_comes_back_quoted(api: Api, rocket: dict[str, Any], type_name: str, default: Any) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type=type_name, defaultValue=default)
    given = {key: field["defaultValue"][key] for key in default} if isinstance(default, dict) else field["defaultValue"]
    assert given == default
    assert api.ask(FIELD, {"id": field["id"]})["field"]["defaultValue"] == field["defaultValue"]


@pytest.mark.parametrize(
    "codes",
    [
        {"primaryPhoneCountryCode": "'ZZ'", "primaryPhoneCallingCode": "'+33'"},
        {"primaryPhoneCountryCode": "'FR'", "primaryPhoneCallingCode": "'+9999'"},
        {"primaryPhoneCountryCode": "'FR'", "primaryPhoneCallingCode": "'+49'"},
    ],
)
def test_phone_codes_of_a_default_are_checked(api: Api, rocket: dict[str, Any], codes: dict[str, str]) -> None:
    default = {"primaryPhoneNumber": "''", "additionalPhones": None, **codes}
    [(code, _)] = report(refuse(api, rocket, type="PHONES", defaultValue=default), "fieldMetadata")
    assert code == INVALID


@pytest.mark.parametrize(("default", "message"), [(5, "Default value for select must be a string got 5")])
def test_a_rating_takes_one_of_its_own_options(api: Api, rocket: dict[str, Any], default: Any, message: str) -> None:
    assert (INVALID, message) in report(refuse(api, rocket, type="RATING", defaultValue=default), "fieldMetadata")
    error = refuse(api, rocket, type="RATING", defaultValue="'RATING_6'")
    assert report(error, "fieldMetadata") == [
        (INVALID, "Default value \"'RATING_6'\" must be one of the option values")
    ]


def test_a_field_that_must_not_be_null_needs_a_default(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse(api, rocket, type="BOOLEAN", isNullable=False, defaultValue=None)
    assert report(error, "fieldMetadata") == [(INVALID, "Default value cannot be null for non-nullable fields")]


# Uniqueness and settings -----------------------------------------------------------------------------


@pytest.mark.parametrize("type_name", ["FULL_NAME", "ADDRESS", "CURRENCY", "ACTOR", "RICH_TEXT"])
def test_composites_without_a_unique_part_are_not_unique(api: Api, rocket: dict[str, Any], type_name: str) -> None:
    message = f"Unique index cannot be created for field speed of type {type_name}"
    problems = report(refuse(api, rocket, type=type_name, isUnique=True), "fieldMetadata")
    assert problems in (
        [("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE", message)],
        [("INDEX_FIELD_INVALID_DEFAULT_VALUE", message)],  # an actor has a default always
    )


def test_relations_are_not_unique(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    error = refuse(api, rocket, type="RELATION", isUnique=True, relationCreationPayload=relation_payload(pad["id"]))
    message = "Unique index cannot be created for field speed of type RELATION"
    assert report(error, "fieldMetadata") == [("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE", message)]


@pytest.mark.parametrize("type_name", ["LINKS", "EMAILS", "PHONES"])
def test_composites_with_a_unique_part_are_unique(api: Api, rocket: dict[str, Any], type_name: str) -> None:
    assert api.create_field(objectMetadataId=rocket["id"], type=type_name, isUnique=True)["isUnique"] is True


def test_files_are_not_unique(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse(api, rocket, type="FILES", isUnique=True, settings={"maxNumberOfValues": 1})
    assert "Files field is not supported for unique fields" in [each[1] for each in report(error, "fieldMetadata")]


def test_settings_of_a_relation_keep_the_join_column(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    field = api.create_field(
        objectMetadataId=rocket["id"], type="RELATION", relationCreationPayload=relation_payload(pad["id"])
    )
    error = refuse_update(api, field["id"], settings={"relationType": "MANY_TO_ONE", "onDelete": "CASCADE"})
    assert report(error, "fieldMetadata") == [
        (INVALID, "Many to one field metadata should carry the join column name in its settings")
    ]
    settings = {"relationType": "MANY_TO_ONE", "onDelete": "CASCADE", "joinColumnName": "speedId"}
    changed = api.ask(UPDATE_FIELD, {"input": {"id": field["id"], "update": {"settings": settings}}})
    assert changed["updateOneField"]["settings"] == settings


# Objects ---------------------------------------------------------------------------------------------


def test_the_image_identifier_must_exist(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse_object_update(api, rocket["id"], imageIdentifierFieldMetadataId=ID)
    message = "imageIdentifierFieldMetadataId validation failed: related field metadata not found"
    assert report(error) == [("INVALID_OBJECT_INPUT", message)]


def test_a_report_counts_rejected_entities_not_messages(api: Api) -> None:
    for owner in ("noteTarget", "taskTarget"):
        api.create_field(objectMetadataId=api.object(owner)["id"], name="targetShip", label="Target ship")
    error = api.refused(CREATE_OBJECT, {"input": {"object": object_input("ship")}})
    extensions = error["extensions"]
    assert extensions["summary"] == {"totalErrors": 2, "fieldMetadata": 2}
    assert extensions["message"] == "Validation failed for 2 fieldMetadatas"
    assert extensions["userFriendlyMessage"] == "Many validation errors"
    assert error["message"] == "Multiple validation errors occurred while creating object"


def test_a_fault_outside_the_report_says_what_it_is(api: Api, rocket: dict[str, Any]) -> None:
    query = "mutation ($input: DeleteOneFieldInput!) { deleteOneField(input: $input) { id } }"
    extensions = api.refused(query, {"input": {"id": ID}})["extensions"]
    assert (extensions["code"], extensions["subCode"]) == ("NOT_FOUND", "FIELD_METADATA_NOT_FOUND")
    assert extensions["userFriendlyMessage"] == "Field metadata to delete not found"
