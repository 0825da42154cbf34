"""The fields of the types that a workspace's record schema answers with: records, connections, groups and numbers."""

from __future__ import annotations

from typing import cast

from graphql import GraphQLField, GraphQLObjectType

from core.graphql.arguments import LIST_ARGUMENTS
from core.graphql.schema_parts import Members, Parts, own_enum
from metadata.schema import FieldSchema, ObjectSchema


class Outputs(Parts):
    """By object."""

    def record_fields(self, subject: ObjectSchema) -> Members:
        fields: Members = {}
        for field in self.readable_fields(subject):
            description = field.description or field.label
            if field.relation is None:
                fields[field.name] = self.output(self.output_type(subject, field), description)
                continue
            target = self.target(field)
            if field.relation.join_name is not None and self.leads_somewhere(field):
                fields[field.relation.join_name] = self.output(
                    field.type.graphql_output(field), f"{description}: the id of the record"
                )
            if target is None:
                continue
            if field.relation.is_to_one:
                fields[field.name] = self.output(target.singular_pascal, description, extensions={"relation": "one"})
            else:
                fields[field.name] = self.output(
                    f"{target.singular_pascal}Connection",
                    description,
                    args=self.arguments(target, LIST_ARGUMENTS),
                    extensions={"relation": "many"},
                )
        return fields

    def output_type(self, subject: ObjectSchema, field: FieldSchema) -> str:
        text = own_enum(field.type.graphql_output(field), subject, field)
        if field.is_nullable:
            return text
        return (text[:-1] + "!]!") if text.startswith("[") else text + "!"

    def edge_fields(self, subject: ObjectSchema) -> Members:
        return {"node": self.output(f"{subject.singular_pascal}!"), "cursor": self.output("Cursor!")}

    def connection_fields(self, subject: ObjectSchema) -> Members:
        return {
            "edges": self.output(f"[{subject.singular_pascal}Edge!]!"),
            "pageInfo": self.output("PageInfo!"),
            **{spec.name: self.aggregate(spec.graphql) for spec in self.aggregates(subject)},
        }

    def group_fields(self, subject: ObjectSchema) -> Members:
        connection = cast(GraphQLObjectType, self.types[f"{subject.singular_pascal}Connection"])
        return {**connection.fields, "groupByDimensionValues": self.output("JSON!")}

    def aggregate(self, text: str) -> GraphQLField:
        """One field for all numbers of a type: there are thousands, and their names say what they are."""
        key = f"aggregate {text}"
        if key not in self.refs:
            self.refs[key] = self.output(text)
        return cast(GraphQLField, self.refs[key])
