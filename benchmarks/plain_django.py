"""People of an ordinary Django project: one model with a column per value, written as graphene-django's guide does.

The resolvers of the baseline that Core GraphQL is compared with. They check, normalise and record nothing of what
Fourgate does (phone numbers, e-mails, history, totals, webhooks), so they are quicker than a server that did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import connection, models, transaction
from graphql import GraphQLResolveInfo, GraphQLSchema, build_client_schema, get_introspection_query

from metadata.fieldtypes.sql_types import JSON
from metadata.schema import ObjectSchema

_COLUMNS: Mapping[str, type[models.Field[Any, Any]]] = {
    "NUMBER": models.FloatField,
    "DATE_TIME": models.DateTimeField,
    "BOOLEAN": models.BooleanField,
    "FILES": models.JSONField,
}
_OF_THE_RECORD = frozenset(("id", "createdAt", "updatedAt", "companyId"))


class Part(NamedTuple):
    """A composite of a record; its values are columns of the record's own."""

    record: Any
    name: str


class PlainPeople:
    """The model, its table, and the two mutations."""

    def __init__(self, person: ObjectSchema, members: Sequence[str]) -> None:
        self.composites = {name for name in members if name in person.by_name and person.by_name[name].type.subfields}
        self.company: Any = _model("PlainCompany", {"id": models.UUIDField(primary_key=True)})
        self.person: Any = _model("PlainPerson", {**_own_columns(self.company), **_columns(person, members)})
        with connection.schema_editor() as editor:
            editor.create_model(self.company)
            editor.create_model(self.person)

    def resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        """Every field of the schema, as `execute` takes it."""
        name = info.field_name
        if source is None:
            return self.write(arguments["data"], upsert=bool(arguments.get("upsert")))
        if isinstance(source, Part):
            return getattr(source.record, f"{source.name}_{name}")
        if name in self.composites:
            return Part(source, name)
        return source.company_id if name == "companyId" else getattr(source, name)

    def write(self, data: Sequence[Mapping[str, Any]], *, upsert: bool) -> list[Any]:
        objects = self.person.objects
        with transaction.atomic():
            if not upsert:
                return [objects.create(**self.values(each)) for each in data]
            people = []
            for each in data:
                values = self.values(each)
                email = values.pop("emails_primaryEmail")
                people.append(objects.update_or_create(emails_primaryEmail=email, defaults=values)[0])
            return people

    def values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record's values by column."""
        values: dict[str, Any] = {}
        for name, value in record.items():
            if name in self.composites:
                values |= {f"{name}_{part}": each for part, each in value.items()}
            else:
                values["company_id" if name == "companyId" else name] = value
        return values


def same_schema(schema: Any) -> GraphQLSchema:
    """The schema without its own resolvers."""
    return build_client_schema(schema.execute(get_introspection_query()).data)


def _model(name: str, columns: Mapping[str, Any]) -> Any:
    meta = type("Meta", (), {"app_label": "benchmarks"})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **columns})


def _own_columns(company: Any) -> dict[str, Any]:
    return {
        "id": models.UUIDField(primary_key=True, default=uuid4),
        "createdAt": models.DateTimeField(auto_now_add=True),
        "updatedAt": models.DateTimeField(auto_now=True),
        "company": models.ForeignKey(company, on_delete=models.SET_NULL, null=True),
    }


def _columns(person: ObjectSchema, members: Sequence[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in members:
        field = person.by_name.get(name)
        if field is None or name in _OF_THE_RECORD:
            continue
        for part in field.type.subfields.values():
            kind = models.JSONField if part.sql_type is JSON else models.TextField
            is_key = (name, part.name) == ("emails", "primaryEmail")
            columns[f"{name}_{part.name}"] = kind(null=True, unique=is_key)
        if not field.type.subfields:
            columns[name] = _COLUMNS.get(field.type.name, models.TextField)(null=True)
    return columns
