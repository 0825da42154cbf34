"""The data model of a workspace as a file: export it, compare it, apply it.

The file speaks of names, never of ids, and lists a relation once: where its to-one field is, with what the
counterpart is called (a relation from one to many of several objects stands with its own field). What is left
out has its default; of a standard object or field, the standard model's value. Fields and objects that the
engine keeps by itself are not in it.

    version: 1
    objects:
    - nameSingular: rocket
      namePlural: rockets
      labelSingular: Rocket
      labelPlural: Rockets
      fields:
      - {name: speed, type: NUMBER, label: Speed}
      - name: owner
        type: RELATION
        label: Owner
        relation: {object: company, inverse: {name: rockets, label: Rockets}}
      indexes:
      - fields: [speed]

`previousName` on an object or field, and `previousValue` on an option, rename what is called so now.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import yaml
from django.db import transaction

from config.errors import InvalidMetadataInput, MalformedBody, WorkspaceNotFound
from metadata import cache, services
from metadata.fieldtypes.contract import field_type
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata, RelationType, Workspace
from metadata.standard import CATALOGUE
from metadata.validation import InvalidInput

Model = dict[str, Any]
Entry = dict[str, Any]

FORMAT_VERSION = 1

# Members in the order they are written in, with what is left out of the file.
_OBJECT_TEXTS: Mapping[str, str] = {
    "nameSingular": "name_singular",
    "namePlural": "name_plural",
    "labelSingular": "label_singular",
    "labelPlural": "label_plural",
}
_OBJECT_MEMBERS: Mapping[str, tuple[str, Any]] = {
    "description": ("description", None),
    "icon": ("icon", None),
    "color": ("color", None),
    "shortcut": ("shortcut", None),
    "isCustom": ("is_custom", True),
    "isActive": ("is_active", True),
    "isSearchable": ("is_searchable", True),
    "isLabelSyncedWithName": ("is_label_synced_with_name", False),
    "openRecordIn": ("open_record_in", "SIDE_PANEL"),
    "duplicateCriteria": ("duplicate_criteria", None),
}
_IDENTIFIERS: Mapping[str, tuple[str, Any]] = {
    "labelIdentifier": ("label_identifier_field_id", "name"),
    "imageIdentifier": ("image_identifier_field_id", None),
}
_FIELD_MEMBERS: Mapping[str, tuple[str, Any]] = {
    "description": ("description", None),
    "icon": ("icon", None),
    "isCustom": ("is_custom", True),
    "isActive": ("is_active", True),
    "isSystem": ("is_system", False),
    "isNullable": ("is_nullable", True),
    "isUnique": ("is_unique", False),
    "isSearchable": ("is_searchable", None),
    "isAuditLogged": ("is_audit_logged", True),
    "isUIReadOnly": ("is_ui_read_only", False),
    "isLabelSyncedWithName": ("is_label_synced_with_name", False),
    "defaultValue": ("default_value", None),
}
_INVERSE_MEMBERS: Mapping[str, tuple[str, Any]] = {
    "description": ("description", None),
    "icon": ("icon", None),
    "isActive": ("is_active", True),
}
_OBJECT_KEYS = {*_OBJECT_TEXTS, *_OBJECT_MEMBERS, *_IDENTIFIERS, "fields", "indexes", "previousName"}
_FIELD_KEYS = {"name", "type", "label", *_FIELD_MEMBERS, "options", "settings", "relation", "previousName"}
_RELATION_KEYS = {"object", "kind", "onDelete", "morph", "inverse"}
_INVERSE_KEYS = {"name", "label", *_INVERSE_MEMBERS}
_OPTION_KEYS = {"value", "label", "color", "previousValue"}
_INDEX_KEYS = {"fields", "type"}
_SHOWN = frozenset({"labelSingular", "labelPlural", "label", "description", "icon", "color"})
_FIXED_OBJECT = ("isCustom", "shortcut")
_FIXED_FIELD = ("isCustom", "isSystem", "isNullable", "isUIReadOnly")
_TO_ONE, _TO_MANY = RelationType.MANY_TO_ONE.value, RelationType.ONE_TO_MANY.value
_IRRELEVANT_SETTINGS = frozenset({"relationType", "onDelete", "joinColumnName"})


# Rows → file -----------------------------------------------------------------------------------------


def schema_export(workspace_id: UUID) -> Model:
    """The workspace's data model, the same for the same model whatever its ids and history."""
    if not Workspace.objects.filter(id=workspace_id, deleted_at=None).exists():
        raise WorkspaceNotFound("Workspace not found")
    whole = _document(*_rows(workspace_id))
    fresh = _standard_entries()
    return {
        "version": FORMAT_VERSION,
        "objects": [_shortened(entry, fresh.get(name)) for name, entry in sorted(whole.items())],
    }


