"""Where the levels of `config.http.buckets` stand: an UNLOGGED table, whose clock is the database's own.

A crash of the database empties the table (PostgreSQL manual, CREATE TABLE), and every bucket is full again. A row
is deleted once its bucket would be full anyway: `rates_sweep`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from config.http.buckets import LEASE_S, Ask, Loan

# The function is made by the migration that makes the table.
_LEASE = f"SELECT * FROM apikeys_lease(%s, %s, {LEASE_S})"  # noqa: S608 - of numbers of ours


def lease(asks: Sequence[Ask]) -> list[Loan]:
    """Settle the last loans and make new ones, in one statement that commits at once.

    With the driver's own cursor: Django's costs a quarter of the whole.
    """
    ordered = sorted(asks, key=lambda each: each.bucket)
    ids = ",".join(each.bucket for each in ordered)  # none has a comma, a brace, a quote or a space
    numbers = ",".join(
        f"{each.tokens},{each.rate},{each.wanted},{each.held},{each.debt},{each.used},{each.lent},{each.period}"
        for each in ordered
    )
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(_LEASE, [f"{{{ids}}}", f"{{{numbers}}}"])
        loans = {each.bucket: Loan(*row) for each, row in zip(ordered, cursor.fetchall(), strict=True)}
    return [loans[each.bucket] for each in asks]


def rates_sweep() -> int:
    """Forget the buckets that are full by now and lent nothing lately; gives how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM apikeys_ratebucket WHERE full_at < now() AND at < extract(epoch FROM now()) - %s",
            [3 * LEASE_S],
        )
        return int(cursor.rowcount)
