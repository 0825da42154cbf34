"""Where items of the table spend their time: cProfile of the whole stack in this process, EXPLAIN of what it sends."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from benchmarks.ground import Ground, settle
from benchmarks.items import Item
from benchmarks.statements import Inside, Sent, noting
from config.server import statements

REQUESTS = 400
OF_SIXTY = 100  # requests of a write of 60 records
WARM = 20


def profile(wanted: str, companies: int, people: int) -> None:
    """`wanted`: an item's key, or all."""
    ground = Ground(companies, people)
    settle()
    items = ground.items.all()
    chosen = [item for item in items if wanted in (item.key, "all")]
    if not chosen:
        raise SystemExit(f"No item {wanted!r}. There are: all, {', '.join(item.key for item in items)}")
    for item in chosen:
        _profile(ground.inside, item)
        for number, sent in enumerate(statements_of(ground.inside, item), 1):
            print(f"\n--- {item.key}: statement {number}")
            print("\n".join(explained(sent)))


def _profile(inside: Inside, item: Item) -> None:
    count = OF_SIXTY if item.key.endswith("-60") else REQUESTS
    requests = [inside.request(item.fourgate[place % len(item.fourgate)]) for place in range(count)]
    _run(inside, requests[:WARM])
    half = WARM + (count - WARM) // 2
    started = time.perf_counter()
    _run(inside, requests[WARM:half])
    plain = (time.perf_counter() - started) / (half - WARM)
    profiler = cProfile.Profile()
    profiler.runcall(_run, inside, requests[half:])
    print(f"\n=== {item.key}: {plain * 1_000_000:,.0f} µs without the profiler; {count - half} requests with it:")
    stats = pstats.Stats(profiler)
    stats.strip_dirs().sort_stats("tottime").print_stats(28)
    stats.sort_stats("cumulative").print_stats(45)


def _run(inside: Inside, requests: Sequence[Any]) -> None:
    for request in requests:
        inside.answer(request)


def statements_of(inside: Inside, item: Item) -> list[Sent]:
    """What one request of an item sends, the check of the caller with it, once it is known who asks."""
    for _ in range(2):
        inside.answer(inside.request(item.fourgate[0]))
    with transaction.atomic(), noting(statements, "_sent") as sent:
        inside.answer(inside.request(item.fourgate[0]))
        transaction.set_rollback(True)
    return sent


def explained(sent: Sent) -> list[str]:
    """What EXPLAIN (ANALYZE, BUFFERS) says of a statement; what it wrote is taken back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sent.text}", list(sent.params))
        lines = [line for (line,) in cursor.fetchall()]
        transaction.set_rollback(True)
    return lines
