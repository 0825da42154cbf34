"""What one call costs: the CPU of this process and of PostgreSQL, and how far memory grew at its peak."""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

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


def measure(call: Callable[[], Any]) -> Cost:
    """Run it once. Wall time is not looked at, so other work on the machine does not matter."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux, proc(5))
    before_mb, database_s = _memory_mb("VmRSS"), _database_cpu_s()
    started = time.process_time()
    answer = call()
    cpu_s = time.process_time() - started
    return Cost(cpu_s, _database_cpu_s() - database_s, _memory_mb("VmHWM") - before_mb, answer)


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
