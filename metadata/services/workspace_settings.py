"""A workspace's settings and feature flags, and what the audit is told of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config import audit
from config.errors import InvalidMetadataInput, MetadataConflict
from config.http.inputs import uuid_of
from config.principal import Principal, system
from config.texts import is_blank
from metadata.models import Workspace
from metadata.services.locking import lock_workspace

_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])")  # RFC 1035 label
_HOST_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)

SETTINGS: Mapping[str, str] = {
    "displayName": "display_name",
    "logo": "logo",
    "subdomain": "subdomain",
    "customDomain": "custom_domain",
    "inviteHash": "invite_hash",
    "isPublicInviteLinkEnabled": "is_public_invite_link_enabled",
    "allowImpersonation": "allow_impersonation",
    "isGoogleAuthEnabled": "is_google_auth_enabled",
    "isMicrosoftAuthEnabled": "is_microsoft_auth_enabled",
    "isPasswordAuthEnabled": "is_password_auth_enabled",
    "isGoogleAuthBypassEnabled": "is_google_auth_bypass_enabled",
    "isMicrosoftAuthBypassEnabled": "is_microsoft_auth_bypass_enabled",
    "isPasswordAuthBypassEnabled": "is_password_auth_bypass_enabled",
    "isTwoFactorAuthenticationEnforced": "is_two_factor_authentication_enforced",
    "isInternalMessagesImportEnabled": "is_internal_messages_import_enabled",
    "defaultRoleId": "default_role_id",
    "trashRetentionDays": "trash_retention_days",
    "eventLogRetentionDays": "event_log_retention_days",
    "editableProfileFields": "editable_profile_fields",
    "workspaceDiscoverability": "workspace_discoverability",
    "maxBatchSize": "max_batch_size",
    "maxBulkRecords": "max_bulk_records",
    "maxRequestsPerMinute": "max_requests_per_minute",
    "defaultApiVersion": "default_api_version",
    "maxApiKeyLifetimeDays": "max_api_key_lifetime_days",
    "isWebhookHttpsRequired": "is_webhook_https_required",
    "requestLogRetentionDays": "request_log_retention_days",
}
# Of functions that this server does not have: both APIs take them, and nothing comes of it.
UNAPPLIED_SETTINGS = (
    "fastModel", "smartModel", "aiChatModelTier", "aiAdditionalInstructions", "enabledAiModelIds",
    "useRecommendedModels",
)  # fmt: skip
SECURITY_MEMBERS = frozenset(
    name for name in SETTINGS if "Auth" in name and name.startswith("is")
)  # changing these needs the SECURITY flag; the rest needs WORKSPACE

_RANGES: Mapping[str, tuple[int, int]] = {
    "trashRetentionDays": (0, 2**31 - 1),
    "eventLogRetentionDays": (30, 1095),
    "maxBatchSize": (1, 1000),
    "maxBulkRecords": (1, 1_000_000),
    "maxRequestsPerMinute": (0, 1_000_000_000),
    "maxApiKeyLifetimeDays": (1, 36_525),
    "requestLogRetentionDays": (1, max(1, settings.REQUEST_LOG_DAYS)),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "workspaceDiscoverability": ("PUBLIC", "MEMBERS_AND_INVITEES", "HIDDEN"),
    "defaultApiVersion": ("1", "2"),
}
_CLEARABLE = frozenset(
    ("displayName", "logo", "customDomain", "inviteHash", "defaultRoleId", "maxRequestsPerMinute",
     "maxApiKeyLifetimeDays", "requestLogRetentionDays")
)  # fmt: skip
MAX_FEATURE_FLAGS = 100
_FLAG_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,62}")


def workspace_update(
    *, workspace_id: UUID, update: Mapping[str, object], principal: Principal | None = None
) -> Workspace:
    """Change settings by their API names; names of no setting are ignored, null leaves what cannot be null.

    The default role must lie within the rights of the `principal`; without one the system itself asks. Raises
    WorkspaceNotFound, InvalidMetadataInput, MetadataConflict, PermissionDenied. The data model's version stays.
    """
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        before, hash_before = settings_of(workspace), workspace.invite_hash
        changed = []
        for name, value in update.items():
            if name in SETTINGS and (value is not None or name in _CLEARABLE):
                cleaned = _clean_setting(workspace, name, value)
                if name == "defaultRoleId" and cleaned is not None:
                    import_string(settings.DEFAULT_ROLE_CHECK)(principal or system(workspace.ref()), cleaned)
                setattr(workspace, SETTINGS[name], cleaned)
                changed.append(SETTINGS[name])
        workspace.updated_at = timezone.now()
        workspace.save(update_fields=[*changed, "updated_at"])
        _note(workspace, before, has_new_hash=workspace.invite_hash != hash_before)
    return workspace


def feature_flag_set(*, workspace_id: UUID, key: str, value: bool) -> None:
    """Switch a feature flag; flags are the clients' own, nothing here depends on one.

    Raises WorkspaceNotFound, InvalidMetadataInput.
    """
    if not _FLAG_KEY.fullmatch(key):
        raise invalid_workspace(
            "publicFeatureFlag must be UPPER_SNAKE_CASE of at most 63 characters", "publicFeatureFlag"
        )
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        if key not in workspace.feature_flags and len(workspace.feature_flags) >= MAX_FEATURE_FLAGS:
            raise invalid_workspace(f"A workspace has at most {MAX_FEATURE_FLAGS} feature flags", "publicFeatureFlag")
        before = settings_of(workspace)
        workspace.feature_flags[key] = value
        workspace.updated_at = timezone.now()
        workspace.save(update_fields=["feature_flags", "updated_at"])
        _note(workspace, before)


def settings_of(workspace: Workspace) -> dict[str, object]:
    """The settings for the audit."""
    facts = {name: getattr(workspace, column) for name, column in SETTINGS.items() if name != "inviteHash"}
    return {**facts, "featureFlags": dict(workspace.feature_flags)}


def _note(workspace: Workspace, before: Mapping[str, object], *, has_new_hash: bool = False) -> None:
    """Of the hash that lets people in it is told that there is another, and no more."""
    name, after = workspace.display_name or "", settings_of(workspace)
    if has_new_hash:
        after["inviteHash"] = "another"
    audit.note(workspace.id, "workspace.updated", subject_id=workspace.id, name=name, before=before, after=after)


def _clean_setting(workspace: Workspace, name: str, value: object) -> object:
    if value is None:
        return None
    if name in _RANGES:
        low, high = _RANGES[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise invalid_workspace(f"{name} must be an integer from {low} to {high}", name)
    elif name in _CHOICES:
        if value not in _CHOICES[name]:
            raise invalid_workspace(f"{name} must be one of: {', '.join(_CHOICES[name])}", name)
    elif name == "defaultRoleId":
        value = _uuid(name, value)
    elif name == "editableProfileFields":
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid_workspace(f"{name} must be a list of strings", name)
    elif name.startswith(("is", "allow")):
        if not isinstance(value, bool):
            raise invalid_workspace(f"{name} must be a boolean value", name)
    elif not isinstance(value, str):
        raise invalid_workspace(f"{name} must be a string", name)
    elif name == "displayName" and value and is_blank(value):
        raise invalid_workspace(f"{name} must have a visible character", name)
    elif name == "subdomain":
        value = _clean_subdomain(workspace, value)
    elif name == "customDomain":
        value = _clean_custom_domain(workspace, value)
    return value


def _clean_subdomain(workspace: Workspace, value: str) -> str:
    if not _SUBDOMAIN.fullmatch(value):
        raise invalid_workspace("subdomain must be 3 to 63 lower-case letters, digits or hyphens", "subdomain")
    if Workspace.objects.filter(subdomain=value).exclude(id=workspace.id).exists():
        raise MetadataConflict("Subdomain already taken", sub_code="SUBDOMAIN_ALREADY_TAKEN", path="subdomain")
    return value


def _clean_custom_domain(workspace: Workspace, value: str) -> str:
    if not _HOST_NAME.fullmatch(value):
        raise invalid_workspace("customDomain must be a host name", "customDomain")
    if Workspace.objects.filter(custom_domain=value.lower()).exclude(id=workspace.id).exists():
        raise MetadataConflict("Domain already taken", sub_code="DOMAIN_ALREADY_TAKEN", path="customDomain")
    return value.lower()


def _uuid(name: str, value: object) -> UUID:
    found = uuid_of(value)
    if found is None:
        raise invalid_workspace(f"{name} must be a UUID", name)
    return found


def invalid_workspace(message: str, path: str) -> InvalidMetadataInput:
    return InvalidMetadataInput(message, sub_code="INVALID_WORKSPACE_INPUT", path=path)
