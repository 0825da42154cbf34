"""Indexes that users make, and that PostgreSQL uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from config.errors import IndexMetadataNotFound, MetadataValidationFailed
from metadata import services
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from metadata.services.indexes import MAX_CUSTOM_INDEXES
from tests.metadata.conftest import index_names, version_of

pytestmark = pytest.mark.django_db


def create(rocket: ObjectMetadata, *columns: dict[str, Any], **more: Any) -> IndexMetadata:
    return services.index_create(
        workspace_id=rocket.workspace_id, values={"objectMetadataId": str(rocket.id), "fields": list(columns), **more}
    )


def column(field: FieldMetadata, sub_field: str | None = None) -> dict[str, Any]:
    return {"fieldMetadataId": str(field.id), "subFieldName": sub_field}


def test_an_index_serves_order_and_equality(
    workspace: Workspace, rocket: ObjectMetadata, add_field: Callable[..., FieldMetadata]
) -> None:
    index = create(rocket, column(add_field("code", "TEXT")))
    assert index_names(workspace, rocket.id) == {f"x_{index.id.hex}"}
    assert (index.is_custom, index.is_unique, index.index_type, index.name[:4]) == (True, False, "BTREE", "IDX_")
    speed = create(rocket, column(add_field("speed", "NUMBER")))
    assert index_names(workspace, rocket.id) == {f"x_{index.id.hex}", f"x_{speed.id.hex}"}
    services.index_delete(workspace_id=workspace.id, index_id=index.id)
    assert index_names(workspace, rocket.id) == {f"x_{speed.id.hex}"}


def names_of(workspace: Workspace, obj: ObjectMetadata) -> dict[str, str]:
    """What the indexes of an object are called, by their fields."""
    rows = IndexFieldMetadata.objects.filter(index__object=obj).select_related("index", "field").order_by("order")
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.index.name, []).append(row.field.name)
    return {",".join(fields): name for name, fields in found.items()}


def test_names_of_indexes_say_what_they_are_of_and_follow_it(
    workspace: Workspace, rocket: ObjectMetadata, add_field: Callable[..., FieldMetadata]
) -> None:
    code = add_field("code", "TEXT", isUnique=True)
    create(rocket, column(add_field("speed", "NUMBER")))
    before = names_of(workspace, rocket)
    assert set(before) >= {"code", "speed", "searchVector"}
    twin = services.workspace_create(name="Twin", empty=True)
    names = {
        "nameSingular": rocket.name_singular,
        "namePlural": rocket.name_plural,
        "labelSingular": "A",
        "labelPlural": "B",
    }
    other = services.object_create(workspace_id=twin.id, values=names)
    given = {"objectMetadataId": str(other.id), "type": "TEXT", "name": "code", "label": "Code", "isUnique": True}
    services.field_create(workspace_id=twin.id, values=given)
    assert names_of(twin, other)["code"] == before["code"], "the same names, the same index"

    services.field_update(workspace_id=workspace.id, field_id=code.id, update={"name": "callSign"})
    renamed = names_of(workspace, rocket)
    assert renamed["callSign"] != before["code"] and renamed["speed"] == before["speed"]
    services.field_update(workspace_id=workspace.id, field_id=code.id, update={"name": "code"})
    assert names_of(workspace, rocket) == before
    to = {"nameSingular": "ship", "namePlural": "ships"}
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update=to)
    after = names_of(workspace, rocket)
    assert set(after) == set(before) and not set(after.values()) & set(before.values())


def test_the_index_of_a_custom_relation_is_custom_and_goes_with_it_only(
    workspace: Workspace, rocket: ObjectMetadata
) -> None:
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(rocket.id), "targetFieldLabel": "Stages"}
    values = {"objectMetadataId": str(rocket.id), "name": "above", "label": "Above", "type": "RELATION"}
    field = services.field_create(workspace_id=workspace.id, values={**values, "relationCreationPayload": payload})
    index = IndexMetadata.objects.get(index_fields__field=field)
    assert (index.is_custom, index.is_made_by_user) == (True, False)
    with pytest.raises(MetadataValidationFailed, match="Validation errors occurred while deleting index"):
        services.index_delete(workspace_id=workspace.id, index_id=index.id)
    services.field_delete(workspace_id=workspace.id, field_id=field.id)
    assert not IndexMetadata.objects.filter(id=index.id).exists()


def test_an_index_over_lists_and_over_parts(
    workspace: Workspace, rocket: ObjectMetadata, add_field: Callable[..., FieldMetadata]
) -> None:
    tags = create(rocket, column(add_field("tags", "ARRAY")), indexType="GIN")
    address = add_field("home", "ADDRESS")
    parts = create(rocket, column(address, "addressCity"), column(address, "addressLat"))
    assert index_names(workspace, rocket.id) >= {f"x_{tags.id.hex}", f"x_{parts.id.hex}"}
    assert [each.sub_field_name for each in parts.index_fields.order_by("order")] == ["addressCity", "addressLat"]


def test_an_index_goes_with_its_field(
    workspace: Workspace, rocket: ObjectMetadata, add_field: Callable[..., FieldMetadata]
) -> None:
    code = add_field("code", "TEXT")
    create(rocket, column(code))
    services.field_delete(workspace_id=workspace.id, field_id=code.id)
    assert index_names(workspace, rocket.id) == set()
    assert IndexMetadata.objects.filter(object=rocket, is_custom=True).count() == 0


def test_every_broken_rule_has_its_message(
    workspace: Workspace, rocket: ObjectMetadata, add_field: Callable[..., FieldMetadata]
) -> None:
    code, home, unknown = add_field("code", "TEXT"), add_field("home", "ADDRESS"), uuid4()
    cases: list[tuple[tuple[dict[str, Any], ...], list[str]]] = [
        ((), ["At least one field is required to create an index"]),
        ((column(code), column(code)), ["Duplicate field+sub-field in index field list"]),
        (({"fieldMetadataId": str(unknown)},), [f"Field {unknown} not found on object {rocket.id}"]),
        ((column(home),), ["Composite field home requires a sub-field selection"]),
        ((column(home, "street"),), ["Unknown sub-field street on composite field home"]),
        ((column(code, "x"),), ["Field code is not composite — subFieldName must not be set"]),
    ]
    before = version_of(workspace)
    for columns, messages in cases:
        with pytest.raises(MetadataValidationFailed) as refusal:
            create(rocket, *columns)
        assert refusal.value.message == "Validation errors occurred while creating index"
        assert [each.message for each in refusal.value.failures[0].problems] == messages
    with pytest.raises(MetadataValidationFailed) as refusal:
        services.index_create(
            workspace_id=workspace.id, values={"objectMetadataId": str(unknown), "fields": [column(code)]}
        )
    assert refusal.value.failures[0].problems[0].message == f"Object metadata {unknown} not found"
    assert version_of(workspace) == before


def test_the_number_of_indexes_is_limited(rocket: ObjectMetadata, add_field: Callable[..., FieldMetadata]) -> None:
    for number in range(MAX_CUSTOM_INDEXES):
        create(rocket, column(add_field(f"number{number}", "NUMBER")))
    with pytest.raises(MetadataValidationFailed) as refusal:
        create(rocket, column(add_field("last", "NUMBER")))
    message = f"Custom index limit of {MAX_CUSTOM_INDEXES} reached for object {rocket.id}"
    assert refusal.value.failures[0].problems[0].message == message


def test_automatic_indexes_stay(workspace: Workspace, rocket: ObjectMetadata) -> None:
    index = IndexMetadata.objects.get(object=rocket)
    with pytest.raises(MetadataValidationFailed) as refusal:
        services.index_delete(workspace_id=workspace.id, index_id=index.id)
    message = f"Index {index.id} is a system index and cannot be deleted"
    assert refusal.value.failures[0].problems[0].message == message
    unknown = uuid4()
    with pytest.raises(IndexMetadataNotFound, match=f"Index {unknown} not found"):
        services.index_delete(workspace_id=workspace.id, index_id=unknown)
