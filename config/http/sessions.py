"""Sign-ins end: SESSION_IDLE_S after the last page that was asked for, and SESSION_MAX_S after they began.

The APIs know no sessions. A use is noted once a minute at most, so that looking at pages writes little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from config.http.client_address import client_address
from config.http.exceptions import is_api_path

STARTED, SEEN = "started_at", "seen_at"  # Unix seconds, in the session
ADDRESS, AGENT = "address", "user_agent"  # from where, and with what
NOTED_EVERY_S = 60
LONGEST_AGENT = 400


class SessionEndMiddleware:
    """Signs out whose time is over; stands behind Django's AuthenticationMiddleware.

    `request.session_ended` is then "idle" or "max", for the page that asks to sign in again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not is_api_path(request):
            _examine(request, time.time())
        return self.get_response(request)


def _examine(request: HttpRequest, now: float) -> None:
    session = request.session
    if SESSION_KEY not in session:  # nobody is signed in
        return
    started, seen = session.get(STARTED), session.get(SEEN)
    if started is None or seen is None:
        session[STARTED] = session[SEEN] = int(now)
        note_place(request)
    elif now - started >= settings.SESSION_MAX_S or now - seen >= settings.SESSION_IDLE_S:
        request.session_ended = "max" if now - seen < settings.SESSION_IDLE_S else "idle"  # type: ignore[attr-defined]
        logout(request)
    elif now - seen >= min(NOTED_EVERY_S, settings.SESSION_IDLE_S / 10):
        session[SEEN] = int(now)
        note_place(request)


def note_place(request: HttpRequest) -> None:
    """Note in the session from where it is used, and with what, for its owner to recognise it by."""
    request.session[ADDRESS] = client_address(request)
    request.session[AGENT] = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:LONGEST_AGENT]


def sessions_sweep() -> int:
    """Delete the sessions that are over, which nobody else does; how many."""
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects
    deleted: int = sessions.filter(expire_date__lt=timezone.now()).delete()[0]
    return deleted
