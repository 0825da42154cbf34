"""Access in Django's admin, for operators: to look at, and to change nothing that has rules of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apikeys.models import ApiKey, Member, Role
from apikeys.sign_in import AdminSignInForm

admin.site.login_form = AdminSignInForm


class ReadOnlyAdmin(admin.ModelAdmin):
    """apikeys.services is the only writer."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