def _rows(workspace_id: UUID) -> tuple[list[ObjectMetadata], list[FieldMetadata], list[IndexFieldMetadata]]:
    return (
        list(ObjectMetadata.objects.filter(workspace_id=workspace_id)),
        list(FieldMetadata.objects.filter(workspace_id=workspace_id)),
        list(
            IndexFieldMetadata.objects.filter(
                index__workspace_id=workspace_id, index__is_custom=True, index__is_unique=False
            ).select_related("index")
        ),
    )


def _document(
    objects: Iterable[ObjectMetadata], fields: Sequence[FieldMetadata], index_fields: Sequence[IndexFieldMetadata]
) -> dict[str, Entry]:
    """Whole entries, every member written out, by the objects' singular names."""
    names = {each.id: each for each in objects}
    by_id = {each.id: each for each in fields}
    own: dict[UUID, list[FieldMetadata]] = defaultdict(list)
    for each in sorted(fields, key=lambda each: (each.position, each.name)):
        own[each.object_id].append(each)
    indexes: dict[UUID, dict[UUID, list[IndexFieldMetadata]]] = defaultdict(lambda: defaultdict(list))
    for column in index_fields:
        indexes[column.index.object_id][column.index_id].append(column)
    return {
        obj.name_singular: {
            **{name: _value(obj, name, attribute) for name, attribute in _OBJECT_TEXTS.items()},
            **{name: _value(obj, name, attribute) for name, (attribute, _) in _OBJECT_MEMBERS.items()},
            **{
                name: None if (id := getattr(obj, attribute)) is None else by_id[id].name
                for name, (attribute, _) in _IDENTIFIERS.items()
            },
            "fields": [_field_entry(each, names, by_id) for each in own[obj.id] if _is_listed(each, by_id)],
            "indexes": sorted(
                (_index_entry(columns, by_id) for columns in indexes[obj.id].values()), key=lambda each: str(each)
            ),
        }
        for obj in names.values()
    }


def _value(row: ObjectMetadata | FieldMetadata, name: str, attribute: str) -> Any:
    return row.shown(name) if name in _SHOWN else getattr(row, attribute)


def _is_listed(row: FieldMetadata, by_id: Mapping[UUID, FieldMetadata]) -> bool:
    """Whether the field has an entry of its own: none of the engine's, and one side of each relation."""
    if row.column is not None or row.is_managed:
        return False
    if row.relation_type is None:
        return True
    other = by_id[row.relation_target_field_id] if row.relation_target_field_id else None
    assert other is not None
    if row.relation_type == _TO_MANY:
        return field_type(row.type).is_morph
    return not field_type(other.type).is_morph


def _field_entry(
    row: FieldMetadata, objects: Mapping[UUID, ObjectMetadata], by_id: Mapping[UUID, FieldMetadata]
) -> Entry:
    entry: Entry = {"name": row.name, "type": row.type, "label": row.shown("label")}
    entry |= {name: _value(row, name, attribute) for name, (attribute, _) in _FIELD_MEMBERS.items()}
    settings = {name: value for name, value in (row.settings or {}).items() if name not in _IRRELEVANT_SETTINGS}
    entry["settings"] = (settings if row.relation_type else row.settings) or None
    entry["options"] = [
        {"value": each["value"], "label": each["label"], "color": each.get("color")}
        for each in sorted(row.options or (), key=lambda each: each["position"])
    ]
    entry["relation"] = None
    if row.relation_target_object_id is not None and row.relation_target_field_id is not None:
        target, other = objects[row.relation_target_object_id], by_id[row.relation_target_field_id]
        to_one = row if row.relation_type == _TO_ONE else other
        suffix = target.name_singular if row.relation_type == _TO_ONE else target.name_plural
        entry["relation"] = {
            "object": target.name_singular,
            "kind": str(row.relation_type),
            "onDelete": to_one.on_delete,
            "morph": row.name.removesuffix(_capitalised(suffix)) if field_type(row.type).is_morph else None,
            "inverse": {
                "name": other.name,
                "label": other.shown("label"),
                **{name: _value(other, name, attribute) for name, (attribute, _) in _INVERSE_MEMBERS.items()},
            },
        }
    return entry


