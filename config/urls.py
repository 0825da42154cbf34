"""The URL table of the four APIs, their documents, the settings pages and health."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from config import health


def _patterns(name: str) -> list:
    module, _, attribute = name.rpartition(".")
    return import_string(name) if find_spec(module) else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("graphql", csrf_exempt(import_string("core.graphql.view.RecordGraphQLView").as_view())),
    path("metadata", csrf_exempt(import_string("metadata.graphql.view.MetadataView").as_view())),
    path("", include(_patterns("core.openapi.urls.urlpatterns"))),
    path(
        "rest/metadata/",
        include(
            [
                *_patterns("metadata.rest.urls.urlpatterns"),
                *_patterns("apikeys.rest.urlpatterns"),
                *_patterns("webhooks.rest.urlpatterns"),
            ]
        ),
    ),
    path(
        "rest/", include([*_patterns("apikeys.rest.alias_urlpatterns"), *_patterns("webhooks.rest.alias_urlpatterns")])
    ),
    path("", include(_patterns("apikeys.urls.urlpatterns"))),
    path("", include(_patterns("webhooks.urls.urlpatterns"))),
    path("rest/", include(_patterns("core.rest.urls.urlpatterns"))),
]

handler400 = "config.exceptions.bad_request"
handler404 = "config.exceptions.not_found"
handler500 = "config.exceptions.server_error"
