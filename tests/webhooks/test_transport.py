"""The HTTP client against real sockets: what it sends, what it refuses, when it gives up."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.webhooks.conftest import Receiver
from webhooks.delivery.addresses import Address, AddressPolicy, AddressRefused
from webhooks.delivery.transport import MAX_ANSWER_BYTES, Answer, SendFailed, post, resolve

LOOPBACK = AddressPolicy.from_entries(["127.0.0.1"])

# A key made for these tests alone, and its certificate for the name hooks.test.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmTCCAT6gAwIBAgIUaeqfUCTG4F1XY7oOvH2t3hLs8+4wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKaG9va3MudGVzdDAgFw0yNjExMjUwMjA4NTdaGA8yMTI2MTEw
MTAyMDg1N1owFTETMBEGA1UEAwwKaG9va3MudGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABJ5Je+9qsGRw26qPZx8oULmASV9rbPu0bQ7OQ4JqtD8CIaQ21mBx
Fmgbz6rDqc1ySnBf/Ig0ltN0S2dhBMLG0myjajBoMB0GA1UdDgQWBBQSQxWWe172
+gTIuviz3o/dL7bJ0zAfBgNVHSMEGDAWgBQSQxWWe172+gTIuviz3o/dL7bJ0zAP
BgNVHRMBAf8EBTADAQH/MBUGA1UdEQQOMAyCCmhvb2tzLnRlc3QwCgYIKoZIzj0E
AwIDSQAwRgIhAMJLZSND4kP1eiB7XgODGQC7CP1UN7RvZjkACxXkLA+oAiEAnCbK
Tn40osb40BJiKZbswBQpkOgT39q4FbnP/kxXCvo=
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguoApc8qGc8dipEAj
SWVu7thpHE6jNPRQj58wHMxS85+hRANCAASeSXvvarBkcNuqj2cfKFC5gElfa2z7
tG0OzkOCarQ/AiGkNtZgcRZoG8+qw6nNckpwX/yINJbTdEtnYQTCxtJs
-----END PRIVATE KEY-----
"""


def send(url: str, body: bytes = b"{}", **more: Any) -> Answer:
    values: dict[str, Any] = {"policy": LOOPBACK, "timeout_s": 5, "connect_timeout_s": 2, **more}
    return post(url, body, {"Content-Type": "application/json"}, **values)


class Names:
    """A resolver that answers each lookup with the next list of addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append((host, port))
        return [ipaddress.ip_address(each) for each in self.answers.pop(0)]


def read_request(connection: socket.socket) -> None:
    """Take a whole request off a socket: closing one with bytes unread resets it, and the answer is lost."""
    with connection.makefile("rb") as stream:
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        stream.read(length)


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Start a server that treats each connection as told; its port."""
    listeners: list[socket.socket] = []

    def start(treat: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        treat(connection)
                    except OSError:
                        pass

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def test_one_post(receiver: Receiver) -> None:
    receiver.answer = (201, {"X-Answer": "yes"}, b"made")
    answer = send(receiver.url("/a%20b?c=d"), "é".encode())
    assert (answer.status, answer.body, answer.headers["X-Answer"], answer.is_internal) == (201, b"made", "yes", True)
    (received,) = receiver.received
    assert (received.path, received.body) == ("/a%20b?c=d", "é".encode())
    assert received.headers == {
        "Content-Type": "application/json",
        "Host": f"127.0.0.1:{receiver.port}",
        "Content-Length": "2",
        "Connection": "close",
    }


def test_a_name_is_looked_up_once_and_kept_in_host(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"])
    answer = send(f"http://hooks.test:{receiver.port}/", resolve=names)
    assert answer.status == 200
    assert names.asked == [("hooks.test", receiver.port)]
    assert receiver.received[0].headers["Host"] == f"hooks.test:{receiver.port}"


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["2606:4700::1", "fe80::1"]], ids=str
)
def test_a_name_with_any_private_address_is_refused(receiver: Receiver, addresses: list[str]) -> None:
    with pytest.raises(AddressRefused):
        send("http://hooks.test/", policy=AddressPolicy(), resolve=Names(addresses))
    assert receiver.received == []


def test_rebinding_is_refused(receiver: Receiver) -> None:
    """A name that was public when it was saved and is private when it is called reaches nobody."""
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    policy = AddressPolicy.from_entries([f"10.0.0.1:{receiver.port}"])
    assert [str(each) for each in names("hooks.test", 80)] == ["8.8.8.8"]
    with pytest.raises(AddressRefused, match=r"hooks\.test is the private or reserved address 127\.0\.0\.1"):
        send(f"http://hooks.test:{receiver.port}/", policy=policy, resolve=names)
    assert receiver.received == [] and names.answers == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "localhost", "[::1]"])
