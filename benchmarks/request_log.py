"""The request log: what it costs a request, and how long its pages take when it is long.

The cost is CPU of the web server and of PostgreSQL, against a server that logs nothing, in turns. Each turn ends once
the log has been written, so that its cost is counted where it belongs.
"""

from __future__ import annotations

import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

PAIRS = 30
TURN_S = 0.3
DAYS = 24  # that a million entries are spread over, two seconds apart
ENTRIES = 20_000
WRITTEN_AT_ONCE = 500
FLUSHED_S = 0.7  # more than apikeys.activity.requests.FLUSH_S
PAGES = {
    "newest": "",
    "a day": "span=24h",
    "of a key": "by={key}",
    "failed": "outcome=failed",
    "of an API and an object": "api=graphql&object=note",
    "found by a path": "q=5f0c6a3e",
    "not found": "q=nowhere-at-all",
    "far back": "before={middle}",
}
FILL = """
INSERT INTO apikeys_requestlog
SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n * 2000), 12, '0') || '4000a000'
        || lpad(to_hex(n), 12, '0'))::uuid, %(workspace)s, true, md5((n %% 200)::text)::uuid, 'Key ' || n %% 200,
    (ARRAY['rest', 'graphql', 'metadata-rest'])[n %% 3 + 1], 'GET', '/rest/people/' || md5(n::text)::uuid,
    CASE WHEN n %% 3 = 1 THEN 'query people' END, (ARRAY['person', 'company', 'note'])[n %% 7 %% 3 + 1],
    CASE WHEN n %% 50 = 0 THEN 404 ELSE 200 END, CASE WHEN n %% 50 = 0 THEN 4 ELSE 2 END, NULL, NULL, NULL,
    n %% 100, '203.0.113.' || n %% 256, '{"User-Agent":"benchmark"}', NULL
FROM generate_series(1, %(count)s) n"""


def measure_request_log(report: Any, count: int) -> None:
    from benchmarks import data

    workspace = data.workspace_to_measure("Request log")
    data.seed(workspace, 100, 1_000)
    _in_process(report, workspace)
    _cost(report, data.token_of(workspace))
    _pages(report, workspace, count)


def _cost(report: Any, token: str) -> None:
    from benchmarks.load import HttpConnection, clients, request_bytes
    from benchmarks.run import database_cpu_s
    from benchmarks.server import serving
    from tests.server import free_port

    with (
        serving(free_port(), 1, {"REQUEST_LOG_DAYS": "30"}) as logging,
        serving(free_port(), 1, {"REQUEST_LOG_DAYS": "0"}) as other,
        clients(logging.port, 1) as logged,
        clients(other.port, 1) as unlogged,
    ):
        status, body = HttpConnection(other.port).ask(request_bytes("GET", "/rest/people?limit=1&fields=id", token))
        assert status == 200
        record_id = body.split(b'"id":"')[1][:36].decode()
        request = [request_bytes("GET", f"/rest/people/{record_id}", token)]
        for asking in (logged, unlogged):
            asking.run(request, TURN_S)
        time.sleep(FLUSHED_S)
        differences, whole = [], []
        for number in range(PAIRS):
            costs: dict[bool, float] = {}
            pair = [(True, logging, logged), (False, other, unlogged)]
            for is_logged, server, asking in pair if number % 2 == 0 else pair[::-1]:
                before = server.cpu_s() + database_cpu_s()
                answered = asking.run(request, TURN_S) * TURN_S
                time.sleep(FLUSHED_S)
                costs[is_logged] = (server.cpu_s() + database_cpu_s() - before) / answered
            differences.append((costs[True] - costs[False]) * 1_000_000)
            whole.append(costs[False] * 1_000_000)
    low, cost, high = statistics.quantiles(differences, n=4)
    shown = f"{cost:.0f} µs of {statistics.median(whole):.0f}  (half of the pairs {low:.0f} to {high:.0f})"
    report.add("what the request log costs a request, CPU", shown, cost, "≤ 30 µs")


def _in_process(report: Any, workspace: Any) -> None:
    """What one entry costs by itself, which what else the machine does disturbs least."""
    from django.db import connection
    from django.test import RequestFactory

    from apikeys.activity import requests
    from apikeys.activity.partitions import partitions_keep
    from benchmarks.server import process_cpu_s
    from config.time_ids import time_ordered_hex
    from tests.factories import principal_of

    partitions_keep()
    headers = {"User-Agent": "python-requests/2.32", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    request: Any = RequestFactory().get(f"/rest/people/{workspace.id}", headers=headers)
    request.principal, request.object_name = principal_of(workspace), "person"
    rows = []
    began_s = time.process_time()
    for _ in range(ENTRIES):
        request.request_id = own_id = time_ordered_hex()
        rows.append(requests.row_of(request, 200, 1.25, own_id))
    made_s = time.process_time() - began_s
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    began_s, server_began_s = time.process_time(), process_cpu_s(pid)
    for start in range(0, ENTRIES, WRITTEN_AT_ONCE):
        requests.write([row for row in rows[start : start + WRITTEN_AT_ONCE] if row is not None])
    written_s, server_s = time.process_time() - began_s, process_cpu_s(pid) - server_began_s
    parts = [each / ENTRIES * 1_000_000 for each in (made_s, written_s, server_s)]
    shown = "{:.0f} µs  (made {:.1f}, written {:.1f}, PostgreSQL {:.1f})".format(sum(parts), *parts)
    report.add("an entry of the request log by itself, CPU", shown, sum(parts), "≤ 30 µs")


def _pages(report: Any, workspace: Any, count: int) -> None:
    """Pages of a member, through Django alone: the wall clock of one process."""
    from django.db import connection
    from django.test import Client

    from apikeys.activity.models import RequestEntry
    from apikeys.activity.partitions import REQUESTS, make_partition, partitions_keep
    from apikeys.models import Role
    from apikeys.services.members import member_create
    from tests.budgets.recording import recording

    partitions_keep()
    for days in range(1, DAYS + 1):
        make_partition(REQUESTS, datetime.now(UTC).date() - timedelta(days=days))
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"workspace": str(workspace.id), "count": count})
        cursor.execute("VACUUM ANALYZE apikeys_requestlog")
    report.add(f"fill the log with {count:,} entries", f"{time.perf_counter() - began:.1f} s")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    role = Role.objects.get(workspace_id=workspace.id, label="Admin")
    member = member_create(workspace=workspace, email="a@example.com", password="correct horse", role=role)  # noqa: S106
    client = Client()
    client.force_login(member.user)
    entries = RequestEntry.objects.filter(workspace_id=workspace.id)
    middle = entries.order_by("-id").values_list("id", flat=True)[count // 2]
    key = entries.filter(is_key=True).order_by("-id").values_list("caller_id", flat=True)[1]
    client.get("/settings/activity")  # what is read once in a process
    for name, query in PAGES.items():
        path = "/settings/activity?" + query.format(middle=middle, key=key)
        times_ms = []
        for _ in range(20):
            began = time.perf_counter()
            assert client.get(path).status_code == 200
            times_ms.append((time.perf_counter() - began) * 1000)
        with recording() as statements:
            client.get(path)
        p95 = statistics.quantiles(times_ms, n=20)[-1]
        report.add(f"page of requests, {name}", f"p95 {p95:.0f} ms, {len(statements)} statements", p95, "≤ 300 ms")
