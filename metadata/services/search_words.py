"""Which records' search words are still those of before a change of the data model.

A change that searches other fields does not rewrite the object's records: it notes whose words are others now, and
`core.records.reindex`, called by `manage.py maintain`, makes them anew, batch by batch. Until then searches look at the
values themselves (`core.sql.search`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from metadata.models import ObjectMetadata, Workspace
from metadata.services.change import changing


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What is to be done for records of an object that hold one of `keys`, of which `deleted` belong to no field."""

    workspace: Workspace
    object_id: UUID
    keys: Sequence[str]
    deleted: Sequence[str]
    after: str  # the id of the last record that is done
    done: int


def rebuilds() -> list[UUID]:
    """The objects whose words are to be made anew."""
    waiting = ObjectMetadata.objects.filter(search_rebuild__isnull=False, is_active=True, workspace__deleted_at=None)
    return list(waiting.order_by("updated_at").values_list("id", flat=True))


def claim(object_id: UUID) -> Rebuild | None:
    """What is next, in the caller's transaction; None when it is done or somebody else is at it."""
    found = (
        ObjectMetadata.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("workspace")
        .filter(id=object_id, search_rebuild__isnull=False)
        .first()
    )
    if found is None:
        return None
    noted = found.search_rebuild or {}
    return Rebuild(found.workspace, found.id, noted["keys"], noted["deleted"], noted["after"], noted["done"])


def advance(rebuild: Rebuild, after: str, count: int) -> None:
    """So many records more are done, the last with that id; in the transaction of `claim`."""
    found = ObjectMetadata.objects.get(workspace=rebuild.workspace, id=rebuild.object_id)
    found.search_rebuild = {**(found.search_rebuild or {}), "after": after, "done": rebuild.done + count}
    found.save(update_fields=["search_rebuild"])


def finish(rebuild: Rebuild) -> None:
    """All of it is done, unless a change came in between; visible with a new version of the data model."""
    with changing(rebuild.workspace.id):
        for found in ObjectMetadata.objects.filter(workspace=rebuild.workspace, id=rebuild.object_id):
            at = found.search_rebuild or {}
            if at.get("keys") == rebuild.keys and at.get("after") == rebuild.after:
                found.search_rebuild = None
                found.save(update_fields=["search_rebuild"])
