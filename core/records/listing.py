"""What a page of records is answered with, before REST puts its envelope around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.query.cursors import encode


@dataclass(frozen=True, slots=True)
class Listing:
    """`items` is the JSON text inside the array's brackets; `total` is None when it was not asked for."""

    items: str
    total: int | None
    has_next: bool
    has_previous: bool
    start_cursor: str | None
    end_cursor: str | None


def listing_of(row: Sequence[Any], *, is_backward: bool) -> Listing:
    """A listing from the row that `core.sql.select.compile_listing` gives."""
    items, more, other_side, start, end, total = row
    return Listing(
        items=items or "",
        total=total,
        has_next=other_side if is_backward else more,
        has_previous=more if is_backward else other_side,
        start_cursor=_encoded(end if is_backward else start),
        end_cursor=_encoded(start if is_backward else end),
    )


def _encoded(cursor: str | None) -> str | None:
    return None if cursor is None else encode(cursor)