def test_loopback_in_any_spelling_is_refused(receiver: Receiver, host: str) -> None:
    with pytest.raises(AddressRefused):
        send(f"http://{host}:{receiver.port}/", policy=AddressPolicy())
    assert receiver.received == []


def test_a_redirect_is_an_answer_and_not_followed(new_receiver: Callable[[], Receiver]) -> None:
    first, second = new_receiver(), new_receiver()
    first.answer = (302, {"Location": second.url()}, b"")
    assert send(first.url()).status == 302
    assert (len(first.received), second.received) == (1, [])


def test_proxies_of_the_environment_are_ignored(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(receiver.url()).status == 200


def test_a_long_answer_is_cut(receiver: Receiver) -> None:
    receiver.answer = (200, {}, b"x" * 100_000)
    assert send(receiver.url()).body == b"x" * MAX_ANSWER_BYTES


def test_an_endless_answer_is_cut(raw_server: Callable[..., int]) -> None:
    def treat(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"y" * 4096)

    assert send(f"http://127.0.0.1:{raw_server(treat)}/").body == b"y" * MAX_ANSWER_BYTES


def drip(head: bytes) -> Callable[[socket.socket], None]:
    """Send bytes one by one, each well before any per-read timeout."""

    def treat(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b"z")
            time.sleep(0.02)

    return treat


def test_the_deadline_holds_against_dripping_headers(raw_server: Callable[..., int]) -> None:
    started = time.monotonic()
    with pytest.raises(SendFailed, match=r"No answer within 0\.3 s"):
        send(f"http://127.0.0.1:{raw_server(drip(b'HTTP/1.1 200 OK' + bytes([13, 10]) + b'X-A: '))}/", timeout_s=0.3)
    assert time.monotonic() - started < 2


def test_a_status_followed_by_a_dripping_body_is_an_answer(raw_server: Callable[..., int]) -> None:
    port = raw_server(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin"))
    answer = send(f"http://127.0.0.1:{port}/", timeout_s=0.3)
    assert answer.status == 200 and answer.body.startswith(b"beginz")


def test_silence_ends_at_the_deadline(raw_server: Callable[..., int]) -> None:
    port = raw_server(lambda connection: time.sleep(1))
    with pytest.raises(SendFailed, match=r"No answer within 0\.2 s"):
        send(f"http://127.0.0.1:{port}/", timeout_s=0.2)


@pytest.mark.parametrize(
    "noise", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70000]
)
def test_what_is_not_http_is_a_failure(raw_server: Callable[..., int], noise: bytes) -> None:
    def treat(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(noise)

    with pytest.raises(SendFailed, match="The exchange broke off"):
        send(f"http://127.0.0.1:{raw_server(treat)}/")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(SendFailed, match=f"Cannot connect to 127.0.0.1:{port}: Connection refused"):
        send(f"http://127.0.0.1:{port}/")


def test_the_next_address_is_tried(receiver: Receiver) -> None:
    policy = AddressPolicy.from_entries(["127.0.0.0/8"])
    url = f"http://hooks.test:{receiver.port}/"
    assert send(url, policy=policy, resolve=Names(["127.0.0.2", "127.0.0.1"])).status == 200


def test_an_unknown_name() -> None:
    def unknown(host: str, port: int) -> list[Address]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(SendFailed, match=r"Cannot resolve gone\.example: Name or service not known"):
        send("http://gone.example/", resolve=unknown)


def test_the_system_resolver_gives_addresses() -> None:
    assert resolve("127.0.0.1", 80) == [ipaddress.IPv4Address("127.0.0.1")]


@pytest.fixture
def tls_port(tmp_path: Path, raw_server: Callable[..., int]) -> int:
    (tmp_path / "certificate.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text(KEY)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")

    def treat(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            read_request(secured)
            secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    return raw_server(treat)


def trust_of_the_test() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CERTIFICATE)


def test_tls_is_verified_for_the_name(tls_port: int) -> None:
    url = f"https://hooks.test:{tls_port}/"
    assert send(url, resolve=Names(["127.0.0.1"]), tls=trust_of_the_test()).status == 204


def test_an_untrusted_certificate_is_refused(tls_port: int) -> None:
    with pytest.raises(SendFailed, match="The certificate is not valid: self-signed certificate"):
        send(f"https://hooks.test:{tls_port}/", resolve=Names(["127.0.0.1"]))


def test_a_certificate_for_another_name_is_refused(tls_port: int) -> None:
    with pytest.raises(SendFailed, match="The certificate is not valid: Hostname mismatch"):
        send(f"https://other.test:{tls_port}/", resolve=Names(["127.0.0.1"]), tls=trust_of_the_test())


def test_plain_http_where_tls_is_expected(receiver: Receiver) -> None:
    with pytest.raises(SendFailed, match="TLS failed"):
        send(f"https://127.0.0.1:{receiver.port}/")
    assert receiver.received == []
