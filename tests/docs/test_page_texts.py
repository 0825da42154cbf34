"""Every text of a page is ready for translation."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest

from tests.docs.page_texts import untranslated, untranslated_in_python

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))
MEANT = {
    "Fourgate": "the product's name",
    "· Fourgate": "the product's name, in a page's title",
    "en": "a language's code",
    "wide": "a class, of <body>",
    "ok,bad": "classes, of a notice",
    "false,true": "values of a form's field",
    'aria-label="': "a block that is an attribute; its text is translated",
    "id": "a field's name in the APIs",
    "python -m config.assets": "a command",
}
PAGES = sorted(
    path
    for pattern in ("*/pages/**/*.py", "*/*/pages.py", "*/forms.py")
    for path in ROOT.glob(pattern)
    if path.relative_to(ROOT).parts[0] != "tests"
)
MEANT_IN_PYTHON = {
    "https://example.com/hook": "an address",
    "A file": "a value of an example",
    "default": "a field that is only asked whether it takes a value",
}
_SAID = re.compile(r"{% translate .*?%}|{% blocktranslate.*?{% endblocktranslate %}", re.DOTALL)


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 70


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_stands_there_untranslated(path: Path) -> None:
    assert [each for each in untranslated(path.read_text()) if each not in MEANT] == []


def test_what_is_meant_is_there() -> None:
    assert {text for path in TEMPLATES for text in untranslated(path.read_text())} == MEANT.keys()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_each_text_is_found_where_its_tag_is_taken_away(path: Path) -> None:
    places = (f"Text {number};" for number in count())
    mutant = _SAID.sub(lambda said: next(places), path.read_text())
    found = " ".join(untranslated(mutant))
    put_back = int(next(places)[5:-1])
    assert [each for each in range(put_back) if f"Text {each};" not in found] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Keep {{ n }} keys</p><p>{{ n }}</p>", ["Keep {} keys"]),
        ("<p>Create {% if total %}a{% else %}the first{% endif %} key</p>", ["Create", "the first", "key"]),
        ("<p>A <a href='/x'>key</a> and its <code>token</code>, too</p>", ["key", "and its", ", too"]),
        ("<p>{% translate 'Now' %} or never</p>", ["or never"]),
        ("{% blocktranslate %}Now <b>here</b>{% plural %}There{% endblocktranslate %}", []),
        ('<td data-label="Name"><input aria-label="Hide {{ x }}" name="hidden">', ["Name", "Hide {}"]),
        ('<i title="{% if a %}On{% else %}{% translate \'Off\' %}{% endif %}" class="badge bad">', ["On"]),
        ('{{ on|yesno:"Switch off,Switch on" }}{{ x|default:"None" }}', ["Switch off,Switch on", "None"]),
        ('{{ x|default:_("None") }}{{ names|join:" and " }}', []),
        ('{% include "a.html" with label="the link" of=_("keys") name="plus" %}', ["the link"]),
        ('{% with "the text" as x %}{% if y == "Expired" %}{% endif %}{% endwith %}', ["the text"]),
        (
            "{% comment %}Of <p>this</p>{% endcomment %}{# no #}<!-- nor this --><pre>curl it</pre><script>if</script>",
            [],
        ),
        ("&nbsp;&middot; {{ a }}/{{ b }} (1)", []),
    ],
)
def test_what_is_a_text(source: str, found: list[str]) -> None:
    assert untranslated(source) == found


def test_no_page_says_in_python_what_is_not_translated() -> None:
    found = {text: path.name for path in PAGES for text in untranslated_in_python(path.read_text())}
    assert found.keys() == MEANT_IN_PYTHON.keys(), found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('messages.success(request, "Saved.")', ["Saved."]),
        ('messages.error(request, gettext("Gone.") % name)', []),
        ('messages.info(request, f"{name} is on" if is_on else "Off")', [" is on", "Off"]),
        ('form.add_error("name", "Too long: %d" % most)', ["Too long: %d"]),
        ('raise forms.ValidationError(gettext("No."))', []),
        ('forms.CharField(label="Name", help_text=gettext_lazy("Of it."))', ["Name"]),
        ('forms.TextInput(attrs={"placeholder": "Ada", "autocomplete": "off"})', ["Ada"]),
    ],
)
def test_what_python_says(source: str, found: list[str]) -> None:
    assert untranslated_in_python(source) == found
