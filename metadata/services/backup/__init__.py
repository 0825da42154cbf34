"""A whole workspace as one file, and back: `workspace_write` and `workspace_read`.

The file is a ZIP archive of rows as PostgreSQL's COPY has them in its text format, one entry for a table:

    shared/<table>          what the workspace has in the shared tables (settings.WORKSPACE_PARTS)
    own/<table>             its history, totals and files with their contents
    records/<object id>     the records of an object, deleted ones too
    manifest.json           {"format", "version", "release", "migrations", "workspace", "tables": {entry: …}}

The manifest is written last, so a file that was cut short has none. Every entry has a checksum of ZIP's.
"""

from metadata.services.backup.reading import workspace_read
from metadata.services.backup.writing import workspace_write

__all__ = ["workspace_read", "workspace_write"]
