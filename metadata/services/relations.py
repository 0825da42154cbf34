"""Relations between objects: the payloads that describe them, and both of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from config.errors import InvalidMetadataInput, Problem
from config.http.inputs import uuid_of
from config.texts import capitalised
from metadata.models import FieldMetadata, ObjectMetadata, RelationType
from metadata.names import computed_name
from metadata.services.change import Change
from metadata.services.rows import RelationEnd, relation_pair

MALFORMED: Final = "FIELD_METADATA_RELATION_MALFORMED"


@dataclass(frozen=True, slots=True)
class Payload:
    """A checked relation payload; `kind` is seen from the field being created."""

    kind: str
    target: ObjectMetadata
    label: str
    icon: str
    name: str  # of the counterpart; empty when its label gives none, which its check reports


def read_payload(change: Change, payload: Any) -> Payload | Problem:
    """One relation payload, or what is wrong with it."""
    if payload is None:
        return Problem("INVALID_FIELD_INPUT", "Relation creation payload is required")
    faults = _payload_faults(payload)
    if faults:
        return Problem(MALFORMED, f"Relation creation payload is invalid: {', '.join(faults)}", payload)
    target_id = UUID(str(payload["targetObjectMetadataId"]))
    target = change.objects.get(target_id)
    if target is None:
        message = "Object metadata relation target not found for relation creation payload"
        return Problem(MALFORMED, message, str(target_id))
    label = payload["targetFieldLabel"]
    name = payload.get("targetFieldName") or _name_of(label)
    return Payload(payload["type"], target, label, payload.get("targetFieldIcon") or "Icon123", name)


def _payload_faults(payload: object) -> list[str]:
    """What keeps a payload from saying what relation is meant."""
    if not isinstance(payload, Mapping):
        return ["it must be an object"]
    faults = []
    if payload.get("type") not in RelationType.values:
        faults.append(
            f"type must be one of the following values: {', '.join(sorted(RelationType.values, reverse=True))}"
        )
    if not (uuid_of(payload.get("targetObjectMetadataId")) is not None):
        faults.append("targetObjectMetadataId must be a UUID")
    if not isinstance(payload.get("targetFieldLabel"), str):
        faults.append("targetFieldLabel must be a string")
    further = ("targetFieldIcon", "targetFieldName")
    return faults + [f"{name} must be a string" for name in further if not isinstance(payload.get(name), str | None)]


def read_morph_payloads(change: Change, source_id: UUID, payloads: object) -> list[Payload] | Problem:
    """The payloads of a morph relation: one per target, all of one type, none to the source itself."""
    if not isinstance(payloads, Sequence) or isinstance(payloads, str) or not payloads:
        return Problem(MALFORMED, "Morph relation creation payloads are empty")
    read: list[Payload] = []
    for payload in payloads:
        each = read_payload(change, payload)
        if isinstance(each, Problem):
            return each
        read.append(each)
    if len({each.kind for each in read}) > 1:
        return Problem(MALFORMED, "Morph relation creation payloads must have the same relation type")
    if any(each.target.id == source_id for each in read):
        return Problem(MALFORMED, "Morph relation creation payloads must not target source object metadata")
    if len({each.target.id for each in read}) < len(read):
        return Problem(
            MALFORMED, "Morph relation creation payloads must have only relation to the same object metadata"
        )
    return read


def row_name(name: str, payload: Payload) -> str:
    """The name of one row of a morph relation (`owner` → `ownerPerson`, or `ownerPeople` for many)."""
    target = payload.target
    return name + capitalised(target.name_singular if payload.kind == RelationType.MANY_TO_ONE else target.name_plural)


def _name_of(label: str) -> str:
    try:
        return computed_name(label)
    except InvalidMetadataInput:
        return ""


def build_relation(
    source: ObjectMetadata,
    source_end: RelationEnd,
    payload: Payload,
    target_position: float,
    morph_id: UUID | None,
) -> tuple[FieldMetadata, FieldMetadata]:
    """The source's field and its counterpart on the payload's target."""
    target = payload.target
    target_end = RelationEnd(
        name=payload.name,
        label=payload.label,
        icon=payload.icon,
        description=f"{source_end.label} of the {source.label_singular.lower()}",
        position=target_position,
        flags={"is_custom": True, "application_id": (source_end.flags or {})["application_id"]},
    )
    if payload.kind == RelationType.MANY_TO_ONE:
        return relation_pair(source, source_end, target, target_end, on_delete="SET_NULL", morph_id=morph_id)
    to_one, to_many = relation_pair(target, target_end, source, source_end, on_delete="SET_NULL", morph_id=morph_id)
    return to_many, to_one
