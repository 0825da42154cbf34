"""What a workspace's record schema is made of: references to types by their notation in SDL, each made once, and the
objects, fields and numbers of the data model that the caller sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
)

from config.principal import Verb
from core.graphql.arguments import Argument
from core.graphql.names import enum_name, has_enum, left_out
from core.graphql.operations import Operation, is_offered, may_change_own
from core.graphql.types import resolve_member, vocabulary
from core.naming import named
from core.query.aggregates import AggregateSpec, aggregate_specs, aggregates_of
from core.query.scope import Scope, may, reads, writes
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema

Members = dict[str, Any]


class Parts:
    """The types made so far, references to them, and what of the data model is shown to the caller."""

    def __init__(self, schema: WorkspaceSchema, seen_by: Scope | None) -> None:
        self.schema = schema
        self.seen_by = seen_by
        self.left_out = left_out(schema)  # objects and fields whose names others have: from before that was refused
        self.types: dict[str, GraphQLNamedType] = dict(vocabulary())
        self.objects: dict[object, ObjectSchema] = {}
        self.refs: dict[str, object] = {}
        self.directions: GraphQLInputField | None = None

    # Parts -------------------------------------------------------------------------------------------

    def ref(self, text: str) -> Any:
        """The type that a reference in SDL's notation names: `[Person!]!`."""
        found = self.refs.get(text)
        if found is None:
            if text.endswith("!"):
                found = GraphQLNonNull(self.ref(text[:-1]))
            elif text.startswith("["):
                found = GraphQLList(self.ref(text[1:-1]))
            else:
                found = self.types[text]
            self.refs[text] = found
        return found

    def output(self, text: str, description: str | None = None, **more: Any) -> GraphQLField:
        return GraphQLField(
            cast(GraphQLOutputType, self.ref(text)), description=description, resolve=resolve_member, **more
        )

    def input(self, text: str) -> GraphQLInputField:
        """One member for all inputs of a type: what a field is about is said of its output."""
        key = f"input {text}"
        if key not in self.refs:
            self.refs[key] = GraphQLInputField(cast(GraphQLInputType, self.ref(text)))
        return cast(GraphQLInputField, self.refs[key])

    def arguments(self, subject: ObjectSchema, arguments: tuple[Argument, ...]) -> dict[str, GraphQLArgument]:
        return {argument.name: self.argument(named(argument.type, subject)) for argument in arguments if argument.type}

    def argument(self, text: str) -> GraphQLArgument:
        key = f"argument {text}"
        if key not in self.refs:
            self.refs[key] = GraphQLArgument(cast(GraphQLInputType, self.ref(text)))
        return cast(GraphQLArgument, self.refs[key])

    # Rights ------------------------------------------------------------------------------------------

    def may(self, verb: Verb, subject: ObjectSchema) -> bool:
        return self.seen_by is None or may(self.seen_by, verb, subject)

    def offers(self, operation: Operation, subject: ObjectSchema) -> bool:
        """Whether the operation is there for the object, and for the caller."""
        return operation.applies_to(subject) and (self.seen_by is None or is_offered(self.seen_by, operation, subject))

    def may_change_own(self, subject: ObjectSchema) -> bool:
        return self.seen_by is not None and may_change_own(self.seen_by, subject)

    def fields(self, subject: ObjectSchema) -> Sequence[FieldSchema]:
        if not self.left_out:
            return subject.fields
        return [each for each in subject.fields if each.id not in self.left_out]

    def readable_fields(self, subject: ObjectSchema) -> Iterable[FieldSchema]:
        scope, fields = self.seen_by, self.fields(subject)
        return fields if scope is None else (each for each in fields if reads(scope, subject, each))

    def writable_fields(self, subject: ObjectSchema) -> Iterable[FieldSchema]:
        scope, fields = self.seen_by, self.fields(subject)
        return fields if scope is None else (each for each in fields if writes(scope, each))

    def shown_fields(self, subject: ObjectSchema) -> Iterable[FieldSchema]:
        """Those of either."""
        scope, fields = self.seen_by, self.fields(subject)
        if scope is None:
            return fields
        return (each for each in fields if reads(scope, subject, each) or writes(scope, each))

    def aggregates(self, subject: ObjectSchema) -> Iterable[AggregateSpec]:
        scope = self.seen_by
        return (
            each
            for each in self.specs(subject)
            if each.field is None or scope is None or reads(scope, subject, each.field)
        )

    def specs(self, subject: ObjectSchema) -> Iterable[AggregateSpec]:
        if not self.left_out:
            return aggregates_of(subject).values()
        return (each for each in aggregate_specs(subject) if each.field is None or each.field.id not in self.left_out)

    # Relations ---------------------------------------------------------------------------------------

    def target(self, field: FieldSchema) -> ObjectSchema | None:
        """The object at a relation's other end, when it is in the schema."""
        assert field.relation is not None
        return self.objects.get(field.relation.target_object_id)

    def leads_somewhere(self, field: FieldSchema) -> bool:
        """Whether the id at a relation's other end is shown: also where the object there is not, to this caller."""
        target = self.schema.target(field)
        return target is not None and (target.id in self.objects or not self.may("read", target))


def own_enum(text: str, subject: ObjectSchema, field: FieldSchema) -> str:
    """A type reference with `Enum` replaced by the name of the field's own."""
    if text not in ("Enum", "[Enum]"):
        return text
    return text.replace("Enum", enum_name(subject, field) if has_enum(field) else "String")
