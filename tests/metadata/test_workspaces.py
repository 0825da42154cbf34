"""A new workspace: its standard objects, its tables, its settings, its command."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from apikeys.services.members import member_create
from config.errors import InvalidMetadataInput, MetadataConflict, WorkspaceNotFound
from metadata import cache, schema_rows, services
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from metadata.standard import CATALOGUE, EMPTY_CATALOGUE
from metadata.standard.definition import SYSTEM_FIELDS
from tests.factories import api_of
from tests.metadata.conftest import index_names, table_names

pytestmark = pytest.mark.django_db


@pytest.fixture
def standard() -> Workspace:
    return services.workspace_create(name="Acme Corporation")


def test_standard_objects_are_those_of_the_catalogue(standard: Workspace) -> None:
    schema = cache.current_schema(standard.id)
    assert {each.singular for each in schema.objects} == {each.singular for each in CATALOGUE}
    assert len(schema.objects) == 29
    person = schema.by_singular["person"]
    assert [each.name for each in person.fields] == [
        "id", "createdAt", "updatedAt", "deletedAt", "createdBy", "updatedBy", "position", "searchVector",
        "name", "emails", "linkedinLink", "xLink", "jobTitle", "phones", "city", "avatarUrl", "avatarFile", "company",
        "pointOfContactForOpportunities", "noteTargets", "taskTargets", "attachments", "timelineActivities",
        "favorites", "messageParticipants", "calendarEventParticipants",
    ]  # fmt: skip
    assert [each.name for each in person.search_fields] == ["name", "emails", "jobTitle", "phones"]
    assert [each.name for each in person.unique_fields] == ["id", "emails"]
    assert person.duplicate_criteria == (
        ("nameFirstName", "nameLastName"),
        ("linkedinLinkPrimaryLinkUrl",),
        ("emailsPrimaryEmail",),
    )


def test_standard_relations_have_both_sides(standard: Workspace) -> None:
    schema = cache.current_schema(standard.id)
    for obj in schema.objects:
        for field in obj.fields:
            if field.relation is None:
                continue
            target = schema.target(field)
            assert target is not None
            other = target.by_id[field.relation.target_field_id]
            assert other.relation is not None
            assert (other.relation.target_object_id, other.relation.target_field_id) == (obj.id, field.id)
            assert {field.relation.kind, other.relation.kind} == {"MANY_TO_ONE", "ONE_TO_MANY"}


def test_targets_of_notes_are_one_morph_relation(standard: Workspace) -> None:
    note_target = cache.current_schema(standard.id).by_singular["noteTarget"]
    morph = [each for each in note_target.fields if each.morph_id is not None]
    assert [each.name for each in morph] == ["targetPerson", "targetCompany", "targetOpportunity"]
    assert len({each.morph_id for each in morph}) == 1
    assert set(note_target.by_join_name) == {"noteId", "targetPersonId", "targetCompanyId", "targetOpportunityId"}


def test_stage_of_opportunities(standard: Workspace) -> None:
    stage = cache.current_schema(standard.id).by_singular["opportunity"].by_name["stage"]
    assert stage.option_values == ("NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")
    assert (stage.default, stage.is_nullable) == ("'NEW'", False)


def test_defaults_options_and_settings_of_the_catalogue_follow_the_rules_of_their_types(standard: Workspace) -> None:
    problems = []
    for field in FieldMetadata.objects.filter(workspace=standard, relation_type=None, column=None):
        schema = schema_rows.field_schema(field)
        problems += schema.type.options_problems(field.options) if schema.type.has_options else []
        problems += schema.type.settings_problems(field.settings)
        if field.default_value is not None:
            problems += schema.type.default_problems(field.default_value, schema)
    assert problems == []


def test_tables_and_indexes_stand_for_the_model(standard: Workspace) -> None:
    objects = list(ObjectMetadata.objects.filter(workspace=standard))
    tables = {name for name in table_names(standard) if name.startswith("o_")}
    assert tables == {f"o_{each.id.hex}" for each in objects}
    for obj in objects:
        fields = obj.fields.all()
        expected = {f"r_{each.id.hex}" for each in fields if each.join_name}
        expected |= {f"u_{each.id.hex}" for each in fields if each.is_unique and each.column is None}
        assert index_names(standard, obj.id) == expected


def test_index_expressions_are_those_of_the_types(standard: Workspace) -> None:
    """PostgreSQL uses an expression index only for the very same expression."""
    person = cache.current_schema(standard.id).by_singular["person"]
    emails = person.by_name["emails"]
    (expression,) = emails.type.unique_sql(emails)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN SELECT 1 FROM {person.schema_name}.{person.table_name} r "
            f"WHERE {expression.replace('{r}', 'r')} = 'a@b.c'"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"u_{emails.id.hex}" in plan


def test_universal_identifiers_are_the_same_in_every_workspace_and_ids_are_not(standard: Workspace) -> None:
    other = services.workspace_create(name="Other")

    def identifiers(workspace: Workspace, column: str) -> set[Any]:
        return set(FieldMetadata.objects.filter(workspace=workspace).values_list(column, flat=True))

    assert identifiers(standard, "universal_identifier") == identifiers(other, "universal_identifier")
    assert identifiers(standard, "id").isdisjoint(identifiers(other, "id"))


def test_every_object_has_the_system_fields(standard: Workspace) -> None:
    names = {each.name: each.column for each in SYSTEM_FIELDS}
    for obj in cache.current_schema(standard.id).objects:
        assert {each.name: each.column for each in obj.fields if each.column} == names


def test_automatic_indexes_are_listed(standard: Workspace) -> None:
    company = ObjectMetadata.objects.get(workspace=standard, name_singular="company")
    listed = IndexMetadata.objects.filter(object=company).values_list("index_type", "is_unique", "is_custom")
    assert sorted(listed) == [("BTREE", False, False), ("BTREE", True, False), ("GIN", False, False)]


def test_an_empty_workspace_has_what_the_engine_needs(workspace: Workspace) -> None:
    schema = cache.current_schema(workspace.id)
    assert {each.singular for each in schema.objects} == {each.singular for each in EMPTY_CATALOGUE}
    assert set(schema.by_singular["noteTarget"].by_join_name) == set()
    assert set(schema.by_singular["timelineActivity"].by_join_name) == {"workspaceMemberId"}


def test_creating_with_a_taken_id_changes_nothing(workspace: Workspace) -> None:
    with pytest.raises(MetadataConflict):
        services.workspace_create(name="Twin", id=workspace.id)
    assert Workspace.objects.count() == 1


def test_handlers_are_called_in_the_transaction(db: None, settings: LazySettings) -> None:
    settings.WORKSPACE_CREATED_HANDLERS = ["tests.metadata.test_workspaces.note_creation"]
    made.clear()
    workspace = services.workspace_create(name="Watched", empty=True)
    assert made == [(workspace.id, True)]
    settings.WORKSPACE_CREATED_HANDLERS = ["tests.metadata.test_workspaces.fail"]
    with pytest.raises(ZeroDivisionError):
        services.workspace_create(name="Failing", empty=True)
    assert Workspace.objects.filter(display_name="Failing").count() == 0


made: list[tuple[UUID, bool]] = []


def note_creation(workspace: Workspace, empty: bool) -> None:
    made.append((workspace.id, empty))


def fail(workspace: Workspace, empty: bool) -> None:
    raise ZeroDivisionError


# Settings --------------------------------------------------------------------------------------------


def test_settings_are_changed_by_their_api_names(workspace: Workspace) -> None:
    services.workspace_update(
        workspace_id=workspace.id, update={"displayName": "Blue", "trashRetentionDays": 3.0, "unknown": 1}
    )
    workspace.refresh_from_db()
    assert (workspace.display_name, workspace.trash_retention_days, workspace.schema_version) == ("Blue", 3, 1)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"trashRetentionDays": -1}, "trashRetentionDays must be an integer from 0 to 2147483647"),
        ({"eventLogRetentionDays": 29}, "eventLogRetentionDays must be an integer from 30 to 1095"),
        ({"maxBatchSize": 1001}, "maxBatchSize must be an integer from 1 to 1000"),
        ({"isPasswordAuthEnabled": "yes"}, "isPasswordAuthEnabled must be a boolean value"),
        ({"defaultRoleId": "x"}, "defaultRoleId must be a UUID"),
        ({"defaultApiVersion": "3"}, "defaultApiVersion must be one of: 1, 2"),
        ({"subdomain": "A B"}, "subdomain must be 3 to 63 lower-case letters, digits or hyphens"),
        ({"customDomain": "nodots"}, "customDomain must be a host name"),
        ({"displayName": 5}, "displayName must be a string"),
    ],
)
def test_wrong_settings_are_refused(workspace: Workspace, update: dict[str, Any], message: str) -> None:
    before = Workspace.objects.filter(id=workspace.id).values().get()
    with pytest.raises(InvalidMetadataInput) as refusal:
        services.workspace_update(workspace_id=workspace.id, update={**update, "logo": "x.png"})
    assert refusal.value.message == message
    assert Workspace.objects.filter(id=workspace.id).values().get() == before


def test_a_taken_subdomain_is_refused(workspace: Workspace) -> None:
    other = services.workspace_create(name="Other", empty=True)
    with pytest.raises(MetadataConflict, match="Subdomain already taken"):
        services.workspace_update(workspace_id=workspace.id, update={"subdomain": other.subdomain})


def test_a_deleted_workspace_cannot_be_reached(workspace: Workspace) -> None:
    services.workspace_delete(workspace_id=workspace.id)
    calls = [
        lambda: cache.current_schema(workspace.id),
        lambda: services.workspace_update(workspace_id=workspace.id, update={}),
        lambda: services.object_delete(workspace_id=workspace.id, object_id=uuid4()),
    ]
    for call in calls:
        with pytest.raises(WorkspaceNotFound):
            call()


OF_WORKSPACE = {
    "workspace_id": "%s::uuid",
    "object_id": "SELECT id FROM metadata_objectmetadata WHERE workspace_id = %s::uuid",
    "role_id": "SELECT id FROM apikeys_role WHERE workspace_id = %s::uuid",
    "webhook_id": "SELECT id FROM webhooks_webhook WHERE workspace_id = %s::uuid",
}


def rows_of(workspace: Workspace) -> dict[str, int]:
    """Rows that belong to a workspace, by table; tables without any are left out, and so is who deleted it."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'uuid' AND column_name = ANY(%s)",
            [list(OF_WORKSPACE)],
        )
        for table, column in cursor.fetchall():
            but = " AND act <> 'workspace.deleted'" if "auditlog" in table else ""
            cursor.execute(
                f"SELECT count(*) FROM {table} WHERE {column} IN ({OF_WORKSPACE[column]}){but}", [workspace.id]
            )
            [count] = cursor.fetchone()
            if count:
                found[f"{table}.{column}"] = count
    return found


