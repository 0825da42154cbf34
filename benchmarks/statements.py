"""The statements that the API sends for the items, and those of the hand-written writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.core.handlers.base import BaseHandler
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from benchmarks.data import principal_of
from benchmarks.handwritten import ID
from benchmarks.items import Asked, Item
from benchmarks.load import filled
from core.query import ir
from core.query.reading import plan_page
from core.query.scope import Scope
from core.sql import execute
from core.sql.files import ServerUrl
from core.sql.filters import table_of
from core.sql.record import compile_record
from metadata.cache import current_schema


class Sent(NamedTuple):
    text: str
    params: Sequence[Any]


class Inside:
    """The whole stack of the server, in this process."""

    def __init__(self, token: str) -> None:
        self._factory = RequestFactory()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._numbers = iter(range(9_000_000_000, 10_000_000_000))
        self._handler = BaseHandler()
        self._handler.load_middleware()

    def request(self, asked: Asked) -> Any:
        body = filled(asked.body, next(self._numbers), 0)
        return self._factory.generic(
            asked.method, asked.path, body, content_type="application/json", headers=self._headers
        )

    def answer(self, request: Any) -> HttpResponse:
        response = self._handler.get_response(request)
        assert response.status_code in (200, 201), (response.status_code, response.content[:1000])
        return response  # type: ignore[return-value]


@contextmanager
def noting(where: Any, name: str) -> Iterator[list[Sent]]:
    """What is sent by a function `(connection or its alias, text, params, …)` of a module."""
    sent: list[Sent] = []
    send = getattr(where, name)

    def noted(using: Any, text: str, params: Sequence[Any], *others: Any, **named: Any) -> Any:
        sent.append(Sent(text, params))
        return send(using, text, params, *others, **named)

    setattr(where, name, noted)
    try:
        yield sent
    finally:
        setattr(where, name, send)


def handwritten_statements(items: Sequence[Item], inside: Inside, workspace: Any) -> dict[str, Any]:
    """What `benchmarks.handwritten` reads, by item."""
    written = {item.key: _read(item, inside) for item in items if not item.is_write}
    table = table_of(current_schema(workspace.id).by_singular["person"])
    written["rest-total"] = {
        "statements": [
            *written["rest-list"]["statements"],
            {"text": f"SELECT count(*) FROM {table} WHERE deleted_at IS NULL", "params": []},
        ],
        "pieces": ['{"data":{"people":[', ']},"totalCount":', "}"],
    }
    return written | _writes(workspace, table)


def _read(item: Item, inside: Inside) -> dict[str, Any]:
    """The statement without the check of the caller, and what the answer has around its first column."""
    asked = item.fourgate[0]
    inside.answer(inside.request(asked))
    with noting(execute, "run_confirming") as sent:
        answered = json.loads(inside.answer(inside.request(asked)).content)["data"]
    [statement] = sent
    [(name, found)] = answered.items()
    before, behind = ("[", "]") if isinstance(found, list) else ("", "")
    record_id = found["id"] if isinstance(found, Mapping) and "id" in found else None
    params = [ID if record_id is not None and str(each) == record_id else _as_json(each) for each in statement.params]
    return {
        "statements": [{"text": statement.text, "params": params}],
        "pieces": [f'{{"data":{{"{name}":{before}', f"{behind}}}}}"],
    }


def _writes(workspace: Any, table: str) -> dict[str, Any]:
    schema = current_schema(workspace.id)
    plan = plan_page(Scope(schema, principal_of(workspace)), ir.Find("person", ir.Everything(), page=ir.Page(1)))
    record = compile_record(plan.members, "r")
    actor = '\'{"source":"API","name":"Benchmark","context":{}}\'::jsonb'
    insert = (
        f"INSERT INTO {table} AS r (id, data, position, created_at, updated_at, created_by, updated_by)"
        f" SELECT x.id, x.d, x.p, now(), now(), {actor}, {actor}"
        " FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, p float8)"
    )
    texts = {
        "create": f"{insert} RETURNING {record.text}",
        "update": (
            f"UPDATE {table} r SET data = r.data || %s::jsonb, updated_at = now(), updated_by = {actor}"
            f" WHERE r.id = %s::uuid RETURNING {record.text}"
        ),
        "upsert": (
            f"{insert} ON CONFLICT {_unique_email(schema)} DO UPDATE SET data = r.data || excluded.data,"
            f" position = excluded.position, updated_at = now(), updated_by = {actor} RETURNING {record.text}"
        ),
    }
    params = [_as_json(each) for each in record.params]
    return {name: {"statements": [{"text": text, "params": params}]} for name, text in texts.items()}


def _unique_email(schema: Any) -> str:
    """What stands between ON CONFLICT and DO for the unique index of the e-mail."""
    emails = next(field for field in schema.by_singular["person"].fields if field.name == "emails")
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", (f"u_{emails.id.hex}",))
        definition = str(cursor.fetchone()[0])
    return definition.partition(" USING btree ")[2].replace("%", "%%")


def _as_json(param: Any) -> Any:
    return "http://127.0.0.1" if isinstance(param, ServerUrl) else param
