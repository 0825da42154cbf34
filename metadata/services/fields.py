"""Creating, changing and deleting fields, relations included."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID, uuid4

from config.errors import FieldMetadataNotFound, MetadataMutationNotAllowed, ObjectMetadataNotFound, Problem
from config.principal import EVERYTHING, Permissions
from metadata import cache
from metadata.fieldtypes.contract import FieldType, field_type, is_field_type
from metadata.fieldtypes.values import unquote
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata, OnDelete, RelationType
from metadata.names import composite_column, field_problems, taken_problem
from metadata.services import morphs
from metadata.services.autoindex import create_automatic_indexes
from metadata.services.build import (
    RelationEnd,
    automatic_indexes,
    new_field,
    next_position,
    taken_names,
)
from metadata.services.change import Change, changing, tidy
from metadata.services.columns import FIELD_COLUMNS
from metadata.services.criteria import columns_of, follow_fields
from metadata.services.layout import links
from metadata.services.overrides import OVERRIDABLE_FIELD, apply_overrides
from metadata.services.relations import (
    Payload,
    build_relation,
    read_morph_payloads,
    read_payload,
    row_name,
)
from metadata.services.removal import remove_fields
from metadata.validation import (
    FIELD_CREATE_REQUIRED,
    UNPREPARED_FIELD,
    Failure,
    MetadataValidationFailed,
    Operation,
    require_texts,
)

INVALID = "INVALID_FIELD_INPUT"
NOT_ALLOWED = "FIELD_MUTATION_NOT_ALLOWED"


# Create ----------------------------------------------------------------------------------------------


def field_create(*, workspace_id: UUID, values: Mapping[str, Any]) -> FieldMetadata:
    """A custom field of the object `objectMetadataId`; for relations both sides, answering the one asked for.

    A morph relation answers the row of its first target. Raises InvalidInput, MetadataValidationFailed.
    """
    require_texts(values, FIELD_CREATE_REQUIRED)
    given = tidy(values)
    require_texts(given, ("label",))
    with changing(workspace_id) as change:
        obj = _object_of(change, given)
        type_ = _creatable_type(given)
        if type_.is_relation:
            return _create_relation(change, obj, type_, given)
        return _create_plain(change, obj, type_, given)


def _object_of(change: Change, given: Mapping[str, Any]) -> ObjectMetadata:
    try:
        obj = change.objects.get(UUID(str(given.get("objectMetadataId"))))
    except ValueError:
        obj = None
    if obj is None:
        message = "Provided object metadata id does not exist"
        raise _unprepared(Problem(INVALID, message, str(given.get("objectMetadataId"))))
    return obj


def _creatable_type(given: Mapping[str, Any]) -> FieldType:
    name = given.get("type")
    if not is_field_type(name):
        raise _unprepared(
            Problem("UNCOVERED_FIELD_METADATA_TYPE_VALIDATION", f"Unsupported field metadata type {name}", name)
        )
    type_ = field_type(str(name))
    if type_.creation_refusal is not None:
        raise _unprepared(Problem(INVALID, type_.creation_refusal, name))
    if given.get("isRemoteCreation"):
        raise _unprepared(Problem(INVALID, "Remote fields aren't supported"))
    return type_


def _unprepared(problem: Problem) -> MetadataValidationFailed:
    return MetadataValidationFailed([Failure("fieldMetadata", "create", [problem])], UNPREPARED_FIELD)


def _create_plain(change: Change, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, Any]) -> FieldMetadata:
    others = change.fields_of(obj.id)
    is_synced = bool(given.get("isLabelSyncedWithName"))
    problems = _name_rules(given["name"], given["label"], others, "create", is_synced=is_synced)
    settings = given.get("settings")
    settings_problems = type_.settings_problems(settings)
    options = given.get("options")
    options_problems = type_.options_problems(options)
    field = new_field(
        obj,
        name=given["name"],
        type_name=type_.name,
        label=given["label"],
        icon=given.get("icon"),
        description=given.get("description"),
        position=next_position(others),
        application_id=change.workspace.custom_application_id,
        is_custom=True,
        is_system=bool(given.get("isSystem")),
        is_nullable=given.get("isNullable") is not False,
        is_unique=bool(given.get("isUnique")),
        is_searchable=given.get("isSearchable"),
        is_audit_logged=given.get("isAuditLogged") is not False,
        is_ui_read_only=bool(given.get("isUIReadOnly")),
        is_ui_editable=given.get("isUIEditable") is not False,
        is_label_synced_with_name=is_synced,
        settings=None if settings_problems else type_.clean_settings(settings),
        options=None if options_problems or not type_.has_options else list(type_.clean_options(options)),
    )
    problems += [*settings_problems, *options_problems]
    if not options_problems:
        problems += _apply_default(field, type_, given.get("defaultValue", type_.initial_default))
    if field.is_unique:
        problems += type_.unique_problems(cache.field_schema(field))
    if problems:
        raise MetadataValidationFailed([_failure(field, obj, "create", problems)])
    if field.default_value is None:
        _write_new_fields(change, [field])
        return field
    change.watch_search(obj.id)  # the records are going to have words in it
    _write_new_fields(change, [field])
    change.storage.fill(cache.field_schema(field))
    return field


def _apply_default(field: FieldMetadata, type_: FieldType, default: Any) -> list[Problem]:
    """Put the default on the field, or say what is wrong with it."""
    schema = cache.field_schema(field)
    problems = type_.default_problems(default, schema)
    if not problems:
        field.default_value = type_.clean_default(default, schema)
    return problems


def _write_new_fields(change: Change, fields: Sequence[FieldMetadata]) -> None:
    objects = {each.object_id: each.object for each in fields}
    for obj in objects.values():
        obj.updated_at = change.now
    ObjectMetadata.objects.bulk_update(objects.values(), ["used_storage_keys", "updated_at"])
    FieldMetadata.objects.bulk_create(fields)
    _write_indexes(change, fields)
    links.fields_created(fields)


def _write_indexes(change: Change, fields: Sequence[FieldMetadata]) -> None:
    indexes = [each for field in fields for each in automatic_indexes(field.object, [field])]
    IndexMetadata.objects.bulk_create([index for index, _ in indexes])
    IndexFieldMetadata.objects.bulk_create([column for _, columns in indexes for column in columns])
    for field in fields:
        create_automatic_indexes(change.storage, field)


def _create_relation(change: Change, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, Any]) -> FieldMetadata:
    is_morph = type_.is_morph
    if is_morph:
        payloads = read_morph_payloads(change, obj.id, given.get("morphRelationsCreationPayload"))
    else:
        payload = read_payload(change, given.get("relationCreationPayload"))
        payloads = payload if isinstance(payload, Problem) else [payload]
    if isinstance(payloads, Problem):
        raise _unprepared(payloads)
    failures: list[Failure] = []
    problems: list[Problem] = []
    if given.get("isUnique"):
        message = f"Unique index cannot be created for field {given['name']} of type {type_.name}"
        problems.append(Problem("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE", message))
    if isinstance(given.get("settings"), Mapping) and payloads[0].kind == RelationType.ONE_TO_MANY:
        problems += type_.settings_problems({**given["settings"], "relationType": payloads[0].kind})
    if is_morph:  # the rows' names are made of this one
        is_synced = bool(given.get("isLabelSyncedWithName"))
        problems += _name_rules(given["name"], given["label"], [], "create", is_synced=is_synced)
    if problems:
        failures.append(Failure("fieldMetadata", "create", problems, _entity(obj, given["name"], uuid4())))
    fields = _relation_fields(change, obj, type_, given, payloads, uuid4() if is_morph else None, failures)
    _write_new_fields(change, fields)
    return fields[0]


def _relation_fields(
    change: Change,
    obj: ObjectMetadata,
    type_: FieldType,
    given: Mapping[str, Any],
    payloads: Sequence[Payload],
    morph_id: UUID | None,
    failures: list[Failure],
) -> list[FieldMetadata]:
    """The new fields, source before target for each payload; raises what was in `failures` and what is found."""
    existing: dict[UUID, list[FieldMetadata]] = {obj.id: list(change.fields_of(obj.id))}
    for payload in payloads:
        existing.setdefault(payload.target.id, list(change.fields_of(payload.target.id)))
    built: list[FieldMetadata] = []
    for payload in payloads:
        name = given["name"] if morph_id is None else row_name(given["name"], payload)
        source_problems = _name_rules(
            name,
            given["label"],
            existing[obj.id],
            "create",
            is_synced=bool(given.get("isLabelSyncedWithName")),
            has_join_column=payload.kind == RelationType.MANY_TO_ONE,
            is_morph=morph_id is not None,
        )
        if source_problems:
            failures.append(Failure("fieldMetadata", "create", source_problems, _entity(obj, name, uuid4())))
        other_name = payload.name
        taken_on_target = existing[payload.target.id]
        if payload.target.id == obj.id:
            taken_on_target = [*taken_on_target, FieldMetadata(name=name, type="RELATION")]
        target_problems = _name_rules(
            other_name,
            payload.label,
            taken_on_target,
            "create",
            has_join_column=payload.kind == RelationType.ONE_TO_MANY,
        )
        if target_problems:
            entity = _entity(payload.target, other_name, uuid4())
            failures.append(Failure("fieldMetadata", "create", target_problems, entity))
        if failures:
            continue
        source_end = RelationEnd(
            name=name,
            label=given["label"],
            icon=given.get("icon") or "IconRelationOneToMany",
            description=given.get("description") or f"{given['label']} of the {obj.label_singular.lower()}",
            position=next_position(existing[obj.id]),
            type_name=type_.name,
            flags={
                "is_custom": True,
                "application_id": change.workspace.custom_application_id,
                "is_label_synced_with_name": bool(given.get("isLabelSyncedWithName")),
                "is_ui_read_only": bool(given.get("isUIReadOnly")),
                "is_nullable": given.get("isNullable") is not False,
            },
        )
        source, target = build_relation(obj, source_end, payload, next_position(existing[payload.target.id]), morph_id)
        existing[obj.id].append(source)
        existing[payload.target.id].append(target)
        built += [source, target]
    if failures:
        raise MetadataValidationFailed(failures)
    return built


# Update ----------------------------------------------------------------------------------------------

_EDITABLE = (
    "name", "label", "description", "icon", "isActive", "isUnique", "isLabelSyncedWithName", "defaultValue",
    "options", "settings", "isSearchable", "isAuditLogged", "translations", "morphRelationsUpdatePayload",
)  # fmt: skip
_RELATION_EDITABLE = frozenset(
    {"label", "description", "isActive", "icon", "name", "settings", "isLabelSyncedWithName", "translations"}
    | {"morphRelationsUpdatePayload", "isAuditLogged"}
)
_STANDARD_FORBIDDEN = ("isLabelSyncedWithName", "name")
_CLEARABLE = frozenset({"description", "icon"})


def field_update(
    *, workspace_id: UUID, field_id: UUID, update: Mapping[str, Any], permissions: Permissions = EVERYTHING
) -> FieldMetadata:
    """Change a field by API names; members that cannot be changed at all are ignored.

    Renamed options are renamed in the records, removed ones taken out of them. Values that are in the way are
    named to those only whose `permissions` let them read the field.
    Raises FieldMetadataNotFound, InvalidInput, MetadataMutationNotAllowed, MetadataValidationFailed.
    """
    require_texts(update, [name for name in ("name", "label") if update.get(name) is not None])
    given = {
        name: value
        for name, value in tidy(update).items()
        if name in _EDITABLE and (value is not None or name in _NULLABLE)
    }
    require_texts(given, [name for name in ("label",) if name in given])
    with changing(workspace_id, permissions) as change:
        field = change.find_field(field_id)
        if field is None:
            raise FieldMetadataNotFound("Field metadata to update not found")
        obj = change.objects[field.object_id]
        field.object = obj
        type_ = field_type(field.type)
        _refuse_forbidden(field, given)
        problems = _update_problems(field, obj, type_, given)
        if problems:
            raise MetadataValidationFailed([_failure(field, obj, "update", problems)])
        change.watch(field)
        change.watch_search(obj.id)
        _apply_update(change, field, obj, type_, given)
        obj.updated_at = change.now
        obj.save(update_fields=["updated_at", "duplicate_criteria"])
    return field


_NULLABLE = frozenset({"description", "icon", "defaultValue", "settings", "isSearchable"})


def _refuse_forbidden(field: FieldMetadata, given: Mapping[str, Any]) -> None:
    if field.is_managed and not given.keys() <= {"isActive"}:
        names = ", ".join(sorted(given.keys() - {"isActive"}))
        message = f'Cannot edit system-managed field "{field.name}" properties: {names}'
        raise MetadataMutationNotAllowed(message, sub_code=NOT_ALLOWED)
    if not field.is_custom:
        forbidden = [name for name in _STANDARD_FORBIDDEN if name in given]
        if forbidden:
            message = f"Cannot edit standard field metadata properties: {', '.join(forbidden)}"
            raise MetadataMutationNotAllowed(message, sub_code=NOT_ALLOWED)


def _update_problems(
    field: FieldMetadata, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, Any]
) -> list[Problem]:
    """What can be said before looking at other fields, values or records."""
    if type_.is_relation:
        forbidden = sorted(given.keys() - _RELATION_EDITABLE)
        if forbidden:
            message = f"Forbidden updated properties for relation field metadata: {', '.join(forbidden)}"
            return [Problem(NOT_ALLOWED, message, field.name)]
    if given.get("isActive") is False and field.column is not None:
        message = f'System field "{field.name}" cannot be deactivated: every record has it, and the APIs need it'
        return [Problem(NOT_ALLOWED, message, field.name)]
    if given.get("isActive") is False and field.id == obj.label_identifier_field_id:
        return [Problem(INVALID, "Label identifier field metadata cannot be deactivated", field.name)]
    return []


def _apply_update(
    change: Change, field: FieldMetadata, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, Any]
) -> None:
    problems: list[Problem] = []
    was_unique = field.is_unique
    naming = (field.name, field.label, field.is_label_synced_with_name)
    siblings = morphs.siblings_of(change, field)
    columns = [name for row in (field, *siblings) for name in columns_of(row)]
    hidden = [row.id for row in (field, *siblings) if row.is_active and given.get("isActive") is False]
    if not field.is_custom:
        given = apply_overrides(field, given, OVERRIDABLE_FIELD)
    for row in (field, *siblings):
        for name, column in FIELD_COLUMNS.items():
            if name in given:
                setattr(row, column, given[name])
    # what stays as it is may have been named by an older rule
    if field.is_custom and (given.get("name", field.name), field.label, field.is_label_synced_with_name) != naming:
        problems += _rename(change, field, siblings, given.get("name", field.name))
    if "settings" in given:
        problems += _apply_settings(field, type_, given["settings"]) or _unfit_problems(change, field, type_)
        for row in siblings:
            _apply_settings(row, type_, given["settings"])
    replacements: Mapping[str, str | None] = {}
    if "options" in given and type_.has_options:
        replacements, option_faults = _apply_options(field, type_, given["options"])
        problems += option_faults
    if not type_.is_relation and given.keys() & {"defaultValue", "options", "settings"} and not problems:
        problems += _apply_default(field, type_, given.get("defaultValue", field.default_value))
    if "isUnique" in given or (field.is_unique and "defaultValue" in given):
        problems += _apply_unique(change, field, type_, bool(given.get("isUnique", field.is_unique)), was_unique)
    if problems:
        raise MetadataValidationFailed([_failure(field, obj, "update", problems)])
    for each in (field, *siblings):
        each.updated_at = change.now
        each.save()
    if replacements:
        change.storage.replace_options(cache.field_schema(field), replacements)
    if "options" in given and type_.has_options:
        links.options_changed(field, replacements)
    if "settings" in given:
        links.settings_changed(field)
    if hidden:
        links.fields_hidden(hidden)
    renamed = [name for row in (field, *siblings) for name in columns_of(row)]
    follow_fields(obj, dict(zip(columns, renamed, strict=True)))
    _write_uniqueness(change, field, was_unique)
    if "morphRelationsUpdatePayload" in given and field.morph_id is not None:
        _add_morph_targets(change, field, obj, given["morphRelationsUpdatePayload"])


def _rename(change: Change, field: FieldMetadata, siblings: Sequence[FieldMetadata], name: str) -> list[Problem]:
    """Give the field the name, and each row of its morph relation the one that is made of it.

    Checks the name against the label too, so it is called when either of them changes.
    """
    is_synced = field.is_label_synced_with_name
    if field.morph_id is None:
        others = [each for each in change.fields_of(field.object_id) if each.id != field.id]
        problems = _name_rules(
            name, field.label, others, "update", is_synced=is_synced, has_join_column=field.join_name is not None
        )
        morphs.give_name(field, name)
        return problems
    rows = [field, *siblings]
    base = morphs.base_name(change, rows) if name == field.name else name
    others = [each for each in change.fields_of(field.object_id) if each not in rows]
    problems = _name_rules(base, field.label, [], "update", is_synced=is_synced)
    if name == field.name:
        return problems  # a label is no name: rows that are still called after an old one keep it
    for row in rows:
        row_name_ = base + morphs.suffix(change, row)
        has_join_column = row.join_name is not None
        problems += _name_rules(row_name_, row.label, others, "update", has_join_column=has_join_column, is_morph=True)
        morphs.give_name(row, row_name_)
    return problems


def _apply_settings(field: FieldMetadata, type_: FieldType, settings: Any) -> list[Problem]:
    if not type_.is_relation:
        problems = type_.settings_problems(settings)
        if not problems:
            cleaned = type_.clean_settings(settings)
            field.settings = None if cleaned is None else dict(cleaned)
        return problems
    given = dict(settings) if isinstance(settings, Mapping) else {}
    problems = type_.settings_problems({**given, "relationType": field.relation_type})
    on_delete = given.get("onDelete")
    if on_delete is not None and on_delete not in OnDelete.values:
        problems.append(Problem(INVALID, f"onDelete must be one of: {', '.join(OnDelete.values)}", on_delete))
    if problems:
        return problems
    kept = {**given, "relationType": field.relation_type}
    if field.join_name is not None:  # the column follows the field's name, whatever is sent
        field.on_delete = on_delete or field.on_delete
        kept |= {"onDelete": field.on_delete, "joinColumnName": field.join_name}
    field.settings = kept
    return []


def _unfit_problems(change: Change, field: FieldMetadata, type_: FieldType) -> list[Problem]:
    """The records whose values the settings that the field now has do not allow."""
    if type_.is_relation:
        return []
    count, ids = change.storage.unfit(cache.field_schema(field))
    if not count:
        return []
    message = f"Settings cannot be changed for field {field.name}: "
    if not change.may_read(field):
        return [Problem(INVALID, message + "some records have values that they do not allow")]
    message += f"{count} records have values that they do not allow"
    return [Problem(INVALID, message, {"recordIds": [str(each) for each in ids]})]


def _apply_options(
    field: FieldMetadata, type_: FieldType, options: Any
) -> tuple[Mapping[str, str | None], list[Problem]]:
    """Put the options on the field, its default renamed with them; answers old values → new ones, or None."""
    problems = type_.options_problems(options)
    if problems:
        return {}, problems
    before = cache.field_schema(field).options
    kept = type_.clean_options(options, before)
    by_id = {each["id"]: each["value"] for each in kept}
    values = set(by_id.values())
    replacements = {
        each.value: by_id.get(each.id, each.value if each.value in values else None)
        for each in before
        if by_id.get(each.id) != each.value
    }
    replacements = {old: new for old, new in replacements.items() if old != new}
    field.options = list(kept)
    field.default_value = _renamed_default(field.default_value, replacements)
    return replacements, []


def _renamed_default(default: Any, replacements: Mapping[str, str | None]) -> Any:
    """The default with renamed options; removed ones stay, so that the check names them.

    >>> _renamed_default(["'A'", "'B'"], {"A": "A2"}), _renamed_default("'A'", {"A": None})
    (["'A2'", "'B'"], "'A'")
    """
    if isinstance(default, list):
        return [_renamed_default(each, replacements) for each in default]
    if not isinstance(default, str):
        return default
    new = replacements.get(unquote(default))
    return default if new is None else f"{default[0]}{new}{default[-1]}"


def _apply_unique(
    change: Change, field: FieldMetadata, type_: FieldType, is_unique: bool, was_unique: bool
) -> list[Problem]:
    if not is_unique:
        if was_unique and not _custom_unique(field):
            message = "Cannot delete unique index that have not been created by the workspace custom application"
            return [Problem(INVALID, message, field.name)]
        field.is_unique = False
        return []
    field.is_unique = True
    if field.secret_flag is not None:  # values that are alike are stored unlike
        return [Problem(INVALID, f"Field {field.name} cannot be unique: its values are encrypted", field.name)]
    schema = cache.field_schema(field)
    problems = type_.unique_problems(schema)
    if problems or was_unique:
        return problems
    duplicates = change.storage.duplicates(schema)
    if duplicates and not change.may_read(field):
        message = f"Unique index cannot be created for field {field.name}: several records have the same value"
        return [Problem("INDEX_CREATION_FAILED", message)]
    return [
        Problem(
            "INDEX_CREATION_FAILED",
            f"Unique index cannot be created for field {field.name}: "
            f"{len(ids)} records have the value {json.dumps(_shown(values), ensure_ascii=False, default=str)}",
            {"value": _shown(values), "recordIds": [str(each) for each in ids]},
        )
        for values, ids in duplicates
    ]


def _shown(values: Sequence[Any]) -> Any:
    shown = [each if isinstance(each, str | int | float | bool | None) else str(each) for each in values]
    return shown[0] if len(shown) == 1 else shown


def _custom_unique(field: FieldMetadata) -> bool:
    """Whether the field's unique index was made in this workspace rather than by the standard model."""
    return IndexMetadata.objects.filter(
        workspace_id=field.workspace_id, index_fields__field=field, is_unique=True, is_custom=True
    ).exists()


