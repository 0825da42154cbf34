"""Two questions of load balancers and supervisors: is the process alive, and can it serve?

No key is needed; the answers name no address, user or error of the database.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.server.replicas import replica_of

EXTENSIONS = ("pg_trgm", "unaccent")  # used when there, never required


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """`/healthz`: 200 as long as the process answers at all."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """`/readyz`: 200 when the database of the shared tables answers and has all migrations, else 503. One of further
    databases that does not is told, and keeps its own workspaces from being served, but no others.

    `{"status": "ready" | "unavailable", "secretKey": "ok" | "changed" | "unknown",
    "databases": {alias: {"database": "ok" | "unreachable",
    "migrations": "applied" | number missing, "extensions": {name: "installed" | "available" | "missing"}}}}`
    A database with a replica has `"replica": {"state": "ok" | "behind" | "unreachable" | "foreign", "lagBytes",
    "lagSeconds"}` too, which says nothing of whether anybody is served: `config.server.replicas` says what it means.
    A SECRET_KEY that changed does not keep the server from serving; `manage.py up` says what it breaks. Nor do names
    that clash in a data model of before they were refused: `"nameClashes": [{"workspaceId", "objectMetadataId"}]` is
    there when there are some, and `"uncheckedWorkspaces"`, a number, until every data model was looked at.
    """
    databases = {alias: _examine(alias) for alias in connections}
    shared = databases[DEFAULT_DB_ALIAS]
    is_ready = shared["database"] == "ok" and shared["migrations"] == "applied"
    status = "ready" if is_ready else "unavailable"
    told = {"status": status, "secretKey": _secret_key() if is_ready else "unknown", "databases": databases}
    return JsonResponse(told | (_names() if is_ready else {}), status=200 if is_ready else 503)


def _names() -> dict[str, object]:
    """Ids only: what objects are called is their workspace's, and told to no stranger."""
    try:
        clashing, unchecked = import_string(settings.NAME_CLASH_REPORT)(settings.NAME_CHECK_MS / 1000)
    except (DatabaseError, InterfaceError):
        return {}
    found: dict[str, object] = {}
    if clashing:
        found["nameClashes"] = [{"workspaceId": workspace, "objectMetadataId": id} for workspace, id in clashing]
    return found | ({"uncheckedWorkspaces": unchecked} if unchecked else {})


def _secret_key() -> str:
    try:
        return "ok" if import_string(settings.SECRET_KEY_KNOWN)() else "changed"
    except (DatabaseError, InterfaceError):
        return "unknown"


def _examine(alias: str) -> dict[str, object]:
    """One database; a persistent connection that broke (the server was restarted) is replaced."""
    for _ in range(2):
        try:
            return _ask(alias)
        except (DatabaseError, InterfaceError):
            connections[alias].close()
    return {"database": "unreachable", "migrations": "unknown", "extensions": {}}


def _ask(alias: str) -> dict[str, object]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        applied: set[tuple[str, str]] = set()
        if cursor.fetchone()[0]:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
        cursor.execute(
            "SELECT name, installed_version IS NOT NULL FROM pg_available_extensions WHERE name = ANY(%s)",
            [list(EXTENSIONS)],
        )
        extensions = {name: "installed" if installed else "available" for name, installed in cursor.fetchall()}
    missing = len(_migrations() - applied)
    told: dict[str, object] = {
        "database": "ok",
        "migrations": f"{missing} missing" if missing else "applied",
        "extensions": {name: extensions.get(name, "missing") for name in EXTENSIONS},
    }
    replica = replica_of(alias)
    if replica is not None:
        lag = replica.lag()
        told["replica"] = {"state": lag.state, "lagBytes": lag.size_bytes, "lagSeconds": lag.seconds}
    return told


@lru_cache(maxsize=1)
def _migrations() -> frozenset[tuple[str, str]]:
    """(app, name) of every migration in the code, which does not change while the process lives."""
    return frozenset(MigrationLoader(None).disk_migrations)
