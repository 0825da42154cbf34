"""The only HTTP client that calls out.

It looks a name up once, checks every address found, and connects to one that was checked, so that a
name cannot change its mind in between. It verifies TLS for the name, follows no redirect, knows no
proxy, keeps to one deadline for everything, and reads no more than 16 KB of an answer.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Any

from webhooks.delivery.addresses import Address, AddressPolicy, Target, is_public, parse_target

MAX_ANSWER_BYTES = 16 * 1024
MAX_ADDRESSES_TRIED = 3

Resolve = Callable[[str, int], Sequence[Address]]


class SendFailed(Exception):
    """No answer: refused, unreachable, not trusted or too slow. `is_internal` as in Answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said. `body` is its start; `is_internal` marks an address only the allow-list permits."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_internal: bool = False


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a host, in the system's order. Raises OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found))


@lru_cache(maxsize=1)
def verified_tls() -> ssl.SSLContext:
    """The system's certificate authorities, host names checked, TLS 1.2 or newer."""
    return ssl.create_default_context()


def checked_addresses(target: Target, policy: AddressPolicy, resolve: Resolve = resolve) -> list[Address]:
    """The addresses behind a target. Raises AddressRefused if any of them is out of bounds, OSError if none."""
    policy.check_name(target)
    addresses = list(resolve(target.host, target.port))
    if not addresses:
        raise OSError(f"{target.host} has no address")
    for address in addresses:
        policy.check_address(target, address)
    return addresses


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    policy: AddressPolicy,
    timeout_s: float,
    connect_timeout_s: float,
    resolve: Resolve = resolve,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """POST once. Any status is an Answer, a redirect too; raises AddressRefused, SendFailed or
    InvalidUrl.

    `timeout_s` bounds the whole exchange from lookup to the last byte read. A receiver that has sent
    its status and then dawdles has answered.
    """
    deadline = time.monotonic() + timeout_s
    target = parse_target(url)
    try:
        addresses = checked_addresses(target, policy, resolve)
    except OSError as fault:
        raise SendFailed(f"Cannot resolve {target.host}: {_reason(fault)}") from None
    is_internal = not all(is_public(address) for address in addresses)
    wire = _connect(target, addresses[:MAX_ADDRESSES_TRIED], deadline, connect_timeout_s, tls)
    try:
        return _exchange(wire, target, body, headers, is_internal)
    except TimeoutError:
        raise SendFailed(f"No answer within {timeout_s:g} s") from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise SendFailed(f"The exchange broke off: {_reason(fault)}") from None
    finally:
        wire.hang_up()


class _Wire:
    """A socket whose every read and write ends at one deadline, however the peer drips its bytes.

    It is what http.client takes for a socket; `close` leaves the connection to `hang_up`, because
    http.client closes its socket before the answer's body is read.
    """

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline

    def sendall(self, data: Any) -> None:
        view = memoryview(data).cast("B")
        while view:
            self.connection.settimeout(_remaining(self.deadline))
            view = view[self.connection.send(view) :]

    def makefile(self, mode: str) -> IO[bytes]:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        pass

    def hang_up(self) -> None:
        self.connection.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.connection.settimeout(_remaining(self._wire.deadline))
        return self._wire.connection.recv_into(buffer)


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _connect(
    target: Target,
    addresses: Sequence[Address],
    deadline: float,
    connect_timeout_s: float,
    tls: ssl.SSLContext | None,
) -> _Wire:
    """Connect to the first address that takes us; the name is used again only for TLS."""
    failure = "no address"
    for address in addresses:
        try:
            connection = socket.create_connection(
                (str(address), target.port), min(connect_timeout_s, _remaining(deadline))
            )
        except TimeoutError:
            failure = f"no connection within {connect_timeout_s:g} s"
            continue
        except OSError as fault:
            failure = _reason(fault)
            continue
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the body need not wait for the head's ACK
        return _Wire(_secure(connection, target, deadline, connect_timeout_s, tls), deadline)
    raise SendFailed(f"Cannot connect to {target.authority}: {failure}")


def _secure(
    connection: socket.socket, target: Target, deadline: float, connect_timeout_s: float, tls: ssl.SSLContext | None
) -> socket.socket:
    if target.scheme == "http":
        return connection
    try:
        connection.settimeout(min(connect_timeout_s, _remaining(deadline)))
        return (tls or verified_tls()).wrap_socket(connection, server_hostname=target.host)
    except ssl.SSLCertVerificationError as fault:
        connection.close()
        raise SendFailed(f"The certificate is not valid: {fault.verify_message}") from None
    except OSError as fault:
        connection.close()
        raise SendFailed(f"TLS failed: {_reason(fault)}") from None


def _exchange(wire: _Wire, target: Target, body: bytes, headers: Mapping[str, str], is_internal: bool) -> Answer:
    request = http.client.HTTPConnection(target.host, target.port)
    request.auto_open = 0
    request.sock = wire
    request.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
    fixed = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close"}
    for name, value in {**headers, **fixed}.items():
        request.putheader(name, value)
    request.endheaders(body)
    response = request.getresponse()
    return Answer(response.status, dict(response.getheaders()), _read_start(response), is_internal)


def _read_start(response: http.client.HTTPResponse) -> bytes:
    start = bytearray()
    try:
        while len(start) < MAX_ANSWER_BYTES and (chunk := response.read1(MAX_ANSWER_BYTES - len(start))):
            start += chunk
    except (OSError, http.client.HTTPException, ValueError):
        pass  # the status stands; the body is only for the log
    return bytes(start)


def _reason(fault: Exception) -> str:
    return str(getattr(fault, "strerror", None) or fault) or type(fault).__name__
