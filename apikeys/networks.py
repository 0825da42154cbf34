"""Networks that a key may be used from: as people write them, and as addresses are compared with them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

import orjson

Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")


def read_network(text: str) -> Network:
    """A network in CIDR notation, or a single address; ValueError says in words what is wrong with it.

    IPv4 written as IPv6 is IPv4, as addresses of clients are told (`config.http.client_address`).

    >>> [str(read_network(each)) for each in ("203.0.113.7", "2001:DB8::/32", "::ffff:203.0.113.0/120")]
    ['203.0.113.7/32', '2001:db8::/32', '203.0.113.0/24']
    >>> read_network("203.0.113.7/24")
    Traceback (most recent call last):
    ValueError: "203.0.113.7/24" is an address within a network: did you mean 203.0.113.0/24 or 203.0.113.7/32?
    """
    shown = text[:60]
    try:
        wide = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f'"{shown}" is no network, as 203.0.113.0/24 or 2001:db8::/32, and no address') from None
    address = ip_address(text.strip().partition("/")[0])
    if getattr(address, "scope_id", None):
        raise ValueError(f'"{shown}" names an interface of one machine, which other machines do not know')
    if address != wide.network_address:
        single = 32 if wide.version == 4 else 128
        raise ValueError(f'"{shown}" is an address within a network: did you mean {wide} or {address}/{single}?')
    if isinstance(wide, IPv6Network) and wide.subnet_of(_MAPPED):
        return IPv4Network((IPv4Address(int(wide.network_address) & 0xFFFFFFFF), wide.prefixlen - 96))
    return wide


def exceeding(wanted: Sequence[str] | None, own: Sequence[str] | None) -> str | None:
    """The first of the wanted networks that does not lie within `own`; None of either is everywhere."""
    if own is None:
        return None
    if wanted is None:
        return "everywhere"
    within = [ip_network(each) for each in own]
    return next((each for each in wanted if not any(_lies_in(ip_network(each), wide) for wide in within)), None)


def _lies_in(network: Network, wide: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(wide, IPv4Network) and network.subnet_of(wide)
    return isinstance(wide, IPv6Network) and network.subnet_of(wide)


@lru_cache(maxsize=4096)
def is_allowed(address: str, networks: str) -> bool:
    """Whether a client's address is in one of the networks, given as the JSON list that is stored.

    >>> is_allowed("203.0.113.7", '["203.0.113.0/24"]'), is_allowed("unix", '["0.0.0.0/0", "::/0"]')
    (True, False)
    """
    try:
        client = ip_address(address)
    except ValueError:  # a Unix socket has none
        return False
    return any(client in network for network in _read(networks))


@lru_cache(maxsize=1024)
def _read(networks: str) -> tuple[Network, ...]:
    return tuple(ip_network(each) for each in orjson.loads(networks))
