"""URLs of the settings pages of this app, relative to the site's root."""

from __future__ import annotations

from django.urls import path

from apikeys.activity import pages as activity_pages
from apikeys.pages import members, operator, passwords, profile, roles
from apikeys.pages.api_keys import key_list
from apikeys.pages.first_steps import first_steps_hide
from apikeys.pages.key_acts import key_revoke, key_roll, keys_revoke, token_revoke
from apikeys.pages.key_detail import key_detail
from apikeys.pages.key_new import key_new, key_token
from apikeys.pages.session import home, sign_in, sign_out, switch_workspace

urlpatterns = [
    path("settings", home, name="settings"),
    path("settings/login", sign_in, name="sign-in"),
    path("settings/forgot", passwords.forgot, name="forgot"),
    path("settings/reset", passwords.reset, name="reset"),
    path("settings/logout", sign_out, name="sign-out"),
    path("settings/workspace", switch_workspace, name="switch-workspace"),
    path("settings/first-steps/hide", first_steps_hide, name="first-steps-hide"),
    path("settings/workspaces", operator.workspace_list, name="workspace-list"),
    path("settings/workspaces/new", operator.workspace_new, name="workspace-new"),
    path("settings/workspaces/<uuid:workspace_id>/enter", operator.workspace_enter, name="workspace-enter"),
    path("settings/workspaces/<uuid:workspace_id>/restore", operator.workspace_bring_back, name="workspace-restore"),
    path("settings/profile", profile.profile, name="profile"),
    path("settings/profile/sessions", profile.session_close, name="session-close"),
    path("settings/join", members.join, name="join"),
    path("settings/members", members.member_list, name="member-list"),
    path("settings/members/invitations/<uuid:invitation_id>", members.invitation_end, name="invitation-end"),
    path("settings/members/<uuid:member_id>", members.member_detail, name="member-detail"),
    path("settings/members/<uuid:member_id>/reset", members.member_reset, name="member-reset"),
    path("settings/members/<uuid:member_id>/remove", members.member_remove, name="member-remove"),
    path("settings/roles", roles.role_list, name="role-list"),
    path("settings/roles/new", roles.role_new, name="role-new"),
    path("settings/roles/try", roles.role_try, name="role-try"),
    path("settings/roles/<uuid:role_id>", roles.role_detail, name="role-detail"),
    path("settings/roles/<uuid:role_id>/objects/<uuid:object_id>", roles.role_object, name="role-object"),
    path("settings/roles/<uuid:role_id>/delete", roles.role_delete, name="role-delete"),
    path("settings/activity", activity_pages.request_list, name="request-list"),
    path("settings/activity/requests/export", activity_pages.request_export, name="request-export"),
    path("settings/activity/requests/<uuid:entry_id>", activity_pages.request_detail, name="request-detail"),
    path("settings/activity/audit", activity_pages.audit_list, name="audit-list"),
    path("settings/activity/audit/export", activity_pages.audit_export, name="audit-export"),
    path("settings/activity/audit/<uuid:entry_id>", activity_pages.audit_detail, name="audit-detail"),
    path("settings/api-webhooks", key_list, name="api-key-list"),
    path("settings/api-webhooks/keys/new", key_new, name="api-key-new"),
    path("settings/api-webhooks/keys/revoke", keys_revoke, name="api-keys-revoke"),
    path("settings/api-webhooks/keys/<uuid:key_id>", key_detail, name="api-key-detail"),
    path("settings/api-webhooks/keys/<uuid:key_id>/token", key_token, name="api-key-token"),
    path("settings/api-webhooks/keys/<uuid:key_id>/roll", key_roll, name="api-key-roll"),
    path(
        "settings/api-webhooks/keys/<uuid:key_id>/tokens/<uuid:token_id>/revoke",
        token_revoke,
        name="api-key-token-revoke",
    ),
    path("settings/api-webhooks/keys/<uuid:key_id>/revoke", key_revoke, name="api-key-revoke"),
]
