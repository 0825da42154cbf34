"""Who is touched when an object is renamed or deleted. The apps find them; the data model's pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectUser:
    """A webhook that listens to an object, or a key that called for it: what it is called, its page, and when last.

    `url` is None for who may not open the page.
    """

    name: str
    url: str | None = None
    at: datetime | None = None
