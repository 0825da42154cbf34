"""Django's DATABASES entry: DATABASE_URL when it is set, else the embedded server's socket."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SOCKET_FOLDER = "postgres/socket"  # under DATA_DIR; config.embedded_postgres makes it
SOCKET_FOLDER_MAX_BYTES = 85  # sockaddr_un holds 104 bytes on macOS (108 on Linux); PostgreSQL appends a 17-byte name


def database_settings(data_dir: Path, statement_timeout_ms: int) -> dict[str, Any]:
    """The entry for one database, with persistent connections and the statement timeout.

    `DATABASE_URL` is `postgres://user:password@host:port/name?sslmode=…`; a `host=/folder` query
    parameter means a Unix socket.
    """
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
    options: dict[str, Any] = {"options": f"-c statement_timeout={statement_timeout_ms} -c jit=off"}
    url = os.environ.get("DATABASE_URL")
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
