"""Signing in with a password: how often it may be tried, and that checking passwords leaves the machine its work.

A try is counted before anything is known about the account, by the name that was typed, so neither the limit nor
its sentence says whether there is such an account. Django's backend does the same work for a name that is nobody's.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest

from config.errors import RateLimited
from config.http.buckets import Limit
from config.http.client_address import client_address, counted_as
from config.http.limits import take
from config.http.server_url import answering

BUSY_S = 1  # a password takes less time than this


def admit(request: HttpRequest, name: str, *, bucket: str = "sign-in") -> None:
    """Count a try to sign in as `name`; raises RateLimited when there were too many. What is as dear to guess, or to
    ask for, is counted in a `bucket` of its own by the same numbers.

    The page that is being answered gets the refusal's status and Retry-After (`config.http.limits`).
    """
    account = hashlib.sha256(name.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
    address = counted_as(client_address(request))
    period_s = settings.SIGN_IN_PERIOD_S
    limits = (
        Limit("here", f"{bucket}:{account}@{address}", settings.SIGN_IN_LIMIT, period_s),
        Limit("account", f"{bucket}:{account}", settings.SIGN_IN_ACCOUNT_LIMIT, period_s),
        Limit("address", f"{bucket}@{address}", settings.SIGN_IN_ADDRESS_LIMIT, period_s),
    )
    refusal = take([each for each in limits if each.tokens], _too_many if bucket == "sign-in" else _too_often)
    if refusal is not None:
        request.refusal = refusal  # type: ignore[attr-defined]
        raise refusal


def admit_token(request: HttpRequest) -> None:
    """Count the use of a token that stands for a sign-in; raises RateLimited when there were too many."""
    address = counted_as(client_address(request))
    limit = Limit("address", f"sign-in@{address}", settings.SIGN_IN_ADDRESS_LIMIT, settings.SIGN_IN_PERIOD_S)
    refusal = take([limit], _too_many) if limit.tokens else None
    if refusal is not None:
        request.refusal = refusal  # type: ignore[attr-defined]
        raise refusal


def _too_many(limit: Limit, wait_s: float) -> RateLimited:
    return _waiting("There were too many attempts to sign in", wait_s)


def _too_often(limit: Limit, wait_s: float) -> RateLimited:
    return _waiting("This was asked for too often", wait_s)


def _waiting(message: str, wait_s: float) -> RateLimited:
    retry_after_s = max(1, ceil(wait_s))
    minutes = ceil(retry_after_s / 60)
    shown = f"{retry_after_s} seconds" if retry_after_s < 90 else f"{minutes} minutes"
    return _refusal(message, f"Try again in {shown}.", retry_after_s)


def _refusal(message: str, hint: str, retry_after_s: int) -> RateLimited:
    sentences = f"{message}. {hint}"
    return RateLimited(message, hint=hint, user_message=sentences, details={"retryAfterSeconds": retry_after_s})


class AdminSignInForm(AdminAuthenticationForm):
    """The sign-in form of /admin, under the same limits."""

    def clean(self) -> dict[str, object]:
        if self.request is not None and self.cleaned_data.get("username") and self.cleaned_data.get("password"):
            try:
                admit(self.request, self.cleaned_data["username"])
                return super().clean()
            except RateLimited as refusal:
                raise forms.ValidationError(refusal.user_message, code="limited") from None
        return super().clean()


# Checking a password ---------------------------------------------------------------------------------


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's own, but no more than SIGN_INS_AT_ONCE at the same moment on one machine.

    A password takes a core for a third of a second. A request finds a place at once or is refused, since it would
    keep a worker waiting; commands wait.
    """

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _place():
            return super().encode(password, salt, iterations)


@contextmanager
def _place() -> Iterator[None]:
    """One of the places of this machine, which the system gives back when the process ends."""
    request = answering.get()
    for number in range(settings.SIGN_INS_AT_ONCE):
        try:
            place = _open(number)
        except OSError:  # no folder that can be written to: then each process has a place of its own
            yield
            return
        try:
            waits = request is None and number == settings.SIGN_INS_AT_ONCE - 1
            fcntl.flock(place, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(place)
            continue
        try:
            yield
            return
        finally:
            os.close(place)
    refusal = _refusal("Others are signing in at this moment", "Try again in a second.", BUSY_S)
    request.refusal = refusal  # type: ignore[union-attr]  # without a request the last place was waited for
    raise refusal


def _open(number: int) -> int:
    folder = settings.DATA_DIR / "sign-in"
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
