"""People in the schema of /metadata: who asks, members and their memberships (a part, see `metadata.graphql.parts`).

What a person says of themselves (language, formats) stands in their workspaceMember record, which belongs to
another app: `settings.MEMBER_RECORDS` reads those, once for all members that a request shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID as Uuid

import graphene
from django.conf import settings
from django.contrib.auth.models import User as DjangoUser
from django.utils.module_loading import import_string
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from config.http.rights import may
from config.http.server_url import server_url
from config.principal import FLAGS, Principal
from metadata import models as data_model
from metadata.graphql.asking import all_of, some_of
from metadata.graphql.parts import extended
from metadata.graphql.rows import rows_of
from metadata.graphql.scalars import UUID, DateTime, JSONObject
from metadata.graphql.workspace_types import UserMembers, WorkspaceUrls
from metadata.services import logo_url


def _enum(name: str, *values: str) -> Any:
    return graphene.Enum(name, [(value, value) for value in values])


DATE_FORMATS = ("SYSTEM", "MONTH_FIRST", "DAY_FIRST", "YEAR_FIRST")
TIME_FORMATS = ("SYSTEM", "HOUR_12", "HOUR_24")
NUMBER_FORMATS = ("SYSTEM", "COMMAS_AND_DOT", "SPACES_AND_COMMA", "DOTS_AND_COMMA", "APOSTROPHE_AND_DOT")
PermissionFlagType = _enum("PermissionFlagType", *sorted(FLAGS))
OnboardingStatus = _enum(
    "OnboardingStatus", "PLAN_REQUIRED", "WORKSPACE_ACTIVATION", "PROFILE_CREATION", "SYNC_EMAIL", "INVITE_TEAM",
    "BOOK_ONBOARDING", "COMPLETED",
)  # fmt: skip


class FullName(graphene.ObjectType):
    first_name = graphene.String(required=True)
    last_name = graphene.String(required=True)


def _record(root: models.Member, info: Info) -> Mapping[str, Any]:
    """What the caller reads of a member's record; of all members it is read when another's is asked for first."""
    known: dict[Uuid, Mapping[str, Any]] = info.context.__dict__.setdefault("member_records", {})
    id = root.member_record_id
    if id is None:
        return {}
    if id not in known:
        principal: Principal = info.context.principal
        ids: list[Uuid] = [id]
        if id != principal.member_id:
            members = models.Member.objects.filter(workspace_id=root.workspace_id, member_record_id__isnull=False)
            ids += [each.member_record_id for each in members.exclude(member_record_id=id) if each.member_record_id]
        known |= {each: {} for each in ids} | dict(import_string(settings.MEMBER_RECORDS)(principal, ids))
    return known[id]


def _recorded(name: str, choices: Sequence[str] | None = None, default: object = None) -> Callable[..., Any]:
    """A resolver of a member of the record; a value that the answer's type cannot say is null."""

    def resolve(root: models.Member, info: Info) -> Any:
        value = _record(root, info).get(name)
        return default if value is None or (choices is not None and value not in choices) else value

    return resolve


def _start_day(root: models.Member, info: Info) -> int | None:
    day = _record(root, info).get("calendarStartDay")
    return int(day) if isinstance(day, int | float) and abs(day) < 2**31 else None


def _role_type() -> Any:
    from apikeys.graphql.roles import Role  # which shows members in turn

    return Role


def _object_permission_type() -> Any:
    from apikeys.graphql.roles import ObjectPermission

    return ObjectPermission


class WorkspaceMember(graphene.ObjectType):
    """A member; `id` is that of their workspaceMember record, or the membership's own without one."""

    id = UUID(required=True)
    name = graphene.Field(FullName, required=True)
    user_email = graphene.String(required=True)
    color_scheme = graphene.String(required=True, resolver=_recorded("colorScheme", default="System"))
    avatar_url = graphene.String(resolver=_recorded("avatarUrl"))
    locale = graphene.String(resolver=_recorded("locale"))
    calendar_start_day = graphene.Int(resolver=_start_day)
    time_zone = graphene.String(resolver=_recorded("timeZone"))
    date_format = graphene.Field(
        _enum("WorkspaceMemberDateFormatEnum", *DATE_FORMATS), resolver=_recorded("dateFormat", DATE_FORMATS)
    )
    time_format = graphene.Field(
        _enum("WorkspaceMemberTimeFormatEnum", *TIME_FORMATS), resolver=_recorded("timeFormat", TIME_FORMATS)
    )
    number_format = graphene.Field(
        _enum("WorkspaceMemberNumberFormatEnum", *NUMBER_FORMATS), resolver=_recorded("numberFormat", NUMBER_FORMATS)
    )
    roles = graphene.List(graphene.NonNull(_role_type))
    user_workspace_id = UUID(resolver=lambda root, info: root.id)

    def resolve_id(root: models.Member, info: Info) -> Uuid:
        return root.member_record_id or root.id

    def resolve_name(root: models.Member, info: Info) -> Any:
        return root.user

    def resolve_user_email(root: models.Member, info: Info) -> str:
        return root.user.email

    def resolve_roles(root: models.Member, info: Info) -> list[models.Role]:
        return [root.role]


