"""Where read one, list and create spend their Python time: cProfile of the whole stack in this process."""

from __future__ import annotations

import cProfile
import json
import pstats
import time
from typing import Any

REQUESTS = 400


def profile_requests(bench: Any) -> None:
    from django.db import connection
    from django.test import Client

    from benchmarks import data

    connection.ensure_connection()
    person, _, _ = bench.selections()
    client = Client()
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
    for name, make in kinds.items():
        asked = [make() for _ in range(REQUESTS if name != "create 60" else 100)]
        handler, environs = client.handler, []
        handler.load_middleware()
        for method, path, body in asked:
            base = client._base_environ(
                REQUEST_METHOD=method,
                PATH_INFO=path.partition("?")[0],
                QUERY_STRING=path.partition("?")[2],
                CONTENT_TYPE="application/json",
                CONTENT_LENGTH=str(len(body)),
                HTTP_AUTHORIZATION=headers["Authorization"],
            )
            environs.append((base, body))
        _run(handler, environs[:20])
        started = time.perf_counter()
        half = environs[20 : 20 + (len(environs) - 20) // 2]
        _run(handler, half)
        plain = (time.perf_counter() - started) / len(half)
        profiler = cProfile.Profile()
        rest = environs[20 + len(half) :]
        profiler.runcall(_run, handler, rest)
        print(f"\n=== {name}: {plain * 1_000_000:,.0f} µs without the profiler; per {len(rest)} requests:")
        stats = pstats.Stats(profiler)
        stats.strip_dirs().sort_stats("tottime").print_stats(28)
        stats.sort_stats("cumulative").print_stats(45)


def _run(handler: Any, environs: Any) -> None:
    from io import BytesIO

    from django.core.handlers.wsgi import WSGIRequest

    for environ, body in environs:
        request = WSGIRequest({**environ, "wsgi.input": BytesIO(body)})
        request._dont_enforce_csrf_checks = True
        response = handler.get_response(request)
        assert response.status_code in (200, 201), response.content[:500]
        response.close()
