"""The options of a field: what is renamed in records, and what is taken out of them."""

from __future__ import annotations

from collections.abc import Mapping

from config.errors import Problem
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.values import unquote
from metadata.models import FieldMetadata


def apply_options(
    field: FieldMetadata, type_: FieldType, options: object
) -> tuple[Mapping[str, str | None], list[Problem]]:
    """Put the options on the field, its default renamed with them; answers old values → new ones, or None."""
    problems = type_.options_problems(options)
    if problems:
        return {}, problems
    before = schema_rows.field_schema(field).options
    kept = type_.clean_options(options, before)
    by_id = {each["id"]: each["value"] for each in kept}
    values = set(by_id.values())
    replacements = {
        each.value: by_id.get(each.id, each.value if each.value in values else None)
        for each in before
        if by_id.get(each.id) != each.value
    }
    replacements = {old: new for old, new in replacements.items() if old != new}
    field.options = list(kept)
    field.default_value = _renamed_default(field.default_value, replacements)
    return replacements, []


def _renamed_default(default: object, replacements: Mapping[str, str | None]) -> object:
    """The default with renamed options; removed ones stay, so that the check names them.

    >>> _renamed_default(["'A'", "'B'"], {"A": "A2"}), _renamed_default("'A'", {"A": None})
    (["'A2'", "'B'"], "'A'")
    """
    if isinstance(default, list):
        return [_renamed_default(each, replacements) for each in default]
    if not isinstance(default, str):
        return default
    new = replacements.get(unquote(default))
    return default if new is None else f"{default[0]}{new}{default[-1]}"
