"""Both sides of a relation, for every target of a morph relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from config.errors import Failure, MetadataValidationFailed, Problem
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_type
from metadata.models import FieldMetadata, ObjectMetadata, RelationType
from metadata.services import morphs
from metadata.services.change import Change
from metadata.services.fields.rules import entity_of, failure, name_rules, unprepared
from metadata.services.fields.writing import write_new_fields
from metadata.services.relations import (
    Payload,
    build_relation,
    read_morph_payloads,
    read_payload,
    row_name,
)
from metadata.services.rows import (
    RelationEnd,
    next_position,
)


def create_relation(change: Change, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, Any]) -> FieldMetadata:
    is_morph = type_.is_morph
    if is_morph:
        payloads = read_morph_payloads(change, obj.id, given.get("morphRelationsCreationPayload"))
    else:
        payload = read_payload(change, given.get("relationCreationPayload"))
        payloads = payload if isinstance(payload, Problem) else [payload]
    if isinstance(payloads, Problem):
        raise unprepared(payloads)
    failures: list[Failure] = []
    problems: list[Problem] = []
    if given.get("isUnique"):
        message = f"Unique index cannot be created for field {given['name']} of type {type_.name}"
        problems.append(Problem("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE", message))
    if isinstance(given.get("settings"), Mapping) and payloads[0].kind == RelationType.ONE_TO_MANY:
        problems += type_.settings_problems({**given["settings"], "relationType": payloads[0].kind})
    if is_morph:  # the rows' names are made of this one
        is_synced = bool(given.get("isLabelSyncedWithName"))
        problems += name_rules(given["name"], given["label"], [], "create", is_synced=is_synced)
    if problems:
        failures.append(Failure("fieldMetadata", "create", problems, entity_of(obj, given["name"], uuid4())))
    fields = _relation_fields(change, obj, type_, given, payloads, uuid4() if is_morph else None, failures)
    write_new_fields(change, fields)
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
        source_problems = name_rules(
            name,
            given["label"],
            existing[obj.id],
            "create",
            is_synced=bool(given.get("isLabelSyncedWithName")),
            has_join_column=payload.kind == RelationType.MANY_TO_ONE,
            is_morph=morph_id is not None,
        )
        if source_problems:
            failures.append(Failure("fieldMetadata", "create", source_problems, entity_of(obj, name, uuid4())))
        other_name = payload.name
        taken_on_target = existing[payload.target.id]
        if payload.target.id == obj.id:
            taken_on_target = [*taken_on_target, FieldMetadata(name=name, type="RELATION")]
        target_problems = name_rules(
            other_name,
            payload.label,
            taken_on_target,
            "create",
            has_join_column=payload.kind == RelationType.ONE_TO_MANY,
        )
        if target_problems:
            entity = entity_of(payload.target, other_name, uuid4())
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


def add_morph_targets(change: Change, field: FieldMetadata, obj: ObjectMetadata, payload: object) -> None:
    """New rows of a morph relation, for targets that it does not have yet."""
    payloads = read_morph_payloads(change, obj.id, _completed(change, field, payload))
    if isinstance(payloads, Problem):
        raise MetadataValidationFailed([failure(field, obj, "update", [payloads])])
    known = {each.relation_target_object_id for each in change.fields_of(obj.id) if each.morph_id == field.morph_id}
    added = [each for each in payloads if each.target.id not in known]
    if any(each.kind != field.relation_type for each in added):
        message = "Morph relation creation payloads must have the same relation type"
        raise MetadataValidationFailed(
            [failure(field, obj, "update", [Problem("FIELD_METADATA_RELATION_MALFORMED", message)])]
        )
    given = {
        "name": morphs.base_name(change, [field, *morphs.siblings_of(change, field)]),
        "label": field.label,
        "icon": field.icon,
        "description": field.description,
        "isLabelSyncedWithName": field.is_label_synced_with_name,
        "isNullable": field.is_nullable,
    }
    write_new_fields(change, _relation_fields(change, obj, field_type(field.type), given, added, field.morph_id, []))


def _completed(change: Change, field: FieldMetadata, payload: object) -> object:
    """The payloads, with what they leave out as it is on the targets that the relation has."""
    if not isinstance(payload, list):
        return payload
    other = change.find_field(field.relation_target_field_id) if field.relation_target_field_id else None
    missing: dict[str, object] = {"type": field.relation_type}
    if other is not None:
        missing |= {"targetFieldLabel": other.label, "targetFieldName": other.name, "targetFieldIcon": other.icon}
    return [_completed_payload(each, missing) if isinstance(each, Mapping) else each for each in payload]


def _completed_payload(payload: Mapping[str, object], missing: Mapping[str, object]) -> dict[str, object]:
    given = {name: value for name, value in payload.items() if value is not None}
    if "targetFieldLabel" in given:  # which says the name
        missing = {name: value for name, value in missing.items() if name != "targetFieldName"}
    return {**missing, **given}
