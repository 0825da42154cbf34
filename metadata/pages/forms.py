"""Forms of the data model's pages. They check form only; metadata.services decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from config.errors import InvalidMetadataInput, InvalidValue
from config.forms import check_seen
from metadata import cache, services
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.options import COLORS
from metadata.fieldtypes.values import unquote
from metadata.models import FieldMetadata, ObjectMetadata, OnDelete, RelationType, Workspace
from metadata.names import computed_name, computed_object_names

LONGEST_LABEL = 200
API_NAME = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "class": "mono"}
DERIVED = "Made from the label when left empty."
KINDS = {  # as the form's own side sees the relation
    RelationType.MANY_TO_ONE.value: "One: each {own} leads to one record",
    RelationType.ONE_TO_MANY.value: "Many: each {own} leads to many records",
}
ON_DELETE = {
    OnDelete.SET_NULL.value: "The field becomes empty",
    OnDelete.CASCADE.value: "It is destroyed too",
    OnDelete.RESTRICT.value: "It keeps the other from being destroyed",
}
BLANK_OPTIONS = 4  # empty rows of the options editor, for who has no JavaScript to add more


def _label(label: str, example: str, **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": example})
    return forms.CharField(label=label, max_length=LONGEST_LABEL, validators=[check_seen], widget=widget, **more)


def _description() -> forms.CharField:
    return forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


def _api_name(label: str, hint: str = DERIVED) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=200, help_text=hint, widget=forms.TextInput(attrs=API_NAME)
    )


# Objects ---------------------------------------------------------------------------------------------


class ObjectForm(forms.Form):
    """An object's words and API names. Names left empty are made from the labels."""

    label_singular = _label("Name of one", "Invoice")
    label_plural = _label("Name of many", "Invoices")
    description = _description()
    name_singular = _api_name("API name of one")
    name_plural = _api_name("API name of many")

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

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        labels = (cleaned.get("label_singular"), cleaned.get("label_plural"))
        if "name_singular" in self.fields and all(labels):
            try:
                derived = computed_object_names(str(labels[0]), str(labels[1]))
            except InvalidMetadataInput:
                derived = ("", "")
            for name, made in zip(("name_singular", "name_plural"), derived, strict=True):
                cleaned[name] = cleaned.get(name) or made
                if not cleaned[name]:
                    self.add_error(name, "No name can be made from this label: type one, in English letters.")
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


# Fields ----------------------------------------------------------------------------------------------


