"""Forms of roles: what a role may, of all objects and of one, and a question to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from apikeys.models import ObjectPermission, Role
from apikeys.roles import ASSIGNABLE, OBJECT_RIGHTS, RIGHTS, VERBS
from apikeys.services.inputs import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH
from config.forms import check_seen
from config.right_words import SETTINGS_WORDS, TOOL_WORDS
from config.texts import capitalised

_RIGHT_LABELS = (
    ("canReadAllObjectRecords", gettext_lazy("See all records")),
    ("canUpdateAllObjectRecords", gettext_lazy("Create and edit all records")),
    ("canSoftDeleteAllObjectRecords", gettext_lazy("Delete all records (they can be restored)")),
    ("canDestroyAllObjectRecords", gettext_lazy("Destroy all records for good")),
    ("canUpdateAllSettings", gettext_lazy("Change all settings")),
    ("canAccessAllTools", gettext_lazy("Use all tools")),
)


def _as_labels(words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(right, capitalised(gettext(text))) for right, text in words.items()]


_TARGET_LABELS = (
    ("canBeAssignedToUsers", gettext_lazy("People")),
    ("canBeAssignedToApiKeys", gettext_lazy("API keys")),
)


class RoleForm(forms.Form):
    """A role, without what it says of single objects."""

    label = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        validators=[check_seen],
        label=gettext_lazy("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=MAX_DESCRIPTION_LENGTH,
        help_text=gettext_lazy("What it is for, for those who choose it."),
    )
    rights = forms.MultipleChoiceField(required=False, choices=_RIGHT_LABELS, widget=forms.CheckboxSelectMultiple)
    settings = forms.MultipleChoiceField(
        required=False, choices=partial(_as_labels, SETTINGS_WORDS), widget=forms.CheckboxSelectMultiple
    )
    tools = forms.MultipleChoiceField(
        required=False, choices=partial(_as_labels, TOOL_WORDS), widget=forms.CheckboxSelectMultiple
    )
    targets = forms.MultipleChoiceField(
        choices=_TARGET_LABELS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose who may have the role: people, API keys or both.")},
    )

    def __init__(self, data: Any = None, *, role: Role | None = None) -> None:
        initial: dict[str, object] = {
            "rights": ["canReadAllObjectRecords"],
            "targets": [name for name, _ in _TARGET_LABELS],
        }
        if role is not None:
            columns = {**RIGHTS, **ASSIGNABLE}
            initial = {
                "label": role.label,
                "description": role.description,
                "rights": [name for name, _ in _RIGHT_LABELS if getattr(role, columns[name])],
                "targets": [name for name, _ in _TARGET_LABELS if getattr(role, columns[name])],
                "settings": role.permission_flags,
                "tools": role.permission_flags,
            }
        super().__init__(data, initial=initial)
        if role is not None and not role.is_editable:
            for field in self.fields.values():
                field.disabled = True

    def values(self) -> dict[str, object]:
        """By their API names."""
        chosen = {*self.cleaned_data["rights"], *self.cleaned_data["targets"]}
        return {
            "label": self.cleaned_data["label"],
            "description": self.cleaned_data["description"] or None,
            **{name: name in chosen for name, _ in (*_RIGHT_LABELS, *_TARGET_LABELS)},
        }

    def flags(self) -> list[str]:
        return [*self.cleaned_data["settings"], *self.cleaned_data["tools"]]


class ObjectRightsForm(forms.Form):
    """What a role says of one object: yes, no, or as it says of all."""

    CHOICES = (("", gettext_lazy("As for all objects")), ("yes", gettext_lazy("Allow")), ("no", gettext_lazy("Deny")))
    read = forms.ChoiceField(required=False, choices=CHOICES, label=gettext_lazy("See"))
    update = forms.ChoiceField(required=False, choices=CHOICES, label=gettext_lazy("Create and edit"))
    soft_delete = forms.ChoiceField(required=False, choices=CHOICES, label=gettext_lazy("Delete"))
    destroy = forms.ChoiceField(required=False, choices=CHOICES, label=gettext_lazy("Destroy for good"))

    def __init__(self, data: Any = None, *, stored: ObjectPermission | None = None) -> None:
        words = {None: "", True: "yes", False: "no"}
        super().__init__(
            data, initial={} if stored is None else {verb: words[getattr(stored, f"can_{verb}")] for verb in VERBS}
        )

    def values(self) -> dict[str, bool | None]:
        """By their API names."""
        meant = {"": None, "yes": True, "no": False}
        return {name: meant[self.cleaned_data[verb]] for name, verb in zip(OBJECT_RIGHTS, VERBS, strict=True)}


class TryForm(forms.Form):
    """A question to a role: may it do this with that?"""

    role = forms.ChoiceField(label=gettext_lazy("Role"))
    operation = forms.ChoiceField(
        label=gettext_lazy("Operation"),
        choices=(
            ("read", gettext_lazy("See")),
            ("update", gettext_lazy("Create and edit")),
            ("soft_delete", gettext_lazy("Delete")),
            ("destroy", gettext_lazy("Destroy for good")),
        ),
    )
    object = forms.ChoiceField(label=gettext_lazy("Object"))
    field = forms.ChoiceField(label=gettext_lazy("Field"), required=False)

    def __init__(self, roles: list[Role], objects: list[Any], fields: list[Any], data: Any = None) -> None:
        super().__init__(data)
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]
        self.fields["object"].choices = [(each.name_singular, each.label_plural) for each in objects]  # type: ignore[attr-defined]
        named = [(each.name, each.label) for each in fields]
        self.fields["field"].choices = [("", gettext("The whole record")), *named]  # type: ignore[attr-defined]
