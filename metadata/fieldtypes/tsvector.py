"""The search vector that every searchable record keeps; written by the server alone."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from config.errors import InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.operators import TS_VECTOR_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, refused
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import NULLABLE_TEXT, TSVECTOR_COLUMN, SqlType
from metadata.fieldtypes.values import coerce_pattern

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


def fold(text: str) -> str:
    """The text as search compares it: lower case, without accents.

    >>> fold("Élodie Ångström")
    'elodie angstrom'
    """
    return text.lower() if text.isascii() else text.translate(_FOLDED)


_PIECE = re.compile(r'-?"[^"]*"|[^\s"]+')
_WORD = re.compile(r"\w+")


def websearch(text: str) -> str:
    """A text for `websearch_to_tsquery`, folded; the words of an address stand in quotes, one behind the other.

    PostgreSQL would take an address for one word, while the vectors hold its words.

    >>> websearch('Ada@Acme.example or "Jean-Luc" -x.y &')
    '"ada acme example" or "jean luc" -"x y"'
    """
    pieces = []
    for piece in _PIECE.findall(fold(text)):
        words = _WORD.findall(piece)
        if words:
            is_phrase = len(words) > 1 or '"' in piece
            shown = f'"{" ".join(words)}"' if is_phrase else words[0]
            pieces.append(f"-{shown}" if piece.startswith("-") else shown)
    return " ".join(pieces)


class _Folded(dict[int, str]):
    """By code point: its folded form (Unicode NFKD without combining marks, case folded), made when first asked for."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code))
        folded = "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()
        if code < _KEPT_BELOW:
            self[code] = folded
        return folded


_KEPT_BELOW = 0x3100  # the alphabets and kana; ideographs and Hangul are too many to keep
_FOLDED = _Folded()


@register
class TsVectorType(FieldType):
    """Stored: a column of its own, made of the object's search fields."""

    name = "TS_VECTOR"
    label = "Search vector"
    description = "The words a record is found by; kept by the server."

    sql_type = NULLABLE_TEXT
    column_sql_type = TSVECTOR_COLUMN
    operators = TS_VECTOR_OPERATORS
    creation_refusal = "TS Vector is not supported for field creation"
    orderable = False
    groupable = False
    unique_capable = False
    is_writable = False
    is_readable = False

    graphql = "TSVector"
    graphql_filter = "TSVectorFilter"
    samples = Samples(
        good=[],
        bad=refused(
            ("'ada':1", None, 1, {}), lambda value: "sample TS_VECTOR-typed field does not support write operations"
        ),
        answers=[("'ada':1", "'ada':1"), (None, None)],
        operands={"search": "Ada & | ("},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        raise InvalidValue(f"{field.name} TS_VECTOR-typed field does not support write operations", path=field.name)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return websearch(coerce_pattern(value, operator, path))

    def answer_sql(self, field: FieldSchema, subfield: str | None, json: str, sql_type: SqlType) -> str:
        return f"coalesce(to_json({json}::text)::text, 'null')"

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        return {"type": ["string", "null"], "readOnly": True, "examples": ["'ada':1"]}
