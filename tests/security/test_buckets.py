"""Buckets that processes share: never more than one ideal bucket, with one process the same, with more a lease less."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apikeys.models import RateBucket
from apikeys.rates import lease, rates_sweep
from config.http.buckets import LARGEST_SHARE, Ask, Limit, Loan, Purse
from tests.chance import examples
from tests.security.rates import Clock, controlled_clock


@dataclass
class Ideal:
    """The bucket of the textbook: one level, and a clock."""

    limit: Limit
    level: float = field(init=False)

    def __post_init__(self) -> None:
        self.level = float(self.limit.tokens)

    def go(self, seconds: float) -> None:
        self.level = min(self.limit.tokens, self.level + seconds * self.limit.rate)


def drain(purse: Purse, limit: Limit, now: float, most: int = 10_000) -> int:
    """How many requests are let through at this moment."""
    return next(count for count in range(most) if purse.take([limit], now) is not None)


@pytest.fixture
def clock(db) -> Clock:
    return controlled_clock()


LIMIT = Limit("short", "test:one", 200, 1.0)


def test_a_full_bucket_then_its_refill(clock: Clock) -> None:
    purse = Purse(lease)
    assert drain(purse, LIMIT, clock()) == 200
    clock.go(0.004)
    assert drain(purse, LIMIT, clock()) == 0
    clock.go(0.0011)
    assert drain(purse, LIMIT, clock()) == 1
    clock.go(0.25)
    assert drain(purse, LIMIT, clock()) == 50
    clock.go(3600)
    assert drain(purse, LIMIT, clock()) == 200


def test_what_was_borrowed_early_and_spent_late_does_not_count_twice(clock: Clock) -> None:
    purse = Purse(lease)
    for _ in range(3):  # the third one borrows ten, and nine of them stay
        assert purse.take([LIMIT], clock()) is None
        clock.go(0.01)
    clock.go(5)
    assert drain(purse, LIMIT, clock()) == 200


def test_another_process_finds_all_but_what_the_first_has_borrowed(clock: Clock) -> None:
    first, second = Purse(lease), Purse(lease)
    for _ in range(3):
        first.take([LIMIT], clock())
        clock.go(0.01)
    clock.go(1)
    assert drain(second, LIMIT, clock()) == 190
    assert drain(first, LIMIT, clock()) == 8  # of ten that it borrowed, two are spent


def test_what_a_process_borrowed_before_it_ended_is_back_after_two_periods(clock: Clock) -> None:
    ended, other = Purse(lease), Purse(lease)
    for _ in range(3):
        ended.take([LIMIT], clock())
        clock.go(0.01)
    clock.go(20)
    assert drain(other, LIMIT, clock()) == 200


def test_a_debt_is_paid_by_the_refill(clock: Clock) -> None:
    purse = Purse(lease)
    assert purse.take([LIMIT], clock()) is None
    purse.charge([LIMIT], 299, clock())
    assert purse.take([LIMIT], clock()) is not None
    assert purse.remaining(LIMIT, clock()) == pytest.approx(-100)
    clock.go(0.5)
    assert Purse(lease).take([LIMIT], clock()) is not None, "other processes know of it"
    clock.go(0.005)
    assert Purse(lease).take([LIMIT], clock()) is None


def test_of_several_buckets_all_are_taken_from_or_none(clock: Clock) -> None:
    small, large = Limit("short", "test:small", 2, 1.0), Limit("long", "test:large", 100, 60.0)
    purse = Purse(lease)
    taken = [purse.take([small, large], clock()) for _ in range(5)]
    assert [None if each is None else each.key for each in taken] == [None, None, *["test:small"] * 3]
    assert purse.remaining(large, clock()) == pytest.approx(98)
    assert drain(purse, large, clock()) == 98


def test_a_changed_limit_holds_within_a_second(clock: Clock) -> None:
    purse = Purse(lease)
    slow, fast = Limit("long", "test:changed", 1, 3600.0), Limit("long", "test:changed", 7200, 3600.0)
    assert (drain(purse, slow, clock()), drain(purse, slow, clock())) == (1, 0)
    clock.go(1)
    assert drain(purse, fast, clock()) == 2
    assert drain(purse, slow, clock()) == 0


def test_a_much_smaller_limit_is_no_debt(clock: Clock) -> None:
    large, small = Limit("long", "test:smaller", 1_000_000, 60.0), Limit("long", "test:smaller", 60, 60.0)
    first, second = Purse(lease), Purse(lease)
    for _ in range(100):
        assert first.take([large], clock()) is None
        assert second.take([large], clock()) is None
        clock.go(0.001)
    clock.go(20)  # what the other process has on loan lapses
    assert drain(first, small, clock()) == 60
    clock.go(0.5)
    assert drain(second, small, clock()) == 0
    clock.go(60)
    assert drain(second, small, clock()) == 60


def test_an_emptied_table_is_full_buckets(clock: Clock) -> None:
    purse = Purse(lease)
    assert drain(purse, LIMIT, clock()) == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'apikeys_ratebucket'")
        assert cursor.fetchone() == ("u",)  # unlogged: this is what a crash does to it
        cursor.execute("TRUNCATE apikeys_ratebucket")
    assert drain(Purse(lease), LIMIT, clock()) == 200


def test_full_buckets_are_swept_and_others_stay(clock: Clock) -> None:
    """The sweep goes by the real clock; the buckets here were filled some time around the year 2027."""
    RateBucket.objects.all().delete()  # of other tests' requests
    lease([Ask("test:old", 10, 1.0, 1.0), Ask("test:new", 10, 1.0, 1.0)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE apikeys_ratebucket SET at = extract(epoch FROM now()) - 31, full_at = now() - interval '1 second'"
            " WHERE id = 'test:old'"
        )
    assert rates_sweep() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM apikeys_ratebucket WHERE id LIKE 'test:%%'")
        assert cursor.fetchall() == [("test:new",)]


def test_a_busy_process_asks_once_for_many(clock: Clock) -> None:
    asked: list[int] = []

    def counting(asks: list[Ask]) -> list[Loan]:
        asked.append(len(asks))
        return lease(asks)

    limits = [Limit("short", "t:s", 200, 1.0), Limit("long", "t:l", 6000, 60.0), Limit("workspace", "t:w", 20000, 60.0)]
    purse = Purse(counting)
    for _ in range(1000):  # ten seconds of a hundred requests each
        assert purse.take(limits, clock()) is None
        clock.go(0.01)
    assert len(asked) <= 1000 / 9


STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 25), st.sampled_from([0.0, 0.001, 0.02, 0.3, 1.0, 11.0])))


@pytest.mark.django_db
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_any_history(processes: int) -> None:
    clock = controlled_clock()
    number = iter(range(1_000_000))

    @given(STEPS, st.sampled_from([(200, 1.0), (40, 2.0), (3, 1.0), (6000, 60.0)]))
    @settings(max_examples=examples(40), deadline=None)
    def check(steps: list[tuple[int, int, float]], size: tuple[int, float]) -> None:
        limit = Limit("short", f"test:{next(number)}", *size)
        ideal = Ideal(limit)
        purses = [Purse(lease) for _ in range(processes)]
        largest = max(1, limit.tokens // LARGEST_SHARE)
        for who, requests, seconds in [*steps, *((each, 10_000, 0.0) for each in range(processes))]:
            passed = 0
            while passed < requests and purses[who % processes].take([limit], clock()) is None:
                passed += 1
            ideal.level -= passed
            assert ideal.level > -1e-6, "more than the bucket and its refill"
            if processes == 1 and passed < requests:
                assert ideal.level < 1 + 1e-6, "less than the bucket and its refill"
            clock.go(seconds)
            ideal.go(seconds)
        # Everybody has now asked until refused: what is missing is what others had on loan, a lease each at most.
        assert ideal.level < 1 + 1e-6 + (processes - 1) * largest

    check()
