"""The fields that every record has can not be switched off any more: those that were are there again."""

from django.db import migrations
from django.db.models import F


def activate(apps, schema_editor):
    field = apps.get_model("metadata", "FieldMetadata")
    workspace = apps.get_model("metadata", "Workspace")
    off = field.objects.filter(is_active=False, column__isnull=False)
    ids = list(off.values_list("workspace_id", flat=True).distinct())
    off.update(is_active=True)
    workspace.objects.filter(id__in=ids).update(schema_version=F("schema_version") + 1)


class Migration(migrations.Migration):
    dependencies = [("metadata", "0005_workspace_rate_limit")]

    operations = [migrations.RunPython(activate, migrations.RunPython.noop, elidable=True)]
