"""Forms of the webhook pages. What the services refuse is shown at the field it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from config.errors import ApiError
from config.events import ACTIONS
from config.http.sentences import sentence
from config.roles import Role
from webhooks.services import MAX_DESCRIPTION_LENGTH, MAX_OPERATIONS, MAX_SECRET_LENGTH, Seen

_PLAIN = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
_FIELD_OF = {"targetUrl": "target_url", "description": "description", "secret": "secret", "roleId": "role"}


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One `object × action` of the form; empty halves are rows not filled in yet."""

    object_name: str = ""
    action: str = ""

    @property
    def operation(self) -> str:
        return f"{self.object_name}.{self.action}"


class WebhookForm(forms.Form):
    """Address, description, secret and any number of operation rows."""

    target_url = forms.CharField(
        label=gettext_lazy("URL to call"),
        max_length=2048,
        help_text=gettext_lazy(
            "Each event is one POST with a JSON body. http:// is sent unencrypted: prefer https://."
        ),
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url", "placeholder": "https://example.com/hook"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=MAX_DESCRIPTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        required=False,
        max_length=MAX_SECRET_LENGTH,
        help_text=gettext_lazy("Signs every delivery. Left empty, a strong one is generated."),
        widget=forms.PasswordInput(attrs={**_PLAIN, "autocomplete": "new-password"}),
    )

    role = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Acts as"),
        help_text=gettext_lazy("It tells of the objects and fields that this role may read, whoever changes them."),
    )

    def __init__(
        self, data: QueryDict | None = None, webhook: Seen | None = None, *, roles: Sequence[Role] = ()
    ) -> None:
        """`roles` are those it may be given; with none of them the choice is left out."""
        initial = None if webhook is None else {
            "target_url": webhook.target_url,
            "description": webhook.description,
            "role": str(webhook.role.id) if webhook.role is not None else "",
        }  # fmt: skip
        super().__init__(data, initial=initial)
        if webhook is not None:
            del self.fields["secret"]
        if roles:
            none_yet = gettext("My own role") if webhook is None else gettext("Choose a role…")
            has_one = webhook is not None and webhook.role is not None
            choices = [(str(each.id), each.label) for each in roles]
            self.fields["role"].choices = choices if has_one else [("", none_yet), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["role"]
        self.rows = _posted_rows(data) if data is not None else _stored_rows(webhook)
        self.operation_error = ""
        self.doubts: Sequence[str] = ()  # what is told before it is saved

    def clean(self) -> dict[str, object]:
        half = [row for row in self.rows if bool(row.object_name) != bool(row.action)]
        if half:
            self._refuse_operations(gettext("Choose both an object and an action in every row, or neither."))
        elif not self.operations:
            self._refuse_operations(gettext("Choose one event or more."))
        return self.cleaned_data

    @property
    def other_errors(self) -> list[str]:
        """What belongs to no field, nor to the rows of events."""
        return [str(each) for each in self.non_field_errors() if each != self.operation_error]

    def _refuse_operations(self, message: str) -> None:
        self.operation_error = message
        self.add_error(None, message)

    @property
    def operations(self) -> list[str]:
        return [row.operation for row in self.rows if row.object_name and row.action]

    def values(self) -> dict[str, object]:
        """The input of the services, under the API's names."""
        values = {
            "targetUrl": self.cleaned_data["target_url"],
            "description": self.cleaned_data["description"] or None,
            "operations": self.operations,
        }
        if self.cleaned_data.get("secret"):
            values["secret"] = self.cleaned_data["secret"]
        if self.cleaned_data.get("role"):
            values["roleId"] = self.cleaned_data["role"]
        return values

    def refuse(self, error: ApiError) -> None:
        text = sentence(error)
        if error.path == "operations":
            self._refuse_operations(text)
            return
        name = _FIELD_OF.get(error.path or "")
        self.add_error(name if name in self.fields else None, text)


class DeleteForm(forms.Form):
    """The word `delete`, typed by hand."""

    confirmation = forms.CharField(label=gettext_lazy("Type “delete” to confirm"), widget=forms.TextInput(attrs=_PLAIN))

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed.strip().lower() != "delete":
            raise forms.ValidationError(gettext_lazy("Type the word delete. Nothing was deleted."))
        return typed


class TestForm(forms.Form):
    """Which made-up event to send."""

    object = forms.ChoiceField(label=gettext_lazy("Object"))
    action = forms.ChoiceField(label=gettext_lazy("Action"), choices=[(each, each) for each in ACTIONS])
    record = forms.CharField(
        required=False,
        label=gettext_lazy("Record"),
        help_text=gettext_lazy("Empty: an example is made up. Or the id of a record, or “newest”."),
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": gettext_lazy("An example")}),
    )

    def __init__(self, objects: Sequence[tuple[str, str]], data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["object"].choices = objects  # type: ignore[attr-defined]


class RotationForm(forms.Form):
    """How long the old secret signs too."""

    hours = forms.TypedChoiceField(
        label=gettext_lazy("The old secret signs for"),
        coerce=int,
        choices=[
            ("0", gettext_lazy("no longer: replace at once")),
            ("24", gettext_lazy("24 hours more")),
            ("72", gettext_lazy("72 hours more")),
        ],
        initial="24",
    )


def _posted_rows(data: QueryDict) -> list[OperationRow]:
    pairs = zip(data.getlist("object"), data.getlist("action"), strict=False)
    return [OperationRow(name.strip(), action.strip()) for name, action in pairs][:MAX_OPERATIONS]


def _stored_rows(webhook: Seen | None) -> list[OperationRow]:
    if webhook is None:
        return [OperationRow("*", "*")]
    pairs = (operation.rpartition(".") for operation in webhook.shown_operations)
    return [OperationRow(name, action) for name, _, action in pairs]
