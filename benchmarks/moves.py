"""A workspace that is written to is moved between three clusters again and again.

    .venv/bin/python benchmarks/moves.py                    # ten moves at 1,000 records a second
    .venv/bin/python benchmarks/moves.py --moves 3 --rate 200

Six clients create rockets in batches of 50, each write with an Idempotency-Key, one creates pings, of which a webhook
tells, and one reads what was acknowledged last. It prints how long writes were held, the longest wait of a write and of
a read, and what was lost or is there twice: records, history, totals, deliveries.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.clusters import Clusters, clusters, rows  # noqa: E402
from tests.ops.moves import Written, writing  # noqa: E402

PLACES = ("west", "default", "east")
WRITERS = 6
NAME = "Moving"
DELIVERED_TIMEOUT_S = 300


def measure_moves(moves: int, rate: float) -> bool:
    """Whether nothing was lost, and nothing is there twice."""
    with clusters() as ground:
        caller = ground.workspace(NAME, "east")
        began = time.monotonic()
        with writing(ground.server.url, caller.token, writers=WRITERS, a_second=rate) as written:
            for number in range(moves):
                move(ground, written, PLACES[number % len(PLACES)])
        took_s = time.monotonic() - began
        print(
            f"{len(written.rockets):,} records acknowledged in {took_s:.0f} s, {len(written.rockets) / took_s:,.0f} a"
            f" second, {len(written.updates):,} updates, {len(written.pings):,} pings, {written.reads:,} reads;"
            f" {written.held} answers told of a move; longest write {written.longest_wait_s:.2f} s, longest read"
            f" {written.longest_read_s:.2f} s; load {os.getloadavg()[0]:.1f}"
        )
        for fault in written.faults[:20]:
            print("FAULT", fault)
        return is_whole(ground, written) and not written.faults


def move(ground: Clusters, written: Written, place: str) -> None:
    before, began = len(written.rockets), time.monotonic()
    written.longest_wait_s, kept = 0.0, written.longest_wait_s
    said = ground.manage("workspace", "move", NAME, "--to", place, "--keep", "1")
    took_s = time.monotonic() - began
    held = re.search(r"Writes were held for ([\d.]+) s", said)
    print(
        f"to {place:8} {took_s:6.1f} s, {(len(written.rockets) - before) / took_s:6,.0f} records/s meanwhile, writes"
        f" held {held[1] if held else '?'} s, longest write {written.longest_wait_s:.2f} s,"
        f" {len(written.rockets):,} records",
        flush=True,
    )
    written.longest_wait_s = max(kept, written.longest_wait_s)


def is_whole(ground: Clusters, written: Written) -> bool:
    shard, schema, table = ground.table(NAME, "rocket")
    _, _, pings = ground.table(NAME, "ping")
    url = ground.urls[shard]
    there = Counter(id for (id,) in rows(url, f"SELECT id::text FROM {table}"))
    acknowledged = Counter(written.rockets)
    history = Counter(rows(url, f"SELECT action, record_id::text FROM {schema}.history"))
    expected = Counter([("created", id) for id in (*written.rockets, *written.pings)])
    expected += Counter([("updated", id) for id in written.updates])
    [(total,)] = rows(url, f"SELECT sum(live) FROM {schema}.record_count WHERE object_id = %s", table[-32:])
    told = Counter(id for (id,) in rows(url, f"SELECT id::text FROM {pings}"))
    deadline, states = time.monotonic() + DELIVERED_TIMEOUT_S, {}
    while time.monotonic() < deadline:
        states = dict(rows(url, "SELECT status, count(*) FROM webhooks_delivery GROUP BY 1"))
        if set(states) <= {"delivered"}:
            break
        time.sleep(0.5)
    elsewhere = sum(
        count
        for name, each in ground.urls.items()
        if name != shard
        for (count,) in rows(each, "SELECT count(*) FROM webhooks_delivery")
    )
    received = Counter(ground.receiver.ids)
    again = sum(received.values()) - len(received)
    print(
        f"records: {len(acknowledged - there)} lost, {len(there - acknowledged)} unknown; history:"
        f" {(expected - history).total()} lost, {(history - expected).total()} unknown; total {total}; pings:"
        f" {len(Counter(written.pings) - told)} lost, {len(told - Counter(written.pings))} unknown; deliveries"
        f" {states}, {elsewhere} in other databases, {len(received)} received, {again} again"
    )
    return (
        there == acknowledged
        and history == expected
        and total == len(written.rockets)
        and told == Counter(written.pings)
        and states == {"delivered": len(written.pings)}
        and (elsewhere, again, len(received)) == (0, 0, len(written.pings))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1_000, help="records a second")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    sys.exit(0 if measure_moves(arguments.moves, arguments.rate) else 1)


if __name__ == "__main__":
    main()
