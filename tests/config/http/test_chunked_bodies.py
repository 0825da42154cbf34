"""A body sent in chunks arrives whole; PEP 3333 servers say `wsgi.input_terminated` when they can end it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings as django_settings

from config.http.chunked_bodies import ChunkedBodies


def received(environ: dict[str, Any]) -> bytes:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]

    return b"".join(ChunkedBodies(application)(environ, lambda *_: None))


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


@pytest.mark.parametrize(
    ("environ", "body"),
    [
        (CHUNKED, b'{"a":1}'),
        ({"CONTENT_LENGTH": "3"}, b'{"a'),
        (CHUNKED | {"CONTENT_LENGTH": "3"}, b'{"a'),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, b""),  # such a server's input may never end
        ({}, b""),
    ],
    ids=["chunked", "with a length", "with both", "input without an end", "without a body"],
)
def test_body(environ: dict[str, Any], body: bytes) -> None:
    assert received({"wsgi.input": BytesIO(b'{"a":1}'), **environ}) == body


def test_no_more_is_read_than_shows_that_it_is_too_much(settings: Any) -> None:
    settings.MAX_BODY_BYTES = 10
    assert len(received({"wsgi.input": BytesIO(b"x" * 100), **CHUNKED})) == django_settings.MAX_BODY_BYTES + 1 == 11


def test_a_form_may_hold_a_file(settings: Any) -> None:
    settings.MAX_BODY_BYTES, settings.MAX_UPLOAD_BYTES = 10, 50
    environ = {"CONTENT_TYPE": "multipart/form-data; boundary=x", **CHUNKED}
    assert len(received({"wsgi.input": BytesIO(b"x" * 100), **environ})) == 51


def test_a_file_to_import_is_passed_on_as_it_arrives(settings: Any) -> None:
    settings.MAX_BODY_BYTES, settings.MAX_IMPORT_BYTES = 10, 1000
    file = BytesIO(b"x" * 100)
    environ = {"wsgi.input": file, "PATH_INFO": "/rest/people/import", **CHUNKED}
    assert received(environ) == b"x" * 100
    assert environ["CONTENT_LENGTH"] == "1001"  # one more than is taken, so that more is noticed
    assert environ["wsgi.input"] is file
