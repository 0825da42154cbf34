"""Up to which place a replica must have replayed to answer reads of a workspace: core/sql/lateness.py.

Unlogged: a row is good for nothing but what was written since the server started, and is on no replica. Code of before
does not know the table; it is used only where a replica is.
"""

from django.db import migrations

CREATE = """
CREATE UNLOGGED TABLE public.core_written (
    schema_name text PRIMARY KEY,
    shard text NOT NULL,
    schema_version integer NOT NULL,
    place bigint NOT NULL
) WITH (fillfactor = 50)
"""  # with room for what is updated all the time


class Migration(migrations.Migration):
    dependencies = [("core", "0005_workspace_keys_are_sequences")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE public.core_written")]
