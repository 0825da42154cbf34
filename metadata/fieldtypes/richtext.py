"""Formatted text, kept both as a BlockNote document and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from config.errors import InvalidValue, MalformedBody
from config.http.bounds import MAX, check_json, spend
from metadata.fieldtypes.blocknote import blocks_of, has_dangerous_url, markdown_of, marks_of
from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.rawjson import storable_json
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import NULLABLE_TEXT
from metadata.fieldtypes.values import clean_text, unquote

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


def clean_blocknote(value: Json, path: str) -> str | None:
    """The JSON text of a list of blocks, as given."""
    text = clean_text(value, path)
    if text is None:
        return None
    spend("characters of blocks", len(text), MAX.blocks_chars)
    try:
        check_json(text.encode())
        blocks = json.loads(text)
    except (ValueError, RecursionError, MalformedBody):
        raise InvalidValue(f'Invalid blocknote value for field "{path}" - must contain valid JSON', path=path) from None
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise InvalidValue(f'Invalid blocknote value for field "{path}" - must be a JSON array of blocks', path=path)
    storable_json(blocks, path)
    if has_dangerous_url(blocks):
        raise InvalidValue(f'Dangerous URL protocol in blocknote content for field "{path}"', path=path)
    return text


def _blocks_text(default: Json) -> Json:
    """A default's blocks as values have them, the JSON text of a list; given are a document, a list or their text."""
    blocks = unquote(default) if isinstance(default, str) else default
    if isinstance(blocks, str):
        try:
            blocks = json.loads(blocks)
        except (ValueError, RecursionError):
            return blocks
    if isinstance(blocks, dict) and isinstance(blocks.get("blocks"), list):
        blocks = blocks["blocks"]
    return json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))


def clean_markdown(value: Json, path: str) -> str | None:
    text = clean_text(value, path)
    if text is not None:
        spend("characters of Markdown", len(text), MAX.rich_text_chars)
    return text


def _converted(markdown: str, path: str) -> str:
    """The blocks of a text that is not too much work."""
    spend("marks of Markdown", marks_of(markdown), MAX.rich_text_marks)
    try:
        return _blocknote(markdown)
    except RecursionError:
        raise InvalidValue(f'Invalid Markdown for field "{path}": nested too deeply', path=path) from None


def _blocknote(markdown: str) -> str:
    return json.dumps(blocks_of(markdown), ensure_ascii=False, separators=(",", ":"))


_BOLD = '[{"type":"paragraph","content":[{"type":"text","text":"Hi","styles":{"bold":true}}]}]'


@register
class RichTextType(CompositeType):
    """Stored: `{"blocknote": str, "markdown": str}`; the side that is not given is made from the other."""

    name = "RICH_TEXT"
    aliases = ("RICH_TEXT_V2",)
    label = "Rich text"
    description = "Formatted text, as Markdown and as BlockNote JSON; either side may be sent."
    noun = "rich text"

    subfields = by_name(
        [
            text_part(
                "blocknote",
                "Blocknote",
                sql_type=NULLABLE_TEXT,
                clean=clean_blocknote,
                json_schema={"type": ["string", "null"]},
            ),
            text_part("markdown", "Markdown", clean=clean_markdown),
        ]
    )
    empty_subfields = ("blocknote", "markdown")
    searchable = True
    is_dear = True
    unique_capable = False

    graphql = "RichText"
    graphql_filter = "RichTextFilterInput"
    example = {"blocknote": _blocknote("# Hi"), "markdown": "# Hi"}
    samples = Samples(
        good=[
            ({"markdown": "# Hi"}, {"markdown": "# Hi", "blocknote": _blocknote("# Hi")}),
            (
                {"blocknote": _BOLD},
                {
                    "blocknote": _BOLD,
                    "markdown": "**Hi**",
                },
            ),
            ({"blocknote": "[]", "markdown": "both kept"}, {"blocknote": "[]", "markdown": "both kept"}),
            ({"markdown": ""}, None),
            (None, None),
        ],
        bad=[
            ("Hi", "Invalid object value 'Hi' for field \"sample\""),
            ({"blocknote": "{"}, 'Invalid blocknote value for field "sample.blocknote" - must contain valid JSON'),
            (
                {"blocknote": "{}"},
                'Invalid blocknote value for field "sample.blocknote" - must be a JSON array of blocks',
            ),
            (
                {"blocknote": "[1]"},
                'Invalid blocknote value for field "sample.blocknote" - must be a JSON array of blocks',
            ),
            (
                {"blocknote": '[{"type":"paragraph","content":[{"type":"link","href":" JavaScript:x","content":[]}]}]'},
                'Dangerous URL protocol in blocknote content for field "sample.blocknote"',
            ),
            ({"markdown": 1}, 'Invalid string value 1 for text field "sample.markdown"'),
            ({"foo": 1}, "Invalid subfield 'foo' for rich text field \"sample\""),
        ],
        answers=[
            ({"blocknote": "[]", "markdown": "Hi"}, {"blocknote": "[]", "markdown": "Hi"}),
            (None, {"blocknote": None, "markdown": ""}),
        ],
        operands={"markdown.ilike": "%hi%", "blocknote.like": "%Hi%"},
    )

    def unknown_subfield(self, key: str, name: str) -> str:
        return f"Invalid subfield '{key}' for {self.noun} field \"{name}\""

    def weigh(self, values: Iterable[Json]) -> None:
        texts = (each.get("markdown") for each in values if isinstance(each, Mapping) and not each.get("blocknote"))
        marks = sum(marks_of(text) for text in texts if isinstance(text, str) and len(text) <= MAX.rich_text_chars)
        if marks > MAX.rich_text_marks:
            spend("marks of Markdown", marks, MAX.rich_text_marks)

    def clean(self, value: Json, field: FieldSchema) -> Json:
        cleaned = super().clean(value, field)
        if not cleaned or (len(cleaned) == 2 and None not in cleaned.values()):
            return cleaned
        blocknote, markdown = cleaned.get("blocknote"), cleaned.get("markdown")
        if markdown is not None:
            blocknote = _converted(markdown, f"{field.name}.markdown")
        elif blocknote is not None:
            markdown = markdown_of(json.loads(blocknote)) or None
        return {"blocknote": blocknote, "markdown": markdown}

    def default(self, default: Json, field: FieldSchema) -> Json:
        """The editor's own form of a document, `{"blocks": […]}`, is taken beside the list of blocks."""
        if isinstance(default, Mapping) and default.get("blocknote") is not None:
            default = {**default, "blocknote": _blocks_text(default["blocknote"])}
        return super().default(default, field)

    def plain(self, stored: Json) -> Json:
        return stored.get("markdown")

    def convert(self, value: Json, field: FieldSchema) -> Json:
        return super().convert({"markdown": value} if isinstance(value, str) else value, field)

    search_paths = ("$.markdown",)

    def search_texts(self, stored: Json) -> Iterable[str]:
        markdown = stored.get("markdown")
        return (markdown,) if markdown else ()
