"""Fields through `POST /metadata`: creating, validating, changing and deleting them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from metadata.models import FieldMetadata, ObjectMetadata
from tests.metadata.graphql.conftest import CREATE_FIELD, DELETE_FIELD, FIELD, UPDATE_FIELD, Api
from tests.metadata.graphql.test_objects import (
    MALFORMED_MESSAGE,
    RESERVED_MESSAGE,
    UNKNOWN_ID,
    delete,
    fields_of,
    report,
)

OPTIONS = [
    {"label": "New", "value": "NEW", "color": "red", "position": 0},
    {"label": "Done", "value": "DONE", "color": "green", "position": 1},
]


def refuse(api: Api, owner: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The refusal of a field; nothing was created."""
    before = FieldMetadata.objects.count()
    field = {"objectMetadataId": owner["id"], "type": "TEXT", "name": "speed", "label": "Speed", **members}
    error = api.refused(CREATE_FIELD, {"input": {"field": field}})
    assert FieldMetadata.objects.count() == before
    return error


def update(api: Api, field_id: str, **members: Any) -> Any:
    return api.ask(UPDATE_FIELD, {"input": {"id": field_id, "update": members}})["updateOneField"]


def refuse_update(api: Api, field_id: str, **members: Any) -> dict[str, Any]:
    before = api.ask(FIELD, {"id": field_id})
    error = api.refused(UPDATE_FIELD, {"input": {"id": field_id, "update": members}})
    assert api.ask(FIELD, {"id": field_id}) == before
    return error


def standard(api: Api, owner: str, name: str) -> str:
    return str(fields_of(api, owner)[name].id)


# Plain fields ----------------------------------------------------------------------------------------


def test_a_field_is_created_with_its_defaults(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], isActive=False)
    expected = {
        "objectMetadataId": rocket["id"],
        "type": "TEXT",
        "name": "speed",
        "label": "Speed",
        "description": None,
        "icon": None,
        "isCustom": True,
        "isActive": True,  # whatever was sent
        "isSystem": False,
        "isNullable": True,
        "isUnique": False,
        "isLabelSyncedWithName": False,
        "defaultValue": None,
        "options": None,
        "settings": None,
        "relation": None,
        "morphRelations": None,
    }
    assert {name: field[name] for name in expected} == expected
    stored = api.ask(FIELD, {"id": field["id"]})["field"]
    assert stored == {name: field[name] for name in stored}


def test_texts_are_trimmed(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(
        objectMetadataId=rocket["id"], name=" speed ", label="  Top   speed ", description=" a  b "
    )
    assert (field["name"], field["label"], field["description"]) == ("speed", "Top speed", "a b")


def test_a_synced_label_must_give_the_name(api: Api, rocket: dict[str, Any]) -> None:
    synced = api.create_field(
        objectMetadataId=rocket["id"], name="topSpeed", label="Top speed", isLabelSyncedWithName=True
    )
    assert synced["isLabelSyncedWithName"] is True
    error = refuse(api, rocket, label="Other", isLabelSyncedWithName=True)
    assert report(error, "fieldMetadata") == [("NAME_NOT_SYNCED_WITH_LABEL", "Name is not synced with label")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a" * 64, [("INVALID_FIELD_INPUT", "Name is too long")]),
        ("  ", [("INVALID_FIELD_INPUT", "Name is too short"), ("INVALID_FIELD_INPUT", MALFORMED_MESSAGE)]),
        ("Speed", [("INVALID_FIELD_INPUT", MALFORMED_MESSAGE)]),
        ("top speed", [("INVALID_FIELD_INPUT", MALFORMED_MESSAGE)]),
        ("role", [("INVALID_FIELD_INPUT", RESERVED_MESSAGE)]),
        (
            "name",
            [("NOT_AVAILABLE", 'Name "name" is not available as it is already used by another field')],
        ),
        ("createdByName", [("RESERVED_KEYWORD", 'Name "createdByName" is reserved composite field name')]),
    ],
)
def test_bad_names_are_reported(api: Api, rocket: dict[str, Any], name: str, expected: list[tuple[str, str]]) -> None:
    error = refuse(api, rocket, name=name)
    assert error["message"] == "Multiple validation errors occurred while creating fields"
    assert report(error, "fieldMetadata") == expected


