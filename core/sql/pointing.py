"""Records that point at records which go: whether there are any, what goes along, and where they point instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.http.rendering import dumps
from core.sql.answers import long_answers
from core.sql.apart import Write, writing
from core.sql.bounded import bounded
from core.sql.filters import at, table_of
from core.sql.fragment import Sql, array_literal, integer, join, raw
from core.sql.history import history_note
from metadata.schema import FieldSchema, ObjectSchema


@dataclass(frozen=True, slots=True)
class Pointers:
    """Records of `subject` that point at records which go, through any of the `fields`, each with the ids it leads to.

    Those of the `besides` are none: they go themselves.
    """

    subject: ObjectSchema
    fields: Sequence[tuple[FieldSchema, Sequence[str]]]
    besides: Sequence[str] = ()

    @property
    def condition(self) -> Sql:
        """True for them over the alias `r`, deleted or not."""
        points = join((_points(field, ids) for field, ids in self.fields), " OR ")
        if not self.besides:
            return points
        return raw("(") + points + Sql(") AND r.id <> ALL(%s::uuid[])", (array_literal(self.besides),))


def _points(field: FieldSchema, ids: Sequence[str]) -> Sql:
    return Sql(f"{at(field.type.sql(field).value, 'r')} = ANY(%s::uuid[])", (array_literal(ids),))


def compile_probe(groups: Sequence[Pointers]) -> Sql:
    """`(index)` of each group that has a record."""
    return join(
        (
            raw(f"SELECT {index} WHERE EXISTS (SELECT 1 FROM {table_of(each.subject)} r WHERE ")
            + each.condition
            + raw(")")
            for index, each in enumerate(groups)
        ),
        " UNION ALL ",
    )


def compile_pointing(group: Pointers) -> Sql:
    """`(count)` of the records of a group."""
    return raw(f"SELECT count(*) FROM {table_of(group.subject)} r WHERE ") + group.condition


def compile_closure(
    objects: Sequence[ObjectSchema], links: Sequence[tuple[int, int, FieldSchema]], ids: Sequence[str], limit: int
) -> Sql:
    """`(place, id)` of the records `ids` of the first object and of all that point at any of these, at any distance.

    A place is an object's in `objects`. A link is the place of the object that is pointed at, that of the one whose
    field points, and the field. Each record comes once, the nearest first, and `limit` of them at most.
    """
    steps = join(
        (
            raw(
                f"SELECT {source} AS o, r.id FROM {table_of(objects[source])} r"
                f" WHERE g.o = {target} AND {at(field.type.sql(field).value, 'r')} = g.id"
            )
            for target, source, field in links
        ),
        " UNION ALL ",
    )
    return (
        Sql("WITH RECURSIVE g(o, id) AS (SELECT 0, unnest(%s::uuid[]) UNION", (array_literal(ids),))
        + raw(" SELECT n.o, n.id FROM g CROSS JOIN LATERAL (")
        + steps
        + raw(") n) SELECT g.o, g.id::text FROM g LIMIT ")
        + integer(limit)
    )


def compile_repoint(
    group: Pointers, target: str | None, actor: Mapping[str, object], answers: Sequence[Sql], limit: int
) -> Write:
    """Let what points at records that go point at `target`, or at nothing: `limit` records of the group at most.

    Gives `(id, *answers, storage keys of the relations that were changed)`. Each record's history notes it, by
    `actor`; its `updatedAt` stays, as nobody wrote to it.
    """
    table = table_of(group.subject)
    pointing = join(
        (
            raw("CASE WHEN ")
            + _points(field, ids)
            + raw(
                f" THEN jsonb_build_object('{field.storage_key}', r.data->'{field.storage_key}') ELSE '{{}}'::jsonb END"
            )
            for field, ids in group.fields
        ),
        " || ",
    )
    if target is None:
        after, change = raw("'{}'::jsonb"), raw("r.data - ARRAY(SELECT jsonb_object_keys(o.b))")
    else:
        after = Sql("(SELECT jsonb_object_agg(k, %s::text) FROM jsonb_object_keys(f.b) k)", (target,))
        change = raw("r.data || o.a")
    found = (
        raw("f AS MATERIALIZED (SELECT r.id, ")
        + pointing
        + raw(f" AS b FROM {table} r WHERE ")
        + group.condition
        + raw(" ORDER BY r.id LIMIT ")
        + integer(limit)
        + raw(" FOR UPDATE), o AS MATERIALIZED (SELECT f.id, f.b, ")
        + after
        + raw(" AS a FROM f)")
    )
    returned = "r.*" if answers else "r.id"
    updated = (
        raw(f"u AS (UPDATE {table} r SET data = ")
        + change
        + raw(f" FROM o WHERE r.id = o.id RETURNING {returned}, o.b, o.a)")
    )
    noted = Sql(
        "w AS (SELECT u.id, now() AS updated_at, %s::jsonb AS updated_by,"
        " jsonb_build_object('before', u.b, 'after', u.a) AS h FROM u)",
        (dumps(actor).decode(),),
    )
    columns = [raw("r.id::text"), *answers, raw("ARRAY(SELECT jsonb_object_keys(r.b))")]
    rows = bounded(raw("SELECT ") + join(columns, ", ") + raw(" FROM u r"), len(columns), long_answers(answers, 1))
    return writing([found, updated, noted], [("h", history_note(group.subject, "'updated'", "w.h"))], rows)
