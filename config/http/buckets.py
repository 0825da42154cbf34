"""Token buckets that many processes on many machines share exactly, for the price of one statement in many requests.

A bucket has `tokens` of room and fills up again within `window_s`, continuously. Its level stands in a storage
that all processes share; a process borrows a few tokens at a time (a lease) and spends them without asking.

Never more than the bucket and its refill is spent, and one process alone can spend all of it. Three facts say so.
Let G be the level of the one ideal bucket that every request was taken from at its own moment:

1. What was lent lessens the room: the stored level never rises above `tokens` less what others have on loan, so
   what lies in the storage and what lies in processes are together never more than G.
2. A process tells how much of what it spent cannot have come back yet (`used`: its spending, drained at the
   bucket's rate). G is at most `tokens - used`, so a loan that was spent late does not count as refilled.
3. It gives back what it did not spend whenever it asks again. A loan that is never asked about again (its process
   ended) lessens the room for at most two periods of `LEASE_S`.

So with one process the stored level and the loan are G itself; with n processes the others' loans are what may be
missing: at most one lease each. Pure: the time is given, and the storage is a function.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf
from threading import Lock

LEASE_S = 10  # a loan holds for one to two of these; periods of the storage's clock
AHEAD_S = 5.0  # a process borrows what it spends in this time, at its last pace
LARGEST_SHARE = 20  # … but no more than this part of what others have not borrowed, so that nobody starves
RETRY_S = 1.0  # an empty bucket is asked again after this time at the latest: its limit may have been changed
ROUNDING = 1e-6  # of seconds and tokens, which are floating-point numbers
KEPT_BUCKETS = 10_000  # in a process; the longest unused is forgotten


@dataclass(frozen=True, slots=True)
class Limit:
    """`tokens` at once, and as many again in each `window_s`."""

    name: str  # as RateLimit-Policy names it
    bucket: str  # whose bucket; what the storage knows it by
    tokens: int
    window_s: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.window_s


@dataclass(frozen=True, slots=True)
class Ask:
    """What a process wants of one bucket, and what became of its last loan."""

    bucket: str
    tokens: float
    rate: float
    wanted: float
    held: float = 0.0  # of the last loan, not spent
    debt: float = 0.0  # spent beyond the loan: the level may fall below zero
    used: float = 0.0  # spent by this process and not refilled since
    lent: float = 0.0  # the size of the last loan
    period: int = -1  # … and the period it was made in


@dataclass(frozen=True, slots=True)
class Loan:
    """The answer: `granted` may be spent for `valid_s` from before the asking on; `level` is left in the storage."""

    granted: float
    level: float
    lent_to_others: float
    period: int
    valid_s: float


Storage = Callable[[Sequence[Ask]], Sequence[Loan]]  # one answer per ask, in order


class Bucket:
    """What this process knows of one bucket. All times are of one monotonic clock, in seconds."""

    __slots__ = (
        "asked_at", "held", "key", "lent", "level", "others", "period", "rate", "retry_at", "spent", "tokens", "used",
        "used_at", "valid_until",
    )  # fmt: skip

    def __init__(self, limit: Limit) -> None:
        self.key = limit.bucket
        self.tokens, self.rate = float(limit.tokens), limit.rate
        self.held = self.lent = self.others = self.used = self.spent = 0.0
        self.level = self.tokens
        self.period = -1
        self.valid_until = self.retry_at = self.asked_at = self.used_at = -inf

    def has(self, now: float, cost: float = 1.0) -> bool:
        return self.held >= cost and now < self.valid_until

    def spend(self, cost: float, now: float) -> None:
        self.held -= cost
        self.spent += cost
        self._use(cost, now)

    def ask(self, now: float, *, debt: float = 0.0) -> Ask:
        """With a debt nothing is borrowed."""
        self._use(0.0, now)
        wanted = 0.0 if debt else self._next_size(now)
        return Ask(self.key, self.tokens, self.rate, wanted, self.held, debt, self.used, self.lent, self.period)

    def receive(self, loan: Loan, asked_at: float, *, debt: float = 0.0) -> None:
        self.held = self.lent = loan.granted
        self.level, self.others, self.period = loan.level, loan.lent_to_others, loan.period
        self.asked_at, self.valid_until, self.spent = asked_at, asked_at + loan.valid_s, 0.0
        self._use(debt, asked_at)
        missing = 1.0 - self.held - self.level
        self.retry_at = asked_at + min(missing / self.rate, RETRY_S) - ROUNDING if missing > 0 else asked_at

    def resize(self, limit: Limit) -> None:
        """The limit was changed: what is held goes back with the next ask."""
        self.tokens, self.rate = float(limit.tokens), limit.rate
        self.used = 0.0
        self.valid_until = self.retry_at = -inf

    def remaining(self, now: float) -> float:
        """The level as far as this process can know: the most it can be."""
        stored = self.level + self.rate * (now - self.asked_at) if self.asked_at > -inf else self.tokens
        used = self.used - self.rate * (now - self.used_at) if self.used else 0.0
        return min(min(stored, self.tokens - self.others) + self.held, self.tokens - max(0.0, used), self.tokens)

    def wait_s(self, now: float, cost: float = 1.0) -> float:
        """How long until `cost` tokens can be there, if nobody else takes any."""
        return max(0.0, (cost - self.remaining(now)) / self.rate)

    def _use(self, cost: float, now: float) -> None:
        drained = self.used - self.rate * (now - self.used_at) if self.used else 0.0
        self.used = max(0.0, drained) + cost
        self.used_at = now

    def _next_size(self, now: float) -> float:
        """As much as is spent in AHEAD_S at the pace of the last loan."""
        if not self.spent:
            return 1.0
        pace = self.spent / max(now - self.asked_at, 1e-6)
        largest = floor((self.tokens - self.others) / LARGEST_SHARE)
        return float(max(1, min(ceil(pace * AHEAD_S), largest)))


class Purse:
    """The buckets a process knows, over one storage. Safe between threads: one asks at a time."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, limits: Sequence[Limit], now: float) -> Bucket | None:
        """Take one token of each bucket, or of none: then the bucket that will be empty for longest.

        What the storage raises goes through; nothing was taken then.
        """
        with self._lock:
            buckets = [self._bucket(limit) for limit in limits]
            lacking = [each for each in buckets if not each.has(now)]
            if lacking:
                if all(now >= each.retry_at for each in lacking):
                    self._ask(lacking, now)
                    lacking = [each for each in lacking if not each.has(now)]
                if lacking:
                    return max(lacking, key=lambda each: each.wait_s(now))
            for each in buckets:
                each.spend(1.0, now)
        return None

    def charge(self, limits: Sequence[Limit], cost: float, now: float) -> None:
        """Take what was used already, wherever it comes from: the level may fall below zero."""
        with self._lock:
            owing = []
            for each in map(self._bucket, limits):
                if each.has(now, cost):
                    each.spend(cost, now)
                else:
                    owing.append(each)
            if owing:
                self._ask(owing, now, debt=cost)

    def remaining(self, limit: Limit, now: float) -> float:
        """What the limit's bucket has, as far as this process can know; below zero after a debt."""
        return self._bucket(limit).remaining(now)

    def _ask(self, buckets: Sequence[Bucket], now: float, *, debt: float = 0.0) -> None:
        loans = self._storage([each.ask(now, debt=debt) for each in buckets])
        for each, loan in zip(buckets, loans, strict=True):
            each.receive(loan, now, debt=debt)

    def _bucket(self, limit: Limit) -> Bucket:
        bucket = self._buckets.get(limit.bucket)
        if bucket is None:
            bucket = self._buckets[limit.bucket] = Bucket(limit)
            if len(self._buckets) > KEPT_BUCKETS:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(limit.bucket)
        if bucket.tokens != limit.tokens or bucket.rate != limit.rate:
            bucket.resize(limit)
        return bucket
