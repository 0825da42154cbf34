"""What changes in the APIs when an object or a field is renamed, switched off or deleted: addresses, fields, types, and
who uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext, ngettext

from config.http.rights import may
from config.principal import KEYS_FLAG, Principal
from metadata.cache import load_schema
from metadata.layout_models import View, ViewVisibility
from metadata.models import MADE_BY_USERS, FieldMetadata, IndexMetadata, ObjectMetadata
from metadata.schema import WorkspaceSchema
from metadata.services.criteria import columns_of
from metadata.services.layout.links import views_naming

SHOWN_USERS = 20
Act = Literal["rename", "off", "delete"]
Pairs = list[tuple[str, list[tuple[str, str | None]]]]  # (kind, [(name now, name then; None: no more)])


def api_changes(
    principal: Principal,
    obj: ObjectMetadata,
    singular: str | None = None,
    plural: str | None = None,
    act: Act = "delete",
) -> dict[str, object]:
    """What `metadata/api_changes.html` shows of an object: `sides` of names, who listens and who called.

    With new names it is a rename. What is switched off has no names in the APIs.
    """
    subject = _schema(principal).by_singular.get(obj.name_singular)
    names: Pairs = []
    if subject is not None:
        names_of = import_string(settings.OBJECT_IN_APIS)
        names = _pairs(names_of(subject), names_of(subject, singular, plural) if singular or plural else {})
    return {
        "sides": [{"names": names}] if names else [],
        "act": "rename" if singular or plural else act,
        "what": "object",
        **_users(principal, obj),
    }


def field_changes(
    principal: Principal, field: FieldMetadata, name: str | None = None, act: Act = "delete"
) -> dict[str, object]:
    """The same of a field: of a relation that ends, both sides. With a `name` it is a rename, which is of one side."""
    schema = _schema(principal)
    names_of = import_string(settings.FIELD_IN_APIS)
    sides = []
    for each in _sides(field) if name is None else [field]:
        subject = schema.by_id.get(each.object_id)
        known = None if subject is None else subject.by_id.get(each.id)
        if subject is not None and known is not None:
            names = _pairs(names_of(subject, known), {} if name is None else names_of(subject, known, name))
            sides.append({"names": names, "label": subject.label_plural, "of": subject.plural})
    fields = _sides(field)
    views = [] if name is not None else views_naming(principal.workspace_id, [each.id for each in fields])
    told = [each for each in views if each.visibility == ViewVisibility.WORKSPACE]
    return {
        "sides": sides,
        "act": act if name is None else "rename",
        "what": "field",
        "views": [_view_name(each) for each in told[:SHOWN_USERS]],
        "view_count": len(views),
        "others": [] if name is not None else _others(schema, fields),
        **_users(principal, field.object),
    }


def _schema(principal: Principal) -> WorkspaceSchema:
    return load_schema(principal.workspace_id, principal.workspace.schema_version)


def _pairs(now: Mapping[str, Sequence[str]], then: Mapping[str, Sequence[str]]) -> Pairs:
    found: Pairs = []
    for kind, old in now.items():
        new: Sequence[str | None] = then.get(kind) or [None] * len(old)
        pairs: list[tuple[str, str | None]] = [
            (before, after) for before, after in zip(old, new, strict=True) if before != after
        ]
        if pairs:
            found.append((kind, pairs))
    return found


def _users(principal: Principal, obj: ObjectMetadata) -> dict[str, object]:
    """Webhooks that hear of the object, and keys that called for it lately."""
    may_see = may(principal, KEYS_FLAG)
    webhooks = import_string(settings.OBJECT_LISTENERS)(principal, obj.name_singular)
    keys = import_string(settings.OBJECT_CALLERS)(principal, obj.name_singular)
    return {
        "webhooks": webhooks[:SHOWN_USERS] if may_see else [],
        "webhook_count": len(webhooks),
        "keys": keys[:SHOWN_USERS] if may_see else [],
        "key_count": len(keys),
    }


def _sides(field: FieldMetadata) -> list[FieldMetadata]:
    """The field, and the other side of a relation; of one that leads to several objects all that belong to it."""
    rows = [field]
    own = field.object.workspace_id
    if field.morph_id is not None:
        morphs = FieldMetadata.objects.filter(workspace_id=own, object_id=field.object_id, morph_id=field.morph_id)
        rows = [field, *morphs.exclude(id=field.id).select_related("object")]
    others = [each.relation_target_field_id for each in rows if each.relation_target_field_id is not None]
    if not others:
        return rows
    return [*rows, *FieldMetadata.objects.filter(workspace_id=own, id__in=others).select_related("object")]


def _view_name(view: View) -> str:
    plural = view.object.shown("label_plural")
    return view.name.replace("{objectLabelPlural}", plural) or plural


def _others(schema: WorkspaceSchema, fields: Sequence[FieldMetadata]) -> list[str]:
    """What else of the data model names the fields, as sentences."""
    found = []
    made = IndexMetadata.objects.filter(MADE_BY_USERS, index_fields__field__in=fields).distinct().count()
    if made:
        said = ngettext("%d index made by hand goes with it.", "%d indexes made by hand go with it.", made)
        found.append(said % made)
    for each in fields:
        if each.is_unique:
            said = gettext("Records are no longer matched by %s when they are created or updated in one call.")
            found.append(said % each.name)
        subject = schema.by_id.get(each.object_id)
        if subject is not None and any(each.id == one.id for one in subject.search_fields):
            found.append(gettext("The words in %s are no longer found by searching.") % each.name)
        columns = set(columns_of(each))
        if any(columns & set(group) for group in each.object.duplicate_criteria or ()):
            found.append(gettext("Duplicates are no longer looked for by %s.") % each.name)
        if each.object.image_identifier_field_id == each.id:
            said = gettext("%s are shown without their picture.")
            found.append(said % each.object.shown("label_plural"))
    return found


def switch_off_page(request: HttpRequest, obj: ObjectMetadata, **context: object) -> HttpResponse:
    """What is asked before an object or a field is switched off: nothing has changed yet."""
    return render(request, "metadata/switch_off.html", {"object": obj, **context})
