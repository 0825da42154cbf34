"""What typed clients of the reference select of /metadata is there, with its name and kind."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from graphql import build_client_schema, get_introspection_query

from apikeys.models import Member, Role
from apikeys.services.members import member_create
from apikeys.services.tokens import playground_token
from metadata.layout_models import ViewField, ViewFieldGroup, ViewFilter
from metadata.models import IndexMetadata
from tests import factories
from tests.metadata.graphql.conftest import Api, object_input

pytestmark = pytest.mark.django_db

# type → members, of which typed clients generate selections
MEMBERS = {
    "Agent": "id name label icon description prompt modelId responseFormat roleId isCustom applicationId createdAt"
    " updatedAt modelConfiguration evaluationInputs",
    "FullName": "firstName lastName",
    "WorkspaceMember": "id name userEmail colorScheme avatarUrl locale calendarStartDay timeZone dateFormat timeFormat"
    " roles userWorkspaceId numberFormat",
    "User": "id firstName lastName email isEmailVerified disabled canImpersonate canAccessFullAdminPanel createdAt"
    " updatedAt deletedAt locale workspaceMember userWorkspaces onboardingStatus currentWorkspace currentUserWorkspace"
    " userVars workspaceMembers deletedWorkspaceMembers hasPassword supportUserHash workspaces availableWorkspaces",
    "UserWorkspace": "id user userId locale createdAt updatedAt deletedAt permissionFlags objectPermissions"
    " objectsPermissions twoFactorAuthenticationMethodSummary",
    "Workspace": "id displayName logo logoFileId inviteHash deletedAt createdAt updatedAt allowImpersonation"
    " isPublicInviteLinkEnabled trashRetentionDays eventLogRetentionDays workspaceMembersCount activationStatus views"
    " viewFields viewFilters viewFilterGroups viewGroups viewSorts metadataVersion databaseSchema subdomain customDomain"
    " isGoogleAuthEnabled isGoogleAuthBypassEnabled isTwoFactorAuthenticationEnforced isPasswordAuthEnabled"
    " isPasswordAuthBypassEnabled isMicrosoftAuthEnabled isMicrosoftAuthBypassEnabled isCustomDomainEnabled"
    " isInternalMessagesImportEnabled editableProfileFields defaultRole fastModel smartModel aiAdditionalInstructions"
    " enabledAiModelIds useRecommendedModels routerModel workspaceCustomApplication featureFlags billingSubscriptions"
    " installedApplications currentBillingSubscription billingCustomer billingEntitlements hasValidSignedEnterpriseKey"
    " hasValidEnterpriseValidityToken workspaceUrls workspaceCustomApplicationId",
    "View": "id name objectMetadataId type key icon position isCompact isCustom openRecordIn kanbanAggregateOperation"
    " kanbanAggregateOperationFieldMetadataId mainGroupByFieldMetadataId shouldHideEmptyGroups kanbanColumnWidth"
    " groupLoadLimit calendarFieldMetadataId workspaceId anyFieldFilterValue calendarLayout createdAt updatedAt"
    " deletedAt viewFields viewFilters viewFilterGroups viewSorts viewGroups viewFieldGroups visibility"
    " createdByUserWorkspaceId isActive applicationId universalIdentifier isSystemSideEffect",
    "ViewField": "id fieldMetadataId isVisible size position aggregateOperation viewId viewFieldGroupId workspaceId"
    " createdAt updatedAt isActive deletedAt isOverridden",
    "ViewFieldGroup": "id name position isVisible viewId workspaceId createdAt updatedAt isActive deletedAt viewFields"
    " isOverridden",
    "ViewFilter": "id fieldMetadataId operand value viewFilterGroupId positionInViewFilterGroup subFieldName"
    " relationTargetFieldMetadataId viewId workspaceId createdAt updatedAt deletedAt",
    "ObjectPermission": "objectMetadataId canReadObjectRecords canUpdateObjectRecords canSoftDeleteObjectRecords"
    " canDestroyObjectRecords restrictedFields rowLevelPermissionPredicates rowLevelPermissionPredicateGroups",
    "Index": "id name isCustom isUnique indexWhereClause indexType createdAt updatedAt indexFieldMetadataList"
    " objectMetadata indexFieldMetadatas",
    "MinimalObjectMetadata": "id nameSingular namePlural labelSingular labelPlural icon color isActive isSystem"
    " isRemote isCustom",
    "PublicWorkspaceData": "id authProviders authBypassProviders logo displayName workspaceUrls",
    "AuthTokenPair": "accessOrWorkspaceAgnosticToken refreshToken",
    "CreateViewInput": "id name objectMetadataId type key icon position isCompact shouldHideEmptyGroups"
    " kanbanColumnWidth groupLoadLimit openRecordIn kanbanAggregateOperation kanbanAggregateOperationFieldMetadataId"
    " anyFieldFilterValue calendarLayout calendarFieldMetadataId mainGroupByFieldMetadataId visibility",
    "CreateViewFieldInput": "id fieldMetadataId viewId isVisible size position aggregateOperation viewFieldGroupId",
    "UpdateViewFieldGroupInputUpdates": "name position isVisible deletedAt",
    "UpdateViewGroupInputUpdates": "fieldMetadataId isVisible fieldValue position",
    "UpsertFieldsWidgetGroupInput": "id name position isVisible fields",
    "UpsertViewWidgetInput": "widgetId viewFields viewFilters viewFilterGroups viewSorts",
    "UpsertViewWidgetViewFieldInput": "viewFieldId fieldMetadataId isVisible position size aggregateOperation",
    "UpsertViewWidgetViewSortInput": "id fieldMetadataId direction",
    "UpdateWorkspaceMemberSettingsInput": "workspaceMemberId update",
}
ROOTS = [
    "getViewFieldGroups",
    "getViewFieldGroup",
    "createViewFieldGroup",
    "createManyViewFieldGroups",
    "updateViewFieldGroup",
    "deleteViewFieldGroup",
    "destroyViewFieldGroup",
    "updateManyViewGroups",
    "upsertFieldsWidget",
    "upsertViewWidget",
    "updateWorkspaceMemberSettings",
    "getPublicWorkspaceDataByDomain",
    "getLoginTokenFromCredentials",
    "getAuthTokensFromLoginToken",
    "renewToken",
]


@pytest.fixture
def rocket(api: Api) -> dict[str, Any]:
    rocket = api.create_object()
    for name in ("note", "speed"):
        rocket[name] = api.create_field(objectMetadataId=rocket["id"], name=name, label=name.capitalize())["id"]
    return rocket


def test_the_types_have_the_members_that_clients_select(api: Api) -> None:
    schema = build_client_schema(api.ask(get_introspection_query()))
    missing = {
        name: lacking
        for name, members in MEMBERS.items()
        if (lacking := set(members.split()) - set(getattr(schema.type_map.get(name), "fields", ())))
    }
    assert missing == {}
    assert schema.query_type is not None and schema.mutation_type is not None
    assert set(ROOTS) <= set(schema.query_type.fields) | set(schema.mutation_type.fields)
    assert "deleteWebhookFlag" not in schema.mutation_type.fields  # ours, for old clients


def test_an_index_names_its_object_and_its_fields(api: Api, rocket: dict[str, Any]) -> None:
    index = IndexMetadata.objects.get(object_id=rocket["id"])
    query = """query ($id: UUID!) { index(id: $id) { objectMetadata { edges { node { id } } }
        indexFieldMetadatas(filter: {}) { edges { node { fieldMetadataId } } pageInfo { hasNextPage } }
        indexFieldMetadataList { fieldMetadataId } } }"""
    shown = api.ask(query, {"id": str(index.id)})["index"]
    assert shown["objectMetadata"]["edges"] == [{"node": {"id": rocket["id"]}}]
    assert [each["node"] for each in shown["indexFieldMetadatas"]["edges"]] == shown["indexFieldMetadataList"]


def _view(api: Api, rocket: dict[str, Any]) -> str:
    query = "mutation ($input: CreateViewInput!) { createView(input: $input) { id } }"
    values = {"name": "Fast", "icon": "IconX", "objectMetadataId": rocket["id"]}
    return str(api.ask(query, {"input": values})["createView"]["id"])


def _widget(api: Api, view_id: str | None) -> str:
    def made(many: str, **values: Any) -> str:
        answer = factories.Api(api.token).post(f"/rest/metadata/{many}", values)
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    tab = made("pageLayoutTabs", pageLayoutId=made("pageLayouts", name="Page"), title="Home")
    return made("pageLayoutWidgets", pageLayoutTabId=tab, title="Fields", configuration={"viewId": view_id})


GROUPED = "viewFieldGroups { id name position isVisible viewFields { fieldMetadataId position isVisible } }"
FIELDS_WIDGET = f"mutation ($input: UpsertFieldsWidgetInput!) {{ upsertFieldsWidget(input: $input) {{ {GROUPED} }} }}"


def test_a_fields_widget_saves_its_groups_and_fields(api: Api, rocket: dict[str, Any]) -> None:
    view_id = _view(api, rocket)
    widget, group, other = _widget(api, view_id), str(uuid4()), str(uuid4())
    field = {"fieldMetadataId": rocket["note"], "isVisible": True, "position": 0}
    hidden = {"fieldMetadataId": rocket["speed"], "isVisible": False, "position": 1}
    groups = [
        {"id": group, "name": "Basics", "position": 0, "isVisible": True, "fields": [field, hidden]},
        {"id": other, "name": "More", "position": 1, "isVisible": False, "fields": []},
    ]
    saved = api.ask(FIELDS_WIDGET, {"input": {"widgetId": widget, "groups": groups}})["upsertFieldsWidget"]
    assert saved["viewFieldGroups"] == [
        {"viewFields" if k == "fields" else k: v for k, v in each.items()} for each in groups
    ]
    assert api.ask(FIELDS_WIDGET, {"input": {"widgetId": widget, "groups": groups}})["upsertFieldsWidget"] == saved
    column = ViewField.objects.get(view_id=view_id, field_id=rocket["speed"])
    shown = {"viewFieldId": str(column.id), "isVisible": True, "position": 5}
    flat = api.ask(FIELDS_WIDGET, {"input": {"widgetId": widget, "fields": [shown]}})["upsertFieldsWidget"]
    assert flat == {"viewFieldGroups": []}
    column.refresh_from_db()
    assert (column.is_visible, column.position, column.view_field_group_id) == (True, 5, None)
    assert ViewField.objects.filter(view_id=view_id, view_field_group_id__isnull=False).count() == 0
    assert not ViewFieldGroup.objects.filter(view_id=view_id).exists()


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({}, "BAD_USER_INPUT", "Either groups or fields must be given, not both"),
        ({"groups": [], "fields": []}, "BAD_USER_INPUT", "Either groups or fields must be given, not both"),
        (
            {"fields": [{"isVisible": True, "position": 0}]},
            "BAD_USER_INPUT",
            "viewFieldId or fieldMetadataId must be given",
        ),
        (
            {"fields": [{"fieldMetadataId": str(uuid4()), "isVisible": True, "position": 0}]},
            "NOT_FOUND",
            "Field metadata not found",
        ),
        (
            {"fields": [{"viewFieldId": str(uuid4()), "isVisible": True, "position": 0}]},
            "NOT_FOUND",
            "View field not found",
        ),
    ],
)
def test_a_fields_widget_that_is_refused(
    api: Api, rocket: dict[str, Any], given: dict[str, Any], code: str, message: str
) -> None:
    view_id = _view(api, rocket)
    error = api.refused(FIELDS_WIDGET, {"input": {"widgetId": _widget(api, view_id), **given}})
    assert (error["extensions"]["code"], error["message"]) == (code, message)
    assert not ViewField.objects.filter(view_id=view_id).exists()


def test_a_widget_of_no_view_and_one_that_is_not_there(api: Api, rocket: dict[str, Any]) -> None:
    error = api.refused(FIELDS_WIDGET, {"input": {"widgetId": _widget(api, None), "fields": []}})
    assert error["message"] == "The widget shows no view: its configuration has no viewId"
    error = api.refused(FIELDS_WIDGET, {"input": {"widgetId": str(uuid4()), "fields": []}})
    assert (error["extensions"]["code"], error["message"]) == ("NOT_FOUND", "Page layout widget not found")


def test_a_view_widget_saves_the_view_and_all_of_its_parts(api: Api, rocket: dict[str, Any]) -> None:
    view_id = _view(api, rocket)
    widget = _widget(api, view_id)
    query = """mutation ($input: UpsertViewWidgetInput!) { upsertViewWidget(input: $input) { id groupLoadLimit
        viewFields { fieldMetadataId isVisible size aggregateOperation } viewSorts { id fieldMetadataId direction }
        viewFilters { id value viewFilterGroupId } viewFilterGroups { id parentViewFilterGroupId } } }"""
    inner, outer, kept = str(uuid4()), str(uuid4()), str(uuid4())
    given = {
        "viewSettings": {"groupLoadLimit": 20},
        "viewFields": [
            {
                "fieldMetadataId": rocket["note"],
                "isVisible": True,
                "position": 0,
                "size": 80,
                "aggregateOperation": "COUNT",
            }
        ],
        "viewFilterGroups": [
            {"id": inner, "parentViewFilterGroupId": outer, "logicalOperator": "OR"},
            {"id": outer, "logicalOperator": "AND"},
        ],
        "viewFilters": [
            {
                "id": kept,
                "fieldMetadataId": rocket["note"],
                "operand": "CONTAINS",
                "value": "a",
                "viewFilterGroupId": inner,
            },
            {"fieldMetadataId": rocket["note"], "operand": "CONTAINS", "value": "b"},
        ],
        "viewSorts": [{"fieldMetadataId": rocket["speed"], "direction": "DESC"}],
    }
    saved = api.ask(query, {"input": {"widgetId": widget, **given}})["upsertViewWidget"]
    assert (saved["id"], saved["groupLoadLimit"]) == (view_id, 20)
    assert saved["viewFields"] == [
        {"fieldMetadataId": rocket["note"], "isVisible": True, "size": 80, "aggregateOperation": "COUNT"}
    ]
    assert {each["id"]: each["parentViewFilterGroupId"] for each in saved["viewFilterGroups"]} == {
        inner: outer,
        outer: None,
    }
    assert [each["direction"] for each in saved["viewSorts"]] == ["DESC"]
    # what a list does not name goes, what is not given stays; the groups go, the filter that is kept does not
    given = {"viewFilterGroups": [], "viewFilters": [{"id": kept, "fieldMetadataId": rocket["note"], "value": "c"}]}
    saved = api.ask(query, {"input": {"widgetId": widget, **given}})["upsertViewWidget"]
    assert saved["viewFilters"] == [{"id": kept, "value": "c", "viewFilterGroupId": None}]
    assert (saved["viewFilterGroups"], len(saved["viewSorts"]), len(saved["viewFields"])) == ([], 1, 1)
    wrong = {"viewSorts": [], "viewFilters": [{"fieldMetadataId": rocket["note"], "operand": "IS_TODAY", "value": ""}]}
    assert api.refused(query, {"input": {"widgetId": widget, **wrong}})["message"] == (
        'Operand "IS_TODAY" is not supported on field type "TEXT".'
        " Supported operands: IS, IS_NOT, CONTAINS, DOES_NOT_CONTAIN, IS_EMPTY, IS_NOT_EMPTY, IS_NOT_NULL."
    )
    assert ViewFilter.objects.get(view_id=view_id).id == ViewFilter.objects.get(id=kept).id
    assert (
        len(api.ask("query ($id: String!) { getViewSorts(viewId: $id) { id } }", {"id": view_id})["getViewSorts"]) == 1
    )


def test_many_view_groups_change_in_one_call(api: Api, rocket: dict[str, Any]) -> None:
    view_id = _view(api, rocket)
    create = "mutation ($inputs: [CreateViewGroupInput!]!) { createManyViewGroups(inputs: $inputs) { id } }"
    inputs = [{"viewId": view_id, "fieldValue": value} for value in ("A", "B")]
    first, second = (each["id"] for each in api.ask(create, {"inputs": inputs})["createManyViewGroups"])
    update = (
        """mutation ($inputs: [UpdateViewGroupInput!]!) { updateManyViewGroups(inputs: $inputs) { id position } }"""
    )
    changes = [{"id": first, "update": {"position": 2}}, {"id": second, "update": {"position": 1}}]
    changed = api.ask(update, {"inputs": changes})["updateManyViewGroups"]
    assert changed == [{"id": first, "position": 2}, {"id": second, "position": 1}]
    wrong = [{"id": first, "update": {"position": 9}}, {"id": str(uuid4()), "update": {"position": 1}}]
    error = api.refused(update, {"inputs": wrong})
    assert (error["extensions"]["code"], error["message"]) == ("NOT_FOUND", "View group not found")
    read = "query ($id: String) { getViewGroups(viewId: $id) { id position } }"
    assert api.ask(read, {"id": view_id})["getViewGroups"] == [changed[1], changed[0]]


# People ----------------------------------------------------------------------------------------------


@pytest.fixture
def ada(api: Api) -> Member:
    role = Role.objects.get(workspace_id=api.workspace.id, label="Member")
    return member_create(
        workspace=api.workspace, email="ada@example.com", password="correct horse battery", first_name="Ada", role=role
    )


def _as(api: Api, member: Member) -> Api:
    from apikeys.authentication import principal_of_member_id

    principal = principal_of_member_id(api.workspace.id, member.id)
    return Api(api.workspace, playground_token(principal).token)


def test_a_member_reads_and_changes_their_own_settings(api: Api, ada: Member) -> None:
    own = _as(api, ada)
    query = """{ currentUser { email isEmailVerified hasPassword onboardingStatus locale workspaceMembers { id }
        workspaceMember { id name { firstName } locale dateFormat colorScheme roles { label } userWorkspaceId }
        currentUserWorkspace { id permissionFlags objectsPermissions { objectMetadataId canReadObjectRecords } }
        workspaces { id } availableWorkspaces { availableWorkspacesForSignIn { id displayName } } } }"""
    user = own.ask(query)["currentUser"]
    assert (user["email"], user["hasPassword"], user["locale"], user["workspaceMembers"]) == (
        ada.user.email,
        True,
        "en",
        None,
    )
    assert user["workspaceMember"] == {
        "id": str(ada.member_record_id),
        "name": {"firstName": "Ada"},
        "locale": "en",
        "dateFormat": "SYSTEM",
        "colorScheme": "System",
        "roles": [{"label": "Member"}],
        "userWorkspaceId": str(ada.id),
    }
    assert user["workspaces"] == [{"id": str(ada.id)}]
    assert [each["id"] for each in user["availableWorkspaces"]["availableWorkspacesForSignIn"]] == [
        str(api.workspace.id)
    ]
    rights = user["currentUserWorkspace"]["objectsPermissions"]
    may = {each["objectMetadataId"]: each["canReadObjectRecords"] for each in rights}
    assert len(may) == 29
    assert (may[api.object("company")["id"]], may[api.object("workflow")["id"]]) == (True, False)  # of WORKFLOWS

    update = """mutation ($id: UUID!, $update: JSON!) {
        updateWorkspaceMemberSettings(input: {workspaceMemberId: $id, update: $update}) }"""
    mine = {"id": str(ada.member_record_id), "update": {"locale": "fr-FR", "dateFormat": "DAY_FIRST"}}
    assert own.ask(update, mine) == {"updateWorkspaceMemberSettings": True}
    member = own.ask(query)["currentUser"]["workspaceMember"]
    assert (member["locale"], member["dateFormat"]) == ("fr-FR", "DAY_FIRST")
    other = member_create(workspace=api.workspace, email="b@example.com", password="correct horse battery")
    for change, code in (
        ({"id": str(other.member_record_id), "update": {"locale": "de"}}, "FORBIDDEN"),
        ({**mine, "update": {"userEmail": "x@example.com"}}, "FORBIDDEN"),
        ({**mine, "update": {"dateFormat": "SIDEWAYS"}}, "BAD_USER_INPUT"),
        ({**mine, "update": []}, "BAD_USER_INPUT"),
    ):
        assert own.refused(update, change)["extensions"]["code"] == code
    assert own.ask(query)["currentUser"]["workspaceMember"] == member
    assert api.ask(update, {"id": str(other.member_record_id), "update": {"locale": "de"}})  # an Admin's key


def test_object_names_of_the_model_are_told_custom_or_not(api: Api) -> None:
    api.create_object(**{key: value for key, value in object_input("rocket").items() if key == "icon"})
    items = api.ask("{ minimalMetadata { objectMetadataItems { nameSingular isCustom } } }")["minimalMetadata"]
    custom = {each["nameSingular"] for each in items["objectMetadataItems"] if each["isCustom"]}
    assert custom == {"rocket"}
