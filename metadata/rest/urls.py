"""Routes of objects and fields, relative to `/rest/metadata/`."""

from __future__ import annotations

from django.urls import path

from metadata.rest.views import FieldsView, FieldView, ObjectsView, ObjectView

urlpatterns = [
    path("objects", ObjectsView.as_view()),
    path("objects/<str:id>", ObjectView.as_view()),
    path("fields", FieldsView.as_view()),
    path("fields/<str:id>", FieldView.as_view()),
]
