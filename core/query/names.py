"""Finds fields by the names clients use, and says what was meant when there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from config.errors import PermissionDenied, UnknownObject
from config.principal import Principal, Verb
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema


@dataclass(frozen=True, slots=True)
class Scope:
    """What planning needs beside the query: the data model and who asks."""

    schema: WorkspaceSchema
    principal: Principal


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known name.

    >>> nearest("emial", ["email", "name"])
    'Did you mean "email"?'
    """
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f'Did you mean "{close[0]}"?' if close else None


def find_object(scope: Scope, singular: str) -> ObjectSchema:
    found = scope.schema.by_singular.get(singular)
    if found is None:
        raise UnknownObject(
            f"object '{singular}' not found", hint=nearest(singular, scope.schema.by_singular), path=singular
        )
    return found


def require(scope: Scope, verb: Verb, subject: ObjectSchema) -> None:
    """Refuse what the caller's role does not allow on the object."""
    if not may(scope, verb, subject):
        raise denied(verb, subject)


def may(scope: Scope, verb: Verb, subject: ObjectSchema) -> bool:
    return scope.principal.permissions.allows(verb, subject.id, is_system=subject.is_system)


_RIGHTS = {
    "read": "canReadObjectRecords",
    "update": "canUpdateObjectRecords",
    "soft_delete": "canSoftDeleteObjectRecords",
    "destroy": "canDestroyObjectRecords",
}


def denied(verb: Verb, subject: ObjectSchema, field: FieldSchema | None = None) -> PermissionDenied:
    required = {"permission": _RIGHTS[verb], "object": subject.singular, "field": field.name if field else None}
    message = "Entity performing the request does not have permission"
    if field is not None:
        act = "read" if verb == "read" else "write"
        message += f': no permission to {act} field "{field.name}" on "{subject.singular}"'
    return PermissionDenied(message, details={"required": required}, extensions={"required": required})


def require_readable(scope: Scope, subject: ObjectSchema, field: FieldSchema) -> None:
    if field.id in scope.principal.permissions.unreadable_fields:
        raise denied("read", subject, field)


def member_names(subject: ObjectSchema) -> list[str]:
    """Every name a client can use for a member of the object: fields and join columns."""
    return [*subject.by_name, *subject.by_join_name]


def value_field(subject: ObjectSchema, name: str) -> FieldSchema | None:
    """The field that a name has a value of its own in: any but relations, or a relation by its join name."""
    field = subject.by_join_name.get(name)
    if field is not None:
        return field
    field = subject.by_name.get(name)
    return None if field is None or field.relation is not None else field


def inverse_of(scope: Scope, field: FieldSchema) -> FieldSchema | None:
    """The field at the other end of a relation."""
    assert field.relation is not None
    target = scope.schema.by_id.get(field.relation.target_object_id)
    return None if target is None else target.by_id.get(field.relation.target_field_id)
