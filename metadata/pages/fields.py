"""The pages of fields: choosing a type, making and changing a field, its options, another type, its end."""

from __future__ import annotations

import orjson
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from config.errors import ApiError, InvalidValue, shortened
from config.forms import ConfirmForm
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import settings_page
from metadata import services
from metadata.fieldtypes.composite import CompositeType
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_type, field_types, is_field_type
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.pages.api_changes import field_changes, switch_off_page
from metadata.pages.forms.fields import FieldForm, RelationForm
from metadata.pages.forms.options import OptionRows
from metadata.pages.rows import (
    FLAG,
    NOT_ITS_NAME,
    add_problems,
    address,
    field_named,
    object_named,
    principal_of,
    refusals_of,
    workspace_id_of,
)

OPTION_MEMBERS = tuple(f"option_{name}" for name in ("id", "label", "value", "color", "order"))


def creatable_types() -> list[FieldType]:
    return sorted((each for each in field_types() if each.creation_refusal is None), key=lambda each: each.label)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def field_new(request: HttpRequest, singular: str) -> HttpResponse:
    """Choose a type (`?type=`), then describe the field."""
    obj = object_named(request, singular)
    chosen = request.GET.get("type", "")
    context: dict[str, object] = {"object": obj, "label": obj.shown("label_plural"), "address": address(obj)}
    if not is_field_type(chosen) or field_type(chosen).creation_refusal is not None:
        context["types"] = [{"type": each, "example": example_of(each)} for each in creatable_types()]
        return render(request, "metadata/field_type.html", context)
    type_ = field_type(chosen)
    form = _new_form(request, obj, type_)
    options = OptionRows(data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = _create(request, obj, type_, form, options)
        except InvalidValue:
            pass  # the form says so
        except ApiError as error:
            add_problems(form, error, form.cleaned_data)
        else:
            said = gettext("%(label)s is made: %(name)s in the APIs.")
            messages.success(request, said % {"label": made.label, "name": made.name})
            return redirect(address(obj))
    context |= {"form": form, "type": type_, "options": options if type_.has_own_options else None}
    return render(request, "metadata/field_new.html", context, status=422 if form.errors else 200)


def _new_form(request: HttpRequest, obj: ObjectMetadata, type_: FieldType) -> FieldForm:
    if not type_.is_relation:
        return FieldForm(type_, request.POST or None)
    targets = sorted(
        ObjectMetadata.objects.filter(workspace_id=workspace_id_of(request), is_active=True),
        key=lambda each: (each.is_system, each.shown("label_singular").lower()),
    )
    return RelationForm(type_, obj, targets, request.POST or None)


def _create(
    request: HttpRequest, obj: ObjectMetadata, type_: FieldType, form: FieldForm, options: OptionRows
) -> FieldMetadata:
    refuse_unknown(request.POST, (*form.fields, *OPTION_MEMBERS, FORM_TOKEN), "The form")
    values = form.values(options.values() if type_.has_own_options else None)
    values |= {"objectMetadataId": str(obj.id), "type": type_.name}
    workspace_id = workspace_id_of(request)
    with transaction.atomic():
        made = services.field_create(workspace_id=workspace_id, values=values)
        if isinstance(form, RelationForm) and form.on_delete_chosen is not None:
            rule = {**(made.settings or {}), "onDelete": form.on_delete_chosen}
            made = services.field_update(workspace_id=workspace_id, field_id=made.id, update={"settings": rule})
    return made


LONGEST_EXAMPLE = 90


def example_of(type_: FieldType) -> str:
    """A value of the type as the APIs answer it, cut where it is long."""
    if isinstance(type_, CompositeType):
        return shortened(orjson.dumps(type_.example).decode(), LONGEST_EXAMPLE)
    stored = next((stored for _, stored in type_.samples.good if stored is not None), None)
    answers = [answer for kept, answer in type_.samples.answers if kept is not None]
    shown = orjson.dumps(answers[0] if answers else stored, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
    return shortened(shown, LONGEST_EXAMPLE)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def field_detail(request: HttpRequest, singular: str, name: str) -> HttpResponse:
    """Change a field's words, name, options, default and uniqueness; see what else can be done with it."""
    obj = object_named(request, singular)
    field = field_named(obj, name)
    type_ = field_type(field.type)
    form = FieldForm(type_, request.POST or None, stored=field)
    options = OptionRows(field.options or (), request.POST if request.method == "POST" else None)
    changes = None
    if request.method == "POST" and form.is_valid() and "sure" not in request.POST:
        name = form.cleaned_data.get("name", field.name)
        changes = None if name == field.name else field_changes(principal_of(request), field, name)
    if request.method == "POST" and changes is None and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, *OPTION_MEMBERS, "sure", FORM_TOKEN), "The form")
            changed = services.field_update(
                workspace_id=workspace_id_of(request),
                field_id=field.id,
                update=_changes(field, form.values(options.values() if type_.has_own_options else None)),
                permissions=principal_of(request).permissions,
            )
        except InvalidValue:
            pass  # the form says so
        except ApiError as error:
            add_problems(form, error, form.cleaned_data)
        else:
            messages.success(request, gettext("Saved."))
            return redirect(address(obj, "fields", changed.name))
    context = {
        "form": form,
        "object": obj,
        "field": field,
        "type": type_,
        "label": field.shown("label"),
        "address": address(obj, "fields", field.name),
        "object_address": address(obj),
        "options": options if type_.has_own_options else None,
        "can_go": field.is_custom and not field.is_system,
        "can_rest": field.column is None and field.id != obj.label_identifier_field_id,
        "other": field.relation_target_field,
        "changes": changes,
    }
    return render(request, "metadata/field_detail.html", context, status=422 if form.errors else 200)


