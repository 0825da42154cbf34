"""Identifiers, and the making of record ids."""

from __future__ import annotations

import os
import re
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

from config.errors import InvalidFilter, InvalidId, InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import NUMBER_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, Subfield, refused
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import UUID, UUID_COLUMN, SqlType
from metadata.fieldtypes.values import show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

UUID_OPERATORS = NUMBER_OPERATORS
EXAMPLE = "20202020-1c25-4d02-bf25-6aeccf7ea419"
_FORM = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


_lock = threading.Lock()
_last = 0  # milliseconds and a 12-bit counter of the id made last

# Random numbers for ids to come. Whoever asks the system for each lets go of the interpreter and takes it again,
# hundreds of times in a batch; other threads wake for it in vain, and never come to the point where they insist.
_DRAW = struct.Struct("256Q")
_drawn: list[int] = []
os.register_at_fork(after_in_child=_drawn.clear)


def _random() -> int:
    """64 bits."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            _drawn.extend(_DRAW.unpack(os.urandom(_DRAW.size)))


def new_id() -> str:
    """A fresh record id: 48 bits of milliseconds, 12 of a counter, then chance.

    Ids of one process grow strictly, so records of a batch keep their order when sorted by id, and an
    index grows at its end. The version digit is 4: published clients refuse versions above 5 (RFC 9562
    calls this layout 7).

    >>> first, second = new_id(), new_id()
    >>> first < second, first[14]
    (True, '4')
    """
    global _last
    with _lock:
        _last = moment = max(_last + 1, (time.time_ns() // 1_000_000) << 12)
    high, low, counter = moment >> 28 & 0xFFFFFFFF, moment >> 12 & 0xFFFF, moment & 0xFFF
    chance = _random() & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000
    return f"{high:08x}-{low:04x}-4{counter:03x}-{chance >> 48:04x}-{chance & 0xFFFFFFFFFFFF:012x}"


def is_uuid(value: Json) -> bool:
    """Whether the value is a UUID's text, of any version and letter case."""
    return isinstance(value, str) and len(value) == 36 and _FORM.fullmatch(value) is not None


def uuid_message(value: Json, path: str) -> str:
    return f'Invalid UUID value {show(value)} for field "{path}"'


def clean_uuid(value: Json, path: str) -> str | None:
    if value is None:
        return None
    if not is_uuid(value):
        raise InvalidValue(uuid_message(value, path), path=path)
    return str(value).lower()


def coerce_uuid(value: Json, operator: str, path: str) -> str | None:
    if value is None:
        return None
    if not is_uuid(value):
        raise InvalidFilter(uuid_message(value, path), path=path)
    return str(value).lower()


@register
class UuidType(FieldType):
    """Stored: the UUID's text in lower case; the record's own id is a column."""

    name = "UUID"
    label = "Unique ID"
    description = "A universally unique identifier, of any version."

    sql_type = UUID
    column_sql_type = UUID_COLUMN
    operators = UUID_OPERATORS
    label_identifier_capable = True

    graphql = "UUID"
    graphql_filter = "UUIDFilter"
    samples = Samples(
        good=[
            (EXAMPLE, EXAMPLE),
            (EXAMPLE.upper(), EXAMPLE),
            ("01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8057"),
            (None, None),
        ],
        bad=refused(
            ("non-uuid", "", EXAMPLE.replace("-", ""), "{" + EXAMPLE + "}", 1, True, {}, []),
            lambda value: uuid_message(value, "sample"),
        ),
        answers=[(EXAMPLE, EXAMPLE), (None, None)],
        operands={"eq": EXAMPLE.upper(), "in": EXAMPLE, "gt": EXAMPLE},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if field.column != "id":
            return clean_uuid(value, field.name)
        if value is not None and not is_uuid(value):
            shown = value if isinstance(value, str) else show(value)
            raise InvalidId(f'Value "{shown}" is not a valid UUID', path=field.name)
        return None if value is None else value.lower()

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_uuid(value, operator, path)

    def default(self, default: Json, field: FieldSchema) -> Json:
        return new_id() if default == "uuid" else super().default(default, field)

    def answer_sql(self, field: FieldSchema, subfield: str | None, json: str, sql_type: SqlType) -> str:
        if field.column is None:
            return super().answer_sql(field, subfield, json, sql_type)
        return f"coalesce('\"' || {json}::text || '\"', 'null')"

    def graphql_input_type(self, field: FieldSchema, for_update: bool = False) -> str:
        return "ID" if field.column == "id" else "UUID"

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {"type": "string", "format": "uuid", "examples": [EXAMPLE]}
        return nullable(schema) if field.is_nullable else schema


def uuid_part(name: str, label: str, **more: object) -> Subfield:
    """A sub-field that holds a UUID or null; `more` overrides members of Subfield."""
    members: dict[str, Any] = {
        "operators": UUID_OPERATORS,
        "filter_type": "UUID",
        "graphql": "UUID",
        "graphql_filter": "UUIDFilter",
        "json_schema": {"type": ["string", "null"], "format": "uuid"},
        "clean": clean_uuid,
        "coerce": coerce_uuid,
        **more,
    }
    return Subfield(name, UUID, label=label, **members)
