"""What the record APIs have of one object: its addresses, fields and types, for pages that change or end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from django.utils.module_loading import import_string

from core.naming import named
from core.rest.operations import RECORD_OPERATIONS
from metadata.schema import ObjectSchema


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
