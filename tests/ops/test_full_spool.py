"""A disk that fills up while a request is read: 507 with the documented body, and the server goes on."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ops.wire import Answer, Wire, in_chunks, request
from tests.server import running

pytestmark = pytest.mark.alone

SIZE_BYTES, INODES = 1024 * 1024, 40


@dataclass(frozen=True, slots=True)
class Full:
    """A server whose bodies go to a file system of 1 MB."""

    port: int
    token: str
    disk: Path

    def send(
        self, body: bytes | None, path: str = "/rest/companies", *, is_chunked: bool = False, **headers: str
    ) -> Answer:
        make = (lambda *rest, **more: in_chunks(*rest, 64 * 1024, **more)) if is_chunked else request
        method = "GET" if body is None else "POST"
        wire = Wire(self.port)
        try:
            return wire.send(make(method, path, body, Authorization=f"Bearer {self.token}", **headers)).answer()
        finally:
            wire.close()

    def companies(self) -> int:
        count: int = self.send(None, "/rest/companies?limit=1").json["totalCount"]
        return count


@pytest.fixture(scope="module")
def full() -> Iterator[Full]:
    folder = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    folder.chmod(0o755)
    disk = folder / "disk"
    disk.mkdir()
    options = f"size={SIZE_BYTES},nr_inodes={INODES}"
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True)
    except FileNotFoundError:
        mounted = None
    if mounted is None or mounted.returncode:
        shutil.rmtree(folder)
        pytest.skip("a small file system can be mounted by root only")
    try:
        spool = str(disk / "spool")
        with running(folder / "data", "--no-assets", WORKERS="1", SPOOL_DIR=spool) as server:
            yield Full(int(server.url.rpartition(":")[2]), server.demo["api_token"], disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def padded(name: str, size: int) -> bytes:
    body = json.dumps({"name": name}).encode()
    return body + b" " * (size - len(body))


def is_refused_as_documented(answer: Answer) -> None:
    body = answer.json
    body.pop("requestId")
    assert (answer.status, body) == (
        507,
        {
            "statusCode": 507,
            "error": "InsufficientStorageException",
            "messages": ["No space is left on the server's disk"],
            "code": "STORAGE_FULL",
            "hint": "Free or add disk space, then try again.",
        },
    )


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_body_that_does_not_fit_on_the_disk_is_answered_507_and_the_next_is_taken(
    full: Full, is_chunked: bool
) -> None:
    assert full.send(padded("Fits", SIZE_BYTES // 2), is_chunked=is_chunked).status == 201
    for _ in range(3):
        is_refused_as_documented(full.send(padded("Does not fit", 3 * SIZE_BYTES), is_chunked=is_chunked))
        assert full.send(padded("Fits", SIZE_BYTES // 2), is_chunked=is_chunked).status == 201  # what it took is free


def as_document(name: str, size: int) -> bytes:
    document = f'mutation {{ createCompany(data: {{name: "{name}"}}) {{ id }} }}'
    body = json.dumps({"query": document}).encode()
    return body + b" " * (size - len(body))


PACKED: dict[str, tuple[Callable[[bytes], bytes], dict[str, str]]] = {
    "gzip": (lambda body: gzip.compress(body, 1), {"Content_Encoding": "gzip"}),
    "deflate": (lambda body: zlib.compress(body, 1), {"Content_Encoding": "deflate"}),
    "another charset": (
        lambda body: gzip.compress(body.decode().encode("utf-16"), 1),
        {"Content_Encoding": "gzip", "Content_Type": "application/json; charset=utf-16"},
    ),
}


@pytest.mark.parametrize("form", PACKED)
def test_a_body_that_does_not_fit_once_it_is_unpacked_is_answered_507(full: Full, form: str) -> None:
    """A few kilobytes arrive, so nothing of them is on the disk before."""
    pack, headers = PACKED[form]
    headers = {"Content_Type": "application/json", **headers}
    before = full.companies()
    for _ in range(3):
        is_refused_as_documented(full.send(pack(padded("Does not fit", 3 * SIZE_BYTES)), **headers))
    refused = full.send(pack(as_document("Does not fit", 3 * SIZE_BYTES)), "/graphql", **headers)
    [error] = refused.json["errors"]
    assert error["extensions"]["subCode"] == "STORAGE_FULL", refused
    assert full.companies() == before
    assert full.send(pack(padded("Fits", SIZE_BYTES // 2)), **headers).status == 201  # what they took is free
    assert full.companies() == before + 1


def test_a_packed_body_for_which_no_file_can_be_made_is_answered_507(full: Full) -> None:
    pack, headers = PACKED["gzip"]
    before = full.companies()
    with no_file_more(full):
        is_refused_as_documented(full.send(pack(padded("No file", SIZE_BYTES // 2)), **headers))
    assert full.companies() == before
    assert full.send(pack(padded("A file", SIZE_BYTES // 2)), **headers).status == 201


@contextmanager
def no_file_more(full: Full) -> Iterator[None]:
    """Inside, the disk has room but takes no further file."""
    deadline = time.monotonic() + 10
    while (room := os.statvfs(full.disk)).f_bfree < room.f_blocks:  # bodies go when they have been answered
        assert time.monotonic() < deadline
        time.sleep(0.02)
    fillers = []
    try:
        for number in range(2 * INODES):
            filler = full.disk / f"filler{number}"
            filler.touch()
            fillers.append(filler)
    except OSError:  # no file more
        pass
    try:
        yield
    finally:
        for each in fillers:
            each.unlink()


def test_a_body_for_which_no_file_can_be_made_is_answered_507(full: Full) -> None:
    before = full.companies()
    with no_file_more(full):
        is_refused_as_documented(full.send(padded("No file", SIZE_BYTES // 2)))
    assert full.companies() == before
    assert full.send(padded("A file", SIZE_BYTES // 2)).status == 201
