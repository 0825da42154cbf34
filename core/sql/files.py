"""Uploaded files: their rows, their content in parts, and the addresses they are downloaded from."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg2.extensions import adapt, register_adapter

from config.http.server_url import server_url
from core.sql.fragment import EMPTY, Sql, array_literal, ident, join, literal, param, raw
from metadata.fieldtypes.files import URL

COLUMNS = "id::text, field_id::text, path, name, content_type, size_bytes, created_at"


class ServerUrl:
    """A parameter that is the server's own address, looked up when the statement is sent."""


register_adapter(ServerUrl, lambda _: adapt(server_url()))
_SERVER_URL = ServerUrl()


def _address(schema_name: str, file_id: str) -> Sql:
    """Where a file can be downloaded: an address that is signed, and good for a day."""
    path = raw(f" || public.core_file_path({literal(schema_name)}, {file_id})")
    return param(_SERVER_URL, "text") + path


def with_urls(answer: str, schema_name: str | None) -> Sql:
    """The SQL of an answer, each `URL` in it replaced by the file's address; by NULL without a schema."""
    if URL not in answer:
        return raw(answer)
    before, *behind = answer.split(URL)
    filled = raw(before)
    for piece in behind:
        filled += raw("NULL") if schema_name is None else _address(schema_name, "file->>'fileId'")
        filled += raw(piece)
    return filled


def _table(schema_name: str, name: str) -> Sql:
    return ident(schema_name) + raw(".") + ident(name)


# Writing ---------------------------------------------------------------------------------------------


def compile_file(schema_name: str, values: Sequence[object]) -> Sql:
    """INSERT of one row, its `values` in the order written here."""
    casts = ("uuid", "uuid", "text", "text", "text", "bigint", "jsonb")
    given = join((param(value, cast) for value, cast in zip(values, casts, strict=True)), ", ")
    return (
        raw("INSERT INTO ")
        + _table(schema_name, "file")
        + raw(" (id, field_id, path, name, content_type, size_bytes, created_by) VALUES (")
        + given
        + raw(")")
    )


def compile_part(schema_name: str, file_id: str, number: int, content: object) -> Sql:
    return (
        raw("INSERT INTO ")
        + _table(schema_name, "file_part")
        + raw(" (file_id, number, content) VALUES (")
        + join((param(file_id, "uuid"), param(number, "integer"), param(content, "bytea")), ", ")
        + raw(")")
    )


def compile_use(schema_name: str, ids: Sequence[str]) -> Sql:
    """`(id, field_id, name)` of the files that exist, locked and in use from now on."""
    return (
        raw("WITH used AS (UPDATE ")
        + _table(schema_name, "file")
        + raw(" SET unused_since = NULL WHERE id = ANY(")
        + param(array_literal(ids), "uuid[]")
        + raw(") RETURNING id, field_id, name) SELECT id::text, field_id::text, name FROM used")
    )


def compile_delete(schema_name: str, condition: Sql, columns: Sql = EMPTY) -> Sql:
    """Delete files with their content; answers `columns` of each, else nothing but its id."""
    return (
        raw("WITH gone AS (DELETE FROM ")
        + _table(schema_name, "file")
        + raw(" f WHERE ")
        + condition
        + raw(" RETURNING f.*), parts AS (DELETE FROM ")
        + _table(schema_name, "file_part")
        + raw(" p USING gone WHERE p.file_id = gone.id) SELECT ")
        + (columns if columns.text else raw("id::text"))
        + raw(" FROM gone")
    )


def compile_usage(schema_name: str, fields: Sequence[tuple[str, str]]) -> Sql:
    """Note since when files are unused; `fields` are the table and storage key of every FILES field there is."""
    used = join(
        (
            raw("SELECT file->>'fileId' FROM ")
            + _table(schema_name, table)
            + raw(
                f" r, jsonb_array_elements(CASE WHEN jsonb_typeof(r.data->{literal(key)}) = 'array'"
                f" THEN r.data->{literal(key)} END) AS file"
            )
            for table, key in fields
        ),
        " UNION ALL ",
    )
    return (
        raw("WITH used(id) AS (")
        + (used if fields else raw("SELECT NULL::text WHERE false"))
        + raw("), t AS (SELECT now() AS at) UPDATE ")
        + _table(schema_name, "file")
        + raw(
            " f SET unused_since = CASE WHEN f.unused_since IS NULL THEN t.at END FROM t"
            " WHERE (f.unused_since IS NULL) <> (f.id::text IN (SELECT id FROM used WHERE id IS NOT NULL))"
        )
    )


# Reading ---------------------------------------------------------------------------------------------


def compile_find(schema_name: str, file_id: str) -> Sql:
    """A file's row with its address at the end."""
    return (
        raw(f"SELECT {COLUMNS}, ")
        + _address(schema_name, "id::text")
        + raw(" FROM ")
        + _table(schema_name, "file")
        + raw(" WHERE id = ")
        + param(file_id, "uuid")
    )


def compile_signature(schema_name: str, file_id: str, expires: int) -> Sql:
    """What the database signs an address with, and whether its time has come."""
    expiry = param(expires, "bigint")
    signed = join((param(schema_name, "text"), param(file_id, "text"), expiry), ", ")
    return raw("SELECT public.core_file_signature(") + signed + raw("), now() >= to_timestamp(") + expiry + raw(")")


def compile_content(schema_name: str, file_id: str, number: int) -> Sql:
    return (
        raw("SELECT content FROM ")
        + _table(schema_name, "file_part")
        + raw(" WHERE file_id = ")
        + param(file_id, "uuid")
        + raw(" AND number = ")
        + param(number, "integer")
    )


def compile_any(schema_name: str) -> Sql:
    """Whether the workspace has a file at all."""
    return raw("SELECT EXISTS (SELECT 1 FROM ") + _table(schema_name, "file") + raw(")")
