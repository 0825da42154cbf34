"""The database under measurement."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

LIMITED = ("SHORT", "LONG", "WORKSPACE", "ADDRESS")
# The plain application, 32 at a time, lets requests and kept connections wait for longer than the server bears with.
PATIENCE = {"REQUEST_QUEUE_TIMEOUT_S": "120", "HEADER_TIMEOUT_S": "60"}


@contextmanager
def database() -> Iterator[Path]:
    """Django, set up over a durable PostgreSQL of its own, or over the one DATABASE_URL names; gives DATA_DIR."""
    with ExitStack() as stack:
        data_dir = Path(tempfile.mkdtemp(prefix="fourgate-bench-", dir="/tmp"))
        data_dir.chmod(0o755)
        stack.callback(shutil.rmtree, data_dir, ignore_errors=True)
        os.environ["DATA_DIR"] = str(data_dir)
        os.environ["LOG_LEVEL"] = "WARNING"
        os.environ |= {f"API_RATE_LIMITING_{name}_LIMIT": "1000000000" for name in LIMITED}  # counted, never refused
        os.environ |= PATIENCE
        os.environ.setdefault("SECRET_KEY", "benchmark")
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        if not os.environ.get("DATABASE_URL"):
            from config.server.embedded_postgres import EmbeddedPostgres

            server = EmbeddedPostgres(data_dir)
            stack.callback(server.destroy)
            server.start()
            os.environ["DATABASE_URL"] = server.url
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        yield data_dir


_used_s: dict[int, float] = {}  # by process, those that have ended too


def database_cpu_s() -> float:
    """CPU time that the database's connections used so far; 0 when it runs on another machine."""
    from django.db import connection

    from benchmarks.server import process_cpu_s

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        pids = [pid for (pid,) in cursor.fetchall()]
    _used_s.update({pid: process_cpu_s(pid) for pid in pids if Path(f"/proc/{pid}").exists()})
    return sum(_used_s.values())
