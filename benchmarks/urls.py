"""The project's URL table behind the hand-written views and the plain application that it is measured against."""

from __future__ import annotations

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.decorators.csrf import csrf_exempt
from graphene_django.views import GraphQLView

from benchmarks import handwritten
from benchmarks.plain.graphql import schema
from benchmarks.plain.rest import router
from config.urls import urlpatterns as project

urlpatterns: list[URLPattern | URLResolver] = [
    path("handwritten/read/<str:item>", handwritten.read),
    path("handwritten/read/<str:item>/<uuid:record_id>", handwritten.read),
    path("handwritten/people", handwritten.create_one),
    path("handwritten/people/<uuid:record_id>", handwritten.update_one),
    path("handwritten/batch", handwritten.create_many),
    path("handwritten/upsert", handwritten.upsert_many),
    path("plain/", include(router.urls)),
    path("plain/graphql", csrf_exempt(GraphQLView.as_view(schema=schema))),
    *project,
]
