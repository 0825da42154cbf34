"""Settings → Profile: one's name, time zone and password, and where one is signed in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apikeys.activity.sessions import note_of_user
from apikeys.models import Member, Preferences
from apikeys.pages.forms.people import ProfileForm
from apikeys.services.profile import profile_update
from apikeys.services.sessions import session_end, session_list, sessions_end
from apikeys.sign_in import admit
from config.errors import ApiError, RateLimited
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import PROFILE, principal_of, settings_page
from config.http.sentences import sentence


@settings_page()
@never_cache
@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is here. POST changes what its form is of: one's name and time zone, or one's password."""
    user = _user(request)
    preferences = Preferences.objects.filter(user=user).first()
    sent = request.POST if request.method == "POST" else None
    is_of_password = sent is not None and "first_name" not in sent
    person = ProfileForm(user, preferences, None if is_of_password else sent)
    password = PasswordChangeForm(user, sent if is_of_password else None)
    password.fields["old_password"].widget.attrs.pop("autofocus", None)  # the page begins at its top
    if sent is not None and (_password(request, password) if is_of_password else _person(request, person)):
        return redirect(PROFILE)
    principal = principal_of(request)
    members = Member.objects.select_related("role").filter(workspace_id=principal.workspace_id, user=user)
    user.refresh_from_db()  # a form that was refused has left its values in it
    context = {
        "form": password,
        "person": person,
        "user": user,
        "member": members.first(),
        "sessions": session_list(user, request.session.session_key),
    }
    status = 422 if password.errors or person.errors else 200
    return render(request, "apikeys/profile.html", context, status=status)


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user


def _person(request: HttpRequest, form: ProfileForm) -> bool:
    """Change one's name and preferences; whether it was done."""
    if not form.is_valid():
        return False
    try:
        refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
        profile_update(_user(request), **form.cleaned_data)
    except ApiError as error:
        form.add_error(None, sentence(error))
        return False
    messages.success(request, gettext("Saved."))
    return True


def _password(request: HttpRequest, form: PasswordChangeForm) -> bool:
    """Set another password, which ends one's other sign-ins and console tokens; whether it was done."""
    user = _user(request)
    try:
        admit(request, user.get_username())
        if not form.is_valid():
            return False
    except RateLimited as refusal:
        form.add_error(None, refusal.user_message)
        return False
    with transaction.atomic():
        form.save()
        note_of_user("session.passwordChanged", user.pk)
        update_session_auth_hash(request, user)
        sessions_end(user.pk, but=request.session.session_key)
    messages.success(request, gettext("Your password is changed. Everywhere else you are signed out."))
    return True


@settings_page()
@require_POST
def session_close(request: HttpRequest) -> HttpResponse:
    """End the sign-in that `session` names, or all others than this one."""
    user = _user(request)
    own = request.session.session_key
    mark = request.POST.get("session", "")
    if mark == "others":
        count = sessions_end(user.pk, but=own)
        messages.success(request, ngettext("%d other sign-in ended.", "%d other sign-ins ended.", count) % count)
    elif session_end(user.pk, mark):
        messages.success(request, gettext("That sign-in has ended."))
    else:
        messages.warning(request, gettext("That sign-in had ended already."))
    return redirect(PROFILE)
