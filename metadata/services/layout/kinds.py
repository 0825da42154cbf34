"""Views, their parts and page layouts: one table of resources, and one writer for all of them.

A resource is what both APIs need to know of one kind: its members by API name, what they refer to, and
which rules hold between them. A write checks every member and every reference, reports all faults at
once, and locks the workspace so that no object or field goes away meanwhile. The data model's version
stays: records do not depend on views.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid4

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from config import audit
from config.errors import FieldMetadataNotFound, MetadataNotFound, ObjectMetadataNotFound
from config.http.bounds import MAX, check_count
from config.http.rights import require
from config.principal import EVERYTHING, Permissions, Principal
from config.texts import is_blank
from metadata import cache
from metadata import layout_models as shown
from metadata.fieldtypes.contract import field_type
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.services.layout.conditions import anywhere, filter_values, is_sayable
from metadata.services.layout.operands import operands_of
from metadata.services.locking import lock_workspace
from metadata.validation import InvalidInput

Kind = Literal["text", "flag", "number", "count", "json", "choice", "uuid", "object", "field", "related", "resource"]
Row = Any  # an instance of one of the models in metadata.layout_models

LARGEST_CREATED = 200  # rows made by one mutation
MAX_PARTS = 500  # view fields, filters, … of one view
MAX_VIEWS = 100  # of one object
LARGEST_COUNT = 10_000  # pixels or records


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `attribute` is the row's; `of` names the resource it refers to, `choices` the values it takes.

    A `count` is a whole number from 1 on; a `related` field is of the object that the row's relation leads to.
    """

    name: str
    attribute: str
    kind: Kind = "text"
    is_required: bool = False
    is_nullable: bool = False
    is_fixed: bool = False  # set at creation, then never changed
    choices: type[models.TextChoices] | None = None
    of: str | None = None
    holds_conditions: bool = False  # values of records, to compare with
    field_attributes: tuple[str, ...] = ()  # the row's, of the fields compared; (): conditions say it, in JSON
    object_attribute: str | None = None  # the row's, of the object whose fields are all compared


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of row. `parent` is the member that names what it belongs to, and its lists can be narrowed by it."""

    one: str  # viewField
    many: str  # viewFields
    label: str  # View field
    model: type[models.Model]
    members: tuple[Member, ...]
    parent: str | None
    is_parent_asked: bool = False  # a list needs the parent's id
    flag: str = "VIEWS"  # the settings flag that writing needs, beside DATA_MODEL
    limit: int = MAX_PARTS  # rows of one parent
    rules: Callable[[Row, Mapping[UUID, FieldMetadata]], list[str]] = field(default=lambda row, fields: [])
    ruled: frozenset[str] = frozenset()  # an update of none of these members is not asked for the rules; empty: all

    @property
    def pascal(self) -> str:
        return self.one[:1].upper() + self.one[1:]

    @property
    def by_name(self) -> Mapping[str, Member]:
        return {each.name: each for each in self.members}


def _fixed(name: str, attribute: str, kind: Kind, **more: Any) -> Member:
    return Member(name, attribute, kind, is_required=True, is_fixed=True, **more)


def _choice(name: str, attribute: str, choices: type[models.TextChoices], **more: Any) -> Member:
    return Member(name, attribute, "choice", choices=choices, **more)


def _part(of: str, attribute: str) -> Member:
    return _fixed(f"{of}Id", attribute, "resource", of=of)


# Rules between members -------------------------------------------------------------------------------

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


def _view_rules(view: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
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


def _view_field_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    return _aggregate_problems("aggregateOperation", row.aggregate_operation, fields.get(row.field_id))


def _sub_field_problems(part: str | None, subject: FieldMetadata) -> list[str]:
    parts = field_type(subject.type).subfields
    if part is None or not parts or part in parts:
        return []
    return [f"Unknown sub-field {part} on composite field {subject.name}"]


def _sort_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
    """Clients name a sub-field of plain fields too, where it says nothing."""
    subject = fields.get(row.field_id)
    return [] if subject is None else _sub_field_problems(row.sub_field_name, subject)


def _filter_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
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
    compared = cache.field_schema(subject)
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


def _weighed(filters: QuerySet[shown.ViewFilter]) -> Iterable[tuple[str, Any, str]]:
    """The operand, the value and the type of what is compared."""
    return filters.values_list("operand", "value", Coalesce("relation_target_field__type", "field__type"))


def _too_many_conditions(view: Row, filters: Sequence[tuple[str, Any, str]]) -> list[str]:
    """Why a query could not hold the filters, with the view's text for any field. None given: those that are stored."""
    text = view.any_field_filter_value
    if not text and not filters:
        return []
    weight = 0
    if text:
        rows = FieldMetadata.objects.filter(workspace_id=view.workspace_id, object_id=view.object_id, is_active=True)
        weight = len(anywhere(text, map(cache.field_schema, rows)))
        filters = filters or list(_weighed(shown.ViewFilter.objects.filter(view_id=view.id, deleted_at=None)))
    if weight + sum(_weight(*each) for each in filters) > MAX.view_conditions:
        return [f"The filters of the view come to more than {MAX.view_conditions} conditions"]
    return []


