"""What a developer would write for one endpoint each: the yardstick of the reads.

Each view checks the key's signature, asks for its row with one query, sends the text of the statement
that the API sends for the same request (the list without its total), and returns PostgreSQL's JSON.
The statements are in the file that BENCHMARK_STATEMENTS names: `{"one": {text, params}, "list": …}`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from apikeys import keys
from core.sql.execute import fetch
from core.sql.fragment import Sql

KEY = """SELECT k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
FROM apikeys_apikey k WHERE k.id = %s AND k.workspace_id = %s"""


@cache
def statements() -> dict[str, Sql]:
    written = json.loads(Path(os.environ["BENCHMARK_STATEMENTS"]).read_text())
    return {name: Sql(each["text"], tuple(each["params"])) for name, each in written.items()}


def run_prepared(text: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    return fetch(Sql(text, tuple(params)), "default")


def run_plain(text: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def is_allowed(request: HttpRequest, run: Any) -> bool:
    token = keys.verify((settings.SECRET_KEY,), request.META["HTTP_AUTHORIZATION"].partition(" ")[2], time.time())
    rows = run(KEY, (token.subject, str(token.workspace_id)))
    return bool(rows and rows[0][0])


def answer(text: str) -> HttpResponse:
    return HttpResponse(text.encode(), content_type="application/json; charset=utf-8")


def one(request: HttpRequest, record_id: UUID, run: Any) -> HttpResponse:
    if not is_allowed(request, run):
        return HttpResponse(status=403)
    statement = statements()["one"]
    rows = run(statement.text, (*statement.params[:-1], str(record_id)))
    return answer(f'{{"data":{{"person":{rows[0][0]}}}}}') if rows else HttpResponse(status=404)


def many(request: HttpRequest, run: Any) -> HttpResponse:
    if not is_allowed(request, run):
        return HttpResponse(status=403)
    statement = statements()["list"]
    return answer(f'{{"data":{{"people":[{run(statement.text, statement.params)[0][0]}]}}}}')


def read_one(request: HttpRequest, record_id: UUID) -> HttpResponse:
    return one(request, record_id, run_prepared)


def read_list(request: HttpRequest) -> HttpResponse:
    return many(request, run_prepared)


def read_one_plain(request: HttpRequest, record_id: UUID) -> HttpResponse:
    return one(request, record_id, run_plain)


def read_list_plain(request: HttpRequest) -> HttpResponse:
    return many(request, run_plain)
