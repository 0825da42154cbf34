"""The columns of a CSV file: one for each member of a record, and one for each part of a composite.

name.firstName                      a part of a composite
stage                               any other field; objects are JSON text, an option is its value or its label
tags                                a list: JSON text, or its items separated by commas or line ends
companyId                           a relation, by the id of the record it leads to
company.domainName.primaryLinkUrl   only read: a relation, by a unique value of that record
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import Any, NamedTuple

from config.errors import BadRequest, MalformedBody
from config.formulas import harmless
from config.http.bounds import MAX, check_count
from config.http.rendering import dumps, read_json
from core.query import ir
from core.query.scope import Scope, nearest, readable_unique_fields
from core.query.selections import plan_members
from metadata.schema import FieldSchema, ObjectSchema, Option

Read = Callable[[str], object]


class Column(NamedTuple):
    """Where the value of a column stands in a record as Core REST takes it, and how its text is read."""

    path: tuple[str, ...]
    read: Read


# Out -------------------------------------------------------------------------------------------------


def answer_paths(scope: Scope, subject: ObjectSchema, selection: ir.Everything) -> list[tuple[str, ...]]:
    """The path of each column in a record as it is answered, in its order; raises what the selection is refused for."""
    paths: list[tuple[str, ...]] = []
    for member in plan_members(scope, subject, selection):
        field = subject.by_join_name.get(member.key) or subject.by_name[member.key]
        parts = () if field.relation is not None else tuple(field.type.subfields)
        paths += [(member.key, part) for part in parts] or [(member.key,)]
    return paths


def cells(record: Mapping[str, Any], paths: Sequence[tuple[str, ...]], *, is_safe: bool = False) -> Iterator[str]:
    """The texts of one row; `is_safe`: none that a spreadsheet takes for a formula. Numbers are no texts."""
    for path in paths:
        value = record[path[0]]
        if len(path) > 1:
            value = None if value is None else value.get(path[1])
        if isinstance(value, str):
            yield harmless(value) if is_safe else value
        else:
            yield "" if value is None else dumps(value).decode()


# In --------------------------------------------------------------------------------------------------


def columns_of(scope: Scope, subject: ObjectSchema) -> dict[str, Column]:
    """Every column that a file of the object's records can have, by its name.

    What may not be written is refused by each record that has it; what may not be read names no related record.
    """
    columns: dict[str, Column] = {}
    for field in subject.fields:
        if field.relation is None:
            if field.type.is_readable:
                columns |= _columns_of_field(field, (field.name,))
        elif field.relation.join_name is not None:
            columns[field.relation.join_name] = Column((field.relation.join_name,), str)
            target = scope.schema.target(field)
            for unique in () if target is None else readable_unique_fields(scope, target):
                where = (field.name, "connect", "where", unique.name)
                for name, column in _columns_of_field(unique, where).items():
                    if not unique.type.subfields or column.path[-1] in unique.type.unique_parts():
                        columns[f"{field.name}.{name}"] = column
    return columns


def _columns_of_field(field: FieldSchema, path: tuple[str, ...]) -> dict[str, Column]:
    columns = {field.name: Column(path, _reader(field.type.input_value_schema(field), field.options))}
    for name, part in field.type.subfields.items():
        schema = part.json_schema if part.input_json_schema is None else part.input_json_schema
        columns[f"{field.name}.{name}"] = Column((*path, name), _reader(schema))
    return columns


def _reader(schema: Mapping[str, Any], options: Sequence[Option] = ()) -> Read:
    """How the text of a cell becomes JSON of the kind the schema (JSON Schema 2020-12) describes."""
    kinds = _kinds(schema)
    if "array" in kinds and _kinds(schema.get("items", {})) == {"string"}:
        return partial(_read_options, options=options) if options else _read_texts
    if "string" in kinds and not kinds & {"number", "integer"}:
        return partial(_read_option, options=options) if options else str
    return _read_boolean if "boolean" in kinds else _read_json


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", ())
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _read_option(text: str, options: Sequence[Option]) -> str:
    """The value of the option that a text names, by its value or its label; the text itself when there is none.

    The case of a label's letters only counts where two labels differ in nothing else.
    """
    wanted = text.strip()
    for option in options:
        if option.value == wanted:
            return wanted
    by_label = [each.value for each in options if each.label == wanted]
    alike = by_label or [each.value for each in options if each.label.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else text


def _read_options(text: str, options: Sequence[Option]) -> list[object]:
    """Options of a list. Labels have no commas, but may have semicolons, which else separate as commas do."""
    values = {each.value for each in options}
    whole = _read_option(text, options)
    if whole in values:
        return [whole]
    chosen: list[object] = []
    items = _read_texts(text)
    check_count(len(items), MAX.list_items, "items")
    for item in items:
        value = _read_option(item, options) if isinstance(item, str) else item
        if isinstance(value, str) and value not in values and ";" in value:
            chosen += [_read_option(each.strip(), options) for each in value.split(";") if each.strip()]
        else:
            chosen.append(value)
    return chosen


def _read_texts(text: str) -> list[object]:
    """A list of texts: a JSON array, or items as a line of CSV has them; raises TooComplex.

    Numbers and words of JSON are texts here.

    >>> _read_texts('["a", 2024]'), _read_texts('a, "b, c",null'), _read_texts('2024'), _read_texts('[draft] 5" x,y')
    (['a', '2024'], ['a', 'b, c', 'null'], ['2024'], ['[draft] 5" x', 'y'])
    """
    if text.lstrip().startswith("["):
        items = _read_json(text)
        if isinstance(items, list):
            return [dumps(each).decode() if isinstance(each, bool | int | float) else each for each in items]
    check_count(text.count(",") + text.count("\n") + text.count(";"), MAX.list_items, "separators in one cell")
    try:
        rows = list(csv.reader(StringIO(text, newline=""), strict=True, skipinitialspace=True))
    except csv.Error:  # its quotes are part of the text
        rows = [line.split(",") for line in text.splitlines()]
    return [item.strip() for row in rows for item in row if item.strip()] or [text]


def _read_json(text: str) -> object:
    """JSON, or the text itself, which the field then accepts or refuses in its own words."""
    try:
        return read_json(text.encode())
    except (MalformedBody, UnicodeEncodeError):
        return text


def _read_boolean(text: str) -> object:
    return _read_json(text.lower())  # spreadsheets write TRUE


def choose_columns(columns: Mapping[str, Column], header: Sequence[str]) -> list[Column]:
    """The columns of a header; BadRequest names the first that is unknown, and the nearest known one.

    A column for a whole beside one for a part of it is refused too: one of them would be lost.
    """
    chosen: list[Column] = []
    seen: dict[tuple[str, ...], str] = {}  # by their paths
    for name in header:
        column = columns.get(name)
        if column is None:
            raise BadRequest(f'Unknown column "{name}"', hint=nearest(name, columns), path=name)
        if column.path in seen:
            raise BadRequest(f'The column "{name}" stands twice in the header', path=name)
        seen[column.path] = name
        chosen.append(column)
    for path, name in seen.items():
        for size in range(1, len(path)):
            if (whole := seen.get(path[:size])) is not None:
                raise BadRequest(
                    f'The column "{name}" is a part of the column "{whole}"',
                    hint="Give the field as a whole or in parts.",
                    path=name,
                )
    return chosen


def record_of(row: Sequence[str], columns: Sequence[Column]) -> dict[str, object]:
    """A row as the body of a create; empty cells are left out. No column is a part of another.

    >>> record_of(["Ada", "", "7"], [Column(("name", "firstName"), str), Column(("x",), str), Column(("y",), int)])
    {'name': {'firstName': 'Ada'}, 'y': 7}
    """
    record: dict[str, Any] = {}
    for text, column in zip(row, columns, strict=True):
        if not text:
            continue
        value = column.read(text)
        at = record
        *outer, last = column.path
        for name in outer:
            at = at.setdefault(name, {})
        at[last] = value
    return record
