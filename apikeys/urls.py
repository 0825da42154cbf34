"""URLs of the settings pages of this app, relative to the site's root."""

from __future__ import annotations

from django.urls import path

from apikeys import member_pages, pages, role_pages
from apikeys.activity import pages as activity_pages

urlpatterns = [
    path("settings", pages.home, name="settings"),
    path("settings/login", pages.sign_in, name="sign-in"),
    path("settings/logout", pages.sign_out, name="sign-out"),
    path("settings/workspace", pages.switch_workspace, name="switch-workspace"),
    path("settings/profile", member_pages.profile, name="profile"),
    path("settings/join", member_pages.join, name="join"),
    path("settings/members", member_pages.member_list, name="member-list"),
    path("settings/members/invitations/<uuid:invitation_id>", member_pages.invitation_end, name="invitation-end"),
    path("settings/members/<uuid:member_id>", member_pages.member_detail, name="member-detail"),
    path("settings/members/<uuid:member_id>/remove", member_pages.member_remove, name="member-remove"),
    path("settings/roles", role_pages.role_list, name="role-list"),
    path("settings/roles/new", role_pages.role_new, name="role-new"),
    path("settings/roles/try", role_pages.role_try, name="role-try"),
    path("settings/roles/<uuid:role_id>", role_pages.role_detail, name="role-detail"),
    path("settings/roles/<uuid:role_id>/objects/<uuid:object_id>", role_pages.role_object, name="role-object"),
    path("settings/roles/<uuid:role_id>/delete", role_pages.role_delete, name="role-delete"),
    path("settings/activity", activity_pages.request_list, name="request-list"),
    path("settings/activity/requests/export", activity_pages.request_export, name="request-export"),
    path("settings/activity/requests/<uuid:entry_id>", activity_pages.request_detail, name="request-detail"),
    path("settings/activity/audit", activity_pages.audit_list, name="audit-list"),
    path("settings/activity/audit/export", activity_pages.audit_export, name="audit-export"),
    path("settings/activity/audit/<uuid:entry_id>", activity_pages.audit_detail, name="audit-detail"),
    path("settings/api-webhooks", pages.key_list, name="api-key-list"),
    path("settings/api-webhooks/keys/new", pages.key_new, name="api-key-new"),
    path("settings/api-webhooks/keys/<uuid:key_id>", pages.key_detail, name="api-key-detail"),
    path("settings/api-webhooks/keys/<uuid:key_id>/token", pages.key_token, name="api-key-token"),
    path("settings/api-webhooks/keys/<uuid:key_id>/revoke", pages.key_revoke, name="api-key-revoke"),
]
