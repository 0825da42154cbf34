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
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

ANSWER_TIMEOUT_S = 120


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


def _client(pipe: Connection, port: int, offset: int) -> None:
    connection = HttpConnection(port)
    pipe.send("ready")
    while (task := pipe.recv()) is not None:
        requests, duration_s = task
        index, count = offset, 0
        end = time.perf_counter() + duration_s
        while time.perf_counter() < end:
            status, body = connection.ask(requests[index % len(requests)])
            if status != 200:
                raise AssertionError(f"{status}: {body[:300]!r}")
            index += 1
            count += 1
        pipe.send(count)


@dataclass(frozen=True, slots=True)
class Clients:
    pipes: Sequence[Connection]

    def run(self, requests: Sequence[bytes], duration_s: float) -> float:
        """Answers per second of all clients together."""
        for pipe in self.pipes:
            pipe.send((requests, duration_s))
        return sum(pipe.recv() for pipe in self.pipes) / duration_s


@contextmanager
def clients(port: int, count: int) -> Iterator[Clients]:
    context: Any = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for number in range(count):
        ours, theirs = context.Pipe()
        process = context.Process(target=_client, args=(theirs, port, number * 17), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()
    try:
        yield Clients(pipes)
    finally:
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join()
