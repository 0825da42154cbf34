"""Forms of the sign-in and API key pages. They check form only; apikeys.services decides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from apikeys.models import ApiKey, ObjectPermission, Preferences, Role
from apikeys.networks import read_network
from apikeys.roles import ASSIGNABLE, OBJECT_RIGHTS, RIGHTS, VERBS
from apikeys.services.api_keys import COPY, MAX_DESCRIPTION_LENGTH, MAX_RATE
from apikeys.services.inputs import MAX_NAME_LENGTH
from apikeys.services.profile import LONGEST_NAME, UTC, languages, time_zones
from config.forms import check_seen
from config.right_words import SETTINGS_WORDS, TOOL_WORDS
from config.texts import capitalised
from metadata.models import ObjectMetadata

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
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        strip=False, max_length=4096, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class ForgotForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class ApiKeyNameForm(forms.Form):
    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Nightly sync"}),
        help_text=gettext_lazy("Shown as the author of the records this key writes."),
    )


class ApiKeyTextForm(ApiKeyNameForm):
    """What a key is called, and what it is for."""

    description = forms.CharField(
        required=False,
        max_length=MAX_DESCRIPTION_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What uses it, and who looks after that."),
    )


class ApiKeyLimitsForm(forms.Form):
    """What leaves a key less than its role. `objects` are all of the workspace."""

    read_only = forms.BooleanField(required=False)
    reach = forms.ChoiceField(
        choices=(("all", "Every object that its role may see"), ("some", "Only these objects")),
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
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={**({} if key is None else self.initial_of(key)), **(initial or {})})
        self.fields["objects"].choices = [(str(each.id), each.label_plural) for each in objects]  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(key: ApiKey) -> dict[str, Any]:
        return {
            "read_only": key.is_read_only,
            "reach": "all" if key.object_ids is None else "some",
            "objects": key.object_ids or [],
            "networks": "\n".join(key.allowed_networks or []),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["reach"] = cleaned.get("reach") or ("some" if cleaned.get("objects") else "all")
        if cleaned["reach"] == "some" and not cleaned.get("objects") and "objects" not in self.errors:
            self.add_error("objects", "Choose at least one object, or let the key reach all.")
        return cleaned

    def clean_networks(self) -> list[str] | None:
        given = [each.strip() for each in re.split(r"[\s,;]+", self.cleaned_data["networks"]) if each.strip()]
        for each in given:
            try:
                read_network(each)
            except ValueError as fault:
                self.add_error("networks", f"{fault}".rstrip(".?") + ("?" if f"{fault}".endswith("?") else "."))
        return given or None

    def values(self) -> dict[str, Any]:
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

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("expires") == "custom" and "expires_on" not in self.errors:
            last_day: date | None = cleaned.get("expires_on")
            if last_day is None:
                self.add_error("expires_on", "Choose the last day on which the key works.")
            elif last_day < timezone.localdate():
                self.add_error("expires_on", "This day has passed.")
            elif last_day == date.max:
                self.add_error("expires_on", "This day is too far away.")
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
    role = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": gettext_lazy("Choose a role.")})

    def __init__(
        self,
        roles: Sequence[Role],
        objects: Sequence[ObjectMetadata],
        data: Any = None,
        *,
        key: ApiKey | None = None,
        longest_days: int | None = None,
    ) -> None:
        """`key` is the one whose settings are taken over."""
        initial: dict[str, Any] = {}
        if key is not None:
            name = f"{key.name[: MAX_NAME_LENGTH - len(COPY)]}{COPY}"
            initial = {"name": name, "description": key.description or "", "role": str(key.role_id)}
        super().__init__(objects, data, key=key, initial=initial)
        self.limit_to(longest_days)
        self.fields["name"].widget.attrs["autofocus"] = True
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        return {**super().values(), "description": self.cleaned_data["description"] or None}


# Members ---------------------------------------------------------------------------------------------


class InviteForm(forms.Form):
    """Who is invited, and with which role. `roles` are those that the caller may give."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField()

    def __init__(self, roles: list[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]


class WorkspaceForm(forms.Form):
    """A new workspace, and whoever becomes its first admin."""

    name = forms.CharField(
        max_length=100, validators=[check_seen], widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("It begins with"),
        choices=(
            ("standard", "Companies, people, opportunities, tasks and notes, with some examples"),
            ("empty", "Nothing: its objects are made by hand, or from a file"),
        ),
    )
    email = forms.EmailField(
        required=False,
        label=gettext_lazy("E-mail of its admin"),
        help_text=gettext_lazy("They get an invitation. Left empty, you go on in it yourself."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class JoinForm(forms.Form):
    """Somebody who is new on this server: their name, and the password they will sign in with."""

    first_name = forms.CharField(
        max_length=150, validators=[check_seen], widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        required=False,
        max_length=150,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    password = forms.CharField(
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


class ProfileForm(forms.Form):
    """A person's name, and how the pages are shown to them."""

    first_name = forms.CharField(
        max_length=LONGEST_NAME, validators=[check_seen], widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        validators=[check_seen],
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    time_zone = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Of the dates on these pages. Each shows its UTC time beside it."),
    )
    language = forms.ChoiceField(required=False)

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
        zones = [("", "As this browser"), (UTC, "UTC"), *places.items()]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
        known = languages()
        if len(known) > 1:
            self.fields["language"].choices = [("", "As the server"), *known]  # type: ignore[attr-defined]
        else:  # there is nothing to choose
            del self.fields["language"]
        if not time_zones():
            del self.fields["time_zone"]


class KnownJoinForm(forms.Form):
    """Somebody who signs in to another workspace of this server already."""

    password = forms.CharField(
        strip=False,
        max_length=4096,
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


# Roles -----------------------------------------------------------------------------------------------

_RIGHT_LABELS = (
    ("canReadAllObjectRecords", "See all records"),
    ("canUpdateAllObjectRecords", "Create and edit all records"),
    ("canSoftDeleteAllObjectRecords", "Delete all records (they can be restored)"),
    ("canDestroyAllObjectRecords", "Destroy all records for good"),
    ("canUpdateAllSettings", "Change all settings"),
    ("canAccessAllTools", "Use all tools"),
)


def _as_labels(words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(right, capitalised(text)) for right, text in words.items()]


_TARGET_LABELS = (("canBeAssignedToUsers", "People"), ("canBeAssignedToApiKeys", "API keys"))


class RoleForm(forms.Form):
    """A role, without what it says of single objects."""

    label = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        validators=[check_seen],
        label=gettext_lazy("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        required=False, max_length=1_000, help_text=gettext_lazy("What it is for, for those who choose it.")
    )
    rights = forms.MultipleChoiceField(required=False, choices=_RIGHT_LABELS, widget=forms.CheckboxSelectMultiple)
    settings = forms.MultipleChoiceField(
        required=False, choices=_as_labels(SETTINGS_WORDS), widget=forms.CheckboxSelectMultiple
    )
    tools = forms.MultipleChoiceField(
        required=False, choices=_as_labels(TOOL_WORDS), widget=forms.CheckboxSelectMultiple
    )
    targets = forms.MultipleChoiceField(
        choices=_TARGET_LABELS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose who may have the role: people, API keys or both.")},
    )

    def __init__(self, data: Any = None, *, role: Role | None = None) -> None:
        initial: dict[str, Any] = {
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

    def values(self) -> dict[str, Any]:
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

    CHOICES = (("", "As for all objects"), ("yes", "Allow"), ("no", "Deny"))
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

    role = forms.ChoiceField()
    operation = forms.ChoiceField(
        choices=(
            ("read", "See"),
            ("update", "Create and edit"),
            ("soft_delete", "Delete"),
            ("destroy", "Destroy for good"),
        )
    )
    object = forms.ChoiceField()
    field = forms.ChoiceField(required=False)

    def __init__(self, roles: list[Role], objects: list[Any], fields: list[Any], data: Any = None) -> None:
        super().__init__(data)
        self.fields["role"].choices = [(str(each.id), each.label) for each in roles]  # type: ignore[attr-defined]
        self.fields["object"].choices = [(each.name_singular, each.label_plural) for each in objects]  # type: ignore[attr-defined]
        named = [(each.name, each.label) for each in fields]
        self.fields["field"].choices = [("", "The whole record"), *named]  # type: ignore[attr-defined]
