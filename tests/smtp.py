"""A real mail server for tests: it takes every mail (RFC 5321) on a port of its own, and keeps it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class Receiver(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.arrived = threading.Condition()
        self.is_deaf, self.is_over = threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), _Session)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def wait_for(self, count: int, timeout_s: float = 30) -> list[EmailMessage]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.mails) >= count, timeout_s), self.mails
            return self.mails


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(Receiver, self.server)
        if server.is_deaf.is_set():
            server.is_over.wait(60)
            return
        self.say("220 tests")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self.say("354 go on")
                self.keep()
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            self.say("250 ok")

    def keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        server = cast(Receiver, self.server)
        with server.arrived:
            server.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
            server.arrived.notify_all()

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join()