def _index_entry(columns: list[IndexFieldMetadata], by_id: Mapping[UUID, FieldMetadata]) -> Entry:
    ordered = sorted(columns, key=lambda each: each.order)
    return {
        "fields": [
            by_id[each.field_id].name + (f".{each.sub_field_name}" if each.sub_field_name else "") for each in ordered
        ],
        "type": str(ordered[0].index.index_type),
    }


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=1)
def _standard_entries() -> Mapping[str, Entry]:
    """Whole entries of the standard objects as a new workspace has them. The standard model is part of the code."""
    objects, fields = services.standard_rows(UUID(int=0), CATALOGUE)
    return _document(objects.values(), [each for own in fields.values() for each in own], [])


# Left out and filled in ------------------------------------------------------------------------------


def _general(members: Mapping[str, tuple[str, Any]]) -> Entry:
    return {name: default for name, (_, default) in members.items()}


_OBJECT_DEFAULTS: Entry = {**_general(_OBJECT_MEMBERS), **_general(_IDENTIFIERS), "fields": [], "indexes": []}
_FIELD_DEFAULTS: Entry = {**_general(_FIELD_MEMBERS), "settings": None, "options": [], "relation": None}
_RELATION_DEFAULTS: Entry = {"kind": _TO_ONE, "onDelete": "SET_NULL", "morph": None}
_INVERSE_DEFAULTS: Entry = _general(_INVERSE_MEMBERS)
_OPTION_DEFAULTS: Entry = {"color": None}
_INDEX_DEFAULTS: Entry = {"type": "BTREE"}


def _shortened(entry: Entry, fresh: Entry | None) -> Entry:
    """The entry as it is written: without what filling in would put there again."""
    fresh = fresh if fresh is not None and not entry["isCustom"] else None
    known = {each["name"]: each for each in fresh["fields"]} if fresh else {}
    short = _without(entry, _OBJECT_DEFAULTS, fresh)
    if "fields" in short:
        short["fields"] = [_short_field(each, known.get(each["name"])) for each in entry["fields"]]
    if "indexes" in short:
        short["indexes"] = [_without(each, _INDEX_DEFAULTS, None) for each in entry["indexes"]]
    return short


def _short_field(entry: Entry, fresh: Entry | None) -> Entry:
    fresh = None if entry["isCustom"] else fresh
    short = _without(entry, _FIELD_DEFAULTS, fresh)
    if "options" in short:
        short["options"] = [_without(each, _OPTION_DEFAULTS, None) for each in entry["options"]]
    if short.get("relation"):
        old = fresh["relation"] if fresh else None
        relation = _without(entry["relation"], _RELATION_DEFAULTS, old)
        relation["inverse"] = _without(entry["relation"]["inverse"], _INVERSE_DEFAULTS, old["inverse"] if old else None)
        short["relation"] = relation
    return short


def _without(entry: Entry, defaults: Entry, fresh: Entry | None) -> Entry:
    """Only members that differ from the default, or from what the standard model says instead."""
    return {
        name: value
        for name, value in entry.items()
        if name not in defaults or value != defaults[name] or (fresh is not None and value != fresh[name])
    }


def _filled(given: Entry, defaults: Entry, fresh: Entry | None) -> Entry:
    """The members given over the standard model's over the defaults."""
    return {**defaults, **(fresh or {}), **given}


# Text ------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: no aliases (they can multiply a small file), and a date stays a text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "aliases are not read", self.peek_event().start_mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def schema_text(model: Model, format: str = "yaml") -> str:
    """A model as YAML or JSON text, always the same for the same model."""
    if format == "json":
        return json.dumps(model, ensure_ascii=False, indent=2) + "\n"
    return yaml.safe_dump(model, sort_keys=False, allow_unicode=True, width=110)


