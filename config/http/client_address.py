"""Whose request it is, as far as it can be believed: the one rule about X-Forwarded-For.

The address of a connection cannot be forged; what a header says of it can. So the header is believed only when
the connection comes from one of `settings.TRUSTED_PROXIES`, and from its right end, where that proxy wrote, to the
left for as long as the addresses are trusted proxies themselves. The first that is none is the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:  # the settings import this
    from django.http import HttpRequest

UNIX = "unix"  # the address of whoever connects over a Unix socket; may be named in TRUSTED_PROXIES
CLIENT_PREFIX_V6 = 64  # one subscriber has at least that many IPv6 addresses (RFC 6177)


def client_address(request: HttpRequest) -> str:
    """The client's address, `203.0.113.7` or `2001:db8::1`; `unix` without one."""
    meta = request.META
    return believed_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR"))


def believed_address(peer: str, forwarded_for: str | None) -> str:
    """The client of a connection from `peer` whose request has this X-Forwarded-For (several are joined by commas)."""
    trusted = settings.TRUSTED_PROXIES
    if not trusted or forwarded_for is None or not _is_trusted(peer, tuple(trusted)):
        return plain(peer)
    client = plain(peer)
    for text in reversed(forwarded_for.split(",")):
        address = _read(text)
        if address is None:  # "unknown" (RFC 7239 §6.2), or nonsense: who wrote it is as far as can be seen
            break
        client = str(address)
        if not _is_trusted(client, tuple(trusted)):
            break
    return client


def is_trusted_proxy(peer: str) -> bool:
    """Whether a connection's address is one of TRUSTED_PROXIES, whose headers about the client are believed."""
    trusted = settings.TRUSTED_PROXIES
    return bool(trusted) and _is_trusted(peer, tuple(trusted))


def counted_as(address: str) -> str:
    """What limits per address count by: an IPv4 address itself, of an IPv6 address its network of 64 bits.

    >>> counted_as("2001:db8::1:2:3:4"), counted_as("203.0.113.7")
    ('2001:db8::/64', '203.0.113.7')
    """
    if ":" not in address:
        return address
    return str(IPv6Network((address.partition("%")[0], CLIENT_PREFIX_V6), strict=False))


@lru_cache(maxsize=1024)
def plain(peer: str) -> str:
    """An address without its port, in one spelling; `unix` for what is none.

    >>> plain("[2001:DB8::1]:443"), plain("203.0.113.7:80"), plain("::ffff:203.0.113.7"), plain("")
    ('2001:db8::1', '203.0.113.7', '203.0.113.7', 'unix')
    """
    address = _read(peer)
    return UNIX if address is None else str(address)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """An address with or without a port, as proxies and servers write it."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=1024)
def _is_trusted(peer: str, trusted: tuple[str, ...]) -> bool:
    address = _read(peer)
    if address is None:
        return UNIX in trusted
    return any(address in network for network in _networks(trusted))


@lru_cache(maxsize=8)
def _networks(trusted: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each, strict=False) for each in trusted if each != UNIX)


def read_networks(text: str) -> list[str]:
    """`TRUSTED_PROXIES` out of the environment: networks, separated by commas; ValueError names a bad one."""
    named = [each.strip() for each in text.split(",") if each.strip()]
    _networks(tuple(named))
    return named