class DeletedWorkspaceMember(graphene.ObjectType):
    """Always absent: the records of former members are read as workspaceMembers with `deletedAt`."""

    id = UUID(required=True)
    name = graphene.Field(FullName, required=True)
    user_email = graphene.String(required=True)
    avatar_url = graphene.String()
    user_workspace_id = UUID()


@dataclass(frozen=True, slots=True)
class EffectiveRights:
    """What a role amounts to for one object."""

    object_metadata_id: Uuid
    can_read: bool
    can_update: bool
    can_soft_delete: bool
    can_destroy: bool
    restricted: Mapping[str, Any] = field(default_factory=dict)


class TwoFactorAuthenticationMethodSummary(graphene.ObjectType):
    """Always absent: people sign in with a password."""

    two_factor_authentication_method_id = UUID(required=True)
    status = graphene.String(required=True)
    strategy = graphene.String(required=True)


class UserWorkspace(graphene.ObjectType):
    """A membership."""

    id = UUID(required=True)
    user = graphene.Field(lambda: extended("User", UserMembers), required=True)
    user_id = UUID(required=True, resolver=lambda root, info: root.id)
    locale = graphene.String(required=True, resolver=_recorded("locale", default="en"))
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True, resolver=lambda root, info: root.created_at)
    deleted_at = DateTime(resolver=lambda root, info: None)
    permission_flags = some_of(PermissionFlagType)
    object_permissions = graphene.List(graphene.NonNull(_object_permission_type))
    objects_permissions = graphene.List(graphene.NonNull(_object_permission_type))
    two_factor_authentication_method_summary = some_of(TwoFactorAuthenticationMethodSummary)

    def resolve_user(root: models.Member, info: Info) -> dict[str, Any]:
        return user_root(root)

    def resolve_permission_flags(root: models.Member, info: Info) -> list[str] | None:
        principal: Principal = info.context.principal
        return sorted(each for each in FLAGS if may(principal, each)) if root.id == principal.user_id else None

    def resolve_object_permissions(root: models.Member, info: Info) -> list[EffectiveRights] | None:
        return _own_rights(root, info)

    def resolve_objects_permissions(root: models.Member, info: Info) -> list[EffectiveRights] | None:
        return _own_rights(root, info)

    def resolve_two_factor_authentication_method_summary(root: models.Member, info: Info) -> list[Any]:
        return []


def _own_rights(root: models.Member, info: Info) -> list[EffectiveRights] | None:
    """What the caller may do with each object; null for other people's memberships."""
    principal: Principal = info.context.principal
    if root.id != principal.user_id:
        return None
    permissions = principal.permissions
    fields: dict[Uuid, dict[str, Any]] = {}
    restricted = permissions.unreadable_fields | permissions.locked_fields
    for each in rows_of(info).fields.values() if restricted else ():
        if each.id in restricted:
            can_read = None if each.id not in permissions.unreadable_fields else False
            can_update = None if each.id not in permissions.locked_fields else False
            fields.setdefault(each.object_id, {})[str(each.id)] = {"canRead": can_read, "canUpdate": can_update}
    return [
        EffectiveRights(
            each.id,
            can_read=permissions.allows("read", each),
            can_update=permissions.allows("update", each),
            can_soft_delete=permissions.allows("soft_delete", each),
            can_destroy=permissions.allows("destroy", each),
            restricted=fields.get(each.id, {}),
        )
        for each in rows_of(info).objects.values()
        if each.is_active
    ]


class SSOConnection(graphene.ObjectType):
    """Always absent: people sign in with a password."""

    id = UUID(required=True)
    type = graphene.String(required=True)
    issuer = graphene.String(required=True)
    name = graphene.String(required=True)
    status = graphene.String(required=True)


