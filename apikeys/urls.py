"""URLs of the settings pages of this app, relative to the site's root."""

from __future__ import annotations

from django.urls import path

from apikeys import pages

urlpatterns = [
    path("settings", pages.home, name="settings"),
    path("settings/login", pages.sign_in, name="sign-in"),
    path("settings/logout", pages.sign_out, name="sign-out"),
    path("settings/workspace", pages.switch_workspace, name="switch-workspace"),
    path("settings/api-webhooks", pages.key_list, name="api-key-list"),
    path("settings/api-webhooks/keys/new", pages.key_new, name="api-key-new"),
    path("settings/api-webhooks/keys/<uuid:key_id>", pages.key_detail, name="api-key-detail"),
    path("settings/api-webhooks/keys/<uuid:key_id>/token", pages.key_token, name="api-key-token"),
    path("settings/api-webhooks/keys/<uuid:key_id>/revoke", pages.key_revoke, name="api-key-revoke"),
]
