"""Rich text's two sides: BlockNote blocks and CommonMark, each made from the other.

Kept in both directions: paragraphs, headings, quotes, code, bullet, numbered and check lists (nested),
tables (as text rows), images, links, and the styles bold, italic, strike and code. The rest becomes its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Block = dict[str, Any]

_PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_PROPS = {"textColor": "default", "backgroundColor": "default", "textAlignment": "left"}
_CHECKBOX = re.compile(r"\[([ xX])\] ")
_DANGEROUS = re.compile(r"[\x00-\x20]*(?:javascript|vbscript|data(?!:image/(?:png|jpe?g|gif|webp|avif)[;,]))\s*:", re.I)
_URL_KEYS = frozenset({"href", "url", "src", "previewUrl"})
_MAX_DEPTH = 50
_MARKS_COUNTED = "\n\r*_~`[]()!<>&|\\#+-=\t:."
_DELIMITER_ROW = re.compile(r"[|:\- \t]+")


# Markdown → blocks -----------------------------------------------------------------------------------


def marks_of(markdown: str) -> int:
    """How much work the text is to parse: its line ends and marks, and the cells its tables are filled up to.

    A mark costs up to 70 µs (measured: quotes nested 20 deep, with a line end each), any other character 40 ns.
    """
    return sum(map(markdown.count, _MARKS_COUNTED)) + _cells(markdown)


def _cells(markdown: str) -> int:
    """The cells of all tables: a row of one character has as many as the header."""
    cells = 0
    if "|" in markdown and "-" in markdown:
        rows = 0
        for line in reversed(markdown.splitlines()):
            bare = line.strip(" \t>")
            if not bare:
                rows = 0
                continue
            if "|" in bare and _DELIMITER_ROW.fullmatch(bare):
                cells += (bare.count("|") + 1) * rows
            rows += 1
    return cells


def blocks_of(markdown: str) -> list[Block]:
    """The blocks of a CommonMark text; ids count up, since they only need to differ within a document.

    Raises RecursionError for emphasis inside emphasis without end.
    """
    numbers = count(1)
    return [block for node in _nodes(_PARSER.parse(markdown)) for block in _blocks(node, numbers)]


class _Node:
    """A token and those between it and the one that closes it: markdown-it's own tree costs half as much as parsing."""

    __slots__ = ("attrs", "children", "content", "info", "tag", "type")

    def __init__(self, token: Token) -> None:
        self.type = token.type.removesuffix("_open")
        self.tag, self.info, self.attrs, self.content = token.tag, token.info, token.attrs, token.content
        self.children = _nodes(token.children) if token.children else []


def _nodes(tokens: Iterable[Token]) -> list[_Node]:
    nodes: list[_Node] = []
    around: list[list[_Node]] = []  # the lists that are still open, outermost first
    for token in tokens:
        if token.nesting < 0:
            nodes = around.pop()
            continue
        node = _Node(token)
        nodes.append(node)
        if token.nesting > 0:
            around.append(nodes)
            nodes = node.children
    return nodes


def _block(numbers: Iterable[int], kind: str, content: object, **props: object) -> Block:
    identifier = str(next(iter(numbers)))
    return {"id": identifier, "type": kind, "props": {**_PROPS, **props}, "content": content, "children": []}


def _blocks(node: _Node, numbers: Iterable[int]) -> Iterable[Block]:
    kind = node.type
    if kind == "heading":
        yield _block(numbers, "heading", _inlines(node), level=int(node.tag[1]))
    elif kind in {"bullet_list", "ordered_list"}:
        for item in node.children:
            yield _list_item(item, numbers, "bulletListItem" if kind == "bullet_list" else "numberedListItem")
    elif kind in {"fence", "code_block"}:
        content = [_text(node.content.removesuffix("\n"), {})]
        yield _block(numbers, "codeBlock", content, language=node.info.strip() or "text")
    elif kind == "blockquote":
        content = _joined(_inlines(child) for child in node.children)
        yield _block(numbers, "quote", content)
    elif kind == "paragraph":
        yield from _paragraph(node, numbers)
    elif kind == "table":
        for row in (row for part in node.children for row in part.children):
            yield _block(numbers, "paragraph", _joined((_inlines(cell) for cell in row.children), " | "))
    elif kind == "hr":
        yield _block(numbers, "paragraph", [_text("---", {})])
    elif node.content:
        yield _block(numbers, "paragraph", [_text(node.content.strip(), {})])


