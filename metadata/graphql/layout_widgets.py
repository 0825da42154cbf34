"""Saving what a page's widget shows: a part of the schema of /metadata (see `metadata.graphql.parts`)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID as Uuid

from graphene import Argument, Boolean, Field, Float, InputObjectType, List, NonNull, String
from graphene import ResolveInfo as Info

from metadata.graphql.inputs import payload
from metadata.graphql.layout import begin_writing, member_input
from metadata.graphql.layout_types import TYPES
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import UUID
from metadata.services.layout import widgets
from metadata.services.layout.kinds import RESOURCES, VIEW

NEEDS: Mapping[str, Needed] = {"*": ((VIEW.flag, "DATA_MODEL"),)}


class UpsertFieldsWidgetFieldInput(InputObjectType):
    viewFieldId = UUID(description="Of one that is there; else fieldMetadataId says which to show")
    fieldMetadataId = UUID()
    isVisible = Boolean(required=True)
    position = Float(required=True)


class UpsertFieldsWidgetGroupInput(InputObjectType):
    id = UUID(required=True)
    name = String(required=True)
    position = Float(required=True)
    isVisible = Boolean(required=True)
    fields = List(NonNull(UpsertFieldsWidgetFieldInput), required=True)


class UpsertFieldsWidgetInput(InputObjectType):
    widgetId = UUID(required=True)
    groups = List(NonNull(UpsertFieldsWidgetGroupInput), description="All groups with their fields; not with `fields`")
    fields = List(NonNull(UpsertFieldsWidgetFieldInput), description="Fields without groups, which all go")


def _members(one: str, *without: str, is_new: bool = True) -> dict[str, object]:
    """The members of a resource that an upsert takes, under their API names."""
    members = [each for each in RESOURCES[one].members if each.name not in ("viewId", *without)]
    return {each.name: member_input(each, required=is_new and each.is_required) for each in members}


UpsertViewWidgetViewFieldInput = type(
    "UpsertViewWidgetViewFieldInput",
    (InputObjectType,),
    {
        **_members("viewField"),
        "viewFieldId": UUID(),
        "fieldMetadataId": UUID(),
        "isVisible": Boolean(required=True),
        "position": Float(required=True),
    },
)
UpsertViewWidgetViewFilterInput = type(
    "UpsertViewWidgetViewFilterInput", (InputObjectType,), {"id": UUID(), **_members("viewFilter")}
)
UpsertViewWidgetViewFilterGroupInput = type(
    "UpsertViewWidgetViewFilterGroupInput", (InputObjectType,), {"id": UUID(), **_members("viewFilterGroup")}
)
UpsertViewWidgetViewSortInput = type(
    "UpsertViewWidgetViewSortInput", (InputObjectType,), {"id": UUID(), **_members("viewSort")}
)
UpsertViewWidgetViewSettingsInput = type(
    "UpsertViewWidgetViewSettingsInput",
    (InputObjectType,),
    _members("view", "name", "icon", "position", "objectMetadataId", "key", is_new=False),
)


class UpsertViewWidgetInput(InputObjectType):
    widgetId = UUID(required=True)
    viewSettings = UpsertViewWidgetViewSettingsInput()
    viewFields = List(NonNull(UpsertViewWidgetViewFieldInput))
    viewFilters = List(NonNull(UpsertViewWidgetViewFilterInput))
    viewFilterGroups = List(NonNull(UpsertViewWidgetViewFilterGroupInput))
    viewSorts = List(NonNull(UpsertViewWidgetViewSortInput))


class Mutation:
    upsert_fields_widget = Field(TYPES["view"], required=True, input=Argument(UpsertFieldsWidgetInput, required=True))
    upsert_view_widget = Field(TYPES["view"], required=True, input=Argument(UpsertViewWidgetInput, required=True))

    @staticmethod
    def resolve_upsert_fields_widget(root: object, info: Info, input: object) -> object:
        given = payload(input)
        return widgets.fields_widget_upsert(
            workspace_id=begin_writing(info, VIEW),
            widget_id=Uuid(given["widgetId"]),
            groups=given.get("groups"),
            fields=given.get("fields"),
        )

    @staticmethod
    def resolve_upsert_view_widget(root: object, info: Info, input: object) -> object:
        given = payload(input)
        return widgets.view_widget_upsert(
            workspace_id=begin_writing(info, VIEW),
            widget_id=Uuid(given["widgetId"]),
            given=given,
            permissions=info.context.principal.permissions,
        )