def schema_read(text: str | bytes) -> Any:
    """What a YAML or JSON text holds. Raises MalformedBody with the place of the fault."""
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as fault:
        raise MalformedBody(f"The data model cannot be read: {fault}") from None


# File → whole entries --------------------------------------------------------------------------------


class _Reader:
    """Checks the form of a file and fills in what it leaves out; what it means is checked by the services."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, model: Any) -> dict[str, Entry]:
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

    def is_mapping(self, value: Any, path: str) -> bool:
        if isinstance(value, Mapping):
            return True
        self.problems.append(f"{path} must be an object")
        return False

    def once(self, names: Iterable[str], path: str) -> None:
        self.problems += [f'{path} has "{name}" twice' for name, count in Counter(names).items() if count > 1]

    def check(self, entry: Mapping[str, Any], keys: set[str], texts: Iterable[str], path: str) -> Entry:
        self.problems += [f'{path} has an unknown member "{name}"' for name in entry if name not in keys]
        checked = dict(entry)
        for name in texts:
            if not isinstance(entry.get(name), str) or not entry[name]:
                self.problems.append(f"{path}.{name} should not be empty")
                checked[name] = ""
        return checked

    def items(self, entry: Mapping[str, Any], name: str, path: str) -> list[Any]:
        value = entry.get(name) or []
        if not isinstance(value, list):
            self.problems.append(f"{path}.{name} must be a list")
            return []
        return [each for place, each in enumerate(value) if self.is_mapping(each, f"{path}.{name}[{place}]")]

    def object_entry(self, given: Mapping[str, Any], path: str) -> Entry:
        is_custom = given.get("isCustom", True)
        fresh = None if is_custom else _standard_entries().get(str(given.get("nameSingular")))
        asked = ("nameSingular",) if fresh else tuple(_OBJECT_TEXTS)
        entry = _filled(self.check(given, _OBJECT_KEYS, asked, path), _OBJECT_DEFAULTS, fresh)
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
        entry = _filled(self.check(given, _FIELD_KEYS, asked, path), _FIELD_DEFAULTS, fresh)
        if "options" in given:
            entry["options"] = [
                _filled(self.check(each, _OPTION_KEYS, ("value", "label"), f"{path}.options"), _OPTION_DEFAULTS, None)
                for each in self.items(given, "options", path)
            ]
        relation = given.get("relation")
        if relation is not None and self.is_mapping(relation, f"{path}.relation"):
            old = fresh["relation"] if fresh else None
            checked = self.check(relation, _RELATION_KEYS, () if old else ("object",), f"{path}.relation")
            entry["relation"] = _filled(checked, _RELATION_DEFAULTS, old)
            inverse = relation.get("inverse", {} if old else None)
            if self.is_mapping(inverse, f"{path}.relation.inverse"):
                checked = self.check(
                    inverse, _INVERSE_KEYS, () if old else ("name", "label"), f"{path}.relation.inverse"
                )
                entry["relation"]["inverse"] = _filled(checked, _INVERSE_DEFAULTS, old["inverse"] if old else None)
        return entry

    def index_entry(self, given: Mapping[str, Any], path: str) -> Entry:
        fields = given.get("fields")
        if not isinstance(fields, list) or not fields or not all(isinstance(each, str) for each in fields):
            self.problems.append(f"{path}.fields must be a list of field names")
        return _filled(self.check(given, _INDEX_KEYS, (), path), _INDEX_DEFAULTS, None)


# The plan --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One change that the file asks for. `run` does it; names are looked up when it runs."""

    action: str  # create, rename, update, delete
    path: str  # `object rocket`, `field rocket.speed`
    run: Callable[[], None]
    details: Mapping[str, Any] = field(default_factory=dict)
    is_destructive: bool = False

    def __str__(self) -> str:
        details = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in self.details.items())
        return f"{self.action} {self.path}" + (f" ({details})" if details else "")

    def as_json(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "path": self.path,
            "details": dict(self.details),
            "isDestructive": self.is_destructive,
        }


