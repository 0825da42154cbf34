"""Sign-ins end: SESSION_IDLE_S after the last page that was asked for, and SESSION_MAX_S after they began.

The APIs know no sessions. A use is noted once a minute at most, so that looking at pages writes little.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from config.http.exceptions import is_api_path

STARTED, SEEN = "started_at", "seen_at"  # Unix seconds, in the session
NOTED_EVERY_S = 60


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
    elif now - started >= settings.SESSION_MAX_S or now - seen >= settings.SESSION_IDLE_S:
        request.session_ended = "max" if now - seen < settings.SESSION_IDLE_S else "idle"  # type: ignore[attr-defined]
        logout(request)
    elif now - seen >= min(NOTED_EVERY_S, settings.SESSION_IDLE_S / 10):
        session[SEEN] = int(now)


def sessions_sweep() -> int:
    """Delete the sessions that are over, which nobody else does; how many."""
    deleted, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted
