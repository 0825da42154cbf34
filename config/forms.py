"""What the forms of several settings pages share."""

from __future__ import annotations

from typing import Any

from django import forms

from config.texts import is_blank


def check_seen(text: str) -> None:
    """A validator: a text that people can see."""
    if is_blank(text):
        raise forms.ValidationError("Use at least one character that can be seen.")


class ConfirmForm(forms.Form):
    """A name, typed by hand before what cannot be undone; `refusal` is said of any other."""

    confirmation = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
    )

    def __init__(self, name: str, refusal: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.refusal = refusal
        self.fields["confirmation"].label = f"Type “{name}” to confirm"

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed.strip() != self.name.strip():
            raise forms.ValidationError(self.refusal)
        return typed
