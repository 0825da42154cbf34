"""The PostgreSQL side of the data model: schemas, tables, indexes, and changes to stored values.

A workspace has one schema, an object one table, cloned from the template `core_record`. Names are
made of ids, so renaming touches nothing here:

    ws_<workspace>.o_<object>      the records
    ws_<workspace>.record_count    kept totals
    ws_<workspace>.history         who changed which record
    ws_<workspace>.file            uploaded files, their content in file_part
    u_<field>                      unique index of a field; the record writer maps a violation back by this name
    r_<field>                      index of a to-one relation's ids
    x_<index>, x_<index>_v         an index made by a user, for order and (where it differs) for equality

Index expressions are those of the field's type, to the letter, else PostgreSQL would not use them.
Everything runs inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from psycopg2 import errorcodes, sql

from config.server.locks import seat_or_refusal
from config.server.sqlstate import code_of
from metadata.models import IndexType, Workspace, table_name
from metadata.schema import FieldSchema

CLEAR_AT_ONCE = 10_000  # records; more keep a deleted field's key, which is never reused
SHOWN_DUPLICATES = 5

_BUILD_CLASS = 0x466F7562  # of the advisory locks of those who build indexes
_CANCEL_BUILD = (
    "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
    f"{_BUILD_CLASS} AND objid = {{key}} AND granted AND pid <> pg_backend_pid() "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_RECORD_COUNT = sql.Identifier("record_count")
_HISTORY = sql.Identifier("history")
_TEMPLATES = {  # what a workspace has beside its objects' tables, and what each is cloned from
    "record_count": "core_recordcount",
    "history": "core_historyentry",
    "file": "core_storedfile",
    "file_part": "core_filepart",
}
_NUMBERED = ("record_count", "history")  # their rows, in the order in which they came


class Storage:
    """The tables of one workspace. DDL is gathered, and sent by `flush` one statement after the other."""

    def __init__(self, workspace: Workspace) -> None:
        self._schema = workspace.database_schema
        self._connection = connections[workspace.shard]
        self._pending: list[sql.Composable] = []

    # DDL ---------------------------------------------------------------------------------------------

    def create_schema(self) -> None:
        self._add("CREATE SCHEMA {schema}")
        for name, template in _TEMPLATES.items():
            self._add(
                "CREATE TABLE {schema}.{table} (LIKE public.{template} INCLUDING ALL EXCLUDING IDENTITY)",
                table=sql.Identifier(name),
                template=sql.Identifier(template),
            )
        for name in _NUMBERED:  # by a plain sequence: Citus does not take a table with an identity column back
            sequence = f"{name}_id"
            self._add("CREATE SEQUENCE {schema}.{sequence}", sequence=sql.Identifier(sequence))
            self._add(
                "ALTER TABLE {schema}.{table} ALTER COLUMN id SET DEFAULT nextval({sequence}::regclass)",
                table=sql.Identifier(name),
                sequence=sql.Literal(f'"{self._schema}"."{sequence}"'),
            )

    def drop_schema(self) -> None:
        self._add("DROP SCHEMA IF EXISTS {schema} CASCADE")

    def create_table(self, object_id: UUID) -> None:
        self._add(
            "CREATE TABLE {schema}.{table} (LIKE public.core_record INCLUDING ALL EXCLUDING IDENTITY)",
            table=_table(object_id),
        )

    def drop_table(self, object_id: UUID) -> None:
        self._add("DROP TABLE IF EXISTS {schema}.{table}", table=_table(object_id))
        for table in (_RECORD_COUNT, _HISTORY):
            self._add(
                "DELETE FROM {schema}.{table} WHERE object_id = {object_id}",
                table=table,
                object_id=sql.Literal(str(object_id)),
            )

    def create_unique_index(self, field: FieldSchema) -> None:
        condition = field.type.unique_condition_sql(field)
        self._drop_left(f"u_{field.id.hex}")
        self._add(
            "CREATE UNIQUE INDEX {name} ON {schema}.{table} ({expressions})" + (" WHERE {where}" if condition else ""),
            name=sql.Identifier(f"u_{field.id.hex}"),
            table=_table(field.object_id),
            expressions=_expressions(field.type.unique_sql(field)),
            where=sql.SQL(_unaliased(condition or "")),
        )

    def drop_unique_index(self, field_id: UUID) -> None:
        self._drop_index(f"u_{field_id.hex}")

    def create_relation_index(self, field: FieldSchema) -> None:
        self._drop_left(f"r_{field.id.hex}")
        self._add(
            "CREATE INDEX {name} ON {schema}.{table} ({expression}, id)",
            name=sql.Identifier(f"r_{field.id.hex}"),
            table=_table(field.object_id),
            expression=_expressions([field.type.sql(field).value]),
        )

    def drop_relation_index(self, field_id: UUID) -> None:
        self._drop_index(f"r_{field_id.hex}")

    def has_more_records(self, object_id: UUID, count: int) -> bool:
        """Whether the object has more records than that, deleted ones counted too."""
        self.flush()
        names = {"table": _table(object_id), "count": sql.Literal(count)}
        return bool(self._fetch(self._compose("SELECT 1 FROM {schema}.{table} OFFSET {count} LIMIT 1", **names)))

    def create_index(self, index_id: UUID, index_type: str, columns: Sequence[tuple[FieldSchema, str | None]]) -> None:
        """An index over fields, each with its sub-field for composites.

        Soft-deleted records are in it too: PostgreSQL does not use the statistics of a partial index, and without
        them it takes any value for one in 200. Those of an expression exist from the next ANALYZE on.
        """
        table = _table(columns[0][0].object_id)
        self._drop_left(f"x_{index_id.hex}")
        self._add(
            "CREATE INDEX {name} ON {schema}.{table} {definition}",
            name=sql.Identifier(f"x_{index_id.hex}"),
            table=table,
            definition=_index_definition(index_type, columns),
        )
        if index_type != IndexType.GIN:
            self._add("ANALYZE {schema}.{table}", table=table)

    def analyze(self, object_id: UUID) -> None:
        """Give the planner its statistics of a table that was just filled."""
        self._add("ANALYZE {schema}.{table}", table=_table(object_id))

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
        table = _table(columns[0][0].object_id)
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

    def flush(self) -> None:
        """Run what was gathered. An index being built in the workspace meanwhile gives way and is built later."""
        if self._pending:
            self._pending.insert(0, self._compose(_CANCEL_BUILD, key=self._build_key))
            self._send_pending()

    def _send_pending(self) -> None:
        statements, self._pending = self._pending, []
        self._execute(*statements)

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
        return self._compose(f"SELECT {function}({_BUILD_CLASS}, {{key}})", key=self._build_key)

    def _ask(self, statement: sql.Composable) -> bool:
        ((answer,),) = self._fetch(statement)
        return bool(answer)

    @property
    def _build_key(self) -> sql.Literal:
        return sql.Literal(int(self._schema[-7:], 16))

    # Stored values -----------------------------------------------------------------------------------

    def duplicates(self, field: FieldSchema) -> list[tuple[list[Any], list[UUID]]]:
        """Values that several records have, with the ids of those records; at most SHOWN_DUPLICATES of them.

        Writers wait from here to the end of the transaction, so that the index can then be made.
        """
        self.flush()
        self._execute(self._compose("LOCK TABLE {schema}.{table} IN SHARE MODE", table=_table(field.object_id)))
        expressions = field.type.unique_sql(field)
        condition = field.type.unique_condition_sql(field)
        conditions = [sql.SQL(f"{_unaliased(each)} IS NOT NULL") for each in expressions]
        if condition:
            conditions.append(sql.SQL(_unaliased(condition)))
        numbers = sql.SQL(", ").join(sql.SQL(str(number + 2)) for number in range(len(expressions)))
        rows = self._fetch(
            self._compose(
                "SELECT (array_agg(id ORDER BY id))[1:10], {expressions} FROM {schema}.{table} WHERE {where} "
                "GROUP BY {numbers} HAVING count(*) > 1 ORDER BY count(*) DESC, {numbers} LIMIT {limit}",
                expressions=_expressions(expressions),
                table=_table(field.object_id),
                where=sql.SQL(" AND ").join(conditions),
                numbers=numbers,
                limit=sql.Literal(SHOWN_DUPLICATES),
            )
        )
        return [(list(values), ids) for ids, *values in rows]

    def fill(self, field: FieldSchema) -> None:
        """Give the records that exist the default of a new field, as if they had been created with it."""
        self.flush()
        value = field.type.default(field.default, field)
        if value is None:
            return
        names = {"table": _table(field.object_id), "key": sql.Literal(field.storage_key)}
        if value == field.type.default(field.default, field):
            filled = sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(value)))
            self._execute(
                self._compose(
                    "UPDATE {schema}.{table} SET data = jsonb_set(data, ARRAY[{key}], {value})", value=filled, **names
                )
            )
            return
        # Another value at every call, a UUID say: one for each record.
        ids = [str(id) for (id,) in self._fetch(self._compose("SELECT id FROM {schema}.{table}", table=names["table"]))]
        values = {id: field.type.default(field.default, field) for id in ids}
        self._execute(
            self._compose(
                "UPDATE {schema}.{table} record SET data = jsonb_set(data, ARRAY[{key}], given.value) "
                "FROM jsonb_each({values}::jsonb) given WHERE record.id = given.key::uuid",
                values=sql.Literal(json.dumps(values)),
                **names,
            )
        )

    def clear_key(self, object_id: UUID, storage_key: str) -> bool:
        """Remove a deleted field's values; False when there are more than CLEAR_AT_ONCE and they stay."""
        self.flush()
        names = {"table": _table(object_id), "key": sql.Literal(storage_key)}
        ((count,),) = self._fetch(
            self._compose(
                "SELECT count(*) FROM (SELECT 1 FROM {schema}.{table} WHERE data ? {key} LIMIT {limit}) holders",
                limit=sql.Literal(CLEAR_AT_ONCE + 1),
                **names,
            )
        )
        if count > CLEAR_AT_ONCE:
            return False
        if count:
            self._execute(self._compose("UPDATE {schema}.{table} SET data = data - {key} WHERE data ? {key}", **names))
        return True

    def replace_options(self, field: FieldSchema, replacements: Mapping[str, str | None]) -> None:
        """Put new option values in the place of old ones, in single values and in lists; None removes.

        A list that becomes empty, and a single value that is removed, leave no key.
        """
        self.flush()
        names = {
            "table": _table(field.object_id),
            "key": sql.Literal(field.storage_key),
            "map": sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(dict(replacements)))),
            "old": sql.SQL("{}::text[]").format(sql.Literal(list(replacements))),
        }
        self._execute(
            self._compose(
                "UPDATE {schema}.{table} record SET data = CASE WHEN changed.value IS NULL THEN record.data - {key} "
                "ELSE jsonb_set(record.data, ARRAY[{key}], changed.value) END "
                "FROM (SELECT id, CASE WHEN jsonb_typeof(data->{key}) = 'array' THEN ("
                "SELECT jsonb_agg(CASE WHEN {map} ? item THEN {map}->item ELSE to_jsonb(item) END ORDER BY place) "
                "FROM jsonb_array_elements_text(data->{key}) WITH ORDINALITY list(item, place) "
                "WHERE {map}->item IS DISTINCT FROM 'null'::jsonb) "
                "ELSE nullif({map}->(data->>{key}), 'null'::jsonb) END AS value "
                "FROM {schema}.{table} WHERE CASE WHEN jsonb_typeof(data->{key}) = 'array' THEN data->{key} ?| {old} "
                "ELSE data->>{key} = ANY({old}) END) changed WHERE record.id = changed.id",
                **names,
            )
        )

    def has_records(self, object_id: UUID) -> bool:
        """Whether the object has any record, deleted ones counted too."""
        self.flush()
        return bool(self._fetch(self._compose("SELECT 1 FROM {schema}.{table} LIMIT 1", table=_table(object_id))))

    def live_records(self) -> Mapping[UUID, int]:
        """How many records each object has that are not deleted; an object without any is absent."""
        text = "SELECT object_id, sum(live)::bigint FROM {schema}.{table} GROUP BY object_id"
        return dict(self._fetch(self._compose(text, table=_RECORD_COUNT)))

    def unfit(self, field: FieldSchema) -> tuple[int, list[UUID]]:
        """How many records have a value of the field that its settings do not allow, and the ids of the first ten.

        Nobody else writes the records from here to the end of the transaction.
        """
        condition = field.type.unfit_sql(field)
        if condition is None:
            return 0, []
        self.hold_writers(field.object_id)
        [(count, ids)] = self._fetch(
            self._compose(
                "SELECT count(*), (array_agg(id ORDER BY id))[1:10] FROM {schema}.{table} WHERE {where}",
                table=_table(field.object_id),
                where=sql.SQL(_unaliased(condition)),
            )
        )
        return count, ids or []

    def hold_writers(self, object_id: UUID) -> None:
        """Let nobody else write the object's records until the transaction ends."""
        self.flush()
        self._execute(self._compose("LOCK TABLE {schema}.{table} IN SHARE ROW EXCLUSIVE MODE", table=_table(object_id)))

    def values_after(self, field: FieldSchema, after: UUID | None, limit: int) -> list[tuple[UUID, Any]]:
        """The field's stored values with their records' ids, in the order of ids; absent ones are left out."""
        self.flush()
        rows = self._fetch(
            self._compose(
                "SELECT id, (data->{key})::text FROM {schema}.{table} WHERE data ? {key} AND id > {after}::uuid "
                "ORDER BY id LIMIT {limit}",
                table=_table(field.object_id),
                key=sql.Literal(field.storage_key),
                after=sql.Literal(str(after or UUID(int=0))),
                limit=sql.Literal(limit),
            )
        )
        return [(id, json.loads(text)) for id, text in rows]

    def move_values(self, old: FieldSchema, new: FieldSchema, values: Mapping[UUID, Any]) -> None:
        """Put one value into each record under the new field's key, and take the old one's away."""
        self.flush()
        self._execute(
            self._compose(
                "UPDATE {schema}.{table} record SET data = jsonb_set(data - {old}, ARRAY[{key}], given.value) "
                "FROM jsonb_each({values}::jsonb) given WHERE record.id = given.key::uuid",
                table=_table(new.object_id),
                old=sql.Literal(old.storage_key),
                key=sql.Literal(new.storage_key),
                values=sql.Literal(json.dumps({str(id): value for id, value in values.items()})),
            )
        )

    # Inside ------------------------------------------------------------------------------------------

    def _drop_index(self, name: str) -> None:
        self._add("DROP INDEX IF EXISTS {schema}.{name}", name=sql.Identifier(name))

    def _drop_left(self, name: str) -> None:
        """Drop what a change left that was committed here, and then not where the data model is: two databases."""
        if self._connection.alias != DEFAULT_DB_ALIAS:
            self._drop_index(name)

    def _compose(self, text: str, **names: sql.Composable) -> sql.Composable:
        return sql.SQL(text).format(schema=sql.Identifier(self._schema), **names)

    def _add(self, text: str, **names: sql.Composable) -> None:
        self._pending.append(self._compose(text, **names))

    def _execute(self, *statements: sql.Composable) -> None:
        """Run statements. Inside a transaction those that need patience for a lock are begun again with the wait of
        a change of the data model, by who finds a seat (`config.server.locks`)."""
        with self._connection.cursor() as cursor:
            texts = [statement.as_string(cursor.cursor) for statement in statements]
            if not self._connection.in_atomic_block:
                for text in texts:
                    send(cursor, text)
                return
            try:
                for text in ("SAVEPOINT storage", *texts, "RELEASE SAVEPOINT storage"):
                    send(cursor, text)
            except OperationalError as fault:
                if code_of(fault) != errorcodes.LOCK_NOT_AVAILABLE:
                    raise
                with seat_or_refusal():
                    longer = f"SET LOCAL lock_timeout = {settings.METADATA_LOCK_TIMEOUT_MS}"
                    for text in ("ROLLBACK TO SAVEPOINT storage", longer, *texts, "SET LOCAL lock_timeout TO DEFAULT"):
                        send(cursor, text)
                    send(cursor, "RELEASE SAVEPOINT storage")

    def _fetch(self, statement: sql.Composable) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            send(cursor, statement.as_string(cursor.cursor))
            return list(cursor.fetchall())


def send(cursor: Any, text: str) -> None:
    """One statement: of several in one call a Citus coordinator runs none."""
    cursor.execute(text)


def _index_definition(index_type: str, columns: Sequence[tuple[FieldSchema, str | None]]) -> sql.Composable:
    """What stands behind the table's name. In the order of its fields, which equality is asked by too (`by_order` in
    `metadata.fieldtypes.operators`): so one index serves a filter on its first fields and an order by the next."""
    texts = [field.type.sql(field, sub_field) for field, sub_field in columns]
    if index_type == IndexType.GIN:
        return sql.SQL("USING gin ({})").format(_expressions(text.json for text in texts))
    return sql.SQL("({}, id)").format(_expressions(text.order for text in texts))


def _table(object_id: UUID) -> sql.Identifier:
    return sql.Identifier(table_name(object_id))


def _unaliased(text: str) -> str:
    """A type's expression without the row's alias; run without parameters, so `%%` is a plain percent sign."""
    return text.replace("{r}.", "").replace("%%", "%")


def _expressions(texts: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL(f"({_unaliased(text)})") for text in texts)
