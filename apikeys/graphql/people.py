"""People in the schema of /metadata: who asks, and where they are members (a part, see `metadata.graphql.parts`)."""

from __future__ import annotations

from datetime import datetime

import graphene
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.available_workspaces import AvailableWorkspaces
from apikeys.graphql.member_types import DeletedWorkspaceMember, WorkspaceMember, enum_of, record_of
from apikeys.graphql.membership_types import UserWorkspace
from config.http.rights import may
from config.principal import Principal
from metadata import models as data_model
from metadata.graphql.asking import all_of, some_of
from metadata.graphql.rows import rows_of
from metadata.graphql.scalars import DateTime, JSONObject
from metadata.graphql.workspace_types import UserRoot

OnboardingStatus = enum_of(
    "OnboardingStatus", "PLAN_REQUIRED", "WORKSPACE_ACTIVATION", "PROFILE_CREATION", "SYNC_EMAIL", "INVITE_TEAM",
    "BOOK_ONBOARDING", "COMPLETED",
)  # fmt: skip


def _member(root: UserRoot, info: Info) -> models.Member | None:
    """The person's membership of this workspace."""
    members = models.Member.objects.select_related("user", "role")
    return members.filter(id=root["id"], workspace_id=info.context.principal.workspace_id).first()


def _memberships(root: UserRoot, info: Info) -> list[models.Member]:
    """All of the caller's; of others the one of this workspace."""
    if root["id"] != info.context.principal.user_id:
        own = _member(root, info)
        return [] if own is None else [own]
    members = models.Member.objects.select_related("user", "role").filter(user=root["user"])
    living = set(data_model.Workspace.objects.filter(deleted_at=None).values_list("id", flat=True))
    return [each for each in members if each.workspace_id in living]


class User:
    is_email_verified = graphene.Boolean(required=True)
    disabled = graphene.Boolean()
    can_impersonate = graphene.Boolean(required=True)
    can_access_full_admin_panel = graphene.Boolean(required=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    deleted_at = DateTime()
    locale = graphene.String(required=True)
    workspace_member = graphene.Field(WorkspaceMember)
    user_workspaces = all_of(UserWorkspace)
    onboarding_status = graphene.Field(OnboardingStatus)
    current_user_workspace = graphene.Field(UserWorkspace)
    user_vars = JSONObject()
    workspace_members = some_of(WorkspaceMember)
    deleted_workspace_members = some_of(DeletedWorkspaceMember)
    has_password = graphene.Boolean(required=True)
    support_user_hash = graphene.String()
    workspaces = all_of(UserWorkspace)
    available_workspaces = graphene.Field(AvailableWorkspaces, required=True)

    @staticmethod
    def resolve_is_email_verified(root: object, info: Info) -> bool:
        return True  # whoever made the account vouches for its address

    @staticmethod
    def resolve_disabled(root: UserRoot, info: Info) -> bool:
        return not root["user"].is_active

    @staticmethod
    def resolve_can_impersonate(root: object, info: Info) -> bool:
        return False

    @staticmethod
    def resolve_can_access_full_admin_panel(root: object, info: Info) -> bool:
        return False

    @staticmethod
    def resolve_created_at(root: UserRoot, info: Info) -> datetime:
        return root["user"].date_joined

    @staticmethod
    def resolve_updated_at(root: UserRoot, info: Info) -> datetime:
        return root["user"].date_joined

    @staticmethod
    def resolve_locale(root: UserRoot, info: Info) -> str:
        member = _member(root, info)
        locale = None if member is None else record_of(member, info).get("locale")
        return str(locale or "en")

    @staticmethod
    def resolve_workspace_member(root: UserRoot, info: Info) -> models.Member | None:
        return _member(root, info)

    @staticmethod
    def resolve_user_workspaces(root: UserRoot, info: Info) -> list[models.Member]:
        return _memberships(root, info)

    @staticmethod
    def resolve_onboarding_status(root: object, info: Info) -> str:
        return "COMPLETED"

    @staticmethod
    def resolve_current_user_workspace(root: UserRoot, info: Info) -> models.Member | None:
        return _member(root, info)

    @staticmethod
    def resolve_user_vars(root: object, info: Info) -> dict[str, object]:
        return {}

    @staticmethod
    def resolve_workspace_members(root: object, info: Info) -> list[models.Member] | None:
        """Null for who may not manage members: the records tell them what their role lets them read."""
        principal: Principal = info.context.principal
        if not may(principal, "WORKSPACE_MEMBERS", "ROLES"):
            return None
        members = models.Member.objects.select_related("user", "role").filter(workspace_id=principal.workspace_id)
        return list(rows_of(info).spend(list(members)))

    @staticmethod
    def resolve_deleted_workspace_members(root: object, info: Info) -> list[None]:
        return []

    @staticmethod
    def resolve_has_password(root: UserRoot, info: Info) -> bool:
        return root["user"].has_usable_password()

    @staticmethod
    def resolve_workspaces(root: UserRoot, info: Info) -> list[models.Member]:
        return _memberships(root, info)

    @staticmethod
    def resolve_available_workspaces(root: UserRoot, info: Info) -> dict[str, list[data_model.Workspace]]:
        ids = [each.workspace_id for each in _memberships(root, info)]
        return {
            "available_workspaces_for_sign_in": list(
                data_model.Workspace.objects.filter(id__in=ids).order_by("created_at")
            ),
            "available_workspaces_for_sign_up": [],
        }
