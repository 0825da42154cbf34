"""Memberships in the schema of /metadata: whose they are, and what the caller may by their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict
from uuid import UUID as Uuid

import graphene
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from apikeys.graphql.member_types import enum_of, recorded
from config.http.rights import may
from config.principal import FLAGS, Principal
from metadata.graphql.asking import some_of
from metadata.graphql.parts import extended
from metadata.graphql.rows import rows_of
from metadata.graphql.scalars import UUID, DateTime
from metadata.graphql.workspace_types import UserMembers, UserRoot

PermissionFlagType = enum_of("PermissionFlagType", *sorted(FLAGS))


class Restriction(TypedDict):
    """What a role says of a field; None leaves it as the object's."""

    canRead: bool | None
    canUpdate: bool | None


@dataclass(frozen=True, slots=True)
class EffectiveRights:
    """What a role amounts to for one object."""

    object_metadata_id: Uuid
    can_read: bool
    can_update: bool
    can_soft_delete: bool
    can_destroy: bool
    restricted: Mapping[str, Restriction] = field(default_factory=dict)


def _object_permission_type() -> type[graphene.ObjectType]:
    from apikeys.graphql.role_types import ObjectPermission

    return ObjectPermission


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
    locale = graphene.String(required=True, resolver=recorded("locale", default="en"))
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True, resolver=lambda root, info: root.created_at)
    deleted_at = DateTime(resolver=lambda root, info: None)
    permission_flags = some_of(PermissionFlagType)
    object_permissions = graphene.List(graphene.NonNull(_object_permission_type))
    objects_permissions = graphene.List(graphene.NonNull(_object_permission_type))
    two_factor_authentication_method_summary = some_of(TwoFactorAuthenticationMethodSummary)

    def resolve_user(root: models.Member, info: Info) -> UserRoot:
        return user_root(root)

    def resolve_permission_flags(root: models.Member, info: Info) -> list[str] | None:
        principal: Principal = info.context.principal
        return sorted(each for each in FLAGS if may(principal, each)) if root.id == principal.user_id else None

    def resolve_object_permissions(root: models.Member, info: Info) -> list[EffectiveRights] | None:
        return _own_rights(root, info)

    def resolve_objects_permissions(root: models.Member, info: Info) -> list[EffectiveRights] | None:
        return _own_rights(root, info)

    def resolve_two_factor_authentication_method_summary(root: models.Member, info: Info) -> list[None]:
        return []


def _own_rights(root: models.Member, info: Info) -> list[EffectiveRights] | None:
    """What the caller may do with each object; null for other people's memberships."""
    principal: Principal = info.context.principal
    if root.id != principal.user_id:
        return None
    permissions = principal.permissions
    fields: dict[Uuid, dict[str, Restriction]] = {}
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


def user_root(member: models.Member) -> UserRoot:
    user = member.user
    return {
        "id": member.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "workspace_member_id": member.member_record_id,
        "user": user,
    }