def test_a_deleted_workspace_is_gone_for_good_after_its_days(settings: LazySettings) -> None:
    ours, other = (lived_in(name) for name in ("Ours", "Other"))
    others = rows_of(other)
    assert {"apikeys_apikey.workspace_id", "apikeys_member.workspace_id", "webhooks_webhook.workspace_id",
            "webhooks_delivery.workspace_id", "core_idempotencykey.workspace_id"} <= rows_of(ours).keys()  # fmt: skip
    services.workspace_delete(workspace_id=ours.id)
    days = timedelta(days=settings.DELETED_WORKSPACE_DAYS)
    before = rows_of(ours)
    Workspace.objects.filter(id=ours.id).update(deleted_at=timezone.now() - days + timedelta(minutes=1))
    assert (services.workspaces_purge(), rows_of(ours)) == (0, before)
    assert table_names(ours)
    Workspace.objects.filter(id=ours.id).update(deleted_at=timezone.now() - days)
    assert services.workspaces_purge() == 1
    assert (rows_of(ours), table_names(ours), Workspace.objects.filter(id=ours.id).exists()) == ({}, set(), False)
    assert (rows_of(other), bool(table_names(other))) == (others, True)
    assert User.objects.filter(email="ours@example.org").exists()  # may be of other workspaces too
    assert services.workspaces_purge() == 0


