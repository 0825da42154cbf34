"""The form of a new workspace, which the server's operators fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from apikeys.services.inputs import MAX_EMAIL_LENGTH
from config.forms import check_seen


class WorkspaceForm(forms.Form):
    """A new workspace, and whoever becomes its first admin."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("It begins with"),
        choices=(
            ("standard", gettext_lazy("Companies, people, opportunities, tasks and notes, with some examples")),
            ("empty", gettext_lazy("Nothing: its objects are made by hand, or from a file")),
        ),
    )
    email = forms.EmailField(
        required=False,
        max_length=MAX_EMAIL_LENGTH,
        label=gettext_lazy("E-mail of its admin"),
        help_text=gettext_lazy("They get an invitation. Left empty, you go on in it yourself."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
