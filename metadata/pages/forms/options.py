"""The editor of a field's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.errors import InvalidMetadataInput
from metadata.fieldtypes.options import COLORS
from metadata.names import computed_name

BLANK_OPTIONS = 4  # empty rows of the options editor, for who has no JavaScript to add more
_OPTION = ("id", "label", "value", "color")


class OptionRows:
    """The options editor: one row an option, blank ones for more. A row whose label is emptied is removed."""

    colors = COLORS

    def __init__(self, stored: Sequence[Mapping[str, Any]] = (), data: Any = None) -> None:
        if data is None:
            ordered = sorted(stored, key=lambda each: each.get("position", 0))
            self.rows = [{name: each.get(name) or "" for name in _OPTION} for each in ordered]
        else:
            columns = [data.getlist(f"option_{name}") for name in (*_OPTION, "order")]
            rows = [dict(zip((*_OPTION, "order"), each, strict=True)) for each in zip(*columns, strict=False)]
            self.rows = sorted(rows, key=_order)

    @property
    def shown(self) -> list[dict[str, object]]:
        """The rows as the editor shows them, blank ones at the end."""
        kept = [each for each in self.rows if each["label"].strip()]
        blank = [{"id": "", "label": "", "value": "", "color": ""} for _ in range(BLANK_OPTIONS)]
        return [{**each, "place": place} for place, each in enumerate([*kept, *blank], 1)]

    def values(self) -> list[dict[str, object]]:
        """As the services take them."""
        kept = [each for each in self.rows if each["label"].strip()]
        return [
            {
                **({"id": each["id"]} if each["id"] else {}),
                "label": each["label"].strip(),
                "value": each["value"].strip() or value_of(each["label"]),
                "color": each["color"] or COLORS[place % len(COLORS)],
                "position": place,
            }
            for place, each in enumerate(kept)
        ]


def _order(row: Mapping[str, str]) -> float:
    try:
        return float(row.get("order") or "inf")
    except ValueError:
        return float("inf")


def value_of(label: str) -> str:
    """An option's value from its label.

    >>> value_of("In progress"), value_of("2nd")
    ('IN_PROGRESS', 'OPTION_2_ND')
    """
    try:
        name = computed_name(f"x {label}")[1:]
    except InvalidMetadataInput:
        return ""
    words = "".join(f"_{each}" if each.isupper() else each for each in name).strip("_").upper()
    return words if not words[:1].isdigit() else f"OPTION_{words}"
