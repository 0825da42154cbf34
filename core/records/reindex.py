"""Makes what is derived from records anew: the search column and the kept totals."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction

from config.http.rendering import dumps, loads
from core.query.words import search_text
from core.records.totals import recount
from core.sql.execute import fetch
from core.sql.filters import table_of
from core.sql.fragment import Sql, array_literal, integer, raw
from metadata.cache import current_schema
from metadata.models import Workspace
from metadata.schema import ObjectSchema
from metadata.services import search_words

BATCH = 1_000
_EVERY = raw("true")
_logger = logging.getLogger(__name__)


def reindex(subject: ObjectSchema, using: str) -> int:
    """Rebuild the search column of every record and recount; gives how many records were read."""
    done = sum(_rebuild(subject, using))
    with transaction.atomic(using=using):
        recount(subject, using)
    return done


def search_fields_changed(workspace: Workspace, object_id: UUID) -> None:
    """Handler of settings.SEARCH_FIELDS_CHANGED_HANDLERS: a change has rewritten the object's records."""
    subject = current_schema(workspace.id).by_id.get(object_id)
    if subject is not None:
        for _ in _rebuild(subject, workspace.shard):
            pass


def searches_rebuild() -> int:
    """Make the words of records anew whose fields are searched now or no more; how many records. For
    `manage.py maintain`: each batch is a transaction of its own, so who is cut off goes on from there."""
    return sum(count for object_id in search_words.rebuilds() for count in _rebuilds(object_id))


def _rebuilds(object_id: UUID) -> Iterator[int]:
    while True:
        with transaction.atomic():
            rebuild = search_words.claim(object_id)
            if rebuild is None:
                return
            subject = current_schema(rebuild.workspace.id).by_id[object_id]
            with transaction.atomic(using=rebuild.workspace.shard):
                holders = Sql("r.data ?| %s::text[]", (array_literal(rebuild.keys),))
                last, count = _batch(subject, rebuild.workspace.shard, rebuild.after, holders, rebuild.deleted)
            if count:
                search_words.advance(rebuild, last, count)
        if not count:
            search_words.finish(rebuild)
            _logger.info("Search words of %s records of %s are up to date", rebuild.done, subject.singular)
            return
        yield count


def _rebuild(subject: ObjectSchema, using: str) -> Iterator[int]:
    last, count = str(UUID(int=0)), 1
    while count:
        with transaction.atomic(using=using):
            last, count = _batch(subject, using, last, _EVERY, ())
        yield count


def _batch(subject: ObjectSchema, using: str, after: str, which: Sql, deleted: Sequence[str]) -> tuple[str, int]:
    """Make the words of the next BATCH records anew and take values of deleted fields out, in the caller's transaction;
    the id of the last one and how many there were. Who changes one of them meanwhile waits."""
    rows = fetch(
        raw(f"SELECT r.id::text, r.data::text FROM {table_of(subject)} r")
        + Sql(" WHERE r.id > %s::uuid AND ", (after,))
        + which
        + raw(" ORDER BY r.id LIMIT ")
        + integer(BATCH)
        + raw(" FOR NO KEY UPDATE"),
        using,
    )
    if not rows:
        return after, 0
    words = [{"id": row[0], "s": search_text(subject, loads(row[1].encode()))} for row in rows]
    fetch(
        Sql(
            f"UPDATE {table_of(subject)} r SET search = to_tsvector('simple', x.s), data = r.data - %s::text[]"
            " FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, s text) WHERE r.id = x.id",
            (array_literal(deleted), dumps(words).decode()),
        ),
        using,
    )
    return rows[-1][0], len(rows)
