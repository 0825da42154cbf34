"""What the forms of several settings pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext

from config.texts import is_blank

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def check_seen(text: str) -> None:
    """A validator: a text that people can see."""
    if is_blank(text):
        raise forms.ValidationError(gettext("Use at least one character that can be seen."))


class PageField(BoundField):
    """A field as pages show it: the first one that is filled in wrongly is where typing goes on."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if self.form.is_bound and self.form.errors:
            wrong = (name for name in self.form.fields if name in self.form.errors)
            built["autofocus"] = self.name == next(wrong, None)
        return built


class PageRenderer(DjangoTemplates):
    bound_field_class = PageField


class ConfirmForm(forms.Form):
    """A name, typed by hand before what cannot be undone; `refusal` is said of any other."""

    confirmation = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
    )

    def __init__(self, name: str, refusal: str | _StrPromise, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.refusal = refusal
        self.fields["confirmation"].label = gettext("Type “%s” to confirm") % name

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed.strip() != self.name.strip():
            raise forms.ValidationError(self.refusal)
        return typed
