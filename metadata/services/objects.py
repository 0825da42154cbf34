"""Creating, changing and deleting objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from config.errors import (
    Failure,
    InvalidMetadataInput,
    MetadataMutationNotAllowed,
    MetadataValidationFailed,
    ObjectMetadataNotFound,
    Problem,
)
from config.texts import capitalised
from metadata.fieldtypes.registry import field_type
from metadata.inputs import OBJECT_CREATE_REQUIRED, require_texts
from metadata.models import (
    FieldMetadata,
    IndexFieldMetadata,
    IndexMetadata,
    ObjectMetadata,
    OpenRecordIn,
    RelationType,
)
from metadata.names import object_problems, taken_problem
from metadata.services import morphs
from metadata.services.autoindex import create_automatic_indexes
from metadata.services.change import Change, changing, tidy
from metadata.services.columns import OBJECT_COLUMNS
from metadata.services.criteria import criteria_problems
from metadata.services.default_relations import DEFAULT_RELATIONS, taken_problems, with_default_relations
from metadata.services.layout import links
from metadata.services.layout.defaults import create_default_views
from metadata.services.overrides import OVERRIDABLE_OBJECT, apply_overrides
from metadata.services.removal import remove_fields
from metadata.services.rows import (
    automatic_indexes,
    new_field,
    system_fields,
    taken_names,
)

INVALID: Final = "INVALID_OBJECT_INPUT"


# Create ----------------------------------------------------------------------------------------------


def object_create(*, workspace_id: UUID, values: Mapping[str, object]) -> ObjectMetadata:
    """A custom object with its system fields, its `name` (unless `skipNameField`) and its default relations.

    Raises InvalidInput, InvalidMetadataInput, MetadataValidationFailed, WorkspaceNotFound.
    """
    require_texts(values, OBJECT_CREATE_REQUIRED)
    given = tidy(values)
    if given.get("isRemote"):
        raise InvalidMetadataInput("Remote objects are not supported yet", sub_code=INVALID)
    with changing(workspace_id) as change:
        obj = ObjectMetadata(
            workspace=change.workspace,
            application_id=change.workspace.custom_application_id,
            is_custom=True,
            name_singular=given["nameSingular"],
            name_plural=given["namePlural"],
            label_singular=capitalised(given["labelSingular"]),
            label_plural=capitalised(given["labelPlural"]),
            description=given.get("description"),
            icon=given.get("icon"),
            color=given.get("color"),
            shortcut=given.get("shortcut"),
            is_label_synced_with_name=bool(given.get("isLabelSyncedWithName")),
        )
        problems = _object_problems(change, obj)
        if problems:
            raise MetadataValidationFailed([_failure(obj, "create", problems)])
        fields = system_fields(obj)
        if not given.get("skipNameField"):
            fields.insert(1, _name_field(obj))
        ids = {each.name: each.id for each in fields}
        obj.label_identifier_field_id = ids.get("name", ids["id"])
        fields, inverses = with_default_relations(change, obj, fields)
        _write_new_object(change, obj, fields, inverses)
    return obj


def _name_field(obj: ObjectMetadata) -> FieldMetadata:
    return new_field(
        obj,
        name="name",
        type_name="TEXT",
        label="Name",
        icon="IconAbc",
        description="Name",
        position=0.5,
        is_custom=True,
    )


def _write_new_object(
    change: Change, obj: ObjectMetadata, fields: list[FieldMetadata], inverses: list[FieldMetadata]
) -> None:
    obj.created_at = obj.updated_at = change.now
    obj.save(force_insert=True)
    touched = {each.object_id: each.object for each in inverses}
    ObjectMetadata.objects.bulk_update(touched.values(), ["used_storage_keys"])
    FieldMetadata.objects.bulk_create([*fields, *inverses])
    indexes = automatic_indexes(obj, fields)
    indexes += [index for each in inverses for index in automatic_indexes(each.object, [each])]
    IndexMetadata.objects.bulk_create([index for index, _ in indexes])
    IndexFieldMetadata.objects.bulk_create([column for _, columns in indexes for column in columns])
    change.storage.create_table(obj.id)
    for field in (*fields, *inverses):
        create_automatic_indexes(change.storage, field)
    create_default_views([obj], {obj.id: fields})


# Update ----------------------------------------------------------------------------------------------

_STANDARD_FORBIDDEN = ("isLabelSyncedWithName", "labelIdentifierFieldMetadataId", "namePlural", "nameSingular")
_SYSTEM_EDITABLE = frozenset({"isActive", "color", *OVERRIDABLE_OBJECT, "translations"})
_CLEARABLE = frozenset({"description", "icon", "color", "imageIdentifierFieldMetadataId", "duplicateCriteria"})
_REQUIRED_TEXTS = ("nameSingular", "namePlural", "labelSingular", "labelPlural")


def object_update(*, workspace_id: UUID, object_id: UUID, update: Mapping[str, object]) -> ObjectMetadata:
    """Change an object by API names. Labels and such of standard objects become overrides.

    Raises ObjectMetadataNotFound, InvalidInput, InvalidMetadataInput, MetadataValidationFailed.
    """
    require_texts(update, [name for name in _REQUIRED_TEXTS if update.get(name, None) is not None])
    given = {name: value for name, value in tidy(update).items() if name in OBJECT_COLUMNS or name == "translations"}
    with changing(workspace_id) as change:
        obj = change.objects.get(object_id)
        if obj is None:
            raise ObjectMetadataNotFound("Object to update not found")
        _refuse_forbidden(obj, given)
        change.watch(obj)
        change.watch_search(obj.id)
        before, names = (obj.name_singular, obj.label_singular), (obj.name_singular, obj.name_plural)
        named_before = _naming(obj)
        label_identifier = obj.label_identifier_field_id
        problems = _identifier_problems(change, obj, given)
        if given.get("duplicateCriteria") is not None:
            problems += criteria_problems(given["duplicateCriteria"], change.fields_of(obj.id))
        if not obj.is_custom:
            require_texts(given, [name for name in ("labelSingular", "labelPlural") if given.get(name) is not None])
            given = apply_overrides(obj, given, OVERRIDABLE_OBJECT)
        for name, value in given.items():
            if name in OBJECT_COLUMNS and (value is not None or name in _CLEARABLE):
                setattr(obj, OBJECT_COLUMNS[name], value)
        if obj.is_custom:
            problems = [*_object_problems(change, obj, is_named_anew=_naming(obj) != named_before), *problems]
        if problems:
            raise MetadataValidationFailed([_failure(obj, "update", problems)])
        obj.updated_at = change.now
        obj.save()
        if obj.is_custom and (obj.name_singular, obj.label_singular) != before:
            _rename_inverses(change, obj)
        if (obj.name_singular, obj.name_plural) != names:
            _rename_morph_rows(change, obj, names)
        if obj.label_identifier_field_id != label_identifier:
            links.label_identifier_changed(obj)
    return obj


def _refuse_forbidden(obj: ObjectMetadata, given: Mapping[str, object]) -> None:
    if obj.is_custom:
        return
    forbidden = [name for name in _STANDARD_FORBIDDEN if name in given]
    if forbidden:
        raise InvalidMetadataInput(
            f"Cannot edit standard object metadata properties: {', '.join(forbidden)}", sub_code=INVALID
        )
    if obj.is_system and not given.keys() <= _SYSTEM_EDITABLE:
        raise MetadataMutationNotAllowed(
            "System objects cannot be updated directly. Use standardOverrides for cosmetic changes.",
            sub_code="OBJECT_MUTATION_NOT_ALLOWED",
        )


def _identifier_problems(change: Change, obj: ObjectMetadata, given: dict[str, object]) -> list[Problem]:
    """What is wrong with the label and image identifiers; replaces their texts in `given` by UUIDs."""
    problems = []
    for name, capability in (
        ("labelIdentifierFieldMetadataId", "label_identifier_capable"),
        ("imageIdentifierFieldMetadataId", "image_identifier_capable"),
    ):
        if name not in given:
            continue
        value = given[name]
        if value is None:
            if capability == "label_identifier_capable":
                problems.append(Problem(INVALID, f"{name} cannot be null", None))
            continue
        field = next((each for each in change.fields_of(obj.id) if str(each.id) == str(value).lower()), None)
        if field is None:
            problems.append(Problem(INVALID, f"{name} validation failed: related field metadata not found", str(value)))
        elif not getattr(field_type(field.type), capability) and not (
            capability == "image_identifier_capable" and field_type(field.type).label_identifier_capable
        ):  # older models keep the address of a picture in a text
            problems.append(Problem(INVALID, f"{name} validation failed: field type not compatible", str(value)))
        elif not field.is_active:
            problems.append(Problem(INVALID, f"{name} validation failed: field is not active", str(value)))
        else:
            given[name] = field.id
            continue
        given.pop(name)
    return problems


def _rename_inverses(change: Change, obj: ObjectMetadata) -> None:
    """The default relations' fields on the standard objects follow the object's name and label; ids stay."""
    by_object = {relation.object_name: relation for relation in DEFAULT_RELATIONS}
    for field in change.fields_to(obj.id):
        relation = by_object.get(change.objects[field.object_id].name_singular)
        if not field.is_managed or relation is None or field.relation_type != RelationType.MANY_TO_ONE:
            continue
        name = relation.inverse_name(obj.name_singular)
        others = [each for each in change.fields_of(field.object_id) if each.id != field.id]
        problems = taken_problems(name, others)
        if problems:
            raise MetadataValidationFailed([_failure(obj, "update", problems)])
        field.name = name
        field.label = obj.label_singular
        field.join_name = f"{name}Id"
        field.settings = {**(field.settings or {}), "joinColumnName": field.join_name}
        field.updated_at = change.now
        field.save()


def _rename_morph_rows(change: Change, obj: ObjectMetadata, before: tuple[str, str]) -> None:
    """The rows of users' morph relations are named after the object: `ownerRocket`, or `ownerRockets` for many."""
    for row, name in morphs.named_after(change, obj, before):
        taken = taken_names([each for each in change.fields_of(row.object_id) if each.id != row.id])
        claimed = (name, f"{name}Id") if row.join_name is not None else (name,)
        problems = [taken_problem(each) for each in claimed if each in taken]
        if problems:
            raise MetadataValidationFailed([_failure(obj, "update", problems)])
        morphs.rename(change, row, name)


