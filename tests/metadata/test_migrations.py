"""Data that migrations bring up to date: what an older workspace lacks is made as if it were new."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from metadata.layout_models import View, ViewField, ViewKey
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import api_of, workspace_with

pytestmark = pytest.mark.django_db

ROCKET = {
    "nameSingular": "rocket",
    "namePlural": "rockets",
    "icon": "IconRocket",
    "fields": [{"type": "TEXT", "name": "code"}, {"type": "NUMBER", "name": "stages"}],
}


def make_index_views() -> None:
    """The migration as it runs, with the models of its time."""
    apps = MigrationExecutor(connection).loader.project_state(("metadata", "0003_index_views")).apps
    import_module("metadata.migrations.0003_index_views").make_index_views(apps, None)


def widen() -> None:
    apps = MigrationExecutor(connection).loader.project_state(("metadata", "0007_large_int_fields_become_bigint")).apps
    import_module("metadata.migrations.0007_large_int_fields_become_bigint").widen(apps, None)


def index_views(workspace: Workspace) -> dict[str, tuple[Any, ...]]:
    """Each object's index views, with their columns from left to right."""
    shown = {}
    for view in View.objects.filter(workspace=workspace, key=ViewKey.INDEX).select_related("object"):
        columns = ViewField.objects.filter(view=view).order_by("position")
        assert view.object.name_singular not in shown
        shown[view.object.name_singular] = (
            (view.name, view.type, view.icon, view.position, view.is_custom, view.visibility, view.open_record_in),
            list(columns.values_list("field__name", "position", "size", "is_visible")),
        )
    return shown


def test_objects_without_an_index_view_get_one() -> None:
    workspace = workspace_with(empty=False)
    made = index_views(workspace)
    assert len(made) == ObjectMetadata.objects.filter(workspace=workspace).count()
    ViewField.objects.filter(workspace=workspace).delete()
    View.objects.filter(workspace=workspace, key=ViewKey.INDEX).delete()
    make_index_views()
    assert index_views(workspace) == made


def test_index_views_that_exist_stay_as_they_are() -> None:
    workspace = workspace_with([ROCKET])
    own = View.objects.get(workspace=workspace, key=ViewKey.INDEX, object__name_singular="rocket")
    View.objects.filter(id=own.id).update(name="My rockets")
    other = View.objects.get(workspace=workspace, key=ViewKey.INDEX, object__name_singular="attachment")
    ViewField.objects.filter(view=other).delete()
    other.delete()
    before = View.objects.filter(workspace=workspace).count()
    make_index_views()
    make_index_views()
    assert View.objects.filter(workspace=workspace).count() == before + 1
    assert View.objects.get(id=own.id).name == "My rockets"


def test_int_fields_with_larger_values_become_bigint() -> None:
    numbers = [
        {"type": "NUMBER", "name": name, "settings": {"dataType": "int", "decimals": 0}}
        for name in ("small", "large", "never", "negative", "preset", "gone")
    ]
    workspace = workspace_with([{"nameSingular": "rocket", "namePlural": "rockets", "fields": numbers}])
    api = api_of(workspace)
    fields = FieldMetadata.objects.filter(workspace=workspace, type="NUMBER", object__name_singular="rocket")
    fields.update(settings={"dataType": "float", "decimals": 0})  # what these fields took before
    Workspace.objects.filter(id=workspace.id).update(schema_version=F("schema_version") + 1)
    body = {"small": 2**31 - 1, "large": 2**31, "negative": -(2**31) - 1}
    assert api.post("/rest/rockets", body).status == 201
    gone = api.post("/rest/rockets", {"gone": 2**40}).body["data"]["createRocket"]["id"]
    assert api.delete(f"/rest/rockets/{gone}?soft_delete=true").status == 200
    fields.update(settings={"dataType": "int", "decimals": 0})
    fields.filter(name="preset").update(default_value=2**31)
    before = Workspace.objects.get(id=workspace.id).schema_version
    widen()
    kept = {each.name: each.settings for each in fields}
    assert {name for name, settings in kept.items() if settings["dataType"] == "bigint"} == {
        "large", "negative", "preset", "gone",
    }  # fmt: skip
    assert all(settings["decimals"] == 0 for settings in kept.values())
    assert Workspace.objects.get(id=workspace.id).schema_version == before + 1
    answer = api.graphql("{ rockets { edges { node { small large negative } } } }")
    assert answer.body["data"]["rockets"]["edges"] == [{"node": body}]
    widen()
    assert Workspace.objects.get(id=workspace.id).schema_version == before + 1


def test_the_audit_of_before_is_kept() -> None:
    untouched, chosen = workspace_with(name="Untouched"), workspace_with(name="Chosen")
    for workspace, days in ((untouched, 90), (chosen, 30)):
        Workspace.objects.filter(id=workspace.id).update(event_log_retention_days=days)
    apps = MigrationExecutor(connection).loader.project_state(("metadata", "0010_workspace_settings")).apps
    import_module("metadata.migrations.0010_workspace_settings").keep_the_audit(apps, None)
    kept = dict(Workspace.objects.values_list("display_name", "event_log_retention_days"))
    assert (kept["Untouched"], kept["Chosen"]) == (365, 30)


def numbering(workspace: Workspace) -> list[tuple[str, str, bool]]:
    """Table, kind of identity and whether there is a default, of what a workspace numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, a.attidentity, a.atthasdef FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND a.attname = 'id'"
            " AND (a.attidentity <> '' OR c.relname IN ('history', 'record_count')) ORDER BY 1",
            [workspace.database_schema],
        )
        return cursor.fetchall()


def test_history_goes_on_when_its_identity_column_becomes_a_sequence() -> None:
    workspace = workspace_with([ROCKET])
    api = api_of(workspace)
    migration = import_module("core.migrations.0005_workspace_keys_are_sequences")
    apps = MigrationExecutor(connection).loader.project_state(("core", "0005_workspace_keys_are_sequences")).apps
    sequences = [("history", "", True), ("record_count", "", True)]
    assert numbering(workspace) == sequences
    rocket = api.post("/rest/rockets", {"code": "A"}).body["data"]["createRocket"]["id"]
    migration.use_identities(apps, None)
    assert numbering(workspace) == [("history", "d", False), ("record_count", "d", False)]
    api.patch(f"/rest/rockets/{rocket}", {"code": "B"})
    migration.use_sequences(apps, None)
    migration.use_sequences(apps, None)  # a migration that was cut off begins again
    assert numbering(workspace) == sequences
    api.patch(f"/rest/rockets/{rocket}", {"code": "C"})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, action FROM {workspace.database_schema}.history WHERE record_id = %s ORDER BY id", [rocket]
        )
        assert cursor.fetchall() == [(1, "created"), (2, "updated"), (3, "updated")]
    assert api.get("/rest/rockets").body["totalCount"] == 1
