"""URLs of the data model's settings pages, relative to the site's root. Objects and fields go by their API names."""

from __future__ import annotations

from django.urls import include, path

from metadata.pages import fields, general, model_plan, objects

urlpatterns = [
    path("settings/general", general.settings_of_workspace, name="general"),
    path("settings/general/logo", general.logo, name="workspace-logo"),
    path("settings/general/export", general.export, name="workspace-export"),
    path("settings/general/delete", general.delete, name="workspace-delete"),
    path("settings/data-model", objects.object_list, name="object-list"),
    path("settings/data-model/new", objects.object_new, name="object-new"),
    path("settings/data-model/file", objects.model_file, name="model-file"),
    path("settings/data-model/plan", model_plan.model_plan, name="model-plan"),
    path(
        "settings/data-model/objects/<str:singular>",
        include(
            [
                path("", objects.object_detail, name="object-detail"),
                path("/edit", objects.object_edit, name="object-edit"),
                path("/switch", objects.object_switch, name="object-switch"),
                path("/delete", objects.object_delete, name="object-delete"),
                path("/indexes", objects.index_new, name="index-new"),
                path("/indexes/<uuid:index_id>/delete", objects.index_delete, name="index-delete"),
                path("/fields/new", fields.field_new, name="field-new"),
                path("/fields/<str:name>", fields.field_detail, name="field-detail"),
                path("/fields/<str:name>/type", fields.field_type_change, name="field-type"),
                path("/fields/<str:name>/switch", fields.field_switch, name="field-switch"),
                path("/fields/<str:name>/delete", fields.field_delete, name="field-delete"),
            ]
        ),
    ),
]
