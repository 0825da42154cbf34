"""What the record APIs have of one object: its addresses, fields and types, for pages that change or end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from django.utils.module_loading import import_string

from core.graphql import names as graphql
from core.naming import named
from core.rest.operations import RECORD_OPERATIONS
from metadata.schema import FieldSchema, ObjectSchema


def names_in_apis(
    subject: ObjectSchema, singular: str | None = None, plural: str | None = None
) -> Mapping[str, Sequence[str]]:
    """{REST, GraphQL, Types: names}, as they are, or as they would be were the object called so."""
    called = replace(subject, singular=singular or subject.singular, plural=plural or subject.plural)
    operations = [each for each in import_string(settings.GRAPHQL_OPERATIONS) if each.applies_to(called)]
    paths = dict.fromkeys("/rest" + named(each.path, called) for each in RECORD_OPERATIONS)
    types = dict.fromkeys(named(each.type, called).strip("[]!") for each in operations)
    inputs = [f"{called.singular_pascal}{each}" for each in ("CreateInput", "UpdateInput", "FilterInput")]
    return {
        "REST": list(paths),
        "GraphQL": [each.field_name(called) for each in operations],
        "Types": [*types, *inputs],
    }


def field_names_in_apis(
    subject: ObjectSchema, field: FieldSchema, name: str | None = None
) -> Mapping[str, Sequence[str]]:
    """{Members, Aggregates, Types: names} that one field of it brings along, or would were it called so."""
    if name is not None:
        relation = field.relation
        if relation is not None and relation.join_name is not None:
            relation = replace(relation, join_name=f"{name}Id")
        field = replace(field, name=name, relation=relation)
    alone = replace(subject, fields=(field,))
    claims = [each for each in (*graphql.claims(alone), *graphql.member_claims(alone)) if each.field is field]
    spaces = {
        "Members": f"member of {subject.singular}",
        "Aggregates": f"aggregate of {subject.plural}",
        "Types": graphql.TYPES,
    }
    return {kind: list(dict.fromkeys(each.name for each in claims if each.space == of)) for kind, of in spaces.items()}
