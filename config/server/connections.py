"""The sockets of this process, which the web server keeps to itself: found by the system's list of open files.

Only for what is rare: once when the server starts, and for a client that does not read its answer.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator

FOLDER = "/dev/fd"  # of Linux and macOS


def give_up_unread(after_s: float) -> bool:
    """Have the system close connections whose peer takes nothing for so long; False when nobody listens yet.

    Accepted connections inherit it (tcp(7), TCP_USER_TIMEOUT). Where the system lacks it nothing is done.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    found = False
    for each in _sockets():
        if each.family in (socket.AF_INET, socket.AF_INET6) and each.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        ):
            if option is not None:
                each.setsockopt(socket.IPPROTO_TCP, option, int(after_s * 1000))
            found = True
    return found


def hang_up(client: str) -> None:
    """Break the connection whose peer is `127.0.0.1:4711` or `[::1]:4711`: an answer must not look complete."""
    for each in _sockets():
        try:
            host, port = each.getpeername()[:2]
        except (OSError, ValueError):  # not connected, or a Unix socket
            continue
        if client == (f"[{host}]:{port}" if ":" in host else f"{host}:{port}"):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:  # it is gone by itself
                pass
            return


def _sockets() -> Iterator[socket.socket]:
    """A second handle of every socket, closed after use; the first stays with its owner."""
    for name in os.listdir(FOLDER):
        try:
            number = int(name)
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            handle = socket.socket(fileno=os.dup(number))
        except OSError:  # closed meanwhile
            continue
        try:
            yield handle
        finally:
            handle.close()
