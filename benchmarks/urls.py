"""The project's URL table behind the hand-written views that it is measured against."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern, URLResolver

from benchmarks import handwritten
from config.urls import urlpatterns as project

urlpatterns: list[URLPattern | URLResolver] = [
    path("handwritten/people", handwritten.read_list),
    path("handwritten/people/<uuid:record_id>", handwritten.read_one),
    path("handwritten-plain/people", handwritten.read_list_plain),
    path("handwritten-plain/people/<uuid:record_id>", handwritten.read_one_plain),
    *project,
]
