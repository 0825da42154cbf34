"""What a workspace has of roles, members and keys when it is made, and when it is gone."""

from __future__ import annotations

from django.db import transaction

from apikeys.models import ApiKey, Invitation, Member, Role
from apikeys.roles import (
    RIGHTS,
)
from config.principal import Principal, system
from metadata.models import Workspace
from metadata.services.parts import Part

ADMIN_LABEL = "Admin"

MEMBER_LABEL = "Member"

_OF_ROLES = "role_id IN (SELECT id FROM apikeys_role WHERE workspace_id = %(workspace)s)"

# Of a person a backup has the address they sign in with, and they are a member again where they have an account. A
# token names its key and workspace, so keys are of no use to a copy. What ends in days (invitations) is left out.
PARTS = (
    Part("apikeys_role"),
    Part("apikeys_objectpermission", _OF_ROLES),
    Part("apikeys_fieldpermission", _OF_ROLES),
    Part(
        "apikeys_member",
        written={"user_id": "SELECT u.username FROM auth_user u WHERE u.id = t.user_id"},
        read={"user_id": "(SELECT u.id FROM auth_user u WHERE u.username = s.user_id)"},
        only_if="EXISTS (SELECT 1 FROM auth_user u WHERE u.username = s.user_id)",
    ),
    Part("apikeys_apikey", written={"created_by_user_id": "NULL::integer"}, is_bound=True),
    Part(
        "apikeys_apikeytoken",
        "api_key_id IN (SELECT id FROM apikeys_apikey WHERE workspace_id = %(workspace)s)",
        is_bound=True,
    ),
)


def system_principal(workspace: Workspace) -> Principal:
    """Whoever runs the server's command line: every right in this workspace."""
    return system(workspace.ref())


def workspace_created(workspace: Workspace, empty: bool) -> None:
    """Give a new workspace its Admin and Member roles; Member is the default role."""
    with transaction.atomic():
        Role.objects.create(
            workspace_id=workspace.id,
            label=ADMIN_LABEL,
            description="Every right; cannot be edited",
            icon="IconUserCog",
            is_editable=False,
            can_be_assigned_to_agents=False,
            **dict.fromkeys(RIGHTS.values(), True),
        )
        member = Role.objects.create(
            workspace_id=workspace.id,
            label=MEMBER_LABEL,
            description="All records, no settings",
            icon="IconUser",
            can_be_assigned_to_agents=False,
            **{column: column != "can_update_all_settings" for column in RIGHTS.values()},
        )
        workspace.default_role_id = member.id
        Workspace.objects.filter(id=workspace.id).update(default_role_id=member.id)


def workspace_purged(workspace: Workspace) -> None:
    """Remove the keys, members and roles of a workspace that is gone. People stay: they may have another."""
    with transaction.atomic():
        for model in (ApiKey, Invitation, Member, Role):  # roles last: members are held by them
            model.objects.filter(workspace_id=workspace.id).delete()
