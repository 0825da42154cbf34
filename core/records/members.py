"""The workspaceMember record of a person who may sign in."""

from __future__ import annotations

import contextlib
import json
from uuid import UUID, uuid5

from config.errors import RecordNotFound
from config.principal import system
from core.query import ir
from core.records.create import create
from core.records.delete import delete
from metadata.cache import current_schema
from metadata.models import Workspace

_PEOPLE = UUID("7d0d8c43-5f0e-4a9b-9d0c-2c1ec6f3a5b1")  # name space of the ids that stand for people who sign in


def create_member_record(
    workspace: Workspace, *, user_id: int, email: str, first_name: str, last_name: str
) -> UUID | None:
    """The id of the new record; None in a workspace without the object."""
    schema = current_schema(workspace.id)
    if "workspaceMember" not in schema.by_singular:
        return None
    record = {
        "name": {"firstName": first_name, "lastName": last_name},
        "userEmail": email,
        "userId": str(uuid5(_PEOPLE, str(user_id))),
    }
    query = ir.Create("workspaceMember", (record,), ir.Everything(only=("id",)))
    [text] = create(system(workspace.ref()), schema, query)
    return UUID(json.loads(text)["id"])


def delete_member_record(workspace: Workspace, record_id: UUID) -> None:
    """Soft-delete the record of somebody who is no member any more, where it is still there."""
    schema = current_schema(workspace.id)
    if "workspaceMember" not in schema.by_singular:
        return
    query = ir.Delete("workspaceMember", ir.Target(id=record_id), ir.Everything(only=("id",)))
    with contextlib.suppress(RecordNotFound):
        delete(system(workspace.ref()), schema, query)
