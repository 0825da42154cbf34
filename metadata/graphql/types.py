"""What the metadata API answers with: objects, fields, relations, indexes and the workspace.

Each type stands for a row of `metadata.models`; members are named as the row names them. Whatever
needs other rows takes them from `rows_of(info)`, which reads each table once per request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid5

import graphene
from graphene import Boolean, Field, Float, List, NonNull, ObjectType, ResolveInfo, String

from metadata.fieldtypes import field_type
from metadata.graphql.connections import Connection, Criteria, Paging, matching, page
from metadata.graphql.enums import (
    FieldMetadataType,
    IndexState,
    IndexType,
    MetadataReadability,
    MetadataWritability,
    ObjectOpenRecordIn,
    RelationType,
)
from metadata.graphql.inputs import FieldFilter, IndexFieldFilter, IndexFilter, ObjectFilter, list_arguments
from metadata.graphql.rows import rows_of
from metadata.graphql.scalars import JSON, UUID, ConnectionCursor, DateTime
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata
from metadata.schema_rows import is_searched


def shown_text(api_name: str) -> object:
    """A resolver of a text that the workspace may have overridden, for the locale that `X-Locale` names too."""
    return lambda row, info: row.shown(api_name, info.context.locale)


def _overrides(row: ObjectMetadata | FieldMetadata, info: ResolveInfo) -> object:
    return row.standard_overrides or None


# Connections -----------------------------------------------------------------------------------------


class PageInfo(ObjectType):
    has_next_page = Boolean()
    has_previous_page = Boolean()
    start_cursor = ConnectionCursor()
    end_cursor = ConnectionCursor()


class ObjectEdge(ObjectType):
    node = Field(lambda: Object, required=True)
    cursor = ConnectionCursor(required=True)


class FieldEdge(ObjectType):
    node = Field(lambda: MetadataField, required=True)
    cursor = ConnectionCursor(required=True)


class IndexEdge(ObjectType):
    node = Field(lambda: Index, required=True)
    cursor = ConnectionCursor(required=True)


class IndexFieldEdge(ObjectType):
    node = Field(lambda: IndexField, required=True)
    cursor = ConnectionCursor(required=True)


def _connection(name: str, edge: type[ObjectType]) -> type[ObjectType]:
    members = {"page_info": Field(PageInfo, required=True), "edges": List(NonNull(edge), required=True)}
    return type(name, (ObjectType,), members)


ObjectConnection = _connection("ObjectConnection", ObjectEdge)
FieldConnection = _connection("FieldConnection", FieldEdge)
IndexConnection = _connection("IndexConnection", IndexEdge)
IndexObjectMetadataConnection = _connection("IndexObjectMetadataConnection", ObjectEdge)
IndexIndexFieldMetadatasConnection = _connection("IndexIndexFieldMetadatasConnection", IndexFieldEdge)
ObjectFieldsConnection = _connection("ObjectFieldsConnection", FieldEdge)
ObjectIndexMetadatasConnection = _connection("ObjectIndexMetadatasConnection", IndexEdge)


def connection(info: ResolveInfo, rows: Iterable[object], paging: Paging, criteria: Criteria) -> Connection:
    """A page of the rows that satisfy the filter."""
    answer = page(matching(rows, criteria), paging)
    rows_of(info).spend(answer["edges"])
    return answer


# Objects ---------------------------------------------------------------------------------------------


class ObjectStandardOverrides(ObjectType):
    """What the workspace shows in place of the standard model's own text; null where it overrides nothing."""

    class Meta:
        default_resolver = graphene.types.resolver.dict_resolver

    labelSingular = String()
    labelPlural = String()
    description = String()
    icon = String()
    color = String()
    translations = JSON()


class SearchField(ObjectType):
    """A field whose text the object's search finds."""

    id = UUID(required=True)
    field_metadata_id = UUID(required=True)
    ts_vector_field_metadata_id = UUID(required=True)
    position = Float(required=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)


