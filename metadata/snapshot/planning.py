"""Compares a file with what is there: the steps that lead from one to the other, in an order that works."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from config.principal import Permissions
from config.texts import capitalised
from metadata import services
from metadata.models import MADE_BY_USERS, FieldMetadata, IndexFieldMetadata, IndexMetadata
from metadata.snapshot.entries import (
    FIELD_DEFAULTS,
    FIXED_OBJECT,
    IDENTIFIERS,
    OBJECT_DEFAULTS,
    OBJECT_MEMBERS,
    OBJECT_TEXTS,
    Entry,
)
from metadata.snapshot.exporting import index_entry
from metadata.snapshot.fields import FieldPlanner
from metadata.snapshot.steps import NamedRows, Step, invalid


class Planner:
    """Compares a file with what is there. Steps stand in an order in which each can be done."""

    def __init__(
        self, workspace_id: UUID, current: dict[str, Entry], wanted: dict[str, Entry], permissions: Permissions
    ) -> None:
        self.workspace = NamedRows(workspace_id, permissions)
        self.current = current
        self.wanted = wanted
        self.renamed_objects = {
            each["previousName"]: name
            for name, each in wanted.items()
            if each.get("previousName") in current and name not in current and each["previousName"] not in wanted
        }
        self.fields = FieldPlanner(self.workspace, current, wanted, self.renamed_objects)

    def plan(self) -> list[Step]:
        first: list[Step] = [*self.rename_objects()]
        creates: list[Step] = []
        plain: list[Step] = []
        relations: list[Step] = []
        updates: list[Step] = []
        objects: list[Step] = []
        indexes: list[Step] = []
        orders: list[Step] = []
        gone: list[Step] = [*self.delete_objects()]
        old_names = {new: old for old, new in self.renamed_objects.items()}
        for name, entry in self.wanted.items():
            before = self.current.get(old_names.get(name, name))
            if before is None:
                creates.append(self.create_object(entry))
                before = self.new_object(entry)
            renames, before = self.fields.rename_fields(name, before, entry)
            first += renames
            old = {each["name"]: each for each in before["fields"]}
            grouped: dict[str, list[Entry]] = defaultdict(list)
            for each in entry["fields"]:
                if each["name"] in old:
                    updates += self.fields.update_field(name, old[each["name"]], each)
                elif each["relation"] is None:
                    plain.append(self.fields.create_field(name, each))
                elif each["relation"]["morph"]:
                    grouped[each["relation"]["morph"]].append(each)
                else:
                    relations.append(self.fields.create_relation(name, each))
            for base, rows in grouped.items():
                relations.append(self.fields.create_morph(name, base, rows, old.values()))
            objects += self.update_object(name, before, entry)
            gone += self.fields.delete_fields(name, before, entry)
            indexes += self.indexes(name, before, entry)
            orders += self.order(name, before, entry)
        deletes_index = [each for each in indexes if each.action == "delete"]
        creates_index = [each for each in indexes if each.action == "create"]
        return [
            *deletes_index, *first, *creates, *plain, *relations, *updates, *objects, *creates_index, *gone, *orders,
        ]  # fmt: skip

    # Objects

    def rename_objects(self) -> Iterator[Step]:
        for old, new in self.renamed_objects.items():
            update = {"nameSingular": new, "namePlural": self.wanted[new]["namePlural"]}

            def run(old: str = old, update: Mapping[str, object] = update) -> None:
                self.workspace.update_object(old, update)

            yield Step("rename", f"object {old}", run, {"nameSingular": new})
            self.current[old] = {**self.current[old], **update}

    def create_object(self, entry: Entry) -> Step:
        if not entry["isCustom"]:
            raise invalid(f'There is no standard object called "{entry["nameSingular"]}"', entry["nameSingular"])
        names = {name: entry[name] for name in OBJECT_TEXTS}
        has_name = any(each["name"] == "name" and each["type"] == "TEXT" for each in entry["fields"])
        values = {
            **names,
            **{name: entry[name] for name in ("description", "icon", "color", "shortcut")},
            "skipNameField": not has_name,
        }

        def run() -> None:
            services.object_create(workspace_id=self.workspace.id, values=values)

        return Step("create", f"object {entry['nameSingular']}", run, {"labelSingular": entry["labelSingular"]})

    @staticmethod
    def new_object(entry: Entry) -> Entry:
        """The entry of the object right after its creation."""
        made = {**OBJECT_DEFAULTS, **{name: entry[name] for name in (*OBJECT_TEXTS, "isCustom")}}
        made |= {name: entry[name] for name in ("description", "icon", "color", "shortcut")}
        made["labelSingular"] = capitalised(entry["labelSingular"])
        made["labelPlural"] = capitalised(entry["labelPlural"])
        has_name = any(each["name"] == "name" and each["type"] == "TEXT" for each in entry["fields"])
        name = {**FIELD_DEFAULTS, "name": "name", "type": "TEXT", "label": "Name", "icon": "IconAbc"}
        name["description"] = "Name"
        made["fields"] = [name] if has_name else []
        made["labelIdentifier"] = "name" if has_name else "id"
        return made

    def update_object(self, name: str, before: Entry, entry: Entry) -> list[Step]:
        changed = {
            each: entry[each]
            for each in (*OBJECT_TEXTS, *OBJECT_MEMBERS)
            if each != "nameSingular" and entry[each] != before[each]
        }
        for fixed in FIXED_OBJECT:
            if fixed in changed:
                raise invalid(f"{fixed} of object {name} cannot be changed", name)
        identifiers = {each: entry[each] for each in IDENTIFIERS if entry[each] != before[each]}
        if not changed and not identifiers:
            return []

        def run() -> None:
            update = dict(changed)
            for each, field_name in identifiers.items():
                found = None if field_name is None else self.workspace.field(name, field_name).id
                update[f"{each}FieldMetadataId"] = found
            self.workspace.update_object(name, update)

        return [Step("update", f"object {name}", run, {**changed, **identifiers})]

    def delete_objects(self) -> Iterator[Step]:
        for name, entry in self.current.items():
            if name in self.wanted or name in self.renamed_objects or not entry["isCustom"]:
                continue

            def run(name: str = name) -> None:
                services.object_delete(workspace_id=self.workspace.id, object_id=self.workspace.object(name).id)

            yield Step("delete", f"object {name}", run, is_destructive=True)

    # Indexes and order

    def indexes(self, name: str, before: Entry, entry: Entry) -> Iterator[Step]:
        for each in before["indexes"]:
            if each not in entry["indexes"]:
                yield Step("delete", f"index {name}({', '.join(each['fields'])})", self._index_deletion(name, each))
        for each in entry["indexes"]:
            if each not in before["indexes"]:
                details = {"type": each["type"]}
                path = f"index {name}({', '.join(each['fields'])})"
                yield Step("create", path, self._index_creation(name, each), details)

    def _index_creation(self, name: str, entry: Entry) -> Callable[[], None]:
        def run() -> None:
            columns = []
            for each in entry["fields"]:
                field_name, _, part = each.partition(".")
                row = self.workspace.field(name, field_name)
                columns.append({"fieldMetadataId": str(row.id), "subFieldName": part or None})
            object_id = str(self.workspace.object(name).id)
            values = {"objectMetadataId": object_id, "fields": columns, "indexType": entry["type"]}
            services.index_create(workspace_id=self.workspace.id, values=values)

        return run

    def _index_deletion(self, name: str, entry: Entry) -> Callable[[], None]:
        def run() -> None:
            obj = self.workspace.object(name)
            by_id = {each.id: each for each in FieldMetadata.objects.filter(object=obj)}
            for index in IndexMetadata.objects.filter(MADE_BY_USERS, object=obj):
                columns = list(IndexFieldMetadata.objects.filter(index=index).select_related("index"))
                if index_entry(columns, by_id) == entry:
                    services.index_delete(workspace_id=self.workspace.id, index_id=index.id)

        return run

    def order(self, name: str, before: Entry, entry: Entry) -> list[Step]:
        wanted = [each["name"] for each in entry["fields"]]
        kept = [each["name"] for each in before["fields"] if each["name"] in wanted]
        made = [each for each in wanted if each not in kept]
        if [*kept, *made] == wanted and not any(each["relation"] for each in entry["fields"] if each["name"] in made):
            return []  # new fields stand at the end, as they are written

        def run() -> None:
            rows = {each.name: each.id for each in FieldMetadata.objects.filter(object=self.workspace.object(name))}
            ids = [rows[each] for each in wanted if each in rows]
            current = FieldMetadata.objects.filter(id__in=ids).order_by("position", "name")
            if [each.id for each in current] != ids:
                services.field_order(
                    workspace_id=self.workspace.id, object_id=self.workspace.object(name).id, field_ids=ids
                )

        if [*kept, *made] == wanted:  # relations are made after the rest, so their places may have to be put right
            return [Step("", f"object {name}", run)]
        return [Step("update", f"object {name}", run, {"fields": wanted})]
