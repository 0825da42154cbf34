"""The URL table of the four APIs, their documents, the settings pages and health.

The records stand first, so that the busiest paths are found soon.
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from apikeys import rest as apikeys_rest
from config.http import health, metrics
from config.http.error_pages import root
from core.graphql.view import RecordGraphQLView
from core.rest.files import DownloadView, FilesView, FileView
from core.rest.search import SearchView
from core.rest.views import RecordsView
from metadata.graphql.view import MetadataView
from metadata.pages.general import logo_content
from metadata.rest import urls as metadata_rest
from webhooks import rest as webhooks_rest

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^rest/+search/*$", SearchView.as_view()),
    # A record's path is tried by one expression; the other APIs under /rest are named in it.
    re_path(r"^rest/+(?!/|(?:metadata|apiKeys|webhooks|open-api)(?:[/.]|$)).+$", RecordsView.as_view()),
    path("graphql", csrf_exempt(RecordGraphQLView.as_view())),
    path("metadata", csrf_exempt(MetadataView.as_view())),
    path("", csrf_exempt(root)),
    path("", include("config.openapi.urls")),
    path("", include("core.docs.urls")),
    path(
        "rest/",
        include(
            [
                path(
                    "metadata/",
                    include(
                        [
                            *metadata_rest.urlpatterns,
                            path("files", FilesView.as_view()),
                            path("files/<str:id>", FileView.as_view()),
                            *apikeys_rest.urlpatterns,
                            *webhooks_rest.urlpatterns,
                        ]
                    ),
                ),
                *apikeys_rest.alias_urlpatterns,
                *webhooks_rest.alias_urlpatterns,
            ]
        ),
    ),
    path("file/files-field/<str:id>", DownloadView.as_view()),
    path("file/workspace-logo/<uuid:workspace_id>/<str:digest>", logo_content),
    path("", include("metadata.pages.urls")),
    path("", include("apikeys.urls")),
    path("", include("webhooks.urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url="/static/settings/fourgate.svg")),  # of pages that name no icon
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", metrics.metrics),
]

handler400 = "config.http.error_pages.bad_request"
handler403 = "config.http.error_pages.forbidden"
handler404 = "config.http.error_pages.not_found"
handler500 = "config.http.error_pages.server_error"
