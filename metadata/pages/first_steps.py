"""The first of the first steps: an object of the workspace's own."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from config.first_steps import Step
from metadata.models import ObjectMetadata
from metadata.pages.rows import DATA_MODEL, FLAG


def _objects(workspace_id: UUID) -> QuerySet[ObjectMetadata]:
    return ObjectMetadata.objects.filter(workspace_id=workspace_id, is_custom=True)


OBJECT = Step(
    gettext_lazy("Make an object"),
    gettext_lazy("What you keep: invoices, machines, courses. It is in all four APIs at once."),
    f"{DATA_MODEL}/new",
    (FLAG,),
    _objects,
)
