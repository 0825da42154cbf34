"""Views and page layouts as rows: how clients show records. Stored and checked, never looked at by the record APIs
except for a view's filters.

References between rows are real foreign keys without Django's cascades (DO_NOTHING): `metadata.services.layout.links`
clears what depends on an object or field before that goes, one statement per table.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models
from django.utils import timezone


class ViewType(models.TextChoices):
    TABLE = "TABLE"
    KANBAN = "KANBAN"
    CALENDAR = "CALENDAR"
    LIST = "LIST"
    FIELDS_WIDGET = "FIELDS_WIDGET"
    TABLE_WIDGET = "TABLE_WIDGET"
    KANBAN_WIDGET = "KANBAN_WIDGET"
    LIST_WIDGET = "LIST_WIDGET"
    CALENDAR_WIDGET = "CALENDAR_WIDGET"


class ViewKey(models.TextChoices):
    INDEX = "INDEX"


class ViewVisibility(models.TextChoices):
    WORKSPACE = "WORKSPACE"
    UNLISTED = "UNLISTED"


class ViewOpenRecordIn(models.TextChoices):
    SIDE_PANEL = "SIDE_PANEL"
    RECORD_PAGE = "RECORD_PAGE"


class ViewCalendarLayout(models.TextChoices):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class ViewSortDirection(models.TextChoices):
    ASC = "ASC"
    DESC = "DESC"


class ViewFilterGroupLogicalOperator(models.TextChoices):
    AND = "AND"
    OR = "OR"
    NOT = "NOT"


class ViewFilterOperand(models.TextChoices):
    IS = "IS"
    IS_NOT_NULL = "IS_NOT_NULL"
    IS_NOT = "IS_NOT"
    LESS_THAN_OR_EQUAL = "LESS_THAN_OR_EQUAL"
    GREATER_THAN_OR_EQUAL = "GREATER_THAN_OR_EQUAL"
    IS_BEFORE = "IS_BEFORE"
    IS_AFTER = "IS_AFTER"
    CONTAINS = "CONTAINS"
    DOES_NOT_CONTAIN = "DOES_NOT_CONTAIN"
    IS_EMPTY = "IS_EMPTY"
    IS_NOT_EMPTY = "IS_NOT_EMPTY"
    IS_RELATIVE = "IS_RELATIVE"
    IS_IN_PAST = "IS_IN_PAST"
    IS_IN_FUTURE = "IS_IN_FUTURE"
    IS_TODAY = "IS_TODAY"
    VECTOR_SEARCH = "VECTOR_SEARCH"


class AggregateOperations(models.TextChoices):
    MIN = "MIN"
    MAX = "MAX"
    AVG = "AVG"
    SUM = "SUM"
    COUNT = "COUNT"
    COUNT_UNIQUE_VALUES = "COUNT_UNIQUE_VALUES"
    COUNT_EMPTY = "COUNT_EMPTY"
    COUNT_NOT_EMPTY = "COUNT_NOT_EMPTY"
    COUNT_TRUE = "COUNT_TRUE"
    COUNT_FALSE = "COUNT_FALSE"
    PERCENTAGE_EMPTY = "PERCENTAGE_EMPTY"
    PERCENTAGE_NOT_EMPTY = "PERCENTAGE_NOT_EMPTY"


class PageLayoutType(models.TextChoices):
    RECORD_INDEX = "RECORD_INDEX"
    RECORD_PAGE = "RECORD_PAGE"
    DASHBOARD = "DASHBOARD"
    STANDALONE_PAGE = "STANDALONE_PAGE"


class Shown(models.Model):
    """What every one of them has; `deleted_at` hides it from every list."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    workspace = models.ForeignKey("metadata.Workspace", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)


def _field(*, null: bool = False) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey("metadata.FieldMetadata", on_delete=models.DO_NOTHING, null=null, related_name="+")


def _view() -> models.ForeignKey[Any, Any]:
    return models.ForeignKey("metadata.View", on_delete=models.DO_NOTHING, related_name="+")