class FieldForm(forms.Form):
    """A field's words, API name and what its type lets choose."""

    label = _label("Label", "Due date")
    description = _description()
    name = _api_name("API name")

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

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "name" in self.fields and cleaned.get("label") and not cleaned.get("name"):
            try:
                cleaned["name"] = computed_name(cleaned["label"])
            except InvalidMetadataInput:
                self.add_error("name", "No name can be made from this label: type one, in English letters.")
        return cleaned

    def values(self, options: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
        """By their API names. Raises InvalidValue for a default that the type cannot read."""
        given = self.cleaned_data
        values: dict[str, Any] = {"label": given["label"], "description": given["description"] or None}
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

    def _default(self, text: str, values: Mapping[str, Any]) -> Any:
        if not text.strip():
            return None
        if self.stored is not None and text == _shown_default(self.stored.default_value):
            return self.stored.default_value
        row = FieldMetadata(
            type=self.type.name, name="default", label="default",
            options=values.get("options"), settings=values.get("settings"),
        )  # fmt: skip
        try:
            return self.type.quote(self.type.convert(text, cache.field_schema(row)))
        except InvalidValue as error:
            self.add_error("default", error.message)
            raise


def _shown_default(default: Any) -> str:
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
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Invoices"}),
        help_text=gettext_lazy("The field that the other object gets."),
    )  # fmt: skip
    on_delete = forms.ChoiceField(
        label=gettext_lazy("When the one it leads to is destroyed"), choices=list(ON_DELETE.items()),
        initial=OnDelete.SET_NULL.value, widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(self, type_: FieldType, own: ObjectMetadata, targets: Iterable[ObjectMetadata], *args: Any) -> None:
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

    def values(self, options: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
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


# Options ---------------------------------------------------------------------------------------------


_OPTION = ("id", "label", "value", "color")


class OptionRows:
    """The options editor: one row an option, blank ones for more. A row whose label is emptied is removed."""

    colors = COLORS

    def __init__(self, stored: Sequence[Mapping[str, Any]] = (), data: Any = None) -> None:
        if data is None:
            ordered = sorted(stored, key=lambda each: each.get("position", 0))
            self.rows = [{name: each.get(name) or "" for name in _OPTION} for each in ordered]
        else:
            columns = [data.getlist(f"option_{name}") for name in (*_OPTION, "order")]
            rows = [dict(zip((*_OPTION, "order"), each, strict=True)) for each in zip(*columns, strict=False)]
            self.rows = sorted(rows, key=_order)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The rows as the editor shows them, blank ones at the end."""
        kept = [each for each in self.rows if each["label"].strip()]
        blank = [{"id": "", "label": "", "value": "", "color": ""} for _ in range(BLANK_OPTIONS)]
        return [{**each, "place": place} for place, each in enumerate([*kept, *blank], 1)]

    def values(self) -> list[dict[str, Any]]:
        """As the services take them."""
        kept = [each for each in self.rows if each["label"].strip()]
        return [
            {
                **({"id": each["id"]} if each["id"] else {}),
                "label": each["label"].strip(),
                "value": each["value"].strip() or value_of(each["label"]),
                "color": each["color"] or COLORS[place % len(COLORS)],
                "position": place,
            }
            for place, each in enumerate(kept)
        ]


def _order(row: Mapping[str, str]) -> float:
    try:
        return float(row.get("order") or "inf")
    except ValueError:
        return float("inf")


def value_of(label: str) -> str:
    """An option's value from its label.

    >>> value_of("In progress"), value_of("2nd")
    ('IN_PROGRESS', 'OPTION_2_ND')
    """
    try:
        name = computed_name(f"x {label}")[1:]
    except InvalidMetadataInput:
        return ""
    words = "".join(f"_{each}" if each.isupper() else each for each in name).strip("_").upper()
    return words if not words[:1].isdigit() else f"OPTION_{words}"


# The workspace ---------------------------------------------------------------------------------------


def _count(label: str, low: int, high: int, hint: str, *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=low, max_value=high, required=required, help_text=hint)


class GeneralForm(forms.Form):
    """The settings of a workspace; those that this installation leaves no choice of are not in it."""

    NAMES: ClassVar[Mapping[str, str]] = {  # form field → API name
        "display_name": "displayName",
        "api_version": "defaultApiVersion",
        "longest_key_days": "maxApiKeyLifetimeDays",
        "https_only": "isWebhookHttpsRequired",
        "requests_per_minute": "maxRequestsPerMinute",
        "batch_size": "maxBatchSize",
        "bulk_records": "maxBulkRecords",
        "request_days": "requestLogRetentionDays",
        "audit_days": "eventLogRetentionDays",
    }
    FIELD_OF: ClassVar[Mapping[str, str]] = {name: field for field, name in NAMES.items()}

    display_name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    api_version = forms.ChoiceField(
        label=gettext_lazy("API version of new keys"),
        choices=(("1", "1: lists stand under a name of their own"), ("2", "2: lists stand in the answer directly")),
        help_text=gettext_lazy("It can be changed on each key."),
    )
    longest_key_days = _count(
        "Longest life of a key, in days", 1, 36_525, "Left empty, keys may last for ever. Keys that there are keep"
        " their end until somebody changes it.", required=False,
    )  # fmt: skip
    https_only = forms.BooleanField(
        required=False,
        label=gettext_lazy("Webhooks need an https:// address"),
        help_text=gettext_lazy(
            "A webhook with http:// goes on until somebody changes it; then it needs another address."
        ),
    )
    batch_size = _count("Records in one call", 1, 1000, "What an API call with many records may hold, up to 1,000.")
    bulk_records = _count("Records one filtered change may touch", 1, 1_000_000, "More are refused, and none changed.")
    request_days = _count("Requests, in days", 1, 1, "", required=False)
    audit_days = _count("Who changed what, in days", 30, 1095, "")
    requests_per_minute = _count("Calls in a minute, by all keys and people", 0, 1_000_000_000, "", required=False)

    def __init__(self, workspace: Workspace, data: Any = None) -> None:
        initial = {field: getattr(workspace, services.SETTINGS[name]) for field, name in self.NAMES.items()}
        super().__init__(data, initial=initial)
        tokens, window_s = settings.RATE_LIMIT_WORKSPACE
        shown = gettext("as many as they like")
        if tokens:
            shown = gettext("%(count)s in %(time)s seconds") % {"count": f"{tokens:,}", "time": f"{window_s:g}"}
        said = gettext("Left empty, what this server allows: %s. 0: no limit.")
        self.fields["requests_per_minute"].help_text = said % shown
        self._keep("request_days", 1, settings.REQUEST_LOG_DAYS, " Left empty, as long as this server keeps them.")
        self._keep("audit_days", 30, min(1095, settings.AUDIT_LOG_DAYS))

    def _keep(self, name: str, low: int, high: int, hint: str = "") -> None:
        """Leave a retention time what this installation keeps at most; nothing to choose, no field."""
        if high <= low:
            del self.fields[name]
            return
        label, is_required = self.fields[name].label, self.fields[name].required
        self.fields[name] = _count(str(label), low, high, f"From {low} to {high}.{hint}", required=is_required)
        if self.initial[name] is not None:
            self.initial[name] = min(self.initial[name], high)

    def changes(self) -> dict[str, Any]:
        """What is another than before, by API names."""
        return {self.NAMES[field]: self.cleaned_data[field] for field in self.changed_data}
