"""A small load generator: clients in processes of their own, each with one connection that it keeps.

A client sends prepared bytes over a plain socket and reads answers by their Content-Length, so that it
costs the machine, which the server shares, as little as it can. Connections outlive the rounds: both
sides of a comparison are asked over the same ones, and so of the same worker processes.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

ANSWER_TIMEOUT_S = 120
NUMBER = "~~NUMBER~~"  # in a request: another number of ten digits each time it is sent
CLIENT = "~~CLI~~"  # in a request: the number of the client, of seven digits


class HttpConnection:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """The answer's status and body."""
        self.socket.sendall(request)
        received = bytearray()
        end = -1
        while end < 0:
            received += self._more()
            end = received.find(b"\r\n\r\n")
        head = bytes(received[:end]).lower()
        place = head.index(b"content-length:") + 15
        length = int(head[place : (head + b"\r\n").index(b"\r\n", place)])
        body = received[end + 4 :]
        while len(body) < length:
            body += self._more()
        return int(head[9:12]), bytes(body)

    def _more(self) -> bytes:
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("The server closed the connection")
        return piece


def request_bytes(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def filled(request: bytes, number: int, client: int) -> bytes:
    """The request with its marks replaced, as long as before."""
    if b"~~" not in request:
        return request
    return request.replace(NUMBER.encode(), b"%010d" % number).replace(CLIENT.encode(), b"%07d" % client)


def _client(pipe: Connection, port: int, client: int, number: int) -> None:
    connection = HttpConnection(port)
    pipe.send("ready")
    while (task := pipe.recv()) is not None:
        requests, duration_s = task
        index, count = client * 17, 0
        started = time.perf_counter()
        while time.perf_counter() < started + duration_s:
            number += 1
            request = filled(requests[index % len(requests)], number, client)
            status, body = connection.ask(request)
            if status not in (200, 201) or b'"errors":' in body:
                raise AssertionError(f"{status} for {request[:100]!r}: {body[:300]!r} … {body[-1500:]!r}")
            index += 1
            count += 1
        pipe.send((count, time.perf_counter() - started))


class Load(NamedTuple):
    answers: int
    rate: float  # a second


@dataclass(frozen=True, slots=True)
class Clients:
    pipes: Sequence[Connection]

    def run(self, requests: Sequence[bytes], duration_s: float) -> Load:
        """What all clients together were answered; a client ends with the answer that it waits for then."""
        for pipe in self.pipes:
            pipe.send((requests, duration_s))
        turns = [pipe.recv() for pipe in self.pipes]
        return Load(sum(count for count, _ in turns), sum(count / took_s for count, took_s in turns))


@contextmanager
def clients(port: int, count: int, first_number: int = 0) -> Iterator[Clients]:
    """`first_number`: of those that requests get, a million for each client."""
    context: Any = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for number in range(count):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_client, args=(theirs, port, number, first_number + number * 1_000_000), daemon=True
        )
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()
    try:
        yield Clients(pipes)
    except EOFError:
        raise RuntimeError("A client had another answer than it expected; it says above which") from None
    finally:
        for pipe, process in zip(pipes, processes, strict=True):
            with suppress(BrokenPipeError):  # of one that gave up
                pipe.send(None)
            process.join()
