"""Bodies sent in chunks (RFC 9112 §7.1) come without a length, and Django takes those for empty.

A create would then store an empty record. So they are read here, up to one byte more than the APIs
take, and passed on with their length. A file to import is passed on as it arrives, under the greatest
length that is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

_IMPORT = re.compile(r"/+rest/+[^/]+/+import/*")
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ChunkedBodies:
    """Wraps a WSGI application; needs a server that ends its input itself, as granian and gunicorn do."""

    def __init__(self, application: WsgiApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if (
            "HTTP_TRANSFER_ENCODING" in environ
            and not environ.get("CONTENT_LENGTH")
            and environ.get("wsgi.input_terminated")
        ):
            if _IMPORT.fullmatch(environ.get("PATH_INFO", "")):
                environ["CONTENT_LENGTH"] = str(settings.MAX_IMPORT_BYTES + 1)  # the reader refuses the last byte
            else:
                is_form = environ.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data")
                largest = settings.MAX_UPLOAD_BYTES if is_form else settings.MAX_BODY_BYTES
                body = environ["wsgi.input"].read(largest + 1)
                environ["wsgi.input"] = BytesIO(body)
                environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)
