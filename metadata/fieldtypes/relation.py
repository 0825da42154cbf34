"""A link to a record of another object: the id on the to-one side, nothing on the to-many side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from config.errors import InvalidValue, Problem
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT, FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.parts import Json, Samples, refused
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import UUID
from metadata.fieldtypes.uuid import EXAMPLE, UUID_OPERATORS, clean_uuid, coerce_uuid, uuid_message

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

_ID_SAMPLES = Samples(
    good=[(EXAMPLE, EXAMPLE), (EXAMPLE.upper(), EXAMPLE), (None, None)],
    bad=refused(("non-uuid", "", 1, True, {}, []), lambda value: uuid_message(value, "sampleId")),
    answers=[(EXAMPLE, EXAMPLE), (None, None)],
    operands={"eq": EXAMPLE, "in": EXAMPLE.upper(), "lte": EXAMPLE},
)


@register
class RelationType(FieldType):
    """Stored on the MANY_TO_ONE side: the target's id, answered as the join member (`companyId`).

    `clean` takes that id; `connect` and `disconnect` need other records and are done by the writer.
    """

    name = "RELATION"
    label = "Relation"
    description = "A link between records of two objects."

    sql_type = UUID
    operators = UUID_OPERATORS
    is_relation = True
    unique_capable = False
    has_counts = False

    graphql = "ID"
    graphql_filter = "UUIDFilter"
    samples = _ID_SAMPLES

    def clean(self, value: Json, field: FieldSchema) -> Json:
        relation = field.relation
        if relation is not None and not relation.is_to_one:
            raise InvalidValue(
                f"One-to-many relation {field.name} field does not support write operations.", path=field.name
            )
        if value is None:
            return None
        return clean_uuid(value, field.name if relation is None else relation.join_name or field.name)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_uuid(value, operator, path)

    def settings_problems(self, settings: Json) -> list[Problem]:
        problems = super().settings_problems(settings)
        if isinstance(settings, Mapping) and settings.get("relationType") == "MANY_TO_ONE":
            join_name = settings.get("joinColumnName")
            if not isinstance(join_name, str) or not join_name:
                message = "Many to one field metadata should carry the join column name in its settings"
                problems.append(Problem(INVALID_FIELD_INPUT, message, join_name))
        if (
            isinstance(settings, Mapping)
            and settings.get("relationType") == "ONE_TO_MANY"
            and settings.get("onDelete") is not None
        ):
            message = "onDelete can be set on the MANY_TO_ONE side of a relation only"
            problems.append(Problem(INVALID_FIELD_INPUT, message, settings["onDelete"]))
        return problems

    def default_problems(self, default: Json, field: FieldSchema) -> list[Problem]:
        return []

    def clean_default(self, default: Json, field: FieldSchema) -> Json:
        return None

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        # Whatever `isNullable` says: what it leads to can be destroyed, and a write may leave it out.
        return nullable({"type": "string", "format": "uuid", "examples": [EXAMPLE]})
