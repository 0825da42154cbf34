"""Bodies that arrive packed (`Content-Encoding`) or in another charset, made what every reader takes: UTF-8, plain.

Asked after the rates are counted, in the thread that answers, and for all servers alike. What is unpacked is held
against the size that the path takes as it comes out, so a bomb costs no more than the largest body would; a file to
import is unpacked as it is read. Multipart bodies may be packed, but name no charset of their own.
"""

from __future__ import annotations

import codecs
import logging
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest, HttpResponseBase

from config.errors import ApiError, BadRequest, BodyTooLarge, MalformedBody, Unavailable, UnsupportedMediaType
from config.http.refusals import refused
from config.http.request_kinds import is_import, largest_body
from config.server.sqlstate import machine_error

CODINGS = ("gzip", "deflate")  # that answers name in Accept-Encoding (RFC 7694)
CHARSETS = frozenset(  # by Python's names; of others too little is sent
    (
        "utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252",
        "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    )
)  # fmt: skip
MEMBERS = 100_000  # parts of one gzip body: beginning each takes as long as a kilobyte does
PACKED_BYTES = 16 * 1024  # read at once
PIECE_BYTES = 64 * 1024  # unpacked at once
MEMORY_BYTES = 256 * 1024  # a larger body goes to a file, as those do that arrive plain

logger = logging.getLogger(__name__)
_NAMES = {"x-gzip": "gzip"}  # RFC 9110 §8.4.1.3
_UTF8 = frozenset(("utf-8", "UTF-8", "utf8", "UTF8", "us-ascii"))
_FORMS = frozenset(("multipart/form-data", "application/x-www-form-urlencoded"))


class EncodingsMiddleware:
    """Hands on requests whose body is plain bytes in UTF-8, and refuses those that cannot be made so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        coding = request.META.get("HTTP_CONTENT_ENCODING")
        charset = request.content_params.get("charset") if request.content_params else None
        if coding is None and (charset is None or charset in _UTF8):
            return self.get_response(request)
        kept = None
        try:
            kept = _make_plain(request, coding or "", charset)
        except ApiError as fault:
            return refused(request, fault)
        except OSError:
            return refused(request, BadRequest("The body ended before all of it had arrived"))
        try:
            return self.get_response(request)
        finally:
            if kept is not None:
                kept.close()


def _make_plain(request: Any, named: str, charset: str | None) -> IO[bytes] | None:
    """Put the plain body in the place of the one that came; the file that holds it, if any does."""
    has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
    if charset is not None:
        request.encoding = "utf-8"  # of the query string, too, which Django would read by the body's charset
    if not has_body:
        return None
    coding = coding_of(named)
    codec = None if charset is None else _codec_of(charset, request.content_type)
    if coding is None and codec is None:
        return None
    largest = largest_body(request.path, request.META.get("CONTENT_TYPE", ""))
    source = request._stream
    pieces: Iterator[bytes] = iter(lambda: source.read(PACKED_BYTES), b"")
    if coding is not None:
        pieces = unpacked(pieces, coding)
    if codec is not None:
        assert charset is not None
        pieces = recoded(pieces, codec, charset)
    request.META.pop("HTTP_CONTENT_ENCODING", None)
    request._read_started = False
    request.__dict__.pop("_body", None)
    if is_import(request.path):
        if int(request.META["CONTENT_LENGTH"]) > largest and "HTTP_TRANSFER_ENCODING" not in request.META:
            raise _too_large(largest)
        del request.META["CONTENT_LENGTH"]  # nobody knows it; what is cut off is found while it is unpacked
        stream = Pieces(pieces, largest)
        stream.begin()
        request._stream = stream
        return None
    content, length = _collect(pieces, largest)
    request.META["CONTENT_LENGTH"] = str(length)
    if isinstance(content, bytes):
        request._body = content
        request._stream = BytesIO(content)
        return None
    request._stream = LimitedStream(content, length)  # type: ignore[arg-type]
    return content


def coding_of(header: str) -> str | None:
    """`gzip` or `deflate` of a Content-Encoding header; None where nothing is packed. Raises UnsupportedMediaType.

    >>> coding_of("X-GZip"), coding_of("identity"), coding_of("identity, deflate")
    ('gzip', None, 'deflate')
    """
    given = [each.strip().lower() for each in header.split(",")]
    named = [_NAMES.get(each, each) for each in given if each not in ("", "identity")]
    if not named:
        return None
    if len(named) > 1 or named[0] not in CODINGS:
        shown = ", ".join(named)
        what = "packed more than once" if len(named) > 1 else "unknown"
        raise UnsupportedMediaType(
            f'Content-Encoding "{shown}" is not supported: it is {what}',
            hint=f"Send the body plain, or packed once by {' or '.join(CODINGS)}.",
            path="Content-Encoding",
        )
    return named[0]


def _codec_of(charset: str, content_type: str | None) -> str | None:
    """What decodes the charset; None for UTF-8. Raises UnsupportedMediaType, naming it."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if name in ("utf-8", "ascii"):
        return None
    if name not in CHARSETS or content_type in _FORMS:
        raise UnsupportedMediaType(
            f'The charset "{charset}" is not supported' + (f" in {content_type}" if name in CHARSETS else ""),
            hint="Send the body in UTF-8.",
            path="Content-Type",
        )
    return name


# The pieces of a body --------------------------------------------------------------------------------


def unpacked(packed: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """What a packed body holds, in pieces of PIECE_BYTES at most. Raises MalformedBody when it is broken or cut off.

    gzip may have several members (RFC 1952 §2.2) and zeros after the last. `deflate` is zlib's format (RFC 1950), or
    the bare one (RFC 1951) that some clients send by that name.
    """
    engine = None
    members = 0
    rest = b""
    for piece in packed:
        rest += piece
        while rest:
            if engine is None:
                rest = rest.lstrip(b"\0") if members else rest
                if len(rest) < 2:
                    break
                members += 1
                if members > (MEMBERS if coding == "gzip" else 1):
                    raise MalformedBody(f"The body goes on after its {coding} data has ended")
                engine = zlib.decompressobj(_window_bits(coding, rest))
            while True:
                try:
                    given = engine.decompress(rest, PIECE_BYTES)
                except zlib.error:
                    raise MalformedBody(f"The body is no {coding} data") from None
                if given:
                    yield given
                rest = engine.unconsumed_tail
                if engine.eof or (not rest and len(given) < PIECE_BYTES):
                    break
            if engine.eof:
                rest = engine.unused_data
                engine = None
    if rest or members == 0:
        raise MalformedBody(f"The body is no {coding} data")
    if engine is not None:
        raise MalformedBody(f"The {coding} data of the body ends before it is whole")


def _window_bits(coding: str, begun: bytes) -> int:
    """As zlib's inflateInit2 takes it."""
    if coding == "gzip":
        return 16 + zlib.MAX_WBITS
    is_zlib = begun[0] & 0x0F == 8 and int.from_bytes(begun[:2], "big") % 31 == 0  # RFC 1950 §2.2
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def recoded(pieces: Iterable[bytes], codec: str, charset: str) -> Iterator[bytes]:
    """The same text in UTF-8. Raises MalformedBody for what the charset does not have."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise MalformedBody(f'The body is not in the charset "{charset}" that Content-Type names') from None


class Pieces:
    """Pieces as a stream."""

    def __init__(self, pieces: Iterator[bytes], largest: int) -> None:
        self._pieces = pieces
        self._largest = largest
        self._left = b""

    def begin(self) -> None:
        """Read as much as shows whether it can be read."""
        self._left = next(self._pieces, b"")

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            content, _ = _collect(chain([self._left], self._pieces), min(self._largest, settings.MAX_BODY_BYTES))
            self._left = b""
            return content if isinstance(content, bytes) else content.read()
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        given, self._left = self._left[:size], self._left[size:]
        return given


def _collect(pieces: Iterable[bytes], largest: int) -> tuple[bytes | IO[bytes], int]:
    """The whole body, of more than MEMORY_BYTES in a file without a name, and its length.

    Raises BodyTooLarge; StorageFull and Unavailable where there is no room for the file.
    """
    held: list[bytes] = []
    length = 0
    file: IO[bytes] | None = None
    try:
        for piece in pieces:
            length += len(piece)
            if length > largest:
                raise _too_large(largest)
            held.append(piece)
            if length > MEMORY_BYTES and file is None:
                file = _new_file()
            if file is not None:
                with _keeping():
                    file.writelines(held)
                held.clear()
        if file is None:
            return b"".join(held), length
        with _keeping():
            file.seek(0)
        return file, length
    except BaseException:
        if file is not None:
            with suppress(OSError):  # what did not fit is written once more, and lost
                file.close()
        raise


def _new_file() -> IO[bytes]:
    folder = Path(settings.SPOOL_DIR)
    with _keeping():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.TemporaryFile(dir=folder)  # closed after the answer


@contextmanager
def _keeping() -> Iterator[None]:
    """Raises StorageFull where the disk is full, Unavailable for what else the system refuses."""
    try:
        yield
    except OSError as fault:
        logger.error("an unpacked body could not be kept in %s: %s", settings.SPOOL_DIR, fault)
        raise machine_error(fault) or Unavailable("The server has no place for the body at the moment") from None


def _too_large(largest: int) -> BodyTooLarge:
    return BodyTooLarge(f"Body is larger than {largest} bytes when it is unpacked")
