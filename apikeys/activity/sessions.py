"""Sign-ins and sign-outs in the audit of every workspace that the person is a member of."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apikeys.activity.subjects import as_principal, name_of
from apikeys.models import Member
from config import audit
from config.principal import Permissions, Principal, WorkspaceRef

SOMEBODY = "Somebody"  # who acts where nobody knows who


def note_of_user(
    act: str,
    user_id: int,
    workspace_id: UUID | None = None,
    *,
    before: audit.Facts | None = None,
    after: audit.Facts | None = None,
) -> None:
    """Their own act, in all of their workspaces or in one."""
    members = Member.objects.filter(user_id=user_id).select_related("user")
    with transaction.atomic():
        for member in members if workspace_id is None else members.filter(workspace_id=workspace_id):
            by = as_principal(member)
            audit.note(member.workspace_id, act, subject_id=member.id, before=before, after=after, by=by)


def note_about_user(act: str, user_id: int, by: str, *, before: audit.Facts | None = None, **after: object) -> None:
    """What was done to a person's account from outside of any workspace, in all of theirs; `by` says who did."""
    with transaction.atomic():
        for member in Member.objects.filter(user_id=user_id).select_related("user"):
            who = Principal(WorkspaceRef(member.workspace_id, 0), Permissions(), name=by)
            facts = {"before": before, "after": after or None}
            audit.note(member.workspace_id, act, subject_id=member.id, name=name_of(member), by=who, **facts)


def note_refused(email: str) -> None:
    """Somebody gave the address of a member and a wrong password; nobody knows who. Tries are few (SIGN_IN_LIMIT)."""
    if "\0" in email:
        return
    with transaction.atomic():
        for member in Member.objects.filter(user__username=email.strip().lower()).select_related("user"):
            by = Principal(WorkspaceRef(member.workspace_id, 0), Permissions(), name=SOMEBODY)
            audit.note(member.workspace_id, "session.refused", subject_id=member.id, name=name_of(member), by=by)
