"""What a release must hold beside the table: batches of writes, a changed data model, rate limits, memory."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.database import LIMITED
from benchmarks.report import Report, Scale

ROOT = Path(__file__).resolve().parent.parent


def measure_overview(scale: Scale, report: Report) -> None:
    from django.db import connection

    from benchmarks import data
    from benchmarks.pace import measure_pace
    from benchmarks.server import serving
    from tests.server import free_port

    report.pace = measure_pace()
    report.add("pace of this machine", f"{report.pace:.2f}")
    workspace = data.workspace_to_measure("Benchmark")
    data.add_plain_object(workspace)
    rate = data.seed(workspace, scale.companies, scale.people)
    report.add("seed people, 60 a call, in process", f"{rate:,.0f} records/s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    bench = Bench(workspace, scale, report)
    workers = os.cpu_count() or 1
    with serving(free_port(), workers, {}) as server:
        bench.writes(server)
    uncounted = {f"API_RATE_LIMITING_{name}_LIMIT": "0" for name in LIMITED}
    with (
        serving(free_port(), 1, {}) as counting,
        serving(free_port(), 1, uncounted) as other,
    ):
        bench.rate_limits(counting, other)
    model = data.model_of_size("Model", objects=30, fields=25)
    with serving(free_port(), 1, {}) as server:
        bench.visibility(server, model)
    others = [data.workspace_to_measure(f"Further {number}") for number in range(scale.workspaces)]
    with serving(free_port(), 1, {}) as server:
        bench.memory(server, others)
    bench.statement_counts()


class Bench:
    """What is asked, of one workspace."""

    def __init__(self, workspace: Any, scale: Scale, report: Report) -> None:
        from benchmarks import data
        from core.query import ir
        from core.records.find import find_page
        from metadata.cache import current_schema

        self.workspace, self.scale, self.report = workspace, scale, report
        self.token = data.token_of(workspace)
        self.schema, principal = current_schema(workspace.id), data.principal_of(workspace)
        page = find_page(principal, self.schema, ir.Find("person", ir.Everything(), page=ir.Page(1)))
        self.record = json.loads(page.items)

    def get(self, path: str) -> bytes:
        from benchmarks.load import request_bytes

        return request_bytes("GET", path, self.token)

    def graphql(self, query: str, path: str = "/graphql", token: str | None = None) -> bytes:
        from benchmarks.load import request_bytes

        return request_bytes("POST", path, token or self.token, json.dumps({"query": query}).encode())

    # Writes ------------------------------------------------------------------------------------------

    def writes(self, server: Any) -> None:
        from benchmarks import data
        from benchmarks.load import HttpConnection, request_bytes

        scale = self.scale
        first = scale.people + 1_000

        def batch(number: int, path: str, job: str | None = None) -> bytes:
            if "plains" in path:
                records = [data.plain(number * 60 + place) for place in range(60)]
                return request_bytes("POST", path, self.token, data.dumped(records))
            records = [data.person(first + number * 60 + place, scale.companies) for place in range(60)]
            if job is not None:
                records = [{**record, "jobTitle": job} for record in records]
            return request_bytes("POST", path, self.token, data.dumped(records))

        kinds = {
            "create 60 people, whole records answered": ("/rest/batch/people", None, "≥ 12,000 records/s"),
            "create 60 people, fields=id": ("/rest/batch/people?fields=id", None, ""),
            "upsert 60 people, all there": ("/rest/batch/people?upsert=true", "Changed", ""),
            "create 60 plain records of 20 members": ("/rest/batch/plains", None, "≥ 12,000 records/s"),
        }
        connection = HttpConnection(server.port)
        for place, (work, (path, job, bar)) in enumerate(kinds.items()):
            start = min(place, 1) * scale.batches  # the upsert meets what the second kind created
            requests = [batch(start + number, path, job) for number in range(scale.batches)]
            times = []
            for request in requests:
                started = time.perf_counter()
                status, body = connection.ask(request)
                times.append(time.perf_counter() - started)
                assert status == 201, body[:500]
            typical = statistics.median(times)
            rate = 60 / typical
            mean = 60 * len(times) / sum(times)
            shown = f"{rate:,.0f} records/s ({typical * 1000:.2f} ms median; {mean:,.0f} over the whole run)"
            self.report.add(work, shown, rate, bar, is_timed=True)

    # The data model ----------------------------------------------------------------------------------

    def visibility(self, server: Any, model: Any) -> None:
        """A field is added; the first answer of each API afterwards shows it."""
        from benchmarks import data
        from benchmarks.load import HttpConnection, request_bytes
        from metadata.cache import current_schema

        token = data.token_of(model)
        schema = current_schema(model.id)
        subject = schema.by_singular["thing0"]
        connection = HttpConnection(server.port)
        connection.ask(request_bytes("POST", "/rest/things0", token, b"{}"))
        asked = {
            "Core REST": lambda name: request_bytes("GET", "/rest/things0?limit=1", token),
            "Core GraphQL": lambda name: self.graphql(
                f"{{ things0 {{ edges {{ node {{ {name} }} }} }} }}", token=token
            ),
            "Metadata REST": lambda name: request_bytes("GET", f"/rest/metadata/objects/{subject.id}", token),
            "Metadata GraphQL": lambda name: self.graphql(
                f'{{ object(id: "{subject.id}") {{ fieldsList {{ name }} }} }}', "/metadata", token
            ),
            "OpenAPI document": lambda name: request_bytes("GET", "/rest/open-api/core", token),
        }
        times: dict[str, list[float]] = {"change": [], **{api: [] for api in asked}}
        for number in range(self.scale.changes + 1):
            name = f"fresh{number}"
            wanted = {"objectMetadataId": str(subject.id), "type": "TEXT", "name": name, "label": name}
            requests = {"change": request_bytes("POST", "/rest/metadata/fields", token, json.dumps(wanted).encode())}
            requests |= {api: make(name) for api, make in asked.items()}
            for what, request in requests.items():
                started = time.perf_counter()
                status, body = connection.ask(request)
                elapsed = time.perf_counter() - started
                assert status in (200, 201) and name.encode() in body and "errors" not in json.loads(body), body[:500]
                if number:  # the first round is the warm-up
                    times[what].append(elapsed * 1000)
        medians = {what: statistics.median(each) for what, each in times.items()}
        size = f"{len(schema.objects)} objects x {len(subject.fields)} fields"
        self.report.add(f"add a field, {size}", f"{medians['change']:.1f} ms")
        for api in asked:
            self.report.add(f"  its first answer: {api}", f"{medians[api]:.1f} ms")
        four = sum(medians[api] for api in asked if api != "OpenAPI document")
        self.report.add(
            "visible in all four APIs, one after the other", f"{four:.1f} ms", four, "≤ 50 ms", is_timed=True
        )
        everything = four + medians["OpenAPI document"]
        self.report.add("  … and in the OpenAPI document", f"{everything:.1f} ms", everything, "≤ 50 ms", is_timed=True)

    # Rate limits -------------------------------------------------------------------------------------

    def rate_limits(self, counting: Any, other: Any) -> None:
        """What counting costs a request: CPU of server and PostgreSQL, in turns with a server that has no limits.

        Short turns and many of them: what else the machine does meanwhile costs more than what is measured.
        """
        from benchmarks.database import database_cpu_s
        from benchmarks.load import clients

        request = [self.get(f"/rest/people/{self.record['id']}")]
        differences = []
        with clients(counting.port, 1) as counted, clients(other.port, 1) as uncounted:
            for asking in (counted, uncounted):
                asking.run(request, self.scale.round_s)
            turn_s = self.scale.round_s / 4
            for number in range(12 * self.scale.rounds):
                costs: dict[bool, float] = {}
                pair = [(True, counting, counted), (False, other, uncounted)]
                for is_counted, server, asking in pair if number % 2 == 0 else pair[::-1]:
                    before = server.cpu_s() + database_cpu_s()
                    count = asking.run(request, turn_s).answers
                    costs[is_counted] = (server.cpu_s() + database_cpu_s() - before) / count
                differences.append((costs[True] - costs[False]) * 1_000_000)
        cost = statistics.median(differences)
        low, _, high = statistics.quantiles(differences, n=4)
        shown = f"{cost:.0f} µs  (half of the pairs {low:.0f} to {high:.0f})"
        self.report.add("what rate limits cost a request, CPU", shown, cost, "≤ 50 µs", is_timed=True)

    # Memory ------------------------------------------------------------------------------------------

    def memory(self, server: Any, others: Sequence[Any]) -> None:
        from benchmarks import data
        from benchmarks.load import HttpConnection

        connection = HttpConnection(server.port)
        person = data.graphql_members(self.schema.by_singular["person"], self.record)

        def touch(token: str) -> None:
            own, self.token = self.token, token
            page = f"{{ people(first: 60) {{ edges {{ node {{ {person} }} }} }} }}"
            requests = [
                self.get("/rest/people"),
                self.get("/rest/companies?depth=1&limit=5"),
                self.graphql(page),
                self.graphql("{ objects(paging: {first: 5}) { edges { node { nameSingular } } } }", "/metadata"),
                self.get("/rest/metadata/objects?limit=1"),
                self.get("/rest/open-api/core"),
            ]
            self.token = own
            for request in requests * 3:
                status, body = connection.ask(request)
                assert status == 200 and b'"errors"' not in body[:500], body[:500]

        tokens = [data.token_of(other) for other in others]
        started = server.rss_mb()
        touch(self.token)
        one = server.rss_mb()
        for token in tokens:
            touch(token)
        each = (server.rss_mb() - one) / len(others)
        self.report.add("a worker's memory, nothing asked yet", f"{started:.0f} MB")
        self.report.add("a worker's memory, one workspace", f"{one:.0f} MB", one, "≤ 150 MB")
        self.report.add(f"each of {len(others)} further workspaces", f"{each:.2f} MB", each, "≤ 2 MB")

    def statement_counts(self) -> None:
        budgets = ROOT / "tests" / "budgets" / "query_counts.json"
        if budgets.exists():
            for kind, counts in json.loads(budgets.read_text()).items():
                self.report.add(f"statements of a request, {kind}", f"{min(counts.values())} to {max(counts.values())}")
