"""Field descriptions made directly, without a workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from metadata.fieldtypes import FieldType, field_type
from metadata.schema import FieldSchema, Option, RelationSchema

_IDS = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def field_of(kind: FieldType | str, **members: Any) -> FieldSchema:
    """A field called `sample` with the settings and options of its type's samples."""
    described = field_type(kind) if isinstance(kind, str) else kind
    samples = described.samples
    options = tuple(
        Option(str(uuid5(_IDS, str(option["value"]))), option["value"], option["label"], option["position"])
        for option in samples.options or ()
    )
    values: dict[str, Any] = {
        "id": uuid5(_IDS, described.name),
        "object_id": _IDS,
        "name": "sample",
        "label": "Sample",
        "type": described,
        "storage_key": "sample",
        "options": options,
        "settings": dict(samples.settings or {}),
        **members,
    }
    if described.is_relation and "relation" not in members:
        values["relation"] = RelationSchema("MANY_TO_ONE", _IDS, _IDS, join_name="sampleId")
    return FieldSchema(**values)


# The columns that every record has beside `data`, by the type that keeps a value there:
COLUMNS = {
    "UUID": "id",
    "DATE_TIME": "created_at",
    "POSITION": "position",
    "ACTOR": "created_by",
    "TS_VECTOR": "search",
}


def variants(described: FieldType) -> list[FieldSchema]:
    """The field as it is kept in `data`, and in the column some types have."""
    inside = [] if described.name in ("POSITION", "TS_VECTOR") else [field_of(described)]
    column = COLUMNS.get(described.name)
    return inside + ([field_of(described, column=column, name="sample")] if column else [])
