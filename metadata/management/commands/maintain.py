"""`manage.py maintain`: what takes too long for a request.

Any number may run, on any machine that reaches the database. It may be ended at any moment: what it was at is
begun again by the next one.
"""

from __future__ import annotations

import logging
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connections

from metadata.services import indexes_build

logger = logging.getLogger(__name__)

POLL_S = 5.0


class Command(BaseCommand):
    help = "Build indexes over many records until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what waits now, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            self.stdout.write(f"{indexes_build()} indexes")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # Python's own would wait until the running statement ends
        while True:
            try:
                indexes_build()
            except (OperationalError, InterfaceError) as fault:
                logger.warning("The database cannot be reached: %s", fault)
                connections.close_all()
            time.sleep(POLL_S)
