"""What several field types do with values: show them in messages, clean and compare texts, read defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from config.errors import InvalidFilter, InvalidValue, shortened
from metadata.fieldtypes.operators import OPERATORS

Json = Any  # what json.loads gives

SHOWN_CHARACTERS = 200  # of a string inside a message
SHOWN_ITEMS = 20  # of a list or object inside a message


def show(value: Json, depth: int = 0) -> str:
    """A value as messages print it: strings in single quotes, the rest as JavaScript's console does.

    >>> show("a"), show(True), show(None), show([]), show({"a": 1}), show(1.0)
    ("'a'", 'true', 'null', '[]', '{ a: 1 }', '1')
    """
    if isinstance(value, str):
        value = shortened(value, SHOWN_CHARACTERS)
        return f'"{value}"' if "'" in value and '"' not in value else f"'{value}'"
    if value is True or value is False:
        return str(value).lower()
    if value is None:
        return "null"
    if type(value) is float and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, list):
        if depth > 2 and value:
            return "[Array]"
        return _shown_items("[", (show(item, depth + 1) for item in value), len(value), "]")
    if isinstance(value, Mapping):
        if depth > 2 and value:
            return "[Object]"
        members = (f"{shortened(str(key), SHOWN_CHARACTERS)}: {show(item, depth + 1)}" for key, item in value.items())
        return _shown_items("{", members, len(value), "}")
    return shortened(str(value), SHOWN_CHARACTERS)


def _shown_items(opening: str, items: Iterable[str], count: int, closing: str) -> str:
    if not count:
        return opening + closing
    shown = list(islice(items, SHOWN_ITEMS))
    if count > SHOWN_ITEMS:
        shown.append(f"... {count - SHOWN_ITEMS} more items")
    return f"{opening} {', '.join(shown)} {closing}"


def unquote(default: Json) -> Json:
    """A default value without the quotes that string literals carry inside (`"'Hello'"` → `Hello`).

    Computed defaults (`now`, `uuid`) and anything unquoted come back as they are.

    >>> unquote("'Hello'"), unquote({"currencyCode": "'USD'"}), unquote(["'A'"]), unquote(5)
    ('Hello', {'currencyCode': 'USD'}, ['A'], 5)
    """
    if isinstance(default, str):
        if len(default) >= 2 and default[0] == default[-1] and default[0] in "'\"":
            return default[1:-1]
        return default
    if isinstance(default, list):
        return [unquote(item) for item in default]
    if isinstance(default, Mapping):
        return {key: unquote(item) for key, item in default.items()}
    return default


def union(lists: Iterable[Iterable[Json]], key: Callable[[Json], object] = lambda item: item) -> list[Json]:
    """The items of all lists in order, each key once.

    >>> union([["a", "b"], ["b", "c"]])
    ['a', 'b', 'c']
    """
    found: dict[object, Json] = {}
    for items in lists:
        for item in items:
            found.setdefault(key(item), item)
    return list(found.values())


def invalid_object(value: Json, path: str) -> InvalidValue:
    return InvalidValue(f'Invalid object value {show(value)} for field "{path}"', path=path)


def clean_text(value: Json, path: str) -> str | None:
    """A string as stored: `""` and null are both "no text". NUL cannot be stored by PostgreSQL."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidValue(f'Invalid string value {show(value)} for text field "{path}"', path=path)
    if "\x00" in value:
        raise InvalidValue(f'Invalid string value for text field "{path}": it contains a NUL character', path=path)
    if not is_unicode(value):
        raise InvalidValue(f'Invalid string value for text field "{path}": it is no valid Unicode', path=path)
    return value


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold the text: lone surrogates it cannot."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _operand(text: str, path: str) -> str:
    """A text to compare with, without NUL, which no stored text has."""
    if not is_unicode(text):
        raise InvalidFilter(f'Filter value for field "{path}" is no valid Unicode', path=path)
    return text.replace("\x00", "")


def coerce_text(value: Json, operator: str, path: str) -> str:
    """A text operand. `""` comes back for null too: both ask for records without a text."""
    if OPERATORS[operator].shape in ("text", "pattern"):
        return coerce_pattern(value, operator, path)
    if isinstance(value, str):
        return _operand(value, path)
    if value is None:
        return ""
    raise InvalidFilter(f'Invalid string value {show(value)} for text field "{path}"', path=path)


def coerce_pattern(value: Json, operator: str, path: str) -> str:
    """The operand of an operator that only takes strings, whatever the field's type is."""
    if isinstance(value, str):
        pattern = _operand(value, path)
        if OPERATORS[operator].shape == "pattern" and (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            pattern += "\\"  # PostgreSQL refuses a pattern that ends with a lone escape character
        return pattern
    kind = {bool: "boolean", int: "number", float: "number"}.get(type(value), "object")
    raise InvalidFilter(
        f'Filter operator "{operator}" requires a string value for field "{path}", got {kind}', path=path
    )