# Delete ----------------------------------------------------------------------------------------------


def object_delete(*, workspace_id: UUID, object_id: UUID) -> ObjectMetadata:
    """Delete a custom object with its records, and both sides of every relation that touches it.

    Answers the object as it was. Raises ObjectMetadataNotFound, MetadataValidationFailed.
    """
    with changing(workspace_id) as change:
        obj = change.objects.get(object_id)
        if obj is None:
            raise ObjectMetadataNotFound("Object to delete not found")
        refusal = deletion_refused(obj)
        if refusal is not None:
            problem = Problem("OBJECT_MUTATION_NOT_ALLOWED", refusal)
            raise MetadataValidationFailed([_failure(obj, "delete", [problem])])
        remove_fields(change, change.fields_to(obj.id))
        links.object_going(obj.id)
        ObjectMetadata.objects.filter(workspace=change.workspace, id=obj.id).delete()
        change.storage.drop_table(obj.id)
    return obj


# Rules -----------------------------------------------------------------------------------------------


def deletion_refused(obj: ObjectMetadata) -> str | None:
    """Why an object cannot be deleted; None: it can."""
    if obj.is_system:
        return "System objects cannot be deleted"
    return None if obj.is_custom else "Standard objects cannot be deleted"


def _naming(obj: ObjectMetadata) -> tuple[str | bool, ...]:
    names = (obj.name_singular, obj.name_plural, obj.label_singular, obj.label_plural)
    return (*names, obj.is_label_synced_with_name)


def _object_problems(change: Change, obj: ObjectMetadata, *, is_named_anew: bool = True) -> list[Problem]:
    """Every rule that the object, as it would become, breaks.

    Names and labels that stay as they are may have been made by an older rule.
    """
    others = [each for each in change.objects.values() if each.id != obj.id]
    problems = object_problems(
        obj.name_singular,
        obj.name_plural,
        obj.label_singular,
        obj.label_plural,
        is_label_synced=obj.is_label_synced_with_name and is_named_anew,
        taken={name for each in others for name in (each.name_singular, each.name_plural)},
    )
    if obj.open_record_in not in OpenRecordIn.values:
        problems.append(Problem(INVALID, f"openRecordIn must be one of: {', '.join(OpenRecordIn.values)}"))
    return problems


def _failure(obj: ObjectMetadata, operation: Any, problems: list[Problem]) -> Failure:
    return Failure(
        "objectMetadata",
        operation,
        problems,
        {
            "universalIdentifier": str(obj.universal_identifier),
            "nameSingular": obj.name_singular,
            "namePlural": obj.name_plural,
        },
    )
