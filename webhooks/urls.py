"""URLs of the settings pages of this app, relative to the site's root."""

from __future__ import annotations

from django.urls import include, path

from webhooks import pages

urlpatterns = [
    path("settings/api-webhooks/webhooks", pages.webhook_list, name="webhook-list"),
    path("settings/api-webhooks/webhooks/new", pages.webhook_new, name="webhook-new"),
    path("settings/api-webhooks/webhooks/deliveries", pages.delivery_list, name="delivery-list"),
    path(
        "settings/api-webhooks/webhooks/<uuid:webhook_id>",
        include(
            [
                path("", pages.webhook_detail, name="webhook-detail"),
                path("/edit", pages.webhook_edit, name="webhook-edit"),
                path("/secret", pages.webhook_secret, name="webhook-secret"),
                path("/rotate", pages.webhook_rotate, name="webhook-rotate"),
                path("/switch", pages.webhook_switch, name="webhook-switch"),
                path("/test", pages.webhook_test, name="webhook-test"),
                path("/recover", pages.webhook_recover, name="webhook-recover"),
                path("/delete", pages.webhook_delete, name="webhook-delete"),
                path("/deliveries/<uuid:delivery_id>", pages.delivery_detail, name="webhook-delivery"),
                path("/deliveries/<uuid:delivery_id>/redeliver", pages.delivery_redeliver, name="webhook-redeliver"),
            ]
        ),
    ),
]
