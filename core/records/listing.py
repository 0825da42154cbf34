"""What a page of records is answered with, before REST puts its envelope around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """`items` is the JSON text inside the array's brackets; `total` is None when it was not asked for."""

    items: str
    total: int | None
    has_next: bool
    has_previous: bool
    start_cursor: str | None
    end_cursor: str | None
