"""What a developer would write for one endpoint each: the yardstick of the table.

A view checks no key. A read sends the text of the statement that the API sends for the same request and returns
PostgreSQL's JSON; a write stores the JSON that it is given and answers with the record, without history, totals and
search words. The statements are in the file that BENCHMARK_STATEMENTS names, by item:
`{"statements": [{text, params}, …], "pieces": [before, between, …, after]}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from core.sql.execute import fetch
from core.sql.fragment import Sql

ID = "the record's id"  # what stands for it among the parameters of a statement


@cache
def statements() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(Path(os.environ["BENCHMARK_STATEMENTS"]).read_text())
    return written


def run(text: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    return fetch(Sql(text, tuple(params)), "default")


def answer(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text.encode(), status=status, content_type="application/json; charset=utf-8")


def read(request: HttpRequest, item: str, record_id: UUID | None = None) -> HttpResponse:
    written = statements()[item]
    before, *others = written["pieces"]
    parts = [before]
    for statement, behind in zip(written["statements"], others, strict=True):
        params = [str(record_id) if each == ID else each for each in statement["params"]]
        rows = run(statement["text"], params)
        if not rows:
            return HttpResponse(status=404)
        parts += (str(rows[0][0]), behind)
    return answer("".join(parts))


def stored(record: dict[str, Any]) -> dict[str, Any]:
    """A record as its table has it: the position beside, a relation by its name."""
    company = record.pop("companyId")
    position = record.pop("position", 0)
    return {"id": str(uuid4()), "p": position, "d": {**record, "company": company}}


def _written(item: str, params: Sequence[Any]) -> list[str]:
    statement = statements()[item]["statements"][0]
    return [row[0] for row in run(statement["text"], (*params, *statement["params"]))]


@csrf_exempt
def create_one(request: HttpRequest) -> HttpResponse:
    rows = [stored(orjson.loads(request.body))]
    record = _written("create", (orjson.dumps(rows).decode(),))[0]
    return answer(f'{{"data":{{"createPerson":{record}}}}}', 201)


@csrf_exempt
def create_many(request: HttpRequest) -> HttpResponse:
    rows = [stored(each) for each in orjson.loads(request.body)]
    records = _written("create", (orjson.dumps(rows).decode(),))
    return answer(f'{{"data":{{"createPeople":[{",".join(records)}]}}}}', 201)


@csrf_exempt
def update_one(request: HttpRequest, record_id: UUID) -> HttpResponse:
    record = _written("update", (request.body.decode(), str(record_id)))[0]
    return answer(f'{{"data":{{"updatePerson":{record}}}}}')


@csrf_exempt
def upsert_many(request: HttpRequest) -> HttpResponse:
    rows = [stored(each) for each in orjson.loads(request.body)]
    records = _written("upsert", (orjson.dumps(rows).decode(),))
    return answer(f'{{"data":{{"createPeople":[{",".join(records)}]}}}}', 201)
