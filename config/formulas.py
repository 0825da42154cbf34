"""Cells that a spreadsheet would take for a formula, made harmless and back again.

A text that begins like a formula runs as one when the file is opened (CWE-1236): it may read other cells and send them
away. OWASP's remedy is an apostrophe before it. Texts that already look like the result get one more, so that taking
one away gives back what there was, whatever it was.
"""

from __future__ import annotations

import re

_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # the wide ones begin formulas in Japanese versions


def harmless(text: str) -> str:
    """
    >>> harmless("=1+1"), harmless("'=1+1"), harmless("O'Hara"), harmless("a=b")
    ("'=1+1", "''=1+1", "O'Hara", 'a=b')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """What `harmless` was given.

    >>> restored("'=1+1"), restored("''=1+1"), restored("'tis"), restored("=1")
    ('=1+1', "'=1+1", "'tis", '=1')
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
