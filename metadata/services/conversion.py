"""Changing a field's type together with every stored value, or saying which values are in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.conf import settings as deployment
from django.db import transaction

from config.errors import (
    ApiError,
    Failure,
    FieldMetadataNotFound,
    InvalidValue,
    MetadataValidationFailed,
    PermissionDenied,
    Problem,
    WorkspaceNotFound,
)
from config.http import deadline
from config.principal import EVERYTHING, Permissions
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_type, is_field_type
from metadata.models import (
    MADE_BY_USERS,
    FieldMetadata,
    IndexFieldMetadata,
    IndexMetadata,
    IndexState,
    ObjectMetadata,
    Workspace,
)
from metadata.schema import FieldSchema
from metadata.services.autoindex import create_automatic_indexes, drop_automatic_indexes
from metadata.services.change import Change, changing, tidy
from metadata.services.criteria import columns_of, follow_fields
from metadata.services.indexes import column_problem
from metadata.services.layout import links
from metadata.services.rows import automatic_indexes, take_storage_key

INVALID: Final = "INVALID_FIELD_INPUT"
NOT_CONVERTIBLE: Final = "FIELD_VALUES_NOT_CONVERTIBLE"
BATCH = 2_000  # records converted in one statement
MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class Unconverted:
    """A stored value that the new type does not take."""

    record_id: UUID
    value: object
    message: str

    def as_json(self) -> dict[str, object]:
        return {"recordId": str(self.record_id), "value": self.value, "message": self.message}


@dataclass(slots=True)
class TypeChange:
    """What a change did, or would do. `unconverted` has the first MAX_LISTED of the values in its way."""

    field_id: UUID
    is_dry_run: bool
    converted: int = 0
    unconverted_count: int = 0
    unconverted: list[Unconverted] = field(default_factory=list)


def field_change_type(
    *,
    workspace_id: UUID,
    field_id: UUID,
    type: str,
    options: object = None,
    settings: object = None,
    dry_run: bool = False,
    permissions: Permissions = EVERYTHING,
) -> TypeChange:
    """Give a custom field another type; its stored values, default, indexes and uniqueness come along.

    `options` and `settings` are those of the new type; between two types with options they may be left out.
    Raises FieldMetadataNotFound and MetadataValidationFailed; values that do not convert are listed, nothing changed.
    Raises PermissionDenied for who may not read the field, whose values decide, or not write it.
    """
    given = tidy({"options": options})["options"]
    if dry_run:
        with transaction.atomic():
            workspace = Workspace.objects.filter(id=workspace_id, deleted_at=None).first()
            if workspace is None:
                raise WorkspaceNotFound("Workspace not found")
            change = Change(workspace, permissions)
            old, new = _prepare(change, field_id, type, given, settings)
            return _convert(change, old, new, is_dry_run=True)
    with changing(workspace_id, permissions) as change:
        old, new = _prepare(change, field_id, type, given, settings)
        return _apply(change, old, new)


def _prepare(
    change: Change, field_id: UUID, type_name: str, options: object, settings: object
) -> tuple[FieldMetadata, FieldMetadata]:
    """The field as it is, and as it is going to be. Raises what stands against it whatever the values are."""
    old, new = change.find_field(field_id), change.find_field(field_id)
    if old is None or new is None:
        raise FieldMetadataNotFound("Field metadata to update not found")
    obj = new.object = old.object = change.objects[old.object_id]
    if not change.may_read(old) or change.permissions.locks(old):
        raise PermissionDenied()
    problems = _allowed_problems(old, obj, type_name)
    if problems:
        raise _refused(old, problems)
    type_ = field_type(type_name)
    if options is None and type_.has_options:
        options = old.options
    problems = [*type_.settings_problems(settings), *type_.options_problems(options)]
    if problems:
        raise _refused(old, problems)
    kept = type_.clean_settings(settings)
    new.type = type_.name
    new.settings = None if kept is None else dict(kept)
    new.options = (
        list(type_.clean_options(options, schema_rows.field_schema(old).options)) if type_.has_options else None
    )
    problems = _default_problems(old, new, type_)
    if new.is_unique:
        problems += type_.unique_problems(schema_rows.field_schema(new))
    problems += _index_problems(change, new)
    if problems:
        raise _refused(old, problems)
    return old, new


def _allowed_problems(old: FieldMetadata, obj: ObjectMetadata, type_name: str) -> list[Problem]:
    if not is_field_type(type_name):
        message = f"Unsupported field metadata type {type_name}"
        return [Problem("UNCOVERED_FIELD_METADATA_TYPE_VALIDATION", message, type_name)]
    type_ = field_type(type_name)
    if not old.is_custom or old.is_system or old.is_managed:
        return [Problem("FIELD_MUTATION_NOT_ALLOWED", "Only the type of a custom field can be changed", old.name)]
    if type_.creation_refusal is not None:
        return [Problem(INVALID, type_.creation_refusal, type_name)]
    if type_.is_relation or field_type(old.type).is_relation:
        return [Problem(INVALID, "A relation cannot become another type, nor another type a relation", type_name)]
    if type_.name == old.type:
        return [Problem(INVALID, f"Field {old.name} is of type {type_.name} already", type_name)]
    if obj.label_identifier_field_id == old.id and not type_.label_identifier_capable:
        return [Problem(INVALID, f"A label identifier cannot be of type {type_.name}", type_name)]
    if obj.image_identifier_field_id == old.id and not (
        type_.image_identifier_capable or type_.label_identifier_capable
    ):
        return [Problem(INVALID, f"An image identifier cannot be of type {type_.name}", type_name)]
    return []


def _default_problems(old: FieldMetadata, new: FieldMetadata, type_: FieldType) -> list[Problem]:
    """Carries the default over: as it is, else converted, else none where the field may be empty."""
    if old.default_value is None:
        return []
    schema = schema_rows.field_schema(new)
    if not type_.default_problems(old.default_value, schema):
        new.default_value = type_.clean_default(old.default_value, schema)
        return []
    old_schema = schema_rows.field_schema(old)
    try:
        stored = old_schema.type.default(old.default_value, old_schema)
        new.default_value = type_.quote(_converted(old_schema.type, stored, schema))
    except ApiError:
        new.default_value = None
    return type_.default_problems(new.default_value, schema)


def _index_problems(change: Change, new: FieldMetadata) -> list[Problem]:
    """Indexes that users made over the field have to be possible over the new type."""
    columns = IndexFieldMetadata.objects.filter(
        index__in=IndexMetadata.objects.filter(MADE_BY_USERS, workspace=change.workspace), field_id=new.id
    )
    messages = [column_problem(new, each.sub_field_name) for each in columns]
    return [Problem("INVALID_INDEX_INPUT", f"{message}: delete its index first") for message in messages if message]


# Values ----------------------------------------------------------------------------------------------


def _converted(source: FieldType, stored: object, target: FieldSchema) -> object:
    """The value as the new type stores it. Raises InvalidValue."""
    plain = source.plain(stored)
    value = None if plain is None else target.type.convert(plain, target)
    if value is None:
        raise InvalidValue(f"The value cannot be kept by a field of type {target.type.name}", path=target.name)
    return value


def _convert(change: Change, old: FieldMetadata, new: FieldMetadata, *, is_dry_run: bool) -> TypeChange:
    """Convert every stored value, in batches; what has been written is of no use once one did not convert."""
    source, target = schema_rows.field_schema(old), schema_rows.field_schema(new)
    done = TypeChange(old.id, is_dry_run)
    seen: set[tuple[str, ...]] = set()
    last: UUID | None = None
    given = deadline.allow(deployment.LONG_WORK_DEADLINE_S)
    while rows := change.storage.values_after(source, last, BATCH):
        given.check()
        last = rows[-1][0]
        values: dict[UUID, object] = {}
        for id, stored in rows:
            try:
                value = _converted(source.type, stored, target)
                if new.is_unique:
                    _take(target, value, seen)
            except ApiError as error:
                done.unconverted_count += 1
                if len(done.unconverted) < MAX_LISTED:
                    done.unconverted.append(Unconverted(id, stored, error.message))
            else:
                done.converted += 1
                values[id] = value
        if values and not is_dry_run and not done.unconverted_count:
            change.storage.move_values(source, target, values)
    return done


def _take(target: FieldSchema, value: object, seen: set[tuple[str, ...]]) -> None:
    key = target.type.unique_values(value)
    if key is not None and key in seen:
        raise InvalidValue("Another record would have the same value", path=target.name)
    if key is not None:
        seen.add(key)


# The change ------------------------------------------------------------------------------------------


def _apply(change: Change, old: FieldMetadata, new: FieldMetadata) -> TypeChange:
    """Values move to a new key: an index of the new type is built over row versions of before the change too, and
    requests that began before it go on writing values of the old type under the old one."""
    obj = new.object
    new.storage_key = take_storage_key(obj, new.name)
    made_by_users = _drop_indexes(change, old)
    change.storage.hold_writers(obj.id)
    done = _convert(change, old, new, is_dry_run=False)
    if done.unconverted_count:
        raise _refused(old, _value_problems(done, new))
    new.updated_at = obj.updated_at = change.now
    new.save()
    follow_fields(obj, _followed(old, new))
    obj.save(update_fields=["updated_at", "duplicate_criteria", "used_storage_keys"])
    _create_indexes(change, new, made_by_users)
    links.type_changed(new)
    change.search_again(obj.id)
    return done


def _value_problems(done: TypeChange, new: FieldMetadata) -> list[Problem]:
    total = done.converted + done.unconverted_count
    summary = f"{done.unconverted_count} of {total} values of field {new.name} cannot be converted to {new.type}"
    return [
        Problem(NOT_CONVERTIBLE, summary, done.unconverted_count),
        *(Problem(NOT_CONVERTIBLE, each.message, each.as_json()) for each in done.unconverted),
    ]


def _followed(old: FieldMetadata, new: FieldMetadata) -> Mapping[str, str | None]:
    kept = set(columns_of(new))
    return {name: name if name in kept else None for name in columns_of(old)}


def _drop_indexes(change: Change, old: FieldMetadata) -> Sequence[IndexMetadata]:
    """Drop every index over the field, before its values change under their expressions; answers those of users."""
    drop_automatic_indexes(change.storage, old)
    indexes = list(IndexMetadata.objects.filter(workspace=change.workspace, index_fields__field_id=old.id).distinct())
    made_by_users = [each for each in indexes if each.is_made_by_user]
    for index in made_by_users:
        change.storage.drop_index(index.id)
    automatic = [each.id for each in indexes if each not in made_by_users]
    IndexMetadata.objects.filter(workspace=change.workspace, id__in=automatic).delete()
    return made_by_users


def _create_indexes(change: Change, new: FieldMetadata, made_by_users: Sequence[IndexMetadata]) -> None:
    for index, columns in automatic_indexes(new.object, [new]):
        index.save(force_insert=True)
        IndexFieldMetadata.objects.bulk_create(columns)
    create_automatic_indexes(change.storage, new)
    for index in made_by_users:
        parts = IndexFieldMetadata.objects.filter(index=index).select_related("field").order_by("order")
        change.storage.create_index(
            index.id, index.index_type, [(schema_rows.field_schema(each.field), each.sub_field_name) for each in parts]
        )
        IndexMetadata.objects.filter(id=index.id).update(state=IndexState.READY, state_reason=None)


def _refused(old: FieldMetadata, problems: list[Problem]) -> MetadataValidationFailed:
    entity = {
        "universalIdentifier": str(old.universal_identifier),
        "name": old.name,
        "objectMetadataUniversalIdentifier": str(old.object.universal_identifier),
    }
    return MetadataValidationFailed([Failure("fieldMetadata", "update", problems, entity)])
