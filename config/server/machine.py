"""What this machine is called, and at which addresses it can be reached."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv6Address, ip_address
from pathlib import Path

_IPV4_LOCAL = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")  # a leaf of Linux's routing table: one of our own


def names() -> list[str]:
    """The machine's name, whole and short, and the short one as neighbours look it up (RFC 6762)."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return list(dict.fromkeys(each for each in (name, short, f"{short}.local") if short))


def addresses() -> list[str]:
    """The addresses of its interfaces, loopback left out; nothing is sent and no name is looked up.

    >>> all(ip_address(each) for each in addresses())
    True
    """
    found: list[str | None] | None = _listed()
    if found is None:
        found = [_of_the_way_to("192.0.2.1", socket.AF_INET), _of_the_way_to("2001:db8::1", socket.AF_INET6)]
    return list(dict.fromkeys(each for each in found if each and not ip_address(each).is_loopback))


def _listed() -> list[str | None] | None:
    """All of them, where Linux lists them."""
    try:
        found: list[str | None] = [*_IPV4_LOCAL.findall(Path("/proc/net/fib_trie").read_text())]
    except OSError:
        return None
    try:
        lines = Path("/proc/net/if_inet6").read_text().split("\n")
    except OSError:  # without IPv6
        return found
    return [*found, *(str(IPv6Address(int(line.split()[0], 16))) for line in lines if line)]


def _of_the_way_to(destination: str, family: socket.AddressFamily) -> str | None:
    """Our address on the way to a destination (which is nobody: RFC 5737, RFC 3849); connecting UDP sends nothing."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((destination, 9))
            address: str = probe.getsockname()[0]
            return address
    except OSError:
        return None
