"""Members in the schema of /metadata, with what they say of themselves.

What a person says of themselves (language, formats) stands in their workspaceMember record, which belongs to
another app: `settings.MEMBER_RECORDS` reads those, once for all members that a request shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID as Uuid

import graphene
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.module_loading import import_string
from graphql import GraphQLResolveInfo as Info

from apikeys import models
from config.principal import Principal
from metadata.graphql.scalars import UUID


def enum_of(name: str, *values: str) -> graphene.Enum:
    return graphene.Enum(name, [(value, value) for value in values])


DATE_FORMATS = ("SYSTEM", "MONTH_FIRST", "DAY_FIRST", "YEAR_FIRST")
TIME_FORMATS = ("SYSTEM", "HOUR_12", "HOUR_24")
NUMBER_FORMATS = ("SYSTEM", "COMMAS_AND_DOT", "SPACES_AND_COMMA", "DOTS_AND_COMMA", "APOSTROPHE_AND_DOT")


class FullName(graphene.ObjectType):
    first_name = graphene.String(required=True)
    last_name = graphene.String(required=True)


def record_of(root: models.Member, info: Info) -> Mapping[str, object]:
    """What the caller reads of a member's record; of all members it is read when another's is asked for first."""
    known: dict[Uuid, Mapping[str, object]] = info.context.__dict__.setdefault("member_records", {})
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


def recorded(
    name: str, choices: Sequence[str] | None = None, default: object = None
) -> Callable[[models.Member, Info], object]:
    """A resolver of a member of the record; a value that the answer's type cannot say is null."""

    def resolve(root: models.Member, info: Info) -> object:
        value = record_of(root, info).get(name)
        return default if value is None or (choices is not None and value not in choices) else value

    return resolve


def _start_day(root: models.Member, info: Info) -> int | None:
    day = record_of(root, info).get("calendarStartDay")
    return int(day) if isinstance(day, int | float) and abs(day) < 2**31 else None


def _role_type() -> type[graphene.ObjectType]:
    from apikeys.graphql.role_types import Role  # which shows members in turn

    return Role


class WorkspaceMember(graphene.ObjectType):
    """A member; `id` is that of their workspaceMember record, or the membership's own without one."""

    id = UUID(required=True)
    name = graphene.Field(FullName, required=True)
    user_email = graphene.String(required=True)
    color_scheme = graphene.String(required=True, resolver=recorded("colorScheme", default="System"))
    avatar_url = graphene.String(resolver=recorded("avatarUrl"))
    locale = graphene.String(resolver=recorded("locale"))
    calendar_start_day = graphene.Int(resolver=_start_day)
    time_zone = graphene.String(resolver=recorded("timeZone"))
    date_format = graphene.Field(
        enum_of("WorkspaceMemberDateFormatEnum", *DATE_FORMATS), resolver=recorded("dateFormat", DATE_FORMATS)
    )
    time_format = graphene.Field(
        enum_of("WorkspaceMemberTimeFormatEnum", *TIME_FORMATS), resolver=recorded("timeFormat", TIME_FORMATS)
    )
    number_format = graphene.Field(
        enum_of("WorkspaceMemberNumberFormatEnum", *NUMBER_FORMATS), resolver=recorded("numberFormat", NUMBER_FORMATS)
    )
    roles = graphene.List(graphene.NonNull(_role_type))
    user_workspace_id = UUID(resolver=lambda root, info: root.id)

    def resolve_id(root: models.Member, info: Info) -> Uuid:
        return root.member_record_id or root.id

    def resolve_name(root: models.Member, info: Info) -> User:
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
