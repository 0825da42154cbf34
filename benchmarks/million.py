"""One object of a million records: what stays fast, what an import and an export do, and what has no index.

The times are the server's own (`Server-Timing: total`), medians over different pages and values, so that
nothing is answered from what was just read.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

COMPANIES = 10_000
ROUNDS = 25
_TOTAL = re.compile(r"total;dur=([0-9.]+)")
_CITIES = ("Zürich", "Paris", "München", "東京", "Lagos", "São Paulo", "Kraków", "Oslo", "Toronto", "Quito")
_KINDS = ("CALL", "MEETING", "MAIL", "LETTER")


def visits(count: int) -> Iterator[bytes]:
    """JSON Lines, made by number; the values of a field are spread over the whole set."""
    from benchmarks.data import company_id

    spread = 7_919  # a prime: neighbours in the file are no neighbours in an index
    for number in range(count):
        place = number * spread % count
        record = {
            "name": f"Visit {place:07}",
            "city": _CITIES[number % 10],
            "amount": place,
            "note": f"Note of visit {number}",
            "kind": _KINDS[number % 4],
            "startedAt": f"20{place % 25:02}-0{place % 9 + 1}-{place % 27 + 1:02}T08:30:00.000Z",
            "companyId": company_id(number % COMPANIES),
        }
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def workspace_of_visits() -> Any:
    """Companies, and an object `visit` that has indexes on `amount` and `name` and a relation to them."""
    from benchmarks import data
    from metadata import services
    from metadata.cache import current_schema

    workspace = data.workspace_to_measure("Million")
    data.seed(workspace, COMPANIES, 0)
    names = {"nameSingular": "visit", "namePlural": "visits", "labelSingular": "Visit", "labelPlural": "Visits"}
    event = services.object_create(workspace_id=workspace.id, values=names)
    made = {"name": event.fields.get(name="name")}
    kinds: dict[str, dict[str, Any]] = {
        "city": {"type": "TEXT"},
        "amount": {"type": "NUMBER"},
        "note": {"type": "TEXT", "isSearchable": False},
        "kind": {
            "type": "SELECT",
            "options": [
                {"value": each, "label": each.title(), "position": place, "color": "blue"}
                for place, each in enumerate(_KINDS)
            ],
        },
        "startedAt": {"type": "DATE_TIME"},
        "company": {
            "type": "RELATION",
            "relationCreationPayload": {
                "type": "MANY_TO_ONE",
                "targetObjectMetadataId": str(current_schema(workspace.id).by_singular["company"].id),
                "targetFieldLabel": "Visits",
                "targetFieldIcon": "IconCalendar",
            },
        },
    }
    for name, values in kinds.items():
        members = {"objectMetadataId": str(event.id), "name": name, "label": name.title(), **values}
        made[name] = services.field_create(workspace_id=workspace.id, values=members)
    for name in ("amount", "name"):
        members = {"objectMetadataId": str(event.id), "fields": [{"fieldMetadataId": str(made[name].id)}]}
        services.index_create(workspace_id=workspace.id, values=members)
    return workspace


class Client:
    """One kept connection; tells what the server says a request took."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> tuple[int, Any, float]:
        """Status, JSON and the server's milliseconds."""
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        found = _TOTAL.search(answer.headers.get("Server-Timing", ""))
        assert found is not None, (path, answer.status, body)
        return answer.status, body, float(found[1])

    def send(self, path: str, pieces: Iterator[bytes]) -> Any:
        headers = {**self.headers, "Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"}
        self.connection.request("POST", path, pieces, headers, encode_chunked=True)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:500]
        return json.loads(body)["data"]["import"]

    def drain(self, path: str) -> int:
        """Bytes of an answer that is read as it comes."""
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        assert answer.status == 200
        size = 0
        while piece := answer.read(1 << 20):
            size += len(piece)
        return size


