"""The standard objects of a workspace: their rows, relations, tables and views, all of them at first or some later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from config.errors import InvalidMetadataInput, MetadataConflict
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from metadata.services.autoindex import create_automatic_indexes
from metadata.services.change import changing
from metadata.services.default_relations import default_relations
from metadata.services.layout import links
from metadata.services.layout.defaults import create_default_views
from metadata.services.rows import (
    RelationEnd,
    automatic_indexes,
    identifier,
    next_position,
    relation_pair,
    standard_field,
    standard_object,
    system_fields,
)
from metadata.standard import CATALOGUE
from metadata.standard.definition import StandardObject, StandardRelation
from metadata.storage import Storage


def create_standard_objects(workspace: Workspace, catalogue: Sequence[StandardObject]) -> None:
    """The schema, objects, tables and views of a new workspace."""
    objects, fields = standard_rows(workspace.id, catalogue)
    storage = Storage(workspace)
    storage.create_schema()
    _write_standard(storage, objects.values(), [each for own in fields.values() for each in own])


def standard_rows(
    workspace_id: UUID,
    catalogue: Sequence[StandardObject],
    existing: Mapping[str, tuple[ObjectMetadata, list[FieldMetadata]]] | None = None,
) -> tuple[dict[str, ObjectMetadata], dict[str, list[FieldMetadata]]]:
    """Standard objects as rows in memory, and their new fields, by singular name.

    Relations lead to the `existing` standard objects too (given with their fields), and from them.
    """
    known = dict(existing or {})
    objects = {each.singular: standard_object(workspace_id, each) for each in catalogue}
    every = {name: obj for name, (obj, _) in known.items()} | objects
    fields: dict[str, list[FieldMetadata]] = {name: list(own) for name, (_, own) in known.items()}
    for definition in catalogue:
        obj = objects[definition.singular]
        own = system_fields(obj)
        own += [standard_field(obj, each, len(own) + place) for place, each in enumerate(definition.fields)]
        fields[definition.singular] = own
    for definition in CATALOGUE:
        if definition.singular in every:
            _add_relations(definition, every, fields, objects)
    for definition in catalogue:
        obj = objects[definition.singular]
        ids = {each.name: each.id for each in fields[definition.singular]}
        obj.label_identifier_field_id = ids[definition.label_identifier]
        obj.image_identifier_field_id = ids.get(definition.image_identifier or "")
    old = {each.id for _, own in known.values() for each in own}
    return objects, {name: [each for each in own if each.id not in old] for name, own in fields.items()}


def _write_standard(
    storage: Storage, objects: Iterable[ObjectMetadata], fields: Sequence[FieldMetadata], further: bool = False
) -> None:
    """Write new objects with the new fields, which may be of `further` objects too; make the tables and views."""
    objects = list(objects)
    by_object: dict[UUID, list[FieldMetadata]] = defaultdict(list)
    for field in fields:
        by_object[field.object_id].append(field)
    new = {each.id for each in objects}
    indexes = [each for own in by_object.values() for each in automatic_indexes(own[0].object, own)]
    ObjectMetadata.objects.bulk_create(objects)
    if further:
        touched = {each.object_id: each.object for each in fields if each.object_id not in new}
        ObjectMetadata.objects.bulk_update(touched.values(), ["used_storage_keys"])
    FieldMetadata.objects.bulk_create(fields)
    IndexMetadata.objects.bulk_create([index for index, _ in indexes])
    IndexFieldMetadata.objects.bulk_create([column for _, columns in indexes for column in columns])
    for obj in objects:
        storage.create_table(obj.id)
    for field in fields:
        create_automatic_indexes(storage, field)
    storage.flush()
    create_default_views(objects, by_object)
    if further:
        links.fields_created([each for each in fields if each.object_id not in new])


def standard_objects_add(*, workspace_id: UUID, names: Sequence[str]) -> None:
    """Give a workspace standard objects that it lacks, with their relations to what it has.

    Raises InvalidMetadataInput for a name that is none of a standard object, MetadataConflict for a taken one.
    """
    definitions = {each.singular: each for each in CATALOGUE}
    unknown = [name for name in names if name not in definitions]
    if unknown:
        raise InvalidMetadataInput(
            f"There is no standard object called {', '.join(unknown)}", sub_code="INVALID_OBJECT_INPUT"
        )
    with changing(workspace_id) as change:
        added = [each for each in CATALOGUE if each.singular in names]
        taken = {name for each in change.objects.values() for name in (each.name_singular, each.name_plural)}
        for each in added:
            if taken & {each.singular, each.plural}:
                raise MetadataConflict(f"Object {each.singular} already exists", sub_code="OBJECT_ALREADY_EXISTS")
        existing = {
            obj.name_singular: (obj, _with_object(obj, change.fields_of(obj.id)))
            for obj in change.objects.values()
            if not obj.is_custom
        }
        objects, fields = standard_rows(workspace_id, added, existing)
        for custom in [each for each in change.objects.values() if each.is_custom]:
            for field in default_relations(custom, change.fields_of(custom.id), objects, fields):
                fields.setdefault(field.object.name_singular, []).append(field)
        written = [each for own in fields.values() for each in own]
        _write_standard(change.storage, objects.values(), written, further=True)


def _with_object(obj: ObjectMetadata, fields: list[FieldMetadata]) -> list[FieldMetadata]:
    for field in fields:
        field.object = obj
    return fields


def _add_relations(
    definition: StandardObject,
    objects: Mapping[str, ObjectMetadata],
    fields: Mapping[str, list[FieldMetadata]],
    new: Container[str],
) -> None:
    """The relations of one object, those only that have a new object at one of their ends."""
    source = objects[definition.singular]
    known = (each.morph_id for each in fields[definition.singular] if not each.is_custom)
    morph_id = next((each for each in known if each is not None), None) or uuid4()
    for relation in definition.relations:
        target = objects.get(relation.target)
        if target is None or not (definition.singular in new or relation.target in new):
            continue
        to_one, to_many = relation_pair(
            source,
            _near_end(relation, source, next_position(fields[definition.singular])),
            target,
            _far_end(relation, target, next_position(fields[relation.target])),
            on_delete=relation.on_delete,
            morph_id=morph_id if relation.is_morph else None,
        )
        fields[definition.singular].append(to_one)
        fields[relation.target].append(to_many)


def _near_end(relation: StandardRelation, source: ObjectMetadata, position: float) -> RelationEnd:
    return RelationEnd(
        name=relation.name,
        label=relation.label,
        icon=relation.icon,
        description=relation.description or f"{source.label_singular} {relation.label.lower()}",
        position=position,
        type_name="MORPH_RELATION" if relation.is_morph else "RELATION",
        flags={
            "is_system": relation.is_system,
            "is_nullable": relation.is_nullable,
            "universal_identifier": identifier(source.name_singular, relation.name),
        },
    )


def _far_end(relation: StandardRelation, target: ObjectMetadata, position: float) -> RelationEnd:
    return RelationEnd(
        name=relation.inverse,
        label=relation.inverse_label,
        icon=relation.inverse_icon,
        description=relation.inverse_description
        or f"{relation.inverse_label} linked to the {target.label_singular.lower()}",
        position=position,
        flags={
            "is_system": relation.is_inverse_system,
            "universal_identifier": identifier(target.name_singular, relation.inverse),
        },
    )
