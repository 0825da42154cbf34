"""Core REST alone."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("rest/", include("core.rest.urls"))]
handler400 = "config.exceptions.bad_request"
handler404 = "config.exceptions.not_found"
handler500 = "config.exceptions.server_error"
