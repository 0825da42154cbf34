"""Measures what a release must hold and prints it beside the bars: `make bench`, `make bench ARGS=--quick`.

It starts a durable PostgreSQL of its own (or takes the one DATABASE_URL names, whose database it fills
and does not clean), seeds people and companies, and asks one granian server. Everything compared is
asked over the same connections in turns, A B A B, and the median of the turns' ratios counts, so that
what else the machine does hits both sides alike.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LIMITED = ("SHORT", "LONG", "WORKSPACE", "ADDRESS")


@dataclass(frozen=True, slots=True)
class Scale:
    companies: int
    people: int
    round_s: float
    rounds: int
    batches: int  # of 60 records, per kind of write
    changes: int  # of the data model
    workspaces: int  # further ones, for their memory


FULL = Scale(10_000, 100_000, 1.0, 9, 150, 7, 10)
QUICK = Scale(500, 5_000, 0.4, 3, 30, 3, 10)


@dataclass
class Report:
    """The table. A row's bar is a comparison and a number; rows without one only inform."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, work: str, shown: str, value: float | None = None, bar: str = "") -> None:
        verdict = ""
        if value is not None and bar:
            sign, limit = bar.split(" ")[:2]
            passed = value >= float(limit.replace(",", "")) if sign == "≥" else value <= float(limit.replace(",", ""))
            verdict = "PASS" if passed else "FAIL"
        self.rows.append((work, shown, bar, verdict))
        print("  ".join(part for part in self.rows[-1] if part), file=sys.stderr)

    def __str__(self) -> str:
        table = [("Work", "Measured", "Bar", "")] + self.rows
        widths = [max(len(row[place]) for row in table) for place in range(4)]
        lines = [
            "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        return "\n".join([lines[0], "-" * sum(widths), *lines[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small data set and short rounds")
    parser.add_argument(
        "--profile", action="store_true", help="where read one, list and create spend their Python time"
    )
    # Parts of their own, which the main run leaves out:
    parser.add_argument("--million", action="store_true", help="one object of a million records (--quick: 50,000)")
    parser.add_argument("--large-model", action="store_true", help="a data model of 100 objects x 50 fields")
    parser.add_argument("--graphql", action="store_true", help="Core GraphQL against REST and the ordinary executor")
    parser.add_argument("--request-log", action="store_true", help="what it costs, and its pages at a million entries")
    arguments = parser.parse_args()
    scale = QUICK if arguments.quick else FULL
    report = Report()
    with ExitStack() as stack:
        data_dir = Path(tempfile.mkdtemp(prefix="fourgate-bench-", dir="/tmp"))
        data_dir.chmod(0o755)
        stack.callback(shutil.rmtree, data_dir, ignore_errors=True)
        os.environ["DATA_DIR"] = str(data_dir)
        os.environ["LOG_LEVEL"] = "WARNING"
        os.environ |= {f"API_RATE_LIMITING_{name}_LIMIT": "1000000000" for name in LIMITED}  # counted, never refused
        os.environ.setdefault("SECRET_KEY", "benchmark")
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        if not os.environ.get("DATABASE_URL"):
            from config.server.embedded_postgres import EmbeddedPostgres

            server = EmbeddedPostgres(data_dir)
            stack.callback(server.destroy)
            server.start()
            os.environ["DATABASE_URL"] = server.url
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        if arguments.million:
            from benchmarks.million import measure_million

            measure_million(report, 50_000 if arguments.quick else 1_000_000)
        elif arguments.request_log:
            from benchmarks.request_log import measure_request_log

            measure_request_log(report, 50_000 if arguments.quick else 1_000_000)
        elif arguments.large_model:
            from benchmarks.large_model import measure_large_model

            measure_large_model(report)
        elif arguments.graphql:
            from benchmarks.executor import measure_graphql

            measure_graphql(report, scale.companies, scale.people)
        else:
            measure(scale, data_dir, report, profile=arguments.profile)
            print(f"\n{scale.companies:,} companies, {scale.people:,} people")
    print(f"\n{os.cpu_count()} cores\n\n{report}")


