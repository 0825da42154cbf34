"""Forms of API keys: what a key is called, what it may, how often it asks and when it ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from apikeys.models import ApiKey, Role
from apikeys.networks import read_network
from apikeys.services.api_keys import COPY
from apikeys.services.inputs import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH
from apikeys.services.rates import MAX_RATE
from config.forms import check_seen
from metadata.models import ObjectMetadata

EXPIRY_PRESETS = (
    ("15", gettext_lazy("15 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("1 year")),
    ("730", gettext_lazy("2 years")),
    ("never", gettext_lazy("Never")),
    ("custom", gettext_lazy("Custom date")),
)
DEFAULT_EXPIRY = "90"


class ApiKeyNameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME_LENGTH,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": gettext_lazy("Nightly sync")}),
        help_text=gettext_lazy("Shown as the author of the records this key writes."),
    )


class ApiKeyTextForm(ApiKeyNameForm):
    """What a key is called, and what it is for."""

    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=MAX_DESCRIPTION_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What uses it, and who looks after that."),
    )


class ApiKeyLimitsForm(forms.Form):
    """What leaves a key less than its role. `objects` are all of the workspace."""

    read_only = forms.BooleanField(required=False)
    reach = forms.ChoiceField(
        choices=(
            ("all", gettext_lazy("Every object that its role may see")),
            ("some", gettext_lazy("Only these objects")),
        ),
        initial="all",
        required=False,
        widget=forms.RadioSelect,
    )
    objects = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    networks = forms.CharField(
        required=False,
        max_length=10_000,
        label=gettext_lazy("Networks it may be used from"),
        help_text=gettext_lazy(
            "One on each line, as 203.0.113.0/24, 2001:db8::/32 or 198.51.100.7. Empty: from everywhere."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self,
        objects: Sequence[ObjectMetadata],
        data: Any = None,
        *,
        key: ApiKey | None = None,
        initial: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(data, initial={**({} if key is None else self.initial_of(key)), **(initial or {})})
        self.fields["objects"].choices = [(str(each.id), each.label_plural) for each in objects]  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(key: ApiKey) -> dict[str, object]:
        return {
            "read_only": key.is_read_only,
            "reach": "all" if key.object_ids is None else "some",
            "objects": key.object_ids or [],
            "networks": "\n".join(key.allowed_networks or []),
        }

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        cleaned["reach"] = cleaned.get("reach") or ("some" if cleaned.get("objects") else "all")
        if cleaned["reach"] == "some" and not cleaned.get("objects") and "objects" not in self.errors:
            self.add_error("objects", gettext("Choose at least one object, or let the key reach all."))
        return cleaned

    def clean_networks(self) -> list[str] | None:
        given = [each.strip() for each in re.split(r"[\s,;]+", self.cleaned_data["networks"]) if each.strip()]
        for each in given:
            try:
                read_network(each)
            except ValueError as fault:
                self.add_error("networks", f"{fault}".rstrip(".?") + ("?" if f"{fault}".endswith("?") else "."))
        return given or None

    def values(self) -> dict[str, object]:
        """By their API names."""
        return {
            "isReadOnly": self.cleaned_data["read_only"],
            "objectMetadataIds": self.cleaned_data["objects"] if self.cleaned_data["reach"] == "some" else None,
            "allowedNetworks": self.cleaned_data["networks"],
        }


class ApiKeyRatesForm(forms.Form):
    """How often a key may ask; an empty field is the server's own limit."""

    per_second = forms.IntegerField(
        required=False, min_value=0, max_value=MAX_RATE, label=gettext_lazy("Requests per second")
    )
    per_minute = forms.IntegerField(
        required=False, min_value=0, max_value=MAX_RATE, label=gettext_lazy("Requests per minute")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        defaults = {"per_second": settings.RATE_LIMIT_SHORT, "per_minute": settings.RATE_LIMIT_LONG}
        for name, (tokens, window_s) in defaults.items():
            shown = gettext("no limit")
            if tokens:
                shown = gettext("%(count)s in %(time)s s") % {"count": f"{tokens:,}", "time": f"{window_s:g}"}
            self.fields[name].widget.attrs["placeholder"] = gettext("The server's: %s") % shown

    def values(self) -> dict[str, int | None]:
        """By their API names."""
        return {
            "maxRequestsPerSecond": self.cleaned_data["per_second"],
            "maxRequestsPerMinute": self.cleaned_data["per_minute"],
        }


class ExpiryForm(forms.Form):
    """When a key ends."""

    expires = forms.ChoiceField(
        choices=EXPIRY_PRESETS, initial=DEFAULT_EXPIRY, label=gettext_lazy("Expires"), widget=forms.RadioSelect
    )
    expires_on = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    longest_days: int | None = None

    def limit_to(self, longest_days: int | None) -> None:
        """Offer no end beyond the longest life of a key in the workspace."""
        self.longest_days = longest_days
        if longest_days is None:
            return
        fits = [each for each in EXPIRY_PRESETS if not each[0].isdigit() or int(each[0]) <= longest_days]
        choices = [each for each in fits if each[0] != "never"]
        self.fields["expires"].choices = choices  # type: ignore[attr-defined]
        if DEFAULT_EXPIRY not in dict(choices):  # the longest that there is, else a day that one chooses
            self.fields["expires"].initial = choices[-2][0] if len(choices) > 1 else "custom"

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("expires") == "custom" and "expires_on" not in self.errors:
            last_day: date | None = cleaned.get("expires_on")
            if last_day is None:
                self.add_error("expires_on", gettext("Choose the last day on which the key works."))
            elif last_day < timezone.localdate():
                self.add_error("expires_on", gettext("This day has passed."))
            elif last_day == date.max:
                self.add_error("expires_on", gettext("This day is too far away."))
            elif self.longest_days is not None and last_day > timezone.localdate() + timedelta(self.longest_days):
                said = gettext("Keys of this workspace live %d days at most.") % self.longest_days
                self.add_error("expires_on", said)
        return cleaned

    def expires_at(self) -> datetime | None:
        """When the key ends; None is never. A custom day counts to its end, in the zone that the pages show."""
        chosen = self.cleaned_data["expires"]
        if chosen == "never":
            return None
        if chosen == "custom":
            return datetime.combine(self.cleaned_data["expires_on"], time(23, 59, 59), timezone.get_current_timezone())
        return timezone.now() + timedelta(days=int(chosen))


class ApiKeyForm(ApiKeyTextForm, ApiKeyLimitsForm, ExpiryForm):
    """A new key. `roles` are those that the caller may bind."""

    field_order = ("name", "description", "role", "read_only", "reach", "objects", "networks", "expires", "expires_on")
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a role.")},
    )

    def __init__(
        self,
        roles: Sequence[Role],
        objects: Sequence[ObjectMetadata],
        data: object = None,
        *,
        key: ApiKey | None = None,
        longest_days: int | None = None,
    ) -> None:
        """`key` is the one whose settings are taken over."""
        initial: dict[str, object] = {}
        if key is not None:
            name = f"{key.name[: MAX_NAME_LENGTH - len(COPY)]}{COPY}"
            initial = {"name": name, "description": key.description or "", "role": str(key.role_id)}
        super().__init__(objects, data, key=key, initial=initial)
        self.limit_to(longest_days)
        self.fields["name"].widget.attrs["autofocus"] = True
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]

    def values(self) -> dict[str, object]:
        return {**super().values(), "description": self.cleaned_data["description"] or None}
