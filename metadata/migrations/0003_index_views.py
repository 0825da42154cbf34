"""Every object gets its index view: those made before views were stored have none."""

from collections import defaultdict

from django.db import migrations
from django.db.models import Exists, OuterRef

LAST_COLUMNS = ("createdBy", "createdAt")
WIDTH, LABEL_WIDTH = 150.0, 210.0


def make_index_views(apps, schema_editor):
    """What creating an object makes, frozen as of this migration; one workspace at a time."""
    Workspace = apps.get_model("metadata", "Workspace")
    for workspace_id in Workspace.objects.values_list("id", flat=True):
        _make_of_workspace(apps, workspace_id)


def _make_of_workspace(apps, workspace_id):
    View, ViewField = apps.get_model("metadata", "View"), apps.get_model("metadata", "ViewField")
    Field = apps.get_model("metadata", "FieldMetadata")
    present = View.objects.filter(object_id=OuterRef("id"), key="INDEX")
    objects = apps.get_model("metadata", "ObjectMetadata").objects.filter(workspace_id=workspace_id)
    without = {each.id: each for each in objects.exclude(Exists(present))}
    fields = defaultdict(list)
    for field in Field.objects.filter(object_id__in=without, is_active=True).order_by("position", "name"):
        fields[field.object_id].append(field)
    views, columns = [], []
    for object_id, obj in without.items():
        view = View(
            workspace_id=workspace_id,
            object_id=object_id,
            name=f"All {obj.label_plural}",
            key="INDEX",
            icon=obj.icon or "IconList",
            is_custom=False,
        )
        views.append(view)
        columns += [
            ViewField(
                workspace_id=workspace_id,
                view=view,
                field=field,
                position=place,
                size=WIDTH if place else LABEL_WIDTH,
            )
            for place, field in enumerate(_columns(obj, fields[object_id]))
        ]
    View.objects.bulk_create(views)
    ViewField.objects.bulk_create(columns)


def _columns(obj, fields):
    """The label identifier, the object's own fields in their order, and who made the record when."""
    first = [each for each in fields if each.id == obj.label_identifier_field_id]
    own = [each for each in fields if not each.is_system and not each.is_managed and each not in first]
    by_name = {each.name: each for each in fields}
    return [*first, *own, *(by_name[name] for name in LAST_COLUMNS if name in by_name)]


class Migration(migrations.Migration):
    dependencies = [("metadata", "0002_views")]

    operations = [migrations.RunPython(make_index_views, migrations.RunPython.noop, elidable=True)]
