"""Requests as nobody would write them: encodings, charsets, content types, paths and methods at random, half broken.

None is answered with a fault of ours, and what programs are refused with is JSON in the shape of the API. A failing run
prints its seed; RANDOM_SEED=<seed> runs that one alone.
"""

from __future__ import annotations

import bz2
import gzip
import json
import random
import zlib
from collections import Counter
from typing import Any

import pytest
from django.test.client import BOUNDARY, Client, encode_multipart

from config.server.scope import PlainRequest
from tests.chance import seeds
from tests.factories import Api

REQUESTS = 600  # of one seed
MISSING = "00000000-0000-4000-8000-000000000000"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "X")
RECORD = {"name": "Zoë", "employees": 3}
HOOK = {"targetUrl": "https://example.com/", "operations": ["company.*"], "secret": "s"}
QUERY = {"query": "query ($v: Int) { __typename companies(first: $v) { totalCount } }", "variables": {"v": 1}}
UPLOAD = {"operations": json.dumps(QUERY), "map": '{"0": ["variables.v"]}', "query": "{ __typename }"}
SCENES: tuple[tuple[str, str, Any, str], ...] = (  # method, path, body, content type
    ("POST", "/rest/companies", RECORD, "application/json"),
    ("POST", "/rest/batch/companies", [RECORD, RECORD], "application/json"),
    ("PATCH", f"/rest/companies/{MISSING}", RECORD, "application/json"),
    ("POST", "/rest/companies/import", b"name,employees\nA,1\nB,2\n", "text/csv"),
    ("POST", "/rest/companies/import?format=jsonl&on_error=continue", b'{"name":"A"}\n5\n[]\n', "application/x-ndjson"),
    ("POST", "/graphql", QUERY, "application/json"),
    ("POST", "/graphql", b"{ __typename }", "application/graphql"),
    ("POST", "/graphql", b"query=%7B__typename%7D", "application/x-www-form-urlencoded"),
    ("POST", "/metadata", {"query": "{ __typename objects { edges { node { id } } } }"}, "application/json"),
    ("POST", "/metadata", encode_multipart(BOUNDARY, UPLOAD), f"multipart/form-data; boundary={BOUNDARY}"),
    ("POST", "/rest/metadata/files", encode_multipart(BOUNDARY, UPLOAD), f"multipart/form-data; boundary={BOUNDARY}"),
    ("POST", "/rest/metadata/webhooks", HOOK, "application/json"),
    ("PATCH", f"/rest/metadata/webhooks/{MISSING}", HOOK, "application/json"),
    ("GET", "/rest/webhooks?limit=2", None, ""),
    ("GET", "/rest/apiKeys?limit=2", None, ""),
    ("POST", "/rest/metadata/apiKeys", {"name": "x", "expiresAt": "2099-01-01"}, "application/json"),
    ("PATCH", "/rest/metadata/workspace", {"displayName": "x", "trashRetentionDays": 14}, "application/json"),
    ("POST", "/rest/metadata/objects", {"nameSingular": "id"}, "application/json"),
    ("GET", "/open-api/core", None, ""),
    ("GET", "/nothing", None, ""),
    ("POST", "/settings/login", b"email=a%40b.c&password=x", "application/x-www-form-urlencoded"),
)
ENCODINGS = ("gzip", "x-gzip", "deflate", "identity", "br", "gzip, gzip", "", ",", "GZIP ,identity", "\x01", "é", "*")
CHARSETS = (
    "utf-8", "UTF8", "latin1", "utf-16", "utf-16be", "utf-32", "cp1252", "utf-7", "hex", "rot13", "zip", "idna",
    "undefined", "unicode_escape", "punycode", "charmap", "mbcs", "", '"', "utf-8'en'x", "é", "x" * 5000, "..", "a/b",
)  # fmt: skip
TYPES = (
    "", "application/json", "text/plain", "application/graphql", "text/csv", "application/x-ndjson", "multipart/mixed",
    "multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'b' * 300}",
    "application/x-www-form-urlencoded", ";", "/", "a/b; c*=hex''%41", "a/b; c*0=x; c*1=y", "*/*", "application/json,text/csv",
)  # fmt: skip
ACCEPTS = ("*/*", "application/json", "application/graphql-response+json", "text/html", "a/b;q=x", "", ";;q=,,")
TAILS = (
    "/",
    "//",
    "/.",
    "/..",
    "/%2F",
    "%00",
    "%ff",
    "/ ",
    ";a=b",
    "/%",
    "?limit=",
    "?limit=9e9",
    "?%ff=%00",
    "#x",
    "/\u202e",
)
PACKERS = (gzip.compress, zlib.compress, lambda body: zlib.compress(body)[2:-4], bz2.compress)
RECODED = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-8-sig")


