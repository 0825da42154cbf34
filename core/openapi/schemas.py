"""The JSON Schemas of one object's records: as sent to create, as sent to update, and as answered.

They are what its field types say of themselves; here is only which members a body has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from config.openapi.schemas import array_of, object_of
from config.principal import Permissions, Verb
from core.query.scope import hidden_behind
from core.rest.body_schemas import answer_component
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema

Json = dict[str, Any]

# The record's own columns a body may name; the server keeps the others itself.
_CREATE_COLUMNS = frozenset(("id", "position", "created_at", "created_by"))
_UPDATE_COLUMNS = frozenset(("position",))
_OPEN: Mapping[str, Json] = {"array": {"items": {}}, "object": {"additionalProperties": True}}
_EXAMPLE_MEMBERS = 8  # enough to show the kinds of values, short enough to read


class Target(NamedTuple):
    """All that the description of one object says of another that it is related to."""

    name: str  # as in the names of components
    label: str
    unique: tuple[tuple[str, tuple[str, ...]], ...]  # the unique fields, each with its sub-fields, `("",)` for none


@dataclass(frozen=True, slots=True)
class View:
    """What of the data model a document shows: the objects it has, to someone with these permissions.

    Without `nests`, related records are not described again inside each other: viewers that write every
    reference out would never come to an end.
    """

    schema: WorkspaceSchema
    permissions: Permissions
    objects: tuple[ObjectSchema, ...]
    nests: bool = True

    def may(self, verb: Verb, subject: ObjectSchema) -> bool:
        return self.permissions.allows(verb, subject)

    def reads(self, subject: ObjectSchema, field: FieldSchema) -> bool:
        return hidden_behind(self.schema, self.permissions, subject, field) is None

    def writes(self, field: FieldSchema) -> bool:
        return not self.permissions.locks(field)

    def target(self, field: FieldSchema) -> ObjectSchema | None:
        """The object a relation leads to, when the document has it."""
        found = self.schema.target(field)
        return found if found in self.objects else None

    def described_target(self, field: FieldSchema) -> Target | None:
        """What the description of an object says of the one that a relation leads to, when the document has it."""
        found = self.target(field)
        if found is None:
            return None
        shown = (each for each in found.unique_fields if self.reads(found, each))
        unique = tuple((each.name, each.type.unique_parts()) for each in shown)
        return Target(found.singular_pascal, found.label_singular, unique)

    def readable_fields(self, subject: ObjectSchema) -> Iterator[FieldSchema]:
        return (each for each in subject.fields if each.type.is_readable and self.reads(subject, each))

    def writable_fields(self, subject: ObjectSchema, columns: frozenset[str]) -> Iterator[FieldSchema]:
        return (
            each
            for each in subject.fields
            if each.type.is_writable
            and each.type.is_readable
            and self.writes(each)
            and (each.column is None or each.column in columns)
        )


def components(view: View, subject: ObjectSchema) -> Iterator[tuple[str, Json]]:
    """The object's components by name."""
    names = {"x-object-id": str(subject.id), "x-label": subject.label_singular}
    about = subject.description or f"A record of {subject.label_plural}"
    if view.may("update", subject):
        for suffix, columns, words in (
            ("", _CREATE_COLUMNS, "what a new record is made of; no member is mandatory"),
            ("ForUpdate", _UPDATE_COLUMNS, "what to change; members left out keep their value"),
        ):
            yield (
                subject.singular_pascal + suffix,
                {"type": "object", "description": f"{about}: {words}", **_input(view, subject, columns), **names},
            )
    yield (
        subject.singular_pascal + "ForResponse",
        {
            "type": "object",
            "description": f"{about}, as answered; `fields` narrows it to the members named and the id",
            "properties": _answered(view, subject),
            "required": ["id"],
            **names,
        },
    )