class Peak:
    """The largest resident memory of the server's workers while it is entered, beyond what it was before."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._done = threading.Event()

    def __enter__(self) -> Peak:
        self.before = self.largest = self.server.rss_mb()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.largest = max(self.largest, self.server.rss_mb())

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def growth_mb(self) -> float:
        return self.largest - self.before


def measure_million(report: Any, count: int) -> None:
    from django.db import connection

    from benchmarks import data
    from benchmarks.server import serving
    from tests.server import free_port

    workspace = workspace_of_visits()
    token = data.token_of(workspace)
    with serving(free_port(), 1, {}) as server:
        client = Client(server.port, token)
        with Peak(server) as peak:
            started = time.perf_counter()
            done = client.send("/rest/visits/import", visits(count))
            rate = count / (time.perf_counter() - started)
        assert (done["created"], done["failed"]) == (count, 0), done
        report.add(f"import {count:,} records, JSON Lines", f"{rate:,.0f} records/s", rate, "≥ 8,000 records/s")
        report.add("  its memory in the worker", f"+{peak.growth_mb:.0f} MB", peak.growth_mb, "≤ 30 MB")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")  # autovacuum may be at it
            cursor.execute("VACUUM ANALYZE")
        _reads(report, client, count)
        for form in ("csv", "jsonl"):
            with Peak(server) as peak:
                started = time.perf_counter()
                size = client.drain(f"/rest/visits/export?format={form}")
                took = time.perf_counter() - started
            shown = f"{count / took:,.0f} records/s, {size / 1_000_000:,.0f} MB"
            report.add(f"export {count:,} records, {form}", shown)
            report.add("  its memory in the worker", f"+{peak.growth_mb:.0f} MB", peak.growth_mb, "≤ 30 MB")


def _reads(report: Any, client: Client, count: int) -> None:
    from benchmarks.data import company_id

    chance = random.Random(1)
    page = client.get("/rest/visits?limit=60")[1]
    ids = [each["id"] for each in page["data"]["visits"]]

    def number() -> int:
        return chance.randrange(count)

    def cursor_at(order: str, condition: str) -> str:
        path = f"/rest/visits?limit=1&order_by={order}&filter={condition}&count=none"
        return str(client.get(path)[1]["pageInfo"]["endCursor"])

    def page_after(order: str, member: str) -> Callable[[], str]:
        """Pages anywhere in the set: each behind a cursor that an earlier page gave."""
        value = (lambda: f"Visit%20{number():07}") if member == "name" else (lambda: str(number()))
        cursors = iter([cursor_at(order, f"{member}[gte]:{value()}") for _ in range(ROUNDS + 2)])
        return lambda: f"/rest/visits?limit=60&order_by={order}&starting_after={next(cursors)}&count=none"

    def page_before(order: str, member: str) -> Callable[[], str]:
        cursors = iter([cursor_at(order, f"{member}[gte]:{number()}") for _ in range(ROUNDS + 2)])
        return lambda: f"/rest/visits?limit=60&order_by={order}&ending_before={next(cursors)}&count=none"

    bar = "≤ 3 ms"
    indexed: dict[str, Callable[[], str]] = {
        "read one": lambda: f"/rest/visits/{chance.choice(ids)}",
        "first page in the default order, with its total": lambda: "/rest/visits?limit=60",
        "page anywhere by an indexed number": page_after("amount", "amount"),
        "  … backward": page_before("amount", "amount"),
        "  … descending, nulls last": page_after("amount[DescNullsLast]", "amount"),
        "page anywhere by an indexed text": page_after("name", "name"),
        "page anywhere in the order of creation": page_after("createdAt", "amount"),
        "filter by an indexed number": lambda: f"/rest/visits?filter=amount[eq]:{number()}",
        "filter by a range of it, ordered": lambda: (
            f"/rest/visits?limit=60&count=none&order_by=amount&filter=amount[gte]:{number()}"
        ),
        "filter by an indexed text": lambda: f"/rest/visits?filter=name[eq]:%22Visit%20{number():07}%22",
        "records of one company": lambda: (
            f"/rest/visits?limit=60&filter=companyId[eq]:{company_id(chance.randrange(COMPANIES))}"
        ),
        "a company with its visits": lambda: f"/rest/companies/{company_id(chance.randrange(COMPANIES))}?depth=1",
        "60 visits with their companies": lambda: "/rest/visits?limit=60&depth=1",
    }
    for work, path in indexed.items():
        report.add(work, *_median(client, path, bar))
    unindexed: dict[str, Callable[[], str]] = {
        "filter without an index, few match": lambda: (
            f"/rest/visits?filter=note[eq]:%22Note%20of%20visit%20{number()}%22"
        ),
        "filter without an index, many match": lambda: (
            f"/rest/visits?filter=city[eq]:{chance.choice(('Oslo', 'Paris'))}"
        ),
        "order without an index": lambda: "/rest/visits?limit=60&order_by=startedAt&count=none",
        "group by a select, with counts": lambda: '/rest/visits/groupBy?group_by=[{"kind":true}]'.replace('"', "%22"),
        "search a word that one record has": lambda: f"/rest/search?limit=20&query={number():07}",
    }
    for work, path in unindexed.items():
        report.add(work, *_median(client, path, "≤ 1,000 ms", rounds=5))


def _median(client: Client, path: Callable[[], str], bar: str, rounds: int = ROUNDS) -> tuple[str, float, str]:
    """Milliseconds; a statement that ran out of time counts as done when it says so."""
    times, refused = [], 0
    for round_number in range(rounds + 1):
        status, body, took = client.get(path())
        if status == 408 or (status == 400 and "took longer" in json.dumps(body)):
            refused += 1
        else:
            assert status == 200, body
        if round_number:  # the first one prepares its statement
            times.append(took)
    typical = statistics.median(times)
    shown = f"{typical:.2f} ms (slowest {max(times):.2f})" + (f"; {refused} timed out" if refused else "")
    return shown, typical, bar
