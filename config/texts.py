"""Rules of texts that hold wherever one is kept: what PostgreSQL can store, and what a reader can see.

The values of records have their field types' own messages; names, labels and settings are judged here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from config.errors import BadRequest

# Drawn as nothing, though Unicode calls them letters, marks or symbols: the grapheme joiner, Hangul and Khmer fillers,
# the empty braille pattern and the variation selectors.
_UNDRAWN = frozenset(
    chr(code)
    for codes in (
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
    for code in codes
)
# Controls, format characters (zero-width ones, and those that turn the direction of what follows: UAX #9), code
# points without a character, and white space.
_UNDRAWN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Zl", "Zp", "Zs"})
_SURROGATE = re.compile(r"%[eE][dD]%[aAbB][0-9a-fA-F]%[89aAbB][0-9a-fA-F]")  # what UTF-8 cannot hold


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, the others as they are.

    >>> capitalised("annualRevenue"), capitalised("")
    ('AnnualRevenue', '')
    """
    return text[:1].upper() + text[1:]


def camel(name: str) -> str:
    """A name of Python as the APIs have it.

    >>> camel("target_url"), camel("id")
    ('targetUrl', 'id')
    """
    head, *rest = name.split("_")
    return head + "".join(map(capitalised, rest))


def snake(name: str) -> str:
    """A name of the APIs as Python has it.

    >>> snake("targetUrl"), snake("id")
    ('target_url', 'id')
    """
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def is_blank(text: str) -> bool:
    """Whether nobody could see the text: it is empty, or white space and invisible or direction characters only.

    >>> is_blank(" "), is_blank("\u200b\u202e"), is_blank("\u3164"), is_blank("\u200ba"), is_blank("—")
    (True, True, True, False, False)
    """
    return all(map(_is_undrawn, text))


def has_invisible(text: str) -> bool:
    """Whether a reader would miss a character of the text, white space included."""
    return any(map(_is_undrawn, text))


def _is_undrawn(character: str) -> bool:
    return unicodedata.category(character) in _UNDRAWN_CATEGORIES or character in _UNDRAWN


def refuse_surrogates(query_string: str) -> None:
    """Raise BadRequest when a query string holds half of a surrogate pair, in its escapes."""
    if _SURROGATE.search(query_string):
        raise BadRequest("The query string is no valid Unicode")


def refuse_nul(value: object, path: str = "") -> None:
    """Raise BadRequest when a text in a JSON value, or a member's name, holds NUL, which no PostgreSQL text can."""
    place = next(_places_of_nul(value, path), None)
    if place is not None:
        where = place or "The body"
        raise BadRequest(f"{where} must not contain the character NUL", path=place or None)


def _places_of_nul(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if "\x00" in value:
            yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(name, str) and "\x00" in name:
                yield path
            else:
                yield from _places_of_nul(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _places_of_nul(item, path)
