"""The members of the input types of a workspace's record schema: what is written, filtered, ordered and grouped by."""

from __future__ import annotations

from core.graphql.inputs import filter_members
from core.graphql.names import enum_filter_name, unique_name
from core.graphql.schema_parts import Members, Parts, own_enum
from metadata.schema import FieldSchema, ObjectSchema


class Inputs(Parts):
    """By object."""

    def create_members(self, subject: ObjectSchema) -> Members:
        return self.written_members(subject, for_update=False)

    def update_members(self, subject: ObjectSchema) -> Members:
        return self.written_members(subject, for_update=True)

    def written_members(self, subject: ObjectSchema, for_update: bool) -> Members:
        members: Members = {}
        for field in self.writable_fields(subject):
            if field.relation is not None:
                target = self.target(field)
                if field.relation.is_to_one and self.leads_somewhere(field):
                    join_type = field.type.graphql_input_type(field, for_update)
                    members[field.relation.join_name or field.name] = self.input(join_type)
                if target is not None and field.relation.is_to_one:
                    members[field.name] = self.input(f"{target.singular_pascal}RelationInput")
            elif field.type.is_writable:
                text = own_enum(field.type.graphql_input_type(field, for_update), subject, field)
                is_needed = not (for_update or field.is_nullable or field.column or field.type.subfields)
                if is_needed and field.default is None:
                    text += "!"
                members[field.name] = self.input(text)
        return members

    def filter_members(self, subject: ObjectSchema) -> Members:
        own = f"{subject.singular_pascal}FilterInput"
        operators = {"and": self.input(f"[{own}]"), "or": self.input(f"[{own}]"), "not": self.input(own)}
        members: Members = dict(operators)
        for field in self.readable_fields(subject):
            if field.relation is None:
                filter_type = own_enum_filter(field.type.graphql_filter_type(field), subject, field)
                if field.type.subfields:
                    filter_type = f"{field.type.graphql}FilterInput"
                members[field.name] = self.input(filter_type)
                continue
            target = self.target(field)
            if field.relation.join_name is not None and self.leads_somewhere(field):
                members[field.relation.join_name] = self.input(field.type.graphql_filter_type(field))
            if target is not None:
                members[field.name] = self.input(f"{target.singular_pascal}FilterInput")
        return members | operators

    def order_members(self, subject: ObjectSchema) -> Members:
        return self.members_by_value(subject, "OrderByInput", "OrderByDirection", "OrderByDirection", "orderable")

    def group_by_members(self, subject: ObjectSchema) -> Members:
        return self.members_by_value(subject, "GroupByInput", "Boolean", "GroupByDateGranularityInput", "groupable")

    def group_order_members(self, subject: ObjectSchema) -> Members:
        return {
            "aggregate": self.input(f"{subject.singular_pascal}OrderByWithGroupByAggregateInput"),
            **self.members_by_value(
                subject, "OrderByWithGroupByInput", "OrderByDirection", "OrderByDateGranularityInput", "groupable"
            ),
        }

    def members_by_value(self, subject: ObjectSchema, suffix: str, scalar: str, date: str, trait: str) -> Members:
        """Members for each field with a `trait` (orderable, groupable): by value, sub-field, join id or target."""
        members: Members = {}
        composite_suffix = "OrderByInput" if scalar == "OrderByDirection" else suffix
        for field in self.readable_fields(subject):
            if field.relation is not None:
                target = self.target(field)
                if field.relation.is_to_one and self.leads_somewhere(field):
                    members[field.relation.join_name or field.name] = self.input(scalar)
                if target is not None and field.relation.is_to_one:
                    members[field.name] = self.input(target.singular_pascal + suffix)
            elif getattr(field.type, trait) and (trait == "orderable" or is_groupable(field)):
                if field.type.subfields:
                    members[field.name] = self.input(field.type.graphql + composite_suffix)
                else:
                    members[field.name] = self.input(date if field.type.is_date else scalar)
        return members

    def aggregate_order_members(self, subject: ObjectSchema) -> Members:
        direction = self.input("OrderByDirection")
        return {spec.name: direction for spec in self.aggregates(subject)}

    def relation_members(self, subject: ObjectSchema) -> Members:
        members = {
            "connect": self.input(f"{subject.singular_pascal}ConnectInput"),
            "disconnect": self.input("Boolean"),
        }
        if self.may("update", subject):
            members["create"] = self.input(f"{subject.singular_pascal}CreateInput")
        return members

    def connect_members(self, subject: ObjectSchema) -> Members:
        return {"where": self.input(f"{subject.singular_pascal}WhereUniqueInput")}

    def unique_members(self, subject: ObjectSchema) -> Members:
        members: Members = {"id": self.input("ID")}
        readable = set(self.readable_fields(subject))
        for field in subject.unique_fields:
            if field not in readable:
                continue
            if field.type.subfields:
                members[field.name] = self.input(unique_name(subject, field))
            elif field.name != "id" and field.relation is None:
                members[field.name] = self.input(own_enum(field.type.graphql_input_type(field), subject, field))
        return members

    def unique_part_members(self, field: FieldSchema) -> Members:
        return {name: self.input(field.type.subfields[name].graphql) for name in field.type.unique_parts()}

    def enum_filter_members(self, subject: ObjectSchema, field: FieldSchema) -> Members:
        members = filter_members(field.type.operators, own_enum("Enum", subject, field))
        return {name: self.input(text) for name, text in members.items()}


def own_enum_filter(text: str, subject: ObjectSchema, field: FieldSchema) -> str:
    return enum_filter_name(subject, field) if text == "EnumFilter" else text


def is_groupable(field: FieldSchema) -> bool:
    """Of the record's own columns only the two times make groups."""
    return field.column is None or field.column in ("created_at", "updated_at")
