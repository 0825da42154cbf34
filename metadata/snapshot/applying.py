"""Takes the steps of a plan, all or none, or says what they would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.errors import InvalidMetadataInput
from config.http import deadline
from config.principal import EVERYTHING, Permissions
from metadata import cache, services
from metadata.models import ObjectMetadata
from metadata.services.locking import lock_workspace
from metadata.snapshot.entries import Entry
from metadata.snapshot.exporting import entries_of, rows_of
from metadata.snapshot.planning import Planner
from metadata.snapshot.reading import Reader
from metadata.snapshot.steps import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """The steps of a plan, whether they were done, and the version of the data model afterwards."""

    steps: Sequence[Step]
    is_applied: bool
    version: int


def schema_diff(workspace_id: UUID, model: object) -> list[Step]:
    """The steps that `schema_apply` would take, in their order. Raises InvalidInput, InvalidMetadataInput."""
    return list(schema_apply(workspace_id, model, dry_run=True, allow_destructive=True).steps)


def schema_apply(
    workspace_id: UUID,
    model: object,
    *,
    dry_run: bool = False,
    allow_destructive: bool = False,
    permissions: Permissions = EVERYTHING,
) -> Outcome:
    """Make the workspace's data model the one of the file: all of it, or nothing.

    `dry_run` does everything and takes it back, so what would fail does. Steps that lose values (deleting objects,
    fields or options) are refused unless `allow_destructive`. `permissions` are those of who asks, as the services
    take them. Raises what the services raise.
    """
    given = deadline.allow(settings.LONG_WORK_DEADLINE_S)
    wanted = Reader().read(model)
    try:
        with transaction.atomic():
            workspace = lock_workspace(workspace_id)
            steps = _missing_standard(workspace_id, wanted)
            planned = Planner(workspace_id, entries_of(*rows_of(workspace_id)), wanted, permissions).plan()
            steps += planned
            lost = [str(each) for each in steps if each.is_destructive]
            if lost and not allow_destructive:
                raise InvalidMetadataInput(
                    f"The data model would lose values: {'; '.join(lost)}",
                    sub_code="DESTRUCTIVE_SCHEMA_CHANGE",
                    hint="Allow destructive steps to do this",
                )
            for step in planned:
                given.check()
                step.run()
            workspace.refresh_from_db(fields=["schema_version"])
            if dry_run:
                transaction.set_rollback(True)
    except BaseException:
        cache.forget(workspace_id)
        raise
    if dry_run:
        cache.forget(workspace_id)  # versions that were taken back will come again
    shown = [each for each in steps if each.action]
    return Outcome(shown, not dry_run and bool(steps), workspace.schema_version)


def _missing_standard(workspace_id: UUID, wanted: Mapping[str, Entry]) -> list[Step]:
    """Adds the standard objects that the workspace lacks at once, since the rest is compared with them."""
    known = set(ObjectMetadata.objects.filter(workspace_id=workspace_id).values_list("name_singular", flat=True))
    names = [name for name, each in wanted.items() if not each["isCustom"] and name not in known]
    if names:
        services.standard_objects_add(workspace_id=workspace_id, names=names)
    return [Step("create", f"object {name}", lambda: None, {"isCustom": False}) for name in names]