class View(Shown):
    """One way of showing an object's records; those with the key INDEX are the object's own."""

    object = models.ForeignKey("metadata.ObjectMetadata", on_delete=models.DO_NOTHING, related_name="+")
    name = models.TextField()
    type = models.CharField(max_length=20, choices=ViewType.choices, default=ViewType.TABLE.value)
    key = models.CharField(max_length=10, choices=ViewKey.choices, null=True)
    icon = models.TextField()
    position = models.FloatField(default=0)
    is_compact = models.BooleanField(default=False)
    is_custom = models.BooleanField(default=True)
    open_record_in = models.CharField(
        max_length=20, choices=ViewOpenRecordIn.choices, default=ViewOpenRecordIn.SIDE_PANEL.value
    )
    kanban_aggregate_operation = models.CharField(max_length=30, choices=AggregateOperations.choices, null=True)
    kanban_aggregate_operation_field = _field(null=True)
    main_group_by_field = _field(null=True)
    should_hide_empty_groups = models.BooleanField(default=False)
    calendar_field = _field(null=True)
    calendar_end_field = _field(null=True)
    calendar_layout = models.CharField(max_length=10, choices=ViewCalendarLayout.choices, null=True)
    kanban_column_width = models.PositiveIntegerField(null=True)  # pixels
    group_load_limit = models.PositiveIntegerField(null=True)  # records of one group that are shown at first
    any_field_filter_value = models.TextField(null=True)
    visibility = models.CharField(max_length=10, choices=ViewVisibility.choices, default=ViewVisibility.WORKSPACE.value)
    created_by_user_workspace_id = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "object"], name="view_by_workspace")]


class ViewFieldGroup(Shown):
    """A heading over some of a view's fields."""

    view = _view()
    name = models.TextField()
    position = models.FloatField(default=0)
    is_visible = models.BooleanField(default=True)


class ViewField(Shown):
    """One column of a view."""

    view = _view()
    field = _field()
    is_visible = models.BooleanField(default=True)
    size = models.FloatField(default=0)  # pixels; 0 leaves it to the client
    position = models.FloatField(default=0)
    aggregate_operation = models.CharField(max_length=30, choices=AggregateOperations.choices, null=True)
    view_field_group = models.ForeignKey(ViewFieldGroup, on_delete=models.DO_NOTHING, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["view", "field"], name="view_field_once", condition=models.Q(deleted_at=None)
            )
        ]


class ViewFilterGroup(Shown):
    """Filters, and further groups, joined by one operator; one without a parent stands at the top."""

    view = _view()
    parent_view_filter_group = models.ForeignKey("self", on_delete=models.DO_NOTHING, null=True, related_name="+")
    logical_operator = models.CharField(
        max_length=3, choices=ViewFilterGroupLogicalOperator.choices, default=ViewFilterGroupLogicalOperator.AND.value
    )
    position_in_view_filter_group = models.FloatField(null=True)


class ViewFilter(Shown):
    """One condition; `value` is JSON or, from older clients, its text.

    With `relation_target_field` it is of that field of the records that the relation `field` leads to.
    """

    view = _view()
    field = _field()
    operand = models.CharField(
        max_length=30, choices=ViewFilterOperand.choices, default=ViewFilterOperand.CONTAINS.value
    )
    value = models.JSONField()
    view_filter_group = models.ForeignKey(ViewFilterGroup, on_delete=models.DO_NOTHING, null=True, related_name="+")
    position_in_view_filter_group = models.FloatField(null=True)
    sub_field_name = models.CharField(max_length=63, null=True)
    relation_target_field = _field(null=True)


class ViewSort(Shown):
    view = _view()
    field = _field()
    direction = models.CharField(max_length=4, choices=ViewSortDirection.choices, default=ViewSortDirection.ASC.value)
    sub_field_name = models.CharField(max_length=63, null=True)


class ViewGroup(Shown):
    """One column of a board: an option's value of the view's grouping field, `""` for records without one."""

    view = _view()
    field_value = models.TextField()
    is_visible = models.BooleanField(default=True)
    position = models.FloatField(default=0)


class PageLayout(Shown):
    """The arrangement of a page: of one object's records, or of a dashboard."""

    object = models.ForeignKey("metadata.ObjectMetadata", on_delete=models.DO_NOTHING, null=True, related_name="+")
    name = models.TextField()
    type = models.CharField(max_length=20, choices=PageLayoutType.choices, default=PageLayoutType.RECORD_PAGE.value)


class PageLayoutTab(Shown):
    page_layout = models.ForeignKey(PageLayout, on_delete=models.DO_NOTHING, related_name="+")
    title = models.TextField()
    icon = models.TextField(null=True)
    position = models.FloatField(default=0)


class PageLayoutWidget(Shown):
    """One box of a tab; `grid_position` is `{row, column, rowSpan, columnSpan}`."""

    page_layout_tab = models.ForeignKey(PageLayoutTab, on_delete=models.DO_NOTHING, related_name="+")
    object = models.ForeignKey("metadata.ObjectMetadata", on_delete=models.DO_NOTHING, null=True, related_name="+")
    title = models.TextField()
    type = models.CharField(max_length=40, default="VIEW")
    grid_position = models.JSONField(null=True)
    configuration = models.JSONField(null=True)
