"""URLs of the docs pages and the consoles, relative to the site's root."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from core.docs import pages

_DOWNLOAD = r"^settings/docs/openapi/(?P<name>core|metadata)"
_CONSOLE = r"^settings/api-webhooks/playground"

urlpatterns: list[URLPattern] = [
    path("settings/docs", pages.docs, name="docs"),
    path("settings/docs/objects/<str:name>", pages.object_docs, name="docs-object"),
    path("settings/docs/objects/<str:name>/export", pages.object_export, name="docs-object-export"),
    path("settings/docs/token", pages.playground_token, name="playground-token"),
    re_path(rf"{_DOWNLOAD}\.(?P<syntax>json|yaml)$", pages.document, name="docs-openapi"),
    re_path(rf"{_CONSOLE}/rest/(?P<name>core|metadata)$", pages.rest_console, name="rest-console"),
    re_path(rf"{_CONSOLE}/graphql/(?P<name>core|metadata)$", pages.graphql_console, name="graphql-console"),
]
