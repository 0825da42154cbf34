"""What Django puts around pages, and pages alone: sessions, who is signed in, messages, static files.

The APIs know none of it (their callers send a token), so their requests pass by. The middleware against CSRF stays
Django's own, which its deploy check looks for by name; it asks little of views that are exempt.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

from config.http.exceptions import API_PATHS


class _OfPages:
    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API_PATHS):
            passed: HttpResponseBase = self.get_response(request)
            return passed
        answered: HttpResponseBase = super().__call__(request)  # type: ignore[misc]
        return answered


class StaticFilesOfPages(_OfPages, WhiteNoiseMiddleware):
    pass


class SessionOfPages(_OfPages, SessionMiddleware):
    pass


class AuthenticationOfPages(_OfPages, AuthenticationMiddleware):
    pass


class MessagesOfPages(_OfPages, MessageMiddleware):
    pass
