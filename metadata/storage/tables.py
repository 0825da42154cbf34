"""The schema of a workspace and the tables in it, each cloned from a template in `public`."""

from __future__ import annotations

from uuid import UUID

from psycopg2 import sql

from metadata.storage.statements import Statements, table_of

RECORD_COUNT = sql.Identifier("record_count")
_HISTORY = sql.Identifier("history")
_TEMPLATES = {  # what a workspace has beside its objects' tables, and what each is cloned from
    "record_count": "core_recordcount",
    "history": "core_historyentry",
    "file": "core_storedfile",
    "file_part": "core_filepart",
}
_NUMBERED = ("record_count", "history")  # their rows, in the order in which they came


class Tables(Statements):
    """By the ids of objects."""

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
            table=table_of(object_id),
        )

    def drop_table(self, object_id: UUID) -> None:
        self._add("DROP TABLE IF EXISTS {schema}.{table}", table=table_of(object_id))
        for table in (RECORD_COUNT, _HISTORY):
            self._add(
                "DELETE FROM {schema}.{table} WHERE object_id = {object_id}",
                table=table,
                object_id=sql.Literal(str(object_id)),
            )

    def analyze(self, object_id: UUID) -> None:
        """Give the planner its statistics of a table that was just filled."""
        self._add("ANALYZE {schema}.{table}", table=table_of(object_id))
