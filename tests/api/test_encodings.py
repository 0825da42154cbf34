"""Bodies that are packed, or not in UTF-8: what libraries, proxies and spreadsheets send, to every kind of route."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from config.server.scope import PlainRequest
from tests.api_client import Answer
from tests.factories import Api

RECORD = json.dumps({"name": "Zoë"}).encode()
MAX_BODY_BYTES = 10 * 1024 * 1024


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def send(api: Api, body: bytes, encoding: str | None = None, content_type: str = "application/json") -> Answer:
    headers = {"Content_Type": content_type}
    return api.post("/rest/companies", body, **headers, **({} if encoding is None else {"Content_Encoding": encoding}))


def names(api: Api) -> list[str]:
    return [each["name"] for each in api.records("/rest/companies?order_by=createdAt")]


PACKINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip by its old name, in capitals": ("X-GZIP", gzip.compress),
    "gzip in two members": ("gzip", lambda body: gzip.compress(body[:7]) + gzip.compress(body[7:])),
    "gzip with zeros after it": ("gzip", lambda body: gzip.compress(body) + b"\0" * 512),
    "deflate as the standard has it": ("deflate", zlib.compress),
    "deflate as some clients send it": ("deflate", bare_deflate),
    "plain, and says so": ("identity", bytes),
}


def test_a_packed_record_is_created_as_it_was_written(api: Api) -> None:
    for name, (encoding, pack) in PACKINGS.items():
        answer = send(api, pack(RECORD), encoding)
        assert (answer.status, answer.body["data"]["createCompany"]["name"]) == (201, "Zoë"), name


REFUSALS = {
    "a coding nobody reads": ("br", RECORD, 415, 'Content-Encoding "br" is not supported: it is unknown'),
    "packed twice": (
        "gzip, gzip",
        gzip.compress(gzip.compress(RECORD)),
        415,
        'Content-Encoding "gzip, gzip" is not supported: it is packed more than once',
    ),
    "not packed at all": ("gzip", RECORD, 400, "The body is no gzip data"),
    "one byte": ("gzip", b"\x1f", 400, "The body is no gzip data"),
    "cut off": ("gzip", gzip.compress(RECORD)[:-9], 400, "The gzip data of the body ends before it is whole"),
    "a wrong checksum": ("gzip", gzip.compress(RECORD)[:-8] + b"\0" * 8, 400, "The body is no gzip data"),
    "something after it": (
        "deflate",
        zlib.compress(RECORD) + b"{}",
        400,
        "The body goes on after its deflate data has ended",
    ),
}


def test_a_body_that_cannot_be_unpacked_is_refused_and_nothing_is_written(api: Api) -> None:
    before = names(api)
    for name, (encoding, body, status, message) in REFUSALS.items():
        answer = send(api, body, encoding)
        assert (answer.status, answer.body["messages"][0]) == (status, message), name
        if status == 415:
            assert answer.headers["Accept-Encoding"] == "gzip, deflate"
            assert answer.body["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert names(api) == before


def test_the_limit_is_that_of_what_comes_out(api: Api) -> None:
    def sized(size: int) -> bytes:
        return b'{"name":"Ada"' + b" " * (size - 14) + b"}"

    assert send(api, gzip.compress(sized(MAX_BODY_BYTES)), "gzip").status == 201
    answer = send(api, gzip.compress(sized(MAX_BODY_BYTES + 1)), "gzip")
    assert (answer.status, answer.body["code"]) == (413, "BODY_TOO_LARGE")
    assert answer.body["messages"] == ["Body is larger than 10485760 bytes when it is unpacked"]


def test_a_bomb_costs_no_memory(api: Api) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = b"0" * 1024 * 1024
    bomb = b"".join([*(packer.compress(zeros) for _ in range(1000)), packer.flush()])
    assert len(bomb) < 1_100_000
    send(api, gzip.compress(RECORD), "gzip")
    tracemalloc.start()
    try:
        answer = send(api, bomb, "gzip")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == 413
    assert peak_bytes < len(bomb) * 4 + 2_000_000  # the client's own copies of what it sends are in it


def test_a_large_body_that_has_no_place_is_no_fault_of_the_client(api: Api, settings: Any, tmp_path: Path) -> None:
    """What is unpacked beyond 256 KB goes to a file; a disk that is full is asked in tests/ops/test_full_spool.py."""
    settings.SPOOL_DIR = str(tmp_path / "spool")
    (tmp_path / "spool").write_text("no folder")
    before = names(api)
    large = gzip.compress(RECORD + b" " * 300_000)
    answer = send(api, large, "gzip")
    assert (answer.status, answer.body["code"]) == (503, "UNAVAILABLE")
    assert names(api) == before
    (tmp_path / "spool").unlink()
    assert send(api, large, "gzip").status == 201
    assert list((tmp_path / "spool").iterdir()) == []  # it has no name


def test_a_bomb_of_empty_members_is_refused(api: Api) -> None:
    answer = send(api, gzip.compress(b"", mtime=0) * 100_001, "gzip")
    assert (answer.status, answer.body["messages"]) == (400, ["The body goes on after its gzip data has ended"])


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_graphql_is_unpacked_too(api: Api, path: str) -> None:
    packed = gzip.compress(b'{"query":"{ __typename }"}')
    assert api.post(path, packed, Content_Encoding="gzip").body == {"data": {"__typename": "Query"}}
    refused = api.post(path, packed, Content_Encoding="zstd")
    assert (refused.status, refused.body["errors"][0]["message"]) == (
        415,
        'Content-Encoding "zstd" is not supported: it is unknown',
    )


def test_the_smaller_limit_of_metadata_holds_for_what_comes_out(api: Api) -> None:
    body = json.dumps({"query": "{ __typename }" + " " * 1_100_000}).encode()
    assert api.post("/metadata", gzip.compress(body), Content_Encoding="gzip").status == 413
    assert api.post("/graphql", gzip.compress(body), Content_Encoding="gzip").status == 200


def test_settings_of_the_data_model_may_be_packed(api: Api) -> None:
    webhook = {"targetUrl": "https://example.com/hook"}
    answer = api.post("/rest/metadata/webhooks", gzip.compress(json.dumps(webhook).encode()), Content_Encoding="gzip")
    assert (answer.status, answer.body["targetUrl"]) == (201, "https://example.com/hook")


def test_an_import_is_unpacked_as_it_is_read(api: Api) -> None:
    lines = b"name,employees\r\n" + b"".join(b"Company %d,%d\r\n" % (each, each) for each in range(700))
    answer = api.post("/rest/companies/import", gzip.compress(lines), Content_Type="text/csv", Content_Encoding="gzip")
    assert answer.status == 200, answer.body
    assert answer.body["data"]["import"]["created"] == 700


def test_an_import_that_hardly_packs_is_whole(api: Api) -> None:
    """Where what comes out is shorter than what was sent."""
    answer = api.post(
        "/rest/companies/import", gzip.compress(b"name\nA\n", 0), Content_Type="text/csv", Content_Encoding="gzip"
    )
    assert answer.body["data"]["import"]["created"] == 1


def test_a_broken_import_writes_nothing(api: Api) -> None:
    before = names(api)
    packed = gzip.compress(b"name\n" + b"".join(b"Company %d\n" % each for each in range(40)))
    headers = {"Content_Type": "text/csv", "Content_Encoding": "gzip"}
    assert api.post("/rest/companies/import", b"name\nA\n", **headers).status == 400
    cut = api.post("/rest/companies/import", packed[:-12], **headers)
    report = cut.body.get("data", {}).get("import")
    assert cut.status == 400 or (report["created"] == 0 and report["stopped"]), cut.body
    assert names(api) == before


def test_an_upload_may_be_packed(api: Api) -> None:
    form = encode_multipart(
        BOUNDARY, {"fieldMetadataId": "person.avatarFile", "file": SimpleUploadedFile("a.txt", b"content")}
    )
    answer = api.post(
        "/rest/metadata/files", gzip.compress(form), Content_Type=MULTIPART_CONTENT, Content_Encoding="gzip"
    )
    assert answer.status == 201, answer.body
    made = answer.body["data"]["createOneFile"]
    assert (made["name"], made["size"]) == ("a.txt", 7)


# Charsets ---------------------------------------------------------------------------------------------------------

CHARSETS = [
    "utf-8",
    "UTF-8",
    '"utf8"',
    "iso-8859-1",
    "latin1",
    "windows-1252",
    "utf-16",
    "utf-16le",
    "utf-16be",
    "utf-32",
]


def test_a_charset_that_is_named_is_read(api: Api) -> None:
    for charset in CHARSETS:
        body = '{"name":"Zoë"}'.encode(charset.strip('"'))
        answer = send(api, body, content_type=f"application/json; charset={charset}")
        assert (answer.status, answer.body["data"]["createCompany"]["name"]) == (201, "Zoë"), charset


def test_a_charset_that_is_not_read_is_named_in_the_refusal(api: Api) -> None:
    before = names(api)
    for charset in ("utf-7", "koi8-r", "idna", "nothing", "x" * 300):
        for path in ("/rest/companies", "/graphql", "/metadata", "/rest/companies/import"):
            answer = api.post(path, RECORD, Content_Type=f"application/json; charset={charset}")
            assert answer.status == 415
            assert f'The charset \\"{charset}\\" is not supported' in json.dumps(answer.body)
    assert names(api) == before


def test_a_body_that_is_not_in_its_charset_is_refused(api: Api) -> None:
    answer = send(api, b'{"name":"Zo\xff', content_type="application/json; charset=utf-16")
    assert (answer.status, answer.body["messages"]) == (
        400,
        ['The body is not in the charset "utf-16" that Content-Type names'],
    )


def test_packed_and_in_another_charset(api: Api) -> None:
    answer = send(api, gzip.compress('{"name":"Zoë"}'.encode("utf-16")), "gzip", "application/json; charset=utf-16")
    assert (answer.status, answer.body["data"]["createCompany"]["name"]) == (201, "Zoë")


def test_a_spreadsheet_of_windows_is_imported(api: Api) -> None:
    body = "name\r\nCafé €\r\n".encode("cp1252")
    answer = api.post("/rest/companies/import", body, Content_Type="text/csv; charset=windows-1252")
    assert answer.body["data"]["import"]["created"] == 1
    assert "Café €" in names(api)


def test_a_form_says_no_charset(api: Api) -> None:
    form = encode_multipart(BOUNDARY, {"query": "{ __typename }"})
    answer = api.post("/graphql", form, Content_Type=f"{MULTIPART_CONTENT}; charset=latin1")
    assert answer.status == 415
    assert api.post("/graphql", form, Content_Type=f"{MULTIPART_CONTENT}; charset=utf-8").status == 200


def test_the_charset_of_no_body_says_nothing(api: Api) -> None:
    for charset in ("utf-16", "nothing"):
        for path in ("/rest/companies?limit=1", "/rest/metadata/objects?limit=1", "/graphql?query={__typename}"):
            assert api.get(path, Content_Type=f"application/json; charset={charset}").status == 200


def test_a_byte_order_mark_is_passed_over(api: Api) -> None:
    for path in ("/graphql", "/metadata"):
        for content_type in ("application/json", "application/graphql", "text/plain", ""):
            body = b"{ __typename }" if content_type == "application/graphql" else b'{"query":"{ __typename }"}'
            answer = api.post(path, b"\xef\xbb\xbf" + body, Content_Type=content_type)
            assert answer.body == {"data": {"__typename": "Query"}}


def test_a_record_may_begin_with_a_byte_order_mark(api: Api) -> None:
    assert send(api, b"\xef\xbb\xbf" + RECORD).status == 201
    webhook = b'\xef\xbb\xbf{"targetUrl":"https://example.com/"}'
    assert api.post("/rest/metadata/webhooks", webhook).status == 201


def test_utf_16_that_nobody_announced_is_told_by_its_mark(api: Api) -> None:
    answer = send(api, RECORD.decode().encode("utf-16"))
    assert (answer.status, answer.body["messages"]) == (
        400,
        ["The body begins like UTF-16; send UTF-8, or name the charset in Content-Type"],
    )


@pytest.mark.parametrize(
    "content_type", ["a/b; charset=hex", "a/b; charset=zlib_codec", "a/b; title*=hex''%41", "a/b; =;;"]
)
def test_no_content_type_keeps_a_request_from_being_made(content_type: str) -> None:
    request = PlainRequest(
        {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO(), "QUERY_STRING": "a=%C3%A9", "CONTENT_TYPE": content_type}
    )
    assert (request.GET["a"], request.content_type) == ("é", "a/b")


def test_pages_refuse_it_as_a_page(client: Any) -> None:
    answer = client.post("/settings/login", b"x", content_type="text/plain", headers={"Content-Encoding": "br"})
    assert answer.status_code == 415
    assert answer["Content-Type"].startswith("text/html")
