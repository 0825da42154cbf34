"""The pages of objects: the list, one object with all that belongs to it, and the forms that change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.errors import ApiError
from config.forms import ConfirmForm
from config.http.lists import Sorts, listing
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import FLAG as PAGES_FLAG
from config.http.pages import settings_page
from config.http.rights import may
from metadata import services
from metadata.fieldtypes.registry import field_type
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, RelationType
from metadata.pages.api_changes import api_changes, switch_off_page
from metadata.pages.forms.objects import ObjectForm
from metadata.pages.rows import (
    DATA_MODEL,
    FLAG,
    NOT_ITS_NAME,
    add_problems,
    address,
    object_named,
    principal_of,
    refusals_of,
    workspace_id_of,
)
from metadata.services.indexes import column_problem
from metadata.services.objects import deletion_refused
from metadata.snapshot.exporting import schema_export
from metadata.snapshot.text import schema_text


@settings_page(flag=FLAG)
@require_GET
def object_list(request: HttpRequest) -> HttpResponse:
    """Every object of the workspace: users' own first, then the standard ones, then the system's."""
    workspace_id = workspace_id_of(request)
    search = request.GET.get("q", "").strip()[:200]
    every = sorted(
        ObjectMetadata.objects.filter(workspace_id=workspace_id),
        key=lambda each: (each.is_system, not each.is_custom, each.shown("label_plural").lower()),
    )
    found = [
        each
        for each in every
        if search.lower() in f"{each.shown('label_plural')} {each.name_singular} {each.name_plural}".lower()
    ]
    records = _record_counts(request)
    sorts: Sorts = {
        "kind": (gettext("Own first"), lambda each: 0),  # as they stand
        "name": (gettext("By name"), lambda each: each.shown("label_plural").lower()),
        "records": (gettext("Most records first"), lambda each: -(_records_of(request, each, records) or 0)),
        "changed": (gettext("Changed last first"), lambda each: -each.updated_at.timestamp()),
    }
    listed, choices = listing(request, found, sorts=sorts, states=KINDS, state_of=_kind_of)
    fields = Counter(
        FieldMetadata.objects.filter(workspace_id=workspace_id, is_active=True).values_list("object_id", flat=True)
    )
    context = {
        "rows": [
            {
                "object": each,
                "label": each.shown("label_plural"),
                "kind": KINDS[_kind_of(each)],
                "fields": fields[each.id],
                "records": _records_of(request, each, records),
                "address": address(each),
            }
            for each in listed
        ],
        "search": search,
        **choices,
    }
    return render(request, "metadata/object_list.html", context)


KINDS = {
    "custom": gettext_lazy("Custom"),
    "standard": gettext_lazy("Standard"),
    "system": gettext_lazy("System"),
    "off": gettext_lazy("Switched off"),
}


def _kind_of(obj: ObjectMetadata) -> str:
    if not obj.is_active:
        return "off"
    return "system" if obj.is_system else "custom" if obj.is_custom else "standard"


def _record_counts(request: HttpRequest) -> Mapping[UUID, int]:
    counts: Mapping[UUID, int] = import_string(settings.RECORD_COUNTS)(request.workspace)  # type: ignore[attr-defined]
    return counts


def _records_of(request: HttpRequest, obj: ObjectMetadata, counts: Mapping[UUID, int]) -> int | None:
    """How many records the object has; None for who may not read them."""
    return counts.get(obj.id, 0) if principal_of(request).permissions.allows("read", obj) else None


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def object_new(request: HttpRequest) -> HttpResponse:
    """Make an object; its fields follow on its own page."""
    form = ObjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            made = services.object_create(workspace_id=workspace_id_of(request), values=form.values())
        except ApiError as error:
            add_problems(form, error, form.cleaned_data)
        else:
            said = gettext("%(objects)s are made, and in all four APIs already: /rest/%(plural)s.")
            messages.success(request, said % {"objects": made.label_plural, "plural": made.name_plural})
            return redirect(address(made))
    return render(request, "metadata/object_new.html", {"form": form}, status=422 if form.errors else 200)


@settings_page(flag=FLAG)
@require_GET
def object_detail(request: HttpRequest, singular: str) -> HttpResponse:
    """One object: how the APIs call it, its fields and relations, its indexes, and what can be done with it."""
    return _object_page(request, object_named(request, singular))


def _object_page(request: HttpRequest, obj: ObjectMetadata, refusals: Sequence[str] = ()) -> HttpResponse:
    fields = list(obj.fields.select_related("relation_target_object", "relation_target_field").order_by("position"))
    indexes = list(obj.indexes.prefetch_related("index_fields__field").order_by("created_at", "name"))
    indexed = {column.field_id for index in indexes for column in index.index_fields.all()}
    context = {
        "object": obj,
        "label": obj.shown("label_plural"),
        "address": address(obj),
        "own": [_row(each, indexed) for each in fields if not each.is_system and each.relation_type is None],
        "relations": [_row(each, indexed) for each in fields if not each.is_system and each.relation_type is not None],
        "system": [_row(each, indexed) for each in fields if each.is_system],
        "indexes": [_index_row(each) for each in indexes],
        "paths": [path for each in fields if each.is_active for path in _paths(each)],
        "refusals": refusals,
        "can_open_docs": may(request.principal, PAGES_FLAG),  # type: ignore[attr-defined]
        "identifier": next((each.shown("label") for each in fields if each.id == obj.label_identifier_field_id), None),
    }
    return render(request, "metadata/object_detail.html", context, status=422 if refusals else 200)


def _row(field: FieldMetadata, indexed: set[UUID]) -> dict[str, object]:
    target = field.relation_target_object
    return {
        "field": field,
        "label": field.shown("label"),
        "type": field_type(field.type).label,
        "target": target,
        "target_label": None if target is None else target.shown("label_plural"),
        "target_address": None if target is None else address(target),
        "other": field.relation_target_field,
        "is_to_many": field.relation_type == RelationType.ONE_TO_MANY,
        "is_indexed": field.id in indexed,
    }


def _index_row(index: IndexMetadata) -> dict[str, object]:
    columns = sorted(index.index_fields.all(), key=lambda each: each.order)
    return {
        "index": index,
        "columns": [
            each.field.name if each.sub_field_name is None else f"{each.field.name}.{each.sub_field_name}"
            for each in columns
        ],
    }


def _paths(field: FieldMetadata) -> list[str]:
    """What of the field an index can be made of: its name, or its parts'."""
    parts: list[str | None] = [*field_type(field.type).subfields] or [None]
    return [
        field.name if part is None else f"{field.name}.{part}" for part in parts if column_problem(field, part) is None
    ]


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def object_edit(request: HttpRequest, singular: str) -> HttpResponse:
    """Change an object's words and API names. A new API name is asked for twice: what it changes is told between."""
    obj = object_named(request, singular)
    form = ObjectForm(request.POST or None, stored=obj)
    changes = None
    if request.method == "POST" and form.is_valid() and "sure" not in request.POST:
        given = form.values()
        names = [given.get("nameSingular", obj.name_singular), given.get("namePlural", obj.name_plural)]
        if names != [obj.name_singular, obj.name_plural]:
            changes = api_changes(principal_of(request), obj, *names)
    if request.method == "POST" and changes is None and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, "sure", FORM_TOKEN), "The form")
            changed = services.object_update(
                workspace_id=workspace_id_of(request), object_id=obj.id, update=form.values()
            )
        except ApiError as error:
            add_problems(form, error, form.cleaned_data)
        else:
            messages.success(request, gettext("Saved."))
            return redirect(address(changed))
    label = obj.shown("label_plural")
    context = {"form": form, "object": obj, "label": label, "address": address(obj), "changes": changes}
    return render(request, "metadata/object_edit.html", context, status=422 if form.errors else 200)


