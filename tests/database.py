"""The test run's environment: its PostgreSQL server, its DATA_DIR, Django set up.

The server is the one DATABASE_URL names, else one of our own that lives as long as the run.

Every run has its own server, so runs beside each other never meet. It does not wait for the disk:
what a crash of the machine would lose is made again by the next run.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

import django

RUNS = Path(__file__).resolve().parent.parent / ".data" / "test-runs"
PREPARED = "prepared"  # the folder in a run's of what tests/server.py copies


def start_database() -> None:
    """Give the run DATABASE_URL and DATA_DIR where they are not set, then set Django up.

    pytest-django would read Django's settings before any conftest.py is imported, were they named in
    pytest's own configuration; so they are named here.
    """
    from config.server.embedded_postgres import EmbeddedPostgres, needed

    run = RUNS / str(os.getpid())
    os.environ.setdefault("DATA_DIR", str(run))
    for name in ("SHORT", "LONG", "WORKSPACE", "ADDRESS"):  # counted like everywhere, and out of the way
        os.environ.setdefault(f"API_RATE_LIMITING_{name}_LIMIT", "1000000")
    for name in ("SIGN_IN_LIMIT", "SIGN_IN_ACCOUNT_LIMIT", "SIGN_IN_ADDRESS_LIMIT"):
        os.environ.setdefault(name, "1000000")
    if needed():
        _remove_abandoned()
        server = EmbeddedPostgres(run, durable=False)
        try:
            server.start()
        except Exception as error:  # pytest would show this as a failing import of conftest.py
            sys.exit(f"The tests' database could not be started: {error}")
        atexit.register(shutil.rmtree, run, ignore_errors=True)
        atexit.register(server.destroy)
        atexit.register(EmbeddedPostgres(run / PREPARED).destroy)
        os.environ["DATABASE_URL"] = server.url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings

    from config.server.locks import provide_stand_ins
    from config.server.secret import SECRET_KEY_FILE

    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:  # it has the environment of the run that started it, and read its settings before this
        settings.DATA_DIR = Path(os.environ["DATA_DIR"]) / worker
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        (settings.DATA_DIR / SECRET_KEY_FILE).write_text(settings.SECRET_KEY)  # for the processes that tests start
        settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS[:-1], settings.DATA_DIR / "assets"]
        os.environ["DATA_DIR"] = str(settings.DATA_DIR)
    settings.REQUEST_LOG_THREAD = False  # it would commit what a test takes back
    settings.LOCK_WAITERS = 64  # a test's clients are threads of this process
    provide_stand_ins(nullcontext)


def _remove_abandoned() -> None:
    """Delete what killed runs left behind: their process is gone, their server nobody's."""
    from config.server.embedded_postgres import EmbeddedPostgres
    from config.server.postgres_binaries import EmbeddedPostgresError

    for run in RUNS.glob("*"):
        if not _is_alive(int(run.name)):
            try:
                EmbeddedPostgres(run).destroy()
                EmbeddedPostgres(run / PREPARED).destroy()
            except EmbeddedPostgresError:
                continue
            shutil.rmtree(run, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
