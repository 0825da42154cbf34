"""The columns of a CSV file: one for each member of a record, and one for each part of a composite.

name.firstName                      a part of a composite
stage                               any other field; lists and objects are JSON text
companyId                           a relation, by the id of the record it leads to
company.domainName.primaryLinkUrl   only read: a relation, by a unique value of that record
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from config.errors import BadRequest, MalformedBody
from config.rendering import dumps, read_json
from core.query import ir
from core.query.names import Scope, nearest, readable_unique_fields
from core.query.selections import plan_members
from core.transfer.formulas import harmless
from metadata.schema import FieldSchema, ObjectSchema

Read = Callable[[str], Any]


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
    columns = {field.name: Column(path, _reader(field.type.input_value_schema(field)))}
    for name, part in field.type.subfields.items():
        schema = part.json_schema if part.input_json_schema is None else part.input_json_schema
        columns[f"{field.name}.{name}"] = Column((*path, name), _reader(schema))
    return columns


def _reader(schema: Mapping[str, Any]) -> Read:
    """How the text of a cell becomes JSON of the kind the schema (JSON Schema 2020-12) describes."""
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if "string" in kinds and not kinds & {"number", "integer"}:
        return str
    return _read_boolean if "boolean" in kinds else _read_json


def _read_json(text: str) -> Any:
    """JSON, or the text itself, which the field then accepts or refuses in its own words."""
    try:
        return read_json(text.encode())
    except (MalformedBody, UnicodeEncodeError):
        return text


def _read_boolean(text: str) -> Any:
    return _read_json(text.lower())  # spreadsheets write TRUE


def choose_columns(columns: Mapping[str, Column], header: Sequence[str]) -> list[Column]:
    """The columns of a header; BadRequest names the first that is unknown, and the nearest known one."""
    chosen: list[Column] = []
    seen: set[str] = set()
    for name in header:
        column = columns.get(name)
        if column is None:
            raise BadRequest(f'Unknown column "{name}"', hint=nearest(name, columns), path=name)
        if name in seen:
            raise BadRequest(f'The column "{name}" stands twice in the header', path=name)
        seen.add(name)
        chosen.append(column)
    return chosen


def record_of(row: Sequence[str], columns: Sequence[Column]) -> dict[str, Any]:
    """A row as the body of a create; empty cells are left out.

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
            if not isinstance(at, dict):
                raise BadRequest(f'"{column.path[0]}" is given both as a whole and in parts', path=column.path[0])
        at[last] = value
    return record
