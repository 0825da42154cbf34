"""What an input of the data model must have, and of which kind it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.errors import InvalidInput

OBJECT_CREATE_REQUIRED = ("nameSingular", "namePlural", "labelSingular", "labelPlural")
FIELD_CREATE_REQUIRED = ("name", "label")
_NAMES = frozenset({"nameSingular", "namePlural", "name"})


def empty_messages(name: str) -> list[str]:
    """What is said of a member that is an empty text, in the order that clients know."""
    checked = [f"{name} has failed the name validation check"] if name in _NAMES else []
    return [*checked, f"{name} should not be empty"]


def require_texts(values: Mapping[str, object], names: Sequence[str]) -> None:
    """Raise InvalidInput for every one that is absent, null, empty or no string.

    Only white space passes: the report speaks of that.
    """
    messages = []
    for name in names:
        value = values.get(name)
        if value == "":
            messages += empty_messages(name)
        elif value is None:
            messages.append(f"{name} should not be empty")
        if not isinstance(value, str):
            messages.append(f"{name} must be a string")
    if messages:
        raise InvalidInput(messages)