class AvailableWorkspace(graphene.ObjectType):
    """A workspace that the caller is a member of."""

    id = UUID(required=True)
    display_name = graphene.String()
    login_token = graphene.String(description="Null: sign in to it")
    personal_invite_token = graphene.String()
    invite_hash = graphene.String()
    workspace_urls = graphene.Field(WorkspaceUrls, required=True)
    logo = graphene.String()
    sso = all_of(SSOConnection)

    def resolve_invite_hash(root: data_model.Workspace, info: Info) -> None:
        return None

    def resolve_logo(root: data_model.Workspace, info: Info) -> str | None:
        return logo_url(root)

    def resolve_workspace_urls(root: data_model.Workspace, info: Info) -> dict[str, str | None]:
        return urls_of(root)

    def resolve_sso(root: data_model.Workspace, info: Info) -> list[Any]:
        return []


class AvailableWorkspaces(graphene.ObjectType):
    available_workspaces_for_sign_in = all_of(AvailableWorkspace)
    available_workspaces_for_sign_up = all_of(AvailableWorkspace)


def urls_of(workspace: data_model.Workspace) -> dict[str, str | None]:
    return {
        "custom_url": f"https://{workspace.custom_domain}" if workspace.custom_domain else None,
        "subdomain_url": f"{server_url()}/",
    }


def user_root(member: models.Member) -> dict[str, Any]:
    """What the resolvers of User are given."""
    user = member.user
    return {
        "id": member.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "workspace_member_id": member.member_record_id,
        "user": user,
    }


def _member(root: Mapping[str, Any], info: Info) -> models.Member | None:
    """The person's membership of this workspace."""
    members = models.Member.objects.select_related("user", "role")
    return members.filter(id=root["id"], workspace_id=info.context.principal.workspace_id).first()


def _memberships(root: Mapping[str, Any], info: Info) -> list[models.Member]:
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

    def resolve_is_email_verified(root: object, info: Info) -> bool:
        return True  # whoever made the account vouches for its address

    def resolve_disabled(root: Any, info: Info) -> bool:
        return not _user(root).is_active

    def resolve_can_impersonate(root: object, info: Info) -> bool:
        return False

    def resolve_can_access_full_admin_panel(root: object, info: Info) -> bool:
        return False

    def resolve_created_at(root: Any, info: Info) -> Any:
        return _user(root).date_joined

    def resolve_updated_at(root: Any, info: Info) -> Any:
        return _user(root).date_joined

    def resolve_locale(root: Any, info: Info) -> str:
        member = _member(root, info)
        locale = None if member is None else _record(member, info).get("locale")
        return str(locale or "en")

    def resolve_workspace_member(root: Any, info: Info) -> models.Member | None:
        return _member(root, info)

    def resolve_user_workspaces(root: Any, info: Info) -> list[models.Member]:
        return _memberships(root, info)

    def resolve_onboarding_status(root: object, info: Info) -> str:
        return "COMPLETED"

    def resolve_current_user_workspace(root: Any, info: Info) -> models.Member | None:
        return _member(root, info)

    def resolve_user_vars(root: object, info: Info) -> dict[str, Any]:
        return {}

    def resolve_workspace_members(root: object, info: Info) -> list[models.Member] | None:
        """Null for who may not manage members: the records tell them what their role lets them read."""
        principal: Principal = info.context.principal
        if not may(principal, "WORKSPACE_MEMBERS", "ROLES"):
            return None
        members = models.Member.objects.select_related("user", "role").filter(workspace_id=principal.workspace_id)
        return list(rows_of(info).spend(list(members)))

    def resolve_deleted_workspace_members(root: object, info: Info) -> list[Any]:
        return []

    def resolve_has_password(root: Any, info: Info) -> bool:
        return bool(_user(root).has_usable_password())

    def resolve_workspaces(root: Any, info: Info) -> list[models.Member]:
        return _memberships(root, info)

    def resolve_available_workspaces(root: Any, info: Info) -> dict[str, Any]:
        ids = [each.workspace_id for each in _memberships(root, info)]
        return {
            "available_workspaces_for_sign_in": list(
                data_model.Workspace.objects.filter(id__in=ids).order_by("created_at")
            ),
            "available_workspaces_for_sign_up": [],
        }


def _user(root: Mapping[str, Any]) -> DjangoUser:
    user: DjangoUser = root["user"]
    return user
