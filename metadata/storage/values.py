"""The values that records hold: looked through before the data model changes, and changed with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg2 import sql

from metadata.schema import FieldSchema
from metadata.storage.statements import Statements, expressions_of, table_of, unaliased
from metadata.storage.tables import RECORD_COUNT

CLEAR_AT_ONCE = 10_000  # records; more keep a deleted field's key, which is never reused
SHOWN_DUPLICATES = 5


class StoredValues(Statements):
    """Of all records of an object at once, by its fields."""

    def duplicates(self, field: FieldSchema) -> list[tuple[list[Any], list[UUID]]]:
        """Values that several records have, with the ids of those records; at most SHOWN_DUPLICATES of them.

        Writers wait from here to the end of the transaction, so that the index can then be made.
        """
        self.flush()
        self._execute(self._compose("LOCK TABLE {schema}.{table} IN SHARE MODE", table=table_of(field.object_id)))
        expressions = field.type.unique_sql(field)
        condition = field.type.unique_condition_sql(field)
        conditions = [sql.SQL(f"{unaliased(each)} IS NOT NULL") for each in expressions]
        if condition:
            conditions.append(sql.SQL(unaliased(condition)))
        numbers = sql.SQL(", ").join(sql.SQL(str(number + 2)) for number in range(len(expressions)))
        rows = self._fetch(
            self._compose(
                "SELECT (array_agg(id ORDER BY id))[1:10], {expressions} FROM {schema}.{table} WHERE {where} "
                "GROUP BY {numbers} HAVING count(*) > 1 ORDER BY count(*) DESC, {numbers} LIMIT {limit}",
                expressions=expressions_of(expressions),
                table=table_of(field.object_id),
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
        names = {"table": table_of(field.object_id), "key": sql.Literal(field.storage_key)}
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
        names = {"table": table_of(object_id), "key": sql.Literal(storage_key)}
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
            "table": table_of(field.object_id),
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

    def has_more_records(self, object_id: UUID, count: int) -> bool:
        """Whether the object has more records than that, deleted ones counted too."""
        self.flush()
        names = {"table": table_of(object_id), "count": sql.Literal(count)}
        return bool(self._fetch(self._compose("SELECT 1 FROM {schema}.{table} OFFSET {count} LIMIT 1", **names)))

    def has_records(self, object_id: UUID) -> bool:
        """Whether the object has any record, deleted ones counted too."""
        self.flush()
        return bool(self._fetch(self._compose("SELECT 1 FROM {schema}.{table} LIMIT 1", table=table_of(object_id))))

    def live_records(self) -> Mapping[UUID, int]:
        """How many records each object has that are not deleted; an object without any is absent."""
        text = "SELECT object_id, sum(live)::bigint FROM {schema}.{table} GROUP BY object_id"
        return dict(self._fetch(self._compose(text, table=RECORD_COUNT)))

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
                table=table_of(field.object_id),
                where=sql.SQL(unaliased(condition)),
            )
        )
        return count, ids or []

    def hold_writers(self, object_id: UUID) -> None:
        """Let nobody else write the object's records until the transaction ends."""
        self.flush()
        self._execute(
            self._compose("LOCK TABLE {schema}.{table} IN SHARE ROW EXCLUSIVE MODE", table=table_of(object_id))
        )

    def values_after(self, field: FieldSchema, after: UUID | None, limit: int) -> list[tuple[UUID, Any]]:
        """The field's stored values with their records' ids, in the order of ids; absent ones are left out."""
        self.flush()
        rows = self._fetch(
            self._compose(
                "SELECT id, (data->{key})::text FROM {schema}.{table} WHERE data ? {key} AND id > {after}::uuid "
                "ORDER BY id LIMIT {limit}",
                table=table_of(field.object_id),
                key=sql.Literal(field.storage_key),
                after=sql.Literal(str(after or UUID(int=0))),
                limit=sql.Literal(limit),
            )
        )
        return [(id, json.loads(text)) for id, text in rows]

    def move_values(self, old: FieldSchema, new: FieldSchema, values: Mapping[UUID, object]) -> None:
        """Put one value into each record under the new field's key, and take the old one's away."""
        self.flush()
        self._execute(
            self._compose(
                "UPDATE {schema}.{table} record SET data = jsonb_set(data - {old}, ARRAY[{key}], given.value) "
                "FROM jsonb_each({values}::jsonb) given WHERE record.id = given.key::uuid",
                table=table_of(new.object_id),
                old=sql.Literal(old.storage_key),
                key=sql.Literal(new.storage_key),
                values=sql.Literal(json.dumps({str(id): value for id, value in values.items()})),
            )
        )
