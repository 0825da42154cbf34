"""How stored records become their updated selves: what update and upsert share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.http.bounds import MAX
from config.http.rendering import dumps, loads
from core.query.plan import Relate
from core.query.scope import Scope
from core.query.words import search_text
from core.query.writes import RecordInput
from core.records.answers import Answer
from core.records.new_rows import check_size
from core.records.relating import besides, check_related
from core.records.transaction import in_chunks
from core.sql.execute import fetch
from core.sql.mutate import compile_update
from metadata.schema import ObjectSchema


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it was locked."""

    id: str
    data: Mapping[str, object]
    is_deleted: bool
    size: int  # characters of its data as JSON text
    position: float | None = None  # where it was asked for


def stored_of(row: Sequence[Any], position: float | None = None) -> Stored:
    return Stored(row[0], loads(row[1].encode()), row[2], len(row[1]), position)


def update_row(
    subject: ObjectSchema, stored: Stored, record: RecordInput, step: int, *, revive: bool = False
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The row of the JSON parameter for one record, and the names of the fields that change."""
    changed: dict[str, object] = {}
    gone: list[str] = []
    names: list[str] = []
    old: dict[str, object] = {}
    new: dict[str, object] = {}
    for field, cleaned in record.values.items():
        before = stored.data.get(field.storage_key)
        after = field.type.merge(before, cleaned, field)
        if after == before and type(after) is type(before):
            continue
        if after is None:
            gone.append(field.storage_key)
        else:
            changed[field.storage_key] = after
        if field.type.subfields and field.type.answer(before, field) == field.type.answer(after, field):
            continue  # a part that was absent is written out: nobody can tell
        names.append(field.name if field.relation is None else field.relation.join_name or field.name)
        if before is not None:
            old[field.storage_key] = before
        if after is not None:
            new[field.storage_key] = after
    if changed and stored.size + len(dumps(changed)) > MAX.record_bytes // 4:  # characters have up to 4 bytes
        whole = {**stored.data, **changed}
        check_size(subject, {key: value for key, value in whole.items() if key not in gone})
    row: dict[str, object] = {"id": stored.id, "d": changed, "g": gone, "hs": False, "rv": revive and stored.is_deleted}
    row["h"] = {"before": old, "after": new} if names else None
    touched = changed.keys() | set(gone)
    if any(field.storage_key in touched for field in subject.search_fields):
        data = {key: value for key, value in {**stored.data, **changed}.items() if key not in gone}
        row |= {"hs": True, "s": search_text(subject, data)}
    if record.position is not None and record.position != stored.position:
        names.append("position")
        if record.position == "first" or record.position == "last":
            row |= {"w": record.position, "k": step + 1}
        else:
            row["p"] = record.position
    if row["rv"]:
        names.append("deletedAt")
    return row, tuple(names)


def rewrite(
    scope: Scope,
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, object]],
    relates: Sequence[Relate],
    answer: Answer,
) -> list[tuple[Any, ...]]:
    """Run the UPDATE, and check that related records exist; gives its answer rows."""
    return [row for chunk in in_chunks(rows) for row in _rewrite(scope, subject, chunk, relates, answer)]


def _rewrite(
    scope: Scope,
    subject: ObjectSchema,
    rows: Sequence[Mapping[str, object]],
    relates: Sequence[Relate],
    answer: Answer,
) -> list[tuple[object, ...]]:
    relates = besides(subject, relates, rows)
    revived = sum(1 for row in rows if row["rv"])
    sql = compile_update(subject, rows, scope.principal.actor(), relates, answer.columns, revived=revived)
    written = fetch(sql, scope.principal.workspace.shard)
    check_related(scope, relates, written[0][-1] if written else None)
    return written