def _write_uniqueness(change: Change, field: FieldMetadata, was_unique: bool) -> None:
    if field.is_unique == was_unique:
        return
    if field.is_unique:
        _write_indexes(change, [field])
        IndexMetadata.objects.filter(workspace=change.workspace, index_fields__field=field, is_unique=True).update(
            is_custom=True
        )
        return
    change.storage.drop_unique_index(field.id)
    IndexMetadata.objects.filter(workspace=change.workspace, index_fields__field=field, is_unique=True).delete()


def _add_morph_targets(change: Change, field: FieldMetadata, obj: ObjectMetadata, payload: Any) -> None:
    """New rows of a morph relation, for targets that it does not have yet."""
    payloads = read_morph_payloads(change, obj.id, _completed(change, field, payload))
    if isinstance(payloads, Problem):
        raise MetadataValidationFailed([_failure(field, obj, "update", [payloads])])
    known = {each.relation_target_object_id for each in change.fields_of(obj.id) if each.morph_id == field.morph_id}
    added = [each for each in payloads if each.target.id not in known]
    if any(each.kind != field.relation_type for each in added):
        message = "Morph relation creation payloads must have the same relation type"
        raise MetadataValidationFailed(
            [_failure(field, obj, "update", [Problem("FIELD_METADATA_RELATION_MALFORMED", message)])]
        )
    given = {
        "name": morphs.base_name(change, [field, *morphs.siblings_of(change, field)]),
        "label": field.label,
        "icon": field.icon,
        "description": field.description,
        "isLabelSyncedWithName": field.is_label_synced_with_name,
        "isNullable": field.is_nullable,
    }
    _write_new_fields(change, _relation_fields(change, obj, field_type(field.type), given, added, field.morph_id, []))


