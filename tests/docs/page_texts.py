"""Texts that a page shows or that are read out, and that nothing translates: of its template, and of its Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from django.template.base import Lexer, Token, TokenType

_VALUE, _TAG = "\x00", "\x01"  # what stands in the page for a value, and for a tag of the template
_ENDS = {"comment": "endcomment", "blocktranslate": "endblocktranslate"}  # what stands between is no text, or is ready
_MARKUP = re.compile(
    r"<!--.*?-->|<!doctype[^>]*>|<(?P<code>pre|code|script|style)\b[^>]*>.*?</(?P=code)>|<(?P<tag>/?[a-z][^>]*)>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r'(?<=\s)(?:aria-label|aria-description|placeholder|alt|title|data-label)="([^"]*)"')
_LITERAL = re.compile(r"""(?P<before>\|\w+:|\w+=|^)(?P<text>"[^"]*"|'[^']*')""")
_FILTERS = ("|default:", "|default_if_none:", "|yesno:")  # of which a page shows the words
_GIVEN = frozenset(("include", "with", "cycle", "firstof"))  # tags that show or hand on the texts they are given
_ICON = "name="
_WORDS = re.compile(r"[^\W\d_]{2}")
_SAYS = {
    "success": 1,
    "warning": 1,
    "error": 1,
    "info": 1,
    "add_error": 1,
    "ValidationError": 0,
}  # which argument is said
_SHOWN_AS = frozenset(("label", "help_text", "placeholder", "required"))  # keywords, and keys of `attrs` and messages
_NO_WORDS = re.compile(r"&\w+;|[\x00\x01]+")


def untranslated(source: str) -> list[str]:
    """They are in the order of the page; what is given in tags comes last. A value in them is written `{}`, and a tag
    ends a text, since what a tag chooses is no part of one sentence."""
    tokens = list(_outside(Lexer(source).tokenize()))
    found = [*_shown("".join(_as_page(each) for each in tokens)), *_given(tokens)]
    return [each.replace(_VALUE, "{}") for each in found]


def _outside(tokens: list[Token]) -> Iterator[Token]:
    """Tokens but comments, and but what a blocktranslate has within."""
    end: str | None = None
    for each in tokens:
        name = each.split_contents()[0] if each.token_type == TokenType.BLOCK else ""
        if end is not None:
            end = None if name == end else end
            continue
        end = _ENDS.get(name)
        if each.token_type != TokenType.COMMENT and name != "comment":
            yield each


def _as_page(token: Token) -> str:
    if token.token_type == TokenType.TEXT:
        return str(token.contents)
    return _VALUE if token.token_type == TokenType.VAR else _TAG


def _shown(page: str) -> Iterator[str]:
    place = 0
    for markup in _MARKUP.finditer(page):
        yield from _texts(page[place : markup.start()])
        place = markup.end()
        for found in _ATTRIBUTE.finditer(markup["tag"] or ""):
            yield from _texts(found[1])
    yield from _texts(page[place:])


def _texts(content: str) -> Iterator[str]:
    for part in content.split(_TAG):
        if _WORDS.search(_NO_WORDS.sub(" ", part)):
            yield " ".join(part.split())


def _given(tokens: list[Token]) -> Iterator[str]:
    """Texts in tags and values that a page shows: given to another template, or in place of a value."""
    for each in tokens:
        if each.token_type not in (TokenType.BLOCK, TokenType.VAR):
            continue
        words = each.split_contents()
        hands_on = each.token_type == TokenType.BLOCK and words[0] in _GIVEN
        for word in words[2:] if words[0] == "include" else words:
            for found in _LITERAL.finditer(word):
                before, text = found["before"], found["text"][1:-1]
                is_argument = hands_on and not before.startswith("|") and before != _ICON
                if (is_argument or before in _FILTERS) and _WORDS.search(text):
                    yield text


def untranslated_in_python(source: str) -> list[str]:
    """Texts that Python gives to messages, to forms and their fields without gettext; of f-strings the first piece."""
    found = []
    for each in ast.walk(ast.parse(source)):
        if isinstance(each, ast.Call):
            place = _SAYS.get(getattr(each.func, "attr", getattr(each.func, "id", "")))
            given = each.args[place : place + 1] if place is not None else []
            found += [*given, *(one.value for one in each.keywords if one.arg in _SHOWN_AS)]
        elif isinstance(each, ast.Dict):
            pairs = zip(each.keys, each.values, strict=True)
            found += [value for key, value in pairs if isinstance(key, ast.Constant) and key.value in _SHOWN_AS]
    return [text for each in found for text in _literals(each)]


def _literals(given: ast.expr) -> Iterator[str]:
    """Texts in an expression that it may be as they stand."""
    if isinstance(given, ast.IfExp):
        yield from (*_literals(given.body), *_literals(given.orelse))
    elif isinstance(given, ast.BinOp):
        yield from (*_literals(given.left), *_literals(given.right))
    elif isinstance(given, ast.JoinedStr):
        yield from [text for each in given.values for text in _literals(each)][:1]
    elif isinstance(given, ast.Constant) and isinstance(given.value, str) and _WORDS.search(given.value):
        yield given.value
