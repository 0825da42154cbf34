"""A clock that tests move: of the process that counts, and of the database that keeps the levels.

The database's function is the one of the migration, with its clock read from a setting of the session. It is put
back when the test's transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from django.db import connection

from apikeys import rates
from config.http.buckets import Ask, Loan

FUNCTION = import_module("apikeys.migrations.0003_rate_limits").ADD_FUNCTION
START_S = 1_800_000_003.0


@dataclass
class Clock:
    now_s: float = START_S

    def __call__(self) -> float:
        return self.now_s

    def go(self, seconds: float) -> None:
        self.now_s += seconds
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('test.clock', %s, false)", [repr(self.now_s)])


def controlled_clock() -> Clock:
    """Replaces the database's clock in this transaction; starts at START_S."""
    replaced = FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    assert replaced.count("extract(epoch FROM clock_timestamp())") == 2
    replaced = replaced.replace("extract(epoch FROM clock_timestamp())", "current_setting('test.clock')::float8")
    clock = Clock()
    with connection.cursor() as cursor:
        cursor.execute(replaced)
    clock.go(0)
    return clock


leases: list[Sequence[Ask]] = []  # what `noted_lease` was asked


def noted_lease(asks: Sequence[Ask]) -> Sequence[Loan]:
    """The storage of settings.RATE_STORAGE, with a list of what it was asked."""
    leases.append(asks)
    return rates.lease(asks)
