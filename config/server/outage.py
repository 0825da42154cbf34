"""How a worker that needs the database waits for it: one line when it is gone, one when it is back."""

from __future__ import annotations

import logging
import time

FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 8.0


class Outage:
    """Tell it each time the database could not be used, and each time it could."""

    def __init__(self, logger: logging.Logger, what: str = "The database") -> None:
        self._logger = logger
        self._what = what
        self._since: float | None = None
        self._pause_s = FIRST_PAUSE_S

    def met(self, fault: BaseException) -> float:
        """How many seconds to wait before the next attempt."""
        if self._since is None:
            self._since, self._pause_s = time.monotonic(), FIRST_PAUSE_S
            said = str(fault).strip().split("\n", 1)[0]
            self._logger.warning("%s cannot be used, trying again until it can: %s", self._what, said)
        pause_s = self._pause_s
        self._pause_s = min(pause_s * 2, LAST_PAUSE_S)
        return pause_s

    def over(self) -> None:
        if self._since is not None:
            self._logger.warning("%s can be used again after %.1f s", self._what, time.monotonic() - self._since)
            self._since = None
