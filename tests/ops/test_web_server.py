"""The web server as `make run` starts it, asked by clients that send half, slowly or too much, do not read, or go.

One server with one process and short deadlines. It trusts 127.0.0.1 as a proxy: so the tests' own connections are
exempt from the limit per address, and X-Forwarded-For says whose a request is.
"""

from __future__ import annotations

import gzip
import json
import os
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from config.server.embedded_postgres import EmbeddedPostgres
from tests.ops.wire import Answer, Wire, in_chunks, request
from tests.server import ROOT, free_port, running

pytestmark = pytest.mark.alone  # compares times, and fills the machine

MAX_BODY_BYTES = 10 * 1024 * 1024
IDLE_S, TOTAL_S, READER_S, QUEUE_S = 2, 4, 2, 2
MOST_UNFINISHED, QUEUE = 3, 60
ENVIRONMENT = {
    "WORKERS": "1",
    "TRUSTED_PROXIES": "127.0.0.1",
    "HEADER_TIMEOUT_S": str(IDLE_S),
    "BODY_IDLE_TIMEOUT_S": str(IDLE_S),
    "BODY_TIMEOUT_S": str(TOTAL_S),
    "ANSWER_IDLE_TIMEOUT_S": str(READER_S),
    "MAX_UNFINISHED_PER_ADDRESS": str(MOST_UNFINISHED),
    "MAX_URL_BYTES": "1000",
    "MAX_HEADER_BYTES": "4000",
    "LOCK_FIRST_WAIT_MS": "60000",  # who waits for a lock keeps its thread: how these tests make one busy
    "LOCK_TIMEOUT_MS": "60000",
    "REQUEST_QUEUE": str(QUEUE),
    "RELIEF_THREADS": "1",
    "REQUEST_QUEUE_TIMEOUT_S": str(QUEUE_S),
    "WORKER_MAX_RSS_MB": "0",
    "API_RATE_LIMITING_ADDRESS_LIMIT": "3",
}


@dataclass(frozen=True, slots=True)
class Edge:
    port: int
    token: str
    data_dir: Path
    log: Path

    def wire(self, **options: Any) -> Wire:
        return Wire(self.port, **options)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        return request(method, path, body, Authorization=f"Bearer {self.token}", **headers)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        wire = self.wire()
        try:
            return wire.send(self.request(method, path, body, **headers)).answer(to_head=method == "HEAD")
        finally:
            wire.close()

    def half(self, path: str = "/rest/companies", announced: int = 100, **headers: str) -> Wire:
        """A request whose body does not arrive."""
        head = self.request("POST", path, Content_Length=str(announced), **headers)
        return self.wire().send(head + b'{"name": ')

    def workers(self) -> list[int]:
        """The processes that answer, the oldest first."""
        return sorted(
            int(each.name)
            for each in Path("/proc").iterdir()
            if each.name.isdigit() and _serves(each, self.port) and _serves(_parent(each), self.port)
        )

    def rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self.workers()[0]}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000

    @contextmanager
    def database(self) -> Iterator[Any]:
        connection = psycopg2.connect(EmbeddedPostgres(self.data_dir).url)
        try:
            yield connection
        finally:
            connection.close()


def _serves(process: Path, port: int) -> bool:
    """Whether it is granian on that port, or one of its children."""
    try:
        command = (process / "cmdline").read_text().split("\0")
    except OSError:
        return False
    return "config.server.granian" in command and str(port) in command


