"""Where read one, list and create spend their Python time: cProfile of the whole stack in this process."""

from __future__ import annotations

import cProfile
import json
import pstats
import time
from collections.abc import Sequence
from typing import Any

from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.test import RequestFactory

REQUESTS = 400


def profile_requests(bench: Any) -> None:
    from benchmarks import data

    person, _, _ = bench.selections()
    factory = RequestFactory()
    headers = {"Authorization": f"Bearer {bench.token}"}
    page = f"{{ people(first: 60) {{ totalCount edges {{ node {{ {person} }} }} }} }}"
    graphql = json.dumps({"query": page}).encode()
    numbers = iter(range(bench.scale.people + 1_000, 100_000_000, 60))

    def batch() -> bytes:
        first = next(numbers)
        return data.dumped([data.person(first + place, bench.scale.companies) for place in range(60)])

    kinds: dict[str, Any] = {
        "read one": lambda: ("GET", f"/rest/people/{bench.record['id']}", b""),
        "hand-written one": lambda: ("GET", f"/handwritten/people/{bench.record['id']}", b""),
        "list 60": lambda: ("GET", "/rest/people?limit=60", b""),
        "GraphQL list 60": lambda: ("POST", "/graphql", graphql),
        "create 60": lambda: ("POST", "/rest/batch/people", batch()),
    }
    handler = BaseHandler()
    handler.load_middleware()
    for name, make in kinds.items():
        requests = []
        for _ in range(REQUESTS if name != "create 60" else 100):
            method, path, body = make()
            requests.append(factory.generic(method, path, body, content_type="application/json", headers=headers))
        _run(handler, requests[:20])
        started = time.perf_counter()
        half = requests[20 : 20 + (len(requests) - 20) // 2]
        _run(handler, half)
        plain = (time.perf_counter() - started) / len(half)
        profiler = cProfile.Profile()
        rest = requests[20 + len(half) :]
        profiler.runcall(_run, handler, rest)
        print(f"\n=== {name}: {plain * 1_000_000:,.0f} µs without the profiler; per {len(rest)} requests:")
        stats = pstats.Stats(profiler)
        stats.strip_dirs().sort_stats("tottime").print_stats(28)
        stats.sort_stats("cumulative").print_stats(45)


def _run(handler: BaseHandler, requests: Sequence[HttpRequest]) -> None:
    for request in requests:
        response = handler.get_response(request)
        assert response.status_code in (200, 201), response
        response.close()
