"""Every text of a template that stands by itself is ready for translation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.page_texts import sentences_with_values, title_words, whole_texts

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 70


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_whole_text_stands_there_untranslated(path: Path) -> None:
    source = path.read_text()
    assert [source[each.start : each.end] for each in whole_texts(source)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_sentence_with_values_stands_there_untranslated(path: Path) -> None:
    assert list(sentences_with_values(path.read_text())) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_title_stands_there_untranslated(path: Path) -> None:
    assert title_words(path.read_text()) == []


def test_what_is_a_word_of_a_title() -> None:
    said = "{% blocktranslate %}Delete {{ x }}{% endblocktranslate %}"
    assert title_words(f"{{% block title %}}{{% if e %}}Err: {{% endif %}}{said}{{% endblock %}}") == ["Er"]


def test_what_is_a_sentence_with_values() -> None:
    source = (
        "<p>Keep {{ n }} keys</p><p>{{ n }}</p><code>GET {{ x }}</code><a>/rest/{{ plural }}</a><b>{{ base_url }}/x</b>"
    )
    assert list(sentences_with_values(source)) == ["Keep {{ n }} keys"]


def test_what_is_a_whole_text() -> None:
    """Of an element, a block, an attribute; not code, values, or what a sentence has around them."""
    source = (
        '{% block title %}Keys{% endblock %}<p title="Name">It is {{ x }}</p><h2>Now <b>here</b></h2><code>GET me</code>'
        '<button aria-label="{{ x }}">{% include "includes/icon.html" with name="plus" %}Add</button><td>{{ y }}</td>'
    )
    assert [source[each.start : each.end] for each in sorted(whole_texts(source))] == ["Keys", "Name", "here", "Add"]
