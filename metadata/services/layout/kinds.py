"""The kinds of rows, one table for both APIs and the documents: a new kind is one entry here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metadata import layout_models as shown
from metadata.services.layout.members import MAX_VIEWS, Member, Resource, choice, fixed, part_of
from metadata.services.layout.rules import filter_group_rules, filter_rules, sort_rules, view_field_rules, view_rules

VIEW = Resource(
    "view",
    "views",
    "View",
    shown.View,
    (
        Member("name", "name", is_required=True),
        fixed("objectMetadataId", "object_id", "object"),
        choice("type", "type", shown.ViewType),
        choice("key", "key", shown.ViewKey, is_nullable=True, is_fixed=True),
        Member("icon", "icon", is_required=True),
        Member("position", "position", "number"),
        Member("isCompact", "is_compact", "flag"),
        choice("openRecordIn", "open_record_in", shown.ViewOpenRecordIn),
        choice("kanbanAggregateOperation", "kanban_aggregate_operation", shown.AggregateOperations, is_nullable=True),
        Member(
            "kanbanAggregateOperationFieldMetadataId", "kanban_aggregate_operation_field_id", "field", is_nullable=True
        ),
        Member("mainGroupByFieldMetadataId", "main_group_by_field_id", "field", is_nullable=True),
        Member("shouldHideEmptyGroups", "should_hide_empty_groups", "flag"),
        Member("kanbanColumnWidth", "kanban_column_width", "count", is_nullable=True),
        Member("groupLoadLimit", "group_load_limit", "count", is_nullable=True),
        Member("calendarFieldMetadataId", "calendar_field_id", "field", is_nullable=True),
        Member("calendarEndFieldMetadataId", "calendar_end_field_id", "field", is_nullable=True),
        choice("calendarLayout", "calendar_layout", shown.ViewCalendarLayout, is_nullable=True),
        Member(
            "anyFieldFilterValue",
            "any_field_filter_value",
            is_nullable=True,
            holds_conditions=True,
            object_attribute="object_id",
        ),
        choice("visibility", "visibility", shown.ViewVisibility),
    ),
    parent="objectMetadataId",
    limit=MAX_VIEWS,
    rules=view_rules,
)

VIEW_FIELD_GROUP = Resource(
    "viewFieldGroup",
    "viewFieldGroups",
    "View field group",
    shown.ViewFieldGroup,
    (
        part_of("view", "view_id"),
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
        part_of("view", "view_id"),
        fixed("fieldMetadataId", "field_id", "field"),
        Member("isVisible", "is_visible", "flag"),
        Member("size", "size", "number"),
        Member("position", "position", "number"),
        choice("aggregateOperation", "aggregate_operation", shown.AggregateOperations, is_nullable=True),
        Member("viewFieldGroupId", "view_field_group_id", "resource", is_nullable=True, of="viewFieldGroup"),
    ),
    parent="viewId",
    rules=view_field_rules,
)

VIEW_FILTER = Resource(
    "viewFilter",
    "viewFilters",
    "View filter",
    shown.ViewFilter,
    (
        part_of("view", "view_id"),
        Member("fieldMetadataId", "field_id", "field", is_required=True),
        choice("operand", "operand", shown.ViewFilterOperand),
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
    rules=filter_rules,
    ruled=frozenset({"fieldMetadataId", "operand", "value", "subFieldName", "relationTargetFieldMetadataId"}),
)

VIEW_SORT = Resource(
    "viewSort",
    "viewSorts",
    "View sort",
    shown.ViewSort,
    (
        part_of("view", "view_id"),
        Member("fieldMetadataId", "field_id", "field", is_required=True),
        choice("direction", "direction", shown.ViewSortDirection),
        Member("subFieldName", "sub_field_name", is_nullable=True),
    ),
    parent="viewId",
    rules=sort_rules,
)

VIEW_GROUP = Resource(
    "viewGroup",
    "viewGroups",
    "View group",
    shown.ViewGroup,
    (
        part_of("view", "view_id"),
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
        part_of("view", "view_id"),
        Member(
            "parentViewFilterGroupId",
            "parent_view_filter_group_id",
            "resource",
            is_nullable=True,
            of="viewFilterGroup",
        ),
        choice("logicalOperator", "logical_operator", shown.ViewFilterGroupLogicalOperator),
        Member("positionInViewFilterGroup", "position_in_view_filter_group", "number", is_nullable=True),
    ),
    parent="viewId",
    rules=filter_group_rules,
)

PAGE_LAYOUT = Resource(
    "pageLayout",
    "pageLayouts",
    "Page layout",
    shown.PageLayout,
    (
        Member("name", "name", is_required=True),
        choice("type", "type", shown.PageLayoutType),
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
        part_of("pageLayout", "page_layout_id"),
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
        part_of("pageLayoutTab", "page_layout_tab_id"),
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
CHILDREN: Mapping[str, Sequence[tuple[Resource, str]]] = {
    "view": tuple(
        (each, "view_id")
        for each in (VIEW_FIELD, VIEW_FIELD_GROUP, VIEW_FILTER, VIEW_FILTER_GROUP, VIEW_SORT, VIEW_GROUP)
    ),
    "viewFilterGroup": ((VIEW_FILTER, "view_filter_group_id"), (VIEW_FILTER_GROUP, "parent_view_filter_group_id")),
    "pageLayout": ((PAGE_LAYOUT_TAB, "page_layout_id"),),
    "pageLayoutTab": ((PAGE_LAYOUT_WIDGET, "page_layout_tab_id"),),
}
