"""The workspaceMember record of a person who may sign in."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from config.errors import RecordNotFound
from config.principal import Principal, system
from core.query import ir
from core.records.create import create
from core.records.delete import delete
from core.records.find import find_page
from core.records.update import update
from metadata.cache import current_schema
from metadata.models import Workspace

READ_AT_ONCE = 200
_PEOPLE = UUID("7d0d8c43-5f0e-4a9b-9d0c-2c1ec6f3a5b1")  # name space of the ids that stand for people who sign in


def create_member_record(
    workspace: Workspace, *, user_id: int, email: str, first_name: str, last_name: str
) -> UUID | None:
    """The id of the new record; None in a workspace without the object. Fields that are switched off stay empty."""
    schema = current_schema(workspace.id)
    subject = schema.by_singular.get("workspaceMember")
    if subject is None:
        return None
    record = {
        "name": {"firstName": first_name, "lastName": last_name},
        "userEmail": email,
        "userId": str(uuid5(_PEOPLE, str(user_id))),
    }
    record = {name: value for name, value in record.items() if name in subject.by_name}
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


def member_records(principal: Principal, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, object]]:
    """The records with those ids as the caller reads them; one statement for every 200."""
    schema = current_schema(principal.workspace_id)
    if "workspaceMember" not in schema.by_singular:
        return {}
    found: dict[UUID, Mapping[str, object]] = {}
    for start in range(0, len(ids), READ_AT_ONCE):
        part = [str(each) for each in ids[start : start + READ_AT_ONCE]]
        query = ir.Find(
            "workspaceMember",
            ir.Everything(),
            filter=ir.filter_of({"id": {"in": part}}),
            page=ir.Page(size=READ_AT_ONCE),
            with_total=False,
        )
        for record in json.loads(f"[{find_page(principal, schema, query).items}]"):
            found[UUID(record["id"])] = record
    return found


def update_member_record(workspace: Workspace, record_id: UUID, changes: Mapping[str, object]) -> None:
    """Let the record of a person say what they changed of themselves, as far as the workspace has the fields."""
    schema = current_schema(workspace.id)
    subject = schema.by_singular.get("workspaceMember")
    known = {} if subject is None else {name: each for name, each in changes.items() if name in subject.by_name}
    if not known:
        return
    query = ir.Update("workspaceMember", ir.Target(id=record_id), known, ir.Everything(only=("id",)))
    with contextlib.suppress(RecordNotFound):
        update(system(workspace.ref()), schema, query)


def member_settings_update(principal: Principal, record_id: UUID, changes: Mapping[str, object]) -> None:
    """Change members of a record: one's own language, formats and name, or anybody's with the right for members.

    Raises PermissionDenied, RecordNotFound, InvalidValue.
    """
    schema = current_schema(principal.workspace_id)
    if "workspaceMember" not in schema.by_singular:
        raise RecordNotFound()
    query = ir.Update("workspaceMember", ir.Target(id=record_id), changes, ir.Everything(only=("id",)))
    update(principal, schema, query)
