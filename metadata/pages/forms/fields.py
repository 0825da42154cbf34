"""Forms of fields and relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from config.errors import InvalidMetadataInput, InvalidValue
from config.forms import check_seen
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.values import unquote
from metadata.models import FieldMetadata, ObjectMetadata, OnDelete, RelationType
from metadata.names import computed_name
from metadata.pages.forms.words import LONGEST_LABEL, api_name_field, description_field, label_field

KINDS = {  # as the form's own side sees the relation
    RelationType.MANY_TO_ONE.value: gettext_lazy("One: each {own} leads to one record"),
    RelationType.ONE_TO_MANY.value: gettext_lazy("Many: each {own} leads to many records"),
}
ON_DELETE = {
    OnDelete.SET_NULL.value: gettext_lazy("The field becomes empty"),
    OnDelete.CASCADE.value: gettext_lazy("It is destroyed too"),
    OnDelete.RESTRICT.value: gettext_lazy("It keeps the other from being destroyed"),
}


class FieldForm(forms.Form):
    """A field's words, API name and what its type lets choose."""

    label = label_field(gettext_lazy("Label"), gettext_lazy("Due date"))
    description = description_field()
    name = api_name_field(gettext_lazy("API name"))

    def __init__(self, type_: FieldType, *args: Any, stored: FieldMetadata | None = None, **kwargs: Any) -> None:
        self.type = type_
        self.stored = stored
        if stored is not None:
            kwargs["initial"] = {
                "label": stored.shown("label"),
                "description": stored.shown("description"),
                "name": stored.name,
                "unique": stored.is_unique,
                "searchable": bool(stored.is_searchable),
                "default": _shown_default(stored.default_value),
                **(stored.settings or {}),
            }
        super().__init__(*args, **kwargs)
        if stored is not None and not stored.is_custom:
            del self.fields["name"]
        for name, choice in type_.setting_choices.items():
            self.fields[name] = forms.ChoiceField(
                label=choice.label, choices=[(str(value), words) for value, words in choice.choices],
                initial=str(choice.initial), required=False,
            )  # fmt: skip
        if not type_.is_relation and not type_.subfields and type_.sql_type is not None:
            self.fields["default"] = forms.CharField(
                required=False, label=gettext_lazy("Default"),
                help_text=gettext_lazy("What a new record has when nothing is said of the field."),
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )  # fmt: skip
        if type_.unique_capable and not type_.is_relation:
            self.fields["unique"] = forms.BooleanField(
                required=False, label=gettext_lazy("No two records have the same value")
            )
        if type_.searchable:
            self.fields["searchable"] = forms.BooleanField(
                required=False, label=gettext_lazy("Searching looks into this field")
            )

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "name" in self.fields and cleaned.get("label") and not cleaned.get("name"):
            try:
                cleaned["name"] = computed_name(cleaned["label"])
            except InvalidMetadataInput:
                self.add_error("name", gettext("No name can be made from this label: type one, in English letters."))
        return cleaned

    def values(self, options: Sequence[Mapping[str, object]] | None = None) -> dict[str, object]:
        """By their API names. Raises InvalidValue for a default that the type cannot read."""
        given = self.cleaned_data
        values: dict[str, object] = {"label": given["label"], "description": given["description"] or None}
        if "name" in self.fields:
            values["name"] = given["name"]
        if "unique" in self.fields:
            values["isUnique"] = given["unique"]
        if "searchable" in self.fields:
            values["isSearchable"] = given["searchable"]
        chosen = {
            name: choice.value_of(given[name]) for name, choice in self.type.setting_choices.items() if given[name]
        }
        stored = {} if self.stored is None else self.stored.settings or {}
        if chosen:
            values["settings"] = {**stored, **chosen}
        if options is not None:
            values["options"] = list(options)
        if "default" in self.fields and (given["default"] or self.stored is not None):
            values["defaultValue"] = self._default(given["default"], values)
        return values

    def _default(self, text: str, values: Mapping[str, object]) -> object:
        if not text.strip():
            return None
        if self.stored is not None and text == _shown_default(self.stored.default_value):
            return self.stored.default_value
        row = FieldMetadata(
            type=self.type.name, name="default", label="default",
            options=values.get("options"), settings=values.get("settings"),
        )  # fmt: skip
        try:
            return self.type.quote(self.type.convert(text, schema_rows.field_schema(row)))
        except InvalidValue as error:
            self.add_error("default", error.message)
            raise


def _shown_default(default: object) -> str:
    shown = unquote(default)
    return "" if shown is None else ", ".join(shown) if isinstance(shown, list) else str(shown)


class RelationForm(FieldForm):
    """A relation: where it leads, to one or many, what it is called there, and what a destroy does."""

    target = forms.ChoiceField(label=gettext_lazy("Leads to"))
    kind = forms.ChoiceField(
        label=gettext_lazy("How many"), initial=RelationType.MANY_TO_ONE.value, widget=forms.RadioSelect
    )
    other_label = forms.CharField(
        label=gettext_lazy("Label on the other side"), max_length=LONGEST_LABEL, validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": gettext_lazy("Invoices")}),
        help_text=gettext_lazy("The field that the other object gets."),
    )  # fmt: skip
    on_delete = forms.ChoiceField(
        label=gettext_lazy("When the one it leads to is destroyed"), choices=list(ON_DELETE.items()),
        initial=OnDelete.SET_NULL.value, widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(self, type_: FieldType, own: ObjectMetadata, targets: Iterable[ObjectMetadata], *args: object) -> None:
        super().__init__(type_, *args)
        self.targets = {each.name_singular: each for each in targets}
        choices = [(name, each.shown("label_singular")) for name, each in self.targets.items()]
        if type_.is_morph:  # which never leads to its own object
            choices = [(name, label) for name, label in choices if name != own.name_singular]
            self.fields["target"] = forms.MultipleChoiceField(
                label=gettext_lazy("Leads to one of"), choices=choices, widget=forms.CheckboxSelectMultiple,
                error_messages={"required": gettext_lazy("Choose at least one object.")},
            )  # fmt: skip
        else:
            self.fields["target"].choices = choices  # type: ignore[attr-defined]
        own_label = own.shown("label_singular")
        self.fields["kind"].choices = [(kind, text.format(own=own_label)) for kind, text in KINDS.items()]  # type: ignore[attr-defined]
        self.order_fields(["label", "target", "kind", "other_label", "on_delete", "description", "name"])

    def values(self, options: Sequence[Mapping[str, object]] | None = None) -> dict[str, object]:
        given = self.cleaned_data
        names = given["target"] if self.type.is_morph else [given["target"]]
        payloads = [
            {
                "type": given["kind"],
                "targetObjectMetadataId": str(self.targets[name].id),
                "targetFieldLabel": given["other_label"],
                "targetFieldIcon": "IconLink",
            }
            for name in names
        ]
        values = super().values()
        values |= (
            {"morphRelationsCreationPayload": payloads}
            if self.type.is_morph
            else {"relationCreationPayload": payloads[0]}
        )
        return values

    @property
    def on_delete_chosen(self) -> str | None:
        """What differs from the rule that a new relation has."""
        given = self.cleaned_data
        is_said = given["kind"] == RelationType.MANY_TO_ONE.value and given["on_delete"] != OnDelete.SET_NULL.value
        return given["on_delete"] if is_said else None
