"""Django's DATABASES entry: DATABASE_URL when it is set, else the embedded server's socket."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SOCKET_FOLDER = "postgres/socket"  # under DATA_DIR; config.server.embedded_postgres makes it
SOCKET_FOLDER_MAX_BYTES = 85  # sockaddr_un holds 104 bytes on macOS (108 on Linux); PostgreSQL appends a 17-byte name
_OF_REPLICAS = {  # libpq's, where the URL says nothing else: one that is away must not hold up whom the primary answers
    "connect_timeout": "2", "tcp_user_timeout": "5000", "keepalives_idle": "5", "keepalives_interval": "2",
    "keepalives_count": "2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What every statement of a connection is held to, in milliseconds."""

    statement_timeout_ms: int
    lock_timeout_ms: int

    @property
    def options(self) -> str:
        """For libpq's `options`: settings that the session starts with."""
        return f"-c statement_timeout={self.statement_timeout_ms} -c lock_timeout={self.lock_timeout_ms} -c jit=off"


def database_settings(data_dir: Path, limits: SessionLimits, *, url: str | None, is_pooled: bool) -> dict[str, Any]:
    """The entry for one database, with persistent connections that have the limits from their start.

    `url` is `postgres://user:password@host:port/name?sslmode=…`; a `host=/folder` query parameter means a
    Unix socket. None: the embedded server. A pooler that shares its connections takes no options (PgBouncer
    refuses them): there the limits are the database role's, and `config.server.session` looks for them.
    """
    entry: dict[str, Any] = {
        "ENGINE": "config.server.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,  # the engine knows a lost connection without a statement
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
    options: dict[str, Any] = {} if is_pooled else {"options": limits.options}
    if url:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        entry["NAME"] = unquote(parts.path.lstrip("/")) or "fourgate"
        entry["USER"] = unquote(parts.username or "")
        entry["PASSWORD"] = unquote(parts.password or "")
        entry["HOST"] = query.pop("host", "") or unquote(parts.hostname or "")
        entry["PORT"] = query.pop("port", "") or str(parts.port or "")
        options.update(query)
    else:
        entry.update(NAME="fourgate", USER="fourgate", PASSWORD="", PORT="")
        entry["HOST"] = socket_folder(data_dir)
    entry["OPTIONS"] = options
    return entry


def replica_settings(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of `database_settings` for a replica, of which one soon knows that it is away."""
    return {**entry, "OPTIONS": {**_OF_REPLICAS, **entry["OPTIONS"]}}


def is_command() -> bool:
    """Whether this process is a `manage.py …` and not a web server's."""
    return Path(sys.argv[0]).name == "manage.py"


def socket_folder(data_dir: Path) -> str:
    """Where the embedded server's socket is: in DATA_DIR, else in a short folder whose name is
    derived from it, when that path is too long for a socket or has a comma (libpq's list of hosts)."""
    folder = str(data_dir.resolve() / SOCKET_FOLDER)
    if len(os.fsencode(folder)) <= SOCKET_FOLDER_MAX_BYTES and "," not in folder:
        return folder
    return f"/tmp/fourgate-{data_dir_digest(data_dir)}"  # noqa: S108 - refused unless it is ours, with mode 0700


def data_dir_digest(data_dir: Path) -> str:
    """A short, stable name for one DATA_DIR."""
    return hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
