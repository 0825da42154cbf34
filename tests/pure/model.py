"""The data model of these tests, who asks, and the parts of plans by the names clients use.

`person.name.firstName` stands for the SQL of one value; see tests/pure/graphql/workspace.py for the objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from config.principal import EVERYTHING, Guard, ObjectPermission, Permissions, Principal, WorkspaceRef
from core.query.plan import Compare, OrderKey, RelatedMany, RelatedOne
from core.query.scope import Scope
from metadata.fieldtypes.operators import OPERATORS
from metadata.fieldtypes.sql_types import FieldSql
from metadata.schema import FieldSchema, IndexColumn, ObjectSchema
from tests.pure.graphql.workspace import WORKSPACE_ID, field_of, object_of, stable_id, to_many, to_one, workspace

_MORE = {
    "person": [
        field_of("person", "rank", "NUMBER", index_columns=(IndexColumn("1", 0, ""), IndexColumn("2", 1, ""))),
        field_of("person", "nick", "TEXT", index_columns=(IndexColumn("2", 0, ""),)),
        field_of("person", "seenAt", "DATE_TIME"),
        field_of("person", "salary", "NUMERIC"),
        field_of("person", "token", "UUID"),
        field_of("person", "notes", "RAW_JSON"),
        field_of("person", "badge", "FILES"),
        field_of("person", "phones", "PHONES"),
        field_of("person", "pin", "TEXT", secret_flag="SECURITY"),
        to_one("person", "mentor", "person", "pupils"),
        to_many("person", "pupils", "person", "mentor"),
    ],
    "company": [
        field_of("company", "size", "NUMBER", index_columns=(IndexColumn("3", 0, ""),)),
        to_many("company", "logs", "log", "company"),
    ],
}
_LOG = object_of(
    "log", "logs", [to_one("log", "company", "company", "logs")], guard=Guard(read="SECURITY", write="ROLES")
)
# A relation whose other end is switched off:
_STRAY = object_of(
    "stray", "strays", [to_one("stray", "ghost", "ghost", "strays"), to_many("stray", "ghosts", "ghost", "stray")]
)
_made = workspace(_LOG, _STRAY, more_fields=_MORE)

PERSON, COMPANY, PET, LOG, STRAY = (
    replace(
        each,
        label_identifier_id=next((f.id for f in each.fields if f.name == "name"), None),
        image_identifier_id=next((f.id for f in each.fields if f.name in ("domainName", "badge")), None),
        search_field_ids=tuple(f.id for f in each.fields if f.name in ("name", "jobTitle", "emails", "pin")),
    )
    for each in _made.objects
)
SCHEMA = replace(_made, objects=(PERSON, COMPANY, PET, LOG, STRAY))


def scope(
    permissions: Permissions = EVERYTHING,
    *,
    api_key_id: UUID | None = None,
    member_id: UUID | None = None,
    **workspace: Any,
) -> Scope:
    """Somebody who may do everything, unless told otherwise."""
    ref = WorkspaceRef(WORKSPACE_ID, 1, **workspace)
    return Scope(SCHEMA, Principal(ref, permissions, "Ada", api_key_id=api_key_id, member_id=member_id))


def without(*fields: str, locked: Iterable[str] = (), **more: Any) -> Scope:
    """Somebody who may not read these fields, nor write those that are `locked`."""
    return scope(
        replace(
            EVERYTHING,
            unreadable_fields=frozenset(map(stable_id, fields)),
            locked_fields=frozenset(map(stable_id, locked)),
        ),
        **more,
    )


def not_reading(*objects: str) -> Scope:
    """Somebody who may not read the records of these objects."""
    return scope(replace(EVERYTHING, objects={stable_id(each): ObjectPermission(read=False) for each in objects}))


def field(path: str) -> FieldSchema:
    singular, name = path.split(".")
    subject: ObjectSchema = SCHEMA.by_singular[singular]
    found = subject.by_name.get(name) or subject.by_join_name.get(name)
    assert found is not None, path
    return found


def sql(path: str) -> FieldSql:
    singular, name, *part = path.split(".")
    found = field(f"{singular}.{name}")
    return found.type.sql(found, part[0] if part else None)


def compare(path: str, operator: str, value: Any) -> Compare:
    return Compare(sql(path), OPERATORS[operator], value)


def key(
    path: str, descending: bool = False, nulls_first: bool = True, through: str | None = None, **more: Any
) -> OrderKey:
    """An order key; `through` is the relation that leads to the object of `path`."""
    singular, *names = path.split(".")
    relation = None if through is None else (sql(through), SCHEMA.by_singular[singular])
    steps = names if through is None else [through.split(".")[1], *names]
    return OrderKey(tuple(steps), sql(path), descending, nulls_first, relation, **more)


def related_one(path: str, target: ObjectSchema, condition: Any, sees_deleted: bool = False) -> RelatedOne:
    return RelatedOne(sql(path), target, condition, sees_deleted)


def related_many(inverse: str, target: ObjectSchema, condition: Any, sees_deleted: bool = False) -> RelatedMany:
    return RelatedMany(sql(inverse), target, condition, sees_deleted)
