"""The schema of `/metadata`, whole. `UPDATE_GOLDEN=1` writes metadata.graphql anew; its diff is the API's change."""

from __future__ import annotations

import os
from pathlib import Path

from graphql import print_schema

from metadata.graphql.schema import schema

GOLDEN = Path(__file__).with_name("metadata.graphql")


def test_the_schema_is_the_one_that_was_agreed() -> None:
    text = print_schema(schema().graphql_schema) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