def _parent(process: Path) -> Path:
    try:
        return process.parent / (process / "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return process / "gone"


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with serving() as edge:
        yield edge


@contextmanager
def serving(**environment: str) -> Iterator[Edge]:
    folder = Path(tempfile.mkdtemp(prefix="fourgate-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with running(folder, "--no-assets", **ENVIRONMENT | environment) as server:
            yield Edge(int(server.url.rpartition(":")[2]), server.demo["api_token"], folder, server.log)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def company(edge: Edge) -> str:
    return edge.ask("GET", "/rest/companies?limit=1").json["data"]["companies"][0]["id"]


@pytest.fixture(scope="module")
def much(edge: Edge) -> int:
    """People whose export is longer than what the system keeps for a reader; gives their number."""
    for _ in range(2):
        people = [{"name": {"firstName": "Much"}, "jobTitle": "x" * 100_000} for _ in range(60)]
        assert edge.ask("POST", "/rest/batch/people", json.dumps(people).encode()).status == 201
    return 120


LARGE_PAGE = "/rest/people?limit=60&filter=name.firstName%5Beq%5D%3AMuch"  # 6 MB


def until(fact: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count_of(edge: Edge, name: str) -> int:
    path = f"/rest/companies?filter=name%5Beq%5D%3A{name}"
    return edge.ask("GET", path).json["totalCount"]


# Packed, in another charset, and said strangely --------------------------------------------------------------


def test_a_packed_body_is_read_whole_or_in_chunks(edge: Edge) -> None:
    headers = {"Content_Type": "application/json", "Content_Encoding": "gzip"}
    for name in ("Packed", "PackedAndLarge"):
        body = b'{"name":"%s"%s}' % (name.encode(), b" " * (3_000_000 if "Large" in name else 0))
        assert edge.ask("POST", "/rest/companies/", gzip.compress(body), **headers).status == 201
        wire = edge.wire()
        wire.send(
            in_chunks(
                "POST", "/rest/companies", gzip.compress(body), 700, Authorization=f"Bearer {edge.token}", **headers
            )
        )
        assert wire.answer().status == 201
        wire.close()
        assert count_of(edge, name) == 2
    assert not list((edge.data_dir / "spool").glob("*/*[!k]")), "files of bodies have no names"


def test_bombs_delay_nobody_and_take_no_memory(edge: Edge) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = b" " * 2**20
    bomb = b"".join([*(packer.compress(zeros) for _ in range(1000)), packer.flush()])
    memory_mb = edge.rss_mb()
    for path in ("/rest/companies", "/graphql", "/metadata", "/rest/metadata/webhooks"):
        answer = edge.ask("POST", path, bomb, Content_Type="application/json", Content_Encoding="gzip")
        assert answer.status == 413
    assert edge.rss_mb() <= memory_mb + 32


def test_no_content_type_breaks_a_connection_off(edge: Edge) -> None:
    for content_type in ("a/b; charset=hex", "a/b; c*=hex''%41", "a/b; charset=", ";", "multipart/form-data"):
        wire = edge.wire()
        for _ in range(2):
            answer = wire.send(edge.request("GET", "/rest/companies?limit=1", Content_Type=content_type)).answer()
            assert answer.status == 200, content_type
        wire.close()


# Slow and half-sent ---------------------------------------------------------------------------------------


def test_two_hundred_slow_clients_delay_nobody(edge: Edge, company: str, much: int) -> None:
    def times_of(path: str, seconds: float) -> list[float]:
        wire, taken = edge.wire(), []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.monotonic()
            assert wire.send(edge.request("GET", path)).answer().status == 200
            taken.append(time.monotonic() - started)
        wire.close()
        return taken

    one = f"/rest/companies/{company}"
    median_s = statistics.median(times_of(one, 1.0))
    assert len(edge.ask("GET", LARGE_PAGE).body) > 6_000_000
    memory_mb = edge.rss_mb()

    readers = []
    for _ in range(50):  # before the others, whose time ends at once: that alone can fill this server's short queue
        readers.append(edge.wire(receive_bytes=2048).send(edge.request("GET", LARGE_PAGE)))
        assert readers[-1].head()[0] == 200
    half_heads = [edge.wire().send(edge.request("GET", one)[:-10]) for _ in range(50)]
    dripping_heads = half_heads[:25]
    half_bodies = [edge.half() for _ in range(50)]
    dripping = [edge.half() for _ in range(50)]
    stopped = threading.Event()

    def drip() -> None:
        while not stopped.wait(1.0):
            for wire in (*dripping, *dripping_heads):
                try:
                    wire.send(b"x" if wire in dripping_heads else b" ")
                except OSError:
                    pass

    dripper = threading.Thread(target=drip)
    dripper.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            health, reads = pool.map(times_of, ["/healthz", one], [6.0, 6.0])
    finally:
        stopped.set()
        dripper.join()
    assert max(health) <= 1.0
    assert statistics.quantiles(reads, n=20)[-1] <= 5 * median_s
    assert edge.rss_mb() <= memory_mb + 64

    assert all(wire.is_ended() for wire in half_heads)  # in HEADER_TIMEOUT_S
    assert {wire.answer().status for wire in half_bodies} == {408}
    assert {wire.answer().status for wire in dripping} == {408}
    for wire in (*half_heads, *half_bodies, *dripping, *readers):
        wire.close()


def test_a_body_that_stops_is_answered_408_in_the_rest_shape(edge: Edge) -> None:
    wire = edge.half(X_Request_Id="slow-1")
    answer = wire.answer()
    assert answer.status == 408
    assert answer.json == {
        "statusCode": 408,
        "error": "RequestTimeoutException",
        "messages": [f"Nothing of the body arrived for {IDLE_S} s"],
        "code": "REQUEST_TIMEOUT",
        "requestId": "slow-1",
    }
    assert answer.headers["x-request-id"] == "slow-1"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["connection"] == "close"
    assert wire.is_ended()


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_a_body_that_stops_is_answered_408_in_the_graphql_shape(edge: Edge, path: str) -> None:
    answer = edge.half(path).answer()
    assert answer.status == 408
    assert answer.json == {
        "errors": [
            {
                "message": f"Nothing of the body arrived for {IDLE_S} s",
                "extensions": {
                    "code": "TIMEOUT",
                    "userFriendlyMessage": f"Nothing of the body arrived for {IDLE_S} s",
                },
            }
        ]
    }


def test_a_body_that_only_drips_has_a_time_in_all(edge: Edge) -> None:
    wire = edge.half()
    stopped = threading.Event()

    def drip() -> None:
        while not stopped.wait(0.5):
            try:
                wire.send(b" ")
            except OSError:
                return

    dripper = threading.Thread(target=drip)
    dripper.start()
    answer = wire.answer()
    stopped.set()
    dripper.join()
    assert (answer.status, answer.json["messages"]) == (408, [f"The body took longer than {TOTAL_S} s"])


def test_an_address_has_so_many_unfinished_requests_and_others_have_theirs(edge: Edge) -> None:
    mine = [edge.half(X_Forwarded_For="203.0.113.7") for _ in range(MOST_UNFINISHED)]
    other = edge.half(X_Forwarded_For="203.0.113.8")
    time.sleep(0.1)  # so that the last one is the youngest
    surplus = edge.half(X_Forwarded_For="198.51.100.1, 203.0.113.7")  # what the client itself wrote is not believed
    answer = surplus.answer()
    assert (answer.status, answer.headers["retry-after"]) == (429, "5")
    assert answer.json["code"] == "TOO_MANY_UNFINISHED_REQUESTS"
    assert answer.json["messages"] == [f"More than {MOST_UNFINISHED} requests of your address are unfinished"]
    assert {wire.answer().status for wire in (*mine, other)} == {408}  # their time was their own


HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
MOST_CONNECTIONS = 50


def test_an_address_has_so_many_connections_and_others_have_theirs() -> None:
    mine, other, body = "127.0.0.2", "127.0.0.3", padded("Slow", 1000)
    with serving(
        MAX_CONNECTIONS_PER_ADDRESS=str(MOST_CONNECTIONS), HEADER_TIMEOUT_S="20", BODY_IDLE_TIMEOUT_S="20"
    ) as edge:
        proxy = [edge.wire().send(HALF_A_HEAD) for _ in range(MOST_CONNECTIONS + 5)]  # may have any number
        others = [edge.wire(address=other).send(HALF_A_HEAD) for _ in range(MOST_CONNECTIONS)]
        busy = edge.wire(address=mine).send(edge.request("POST", "/rest/companies", Content_Length=str(len(body))))
        busy.send(body[:-900])
        half = [edge.wire(address=mine).send(HALF_A_HEAD) for _ in range(MOST_CONNECTIONS + 4)]
        until(lambda: sum(map(is_closed, half)) == 5)
        assert busy.send(body[-900:]).answer().status == 201
        finished = [each.send(b"x\r\n\r\n").answer().status for each in half if not is_closed(each)]
        assert finished == [200] * (MOST_CONNECTIONS - 1)
        assert [each.send(b"x\r\n\r\n").answer().status for each in (*others, *proxy)] == [200] * 105


def is_closed(wire: Wire) -> bool:
    """Whether the server has ended the connection by now."""
    return bool(select.select([wire.socket], [], [], 0)[0])


# Too much -------------------------------------------------------------------------------------------------


def padded(name: str, size: int) -> bytes:
    body = json.dumps({"name": name}).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize("send", [request, in_chunks], ids=["with a length", "in chunks"])
def test_the_largest_body_is_taken_and_one_byte_more_is_not(edge: Edge, send: Callable[..., bytes]) -> None:
    name = f"Largest{send.__name__}"
    headers = {"Authorization": f"Bearer {edge.token}"}
    wire = edge.wire()
    assert wire.send(send("POST", "/rest/companies", padded(name, MAX_BODY_BYTES), **headers)).answer().status == 201
    answer = wire.send(send("POST", "/rest/companies", padded(name, MAX_BODY_BYTES + 1), **headers)).answer()
    assert answer.status == 413
    assert answer.json["code"] == "BODY_TOO_LARGE"
    assert answer.json["messages"] == [f"Body is larger than {MAX_BODY_BYTES} bytes"]
    assert count_of(edge, name) == 1


def test_a_body_that_is_too_large_for_graphql(edge: Edge) -> None:
    answer = edge.ask("POST", "/graphql", padded("x", MAX_BODY_BYTES + 1))
    assert answer.status == 413
    assert answer.json["errors"][0]["message"] == f"Body is larger than {MAX_BODY_BYTES} bytes"


def test_who_asks_before_sending_is_refused_before_sending(edge: Edge) -> None:
    head = edge.request("POST", "/rest/companies", Content_Length=str(MAX_BODY_BYTES + 1), Expect="100-continue")
    assert edge.wire().send(head).head()[0] == 413


def test_who_asks_before_sending_is_told_to_go_on(edge: Edge) -> None:
    body = json.dumps({"name": "Expected"}).encode()
    wire = edge.wire()
    wire.send(edge.request("POST", "/rest/companies", Content_Length=str(len(body)), Expect="100-continue"))
    assert wire._line() == b"HTTP/1.1 100 Continue"
    assert wire._line() == b""
    assert wire.send(body).answer().status == 201


def test_the_longest_address_is_taken_and_one_byte_more_is_not(edge: Edge) -> None:
    path = "/rest/companies?limit=1&x="
    longest = path + "a" * (1000 - len(path) + 1)  # the ? does not count
    assert edge.ask("GET", longest).status == 200
    answer = edge.ask("GET", longest + "a")
    assert (answer.status, answer.json["code"]) == (414, "URL_TOO_LONG")


def test_the_largest_headers_are_taken_and_one_byte_more_are_not(edge: Edge) -> None:
    size = len("hostlocalhost") + len("authorization") + len(f"Bearer {edge.token}") + len("x-much")
    assert edge.ask("GET", "/rest/companies?limit=1", X_Much="a" * (4000 - size)).status == 200
    answer = edge.ask("GET", "/rest/companies?limit=1", X_Much="a" * (4001 - size))
    assert (answer.status, answer.json["code"]) == (431, "HEADERS_TOO_LARGE")


def test_what_the_server_itself_refuses(edge: Edge) -> None:
    """More than 128 KB or 100 headers, and addresses beyond 64 KB, are refused before our code sees them."""
    many = {f"X_{number}": "1" for number in range(101)}
    assert edge.wire().send(request("GET", "/", **many)).answer().status == 431
    assert edge.wire().send(request("GET", "/" + "a" * 66_000)).answer().status == 414


# As HTTP has it -------------------------------------------------------------------------------------------


def test_a_connection_goes_on_after_an_error(edge: Edge, company: str) -> None:
    wire = edge.wire()
    assert wire.send(edge.request("GET", "/rest/unknowns")).answer().status == 400
    assert wire.send(edge.request("POST", "/rest/companies", b"{")).answer().status == 400
    assert wire.send(request("GET", "/rest/companies")).answer().status == 403
    assert wire.send(edge.request("GET", f"/rest/companies/{company}")).answer().status == 200


def test_head_has_the_headers_of_get_and_no_body(edge: Edge, company: str) -> None:
    wire = edge.wire()
    path = f"/rest/companies/{company}"
    head = wire.send(edge.request("HEAD", path)).answer(to_head=True)
    get = wire.send(edge.request("GET", path)).answer()
    assert (head.status, head.headers["content-length"]) == (200, str(len(get.body)))
    export = wire.send(edge.request("HEAD", "/rest/companies/export")).answer(to_head=True)
    assert (export.status, export.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert wire.send(edge.request("GET", path)).answer().body == get.body


def test_http_1_0(edge: Edge, company: str) -> None:
    text = f"GET /rest/companies/{company} HTTP/1.0\r\nAuthorization: Bearer {edge.token}\r\n\r\n"
    wire = edge.wire().send(text.encode())
    assert wire.answer().status == 200
    assert wire.is_ended()


def test_headers_that_come_twice_are_joined_and_names_with_underscores_left_out(edge: Edge) -> None:
    lines = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\nX-Request-Id: b\r\nX_Request_Id: c\r\n\r\n"
    answer = edge.wire().send(lines.encode()).answer()
    assert answer.headers["x-request-id"] not in ("a", "b", "c")  # "a,b" is no id
    lines = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\nX_Request_Id: c\r\n\r\n"
    assert edge.wire().send(lines.encode()).answer().headers["x-request-id"] == "a"


def test_paths_and_parameters_beyond_ascii(edge: Edge) -> None:
    assert edge.ask("POST", "/rest/companies", json.dumps({"name": "Žižkov 東京"}).encode()).status == 201
    name = "%C5%BDi%C5%BEkov%20%E6%9D%B1%E4%BA%AC"
    assert edge.ask("GET", f"/rest/companies?filter=name%5Beq%5D:%22{name}%22").json["totalCount"] == 1
    assert "東京" in edge.ask("GET", "/rest/%E6%9D%B1%E4%BA%AC").json["messages"][0]


def test_a_cut_off_body_writes_nothing(edge: Edge) -> None:
    for send in (
        edge.request("POST", "/rest/companies", Content_Length="1000") + b'{"name":"CutOff"}',
        edge.request("POST", "/rest/companies", Transfer_Encoding="chunked") + b'11\r\n{"name":"CutOff"}\r\n',
    ):
        edge.wire().send(send).close()
    broken = edge.request("POST", "/rest/companies", Transfer_Encoding="chunked") + b'11\r\n{"name":"CutOff"}\r\nzz\r\n'
    assert edge.wire().send(broken).answer().status == 400
    assert count_of(edge, "CutOff") == 0


def test_static_files_are_sent_as_gzip_where_whitenoise_has_it(edge: Edge) -> None:
    answer = edge.ask("GET", "/static/admin/css/base.css")
    assert answer.status == 200
    assert int(answer.headers["content-length"]) == len(answer.body) > 10_000


# Files, imports and exports -------------------------------------------------------------------------------


def test_a_large_import_arrives_in_chunks_and_is_read_from_disk(edge: Edge) -> None:
    lines = [json.dumps({"name": {"firstName": "Imported"}, "jobTitle": "x" * 50_000}) for _ in range(40)]
    body = "\n".join(lines).encode()
    headers = {"Authorization": f"Bearer {edge.token}", "Content_Type": "application/x-ndjson"}
    answer = edge.wire().send(in_chunks("POST", "/rest/people/import", body, **headers)).answer()
    assert answer.status == 200, answer.body
    assert answer.json["data"]["import"]["created"] == 40
    assert [each for each in (edge.data_dir / "spool").glob("*/*") if each.name != "lock"] == []


def test_a_large_import_without_a_key_is_refused_before_it_has_arrived(edge: Edge) -> None:
    head = request("POST", "/rest/companies/import", Content_Length="500000000", Content_Type="text/csv")
    wire = edge.wire().send(head + b"x" * 400_000)
    answer = wire.answer()
    assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN_EXCEPTION")


def half_import(token: str, **headers: str) -> bytes:
    """The first part of a large import; more than is taken before it is asked who sends it."""
    head = request(
        "POST",
        "/rest/companies/import",
        Content_Length="500000000",
        Content_Type="text/csv",
        Authorization=f"Bearer {token}",
        **headers,
    )
    return head + b"x" * 400_000


def test_large_bodies_that_are_refused_cost_their_address(edge: Edge) -> None:
    answers = [edge.wire().send(half_import("nobody's", X_Forwarded_For="203.0.113.20")).answer() for _ in range(4)]
    assert [each.status for each in answers] == [401, 401, 401, 429]
    assert [each.headers["x-ratelimit-remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert answers[3].headers["ratelimit-policy"] == '"address";q=3;w=60'
    assert answers[3].headers["retry-after"] == "20"
    assert edge.wire().send(half_import("nobody's", X_Forwarded_For="203.0.113.21")).answer().status == 401


def test_a_large_body_counts_once_and_is_refused_before_it_has_arrived_when_there_were_too_many(edge: Edge) -> None:
    role = edge.ask("GET", "/rest/metadata/apiKeys/me").json["role"]["id"]
    wanted = {"name": "Importer", "roleId": role, "expiresAt": "2099-01-01T00:00:00Z", "maxRequestsPerMinute": 3}
    made = edge.ask("POST", "/rest/metadata/apiKeys", json.dumps(wanted).encode())
    assert made.status == 201, made.body
    expiry = json.dumps({"expiresAt": wanted["expiresAt"]}).encode()
    token = edge.ask("POST", f"/rest/metadata/apiKeys/{made.json['id']}/token", expiry).json["token"]
    body = b'{"name": "Counted"}\n' * 3 + b"\n" * 400_000
    headers = {"Authorization": f"Bearer {token}", "Content_Type": "application/x-ndjson"}
    whole = request("POST", "/rest/companies/import", body, **headers)
    answers = [edge.wire().send(whole).answer()]
    answers += [
        edge.wire().send(request("POST", "/rest/companies", padded("x", MAX_BODY_BYTES + 1), **headers)).answer()
    ]
    answers += [edge.wire().send(whole).answer()]
    answers += [edge.wire().send(half_import(token)).answer()]
    assert [each.status for each in answers] == [200, 413, 200, 429]
    assert [each.headers["x-ratelimit-remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert answers[3].json["code"] == "LIMIT_REACHED"
    assert count_of(edge, "Counted") == 6


def test_refusals_of_the_web_server_have_the_headers_and_the_line_in_the_log_of_all_others(edge: Edge) -> None:
    """But for the limits of one's own, which those that cost nothing do not have."""
    usual = set(edge.ask("GET", "/rest/nothings").headers) - {"content-type", "vary"}
    assert usual >= {"access-control-allow-origin", "ratelimit", "x-request-id", "x-content-type-options"}
    assert usual >= {"permissions-policy", "referrer-policy", "cross-origin-opener-policy", "server-timing"}
    too_large = {"Content_Length": str(MAX_BODY_BYTES + 1)}
    refusals = {
        408: edge.request("POST", "/rest/companies", Content_Length="100", X_Request_Id="edge-408"),
        413: edge.request("POST", "/graphql", **too_large, X_Request_Id="edge-413"),
        414: edge.request("GET", "/rest/companies?" + "x" * 1000, X_Request_Id="edge-414"),
        431: edge.request("GET", "/rest/companies", X_Long="x" * 4000, X_Request_Id="edge-431"),
    }
    for status, sent in refusals.items():
        answer = edge.wire().send(sent).answer()
        assert answer.status == status
        assert set(answer.headers) >= usual, (status, usual - set(answer.headers))
        assert answer.headers["x-request-id"] == f"edge-{status}"
        lines = [line for line in edge.log.read_text().splitlines() if f'"edge-{status}"' in line]
        assert [json.loads(line)["status"] for line in lines] == [status]
    page = edge.wire().send(request("POST", "/settings/login", **too_large)).answer()
    assert page.status == 413
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


# Passwords ------------------------------------------------------------------------------------------------


def test_reads_are_as_fast_while_passwords_are_checked(edge: Edge, company: str) -> None:
    read = edge.request("GET", f"/rest/companies/{company}")
    stopped = threading.Event()

    def times_of(seconds: float) -> list[float]:
        wire, taken = edge.wire(), []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.monotonic()
            assert wire.send(read).answer().status == 200
            taken.append(time.monotonic() - started)
            time.sleep(0.01)  # a key has 100 requests a second, and the hash its core
        return taken

    def sign_in(client: int) -> list[int]:
        statuses = []
        wire = edge.wire()
        page = wire.send(request("GET", "/settings/login")).answer()
        cookie = page.headers["set-cookie"].partition(";")[0]
        secret = page.body.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        while not stopped.is_set():
            form = f"csrfmiddlewaretoken={secret}&email=user{len(statuses)}%40example.com&password=wrong"
            address = f"203.0.113.{100 + client}"
            kind = "application/x-www-form-urlencoded"
            sent = request(
                "POST", "/settings/login", form.encode(), Content_Type=kind, Cookie=cookie, X_Forwarded_For=address
            )
            statuses.append(wire.send(sent).answer().status)
        return statuses

    median_s = statistics.median(times_of(1.0))
    with ThreadPoolExecutor(3) as pool:
        signing_in = [pool.submit(sign_in, each) for each in range(3)]
        try:
            reads = times_of(4.0)
        finally:
            stopped.set()
        statuses = [status for each in signing_in for status in each.result()]
    assert statuses.count(422) >= 3  # so many passwords were looked at
    assert set(statuses) <= {422, 429}
    assert statistics.quantiles(reads, n=20)[-1] <= 5 * median_s


# Files again ----------------------------------------------------------------------------------------------


def test_an_uploaded_file_comes_back_as_it_was(edge: Edge) -> None:
    content = bytes(range(256)) * 12_000
    parts = [
        b'--boundary\r\nContent-Disposition: form-data; name="fieldMetadataId"\r\n\r\nperson.avatarFile\r\n',
        b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n',
        content + b"\r\n--boundary--\r\n",
    ]
    kind = "multipart/form-data; boundary=boundary"
    answer = edge.ask("POST", "/rest/metadata/files", b"".join(parts), Content_Type=kind)
    assert answer.status == 201, answer.body
    url = answer.json["data"]["createOneFile"]["url"]
    download = edge.ask("GET", url[url.index("/file/") :])
    assert (download.status, download.headers["content-length"]) == (200, "3072000")
    assert download.body == content


EXPORT = "/rest/people/export?format=jsonl&filter=name.firstName%5Beq%5D%3AMuch"


def test_a_large_page_is_complete_and_its_connection_goes_on(edge: Edge, much: int) -> None:
    wire = edge.wire()
    for _ in range(3):
        answer = wire.send(edge.request("GET", LARGE_PAGE)).answer()
        assert (answer.status, answer.headers["content-length"]) == (200, str(len(answer.body)))
        assert [len(each["jobTitle"]) for each in answer.json["data"]["people"]] == [100_000] * 60
    head = wire.send(edge.request("HEAD", LARGE_PAGE)).answer(to_head=True)
    assert (head.status, head.headers["content-length"]) == (200, str(len(answer.body)))
    wire.close()


def test_a_large_page_that_nobody_reads_ends_and_does_not_look_complete(edge: Edge, much: int) -> None:
    wire = edge.wire(receive_bytes=4096).send(edge.request("GET", LARGE_PAGE))
    assert wire.head()[0] == 200
    time.sleep(READER_S + 2)
    with pytest.raises(ConnectionError):
        wire._take(6_000_000)


def test_an_export_is_complete(edge: Edge, much: int) -> None:
    answer = edge.ask("GET", EXPORT)
    lines = answer.body.splitlines()
    assert answer.status == 200
    assert len(lines) == much
    assert {json.loads(line)["jobTitle"] for line in lines} == {"x" * 100_000}


def test_sixteen_exports_at_once_leave_health_and_reads_alive(edge: Edge, much: int, company: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        exports = [pool.submit(edge.ask, "GET", EXPORT) for _ in range(16)]
        taken = {"/healthz": [], "/readyz": [], f"/rest/companies/{company}": []}
        while not all(each.done() for each in exports):
            for path, times in taken.items():
                started = time.monotonic()
                assert edge.ask("GET", path).status == 200
                times.append(time.monotonic() - started)
        answers = [each.result() for each in exports]
    assert {each.status for each in answers} == {200}
    assert {len(each.body) for each in answers} == {len(answers[0].body)}
    assert max(taken["/healthz"]) <= 1.0
    assert all(statistics.median(times) <= 1.0 for times in taken.values())


def test_an_export_that_nobody_reads_ends_and_does_not_look_complete(edge: Edge, much: int) -> None:
    readers = []
    for _ in range(4):  # more than there are threads for exports
        readers.append(edge.wire(receive_bytes=4096).send(edge.request("GET", EXPORT)))
        status, headers = readers[-1].head()[:2]
        assert status == 200, (len(readers), headers, readers[-1]._take(int(headers["content-length"])))
    assert edge.ask("GET", EXPORT).status == 200  # nobody waits for them
    time.sleep(READER_S + 2)
    for wire in readers:
        with pytest.raises(ConnectionError):
            while size := int(wire._line(), 16):
                wire._take(size + 2)


# Hanging up and waiting -----------------------------------------------------------------------------------


@contextmanager
def locked(edge: Edge, singular: str) -> Iterator[Callable[[], int]]:
    """Nobody reads or writes that object's records; gives a function that counts who waits."""
    with edge.database() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || relname FROM pg_stat_user_tables"
            " WHERE relname = 'o_' || (SELECT replace(id::text, '-', '') FROM metadata_objectmetadata WHERE name_singular = %s)",
            [singular],
        )
        [(table,)] = cursor.fetchall()
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

        def count_waiting() -> int:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return int(cursor.fetchone()[0])

        yield count_waiting
        connection.rollback()


def test_a_read_ends_when_its_client_hangs_up(edge: Edge, company: str) -> None:
    with locked(edge, "person") as count_waiting:
        wire = edge.wire().send(edge.request("GET", "/rest/people"))
        until(lambda: count_waiting() == 1)
        wire.close()
        until(lambda: count_waiting() == 0)
        assert edge.ask("GET", f"/rest/companies/{company}").status == 200


def test_a_query_over_graphql_ends_when_its_client_hangs_up(edge: Edge, company: str) -> None:
    with locked(edge, "person") as count_waiting:
        body = json.dumps({"query": "{ people { edges { node { id } } } }"}).encode()
        wire = edge.wire().send(edge.request("POST", "/graphql", body))
        until(lambda: count_waiting() == 1)
        wire.close()
        until(lambda: count_waiting() == 0)
        assert edge.ask("GET", f"/rest/companies/{company}").status == 200


def test_a_write_that_runs_is_not_cut_off(edge: Edge) -> None:
    with locked(edge, "company") as count_waiting:
        wire = edge.wire().send(edge.request("POST", "/rest/companies", b'{"name":"HungUp"}'))
        until(lambda: count_waiting() == 1)
        wire.close()
        time.sleep(1.0)  # as long as a read's end takes, twice
        assert count_waiting() == 1
    until(lambda: count_of(edge, "HungUp") == 1)


def test_health_answers_while_the_worker_is_busy_and_who_waits_too_long_is_told(edge: Edge) -> None:
    with locked(edge, "person") as count_waiting:
        first = edge.wire().send(edge.request("GET", "/rest/people"))
        until(lambda: count_waiting() == 1)
        waiting = [edge.wire().send(edge.request("GET", "/rest/people")) for _ in range(QUEUE)]
        assert edge.ask("GET", "/healthz").status == 200
        assert edge.ask("GET", "/readyz").status == 200
        surplus = edge.wire().send(edge.request("GET", "/rest/people")).answer()  # one more than may wait
        assert (surplus.status, surplus.headers["retry-after"], surplus.json["code"]) == (503, "1", "OVERLOADED")
        until(lambda: count_waiting() == 2)  # a second thread has come and taken the first that waited
        answers = [wire.answer() for wire in waiting[1:]]  # after REQUEST_QUEUE_TIMEOUT_S
        assert {(each.status, each.json["code"]) for each in answers} == {(503, "OVERLOADED")}
    assert [first.answer().status, waiting[0].answer().status] == [200, 200]


def test_a_request_that_turns_out_long_does_not_stop_others(edge: Edge, company: str) -> None:
    with locked(edge, "person") as count_waiting:
        wire = edge.wire().send(edge.request("PATCH", "/rest/people?filter=name.firstName%5Beq%5D%3AMuch", b"{}"))
        until(lambda: count_waiting() == 1)
        for _ in range(3):
            assert edge.ask("GET", f"/rest/companies/{company}").status == 200
    assert wire.answer().status == 200


# Memory ---------------------------------------------------------------------------------------------------


@contextmanager
def serving_beside(edge: Edge, workers: int = 1, **further: str) -> Iterator[tuple[Edge, subprocess.Popen[bytes]]]:
    """Another web server on the same data, as `up` starts it, and its main process."""
    port = free_port()
    environment = {**os.environ, **ENVIRONMENT, **further, "DATA_DIR": str(edge.data_dir), "PORT": str(port)}
    environment.pop("DATABASE_URL", None)
    command = "from config.management.commands.up import granian_command; import os; c = granian_command"
    start = f"import django; django.setup(); {command}('127.0.0.1', {port}, {workers}); os.execv(c[0], c)"
    process = subprocess.Popen([sys.executable, "-c", start], cwd=ROOT, env=environment)
    own = Edge(port, edge.token, edge.data_dir, edge.log)
    try:
        until(lambda: _answers(own), 60)
        yield own, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def outgrown(edge: Edge) -> Iterator[Edge]:
    """A second web server of the same data, whose process is always larger than it may be."""
    with serving_beside(edge, WORKER_MAX_RSS_MB="10", WORKER_RSS_CHECK_S="2") as (own, _):
        yield own


def test_a_process_that_has_grown_is_replaced_and_no_connection_is_refused(edge: Edge, company: str) -> None:
    with outgrown(edge) as own:
        first = own.workers()
        deadline = time.monotonic() + 30
        while set(own.workers()) & set(first) or not own.workers():
            assert time.monotonic() < deadline
            assert own.ask("GET", f"/rest/companies/{company}").status == 200  # each over a connection of its own


def test_a_request_in_flight_is_answered_by_the_process_that_is_replaced(edge: Edge) -> None:
    with outgrown(edge) as own:
        with locked(edge, "person") as count_waiting:
            reading = own.wire().send(own.request("GET", "/rest/people?limit=1"))
            name = b'{"name": {"firstName": "Inflight"}}'
            writing = own.wire().send(own.request("POST", "/rest/people", name))  # waits for the thread of the first
            until(lambda: count_waiting() >= 1)
            first = own.workers()[0]
            until(lambda: set(own.workers()) - {first}, 30)  # another has come
            until(lambda: _answers(own), 30)
        assert reading.answer().status == 200
        answer = writing.answer()
        assert (answer.status, answer.json["data"]["createPerson"]["name"]["firstName"]) == (201, "Inflight")
        until(lambda: first not in own.workers(), 30)
        count = "/rest/people?filter=name.firstName%5Beq%5D%3AInflight"
        assert edge.ask("GET", count).json["totalCount"] == 1


def test_requests_in_flight_are_answered_by_a_server_that_is_stopped(edge: Edge) -> None:
    with serving_beside(edge) as (own, process):
        with locked(edge, "person") as count_waiting:
            reading = own.wire().send(own.request("GET", "/rest/people?limit=1"))
            until(lambda: count_waiting() == 1)
            name = b'{"name": {"firstName": "Lastone"}}'
            writing = own.wire().send(own.request("POST", "/rest/people", name))
            until(lambda: count_waiting() == 2)
            process.send_signal(signal.SIGTERM)
            until(lambda: not _answers(own))  # whoever comes now is for another server
            assert (count_waiting(), process.poll()) == (2, None)
        assert reading.answer().status == 200
        answer = writing.answer()
        assert (answer.status, answer.json["data"]["createPerson"]["name"]["firstName"]) == (201, "Lastone")
        assert process.wait(30) == 0
    count = "/rest/people?filter=name.firstName%5Beq%5D%3ALastone"
    assert edge.ask("GET", count).json["totalCount"] == 1


def test_a_server_that_is_stopped_while_some_of_it_still_starts_ends_at_once(edge: Edge) -> None:
    with serving_beside(edge, workers=4) as (own, process):  # one of the four answers
        process.send_signal(signal.SIGTERM)
        process.wait(30)  # granian's patience is 120 s
        assert own.workers() == []


def _answers(edge: Edge) -> bool:
    try:
        return edge.ask("GET", "/healthz").status == 200
    except OSError:
        return False
