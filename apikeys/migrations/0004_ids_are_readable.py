"""Restrictions that hide `id` go: cursors and entity tags need it, and so did every answer that had it all the same."""

from typing import Any

from django.db import migrations
from django.db.models import F


def ids_show(apps: Any, schema_editor: Any) -> None:
    Field = apps.get_model("metadata", "FieldMetadata")
    FieldPermission = apps.get_model("apikeys", "FieldPermission")
    Role = apps.get_model("apikeys", "Role")
    found = list(FieldPermission.objects.filter(can_read=False).values_list("id", "field_metadata_id", "role_id"))
    ids = set(Field.objects.filter(name="id", id__in=[each[1] for each in found]).values_list("id", flat=True))
    if not ids:
        return
    hiding = FieldPermission.objects.filter(id__in=[each[0] for each in found if each[1] in ids])
    hiding.filter(can_update=None).delete()
    hiding.update(can_read=None)
    Role.objects.filter(id__in={each[2] for each in found if each[1] in ids}).update(version=F("version") + 1)


class Migration(migrations.Migration):

    dependencies = [
        ("apikeys", "0003_rate_limits"),
        ("metadata", "0001_initial"),
    ]

    operations = [migrations.RunPython(ids_show, migrations.RunPython.noop, elidable=True)]