def _completed(change: Change, field: FieldMetadata, payload: Any) -> Any:
    """The payloads, with what they leave out as it is on the targets that the relation has."""
    if not isinstance(payload, list):
        return payload
    other = change.find_field(field.relation_target_field_id) if field.relation_target_field_id else None
    missing: dict[str, Any] = {"type": field.relation_type}
    if other is not None:
        missing |= {"targetFieldLabel": other.label, "targetFieldName": other.name, "targetFieldIcon": other.icon}
    return [_completed_payload(each, missing) if isinstance(each, Mapping) else each for each in payload]


def _completed_payload(payload: Mapping[str, Any], missing: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in payload.items() if value is not None}
    if "targetFieldLabel" in given:  # which says the name
        missing = {name: value for name, value in missing.items() if name != "targetFieldName"}
    return {**missing, **given}


# Order -----------------------------------------------------------------------------------------------


def field_order(*, workspace_id: UUID, object_id: UUID, field_ids: Sequence[UUID]) -> None:
    """Put fields of the object into this order; those not named keep their places. Raises ObjectMetadataNotFound."""
    with changing(workspace_id) as change:
        if object_id not in change.objects:
            raise ObjectMetadataNotFound()
        fields = change.fields_of(object_id)
        named = iter(
            sorted((each for each in fields if each.id in field_ids), key=lambda each: field_ids.index(each.id))
        )
        ordered = [next(named) if each.id in field_ids else each for each in fields]
        for place, field in enumerate(ordered):
            field.position = place
        FieldMetadata.objects.bulk_update(ordered, ["position"])


