"""Settings → Roles: what each role may do, in words; its rights on single objects and fields; trying a role out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from apikeys.models import ApiKey, Member, Role
from apikeys.pages.forms.roles import ObjectRightsForm, RoleForm, TryForm
from apikeys.roles import FIELD_RIGHTS, RIGHTS, VERBS
from apikeys.services import roles as services
from apikeys.services.granting import permissions_of
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_get, role_update
from config.errors import ApiError, NotFound
from config.http.lists import Sorts, listing
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import page_of, principal_of, settings_page
from config.http.rights import may, require
from config.http.sentences import sentence
from config.principal import KEYS_FLAG, Permissions, Principal, Verb
from config.right_words import WORDS, words_of
from metadata.models import FieldMetadata, ObjectMetadata

ROLES = "/settings/roles"
FLAG = "ROLES"
PAGE_SIZE = 50
VERB_WORDS: Mapping[Verb, str | Promise] = {
    "read": gettext_lazy("See"),
    "update": gettext_lazy("Create and edit"),
    "soft_delete": gettext_lazy("Delete"),
    "destroy": gettext_lazy("Destroy for good"),
}
ABILITIES: Mapping[str, str | Promise] = dict(
    zip(
        RIGHTS.values(),
        (
            gettext_lazy("Change settings"),
            gettext_lazy("Use tools"),
            gettext_lazy("See records"),
            gettext_lazy("Create and edit"),
            gettext_lazy("Delete"),
            gettext_lazy("Destroy for good"),
        ),
        strict=True,
    )
)


@settings_page(flag=FLAG)
@require_GET
def role_list(request: HttpRequest) -> HttpResponse:
    """Every role, in words, with how many people and keys act with it."""
    principal = principal_of(request)
    people = Counter(Member.objects.filter(workspace_id=principal.workspace_id).values_list("role_id", flat=True))
    keys = Counter(
        ApiKey.objects.filter(workspace_id=principal.workspace_id, revoked_at=None).values_list("role_id", flat=True)
    )
    default_id = request.workspace.default_role_id  # type: ignore[attr-defined]
    search = request.GET.get("q", "").strip()[:200]
    every = services.role_list(principal)
    found = [each for each in every if search.lower() in f"{each.label} {each.description or ''}".lower()]
    sorts: Sorts = {
        "made": (gettext("Oldest first"), lambda each: each.created_at),
        "name": (gettext("By name"), lambda each: each.label.lower()),
        "people": (gettext("Most people first"), lambda each: -people[each.id]),
    }
    shown, choices = listing(request, found, sorts=sorts)
    listed = [
        {
            "role": role,
            "abilities": abilities(role),
            "people": people[role.id],
            "keys": keys[role.id],
            "exceptions": len(role.object_permissions.all()),
            "is_default": role.id == default_id,
        }
        for role in shown
    ]
    return render(request, "apikeys/role_list.html", {"roles": listed, "search": search, **choices})


def abilities(role: Role) -> list[str | Promise]:
    """What a role lets its people do with every object, in words."""
    return [words for column, words in ABILITIES.items() if getattr(role, column)]


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def role_new(request: HttpRequest) -> HttpResponse:
    """Make a role; its exceptions follow on its own page."""
    principal = principal_of(request)
    form = RoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            with transaction.atomic():
                role = role_create(principal, values=form.values())
                permission_flags_upsert(principal, role_id=role.id, flags=form.flags())
        except ApiError as error:
            form.add_error("label" if error.path == "label" else None, sentence(error))
        else:
            messages.success(request, gettext("The role “%s” is made. Give it to people or keys.") % role.label)
            return redirect(f"{ROLES}/{role.id}")
    return render(request, "apikeys/role_new.html", {"form": form}, status=422 if form.errors else 200)


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def role_detail(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """What a role may do, changed in one form; its exceptions object by object; who has it."""
    principal = principal_of(request)
    role = role_get(principal, role_id)
    form = RoleForm(request.POST or None, role=role)
    if request.method == "POST" and form.is_valid():
        kept = [each for each in role.permission_flags if each not in WORDS]
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            with transaction.atomic():
                role_update(principal, role_id=role.id, values=form.values())
                permission_flags_upsert(principal, role_id=role.id, flags=[*form.flags(), *kept])
        except ApiError as error:
            form.add_error("label" if error.path == "label" else None, sentence(error))
        else:
            messages.success(request, gettext("Saved."))
            return redirect(f"{ROLES}/{role.id}")
    permissions = permissions_of(role)
    search = request.GET.get("q", "").strip()[:200]
    objects = [
        each for each in _objects(principal) if search.lower() in f"{each.label_plural} {each.name_plural}".lower()
    ]
    listed, pager = page_of(request, objects, PAGE_SIZE)
    restricted = Counter(each.object_metadata_id for each in role.field_permissions.all())
    context = {
        "role": role,
        "form": form,
        "verbs": VERB_WORDS.values(),
        "rows": [
            {"object": each, "answers": _answers(role, permissions, each), "fields": restricted[each.id]}
            for each in listed
        ],
        "search": search,
        **pager,
        "people": Member.objects.filter(role=role).select_related("user")[:PAGE_SIZE],
        "keys": ApiKey.objects.filter(role=role, revoked_at=None)[:PAGE_SIZE],
        "is_default": role.id == request.workspace.default_role_id,  # type: ignore[attr-defined]
        "is_own": role.id == principal.role_id,
        "can_open_keys": may(principal, KEYS_FLAG),
    }
    return render(request, "apikeys/role_detail.html", context, status=422 if form.errors else 200)


def _answers(role: Role, permissions: Permissions, described: ObjectMetadata) -> list[dict[str, object]]:
    """Per verb: is it allowed, and does the role say so of this object itself."""
    own = next((each for each in role.object_permissions.all() if each.object_metadata_id == described.id), None)
    return [
        {
            "words": words,
            "is_allowed": permissions.allows(verb, described),
            "is_own": own is not None and getattr(own, f"can_{verb}") is not None,
        }
        for verb, words in VERB_WORDS.items()
    ]


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def role_object(request: HttpRequest, role_id: UUID, object_id: UUID) -> HttpResponse:
    """What a role may do with one object and its fields, where that differs from what it may do with all."""
    principal = principal_of(request)
    role = role_get(principal, role_id)
    described = _object(principal, object_id)
    fields = list(described.fields.filter(is_active=True).order_by("is_system", "label"))
    own = next((each for each in role.object_permissions.all() if each.object_metadata_id == described.id), None)
    limits = {each.field_metadata_id: each for each in role.field_permissions.all()}
    form = ObjectRightsForm(request.POST or None, stored=own)
    chosen = {
        "hidden": {each.name for each in fields if each.id in limits and limits[each.id].can_read is False},
        "locked": {each.name for each in fields if each.id in limits and limits[each.id].can_update is False},
    }
    if request.method == "POST" and form.is_valid():
        chosen = {name: set(request.POST.getlist(name)) for name in chosen}
        items = _field_items(described, fields, limits, chosen["hidden"], chosen["locked"])
        try:
            refuse_unknown(request.POST, (*form.fields, *chosen, FORM_TOKEN), "The form")
            with transaction.atomic():
                object_permissions_upsert(
                    principal, role_id=role.id, items=[{"objectMetadataId": str(described.id), **form.values()}]
                )
                if items:
                    field_permissions_upsert(principal, role_id=role.id, items=items)
        except ApiError as error:
            form.add_error(None, sentence(error))
        else:
            said = gettext("Saved what %(role)s may do with %(objects)s.")
            messages.success(request, said % {"role": role.label, "objects": described.label_plural})
            return redirect(f"{ROLES}/{role.id}")
    context = {
        "role": role,
        "object": described,
        "form": form,
        "rights": [
            {"field": form[verb], "role_wide": getattr(role, column)}
            for verb, column in zip(VERBS, list(RIGHTS.values())[2:], strict=True)
        ],
        "fields": [
            {"field": each, "is_hidden": each.name in chosen["hidden"], "is_locked": each.name in chosen["locked"]}
            for each in fields
        ],
    }
    return render(request, "apikeys/role_object.html", context, status=422 if form.errors else 200)


def _field_items(
    described: ObjectMetadata,
    fields: Iterable[FieldMetadata],
    limits: Mapping[UUID, Any],
    hidden: set[str],
    locked: set[str],
) -> list[dict[str, Any]]:
    """What changes of the fields' restrictions, as `field_permissions_upsert` takes it."""
    items = []
    for field in fields:
        stored = limits.get(field.id)
        before = (None, None) if stored is None else (stored.can_read, stored.can_update)
        after = (False if field.name in hidden else None, False if field.name in locked else None)
        if before != after:
            answers = dict(zip(FIELD_RIGHTS, after, strict=True))
            items.append({"objectMetadataId": str(described.id), "fieldMetadataId": str(field.id), **answers})
    return items


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def role_delete(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Say where the role's people and keys go, then delete it."""
    principal = principal_of(request)
    role = role_get(principal, role_id)
    if request.method == "POST":
        try:
            services.role_delete(principal, role_id=role.id)
        except ApiError as error:
            messages.error(request, sentence(error))
            return redirect(f"{ROLES}/{role.id}")
        messages.success(request, gettext("The role “%s” is deleted.") % role.label)
        return redirect(ROLES)
    default_id = request.workspace.default_role_id  # type: ignore[attr-defined]
    context = {
        "role": role,
        "people": Member.objects.filter(role=role).count(),
        "keys": list(ApiKey.objects.filter(role=role, revoked_at=None).order_by("name").values_list("name", flat=True)),
        "default": Role.objects.filter(workspace_id=principal.workspace_id, id=default_id).first(),
    }
    return render(request, "apikeys/role_delete.html", context)


@settings_page(flag=FLAG)
@require_GET
def role_try(request: HttpRequest) -> HttpResponse:
    """Whether a role may do something, and what of the role says so."""
    principal = principal_of(request)
    roles = services.role_list(principal)
    objects = _objects(principal)
    chosen = next((each for each in objects if each.name_singular == request.GET.get("object")), None)
    fields = list(chosen.fields.filter(is_active=True).order_by("label")) if chosen else []
    form = TryForm(roles, objects, fields, request.GET if request.GET.get("object") else None)
    verdict = None
    if form.is_bound and form.is_valid() and chosen is not None:
        role = next(each for each in roles if str(each.id) == form.cleaned_data["role"])
        field = next((each for each in fields if each.name == form.cleaned_data["field"]), None)
        verdict = explain(role, form.cleaned_data["operation"], chosen, field)
    return render(request, "apikeys/role_try.html", {"form": form, "verdict": verdict})


def explain(role: Role, verb: Verb, described: ObjectMetadata, field: FieldMetadata | None) -> dict[str, object]:
    """`{is_allowed, why}`: decided as every request decides it, told by the part of the role that decides."""
    permissions = permissions_of(role)
    is_allowed = permissions.allows(verb, described)
    if is_allowed and field is not None:
        if field.id in permissions.unreadable_fields:
            return {"is_allowed": False, "why": gettext("The field %s is hidden from the role.") % field.label}
        if verb == "update" and field.id in permissions.locked_fields:
            why = gettext("The role may see the field %s, not change it.") % field.label
            return {"is_allowed": False, "why": why}
    return {"is_allowed": is_allowed, "why": _reason(permissions, verb, described, is_allowed)}


def _reason(permissions: Permissions, verb: Verb, described: ObjectMetadata, is_allowed: bool) -> str:
    guard = described.guard
    if guard is not None:
        flag = guard.read if verb == "read" else guard.write
        who = (
            gettext("everybody may") if flag is None else gettext("it takes the right to %s") % words_of(flag, gettext)
        )
        return gettext("%(objects)s belong to the system: for this, %(who)s.") % {
            "objects": described.label_plural,
            "who": who,
        }
    own = permissions.objects.get(described.id)
    if own is not None and getattr(own, verb) == is_allowed:
        return gettext("The role says so of %s.") % described.label_plural
    if not is_allowed and getattr(permissions, verb) and own is not None:
        said = gettext("The role may not see %s, and nobody changes what they do not see.")
        return said % described.label_plural
    word = gettext("allowed") if is_allowed else gettext("not allowed")
    said = gettext("What the role says of all objects holds here too: “%(act)s” is %(answer)s.")
    return said % {"act": VERB_WORDS[verb], "answer": word}


def _objects(principal: Principal) -> list[ObjectMetadata]:
    return list(
        ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, is_active=True).order_by(
            "is_system", "label_plural"
        )
    )


def _object(principal: Principal, object_id: UUID) -> ObjectMetadata:
    described = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, id=object_id).first()
    if described is None:
        raise NotFound("Object not found")
    return described


def _principal(request: HttpRequest) -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    require(principal, FLAG)
    return principal