_EACH_APART = frozenset({shown.ViewFilterOperand.CONTAINS.value, shown.ViewFilterOperand.DOES_NOT_CONTAIN.value})


def _weight(operand: str, value: Any, type_name: str) -> int:
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


def _filter_group_rules(row: Row, fields: Mapping[UUID, FieldMetadata]) -> list[str]:
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


# The table -------------------------------------------------------------------------------------------

VIEW = Resource(
    "view",
    "views",
    "View",
    shown.View,
    (
        Member("name", "name", is_required=True),
        _fixed("objectMetadataId", "object_id", "object"),
        _choice("type", "type", shown.ViewType),
        _choice("key", "key", shown.ViewKey, is_nullable=True, is_fixed=True),
        Member("icon", "icon", is_required=True),
        Member("position", "position", "number"),
        Member("isCompact", "is_compact", "flag"),
        _choice("openRecordIn", "open_record_in", shown.ViewOpenRecordIn),
        _choice("kanbanAggregateOperation", "kanban_aggregate_operation", shown.AggregateOperations, is_nullable=True),
        Member(
            "kanbanAggregateOperationFieldMetadataId", "kanban_aggregate_operation_field_id", "field", is_nullable=True
        ),
        Member("mainGroupByFieldMetadataId", "main_group_by_field_id", "field", is_nullable=True),
        Member("shouldHideEmptyGroups", "should_hide_empty_groups", "flag"),
        Member("kanbanColumnWidth", "kanban_column_width", "count", is_nullable=True),
        Member("groupLoadLimit", "group_load_limit", "count", is_nullable=True),
        Member("calendarFieldMetadataId", "calendar_field_id", "field", is_nullable=True),
        Member("calendarEndFieldMetadataId", "calendar_end_field_id", "field", is_nullable=True),
        _choice("calendarLayout", "calendar_layout", shown.ViewCalendarLayout, is_nullable=True),
        Member(
            "anyFieldFilterValue",
            "any_field_filter_value",
            is_nullable=True,
            holds_conditions=True,
            object_attribute="object_id",
        ),
        _choice("visibility", "visibility", shown.ViewVisibility),
    ),
    parent="objectMetadataId",
    limit=MAX_VIEWS,
    rules=_view_rules,
)
VIEW_FIELD_GROUP = Resource(
    "viewFieldGroup",
    "viewFieldGroups",
    "View field group",
    shown.ViewFieldGroup,
    (
        _part("view", "view_id"),
        Member("name", "name", is_required=True),
        Member("position", "position", "number"),
        Member("isVisible", "is_visible", "flag"),
    ),
    parent="viewId",
)
VIEW_FIELD = Resource(
    "viewField",
    "viewFields",
    "View field",
    shown.ViewField,
    (
        _part("view", "view_id"),
        _fixed("fieldMetadataId", "field_id", "field"),
        Member("isVisible", "is_visible", "flag"),
        Member("size", "size", "number"),
        Member("position", "position", "number"),
        _choice("aggregateOperation", "aggregate_operation", shown.AggregateOperations, is_nullable=True),
        Member("viewFieldGroupId", "view_field_group_id", "resource", is_nullable=True, of="viewFieldGroup"),
    ),
    parent="viewId",
    rules=_view_field_rules,
)
VIEW_FILTER = Resource(
    "viewFilter",
    "viewFilters",
    "View filter",
    shown.ViewFilter,
    (
        _part("view", "view_id"),
        Member("fieldMetadataId", "field_id", "field", is_required=True),
        _choice("operand", "operand", shown.ViewFilterOperand),
        Member(
            "value",
            "value",
            "json",
            is_required=True,
            holds_conditions=True,
            field_attributes=("field_id", "relation_target_field_id"),
        ),
        Member("viewFilterGroupId", "view_filter_group_id", "resource", is_nullable=True, of="viewFilterGroup"),
        Member("positionInViewFilterGroup", "position_in_view_filter_group", "number", is_nullable=True),
        Member("subFieldName", "sub_field_name", is_nullable=True),
        Member("relationTargetFieldMetadataId", "relation_target_field_id", "related", is_nullable=True),
    ),
    parent="viewId",
    rules=_filter_rules,
    ruled=frozenset({"fieldMetadataId", "operand", "value", "subFieldName", "relationTargetFieldMetadataId"}),
)
VIEW_SORT = Resource(
    "viewSort",
    "viewSorts",
    "View sort",
    shown.ViewSort,
    (
        _part("view", "view_id"),
        Member("fieldMetadataId", "field_id", "field", is_required=True),
        _choice("direction", "direction", shown.ViewSortDirection),
        Member("subFieldName", "sub_field_name", is_nullable=True),
    ),
    parent="viewId",
    rules=_sort_rules,
)
VIEW_GROUP = Resource(
    "viewGroup",
    "viewGroups",
    "View group",
    shown.ViewGroup,
    (
        _part("view", "view_id"),
        Member("fieldValue", "field_value", is_required=True),
        Member("isVisible", "is_visible", "flag"),
        Member("position", "position", "number"),
    ),
    parent="viewId",
)
VIEW_FILTER_GROUP = Resource(
    "viewFilterGroup",
    "viewFilterGroups",
    "View filter group",
    shown.ViewFilterGroup,
    (
        _part("view", "view_id"),
        Member(
            "parentViewFilterGroupId",
            "parent_view_filter_group_id",
            "resource",
            is_nullable=True,
            of="viewFilterGroup",
        ),
        _choice("logicalOperator", "logical_operator", shown.ViewFilterGroupLogicalOperator),
        Member("positionInViewFilterGroup", "position_in_view_filter_group", "number", is_nullable=True),
    ),
    parent="viewId",
    rules=_filter_group_rules,
)
PAGE_LAYOUT = Resource(
    "pageLayout",
    "pageLayouts",
    "Page layout",
    shown.PageLayout,
    (
        Member("name", "name", is_required=True),
        _choice("type", "type", shown.PageLayoutType),
        Member("objectMetadataId", "object_id", "object", is_nullable=True),
    ),
    parent="objectMetadataId",
    flag="LAYOUTS",
)
PAGE_LAYOUT_TAB = Resource(
    "pageLayoutTab",
    "pageLayoutTabs",
    "Page layout tab",
    shown.PageLayoutTab,
    (
        _part("pageLayout", "page_layout_id"),
        Member("title", "title", is_required=True),
        Member("icon", "icon", is_nullable=True),
        Member("position", "position", "number"),
    ),
    parent="pageLayoutId",
    is_parent_asked=True,
    flag="LAYOUTS",
)
PAGE_LAYOUT_WIDGET = Resource(
    "pageLayoutWidget",
    "pageLayoutWidgets",
    "Page layout widget",
    shown.PageLayoutWidget,
    (
        _part("pageLayoutTab", "page_layout_tab_id"),
        Member("title", "title", is_required=True),
        Member("type", "type"),
        Member("objectMetadataId", "object_id", "object", is_nullable=True),
        Member("gridPosition", "grid_position", "json", is_nullable=True),
        Member("configuration", "configuration", "json", is_nullable=True, holds_conditions=True),
    ),
    parent="pageLayoutTabId",
    is_parent_asked=True,
    flag="LAYOUTS",
)
RESOURCES: Mapping[str, Resource] = {
    each.one: each
    for each in (
        VIEW, VIEW_FIELD_GROUP, VIEW_FIELD, VIEW_FILTER, VIEW_SORT, VIEW_GROUP, VIEW_FILTER_GROUP,
        PAGE_LAYOUT, PAGE_LAYOUT_TAB, PAGE_LAYOUT_WIDGET,
    )
}  # fmt: skip