# Delete ----------------------------------------------------------------------------------------------


def field_delete(*, workspace_id: UUID, field_id: UUID) -> FieldMetadata:
    """Delete a custom field with its values; of a relation both sides, of a morph relation every row.

    Answers the field as it was. Raises FieldMetadataNotFound, MetadataValidationFailed.
    """
    with changing(workspace_id) as change:
        field = change.find_field(field_id)
        if field is None:
            raise FieldMetadataNotFound("Field metadata to delete not found")
        obj = change.objects[field.object_id]
        field.object = obj
        problems = _deletion_problems(field, obj)
        if problems:
            raise MetadataValidationFailed([_failure(field, obj, "delete", problems)])
        change.watch(field)
        change.watch_search(obj.id)
        remove_fields(change, _with_counterparts(change, field))
        obj.updated_at = change.now
        if obj.image_identifier_field_id == field.id:
            obj.image_identifier_field_id = None
        follow_fields(obj, dict.fromkeys(columns_of(field)))
        obj.save(update_fields=["updated_at", "image_identifier_field_id", "duplicate_criteria"])
    return field


def _deletion_problems(field: FieldMetadata, obj: ObjectMetadata) -> list[Problem]:
    if field.is_system or field.is_managed:
        return [Problem(NOT_ALLOWED, "System fields cannot be deleted", field.name)]
    if field.id == obj.label_identifier_field_id:
        return [Problem(INVALID, "Cannot delete, please update the label identifier field first", field.name)]
    if not field.is_custom:
        return [Problem(INVALID, "Standard Fields can't be deleted", field.name)]
    return []


