"""Forms of the sign-in and API key pages. They check form only; apikeys.services decides."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from apikeys.models import ApiKey, Role
from apikeys.services import MAX_NAME_LENGTH, MAX_RATE

EXPIRY_PRESETS = (
    ("15", "15 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("730", "2 years"),
    ("never", "Never"),
    ("custom", "Custom date"),
)
DEFAULT_EXPIRY = "90"


class SignInForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        strip=False, max_length=4096, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class ApiKeyNameForm(forms.Form):
    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Nightly sync"}),
        help_text="Shown as the author of the records this key writes.",
    )


class ApiKeyRatesForm(forms.Form):
    """How often a key may ask; an empty field is the server's own limit."""

    per_second = forms.IntegerField(required=False, min_value=0, max_value=MAX_RATE, label="Requests per second")
    per_minute = forms.IntegerField(required=False, min_value=0, max_value=MAX_RATE, label="Requests per minute")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        defaults = {"per_second": settings.RATE_LIMIT_SHORT, "per_minute": settings.RATE_LIMIT_LONG}
        for name, (tokens, window_s) in defaults.items():
            shown = f"{tokens:,} in {window_s:g} s" if tokens else "no limit"
            self.fields[name].widget.attrs["placeholder"] = f"The server's: {shown}"

    def values(self) -> dict[str, int | None]:
        """By their API names."""
        return {
            "maxRequestsPerSecond": self.cleaned_data["per_second"],
            "maxRequestsPerMinute": self.cleaned_data["per_minute"],
        }


class ApiKeyForm(ApiKeyNameForm):
    """A new key. `roles` are those that the caller may bind."""

    role = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": "Choose a role."})
    expires = forms.ChoiceField(
        choices=EXPIRY_PRESETS, initial=DEFAULT_EXPIRY, label="Expires", widget=forms.RadioSelect
    )
    expires_on = forms.DateField(
        required=False, label="Last day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, roles: list[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autofocus"] = True
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("expires") == "custom" and "expires_on" not in self.errors:
            last_day: date | None = cleaned.get("expires_on")
            if last_day is None:
                self.add_error("expires_on", "Choose the last day on which the key works.")
            elif last_day < timezone.now().date():
                self.add_error("expires_on", "This day has passed.")
            elif last_day == date.max:
                self.add_error("expires_on", "This day is too far away.")
        return cleaned

    def expires_at(self) -> datetime | None:
        """When the key ends; None is never. A custom day counts to its end, in UTC."""
        chosen = self.cleaned_data["expires"]
        if chosen == "never":
            return None
        if chosen == "custom":
            return datetime.combine(
                self.cleaned_data["expires_on"] + timedelta(days=1), time.min, timezone.now().tzinfo
            )
        return timezone.now() + timedelta(days=int(chosen))


class RevokeForm(forms.Form):
    """The name of the key, typed by hand."""

    confirmation = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})
    )

    def __init__(self, key: ApiKey, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["confirmation"].label = f"Type “{key.name}” to confirm"

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed.strip() != self.key.name.strip():
            raise forms.ValidationError("This is not the name of the key. Nothing was revoked.")
        return typed