class _Workspace:
    """The rows of a workspace by their names, as they are now."""

    def __init__(self, workspace_id: UUID) -> None:
        self.id = workspace_id

    def object(self, name: str) -> ObjectMetadata:
        found = ObjectMetadata.objects.filter(workspace_id=self.id, name_singular=name).first()
        if found is None:
            raise _invalid(f'There is no object "{name}"', name)
        return found

    def field(self, object_name: str, name: str) -> FieldMetadata:
        found = FieldMetadata.objects.filter(workspace_id=self.id, object__name_singular=object_name, name=name).first()
        if found is None:
            raise _invalid(f'Object {object_name} has no field "{name}"', f"{object_name}.{name}")
        return found

    def update_object(self, name: str, update: Mapping[str, Any]) -> None:
        services.object_update(workspace_id=self.id, object_id=self.object(name).id, update=update)

    def update_field(self, object_name: str, name: str, update: Mapping[str, Any]) -> None:
        row = self.field(object_name, name)
        if "settings" in update and row.relation_type is not None:
            joined = {"joinColumnName": row.join_name} if row.join_name else {}
            update = {**update, "settings": {**(update["settings"] or {}), **joined}}
        services.field_update(workspace_id=self.id, field_id=row.id, update=update)


def _invalid(message: str, path: str) -> InvalidMetadataInput:
    return InvalidMetadataInput(message, sub_code="INVALID_SCHEMA", path=path)


