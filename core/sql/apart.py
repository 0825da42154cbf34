"""A write as one statement, and as the statements that a Citus shard sends to its one worker each.

Citus does not route a statement with an INSERT inside: it would run over all workers, with a commit in two phases.
There the history, the total and the answer of an INSERT are statements of their own in the write's transaction, made
of the same pieces. docs/scaling.md has what that costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.http.rendering import dumps
from core.sql.fragment import Sql, array_literal, filled, join, raw

Rows = list[tuple[Any, ...]]

# What notes look at in the written rows `w`:
_NOTED = "w(id uuid, deleted_at timestamptz, updated_at timestamptz, updated_by jsonb, h jsonb, rv boolean)"


@dataclass(frozen=True, slots=True)
class Insertion:
    """An INSERT in its pieces: CTEs of related records and what they count, the INSERT itself with CTEs of its own,
    the table, and the answers over its rows `r`."""

    relates: Sequence[Sql]
    counts: Sql
    ends: Sequence[Sql]
    insert: Sql
    table: str
    answers: Sequence[Sql]


@dataclass(frozen=True, slots=True)
class Write(Sql):
    """A statement, and what it is made of: CTEs of which one gives the written rows `w`, INSERTs that note something
    about these, each with its name, and the SELECT that answers. `values` are those of the pieces' slots."""

    ctes: Sequence[Sql] = ()
    notes: Sequence[tuple[str, Sql]] = ()
    rows: Sql | None = None
    insertion: Insertion | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def with_values(self, values: Mapping[str, Any]) -> Write:
        """A kept statement, with what is written this time; `by` is who writes, as JSON."""
        return Write(
            self.text,
            filled(self.params, values),
            self.ctes,
            self.notes,
            self.rows,
            self.insertion,
            values,
        )


def writing(
    ctes: Sequence[Sql], notes: Sequence[tuple[str, Sql]], rows: Sql, insertion: Insertion | None = None
) -> Write:
    """All of it as one statement."""
    named = (raw(f"{name} AS (") + note + raw(")") for name, note in notes)
    whole = _with([*ctes, *named], rows)
    return Write(whole.text, whole.params, ctes, notes, rows, insertion)


def run_apart(write: Write, send: Callable[[Sql], Rows]) -> Rows:
    """The rows of the write, its statements sent one by one. In a transaction."""

    def send_filled(sql: Sql) -> Rows:
        return send(Sql(sql.text, filled(sql.params, write.values)))

    if write.insertion is not None:
        noted, rows = _insert(write.insertion, write.values["by"], send_filled)
    else:
        assert write.rows is not None
        about = "(SELECT jsonb_agg(to_jsonb(w) - ARRAY['data', 'search'])::text FROM w)"
        found = send_filled(_with(write.ctes, raw(f"SELECT {about}, q.* FROM (") + write.rows + raw(") q")))
        noted, rows = found[0][0] if found else None, [row[1:] for row in found]
    if noted is not None:
        written = Sql(f"w AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS {_NOTED})", (noted,))
        for _, note in write.notes:
            send_filled(_with([written], note))
    return rows


def _insert(given: Insertion, updated_by: str, send: Callable[[Sql], Rows]) -> tuple[str | None, Rows]:
    """What is to be noted of the inserted rows, as JSON, and the answers about them."""
    counts = send(_with(given.relates, raw("SELECT ") + given.counts))[0][0] if given.relates else []
    insert = given.insert + raw(" RETURNING id, deleted_at, updated_at")
    made = send(_with(given.ends, insert) if given.ends else insert)
    if not made:
        return None, []
    ids = [str(row[0]) for row in made]
    columns = [raw("r.id::text"), *given.answers, Sql("%s::bigint[]", (array_literal(counts),))]
    rows = send(
        raw("SELECT ")
        + join(columns, ", ")
        + Sql(f" FROM {given.table} r WHERE r.id = ANY(%s::uuid[])", (array_literal(ids),))
    )
    moments = (f'"deleted_at":{_moment(row[1])},"updated_at":{_moment(row[2])}' for row in made)
    noted = (f'{{"id":"{id}",{times},"updated_by":{updated_by}}}' for id, times in zip(ids, moments, strict=True))
    return f"[{','.join(noted)}]", rows


def _moment(value: Any) -> str:
    return dumps(None if value is None else value.isoformat()).decode()


def _with(ctes: Sequence[Sql], statement: Sql) -> Sql:
    return raw("WITH ") + join(ctes, ", ") + raw(" ") + statement
