"""Kinds of rows over REST: their JSON, and how the API's document describes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from rest_framework import serializers

from metadata.fieldtypes.datetime import moment_text
from metadata.kinds import Asked, Kind, Member

AnyField = serializers.Field[Any, Any, Any, Any]  # of a document: nothing is read or written by it

_FIELDS: Mapping[str, type[AnyField]] = {
    "uuid": serializers.UUIDField,
    "text": serializers.CharField,
    "flag": serializers.BooleanField,
    "count": serializers.IntegerField,
    "moment": serializers.DateTimeField,
}


def kind_json(kind: Kind, row: object, asked: Asked) -> dict[str, object]:
    """A row as lists and items answer it."""
    return {each.name: _json(each, each.value(row, asked), asked) for each in kind.of("rest")}


def kinds_json(kind: Kind, rows: Iterable[object], asked: Asked) -> list[dict[str, object]]:
    return [kind_json(kind, row, asked) for row in rows]


def _json(member: Member, value: Any, asked: Asked) -> Any:
    if member.of is not None:
        return kinds_json(member.of, value, asked)
    if value is None:
        return None
    if member.form == "moment":
        return moment_text(value)
    if member.form == "uuids":
        return [str(each) for each in value]
    return str(value) if isinstance(value, UUID) else value


@cache
def kind_serializer(kind: Kind) -> type[serializers.Serializer[object]]:
    """For the API's document only: what is answered, `kind_json` makes."""
    members: dict[str, object] = {each.name: _described(each) for each in kind.of("rest")}
    return type(f"{kind.component}Serializer", (serializers.Serializer,), {"__doc__": kind.words, **members})


def _described(member: Member) -> AnyField:
    options: dict[str, Any] = {"allow_null": member.is_nullable}
    words = member.words if member.rest_words is None else member.rest_words
    if words:
        options["help_text"] = words
    if member.of is not None:
        return kind_serializer(member.of)(many=True, **options)
    if member.choices:
        return serializers.ChoiceField(list(member.choices), **options)
    if member.form == "object":
        return serializers.DictField(child=serializers.CharField(), **options)
    if member.form in ("texts", "uuids"):
        return serializers.ListField(child=_FIELDS[member.form.removesuffix("s")](), **options)
    return _FIELDS[member.form](**options)
