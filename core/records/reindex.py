"""Makes what is derived from records anew: the search column and the kept totals."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from config.http.rendering import dumps, loads
from core.query.words import search_text
from core.records.totals import recount
from core.sql.execute import fetch
from core.sql.filters import table_of
from core.sql.fragment import Sql, integer, raw
from metadata.cache import current_schema
from metadata.models import Workspace
from metadata.schema import ObjectSchema

BATCH = 1_000


def reindex(subject: ObjectSchema, using: str) -> int:
    """Rebuild the search column of every record and recount; gives how many records were read."""
    done = sum(_rebuild(subject, using))
    with transaction.atomic(using=using):
        recount(subject, using)
    return done


def search_fields_changed(workspace: Workspace, object_id: UUID) -> None:
    """Handler of settings.SEARCH_FIELDS_CHANGED_HANDLERS: the object's searchable fields are others now."""
    subject = current_schema(workspace.id).by_id.get(object_id)
    if subject is not None:
        for _ in _rebuild(subject, workspace.shard):
            pass


def _rebuild(subject: ObjectSchema, using: str) -> Iterator[int]:
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        rows = fetch(
            raw(f"SELECT r.id::text, r.data::text FROM {table_of(subject)} r")
            + Sql(" WHERE r.id > %s::uuid ORDER BY r.id LIMIT ", (last,))
            + integer(BATCH),
            using,
        )
        if not rows:
            return
        words = [{"id": row[0], "s": search_text(subject, loads(row[1].encode()))} for row in rows]
        fetch(
            Sql(
                f"UPDATE {table_of(subject)} r SET search = to_tsvector('simple', x.s)"
                " FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, s text) WHERE r.id = x.id",
                (dumps(words).decode(),),
            ),
            using,
        )
        last = rows[-1][0]
        yield len(rows)
