"""granian's command with a difference: a process is replaced only once the next one listens.

`python -m config.server.granian …` takes granian's own options. By itself granian gives a new process a fixed time
to start, ends the old one whether or not the new one listens by then, and waits for its end before it looks after
anything else. Here nobody is refused meanwhile, and a process that takes long to end (somebody's export) keeps
nothing up. Nor does a stop wait for a worker that only starts. Workers say that they listen by a file of their number
in the folder that READY_FOLDER names.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import granian.cli
from granian.log import logger
from granian.server.mp import MPServer, WorkerProcess

READY_FOLDER = "FOURGATE_READY_FOLDER"  # in the environment of workers
START_TIMEOUT_S = 120.0


class Server(MPServer):
    def _respawn_workers(
        self, workers: Sequence[int], spawn_target: object, target_loader: object, delay: float = 0
    ) -> None:
        for index in workers:
            self.respawned_wrks[index] = time.monotonic()
            old = self.wrks[index]
            new = self._spawn_worker(idx=index, target=spawn_target, callback_loader=target_loader)
            new.start()
            self.wrks[index] = new
            if old.is_alive():
                logger.warning("Replacing worker %s by %s", old._id(), new._id())
                self._await_ready(new)
                threading.Thread(target=self._end, args=(old,), daemon=True).start()

    def _await_ready(self, worker: WorkerProcess) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while worker.is_alive() and not self.interrupt_signal and time.monotonic() < deadline:
            if is_ready(worker._id()):
                return
            time.sleep(0.02)

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            _end_soon(worker)
        super()._stop_workers()

    def _end(self, worker: WorkerProcess) -> None:
        _end_soon(worker)
        worker.join(self.workers_kill_timeout)
        if worker.is_alive():
            worker.kill()


def _end_soon(worker: WorkerProcess) -> None:
    """Tell a worker to finish. One that still starts would lose the signal, and has nothing to finish."""
    if is_ready(worker._id()):
        worker.terminate()
    else:
        worker.kill()


def is_ready(pid: int) -> bool:
    return Path(os.environ[READY_FOLDER], str(pid)).exists()


def say_ready() -> None:
    """Called by a worker that listens; nothing under a server that is not ours."""
    folder = os.environ.get(READY_FOLDER)
    if folder is not None:
        Path(folder, str(os.getpid())).touch()


def main() -> None:
    granian.cli.Server = Server
    with tempfile.TemporaryDirectory(prefix="fourgate-") as folder:
        os.environ[READY_FOLDER] = folder
        granian.cli.entrypoint()


if __name__ == "__main__":
    main()
