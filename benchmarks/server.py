"""The web server under measurement: granian as `make run` starts it, with the benchmarks' URL table."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import HttpConnection
from config.management.commands.up import granian_command

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int

    @property
    def workers(self) -> list[int]:
        """The worker processes, by what Linux says of the main one's children."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def rss_mb(self) -> float:
        """Resident memory of the largest worker."""
        pages = max(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000

    def cpu_s(self) -> float:
        """CPU time that all workers used so far."""
        return sum(map(process_cpu_s, self.workers))


def process_cpu_s(pid: int) -> float:
    """CPU time of a process and all its threads, to the nanosecond; /proc/…/stat counts in hundredths of a second."""
    return time.clock_gettime((~pid << 3) | 2)  # what Linux gives as clock_getcpuclockid(3)


@contextmanager
def serving(port: int, workers: int, environment: Mapping[str, str]) -> Iterator[Server]:
    command = granian_command("127.0.0.1", port, workers)
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.settings", "LOG_LEVEL": "WARNING", **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=given, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The web server did not start.")
            try:
                HttpConnection(port).ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                break
            except OSError:
                time.sleep(0.1)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
