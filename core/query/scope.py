"""Finds fields by the names clients use, and says what was meant when there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from config.errors import PermissionDenied, UnknownObject
from config.http import rights
from config.http.suggestions import nearest as nearest
from config.principal import Permissions, Principal, Verb
from config.right_words import plea
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema


@dataclass(frozen=True, slots=True)
class Scope:
    """What planning needs beside the query: the data model and who asks."""

    schema: WorkspaceSchema
    principal: Principal

    @property
    def hidden(self) -> frozenset[UUID]:
        """Fields whose values the caller is not shown: those of the role, and those that nobody is shown."""
        return self.principal.permissions.unreadable_fields | self.schema.secret_field_ids

    @property
    def files_schema(self) -> str | None:
        """The PostgreSQL schema whose files' addresses are answered; None to who may not download any."""
        return self.schema.schema_name if rights.may(self.principal, rights.DOWNLOAD_FLAG) else None


def find_object(scope: Scope, singular: str) -> ObjectSchema:
    found = scope.schema.by_singular.get(singular)
    if found is None:
        raise UnknownObject(
            f"object '{singular}' not found", hint=nearest(singular, object_names(scope)), path=singular
        )
    return found


def object_names(scope: Scope) -> list[str]:
    """The names of the objects whose records the caller may read."""
    return [each.singular for each in scope.schema.objects if may(scope, "read", each)]


def require(scope: Scope, verb: Verb, subject: ObjectSchema) -> None:
    """Refuse what the caller's role does not allow on the object."""
    if not may(scope, verb, subject):
        raise denied(verb, subject)


def may(scope: Scope, verb: Verb, subject: ObjectSchema) -> bool:
    return scope.principal.permissions.allows(verb, subject)


def require_update(scope: Scope, subject: ObjectSchema, record_id: object, names: Iterable[str]) -> None:
    """Refuse an update the role does not allow. Members may change the guard's `own_fields` of their own record."""
    if may(scope, "update", subject):
        return
    guard, own_id = subject.guard, scope.principal.member_id
    is_own = guard is not None and own_id is not None and str(record_id).lower() == str(own_id)
    if guard is None or not is_own or not guard.own_fields.issuperset(names):
        raise denied("update", subject)


_RIGHTS = {
    "read": "canReadObjectRecords",
    "update": "canUpdateObjectRecords",
    "soft_delete": "canSoftDeleteObjectRecords",
    "destroy": "canDestroyObjectRecords",
}


def denied(verb: Verb, subject: ObjectSchema, field: FieldSchema | None = None) -> PermissionDenied:
    guard = subject.guard
    flag = None if guard is None or field is not None else guard.read if verb == "read" else guard.write
    required = {"permission": flag or _RIGHTS[verb], "object": subject.singular, "field": field and field.name}
    message = "Entity performing the request does not have permission"
    if field is not None:
        act = "read" if verb == "read" else "write"
        message += f': no permission to {act} field "{field.name}" on "{subject.singular}"'
    hint = plea(flag) if flag else plea(_RIGHTS[verb], of=subject.plural) if field is None else None
    return PermissionDenied(message, details={"required": required}, extensions={"required": required}, hint=hint)


def require_readable(scope: Scope, subject: ObjectSchema, field: FieldSchema) -> None:
    """Refuse to use a field in any part of a query whose answer could tell its values."""
    hidden = hidden_behind(scope.schema, scope.principal.permissions, subject, field)
    if hidden is not None:
        raise denied("read", *hidden)


def reads(scope: Scope, subject: ObjectSchema, field: FieldSchema) -> bool:
    """Whether the caller's role may read the field's values."""
    return hidden_behind(scope.schema, scope.principal.permissions, subject, field) is None


def hidden_behind(
    schema: WorkspaceSchema, permissions: Permissions, subject: ObjectSchema, field: FieldSchema
) -> tuple[ObjectSchema, FieldSchema] | None:
    """The unreadable field whose values this one would tell: itself, or what it is made of.

    Who sees the people of a company sees the company of each; who sees the search vector sees the words of
    all fields in it.
    """
    if permissions.hides(field):
        return subject, field
    if field.column == "search":
        return next(((subject, each) for each in subject.search_fields if permissions.hides(each)), None)
    if permissions.unreadable_fields and field.relation is not None and not field.relation.is_to_one:
        target = schema.target(field)
        inverse = None if target is None else target.by_id.get(field.relation.target_field_id)
        if target is not None and inverse is not None and permissions.hides(inverse):
            return target, inverse
    return None


def writes(scope: Scope, field: FieldSchema) -> bool:
    """Whether the caller's role may set the field's values, on an object it may update."""
    return not scope.principal.permissions.locks(field)


def readable_unique_fields(scope: Scope, subject: ObjectSchema) -> tuple[FieldSchema, ...]:
    """The unique fields a record can be found by: what nobody may read finds nothing, or it would tell who has it."""
    return tuple(each for each in subject.unique_fields if reads(scope, subject, each))


def member_names(scope: Scope, subject: ObjectSchema) -> list[str]:
    """Every name the caller can use for a member of the object: fields and join columns."""
    names = [*subject.by_name.items(), *subject.by_join_name.items()]
    return [name for name, field in names if reads(scope, subject, field)]


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
