"""Which workspaces hold names that clash, for operators.

A data model is looked at once for each of its versions in a process, which takes some 10 ms; nothing is stored, so
there is nothing that a new release, with other names of its own, would have to bring up to date.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from config.errors import WorkspaceNotFound
from core.claims import all_clashes, messages
from metadata.cache import read_schema

_checked: dict[UUID, tuple[int, tuple[UUID, ...]]] = {}  # by workspace: the version, and the objects with clashes


class Report(NamedTuple):
    clashing: list[tuple[UUID, UUID]]  # workspace, object
    unchecked: int  # workspaces that there was no time for


def report(budget_s: float) -> Report:
    """What is known, after looking for so long at workspaces that are new or changed."""
    ends_at_s = time.monotonic() + budget_s
    present = _present()
    for gone in _checked.keys() - present.keys():
        _checked.pop(gone, None)
    unchecked = 0
    for workspace_id, version in present.items():
        known = _checked.get(workspace_id)
        if known is not None and known[0] == version:
            continue
        if time.monotonic() >= ends_at_s:
            unchecked += 1
        else:
            _check(workspace_id)
    found = [(id, object_id) for id in present if id in _checked for object_id in _checked[id][1]]
    return Report(found, unchecked)


def told() -> Iterator[tuple[UUID, str]]:
    """Every clash of every workspace in words."""
    for workspace_id in _present():
        for sentences in messages(read_schema(workspace_id)).values():
            yield from ((workspace_id, each) for each in sentences)


def _check(workspace_id: UUID) -> None:
    try:
        schema = read_schema(workspace_id)
    except WorkspaceNotFound:
        return
    objects = dict.fromkeys(clash.party.object_id for clash in all_clashes(schema))
    _checked[workspace_id] = (schema.version, tuple(objects))


def _present() -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, schema_version FROM metadata_workspace WHERE deleted_at IS NULL ORDER BY created_at")
        return dict(cursor.fetchall())
