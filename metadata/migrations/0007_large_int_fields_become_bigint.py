"""NUMBER fields of data type int hold 32 bits from here on: those with larger values become bigint."""

import re

from django.db import connections, migrations
from django.db.models import F

LEAST, GREATEST = -(2**31), 2**31 - 1


def widen(apps, schema_editor):
    """One workspace at a time; a data model that changes gets the next version, so that every process reads it anew."""
    Workspace = apps.get_model("metadata", "Workspace")
    for workspace in Workspace.objects.order_by("id").iterator():
        fields = apps.get_model("metadata", "FieldMetadata").objects.filter(
            workspace_id=workspace.id, type="NUMBER", settings__dataType="int"
        )
        widened = [field for field in fields if not _fits(field.default_value) or _has_large(workspace, field)]
        for field in widened:
            field.settings = {**field.settings, "dataType": "bigint"}
            field.save(update_fields=["settings"])
        if widened:
            Workspace.objects.filter(id=workspace.id).update(schema_version=F("schema_version") + 1)


def _fits(default):
    return not isinstance(default, int | float) or LEAST <= default <= GREATEST


def _has_large(workspace, field):
    """Whether a record, deleted ones counted, has a value beyond 32 bits under the field's key."""
    table = f'"{workspace.database_schema}"."o_{field.object_id.hex}"'
    assert re.fullmatch(r'"[a-z0-9_]+"\."o_[0-9a-f]{32}"', table)
    with connections[workspace.shard].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone()[0] is None:
            return False
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {table} WHERE CASE WHEN jsonb_typeof(data->%s) = 'number'"  # noqa: S608
            " THEN (data->>%s)::numeric END NOT BETWEEN %s AND %s)",
            [field.storage_key, field.storage_key, LEAST, GREATEST],
        )
        return cursor.fetchone()[0]


class Migration(migrations.Migration):
    dependencies = [("metadata", "0006_system_fields_are_active")]

    operations = [migrations.RunPython(widen, migrations.RunPython.noop, elidable=True)]
