"""What deleted workspaces leave behind, removed for good once nobody will want them back."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from metadata.models import Workspace, WorkspaceLogo
from metadata.storage import Storage

logger = logging.getLogger(__name__)


def workspaces_purge() -> int:
    """Remove the workspaces that were deleted DELETED_WORKSPACE_DAYS ago or earlier; how many there were.

    Each in steps that are short and may be cut off: the next call goes on with what is left.
    """
    before = timezone.now() - timedelta(days=settings.DELETED_WORKSPACE_DAYS)
    due = list(Workspace.objects.filter(deleted_at__lte=before).order_by("deleted_at"))
    for workspace in due:
        logger.info("workspace %s, deleted at %s, is removed for good", workspace.id, workspace.deleted_at)
        _purge(workspace)
    return len(due)


def _purge(workspace: Workspace) -> None:
    """Its records and files, then its rows in other apps, and the workspace with its data model last."""
    with transaction.atomic(using=workspace.shard):
        storage = Storage(workspace)
        storage.drop_schema()
        storage.flush()
    for path in settings.WORKSPACE_PURGED_HANDLERS:
        import_string(path)(workspace)
    WorkspaceLogo.objects.filter(workspace_id=workspace.id).delete()
    workspace.delete()
