"""A password that was forgotten: asking for a link, and setting another one by it."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apikeys.pages.forms.people import ForgotForm
from apikeys.services.password_resets import lifetime_in_words, reset_asked, reset_of, reset_use
from apikeys.sign_in import admit, admit_token
from config import mail
from config.errors import NotFound, RateLimited
from config.http.pages import public_page


@public_page
@never_cache
@require_http_methods(["GET", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address, and does not wait for what becomes of it."""
    form = ForgotForm(request.POST or None)
    is_sent = False
    if request.method == "POST" and mail.is_on() and form.is_valid():
        email = form.cleaned_data["email"].lower()
        try:
            admit(request, email, bucket="reset")
            is_sent = mail.later(partial(reset_asked, email))
            if not is_sent:
                form.add_error(None, gettext("The server has too much to do at this moment. Try again in a minute."))
        except RateLimited as refusal:
            form.add_error(None, refusal.user_message)
    context = {"form": form, "is_sent": is_sent, "has_mail": mail.is_on(), "lifetime": lifetime_in_words()}
    return render(request, "apikeys/forgot.html", context, status=422 if form.errors else 200)


@public_page
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Where a link leads: set another password, then sign in with it."""
    token = request.POST.get("token") or request.GET.get("token") or ""
    try:
        if request.method == "POST":
            admit_token(request)
        found = reset_of(token)
        if found is None:
            return render(request, "apikeys/reset.html", {"is_void": True}, status=404)
        form = SetPasswordForm(found.user, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            reset_use(found, form.cleaned_data["new_password1"])
            return redirect("/settings/login?reset=1")
    except NotFound:
        return render(request, "apikeys/reset.html", {"is_void": True}, status=404)
    except RateLimited as refusal:
        return render(request, "apikeys/reset.html", {"refusal": refusal.user_message}, status=422)
    context = {"form": form, "token": token, "account": found.user.get_username()}
    return render(request, "apikeys/reset.html", context, status=422 if form.errors else 200)
