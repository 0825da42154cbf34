"""International domain names (IDNA 2008, UTS 46): both ways of writing one."""

from __future__ import annotations

from functools import lru_cache

import idna

from config.http.bounds import MAX, spend

LONGEST = 253  # characters of a domain (RFC 1035 §2.3.4)


def other_spelling(domain: str) -> str | None:
    """The domain in Unicode when it is punycode, and the other way round; None when there is one spelling only.

    Raises TooComplex for too many in one request.

    >>> other_spelling("xn--mnchen-3ya.example"), other_spelling("München.example"), other_spelling("acme.example")
    ('münchen.example', 'xn--mnchen-3ya.example', None)
    """
    if len(domain) > LONGEST or (domain.isascii() and "xn--" not in domain.lower()):
        return None
    spend("spellings of international domains", 1, MAX.international_domains)
    return _other_spelling(domain)


@lru_cache(maxsize=1024)
def _other_spelling(domain: str) -> str | None:
    try:
        if domain.isascii():
            return idna.decode(domain.lower())
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
