"""Settings → Members: who may sign in, with which role; invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate as check_password
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apikeys.models import Invitation, Member, Role
from apikeys.pages.forms.people import InviteForm, JoinForm, KnownJoinForm
from apikeys.pages.session import WORKSPACE_SESSION_KEY
from apikeys.services import invitations, password_resets
from apikeys.services import members as services
from apikeys.services.inputs import as_uuid
from apikeys.services.members import member_set_role
from apikeys.sign_in import admit
from config import mail
from config.errors import ApiError, Forbidden, NotFound, RateLimited
from config.http.inputs import uuid_of
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import page_number, principal_of, public_page, settings_page
from config.http.rights import may
from config.http.sentences import sentence
from config.http.server_url import server_url
from config.principal import Principal
from metadata.models import Workspace

MEMBERS = "/settings/members"
FLAGS = (invitations.FLAG, "ROLES")
PAGE_SIZE = 50
SORTS: Mapping[str, tuple[str | Promise, Sequence[Any]]] = {  # `sort` → words, columns; the first is the default
    "joined": (gettext_lazy("First joined first"), ("created_at",)),
    "name": (gettext_lazy("By name"), (Lower("user__first_name"), Lower("user__last_name"), "user__email")),
    "seen": (gettext_lazy("Last signed in first"), (F("user__last_login").desc(nulls_last=True),)),
    "role": (gettext_lazy("By role"), (Lower("role__label"), "created_at")),
}


@settings_page(flag=FLAGS)
@never_cache
@require_http_methods(["GET", "POST"])
def member_list(request: HttpRequest) -> HttpResponse:
    """Everybody, with a search; POST invites somebody and shows the link, once."""
    principal = principal_of(request)
    can_invite = may(principal, invitations.FLAG)
    form = InviteForm(invitations.givable_roles(principal), request.POST or None)
    default_id = request.workspace.default_role_id  # type: ignore[attr-defined]
    form.initial["role"] = str(default_id) if default_id else None
    link, invited, is_mailed = None, None, False
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            invited, token = invitations.invitation_create(
                principal, email=form.cleaned_data["email"], role_id=UUID(form.cleaned_data["role"])
            )
        except ApiError as error:
            form.add_error(error.path if error.path in form.fields else None, sentence(error))
        else:
            link, is_mailed = invitation_link(invited, token, request.workspace)  # type: ignore[attr-defined]
            form = InviteForm(invitations.givable_roles(principal), initial=form.initial)
    search = request.GET.get("q", "").strip()[:200]
    members = Member.objects.filter(workspace_id=principal.workspace_id).select_related("user", "role")
    total = members.count()
    if search:
        names = Q(user__email__icontains=search) | Q(user__first_name__icontains=search)
        members = members.filter(names | Q(user__last_name__icontains=search))
    role = uuid_of(request.GET.get("role", ""))
    if role is not None:
        members = members.filter(role_id=role)
    order = request.GET.get("sort", "")
    order = order if order in SORTS else next(iter(SORTS))
    members = members.order_by(*SORTS[order][1], "id")
    page = page_number(request)
    found = list(members[(page - 1) * PAGE_SIZE : page * PAGE_SIZE + 1])
    context = {
        "members": found[:PAGE_SIZE],
        "total": total,
        "search": search,
        "roles": Role.objects.filter(
            Exists(Member.objects.filter(role_id=OuterRef("id"))), workspace_id=principal.workspace_id
        ).order_by("label"),
        "chosen_role": role,
        "is_narrowed": bool(search) or role is not None,
        "sorts": [(value, words) for value, (words, _) in SORTS.items()],
        "sort": order,
        "more": urlencode({"role": role or "", "sort": order}),
        "page": page,
        "has_more": len(found) > PAGE_SIZE,
        "own_id": principal.user_id,
        "can_invite": can_invite,
        "invitations": invitations.invitation_list(principal) if can_invite else [],
        "form": form,
        "link": link,
        "invited": invited,
        "is_mailed": is_mailed,
        "has_mail": mail.is_on(),
    }
    return render(request, "apikeys/member_list.html", context, status=422 if form.errors else 200)


def invitation_link(invitation: Invitation, token: str, workspace: Workspace) -> tuple[str, bool]:
    """The link of an invitation, and whether it is on its way by mail too."""
    link = f"{server_url()}/settings/join?{urlencode({'token': token})}"
    name = workspace.display_name or workspace.subdomain
    text = gettext(
        "%(admin)s invites you to %(workspace)s at %(server)s.\n\n"
        "Join here, until %(end)s:\n%(link)s\n\n"
        "The link works once. If you do not expect it, you need not do anything.\n"
    ) % {
        "admin": invitation.created_by_name or gettext("An admin"),
        "workspace": name,
        "server": settings.SERVER_URL,
        "end": f"{invitation.expires_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC",
        "link": link,
    }
    send = partial(mail.send, invitation.email, gettext("Join %s") % name, text)
    return link, mail.is_on() and mail.later(send)


@settings_page(flag=invitations.FLAG)
@require_POST
def invitation_end(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    invitations.invitation_end(principal_of(request), invitation_id=invitation_id)
    messages.success(request, gettext("The invitation is withdrawn; its link does not work any more."))
    return redirect(MEMBERS)


@settings_page(flag=FLAGS)
@require_http_methods(["GET", "POST"])
def member_detail(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """One person; POST gives them another role."""
    principal = principal_of(request)
    member = _member(principal, member_id)
    if request.method == "POST":
        try:
            refuse_unknown(request.POST, ("role", FORM_TOKEN), "The form")
            member_set_role(principal, member_id=member.id, role_id=as_uuid(request.POST.get("role"), "role"))
            messages.success(request, gettext("Role changed."))
        except ApiError as error:
            messages.error(request, sentence(error))
        return redirect(f"{MEMBERS}/{member.id}")
    return _detail(request, principal, member)


def _detail(request: HttpRequest, principal: Principal, member: Member, link: str | None = None) -> HttpResponse:
    context = {
        "member": member,
        "link": link,
        "lifetime": password_resets.lifetime_in_words(),
        "has_mail": mail.is_on(),
        "roles": invitations.givable_roles(principal) if may(principal, "ROLES") else [],
        "is_self": member.id == principal.user_id,
        "can_remove": may(principal, invitations.FLAG),
    }
    return render(request, "apikeys/member_detail.html", context)


@settings_page(flag=invitations.FLAG)
@never_cache
@require_POST
def member_reset(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Make a link to another password for somebody, and show it, once; with `mail`, send it to them instead."""
    principal = principal_of(request)
    member = _member(principal, member_id)
    try:
        if "mail" in request.POST and mail.is_on():
            password_resets.reset_mail(principal, member_id=member.id)
            said = gettext("A link to set another password is on its way to %s.")
            messages.success(request, said % member.user.email)
            return redirect(f"{MEMBERS}/{member.id}")
        is_operator = bool(getattr(request.user, "is_superuser", False))
        _, token = password_resets.reset_link(principal, member_id=member.id, is_operator=is_operator)
    except Forbidden as error:
        messages.error(request, sentence(error))
        return redirect(f"{MEMBERS}/{member.id}")
    return _detail(request, principal, member, password_resets.link_of(token))


