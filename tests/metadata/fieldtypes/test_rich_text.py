"""Markdown and BlockNote, each made from the other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metadata.fieldtypes.blocknote import blocks_of, has_dangerous_url, markdown_of
from tests.chance import examples

DOCUMENT = """\
# Title

Hello **bold**, *italic*, ~~gone~~, `code` and [a link](https://example.org) of snake_case.

- one
- two
  - nested
1. first
2. second
- [ ] open
- [x] done

> quoted

```python
print("*")
```

![Logo](https://example.org/logo.png)"""


def test_markdown_survives_the_way_through_blocks() -> None:
    assert markdown_of(blocks_of(DOCUMENT)) == DOCUMENT


def test_blocks_of_markdown() -> None:
    props = {"textColor": "default", "backgroundColor": "default", "textAlignment": "left"}
    assert blocks_of("# Hi **you**\n\n- a\n  - b") == [
        {
            "id": "1",
            "type": "heading",
            "props": {**props, "level": 1},
            "content": [
                {"type": "text", "text": "Hi ", "styles": {}},
                {"type": "text", "text": "you", "styles": {"bold": True}},
            ],
            "children": [],
        },
        {
            "id": "2",
            "type": "bulletListItem",
            "props": props,
            "content": [{"type": "text", "text": "a", "styles": {}}],
            "children": [
                {
                    "id": "3",
                    "type": "bulletListItem",
                    "props": props,
                    "content": [{"type": "text", "text": "b", "styles": {}}],
                    "children": [],
                }
            ],
        },
    ]


@pytest.mark.parametrize(
    "text",
    ["# not a heading", "- not a list", "1. not a list", "> not a quote", "*stars* [x] `ticks` <b> \\", "_under_"],
)
def test_plain_text_is_not_read_as_markup(text: str) -> None:
    block = {"type": "paragraph", "content": [{"type": "text", "text": text, "styles": {}}]}
    [again] = blocks_of(markdown_of([block]))
    assert again["type"] == "paragraph"
    assert again["content"] == [{"type": "text", "text": text, "styles": {}}]


@pytest.mark.parametrize(
    "blocks", [[{}], [{"type": "x"}], [{"content": "text"}], [{"content": None, "children": None}], [{"props": 1}],
               [{"type": "table", "content": {"rows": [{"cells": ["a", [{"text": "b"}]]}]}}]],
)  # fmt: skip
def test_odd_blocks_are_no_error(blocks: list[object]) -> None:
    assert isinstance(markdown_of(blocks), str)


@settings(max_examples=examples(100))
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60))
def test_any_text_becomes_storable_blocks_and_back(text: str) -> None:
    blocks = blocks_of(text)
    assert json.loads(json.dumps(blocks)) == blocks
    assert isinstance(markdown_of(blocks), str)


@pytest.mark.parametrize(
    ("url", "is_dangerous"),
    [
        ("https://example.org", False),
        ("javascript:alert(1)", True),
        ("  JAVASCRIPT:alert(1)", True),
        ("vbscript:x", True),
        ("data:text/html,<script>", True),
        ("data:image/svg+xml,<svg>", True),
        ("data:image/png;base64,AA==", False),
        ("mailto:a@b.example", False),
    ],
)
def test_dangerous_urls(url: str, is_dangerous: bool) -> None:
    blocks = [{"type": "paragraph", "children": [{"content": [{"type": "link", "href": url, "content": []}]}]}]
    assert has_dangerous_url(blocks) is is_dangerous
    assert has_dangerous_url([{"type": "image", "props": {"url": url}}]) is is_dangerous
