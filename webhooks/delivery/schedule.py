"""When a delivery is tried again, and when it is given up. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Waits before the first, second … attempt; about 75 hours in all.
WAITS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2  # of the wait, either way
MAX_RETRY_AFTER = timedelta(days=7)  # longer wishes are cut: the log is not kept forever
DISABLE_AFTER = timedelta(days=5)  # of nothing but failures

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


def next_attempt(attempts: int, at: datetime, chance: float, retry_after: timedelta | None = None) -> datetime | None:
    """When to try again after `attempts` failures, the last one at `at`; None to give up.

    `chance` in 0..1 spreads the wait over ±20 %. A receiver's `retry_after` is waited for at least.
    """
    if attempts >= len(WAITS):
        return None
    wait = WAITS[attempts] * (1 - JITTER + 2 * JITTER * chance)
    if retry_after is not None:
        wait = max(wait, min(retry_after, MAX_RETRY_AFTER))
    return at + wait


def parse_retry_after(value: str | None, at: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date); None if unreadable.

    >>> parse_retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - at, timedelta(0))
