"""Changes of a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from config.errors import FieldMetadataNotFound, MetadataMutationNotAllowed, MetadataValidationFailed, Problem
from config.principal import EVERYTHING, Permissions
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_type
from metadata.inputs import require_texts
from metadata.models import FieldMetadata, ObjectMetadata, OnDelete
from metadata.services import morphs
from metadata.services.change import Change, changing, tidy
from metadata.services.columns import FIELD_COLUMNS
from metadata.services.criteria import columns_of, follow_fields
from metadata.services.fields.options import apply_options
from metadata.services.fields.relations import add_morph_targets
from metadata.services.fields.rules import INVALID, NOT_ALLOWED, failure, name_rules
from metadata.services.fields.uniqueness import apply_unique, write_uniqueness
from metadata.services.fields.writing import apply_default
from metadata.services.layout import links
from metadata.services.overrides import OVERRIDABLE_FIELD, apply_overrides

_EDITABLE = (
    "name", "label", "description", "icon", "isActive", "isUnique", "isLabelSyncedWithName", "defaultValue",
    "options", "settings", "isSearchable", "isAuditLogged", "translations", "morphRelationsUpdatePayload",
)  # fmt: skip

_RELATION_EDITABLE = frozenset(
    {"label", "description", "isActive", "icon", "name", "settings", "isLabelSyncedWithName", "translations"}
    | {"morphRelationsUpdatePayload", "isAuditLogged"}
)

_STANDARD_FORBIDDEN = ("isLabelSyncedWithName", "name")


def field_update(
    *, workspace_id: UUID, field_id: UUID, update: Mapping[str, object], permissions: Permissions = EVERYTHING
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
            raise MetadataValidationFailed([failure(field, obj, "update", problems)])
        change.watch(field)
        change.watch_search(obj.id)
        _apply_update(change, field, obj, type_, given)
        obj.updated_at = change.now
        obj.save(update_fields=["updated_at", "duplicate_criteria"])
    return field


_NULLABLE = frozenset({"description", "icon", "defaultValue", "settings", "isSearchable"})


def _refuse_forbidden(field: FieldMetadata, given: Mapping[str, object]) -> None:
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
    field: FieldMetadata, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, object]
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
        replacements, option_faults = apply_options(field, type_, given["options"])
        problems += option_faults
    if not type_.is_relation and given.keys() & {"defaultValue", "options", "settings"} and not problems:
        problems += apply_default(field, type_, given.get("defaultValue", field.default_value))
    if "isUnique" in given or (field.is_unique and "defaultValue" in given):
        problems += apply_unique(change, field, type_, bool(given.get("isUnique", field.is_unique)), was_unique)
    if problems:
        raise MetadataValidationFailed([failure(field, obj, "update", problems)])
    for each in (field, *siblings):
        each.updated_at = change.now
        each.save()
    if replacements:
        change.storage.replace_options(schema_rows.field_schema(field), replacements)
    if "options" in given and type_.has_options:
        links.options_changed(field, replacements)
    if "settings" in given:
        links.settings_changed(field)
    if hidden:
        links.fields_hidden(hidden)
    renamed = [name for row in (field, *siblings) for name in columns_of(row)]
    follow_fields(obj, dict(zip(columns, renamed, strict=True)))
    write_uniqueness(change, field, was_unique)
    if "morphRelationsUpdatePayload" in given and field.morph_id is not None:
        add_morph_targets(change, field, obj, given["morphRelationsUpdatePayload"])


def _rename(change: Change, field: FieldMetadata, siblings: Sequence[FieldMetadata], name: str) -> list[Problem]:
    """Give the field the name, and each row of its morph relation the one that is made of it.

    Checks the name against the label too, so it is called when either of them changes.
    """
    is_synced = field.is_label_synced_with_name
    if field.morph_id is None:
        others = [each for each in change.fields_of(field.object_id) if each.id != field.id]
        problems = name_rules(
            name, field.label, others, "update", is_synced=is_synced, has_join_column=field.join_name is not None
        )
        morphs.give_name(field, name)
        return problems
    rows = [field, *siblings]
    base = morphs.base_name(change, rows) if name == field.name else name
    others = [each for each in change.fields_of(field.object_id) if each not in rows]
    problems = name_rules(base, field.label, [], "update", is_synced=is_synced)
    if name == field.name:
        return problems  # a label is no name: rows that are still called after an old one keep it
    for row in rows:
        row_name_ = base + morphs.suffix(change, row)
        has_join_column = row.join_name is not None
        problems += name_rules(row_name_, row.label, others, "update", has_join_column=has_join_column, is_morph=True)
        morphs.give_name(row, row_name_)
    return problems


def _apply_settings(field: FieldMetadata, type_: FieldType, settings: object) -> list[Problem]:
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
    count, ids = change.storage.unfit(schema_rows.field_schema(field))
    if not count:
        return []
    message = f"Settings cannot be changed for field {field.name}: "
    if not change.may_read(field):
        return [Problem(INVALID, message + "some records have values that they do not allow")]
    message += f"{count} records have values that they do not allow"
    return [Problem(INVALID, message, {"recordIds": [str(each) for each in ids]})]
