"""What indexes are called: the same for the same names of object and fields, in every workspace."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata
from metadata.schema import WorkspaceSchema

Column = tuple[FieldMetadata, str | None]  # with the part of a composite


def index_name(object_name: str, columns: Sequence[Column], index_type: str, is_unique: bool) -> str:
    """`IDX_` or `IDX_UNIQUE_` and 27 hex digits. The columns are named like members of records (`companyId`)."""
    parts = [f"{field.join_name or field.name}.{part or ''}" for field, part in columns]
    digest = hashlib.sha256("\n".join([index_type, object_name, *parts]).encode()).hexdigest()[:27]
    return f"IDX_UNIQUE_{digest}" if is_unique else f"IDX_{digest}"


def renamed_objects(before: WorkspaceSchema, after: WorkspaceSchema) -> list[UUID]:
    """Objects that are called otherwise or have a field that is; and those that are new or shown again."""
    return [
        each.id
        for each in after.objects
        if (earlier := before.by_id.get(each.id)) is not each
        and (
            earlier is None
            or earlier.singular != each.singular
            or any(
                (known := earlier.by_id.get(field.id)) is None or known.name != field.name
                for field in each.by_id.values()
            )
        )
    ]


def rename_indexes(object_ids: Collection[UUID]) -> None:
    """Give the objects' indexes the names that their objects and fields have now."""
    if not object_ids:
        return
    names = dict(ObjectMetadata.objects.filter(id__in=object_ids).values_list("id", "name_singular"))
    columns: dict[UUID, list[Column]] = defaultdict(list)
    rows = IndexFieldMetadata.objects.filter(index__object_id__in=object_ids).select_related("field")
    for row in rows.order_by("order", "id"):
        columns[row.index_id].append((row.field, row.sub_field_name))
    renamed = []
    for index in IndexMetadata.objects.filter(object_id__in=object_ids):
        name = index_name(names[index.object_id], columns[index.id], index.index_type, index.is_unique)
        if name != index.name:
            index.name = name
            renamed.append(index)
    IndexMetadata.objects.bulk_update(renamed, ["name"])
