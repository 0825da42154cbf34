"""What an entry of the file is made of, what is left out of it, and filling that in again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metadata.models import RelationType

Model = dict[str, object]
Entry = dict[str, Any]

FORMAT_VERSION = 1

# Members in the order they are written in, with what is left out of the file.
OBJECT_TEXTS: Mapping[str, str] = {
    "nameSingular": "name_singular",
    "namePlural": "name_plural",
    "labelSingular": "label_singular",
    "labelPlural": "label_plural",
}
OBJECT_MEMBERS: Mapping[str, tuple[str, object]] = {
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
IDENTIFIERS: Mapping[str, tuple[str, object]] = {
    "labelIdentifier": ("label_identifier_field_id", "name"),
    "imageIdentifier": ("image_identifier_field_id", None),
}
FIELD_MEMBERS: Mapping[str, tuple[str, object]] = {
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
INVERSE_MEMBERS: Mapping[str, tuple[str, object]] = {
    "description": ("description", None),
    "icon": ("icon", None),
    "isActive": ("is_active", True),
}
OBJECT_KEYS = {*OBJECT_TEXTS, *OBJECT_MEMBERS, *IDENTIFIERS, "fields", "indexes", "previousName"}
FIELD_KEYS = {"name", "type", "label", *FIELD_MEMBERS, "options", "settings", "relation", "previousName"}
RELATION_KEYS = {"object", "kind", "onDelete", "morph", "inverse"}
INVERSE_KEYS = {"name", "label", *INVERSE_MEMBERS}
OPTION_KEYS = {"value", "label", "color", "previousValue"}
INDEX_KEYS = {"fields", "type"}
SHOWN = frozenset({"labelSingular", "labelPlural", "label", "description", "icon", "color"})
FIXED_OBJECT = ("isCustom", "shortcut")
FIXED_FIELD = ("isCustom", "isSystem", "isNullable", "isUIReadOnly")
TO_ONE, TO_MANY = RelationType.MANY_TO_ONE.value, RelationType.ONE_TO_MANY.value
IRRELEVANT_SETTINGS = frozenset({"relationType", "onDelete", "joinColumnName"})


# Left out and filled in ------------------------------------------------------------------------------


def _general(members: Mapping[str, tuple[str, object]]) -> Entry:
    return {name: default for name, (_, default) in members.items()}


OBJECT_DEFAULTS: Entry = {**_general(OBJECT_MEMBERS), **_general(IDENTIFIERS), "fields": [], "indexes": []}
FIELD_DEFAULTS: Entry = {**_general(FIELD_MEMBERS), "settings": None, "options": [], "relation": None}
RELATION_DEFAULTS: Entry = {"kind": TO_ONE, "onDelete": "SET_NULL", "morph": None}
INVERSE_DEFAULTS: Entry = _general(INVERSE_MEMBERS)
OPTION_DEFAULTS: Entry = {"color": None}
INDEX_DEFAULTS: Entry = {"type": "BTREE"}


def shortened(entry: Entry, fresh: Entry | None) -> Entry:
    """The entry as it is written: without what filling in would put there again."""
    fresh = fresh if fresh is not None and not entry["isCustom"] else None
    known = {each["name"]: each for each in fresh["fields"]} if fresh else {}
    short = _without(entry, OBJECT_DEFAULTS, fresh)
    if "fields" in short:
        short["fields"] = [_short_field(each, known.get(each["name"])) for each in entry["fields"]]
    if "indexes" in short:
        short["indexes"] = [_without(each, INDEX_DEFAULTS, None) for each in entry["indexes"]]
    return short


def _short_field(entry: Entry, fresh: Entry | None) -> Entry:
    fresh = None if entry["isCustom"] else fresh
    short = _without(entry, FIELD_DEFAULTS, fresh)
    if "options" in short:
        short["options"] = [_without(each, OPTION_DEFAULTS, None) for each in entry["options"]]
    if short.get("relation"):
        old = fresh["relation"] if fresh else None
        relation = _without(entry["relation"], RELATION_DEFAULTS, old)
        relation["inverse"] = _without(entry["relation"]["inverse"], INVERSE_DEFAULTS, old["inverse"] if old else None)
        short["relation"] = relation
    return short


def _without(entry: Entry, defaults: Entry, fresh: Entry | None) -> Entry:
    """Only members that differ from the default, or from what the standard model says instead."""
    return {
        name: value
        for name, value in entry.items()
        if name not in defaults or value != defaults[name] or (fresh is not None and value != fresh[name])
    }


def filled(given: Entry, defaults: Entry, fresh: Entry | None) -> Entry:
    """The members given over the standard model's over the defaults."""
    return {**defaults, **(fresh or {}), **given}
