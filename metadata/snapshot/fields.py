"""Plans the steps of one object's fields and relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from metadata import services
from metadata.fieldtypes.registry import field_type
from metadata.snapshot.entries import FIELD_MEMBERS, FIXED_FIELD, INVERSE_MEMBERS, TO_MANY, TO_ONE, Entry
from metadata.snapshot.exporting import entries_of, rows_of
from metadata.snapshot.steps import NamedRows, Step, bare, invalid, positioned


class FieldPlanner:
    """The steps of fields and relations. `renamed_objects` are new names by the old ones."""

    def __init__(
        self,
        workspace: NamedRows,
        current: Mapping[str, Entry],
        wanted: Mapping[str, Entry],
        renamed_objects: Mapping[str, str],
    ) -> None:
        self.workspace = workspace
        self.current = current
        self.wanted = wanted
        self.renamed_objects = renamed_objects

    def rename_fields(self, name: str, before: Entry, entry: Entry) -> tuple[list[Step], Entry]:
        old = {each["name"]: each for each in before["fields"]}
        wanted = {each["name"] for each in entry["fields"]}
        steps = []
        fields = dict(old)
        for each in entry["fields"]:
            previous, new = each.get("previousName"), each["name"]
            if previous in old and new not in old and previous not in wanted:
                fields[previous] = {**old[previous], "name": new}

                def run(previous: str = str(previous), new: str = new) -> None:
                    self.workspace.update_field(name, previous, {"name": new})

                steps.append(Step("rename", f"field {name}.{previous}", run, {"name": new}))
        return steps, {**before, "fields": list(fields.values())}

    def create_field(self, name: str, entry: Entry) -> Step:
        if not entry["isCustom"]:
            raise invalid(f'Standard object {name} has no standard field "{entry["name"]}"', name)
        values = {each: entry[each] for each in ("name", "type", "label", *FIELD_MEMBERS)}
        values |= {"settings": entry["settings"], "options": positioned(entry["options"], {}) or None}

        def run() -> None:
            object_id = str(self.workspace.object(name).id)
            made = services.field_create(
                workspace_id=self.workspace.id, values={**values, "objectMetadataId": object_id}
            )
            if not entry["isActive"]:
                services.field_update(workspace_id=self.workspace.id, field_id=made.id, update={"isActive": False})

        return Step("create", f"field {name}.{entry['name']}", run, {"type": entry["type"]})

    def _payload(self, relation: Entry) -> dict[str, object]:
        return {
            "type": relation["kind"],
            "targetObjectMetadataId": str(self.workspace.object(relation["object"]).id),
            "targetFieldLabel": relation["inverse"]["label"],
            "targetFieldIcon": relation["inverse"]["icon"],
            "targetFieldName": relation["inverse"]["name"],
        }

    def create_relation(self, name: str, entry: Entry) -> Step:
        def run() -> None:
            values = self._relation_values(name, entry)
            values |= {"name": entry["name"], "relationCreationPayload": self._payload(entry["relation"])}
            services.field_create(workspace_id=self.workspace.id, values=values)
            self._finish_relation(name, entry)

        details = {"type": entry["type"], "object": entry["relation"]["object"]}
        return Step("create", f"field {name}.{entry['name']}", run, details)

    def create_morph(self, name: str, base: str, rows: Sequence[Entry], others: Iterable[Entry]) -> Step:
        sibling = next((each["name"] for each in others if (each["relation"] or {}).get("morph") == base), None)

        def run() -> None:
            payloads = [self._payload(each["relation"]) for each in rows]
            if sibling is not None:
                self.workspace.update_field(name, sibling, {"morphRelationsUpdatePayload": payloads})
            else:
                values = self._relation_values(name, rows[0])
                values |= {"name": base, "morphRelationsCreationPayload": payloads}
                services.field_create(workspace_id=self.workspace.id, values=values)
            for each in rows:
                self._finish_relation(name, each)

        details = {"type": rows[0]["type"], "objects": [each["relation"]["object"] for each in rows]}
        return Step("create", f"field {name}.{base}", run, details)

    def _relation_values(self, name: str, entry: Entry) -> dict[str, object]:
        kept = ("type", "label", "description", "icon", "isUIReadOnly", "isLabelSyncedWithName", "isNullable")
        return {**{each: entry[each] for each in kept}, "objectMetadataId": str(self.workspace.object(name).id)}

    def _finish_relation(self, name: str, entry: Entry) -> None:
        """What a relation's creation chose by itself, and the file says otherwise."""
        current = entries_of(*rows_of(self.workspace.id))
        made = next((each for each in current[name]["fields"] if each["name"] == entry["name"]), None)
        if made is None:
            raise invalid(
                f'Field {name}.{entry["name"]} is no part of the relation "{entry["relation"]["morph"]}"', name
            )
        for step in self.update_field(name, made, entry):
            step.run()

    def update_field(self, name: str, before: Entry, entry: Entry) -> list[Step]:
        steps: list[Step] = []
        path = f"field {name}.{entry['name']}"
        if (before["relation"] is None) != (entry["relation"] is None):
            raise invalid(f"{path} cannot become a relation, nor a relation another type", path)
        if field_type(before["type"]) is not field_type(entry["type"]):
            return [
                *self.change_type(name, before, entry),
                *self.update_field(name, self._retyped(before, entry), entry),
            ]
        changed = {each: entry[each] for each in ("label", *FIELD_MEMBERS) if entry[each] != before[each]}
        for fixed in FIXED_FIELD:
            if fixed in changed:
                raise invalid(f"{fixed} of {path} cannot be changed", path)
        if (entry["settings"] or None) != (before["settings"] or None):
            changed["settings"] = entry["settings"]
        removed: list[str] = []
        if bare(entry["options"]) != bare(before["options"]) and field_type(entry["type"]).has_options:
            changed["options"], removed = self.options(before["options"], entry["options"])
        if entry["relation"] is not None:
            steps += self.update_relation(name, before, entry, changed)
        if changed:
            steps.insert(0, self._update_step(name, entry["name"], changed, removed))
        return steps

    def _update_step(self, name: str, field_name: str, changed: dict[str, Any], removed: Sequence[str]) -> Step:
        def run() -> None:
            update = dict(changed)
            if "options" in update:
                ids = {each["value"]: each["id"] for each in self.workspace.field(name, field_name).options or ()}
                update["options"] = positioned(update["options"], ids)
            self.workspace.update_field(name, field_name, update)

        details = {**changed, **({"removed": list(removed)} if removed else {})}
        return Step("update", f"field {name}.{field_name}", run, details, is_destructive=bool(removed))

    @staticmethod
    def options(before: Sequence[Entry], wanted: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
        """The options to send, each with the value it had, and the values that go."""
        old = {each["value"] for each in before}
        new = {each["value"] for each in wanted}
        sent, kept = [], set()
        for each in wanted:
            previous = each.get("previousValue")
            is_renamed = previous in old and each["value"] not in old and previous not in new
            source = previous if is_renamed else each["value"]
            kept.add(source)
            sent.append({**bare([each])[0], "previousValue": source})
        return sent, sorted(old - kept)

    @staticmethod
    def _retyped(before: Entry, entry: Entry) -> Entry:
        changed = {name: entry[name] for name in ("type", "settings", "options", "defaultValue")}
        return {**before, **changed}

    def change_type(self, name: str, before: Entry, entry: Entry) -> list[Step]:
        def run() -> None:
            row = self.workspace.field(name, entry["name"])
            services.field_change_type(
                workspace_id=self.workspace.id,
                field_id=row.id,
                type=entry["type"],
                options=positioned(entry["options"], {}) or None,
                settings=entry["settings"],
                permissions=self.workspace.permissions,
            )
            if self.workspace.field(name, entry["name"]).default_value != entry["defaultValue"]:
                self.workspace.update_field(name, entry["name"], {"defaultValue": entry["defaultValue"]})

        details = {"type": [before["type"], entry["type"]]}
        return [Step("update", f"field {name}.{entry['name']}", run, details)]

    def update_relation(self, name: str, before: Entry, entry: Entry, changed: dict[str, object]) -> list[Step]:
        """The counterpart's steps; what changes on this side is put into `changed`."""
        old, new = before["relation"], entry["relation"]
        for fixed in ("object", "kind", "morph"):
            if old[fixed] != new[fixed] and not (
                fixed == "object" and self.renamed_objects.get(old[fixed]) == new[fixed]
            ):
                raise invalid(f"{fixed} of relation {name}.{entry['name']} cannot be changed", name)
        steps = []
        if old["onDelete"] != new["onDelete"] and new["kind"] == TO_ONE:
            changed["settings"] = {**(entry["settings"] or {}), "onDelete": new["onDelete"]}
        inverse = {
            each: new["inverse"][each]
            for each in ("name", "label", *INVERSE_MEMBERS)
            if new["inverse"][each] != old["inverse"][each]
        }
        if inverse:
            previous = old["inverse"]["name"]

            def run() -> None:
                self.workspace.update_field(new["object"], previous, inverse)

            steps.append(Step("update", f"field {new['object']}.{previous}", run, inverse))
        if old["onDelete"] != new["onDelete"] and new["kind"] == TO_MANY:

            def set_rule() -> None:
                self.workspace.update_field(
                    new["object"], new["inverse"]["name"], {"settings": {"onDelete": new["onDelete"]}}
                )

            steps.append(
                Step(
                    "update", f"field {new['object']}.{new['inverse']['name']}", set_rule, {"onDelete": new["onDelete"]}
                )
            )
        return steps

    def delete_fields(self, name: str, before: Entry, entry: Entry) -> Iterator[Step]:
        wanted = {each["name"] for each in entry["fields"]}
        going = {each for each in self.current if each not in self.wanted and each not in self.renamed_objects}
        morphs: set[str] = set()
        for each in before["fields"]:
            relation = each["relation"] or {}
            if (
                each["name"] in wanted
                or not each["isCustom"]
                or (relation.get("object") in going and self.current[relation["object"]]["isCustom"])
            ):
                continue
            base = relation.get("morph")
            if base:
                if any((other["relation"] or {}).get("morph") == base for other in entry["fields"]):
                    raise invalid(f"One target of relation {name}.{base} cannot be taken away", name)
                if base in morphs:
                    continue  # all rows go with the first
                morphs.add(base)

            def run(field_name: str = each["name"]) -> None:
                row = self.workspace.field(name, field_name)
                services.field_delete(workspace_id=self.workspace.id, field_id=row.id)

            yield Step("delete", f"field {name}.{each['name']}", run, is_destructive=True)