def _input(view: View, subject: ObjectSchema, columns: frozenset[str]) -> Json:
    properties: Json = {}
    example: Json = {}
    for field in view.writable_fields(subject, columns):
        if field.relation is not None:
            if field.relation.join_name is not None:
                properties[field.relation.join_name] = _marked(_without_example(field), field)
                target = view.described_target(field)
                if target is not None:
                    properties[field.name] = _marked(_connection(target), field)
            continue
        described = field.type.input_json_schema if field.type.has_sendable_example else _without_example
        schema = _marked(described(field), field)
        properties[field.name] = schema
        if field.column is None and len(example) < _EXAMPLE_MEMBERS:
            examples = schema.get("examples", ())
            if examples:
                example[field.name] = examples[0]
    whole: Json = {"properties": properties, "additionalProperties": False}
    return {**whole, "examples": [example]} if example else whole


def _answered(view: View, subject: ObjectSchema) -> Json:
    properties: Json = {}
    for field in view.readable_fields(subject):
        if field.relation is None:
            properties[field.name] = _marked(field.type.json_schema(field), field)
            continue
        if field.relation.join_name is not None:
            properties[field.relation.join_name] = _marked(field.type.json_schema(field), field)
        target = view.described_target(field)
        if target is not None:
            shape = _to_one if field.relation.is_to_one else _to_many
            properties[field.name] = _marked(
                shape(answer_component(target.name) if view.nests else _record(target)), field
            )
    return properties


def _without_example(field: FieldSchema) -> Json:
    """Ids of records or files that must exist: no example could be sent as it is."""
    schema = field.type.input_json_schema(field)
    schema.pop("examples", None)
    return schema


def _connection(target: Target) -> Json:
    """The target named by one of its unique values instead of by its id."""
    where = {"type": "object", "minProperties": 1, "properties": _unique_values(target)}
    return {
        "type": ["object", "null"],
        "properties": {
            "connect": object_of({"where": where}),
            "disconnect": {"type": "boolean", "description": "`true` clears the relation"},
        },
        "additionalProperties": False,
        "maxProperties": 1,
        "description": f"Instead of the id: the {target.label} that has a unique value, or none",
    }


def _unique_values(target: Target) -> Json:
    values: Json = {}
    for name, parts in target.unique:
        if parts == ("",):
            values[name] = {"type": "string"}
        elif parts:
            values[name] = object_of({part: {"type": "string"} for part in parts})
    return values


def _to_one(record: Json) -> Json:
    return {"oneOf": [record, {"type": "null"}], "description": "Only with `depth=1`"}


def _to_many(record: Json) -> Json:
    return array_of(record, description="Only with `depth=1`")


def _record(target: Target) -> Json:
    return {"type": "object", "description": f"As {target.name}ForResponse, without its relations"}


def _marked(schema: Json, field: FieldSchema) -> Json:
    """The schema with the field's id and label. Generators name classes by `title`, which a label would change."""
    label = schema.get("title", field.label)
    whole = {name: part for name, part in _distinct(schema).items() if name != "title"}
    return {**whole, "x-label": label, "x-field-id": str(field.id)}


def _distinct(schema: Json) -> Json:
    """The same schema in a form that generators of clients read.

    A list of anything says `items`, an object of anything `additionalProperties`; several types with one of those
    among them are alternatives, since no generator can tell what belongs to which.
    """
    if "properties" in schema:
        return {**schema, "properties": {name: _distinct(part) for name, part in schema["properties"].items()}}
    kinds = schema.get("type", ())
    open_kinds = [each for each in _OPEN if each in kinds]
    if not open_kinds:
        return schema
    if isinstance(kinds, str) or len(kinds) - ("null" in kinds) == 1:
        return {**_OPEN[open_kinds[0]], **schema}
    alternatives = [{"type": each, **_OPEN.get(each, {})} for each in sorted(kinds, key=lambda kind: kind == "null")]
    return {"anyOf": alternatives, **{name: part for name, part in schema.items() if name != "type"}}
