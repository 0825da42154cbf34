"""The plain application's tables, with the records of a workspace in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from benchmarks.data import principal_of
from benchmarks.plain.models import Company, Dated, Person
from benchmarks.plain.names import COMPANY, PERSON, columns_of
from core.query import ir
from core.records.find import find_page
from metadata.cache import current_schema

PAGE = 60


def seed_plain(workspace: Any) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Company)
        editor.create_model(Person)
    _copy(workspace, "company", Company, COMPANY)
    _copy(workspace, "person", Person, PERSON)


def _copy(workspace: Any, name: str, model: type[Dated], names: Mapping[str, str]) -> None:
    times = [model._meta.get_field("created_at"), model._meta.get_field("updated_at")]
    for each in times:  # a copy keeps its times
        each.auto_now = each.auto_now_add = False  # type: ignore[union-attr]
    rows: list[Dated] = []
    for record in _records(workspace, name):
        rows.append(model(**columns_of(record, names)))
        if len(rows) == 1_000:
            model.objects.bulk_create(rows)  # type: ignore[attr-defined]
            rows = []
    model.objects.bulk_create(rows)  # type: ignore[attr-defined]


def _records(workspace: Any, name: str) -> Iterator[dict[str, Any]]:
    principal, schema = principal_of(workspace), current_schema(workspace.id)
    after = None
    while True:
        page = find_page(
            principal, schema, ir.Find(name, ir.Everything(), page=ir.Page(PAGE, after=after), with_total=False)
        )
        yield from json.loads(f"[{page.items}]")
        if not page.has_next:
            return
        after = page.end_cursor
