"""Rules between the members of one row: each function gives what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from config.http.bounds import MAX
from metadata import layout_models as shown
from metadata import schema_rows
from metadata.fieldtypes.registry import field_type
from metadata.models import FieldMetadata
from metadata.services.layout.conditions import anywhere, filter_values, is_sayable
from metadata.services.layout.members import Row
from metadata.services.layout.operands import operands_of

_FIELD_AGGREGATES: Mapping[str, str] = {
    "MIN": "min",
    "MAX": "max",
    "AVG": "avg",
    "SUM": "sum",
    "COUNT_TRUE": "countTrue",
    "COUNT_FALSE": "countFalse",
}


def _aggregate_problems(name: str, operation: str | None, subject: FieldMetadata | None) -> list[str]:
    if operation is None or operation == shown.AggregateOperations.COUNT or subject is None:
        return []
    type_ = field_type(subject.type)
    needed = _FIELD_AGGREGATES.get(operation)
    offered = {*type_.aggregates, *(name for part in type_.subfields.values() for name in part.aggregates)}
    if needed is None or needed in offered:
        return []
    return [f"{name} {operation} is not available for field {subject.name} of type {subject.type}"]


def view_rules(view: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    problems = []
    grouping, calendar = fields.get(view.main_group_by_field_id), fields.get(view.calendar_field_id)
    if grouping is not None and not field_type(grouping.type).has_options:
        problems.append("mainGroupByFieldMetadataId must be a field with options")
    if view.type == shown.ViewType.KANBAN and grouping is None:
        problems.append("mainGroupByFieldMetadataId should not be empty for a KANBAN view")
    if view.type == shown.ViewType.CALENDAR and calendar is None:
        problems.append("calendarFieldMetadataId should not be empty for a CALENDAR view")
    ends = (
        ("calendarFieldMetadataId", calendar),
        ("calendarEndFieldMetadataId", fields.get(view.calendar_end_field_id)),
    )
    problems += [
        f"{name} must be a date field" for name, each in ends if each is not None and not field_type(each.type).is_date
    ]
    aggregated = fields.get(view.kanban_aggregate_operation_field_id)
    problems += _aggregate_problems("kanbanAggregateOperation", view.kanban_aggregate_operation, aggregated)
    return problems or _too_many_conditions(view, [])


def view_field_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    return _aggregate_problems("aggregateOperation", row.aggregate_operation, fields.get(row.field_id))


def _sub_field_problems(part: str | None, subject: FieldMetadata) -> list[str]:
    parts = field_type(subject.type).subfields
    if part is None or not parts or part in parts:
        return []
    return [f"Unknown sub-field {part} on composite field {subject.name}"]


def sort_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    """Clients name a sub-field of plain fields too, where it says nothing."""
    subject = fields.get(row.field_id)
    return [] if subject is None else _sub_field_problems(row.sub_field_name, subject)


def filter_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    """The operand fits what is compared, and the value both; of options it becomes a list of them."""
    subject = fields.get(row.field_id)
    if subject is None:
        return []
    if row.relation_target_field_id is not None:
        related = fields.get(row.relation_target_field_id)
        if related is None or related.object_id != subject.relation_target_object_id:
            return [f"relationTargetFieldMetadataId is not a field of the object that {subject.name} leads to"]
        subject = related
    type_ = field_type(subject.type)
    if row.sub_field_name is not None and not type_.subfields:
        return [f"subFieldName must not be set: field {subject.name} is not composite"]
    problems = _sub_field_problems(row.sub_field_name, subject)
    operands = operands_of(type_, row.sub_field_name)
    if not problems and row.operand not in operands:
        problems.append(
            f'Operand "{row.operand}" is not supported on field type "{subject.type}".'
            f" Supported operands: {', '.join(operands)}."
        )
    if not problems and type_.has_options:
        problems = _settle_options(row, subject)
    return problems or _unsayable(row, subject)


def _unsayable(row: Row, subject: FieldMetadata) -> list[str]:
    """Why no record could be read through the filter. The value is not repeated: it may be kept from who asks."""
    compared = schema_rows.field_schema(subject)
    is_too_far = row.relation_target_field_id is not None and compared.is_to_many
    if is_too_far or not is_sayable(row.operand, row.value, compared, row.sub_field_name):
        return [f'value cannot be compared by operand "{row.operand}" with field {subject.name} of type {subject.type}']
    others = shown.ViewFilter.objects.filter(view_id=row.view_id, deleted_at=None).exclude(id=row.id)
    filters = [(row.operand, row.value, subject.type), *_weighed(others)]
    too_many = _too_many_conditions(row.view, filters)
    if too_many:
        return too_many
    if sum(len(filter_values(value)) for _, value, _ in filters) > MAX.filter_values:
        return [f"The filters of the view have more than {MAX.filter_values} values"]
    return []


def _weighed(filters: QuerySet[shown.ViewFilter]) -> Iterable[tuple[str, object, str]]:
    """The operand, the value and the type of what is compared."""
    return filters.values_list("operand", "value", Coalesce("relation_target_field__type", "field__type"))


def _too_many_conditions(view: Row, filters: Sequence[tuple[str, object, str]]) -> list[str]:
    """Why a query could not hold the filters, with the view's text for any field. None given: those that are stored."""
    text = view.any_field_filter_value
    if not text and not filters:
        return []
    weight = 0
    if text:
        rows = FieldMetadata.objects.filter(workspace_id=view.workspace_id, object_id=view.object_id, is_active=True)
        weight = len(anywhere(text, map(schema_rows.field_schema, rows)))
        filters = filters or list(_weighed(shown.ViewFilter.objects.filter(view_id=view.id, deleted_at=None)))
    if weight + sum(_weight(*each) for each in filters) > MAX.view_conditions:
        return [f"The filters of the view come to more than {MAX.view_conditions} conditions"]
    return []


