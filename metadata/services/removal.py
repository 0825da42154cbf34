"""Taking fields away: their rows, the indexes that use them, and their values."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.models import FieldMetadata, IndexMetadata
from metadata.services.autoindex import drop_automatic_indexes
from metadata.services.change import Change
from metadata.services.layout import links


def remove_fields(change: Change, fields: Sequence[FieldMetadata]) -> None:
    """Remove the fields from objects that stay. Both sides of a relation have to be given."""
    if not fields:
        return
    ids = [each.id for each in fields]
    indexes = IndexMetadata.objects.filter(workspace=change.workspace, index_fields__field_id__in=ids).distinct()
    for index in indexes:
        change.storage.drop_index(index.id)  # those made by users; the automatic ones have other names
    IndexMetadata.objects.filter(workspace=change.workspace, id__in=[each.id for each in indexes]).delete()
    for field in fields:
        drop_automatic_indexes(change.storage, field)
        if not change.is_searched(field):  # its values say which records have words of it
            change.storage.clear_key(field.object_id, field.storage_key)
    change.gone.update(ids)
    links.fields_going(ids)
    FieldMetadata.objects.filter(workspace=change.workspace, id__in=ids).delete()
