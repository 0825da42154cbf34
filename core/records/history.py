"""Who changed what: the kept history of one record, which outlives it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from config.errors import InvalidCursor, RecordNotFound
from config.http.rendering import dumps, loads
from config.principal import Principal
from core.query import ir
from core.query.scope import Scope, find_object, reads, require
from core.query.writes import target_id
from core.records.listing import Listing, listing_of
from core.sql.execute import fetch
from core.sql.history import LAST, compile_history
from metadata.schema import ObjectSchema, WorkspaceSchema

DEFAULT_SIZE = 60


def history(principal: Principal, schema: WorkspaceSchema, query: ir.History) -> Listing:
    """A page of `{"id", "action", "at", "actor", "changes": {name: {"before", "after"}}}`, the newest first.

    Only `after` of the page is read. Names are the fields' present ones; deleted fields and those the caller
    may not read are left out, and so are updates of nothing else. Ids number what is left of the one record's
    entries from the oldest on: they tell nothing of what else is written. Raises RecordNotFound for a record that
    neither exists nor has a history.
    """
    scope = Scope(schema, principal)
    subject = find_object(scope, query.object_name)
    require(scope, "read", subject)
    size = DEFAULT_SIZE if query.page.size is None else query.page.size
    before = LAST if query.page.after is None else _decode(query.page.after)
    hidden = [each.storage_key for each in subject.fields if not reads(scope, subject, each)]
    sql = compile_history(subject, target_id(query.id), before, size + 1, hidden)
    rows = fetch(sql, principal.workspace.shard, late=scope)
    total, exists = rows[0][:2]
    if not total and not exists:
        raise RecordNotFound()
    entries = [row[3:] for row in rows if row[2] is not None]
    newest = min(before - 1, total)  # the number of the first of them
    page = entries[:size]
    items = ",".join(_entry(scope, subject, newest - place, *row) for place, row in enumerate(page))
    ends = (str(newest), str(newest - len(page) + 1)) if page else (None, None)
    return listing_of((items, len(entries) > size, newest < total, *ends, total), is_backward=False)


def _entry(
    scope: Scope, subject: ObjectSchema, number: int, action: str, at: str, actor: str | None, changes: str | None
) -> str:
    hidden = scope.hidden
    by = subject.by_name.get("updatedBy")
    told_by = ("updatedBy", "createdBy") if action == "created" else ("updatedBy",)  # who made it is one of both
    is_told = all(subject.by_name[name].id not in hidden for name in told_by if name in subject.by_name)
    who = loads(actor.encode()) if actor is not None and is_told else None
    if who is not None and by is not None:
        who = by.type.answer(who, by)
    changed = _changes(scope, subject, loads(changes.encode())) if changes is not None else {}
    entry = {"id": str(number), "action": action, "at": at, "actor": who, "changes": changed}
    return dumps(entry).decode()


def _changes(scope: Scope, subject: ObjectSchema, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Stored values by storage key, as the APIs answer them by name."""
    hidden = scope.hidden
    before, after = stored["before"], stored["after"]
    changed = {}
    for field in subject.fields:
        key = field.storage_key
        if field.column is not None or field.id in hidden or not field.type.is_readable:
            continue
        if key in before or key in after:
            name = field.name if field.relation is None else field.relation.join_name or field.name
            changed[name] = {
                "before": field.type.answer(before.get(key), field),
                "after": field.type.answer(after.get(key), field),
            }
    return changed


def _decode(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), validate=True)
    except (binascii.Error, ValueError):
        text = b""
    if not text.isdigit() or int(text) > LAST:
        raise InvalidCursor.of(cursor)
    return int(text)