def measure(scale: Scale, data_dir: Path, report: Report, *, profile: bool) -> None:
    from django.db import connection

    from benchmarks import data
    from benchmarks.server import serving
    from tests.server import free_port

    workspace = data.workspace_to_measure("Benchmark")
    data.add_plain_object(workspace)
    rate = data.seed(workspace, scale.companies, scale.people)
    report.add("seed people, 60 a call, in process", f"{rate:,.0f} records/s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    bench = Bench(workspace, scale, report)
    statements = data_dir / "statements.json"
    statements.write_text(json.dumps(bench.statements()))
    environment = {"BENCHMARK_STATEMENTS": str(statements)}
    if profile:
        os.environ |= environment
        from benchmarks.profiling import profile_requests

        profile_requests(bench)
        return
    workers = os.cpu_count() or 1
    with serving(free_port(), workers, environment) as server:
        bench.reads(server)
        bench.writes(server)
    uncounted = {f"API_RATE_LIMITING_{name}_LIMIT": "0" for name in LIMITED}
    with (
        serving(free_port(), 1, environment) as counting,
        serving(free_port(), 1, environment | uncounted) as other,
    ):
        bench.rate_limits(counting, other)
    model = data.model_of_size("Model", objects=30, fields=25)
    with serving(free_port(), 1, environment) as server:
        bench.visibility(server, model)
    others = [data.workspace_to_measure(f"Further {number}") for number in range(scale.workspaces)]
    with serving(free_port(), 1, environment) as server:
        bench.memory(server, others)
    bench.statement_counts()


class Bench:
    """What is asked, of one workspace."""

    def __init__(self, workspace: Any, scale: Scale, report: Report) -> None:
        from benchmarks import data

        self.workspace, self.scale, self.report = workspace, scale, report
        self.token = data.token_of(workspace)

    # What is asked -----------------------------------------------------------------------------------

    def statements(self) -> dict[str, Any]:
        """The statements that the API sends for one person and for a page of people without a total."""
        from benchmarks.data import principal_of
        from core.query import ir
        from core.records import find
        from metadata.cache import current_schema

        principal, schema = principal_of(self.workspace), current_schema(self.workspace.id)
        sent: list[Any] = []
        fetch = find.fetch_confirming

        def noted(sql: Any, using: str) -> Any:
            sent.append(sql)
            return fetch(sql, using)

        find.fetch_confirming = noted
        try:
            page = find.find_page(
                principal, schema, ir.Find("person", ir.Everything(), page=ir.Page(60), with_total=False)
            )
            self.record = json.loads(f"[{page.items}]")[0]
            match = ir.Match("id", {"eq": self.record["id"]})
            find.find_one(principal, schema, ir.FindOne("person", ir.Everything(), match))
        finally:
            find.fetch_confirming = fetch
        assert sent[1].params[-1] == self.record["id"], sent[1].params
        named = {"list": sent[0], "one": sent[1]}
        return {
            name: {"text": sql.text, "params": [_plain(value) for value in sql.params]} for name, sql in named.items()
        }

    def get(self, path: str) -> bytes:
        from benchmarks.load import request_bytes

        return request_bytes("GET", path, self.token)

    def graphql(self, query: str, path: str = "/graphql", token: str | None = None) -> bytes:
        from benchmarks.load import request_bytes

        return request_bytes("POST", path, token or self.token, json.dumps({"query": query}).encode())

    def selections(self) -> tuple[str, str, list[str]]:
        """GraphQL selections of a whole person and company, and the company's REST members."""
        from benchmarks.data import graphql_members, principal_of
        from core.query import ir
        from core.records.find import find_page
        from metadata.cache import current_schema

        schema = current_schema(self.workspace.id)
        principal = principal_of(self.workspace)
        company = json.loads(find_page(principal, schema, ir.Find("company", ir.Everything(), page=ir.Page(1))).items)
        people = graphql_members(schema.by_singular["person"], self.record)
        return people, graphql_members(schema.by_singular["company"], company), list(company)

    # Reads -------------------------------------------------------------------------------------------

    def reads(self, server: Any) -> None:
        from benchmarks.load import HttpConnection, clients

        person, company, company_members = self.selections()
        ids = [each["id"] for each in self._ask_json(server.port, self.get("/rest/people?limit=60"))["data"]["people"]]
        random.Random(1).shuffle(ids)
        expanded = ",".join([*company_members, "people"])
        page = (
            f"{{ people(first: 60) {{ totalCount edges {{ node {{ {person} }} }}"
            " pageInfo { hasNextPage endCursor } } }"
        )
        nested = (
            f"{{ companies(first: 20) {{ totalCount edges {{ node {{ {company}"
            f" people {{ edges {{ node {{ {person} }} }} }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )
        asked = {
            "one": [self.get(f"/rest/people/{each}") for each in ids],
            "hand one": [self.get(f"/handwritten/people/{each}") for each in ids],
            "plain one": [self.get(f"/handwritten-plain/people/{each}") for each in ids],
            "list": [self.get("/rest/people?limit=60")],
            "hand list": [self.get("/handwritten/people")],
            "plain list": [self.get("/handwritten-plain/people")],
            "graphql list": [self.graphql(page)],
            "nested": [self.get(f"/rest/companies?limit=20&depth=1&fields={expanded}")],
            "graphql nested": [self.graphql(nested)],
        }
        connection = HttpConnection(server.port)
        shown = {name: _data(*connection.ask(requests[0])) for name, requests in asked.items()}
        assert shown["one"] == shown["hand one"] == shown["plain one"]
        assert shown["list"] == shown["hand list"] == shown["plain list"]
        assert shown["list"]["people"] == [edge["node"] for edge in shown["graphql list"]["people"]["edges"]]
        nodes = [edge["node"] for edge in shown["graphql nested"]["companies"]["edges"]]
        for node in nodes:
            node["people"] = [edge["node"] for edge in node["people"]["edges"]]
        assert shown["nested"]["companies"] == nodes
        assert len(nodes) == 20 and len(self.record) == 20, len(self.record)
        with clients(server.port, 2 * len(server.workers)) as load:
            for requests in asked.values():
                load.run(requests, self.scale.round_s)
            self._compare(server, load, asked, "read one, REST / hand-written", "one", "hand one", "≥ 0.70")
            self._compare(server, load, asked, "  … / hand-written without PREPARE", "one", "plain one", "")
            self._compare(server, load, asked, "list 60 with total, REST / hand-written", "list", "hand list", "≥ 0.70")
            self._compare(server, load, asked, "  … / hand-written without PREPARE", "list", "plain list", "")
            self._compare(server, load, asked, "list 60, GraphQL time / REST time", "list", "graphql list", "≤ 1.40")
            self._compare(
                server, load, asked, "20 x 10 nested, GraphQL time / REST time", "nested", "graphql nested", "≤ 1.40"
            )

    def _compare(
        self, server: Any, load: Any, asked: dict[str, Any], work: str, first: str, second: str, bar: str
    ) -> None:
        """The ratio of the first one's answers per second to the second one's."""
        rates: dict[str, list[float]] = {first: [], second: []}
        cpu: dict[str, list[float]] = {first: [], second: []}
        for number in range(self.scale.rounds):
            for name in (first, second) if number % 2 == 0 else (second, first):
                before = server.cpu_s()
                rate = load.run(asked[name], self.scale.round_s)
                rates[name].append(rate)
                cpu[name].append((server.cpu_s() - before) / (rate * self.scale.round_s) * 1_000_000)
        ratio = statistics.median(a / b for a, b in zip(rates[first], rates[second], strict=True))
        sides = [
            f"{name} {statistics.median(rates[name]):,.0f}/s {statistics.median(cpu[name]):,.0f} µs"
            for name in (first, second)
        ]
        self.report.add(work, f"{ratio:.2f}  ({', '.join(sides)} of worker CPU)", ratio, bar)

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
            self.report.add(work, shown, rate, bar)

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
        self.report.add("visible in all four APIs, one after the other", f"{four:.1f} ms", four, "≤ 50 ms")
        everything = four + medians["OpenAPI document"]
        self.report.add("  … and in the OpenAPI document", f"{everything:.1f} ms", everything, "≤ 50 ms")

    # Rate limits -------------------------------------------------------------------------------------

    def rate_limits(self, counting: Any, other: Any) -> None:
        """What counting costs a request: CPU of server and PostgreSQL, in turns with a server that has no limits.

        Short turns and many of them: what else the machine does meanwhile costs more than what is measured.
        """
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
                    count = asking.run(request, turn_s) * turn_s
                    costs[is_counted] = (server.cpu_s() + database_cpu_s() - before) / count
                differences.append((costs[True] - costs[False]) * 1_000_000)
        cost = statistics.median(differences)
        low, _, high = statistics.quantiles(differences, n=4)
        shown = f"{cost:.0f} µs  (half of the pairs {low:.0f} to {high:.0f})"
        self.report.add("what rate limits cost a request, CPU", shown, cost, "≤ 50 µs")

    # Memory ------------------------------------------------------------------------------------------

    def memory(self, server: Any, others: Sequence[Any]) -> None:
        from benchmarks import data
        from benchmarks.load import HttpConnection

        connection = HttpConnection(server.port)
        person, _, _ = self.selections()

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

    def _ask_json(self, port: int, request: bytes) -> Any:
        from benchmarks.load import HttpConnection

        status, body = HttpConnection(port).ask(request)
        assert status == 200, body
        return json.loads(body)


def _data(status: int, body: bytes) -> Any:
    """The data of an answer that must have no errors."""
    content = json.loads(body)
    assert status == 200 and "errors" not in content, body[:500]
    return content["data"]


def database_cpu_s() -> float:
    """CPU time that the database's connections used so far; 0 when it runs on another machine."""
    from django.db import connection

    from benchmarks.server import process_cpu_s

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        pids = [pid for (pid,) in cursor.fetchall()]
    return sum(process_cpu_s(pid) for pid in pids if Path(f"/proc/{pid}").exists())


def _plain(param: Any) -> Any:
    """A statement's parameter as JSON can hold it."""
    from core.sql.files import ServerUrl

    return "http://127.0.0.1" if isinstance(param, ServerUrl) else param


if __name__ == "__main__":
    main()
