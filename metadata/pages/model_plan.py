"""The data model made what a file says: the file, then the plan of it, then the steps, all or none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from config.errors import ApiError, InvalidInput
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import settings_page
from metadata.pages.rows import DATA_MODEL, FLAG, principal_of, refusals_of, workspace_id_of
from metadata.snapshot import Step, schema_apply, schema_diff, schema_read


class ModelFileForm(forms.Form):
    """A file, or its text. `plan` is the digest of the plan that was shown; `sure` asks to run it."""

    file = forms.FileField(
        required=False,
        label=gettext_lazy("File"),
        help_text=gettext_lazy("YAML or JSON, as “Download as a file” gives it."),
    )
    text = forms.CharField(
        required=False,
        label=gettext_lazy("Or its text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )
    plan = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    sure = forms.BooleanField(required=False)
    destructive = forms.BooleanField(required=False, label=gettext_lazy("Lose the values that these steps delete"))

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if isinstance(file, UploadedFile):
            if (file.size or 0) > settings.MAX_BODY_BYTES:
                limit = settings.MAX_BODY_BYTES // 1024**2
                said = gettext("The file has more than %d MB: apply it by manage.py schema apply.")
                self.add_error("file", said % limit)
            else:
                cleaned["text"] = file.read().decode("utf-8", "replace")
        if not str(cleaned.get("text") or "").strip() and not self.errors:
            self.add_error("text", gettext("Choose a file, or paste its text."))
        return cleaned


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def model_plan(request: HttpRequest) -> HttpResponse:
    """Show what would change; change it once that was looked at and confirmed."""
    form = ModelFileForm(request.POST or None, request.FILES or None)
    steps: Sequence[Step] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown({**request.POST, **request.FILES}, (*form.fields, FORM_TOKEN), "The form")
            model = schema_read(str(form.cleaned_data["text"]))
            steps = schema_diff(workspace_id_of(request), model)
            if form.cleaned_data["sure"] and _may_run(form, steps):
                schema_apply(
                    workspace_id_of(request),
                    model,
                    allow_destructive=bool(form.cleaned_data["destructive"]),
                    permissions=principal_of(request).permissions,
                )
                said = gettext("The data model is the file's. Steps done: %d.")
                messages.success(request, said % len(steps))
                return redirect(DATA_MODEL)
        except ApiError as error:
            steps = None
            for each in error.messages if isinstance(error, InvalidInput) else refusals_of(error):
                form.add_error("text", each)
    context = {
        "form": form,
        "steps": steps,
        "destroys": sum(each.is_destructive for each in steps or ()),
        "digest": "" if steps is None else _digest(steps),
        "text": form.cleaned_data.get("text", "") if form.is_bound else "",
    }
    return render(request, "metadata/model_plan.html", context, status=422 if form.errors else 200)


def _may_run(form: ModelFileForm, steps: Sequence[Step]) -> bool:
    """Whether the plan is the one that was shown, and what it loses was agreed to; else the form says so."""
    if form.cleaned_data["plan"] != _digest(steps):
        form.add_error(
            None, gettext("The data model changed since the plan was shown. Nothing was done: look at the new plan.")
        )
    elif any(each.is_destructive for each in steps) and not form.cleaned_data["destructive"]:
        form.add_error("destructive", gettext("Some steps lose values. Nothing was done: agree to that first."))
    return not form.errors


def _digest(steps: Sequence[Step]) -> str:
    return hashlib.sha256("\n".join(map(str, steps)).encode()).hexdigest()
