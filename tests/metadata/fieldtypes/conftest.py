"""A table with the columns of a record, for the SQL that the types give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

CREATE = """
CREATE TEMPORARY TABLE sample_record (
    id uuid, data jsonb, search tsvector, position float8, created_at timestamptz(3), updated_at timestamptz(3),
    deleted_at timestamptz(3), created_by jsonb, updated_by jsonb
) ON COMMIT DROP
"""

Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def run(db: None) -> Iterator[Run]:
    """Runs SQL in which `{r}` is the table's alias."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)

        def execute(text: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
            cursor.execute(text.replace("{r}", "r"), params)
            return list(cursor.fetchall()) if cursor.description else []

        yield execute