def test_a_purge_that_was_cut_off_goes_on(settings: LazySettings) -> None:
    ours = lived_in("Ours")
    services.workspace_delete(workspace_id=ours.id)
    Workspace.objects.filter(id=ours.id).update(deleted_at=timezone.now() - timedelta(days=365))
    handlers = settings.WORKSPACE_PURGED_HANDLERS
    settings.WORKSPACE_PURGED_HANDLERS = [handlers[0], f"{__name__}.cut_off"]
    with pytest.raises(KeyboardInterrupt):
        services.workspaces_purge()
    settings.WORKSPACE_PURGED_HANDLERS = handlers
    assert services.workspaces_purge() == 1
    assert rows_of(ours) == {}


def cut_off(workspace: Workspace) -> None:
    raise KeyboardInterrupt


def lived_in(name: str) -> Workspace:
    """A workspace with a record, a member, a key, and a webhook that has a delivery."""
    workspace = services.workspace_create(name=name)
    member_create(workspace=workspace, email=f"{name.lower()}@example.org", password="correct horse battery")
    api = api_of(workspace)
    hook = {"targetUrl": "https://receiver.example.org/", "operations": ["*.*"]}
    assert api.post("/rest/metadata/webhooks", hook).status == 201
    made = api.post("/rest/companies", {"name": name}, Idempotency_Key="once")
    assert made.status == 201, made.body
    return workspace


# The command -----------------------------------------------------------------------------------------


def test_command_prints_the_id(db: None) -> None:
    out = StringIO()
    id = "0b2f6a3e-0000-4000-8000-00000000aaaa"
    call_command("workspace", "create", "From the shell", "--id", id, "--empty", stdout=out)
    assert out.getvalue() == f"{id}\n"
    assert Workspace.objects.get(id=id).display_name == "From the shell"


def test_command_refuses_a_taken_id(workspace: Workspace) -> None:
    with pytest.raises(CommandError, match="already exists"):
        call_command("workspace", "create", "Twin", "--id", str(workspace.id), "--empty")
