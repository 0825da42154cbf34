"""Which addresses a webhook may reach, and the one spelling a URL is kept in. Pure.

Public unicast addresses on ports 80 and 443, unless the operator allows more in
`settings.WEBHOOK_ALLOWED_HOSTS`. The ranges are those of the IANA special-purpose registries
(RFC 6890) and what tunnels into them.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

import idna

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_LENGTH = 2048

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent
        "169.254.0.0/16",  # link-local, instance metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")  # everything else is loopback, local, mapped, NAT64, multicast …
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_PRIVATE_NAMES = ("localhost", "metadata.goog", "instance-data")
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal")


class InvalidUrl(ValueError):
    """A text that is no http or https URL we would call; the message says why."""


class AddressRefused(Exception):
    """A host, address or port that the policy does not let webhooks reach."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: `host` in its ASCII form, IPv6 without brackets."""

    scheme: str
    host: str
    port: int
    path: str  # path and query, as sent in the request line

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110 §7.2): the default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_target(url: str) -> Target:
    """Read a URL the way browsers do (WHATWG URL): host lower-cased, punycoded, odd IPv4 spellings resolved.

    Raises InvalidUrl for anything but http and https, a missing host, credentials, or characters
    that have no place in a URL. A fragment is dropped.

    >>> parse_target("HTTPS://Hooks.Example").url, parse_target("http://0x7f.1:8080/a b?c").url
    ('https://hooks.example/', 'http://127.0.0.1:8080/a%20b?c')
    """
    text = url.strip()
    if len(text) > MAX_URL_LENGTH:
        raise InvalidUrl(f"URL is longer than {MAX_URL_LENGTH} characters")
    if "\\" in text or any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise InvalidUrl("URL has a backslash or a control character")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as fault:
        raise InvalidUrl(str(fault)) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidUrl("URL must start with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise InvalidUrl("URL must not hold a user name or password")
    if not parts.hostname or port == 0:
        raise InvalidUrl("URL has no host" if port != 0 else "Port 0 cannot be called")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    return Target(parts.scheme, _ascii_host(parts.hostname), port or DEFAULT_PORTS[parts.scheme], path)


def _ascii_host(host: str) -> str:
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise InvalidUrl(f"{host} is not an IPv6 address") from None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, transitional=False).decode()
        except (idna.IDNAError, UnicodeError):
            raise InvalidUrl(f"{host} is not a host name") from None
    host = host.lower()
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):  # an IPv4 address in some spelling, never a name
        try:
            return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
        except (OSError, ValueError):
            raise InvalidUrl(f"{host} is not an IPv4 address") from None
    if not all(character.isalnum() or character in "-._" for character in host) or ".." in host or host[0] == ".":
        raise InvalidUrl(f"{host} is not a host name")
    return host


def is_public(address: Address) -> bool:
    """Whether an address is one that anybody on the Internet could be at."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    return address in _GLOBAL_V6 and address.is_global and not any(address in network for network in _REFUSED_V6)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be reached beside public addresses on the default ports."""

    names: frozenset[tuple[str, int | None]] = frozenset()  # a port of None stands for every port
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def from_entries(cls, entries: Iterable[str]) -> AddressPolicy:
        """Read `host`, `host:port`, an address, `[v6]:port` or a network in CIDR form. Raises ValueError."""
        return _read_entries(tuple(entries))

    def allows_name(self, target: Target) -> bool:
        return (target.host, None) in self.names or (target.host, target.port) in self.names

    def allows_address(self, address: Address, port: int) -> bool:
        return any(address in network and allowed in (None, port) for network, allowed in self.networks)

    def check_name(self, target: Target) -> None:
        """Refuse what can be told without a lookup: a local name, a literal address, a port."""
        if self.allows_name(target):
            return
        host = target.host.rstrip(".")
        try:
            literal: Address = ipaddress.ip_address(host)
        except ValueError:
            if self.networks:
                return  # one of them may stand behind the name and lift these rules: the lookup tells
            if host in _PRIVATE_NAMES or host.endswith(_PRIVATE_SUFFIXES):
                raise AddressRefused(f"{target.host} is a name of a private network") from None
            if target.port not in DEFAULT_PORTS.values():
                raise AddressRefused(f"Port {target.port} is not allowed: use 80 or 443") from None
        else:
            self.check_address(target, literal)

    def check_address(self, target: Target, address: Address) -> None:
        """Refuse an address (and the port asked for there) unless it is public or allowed."""
        if self.allows_name(target) or self.allows_address(address, target.port):
            return
        if not is_public(address):
            raise AddressRefused(f"{target.host} is the private or reserved address {address}")
        if target.port not in DEFAULT_PORTS.values():
            raise AddressRefused(f"Port {target.port} is not allowed: use 80 or 443")


@lru_cache(maxsize=16)
def _read_entries(entries: tuple[str, ...]) -> AddressPolicy:
    names: set[tuple[str, int | None]] = set()
    networks: list[tuple[Network, int | None]] = []
    for entry in (each.strip() for each in entries):
        if not entry:
            continue
        host, port = _split_port(entry)
        try:
            networks.append((ipaddress.ip_network(host, strict=False), port))
        except ValueError:
            if "/" in host:
                raise ValueError(f"{entry!r} is neither a host nor a network") from None
            names.add((_ascii_host(host), port))
    return AddressPolicy(frozenset(names), tuple(networks))


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") else None
    if entry.count(":") == 1:
        host, _, port = entry.partition(":")
        return host, int(port)
    return entry, None
