"""Access: roles, members and API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.checks import Tags, register
from django.db.models.signals import post_save
from django.http import HttpRequest

if TYPE_CHECKING:  # models are not there yet when an app is made
    from django.contrib.auth.models import User


class ApiKeysConfig(AppConfig):
    name = "apikeys"
    verbose_name = "Access"

    def ready(self) -> None:
        from apikeys.signing_keys import check

        register(check, Tags.database)
        # The one place that the settings pages' sign-out, /admin's, and the end of an idle session all come through.
        user_logged_out.connect(_end_console_tokens, dispatch_uid="apikeys")
        post_save.connect(_end_tokens_of_inactive, sender=settings.AUTH_USER_MODEL, dispatch_uid="apikeys")
        # So do sign-ins of the pages and of /admin, and passwords that are wrong, given over GraphQL too.
        user_logged_in.connect(_note_sign_in, dispatch_uid="apikeys")
        user_logged_out.connect(_note_sign_out, dispatch_uid="apikeys.audit")
        user_login_failed.connect(_note_refused_sign_in, dispatch_uid="apikeys")


def _end_console_tokens(sender: object, user: User | None, **more: object) -> None:
    from apikeys.services.members import member_tokens_end

    if user is not None and user.is_authenticated:
        member_tokens_end(user.pk)


def _end_tokens_of_inactive(sender: object, instance: User, **more: object) -> None:
    """Else they would be good again once the account is."""
    from apikeys.services.members import member_tokens_end

    if not instance.is_active:
        member_tokens_end(instance.pk)


def _note_sign_in(sender: object, request: HttpRequest, user: User, **more: object) -> None:
    from apikeys.activity.sessions import note_of_user
    from config.http.sessions import note_place

    if hasattr(request, "session"):
        note_place(request)
    note_of_user("session.begun", user.pk)


def _note_sign_out(sender: object, user: User | None, **more: object) -> None:
    from apikeys.activity.sessions import note_of_user

    if user is not None and user.is_authenticated:
        note_of_user("session.ended", user.pk)


def _note_refused_sign_in(sender: object, credentials: Mapping[str, object], **more: object) -> None:
    from apikeys.activity.sessions import note_refused

    note_refused(str(credentials.get("username", "")))
