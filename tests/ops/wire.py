"""HTTP byte by byte, for clients that no library plays: half requests, slow ones, and those that do not read."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection."""

    def __init__(self, port: int, *, receive_bytes: int | None = None, address: str = "127.0.0.1") -> None:
        self.socket = socket.socket()
        self.socket.bind((address, 0))
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", port))
        if self.socket.getsockname() == self.socket.getpeername():  # nobody listens, and TCP met itself (RFC 9293 §3.5)
            self.socket.close()
            raise ConnectionRefusedError(port)
        self._received = bytearray()

    def send(self, data: bytes) -> Wire:
        self.socket.sendall(data)
        return self

    def answer(self, *, to_head: bool = False) -> Answer:
        """The next answer; ConnectionError when the connection ends before it does."""
        status, headers = self.head()
        if to_head or status in (204, 304):
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            pieces = []
            while size := int(self._line(), 16):
                pieces.append(self._take(size))
                self._line()
            self._line()
            return Answer(status, headers, b"".join(pieces))
        return Answer(status, headers, self._take(int(headers["content-length"])))

    def head(self) -> tuple[int, Mapping[str, str]]:
        while True:
            status = int(self._line().split()[1])
            headers = {}
            while line := self._line():
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            if status != 100:
                return status, headers

    def is_ended(self) -> bool:
        """Whether the server ends the connection while we wait; what it still sends is thrown away."""
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()

    def _line(self) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            self._more()
        line = bytes(self._received[:end])
        del self._received[: end + 2]
        return line

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            self._more()
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _more(self) -> None:
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._received += data


def request(method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
    """A whole request; `_` in the name of a header stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def in_chunks(method: str, path: str, body: bytes, size: int = 65536, **headers: str) -> bytes:
    """The same with its body in chunks (RFC 9112 §7.1)."""
    head = request(method, path, Transfer_Encoding="chunked", **headers)
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"