class Chance:
    """A request at random: one that is meant well, with so many mishaps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def maybe(self, share: float) -> bool:
        return self.random.random() < share

    def request(self) -> tuple[str, str, bytes, str, dict[str, str]]:
        pick = self.random.choice
        method, path, body, content_type = pick(SCENES)
        content = (
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        )
        headers: dict[str, str] = {}
        if self.maybe(0.15):
            method = pick(METHODS)
        if self.maybe(0.3):
            path, _, query = path.partition("?")
            path += pick(TAILS) + ("?" + query if query and self.maybe(0.5) else "")
        if self.maybe(0.3):
            content_type = pick(TYPES)
        if self.maybe(0.3):
            content_type += "; charset=" + pick(CHARSETS)
        if self.maybe(0.2):
            content = content.decode("utf-8", "replace").encode(pick(RECODED), "replace")
        if self.maybe(0.4):
            content = pick(PACKERS)(content)
        if self.maybe(0.5):
            headers["Content-Encoding"] = pick(ENCODINGS)
        if self.maybe(0.25):
            content = self.broken(content)
        if self.maybe(0.3):
            headers["Accept"] = pick(ACCEPTS)
        return method, path, content, content_type, headers

    def broken(self, content: bytes) -> bytes:
        place = self.random.randrange(len(content) + 1)
        match self.random.randrange(4):
            case 0:
                return content[:place]
            case 1:
                return content[:place] + self.random.randbytes(3) + content[place:]
            case 2:
                return content[:place] + bytes([self.random.randrange(256)]) + content[place + 1 :]
            case _:
                return content * 3


@pytest.fixture
def unlimited(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No rates; and requests made as our servers make them."""
    for name in ("SHORT", "LONG", "WORKSPACE", "ADDRESS"):
        setattr(settings, f"RATE_LIMIT_{name}", (0, 1.0))
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = 0
    monkeypatch.setattr("django.test.client.WSGIRequest", PlainRequest)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", seeds(1, 2, 3))
def test_no_request_is_answered_with_a_fault(api: Api, unlimited: None, seed: int) -> None:
    print(f"RANDOM_SEED={seed}")
    chance = Chance(seed)
    client = Client(raise_request_exception=False)
    statuses: Counter[int] = Counter()
    for _ in range(REQUESTS):
        asked = method, path, content, content_type, headers = chance.request()
        token = {} if chance.maybe(0.05) else {"Authorization": f"Bearer {api.token}"}
        response = client.generic(method, path, content, content_type, headers={**headers, **token})
        statuses[response.status_code] += 1
        assert response.status_code < 500, (asked, response.content)
        is_page = path.startswith(("/settings", "/nothing"))  # refused there before anybody looks at the path
        if response.status_code >= 400 and method != "HEAD" and not is_page:
            assert response["Content-Type"].partition(";")[0].endswith("json"), (asked, response.status_code)
            body = json.loads(response.content)
            assert "errors" in body or body["statusCode"] == response.status_code, asked
    assert statuses[200] + statuses[201] > REQUESTS // 10, statuses  # not all of it is refused at the door
    assert {400, 404, 415} <= statuses.keys(), statuses