# What hangs on a row, by the attribute that names it: goes with it, softly or for good.
_CHILDREN: Mapping[str, Sequence[tuple[Resource, str]]] = {
    "view": tuple(
        (each, "view_id")
        for each in (VIEW_FIELD, VIEW_FIELD_GROUP, VIEW_FILTER, VIEW_FILTER_GROUP, VIEW_SORT, VIEW_GROUP)
    ),
    "viewFilterGroup": ((VIEW_FILTER, "view_filter_group_id"), (VIEW_FILTER_GROUP, "parent_view_filter_group_id")),
    "pageLayout": ((PAGE_LAYOUT_TAB, "page_layout_id"),),
    "pageLayoutTab": ((PAGE_LAYOUT_WIDGET, "page_layout_tab_id"),),
}


def require_writer(principal: Principal, resource: Resource) -> None:
    """Raises PermissionDenied for who may neither change these nor the whole data model."""
    require(principal, resource.flag, "DATA_MODEL")


# Reading ---------------------------------------------------------------------------------------------


def resource_rows(resource: Resource, workspace_id: UUID, parent_id: UUID | None = None) -> QuerySet[Any]:
    """The rows that are not deleted, in the order they are shown in: by position where they have one."""
    found: QuerySet[Any] = resource.model._default_manager.filter(workspace_id=workspace_id, deleted_at=None)
    if parent_id is not None:
        assert resource.parent is not None
        found = found.filter(**{resource.by_name[resource.parent].attribute: parent_id})
    has_position = any(each.attribute == "position" for each in resource.members)
    return found.order_by(*(["position"] if has_position else []), "created_at", "id")


