"""The names this server answers to, and whether a Host header is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host


@lru_cache(maxsize=256)
def is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """As `HttpRequest.get_host` has it; kept, because every request and every statement that shows files asks."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def allowed_hosts(given: str, server_url: str, bound_to: str, names: Sequence[str]) -> list[str]:
    """ALLOWED_HOSTS: what is given, else this machine; and the host of SERVER_URL always.

    >>> allowed_hosts("", "https://crm.example", "0.0.0.0", ["box", "10.0.0.7", "fe80::1"])
    ['localhost', '.localhost', '127.0.0.1', '[::1]', 'box', '10.0.0.7', '[fe80::1]', 'crm.example']
    >>> allowed_hosts(" crm.example, ", "", "127.0.0.1", ["box"])
    ['crm.example']
    """
    found = [each.strip() for each in given.split(",") if each.strip()]
    if not found:
        bound = [] if bound_to in ("0.0.0.0", "::") else [bound_to]  # noqa: S104 - compared with, not bound to
        found = ["localhost", ".localhost", "127.0.0.1", "[::1]", *map(_bracketed, [*bound, *names])]
    host = urlsplit(server_url).hostname
    return list(dict.fromkeys([*found, *([_bracketed(host)] if host else [])]))


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