class Object(ObjectType):
    id = UUID(required=True)
    universal_identifier = String(required=True)
    application_id = UUID(required=True)
    name_singular = String(required=True)
    name_plural = String(required=True)
    label_singular = String(required=True, resolver=shown_text("labelSingular"))
    label_plural = String(required=True, resolver=shown_text("labelPlural"))
    description = String(resolver=shown_text("description"))
    icon = String(resolver=shown_text("icon"))
    shortcut = String()
    color = String(resolver=shown_text("color"))
    standard_overrides = Field(ObjectStandardOverrides, resolver=_overrides)
    is_custom = Boolean(required=True)
    is_remote = Boolean(required=True)
    is_active = Boolean(required=True)
    is_system = Boolean(required=True)
    is_searchable = Boolean(required=True)
    is_ui_read_only = Boolean(name="isUIReadOnly", required=True)
    is_ui_editable = Boolean(name="isUIEditable", required=True)
    is_ui_creatable = Boolean(name="isUICreatable", required=True)
    open_record_in = Field(ObjectOpenRecordIn, required=True)
    readability = Field(MetadataReadability, required=True)
    writability = Field(MetadataWritability, required=True)
    readability_parent_field_universal_identifiers = List(NonNull(UUID), resolver=lambda row, info: None)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    label_identifier_field_metadata_id = UUID(resolver=lambda row, info: row.label_identifier_field_id)
    image_identifier_field_metadata_id = UUID(resolver=lambda row, info: row.image_identifier_field_id)
    is_label_synced_with_name = Boolean(required=True)
    duplicate_criteria = List(NonNull(List(NonNull(String))))
    name_clashes = List(
        NonNull(String),
        required=True,
        description="What of it is left out of an API because another has its name; empty in a data model in order.",
    )
    fields_list = List(NonNull(lambda: MetadataField), required=True)
    index_metadata_list = List(NonNull(lambda: Index), required=True)
    search_field_metadata_list = List(NonNull(SearchField), required=True)
    fields = Field(ObjectFieldsConnection, required=True, args=list_arguments(FieldFilter))
    index_metadatas = Field(ObjectIndexMetadatasConnection, required=True, args=list_arguments(IndexFilter))

    @staticmethod
    def resolve_name_clashes(row: ObjectMetadata, info: ResolveInfo) -> Sequence[str]:
        return rows_of(info).name_clashes.get(row.id, ())

    @staticmethod
    def resolve_fields_list(row: ObjectMetadata, info: ResolveInfo) -> Sequence[FieldMetadata]:
        rows = rows_of(info)
        return rows.spend(rows.listed_fields_of(row.id))

    @staticmethod
    def resolve_fields(row: ObjectMetadata, info: ResolveInfo, paging: Paging, filter: Criteria) -> Connection:
        fields = sorted(rows_of(info).fields_of(row.id), key=lambda field: field.id, reverse=True)
        return connection(info, fields, paging, filter)

    @staticmethod
    def resolve_index_metadata_list(row: ObjectMetadata, info: ResolveInfo) -> Sequence[IndexMetadata]:
        rows = rows_of(info)
        return rows.spend(rows.indexes_by_object.get(row.id, ()))

    @staticmethod
    def resolve_index_metadatas(row: ObjectMetadata, info: ResolveInfo, paging: Paging, filter: Criteria) -> Connection:
        return connection(info, rows_of(info).indexes_by_object.get(row.id, ()), paging, filter)

    @staticmethod
    def resolve_search_field_metadata_list(row: ObjectMetadata, info: ResolveInfo) -> list[dict[str, object]]:
        fields = [field for field in rows_of(info).fields_of(row.id) if field.is_active]
        vector = next((field for field in fields if field.column == "search"), None)
        if vector is None:
            return []
        return [
            {
                "id": uuid5(vector.id, str(field.id)),
                "field_metadata_id": field.id,
                "ts_vector_field_metadata_id": vector.id,
                "position": position,
                "created_at": field.created_at,
                "updated_at": field.updated_at,
            }
            for position, field in enumerate(each for each in fields if _is_searchable(each, info))
        ]


# Fields ----------------------------------------------------------------------------------------------


class StandardOverrides(ObjectType):
    """As ObjectStandardOverrides, of a field."""

    class Meta:
        default_resolver = graphene.types.resolver.dict_resolver

    label = String()
    description = String()
    icon = String()
    translations = JSON()


def _is_searchable(field: FieldMetadata, info: ResolveInfo) -> bool:
    parent = rows_of(info).objects.get(field.object_id)
    is_label_identifier = parent is not None and parent.label_identifier_field_id == field.id
    return is_searched(field.type, field.is_searchable, is_label_identifier)


