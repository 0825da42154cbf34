"""Creating, changing and deleting objects, with the relations that every object has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from config.errors import (
    CREATING_OBJECT,
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
from metadata.services.layout import links
from metadata.services.layout.defaults import create_default_views
from metadata.services.overrides import OVERRIDABLE_OBJECT, apply_overrides
from metadata.services.removal import remove_fields
from metadata.services.rows import (
    RelationEnd,
    automatic_indexes,
    new_field,
    next_position,
    relation_pair,
    system_fields,
    taken_names,
)

INVALID: Final = "INVALID_OBJECT_INPUT"


@dataclass(frozen=True, slots=True)
class DefaultRelation:
    """A standard object that every custom object is related to, and what both sides are called.

    `inverse_name` is the name of the field on the standard object, from the custom object's own.
    """

    object_name: str
    field_name: str
    label: str
    icon: str
    is_morph: bool
    inverse_name: Callable[[str], str]


def _target_name(name_singular: str) -> str:
    return f"target{capitalised(name_singular)}"


def _own_name(name_singular: str) -> str:
    return name_singular


DEFAULT_RELATIONS = (
    DefaultRelation(
        "timelineActivity", "timelineActivities", "Timeline Activities", "IconTimelineEvent", True, _target_name
    ),
    DefaultRelation("attachment", "attachments", "Attachments", "IconPaperclip", True, _target_name),
    DefaultRelation("noteTarget", "noteTargets", "Notes", "IconNotes", True, _target_name),
    DefaultRelation("taskTarget", "taskTargets", "Tasks", "IconCheckbox", True, _target_name),
    DefaultRelation("favorite", "favorites", "Favorites", "IconHeart", False, _own_name),
)


# Create ----------------------------------------------------------------------------------------------


def object_create(*, workspace_id: UUID, values: Mapping[str, Any]) -> ObjectMetadata:
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
        fields, inverses = _with_default_relations(change, obj, fields)
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


def _with_default_relations(
    change: Change, obj: ObjectMetadata, fields: list[FieldMetadata]
) -> tuple[list[FieldMetadata], list[FieldMetadata]]:
    """The object's fields with its ends of the default relations, and the other ends."""
    others = {
        relation.object_name: other
        for relation in DEFAULT_RELATIONS
        if (other := change.object_named(relation.object_name)) is not None and not other.is_custom
    }
    pairs = default_relations(obj, fields, others, {name: change.fields_of(each.id) for name, each in others.items()})
    own = [each for each in pairs if each.object_id == obj.id]
    return [*fields, *own], [each for each in pairs if each.object_id != obj.id]


def default_relations(
    obj: ObjectMetadata,
    own: Sequence[FieldMetadata],
    others: Mapping[str, ObjectMetadata],
    fields: Mapping[str, Sequence[FieldMetadata]],
) -> list[FieldMetadata]:
    """Both ends of a custom object's default relations to those of the `others` that take part in them.

    `own` and `fields` are what the objects have. Raises MetadataValidationFailed when a name is taken.
    """
    made: list[FieldMetadata] = []
    failures: list[Failure] = []
    for relation in DEFAULT_RELATIONS:
        other = others.get(relation.object_name)
        if other is None:
            continue
        theirs = [*fields[relation.object_name], *(each for each in made if each.object_id == other.id)]
        name = relation.inverse_name(obj.name_singular)
        problems = _taken_problems(name, theirs)
        if problems:
            failures.append(Failure("fieldMetadata", "create", problems, {"name": name}))
            continue
        flags = {"is_system": True, "is_managed": True}
        to_one, to_many = relation_pair(
            other,
            RelationEnd(
                name=name,
                label=obj.label_singular,
                icon=obj.icon or "IconBuildingSkyscraper",
                description=f"{other.label_singular} {obj.label_singular}",
                position=next_position(theirs),
                type_name="MORPH_RELATION" if relation.is_morph else "RELATION",
                flags=flags | {"application_id": obj.application_id},
            ),
            obj,
            RelationEnd(
                name=relation.field_name,
                label=relation.label,
                icon=relation.icon,
                description=f"{relation.label} tied to the {obj.label_singular}",
                position=next_position([*own, *(each for each in made if each.object_id == obj.id)]),
                flags=flags,
            ),
            on_delete="CASCADE",
            morph_id=_morph_id(theirs) if relation.is_morph else None,
        )
        made += [to_many, to_one]
    if failures:
        raise MetadataValidationFailed(failures, CREATING_OBJECT)
    return made


def _morph_id(fields: Sequence[FieldMetadata]) -> UUID:
    """The id that the rows of the object's own morph relation share."""
    return next((each.morph_id for each in fields if each.morph_id is not None and not each.is_custom), None) or uuid4()


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


def object_update(*, workspace_id: UUID, object_id: UUID, update: Mapping[str, Any]) -> ObjectMetadata:
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


def _refuse_forbidden(obj: ObjectMetadata, given: Mapping[str, Any]) -> None:
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


def _identifier_problems(change: Change, obj: ObjectMetadata, given: dict[str, Any]) -> list[Problem]:
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
        problems = _taken_problems(name, others)
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


def _taken_problems(name: str, others: Sequence[FieldMetadata]) -> list[Problem]:
    taken = taken_names(others)
    return [taken_problem(each) for each in (name, f"{name}Id") if each in taken]


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
