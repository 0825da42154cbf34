"""JSON values as YAML 1.2 text: block style around double-quoted scalars, which are JSON's own.

A general emitter looks at every character of every text to find its prettiest form; a document of a
megabyte would take it seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_PLAIN_KEY = re.compile(r"[A-Za-z_$/][\w$/{}.-]*", re.ASCII)
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))  # YAML 1.1 reads more than strings
_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})  # line breaks to YAML only


def as_yaml(value: object) -> str:
    """
    >>> print(as_yaml({"a": [1, {"b": None}], "c": {}}))
    a:
    - 1
    - b: null
    c: {}
    <BLANKLINE>
    """
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _entry(f"{indent}{_key(key)}:", member, indent)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            first, *rest = _lines(item, indent + "  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
    else:
        yield indent + _scalar(value)


def _entry(opening: str, member: object, indent: str) -> Iterator[str]:
    if isinstance(member, dict) and member:
        yield opening
        yield from _lines(member, indent + "  ")
    elif isinstance(member, list | tuple) and member:
        yield opening
        yield from _lines(member, indent)
    else:
        yield f"{opening} {_scalar(member)}"


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_BREAKS)


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS else _scalar(key)
