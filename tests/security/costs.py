"""What one call costs: the CPU of this process and of PostgreSQL, and how far memory grew at its peak."""

from __future__ import annotations

import ctypes
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from config.server.frames import with_room_for_frames

TICKS_PER_S = 100  # of /proc/<pid>/stat on Linux


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu_s` is this process's, `database_cpu_s` that of its connection's server process (0.0 when it is elsewhere)."""

    cpu_s: float
    database_cpu_s: float
    memory_mb: float
    answer: Any

    @property
    def total_s(self) -> float:
        return self.cpu_s + self.database_cpu_s


AS_SERVED = (700, 10, 10)  # how often a server looks for garbage; the tests' process does it less often
LOOP_S = 0.015  # what `_loop_s` is where the bars were set
OBJECTS_S = 0.022  # what `_objects_s` is there
STATEMENT_S = 0.11  # what `_statement_s` is there
LONG_S = 0.5  # from which on the pace of memory is asked too: a neighbour can hold that up and no loop


def measure(call: Callable[[], Any]) -> Cost:
    """Run it once. Wall time is not looked at; CPU time is that of the machine the bars were set on, as a loop and the
    making of objects beside the call say: a slower machine, or one with other work on it, changes nothing."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux, proc(5))
    before_mb, database_s, before_loop_s = _memory_mb("VmRSS"), _database_cpu_s(), _loop_s()
    rarely = gc.get_threshold()
    gc.set_threshold(*AS_SERVED)
    started = time.process_time()
    answer = with_room_for_frames(call)  # as a thread of a server runs
    cpu_s, database_cpu_s = time.process_time() - started, _database_cpu_s() - database_s
    memory_mb = _memory_mb("VmHWM") - before_mb
    gc.set_threshold(*rarely)
    slowness = database_slowness = max(1.0, max(before_loop_s, _loop_s()) / LOOP_S)
    if cpu_s > LONG_S:
        slowness = max(slowness, statistics.median(_objects_s() for _ in range(3)) / OBJECTS_S)
    if database_cpu_s > LONG_S and connection.connection.get_transaction_status() != TRANSACTION_STATUS_INERROR:
        database_slowness = max(slowness, statistics.median(_statement_s() for _ in range(3)) / STATEMENT_S)
    return Cost(cpu_s / slowness, database_cpu_s / database_slowness, memory_mb, answer)


def _loop_s() -> float:
    started = time.process_time()
    total = 0
    for number in range(200_000):
        total += number * number % 7
    return time.process_time() - started


def _objects_s() -> float:
    started = time.process_time()
    made = [{"type": "text", "text": str(number), "children": [number]} for number in range(40_000)]
    "".join(str(each["text"]) for each in made)
    return time.process_time() - started


def _statement_s() -> float:
    """Of PostgreSQL, for what a page of records takes it: members of JSONB values as one text."""
    before_s = _database_cpu_s()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT sum(length(page)) FROM (
                SELECT string_agg(
                    '{"city": ' || to_json(data ->> 'city')::text || ', "name": ' || to_json(data ->> 'name')::text
                    || ', "job": ' || coalesce(to_json(data ->> 'job')::text, 'null') || '}', ', ') AS page
                FROM (SELECT jsonb_build_object('city', 'x', 'name', 'A B', 'number', number) AS data, number
                      FROM generate_series(1, 60000) number OFFSET 0) record
                GROUP BY number % 60) pages
            """
        )
    return _database_cpu_s() - before_s


def _memory_mb(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def _database_cpu_s() -> float:
    connection.ensure_connection()
    process = Path("/proc") / str(connection.connection.info.backend_pid)
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return 0.0
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
