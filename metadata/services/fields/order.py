"""The order that fields of an object are shown in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from config.errors import ObjectMetadataNotFound
from metadata.models import FieldMetadata
from metadata.services.change import changing


def field_order(*, workspace_id: UUID, object_id: UUID, field_ids: Sequence[UUID]) -> None:
    """Put fields of the object into this order; those not named keep their places. Raises ObjectMetadataNotFound."""
    with changing(workspace_id) as change:
        if object_id not in change.objects:
            raise ObjectMetadataNotFound()
        fields = change.fields_of(object_id)
        named = iter(
            sorted((each for each in fields if each.id in field_ids), key=lambda each: field_ids.index(each.id))
        )
        ordered = [next(named) if each.id in field_ids else each for each in fields]
        for place, field in enumerate(ordered):
            field.position = place
        FieldMetadata.objects.bulk_update(ordered, ["position"])
