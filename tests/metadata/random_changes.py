"""A workspace whose data model is changed by chance, over both metadata APIs, and what must agree after each change."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from django.db import connection

from metadata import cache
from metadata.fieldtypes.registry import field_type
from metadata.models import MADE_BY_USERS, FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.factories import Api, api_of, workspace_with
from tests.metadata.conftest import index_names, table_names, version_of

PATH = "/rest/metadata"
TYPES = ("TEXT", "NUMBER", "BOOLEAN", "DATE", "SELECT", "MULTI_SELECT")


class Play:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.workspace: Workspace = workspace_with(name="Random")
        self.api: Api = api_of(self.workspace, api_version="2")
        self.log: list[str] = []
        self.done = self.refused = self.number = 0
        self.records: dict[Any, set[str]] = {}  # by object id

    # What is there

    def objects(self) -> list[ObjectMetadata]:
        return list(ObjectMetadata.objects.filter(workspace=self.workspace, is_custom=True).order_by("created_at"))

    def fields(self, *, plain: bool = True) -> list[FieldMetadata]:
        found = FieldMetadata.objects.filter(
            object__workspace=self.workspace, object__is_custom=True, is_custom=True, is_managed=False
        ).select_related("object")
        return [each for each in found.order_by("created_at", "name") if not plain or each.relation_type is None]

    def name(self, prefix: str) -> str:
        """A new name, and now and then one that is taken or reserved."""
        if self.random.random() < 0.1:
            return self.random.choice(["name", "field", "Bad Name", f"{prefix}1"])
        self.number += 1
        return f"{prefix}{self.number}"

    # Steps

    def step(self) -> None:
        operations: list[tuple[float, Callable[[], Answer | None]]] = [
            (3, self.create_object), (1, self.rename_object), (2, self.toggle_object), (0.5, self.delete_object),
            (6, self.create_field), (3, self.rename_field), (3, self.toggle_field), (2, self.delete_field),
            (3, self.create_relation), (3, self.change_options), (2, self.create_index), (1, self.delete_index),
            (3, self.change_type), (2, self.change_uniqueness), (1, self.delete_relation),
        ]  # fmt: skip
        weights = [weight for weight, _ in operations]
        (_, operation) = self.random.choices(operations, weights)[0]
        before = self.state()
        answer = operation()
        if answer is None:
            return  # nothing to do it to
        is_done = answer.status < 300 and "errors" not in answer.body
        self.log.append(f"{operation.__name__}: {answer.status} {'' if is_done else answer.body}")
        assert answer.status < 500, self.log
        if is_done:
            self.done += 1
            assert version_of(self.workspace) == before[0] + 1, self.log
        else:
            self.refused += 1
            assert self.state() == before, self.log

    def create_object(self) -> Answer:
        name = self.name("thing")
        values = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}
        if self.random.random() < 0.5:
            return self.api.post(f"{PATH}/objects", values)
        query = "mutation ($input: CreateOneObjectInput!) { createOneObject(input: $input) { id } }"
        return self.api.graphql(query, {"input": {"object": values}}, path="/metadata")

    def rename_object(self) -> Answer | None:
        if not (obj := self.one(self.objects())):
            return None
        name = self.name("thing")
        return self.api.patch(f"{PATH}/objects/{obj.id}", {"nameSingular": name, "namePlural": f"{name}s"})

    def toggle_object(self) -> Answer | None:
        obj = self.one(self.objects())
        return obj and self.api.patch(f"{PATH}/objects/{obj.id}", {"isActive": not obj.is_active})

    def delete_object(self) -> Answer | None:
        obj = self.one(self.objects()[:3])
        answer = obj and self.api.delete(f"{PATH}/objects/{obj.id}")
        if obj and answer and answer.status == 200:
            self.records.pop(obj.id, None)
        return answer

    def create_field(self) -> Answer | None:
        if not (obj := self.one(self.objects())):
            return None
        type_ = self.random.choice(TYPES)
        name = self.name("field")
        values: dict[str, Any] = {"objectMetadataId": str(obj.id), "type": type_, "name": name, "label": name}
        if field_type(type_).has_options and self.random.random() < 0.9:
            values["options"] = [{"value": each, "label": each, "position": n} for n, each in enumerate("ABC")]
        values["isUnique"] = self.random.random() < 0.2
        if type_ == "BOOLEAN" and not values["isUnique"]:
            values |= {"defaultValue": True, "isNullable": False}
        if self.random.random() < 0.5:
            return self.api.post(f"{PATH}/fields", values)
        query = "mutation ($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id } }"
        return self.api.graphql(query, {"input": {"field": values}}, path="/metadata")

    def rename_field(self) -> Answer | None:
        field = self.one(self.fields(plain=False))
        return field and self.api.patch(f"{PATH}/fields/{field.id}", {"name": self.name("field")})

    def toggle_field(self) -> Answer | None:
        field = self.one(self.fields(plain=False))
        return field and self.api.patch(f"{PATH}/fields/{field.id}", {"isActive": not field.is_active})

    def delete_field(self) -> Answer | None:
        field = self.one(self.fields())
        return field and self.api.delete(f"{PATH}/fields/{field.id}")

    def delete_relation(self) -> Answer | None:
        field = self.one([each for each in self.fields(plain=False) if each.relation_type is not None])
        return field and self.api.delete(f"{PATH}/fields/{field.id}")

    def create_relation(self) -> Answer | None:
        source, target = self.one(self.objects()), self.one(self.objects())
        if not source or not target:
            return None
        name = self.name("link")
        payload = {
            "type": self.random.choice(["MANY_TO_ONE", "ONE_TO_MANY"]),
            "targetObjectMetadataId": str(target.id),
            "targetFieldLabel": f"back of {name}",
        }
        values = {"objectMetadataId": str(source.id), "type": "RELATION", "name": name, "label": name}
        return self.api.post(f"{PATH}/fields", {**values, "relationCreationPayload": payload})

    def change_options(self) -> Answer | None:
        field = self.one([each for each in self.fields() if each.options])
        if not field:
            return None
        options = [dict(each) for each in field.options or ()]
        how = self.random.choice(["rename", "remove", "add"])
        if how == "rename":
            options[0]["value"] += "X"
        elif how == "remove":
            options.pop()
        else:
            options.append({"value": f"N{self.random.randrange(99)}", "label": "New", "position": 99 + len(options)})
        return self.api.patch(f"{PATH}/fields/{field.id}", {"options": options})

    def create_index(self) -> Answer | None:
        field = self.one(self.fields())
        if not field:
            return None
        query = "mutation ($input: CreateOneIndexInput!) { createOneIndex(input: $input) { id } }"
        index = {
            "objectMetadataId": str(field.object_id),
            "indexType": "BTREE",
            "fields": [{"fieldMetadataId": str(field.id)}],
        }
        return self.api.graphql(query, {"input": {"index": index}}, path="/metadata")

    def delete_index(self) -> Answer | None:
        index = IndexMetadata.objects.filter(MADE_BY_USERS, workspace=self.workspace).first()
        query = "mutation ($input: DeleteOneIndexInput!) { deleteOneIndex(input: $input) { id } }"
        return None if index is None else self.api.graphql(query, {"input": {"id": str(index.id)}}, path="/metadata")

    def change_type(self) -> Answer | None:
        field = self.one(self.fields())
        return field and self.api.post(f"{PATH}/fields/{field.id}/changeType", {"type": self.random.choice(TYPES)})

    def change_uniqueness(self) -> Answer | None:
        field = self.one(self.fields())
        return field and self.api.patch(f"{PATH}/fields/{field.id}", {"isUnique": not field.is_unique})

    def one(self, rows: list[Any]) -> Any:
        return self.random.choice(rows) if rows else None

    # Agreement

    def state(self) -> tuple[Any, ...]:
        objects = ObjectMetadata.objects.filter(workspace=self.workspace)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s", [self.workspace.database_schema]
            )
            indexes = frozenset(cursor.fetchall())
        return (
            version_of(self.workspace),
            frozenset(table_names(self.workspace)),
            indexes,
            frozenset(objects.values_list("id", "name_singular", "updated_at")),
            frozenset(
                FieldMetadata.objects.filter(workspace=self.workspace).values_list("id", "name", "type", "updated_at")
            ),
        )

    def check(self) -> None:
        self.check_storage()
        self.check_snapshot()
        self.check_metadata_apis()
        self.check_records()

    def check_storage(self) -> None:
        objects = list(ObjectMetadata.objects.filter(workspace=self.workspace))
        tables = {name for name in table_names(self.workspace) if name.startswith("o_")}
        assert tables == {each.table for each in objects}, self.log
        for obj in objects:
            if not obj.is_custom:
                continue
            fields = list(FieldMetadata.objects.filter(object=obj, column=None))
            expected = {f"r_{each.id.hex}" for each in fields if each.join_name}
            expected |= {f"u_{each.id.hex}" for each in fields if each.is_unique and not each.join_name}
            made = IndexMetadata.objects.filter(MADE_BY_USERS, object=obj)
            assert index_names(self.workspace, obj.id) == expected | {f"x_{each.id.hex}" for each in made}, self.log

    def check_snapshot(self) -> None:
        schema = cache.current_schema(self.workspace.id)
        active = {each.id for each in ObjectMetadata.objects.filter(workspace=self.workspace, is_active=True)}
        assert {each.id for each in schema.objects} == active, self.log
        fields = list(FieldMetadata.objects.filter(workspace=self.workspace, is_active=True, object__in=active))
        ids = {each.id for each in fields}
        expected = {
            (each.id, each.name, each.type)
            for each in fields
            if each.relation_type is None
            or (each.relation_target_object_id in active and each.relation_target_field_id in ids)
        }
        shown = {(each.id, each.name, each.type.name) for obj in schema.objects for each in obj.fields}
        assert shown == expected, self.log

    def check_metadata_apis(self) -> None:
        query = "{ objects(paging: {first: 1000}) { edges { node { nameSingular isActive fieldsList { id name type isActive isUnique } } } } }"
        nodes = [each["node"] for each in self.api.data(query, path="/metadata")["objects"]["edges"]]
        items = self.api.get(f"{PATH}/objects?limit=200").body["data"]
        over_rest = {
            each["nameSingular"]: (
                each["isActive"],
                {
                    (f["id"], f["name"], f["type"], f["isActive"], f["isUnique"])
                    for f in each["fields"]
                    if not f["morphId"]
                },
            )
            for each in items
        }
        morphs = {f["id"] for each in items for f in each["fields"] if f["morphId"]}
        over_graphql = {
            each["nameSingular"]: (
                each["isActive"],
                {
                    (f["id"], f["name"], f["type"], f["isActive"], f["isUnique"])
                    for f in each["fieldsList"]
                    if f["id"] not in morphs
                },
            )
            for each in nodes
        }
        assert over_rest == over_graphql, self.log

    def check_records(self) -> None:
        active = [each for each in self.objects() if each.is_active]
        obj = self.one(active)
        if obj is None:
            return
        subject = cache.current_schema(self.workspace.id).by_id[obj.id]
        self.number += 1
        values = {
            each.name: self.value(each) for each in subject.fields if each.type.name in TYPES and each.column is None
        }
        made = self.api.post(f"/rest/{subject.plural}", values)
        assert made.status == 201, (made.body, values, self.log)
        [record] = made.body["data"].values()
        self.records.setdefault(obj.id, set()).add(record["id"])
        for name, value in values.items():
            assert record[name] == value, self.log
        members = [each.name for each in subject.fields if each.type.name in TYPES]
        members += [each.relation.join_name for each in subject.fields if each.relation and each.relation.join_name]
        query = f"query ($id: UUID!) {{ {subject.singular}(filter: {{id: {{eq: $id}}}}) {{ id {' '.join(members)} }} }}"
        [over_graphql] = self.api.data(query, {"id": record["id"]}).values()
        assert over_graphql == {name: record[name] for name in ("id", *members)}, self.log
        listed = {each["id"] for each in self.api.records(f"/rest/{subject.plural}?limit=200")}
        assert listed == self.records[obj.id], self.log

    def value(self, field: Any) -> Any:
        """A value that no other record has, where the type has that many."""
        if field.type.has_options:
            if field.is_unique:
                return [] if field.type.answer(None, field) == [] else None
            first = field.option_values[0]
            return [first] if field.type.answer(None, field) == [] else first
        return {
            "TEXT": str(self.number),
            "NUMBER": self.number,
            "DATE": f"{2000 + self.number // 12}-{self.number % 12 + 1:02d}-01",
            "BOOLEAN": None if field.is_unique and field.is_nullable else True,
        }[field.type.name]
