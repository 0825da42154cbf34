"""What one process holds of bodies, and how long an upload may take: at the edge, and one byte more.

A server with one process whose bounds are small.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ops.wire import PATIENCE_S, Answer, Wire, in_chunks, request
from tests.server import running

pytestmark = pytest.mark.alone

BUFFERED_BYTES, SPOOLED_BYTES, UPLOAD_S = 100_000, 300_000, 1.5
ENVIRONMENT = {
    "WORKERS": "1",
    "WORKER_MAX_RSS_MB": "0",
    "MAX_BUFFERED_BYTES": str(BUFFERED_BYTES),
    "MAX_SPOOLED_BYTES": str(SPOOLED_BYTES),
    "UPLOAD_TIMEOUT_S": str(UPLOAD_S),
}


@dataclass(frozen=True, slots=True)
class Small:
    port: int
    token: str
    spool: Path

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        return request(method, path, body, Authorization=f"Bearer {self.token}", **headers)

    def ask(self, data: bytes) -> Answer:
        wire = Wire(self.port)
        try:
            return wire.send(data).answer()
        finally:
            wire.close()

    def count(self) -> int:
        count: int = self.ask(self.request("GET", "/rest/companies?limit=1")).json["totalCount"]
        return count

    def file_sizes(self) -> list[int]:
        """Of the files without a name that the server holds in its spool folder."""
        sizes = []
        for each in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = os.readlink(each)
                if target.startswith(str(self.spool)) and not target.endswith("/lock"):
                    sizes.append(each.stat().st_size)
            except OSError:  # it ended meanwhile, or is another user's
                continue
        return sizes


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    folder = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    folder.chmod(0o755)
    spool = folder / "spool"
    try:
        with running(folder / "data", "--no-assets", SPOOL_DIR=str(spool), **ENVIRONMENT) as server:
            yield Small(int(server.url.rpartition(":")[2]), server.demo["api_token"], spool)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def padded(name: str, size: int) -> bytes:
    body = json.dumps({"name": name}).encode()
    return body + b" " * (size - len(body))


def test_what_fits_into_memory_stays_there_and_one_byte_more_goes_to_a_file(small: Small) -> None:
    body = padded("Edge", BUFFERED_BYTES + 2)
    wire = Wire(small.port)
    head = small.request("POST", "/rest/companies", Content_Length=str(len(body)))
    wire.send(head + body[:BUFFERED_BYTES])
    before = small.count()  # by when those have been read
    assert small.file_sizes() == []
    wire.send(body[BUFFERED_BYTES : BUFFERED_BYTES + 1])
    until(lambda: small.file_sizes() == [BUFFERED_BYTES + 1])  # had any gone before, the last would be in memory
    wire.send(body[-1:])
    answer = wire.answer()
    wire.close()
    assert (answer.status, answer.json["data"]["createCompany"]["name"]) == (201, "Edge")
    assert small.count() == before + 1
    until(lambda: small.file_sizes() == [])


def test_bodies_that_arrive_together_share_the_memory(small: Small) -> None:
    body = padded("Half", BUFFERED_BYTES)
    head = small.request("POST", "/rest/companies", Content_Length=str(len(body)))
    wires = [Wire(small.port).send(head + body[: BUFFERED_BYTES // 2]) for _ in range(2)]
    small.count()
    assert small.file_sizes() == []  # the two are as much as may be held
    for wire in wires:
        wire.send(body[BUFFERED_BYTES // 2 : -1])
    until(lambda: len(small.file_sizes()) > 0)
    for wire in wires:
        assert wire.send(body[-1:]).answer().status == 201
        wire.close()
    until(lambda: small.file_sizes() == [])


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "in chunks"])
def test_what_fits_into_files_is_taken_and_one_byte_more_is_not(small: Small, is_chunked: bool) -> None:
    def send(size: int) -> Answer:
        body, bearer = padded("Spooled", size), f"Bearer {small.token}"
        if is_chunked:
            return small.ask(in_chunks("POST", "/rest/companies", body, Authorization=bearer))
        return small.ask(request("POST", "/rest/companies", body, Authorization=bearer))

    assert send(SPOOLED_BYTES).status == 201
    until(lambda: small.file_sizes() == [])
    before = small.count()
    refused = send(SPOOLED_BYTES + 1)
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert (refused.json["code"], refused.json["messages"]) == (
        "OVERLOADED",
        ["The server holds as many large bodies as it may"],
    )
    assert small.count() == before
    assert send(SPOOLED_BYTES).status == 201  # what the refused one took is free


def test_an_upload_has_its_own_time_in_all_however_steadily_it_moves(small: Small) -> None:
    before = small.count()
    lines = b"name\n" + b"Imported\n"
    path = "/rest/companies/import?format=csv"
    done = small.ask(small.request("POST", path, lines, Content_Type="text/csv"))
    assert done.json["data"]["import"]["created"] == 1

    slow = Wire(small.port).send(small.request("POST", path, Content_Length="1000", Content_Type="text/csv"))
    other = Wire(small.port).send(small.request("POST", "/rest/companies", Content_Length="1000"))
    body, sent, began = padded("Slow", 1000), 0, time.monotonic()
    while time.monotonic() - began < UPLOAD_S + 1.0:  # the server looks four times a second
        try:
            slow.send(lines[sent : sent + 1] or b" ")
        except OSError:
            pass  # it has been refused
        other.send(body[sent : sent + 1])
        sent += 1
        time.sleep(0.1)
    late = slow.answer()
    assert (late.status, late.json["code"]) == (408, "REQUEST_TIMEOUT")
    assert late.json["messages"] == [f"The body took longer than {UPLOAD_S:g} s"]
    assert other.send(body[sent:]).answer().status == 201  # for JSON it is BODY_TIMEOUT_S
    for wire in (slow, other):
        wire.close()
    assert small.count() == before + 2