@pytest.mark.parametrize("name", ["name", "label"])
def test_an_empty_text_is_bad_input(api: Api, rocket: dict[str, Any], name: str) -> None:
    error = refuse(api, rocket, **{name: ""})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    message = "name has failed the name validation check, name should not be empty"
    assert error["message"] == (message if name == "name" else "label should not be empty")
    assert error["extensions"]["userFriendlyMessage"] == error["message"]


def test_the_object_must_exist(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse(api, {"id": UNKNOWN_ID})
    assert error["message"] == "Multiple validation errors occurred while creating field"
    assert report(error, "fieldMetadata") == [("INVALID_FIELD_INPUT", "Provided object metadata id does not exist")]


def test_an_object_of_another_workspace_takes_no_field(api: Api, rocket: dict[str, Any], other_api: Api) -> None:
    foreign = other_api.create_object()
    assert report(refuse(api, foreign), "fieldMetadata") == [
        ("INVALID_FIELD_INPUT", "Provided object metadata id does not exist")
    ]


@pytest.mark.parametrize(
    ("type_name", "message"),
    [
        ("NUMERIC", "Field type NUMERIC is not supported for field creation. Use NUMBER instead."),
        ("POSITION", "Field type POSITION must be a system field and cannot be created manually."),
    ],
)
def test_types_of_the_system_cannot_be_created(api: Api, rocket: dict[str, Any], type_name: str, message: str) -> None:
    assert report(refuse(api, rocket, type=type_name), "fieldMetadata") == [("INVALID_FIELD_INPUT", message)]


def test_remote_fields_are_refused(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse(api, rocket, isRemoteCreation=True)
    assert report(error, "fieldMetadata") == [("INVALID_FIELD_INPUT", "Remote fields aren't supported")]


@pytest.mark.parametrize(
    ("type_name", "default"),
    [
        ("TEXT", "'Hello'"),
        ("NUMBER", 5),
        ("BOOLEAN", True),
        ("DATE_TIME", "now"),
        ("UUID", "uuid"),
        ("FULL_NAME", {"firstName": "'Ada'", "lastName": "'Lovelace'"}),
        ("CURRENCY", {"amountMicros": None, "currencyCode": "'USD'"}),
        ("EMAILS", {"primaryEmail": "'ada@example.org'", "additionalEmails": None}),
        ("LINKS", {"primaryLinkLabel": "''", "primaryLinkUrl": "'https://x.example'", "secondaryLinks": None}),
        ("RICH_TEXT", {"blocknote": None, "markdown": "'# Hi'"}),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_default_values_come_back_quoted(api: Api, rocket: dict[str, Any], type_name: str, default: Any) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type=type_name, defaultValue=default)
    assert (field["type"], field["defaultValue"]) == (type_name, default)


@pytest.mark.parametrize(
    "type_name", ["ACTOR", "ADDRESS", "CURRENCY", "EMAILS", "FULL_NAME", "LINKS", "PHONES", "RICH_TEXT"]
)
def test_composites_are_created(api: Api, rocket: dict[str, Any], type_name: str) -> None:
    assert api.create_field(objectMetadataId=rocket["id"], type=type_name)["type"] == type_name


def test_the_older_name_of_rich_text_is_taken(api: Api, rocket: dict[str, Any]) -> None:
    assert api.create_field(objectMetadataId=rocket["id"], type="RICH_TEXT_V2")["type"] == "RICH_TEXT"


def test_wrong_phone_codes_in_a_default_are_refused(api: Api, rocket: dict[str, Any]) -> None:
    default = {
        "primaryPhoneNumber": "''",
        "primaryPhoneCountryCode": "'ZZ'",
        "primaryPhoneCallingCode": "'+9999'",
        "additionalPhones": None,
    }
    assert (
        refuse(api, rocket, type="PHONES", defaultValue=default)["extensions"]["code"] == "METADATA_VALIDATION_FAILED"
    )


@pytest.mark.parametrize("given", [None, {}, {"maxNumberOfValues": 0}, {"maxNumberOfValues": 61}])
def test_files_need_a_number_of_values(api: Api, rocket: dict[str, Any], given: Any) -> None:
    message = (
        "maxNumberOfValues must be defined in settings and be a number greater than 0 and less than or equal to 60"
    )
    error = refuse(api, rocket, type="FILES", settings=given)
    assert [each[1] for each in report(error, "fieldMetadata")] == [message]


def test_files_take_one_to_sixty_values(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="FILES", settings={"maxNumberOfValues": 60})
    assert field["settings"] == {"maxNumberOfValues": 60}
    files = [{"fileId": f"00000000-0000-4000-8000-{number:012}", "label": "a"} for number in range(3)]
    given = {"type": "FILES", "name": "papers", "defaultValue": files}
    error = refuse(api, rocket, **given, settings={"maxNumberOfValues": 2})
    assert [each[1] for each in report(error, "fieldMetadata")] == ['Max number of files is 2 for field "papers"']
    papers = api.create_field(objectMetadataId=rocket["id"], **given, settings={"maxNumberOfValues": 3})
    error = refuse_update(api, papers["id"], settings={"maxNumberOfValues": 2})
    assert [each[1] for each in report(error, "fieldMetadata")] == ['Max number of files is 2 for field "papers"']


def test_a_unique_field_has_a_unique_index(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], isUnique=True)
    assert field["isUnique"] is True
    unique = [index for index in api.object("rocket")["indexMetadataList"] if index["isUnique"]]
    assert [index["indexFieldMetadataList"] for index in unique] == [[{"fieldMetadataId": field["id"]}]]


def test_a_unique_field_with_a_default_is_refused(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse(api, rocket, isUnique=True, defaultValue="'x'")
    message = "Unique index cannot be created for field speed of type TEXT"
    assert report(error, "fieldMetadata") == [("INDEX_FIELD_INVALID_DEFAULT_VALUE", message)]


# Enums -----------------------------------------------------------------------------------------------


def option(**members: Any) -> list[dict[str, Any]]:
    return [{**OPTIONS[0], **members}]


OPTION_CASES = [
    (None, ["Options are required for enum fields"]),
    ([], ["Options are required for enum fields"]),
    (option(id="no-uuid"), ["Option id is invalid"]),
    (option(label=""), ["Option label must be a string of at least one character"]),
    (option(label="a" * 64), ["Option label exceeds 63 characters"]),
    (option(label="a,b"), ["Label must not contain a comma"]),
    (option(value="A" * 64), ["Option value exceeds 63 characters"]),
    (option(value="a b"), ['Value must be in UPPER_CASE and follow snake_case "a b"']),
    (
        [OPTIONS[0], {**OPTIONS[1], "position": 0}],
        ["Duplicated option position"],
    ),
    ([OPTIONS[0], {**OPTIONS[1], "value": " NEW "}], ["Duplicated option value"]),
]


@pytest.mark.parametrize("type_name", ["SELECT", "MULTI_SELECT"])
@pytest.mark.parametrize(("options", "messages"), OPTION_CASES, ids=[case[1][0] for case in OPTION_CASES])
def test_wrong_options_are_reported(
    api: Api, rocket: dict[str, Any], type_name: str, options: Any, messages: list[str]
) -> None:
    error = refuse(api, rocket, type=type_name, options=options)
    assert report(error, "fieldMetadata") == [("INVALID_FIELD_INPUT", message) for message in messages]


DEFAULT_CASES = [
    ("SELECT", 5, "Default value for select must be a string got 5"),
    ("SELECT", "NEW", "Default value should be as quoted string"),
    ("SELECT", "'OLD'", "Default value \"'OLD'\" must be one of the option values"),
    ("MULTI_SELECT", "'NEW'", "Default value for multi-select must be an array got \"'NEW'\""),
    ("MULTI_SELECT", [], "If defined default value must contain at least one value"),
    ("MULTI_SELECT", ["'NEW'", "'NEW'"], "Default values must be unique"),
]


@pytest.mark.parametrize(("type_name", "default", "message"), DEFAULT_CASES, ids=[case[2] for case in DEFAULT_CASES])
def test_wrong_defaults_of_enums_are_reported(
    api: Api, rocket: dict[str, Any], type_name: str, default: Any, message: str
) -> None:
    error = refuse(api, rocket, type=type_name, options=OPTIONS, defaultValue=default)
    assert message in [each[1] for each in report(error, "fieldMetadata")]


def test_options_are_trimmed_and_get_ids(api: Api, rocket: dict[str, Any]) -> None:
    given = str(uuid4())
    options = [{**OPTIONS[0], "id": given, "label": "  Brand   new "}, {**OPTIONS[1], "value": " DONE "}]
    field = api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=options, defaultValue="'DONE'")
    made = field["options"]
    assert [(each["label"], each["value"], each["position"], each["color"]) for each in made] == [
        ("Brand new", "NEW", 0, "red"),
        ("Done", "DONE", 1, "green"),
    ]
    assert made[0]["id"] == given
    assert UUID(made[1]["id"])
    assert field["defaultValue"] == "'DONE'"


def test_many_options_are_fine(api: Api, rocket: dict[str, Any]) -> None:
    options = [{"label": f"Option {n}", "value": f"OPTION_{n}", "color": "red", "position": n} for n in range(42)]
    assert len(api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=options)["options"]) == 42


def test_rating_has_five_options_of_its_own(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="RATING", options=OPTIONS)
    assert [(each["label"], each["value"], each["position"]) for each in field["options"]] == [
        (str(n), f"RATING_{n}", n - 1) for n in range(1, 6)
    ]


def test_the_default_changes_without_the_options(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=OPTIONS, defaultValue="'NEW'")
    changed = update(api, field["id"], defaultValue="'DONE'")
    assert (changed["defaultValue"], changed["options"]) == ("'DONE'", field["options"])
    error = refuse_update(api, field["id"], defaultValue="'OLD'")
    assert [each[1] for each in report(error, "fieldMetadata")] == [
        "Default value \"'OLD'\" must be one of the option values"
    ]
    assert error["extensions"]["userFriendlyMessage"] == 'Default value "OLD" must be one of the option values'


def test_renaming_the_option_used_as_default_renames_the_default(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="SELECT", options=OPTIONS, defaultValue="'NEW'")
    renamed = [{**field["options"][0], "value": "FRESH"}, field["options"][1]]
    changed = update(api, field["id"], options=renamed)
    assert (changed["defaultValue"], [each["value"] for each in changed["options"]]) == ("'FRESH'", ["FRESH", "DONE"])


# Relations -------------------------------------------------------------------------------------------


def relation_payload(target: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": target,
        "targetFieldLabel": "Guests",
        "targetFieldIcon": "IconUsers",
        **members,
    }


def create_relation(api: Api, owner: dict[str, Any], target: dict[str, Any], **members: Any) -> Any:
    return api.create_field(
        objectMetadataId=owner["id"],
        type="RELATION",
        name="home",
        label="Home",
        relationCreationPayload=relation_payload(target["id"], **members),
    )


def test_many_to_one_is_made_with_both_sides(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    field = create_relation(api, rocket, pad)
    target = field["relation"]["targetFieldMetadata"]
    assert field["relation"] == {
        "type": "MANY_TO_ONE",
        "sourceObjectMetadata": {"id": rocket["id"]},
        "targetObjectMetadata": {"id": pad["id"]},
        "sourceFieldMetadata": {"id": field["id"], "name": "home"},
        "targetFieldMetadata": {
            "id": target["id"],
            "name": "guests",
            "label": "Guests",
            "icon": "IconUsers",
            "settings": {"relationType": "ONE_TO_MANY"},
            "objectMetadataId": pad["id"],
        },
    }
    assert field["settings"] == {"relationType": "MANY_TO_ONE", "onDelete": "SET_NULL", "joinColumnName": "homeId"}
    assert (field["icon"], field["defaultValue"], field["options"]) == ("IconRelationOneToMany", None, None)


def test_one_to_many_is_made_with_both_sides(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    field = create_relation(api, rocket, pad, type="ONE_TO_MANY", targetFieldLabel="Host")
    assert field["relation"]["type"] == "ONE_TO_MANY"
    assert field["settings"] == {"relationType": "ONE_TO_MANY"}
    assert field["relation"]["targetFieldMetadata"]["settings"] == {
        "relationType": "MANY_TO_ONE",
        "onDelete": "SET_NULL",
        "joinColumnName": "hostId",
    }


INVALID_PAYLOAD = "Relation creation payload is invalid: "
NO_RELATION = INVALID_PAYLOAD + "type must be one of the following values: ONE_TO_MANY, MANY_TO_ONE"
RELATION_CASES: list[tuple[Any, str, str]] = [
    (None, "INVALID_FIELD_INPUT", "Relation creation payload is required"),
    ({"type": None}, "FIELD_METADATA_RELATION_MALFORMED", NO_RELATION),
    ({"type": "MANY_TO_MANY"}, "FIELD_METADATA_RELATION_MALFORMED", NO_RELATION),
    (
        {"targetFieldLabel": 5},
        "FIELD_METADATA_RELATION_MALFORMED",
        INVALID_PAYLOAD + "targetFieldLabel must be a string",
    ),
    (
        {"targetObjectMetadataId": "nope"},
        "FIELD_METADATA_RELATION_MALFORMED",
        INVALID_PAYLOAD + "targetObjectMetadataId must be a UUID",
    ),
    (
        {"targetObjectMetadataId": UNKNOWN_ID},
        "FIELD_METADATA_RELATION_MALFORMED",
        "Object metadata relation target not found for relation creation payload",
    ),
]


@pytest.mark.parametrize(("members", "code", "message"), RELATION_CASES)
def test_wrong_relation_payloads_are_reported(
    api: Api, rocket: dict[str, Any], pad: dict[str, Any], members: Any, code: str, message: str
) -> None:
    payload = None if members is None else relation_payload(pad["id"], **members)
    error = refuse(api, rocket, type="RELATION", relationCreationPayload=payload)
    assert report(error, "fieldMetadata") == [(code, message)]
    assert error["extensions"]["errors"]["fieldMetadata"][0]["flatEntityMinimalInformation"] == {}


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (" ", "Name is too short"),
        ("a" * 64, "Name is too long"),
        ("Name", 'Name "name" is not available as it is already used by another field'),
    ],
)
def test_the_target_label_must_give_a_free_name(
    api: Api, rocket: dict[str, Any], pad: dict[str, Any], label: str, message: str
) -> None:
    payload = relation_payload(pad["id"], targetFieldLabel=label)
    error = refuse(api, rocket, type="RELATION", relationCreationPayload=payload)
    assert message in [each[1] for each in report(error, "fieldMetadata")]


def test_the_join_columns_name_must_be_free(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    api.create_field(objectMetadataId=rocket["id"], name="homeId", label="Home id")
    error = refuse(api, rocket, type="RELATION", name="home", relationCreationPayload=relation_payload(pad["id"]))
    assert report(error, "fieldMetadata") == [
        ("NOT_AVAILABLE", 'Name "homeId" is not available as it is already used by another field')
    ]


def test_a_name_must_not_be_a_relations_join_column(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    create_relation(api, rocket, pad)
    assert report(refuse(api, rocket, name="homeId"), "fieldMetadata") == [
        ("NOT_AVAILABLE", 'Name "homeId" is not available as it is already used by another field')
    ]


def test_a_morph_relation_is_made_with_all_its_targets(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    ship = api.create_object("ship")
    field = api.create_field(
        objectMetadataId=rocket["id"],
        type="MORPH_RELATION",
        name="home",
        label="Home",
        morphRelationsCreationPayload=[relation_payload(each["id"]) for each in (pad, ship)],
    )
    assert field["morphId"] is not None
    assert field["morphRelations"] == [
        {
            "type": "MANY_TO_ONE",
            "targetObjectMetadata": {"id": each["id"], "nameSingular": name},
            "sourceFieldMetadata": {"id": str(fields_of(api, "rocket")[row].id), "name": row},
        }
        for each, name, row in ((pad, "pad", "homePad"), (ship, "ship", "homeShip"))
    ]
    listed = [each["name"] for each in api.object("rocket")["fieldsList"] if each["type"] == "MORPH_RELATION"]
    assert listed == ["homePad"]
    for name in ("pad", "ship"):
        assert fields_of(api, name)["guests"].type == "RELATION"


MORPH_CASES: list[tuple[list[dict[str, Any]], str]] = [
    ([], "Morph relation creation payloads are empty"),
    (
        [{}, {"of": "company", "type": "ONE_TO_MANY"}],
        "Morph relation creation payloads must have the same relation type",
    ),
    ([{"of": "rocket"}], "Morph relation creation payloads must not target source object metadata"),
    ([{}, {}], "Morph relation creation payloads must have only relation to the same object metadata"),
]


@pytest.mark.parametrize(("payloads", "message"), MORPH_CASES, ids=[case[1] for case in MORPH_CASES])
def test_wrong_morph_payloads_are_reported(
    api: Api, rocket: dict[str, Any], pad: dict[str, Any], payloads: list[dict[str, Any]], message: str
) -> None:
    full = []
    for each in payloads:
        owner = each.get("of", "pad")
        target = ObjectMetadata.objects.get(workspace=api.workspace, name_singular=owner)
        full.append(relation_payload(str(target.id), type=each.get("type", "MANY_TO_ONE")))
    error = refuse(api, rocket, type="MORPH_RELATION", name="home", label="Home", morphRelationsCreationPayload=full)
    assert report(error, "fieldMetadata") == [("FIELD_METADATA_RELATION_MALFORMED", message)]


def test_a_relations_looks_can_change(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    field = create_relation(api, rocket, pad)
    changed = update(api, field["id"], label="Base", icon="IconHome", isActive=False)
    assert (changed["label"], changed["icon"], changed["isActive"]) == ("Base", "IconHome", False)


@pytest.mark.parametrize("members", [{"defaultValue": "'x'"}, {"isUnique": True}, {"options": OPTIONS}])
def test_other_members_of_a_relation_cannot_change(
    api: Api, rocket: dict[str, Any], pad: dict[str, Any], members: dict[str, Any]
) -> None:
    field = create_relation(api, rocket, pad)
    (name,) = members
    error = refuse_update(api, field["id"], **members)
    assert [each[1] for each in report(error, "fieldMetadata")] == [
        f"Forbidden updated properties for relation field metadata: {name}"
    ]


# Update ----------------------------------------------------------------------------------------------


def test_a_custom_field_changes(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"])
    members = {"name": "pace", "label": "Pace", "description": "Fast", "icon": "IconRun", "defaultValue": "'slow'"}
    changed = update(api, field["id"], **members, isActive=False)
    assert {name: changed[name] for name in members} == members
    assert (changed["id"], changed["isActive"], changed["standardOverrides"]) == (field["id"], False, None)


def test_members_that_cannot_change_are_ignored(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"])
    changed = update(api, field["id"], isNullable=False, isSystem=True, objectMetadataId=api.object("company")["id"])
    names = ("isNullable", "isSystem", "objectMetadataId")
    assert {name: changed[name] for name in names} == {name: field[name] for name in names}


def test_a_synced_label_must_give_the_name_on_update(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"])
    error = refuse_update(api, field["id"], label="Other", isLabelSyncedWithName=True)
    assert report(error, "fieldMetadata") == [("FIELD_MUTATION_NOT_ALLOWED", "Name is not synced with label.")]


def test_a_standard_field_takes_overrides(api: Api) -> None:
    members = {"label": "Staff", "description": "How many", "icon": "IconFlag"}
    changed = update(api, standard(api, "company", "employees"), **members)
    assert {name: changed[name] for name in members} == members
    assert changed["standardOverrides"] == members
    assert changed["name"] == "employees"


def test_forbidden_members_of_a_standard_field_are_all_named(api: Api) -> None:
    field = standard(api, "company", "employees")
    error = refuse_update(api, field, name="staff", isLabelSyncedWithName=True, label="Staff")
    assert error["message"] == "Cannot edit standard field metadata properties: isLabelSyncedWithName, name"
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("FORBIDDEN", "FIELD_MUTATION_NOT_ALLOWED")


def test_a_field_of_the_engine_takes_nothing_but_is_active(api: Api) -> None:
    error = refuse_update(api, standard(api, "company", "createdAt"), label="Born")
    assert error["message"] == 'Cannot edit system-managed field "createdAt" properties: label'
    assert error["extensions"]["code"] == "FORBIDDEN"


def test_the_uniqueness_of_the_standard_model_stays(api: Api) -> None:
    error = refuse_update(api, standard(api, "person", "emails"), isUnique=False)
    assert "Cannot delete unique index that have not been created by the workspace custom application" in str(error)


def test_the_label_identifier_cannot_be_deactivated(api: Api, rocket: dict[str, Any]) -> None:
    error = refuse_update(api, rocket["labelIdentifierFieldMetadataId"], isActive=False)
    assert [each[1] for each in report(error, "fieldMetadata")] == [
        "Label identifier field metadata cannot be deactivated"
    ]


def test_an_unknown_field_is_not_found(api: Api) -> None:
    error = api.refused(FIELD, {"id": UNKNOWN_ID})
    assert (error["message"], error["extensions"]["subCode"]) == (
        "Field metadata not found",
        "FIELD_METADATA_NOT_FOUND",
    )
    error = api.refused(UPDATE_FIELD, {"input": {"id": UNKNOWN_ID, "update": {"label": "X"}}})
    assert error["extensions"]["code"] == "NOT_FOUND"
    error = api.refused(DELETE_FIELD, {"input": {"id": UNKNOWN_ID}})
    assert (error["message"], error["extensions"]["code"]) == ("Field metadata to delete not found", "NOT_FOUND")


def test_a_field_of_another_workspace_cannot_be_changed(api: Api, other_api: Api) -> None:
    foreign = standard(other_api, "company", "employees")
    assert api.refused(FIELD, {"id": foreign})["extensions"]["code"] == "NOT_FOUND"
    error = api.refused(UPDATE_FIELD, {"input": {"id": foreign, "update": {"label": "X"}}})
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert other_api.ask(FIELD, {"id": foreign})["field"]["label"] == "Employees"


def test_a_key_without_rights_changes_no_field(api: Api, reader_api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"])
    for query, members in (
        (CREATE_FIELD, {"field": {"objectMetadataId": rocket["id"], "type": "TEXT", "name": "pace", "label": "Pace"}}),
        (UPDATE_FIELD, {"id": field["id"], "update": {"label": "X"}}),
        (DELETE_FIELD, {"id": field["id"]}),
    ):
        assert reader_api.refused(query, {"input": members})["extensions"]["subCode"] == "PERMISSION_DENIED"
    assert sorted(fields_of(api, "rocket")) == sorted([each["name"] for each in rocket["fieldsList"]] + ["speed"])


# Delete ----------------------------------------------------------------------------------------------


def test_an_active_field_can_be_deleted(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"])
    assert api.ask(DELETE_FIELD, {"input": {"id": field["id"]}})["deleteOneField"] == {
        "id": field["id"],
        "name": "speed",
    }
    assert "speed" not in fields_of(api, "rocket")


def test_deleting_a_relation_removes_both_sides(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    field = create_relation(api, rocket, pad)
    query = """mutation ($id: UUID!) { deleteOneField(input: {id: $id}) { name relation { targetFieldMetadata { name } } } }"""
    assert api.ask(query, {"id": field["relation"]["targetFieldMetadata"]["id"]}) == {
        "deleteOneField": {"name": "guests", "relation": {"targetFieldMetadata": {"name": "home"}}}
    }
    assert "home" not in fields_of(api, "rocket")
    assert "guests" not in fields_of(api, "pad")


@pytest.mark.parametrize(
    ("owner", "name", "message"),
    [
        ("rocket", "name", "Cannot delete, please update the label identifier field first"),
        ("company", "employees", "Standard Fields can't be deleted"),
        ("company", "createdAt", "System fields cannot be deleted"),
    ],
)
def test_fields_that_are_needed_cannot_be_deleted(
    api: Api, rocket: dict[str, Any], owner: str, name: str, message: str
) -> None:
    field = standard(api, owner, name)
    error = api.refused(DELETE_FIELD, {"input": {"id": field}})
    assert error["message"] == "Multiple validation errors occurred while deleting field"
    assert message in [each[1] for each in report(error, "fieldMetadata")]
    assert name in fields_of(api, owner)


def test_a_name_is_free_again_after_deletion(api: Api, rocket: dict[str, Any]) -> None:
    first = api.create_field(objectMetadataId=rocket["id"])
    api.ask(DELETE_FIELD, {"input": {"id": first["id"]}})
    assert api.create_field(objectMetadataId=rocket["id"])["id"] != first["id"]
    assert delete(api, rocket["id"])["id"] == rocket["id"]


# What the reference's own specs send -------------------------------------------------------------------


def test_a_unique_phone_may_have_a_country_by_default(api: Api, rocket: dict[str, Any]) -> None:
    default = {
        "primaryPhoneNumber": "''", "primaryPhoneCountryCode": "'US'", "primaryPhoneCallingCode": "'+1'",
        "additionalPhones": None,
    }  # fmt: skip
    field = api.create_field(objectMetadataId=rocket["id"], type="PHONES", isUnique=True, defaultValue=default)
    assert (field["isUnique"], field["defaultValue"]) == (True, default)
    refuse_update(api, field["id"], defaultValue={**default, "primaryPhoneNumber": "'2025550123'"})


def test_an_actor_has_a_default_until_it_is_set_to_null(api: Api, rocket: dict[str, Any]) -> None:
    field = api.create_field(objectMetadataId=rocket["id"], type="ACTOR")
    assert field["defaultValue"] == {"source": "'MANUAL'", "name": "'System'", "workspaceMemberId": None}
    assert update(api, field["id"], defaultValue=None)["defaultValue"] is None
    assert api.ask(FIELD, {"id": field["id"]})["field"]["defaultValue"] is None
    none = api.create_field(objectMetadataId=rocket["id"], type="ACTOR", name="crew", label="Crew", defaultValue=None)
    assert none["defaultValue"] is None


def test_a_default_with_blocks_comes_back_as_it_was_sent(api: Api, rocket: dict[str, Any]) -> None:
    default = {"blocknote": '\'{"blocks":[{"type":"paragraph"}]}\'', "markdown": None}
    field = api.create_field(objectMetadataId=rocket["id"], type="RICH_TEXT", defaultValue=default)
    assert field["defaultValue"] == default
    whole = {"blocknote": {"blocks": [{"type": "paragraph", "content": []}]}, "markdown": "'## Heading'"}
    assert update(api, field["id"], defaultValue=whole)["defaultValue"] == whole


@pytest.mark.parametrize("kind", ["MANY_TO_ONE", "ONE_TO_MANY"])
def test_a_relation_keeps_that_it_must_not_be_null(
    api: Api, rocket: dict[str, Any], pad: dict[str, Any], kind: str
) -> None:
    payload = relation_payload(pad["id"], type=kind)
    field = api.create_field(
        objectMetadataId=rocket["id"], type="RELATION", isNullable=False, relationCreationPayload=payload
    )
    assert field["isNullable"] is False
    assert api.ask(FIELD, {"id": field["id"]})["field"]["isNullable"] is False
    assert FieldMetadata.objects.get(id=field["relation"]["targetFieldMetadata"]["id"]).is_nullable is True


def test_on_delete_belongs_to_the_side_that_has_the_id(api: Api, rocket: dict[str, Any], pad: dict[str, Any]) -> None:
    message = "onDelete can be set on the MANY_TO_ONE side of a relation only"
    payload = relation_payload(pad["id"], type="ONE_TO_MANY")
    error = refuse(api, rocket, type="RELATION", relationCreationPayload=payload, settings={"onDelete": "CASCADE"})
    assert report(error, "fieldMetadata") == [("INVALID_FIELD_INPUT", message)]
    field = api.create_field(objectMetadataId=rocket["id"], type="RELATION", relationCreationPayload=payload)
    error = refuse_update(api, field["id"], settings={"relationType": "ONE_TO_MANY", "onDelete": "CASCADE"})
    assert report(error, "fieldMetadata") == [("INVALID_FIELD_INPUT", message)]
    other = FieldMetadata.objects.get(id=field["relation"]["targetFieldMetadata"]["id"])
    assert other.on_delete == "SET_NULL"
    settings = {"relationType": "MANY_TO_ONE", "onDelete": "CASCADE", "joinColumnName": other.join_name}
    assert update(api, str(other.id), settings=settings)["settings"] == settings
