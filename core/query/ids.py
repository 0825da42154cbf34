"""Ids of new records: time-ordered, so that an index grows at its end, with a version digit every client accepts."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0  # milliseconds and a 12-bit counter of the id made last


def new_id() -> str:
    """48 bits of milliseconds, 12 of a counter, then random bits, written as a version 4 UUID.

    Ids of one process grow strictly, so records of a batch keep their order when sorted by id.

    >>> first, second = new_id(), new_id()
    >>> first < second, first[14]
    (True, '4')
    """
    global _last
    with _lock:
        _last = moment = max(_last + 1, (time.time_ns() // 1_000_000) << 12)
    milliseconds, counter = moment >> 12 & 0xFFFFFFFFFFFF, moment & 0xFFF
    random = int.from_bytes(os.urandom(8), "big") & 0x3FFFFFFFFFFFFFFF
    return str(UUID(int=milliseconds << 80 | 0x4 << 76 | counter << 64 | 0x2 << 62 | random))
