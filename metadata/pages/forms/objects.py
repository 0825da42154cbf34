"""The form of an object."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from config.errors import InvalidMetadataInput
from metadata.models import ObjectMetadata
from metadata.names import computed_object_names
from metadata.pages.forms.words import api_name_field, description_field, label_field


class ObjectForm(forms.Form):
    """An object's words and API names. Names left empty are made from the labels."""

    label_singular = label_field(gettext_lazy("Name of one"), gettext_lazy("Invoice"))
    label_plural = label_field(gettext_lazy("Name of many"), gettext_lazy("Invoices"))
    description = description_field()
    name_singular = api_name_field(gettext_lazy("API name of one"))
    name_plural = api_name_field(gettext_lazy("API name of many"))

    def __init__(self, *args: Any, stored: ObjectMetadata | None = None, **kwargs: Any) -> None:
        if stored is not None:
            kwargs["initial"] = {
                "label_singular": stored.shown("label_singular"),
                "label_plural": stored.shown("label_plural"),
                "description": stored.shown("description"),
                "name_singular": stored.name_singular,
                "name_plural": stored.name_plural,
            }
        super().__init__(*args, **kwargs)
        if stored is not None and not stored.is_custom:
            del self.fields["name_singular"], self.fields["name_plural"]

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        labels = (cleaned.get("label_singular"), cleaned.get("label_plural"))
        if "name_singular" in self.fields and all(labels):
            try:
                derived = computed_object_names(str(labels[0]), str(labels[1]))
            except InvalidMetadataInput:
                derived = ("", "")
            for name, made in zip(("name_singular", "name_plural"), derived, strict=True):
                cleaned[name] = cleaned.get(name) or made
                if not cleaned[name]:
                    self.add_error(name, gettext("No name can be made from this label: type one, in English letters."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """By their API names."""
        members = {
            "labelSingular": "label_singular",
            "labelPlural": "label_plural",
            "description": "description",
            "nameSingular": "name_singular",
            "namePlural": "name_plural",
        }
        return {api: self.cleaned_data[name] for api, name in members.items() if name in self.fields}