def _changes(field: FieldMetadata, values: dict[str, object]) -> dict[str, object]:
    """The members of `values` that say something new: what stays is not asked again, nor refused for its age."""
    before = {
        "label": field.shown("label"),
        "description": field.shown("description"),
        "name": field.name,
        "isUnique": field.is_unique,
        "isSearchable": bool(field.is_searchable),
        "settings": field.settings,
        "defaultValue": field.default_value,
    }
    return {name: value for name, value in values.items() if name not in before or before[name] != value}


@settings_page(flag=FLAG)
@require_POST
def field_switch(request: HttpRequest, singular: str, name: str) -> HttpResponse:
    """Switch a field on, or off, which is asked for twice: what it changes is told between. Its values stay."""
    obj = object_named(request, singular)
    field = field_named(obj, name)
    is_active = request.POST.get("is_active") == "true"
    if not is_active and "sure" not in request.POST:
        return switch_off_page(
            request,
            obj,
            label=field.shown("label"),
            address=address(obj, "fields", field.name),
            object_address=address(obj),
            changes=field_changes(principal_of(request), field, act="off"),
        )
    try:
        services.field_update(workspace_id=workspace_id_of(request), field_id=field.id, update={"isActive": is_active})
    except ApiError as error:
        for each in refusals_of(error):
            messages.error(request, each)
    else:
        said = gettext("%s is switched off: its values stay, the APIs no longer show it.")
        messages.success(request, (gettext("%s is in the APIs again.") if is_active else said) % field.shown("label"))
    return redirect(address(obj, "fields", field.name))


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def field_type_change(request: HttpRequest, singular: str, name: str) -> HttpResponse:
    """Try another type on every stored value first; change it only when that was looked at."""
    obj = object_named(request, singular)
    field = field_named(obj, name)
    wanted = request.POST.get("type", "")
    options = OptionRows(field.options or (), request.POST if "option_label" in request.POST else None)
    types = [each for each in creatable_types() if not each.is_relation and each.name != field.type]
    tried, refusals = None, []
    if request.method == "POST":
        chosen = next((each for each in types if each.name == wanted), None)
        if chosen is None:
            refusals = [gettext("Choose a type.")]
        else:
            try:
                tried = services.field_change_type(
                    workspace_id=workspace_id_of(request),
                    field_id=field.id,
                    type=chosen.name,
                    options=(options.values() or None) if chosen.has_own_options else None,
                    dry_run="sure" not in request.POST,
                    permissions=principal_of(request).permissions,
                )
            except ApiError as error:
                refusals = refusals_of(error)
            else:
                if not tried.is_dry_run:
                    said = gettext("%(field)s is of the type %(type)s now.")
                    messages.success(request, said % {"field": field.shown("label"), "type": chosen.label})
                    return redirect(address(obj, "fields", field.name))
    context = {
        "object": obj,
        "field": field,
        "label": field.shown("label"),
        "type": field_type(field.type),
        "types": types,
        "wanted": wanted,
        "tried": tried,
        "refusals": refusals,
        "options": options,
        "needs_options": is_field_type(wanted) and field_type(wanted).has_own_options,
        "address": address(obj, "fields", field.name),
        "object_address": address(obj),
    }
    return render(request, "metadata/field_convert.html", context, status=422 if refusals else 200)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def field_delete(request: HttpRequest, singular: str, name: str) -> HttpResponse:
    """Say what goes with a field, then delete it once its name is typed."""
    obj = object_named(request, singular)
    field = field_named(obj, name)
    form = ConfirmForm(field.name, NOT_ITS_NAME, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.field_delete(workspace_id=workspace_id_of(request), field_id=field.id)
        except ApiError as error:
            add_problems(form, error, {})
        else:
            messages.success(request, gettext("%s is deleted, with its values.") % field.shown("label"))
            return redirect(address(obj))
    context = {
        "form": form,
        "object": obj,
        "field": field,
        "label": field.shown("label"),
        "other": field.relation_target_field,
        "target": field.relation_target_object,
        "changes": field_changes(principal_of(request), field),
        "address": address(obj, "fields", field.name),
        "object_address": address(obj),
    }
    return render(request, "metadata/field_delete.html", context, status=422 if form.errors else 200)