def resource_find(resource: Resource, workspace_id: UUID, id: UUID) -> Row | None:
    return resource_rows(resource, workspace_id).filter(id=id).first()


# What conditions tell --------------------------------------------------------------------------------


MASK = ""  # a condition without a value, as one that is not filled in


def hidden_fields(resource: Resource, rows: Iterable[Row], permissions: Permissions) -> frozenset[UUID]:
    """Those fields that the rows hold values of in conditions, and whose values a role may not read.

    Of conditions on all fields of an object the id of the object, when a field of it may not be read. At most one
    statement for all of the rows.
    """
    rows = list(rows)
    ids = {field_id for row in rows for field_id in _compared(resource, row)}
    objects = {object_id for row in rows for object_id in _compared_as_a_whole(resource, row)}
    if not ids and not objects:
        return frozenset()
    fields = FieldMetadata.objects.filter(Q(id__in=ids) | Q(object_id__in=objects)).select_related("object")
    hidden = [each for each in fields if not permissions.allows("read", each.object) or permissions.hides(each)]
    return frozenset(each.id for each in hidden) | {each.object_id for each in hidden if each.object_id in objects}


def shown_value(member: Member, row: Row, hidden: Container[UUID]) -> Any:
    """A member as it is answered: conditions on hidden fields lose their values, and stay in their place."""
    value = getattr(row, member.attribute)
    if not member.holds_conditions:
        return value
    if member.object_attribute is not None:
        return MASK if value and getattr(row, member.object_attribute) in hidden else value
    if member.field_attributes:
        return MASK if any(getattr(row, each) in hidden for each in member.field_attributes) else value
    return _masked(value, hidden)


def _compared_as_a_whole(resource: Resource, row: Row) -> Iterator[UUID]:
    for member in resource.members:
        if member.object_attribute is not None and getattr(row, member.attribute):
            yield getattr(row, member.object_attribute)


def _compared(resource: Resource, row: Row) -> Iterator[UUID]:
    for member in resource.members:
        if not member.holds_conditions or member.object_attribute is not None:
            continue
        if member.field_attributes:
            ids = (getattr(row, each) for each in member.field_attributes)
            yield from (each for each in ids if each is not None)
        else:
            for condition in _conditions(getattr(row, member.attribute)):
                yield from _field_of(condition)


def _conditions(value: Any) -> Iterator[Mapping[str, Any]]:
    """Whatever in a JSON value names a field beside a value."""
    if isinstance(value, Mapping):
        if "fieldMetadataId" in value and "value" in value:
            yield value
        for each in value.values():
            yield from _conditions(each)
    elif isinstance(value, list):
        for each in value:
            yield from _conditions(each)


