"""Fields of forms in which labels, descriptions and API names are written."""

from __future__ import annotations

from typing import Any

from django import forms

from config.forms import check_seen

LONGEST_LABEL = 200
API_NAME = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "class": "mono"}
DERIVED = "Made from the label when left empty."


def label_field(label: str, example: str, **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": example})
    return forms.CharField(label=label, max_length=LONGEST_LABEL, validators=[check_seen], widget=widget, **more)


def description_field() -> forms.CharField:
    return forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


def api_name_field(label: str, hint: str = DERIVED) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=200, help_text=hint, widget=forms.TextInput(attrs=API_NAME)
    )
