"""Counts answers and statements, for `/metrics`: each process in files of its own in METRICS_DIR.

prometheus_client's multi-process mode: whoever is asked sums the files up, so a process that was replaced still counts.
Names of objects, workspaces or keys are in no label.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def _keep_in_files() -> None:
    """Before prometheus_client is imported: it looks at the environment once. A folder that cannot be made: this
    process counts for itself."""
    folder = Path(settings.METRICS_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        pass
    if os.access(folder, os.W_OK):
        os.environ.update(PROMETHEUS_MULTIPROC_DIR=str(folder))  # whatever another process handed down
    else:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)


_keep_in_files()

from prometheus_client import Counter, Histogram  # noqa: E402

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REQUESTS = Counter("fourgate_requests", "Requests that were answered", ("api", "operation", "status"), registry=None)
TIMES = Histogram("fourgate_request_seconds", "Time of an answer", ("api",), buckets=_SECONDS, registry=None)
STATEMENTS = Counter("fourgate_statements", "SQL statements of checks and records", registry=None)
STATEMENT_TIME = Counter("fourgate_statement_seconds", "Time spent on them", registry=None)
LATE_READS = Counter("fourgate_late_reads", "Reads that may be late", ("database", "by"), registry=None)

_APIS = (  # by the beginning of the path, the first that fits
    ("/rest/metadata", "metadata_rest"),
    ("/rest/", "core_rest"),
    ("/graphql", "core_graphql"),
    ("/metadata", "metadata_graphql"),
    ("/file/", "files"),
    ("/settings", "pages"),
    ("/admin", "pages"),
)
_VERB = re.compile(r"mutation (create|update|upsert|delete|destroy|restore|merge)(?![a-z])")
_METHODS = frozenset(("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"))


def note_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count an answer. The operation is REST's method, GraphQL's `query` or the verb of its first mutation."""
    api = next((name for start, name in _APIS if request.path.startswith(start)), "other")
    method = request.method if request.method in _METHODS else "other"
    operation = _verb(getattr(request, "operation", None)) if api.endswith("graphql") else method
    _counted(api, operation, status).inc()
    _timed(api).observe(seconds)


def note_statement(seconds: float) -> None:
    STATEMENTS.inc()
    STATEMENT_TIME.inc(seconds)


def note_late_read(database: str, *, by: str) -> None:
    """Count a read that a replica might have answered: `by` it, or by the primary."""
    LATE_READS.labels(database, by).inc()


def _verb(title: str | None) -> str:
    """Of what `config.http.graphql_bounds.root_title` says of a document: `query`, or what a mutation does."""
    if title is not None and title.startswith("query "):
        return "query"
    found = None if title is None else _VERB.match(title)
    return "other" if found is None else found[1]


@lru_cache(maxsize=2000)
def _counted(api: str, operation: str, status: int) -> Any:
    return REQUESTS.labels(api, operation, str(status))


@lru_cache(maxsize=100)
def _timed(api: str) -> Any:
    return TIMES.labels(api)


COUNTERS = (REQUESTS, TIMES, STATEMENTS, STATEMENT_TIME, LATE_READS)


def forget_ended() -> None:
    """Begin to count anew: when everything is started, nobody else counts in the folder."""
    for path in Path(settings.METRICS_DIR).glob("*.db"):
        path.unlink(missing_ok=True)
