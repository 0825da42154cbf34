"""A client over real connections, which knows the worker process that answers each of them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.factories import Answer


@dataclass(frozen=True, slots=True)
class Wire:
    """One kept HTTP connection, with a token."""

    port: int
    token: str
    connection: http.client.HTTPConnection

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        response = self.connection.getresponse()
        content = response.read()
        return Answer(response.status, json.loads(content) if content else None, dict(response.headers))

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self.request("POST", path, body)

    def data(self, query: str, variables: Mapping[str, Any] | None = None, path: str = "/graphql") -> Any:
        """The `data` of a GraphQL answer that must have no errors."""
        answer = self.post(path, {"query": query, "variables": variables})
        assert answer.status == 200 and "errors" not in answer.body, answer.body
        return answer.body["data"]

    @property
    def worker(self) -> int:
        """The server's process at the other end, by the socket that it holds (Linux)."""
        port = self.connection.sock.getsockname()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, *_, inode = line.split()[:10]
            if int(local.partition(":")[2], 16) == self.port and int(remote.partition(":")[2], 16) == port:
                return _holder(inode)
        raise AssertionError("no socket at the other end")


def connect(port: int, token: str) -> Wire:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    return Wire(port, token, connection)


def _holder(inode: str) -> int:
    """The youngest process with this socket: workers inherit nothing that they do not answer on."""
    holders = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(link.readlink().name == f"socket:[{inode}]" for link in (process / "fd").iterdir()):
                holders.append(int(process.name))
        except OSError:  # gone meanwhile
            continue
    return max(holders)


def one_for_each_worker(port: int, token: str, workers: int) -> dict[int, Wire]:
    """Connections until every worker process has one; the kernel spreads them."""
    found: dict[int, Wire] = {}
    for _ in range(500):
        wire = connect(port, token)
        assert wire.get("/healthz").status == 200
        found.setdefault(wire.worker, wire)
        if len(found) == workers:
            return found
    raise AssertionError(f"{len(found)} of {workers} workers answered")
