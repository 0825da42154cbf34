"""A link whose target may be a record of one of several objects: one field, and one id, per target."""

from __future__ import annotations

from metadata.fieldtypes.registry import register
from metadata.fieldtypes.relation import RelationType


@register
class MorphRelationType(RelationType):
    """Stored like a relation; the fields of one morph share `morph_id`."""

    name = "MORPH_RELATION"
    label = "Relation to several objects"
    description = "A link to a record of one of several objects, with one field for each of them."

    is_morph = True
    has_counts = True
