"""Building the indexes that were too large to be built inside the change that made them.

`CREATE INDEX CONCURRENTLY` runs outside of transactions and lets readers and writers go on. Whoever builds holds an
advisory lock of the workspace; a change of its data model that touches tables cancels the build, which is then begun
anew. A builder that is killed leaves an invalid index, which the next one makes anew.
"""

from __future__ import annotations

import logging

from django.db import DatabaseError, connections
from django.utils import timezone

from metadata import schema_rows
from metadata.models import IndexFieldMetadata, IndexMetadata, IndexState, Workspace
from metadata.services.change import changing
from metadata.storage import Storage

logger = logging.getLogger(__name__)

# SQLSTATE classes and codes that say nothing against the index: connection, cancelled, deadlock, locks, shut down.
_AGAIN = ("08", "57", "40P01", "55P03")


def indexes_build() -> int:
    """Build every index that waits for it, oldest first; how many are ready or have failed now."""
    waiting = IndexMetadata.objects.filter(state=IndexState.BUILDING, workspace__deleted_at=None)
    return sum(_build(each) for each in waiting.select_related("workspace").order_by("created_at"))


def former_indexes_drop() -> int:
    """Drop the second half of indexes that were made before one half served; how many there were."""
    dropped = 0
    for workspace in Workspace.objects.filter(deleted_at=None).order_by("created_at"):
        storage = Storage(workspace)
        former = storage.former_indexes()
        if former:
            with storage.building() as is_ours:
                for name in former if is_ours else ():
                    storage.drop_concurrently(name)
                    dropped += 1
    return dropped


def _build(index: IndexMetadata) -> bool:
    storage = Storage(index.workspace)
    with storage.building() as is_ours:
        # Meanwhile it may have been deleted, or the workspace moved.
        shard = index.workspace.shard
        waits = IndexMetadata.objects.filter(id=index.id, state=IndexState.BUILDING, workspace__shard=shard)
        if not is_ours or not waits.exists():
            return False
        parts = IndexFieldMetadata.objects.filter(index=index).select_related("field").order_by("order")
        columns = [(schema_rows.field_schema(each.field), each.sub_field_name) for each in parts]
        try:
            storage.build_index(index.id, index.index_type, columns)
        except DatabaseError as fault:
            code = getattr(fault.__cause__, "pgcode", None) or "08"
            if code.startswith(_AGAIN):
                logger.info("Building the index %s is begun again later", index.id)
                connections[index.workspace.shard].close_if_unusable_or_obsolete()
                return False
            _finish(index, IndexState.FAILED, _reason(fault, code))
        else:
            _finish(index, IndexState.READY, None)
    return True


def _reason(fault: DatabaseError, code: str) -> str:
    """What PostgreSQL complains of, without the statement."""
    diagnosis = getattr(fault.__cause__, "diag", None)
    return f"{getattr(diagnosis, 'message_primary', None) or 'The index could not be built'} ({code})"


def _finish(index: IndexMetadata, state: IndexState, reason: str | None) -> None:
    """The state, visible with a new version; nothing is left of an index that failed, or was deleted meanwhile."""
    with changing(index.workspace_id) as change:
        found = IndexMetadata.objects.filter(id=index.id, state=IndexState.BUILDING)
        is_there = found.update(state=state, state_reason=reason, updated_at=timezone.now())
        if state == IndexState.FAILED or not is_there:
            change.storage.drop_index(index.id)
