"""Fields of forms in which labels, descriptions and API names are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from config.forms import check_seen

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


LONGEST_LABEL = 200
API_NAME = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "class": "mono"}
DERIVED = gettext_lazy("Made from the label when left empty.")


def label_field(label: str | _StrPromise, example: str | _StrPromise, **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": example})
    return forms.CharField(label=label, max_length=LONGEST_LABEL, validators=[check_seen], widget=widget, **more)


def description_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


def api_name_field(label: str | _StrPromise, hint: str | _StrPromise = DERIVED) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=200, help_text=hint, widget=forms.TextInput(attrs=API_NAME)
    )
