"""The form of a workspace's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from config.forms import check_seen
from metadata import services
from metadata.models import Workspace

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def _count(
    label: str | _StrPromise, low: int, high: int, hint: str | _StrPromise, *, required: bool = True
) -> forms.IntegerField:
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
        choices=(
            ("1", gettext_lazy("1: lists stand under a name of their own")),
            ("2", gettext_lazy("2: lists stand in the answer directly")),
        ),
        help_text=gettext_lazy("It can be changed on each key."),
    )
    longest_key_days = _count(
        gettext_lazy("Longest life of a key, in days"),
        1,
        36_525,
        gettext_lazy(
            "Left empty, keys may last for ever. Keys that there are keep their end until somebody changes it."
        ),
        required=False,
    )
    https_only = forms.BooleanField(
        required=False,
        label=gettext_lazy("Webhooks need an https:// address"),
        help_text=gettext_lazy(
            "A webhook with http:// goes on until somebody changes it; then it needs another address."
        ),
    )
    batch_size = _count(
        gettext_lazy("Records in one call"),
        1,
        1000,
        gettext_lazy("What an API call with many records may hold, up to 1,000."),
    )
    bulk_records = _count(
        gettext_lazy("Records one filtered change may touch"),
        1,
        1_000_000,
        gettext_lazy("More are refused, and none changed."),
    )
    request_days = _count(gettext_lazy("Requests, in days"), 1, 1, "", required=False)
    audit_days = _count(gettext_lazy("Who changed what, in days"), 30, 1095, "")
    requests_per_minute = _count(
        gettext_lazy("Calls in a minute, by all keys and people"), 0, 1_000_000_000, "", required=False
    )

    def __init__(self, workspace: Workspace, data: Any = None) -> None:
        initial = {field: getattr(workspace, services.SETTINGS[name]) for field, name in self.NAMES.items()}
        super().__init__(data, initial=initial)
        tokens, window_s = settings.RATE_LIMIT_WORKSPACE
        shown = gettext("as many as they like")
        if tokens:
            shown = gettext("%(count)s in %(time)s seconds") % {"count": f"{tokens:,}", "time": f"{window_s:g}"}
        said = gettext("Left empty, what this server allows: %s. 0: no limit.")
        self.fields["requests_per_minute"].help_text = said % shown
        self._keep(
            "request_days", 1, settings.REQUEST_LOG_DAYS, gettext("Left empty, as long as this server keeps them.")
        )
        self._keep("audit_days", 30, min(1095, settings.AUDIT_LOG_DAYS))

    def _keep(self, name: str, low: int, high: int, hint: str = "") -> None:
        """Leave a retention time what this installation keeps at most; nothing to choose, no field."""
        if high <= low:
            del self.fields[name]
            return
        label, is_required = self.fields[name].label, self.fields[name].required
        said = gettext("From %(low)d to %(high)d.") % {"low": low, "high": high}
        self.fields[name] = _count(str(label), low, high, f"{said} {hint}".rstrip(), required=is_required)
        if self.initial[name] is not None:
            self.initial[name] = min(self.initial[name], high)

    def changes(self) -> dict[str, object]:
        """What is another than before, by API names."""
        return {self.NAMES[field]: self.cleaned_data[field] for field in self.changed_data}
