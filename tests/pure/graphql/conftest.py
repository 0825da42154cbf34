"""The record API of the hand-made workspace; nothing here reaches a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.graphql.answer import RecordApi
from core.query import ir
from tests.pure.graphql.workspace import workspace


@pytest.fixture(scope="session")
def api() -> RecordApi:
    return RecordApi(workspace())


@pytest.fixture(scope="session")
def compile_one(api: RecordApi) -> Callable[..., ir.Query]:
    """The query of a document's only root field."""

    def compile_text(text: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> ir.Query:
        document = api.document(text, name)
        values = document.variables(variables)
        [root] = document.root_fields(values)
        return root.query(values)

    return compile_text
