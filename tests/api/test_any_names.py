"""Objects and fields made, renamed, switched off and on and turned into other types, out of names that the APIs have uses
for: each is refused with a text that says why and changes nothing, or is there and works in every API and document.

A failing run prints its seed and what it did; RANDOM_SEED=<seed> runs that one alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, build_client_schema, get_introspection_query, validate_schema

from core.graphql.names import INPUT_SUFFIXES, OBJECT_SUFFIXES
from core.graphql.types import vocabulary
from core.rest.routes import RESERVED_PATHS
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.chance import seeds
from tests.factories import Api

STEPS = 30
TYPES = sorted({f"{name[0].lower()}{name[1:]}" for name in vocabulary() if name[0].isupper() and name.isalnum()})
WORDS = (
    "query", "mutation", "subscription", "iD", "date", "dateTime", "actor", "phones", "pageInfo", "cursor", "edge", "node", "ticket",
    "visit", "stage", "record", "data", "constructor", "undefined", "none", "class", "import", "self", "metadatum",
)  # fmt: skip
SUFFIXES = (
    *OBJECT_SUFFIXES, *INPUT_SUFFIXES, "ForUpdate", "ForResponse", "Duplicates", "GroupBy", "StageEnum", "StageEnumFilter", "SiteWhereInput",
)  # fmt: skip
PLURALS = (
    *sorted(each for each in RESERVED_PATHS if each.isalnum()),
    "graphql",
    "healthz",
    "ids",
    "batches",
    "import",
    "export",
)
FIELDS = (
    "and", "or", "not", "aggregate", "edges", "pageInfo", "cursor", "totalCount", "groupByDimensionValues", "records", "first", "filter",
    "amount", "amountAmountMicros", "amountCurrencyCode", "stage", "site", "sitePrimaryLinkUrl", "owner", "ownerId", "full",
    "fullFirstName", "emptyStage", "id", "createdAt", "createdBySource", "limit", "depth", "fields", "data", "count", "on", "true",
    "null", "class",
)  # fmt: skip
OPTIONS = [
    {"value": "A", "label": "a", "color": "red", "position": 0},
    {"value": "B", "label": "b", "color": "red", "position": 1},
]
VALUES: Mapping[str, Any] = {
    "TEXT": "text",
    "NUMBER": 7,
    "SELECT": "B",
    "CURRENCY": {"amountMicros": 9, "currencyCode": "EUR"},
    "FULL_NAME": {"firstName": "Ada", "lastName": "L"},
    "LINKS": {"primaryLinkUrl": "https://a.example", "primaryLinkLabel": "A"},
}
MEMBERS = {"CURRENCY": "{ amountMicros currencyCode }", "FULL_NAME": "{ firstName lastName }",
           "LINKS": "{ primaryLinkUrl primaryLinkLabel }"}  # fmt: skip

PARTS: Mapping[str, Mapping[str, tuple[Any, Any]]] = {  # what VALUES has, and what nothing has
    "CURRENCY": {"amountMicros": (9, 8), "currencyCode": ("EUR", "USD")},
    "FULL_NAME": {"firstName": ("Ada", "Bob"), "lastName": ("L", "M")},
    "LINKS": {"primaryLinkUrl": ("https://a.example", "https://b.example"), "primaryLinkLabel": ("A", "B")},
}


def held(record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a record has of the values, of composites those parts that they name."""
    return {
        name: {part: record[name][part] for part in value} if isinstance(value, dict) else record[name]
        for name, value in values.items()
    }


