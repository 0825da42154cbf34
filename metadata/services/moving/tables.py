"""The tables of a workspace and their indexes, as PostgreSQL's catalogue has them: the same in both places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.db import connections, transaction

from config.server.own_connection import Driver, quoted, rows_of
from metadata.models import Workspace
from metadata.storage import Storage

_OBJECT = re.compile(r"o_([0-9a-f]{32})")
KEYS = {"history": ("id",), "record_count": ("id",), "file": ("id",), "file_part": ("file_id", "number")}
POSITIONS = "moving_position"  # of the copy alone: from which transaction on the old place has to be looked at


@dataclass(frozen=True, slots=True)
class Table:
    """`key` is its primary key."""

    schema: str
    name: str
    columns: tuple[str, ...]

    @property
    def path(self) -> str:
        return quoted(self.schema, self.name)

    @property
    def key(self) -> tuple[str, ...]:
        return KEYS.get(self.name, ("id",))

    @property
    def hashed(self) -> str:
        """A number over the first column of its key."""
        return "hashint8(id)" if self.name in ("history", "record_count") else f"uuid_hash({quoted(self.key[0])})"


@dataclass(frozen=True, slots=True)
class _Index:
    name: str
    table: str
    definition: str
    constraint: str | None  # of a primary key: what ALTER TABLE adds


def tables_of(driver: Driver, schema: str) -> dict[str, Table]:
    """Those that are a workspace's, by name."""
    found = rows_of(
        driver,
        "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a"
        " ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname",
        [quoted(schema)],
    )
    return {
        name: Table(schema, name, tuple(columns)) for name, columns in found if name in KEYS or _OBJECT.fullmatch(name)
    }


def create_schema(target: Driver, workspace: Workspace) -> None:
    """The copy's schema, without objects, if it is not there. `workspace` is as if it were in the new place."""
    schema = workspace.database_schema
    if rows_of(target, "SELECT to_regnamespace(%s) IS NOT NULL", [quoted(schema)]) == [(True,)]:
        return
    storage = Storage(workspace)
    with transaction.atomic(using=workspace.shard), connections[workspace.shard].cursor() as cursor:
        storage.create_schema()
        storage.flush()
        cursor.execute(f"CREATE TABLE {quoted(schema, POSITIONS)} (name text PRIMARY KEY, since bigint NOT NULL)")


def same_tables(source: Driver, target: Driver, workspace: Workspace) -> dict[str, Table]:
    """Make and drop tables of the copy until it has those of the old place, which are given."""
    theirs, ours = tables_of(source, workspace.database_schema), tables_of(target, workspace.database_schema)
    storage = Storage(workspace)
    for name in ours.keys() - theirs.keys():
        storage.drop_table(UUID(name.removeprefix("o_")))
        rows_of(target, f"DELETE FROM {quoted(workspace.database_schema, POSITIONS)} WHERE name = %s", [name])  # noqa: S608
    for name in theirs.keys() - ours.keys():
        storage.create_table(UUID(name.removeprefix("o_")))
    storage.flush()
    return theirs


def drop_indexes(source: Driver, target: Driver, schema: str, names: set[str] | None = None) -> None:
    """Drop those of the copy's indexes (of some tables, or all) that the old place does not have like that."""
    theirs = {each.name: each for each in _indexes_of(source, schema)} if names is None else {}
    for each in _indexes_of(target, schema):
        is_other = each.table in names if names is not None else theirs.get(each.name) != each
        if each.constraint is None and is_other:
            rows_of(target, f"DROP INDEX {quoted(schema, each.name)}")


def create_indexes(source: Driver, target: Driver, schema: str, names: set[str] | None = None) -> int:
    """Make those that the copy lacks; how many."""
    ours = {each.name for each in _indexes_of(target, schema)}
    made = 0
    for each in _indexes_of(source, schema):
        if each.name not in ours and each.constraint is None and (names is None or each.table in names):
            rows_of(target, each.definition)
            made += 1
    return made


def _indexes_of(driver: Driver, schema: str) -> list[_Index]:
    """Those that are whole."""
    return [
        _Index(*row)
        for row in rows_of(
            driver,
            "SELECT c.relname, t.relname, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(con.oid)"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
            " LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype = 'p'"
            " WHERE t.relnamespace = to_regnamespace(%s) AND i.indisvalid ORDER BY c.relname",
            [quoted(schema)],
        )
        if row[1] in KEYS or _OBJECT.fullmatch(row[1])
    ]
