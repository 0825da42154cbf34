"""Copying a table's rows, and then again and again what was written since.

Every row says which transaction wrote it (`xmin`), so what is new is found without a trigger or a log, by looking
through the table once: transactions below the oldest that ran when the table was last looked at were seen then. What is
gone is found by counting: the rows that were not written anew are as many in both places, or some of the copy's are too
many, and are looked for among those whose keys fall into the same of 4,096 parts.

Each round of looks is one snapshot and one transaction of the copy's, which notes how far it came: a move that is cut
off anywhere goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from config.server.copying import copy_rows
from config.server.own_connection import Driver, quoted, rows_of, since_condition
from metadata.services.moving.tables import POSITIONS, Table, create_indexes, drop_indexes

_PARTS = 4096


@contextmanager
def snapshot(source: Driver) -> Iterator[int]:
    """One state of the old place, and the number from which on transactions are not all in it."""
    source.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    try:
        [(oldest,)] = rows_of(source, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        yield oldest
    finally:
        if not source.closed:
            source.rollback()
            source.set_session(isolation_level="DEFAULT", readonly=False, autocommit=True)


@contextmanager
def transaction(driver: Driver) -> Iterator[None]:
    driver.autocommit = False
    try:
        yield
        driver.commit()
    finally:
        if not driver.closed:
            driver.rollback()
            driver.autocommit = True


class Copying:
    """The tables of one workspace's copy."""

    def __init__(self, source: Driver, target: Driver, schema: str) -> None:
        self._source = source
        self._target = target
        self._schema = schema
        self._positions = quoted(schema, POSITIONS)
        self._counts: dict[str, int] = {}  # rows of the copy, once they were counted

    def load(self, table: Table) -> int:
        """Copy a table that was not copied yet; how many rows. A transaction of its own: it may take long."""
        with snapshot(self._source) as oldest, transaction(self._target):
            if self.position(table.name) is not None:
                return 0
            count = self._load(table)
            self.note({table.name: oldest})
        return count

    def follow(self, tables: Sequence[Table], oldest: int) -> int:
        """Bring tables to what they are in the snapshot; how many rows that took. In a transaction."""
        since = dict(rows_of(self._target, f"SELECT name, since FROM {self._positions}"))  # noqa: S608
        self._count([each for each in tables if each.name not in self._counts])
        counts = " UNION ALL ".join(
            f"SELECT '{name}', count(*) FILTER (WHERE {since_condition(since[name])}), count(*) FROM {table.path}"  # noqa: S608
            for name, table in {each.name: each for each in tables}.items()
        )
        now = {name: (new, total) for name, new, total in rows_of(self._source, counts)}
        written = 0
        for each in tables:
            new, total = now[each.name]
            if each.name == "record_count":  # folded all the time, and small
                rows_of(self._target, f"DELETE FROM {each.path}")  # noqa: S608
                written += self._copy(each, "true", each.path)
            elif new or total != self._counts[each.name]:
                self._follow(each, since_condition(since[each.name]), new, total)
                written += new
        self.note(dict.fromkeys(now, oldest))
        return written

    def _count(self, tables: Sequence[Table]) -> None:
        if tables:
            counts = " UNION ALL ".join(f"SELECT '{each.name}', count(*) FROM {each.path}" for each in tables)  # noqa: S608
            self._counts.update(rows_of(self._target, counts))

    def position(self, name: str) -> int | None:
        found = rows_of(self._target, f"SELECT since FROM {self._positions} WHERE name = %s", [name])  # noqa: S608
        return found[0][0] if found else None

    def note(self, since: Mapping[str, int]) -> None:
        """In the transaction that copied up to there."""
        values = ", ".join(f"('{name}', {number})" for name, number in since.items())
        rows_of(
            self._target,
            f"INSERT INTO {self._positions} VALUES {values} ON CONFLICT (name) DO UPDATE SET since = excluded.since",  # noqa: S608
        )

    def _load(self, table: Table) -> int:
        rows_of(self._target, f"DELETE FROM {table.path}")  # noqa: S608
        drop_indexes(self._source, self._target, self._schema, {table.name})
        count = self._copy(table, "true", table.path)
        create_indexes(self._source, self._target, self._schema, {table.name})
        rows_of(self._target, f"ANALYZE {table.path}")
        self._counts[table.name] = count
        return count

    def _copy(self, table: Table, where: str, into: str) -> int:
        columns = ", ".join(map(quoted, table.columns))
        query = f"SELECT {columns} FROM {table.path} WHERE {where}"  # noqa: S608
        return copy_rows(self._source, query, self._target, into, table.columns)

    def _follow(self, table: Table, is_new: str, new: int, total: int) -> None:
        rows_of(self._target, "DROP TABLE IF EXISTS written")
        rows_of(self._target, f"CREATE TEMPORARY TABLE written (LIKE {table.path}) ON COMMIT DROP")
        self._copy(table, is_new, "written")
        rows_of(self._target, "ANALYZE written")  # else all of the table is read to find these
        key = " AND ".join(f"t.{quoted(each)} = w.{quoted(each)}" for each in table.key)
        # Before the new ones come: a unique value may have gone from one to the other.
        replaced = self._deleted(f"DELETE FROM {table.path} t USING written w WHERE {key}")  # noqa: S608
        if self._counts[table.name] - replaced != total - new:
            self._delete_gone(table, is_new)
        columns = ", ".join(map(quoted, table.columns))
        rows_of(self._target, f"INSERT INTO {table.path} ({columns}) SELECT {columns} FROM written")  # noqa: S608
        self._counts[table.name] = total

    def _deleted(self, text: str) -> int:
        with self._target.cursor() as cursor:
            cursor.execute(text)
            return int(cursor.rowcount)

    def _delete_gone(self, table: Table, is_new: str) -> None:
        """Delete the copy's rows that are no more."""
        part = f"{table.hashed} & {_PARTS - 1}"
        counted = f"SELECT {part}, count(*) FROM {table.path} WHERE {{}} GROUP BY 1"  # noqa: S608
        theirs = dict(rows_of(self._source, counted.format(f"NOT {is_new}")))
        ours = dict(rows_of(self._target, counted.format("true")))
        parts = ", ".join(str(each) for each, count in ours.items() if theirs.get(each) != count)
        if not parts:
            return
        first = quoted(table.key[0])
        inside = f"({part}) IN ({parts})"
        rows_of(self._target, "DROP TABLE IF EXISTS kept")
        rows_of(self._target, f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT {first} FROM {table.path} LIMIT 0")  # noqa: S608
        query = f"SELECT DISTINCT {first} FROM {table.path} WHERE NOT {is_new} AND {inside}"  # noqa: S608
        copy_rows(self._source, query, self._target, "kept", table.key[:1])
        rows_of(
            self._target,
            f"DELETE FROM {table.path} t WHERE {inside}"  # noqa: S608
            f" AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.{first} = t.{first})",
        )
