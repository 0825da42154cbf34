"""Indexes of records: unique ones, those of relations, and those that users make, at once or beside everything else.

Their expressions are those of the field's type, to the letter, else PostgreSQL would not use them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from psycopg2 import sql

from metadata.models import IndexType
from metadata.schema import FieldSchema
from metadata.storage.statements import BUILD_CLASS, Statements, expressions_of, table_of, unaliased


class Indexes(Statements):
    """By the ids of fields and indexes."""

    def create_unique_index(self, field: FieldSchema) -> None:
        condition = field.type.unique_condition_sql(field)
        self._drop_left(f"u_{field.id.hex}")
        self._add(
            "CREATE UNIQUE INDEX {name} ON {schema}.{table} ({expressions})" + (" WHERE {where}" if condition else ""),
            name=sql.Identifier(f"u_{field.id.hex}"),
            table=table_of(field.object_id),
            expressions=expressions_of(field.type.unique_sql(field)),
            where=sql.SQL(unaliased(condition or "")),
        )

    def drop_unique_index(self, field_id: UUID) -> None:
        self._drop_index(f"u_{field_id.hex}")

    def create_relation_index(self, field: FieldSchema) -> None:
        self._drop_left(f"r_{field.id.hex}")
        self._add(
            "CREATE INDEX {name} ON {schema}.{table} ({expression}, id)",
            name=sql.Identifier(f"r_{field.id.hex}"),
            table=table_of(field.object_id),
            expression=expressions_of([field.type.sql(field).value]),
        )

    def drop_relation_index(self, field_id: UUID) -> None:
        self._drop_index(f"r_{field_id.hex}")

    def create_index(self, index_id: UUID, index_type: str, columns: Sequence[tuple[FieldSchema, str | None]]) -> None:
        """An index over fields, each with its sub-field for composites.

        Soft-deleted records are in it too: PostgreSQL does not use the statistics of a partial index, and without
        them it takes any value for one in 200. Those of an expression exist from the next ANALYZE on.
        """
        table = table_of(columns[0][0].object_id)
        self._drop_left(f"x_{index_id.hex}")
        self._add(
            "CREATE INDEX {name} ON {schema}.{table} {definition}",
            name=sql.Identifier(f"x_{index_id.hex}"),
            table=table,
            definition=_index_definition(index_type, columns),
        )
        if index_type != IndexType.GIN:
            self._add("ANALYZE {schema}.{table}", table=table)

    def build_index(self, index_id: UUID, index_type: str, columns: Sequence[tuple[FieldSchema, str | None]]) -> None:
        """As `create_index`, while others read and write. What is there is kept. Inside a transaction, which
        `building` opens behind a pooler, it is made anew, and the object's writers wait.

        A build that was cut off leaves an invalid index, which is made anew
        (https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).
        """
        if self._connection.in_atomic_block:
            with transaction.atomic(using=self._connection.alias):
                self.drop_index(index_id)
                self.create_index(index_id, index_type, columns)
                self._send_pending()
            return
        table = table_of(columns[0][0].object_id)
        name = f"x_{index_id.hex}"
        is_valid = self._is_valid(name)
        if is_valid is False:
            self.drop_concurrently(name)
        if not is_valid:
            text = "CREATE INDEX CONCURRENTLY {name} ON {schema}.{table} {definition}"
            definition = _index_definition(index_type, columns)
            self._execute(self._compose(text, name=sql.Identifier(name), table=table, definition=definition))
        self._execute(self._compose("ANALYZE {schema}.{table}", table=table))

    def _is_valid(self, index: str) -> bool | None:
        """None when there is no such index."""
        rows = self._fetch(
            sql.SQL(
                "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE c.relnamespace = {schema}::regnamespace AND c.relname = {index}"
            ).format(schema=sql.Literal(self._schema), index=sql.Literal(index))
        )
        return rows[0][0] if rows else None

    def former_indexes(self) -> list[str]:
        """What indexes had beside them for equality (`x_…_v`) before one index served both."""
        rows = self._fetch(
            sql.SQL(
                "SELECT relname FROM pg_class WHERE relnamespace = {schema}::regnamespace AND relkind = 'i' "
                r"AND relname ~ '^x_[0-9a-f]{{32}}_v$'"
            ).format(schema=sql.Literal(self._schema))
        )
        return [name for (name,) in rows]

    def drop_concurrently(self, name: str) -> None:
        """Drop an index of PostgreSQL while others read and write, if no transaction is open."""
        how = "" if self._connection.in_atomic_block else "CONCURRENTLY "
        self._execute(self._compose(f"DROP INDEX {how}IF EXISTS {{schema}}.{{name}}", name=sql.Identifier(name)))

    def drop_index(self, index_id: UUID) -> None:
        self._drop_index(f"x_{index_id.hex}")
        self._drop_index(f"x_{index_id.hex}_v")  # see `former_indexes`

    @contextmanager
    def building(self) -> Iterator[bool]:
        """Be the one who builds indexes of this workspace; False when somebody else is. Outside of any transaction.

        Building takes as long as it takes. Behind a transaction pooler there is no session to hold the lock and the
        limit of time: all is one transaction, in which writers of the object wait for the index.
        """
        if settings.DATABASE_IS_POOLED:
            with transaction.atomic(using=self._connection.alias):
                self._execute(sql.SQL("SET LOCAL statement_timeout = 0"))
                yield self._ask(self._lock("pg_try_advisory_xact_lock"))
            return
        self._execute(sql.SQL("SET statement_timeout = 0"))
        is_ours = False
        try:
            is_ours = self._ask(self._lock("pg_try_advisory_lock"))
            yield is_ours
        finally:
            if self._connection.connection is not None and not self._connection.connection.closed:
                if is_ours:
                    self._ask(self._lock("pg_advisory_unlock"))
                self._execute(sql.SQL("RESET statement_timeout"))

    def _lock(self, function: str) -> sql.Composable:
        return self._compose(f"SELECT {function}({BUILD_CLASS}, {{key}})", key=self._build_key)

    def _ask(self, statement: sql.Composable) -> bool:
        ((answer,),) = self._fetch(statement)
        return bool(answer)

    def _drop_index(self, name: str) -> None:
        self._add("DROP INDEX IF EXISTS {schema}.{name}", name=sql.Identifier(name))

    def _drop_left(self, name: str) -> None:
        """Drop what a change left that was committed here, and then not where the data model is: two databases."""
        if self._connection.alias != DEFAULT_DB_ALIAS:
            self._drop_index(name)


def _index_definition(index_type: str, columns: Sequence[tuple[FieldSchema, str | None]]) -> sql.Composable:
    """What stands behind the table's name. In the order of its fields, which equality is asked by too (`by_order` in
    `metadata.fieldtypes.operators`): so one index serves a filter on its first fields and an order by the next."""
    texts = [field.type.sql(field, sub_field) for field, sub_field in columns]
    if index_type == IndexType.GIN:
        return sql.SQL("USING gin ({})").format(expressions_of(text.json for text in texts))
    return sql.SQL("({}, id)").format(expressions_of(text.order for text in texts))
