"""Settings → Workspaces, for operators of the server (superusers): all workspaces, seen, entered and made.

Whoever enters one stands in its audit, and so does all that they do there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apikeys.activity.models import AuditEntry
from apikeys.activity.partitions import DELETION
from apikeys.models import Member, Role
from apikeys.pages.forms.workspaces import WorkspaceForm
from apikeys.pages.members import invitation_link
from apikeys.pages.session import WORKSPACE_SESSION_KEY, operator_name, principal_of_operator, principal_of_session
from apikeys.services import invitations
from config import audit
from config.errors import ApiError, NotFound, TokenRefused
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import page_number, secured, shown_to
from config.http.sentences import sentence
from config.principal import Permissions, Principal, WorkspaceRef
from metadata.models import Workspace
from metadata.services import workspace_create, workspace_restore

HOME = "/settings/workspaces"
PAGE_SIZE = 50
FOR_OPERATORS = gettext_lazy(
    "This page is for operators of the server: they see, enter and make all of its workspaces."
)
NOWHERE = WorkspaceRef(UUID(int=0), 0)  # where an operator is who has entered no workspace

SORTS: Mapping[str, tuple[str | Promise, Sequence[Any]]] = {  # value of `sort` → words, columns
    "made": (gettext_lazy("Newest first"), ("-created_at",)),
    "name": (gettext_lazy("By name"), (Lower("display_name"),)),
    "gone": (gettext_lazy("First to be gone first"), (F("deleted_at").asc(nulls_last=True), "-created_at")),
}
STATES = {
    "living": (gettext_lazy("In use"), Q(deleted_at=None)),
    "deleted": (gettext_lazy("Deleted"), ~Q(deleted_at=None)),
}

View = Callable[..., HttpResponseBase]


def operator_page(view: View) -> View:
    """Wrap a view for operators, whatever workspace they are in, if any. Everybody else is refused."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            asked = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
            return HttpResponseRedirect(f"{settings.LOGIN_URL}{asked}")
        try:
            found = principal_of_session(request)
        except TokenRefused:
            found = None
        if found is not None:
            request.principal, request.workspace = found  # type: ignore[attr-defined]
        if not request.user.is_superuser:
            context = {"is_outsider": True, "sentence": FOR_OPERATORS}
            return secured(render(request, "settings/forbidden.html", context, status=403), None)
        if found is None:
            request.principal = Principal(NOWHERE, Permissions(), operator_name(request.user))  # type: ignore[attr-defined]
        with shown_to(request):
            try:
                return secured(view(request, *args, **kwargs), None)
            except NotFound as error:
                return secured(render(request, "settings/not_found.html", {"error": error}, status=404), None)

    return page


def _choice(request: HttpRequest, name: str, choices: Mapping[str, object]) -> str:
    """A choice of the form; what is none is as if not said."""
    text = request.GET.get(name, "")
    return text if text in choices else ""


@operator_page
@require_GET
def workspace_list(request: HttpRequest) -> HttpResponse:
    """Every workspace, the newest first; deleted ones by the name that they had, with who deleted them."""
    search = request.GET.get("q", "").replace("\0", "").strip()[:200]
    order, state = (_choice(request, "sort", SORTS), _choice(request, "state", STATES))
    rows = Workspace.objects.order_by(*SORTS[order or "made"][1], "id").filter(STATES[state][1] if state else Q())
    if search:
        rows = rows.filter(Q(display_name__icontains=search) | Q(subdomain__icontains=search))
    page = page_number(request)
    found = list(rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE + 1])
    listed = found[:PAGE_SIZE]
    members = Member.objects.filter(workspace_id__in=[each.id for each in listed]).values("workspace_id")
    counts = dict(members.annotate(count=Count("id")).values_list("workspace_id", "count"))
    deleted = [each.id for each in listed if each.deleted_at is not None]
    acts = AuditEntry.objects.filter(workspace_id__in=deleted, act=DELETION).order_by("id") if deleted else []
    deleters = {each.workspace_id: each.actor_name for each in acts}
    context = {
        "rows": [
            {
                "workspace": each,
                "members": counts.get(each.id, 0),
                "deleted_by": deleters.get(each.id),
                "gone_at": each.deleted_at and each.deleted_at + timedelta(days=settings.DELETED_WORKSPACE_DAYS),
            }
            for each in listed
        ],
        "search": search,
        "sorts": [(value, words) for value, (words, _) in SORTS.items()],
        "sort": order or "made",
        "states": [(value, words) for value, (words, _) in STATES.items()],
        "state": state,
        "more": urlencode({"sort": order, "state": state}),
        "page": page,
        "has_more": len(found) > PAGE_SIZE,
    }
    return render(request, "apikeys/workspace_list.html", context)


@operator_page
@never_cache
@require_http_methods(["GET", "POST"])
def workspace_new(request: HttpRequest) -> HttpResponse:
    """Make a workspace; with an address, its admin's invitation, whose link is shown once."""
    form = WorkspaceForm(request.POST if request.method == "POST" else None)
    made: dict[str, object] = {}
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            made = _make(request, **form.cleaned_data)
        except ApiError as error:
            form.add_error("email" if error.path == "email" else None, sentence(error))
    context = {"form": form, **made}
    return render(request, "apikeys/workspace_new.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _make(request: HttpRequest, *, name: str, kind: str, email: str) -> dict[str, object]:
    """The workspace, and what its page needs to show: `{made, invited, link, is_mailed}`."""
    workspace = workspace_create(name=name, empty=kind == "empty")
    if not email:
        return {"made": workspace}
    principal = principal_of_operator(request.user, workspace)
    role = Role.objects.get(workspace_id=workspace.id, is_editable=False)
    invited, token = invitations.invitation_create(principal, email=email, role_id=role.id)
    link, is_mailed = invitation_link(invited, token, workspace)
    return {"made": workspace, "invited": invited, "link": link, "is_mailed": is_mailed}


@operator_page
@require_POST
def workspace_enter(request: HttpRequest, workspace_id: UUID) -> HttpResponse:
    """Work in a workspace; its audit says so, unless one is a member anyway."""
    workspace = Workspace.objects.filter(id=workspace_id, deleted_at=None).first()
    if workspace is None:
        raise NotFound("Workspace not found")
    request.session[WORKSPACE_SESSION_KEY] = str(workspace.id)
    assert isinstance(request.user, User)
    if not Member.objects.filter(user=request.user, workspace_id=workspace.id).exists():
        by, name = principal_of_operator(request.user, workspace), workspace.display_name or workspace.subdomain
        audit.note(workspace.id, "workspace.entered", subject_id=workspace.id, name=name, by=by)
    return redirect("/settings")


@operator_page
@require_POST
def workspace_bring_back(request: HttpRequest, workspace_id: UUID) -> HttpResponse:
    """Undo a deletion, as long as the workspace is there."""
    workspace = workspace_restore(workspace_id=workspace_id)
    said = gettext("%s is back, with all that it had.")
    messages.success(request, said % (workspace.display_name or workspace.subdomain))
    return redirect(HOME)