class MetadataField(ObjectType):
    class Meta:
        name = "Field"

    id = UUID(required=True)
    universal_identifier = String(required=True)
    application_id = UUID(required=True)
    object_metadata_id = UUID(required=True, resolver=lambda row, info: row.object_id)
    type = Field(FieldMetadataType, required=True)
    name = String(required=True)
    label = String(required=True, resolver=shown_text("label"))
    description = String(resolver=shown_text("description"))
    icon = String(resolver=shown_text("icon"))
    standard_overrides = Field(StandardOverrides, resolver=_overrides)
    is_custom = Boolean()
    is_active = Boolean()
    is_system = Boolean()
    is_ui_read_only = Boolean(name="isUIReadOnly")
    is_ui_editable = Boolean(name="isUIEditable")
    writability = Field(MetadataWritability, resolver=lambda row, info: "SYSTEM" if row.is_managed else "OPEN")
    is_nullable = Boolean()
    is_unique = Boolean()
    is_searchable = Boolean(resolver=_is_searchable)
    is_audit_logged = Boolean()
    default_value = JSON()
    options = JSON()
    settings = JSON()
    is_label_synced_with_name = Boolean()
    morph_id = UUID()
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    object = Field(Object)
    relation = Field(lambda: Relation)
    morph_relations = List(NonNull(lambda: Relation))

    @staticmethod
    def resolve_object(row: FieldMetadata, info: ResolveInfo) -> ObjectMetadata | None:
        return rows_of(info).objects.get(row.object_id)

    @staticmethod
    def resolve_relation(row: FieldMetadata, info: ResolveInfo) -> dict[str, Any] | None:
        return _relation(row, info)

    @staticmethod
    def resolve_morph_relations(row: FieldMetadata, info: ResolveInfo) -> Sequence[dict[str, Any]] | None:
        if row.morph_id is None or not field_type(row.type).is_morph:
            return None
        rows = rows_of(info)
        siblings = rows.spend(rows.morph_rows.get((row.object_id, row.morph_id), ()))
        relations = (_relation(sibling, info) for sibling in siblings)
        return [relation for relation in relations if relation is not None]


class Relation(ObjectType):
    """A relation as seen from the field it was asked of."""

    type = Field(RelationType, required=True)
    source_object_metadata = Field(Object, required=True)
    target_object_metadata = Field(Object, required=True)
    source_field_metadata = Field(MetadataField, required=True)
    target_field_metadata = Field(MetadataField, required=True)


def _relation(row: FieldMetadata, info: ResolveInfo) -> dict[str, object] | None:
    if row.relation_type is None:
        return None
    rows = rows_of(info)
    assert row.relation_target_object_id is not None and row.relation_target_field_id is not None
    return {
        "type": row.relation_type,
        "source_object_metadata": rows.objects[row.object_id],
        "target_object_metadata": rows.objects[row.relation_target_object_id],
        "source_field_metadata": row,
        "target_field_metadata": rows.fields[row.relation_target_field_id],
    }


# Indexes ---------------------------------------------------------------------------------------------


class IndexField(ObjectType):
    id = UUID(required=True)
    field_metadata_id = UUID(required=True, resolver=lambda row, info: row.field_id)
    order = Float(required=True)
    sub_field_name = String()
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)


class Index(ObjectType):
    id = UUID(required=True)
    name = String(required=True)
    is_custom = Boolean()
    is_unique = Boolean(required=True)
    index_where_clause = String()
    index_type = Field(IndexType, required=True)
    state = Field(IndexState, required=True)
    state_reason = String()
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    index_field_metadata_list = List(NonNull(IndexField), required=True)
    object_metadata = Field(IndexObjectMetadataConnection, required=True, args=list_arguments(ObjectFilter))
    index_field_metadatas = Field(
        IndexIndexFieldMetadatasConnection, required=True, args=list_arguments(IndexFieldFilter)
    )

    @staticmethod
    def resolve_object_metadata(row: IndexMetadata, info: ResolveInfo, paging: Paging, filter: Criteria) -> Connection:
        obj = rows_of(info).objects.get(row.object_id)
        return connection(info, [] if obj is None else [obj], paging, filter)

    @staticmethod
    def resolve_index_field_metadatas(
        row: IndexMetadata, info: ResolveInfo, paging: Paging, filter: Criteria
    ) -> Connection:
        return connection(info, rows_of(info).index_fields.get(row.id, ()), paging, filter)

    @staticmethod
    def resolve_index_field_metadata_list(row: IndexMetadata, info: ResolveInfo) -> Sequence[IndexFieldMetadata]:
        return rows_of(info).index_fields.get(row.id, ())
