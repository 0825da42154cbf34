"""Kinds of rows in the schema of /metadata: a GraphQL type for each, its members read off the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphene import Boolean, Field, Int, List, NonNull, ObjectType, ResolveInfo, String
from graphene.types.unmountedtype import UnmountedType

from metadata.graphql.asking import asked_of
from metadata.graphql.scalars import UUID, DateTime, JSONObject
from metadata.kinds import Kind, Member

_SCALARS: Mapping[str, type[UnmountedType]] = {
    "uuid": UUID, "text": String, "flag": Boolean, "count": Int, "moment": DateTime, "object": JSONObject,
}  # fmt: skip
_TYPES: dict[Kind, type[ObjectType]] = {}


def kind_type(kind: Kind, **further: Field | UnmountedType) -> type[ObjectType]:
    """The type of a kind's rows, once per kind. `further` are members that lead to other types, behind its own."""
    if kind not in _TYPES:
        members = {each.name: _field(each) for each in kind.of("graphql")}
        for each in further.values():
            each.creation_counter = each.gen_counter()  # what graphene orders members by
        _TYPES[kind] = type(kind.name, (ObjectType,), {"__doc__": kind.words, **members, **further})
    return _TYPES[kind]


def _field(member: Member) -> Field:
    return Field(_type(member), required=not member.is_nullable, description=member.words, resolver=_resolver(member))


def _type(member: Member) -> object:
    if member.of is not None:
        return List(NonNull(kind_type(member.of)))
    if member.form in ("texts", "uuids"):
        return List(NonNull(_SCALARS[member.form.removesuffix("s")]))
    return _SCALARS[member.form]


def _resolver(member: Member) -> Callable[[object, ResolveInfo], object]:
    return lambda row, info: member.value(row, asked_of(info))
