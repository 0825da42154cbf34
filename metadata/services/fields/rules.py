"""What holds for the name of every field, and how a refusal says which field it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from config.errors import UNPREPARED_FIELD, Failure, MetadataValidationFailed, Operation, Problem
from metadata.fieldtypes.registry import field_type
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.names import composite_column, field_problems, taken_problem
from metadata.services.rows import (
    taken_names,
)

INVALID: Final = "INVALID_FIELD_INPUT"

NOT_ALLOWED: Final = "FIELD_MUTATION_NOT_ALLOWED"


def unprepared(problem: Problem) -> MetadataValidationFailed:
    return MetadataValidationFailed([Failure("fieldMetadata", "create", [problem])], UNPREPARED_FIELD)


def name_rules(
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


def entity_of(obj: ObjectMetadata, name: str, universal_identifier: UUID) -> dict[str, object]:
    return {
        "universalIdentifier": str(universal_identifier),
        "name": name,
        "objectMetadataUniversalIdentifier": str(obj.universal_identifier),
    }


def failure(field: FieldMetadata, obj: ObjectMetadata, operation: Operation, problems: list[Problem]) -> Failure:
    return Failure("fieldMetadata", operation, problems, entity_of(obj, field.name, field.universal_identifier))