@settings_page(flag=FLAG)
@require_POST
def object_switch(request: HttpRequest, singular: str) -> HttpResponse:
    """Switch an object on, or off, which is asked for twice: what it changes is told between."""
    obj = object_named(request, singular)
    is_active = request.POST.get("is_active") == "true"
    if not is_active and "sure" not in request.POST:
        label, changes = obj.shown("label_plural"), api_changes(principal_of(request), obj, act="off")
        return switch_off_page(request, obj, label=label, address=address(obj), changes=changes)
    try:
        services.object_update(workspace_id=workspace_id_of(request), object_id=obj.id, update={"isActive": is_active})
    except ApiError as error:
        for each in refusals_of(error):
            messages.error(request, each)
    else:
        said = gettext("%s are switched off: the APIs no longer show them.")
        said = gettext("%s are in the APIs again.") if is_active else said
        messages.success(request, said % obj.shown("label_plural"))
    return redirect(address(obj))


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def object_delete(request: HttpRequest, singular: str) -> HttpResponse:
    """Say what goes with an object, then delete it once its name is typed."""
    obj = object_named(request, singular)
    refusal = deletion_refused(obj)
    if refusal is not None and request.method == "GET":
        messages.error(request, f"{gettext(refusal)}.")
        return redirect(address(obj))
    form = ConfirmForm(obj.name_singular, NOT_ITS_NAME, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.object_delete(workspace_id=workspace_id_of(request), object_id=obj.id)
        except ApiError as error:
            add_problems(form, error, {})
        else:
            messages.success(request, gettext("%s are deleted, with their records.") % obj.shown("label_plural"))
            return redirect(DATA_MODEL)
    workspace = request.workspace  # type: ignore[attr-defined]
    leading = (
        FieldMetadata.objects.filter(workspace_id=workspace.id, relation_target_object_id=obj.id, is_system=False)
        .exclude(object_id=obj.id)
        .select_related("object")
    )
    context = {
        "form": form,
        "object": obj,
        "label": obj.shown("label_plural"),
        "address": address(obj),
        "records": _records_of(request, obj, _record_counts(request)),
        "changes": api_changes(principal_of(request), obj),
        "fields": [f"{each.object.label_plural} → {each.label}" for each in leading],
    }
    return render(request, "metadata/object_delete.html", context, status=422 if form.errors else 200)


# Indexes ---------------------------------------------------------------------------------------------


@settings_page(flag=FLAG)
@require_POST
def index_new(request: HttpRequest, singular: str) -> HttpResponse:
    """Make an index over the fields that were chosen, in the order of their numbers."""
    obj = object_named(request, singular)
    ids = {each.name: str(each.id) for each in obj.fields.all()}
    columns = []
    for path in [each for each in request.POST.getlist("path") if each]:
        name, _, part = path.partition(".")
        columns.append({"fieldMetadataId": ids.get(name, name), "subFieldName": part or None})
    try:
        services.index_create(
            workspace_id=workspace_id_of(request), values={"objectMetadataId": str(obj.id), "fields": columns}
        )
    except ApiError as error:
        return _object_page(request, obj, refusals_of(error))
    messages.success(request, gettext("The index is made. Filters and orders on these fields are fast now."))
    return redirect(f"{address(obj)}#indexes")


@settings_page(flag=FLAG)
@require_POST
def index_delete(request: HttpRequest, singular: str, index_id: UUID) -> HttpResponse:
    """Delete an index that somebody made; nothing but speed is lost."""
    obj = object_named(request, singular)
    try:
        services.index_delete(workspace_id=workspace_id_of(request), index_id=index_id)
    except ApiError as error:
        for each in refusals_of(error):
            messages.error(request, each)
    else:
        messages.success(request, gettext("The index is deleted."))
    return redirect(f"{address(obj)}#indexes")


# The model as a file ---------------------------------------------------------------------------------


@settings_page(flag=FLAG)
@require_GET
def model_file(request: HttpRequest) -> HttpResponse:
    """The data model as the YAML file that `manage.py schema` reads."""
    response = HttpResponse(schema_text(schema_export(workspace_id_of(request))), content_type="application/yaml")
    response["Content-Disposition"] = 'attachment; filename="data-model.yaml"'
    return response
