"""Rows as they are asked for, and the fields that name records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from config.errors import MetadataNotFound
from config.http.rights import require
from config.principal import Principal
from metadata import layout_models as shown
from metadata.models import ObjectMetadata
from metadata.services.layout.members import Resource, Row


def require_writer(principal: Principal, resource: Resource) -> None:
    """Raises PermissionDenied for who may neither change these nor the whole data model."""
    require(principal, resource.flag, "DATA_MODEL")


def resource_rows(resource: Resource, workspace_id: UUID, parent_id: UUID | None = None) -> QuerySet[Any]:
    """The rows that are not deleted, in the order they are shown in: by position where they have one."""
    found: QuerySet[Any] = resource.model._default_manager.filter(workspace_id=workspace_id, deleted_at=None)
    if parent_id is not None:
        assert resource.parent is not None
        found = found.filter(**{resource.by_name[resource.parent].attribute: parent_id})
    has_position = any(each.attribute == "position" for each in resource.members)
    return found.order_by(*(["position"] if has_position else []), "created_at", "id")


def resource_find(resource: Resource, workspace_id: UUID, id: UUID) -> Row | None:
    return resource_rows(resource, workspace_id).filter(id=id).first()


def resource_stored(resource: Resource, workspace_id: UUID, id: UUID) -> Row:
    """The row, deleted or not."""
    row = resource.model._default_manager.filter(workspace_id=workspace_id, id=id).first()
    if row is None:
        raise not_found(resource)
    return row


def not_found(resource: Resource) -> MetadataNotFound:
    return MetadataNotFound(f"{resource.label} not found")


def resource_get(resource: Resource, workspace_id: UUID, id: UUID) -> Row:
    row = resource_find(resource, workspace_id, id)
    if row is None:
        raise not_found(resource)
    return row


def label_identifier_of(view_id: UUID) -> UUID | None:
    """The field that a view's records are called by."""
    return (
        ObjectMetadata.objects.filter(id__in=shown.View.objects.filter(id=view_id).values("object_id"))
        .values_list("label_identifier_field_id", flat=True)
        .first()
    )


def leads(row: Row) -> bool:
    """Whether a view field shows what the object's records are called by."""
    return bool(label_identifier_of(row.view_id) == row.field_id)
