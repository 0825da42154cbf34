"""Objects through the services: creation with default relations, renaming, deletion, every rule's message."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from config.errors import (
    ApiError,
    InvalidInput,
    InvalidMetadataInput,
    MetadataMutationNotAllowed,
    MetadataValidationFailed,
    ObjectMetadataNotFound,
)
from metadata import cache, services
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from tests.metadata.conftest import Table, index_names, shown, table_names, version_of

pytestmark = pytest.mark.django_db

NAMES = {"nameSingular": "rocket", "namePlural": "rockets", "labelSingular": "Rocket", "labelPlural": "Rockets"}
NOT_VALID = "Name is not valid: it must start with lowercase letter and contain only alphanumeric letters"
RESERVED = 'This name is reserved. Use a different name or the system will add "Custom" suffix.'


def create(workspace: Workspace, **changes: Any) -> ObjectMetadata:
    return services.object_create(workspace_id=workspace.id, values={**NAMES, **changes})


def report_of(error: MetadataValidationFailed) -> list[tuple[str, str]]:
    return [(each.code, each.message) for failure in error.failures for each in failure.problems]


# Create ----------------------------------------------------------------------------------------------


def test_a_new_object_has_its_fields_and_default_relations(workspace: Workspace, rocket: ObjectMetadata) -> None:
    rows = FieldMetadata.objects.filter(object=rocket).order_by("position").values_list("name", "type", "label", "icon")
    assert list(rows) == [
        ("id", "UUID", "ID", "Icon123"),
        ("name", "TEXT", "Name", "IconAbc"),
        ("createdAt", "DATE_TIME", "Creation date", "IconCalendar"),
        ("updatedAt", "DATE_TIME", "Last update", "IconCalendarClock"),
        ("deletedAt", "DATE_TIME", "Deleted at", "IconCalendarClock"),
        ("createdBy", "ACTOR", "Created by", "IconCreativeCommonsSa"),
        ("updatedBy", "ACTOR", "Updated by", "IconUserCircle"),
        ("position", "POSITION", "Position", "IconHierarchy2"),
        ("searchVector", "TS_VECTOR", "Search vector", "IconSearch"),
        ("timelineActivities", "RELATION", "Timeline Activities", "IconTimelineEvent"),
        ("attachments", "RELATION", "Attachments", "IconPaperclip"),
        ("noteTargets", "RELATION", "Notes", "IconNotes"),
        ("taskTargets", "RELATION", "Tasks", "IconCheckbox"),
    ]
    assert (rocket.label_singular, rocket.label_plural) == ("Rocket", "Rockets")
    assert (rocket.is_custom, rocket.is_active, rocket.is_system, rocket.is_searchable) == (True, True, False, True)
    assert rocket.application_id == workspace.custom_application_id
    schema = shown(workspace, "rocket")
    assert schema.label_identifier_id == schema.by_name["name"].id
    assert [each.name for each in schema.search_fields] == ["name"]
    assert schema.by_name["createdBy"].default == {"source": "'MANUAL'", "name": "''"}


def test_the_other_sides_of_default_relations_are_rows_of_the_morphs(
    workspace: Workspace, rocket: ObjectMetadata
) -> None:
    for name in ("noteTarget", "taskTarget", "attachment", "timelineActivity"):
        field = FieldMetadata.objects.get(object__name_singular=name, workspace=workspace, name="targetRocket")
        assert (field.type, field.join_name, field.on_delete) == ("MORPH_RELATION", "targetRocketId", "CASCADE")
        assert (field.label, field.is_system, field.is_nullable) == ("Rocket", True, True)
        assert field.morph_id is not None
        assert index_names(workspace, field.object_id) >= {f"r_{field.id.hex}"}
    booster = create(workspace, nameSingular="booster", namePlural="boosters")
    morph_ids = FieldMetadata.objects.filter(
        object__name_singular="noteTarget", workspace=workspace, relation_target_object__in=[rocket, booster]
    ).values_list("morph_id", flat=True)
    assert len(set(morph_ids)) == 1


def test_favorites_are_included_where_the_workspace_has_them(db: None) -> None:
    workspace = services.workspace_create(name="Standard")
    create(workspace)
    assert "favorites" in shown(workspace, "rocket").by_name
    assert "rocketId" in shown(workspace, "favorite").by_join_name
    assert "targetRocketId" in shown(workspace, "noteTarget").by_join_name


def test_a_new_object_lists_one_index_and_has_a_table(workspace: Workspace, rocket: ObjectMetadata) -> None:
    listed = IndexMetadata.objects.filter(object=rocket).values_list("index_type", "is_unique", "is_custom")
    assert list(listed) == [("GIN", False, False)]
    assert f"o_{rocket.id.hex}" in table_names(workspace)


def test_without_a_name_field_the_id_identifies(workspace: Workspace) -> None:
    create(workspace, skipNameField=True)
    schema = shown(workspace, "rocket")
    assert "name" not in schema.by_name
    assert schema.label_identifier_id == schema.by_name["id"].id


LONG = "a" * 64


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nameSingular": LONG}, [("INVALID_OBJECT_INPUT", "Name is too long")]),
        ({"nameSingular": "  "}, [("INVALID_OBJECT_INPUT", "Name is too short"), ("INVALID_OBJECT_INPUT", NOT_VALID)]),
        ({"nameSingular": "µ"}, [("INVALID_OBJECT_INPUT", NOT_VALID)]),
        ({"namePlural": "Rockets"}, [("INVALID_OBJECT_INPUT", NOT_VALID)]),
        ({"nameSingular": "2fast"}, [("INVALID_OBJECT_INPUT", NOT_VALID)]),
        ({"nameSingular": "user"}, [("INVALID_OBJECT_INPUT", RESERVED)]),
        ({"namePlural": "addresses"}, [("INVALID_OBJECT_INPUT", RESERVED)]),
        (
            {"nameSingular": "rockets"},
            [("INVALID_OBJECT_INPUT", "The singular and plural names cannot be the same for an object")],
        ),
        ({"labelSingular": LONG}, [("INVALID_OBJECT_INPUT", "Object label is too long")]),
        ({"labelPlural": "   "}, [("INVALID_OBJECT_INPUT", "Object label is too short")]),
        ({"nameSingular": "attachment"}, [("OBJECT_ALREADY_EXISTS", "Object already exists")]),
        ({"nameSingular": "attachments"}, [("OBJECT_ALREADY_EXISTS", "Object already exists")]),
        (
            {"isLabelSyncedWithName": True, "labelSingular": "Ship"},
            [("INVALID_OBJECT_INPUT", "Names are not synced with labels")],
        ),
        (
            {"nameSingular": "user", "labelPlural": LONG},
            [("INVALID_OBJECT_INPUT", RESERVED), ("INVALID_OBJECT_INPUT", "Object label is too long")],
        ),
    ],
)
def test_every_broken_rule_is_reported(
    workspace: Workspace, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    before = (version_of(workspace), table_names(workspace), ObjectMetadata.objects.count())
    with pytest.raises(MetadataValidationFailed) as refusal:
        create(workspace, **changes)
    assert report_of(refusal.value) == expected
    assert (version_of(workspace), table_names(workspace), ObjectMetadata.objects.count()) == before


def test_the_report_has_the_shape_of_the_contract(workspace: Workspace) -> None:
    with pytest.raises(MetadataValidationFailed) as refusal:
        create(workspace, nameSingular=LONG)
    error = refusal.value
    entity = error.failures[0].entity
    report = {
        "errors": {
            "objectMetadata": [
                {
                    "type": "create",
                    "metadataName": "objectMetadata",
                    "flatEntityMinimalInformation": {
                        "universalIdentifier": entity["universalIdentifier"],
                        "nameSingular": LONG,
                        "namePlural": "rockets",
                    },
                    "errors": [
                        {
                            "code": "INVALID_OBJECT_INPUT",
                            "message": "Name is too long",
                            "userFriendlyMessage": "Name is too long",
                            "value": LONG,
                        }
                    ],
                }
            ]
        },
        "summary": {"totalErrors": 1, "objectMetadata": 1},
        "userFriendlyMessage": "Name is too long",
    }
    assert error.message == "Multiple validation errors occurred while creating object"
    assert error.extensions == {"message": "Validation failed for 1 objectMetadata", **report}
    assert error.rest_body() == {
        "statusCode": 400,
        "error": "METADATA_VALIDATION_ERROR",
        "code": "METADATA_VALIDATION_ERROR",
        "message": "Multiple validation errors occurred while creating object",
        "messages": ["Name is too long"],
        **report,
    }


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        (
            {"nameSingular": ""},
            ["nameSingular has failed the name validation check", "nameSingular should not be empty"],
        ),
        ({"labelPlural": None}, ["labelPlural should not be empty", "labelPlural must be a string"]),
        ({"namePlural": 5}, ["namePlural must be a string"]),
    ],
)
def test_missing_members_are_refused_before_the_report(
    workspace: Workspace, changes: dict[str, Any], messages: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create(workspace, **changes)
    assert refusal.value.messages == messages


def test_inputs_are_trimmed_and_equal_names_refused_after_it(workspace: Workspace) -> None:
    obj = create(workspace, nameSingular=" rocket ", labelSingular="  big   rocket ", description=" a  b ")
    assert (obj.name_singular, obj.label_singular, obj.description) == ("rocket", "Big rocket", "a b")
    with pytest.raises(MetadataValidationFailed) as refusal:
        create(workspace, nameSingular=" ship", namePlural="ship ")
    assert report_of(refusal.value) == [
        ("INVALID_OBJECT_INPUT", "The singular and plural names cannot be the same for an object")
    ]


def test_remote_objects_are_refused(workspace: Workspace) -> None:
    with pytest.raises(InvalidMetadataInput, match="Remote objects are not supported yet"):
        create(workspace, isRemote=True)


def test_the_version_is_raised_once_per_change(workspace: Workspace, rocket: ObjectMetadata) -> None:
    assert version_of(workspace) == 2
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"labelSingular": "Ship"})
    assert version_of(workspace) == 3
    services.object_delete(workspace_id=workspace.id, object_id=rocket.id)
    assert version_of(workspace) == 4


# Update ----------------------------------------------------------------------------------------------


def test_renaming_keeps_records_and_takes_the_default_relations_along(
    workspace: Workspace, rocket: ObjectMetadata, rockets: Table
) -> None:
    rockets.insert({"name": "Ariane"})
    before = {each.id: each.name for each in FieldMetadata.objects.filter(relation_target_object=rocket)}
    services.object_update(
        workspace_id=workspace.id,
        object_id=rocket.id,
        update={"nameSingular": "ship", "namePlural": "ships", "labelSingular": "Ship", "labelPlural": "Ships"},
    )
    assert rockets.values() == [{"name": "Ariane"}]
    after = {each.id: each for each in FieldMetadata.objects.filter(relation_target_object=rocket)}
    assert after.keys() == before.keys()
    assert {(each.name, each.join_name, each.label) for each in after.values()} == {
        ("targetShip", "targetShipId", "Ship")
    }
    assert {(each.settings or {}).get("joinColumnName") for each in after.values()} == {"targetShipId"}
    schema = cache.current_schema(workspace.id)
    assert "rocket" not in schema.by_singular
    assert schema.by_plural["ships"].by_name["noteTargets"].relation is not None


def test_user_made_relations_keep_their_names_when_an_object_is_renamed(
    workspace: Workspace, rocket: ObjectMetadata, add_field: Any
) -> None:
    member = ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")
    add_field(
        "pilot", "RELATION",
        relationCreationPayload={
            "type": "MANY_TO_ONE", "targetObjectMetadataId": str(member.id), "targetFieldLabel": "Rockets flown",
            "targetFieldIcon": "IconRocket",
        },
    )  # fmt: skip
    services.object_update(
        workspace_id=workspace.id, object_id=rocket.id, update={"nameSingular": "ship", "namePlural": "ships"}
    )
    assert "rocketsFlown" in shown(workspace, "workspaceMember").by_name
    assert "pilotId" in shown(workspace, "ship").by_join_name


def test_deactivating_hides_an_object_and_the_relations_to_it(workspace: Workspace, rocket: ObjectMetadata) -> None:
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"isActive": False})
    schema = cache.current_schema(workspace.id)
    assert "rocket" not in schema.by_singular
    assert "targetRocketId" not in schema.by_singular["noteTarget"].by_join_name
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"isActive": True})
    assert "targetRocketId" in shown(workspace, "noteTarget").by_join_name


def test_sync_is_checked_in_the_resulting_state(workspace: Workspace, rocket: ObjectMetadata) -> None:
    with pytest.raises(MetadataValidationFailed) as refusal:
        services.object_update(
            workspace_id=workspace.id,
            object_id=rocket.id,
            update={"isLabelSyncedWithName": True, "labelSingular": "Ship"},
        )
    assert report_of(refusal.value) == [("INVALID_OBJECT_INPUT", "Names are not synced with labels")]
    updated = services.object_update(
        workspace_id=workspace.id, object_id=rocket.id, update={"isLabelSyncedWithName": True}
    )
    assert updated.is_label_synced_with_name is True


def test_an_object_that_an_older_rule_named_can_still_be_edited(workspace: Workspace, rocket: ObjectMetadata) -> None:
    old = {"name_singular": "spaceX", "name_plural": "spaceXs", "label_singular": "SpaceX", "label_plural": "SpaceXs"}
    ObjectMetadata.objects.filter(id=rocket.id).update(is_label_synced_with_name=True, **old)
    update = {"nameSingular": "spaceX", "labelSingular": "SpaceX", "isLabelSyncedWithName": True, "icon": "IconRocket"}
    assert services.object_update(workspace_id=workspace.id, object_id=rocket.id, update=update).icon == "IconRocket"
    with pytest.raises(MetadataValidationFailed) as refusal:
        services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"labelSingular": "Space Y"})
    assert report_of(refusal.value) == [("INVALID_OBJECT_INPUT", "Names are not synced with labels")]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("labelIdentifierFieldMetadataId", None, "labelIdentifierFieldMetadataId cannot be null"),
        (
            "labelIdentifierFieldMetadataId",
            "00000000-0000-4000-8000-000000000000",
            "labelIdentifierFieldMetadataId validation failed: related field metadata not found",
        ),
        (
            "labelIdentifierFieldMetadataId",
            "createdAt",
            "labelIdentifierFieldMetadataId validation failed: field type not compatible",
        ),
        (
            "imageIdentifierFieldMetadataId",
            "00000000-0000-4000-8000-000000000000",
            "imageIdentifierFieldMetadataId validation failed: related field metadata not found",
        ),
    ],
)
def test_identifiers_are_checked(
    workspace: Workspace, rocket: ObjectMetadata, name: str, value: str | None, message: str
) -> None:
    given = str(FieldMetadata.objects.get(object=rocket, name=value).id) if value == "createdAt" else value
    with pytest.raises(MetadataValidationFailed) as refusal:
        services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={name: given})
    assert report_of(refusal.value) == [("INVALID_OBJECT_INPUT", message)]


def test_search_follows_the_label_identifier(
    workspace: Workspace, rocket: ObjectMetadata, rockets: Table, add_field: Any
) -> None:
    code = add_field("code", "TEXT")
    update = {"labelIdentifierFieldMetadataId": str(code.id).upper()}
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update=update)
    assert [each.name for each in shown(workspace, "rocket").search_fields] == ["code"]
    rocket.refresh_from_db()
    assert rocket.search_rebuild is None  # without records there is nothing to search
    rockets.insert({"name": "Ariane"})
    name = FieldMetadata.objects.get(object=rocket, name="name")
    update = {"labelIdentifierFieldMetadataId": str(name.id)}
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update=update)
    rocket.refresh_from_db()
    assert rocket.search_rebuild is not None
    assert (rocket.search_rebuild["keys"], rocket.search_rebuild["isMissing"]) == (["code", "name"], True)


def test_labels_of_standard_objects_become_overrides(db: None) -> None:
    workspace = services.workspace_create(name="Standard")
    company = ObjectMetadata.objects.get(workspace=workspace, name_singular="company")

    def update(**changes: Any) -> ObjectMetadata:
        return services.object_update(workspace_id=workspace.id, object_id=company.id, update=changes)

    obj = update(labelSingular="Client", icon="IconCrown", isSearchable=False)
    assert obj.standard_overrides == {
        "labelSingular": "Client",
        "labelPlural": None,
        "description": None,
        "icon": "IconCrown",
        "color": None,
    }
    assert (obj.shown("labelSingular"), obj.label_singular, obj.name_singular) == ("Client", "Company", "company")
    assert shown(workspace, "company").label_singular == "Client"
    assert obj.is_searchable is False
    assert update(labelSingular="Company", icon="IconBuildingSkyscraper").standard_overrides is None


def test_names_of_standard_objects_cannot_change(workspace: Workspace) -> None:
    member = ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")
    before = version_of(workspace)
    with pytest.raises(InvalidMetadataInput) as refusal:
        services.object_update(
            workspace_id=workspace.id,
            object_id=member.id,
            update={"nameSingular": "x", "labelSingular": "X", "isLabelSyncedWithName": True, "namePlural": "xs"},
        )
    assert refusal.value.message == (
        "Cannot edit standard object metadata properties: isLabelSyncedWithName, namePlural, nameSingular"
    )
    assert (refusal.value.status, refusal.value.sub_code) == (400, "INVALID_OBJECT_INPUT")
    assert version_of(workspace) == before


def test_system_objects_take_only_cosmetics(workspace: Workspace) -> None:
    member = ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")
    with pytest.raises(MetadataMutationNotAllowed, match="System objects cannot be updated directly"):
        services.object_update(workspace_id=workspace.id, object_id=member.id, update={"isSearchable": False})
    updated = services.object_update(workspace_id=workspace.id, object_id=member.id, update={"labelSingular": "Mate"})
    assert updated.shown("labelSingular") == "Mate"


# Delete ----------------------------------------------------------------------------------------------


def test_deleting_takes_everything_away(workspace: Workspace, rocket: ObjectMetadata, rockets: Table) -> None:
    rockets.insert({"name": "Ariane"})
    deleted = services.object_delete(workspace_id=workspace.id, object_id=rocket.id)
    assert deleted.id == rocket.id
    assert f"o_{rocket.id.hex}" not in table_names(workspace)
    assert FieldMetadata.objects.filter(workspace=workspace, name="targetRocket").count() == 0
    assert IndexMetadata.objects.filter(workspace=workspace, index_fields__isnull=True).count() == 0
    for obj in ObjectMetadata.objects.filter(workspace=workspace):
        expected = {f"r_{each.id.hex}" for each in obj.fields.all() if each.join_name}
        expected |= {f"u_{each.id.hex}" for each in obj.fields.all() if each.is_unique and not each.column}
        assert index_names(workspace, obj.id) == expected
    again = create(workspace)
    assert again.id != rocket.id
    assert "targetRocketId" in shown(workspace, "noteTarget").by_join_name


def test_deleting_an_inactive_object_works(workspace: Workspace, rocket: ObjectMetadata) -> None:
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"isActive": False})
    services.object_delete(workspace_id=workspace.id, object_id=rocket.id)
    assert ObjectMetadata.objects.filter(id=rocket.id).count() == 0


def test_standard_and_system_objects_stay(db: None) -> None:
    workspace = services.workspace_create(name="Standard")
    for name, message in (
        ("company", "Standard objects cannot be deleted"),
        ("attachment", "System objects cannot be deleted"),
    ):
        obj = ObjectMetadata.objects.get(workspace=workspace, name_singular=name)
        with pytest.raises(MetadataValidationFailed) as refusal:
            services.object_delete(workspace_id=workspace.id, object_id=obj.id)
        assert report_of(refusal.value) == [("OBJECT_MUTATION_NOT_ALLOWED", message)]
    assert version_of(workspace) == 1


def test_unknown_objects(workspace: Workspace) -> None:
    with pytest.raises(ObjectMetadataNotFound, match="Object to update not found"):
        services.object_update(workspace_id=workspace.id, object_id=uuid4(), update={})
    with pytest.raises(ObjectMetadataNotFound, match="Object to delete not found"):
        services.object_delete(workspace_id=workspace.id, object_id=uuid4())


def test_another_workspace_cannot_reach_an_object(rocket: ObjectMetadata) -> None:
    stranger = services.workspace_create(name="Stranger", empty=True)
    for call in (
        lambda: services.object_update(workspace_id=stranger.id, object_id=rocket.id, update={"labelSingular": "X"}),
        lambda: services.object_delete(workspace_id=stranger.id, object_id=rocket.id),
    ):
        with pytest.raises(ApiError):
            call()
    rocket.refresh_from_db()
    assert rocket.label_singular == "Rocket"