@settings_page(flag=invitations.FLAG)
@require_http_methods(["GET", "POST"])
def member_remove(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Say what it means, then end somebody's membership."""
    principal = principal_of(request)
    member = _member(principal, member_id)
    if request.method == "POST":
        try:
            services.member_remove(principal, member_id=member.id)
        except ApiError as error:
            messages.error(request, sentence(error))
            return redirect(f"{MEMBERS}/{member.id}")
        messages.success(request, gettext("%s is not a member any more.") % member.user.email)
        return redirect(MEMBERS)
    context = {"member": member, "is_self": member.id == principal.user_id}
    return render(request, "apikeys/member_remove.html", context)


@public_page
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Where an invitation's link leads: choose a name and a password, or give the one you have, and be in."""
    token = request.POST.get("token") or request.GET.get("token") or ""
    found = invitations.invitation_of(token)
    if found is None:
        return render(request, "apikeys/join.html", {"is_void": True}, status=404)
    invitation, workspace = found
    known = invitations.user_of(invitation)
    form = JoinForm(invitation.email, request.POST or None) if known is None else KnownJoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        member = None
        try:
            member = _join(request, invitation, workspace, known, form.cleaned_data)
        except (RateLimited, NotFound) as refusal:
            form.add_error(
                None,
                refusal.user_message
                if isinstance(refusal, RateLimited)
                else gettext("The link does not work any more."),
            )
        if member is not None:
            login(request, member.user, backend="django.contrib.auth.backends.ModelBackend")
            request.session[WORKSPACE_SESSION_KEY] = str(workspace.id)
            return redirect("/settings")
        if not form.errors:
            form.add_error("password", gettext("The password is wrong."))
    context = {
        "form": form,
        "token": token,
        "invitation": invitation,
        "workspace": workspace,
        "is_known": known is not None,
    }
    return render(request, "apikeys/join.html", context, status=422 if form.errors else 200)


def _join(
    request: HttpRequest, invitation: Invitation, workspace: Workspace, known: User | None, given: dict[str, Any]
) -> Member | None:
    """The new member; None for a password that is not theirs."""
    if known is None:
        return invitations.invitation_accept(invitation, workspace, **given)
    admit(request, invitation.email)
    if check_password(request, username=invitation.email, password=given["password"]) is None:
        return None
    return invitations.invitation_accept(invitation, workspace, password=None)


def _member(principal: Principal, member_id: UUID) -> Member:
    found = Member.objects.select_related("user", "role").filter(workspace_id=principal.workspace_id, id=member_id)
    member = found.first()
    if member is None:
        raise NotFound("Member not found")
    return member
