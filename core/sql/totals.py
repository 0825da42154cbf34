"""How many live records an object has: each write notes what it adds or takes, and the notes are summed."""

from __future__ import annotations

from core.sql.fragment import Sql, quoted, raw
from metadata.schema import ObjectSchema


def count_note(subject: ObjectSchema, what: Sql) -> Sql:
    """An INSERT that notes how many more there are; `what` is SQL of that number, of nothing or over the rows `w`."""
    return (
        Sql(
            f"INSERT INTO {quoted(subject.schema_name)}.record_count (object_id, live)"
            " SELECT %s::uuid, n FROM (SELECT ",
            (str(subject.id),),
        )
        + what
        + raw(") kept(n) WHERE n <> 0")
    )


def kept_total(subject: ObjectSchema) -> Sql:
    """The number of live records as the writes keep it, exact in the statement's own snapshot."""
    return Sql(
        f"(SELECT coalesce(sum(live), 0)::bigint FROM {quoted(subject.schema_name)}.record_count"
        " WHERE object_id = %s::uuid)",
        (str(subject.id),),
    )