def _field_of(condition: Mapping[str, Any]) -> list[UUID]:
    try:
        return [UUID(str(condition["fieldMetadataId"]))]
    except ValueError:
        return []


def _masked(value: Any, hidden: Container[UUID]) -> Any:
    if isinstance(value, list):
        return [_masked(each, hidden) for each in value]
    if not isinstance(value, Mapping):
        return value
    shown = {name: _masked(each, hidden) for name, each in value.items()}
    is_hidden = "fieldMetadataId" in value and "value" in value and any(each in hidden for each in _field_of(value))
    return {**shown, "value": MASK} if is_hidden else shown


# Writing ---------------------------------------------------------------------------------------------


@contextmanager
def _writing(workspace_id: UUID) -> Iterator[Workspace]:
    """A write of what is shown: one transaction, and no change of the data model beside it."""
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        yield workspace


def resource_create(
    resource: Resource, *, workspace_id: UUID, values: Mapping[str, Any], created_by: UUID | None = None
) -> Row:
    """A new row from members by API name. Raises InvalidInput with every fault."""
    (row,) = resource_create_many(resource, workspace_id=workspace_id, inputs=[values], created_by=created_by)
    return row


def resource_create_many(
    resource: Resource, *, workspace_id: UUID, inputs: Sequence[Mapping[str, Any]], created_by: UUID | None = None
) -> list[Row]:
    """Several rows, all or none. Faults of several inputs say which one (`1: …`). Raises TooComplex for many."""
    check_count(len(inputs), LARGEST_CREATED, "inputs", "inputs")
    with _writing(workspace_id):
        rows: list[Row] = []
        problems: list[str] = []
        for place, values in enumerate(inputs):
            row = resource.model(workspace_id=workspace_id)
            faults = apply_members(resource, row, values, is_new=True)
            if not faults:
                if resource is VIEW:
                    row.created_by_user_workspace_id = created_by  # type: ignore[attr-defined]
                faults = _space_problems(resource, row) or _place_problems(resource, row)
            if not faults:
                row.save(force_insert=True)
                if resource is VIEW:
                    _regroup(row)
                rows.append(row)
            problems += [f"{place}: {each}" if len(inputs) > 1 else each for each in faults]
        if problems:
            raise _refusal(resource, problems)
        if len(rows) == 1:
            _note("created", resource, rows[0], after=_facts(resource, rows[0]))
        elif rows:
            audit.note(workspace_id, "layout.created", name=f"{len(rows)} {resource.many}", after={"count": len(rows)})
    return rows


_SUBJECT = re.compile(r"(?:(\d+): )?(\w+)", re.ASCII)


def _refusal(resource: Resource, problems: Sequence[str]) -> InvalidInput:
    """With the path of the member that the first problem begins with (`value`, or `0.value` of several inputs)."""
    match = _SUBJECT.match(problems[0])
    assert match is not None
    place, name = match[1], match[2][:1].lower() + match[2][1:]
    path = name if name in resource.by_name else None
    return InvalidInput(problems, path=path if path is None or place is None else f"{place}.{path}")


def resource_update(
    resource: Resource,
    *,
    workspace_id: UUID,
    id: UUID,
    update: Mapping[str, Any],
    permissions: Permissions = EVERYTHING,
) -> Row:
    """Change members by API name; those fixed at creation are ignored. Raises MetadataNotFound, InvalidInput.

    A condition whose value is masked to who asks keeps it when the mask is sent back, and loses it with its field.
    """
    with _writing(workspace_id):
        row = _existing(resource, workspace_id, id)
        before, kept_before = _facts(resource, row), _kept_out(resource, row)
        update = _unmasked(resource, row, update, permissions)
        grouping = getattr(row, "main_group_by_field_id", None)
        problems = apply_members(resource, row, update, is_new=False) or _place_problems(resource, row, update)
        if problems:
            raise _refusal(resource, problems)
        row.updated_at = timezone.now()
        row.save(force_update=True)
        if resource is VIEW and row.main_group_by_field_id != grouping:
            _regroup(row)
        kept = _kept_out(resource, row)
        others = {name: "another" for name, value in kept.items() if value != kept_before[name]}
        _note("updated", resource, row, before=before, after={**_facts(resource, row), **others})
    return row


