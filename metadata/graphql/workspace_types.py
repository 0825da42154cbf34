"""What /metadata answers about the workspace itself, who asks, and its data model in short."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID as Uuid

from django.contrib.auth.models import User
from graphene import Boolean, Field, Float, Int, List, NonNull, ObjectType, ResolveInfo, String

from config.http.server_url import server_url
from metadata.graphql.absent import AbsentWorkspaceMembers
from metadata.graphql.enums import (
    ViewKey,
    ViewType,
    WorkspaceActivationStatus,
)
from metadata.graphql.parts import extended
from metadata.graphql.rows import rows_of
from metadata.graphql.scalars import UUID, DateTime
from metadata.graphql.types import shown_text
from metadata.models import ObjectMetadata, Workspace
from metadata.services.logos import logo_url


class WorkspaceUrls(ObjectType):
    custom_url = String()
    subdomain_url = String(required=True)


class FeatureFlag(ObjectType):
    key = String(required=True)
    value = Boolean(required=True)


class WorkspaceMembers(AbsentWorkspaceMembers):
    """The members of Workspace that this app has; further ones come with their own parts (`defaultRole`)."""

    id = UUID(required=True)
    display_name = String()
    logo = String()
    invite_hash = String()
    subdomain = String(required=True)
    custom_domain = String()
    deleted_at = DateTime()
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    activation_status = Field(WorkspaceActivationStatus, required=True)
    workspace_members_count = Float()
    allow_impersonation = Boolean(required=True)
    is_public_invite_link_enabled = Boolean(required=True)
    trash_retention_days = Float(required=True)
    event_log_retention_days = Float(required=True)
    metadata_version = Float(required=True, resolver=lambda row, info: row.schema_version)
    database_schema = String()
    is_google_auth_enabled = Boolean(required=True)
    is_microsoft_auth_enabled = Boolean(required=True)
    is_password_auth_enabled = Boolean(required=True)
    is_google_auth_bypass_enabled = Boolean(required=True)
    is_microsoft_auth_bypass_enabled = Boolean(required=True)
    is_password_auth_bypass_enabled = Boolean(required=True)
    is_two_factor_authentication_enforced = Boolean(required=True)
    is_custom_domain_enabled = Boolean(required=True)
    is_internal_messages_import_enabled = Boolean(required=True)
    editable_profile_fields = List(NonNull(String))
    workspace_discoverability = String()
    feature_flags = List(NonNull(FeatureFlag))
    workspace_urls = Field(WorkspaceUrls, required=True)
    workspace_custom_application_id = String(required=True, resolver=lambda row, info: row.custom_application_id)
    has_valid_enterprise_key = Boolean(resolver=lambda row, info: False)
    max_batch_size = Int(required=True, description="Records that one call may write")
    max_bulk_records = Int(required=True, description="Records that one filtered write may touch")
    max_requests_per_minute = Int(description="Of all callers together; 0: no limit, null: the server's")
    default_api_version = String(required=True, description="The API version of new keys")
    max_api_key_lifetime_days = Int(description="Longest life of a new key; null: any")
    is_webhook_https_required = Boolean(required=True, description="Webhooks go to https:// alone")
    request_log_retention_days = Int(description="How long requests are kept; null: as long as the server keeps them")

    @staticmethod
    def resolve_logo(row: Workspace, info: ResolveInfo) -> str | None:
        return logo_url(row)

    @staticmethod
    def resolve_workspace_members_count(row: Workspace, info: ResolveInfo) -> int:
        rows = rows_of(info)
        members = (each.id for each in rows.objects.values() if each.name_singular == "workspaceMember")
        return sum(rows.totals.get(each, 0) for each in members)

    @staticmethod
    def resolve_feature_flags(row: Workspace, info: ResolveInfo) -> list[dict[str, object]]:
        return [{"key": key, "value": value} for key, value in sorted(row.feature_flags.items())]

    @staticmethod
    def resolve_workspace_urls(row: Workspace, info: ResolveInfo) -> dict[str, str | None]:
        return {
            "custom_url": f"https://{row.custom_domain}" if row.custom_domain else None,
            "subdomain_url": f"{server_url()}/",
        }


class ObjectRecordCount(ObjectType):
    object_name_plural = String(required=True)
    total_count = Int(required=True)


class MinimalObjectMetadata(ObjectType):
    id = UUID(required=True)
    name_singular = String(required=True)
    name_plural = String(required=True)
    label_singular = String(required=True, resolver=shown_text("labelSingular"))
    label_plural = String(required=True, resolver=shown_text("labelPlural"))
    icon = String(resolver=shown_text("icon"))
    color = String(resolver=shown_text("color"))
    is_active = Boolean(required=True)
    is_system = Boolean(required=True)
    is_remote = Boolean(required=True)
    is_custom = Boolean(required=True)


class MinimalView(ObjectType):
    id = UUID(required=True)
    type = Field(ViewType, required=True)
    key = Field(ViewKey)
    object_metadata_id = UUID(required=True)


class CollectionHash(ObjectType):
    """A text that changes whenever the collection does."""

    collection_name = String(required=True)
    hash = String(required=True)


class MinimalMetadataMembers:
    """What a client needs to lay out its navigation; the views come with their own part."""

    object_metadata_items = List(NonNull(MinimalObjectMetadata), required=True)
    views = List(NonNull(MinimalView), required=True)
    collection_hashes = List(NonNull(CollectionHash), required=True)

    @staticmethod
    def resolve_object_metadata_items(root: object, info: ResolveInfo) -> list[ObjectMetadata]:
        return list(rows_of(info).objects.values())

    @staticmethod
    def resolve_views(root: object, info: ResolveInfo) -> list[object]:
        return []

    @staticmethod
    def resolve_collection_hashes(root: object, info: ResolveInfo) -> list[dict[str, str]]:
        version = str(rows_of(info).workspace.schema_version)
        return [{"collection_name": name, "hash": version} for name in ("objectMetadata", "fieldMetadata", "index")]


class UserRoot(TypedDict):
    """What the resolvers of User are given."""

    id: Uuid
    first_name: str
    last_name: str
    email: str
    workspace_member_id: Uuid | None
    user: User


class UserMembers:
    """The person who asks. A key is nobody: `currentUser` is refused to it."""

    id = UUID(required=True)
    first_name = String(required=True)
    last_name = String(required=True)
    email = String(required=True)
    workspace_member_id = UUID()
    current_workspace = Field(lambda: extended("Workspace", WorkspaceMembers))

    @staticmethod
    def resolve_current_workspace(root: object, info: ResolveInfo) -> Workspace:
        return rows_of(info).workspace
