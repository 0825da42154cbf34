"""Core GraphQL against Core REST for the same data, and against graphql-core's ordinary executor.

The ordinary executor is what a Graphene server does with every request: parse, validate, coerce the variables,
call a resolver for each field of each record. Its root resolvers are given all they need by one SQL statement
(`core.graphql.answer.resolve_record`), so that only the executor is compared, not how records are fetched.

For writes that comparison is printed without a bar: both sides wait for the same statement and the same commit, which
leaves little to be faster at. What the bar is held against is the same schema with the resolvers of an ordinary Django
project (`benchmarks.plain_django`), a record saved at a time. All sides run in this process without HTTP, in turns.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from graphql import execute_sync, parse, validate

ROUNDS = 40
BATCH = 60


def measure_graphql(report: Any, companies: int, people: int) -> None:
    from django.db import connection

    from benchmarks import data
    from benchmarks.server import serving
    from tests.server import free_port

    workspace = data.workspace_to_measure("GraphQL")
    data.seed(workspace, companies, people)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    asked = Asked(workspace, companies, people)
    with serving(free_port(), 1, {}) as server:
        _against_rest(report, server, asked)
    _against_the_executor(report, workspace, asked)
    _building_a_schema(report)


class Asked:
    """The four works as a GraphQL document with its variables, and as a REST request; new records each time."""

    def __init__(self, workspace: Any, companies: int, people: int) -> None:
        from benchmarks import data
        from core.query import ir
        from core.records.find import find_page
        from metadata.cache import current_schema

        self.workspace = workspace
        self.companies = companies
        self.numbers: Iterator[int] = count(people + 1_000, BATCH)
        principal, schema = data.principal_of(workspace), current_schema(workspace.id)

        def first(name: str) -> dict[str, Any]:
            page = find_page(principal, schema, ir.Find(name, ir.Everything(), page=ir.Page(1)))
            found: dict[str, Any] = json.loads(f"[{page.items}]")[0]
            return found

        # Twenty members of a person, whatever the data model has beside them.
        person, company = dict(list(first("person").items())[:20]), first("company")
        self.person = data.graphql_members(schema.by_singular["person"], person)
        self.company = data.graphql_members(schema.by_singular["company"], company)
        self.person_members, self.company_members = ",".join(person), ",".join([*company, "people"])
        self.upserted = [self._person(number) for number in range(people, people + BATCH)]

    def _person(self, number: int) -> dict[str, Any]:
        from benchmarks.data import person

        return person(number, self.companies)

    def document(self, work: str) -> tuple[str, dict[str, Any]]:
        info = "pageInfo { hasNextPage endCursor }"
        if work == "list":
            return f"{{ people(first: 60) {{ totalCount edges {{ node {{ {self.person} }} }} {info} }} }}", {}
        if work == "nested":
            # REST expands `depth=1` to the first records of a relation without their number
            people = f"people(first: 10) {{ edges {{ node {{ {self.person} }} }} }}"
            return (
                f"{{ companies(first: 20) {{ totalCount edges {{ node {{ {self.company} {people} }} }} {info} }} }}",
                {},
            )
        flag = ", upsert: true" if work == "upsert" else ""
        text = f"mutation ($data: [PersonCreateInput!]!) {{ createPeople(data: $data{flag}) {{ {self.person} }} }}"
        return text, {"data": self._records(work)}

    def rest(self, work: str) -> tuple[str, str, bytes]:
        from benchmarks.data import dumped

        if work == "list":
            return "GET", f"/rest/people?limit=60&fields={self.person_members}", b""
        if work == "nested":
            return "GET", f"/rest/companies?limit=20&depth=1&fields={self.company_members}", b""
        flag = "&upsert=true" if work == "upsert" else ""
        return "POST", f"/rest/batch/people?fields={self.person_members}{flag}", dumped(self._records(work))

    def _records(self, work: str) -> list[dict[str, Any]]:
        if work == "upsert":
            job = f"Job {next(self.numbers)}"
            return [{**each, "jobTitle": job} for each in self.upserted]
        start = next(self.numbers)
        return [self._person(start + place) for place in range(BATCH)]


WRITES = ("create", "upsert")
WORKS = {
    "list": "list 60 x 20 with its total",
    "nested": "20 companies x 10 people with their total",
    "create": "create 60 people",
    "upsert": "upsert 60 people",
}


def _against_rest(report: Any, server: Any, asked: Asked) -> None:
    from benchmarks import data
    from benchmarks.load import HttpConnection, request_bytes

    token = data.token_of(asked.workspace)
    connection = HttpConnection(server.port)

    def over_rest(work: str) -> Callable[[], float]:
        def ask() -> float:
            method, path, body = asked.rest(work)
            return _timed_request(connection, request_bytes(method, path, token, body))

        return ask

    def over_graphql(work: str) -> Callable[[], float]:
        def ask() -> float:
            text, variables = asked.document(work)
            body = json.dumps({"query": text, "variables": variables}, ensure_ascii=False).encode()
            return _timed_request(connection, request_bytes("POST", "/graphql", token, body))

        return ask

    for work, words in WORKS.items():
        ratio, graphql, rest = _in_turns(over_graphql(work), over_rest(work))
        shown = f"{ratio:.2f}  (GraphQL {graphql:.2f} ms, REST {rest:.2f} ms)"
        report.add(f"{words}, GraphQL time / REST time", shown, ratio, "≤ 1.40")


def _timed_request(connection: Any, request: bytes) -> float:
    started = time.perf_counter()
    status, body = connection.ask(request)
    took = time.perf_counter() - started
    assert status in (200, 201) and b'"errors"' not in body[:300], body[:500]
    return took


def _against_the_executor(report: Any, workspace: Any, asked: Asked) -> None:
    from benchmarks.data import principal_of
    from core.graphql.answer import record_api

    principal = principal_of(workspace)
    api = record_api(principal)
    context = {"principal": principal, "schema": api.schema}
    gc.collect()
    gc.freeze()  # as the server does

    def compiled(work: str) -> Callable[[], float]:
        def ask() -> float:
            text, variables = asked.document(work)
            started = time.perf_counter()
            body = api.answer(principal, api.document(text, None), variables)
            took = time.perf_counter() - started
            assert b'"errors"' not in body[-500:], body[-500:]
            return took

        return ask

    def executed(work: str) -> Callable[[], float]:
        def ask() -> float:
            text, variables = asked.document(work)
            started = time.perf_counter()
            result = api.graphene.execute(text, variables=variables, context=context)
            body = json.dumps(result.formatted)
            took = time.perf_counter() - started
            assert not result.errors and body, result.errors
            return took

        return ask

    for work, words in WORKS.items():
        ratio, ordinary, ours = _in_turns(executed(work), compiled(work))
        shown = f"{ratio:.1f}  (executor {ordinary:.1f} ms, compiled {ours:.2f} ms)"
        if work in WRITES:
            report.add(f"{words}, executor over our own statement / compiled", shown)
        else:
            report.add(f"{words}, executor time / compiled time", shown, ratio, "≥ 5.00")
    over_plain_django = _over_plain_django(api, asked)
    for work in WRITES:
        ratio, ordinary, ours = _in_turns(over_plain_django(work), compiled(work))
        shown = f"{ratio:.1f}  (executor {ordinary:.1f} ms, compiled {ours:.2f} ms)"
        report.add(f"{WORKS[work]}, executor over plain Django / compiled", shown, ratio, "≥ 5.00")


def _over_plain_django(api: Any, asked: Asked) -> Callable[[str], Callable[[], float]]:
    from benchmarks.data import company_id
    from benchmarks.plain_django import PlainPeople, same_schema

    plain, schema = PlainPeople(api.schema.by_singular["person"], asked.person_members.split(",")), api.graphene
    plain.company.objects.bulk_create(plain.company(id=company_id(number)) for number in range(asked.companies))
    bare = same_schema(schema)

    def timed(work: str) -> Callable[[], float]:
        def ask() -> float:
            text, variables = asked.document(work)
            started = time.perf_counter()
            document = parse(text)
            assert not validate(bare, document)
            result = execute_sync(bare, document, variable_values=variables, field_resolver=plain.resolve)
            body = json.dumps(result.formatted, default=str)
            took = time.perf_counter() - started
            assert not result.errors and body, result.errors
            return took

        return ask

    return timed


def _building_a_schema(report: Any) -> None:
    from benchmarks.data import model_of_size
    from core.graphql.schema import build_schema
    from metadata.cache import current_schema

    schema = current_schema(model_of_size("Schema", 30, 25).id)
    times = []
    gc.collect()
    gc.freeze()  # as the server does
    for _ in range(7):
        started = time.perf_counter()
        types = build_schema(schema).graphql_schema.type_map.values()
        members = sum(len(getattr(each, "fields", ())) for each in types)  # made when they are first asked for
        times.append((time.perf_counter() - started) * 1000)
    size = f"{len(schema.objects)} objects x 25 fields, {members:,} members"
    report.add(
        f"build the schema of {size}",
        f"{times[0]:.0f} ms  (again {statistics.median(times[1:]):.0f} ms)",
        times[0],
        "≤ 50 ms",
    )


def _in_turns(first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float, float]:
    """The median ratio of both, and the median milliseconds of each."""
    for ask in (first, second) * 3:
        ask()
    pairs = [(first(), second()) if number % 2 else (second(), first())[::-1] for number in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    return ratio, statistics.median(a for a, _ in pairs) * 1000, statistics.median(b for _, b in pairs) * 1000
