"""`manage.py deliver_webhooks`: the worker. Any number may run, on any machine that reaches the database."""

from __future__ import annotations

import signal
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from webhooks.delivery.worker import DEFAULT_CONCURRENCY, Worker


class Command(BaseCommand):
    help = "Send webhook deliveries until stopped. SIGTERM and Ctrl-C let what is on its way arrive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, then end")
        parser.add_argument(
            "--concurrency", type=int, default=DEFAULT_CONCURRENCY, help="deliveries on their way at once"
        )
        parser.add_argument("--database", default="default", help="alias of the database that holds the records")

    def handle(self, *args: object, once: bool, concurrency: int, database: str, **options: object) -> None:
        if not 1 <= concurrency <= 1000:
            raise CommandError("--concurrency must be between 1 and 1000")
        worker = Worker(using=database, concurrency=concurrency)
        if once:
            count = worker.run_once()
            worker.close()
            self.stdout.write(f"{count} attempts")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, frame: self._stop(worker, received))
        worker.run()

    def _stop(self, worker: Worker, received: int) -> None:
        signal.signal(received, signal.SIG_DFL)  # a second signal ends the process at once
        worker.stop()
