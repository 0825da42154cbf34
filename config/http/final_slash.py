"""`/graphql/` is `/graphql`: a slash at the end of an API's or a page's path changes nothing, whatever the method."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from config.http.exceptions import API_PATHS

SLASHLESS = (*API_PATHS, "/settings/")  # /admin is Django's own, whose addresses end with one


class FinalSlashMiddleware:
    """Takes the slashes away before anything is decided by the path. No redirect: it would lose the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path[-1:] == "/" and path.startswith(SLASHLESS):
            request.path_info = path.rstrip("/")
        return self.get_response(request)
