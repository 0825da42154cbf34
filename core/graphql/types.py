"""The output types that are the same in every workspace, as Graphene types.

A composite field type's own types (`FullName`, `FullNameCreateInput` …) are made of its sub-fields;
none is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import cast

import graphene
from graphene.types.schema import TypeMap
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLResolveInfo, specified_scalar_types

from core.graphql.inputs import FILTERS, INPUTS, composite_inputs, enum_filter, string_enum
from core.graphql.scalars import BY_NAME, SCALARS
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.parts import Subfield
from metadata.fieldtypes.registry import field_types
from metadata.graphql.scalars import UUID, ConnectionCursor


class PageInfo(graphene.ObjectType):
    """Where a page stands among all records."""

    has_next_page = graphene.Boolean(required=True, name="hasNextPage")
    has_previous_page = graphene.Boolean(required=True, name="hasPreviousPage")
    start_cursor = graphene.Field(ConnectionCursor, name="startCursor")
    end_cursor = graphene.Field(ConnectionCursor, name="endCursor")


class FileObject(graphene.ObjectType):
    """A file kept with a record."""

    file_id = graphene.Field(UUID, required=True, name="fileId")
    label = graphene.String(required=True)
    extension = graphene.String()
    url = graphene.String(description="A signed address that expires.")


def _enum_values(part: Subfield) -> Iterable[str]:
    return (value for value in part.json_schema.get("enum", ()) if value is not None)


def _composite_types(field_type: FieldType) -> list[type]:
    """The output type of a composite, the enums inside it, and its inputs."""
    types: list[type] = []
    known: dict[str, type] = dict(BY_NAME)
    for part in field_type.subfields.values():
        if part.graphql not in known:
            enum = string_enum(part.graphql, _enum_values(part))
            known[part.graphql] = enum
            known[part.graphql_filter] = enum_filter(part, enum)
            types += [enum, known[part.graphql_filter]]
    members = {
        part.name: graphene.Field(known[part.graphql], name=part.name, description=part.label or None)
        for part in field_type.subfields.values()
    }
    members["__doc__"] = field_type.description
    types.append(type(field_type.graphql, (graphene.ObjectType,), members))
    return types + composite_inputs(field_type, known)


def resolve_member(source: Mapping[str, object], info: GraphQLResolveInfo, **_arguments: object) -> object:
    """A member of a record's parsed JSON text, which has the response keys already."""
    return source[cast(str, info.path.key)]


@cache
def vocabulary() -> Mapping[str, GraphQLNamedType]:
    """Every type that does not depend on a workspace, by name, as graphql-core types."""
    types: list[type] = [*SCALARS, PageInfo, FileObject, *INPUTS, *FILTERS]
    for field_type in field_types():
        if field_type.subfields:
            types += _composite_types(field_type)
    by_name: dict[str, GraphQLNamedType] = dict(TypeMap(types=types, auto_camelcase=False))
    for each in by_name.values():
        if isinstance(each, GraphQLObjectType):
            for field in each.fields.values():
                field.resolve = resolve_member
    by_name.update(specified_scalar_types)
    return by_name
