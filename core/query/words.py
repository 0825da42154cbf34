"""Text for searching: what is stored in a record's search column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metadata.fieldtypes.tsvector import fold
from metadata.schema import ObjectSchema

MAX_SEARCH_TEXT = 100_000  # characters kept per record; PostgreSQL's limit is 1 MB of lexemes


def search_text(subject: ObjectSchema, data: Mapping[str, Any]) -> str | None:
    """The folded words of a record's searchable fields; `data` is the stored JSON by storage key."""
    words: list[str] = []
    for field in subject.search_fields:
        stored = data.get(field.storage_key)
        if stored is not None:
            words.extend(field.type.search_texts(stored))
    return fold(" ".join(words))[:MAX_SEARCH_TEXT] if words else None
