"""The log in Django's admin, to read. Webhooks are changed on the settings pages and over the APIs."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from webhooks.models import Delivery, Webhook, WebhookAct


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    list_display = ["target_url", "workspace_id", "is_active", "disabled_reason", "failing_since", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["target_url", "workspace_id"]
    exclude = ["secret", "previous_secret"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ["id", "event_name", "status", "attempts", "last_status_code", "created_at"]
    list_filter = ["status"]
    search_fields = ["id", "webhook_id"]
    exclude = ["body"]
    show_full_result_count = False


@admin.register(WebhookAct)
class WebhookActAdmin(ReadOnly):
    list_display = ["at", "act", "by_name", "webhook_id", "workspace_id"]
    list_filter = ["act"]
    search_fields = ["webhook_id", "workspace_id"]
