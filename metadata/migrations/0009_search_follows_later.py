"""Which words of an object's records are still to be made, and what is searched by what the field says alone.

Fields of users that say nothing were searched where their type can be; from now on new ones are not, and those that
exist stay as they are. The version before goes on working: it searches what says so, too.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

SEARCHED = (
    "ADDRESS",
    "EMAILS",
    "FULL_NAME",
    "LINKS",
    "PHONES",
    "RICH_TEXT",
    "TEXT",
)


def keep(apps: Any, schema_editor: Any) -> None:
    fields = apps.get_model("metadata", "FieldMetadata").objects
    fields.filter(is_custom=True, is_searchable=None, type__in=SEARCHED).update(is_searchable=True)


class Migration(migrations.Migration):
    dependencies = [("metadata", "0008_view_field_groups")]

    operations = [
        migrations.AddField("objectmetadata", "search_rebuild", models.JSONField(null=True)),
        migrations.AddIndex(
            "objectmetadata",
            models.Index(
                fields=["updated_at"], condition=models.Q(search_rebuild__isnull=False), name="search_to_rebuild"
            ),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop, elidable=True),
    ]
