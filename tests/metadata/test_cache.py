"""Snapshots: kept by version, true to one state of the rows, never left over from a change that failed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from config.errors import WorkspaceNotFound
from metadata import cache, services
from metadata.models import ObjectMetadata, Workspace
from metadata.validation import MetadataValidationFailed
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


def test_unknown_workspaces() -> None:
    with pytest.raises(WorkspaceNotFound):
        cache.current_schema(uuid4())
    with pytest.raises(WorkspaceNotFound):
        cache.load_schema(uuid4(), 1)
