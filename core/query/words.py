"""Text for searching: what is stored in a record's search column, and the words a search is made of.

Both sides are cut into the same words, so that PostgreSQL's parser, which keeps an address or a URL
whole, never decides what can be found: `ada@acme.example` is found by each of its three words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from metadata.fieldtypes.tsvector import fold
from metadata.schema import ObjectSchema

MAX_SEARCH_TEXT = 100_000  # characters kept per record; PostgreSQL's limit is 1 MB of lexemes
MAX_WORD = 255  # characters; PostgreSQL refuses queries with words above 2,046 bytes
MAX_WORDS = 50  # of one search
_WORD = re.compile(r"\w+")
_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() or code == ord("_") else ord(" ") for code in range(128))
_ASCII_WORDS = _ASCII.ljust(256)  # for bytes.translate: letters in lower case, a space for what is in no word


Term = tuple[str, ...]  # words that stand beside each other in this order; mostly one

_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*://|mailto:)(?:www\.)?|www\.(?=\w+\.\w)", re.ASCII)
_ADDRESS = re.compile(r"[@/]|\w\.\w")
_LETTER = re.compile(r"[^\W\d_]")  # `06.12.34.56.78` is no address


def search_terms(text: str) -> list[Term]:
    """What a search's input asks for, folded: its words, those of one address or URL as one term.

    >>> search_terms("José ada@Acme.example https://www.acme.example/x Jean-Luc")
    [('jose',), ('ada', 'acme', 'example'), ('acme', 'example', 'x'), ('jean',), ('luc',)]
    """
    terms: dict[Term, None] = {}
    left = MAX_WORDS
    for token in fold(text).split():
        words = _WORD.findall(token)
        if len(words) > 1 and _ADDRESS.search(token) and _LETTER.search(token):
            words = _WORD.findall(_SCHEME.sub("", token, count=1) if _SCHEME.match(token) else token) or words
            found = [tuple(word[:MAX_WORD] for word in words[:left])]
        else:
            found = [(word[:MAX_WORD],) for word in words[:left]]
        terms.update(dict.fromkeys(term for term in found if term))
        left -= len(words)
        if left <= 0:
            break
    return list(terms)


def search_text(subject: ObjectSchema, data: Mapping[str, object]) -> str | None:
    """The folded words of a record's searchable fields, spaces between; `data` is the stored JSON by storage key."""
    words: list[str] = []
    left = MAX_SEARCH_TEXT
    for field in subject.search_fields:
        stored = data.get(field.storage_key)
        if stored is not None and left > 0:
            for word in field.type.search_texts(stored):
                words.append(word[:left])
                left -= len(word)
                if left <= 0:
                    break
    if not words:
        return None
    text = " ".join(words)
    if text.isascii():
        return text.encode().translate(_ASCII_WORDS).decode()[:MAX_SEARCH_TEXT]
    return " ".join(_WORD.findall(" ".join(map(fold, words))))[:MAX_SEARCH_TEXT]
