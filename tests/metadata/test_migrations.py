"""Data that migrations bring up to date: what an older workspace lacks is made as if it were new."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from metadata.models import ObjectMetadata, Workspace
from metadata.view_models import View, ViewField, ViewKey
from tests.factories import workspace_with

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
