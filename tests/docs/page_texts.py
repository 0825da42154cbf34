"""Texts of templates that stand by themselves: what a page shows that is neither made of values nor broken by markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_TOKEN = re.compile(
    r"{%\s*comment\b.*?endcomment\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->|<(?:[^<>{]|{(?![{%#])|{%.*?%}|{{.*?}})*>",
    re.DOTALL,
)
_VERBATIM = re.compile(r"<(pre|code|script|style)\b.*?</\1>", re.DOTALL)
_OPENS = re.compile(r"<(\w+)")
_ATTRIBUTE = re.compile(r'(?<=\s)(?:aria-label|placeholder|alt|title)="([^"{}\']*[A-Za-z]{2}[^"{}\']*)"')
_MIXED = re.compile(r">([^<>{}]*(?:{{[^}]*}}[^<>{}]*)+)<")
_ADDRESS = re.compile(r"\s*(?:{{ base_url }}[/\w-]*|/[/\w]*{{[^}]*}})\s*")
_TITLE = re.compile(r"{% block title %}(.*?){% endblock %}", re.DOTALL)
_SAID = re.compile(r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}", re.DOTALL)
_WORDS = re.compile(r"[A-Za-z]{2}")


class Text(NamedTuple):
    start: int
    end: int
    quote: str  # which the tag around it may use


def whole_texts(source: str) -> Iterator[Text]:
    """The texts between the beginning of an element, or of a block, and its end; and those of attributes."""
    verbatim = [each.span() for each in _VERBATIM.finditer(source)]
    tokens = list(_TOKEN.finditer(source))
    for place, (before, after) in enumerate(pairwise(tokens)):
        start, end = before.end(), after.start()
        text = source[start:end]
        bare = text.strip()
        if not _WORDS.search(bare) or "\n" in bare or any(a <= start < b for a, b in verbatim):
            continue
        if not _is_closed(_opener(tokens, place), after[0]) or ('"' in bare and "'" in bare):
            continue
        lead = len(text) - len(text.lstrip())
        yield Text(start + lead, start + lead + len(bare), "'" if '"' in bare else '"')
    for each in tokens:
        if each[0].startswith("<") and not each[0].startswith("<!"):
            for found in _ATTRIBUTE.finditer(each[0]):
                yield Text(each.start() + found.start(1), each.start() + found.end(1), "'")


def sentences_with_values(source: str) -> Iterator[str]:
    """Whole contents of elements that are words and values, but addresses, and code."""
    verbatim = [each.span() for each in _VERBATIM.finditer(source)]
    for found in _MIXED.finditer(source):
        is_said = _WORDS.search(re.sub("{{.*?}}", "", found[1])) and not _ADDRESS.fullmatch(found[1])
        if is_said and not any(a <= found.start() < b for a, b in verbatim):
            yield found[1].strip()


def title_words(source: str) -> list[str]:
    """Words of the page's title that no tag translates."""
    found = _TITLE.search(source)
    return [] if found is None else _WORDS.findall(_SAID.sub("", found[1]))


def _opener(tokens: list[re.Match[str]], place: int) -> str:
    """What the text begins after; an icon before it is a part of its element."""
    token = tokens[place][0]
    if "includes/icon.html" in token and place and tokens[place - 1].end() == tokens[place].start():
        return tokens[place - 1][0]
    return token


def _is_closed(opener: str, closer: str) -> bool:
    if opener.startswith("{% block body_class"):
        return False
    if opener.startswith("{% block "):
        return closer.startswith("{% endblock")
    opened = _OPENS.match(opener)
    return opened is not None and closer == f"</{opened[1]}>"