_EACH_APART = frozenset({shown.ViewFilterOperand.CONTAINS.value, shown.ViewFilterOperand.DOES_NOT_CONTAIN.value})


def _weight(operand: str, value: object, type_name: str) -> int:
    """How many conditions a filter comes to at most: ranges are two, and texts are looked for in every part."""
    times = len(filter_values(value)) if operand in _EACH_APART else 1
    return times * max(len(field_type(type_name).subfields), 2 if field_type(type_name).is_date else 1)


def _settle_options(row: Row, subject: FieldMetadata) -> list[str]:
    """Keep the value as a list of options; `""` in it stands for records without one, alone for no value yet."""
    if row.value == "":
        return []
    chosen = filter_values(row.value)
    if not all(isinstance(each, str) for each in chosen):
        return [f"value must be a list of options of field {subject.name}"]
    offered = [each["value"] for each in subject.options or ()]
    type_ = field_type(subject.type)
    if any(each != "" and type_.view_value(each) not in offered for each in chosen):
        # the stored value may be kept from who asks, so it is not repeated
        return [f"value has options that field {subject.name} does not have. Its options are: {', '.join(offered)}"]
    row.value = chosen
    return []


def filter_group_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    groups = shown.ViewFilterGroup.objects.filter(view_id=row.view_id, deleted_at=None)
    parents = {**dict(groups.values_list("id", "parent_view_filter_group_id")), row.id: row.parent_view_filter_group_id}
    above, each = [row.id], row.parent_view_filter_group_id
    while each is not None:
        if each in above:
            return ["parentViewFilterGroupId must not make a circle"]
        above.append(each)
        each = parents.get(each)
    children: dict[UUID | None, list[UUID]] = {}
    for id, parent_id in parents.items():
        children.setdefault(parent_id, []).append(id)
    levels, seen, level = len(above), {row.id}, children.get(row.id, [])
    while level:
        levels += 1
        seen.update(level)
        level = [below for each in level for below in children.get(each, ()) if below not in seen]
    if levels > MAX.view_filter_group_depth:
        return [f"View filter group hierarchy exceeds maximum depth of {MAX.view_filter_group_depth}"]
    return []