def _unmasked(resource: Resource, row: Row, update: Mapping[str, Any], permissions: Permissions) -> Mapping[str, Any]:
    for member in resource.members:
        is_whole = member.object_attribute is not None
        if not (is_whole or member.field_attributes) or not hidden_fields(resource, [row], permissions):
            continue
        compared = [each for each in resource.members if each.attribute in member.field_attributes]
        if any(_is_another(each, row, update) for each in compared):
            return {member.name: MASK, **update}
        if update.get(member.name) == MASK:
            return {name: value for name, value in update.items() if name != member.name}
    return update


def _is_another(member: Member, row: Row, update: Mapping[str, Any]) -> bool:
    """Whether the update names another field than the row does."""
    if member.name not in update or (update[member.name] is None and not member.is_nullable):
        return False
    return clean_member(member, update[member.name]) != (None, getattr(row, member.attribute))


def resource_update_many(
    resource: Resource,
    *,
    workspace_id: UUID,
    inputs: Sequence[tuple[UUID, Mapping[str, Any]]],
    permissions: Permissions,
) -> list[Row]:
    """Several rows, all or none. Raises MetadataNotFound, InvalidInput, TooComplex for many."""
    check_count(len(inputs), LARGEST_CREATED, "inputs", "inputs")
    with _writing(workspace_id):
        return [
            resource_update(resource, workspace_id=workspace_id, id=id, update=update, permissions=permissions)
            for id, update in inputs
        ]


def resource_delete(resource: Resource, *, workspace_id: UUID, id: UUID) -> Row:
    """Hide the row and what hangs on it; one that is hidden stays so. Raises MetadataNotFound, InvalidInput."""
    with _writing(workspace_id):
        row = _stored(resource, workspace_id, id)
        if row.deleted_at is not None:
            return row
        _refuse_removal(resource, row)
        row.deleted_at = row.updated_at = timezone.now()
        _detach(resource, [row.id])
        for level in _levels(resource, [row.id]):
            for kind, ids in level:
                kind.model._default_manager.filter(id__in=ids, deleted_at=None).update(deleted_at=row.deleted_at)
        _note("deleted", resource, row, before=_facts(resource, row))
    return row


def resource_destroy(resource: Resource, *, workspace_id: UUID, id: UUID) -> Row:
    """Remove the row, deleted or not, and what hangs on it for good. Raises MetadataNotFound."""
    with _writing(workspace_id):
        row = _stored(resource, workspace_id, id)
        if row.deleted_at is None:
            _refuse_removal(resource, row)
        _note("deleted", resource, row, before=_facts(resource, row))
        destroy_rows(resource, [row.pk])
    return row


def _holds_values(member: Member) -> bool:
    """Whether a member may hold values of records, which are nobody's to keep elsewhere."""
    return bool(member.kind == "json" or member.holds_conditions or member.field_attributes or member.object_attribute)


def _facts(resource: Resource, row: Row) -> audit.Facts:
    """What the audit says of a row."""
    return {each.name: getattr(row, each.attribute) for each in resource.members if not _holds_values(each)}


def _kept_out(resource: Resource, row: Row) -> Mapping[str, Any]:
    """The members of which it says only that they are others now."""
    return {each.name: getattr(row, each.attribute) for each in resource.members if _holds_values(each)}


def _note(
    verb: str,
    resource: Resource,
    row: Row,
    before: audit.Facts | None = None,
    after: audit.Facts | None = None,
) -> None:
    own = getattr(row, "name", None) or getattr(row, "title", None)
    name = resource.label.lower() if own is None else f"{resource.label.lower()} {own}"
    audit.note(row.workspace_id, f"layout.{verb}", subject_id=row.id, name=name, before=before, after=after)


def _stored(resource: Resource, workspace_id: UUID, id: UUID) -> Row:
    """The row, deleted or not."""
    row = resource.model._default_manager.filter(workspace_id=workspace_id, id=id).first()
    if row is None:
        raise not_found(resource)
    return row


def _refuse_removal(resource: Resource, row: Row) -> None:
    if resource is VIEW_FIELD and leads(row):
        raise InvalidInput(["Label identifier view field cannot be deleted"])


def _detach(resource: Resource, ids: Sequence[UUID]) -> None:
    """What belongs to rows that go, but stays without them."""
    if resource is VIEW_FIELD_GROUP:
        shown.ViewField.objects.filter(view_field_group_id__in=ids).update(view_field_group_id=None)


