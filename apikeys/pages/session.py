"""Signing in and out, and in which workspace somebody is."""

from __future__ import annotations

from typing import Literal

from django.contrib.auth import authenticate as check_password
from django.contrib.auth import login, logout
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apikeys.authentication import principal_of_member_id
from apikeys.models import Member, Preferences, Role
from apikeys.pages.forms.people import SignInForm
from apikeys.sign_in import admit
from config.errors import RateLimited, TokenRefused
from config.http.inputs import uuid_of
from config.http.pages import first_section, principal_of, public_page, settings_page
from config.principal import EVERYTHING, Principal
from metadata.models import Workspace

NO_WORKSPACE = gettext_lazy(
    "You are signed in, but you are not a member of any workspace here. Ask an admin to invite you."
)

NOTHING_ENTERED = gettext_lazy(
    "You are an operator of this server and a member of no workspace. Choose the one to enter."
)

NO_PASSWORDS = gettext_lazy(
    "Signing in with a password is switched off in this workspace. An API key with the right for security switches it"
    " on again: PATCH /rest/metadata/workspace with isPasswordAuthEnabled."
)

WORKSPACE_SESSION_KEY = "workspace_id"
_PREFERENCES = ("user__preferences__time_zone", "user__preferences__language")


def principal_of_session(request: HttpRequest) -> tuple[Principal, Workspace] | None:
    """The signed-in person in the workspace they chose, else their first one; None when nobody is.

    Raises TokenRefused for someone without a workspace, or without one that lets people in by their password.
    """
    user = request.user
    if not user.is_authenticated:
        return None
    chosen = request.session.get(WORKSPACE_SESSION_KEY)
    rows = list(Member.objects.filter(user_id=user.pk).values_list("workspace_id", "id", *_PREFERENCES))  # oldest first
    members = {workspace_id: id for workspace_id, id, *_ in rows}
    shown = rows[0][2:] if rows else _preferences(user.pk)
    request.time_zone, request.language = shown  # type: ignore[attr-defined]
    found = {each.id: each for each in Workspace.objects.filter(id__in=members, deleted_at=None)}
    workspaces = [found[each] for each in members if each in found]
    wanted = uuid_of(chosen)
    if user.is_superuser and wanted is not None and wanted not in members:
        entered = Workspace.objects.filter(id=wanted, deleted_at=None).first()
        if entered is not None:
            request.workspaces = [*workspaces, entered]  # type: ignore[attr-defined]
            return principal_of_operator(user, entered), entered
    if not workspaces:
        said = str(NOTHING_ENTERED if user.is_superuser else NO_WORKSPACE)
        raise TokenRefused("User is not a member of the workspace", user_message=said)
    workspaces = [each for each in workspaces if each.is_password_auth_enabled]
    if not workspaces:
        raise TokenRefused(str(NO_PASSWORDS), user_message=str(NO_PASSWORDS))
    workspace = next((each for each in workspaces if str(each.id) == chosen), workspaces[0])
    request.workspaces = workspaces  # type: ignore[attr-defined]  # for the switch in base.html
    return principal_of_member_id(workspace.id, members[workspace.id]), workspace


def _preferences(user_id: int) -> tuple[str, str]:
    return Preferences.objects.filter(user_id=user_id).values_list("time_zone", "language").first() or ("", "")


def principal_of_operator(user: User | AnonymousUser, workspace: Workspace) -> Principal:
    """An operator in a workspace that they are no member of: they have every right, and act as its Admin role.

    The consoles of the docs have no token for them: those act as a member.
    """
    role = Role.objects.filter(workspace_id=workspace.id, is_editable=False).values_list("id", flat=True).first()
    return Principal(workspace.ref(), EVERYTHING, operator_name(user), role_id=role, api_version=_version(workspace))


def operator_name(user: User | AnonymousUser) -> str:
    """How an operator is called in the audit of workspaces that they are no member of."""
    return f"{user.get_full_name() or user.get_username()} (operator)" if isinstance(user, User) else ""


def _version(workspace: Workspace) -> Literal["1", "2"]:
    return "2" if workspace.default_api_version == "2" else "1"


def _may_come_in(user_id: int) -> bool:
    """Whether one of their workspaces lets people in by their password; without any the pages say so."""
    workspaces = Workspace.objects.filter(
        deleted_at=None, id__in=Member.objects.filter(user_id=user_id).values("workspace_id")
    )
    allowed = set(workspaces.values_list("is_password_auth_enabled", flat=True))
    return not allowed or True in allowed


@public_page
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with e-mail and password; the session gets a new id. Too many tries are refused before a password is
    looked at."""
    destination = request.POST.get("next") or request.GET.get("next") or "/settings"
    is_ours = url_has_allowed_host_and_scheme(destination, {request.get_host()}, require_https=request.is_secure())
    if not is_ours or not destination.startswith(("/", "http")):
        destination = "/settings"
    if request.method == "GET" and request.user.is_authenticated:
        return HttpResponseRedirect(destination)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        try:
            admit(request, email)
            user = check_password(request, username=email, password=form.cleaned_data["password"])
        except RateLimited as refusal:
            form.add_error(None, refusal.user_message)
        else:
            if user is not None and _may_come_in(user.pk):
                login(request, user)
                return HttpResponseRedirect(destination)
            form.add_error(None, gettext("E-mail or password is wrong.") if user is None else NO_PASSWORDS)
    context = {"form": form, "next": destination}
    return render(request, "apikeys/sign_in.html", context, status=422 if form.errors else 200)


@public_page
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/settings/login")


@settings_page()
@require_POST
def switch_workspace(request: HttpRequest) -> HttpResponse:
    """Work in another workspace one is a member of; any other id changes nothing."""
    chosen = request.POST.get("workspace", "")
    if chosen in {str(each.id) for each in request.workspaces}:  # type: ignore[attr-defined]
        request.session[WORKSPACE_SESSION_KEY] = chosen
    return redirect("/settings")


@settings_page()
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return redirect(first_section(principal_of(request)))
