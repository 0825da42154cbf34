"""Where clients reach this server: what absolute addresses in answers begin with.

Addresses of files are made inside statements, far from the request; so the request that is being answered is
known here. `settings.SERVER_URL` goes before what a request says, for servers behind a proxy.
"""

from __future__ import annotations

import os
from contextvars import ContextVar

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

answering: ContextVar[HttpRequest | None] = ContextVar("answering", default=None)


def server_url() -> str:
    """`https://crm.example`, without a slash at its end."""
    if settings.SERVER_URL:
        return str(settings.SERVER_URL)
    request = answering.get()
    if request is not None:
        try:
            return request.build_absolute_uri("/").rstrip("/")
        except DisallowedHost:
            pass
    return f"http://localhost:{os.environ.get('PORT', '8000')}"
