"""Rows from one database into another by COPY, with as much memory as a pipe has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from threading import Thread

from config.server.own_connection import Driver, quoted


def copy_rows(source: Driver, query: str, target: Driver, table: str, columns: Sequence[str]) -> int:
    """Copy what a query gives into a table (as SQL has its name); how many rows. Both are connections of the driver.

    Where one side fails the other's statement ends too, and the fault goes up: what was received is taken back with
    the target's transaction, in which the caller has to be.
    """
    read_end, write_end = os.pipe()
    faults: list[BaseException] = []
    received = 0

    def receive() -> None:
        nonlocal received
        with os.fdopen(read_end, "rb") as reader, target.cursor() as cursor:
            try:
                cursor.copy_expert(f"COPY {table} ({', '.join(map(quoted, columns))}) FROM STDIN", reader)
                received = cursor.rowcount
            except BaseException as fault:
                faults.append(fault)

    thread = Thread(target=receive, name="copy")
    thread.start()
    try:
        with os.fdopen(write_end, "wb") as writer, source.cursor() as cursor:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", writer)
    except BaseException:
        thread.join()
        if faults:
            raise faults[0] from None
        raise
    thread.join()
    if faults:
        raise faults[0]
    return received
