"""Which worker process of a server answers a connection."""

from __future__ import annotations

from pathlib import Path

from tests.server import Connection, Server


def worker_of(connection: Connection) -> int:
    """The server's process at the other end, by the socket that it holds (Linux)."""
    port = connection.http.sock.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, *_, inode = line.split()[:10]
        if int(local.partition(":")[2], 16) == connection.http.port and int(remote.partition(":")[2], 16) == port:
            return _holder(inode)
    raise AssertionError("no socket at the other end")


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


def one_for_each_worker(server: Server, workers: int) -> dict[int, Connection]:
    """Connections until every worker process has one; the kernel spreads them."""
    found: dict[int, Connection] = {}
    for _ in range(500):
        connection = server.connect()
        assert connection.get("/healthz").status == 200
        found.setdefault(worker_of(connection), connection)
        if len(found) == workers:
            return found
    raise AssertionError(f"{len(found)} of {workers} workers answered")
