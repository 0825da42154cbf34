"""Forms of people: signing in, joining a workspace, and how the pages are shown to them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext, gettext_lazy

from apikeys.models import Preferences, Role
from apikeys.services.inputs import MAX_EMAIL_LENGTH, MAX_PERSON_NAME_LENGTH
from apikeys.services.profile import UTC, languages, time_zones
from config.forms import check_seen


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ForgotForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class InviteForm(forms.Form):
    """Who is invited, and with which role. `roles` are those that the caller may give."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=MAX_EMAIL_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"))

    def __init__(self, roles: list[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    """Somebody who is new on this server: their name, and the password they will sign in with."""

    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=MAX_PERSON_NAME_LENGTH,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"),
        required=False,
        max_length=MAX_PERSON_NAME_LENGTH,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 8 characters, none of the common ones."),
    )

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        names = {name: self.cleaned_data.get(name, "") for name in ("first_name", "last_name")}
        validate_password(password, User(username=self.email, email=self.email, **names))
        return password


class KnownJoinForm(forms.Form):
    """Somebody who signs in to another workspace of this server already."""

    password = forms.CharField(
        strip=False,
        max_length=4096,
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ProfileForm(forms.Form):
    """A person's name, and how the pages are shown to them."""

    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=MAX_PERSON_NAME_LENGTH,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"),
        required=False,
        max_length=MAX_PERSON_NAME_LENGTH,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    time_zone = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Of the dates on these pages. Each shows its UTC time beside it."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(self, user: User, preferences: Preferences | None, data: Any = None) -> None:
        initial = {"first_name": user.first_name, "last_name": user.last_name}
        if preferences is not None:
            initial |= {"time_zone": preferences.time_zone, "language": preferences.language}
        super().__init__(data, initial=initial)
        places: dict[str, list[tuple[str, str]]] = {}
        for zone in time_zones():
            region, _, place = zone.partition("/")
            if zone != UTC:
                places.setdefault(region, []).append((zone, place.replace("_", " ")))
        zones = [("", gettext("As this browser")), (UTC, "UTC"), *places.items()]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
        known = languages()
        if len(known) > 1:
            self.fields["language"].choices = [("", gettext("As the server")), *known]  # type: ignore[attr-defined]
        else:  # there is nothing to choose
            del self.fields["language"]
        if not time_zones():
            del self.fields["time_zone"]
