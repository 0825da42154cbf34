"""The table: Fourgate, hand-written views and a plain application side by side, in one run.

CPU is that of the server's workers and of PostgreSQL's backends, in ms a request; medians of interleaved rounds. All
three are asked over the same connections of the same server, and answer with the same data, which is asserted first.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.comparing import content_of
from benchmarks.ground import Ground, settle
from benchmarks.items import Item
from benchmarks.load import HttpConnection, clients, filled
from benchmarks.pace import BARS_MS
from benchmarks.statements import handwritten_statements

SIDES = ("fourgate", "by hand", "plain")
JUDGED = 8
CONCURRENCIES = (JUDGED, 1, 32)
ROUNDS = 3
GRAPHQL_TO_REST = 1.1
POSTGRAPHILE_WRITES = 1.2  # how far the writes of one record may be behind


class Turn(NamedTuple):
    """One side asked for a while."""

    rate: float  # answers/s
    server_ms: float  # CPU a request
    database_ms: float


@dataclass(frozen=True, slots=True)
class Cell:
    turns: Sequence[Turn]

    @property
    def rate(self) -> float:
        return statistics.median(turn.rate for turn in self.turns)

    @property
    def server_ms(self) -> float:
        return statistics.median(turn.server_ms for turn in self.turns)

    @property
    def database_ms(self) -> float:
        return statistics.median(turn.database_ms for turn in self.turns)

    @property
    def cpu_ms(self) -> float:
        return statistics.median(turn.server_ms + turn.database_ms for turn in self.turns)

    @property
    def spread(self) -> float:
        """From the slowest to the quickest round, as a part of the median."""
        rates = [turn.rate for turn in self.turns]
        return (max(rates) - min(rates)) / self.rate

    def __str__(self) -> str:
        return f"{self.rate:,.0f} ({self.server_ms:.2f} + {self.database_ms:.2f}) ±{self.spread * 50:.0f}%"


Turns = dict[tuple[str, str], list[Turn]]  # by item and side
Cells = dict[tuple[str, str], Cell]


def assert_alike(ground: Ground, port: int, items: Iterable[Item]) -> None:
    """All sides of an item answer with the same data."""
    connection = HttpConnection(port)
    number = 9_900_000_000
    for item in items:
        contents = {}
        for side in SIDES:
            number += 1
            status, body = connection.ask(filled(ground.requests(item, side)[0], number, 0))
            assert status in (200, 201), (item.key, side, status, body[:2000])
            contents[side] = content_of(body, is_plain=side == "plain", is_write=item.is_write)
        for side in SIDES[1:]:
            assert_same(item, side, contents["fourgate"], contents[side])


def assert_same(item: Item, side: str, ours: Any, theirs: Any) -> None:
    assert ours[1] and len(ours[1]) == len(theirs[1]), (item.key, side, len(ours[1]), len(theirs[1]))
    assert ours[0] == theirs[0] or None in (ours[0], theirs[0]), (item.key, side, ours[0], theirs[0])
    for one, other in zip(ours[1], theirs[1], strict=True):
        differing = {path: (one.get(path), other.get(path)) for path in one.keys() | other.keys()}
        differing = {path: pair for path, pair in differing.items() if pair[0] != pair[1]}
        assert not differing, (item.key, side, differing)


def measure_table(companies: int, people: int, turn_s: float, data_dir: Path) -> None:
    from benchmarks.plain.seeding import seed_plain
    from benchmarks.server import serving
    from tests.server import free_port

    ground = Ground(companies, people)
    seed_plain(ground.workspace)
    settle()
    items = ground.items.all()
    file = data_dir / "statements.json"
    file.write_text(json.dumps(handwritten_statements(items, ground.inside, ground.workspace)))
    with serving(free_port(), os.cpu_count() or 1, {"BENCHMARK_STATEMENTS": str(file)}) as server:
        memory = [server.rss_mb()]
        assert_alike(ground, server.port, sorted(items, key=lambda item: item.is_write))
        print(_LEGEND)
        for place, count in enumerate(CONCURRENCIES):
            turns: Turns = {}
            for is_write in (False, True):
                asked = [item for item in items if item.is_write is is_write]
                with clients(server.port, count, (1 + 2 * place + is_write) * 100_000_000) as load:
                    _turns(ground, server, load, asked, count, turn_s, turns)
            cells = {key: Cell(found) for key, found in turns.items()}
            print("\n".join(_lines(items, cells, count)), flush=True)
        memory.append(server.rss_mb())
    print(f"largest worker: {memory[0]:.0f} MB before the first request, {memory[1]:.0f} MB at the end")


def _turns(
    ground: Ground, server: Any, load: Any, items: Sequence[Item], count: int, turn_s: float, turns: Turns
) -> None:
    from benchmarks.database import database_cpu_s

    for round_number in range(-1, ROUNDS):  # the first one warms up
        for item in items:
            for place in range(len(SIDES)):
                side = SIDES[(place + round_number) % len(SIDES)]
                duration_s = turn_s if round_number >= 0 else turn_s / 3
                before = server.cpu_s(), database_cpu_s()
                done = load.run(ground.requests(item, side), duration_s)
                after = server.cpu_s(), database_cpu_s()
                if round_number >= 0:
                    used_s = [end - start for start, end in zip(before, after, strict=True)]
                    costs = [each / done.answers * 1000 for each in used_s]
                    turns.setdefault((item.key, side), []).append(Turn(done.rate, *costs))
        print(f"  {count} at a time, round {round_number + 1} of {ROUNDS}", file=sys.stderr)


# What is printed --------------------------------------------------------------------------------------


_LEGEND = f"""
Requests/s (CPU of the server + PostgreSQL, ms a request) ± half of the spread of the rounds.
By hand: a Django view that checks no key and sends the same SQL. Plain: DRF and graphene-django over ordinary tables.
x hand: CPU as a multiple of the hand-written view's; plain x: the plain application's as a multiple of Fourgate's.
To reach: ms of CPU as the bar says it; at pace: with the bar as far away as the hand-written get one is from the
{BARS_MS} ms of where the bars were made. PostGraphile: measured there, not here; it checks no key and keeps no history,
totals or search words."""


def _lines(items: Sequence[Item], cells: Cells, count: int) -> list[str]:
    pace = cells["rest-one", "by hand"].cpu_ms / BARS_MS
    rows = [_row(item, cells, pace, is_judged=count == JUDGED) for item in items]
    lines = ["", f"{count} at a time; pace {pace:.2f}", _aligned([_HEAD, *rows])]
    if count == JUDGED:
        lines += ["", "Requests/s to the hand-written view's", _aligned(_of_hand(items, cells))]
        lines += ["", "Time of GraphQL to REST's for the same data", _aligned(_to_rest(items, cells))]
    return lines


_HEAD = ("Item", "Fourgate", "by hand", "plain", "CPU", "x hand", "plain x", "to reach", "", "at pace", "PostGraphile")


def _row(item: Item, cells: Cells, pace: float, *, is_judged: bool) -> tuple[str, ...]:
    ours, hand, plain = (cells[item.key, side] for side in SIDES)
    theirs = ""
    if item.postgraphile_ms is not None:
        limit = item.postgraphile_ms * (POSTGRAPHILE_WRITES if item.key in ("graphql-create", "graphql-update") else 1)
        theirs = f"{item.postgraphile_ms:.2f}" + (f" {_verdict(ours.cpu_ms <= limit * pace)}" if is_judged else "")
    return (
        item.title,
        *(str(cell) for cell in (ours, hand, plain)),
        f"{ours.cpu_ms:.2f}",
        f"{ours.cpu_ms / hand.cpu_ms:.2f}",
        f"{plain.cpu_ms / ours.cpu_ms:.1f}",
        f"{item.to_reach_ms:.2f}",
        _verdict(ours.cpu_ms <= item.to_reach_ms) if is_judged else "",
        _verdict(ours.cpu_ms <= item.to_reach_ms * pace) if is_judged else "",
        theirs,
    )


def _of_hand(items: Sequence[Item], cells: Cells) -> list[tuple[str, ...]]:
    rows = []
    for item in items:
        if item.of_hand is not None:
            ratio = _ratio(cells, (item.key, "fourgate"), (item.key, "by hand"))
            rows.append((item.title, f"{ratio:.2f}", f"≥ {item.of_hand:.2f}", _verdict(ratio >= item.of_hand)))
    return rows


def _to_rest(items: Sequence[Item], cells: Cells) -> list[tuple[str, ...]]:
    rows = []
    for item in items:
        if item.twin is not None:
            ratio = _ratio(cells, (item.twin, "fourgate"), (item.key, "fourgate"))
            rows.append((item.title, f"{ratio:.2f}", f"≤ {GRAPHQL_TO_REST}", _verdict(ratio <= GRAPHQL_TO_REST)))
    return rows


def _ratio(cells: Cells, one: tuple[str, str], other: tuple[str, str]) -> float:
    """The first one's requests/s to the second one's, the median of the rounds'."""
    pairs = zip(cells[one].turns, cells[other].turns, strict=True)
    return statistics.median(first.rate / second.rate for first, second in pairs)


def _verdict(is_passed: bool) -> str:
    return "PASS" if is_passed else "FAIL"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
