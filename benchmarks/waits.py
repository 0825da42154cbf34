"""What users wait for, among 100,000 people: an import, an export, changes of the data model, an upsert, wide reads.

While the long ones run, others read one record each in another workspace: how long those wait is a row of its own.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.load import HttpConnection, request_bytes

COMPANIES = 10_000
CONNECTIONS = 4  # of the neighbour, so that it reaches every process of the server
PAUSE_S = 0.005
ALONE_S = 2.0  # before each row and after it: the machine is not as fast all the time
BESIDE = 5.0  # times the median alone that the slowest hundredth may take
CHANGES = 7
UPSERTS = 30
WIDE = 25


def _neighbour(pipe: Connection, port: int, request: bytes) -> None:
    """Reads until it is told to stop, then says how many milliseconds each read took."""
    connections = [HttpConnection(port) for _ in range(CONNECTIONS)]
    times: list[float] = []
    pipe.send("ready")
    while not pipe.poll():
        started = time.perf_counter()
        status, body = connections[len(times) % CONNECTIONS].ask(request)
        times.append((time.perf_counter() - started) * 1000)
        assert status == 200, body[:500]
        time.sleep(PAUSE_S)
    pipe.send(times)


@contextmanager
def neighbour(port: int, request: bytes) -> Iterator[list[float]]:
    """The milliseconds of the neighbour's reads during the block, there when it ends."""
    context: Any = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_neighbour, args=(theirs, port, request), daemon=True)
    process.start()
    ours.recv()
    times: list[float] = []
    try:
        yield times
    finally:
        ours.send("stop")
        times += ours.recv()
        process.join()


class Waits:
    def __init__(self, report: Any, server: Any, token: str, request: bytes, people: int) -> None:
        self.report, self.server, self.token, self.people = report, server, token, people
        self._request = request

    def client(self) -> Any:
        """A new connection: one that is kept is closed where the row before took long."""
        from benchmarks.million import Client

        return Client(self.server.port, self.token)

    def beside(self, work: str, do: Callable[[], str], limit_s: float | None = None) -> None:
        """A row of how long it took, and one of what others waited meanwhile."""
        alone = self._alone()
        with neighbour(self.server.port, self._request) as times:
            started = time.perf_counter()
            shown = do()
            took_s = time.perf_counter() - started
        alone += self._alone()
        bar = "" if limit_s is None else f"≤ {limit_s:.0f} s"
        self.report.add(work, f"{took_s:.1f} s{shown}", took_s, bar)
        alone_ms = statistics.median(alone)
        ratio = _p99(times) / alone_ms
        others = f"{ratio:.1f} x {alone_ms:.2f} ms, the median alone (p99 {_p99(alone):.1f}): {_p99(times):.1f} ms"
        others += f" (median {statistics.median(times):.2f})"
        self.report.add("  p99 of others' read one meanwhile", others, ratio, f"≤ {BESIDE:.0f} x")

    def _alone(self) -> list[float]:
        """The milliseconds of the neighbour's reads while nothing else is done."""
        with neighbour(self.server.port, self._request) as times:
            time.sleep(ALONE_S)
        return times

    def ask(self, method: str, path: str, body: Any = None) -> tuple[Any, float]:
        """The JSON, and the milliseconds that it took."""
        request = request_bytes(method, path, self.token, b"" if body is None else json.dumps(body).encode())
        connection = HttpConnection(self.server.port)
        started = time.perf_counter()
        status, answer = connection.ask(request)
        took_ms = (time.perf_counter() - started) * 1000
        assert status in (200, 201), (method, path, status, answer[:1000])
        return json.loads(answer), took_ms

    # The rows ----------------------------------------------------------------------------------------

    def imported(self) -> None:
        from benchmarks.data import dumped, person

        def do() -> str:
            lines = (dumped(person(number, COMPANIES)) + b"\n" for number in range(self.people))
            done = self.client().send("/rest/people/import", lines)
            assert (done["created"], done["failed"]) == (self.people, 0), done
            return ""

        limit_s = 30 * self.people / 100_000
        self.beside(f"import {self.people:,} people, JSON Lines", do, limit_s)

    def exported(self) -> None:
        self.beside(
            f"export {self.people:,} people, CSV",
            lambda: f", {self.client().drain('/rest/people/export?format=csv') / 1_000_000:,.0f} MB",
        )

    def changes(self, person_id: str, record_id: str) -> None:
        """A field made, used and deleted; a searched one too."""
        for kind, searched in (("a field", False), ("a searched field", True)):
            times: dict[str, list[float]] = {"made": [], "used": [], "deleted": []}
            for number in range(CHANGES):
                name = f"extra{number}{kind[2]}"
                wanted = {"objectMetadataId": person_id, "type": "TEXT", "name": name, "label": name}
                made, took_ms = self.ask("POST", "/rest/metadata/fields", {**wanted, "isSearchable": searched})
                times["made"].append(took_ms)
                field_id = _found(made, "id")
                times["used"].append(self.ask("PATCH", f"/rest/people/{record_id}", {name: "Something"})[1])
                times["deleted"].append(self.ask("DELETE", f"/rest/metadata/fields/{field_id}")[1])
            for verb, each in times.items():
                typical = statistics.median(each)
                shown = f"{typical:.1f} ms (slowest {max(each):.1f})"
                work = f"{kind} {verb} at {self.people:,} records"
                self.report.add(work, shown, typical, "≤ 50 ms", is_timed=True)

    def upserts(self) -> None:
        from benchmarks.data import person

        times = []
        for number in range(UPSERTS):
            records = [{**person(place, COMPANIES), "jobTitle": f"Job {number}"} for place in range(60)]
            times.append(self.ask("POST", "/rest/batch/people?upsert=true", records)[1])
        typical = statistics.median(times)
        self.report.add("REST upsert 60, all there", f"{typical:.2f} ms (slowest {max(times):.1f})")

    def wide(self) -> None:
        """A group by and a search of a frequent word."""
        paths = {
            "group by city, with counts": "/rest/people/groupBy?group_by=[{%22city%22:true}]",
            "search a word that every 11th has": "/rest/search?limit=20&query=lovelace",
        }
        for work, path in paths.items():
            client = self.client()
            times = [client.get(path)[2] for _ in range(WIDE)][1:]
            typical = statistics.median(times)
            shown = f"{typical:.1f} ms (slowest {max(times):.1f})"
            self.report.add(work, shown, typical, "≤ 40 ms", is_timed=True)
            self.beside(f"  … {WIDE * 4} times", lambda client=client, path=path: _repeated(client, path))  # type: ignore[misc]


