"""`/metrics`: numbers for Prometheus, over all processes of this machine; only for who has METRICS_TOKEN."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from config.errors import NotFound
from config.http.counting import COUNTERS
from config.http.error_pages import refusal
from config.server.replicas import replica_of

_OF_PROCESS = re.compile(r"_(\d+)\.db$")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponseBase:
    """404 for everybody without the token, as for any address that does not exist."""
    given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    is_let_in = given[0].lower() == "bearer" and hmac.compare_digest(given[2].strip().encode(), wanted.encode())
    if not wanted or not is_let_in:
        return refusal(request, NotFound(f"There is nothing at {request.path}"))
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        for each in COUNTERS:
            registry.register(each)
    registry.register(_Now())
    return registry


class _Now:
    """What is looked up when somebody asks: the databases, what waits there, and the processes' memory."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        up = GaugeMetricFamily("fourgate_database_up", "Whether a database answers", labels=["database"])
        used = GaugeMetricFamily("fourgate_database_connections", "Connections to it, of anybody", labels=["database"])
        most = GaugeMetricFamily("fourgate_database_connections_max", "What it allows", labels=["database"])
        of_replica = {
            "fourgate_replica_up": "Whether its replica answers, and is one of it",
            "fourgate_replica_lag_seconds": "How far that is behind",
            "fourgate_replica_lag_bytes": "How much of the changes it has not replayed",
        }
        replicas = {name: GaugeMetricFamily(name, help, labels=["database"]) for name, help in of_replica.items()}
        told: dict[str, GaugeMetricFamily] = {}
        for alias in connections:
            try:
                with connections[alias].cursor() as cursor:
                    cursor.execute(
                        "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
                        " WHERE datname = current_database()"
                    )
                    now, largest = cursor.fetchone()
                replica = replica_of(alias)
                if replica is not None:
                    lag = replica.lag()
                    values = (float(lag.size_bytes is not None), lag.seconds, lag.size_bytes)
                    for family, value in zip(replicas.values(), values, strict=True):
                        if value is not None:
                            family.add_metric([alias], value)
                for path in settings.METRICS_SOURCES:
                    for name, help, label, values in import_string(path)(alias):
                        family = told.setdefault(
                            name, GaugeMetricFamily(name, help, labels=["database", *([label] if label else [])])
                        )
                        for value, number in values.items():
                            family.add_metric([alias, *([value] if label else [])], number)
            except (DatabaseError, InterfaceError):
                connections[alias].close()
                up.add_metric([alias], 0)
                continue
            up.add_metric([alias], 1)
            used.add_metric([alias], now)
            most.add_metric([alias], largest)
        memory = GaugeMetricFamily("fourgate_process_resident_bytes", "Memory of a process", labels=["pid"])
        for pid, size in _resident():
            memory.add_metric([str(pid)], size)
        of_replicas = replicas.values() if settings.REPLICAS else ()
        yield from (up, used, most, *of_replicas, *told.values(), memory)


def _resident() -> Iterator[tuple[int, int]]:
    """The processes that count in METRICS_DIR and still run, with their memory; only Linux tells."""
    pids = {
        int(found[1])
        for path in Path(settings.METRICS_DIR).glob("*.db")
        if (found := re.search(r"_(\d+)\.db$", path.name))
    }
    for pid in sorted(pids):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            continue
        yield pid, pages * os.sysconf("SC_PAGE_SIZE")