def _with_counterparts(change: Change, field: FieldMetadata) -> list[FieldMetadata]:
    """The field with the other side of its relation, and with every row of a morph relation and their other sides."""
    if field.relation_target_field_id is None:
        return [field]
    other = change.find_field(field.relation_target_field_id)
    morph_id = field.morph_id or (other.morph_id if other is not None else None)
    rows = (
        [field]
        if morph_id is None or field.morph_id is None
        else list(
            FieldMetadata.objects.filter(workspace=change.workspace, object_id=field.object_id, morph_id=morph_id)
        )
    )
    target_ids = {each.relation_target_field_id for each in rows if each.relation_target_field_id is not None}
    return [*rows, *FieldMetadata.objects.filter(workspace=change.workspace, id__in=target_ids)]


# Rules -----------------------------------------------------------------------------------------------


def _name_rules(
    name: str,
    label: str,
    others: Sequence[FieldMetadata],
    operation: Literal["create", "update"],
    *,
    is_synced: bool = False,
    has_join_column: bool = False,
    is_morph: bool = False,
) -> list[Problem]:
    """The rules of a name, and whether it is free on the object; `others` are the object's other fields.

    The row of a morph relation appends its target's name to one that is checked by itself.
    """
    taken = taken_names(others)
    if is_morph:
        problems = [taken_problem(name)] if name in taken else []
    else:
        problems = field_problems(
            name,
            label,
            operation=operation,
            is_label_synced=is_synced,
            taken=taken,
            composite_columns=_composite_columns(others),
        )
    if has_join_column and f"{name}Id" in taken:
        problems.append(taken_problem(f"{name}Id"))
    return problems


def _composite_columns(fields: Sequence[FieldMetadata]) -> set[str]:
    return {composite_column(field.name, part) for field in fields for part in field_type(field.type).subfields}


def _entity(obj: ObjectMetadata, name: str, universal_identifier: UUID) -> dict[str, Any]:
    return {
        "universalIdentifier": str(universal_identifier),
        "name": name,
        "objectMetadataUniversalIdentifier": str(obj.universal_identifier),
    }


def _failure(field: FieldMetadata, obj: ObjectMetadata, operation: Operation, problems: list[Problem]) -> Failure:
    return Failure("fieldMetadata", operation, problems, _entity(obj, field.name, field.universal_identifier))
