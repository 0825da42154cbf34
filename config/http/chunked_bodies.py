"""WSGI servers: bodies sent in chunks (RFC 9112 §7.1) come without a length, and Django takes those for empty.

A create would then store an empty record. So they are read here, up to one byte more than the APIs
take, and passed on with their length. A file to import is passed on as it arrives, under the greatest
length that is taken. Our own server's adapter (`config.server`) reads every body before and needs none of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from config.http.request_kinds import is_import, largest_body

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ChunkedBodies:
    """Wraps a WSGI application; needs a server that ends its input itself, as granian and gunicorn do."""

    def __init__(self, application: WsgiApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if (
            "HTTP_TRANSFER_ENCODING" in environ
            and not environ.get("CONTENT_LENGTH")
            and environ.get("wsgi.input_terminated")
        ):
            path = environ.get("PATH_INFO", "")
            largest = largest_body(path, environ.get("CONTENT_TYPE", ""))
            if is_import(path):
                environ["CONTENT_LENGTH"] = str(largest + 1)  # the reader refuses the last byte
            else:
                body = environ["wsgi.input"].read(largest + 1)
                environ["wsgi.input"] = BytesIO(body)
                environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)