def measure_waits(report: Any, people: int) -> None:
    import os

    from django.db import connection

    from benchmarks import data
    from benchmarks.pace import measure_pace
    from benchmarks.server import serving
    from core.records.reindex import searches_rebuild
    from metadata.cache import current_schema
    from tests.server import free_port

    report.pace = measure_pace()
    report.add("pace of this machine", f"{report.pace:.2f}")
    other = data.workspace_to_measure("Neighbour")
    data.seed(other, 10, 60)
    workspace = data.workspace_to_measure("Waits")
    data.seed(workspace, COMPANIES, 0)
    token = data.token_of(workspace)
    with serving(free_port(), os.cpu_count() or 1, {}) as server:
        others_token = data.token_of(other)
        page = HttpConnection(server.port).ask(request_bytes("GET", "/rest/people?limit=1", others_token))[1]
        record_id = json.loads(page)["data"]["people"][0]["id"]
        request = request_bytes("GET", f"/rest/people/{record_id}", others_token)
        waits = Waits(report, server, token, request, people)
        waits.imported()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        own_id = waits.ask("GET", "/rest/people?limit=1")[0]["data"]["people"][0]["id"]
        waits.changes(str(current_schema(workspace.id).by_singular["person"].id), own_id)
        waits.upserts()
        while searches_rebuild():  # what `maintain` does after a searched field was made or deleted
            pass
        waits.wide()
        waits.exported()
        report.add("largest worker's memory at the end", f"{server.rss_mb():.0f} MB")


def _repeated(client: Any, path: str) -> str:
    for _ in range(WIDE * 4):
        client.get(path)
    return ""


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _found(answer: Any, member: str) -> str:
    """A member of the resource inside of an envelope."""
    inner = answer.get("data", answer)
    inner = inner if member in inner else next(iter(inner.values()))
    return str(inner[member])
