"""URLs of the settings pages of this app, relative to the site's root."""

from __future__ import annotations

from django.urls import include, path

from webhooks.pages import deliveries, form, secret, webhooks

urlpatterns = [
    path("settings/api-webhooks/webhooks", webhooks.webhook_list, name="webhook-list"),
    path("settings/api-webhooks/webhooks/new", form.webhook_new, name="webhook-new"),
    path("settings/api-webhooks/webhooks/deliveries", deliveries.delivery_list, name="delivery-list"),
    path(
        "settings/api-webhooks/webhooks/<uuid:webhook_id>",
        include(
            [
                path("", webhooks.webhook_detail, name="webhook-detail"),
                path("/edit", form.webhook_edit, name="webhook-edit"),
                path("/secret", secret.webhook_secret, name="webhook-secret"),
                path("/rotate", secret.webhook_rotate, name="webhook-rotate"),
                path("/switch", webhooks.webhook_switch, name="webhook-switch"),
                path("/test", webhooks.webhook_test, name="webhook-test"),
                path("/recover", deliveries.webhook_recover, name="webhook-recover"),
                path("/delete", webhooks.webhook_delete, name="webhook-delete"),
                path("/deliveries/<uuid:delivery_id>", deliveries.delivery_detail, name="webhook-delivery"),
                path(
                    "/deliveries/<uuid:delivery_id>/redeliver", deliveries.delivery_redeliver, name="webhook-redeliver"
                ),
            ]
        ),
    ),
]