def destroy_rows(resource: Resource, ids: Sequence[UUID]) -> None:
    """Remove rows and what hangs on them; the foreign keys are checked at the end of the transaction."""
    if ids:
        _detach(resource, ids)
        for level in _levels(resource, ids):
            for kind, found in level:
                kind.model._default_manager.filter(id__in=found).delete()


def _levels(resource: Resource, ids: Sequence[UUID]) -> Iterator[list[tuple[Resource, Sequence[UUID]]]]:
    """The rows, then what hangs on them, and so on; a row is visited once."""
    level: list[tuple[Resource, Sequence[UUID]]] = [(resource, ids)]
    seen = set(ids)
    while level:
        below: list[tuple[Resource, Sequence[UUID]]] = []
        for kind, found in level:
            for child, attribute in _CHILDREN.get(kind.one, ()):
                rows = child.model._default_manager.filter(**{f"{attribute}__in": found})
                fresh = [each for each in rows.values_list("id", flat=True) if each not in seen]
                seen.update(fresh)
                if fresh:
                    below.append((child, fresh))
        yield level
        level = below


def not_found(resource: Resource) -> MetadataNotFound:
    return MetadataNotFound(f"{resource.label} not found")


def _existing(resource: Resource, workspace_id: UUID, id: UUID) -> Row:
    row = resource_find(resource, workspace_id, id)
    if row is None:
        raise not_found(resource)
    return row


# Checks ----------------------------------------------------------------------------------------------


def apply_members(resource: Resource, row: Row, values: Mapping[str, Any], *, is_new: bool) -> list[str]:
    """Put the members on the row; answers what is wrong with them."""
    problems = _identify(resource, row, values) if is_new else []
    for member in resource.members:
        if member.is_fixed and not is_new:
            continue
        if member.name not in values:
            if is_new and member.is_required:
                problems.append(f"{member.name} should not be empty")
            continue
        value = values[member.name]
        if value is None and not member.is_nullable:
            if member.is_required:
                problems.append(f"{member.name} should not be empty")
            continue  # null leaves what cannot be null
        fault, cleaned = clean_member(member, value)
        if fault is not None:
            problems.append(f"{member.name} {fault}")
        else:
            setattr(row, member.attribute, cleaned)
    if problems:
        return problems
    is_ruled = is_new or not resource.ruled or bool(resource.ruled & values.keys())
    return _reference_problems(resource, row, is_ruled=is_ruled)


def _identify(resource: Resource, row: Row, values: Mapping[str, Any]) -> list[str]:
    given = values.get("id")
    if given is None:
        row.id = uuid4()
        return []
    try:
        row.id = UUID(str(given))
    except ValueError:
        return ["id must be a UUID"]
    return ["id is taken"] if resource.model._default_manager.filter(id=row.id).exists() else []


def clean_member(member: Member, value: Any) -> tuple[str | None, Any]:
    """What is wrong with the value, and the value as kept."""
    if member.kind == "json" or value is None:
        return None, value
    if member.kind == "flag":
        return (None, value) if isinstance(value, bool) else ("must be a boolean value", None)
    if member.kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        return (None, float(value)) if is_number else ("must be a number", None)
    if member.kind == "count":
        is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
        return (None, int(value)) if is_whole and 1 <= value <= LARGEST_COUNT else (_COUNT_FAULT, None)
    if member.kind == "choice":
        assert member.choices is not None
        return (
            (None, value) if value in member.choices.values else (f"must be one of: {', '.join(member.choices)}", None)
        )
    if member.kind == "text":
        if not isinstance(value, str) or "\x00" in value:
            return "must be a string", None
        text = value.strip()
        return (
            ("should not be empty", None)
            if member.is_required and is_blank(text) and member.name != "fieldValue"
            else (
                None,
                text,
            )
        )
    try:
        return None, UUID(str(value))
    except ValueError:
        return "must be a UUID", None


_COUNT_FAULT = f"must be a whole number from 1 to {LARGEST_COUNT}"


