"""A request of RSGI (granian's interface) as Django's: the same members in META as a WSGI server gives."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import IO, Any, cast

from django.core.handlers.wsgi import LimitedStream, WSGIRequest
from django.utils.http import parse_header_parameters

_FIXED: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
}


class PlainRequest(WSGIRequest):
    """Django's, which no content type can keep from being made: it looks the charset up, whatever that may be, and
    reads the query string by it. Here that is UTF-8; bodies are for `config.http.encodings`."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        text = meta.get("CONTENT_TYPE", "")
        try:
            self.content_type, self.content_params = parse_header_parameters(text)
        except (LookupError, ValueError):  # a parameter in a charset that nobody knows (RFC 8187)
            self.content_type, self.content_params = text.partition(";")[0].strip().lower(), {}


class ServerRequest(PlainRequest):
    """Made of a scope and of a body that has arrived: bytes, or a file for a large one."""

    def __init__(self, scope: Any, body: bytes | IO[bytes], length: int) -> None:
        meta, self.header_bytes = environ_of(scope)
        path = scope.path or "/"
        self.environ = self.META = meta
        self.path = self.path_info = meta["PATH_INFO"] = path
        self.method = meta["REQUEST_METHOD"]
        if length:
            meta["CONTENT_LENGTH"] = str(length)
        self._set_content_type_params(meta)
        if isinstance(body, bytes):
            self._body = body
            self._stream = BytesIO(body)
        else:
            self._stream: Any = LimitedStream(cast(Any, body), length)
        self._read_started = False
        self.resolver_match = None


def environ_of(scope: Any) -> tuple[dict[str, Any], int]:
    """META without the body's length, which is known once the body is; and the size of the headers."""
    name, port = _host_and_port(scope.server)
    meta = {
        **_FIXED,
        "REQUEST_METHOD": scope.method,
        "QUERY_STRING": _as_latin1(scope.query_string),
        "REMOTE_ADDR": _host_and_port(scope.client)[0],
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": _PROTOCOLS.get(scope.http_version, "HTTP/1.1"),
        "wsgi.url_scheme": scope.scheme,
    }
    size = 0
    for header, value in scope.headers.items():
        size += len(header) + len(value)
        key = _meta_name(header)
        if key in meta:
            value = f"{meta[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"  # RFC 9110 §5.3, RFC 6265 §5.4
        meta[key] = value
    authority = scope.authority
    if authority is not None:
        meta["HTTP_HOST"] = authority  # RFC 9112 §3.2.2: goes before Host
    for unwanted in _UNWANTED:
        meta.pop(unwanted, None)
    return meta, size


_PROTOCOLS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2"}
_UNDERSCORED = "fourgate.underscored"
_UNWANTED = ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", _UNDERSCORED)


@lru_cache(maxsize=1024)
def _meta_name(header: str) -> str:
    """`HTTP_X_REQUEST_ID` of `x-request-id`; a name with `_` would pass for another header's and is left out."""
    if "_" in header:
        return _UNDERSCORED
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def _as_latin1(text: str) -> str:
    """As PEP 3333 has it: each character one byte."""
    return text if text.isascii() else text.encode().decode("latin-1")


@lru_cache(maxsize=4096)
def _host_and_port(address: str) -> tuple[str, str]:
    """The parts of `127.0.0.1:80` and `[::1]:80`; a Unix socket has none."""
    host, separator, port = address.rpartition(":")
    return (host.strip("[]"), port) if separator and port.isdigit() else ("", "")
