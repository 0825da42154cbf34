"""Routes of the data model and of what is shown of it, relative to `/rest/metadata/`."""

from __future__ import annotations

from django.urls import path

from metadata.rest import layout
from metadata.rest.schema import SchemaView
from metadata.rest.views import FieldsView, FieldTypeView, FieldView, ObjectsView, ObjectView
from metadata.rest.workspace import WorkspaceView

urlpatterns = [
    path("objects", ObjectsView.as_view()),
    path("objects/<str:id>", ObjectView.as_view()),
    path("fields", FieldsView.as_view()),
    path("fields/<str:id>", FieldView.as_view()),
    path("fields/<str:id>/changeType", FieldTypeView.as_view()),
    path("workspace", WorkspaceView.as_view()),
    path("schema", SchemaView.as_view()),
    *layout.urlpatterns,
]