class _Planner:
    """Compares a file with what is there. Steps stand in an order in which each can be done."""

    def __init__(self, workspace_id: UUID, current: dict[str, Entry], wanted: dict[str, Entry]) -> None:
        self.workspace = _Workspace(workspace_id)
        self.current = current
        self.wanted = wanted
        self.renamed_objects = {
            each["previousName"]: name
            for name, each in wanted.items()
            if each.get("previousName") in current and name not in current and each["previousName"] not in wanted
        }

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
            renames, before = self.rename_fields(name, before, entry)
            first += renames
            old = {each["name"]: each for each in before["fields"]}
            grouped: dict[str, list[Entry]] = defaultdict(list)
            for each in entry["fields"]:
                if each["name"] in old:
                    updates += self.update_field(name, old[each["name"]], each)
                elif each["relation"] is None:
                    plain.append(self.create_field(name, each))
                elif each["relation"]["morph"]:
                    grouped[each["relation"]["morph"]].append(each)
                else:
                    relations.append(self.create_relation(name, each))
            for base, rows in grouped.items():
                relations.append(self.create_morph(name, base, rows, old.values()))
            objects += self.update_object(name, before, entry)
            gone += self.delete_fields(name, before, entry)
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

            def run(old: str = old, update: Mapping[str, Any] = update) -> None:
                self.workspace.update_object(old, update)

            yield Step("rename", f"object {old}", run, {"nameSingular": new})
            self.current[old] = {**self.current[old], **update}

    def create_object(self, entry: Entry) -> Step:
        if not entry["isCustom"]:
            raise _invalid(f'There is no standard object called "{entry["nameSingular"]}"', entry["nameSingular"])
        names = {name: entry[name] for name in _OBJECT_TEXTS}
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
        made = {**_OBJECT_DEFAULTS, **{name: entry[name] for name in (*_OBJECT_TEXTS, "isCustom")}}
        made |= {name: entry[name] for name in ("description", "icon", "color", "shortcut")}
        made["labelSingular"] = _capitalised(entry["labelSingular"])
        made["labelPlural"] = _capitalised(entry["labelPlural"])
        has_name = any(each["name"] == "name" and each["type"] == "TEXT" for each in entry["fields"])
        name = {**_FIELD_DEFAULTS, "name": "name", "type": "TEXT", "label": "Name", "icon": "IconAbc"}
        name["description"] = "Name"
        made["fields"] = [name] if has_name else []
        made["labelIdentifier"] = "name" if has_name else "id"
        return made

    def update_object(self, name: str, before: Entry, entry: Entry) -> list[Step]:
        changed = {
            each: entry[each]
            for each in (*_OBJECT_TEXTS, *_OBJECT_MEMBERS)
            if each != "nameSingular" and entry[each] != before[each]
        }
        for fixed in _FIXED_OBJECT:
            if fixed in changed:
                raise _invalid(f"{fixed} of object {name} cannot be changed", name)
        identifiers = {each: entry[each] for each in _IDENTIFIERS if entry[each] != before[each]}
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

    # Fields

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
            raise _invalid(f'Standard object {name} has no standard field "{entry["name"]}"', name)
        values = {each: entry[each] for each in ("name", "type", "label", *_FIELD_MEMBERS)}
        values |= {"settings": entry["settings"], "options": _positioned(entry["options"], {}) or None}

        def run() -> None:
            object_id = str(self.workspace.object(name).id)
            made = services.field_create(
                workspace_id=self.workspace.id, values={**values, "objectMetadataId": object_id}
            )
            if not entry["isActive"]:
                services.field_update(workspace_id=self.workspace.id, field_id=made.id, update={"isActive": False})

        return Step("create", f"field {name}.{entry['name']}", run, {"type": entry["type"]})

    def _payload(self, relation: Entry) -> dict[str, Any]:
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

    def _relation_values(self, name: str, entry: Entry) -> dict[str, Any]:
        kept = ("type", "label", "description", "icon", "isUIReadOnly", "isLabelSyncedWithName")
        return {**{each: entry[each] for each in kept}, "objectMetadataId": str(self.workspace.object(name).id)}

    def _finish_relation(self, name: str, entry: Entry) -> None:
        """What a relation's creation chose by itself, and the file says otherwise."""
        current = _document(*_rows(self.workspace.id))
        made = next((each for each in current[name]["fields"] if each["name"] == entry["name"]), None)
        if made is None:
            raise _invalid(
                f'Field {name}.{entry["name"]} is no part of the relation "{entry["relation"]["morph"]}"', name
            )
        for step in self.update_field(name, made, entry):
            step.run()

    def update_field(self, name: str, before: Entry, entry: Entry) -> list[Step]:
        steps: list[Step] = []
        path = f"field {name}.{entry['name']}"
        if (before["relation"] is None) != (entry["relation"] is None):
            raise _invalid(f"{path} cannot become a relation, nor a relation another type", path)
        if field_type(before["type"]) is not field_type(entry["type"]):
            return [
                *self.change_type(name, before, entry),
                *self.update_field(name, self._retyped(before, entry), entry),
            ]
        changed = {each: entry[each] for each in ("label", *_FIELD_MEMBERS) if entry[each] != before[each]}
        for fixed in _FIXED_FIELD:
            if fixed in changed:
                raise _invalid(f"{fixed} of {path} cannot be changed", path)
        if (entry["settings"] or None) != (before["settings"] or None):
            changed["settings"] = entry["settings"]
        removed: list[str] = []
        if _bare(entry["options"]) != _bare(before["options"]) and field_type(entry["type"]).has_options:
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
                update["options"] = _positioned(update["options"], ids)
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
            sent.append({**_bare([each])[0], "previousValue": source})
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
                options=_positioned(entry["options"], {}) or None,
                settings=entry["settings"],
            )
            if self.workspace.field(name, entry["name"]).default_value != entry["defaultValue"]:
                self.workspace.update_field(name, entry["name"], {"defaultValue": entry["defaultValue"]})

        details = {"type": [before["type"], entry["type"]]}
        return [Step("update", f"field {name}.{entry['name']}", run, details)]

    def update_relation(self, name: str, before: Entry, entry: Entry, changed: dict[str, Any]) -> list[Step]:
        """The counterpart's steps; what changes on this side is put into `changed`."""
        old, new = before["relation"], entry["relation"]
        for fixed in ("object", "kind", "morph"):
            if old[fixed] != new[fixed] and not (
                fixed == "object" and self.renamed_objects.get(old[fixed]) == new[fixed]
            ):
                raise _invalid(f"{fixed} of relation {name}.{entry['name']} cannot be changed", name)
        steps = []
        if old["onDelete"] != new["onDelete"] and new["kind"] == _TO_ONE:
            changed["settings"] = {**(entry["settings"] or {}), "onDelete": new["onDelete"]}
        inverse = {
            each: new["inverse"][each]
            for each in ("name", "label", *_INVERSE_MEMBERS)
            if new["inverse"][each] != old["inverse"][each]
        }
        if inverse:
            previous = old["inverse"]["name"]

            def run() -> None:
                self.workspace.update_field(new["object"], previous, inverse)

            steps.append(Step("update", f"field {new['object']}.{previous}", run, inverse))
        if old["onDelete"] != new["onDelete"] and new["kind"] == _TO_MANY:

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
                    raise _invalid(f"One target of relation {name}.{base} cannot be taken away", name)
                if base in morphs:
                    continue  # all rows go with the first
                morphs.add(base)

            def run(field_name: str = each["name"]) -> None:
                row = self.workspace.field(name, field_name)
                services.field_delete(workspace_id=self.workspace.id, field_id=row.id)

            yield Step("delete", f"field {name}.{each['name']}", run, is_destructive=True)

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
            for index in IndexMetadata.objects.filter(object=obj, is_custom=True, is_unique=False):
                columns = list(IndexFieldMetadata.objects.filter(index=index).select_related("index"))
                if _index_entry(columns, by_id) == entry:
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


