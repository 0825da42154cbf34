"""Requests that work as they stand on a workspace's own objects: for the docs and the GraphQL consoles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from config.principal import KEYS_FLAG
from core.openapi.schemas import View
from metadata.schema import FieldSchema, ObjectSchema

SHOWN_FIELDS = 4  # in a selection: enough to see data, few enough to read


@dataclass(frozen=True, slots=True)
class Example:
    """One saved request of a GraphQL console."""

    label: str | Promise
    query: str
    variables: Mapping[str, object] | None = None
    flag: str | None = None  # the settings right it needs

    def as_json(self) -> dict[str, object]:
        variables = None if self.variables is None else json.dumps(self.variables, indent=2)
        return {"label": str(self.label), "query": self.query, "variables": variables}


def data_fields(view: View, subject: ObjectSchema) -> list[FieldSchema]:
    """The fields of the object's own data that both APIs show the reader, its name first."""
    fields = [each for each in view.readable_fields(subject) if each.relation is None and each.column is None]
    return sorted(fields, key=lambda each: each.id != subject.label_identifier_id)


def sample_of(view: View, subject: ObjectSchema, count: int = 3) -> dict[str, object]:
    """A body that creates a record: examples of the first fields that the reader may write."""
    sample: dict[str, object] = {}
    for field in data_fields(view, subject):
        examples = field.type.input_json_schema(field).get("examples", ())
        is_sendable = view.writes(field) and field.type.is_writable and field.type.has_sendable_example
        if is_sendable and examples and len(sample) < count:
            sample[field.name] = examples[0]
    return sample


def selection(view: View, subject: ObjectSchema, indent: str) -> str:
    """Lines of a GraphQL selection: the id and the first fields, composites with their parts."""
    lines = ["id"]
    for field in data_fields(view, subject)[:SHOWN_FIELDS]:
        parts = " ".join(field.type.subfields)
        lines.append(f"{field.name} {{ {parts} }}" if parts else _scalar(field))
    return "\n".join(indent + line for line in lines)


def _scalar(field: FieldSchema) -> str:
    """Lists of objects (files) need a selection of their own."""
    items = field.type.json_schema(field).get("items", {})
    members = items.get("properties") if isinstance(items, Mapping) else None
    return f"{field.name} {{ {' '.join(members)} }}" if members else field.name


def record_examples(view: View, subject: ObjectSchema) -> list[Example]:
    """List, filter, create, upsert, relations and groups of one object: what the reader's role allows of it."""
    has_time = view.reads(subject, subject.by_name["createdAt"])
    one, many, plural = subject.singular_pascal, subject.plural_pascal, subject.plural
    lines = selection(view, subject, " " * 8)
    flat = selection(view, subject, " " * 4)
    sample = sample_of(view, subject)
    order = "(first: 10, orderBy: [{ createdAt: DescNullsLast }])" if has_time else "(first: 10)"
    examples = [
        Example(
            gettext("List %s") % subject.label_plural,
            f"query List{many} {{\n  {plural}{order} {{\n"
            f"    totalCount\n    edges {{\n      node {{\n{lines}\n      }}\n      cursor\n    }}\n"
            "    pageInfo { hasNextPage endCursor }\n  }\n}\n",
        ),
        Example(
            gettext("Filter"),
            f"query Filter{many}($filter: {one}FilterInput) {{\n  {plural}(filter: $filter, first: 10) {{\n"
            f"    totalCount\n    edges {{\n      node {{\n{lines}\n      }}\n    }}\n  }}\n}}\n",
            {"filter": {"createdAt": {"gte": "2026-01-01T00:00:00.000Z"}} if has_time else {}},
        ),
    ]
    if view.may("update", subject):
        examples += [
            Example(
                gettext("Create"),
                f"mutation Create{one}($data: {one}CreateInput!) {{\n  create{one}(data: $data) {{\n{flat}\n  }}\n}}\n",
                {"data": sample},
            ),
            Example(
                gettext("Create or update (upsert)"),
                f"mutation Upsert{many}($data: [{one}CreateInput!]!) {{\n  create{many}(data: $data, upsert: true) {{\n"
                f"{flat}\n  }}\n}}\n",
                {"data": [sample]},
            ),
        ]
    related = _related(view, subject)
    if related:
        examples.append(
            Example(
                gettext("Relations"),
                f"query {many}WithRelations {{\n  {plural}(first: 5) {{\n    edges {{\n      node {{\n        id\n"
                f"{related}\n      }}\n    }}\n  }}\n}}\n",
            )
        )
    if has_time:
        examples.append(
            Example(
                gettext("Group by month"),
                f"query {many}ByMonth {{\n  {plural}GroupBy(groupBy: [{{ createdAt: {{ granularity: MONTH }} }}]) {{\n"
                "    groupByDimensionValues\n    totalCount\n  }\n}\n",
            )
        )
    return examples


SEARCH = Example(  # introspection does not show it, so an editor may underline it; it runs all the same
    gettext_lazy("Search all objects"),
    "query Search($text: String!) {\n  search(searchInput: $text, limit: 10) {\n    edges {\n"
    "      node { recordId objectNameSingular label tsRankCD tsRank }\n      cursor\n    }\n"
    "    pageInfo { hasNextPage endCursor }\n  }\n}\n",
    {"text": "example.com"},
)


def _related(view: View, subject: ObjectSchema) -> str:
    """One relation to a record and one to several, each with the name of what it leads to."""
    lines: dict[bool, str] = {}
    for field in subject.fields:
        target = view.target(field) if field.relation is not None and view.reads(subject, field) else None
        if target is None or field.relation is None or field.relation.is_to_one in lines:
            continue
        name = next((_named(each) for each in data_fields(view, target)), "")
        shown = f"{{ id {name} }}"
        is_one = field.relation.is_to_one
        lines[is_one] = f"        {field.name} {shown if is_one else f'(first: 3) {{ edges {{ node {shown} }} }}'}"
    return "\n".join(lines.values()).replace(" (first", "(first")


def _named(field: FieldSchema) -> str:
    parts = " ".join(field.type.subfields)
    return f"{field.name} {{ {parts} }}" if parts else _scalar(field)


METADATA_EXAMPLES: Sequence[Example] = (
    Example(
        gettext_lazy("Objects and their fields"),
        "query Objects {\n  objects(paging: { first: 50 }) {\n    edges {\n      node {\n        id\n"
        "        nameSingular\n        namePlural\n        labelSingular\n        isCustom\n"
        "        fields(paging: { first: 100 }) {\n"
        "          edges { node { id name label type isNullable } }\n        }\n      }\n    }\n  }\n}\n",
    ),
    Example(
        gettext_lazy("Create an object"),
        "mutation CreateObject($input: CreateOneObjectInput!) {\n  createOneObject(input: $input) {\n    id\n"
        "    nameSingular\n    namePlural\n  }\n}\n",
        {
            "input": {
                "object": {
                    "nameSingular": "rocket",
                    "namePlural": "rockets",
                    "labelSingular": "Rocket",
                    "labelPlural": "Rockets",
                    "icon": "IconRocket",
                }
            }
        },
        flag="DATA_MODEL",
    ),
    Example(
        gettext_lazy("API keys"),
        "query ApiKeys {\n  apiKeys { id name expiresAt role { id label } }\n}\n",
        flag=KEYS_FLAG,
    ),
    Example(
        gettext_lazy("Webhooks"),
        "query Webhooks {\n  webhooks { id targetUrl operations description }\n}\n",
        flag=KEYS_FLAG,
    ),
)
