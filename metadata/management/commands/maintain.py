"""`manage.py maintain`: what takes too long for a request, as settings.MAINTENANCE lists it.

Any number may run, on any machine that reaches the database. It may be ended at any moment: what it was at is
begun again by the next one.
"""

from __future__ import annotations

import logging
import signal
import time
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connections
from django.utils.module_loading import import_string

from config.errors import ApiError
from config.server.outage import Outage
from config.server.sqlstate import is_passing

logger = logging.getLogger(__name__)

POLL_S = 5.0


class Command(BaseCommand):
    help = "Build indexes over many records, delete files nobody uses and workspaces deleted long ago, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what waits now, then end")

    def handle(self, *args: object, once: bool, **options: object) -> None:
        tasks = [(import_string(path), every_s) for path, every_s in settings.MAINTENANCE]
        if once:
            self.stdout.write(", ".join(f"{task.__name__}: {task()}" for task, _ in tasks))
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # Python's own would wait until the running statement ends
        due_at = dict.fromkeys(range(len(tasks)), 0.0)
        outage = Outage(logger)
        while True:
            pause_s = POLL_S
            for place, (task, every_s) in enumerate(tasks):
                if time.monotonic() < due_at[place]:
                    continue
                try:
                    task()
                except (DatabaseError, InterfaceError, ApiError) as fault:
                    if not is_passing(fault):
                        raise
                    pause_s = outage.met(fault)
                    connections.close_all()
                    break
                else:
                    outage.over()
                    due_at[place] = time.monotonic() + every_s
            time.sleep(pause_s)
