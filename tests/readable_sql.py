"""Statements laid out for reading: a clause, a member of the answer and a condition a line.

Only blanks between words are changed, so that the text stays the statement that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

Nodes = Sequence[Any]  # words, blanks as " ", and what stands between two brackets as a list of its own

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\s+|[(),]|[^\s(),'\"]+")
_CLAUSES = tuple(
    tuple(each.split())
    for each in (
        "WITH RECURSIVE", "WITH", "SELECT", "INSERT INTO", "UPDATE", "DELETE FROM", "SET", "VALUES", "FROM",
        "LEFT JOIN", "CROSS JOIN", "JOIN", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "UNION ALL",
        "UNION", "ON CONFLICT", "RETURNING", "FOR UPDATE", "FOR KEY SHARE",
    )
)  # fmt: skip
_STATEMENTS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "VALUES")
_LISTS = ("WITH", "WITH RECURSIVE", "SELECT", "FROM")  # an item a line
_KEY = re.compile(r"'[{,].*\":.*'|'\}'", re.DOTALL)  # what stands before a member's value in JSON, and the end
_WIDTH = 110


def readable(sql: str) -> str:
    """The statement in lines.

    >>> print(readable('''SELECT ('{"id":' || r.id || '}') FROM "s"."t" r WHERE a AND (b OR c) LIMIT 1'''))
    SELECT ('{"id":' || r.id || '}')
    FROM "s"."t" r
    WHERE a
      AND (b OR c)
    LIMIT 1
    """
    tokens = _TOKEN.findall(sql)
    assert "".join(tokens) == sql, "a quote is not closed"
    nodes, _ = _read(tokens, 0)
    return _statement(nodes, 0)


def packed(sql: str) -> str:
    """The statement without blanks between its words, which is the same before and after it was laid out."""
    return "".join(token for token in _TOKEN.findall(sql) if not token.isspace())


def _read(tokens: Sequence[str], place: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token == "(":
            inner, place = _read(tokens, place)
            found.append(inner)
        elif token == ")":
            break
        else:
            found.append(" " if token.isspace() else token)
    return found, place


def _statement(nodes: Nodes, indent: int) -> str:
    clauses: list[tuple[str, list[Any]]] = [("", [])]
    place = 0
    while place < len(nodes):
        words = next((each for each in _CLAUSES if tuple(nodes[place : place + 2 * len(each) - 1 : 2]) == each), None)
        if words is None:
            clauses[-1][1].append(nodes[place])
            place += 1
        else:
            clauses.append((" ".join(words), []))
            place += 2 * len(words) - 1
    lines = [_clause(name, _trimmed(body), indent) for name, body in clauses]
    return f"\n{' ' * indent}".join(line for line in lines if line)


def _clause(name: str, body: Nodes, indent: int) -> str:
    inner = indent + 2
    if name in _LISTS:
        items = _split(body, ",")
        if len(items) > 1 and (name not in ("SELECT", "FROM") or len(_flat(body)) + indent > 60):
            return f"{name}\n" + ",\n".join(" " * inner + _text(item, inner) for item in items)
    parts = _split(body, "AND")
    if name == "WHERE" and len(parts) > 1 and "OR" not in body:
        return f"{name} " + f"\n{' ' * inner}AND ".join(_text(part, inner) for part in parts)
    return f"{name} {_text(body, indent)}".strip()


def _text(nodes: Nodes, indent: int) -> str:
    return "".join(node if isinstance(node, str) else _bracketed(node, indent) for node in nodes)


def _bracketed(nodes: Nodes, indent: int) -> str:
    inner, start, end = indent + 2, "\n" + " " * (indent + 2), "\n" + " " * indent
    flat = _flat(nodes)
    if nodes and nodes[0] in _STATEMENTS:
        if len(flat) + indent <= _WIDTH - 30:
            return f"({flat})"
        return f"({start}{_statement(nodes, inner)}{end})"
    items = _split(nodes, ",")
    if len(items) > 3 and all(len(item) == 1 and _KEY.fullmatch(str(item[0])) for item in items[::2]):
        members = [",".join(_text(item, inner) for item in items[at : at + 2]) for at in range(0, len(items), 2)]
        return f"({start}" + f",{start}".join(members) + f"{end})"
    texts = _split(nodes, "||")
    if len(texts) > 3 and all(len(text) == 1 and _KEY.fullmatch(str(text[0])) for text in texts[::2]):
        members = [" || ".join(_text(text, inner) for text in texts[at : at + 2]) for at in range(0, len(texts), 2)]
        return f"({start}" + f" ||{start}".join(members) + f"{end})"
    for word in ("OR", "AND"):
        if word in nodes and len(flat) + indent > _WIDTH:
            return f"({start}" + f"{start}{word} ".join(_text(part, inner) for part in _split(nodes, word)) + f"{end})"
    return f"({_text(nodes, indent)})"


def _flat(nodes: Nodes) -> str:
    return "".join(node if isinstance(node, str) else f"({_flat(node)})" for node in nodes)


def _split(nodes: Nodes, mark: str) -> list[Nodes]:
    parts: list[list[Any]] = [[]]
    for node in nodes:
        if node == mark:
            parts.append([])
        else:
            parts[-1].append(node)
    return [_trimmed(part) for part in parts]


def _trimmed(nodes: Nodes) -> Nodes:
    start, end = 0, len(nodes)
    while start < end and nodes[start] == " ":
        start += 1
    while end > start and nodes[end - 1] == " ":
        end -= 1
    return nodes[start:end]
