"""Every name in the schemas and documents of a workspace is claimed by an object or a field, or reserved."""

from __future__ import annotations

from typing import Any

import pytest

from core.graphql import names as graphql
from core.graphql.schema import build_schema
from core.openapi import names as openapi
from metadata.cache import load_schema
from metadata.models import Workspace
from metadata.schema import WorkspaceSchema
from tests.factories import Api, add_object, api_of
from tests.openapi.model import model_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def workspace(uncommitted: None) -> Workspace:
    """With an object that has a field of every type, beside the standard ones."""
    return model_workspace()


@pytest.fixture
def schema(workspace: Workspace) -> WorkspaceSchema:
    return load_schema(workspace.id, Workspace.objects.get(id=workspace.id).schema_version)


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return api_of(workspace)


def claimed(schema: WorkspaceSchema, claims: Any, space: str) -> set[str]:
    return {each.name for subject in schema.objects for each in claims(subject) if each.space == space}


def test_types_and_root_fields_of_graphql(schema: WorkspaceSchema) -> None:
    built = build_schema(schema).graphql_schema
    types = {name for name in built.type_map if not name.startswith("__")}  # which nobody can name so
    assert types - claimed(schema, graphql.claims, graphql.TYPES) == types & graphql.reserved_types()
    for root, root_type in (("query", built.query_type), ("mutation", built.mutation_type)):
        assert set(root_type.fields) <= claimed(schema, graphql.claims, f"GraphQL {root}")


@pytest.mark.parametrize("version", ["3.1", "3.0"])
def test_schemas_and_operations_of_the_document(schema: WorkspaceSchema, api: Api, version: str) -> None:
    document = api.get(f"/open-api/core?version={version}").body
    names = {
        openapi.SCHEMA: set(document["components"]["schemas"]),
        openapi.OPERATION: {each["operationId"] for path in document["paths"].values() for each in path.values()},
        openapi.PATH: {path.split("/")[1] for path in document["paths"]},
    }
    for space, found in names.items():
        of_objects = claimed(schema, openapi.claims, space)
        assert found - of_objects <= openapi.reserved(space)
        assert not of_objects & openapi.reserved(space)


def test_an_object_called_as_what_search_answers_stands_beside_it(workspace: Workspace) -> None:
    """Search has a schema of its own, so its types take no name from an object."""
    for name in ("searchRecord", "searchResultEdge", "objectRecordFilterInput"):
        add_object(workspace, name, f"{name}s")
    api = api_of(workspace)
    assert api.post("/rest/searchRecords", {"name": "Found"}).status == 201
    for document, expected in (
        ("{ searchRecords { edges { node { name } } } }", {"searchRecords": {"edges": [{"node": {"name": "Found"}}]}}),
        ('{ search(searchInput: "Found", limit: 5) { edges { node { objectNameSingular } } } }',
         {"search": {"edges": [{"node": {"objectNameSingular": "searchRecord"}}]}}),
    ):  # fmt: skip
        assert api.post("/graphql", {"query": document}).body == {"data": expected}
