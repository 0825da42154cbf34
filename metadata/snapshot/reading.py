"""A file that was read → whole entries, its form checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from config.errors import InvalidInput
from metadata.snapshot.entries import (
    FIELD_DEFAULTS,
    FIELD_KEYS,
    FORMAT_VERSION,
    INDEX_DEFAULTS,
    INDEX_KEYS,
    INVERSE_DEFAULTS,
    INVERSE_KEYS,
    OBJECT_DEFAULTS,
    OBJECT_KEYS,
    OBJECT_TEXTS,
    OPTION_DEFAULTS,
    OPTION_KEYS,
    RELATION_DEFAULTS,
    RELATION_KEYS,
    Entry,
    filled,
)
from metadata.snapshot.exporting import standard_entries


class Reader:
    """Checks the form of a file and fills in what it leaves out; what it means is checked by the services."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, model: object) -> dict[str, Entry]:
        if not isinstance(model, Mapping) or not isinstance(model.get("objects"), list):
            raise InvalidInput(["the data model must be an object with a list of objects"])
        if model.get("version", FORMAT_VERSION) != FORMAT_VERSION:
            raise InvalidInput([f"version must be {FORMAT_VERSION}"])
        entries = [
            self.object_entry(each, f"objects[{place}]")
            for place, each in enumerate(model["objects"])
            if self.is_mapping(each, f"objects[{place}]")
        ]
        self.once((each["nameSingular"] for each in entries), "objects")
        if self.problems:
            raise InvalidInput(self.problems)
        return {each["nameSingular"]: each for each in entries}

    def is_mapping(self, value: object, path: str) -> bool:
        if isinstance(value, Mapping):
            return True
        self.problems.append(f"{path} must be an object")
        return False

    def once(self, names: Iterable[str], path: str) -> None:
        self.problems += [f'{path} has "{name}" twice' for name, count in Counter(names).items() if count > 1]

    def check(self, entry: Mapping[str, object], keys: set[str], texts: Iterable[str], path: str) -> Entry:
        self.problems += [f'{path} has an unknown member "{name}"' for name in entry if name not in keys]
        checked = dict(entry)
        for name in texts:
            if not isinstance(entry.get(name), str) or not entry[name]:
                self.problems.append(f"{path}.{name} should not be empty")
                checked[name] = ""
        return checked

    def items(self, entry: Mapping[str, object], name: str, path: str) -> list[Any]:
        value = entry.get(name) or []
        if not isinstance(value, list):
            self.problems.append(f"{path}.{name} must be a list")
            return []
        return [each for place, each in enumerate(value) if self.is_mapping(each, f"{path}.{name}[{place}]")]

    def object_entry(self, given: Mapping[str, object], path: str) -> Entry:
        is_custom = given.get("isCustom", True)
        fresh = None if is_custom else standard_entries().get(str(given.get("nameSingular")))
        asked = ("nameSingular",) if fresh else tuple(OBJECT_TEXTS)
        entry = filled(self.check(given, OBJECT_KEYS, asked, path), OBJECT_DEFAULTS, fresh)
        path = f"{path} ({entry['nameSingular']})"
        known = {each["name"]: each for each in fresh["fields"]} if fresh else {}
        entry["fields"] = [
            self.field_entry(each, known, f"{path}.fields[{place}]")
            for place, each in enumerate(self.items(given, "fields", path))
        ]
        self.once((each["name"] for each in entry["fields"]), f"{path}.fields")
        entry["indexes"] = [
            self.index_entry(each, f"{path}.indexes[{place}]")
            for place, each in enumerate(self.items(given, "indexes", path))
        ]
        return entry

    def field_entry(self, given: Mapping[str, Any], known: Mapping[str, Entry], path: str) -> Entry:
        fresh = known.get(str(given.get("name"))) if given.get("isCustom", True) is False else None
        asked = ("name",) if fresh else ("name", "type", "label")
        entry = filled(self.check(given, FIELD_KEYS, asked, path), FIELD_DEFAULTS, fresh)
        if "options" in given:
            entry["options"] = [
                filled(self.check(each, OPTION_KEYS, ("value", "label"), f"{path}.options"), OPTION_DEFAULTS, None)
                for each in self.items(given, "options", path)
            ]
        relation = given.get("relation")
        if relation is not None and self.is_mapping(relation, f"{path}.relation"):
            old = fresh["relation"] if fresh else None
            checked = self.check(relation, RELATION_KEYS, () if old else ("object",), f"{path}.relation")
            entry["relation"] = filled(checked, RELATION_DEFAULTS, old)
            inverse = relation.get("inverse", {} if old else None)
            if self.is_mapping(inverse, f"{path}.relation.inverse"):
                checked = self.check(
                    inverse, INVERSE_KEYS, () if old else ("name", "label"), f"{path}.relation.inverse"
                )
                entry["relation"]["inverse"] = filled(checked, INVERSE_DEFAULTS, old["inverse"] if old else None)
        return entry

    def index_entry(self, given: Mapping[str, object], path: str) -> Entry:
        fields = given.get("fields")
        if not isinstance(fields, list) or not fields or not all(isinstance(each, str) for each in fields):
            self.problems.append(f"{path}.fields must be a list of field names")
        return filled(self.check(given, INDEX_KEYS, (), path), INDEX_DEFAULTS, None)
