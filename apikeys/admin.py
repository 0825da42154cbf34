"""Access in Django's admin, for operators: to look at, and to change nothing that has rules of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from apikeys.activity.sessions import note_about_user
from apikeys.models import ApiKey, Member, Role
from apikeys.services.sessions import sessions_end
from apikeys.sign_in import AdminSignInForm

admin.site.login_form = AdminSignInForm


class ReadOnlyAdmin(admin.ModelAdmin):
    """apikeys.services is the only writer."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


admin.site.unregister(User)

ACCOUNT = {  # column → how the audit calls it
    "username": "username",
    "email": "email",
    "first_name": "firstName",
    "last_name": "lastName",
    "is_active": "isActive",
    "is_staff": "isStaff",
    "is_superuser": "isOperator",
}


def _facts(user: User) -> dict[str, object]:
    return {name: getattr(user, column) for column, name in ACCOUNT.items()}


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Accounts, as Django's admin changes them; the audit of every workspace of a person tells of it.

    One that is a member somewhere cannot be deleted here, since memberships cannot: they end in their workspace.
    """

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        stored = User.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        if stored is not None:
            before, after = _facts(stored), _facts(obj)
            if before != after:
                self._note(request, obj, before=before, **after)

    def log_change(self, request: HttpRequest, obj: User, message: object) -> Any:
        """Passwords are set by a view that saves the account itself, and tells of it here alone."""
        if "password" in str(message).lower():
            sessions_end(obj.pk)
            self._note(request, obj, before={}, password="another")  # noqa: S106 - says no more
        return super().log_change(request, obj, message)

    def _note(self, request: HttpRequest, user: User, *, before: dict[str, object], **after: object) -> None:
        note_about_user(
            "member.accountUpdated", user.pk, f"{request.user.get_username()} (operator)", before=before, **after
        )


@admin.register(Role)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ["label", "workspace_id", "is_editable", "version"]


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ["user", "workspace_id", "role"]
    list_select_related = ["user", "role"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "fingerprint", "workspace_id", "role", "expires_at", "revoked_at", "last_used_at"]
    list_select_related = ["role"]