def _paragraph(node: _Node, numbers: Iterable[int]) -> Iterable[Block]:
    inline = node.children[0] if node.children else None
    if inline is not None and len(inline.children) == 1 and inline.children[0].type == "image":
        image = inline.children[0]
        yield _block(numbers, "image", None, url=str(image.attrs.get("src", "")), caption=image.content)
    else:
        yield _block(numbers, "paragraph", _inlines(node))


def _list_item(item: _Node, numbers: Iterable[int], kind: str) -> Block:
    first = item.children[0] if item.children else None
    others = item.children[1:]
    content = _inlines(first) if first is not None and first.type == "paragraph" else []
    props: dict[str, object] = {}
    if content and content[0]["type"] == "text" and (box := _CHECKBOX.match(content[0]["text"])):
        kind, props = "checkListItem", {"checked": box[1] != " "}
        content[0] = {**content[0], "text": content[0]["text"][box.end() :]}
    block = _block(numbers, kind, content, **props)
    if first is not None and first.type != "paragraph":
        others = [first, *others]
    block["children"] = [child for node in others for child in _blocks(node, numbers)]
    return block


def _inlines(node: _Node) -> list[Block]:
    """The inline content below a node, neighbouring texts of one style in one piece."""
    pieces: list[Block] = []
    for child in node.children:
        pieces += _inline(child, {}) if child.type != "inline" else [p for c in child.children for p in _inline(c, {})]
    return _merged(pieces)


def _inline(node: _Node, styles: Mapping[str, bool]) -> list[Block]:
    if node.type in _STYLES:
        inner = {**styles, _STYLES[node.type]: True}
        return [piece for child in node.children for piece in _inline(child, inner)]
    if node.type == "link":
        content = _merged([piece for child in node.children for piece in _inline(child, styles)])
        return [{"type": "link", "href": str(node.attrs.get("href", "")), "content": content}]
    if node.type == "code_inline":
        return [_text(node.content, {**styles, "code": True})]
    if node.type == "softbreak":
        return [_text(" ", styles)]
    if node.type == "hardbreak":
        return [_text("\n", styles)]
    if node.children and node.type != "image":
        return [piece for child in node.children for piece in _inline(child, styles)]
    return [_text(node.content, styles)] if node.content else []


def _text(text: str, styles: Mapping[str, bool]) -> Block:
    return {"type": "text", "text": text, "styles": dict(styles)}


def _merged(pieces: Sequence[Block]) -> list[Block]:
    merged: list[Block] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and last["type"] == piece["type"] == "text" and last["styles"] == piece["styles"]:
            merged[-1] = {**last, "text": last["text"] + piece["text"]}
        else:
            merged.append(piece)
    return merged


def _joined(parts: Iterable[list[Block]], separator: str = "\n") -> list[Block]:
    joined: list[Block] = []
    for part in parts:
        joined += [_text(separator, {}), *part] if joined else part
    return _merged(joined)


# Blocks → markdown -----------------------------------------------------------------------------------

_SPECIAL = re.compile(r"[\\`*\[\]<~]|(?<!\w)_|_(?!\w)")
_LINE_START = re.compile(r"(?m)^(#{1,6} |> ?|[-+] |(?=---)|(\d{1,9})([.)]) )")
_MARKS = (("code", "`"), ("strike", "~~"), ("italic", "*"), ("bold", "**"))
_LIST_KINDS = frozenset({"bulletListItem", "numberedListItem", "checkListItem"})


def markdown_of(blocks: Sequence[object]) -> str:
    """The CommonMark text of BlockNote blocks; what is no block is passed over."""
    return _render(blocks, 0)


