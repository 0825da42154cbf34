"""How the items of the table grow: over the records of an object, and over the workspaces of a server.

One client asks at a time, so that milliseconds are an answer's and no queue's. Drawn to `.data/benchmarks/*.svg`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from benchmarks import data
from benchmarks.ground import Ground, settle
from benchmarks.items import Asked, incoming
from benchmarks.load import NUMBER, Clients, clients, request_bytes
from benchmarks.plots import draw
from core.sql.filters import table_of
from metadata.cache import current_schema

RECORDS = (10_000, 100_000, 1_000_000)
WORKSPACES = (1, 10, 100, 1_000)
QUICK_RECORDS = (500, 5_000, 20_000)
QUICK_WORKSPACES = (1, 3, 10)
COMPANIES = 500
PEOPLE_OF_EACH = 60
PAGES = 40
_MAIL = "{{emails,primaryEmail}}"
_COPY = f"""
WITH copied AS (
    INSERT INTO {{table}} (id, data, search, position, created_at, updated_at, created_by, updated_by)
    SELECT gen_random_uuid(),
        jsonb_set(r.data, '{_MAIL}', to_jsonb(format('%%s.%%s', n, r.data #>> '{_MAIL}')))
            || jsonb_build_object('name', r.data->'name' || jsonb_build_object(
                'lastName', format('%%s %%s', r.data #>> '{{{{name,lastName}}}}', n))),
        r.search, r.position + n, r.created_at, r.updated_at, r.created_by, r.updated_by
    FROM (SELECT * FROM {{table}} WHERE deleted_at IS NULL LIMIT %s) r, generate_series(%s, %s) n
    RETURNING 1
)
INSERT INTO {{schema}}.record_count (object_id, live) SELECT %s::uuid, count(*) FROM copied
"""


def measure_growth(report: Any, *, is_quick: bool, turn_s: float) -> None:
    _over_records(report, QUICK_RECORDS if is_quick else RECORDS, turn_s)
    _over_workspaces(report, QUICK_WORKSPACES if is_quick else WORKSPACES, turn_s)


class Lines:
    """Milliseconds and CPU by item, a value for each size."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {}
        self.cpu_ms: dict[str, list[float]] = {}

    def ask(self, server: Any, load: Clients, work: str, requests: Sequence[bytes], turn_s: float) -> None:
        from benchmarks.database import database_cpu_s

        load.run(requests, turn_s / 3)
        before = server.cpu_s() + database_cpu_s()
        done = load.run(requests, turn_s)
        used_s = server.cpu_s() + database_cpu_s() - before
        self.ms.setdefault(work, []).append(1000 / done.rate)
        self.cpu_ms.setdefault(work, []).append(used_s / done.answers * 1000)

    def finish(self, report: Any, name: str, title: str, sizes: Sequence[int]) -> None:
        for work, values in self.ms.items():
            report.add(f"{title}: {work.strip(' …')}", _shown(values) + f" ms; CPU {_shown(self.cpu_ms[work])} ms")
        for kind, lines, unit in (("ms", self.ms, "ms an answer"), ("cpu", self.cpu_ms, "ms of CPU a request")):
            path = draw(f"{name}-{kind}", title, unit, sizes, lines)
            report.add(
                f"{title}, {unit}", str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
            )


def _shown(values: Sequence[float]) -> str:
    return " → ".join(f"{value:.2f}" for value in values)


def _over_records(report: Any, sizes: Sequence[int], turn_s: float) -> None:
    from benchmarks.server import serving
    from tests.server import free_port

    ground = Ground(COMPANIES, sizes[0])
    settle()
    lines = Lines()
    for place, size in enumerate(sizes):
        if place:
            _grow(ground.workspace, sizes[place - 1], size)
        with serving(free_port(), 1, {}) as server, clients(server.port, 1, (place + 1) * 100_000_000) as load:
            for item in sorted(ground.items.all(), key=lambda item: item.is_write):
                lines.ask(server, load, f"{item.title} ({item.key})", ground.requests(item, "fourgate"), turn_s)
            if size == sizes[-1]:
                _filtered(report, server, ground, size)
    lines.finish(report, "records", "records of an object", sizes)


def _grow(workspace: Any, have: int, wanted: int) -> None:
    """Copies of the records there are, with other e-mails and names."""
    schema = current_schema(workspace.id)
    person = schema.by_singular["person"]
    table = table_of(person)
    text = _COPY.format(table=table, schema=table.partition(".")[0])
    with connection.cursor() as cursor:
        cursor.execute(text, (have, wanted, wanted + wanted // have - 2, str(person.id)))
    settle()


def _filtered(report: Any, server: Any, ground: Ground, size: int) -> None:
    """The server's time for the page of a filter and an order that a user's index serves."""
    from benchmarks.million import Client

    client = Client(server.port, ground.token)
    path = "/rest/people?filter=city[eq]:%s&order_by=name.lastName&limit=60&count=none"
    cities = ("Oslo", "Paris", "Lagos", "Toronto", "Quito")
    times = [client.get(path % cities[number % len(cities)])[2] for number in range(PAGES)][len(cities) :]
    typical = statistics.median(times)
    shown = f"{typical:.2f} ms (slowest {max(times):.2f})"
    report.add(f"filter + order by a user's index at {size:,}, the server's time", shown, typical, "≤ 1 ms")


def _over_workspaces(report: Any, sizes: Sequence[int], turn_s: float) -> None:
    from benchmarks.server import serving
    from tests.server import free_port

    tokens: list[str] = []
    lines = Lines()
    for place, size in enumerate(sizes):
        while len(tokens) < size:
            workspace = data.workspace_to_measure(f"Growth {len(tokens)}")
            data.seed(workspace, 1, PEOPLE_OF_EACH)
            tokens.append(data.token_of(workspace))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        new = incoming(1, f"n{NUMBER}")
        asked = {
            "REST list 60": Asked("GET", "/rest/people?limit=60&count=none"),
            "GraphQL list 60": Asked(
                "POST",
                "/graphql",
                data.dumped({"query": "{ people(first: 60) { edges { node { id city jobTitle } } } }"}),
            ),
            "REST create one": Asked("POST", "/rest/people", data.dumped(new)),
        }
        with serving(free_port(), 1, {}) as server, clients(server.port, 1, (place + 20) * 100_000_000) as load:
            for work, each in asked.items():
                requests = [request_bytes(each.method, each.path, token, each.body) for token in tokens]
                load.run(requests, max(turn_s, size / 100))  # every workspace's data model is read once
                lines.ask(server, load, work, requests, turn_s)
            report.add(f"memory of a worker with {size:,} workspaces", f"{server.rss_mb():.0f} MB")
    lines.finish(report, "workspaces", "workspaces, asked in turn", sizes)
