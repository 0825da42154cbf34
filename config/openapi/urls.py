"""URLs of the documents, relative to the site's root."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from config.openapi.views import open_api

# A client that joins the document's server and path has two slashes between them.
_DOCUMENT = r"^(?:rest/+(?:metadata/+)?)?open-api/(?P<name>core|metadata)"

urlpatterns: list[URLPattern] = [
    re_path(rf"{_DOCUMENT}/?$", open_api, name="open-api"),
    re_path(rf"{_DOCUMENT}\.json$", open_api, name="open-api-json"),
    re_path(rf"{_DOCUMENT}\.yaml$", open_api, {"syntax": "yaml"}, name="open-api-yaml"),
]
