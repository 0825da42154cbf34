"""What Django puts around pages, and pages alone: sessions, who is signed in, messages, static files.

The APIs know none of it (their callers send a token), so their requests pass by. The middleware against CSRF stays
Django's own, which its deploy check looks for by name; it asks little of views that are exempt.
"""

from __future__ import annotations

from typing import Any
from wsgiref.headers import Headers

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from config.http.exceptions import API_PATHS
from config.static_files import compressed, plain_name

ONE_YEAR_S = 365 * 24 * 60 * 60


class _OfPages:
    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API_PATHS):
            passed: HttpResponseBase = self.get_response(request)
            return passed
        answered: HttpResponseBase = super().__call__(request)  # type: ignore[misc]
        return answered


class StaticFilesOfPages(_OfPages, WhiteNoiseMiddleware):
    """Files are known by their own names, and once they are asked for by the name with their digest, by that too."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        url = request.path_info
        if url.startswith(self.static_prefix) and url not in self.files:
            hashed = url[len(self.static_prefix) :]
            name = plain_name(hashed)
            path = None if name is None else finders.find(name)
            if isinstance(path, str):
                self.files[url] = self._hashed_file(hashed, path, url)
        return super().__call__(request)

    def _hashed_file(self, hashed: str, path: str, url: str) -> StaticFile:
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        headers["Cache-Control"] = f"max-age={ONE_YEAR_S}, public, immutable"
        if self.allow_all_origins:
            headers["Access-Control-Allow-Origin"] = "*"
        packed = compressed(hashed, path)
        return StaticFile(path, headers.items(), encodings=None if packed is None else {"gzip": packed})


class SessionOfPages(_OfPages, SessionMiddleware):
    pass


class AuthenticationOfPages(_OfPages, AuthenticationMiddleware):
    pass


class MessagesOfPages(_OfPages, MessageMiddleware):
    pass
