"""Snapshots: kept by version, true to one state of the rows, never left over from a change that failed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import LazySettings
from pytest_django import DjangoAssertNumQueries

from config.errors import MetadataValidationFailed, WorkspaceNotFound
from metadata import cache, services
from metadata.models import ObjectMetadata, Workspace
from tests.metadata.conftest import version_of

pytestmark = pytest.mark.django_db


def test_a_snapshot_is_loaded_with_one_statement_and_then_kept(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cache.forget(workspace.id)
    with django_assert_num_queries(1):
        first = cache.load_schema(workspace.id, 1)
    with django_assert_num_queries(0):
        assert cache.load_schema(workspace.id, 1) is first
    assert (first.version, first.schema_name) == (1, f"ws_{workspace.id.hex}")


def test_an_older_version_answers_the_present_rows_under_their_version(
    workspace: Workspace, rocket: ObjectMetadata
) -> None:
    cache.forget(workspace.id)
    found = cache.load_schema(workspace.id, 1)
    assert found.version == version_of(workspace) == 2
    assert "rocket" in found.by_singular
    assert cache.load_schema(workspace.id, 2) is found


def test_a_failed_change_leaves_no_snapshot_behind(workspace: Workspace, rocket: ObjectMetadata) -> None:
    cache.current_schema(workspace.id)
    with pytest.raises(MetadataValidationFailed):
        services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"nameSingular": "type"})
    assert cache.current_schema(workspace.id).by_singular["rocket"].id == rocket.id
    assert version_of(workspace) == 2


class Interrupted(Exception):
    """Something that goes wrong after the change was made and before it is committed."""


def interrupt(*_: object) -> None:
    raise Interrupted


def test_the_version_of_a_change_that_was_rolled_back_comes_again_with_other_rows(
    workspace: Workspace, rocket: ObjectMetadata, settings: LazySettings
) -> None:
    """The snapshot of version 3 was read before the change failed; the next change makes another version 3."""

    def rename(name: str) -> None:
        services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"nameSingular": name})

    settings.OBJECTS_RENAMED_HANDLERS = ["tests.metadata.test_cache.interrupt"]
    with pytest.raises(Interrupted):
        rename("shuttle")
    assert cache.kept_schema(workspace.id, 3) is None
    assert version_of(workspace) == cache.current_schema(workspace.id).version == 2
    assert cache.current_schema(workspace.id).by_id[rocket.id].singular == "rocket"
    settings.OBJECTS_RENAMED_HANDLERS = []
    rename("balloon")
    assert version_of(workspace) == cache.current_schema(workspace.id).version == 3
    assert cache.current_schema(workspace.id).by_id[rocket.id].singular == "balloon"


def test_unknown_workspaces() -> None:
    with pytest.raises(WorkspaceNotFound):
        cache.current_schema(uuid4())
    with pytest.raises(WorkspaceNotFound):
        cache.load_schema(uuid4(), 1)


def test_objects_that_a_change_leaves_alone_are_shared_by_both_versions(
    workspace: Workspace, rocket: ObjectMetadata
) -> None:
    before = cache.current_schema(workspace.id)
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update={"description": "Goes up"})
    after = cache.current_schema(workspace.id)
    changed = {each.singular for each in after.objects if each is not before.by_id[each.id]}
    assert (before.version, after.version, changed) == (2, 3, {"rocket"})
    assert before.by_singular["rocket"].description is None
    assert after.by_singular["rocket"].description == "Goes up"


def test_a_relation_whose_target_is_deactivated_leaves_the_other_object_too(
    workspace: Workspace, rocket: ObjectMetadata
) -> None:
    names = {"nameSingular": "pad", "namePlural": "pads", "labelSingular": "Pad", "labelPlural": "Pads"}
    pad = services.object_create(workspace_id=workspace.id, values=names)
    relation = {
        "objectMetadataId": str(rocket.id),
        "type": "RELATION",
        "name": "pad",
        "label": "Pad",
        "relationCreationPayload": {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(pad.id),
            "targetFieldLabel": "Rockets",
            "targetFieldIcon": "IconRocket",
        },
    }
    services.field_create(workspace_id=workspace.id, values=relation)
    assert "pad" in cache.current_schema(workspace.id).by_singular["rocket"].by_name
    services.object_update(workspace_id=workspace.id, object_id=pad.id, update={"isActive": False})
    assert "pad" not in cache.current_schema(workspace.id).by_singular["rocket"].by_name
    services.object_update(workspace_id=workspace.id, object_id=pad.id, update={"isActive": True})
    assert "pad" in cache.current_schema(workspace.id).by_singular["rocket"].by_name