class Names:
    """A workspace whose data model is played with."""

    def __init__(self, seed: int, workspace: Workspace, api: Api) -> None:
        self.random = random.Random(seed)
        self.workspace = workspace
        self.api = api
        self.log: list[str] = []
        self.done = self.refused = 0

    def objects(self, **conditions: Any) -> list[ObjectMetadata]:
        found = ObjectMetadata.objects.filter(workspace=self.workspace, is_custom=True, **conditions)
        return list(found.order_by("name_singular"))

    def fields(self, subject: ObjectMetadata, **conditions: Any) -> list[FieldMetadata]:
        found = FieldMetadata.objects.filter(object=subject, is_custom=True, **conditions)
        return list(found.order_by("name"))

    def singular(self) -> str:
        draw = self.random.random()
        if draw < 0.25:
            return self.random.choice(TYPES)
        known = [each.name_singular for each in self.objects()] or ["ticket"]
        if draw < 0.65:
            return self.random.choice([*known, "company", "ticket", "visit"]) + self.random.choice(SUFFIXES)
        return self.random.choice(WORDS)

    def plural(self, singular: str) -> str:
        draw = self.random.random()
        known = [each.name_plural for each in self.objects()] or ["people"]
        if draw < 0.15:
            return self.random.choice(PLURALS)
        if draw < 0.25:
            return self.random.choice(known) + self.random.choice(("GroupBy", "Duplicates", "Many"))
        return f"{singular}Many"

    def one(self, things: list[Any]) -> Any:
        return self.random.choice(things) if things else None

    # Changes -----------------------------------------------------------------------------------------

    def step(self) -> None:
        moves: tuple[tuple[Callable[[], Answer | None], int], ...] = (
            (self.make_object, 5), (self.make_field, 8), (self.rename_object, 3), (self.rename_field, 4), (self.switch_object, 2),
            (self.switch_field, 2), (self.change_type, 3), (self.change_uniqueness, 1),
        )  # fmt: skip
        changes, weights = zip(*moves, strict=True)
        before = self.state()
        self.log.append("")
        answer = self.random.choices(changes, weights)[0]()
        if answer is None:
            self.log.pop()
            return
        self.log[-1] += f" → {answer.status}"
        if answer.status in (200, 201):
            self.done += 1
            return
        assert answer.status == 400, (self.log, answer.body)
        text = " ".join(answer.body["messages"])
        assert text and "error occurred" not in text.lower(), self.log
        assert self.state() == before, self.log
        self.refused += 1

    def state(self) -> Any:
        rows = FieldMetadata.objects.filter(workspace=self.workspace, object__is_custom=True)
        names = (
            "object__name_singular",
            "object__name_plural",
            "object__is_active",
            "name",
            "type",
            "is_active",
            "is_unique",
        )
        return sorted(rows.values_list(*names))

    def make_object(self) -> Answer:
        singular = self.singular()
        plural = self.plural(singular)
        self.log[-1] = f"object {singular}/{plural}"
        values = {"nameSingular": singular, "namePlural": plural, "labelSingular": "Thing", "labelPlural": "Things"}
        return self.api.post("/rest/metadata/objects", values)

    def make_field(self) -> Answer | None:
        subject = self.one(self.objects())
        if subject is None:
            return None
        name, kind = self.random.choice(FIELDS), self.random.choice((*VALUES, "RELATION"))
        values: dict[str, Any] = {"objectMetadataId": str(subject.id), "name": name, "label": name, "type": kind}
        if kind == "SELECT":
            values["options"] = OPTIONS
        if kind == "LINKS":
            values["isUnique"] = self.random.random() < 0.5
        if kind == "RELATION":
            target = self.one(self.objects(is_active=True))
            label = self.random.choice((*FIELDS, "back"))
            values["relationCreationPayload"] = {
                "type": "MANY_TO_ONE", "targetObjectMetadataId": str(target.id) if target else "", "targetFieldLabel": label,
                "targetFieldIcon": "IconX",
            }  # fmt: skip
        self.log[-1] = f"{kind} {subject.name_singular}.{name}"
        return self.api.post("/rest/metadata/fields", values)

    def rename_object(self) -> Answer | None:
        subject = self.one(self.objects())
        if subject is None:
            return None
        change = {"nameSingular": self.singular()} if self.random.random() < 0.7 else {"namePlural": self.plural("x")}
        self.log[-1] = f"rename {subject.name_singular} {change}"
        return self.api.patch(f"/rest/metadata/objects/{subject.id}", change)

    def field(self) -> FieldMetadata | None:
        found: FieldMetadata | None = self.one([each for subject in self.objects() for each in self.fields(subject)])
        return found

    def changed(self, field: FieldMetadata, change: dict[str, Any]) -> Answer:
        self.log[-1] = f"{field.type} {field.object.name_singular}.{field.name} {change}"
        return self.api.patch(f"/rest/metadata/fields/{field.id}", change)

    def rename_field(self) -> Answer | None:
        field = self.field()
        return None if field is None else self.changed(field, {"name": self.random.choice(FIELDS)})

    def switch_object(self) -> Answer | None:
        subject = self.one(self.objects())
        if subject is None:
            return None
        self.log[-1] = f"switch {subject.name_singular} from {subject.is_active}"
        return self.api.patch(f"/rest/metadata/objects/{subject.id}", {"isActive": not subject.is_active})

    def switch_field(self) -> Answer | None:
        field = self.field()
        return None if field is None else self.changed(field, {"isActive": not field.is_active})

    def change_uniqueness(self) -> Answer | None:
        field = self.field()
        return None if field is None else self.changed(field, {"isUnique": not field.is_unique})

    def change_type(self) -> Answer | None:
        field = self.field()
        if field is None or field.type not in ("TEXT", "NUMBER", "SELECT"):
            return None
        kind = self.random.choice(("TEXT", "NUMBER", "SELECT", "LINKS"))
        self.log[-1] = f"{field.type} {field.object.name_singular}.{field.name} becomes {kind}"
        options = {"options": OPTIONS} if kind == "SELECT" else {}
        return self.api.post(f"/rest/metadata/fields/{field.id}/changeType", {"type": kind, **options})

    # What must hold ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Every object and field is in every document, under its own name, and works in every API."""
        schema = build_client_schema(self.api.data(get_introspection_query()))
        assert validate_schema(schema) == []
        document = self.api.get("/rest/open-api/core").body
        listed = self.api.get("/rest/metadata/objects?limit=200").body["data"]["objects"]
        assert [each["nameSingular"] for each in listed if "nameClashes" in each] == []
        for subject in self.objects(is_active=True):
            title = subject.name_singular[0].upper() + subject.name_singular[1:]
            described = schema.type_map[title]
            assert isinstance(described, GraphQLObjectType)
            fields = self.fields(subject, is_active=True)
            plain = [each for each in fields if each.type in VALUES]
            assert {each.name for each in plain} <= described.fields.keys()
            for each in plain:
                if each.type == "SELECT":
                    enum = schema.type_map[f"{title}{each.name[0].upper()}{each.name[1:]}Enum"]
                    assert isinstance(enum, GraphQLEnumType) and set(enum.values) == {"A", "B"}
            for suffix in ("", "ForUpdate", "ForResponse"):
                assert document["components"]["schemas"][title + suffix]["x-object-id"] == str(subject.id)
            assert f"/{subject.name_plural}" in document["paths"]
            self.check_records(subject, title, plain)
            for each in fields:
                if each.type == "RELATION":
                    self.check_relation(subject, title, each)
        assert self.api.data("{ companies { totalCount } }")["companies"]["totalCount"] > 0

    def check_records(self, subject: ObjectMetadata, title: str, fields: list[FieldMetadata]) -> None:
        """A record made over REST reads the same over GraphQL, is found by each field, and counted under its name."""
        plural, singular = subject.name_plural, subject.name_singular
        self.api.data(
            f"mutation {{ destroy{plural[0].upper()}{plural[1:]}(filter: {{id: {{is: NOT_NULL}}}}) {{ id }} }}"
        )
        values = {each.name: VALUES[each.type] for each in fields}
        made = self.api.post(f"/rest/{plural}", values)
        assert made.status == 201, (self.log, made.body)
        [record] = made.body["data"].values()
        assert held(record, values) == values, self.log
        path = f"/rest/{plural}/{record['id']}"
        read = self.api.get(path).body["data"][singular]
        assert held(read, values) == values, self.log
        selected = " ".join(f"{each.name} {MEMBERS.get(each.type, '')}" for each in fields)
        found = self.api.data(
            f'{{ {singular}(filter: {{id: {{eq: "{record["id"]}"}}}}) {{ __typename id {selected} }} }}'
        )
        assert found[singular] == {"__typename": title, "id": record["id"], **values}
        for each in fields:
            if each.type == "NUMBER":
                name = f"sum{each.name[0].upper()}{each.name[1:]}"
                assert self.api.data(f"{{ {plural} {{ {name} }} }}")[plural] == {name: 7}
            if each.type in PARTS:
                self.check_parts(plural, each)
            if each.type in ("TEXT", "NUMBER", "SELECT"):
                operand = {"TEXT": '"text"', "NUMBER": "7", "SELECT": "B"}[each.type]
                asked = f"{{ {plural}(filter: {{and: [{{{each.name}: {{eq: {operand}}}}}]}}) {{ totalCount }} }}"
                assert self.api.data(asked)[plural]["totalCount"] == 1, (self.log, each.name)
                operand = operand.strip('"')
                answer = self.api.get(
                    f"/rest/{plural}?filter={each.name}[eq]:{operand}&fields={each.name}&order_by={each.name}"
                )
                assert (answer.status, answer.body.get("totalCount")) == (200, 1), (self.log, answer.body)
        grouped = self.api.data(
            f"{{ {plural}GroupBy(groupBy: [{{createdAt: {{granularity: DAY}}}}]) {{ totalCount }} }}"
        )
        assert grouped[f"{plural}GroupBy"] == [{"totalCount": 1}]
        changed = self.api.patch(path, {"position": 3})
        assert changed.status == 200, (self.log, changed.body)
        assert self.api.delete(f"{path}?soft_delete=true").status == 200
        assert self.api.patch(f"/rest/restore/{plural}/{record['id']}").status == 200
        assert self.api.delete(path).status == 200

    def check_parts(self, plural: str, field: FieldMetadata) -> None:
        """The one record is found by each part of a composite, and ordered by it, over both APIs."""
        for part, (found, other) in PARTS[field.type].items():
            for operand, count in ((found, 1), (other, 0)):
                condition = f"{{{field.name}: {{{part}: {{eq: {json.dumps(operand)}}}}}}}"
                orders = f"orderBy: [{{{field.name}: {{{part}: AscNullsFirst}}}}]"
                asked = f"{{ {plural}(filter: {{and: [{condition}]}}, {orders}) {{ totalCount }} }}"
                assert self.api.data(asked)[plural]["totalCount"] == count, (self.log, field.name, part)
                query = f"filter={field.name}.{part}[eq]:{json.dumps(operand)}&order_by={field.name}.{part}"
                answer = self.api.get(f"/rest/{plural}?{query}")
                assert (answer.status, answer.body.get("totalCount")) == (200, count), (self.log, query, answer.body)
            grouped = self.api.data(
                f"{{ {plural}GroupBy(groupBy: [{{{field.name}: {{{part}: true}}}}]) {{ totalCount }} }}"
            )
            assert grouped[f"{plural}GroupBy"] == [{"totalCount": 1}], (self.log, field.name, part)

    def check_relation(self, subject: ObjectMetadata, title: str, field: FieldMetadata) -> None:
        """From either side: written by its id, read with what it leads to, found and ordered by it."""
        other, target = field.relation_target_field, field.relation_target_object
        if other is None or target is None or not (other.is_active and target.is_active):
            return
        one, many = (field, other) if field.relation_type == "MANY_TO_ONE" else (other, field)
        child, parent = one.object, many.object
        above = self.made(parent, {})
        below = self.made(child, {f"{one.name}Id": above})
        try:
            path = f"/rest/{child.name_plural}/{below}?depth=1"
            record = self.api.get(path).body["data"][child.name_singular]
            assert (record[one.name]["id"], record[f"{one.name}Id"]) == (above, above), (self.log, record)
            path = f"/rest/{parent.name_plural}/{above}?depth=1"
            record = self.api.get(path).body["data"][parent.name_singular]
            assert [each["id"] for each in record[many.name]] == [below], (self.log, record)
            for condition in (f"{{{one.name}Id: {{eq: $i}}}}", f"{{{one.name}: {{id: {{eq: $i}}}}}}"):
                asked = (
                    f'query ($i: UUID) {{ {child.name_plural}(filter: {{and: [{condition}, {{id: {{eq: "{below}"}}}}]}},'
                    f" orderBy: [{{{one.name}: {{createdAt: AscNullsFirst}}}}]) {{ edges {{ node {{"
                    f" {one.name}Id {one.name} {{ __typename id {many.name} {{ edges {{ node {{ id }} }} }} }} }} }} }} }}"
                )
                found = self.api.data(asked, {"i": above})[child.name_plural]["edges"]
                shown = parent.name_singular[0].upper() + parent.name_singular[1:]
                inner = {"__typename": shown, "id": above, many.name: {"edges": [{"node": {"id": below}}]}}
                assert found == [{"node": {f"{one.name}Id": above, one.name: inner}}], (self.log, found)
            for query in (
                f"filter={one.name}Id[eq]:{above}",
                f"filter=and({one.name}.id[eq]:{above},id[eq]:{below})",
                f"filter=id[eq]:{below}&order_by={one.name}.createdAt",
            ):
                answer = self.api.get(f"/rest/{child.name_plural}?{query}")
                assert (answer.status, answer.body.get("totalCount")) == (200, 1), (self.log, query, answer.body)
        finally:
            for side, id in ((child, below), (parent, above)):
                assert self.api.delete(f"/rest/{side.name_plural}/{id}").status == 200

    def made(self, subject: ObjectMetadata, values: dict[str, Any]) -> str:
        answer = self.api.post(f"/rest/{subject.name_plural}", values)
        assert answer.status == 201, (self.log, values, answer.body)
        [record] = answer.body["data"].values()
        return str(record["id"])


@pytest.mark.fuzz
@pytest.mark.django_db
@pytest.mark.parametrize("seed", seeds(1, 2, 3))
def test_names_of_any_kind_are_refused_or_work_everywhere(seed: int, workspace: Workspace, api: Api) -> None:
    print(f"RANDOM_SEED={seed}")
    names = Names(seed, workspace, api)
    while len(names.log) < STEPS:
        names.step()
        if len(names.log) in (STEPS // 2, STEPS):
            names.check()
    assert names.done >= STEPS // 4 and names.refused >= STEPS // 10, names.log