def _reference_problems(resource: Resource, row: Row, *, is_ruled: bool) -> list[str]:
    """References to what belongs to another object or view; then the rules.

    Raises MetadataNotFound for what this workspace does not have.
    """
    problems = []
    workspace_id = row.workspace_id
    view = None
    for member in resource.members:
        id = getattr(row, member.attribute)
        if id is None or member.kind not in ("object", "resource"):
            continue
        if member.kind == "object":
            if not ObjectMetadata.objects.filter(workspace_id=workspace_id, id=id).exists():
                raise ObjectMetadataNotFound(path=member.name)
            continue
        target = resource_find(RESOURCES[str(member.of)], workspace_id, id)
        if target is None:
            raise MetadataNotFound(f"{RESOURCES[str(member.of)].label} not found", path=member.name)
        if member.of == "view":
            view = target
        elif view is not None and getattr(target, "view_id", view.id) != view.id:
            problems.append(f"{member.name} belongs to another view")
    if problems:
        return problems
    object_id = row.object_id if resource is VIEW else None if view is None else view.object_id
    members = [each for each in resource.members if each.kind in ("field", "related")]
    members = [each for each in members if getattr(row, each.attribute) is not None]
    ids = [getattr(row, each.attribute) for each in members]
    found = FieldMetadata.objects.filter(workspace_id=workspace_id, id__in=ids) if ids else ()
    fields = {each.id: each for each in found}
    for each in members:
        if getattr(row, each.attribute) not in fields:
            raise FieldMetadataNotFound(path=each.name)
    problems = [
        f"{each.name} is not a field of the view's object"
        for each in members
        if each.kind == "field" and fields[getattr(row, each.attribute)].object_id != object_id
    ]
    return problems or (resource.rules(row, fields) if is_ruled else [])


def _space_problems(resource: Resource, row: Row) -> list[str]:
    """What the rows that exist leave no room for."""
    if resource.parent is not None:
        attribute = resource.by_name[resource.parent].attribute
        siblings = resource_rows(resource, row.workspace_id).filter(**{attribute: getattr(row, attribute)})
        if siblings.count() >= resource.limit:
            return [f"no more than {resource.limit} {resource.many} can belong to one {resource.parent[:-2]}"]
        if resource is VIEW_FIELD and siblings.filter(field_id=row.field_id).exists():
            return ["fieldMetadataId is shown in the view already"]
    return []


def _place_problems(resource: Resource, row: Row, update: Mapping[str, Any] | None = None) -> list[str]:
    """The field that names a record stands first in its views, for all to see. No `update`: the row is new."""
    if resource is not VIEW_FIELD:
        return []
    others = shown.ViewField.objects.filter(view_id=row.view_id, deleted_at=None).exclude(id=row.id)
    if not leads(row):
        leading = others.filter(field_id=label_identifier_of(row.view_id)).first() if update is None else None
        if leading is not None and row.position < leading.position:
            return ["View field position cannot be lower than label identifier view field position"]
        return []
    problems = [] if row.is_visible else ["Label identifier view field has to be visible"]
    is_placed = update is None or "position" in update
    if is_placed and others.filter(position__lt=row.position).exists():
        problems.append("Label identifier view field has to be in the lowest position")
    return problems


def label_identifier_of(view_id: UUID) -> UUID | None:
    """The field that a view's records are called by."""
    return (
        ObjectMetadata.objects.filter(id__in=shown.View.objects.filter(id=view_id).values("object_id"))
        .values_list("label_identifier_field_id", flat=True)
        .first()
    )


def leads(row: Row) -> bool:
    """Whether a view field shows what the object's records are called by."""
    return label_identifier_of(row.view_id) == row.field_id


def _regroup(view: Row) -> None:
    """The view's groups anew, one per option of the field it is grouped by and one for records without."""
    shown.ViewGroup.objects.filter(view=view).delete()
    if view.main_group_by_field_id is not None:
        grouping = FieldMetadata.objects.get(id=view.main_group_by_field_id)
        shown.ViewGroup.objects.bulk_create(groups_of(view, grouping))


def groups_of(view: Row, grouping: FieldMetadata) -> list[shown.ViewGroup]:
    options = sorted(grouping.options or (), key=lambda each: each["position"])
    values = [each["value"] for each in options] + ([""] if grouping.is_nullable else [])
    return [
        shown.ViewGroup(workspace_id=view.workspace_id, view=view, field_value=value, position=place)
        for place, value in enumerate(values)
    ]
