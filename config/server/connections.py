"""The sockets of this process, which the web server keeps to itself: found by the system's list of open files.

Only for what is rare: once when the server starts, for a client that does not read its answer, and for an address
with more connections than it may have.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections import defaultdict
from collections.abc import Collection, Iterator

from config.http.client_address import counted_as, is_trusted_proxy, plain

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


def may_have_more_than(most: int) -> bool:
    """Whether any address can have more than so many connections, by the number of open files: at once."""
    return len(os.listdir(FOLDER)) > most


def end_surplus(most: int, busy: Collection[str]) -> int:
    """Close what an address has beyond so many connections to this server; gives how many were closed.

    Those that were sent nothing for longest go first, never one of `busy`: the peers (`127.0.0.1:4711`) whose
    requests are under way, for which there are limits of their own. So whoever sends half a head over and over
    leaves room for others. Trusted proxies and Unix sockets may have any number.
    """
    of_address: dict[str, list[tuple[int, socket.socket]]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    ended = 0
    handles = [each.dup() for each in _sockets() if each.family in (socket.AF_INET, socket.AF_INET6)]
    try:
        ports = {each.getsockname()[1] for each in handles if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)}
        for each in handles:
            try:
                host, port = each.getpeername()[:2]
                if each.getsockname()[1] not in ports or is_trusted_proxy(host):
                    continue
                address = counted_as(plain(host))
                count[address] += 1
                if _client(host, port) not in busy:
                    of_address[address].append((_silent_ms(each), each))
            except OSError:  # not connected any more
                continue
        for address, found in of_address.items():
            surplus = max(0, count[address] - most)
            for _, each in sorted(found, key=lambda pair: -pair[0])[:surplus]:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                    ended += 1
                except OSError:  # it is gone by itself
                    continue
    finally:
        for each in handles:
            each.close()
    return ended


_LAST_DATA_SENT = 44  # where struct tcp_info has it (linux/tcp.h), in ms


def _silent_ms(connection: socket.socket) -> int:
    """How long nothing was sent over it, since it began if nothing ever was; 0 where the system does not tell."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return 0
    told = connection.getsockopt(socket.IPPROTO_TCP, option, _LAST_DATA_SENT + 4)
    return struct.unpack_from("I", told, _LAST_DATA_SENT)[0] if len(told) >= _LAST_DATA_SENT + 4 else 0


def _client(host: str, port: int) -> str:
    """A peer as the web server names it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def hang_up(client: str) -> None:
    """Break the connection whose peer is `127.0.0.1:4711` or `[::1]:4711`: an answer must not look complete."""
    for each in _sockets():
        try:
            host, port = each.getpeername()[:2]
        except (OSError, ValueError):  # not connected, or a Unix socket
            continue
        if client == _client(host, port):
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