def _render(blocks: Sequence[object], depth: int) -> str:
    pieces: list[str] = []
    previous, number = "", 0
    for block in blocks:
        if not isinstance(block, Mapping) or depth > _MAX_DEPTH:
            continue
        kind = str(block.get("type", ""))
        number = number + 1 if kind == previous == "numberedListItem" else 1
        text = _render_block(block, kind, number, depth)
        if not text:
            continue
        if pieces:
            pieces.append("\n" if kind in _LIST_KINDS and previous in _LIST_KINDS else "\n\n")
        pieces.append(text)
        previous = kind
    return "".join(pieces)


def _render_block(block: Mapping[str, object], kind: str, number: int, depth: int) -> str:
    props = block.get("props") if isinstance(block.get("props"), Mapping) else {}
    assert isinstance(props, Mapping)
    children = block.get("children")
    nested = _render(children, depth + 1) if isinstance(children, list) else ""
    if kind == "codeBlock":
        language = str(props.get("language", ""))
        text = f"```{'' if language == 'text' else language}\n{_plain(block.get('content'))}\n```"
    elif kind in {"image", "video", "audio", "file"}:
        label = _escaped(str(props.get("caption") or props.get("name") or ""))
        text = f"{'!' if kind == 'image' else ''}[{label}]({props.get('url', '')})" if props.get("url") else label
    else:
        text = _render_inlines(block.get("content"))
        if kind == "heading":
            level = props.get("level")
            text = f"{'#' * (level if type(level) is int and 1 <= level <= 6 else 1)} {text}"
        elif kind in _LIST_KINDS:
            marker = f"{number}. " if kind == "numberedListItem" else "- "
            box = f"[{'x' if props.get('checked') else ' '}] " if kind == "checkListItem" else ""
            return _indented(marker, f"{box}{text}" + (f"\n{nested}" if nested else ""))
        elif kind == "quote":
            text = "\n".join(f"> {line}" for line in text.split("\n"))
    return "\n\n".join(part for part in (text, nested) if part)


def _indented(marker: str, text: str) -> str:
    return marker + text.replace("\n", "\n" + " " * len(marker))


def _render_inlines(content: object) -> str:
    if isinstance(content, str):
        return _guarded(_escaped(content))
    if isinstance(content, Mapping):  # a table: {"rows": [{"cells": […]}]}
        rows = [_list(row.get("cells")) for row in _list(content.get("rows")) if isinstance(row, Mapping)]
        return "\n\n".join(" | ".join(_render_inlines(cell) for cell in cells) for cells in rows)
    if not isinstance(content, list):
        return ""
    return _guarded("".join(_render_inline(piece) for piece in content))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _render_inline(piece: object) -> str:
    if isinstance(piece, str):
        return _escaped(piece)
    if not isinstance(piece, Mapping):
        return ""
    if piece.get("type") == "link":
        inner = "".join(_render_inline(each) for each in _list(piece.get("content")))
        return f"[{inner}]({piece.get('href', '')})"
    text, styles = str(piece.get("text", "")), piece.get("styles")
    styles = styles if isinstance(styles, Mapping) else {}
    stripped = text.strip()
    if not stripped:
        return text
    marked = stripped if styles.get("code") else _escaped(stripped)
    for style, mark in _MARKS:
        if styles.get(style):
            marked = f"{mark}{marked}{mark}"
    start = len(text) - len(text.lstrip())
    return f"{text[:start]}{marked}{text[start + len(stripped) :]}".replace("\n", "\\\n")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match[0], text)


def _guarded(text: str) -> str:
    """Text whose line starts cannot be read as a heading, a quote or a list."""

    def guard(match: re.Match[str]) -> str:
        return f"{match[2]}\\{match[3]} " if match[2] else "\\" + match[0]

    return _LINE_START.sub(guard, text)


def _plain(content: object) -> str:
    if isinstance(content, str):
        return content
    pieces = content if isinstance(content, list) else []
    return "".join(str(piece.get("text", "")) if isinstance(piece, Mapping) else str(piece) for piece in pieces)


# Safety ----------------------------------------------------------------------------------------------


def has_dangerous_url(value: object) -> bool:
    """Whether any link or source anywhere in the blocks would run a script when followed."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            pending.extend(each)
        elif isinstance(each, Mapping):
            for key, item in each.items():
                if isinstance(item, str):
                    if key in _URL_KEYS and _DANGEROUS.match(item):
                        return True
                else:
                    pending.append(item)
    return False