def _bare(options: Iterable[Mapping[str, Any]]) -> list[Entry]:
    return [{name: each.get(name) for name in ("value", "label", "color")} for each in options]


def _positioned(options: Sequence[Mapping[str, Any]], ids: Mapping[str, str]) -> list[Entry]:
    """Options as the services take them: in their order, with the id of the value that each one had."""
    made = []
    for place, each in enumerate(options):
        option = {**_bare([each])[0], "position": place}
        known = ids.get(str(each.get("previousValue", each["value"])))
        made.append({**option, "id": known} if known else option)
    return made


# Compare and apply -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """The steps of a plan, whether they were done, and the version of the data model afterwards."""

    steps: Sequence[Step]
    is_applied: bool
    version: int


def schema_diff(workspace_id: UUID, model: Any) -> list[Step]:
    """The steps that `schema_apply` would take, in their order. Raises InvalidInput, InvalidMetadataInput."""
    return list(schema_apply(workspace_id, model, dry_run=True, allow_destructive=True).steps)


def schema_apply(workspace_id: UUID, model: Any, *, dry_run: bool = False, allow_destructive: bool = False) -> Outcome:
    """Make the workspace's data model the one of the file: all of it, or nothing.

    `dry_run` does everything and takes it back, so what would fail does. Steps that lose values (deleting objects,
    fields or options) are refused unless `allow_destructive`. Raises what the services raise.
    """
    wanted = _Reader().read(model)
    try:
        with transaction.atomic():
            workspace = Workspace.objects.select_for_update().filter(id=workspace_id, deleted_at=None).first()
            if workspace is None:
                raise WorkspaceNotFound("Workspace not found")
            steps = _missing_standard(workspace_id, wanted)
            planned = _Planner(workspace_id, _document(*_rows(workspace_id)), wanted).plan()
            steps += planned
            lost = [str(each) for each in steps if each.is_destructive]
            if lost and not allow_destructive:
                raise InvalidMetadataInput(
                    f"The data model would lose values: {'; '.join(lost)}",
                    sub_code="DESTRUCTIVE_SCHEMA_CHANGE",
                    hint="Allow destructive steps to do this",
                )
            for step in planned:
                step.run()
            workspace.refresh_from_db(fields=["schema_version"])
            if dry_run:
                transaction.set_rollback(True)
    except BaseException:
        cache.forget(workspace_id)
        raise
    if dry_run:
        cache.forget(workspace_id)  # versions that were taken back will come again
    shown = [each for each in steps if each.action]
    return Outcome(shown, not dry_run and bool(steps), workspace.schema_version)


def _missing_standard(workspace_id: UUID, wanted: Mapping[str, Entry]) -> list[Step]:
    """Adds the standard objects that the workspace lacks at once, since the rest is compared with them."""
    known = set(ObjectMetadata.objects.filter(workspace_id=workspace_id).values_list("name_singular", flat=True))
    names = [name for name, each in wanted.items() if not each["isCustom"] and name not in known]
    if names:
        services.standard_objects_add(workspace_id=workspace_id, names=names)
    return [Step("create", f"object {name}", lambda: None, {"isCustom": False}) for name in names]
