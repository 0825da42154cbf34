"""Fields through the services: every kind of creation, renaming, options, uniqueness, relations, deletion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from config.errors import (
    ApiError,
    FieldMetadataNotFound,
    InvalidInput,
    MetadataMutationNotAllowed,
    MetadataValidationFailed,
)
from metadata import services
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from tests.metadata.conftest import Table, index_names, shown, version_of

pytestmark = pytest.mark.django_db

AddField = Callable[..., FieldMetadata]
NEW_OLD = [
    {"label": "New", "value": "NEW", "position": 0, "color": "red"},
    {"label": "Old", "value": "OLD", "position": 1, "color": "sky"},
]


def report_of(error: MetadataValidationFailed) -> list[tuple[str, str]]:
    return [(each.code, each.message) for failure in error.failures for each in failure.problems]


def update(field: FieldMetadata, **changes: Any) -> FieldMetadata:
    return services.field_update(workspace_id=field.workspace_id, field_id=field.id, update=changes)


def delete(field: FieldMetadata) -> FieldMetadata:
    return services.field_delete(workspace_id=field.workspace_id, field_id=field.id)


def options_of(field: FieldMetadata) -> list[dict[str, Any]]:
    return list(field.options or ())


def counterpart(field: FieldMetadata) -> FieldMetadata:
    """The field on the other side of a relation."""
    assert field.relation_target_field is not None
    return field.relation_target_field


def refused(call: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(MetadataValidationFailed) as refusal:
        call()
    return report_of(refusal.value)


def payload(target: ObjectMetadata, label: str = "Flights", type: str = "MANY_TO_ONE") -> dict[str, Any]:
    return {
        "type": type,
        "targetObjectMetadataId": str(target.id),
        "targetFieldLabel": label,
        "targetFieldIcon": "IconPlane",
    }


@pytest.fixture
def member(workspace: Workspace) -> ObjectMetadata:
    return ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")


@pytest.fixture
def attachment(workspace: Workspace) -> ObjectMetadata:
    return ObjectMetadata.objects.get(workspace=workspace, name_singular="attachment")


# Create ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "values", "default"),
    [
        ("TEXT", {"defaultValue": "'Hello'"}, "'Hello'"),
        ("NUMBER", {"defaultValue": 5}, 5),
        ("BOOLEAN", {"defaultValue": True}, True),
        ("DATE", {"defaultValue": "now"}, "now"),
        ("DATE_TIME", {"defaultValue": None}, None),
        ("UUID", {"defaultValue": "uuid"}, "uuid"),
        ("RAW_JSON", {}, None),
        ("ARRAY", {}, None),
        ("SELECT", {"options": NEW_OLD, "defaultValue": "'NEW'"}, "'NEW'"),
        ("MULTI_SELECT", {"options": NEW_OLD, "defaultValue": ["'NEW'"]}, ["'NEW'"]),
        ("RATING", {"defaultValue": "'RATING_3'"}, "'RATING_3'"),
        ("CURRENCY", {"defaultValue": {"amountMicros": None, "currencyCode": "'USD'"}},
         {"amountMicros": None, "currencyCode": "'USD'"}),
        ("FULL_NAME", {}, None),
        ("EMAILS", {}, None),
        ("PHONES", {}, None),
        ("LINKS", {}, None),
        ("ADDRESS", {}, None),
        ("RICH_TEXT", {}, None),
        ("FILES", {"settings": {"maxNumberOfValues": 1}}, None),
    ],
)  # fmt: skip
def test_types_that_users_create(
    workspace: Workspace, add_field: AddField, type: str, values: dict[str, Any], default: Any
) -> None:
    field = add_field("thing", type, **values)
    assert (field.type, field.default_value, field.is_custom, field.is_nullable) == (type, default, True, True)
    stored = shown(workspace, "rocket").by_name["thing"]
    assert (stored.id, stored.type.name, stored.storage_key, stored.column) == (field.id, type, "thing", None)


def test_the_older_name_of_rich_text_is_accepted(add_field: AddField) -> None:
    assert add_field("body", "RICH_TEXT_V2").type == "RICH_TEXT"


def test_ratings_have_five_options_whatever_is_sent(add_field: AddField) -> None:
    field = add_field("mark", "RATING", options=NEW_OLD)
    assert [(each["value"], each["label"], each["position"]) for each in options_of(field)] == [
        (f"RATING_{mark}", str(mark), mark - 1) for mark in range(1, 6)
    ]


def test_options_keep_given_ids_and_get_missing_ones(add_field: AddField) -> None:
    given = str(uuid4())
    field = add_field("stage", "SELECT", options=[{**NEW_OLD[0], "id": given, "label": "  New "}, NEW_OLD[1]])
    assert options_of(field)[0] == {**NEW_OLD[0], "id": given}
    assert len(options_of(field)[1]["id"]) == 36


NOT_VALID = "Name is not valid: it must start with lowercase letter and contain only alphanumeric letters"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": "a" * 64}, [("INVALID_FIELD_INPUT", "Name is too long")]),
        ({"name": " ", "label": "Blank"}, [("INVALID_FIELD_INPUT", "Name is too short"), ("INVALID_FIELD_INPUT", NOT_VALID)]),
        ({"name": "type"}, [("INVALID_FIELD_INPUT", 'This name is reserved. Use a different name or the system will add "Custom" suffix.')]),
        ({"name": "name"}, [("NOT_AVAILABLE", 'Name "name" is not available as it is already used by another field')]),
        ({"name": "createdBySource"}, [("RESERVED_KEYWORD", 'Name "createdBySource" is reserved composite field name')]),
        ({"isLabelSyncedWithName": True, "label": "Other"}, [("NAME_NOT_SYNCED_WITH_LABEL", "Name is not synced with label")]),
        ({"type": "SELECT"}, [("INVALID_FIELD_INPUT", "Options are required for enum fields")]),
        ({"type": "SELECT", "options": NEW_OLD, "defaultValue": "'X'"}, [("INVALID_FIELD_INPUT", "Default value \"'X'\" must be one of the option values")]),
        ({"type": "BOOLEAN", "isNullable": False}, [("INVALID_FIELD_INPUT", "Default value cannot be null for non-nullable fields")]),
        ({"type": "FILES"}, [("INVALID_FIELD_INPUT", "maxNumberOfValues must be defined in settings and be a number greater than 0 and less than or equal to 60")]),
        ({"isUnique": True, "defaultValue": "'x'"}, [("INDEX_FIELD_INVALID_DEFAULT_VALUE", "Unique index cannot be created for field thing of type TEXT")]),
        ({"type": "FULL_NAME", "isUnique": True}, [("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE", "Unique index cannot be created for field thing of type FULL_NAME")]),
        ({"type": "NOPE"}, [("UNCOVERED_FIELD_METADATA_TYPE_VALIDATION", "Unsupported field metadata type NOPE")]),
        ({"type": "NUMERIC"}, [("INVALID_FIELD_INPUT", "Field type NUMERIC is not supported for field creation. Use NUMBER instead.")]),
        ({"type": "POSITION"}, [("INVALID_FIELD_INPUT", "Field type POSITION must be a system field and cannot be created manually.")]),
        ({"isRemoteCreation": True}, [("INVALID_FIELD_INPUT", "Remote fields aren't supported")]),
        ({"objectMetadataId": "00000000-0000-4000-8000-000000000000"}, [("INVALID_FIELD_INPUT", "Provided object metadata id does not exist")]),
        ({"type": "RELATION"}, [("INVALID_FIELD_INPUT", "Relation creation payload is required")]),
        ({"name": "name", "type": "SELECT", "options": [], "isLabelSyncedWithName": True, "label": "Other"}, [
            ("NOT_AVAILABLE", 'Name "name" is not available as it is already used by another field'),
            ("NAME_NOT_SYNCED_WITH_LABEL", "Name is not synced with label"),
            ("INVALID_FIELD_INPUT", "Options are required for enum fields"),
        ]),
    ],
)  # fmt: skip
def test_every_broken_rule_is_reported(
    workspace: Workspace, add_field: AddField, values: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    before = (version_of(workspace), FieldMetadata.objects.count())
    given = {"name": "thing", "type": "TEXT", **values}
    assert refused(lambda: add_field(**given)) == expected
    assert (version_of(workspace), FieldMetadata.objects.count()) == before


def test_an_empty_name_is_refused_before_the_report(add_field: AddField) -> None:
    with pytest.raises(InvalidInput) as refusal:
        add_field("", "TEXT")
    assert refusal.value.messages == [
        "name has failed the name validation check",
        "name should not be empty",
        "label should not be empty",
    ]


def test_existing_records_get_the_default_of_a_new_field(add_field: AddField, rockets: Table) -> None:
    rockets.insert({"name": "a"}, {"name": "b"})
    add_field("stage", "SELECT", options=NEW_OLD, defaultValue="'NEW'")
    add_field("amount", "CURRENCY", defaultValue={"amountMicros": None, "currencyCode": "'USD'"})
    add_field("plain", "TEXT")
    stored = {"stage": "NEW", "amount": {"currencyCode": "USD"}}
    assert rockets.values() == [{"name": "a", **stored}, {"name": "b", **stored}]
    add_field("token", "UUID", defaultValue="uuid", isUnique=True)
    tokens = [each["token"] for each in rockets.values()]
    assert len(set(tokens)) == 2


# Uniqueness ------------------------------------------------------------------------------------------


def test_a_unique_field_has_its_index(workspace: Workspace, rocket: ObjectMetadata, add_field: AddField) -> None:
    field = add_field("code", "TEXT", isUnique=True)
    assert index_names(workspace, rocket.id) == {f"u_{field.id.hex}"}
    assert [each.name for each in shown(workspace, "rocket").unique_fields] == ["id", "code"]
    update(field, isUnique=False)
    assert index_names(workspace, rocket.id) == set()
    assert IndexMetadata.objects.filter(object=rocket, is_unique=True).count() == 0


def test_uniqueness_is_refused_with_the_values_that_repeat(
    workspace: Workspace, add_field: AddField, rockets: Table
) -> None:
    field = add_field("code", "TEXT")
    ids = rockets.insert({"code": "A1"}, {"code": "A1"}, {"code": "B2"}, {}, {})
    before = version_of(workspace)
    with pytest.raises(MetadataValidationFailed) as refusal:
        update(field, isUnique=True)
    (problem,) = refusal.value.failures[0].problems
    assert problem.message == 'Unique index cannot be created for field code: 2 records have the value "A1"'
    assert problem.value == {"value": "A1", "recordIds": sorted(str(each) for each in ids[:2])}
    assert version_of(workspace) == before
    field.refresh_from_db()
    assert field.is_unique is False


def test_uniqueness_of_the_standard_model_stays(db: None) -> None:
    workspace = services.workspace_create(name="Standard")
    emails = FieldMetadata.objects.get(workspace=workspace, object__name_singular="person", name="emails")
    message = "Cannot delete unique index that have not been created by the workspace custom application"
    assert refused(lambda: update(emails, isUnique=False)) == [("INVALID_FIELD_INPUT", message)]
    job = FieldMetadata.objects.get(workspace=workspace, object__name_singular="person", name="jobTitle")
    assert update(job, isUnique=True).is_unique is True
    assert update(job, isUnique=False).is_unique is False


# Update ----------------------------------------------------------------------------------------------


def test_renaming_keeps_the_values(workspace: Workspace, add_field: AddField, rockets: Table) -> None:
    field = add_field("speed", "NUMBER")
    rockets.insert({"speed": 7})
    update(field, name="pace", label="Pace")
    renamed = shown(workspace, "rocket").by_name["pace"]
    assert (renamed.id, renamed.storage_key, renamed.label) == (field.id, "speed", "Pace")
    assert rockets.values() == [{"speed": 7}]
    again = add_field("speed", "NUMBER")
    assert again.storage_key == "speed2"


def test_a_key_is_never_used_again(add_field: AddField) -> None:
    delete(add_field("speed", "NUMBER"))
    assert add_field("speed", "TEXT").storage_key == "speed2"


def test_renamed_options_rename_values_and_default(add_field: AddField, rockets: Table) -> None:
    field = add_field("stage", "SELECT", options=NEW_OLD, defaultValue="'NEW'")
    rockets.insert({"stage": "NEW"}, {"stage": "OLD"}, {"name": "x"})
    changed = update(field, options=[{**options_of(field)[0], "value": "FRESH"}, options_of(field)[1]])
    assert changed.default_value == "'FRESH'"
    assert rockets.values() == [{"stage": "FRESH"}, {"stage": "OLD"}, {"name": "x"}]


def test_swapped_option_values_do_not_meet(add_field: AddField, rockets: Table) -> None:
    field = add_field("stage", "SELECT", options=NEW_OLD)
    rockets.insert({"stage": "NEW", "name": "a"}, {"stage": "OLD", "name": "b"})
    new, old = options_of(field)
    update(field, options=[{**new, "value": "OLD"}, {**old, "value": "NEW"}])
    assert rockets.values() == [{"name": "a", "stage": "OLD"}, {"name": "b", "stage": "NEW"}]


def test_removed_options_leave_the_records(add_field: AddField, rockets: Table) -> None:
    field = add_field("stage", "SELECT", options=NEW_OLD)
    tags = add_field("tags", "MULTI_SELECT", options=NEW_OLD)
    rockets.insert({"stage": "OLD", "tags": ["OLD", "NEW"]}, {"tags": ["OLD"]})
    update(field, options=[options_of(field)[0]])
    update(tags, options=[{**options_of(tags)[0], "value": "FRESH"}])
    assert rockets.values() == [{"tags": ["FRESH"]}, {}]


def test_options_sent_with_new_ids_and_old_values_keep_their_records_values(
    add_field: AddField, rockets: Table
) -> None:
    field = add_field("stage", "SELECT", options=NEW_OLD, defaultValue="'NEW'")
    tags = add_field("tags", "MULTI_SELECT", options=NEW_OLD, defaultValue=["'OLD'"])
    rockets.insert({"stage": "NEW", "tags": ["OLD", "NEW"]}, {"stage": "OLD", "tags": ["OLD"]})
    for each, default in ((field, "'NEW'"), (tags, ["'OLD'"])):
        fresh = [{**option, "id": str(uuid4()), "label": option["label"] * 2} for option in options_of(each)]
        changed = update(each, options=fresh)
        assert (options_of(changed), changed.default_value) == (fresh, default)
    assert rockets.values() == [{"stage": "NEW", "tags": ["OLD", "NEW"]}, {"stage": "OLD", "tags": ["OLD"]}]


def test_an_option_is_the_one_of_its_id_before_that_of_its_value(add_field: AddField, rockets: Table) -> None:
    """`NEW` becomes `FRESH`, by its id; another option that is called `NEW` now is a new one."""
    field = add_field("stage", "SELECT", options=NEW_OLD)
    rockets.insert({"stage": "NEW"}, {"stage": "OLD"})
    new, old = options_of(field)
    update(field, options=[{**new, "value": "FRESH"}, {**old, "id": str(uuid4()), "value": "NEW"}])
    assert rockets.values() == [{"stage": "FRESH"}, {}]


def test_removing_the_option_that_is_the_default_is_refused(add_field: AddField) -> None:
    field = add_field("stage", "SELECT", options=NEW_OLD, defaultValue="'NEW'")
    message = "Default value \"'NEW'\" must be one of the option values"
    assert refused(lambda: update(field, options=[options_of(field)[1]])) == [("INVALID_FIELD_INPUT", message)]
    changed = update(field, options=[options_of(field)[1]], defaultValue=None)
    assert changed.default_value is None


def test_a_default_changes_without_the_options(add_field: AddField) -> None:
    field = add_field("stage", "SELECT", options=NEW_OLD, defaultValue="'NEW'")
    changed = update(field, defaultValue="'OLD'")
    assert (changed.default_value, options_of(changed)) == ("'OLD'", options_of(field))


def test_sync_at_update(add_field: AddField) -> None:
    field = add_field("speed", "NUMBER")
    assert refused(lambda: update(field, isLabelSyncedWithName=True, label="Other")) == [
        ("FIELD_MUTATION_NOT_ALLOWED", "Name is not synced with label.")
    ]
    assert update(field, isLabelSyncedWithName=True, label="Speed").is_label_synced_with_name is True


def test_a_field_that_an_older_rule_named_can_still_be_edited(add_field: AddField) -> None:
    """Its label and name are sent along by forms; they are asked for agreement when one of them changes."""
    field = add_field("linkedInProfile", "TEXT", label="LinkedIn Profile")
    FieldMetadata.objects.filter(id=field.id).update(is_label_synced_with_name=True)
    update(field, name="linkedInProfile", label="LinkedIn Profile", isLabelSyncedWithName=True, icon="IconLink")
    assert FieldMetadata.objects.get(id=field.id).icon == "IconLink"
    assert refused(lambda: update(field, label="LinkedIn")) == [
        ("FIELD_MUTATION_NOT_ALLOWED", "Name is not synced with label.")
    ]
    update(field, name="linkedinProfile")
    assert FieldMetadata.objects.get(id=field.id).name == "linkedinProfile"


@pytest.mark.parametrize(("label", "name"), [("LinkedIn Profile", "linkedinProfile"), ("reportTarget", "reporttarget")])
def test_the_other_side_of_a_relation_is_named_after_its_label(
    workspace: Workspace, rocket: ObjectMetadata, add_field: AddField, label: str, name: str
) -> None:
    member = ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(member.id), "targetFieldLabel": label}
    field = add_field("maker", "RELATION", relationCreationPayload={**payload, "targetFieldIcon": "IconX"})
    other = FieldMetadata.objects.get(id=field.relation_target_field_id)
    assert (other.object_id, other.name, other.label) == (member.id, name, label)


def test_members_that_cannot_change_are_ignored(add_field: AddField) -> None:
    field = add_field("speed", "NUMBER")
    changed = update(field, type="TEXT", isNullable=False, objectMetadataId=str(uuid4()), isSystem=True, label="Pace")
    assert (changed.type, changed.is_nullable, changed.object_id, changed.is_system, changed.label) == (
        "NUMBER", True, field.object_id, False, "Pace",
    )  # fmt: skip


def test_managed_and_standard_fields(workspace: Workspace, rocket: ObjectMetadata, member: ObjectMetadata) -> None:
    created_at = FieldMetadata.objects.get(object=rocket, name="createdAt")
    with pytest.raises(MetadataMutationNotAllowed) as refusal:
        update(created_at, label="X", isActive=True)
    assert refusal.value.message == 'Cannot edit system-managed field "createdAt" properties: label'
    locale = FieldMetadata.objects.get(object=member, name="locale")
    with pytest.raises(MetadataMutationNotAllowed) as refusal:
        update(locale, name="x", isLabelSyncedWithName=True, label="y")
    assert refusal.value.message == "Cannot edit standard field metadata properties: isLabelSyncedWithName, name"
    assert (refusal.value.status, refusal.value.sub_code) == (403, "FIELD_MUTATION_NOT_ALLOWED")
    changed = update(locale, label="Tongue", description="d")
    assert changed.standard_overrides == {"label": "Tongue", "description": "d", "icon": None}
    assert shown(workspace, "workspaceMember").by_name["locale"].label == "Tongue"


def test_the_label_identifier_stays_active_and_stays(rocket: ObjectMetadata) -> None:
    name = FieldMetadata.objects.get(object=rocket, name="name")
    assert refused(lambda: update(name, isActive=False)) == [
        ("INVALID_FIELD_INPUT", "Label identifier field metadata cannot be deactivated")
    ]
    assert refused(lambda: delete(name)) == [
        ("INVALID_FIELD_INPUT", "Cannot delete, please update the label identifier field first")
    ]


def identifiers_of(obj: ObjectMetadata) -> tuple[Any, Any]:
    """The label's and the image's as the metadata APIs tell them."""
    obj.refresh_from_db()
    return obj.label_identifier_field_id, obj.image_identifier_field_id


def test_a_deleted_field_is_no_image_identifier_any_more(
    workspace: Workspace, rocket: ObjectMetadata, add_field: AddField
) -> None:
    picture, other = add_field("picture", "LINKS"), add_field("other", "LINKS")
    name = FieldMetadata.objects.get(object=rocket, name="name")
    services.object_update(
        workspace_id=workspace.id, object_id=rocket.id, update={"imageIdentifierFieldMetadataId": str(picture.id)}
    )
    delete(other)
    assert identifiers_of(rocket) == (name.id, picture.id)
    assert shown(workspace, "rocket").image_identifier_id == picture.id
    delete(picture)
    assert identifiers_of(rocket) == (name.id, None)
    assert shown(workspace, "rocket").image_identifier_id is None


def test_an_inactive_field_is_no_identifier_until_it_is_active_again(
    workspace: Workspace, rocket: ObjectMetadata, add_field: AddField
) -> None:
    picture = add_field("picture", "LINKS")
    services.object_update(
        workspace_id=workspace.id, object_id=rocket.id, update={"imageIdentifierFieldMetadataId": str(picture.id)}
    )
    update(picture, isActive=False)
    assert shown(workspace, "rocket").image_identifier_id is None
    assert identifiers_of(rocket)[1] == picture.id
    update(picture, isActive=True)
    assert shown(workspace, "rocket").image_identifier_id == picture.id


@pytest.mark.parametrize(
    ("name", "type"), [("labelIdentifierFieldMetadataId", "TEXT"), ("imageIdentifierFieldMetadataId", "LINKS")]
)
def test_an_inactive_field_does_not_become_an_identifier(
    workspace: Workspace, rocket: ObjectMetadata, add_field: AddField, name: str, type: str
) -> None:
    field = add_field("code", type)
    update(field, isActive=False)
    before, version = identifiers_of(rocket), version_of(workspace)

    def choose() -> ObjectMetadata:
        return services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={name: str(field.id)})

    assert refused(choose) == [("INVALID_OBJECT_INPUT", f"{name} validation failed: field is not active")]
    assert (identifiers_of(rocket), version_of(workspace)) == (before, version)
    update(field, isActive=True)
    choose()
    assert field.id in identifiers_of(rocket)


def test_deactivating_hides_a_field(workspace: Workspace, add_field: AddField) -> None:
    field = add_field("speed", "NUMBER")
    update(field, isActive=False)
    assert "speed" not in shown(workspace, "rocket").by_name
    update(field, isActive=True)
    assert "speed" in shown(workspace, "rocket").by_name


# Relations -------------------------------------------------------------------------------------------


def test_a_relation_has_both_sides(
    workspace: Workspace, rocket: ObjectMetadata, member: ObjectMetadata, add_field: AddField
) -> None:
    pilot = add_field("pilot", "RELATION", relationCreationPayload=payload(member))
    flights = counterpart(pilot)
    assert (pilot.icon, pilot.relation_type, pilot.join_name) == ("IconRelationOneToMany", "MANY_TO_ONE", "pilotId")
    assert pilot.settings == {"relationType": "MANY_TO_ONE", "onDelete": "SET_NULL", "joinColumnName": "pilotId"}
    assert (flights.object_id, flights.name, flights.label, flights.icon) == (
        member.id,
        "flights",
        "Flights",
        "IconPlane",
    )
    assert flights.settings == {"relationType": "ONE_TO_MANY"}
    assert flights.relation_target_field_id == pilot.id
    assert index_names(workspace, rocket.id) == {f"r_{pilot.id.hex}"}


def test_a_one_to_many_relation_puts_the_id_on_the_target(
    workspace: Workspace, member: ObjectMetadata, add_field: AddField
) -> None:
    before = index_names(workspace, member.id)
    crew = add_field("crew", "RELATION", relationCreationPayload=payload(member, "Ship", "ONE_TO_MANY"))
    assert (crew.relation_type, crew.join_name) == ("ONE_TO_MANY", None)
    assert shown(workspace, "workspaceMember").by_join_name["shipId"].id == crew.relation_target_field_id
    assert index_names(workspace, member.id) - before == {f"r_{crew.relation_target_field_id.hex}"}


def test_a_relation_to_itself(workspace: Workspace, rocket: ObjectMetadata, add_field: AddField) -> None:
    add_field("parent", "RELATION", relationCreationPayload=payload(rocket, "Children"))
    schema = shown(workspace, "rocket")
    assert schema.by_join_name["parentId"].name == "parent"
    assert schema.by_name["children"].relation is not None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type": "MANY_TO_MANY"}, [("FIELD_METADATA_RELATION_MALFORMED", "Relation creation payload is invalid: type must be one of the following values: ONE_TO_MANY, MANY_TO_ONE")]),
        ({"targetFieldLabel": 5}, [("FIELD_METADATA_RELATION_MALFORMED", "Relation creation payload is invalid: targetFieldLabel must be a string")]),
        ({"targetObjectMetadataId": "x"}, [("FIELD_METADATA_RELATION_MALFORMED", "Relation creation payload is invalid: targetObjectMetadataId must be a UUID")]),
        ({"targetObjectMetadataId": "00000000-0000-4000-8000-000000000000"}, [("FIELD_METADATA_RELATION_MALFORMED", "Object metadata relation target not found for relation creation payload")]),
        ({"targetFieldLabel": "  "}, [("INVALID_FIELD_INPUT", "Name is too short"), ("INVALID_FIELD_INPUT", NOT_VALID)]),
        ({"targetFieldLabel": "a" * 64}, [("INVALID_FIELD_INPUT", "Name is too long")]),
        ({"targetFieldLabel": "Locale"}, [("NOT_AVAILABLE", 'Name "locale" is not available as it is already used by another field')]),
    ],
)  # fmt: skip
def test_wrong_relation_payloads(
    workspace: Workspace,
    member: ObjectMetadata,
    add_field: AddField,
    changes: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    before = (version_of(workspace), FieldMetadata.objects.count())
    given = {**payload(member), **changes}
    assert refused(lambda: add_field("pilot", "RELATION", relationCreationPayload=given)) == expected
    assert (version_of(workspace), FieldMetadata.objects.count()) == before


def test_the_id_member_of_a_relation_is_taken(member: ObjectMetadata, add_field: AddField) -> None:
    add_field("pilotId", "TEXT")
    call = lambda: add_field("pilot", "RELATION", relationCreationPayload=payload(member))  # noqa: E731
    assert refused(call) == [
        ("NOT_AVAILABLE", 'Name "pilotId" is not available as it is already used by another field')
    ]
    add_field("captain", "RELATION", relationCreationPayload=payload(member))
    assert refused(lambda: add_field("captainId", "TEXT")) == [
        ("NOT_AVAILABLE", 'Name "captainId" is not available as it is already used by another field')
    ]


def test_relations_change_only_what_they_can(workspace: Workspace, member: ObjectMetadata, add_field: AddField) -> None:
    pilot = add_field("pilot", "RELATION", relationCreationPayload=payload(member))
    message = "Forbidden updated properties for relation field metadata: defaultValue, isUnique"
    assert refused(lambda: update(pilot, isUnique=True, defaultValue="x")) == [("FIELD_MUTATION_NOT_ALLOWED", message)]
    assert refused(lambda: update(pilot, settings={"onDelete": "CASCADE"})) == [
        ("INVALID_FIELD_INPUT", "Many to one field metadata should carry the join column name in its settings")
    ]
    update(pilot, settings={"onDelete": "CASCADE", "joinColumnName": "pilotId"})
    update(pilot, name="captain", label="Captain")
    captain = shown(workspace, "rocket").by_name["captain"]
    assert captain.relation is not None
    assert (captain.relation.on_delete, captain.relation.join_name, captain.storage_key) == (
        "CASCADE", "captainId", "pilot",
    )  # fmt: skip


def test_deleting_either_side_deletes_both(
    workspace: Workspace, rocket: ObjectMetadata, member: ObjectMetadata, add_field: AddField, rockets: Table
) -> None:
    for side in ("near", "far"):
        pilot = add_field("pilot", "RELATION", relationCreationPayload=payload(member))
        rockets.insert({pilot.storage_key: str(uuid4())})
        flights = counterpart(pilot)
        delete(pilot if side == "near" else flights)
        assert FieldMetadata.objects.filter(id__in=[pilot.id, flights.id]).count() == 0
        assert index_names(workspace, rocket.id) == set()
    assert rockets.values() == [{}, {}]


def test_a_morph_relation_has_a_row_per_target(
    workspace: Workspace, member: ObjectMetadata, attachment: ObjectMetadata, add_field: AddField
) -> None:
    first = add_field("load", "MORPH_RELATION", morphRelationsCreationPayload=[payload(member), payload(attachment)])
    schema = shown(workspace, "rocket")
    assert first.name == "loadWorkspaceMember"
    assert {"loadWorkspaceMemberId", "loadAttachmentId"} <= schema.by_join_name.keys()
    rows = [each for each in schema.fields if each.morph_id == first.morph_id]
    assert [each.type.name for each in rows] == ["MORPH_RELATION", "MORPH_RELATION"]
    assert shown(workspace, "attachment").by_name["flights"].type.name == "RELATION"
    update(first, name="freight")
    assert {"freightWorkspaceMemberId", "freightAttachmentId"} <= shown(workspace, "rocket").by_join_name.keys()
    delete(FieldMetadata.objects.get(id=first.id))
    assert FieldMetadata.objects.filter(workspace=workspace, morph_id=first.morph_id).count() == 0
    assert "flights" not in shown(workspace, "attachment").by_name


def test_a_morph_relation_gets_further_targets(
    workspace: Workspace, member: ObjectMetadata, attachment: ObjectMetadata, add_field: AddField
) -> None:
    first = add_field("load", "MORPH_RELATION", morphRelationsCreationPayload=[payload(member)])
    update(first, morphRelationsUpdatePayload=[payload(member), payload(attachment)])
    rows = FieldMetadata.objects.filter(workspace=workspace, morph_id=first.morph_id).order_by("position")
    assert [each.name for each in rows] == ["loadWorkspaceMember", "loadAttachment"]


def test_a_further_target_is_told_by_its_id_alone(
    workspace: Workspace, member: ObjectMetadata, attachment: ObjectMetadata, add_field: AddField
) -> None:
    first = add_field("load", "MORPH_RELATION", morphRelationsCreationPayload=[payload(member)])
    update(first, morphRelationsUpdatePayload=[{"targetObjectMetadataId": str(attachment.id)}])
    rows = FieldMetadata.objects.filter(workspace=workspace, morph_id=first.morph_id).order_by("position")
    assert [each.name for each in rows] == ["loadWorkspaceMember", "loadAttachment"]
    ours, theirs = (counterpart(each) for each in rows)
    assert theirs.object_id == attachment.id
    assert (theirs.name, theirs.label, theirs.icon) == (ours.name, ours.label, ours.icon)
    with pytest.raises(MetadataValidationFailed) as refusal:
        update(first, morphRelationsUpdatePayload=[{"targetObjectMetadataId": "x"}])
    [problem] = refusal.value.failures[0].problems
    assert problem.message == "Relation creation payload is invalid: targetObjectMetadataId must be a UUID"
    assert FieldMetadata.objects.filter(workspace=workspace, morph_id=first.morph_id).count() == 2


def test_wrong_morph_payloads(
    rocket: ObjectMetadata, member: ObjectMetadata, attachment: ObjectMetadata, add_field: AddField
) -> None:
    cases: list[tuple[Any, str]] = [
        ([], "Morph relation creation payloads are empty"),
        (
            [payload(member), payload(attachment, type="ONE_TO_MANY")],
            "Morph relation creation payloads must have the same relation type",
        ),
        ([payload(rocket)], "Morph relation creation payloads must not target source object metadata"),
        (
            [payload(member), payload(member, "Others")],
            "Morph relation creation payloads must have only relation to the same object metadata",
        ),
    ]
    for given, message in cases:
        call = lambda given=given: add_field("load", "MORPH_RELATION", morphRelationsCreationPayload=given)  # noqa: E731
        assert refused(call) == [("FIELD_METADATA_RELATION_MALFORMED", message)]


# Delete ----------------------------------------------------------------------------------------------


def test_deleting_clears_the_values(
    workspace: Workspace, rocket: ObjectMetadata, add_field: AddField, rockets: Table
) -> None:
    field = add_field("code", "TEXT", isUnique=True)
    rockets.insert({"code": "A1", "name": "x"}, {"name": "y"})
    deleted = delete(field)
    assert (deleted.id, deleted.name) == (field.id, "code")
    assert rockets.values() == [{"name": "x"}, {"name": "y"}]
    assert index_names(workspace, rocket.id) == set()
    assert "code" not in shown(workspace, "rocket").by_name


def test_fields_that_stay(rocket: ObjectMetadata, member: ObjectMetadata) -> None:
    cases = [
        (rocket, "createdAt", ("FIELD_MUTATION_NOT_ALLOWED", "System fields cannot be deleted")),
        (rocket, "noteTargets", ("FIELD_MUTATION_NOT_ALLOWED", "System fields cannot be deleted")),
        (member, "locale", ("INVALID_FIELD_INPUT", "Standard Fields can't be deleted")),
    ]
    for obj, name, expected in cases:
        assert refused(partial(delete, FieldMetadata.objects.get(object=obj, name=name))) == [expected]


def test_unknown_fields_and_other_workspaces(workspace: Workspace, add_field: AddField) -> None:
    with pytest.raises(FieldMetadataNotFound, match="Field metadata to update not found"):
        services.field_update(workspace_id=workspace.id, field_id=uuid4(), update={"label": "X"})
    with pytest.raises(FieldMetadataNotFound, match="Field metadata to delete not found"):
        services.field_delete(workspace_id=workspace.id, field_id=uuid4())
    field = add_field("speed", "NUMBER")
    stranger = services.workspace_create(name="Stranger", empty=True)
    for call in (
        lambda: services.field_update(workspace_id=stranger.id, field_id=field.id, update={"label": "X"}),
        lambda: services.field_delete(workspace_id=stranger.id, field_id=field.id),
    ):
        with pytest.raises(ApiError):
            call()
    assert FieldMetadata.objects.get(id=field.id).label == "speed"
