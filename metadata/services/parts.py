"""What a workspace has in the shared tables, each app's own: for a backup of the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one table that belong to a workspace.

    `where` is SQL with `%(workspace)s`, the id. `written` gives what a backup has of a column in place of its value,
    `read` what a restored row gets for what a backup has, as SQL over the row `s`; both by column. Rows that `only_if`
    (SQL over `s`) is not true of are left out. `has_ids`: other rows name these by their `id`. `is_bound`: they are of
    no use but in the same workspace under the same id.
    """

    table: str
    where: str = "workspace_id = %(workspace)s"
    written: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, str] = field(default_factory=dict)
    only_if: str = "true"
    has_ids: bool = True
    is_bound: bool = False


_VIEWS = ("view", "viewfieldgroup", "viewfield", "viewfiltergroup", "viewfilter", "viewsort", "viewgroup")
_LAYOUTS = ("pagelayout", "pagelayouttab", "pagelayoutwidget")

DATA_MODEL = (
    Part("metadata_objectmetadata"),
    Part("metadata_fieldmetadata"),
    Part("metadata_indexmetadata"),
    Part(
        "metadata_indexfieldmetadata",
        "index_id IN (SELECT id FROM metadata_indexmetadata WHERE workspace_id = %(workspace)s)",
    ),
    *(Part(f"metadata_{name}") for name in (*_VIEWS, *_LAYOUTS)),
    Part("metadata_workspacelogo", has_ids=False),
)
