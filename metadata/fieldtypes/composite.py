"""What the composite types share: an object whose parts are cleaned one by one, each by its own function.

A composite is always answered as an object; what is absent in it prints as its part's empty value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from config.errors import InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import TEXT_OPERATORS
from metadata.fieldtypes.parts import Json, Subfield
from metadata.fieldtypes.sql_types import TEXT, SqlType
from metadata.fieldtypes.values import clean_text, coerce_text, invalid_object, union, unquote

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


class CompositeType(FieldType):
    """A type with sub-fields; subclasses list them and their examples."""

    noun: ClassVar[str]  # how messages call it: "full name"
    example: ClassVar[Mapping[str, object]]  # answered by a filled record; can be sent as it is

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise invalid_object(value, field.name)
        name, subfields = field.name, self.subfields
        cleaned = {}
        for key, part_value in value.items():
            part = subfields.get(key)
            if part is None:
                raise InvalidValue(self.unknown_subfield(key, name), path=f"{name}.{key}")
            assert part.clean is not None
            cleaned[key] = part.clean(part_value, f"{name}.{key}")
        return cleaned

    def combine_with_extra(
        self, values: Sequence[Json], extra: str, entry: Callable[[Json], Json], key: Callable[[Json], object]
    ) -> Json:
        """The first value with a primary, and every other primary and further entry in its list `extra`.

        `entry` makes a list entry of a value's primary, None when it has none; `key` tells entries apart.
        """
        holder = next((value for value in values if entry(value) is not None), values[0])
        primary = entry(holder)
        rest = [holder, *(value for value in values if value is not holder)]
        lists = [
            [*([entry(value)] if value is not holder and entry(value) is not None else []), *value.get(extra, [])]
            for value in rest
        ]
        entries = [each for each in union(lists, key) if primary is None or key(each) != key(primary)]
        combined = {name: part for name, part in holder.items() if name != extra}
        return {**combined, **({extra: entries} if entries else {})}

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        """`path` ends with the sub-field's name."""
        part = self.subfields[path.rpartition(".")[2]]
        assert part.coerce is not None
        return part.coerce(value, operator, path)

    def unknown_subfield(self, key: str, name: str) -> str:
        return f'Invalid subfield {key} for {self.noun} field "{name}"'

    def clean_default(self, default: Json, field: FieldSchema) -> Json:
        if default is None or all(part in (None, "", [], {}) for part in unquote(default).values()):
            return None
        return default

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        return {
            "type": "object",
            "properties": {name: dict(part.json_schema) for name, part in self.subfields.items()},
            "required": list(self.subfields),
            "examples": [dict(self.example)],
        }

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema = {
            "type": "object",
            "properties": {
                name: dict(nullable(part.json_schema) if part.input_json_schema is None else part.input_json_schema)
                for name, part in self.subfields.items()
            },
            "additionalProperties": False,
            "examples": [
                {name: self.example[name] for name, part in self.subfields.items() if not part.is_input_hidden}
            ],
        }
        return nullable(schema) if field.is_nullable else schema


def text_part(
    name: str, label: str, *, is_unique_part: bool = False, sql_type: SqlType = TEXT, **more: object
) -> Subfield:
    """A sub-field of plain text; `more` overrides members of Subfield."""
    members: dict[str, Any] = {
        "operators": TEXT_OPERATORS,
        "filter_type": "TEXT",
        "graphql": "String",
        "graphql_filter": "StringFilter",
        "json_schema": {"type": "string"},
        "clean": clean_text,
        "coerce": coerce_text,
        **more,
    }
    return Subfield(name, sql_type, label=label, is_unique_part=is_unique_part, **members)


def by_name(parts: Sequence[Subfield]) -> dict[str, Subfield]:
    return {part.name: part for part in parts}
