"""Where clients reach this server: what absolute addresses in answers begin with.

Addresses of files are made inside statements, far from the request; so the request that is being answered is
known here. `settings.SERVER_URL` goes before what a request says, for servers behind a proxy.
"""

from __future__ import annotations

import os
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

from config.http.host_names import is_allowed

answering: ContextVar[HttpRequest | None] = ContextVar("answering", default=None)


def server_url() -> str:
    """`https://crm.example`, without a slash at its end."""
    if settings.SERVER_URL:
        return str(settings.SERVER_URL)
    request = answering.get()
    if request is not None:
        host = request.META.get("HTTP_HOST") or _own_host(request)
        if is_allowed(host, tuple(settings.ALLOWED_HOSTS)):
            return f"{request.scheme}://{host}"
    return f"http://localhost:{os.environ.get('PORT', '8000')}"


def _own_host(request: HttpRequest) -> str:
    """What a client that sends no Host (HTTP/1.0) must have connected to."""
    name, port = request.META["SERVER_NAME"], request.META["SERVER_PORT"]
    return str(name) if port in ("80", "443") else f"{name}:{port}"
