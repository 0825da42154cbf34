"""A mark from one to five."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from config.errors import Problem
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.select import SelectType

if TYPE_CHECKING:
    from metadata.schema import FieldSchema, Option

MARKS = 5
_OPTIONS = tuple({"value": f"RATING_{mark}", "label": str(mark), "position": mark - 1} for mark in range(1, MARKS + 1))
_VALID = "Valid values are: RATING_1, RATING_2, RATING_3, RATING_4, RATING_5"


@register
class RatingType(SelectType):
    """Stored: `RATING_1` to `RATING_5`. The options are the server's own, whatever is sent."""

    name = "RATING"
    label = "Rating"
    description = "A mark from RATING_1 to RATING_5."
    has_own_options = False

    samples = Samples(
        options=_OPTIONS,
        good=[("RATING_1", "RATING_1"), ("RATING_5", "RATING_5"), (None, None)],
        bad=[
            ("RATING_6", f'Invalid value "RATING_6" for field "sample". {_VALID}'),
            ("3", f'Invalid value "3" for field "sample". {_VALID}'),
            (3, 'Invalid string value 3 for text field "sample"'),
        ],
        answers=[("RATING_3", "RATING_3"), (None, None)],
        operands={"eq": "RATING_3", "in": "RATING_1", "containsAny": "RATING_3", "gte": "RATING_2"},
    )

    def plain(self, stored: Json) -> Json:
        return int(stored.removeprefix("RATING_"))

    def convert(self, value: Json, field: FieldSchema) -> Json:
        return super().convert(self.view_value(value), field)

    def view_value(self, value: Json) -> Json:
        return f"RATING_{value}" if str(value).isdecimal() and not isinstance(value, bool) else value

    def options_problems(self, options: Json) -> list[Problem]:
        return []

    def clean_options(self, options: Json, existing: Sequence[Option] = ()) -> tuple[dict[str, object], ...]:
        known = {option.value: option.id for option in existing}
        return tuple({"id": known.get(str(option["value"])) or str(uuid4()), **option} for option in _OPTIONS)
