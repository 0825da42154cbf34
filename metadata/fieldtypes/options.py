"""The options of SELECT, MULTI_SELECT and RATING: their rules, and the values chosen from them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from config.errors import InvalidFilter, InvalidValue, Problem
from config.texts import is_blank
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT
from metadata.fieldtypes.parts import Json
from metadata.fieldtypes.uuid import is_uuid
from metadata.fieldtypes.values import show, unquote

if TYPE_CHECKING:
    from metadata.schema import Option

COLORS = (
    "red", "ruby", "crimson", "tomato", "orange", "amber", "yellow", "lime", "grass", "green", "jade", "mint",
    "turquoise", "cyan", "sky", "blue", "iris", "violet", "purple", "plum", "pink", "bronze", "gold", "brown", "gray",
)  # fmt: skip
MAX_LENGTH = 63
_VALUE = re.compile(r"(?!__)[A-Z_][A-Z0-9_]*", re.ASCII)  # also a GraphQL enum name, whose `__` is reserved


# The rules of a list of options ----------------------------------------------------------------------


def options_problems(options: Json) -> list[Problem]:
    """Every rule that a list of options breaks, option by option, then those of the whole list."""
    if not isinstance(options, list) or not options:
        return [_problem("Options are required for enum fields", options)]
    problems: list[Problem] = []
    for option in options:
        if not isinstance(option, Mapping):
            problems.append(_problem("Option must be an object", option))
            continue
        problems += _id_problems(option)
        problems += _text_problems("label", option.get("label"))
        problems += _text_problems("value", option.get("value"))
        problems += _color_problems(option)
        if "position" in option and not _is_number(option["position"]):
            problems.append(_problem("Option position must be a number", option["position"]))
    mappings = [option for option in options if isinstance(option, Mapping)]
    for member in ("position", "id", "value"):
        seen = [_trimmed(option.get(member)) for option in mappings if option.get(member) not in (None, "")]
        texts = [repr(each) for each in seen]
        if len(set(texts)) != len(texts):
            problems.append(_problem(f"Duplicated option {member}", next(s for s in seen if texts.count(repr(s)) > 1)))
    return problems


def _id_problems(option: Mapping[str, Json]) -> list[Problem]:
    identifier = option.get("id")
    if "id" not in option or is_uuid(identifier):  # an option without id is a new one
        return []
    required = [_problem("Option id is required", identifier)] if identifier is None else []
    return [*required, _problem("Option id is invalid", identifier)]


def _text_problems(member: str, text: Json) -> list[Problem]:
    if text is None:
        return [_problem(f"Option {member} is required", text)]
    if not isinstance(text, str) or is_blank(text):
        return [_problem(f"Option {member} must be a string of at least one character", text)]
    problems = []
    trimmed = text.strip()
    if len(trimmed) > MAX_LENGTH:
        problems.append(_problem(f"Option {member} exceeds {MAX_LENGTH} characters", text))
    if member == "label" and "," in trimmed:
        problems.append(_problem("Label must not contain a comma", text))
    if member == "value" and not _VALUE.fullmatch(trimmed):
        problems.append(_problem(f'Value must be in UPPER_CASE and follow snake_case "{trimmed}"', text))
    return problems


def _color_problems(option: Mapping[str, Json]) -> list[Problem]:
    color = option.get("color")
    if color is None or color in COLORS:
        return []
    shown = color if isinstance(color, str) else show(color)
    return [
        _problem(
            f'Option "{option.get("label")}" color "{shown}" is not supported. Supported colors: {", ".join(COLORS)}',
            color,
        )
    ]


def clean_options(
    options: Sequence[Mapping[str, Json]], existing: Sequence[Option] = ()
) -> tuple[dict[str, object], ...]:
    """Options without problems as kept: trimmed, each with an id and a position.

    An option sent without an id keeps the id of the existing option of the same value, so that sending
    the list back without ids changes no record; a position left out is the place in the list.
    """
    known = {option.value: option.id for option in existing}
    kept = []
    for index, option in enumerate(options):
        value = option["value"].strip()
        clean: dict[str, object] = {
            "id": str(option.get("id") or known.get(value) or uuid4()).lower(),
            "value": value,
            "label": option["label"].strip(),
            "position": option.get("position", index),
        }
        if option.get("color") is not None:
            clean["color"] = option["color"]
        kept.append(clean)
    return tuple(kept)


def _problem(message: str, value: Json) -> Problem:
    return Problem(INVALID_FIELD_INPUT, message, value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _trimmed(value: Json) -> Json:
    if isinstance(value, str):
        return value.strip()
    return float(value) if _is_number(value) else value


# Defaults --------------------------------------------------------------------------------------------


def default_problems(default: Json, values: Sequence[str]) -> list[Problem]:
    """What is wrong with one quoted option as a default."""
    if not isinstance(default, str):
        return [_problem(f"Default value for select must be a string got {show(default)}", default)]
    if unquote(default) == default:
        return [_problem("Default value should be as quoted string", default)]
    if unquote(default) not in values:
        said = 'Default value "{}" must be one of the option values'
        message, shown = said.format(default), said.format(unquote(default))
        return [Problem(INVALID_FIELD_INPUT, message, default, user_message=shown)]
    return []


def list_default_problems(default: Json, values: Sequence[str]) -> list[Problem]:
    """What is wrong with a list of quoted options as a default."""
    if not isinstance(default, list):
        return [_problem(f"Default value for multi-select must be an array got {show(default)}", default)]
    if not default:
        return [_problem("If defined default value must contain at least one value", default)]
    problems = []
    if len({repr(item) for item in default}) != len(default):
        problems.append(_problem("Default values must be unique", default))
    return [*problems, *(problem for item in default for problem in default_problems(item, values))]


# Values ----------------------------------------------------------------------------------------------


def option_message(value: str, path: str, values: Sequence[str]) -> str:
    return f'Invalid value "{value}" for field "{path}". Valid values are: {", ".join(values)}'


def clean_option(value: Json, path: str, values: Sequence[str]) -> str | None:
    """One of the values, or None; raises InvalidValue."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValue(f'Invalid string value {show(value)} for text field "{path}"', path=path)
    if value not in values:
        raise InvalidValue(
            option_message(value, path, values), path=path, user_message=f'Invalid value for field "{path}"'
        )
    return value


def matching_option(text: str, options: Sequence[Option]) -> str | None:
    """The value of the option that a text names: by its value, else by its label in any letter case."""
    wanted = text.strip()
    by_value = next((each.value for each in options if each.value == wanted), None)
    return by_value or next((each.value for each in options if each.label.casefold() == wanted.casefold()), None)


def convert_option(value: Json, path: str, options: Sequence[Option]) -> str:
    """Another type's value as one of the options; raises InvalidValue. A list of one is that one."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    text = json.dumps(value) if isinstance(value, bool | int | float) else value
    found = matching_option(text, options) if isinstance(text, str) else None
    if found is None:
        shown = text if isinstance(text, str) else show(text)
        raise InvalidValue(option_message(shown, path, [each.value for each in options]), path=path)
    return found


def coerce_option(value: Json, path: str, values: Sequence[str]) -> str | None:
    """One of the values as a filter's operand; null compares with nothing."""
    if value is None or (isinstance(value, str) and value in values):
        return value
    shown = value if isinstance(value, str) else show(value)
    raise InvalidFilter(option_message(shown, path, values), path=path)
