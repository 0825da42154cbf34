"""No object is above the role: what roles with few rights may do with the objects of the system, over both APIs."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from apikeys.models import Member, Role
from apikeys.services.members import member_create
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create
from apikeys.services.tokens import playground_token
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.factories import Api, api_of, key_of, principal_of, workspace_with

SYSTEM = (
    "noteTarget",
    "taskTarget",
    "attachment",
    "timelineActivity",
    "favorite",
    "favoriteFolder",
    "blocklist",
    "connectedAccount",
    "messageChannel",
    "messageFolder",
    "message",
    "messageThread",
    "messageParticipant",
    "messageChannelMessageAssociation",
    "calendarChannel",
    "calendarEvent",
    "calendarEventParticipant",
    "calendarChannelEventAssociation",
)
WORKFLOWS = ("workflow", "workflowVersion", "workflowRun", "workflowAutomatedTrigger")
DENIED = "Entity performing the request does not have permission"
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def workspace(db: Any) -> Workspace:
    return workspace_with(empty=False)


def made_role(workspace: Workspace, label: str, *, flags: tuple[str, ...] = (), **rights: bool) -> Role:
    principal = principal_of(workspace)
    role = role_create(principal, values={"label": label, **rights})
    if flags:
        permission_flags_upsert(principal, role_id=role.id, flags=list(flags))
    return role


def api_with(workspace: Workspace, *flags: str, **rights: bool) -> Api:
    """A key of a new role."""
    label = f"Role {uuid4()}"
    made_role(workspace, label, flags=flags, **rights)
    return Api(key_of(workspace, role=label))


def member_of(workspace: Workspace, *flags: str, **rights: bool) -> tuple[Api, str]:
    """Someone signed in, by a token that acts as them, and the id of their workspaceMember record."""
    role = made_role(workspace, f"Role {uuid4()}", flags=flags, **rights)
    email = f"{uuid4().hex}@example.com"
    member = member_create(
        workspace=workspace,
        email=email,
        password="correct horse battery",
        first_name="Ada",
        last_name="Byron",
        role=role,
    )
    return Api(token_of(workspace, member)), str(member.member_record_id)


def token_of(workspace: Workspace, member: Member) -> str:
    from apikeys.authentication import principal_of_member_id

    return playground_token(principal_of_member_id(workspace.id, member.id)).token


def plural(workspace: Workspace, singular: str) -> str:
    return ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular=singular).name_plural


def assert_denied(answer: Answer, required: str, subject: str) -> None:
    assert (answer.status, answer.body["messages"], answer.body["code"]) == (403, [DENIED], "PERMISSION_DENIED")
    assert answer.body["required"] == {"permission": required, "object": subject, "field": None}


def assert_denied_in_graphql(answer: Answer, required: str) -> None:
    assert answer.status == 200
    [error] = answer.body["errors"]
    code = (error["message"], error["extensions"]["code"], error["extensions"]["subCode"])
    assert code == (DENIED, "FORBIDDEN", "PERMISSION_DENIED")
    assert error["extensions"]["required"]["permission"] == required
    assert set((answer.body["data"] or {}).values()) <= {None}


# Role-wide rights ------------------------------------------------------------------------------------


def test_a_role_without_rights_reads_and_writes_no_system_object(workspace: Workspace) -> None:
    nobody = api_with(workspace)
    for singular in SYSTEM:
        path = f"/rest/{plural(workspace, singular)}"
        assert_denied(nobody.get(path), "canReadObjectRecords", singular)
        assert_denied(nobody.get(f"{path}/{NOWHERE}"), "canReadObjectRecords", singular)
        assert_denied(nobody.post(path, {}), "canUpdateObjectRecords", singular)
        assert_denied(nobody.patch(f"{path}/{NOWHERE}", {}), "canUpdateObjectRecords", singular)
        assert_denied(nobody.delete(f"{path}/{NOWHERE}"), "canDestroyObjectRecords", singular)
        assert_denied(nobody.delete(f"{path}/{NOWHERE}?soft_delete=true"), "canSoftDeleteObjectRecords", singular)
    assert [api_of(workspace).get(f"/rest/{plural(workspace, each)}").body["totalCount"] for each in SYSTEM] == [
        0
    ] * len(SYSTEM)


def test_a_role_without_rights_is_refused_over_graphql(workspace: Workspace) -> None:
    nobody = api_with(workspace)
    for singular in SYSTEM:
        many, pascal = plural(workspace, singular), singular[0].upper() + singular[1:]
        assert_denied_in_graphql(nobody.graphql(f"{{ {many} {{ totalCount }} }}"), "canReadObjectRecords")
        create = f"mutation {{ create{pascal}(data: {{}}) {{ id }} }}"
        assert_denied_in_graphql(nobody.graphql(create), "canUpdateObjectRecords")


def test_role_wide_rights_hold_for_system_objects(workspace: Workspace) -> None:
    api = api_with(workspace, canReadAllObjectRecords=True, canUpdateAllObjectRecords=True)
    for singular in SYSTEM:
        path = f"/rest/{plural(workspace, singular)}"
        made = api.post(path, {})
        assert made.status == 201, made.body
        [record] = made.body["data"].values()
        assert api.get(f"{path}/{record['id']}").status == 200
        assert_denied(api.delete(f"{path}/{record['id']}"), "canDestroyObjectRecords", singular)


def test_an_override_on_a_system_object_is_set_and_holds(workspace: Workspace) -> None:
    label = "No attachments"
    role = made_role(workspace, label, canReadAllObjectRecords=True, canUpdateAllObjectRecords=True)
    api = Api(key_of(workspace, role=label))
    assert api.post("/rest/attachments", {"name": "plan"}).status == 201
    attachment = ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular="attachment")
    set_override = """mutation ($v: UpsertObjectPermissionsInput!) {
        upsertObjectPermissions(upsertObjectPermissionsInput: $v) { objectMetadataId canReadObjectRecords } }"""
    items = [{"objectMetadataId": str(attachment.id), "canReadObjectRecords": False, "canUpdateObjectRecords": False}]
    stored = api_of(workspace).data(
        set_override, {"v": {"roleId": str(role.id), "objectPermissions": items}}, path="/metadata"
    )
    assert stored["upsertObjectPermissions"] == [
        {"objectMetadataId": str(attachment.id), "canReadObjectRecords": False}
    ]
    assert_denied(api.get("/rest/attachments"), "canReadObjectRecords", "attachment")
    assert_denied(api.post("/rest/attachments", {}), "canUpdateObjectRecords", "attachment")
    assert api.get("/rest/noteTargets").status == 200


def test_a_deletion_takes_its_junction_records_whatever_the_role_says_of_those(workspace: Workspace) -> None:
    """That is the system's own doing, as the data model has it."""
    admin = api_of(workspace)
    note = admin.post("/rest/notes", {"title": "call"}).body["data"]["createNote"]["id"]
    admin.post("/rest/noteTargets", {"noteId": note})
    label = "Notes only"
    role = made_role(workspace, label)
    notes = ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular="note")
    rights = {"canReadObjectRecords": True, "canSoftDeleteObjectRecords": True}
    object_permissions_upsert(
        principal_of(workspace), role_id=role.id, items=[{"objectMetadataId": str(notes.id), **rights}]
    )
    api = Api(key_of(workspace, role=label))
    assert api.delete(f"/rest/notes/{note}?soft_delete=true").status == 200
    assert admin.get("/rest/noteTargets").body["totalCount"] == 0
    assert_denied(api.get("/rest/noteTargets"), "canReadObjectRecords", "noteTarget")


# Members ---------------------------------------------------------------------------------------------


def people(workspace: Workspace) -> list[dict[str, Any]]:
    return api_of(workspace).records("/rest/workspaceMembers")


def test_everybody_reads_members_whatever_the_override(workspace: Workspace) -> None:
    _, record_id = member_of(workspace)
    label = "Nothing"
    role = made_role(workspace, label)
    described = ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular="workspaceMember")
    object_permissions_upsert(
        principal_of(workspace),
        role_id=role.id,
        items=[{"objectMetadataId": str(described.id), "canReadObjectRecords": False}],
    )
    api = Api(key_of(workspace, role=label))
    assert [each["id"] for each in api.records("/rest/workspaceMembers")] == [record_id]
    names = api.data("{ workspaceMembers { edges { node { id name { firstName } } } } }")
    assert names["workspaceMembers"]["edges"] == [{"node": {"id": record_id, "name": {"firstName": "Ada"}}}]


def test_a_hidden_field_of_members_stays_hidden(workspace: Workspace) -> None:
    member_of(workspace)
    label = "No addresses"
    role = made_role(workspace, label)
    email = FieldMetadata.objects.get(object__workspace_id=workspace.id, name="userEmail")
    item = {"objectMetadataId": str(email.object_id), "fieldMetadataId": str(email.id), "canReadFieldValue": False}
    field_permissions_upsert(principal_of(workspace), role_id=role.id, items=[item])
    [seen] = Api(key_of(workspace, role=label)).records("/rest/workspaceMembers")
    assert "userEmail" not in seen and seen["name"] == {"firstName": "Ada", "lastName": "Byron"}


EVERY_RECORD_RIGHT = {
    "canReadAllObjectRecords": True,
    "canUpdateAllObjectRecords": True,
    "canSoftDeleteAllObjectRecords": True,
    "canDestroyAllObjectRecords": True,
}


def test_without_workspace_members_nobody_writes_them(workspace: Workspace) -> None:
    _, other = member_of(workspace)
    api = api_with(workspace, **EVERY_RECORD_RIGHT)
    before = people(workspace)
    path = "/rest/workspaceMembers"
    for answer in (
        api.post(path, {"name": {"firstName": "Eve"}}),
        api.post("/rest/batch/workspaceMembers", [{"name": {"firstName": "Eve"}}]),
        api.post(f"{path}?upsert=true", {"id": other, "name": {"firstName": "Eve"}}),
        api.patch(f"{path}/{other}", {"locale": "fr"}),
        api.patch(f"{path}?filter=locale[eq]:en", {"locale": "fr"}),
        api.delete(f"{path}/{other}"),
        api.delete(f"{path}/{other}?soft_delete=true"),
        api.patch(f"/rest/restore/workspaceMembers/{other}"),
    ):
        assert_denied(answer, "WORKSPACE_MEMBERS", "workspaceMember")
    for mutation in (
        'createWorkspaceMember(data: {locale: "fr"}) { id }',
        'createWorkspaceMembers(data: [{locale: "fr"}]) { id }',
        f'updateWorkspaceMember(id: "{other}", data: {{locale: "fr"}}) {{ id }}',
        'updateWorkspaceMembers(filter: {locale: {eq: "en"}}, data: {locale: "fr"}) { id }',
        f'deleteWorkspaceMember(id: "{other}") {{ id }}',
        f'destroyWorkspaceMember(id: "{other}") {{ id }}',
        f'restoreWorkspaceMember(id: "{other}") {{ id }}',
    ):
        assert_denied_in_graphql(api.graphql(f"mutation {{ {mutation} }}"), "WORKSPACE_MEMBERS")
    assert people(workspace) == before


def test_with_workspace_members_and_nothing_else_they_are_written(workspace: Workspace) -> None:
    api = api_with(workspace, "WORKSPACE_MEMBERS")
    made = api.post("/rest/workspaceMembers", {"name": {"firstName": "Eve"}, "userId": NOWHERE})
    assert made.status == 201, made.body
    record_id = made.body["data"]["createWorkspaceMember"]["id"]
    changed = api.patch(f"/rest/workspaceMembers/{record_id}", {"locale": "fr"})
    assert changed.body["data"]["updateWorkspaceMember"]["locale"] == "fr"
    assert api.delete(f"/rest/workspaceMembers/{record_id}").status == 200
    assert people(workspace) == []


def test_a_member_record_is_not_soft_deleted_by_anybody(workspace: Workspace) -> None:
    _, record_id = member_of(workspace)
    admin = api_of(workspace)
    message = "Please use /deleteUserFromWorkspace to remove a workspace member."
    answer = admin.delete(f"/rest/workspaceMembers/{record_id}?soft_delete=true")
    assert (answer.status, answer.body["messages"]) == (400, [message])
    answer = admin.graphql(f'mutation {{ deleteWorkspaceMember(id: "{record_id}") {{ id }} }}')
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")
    assert [each["id"] for each in people(workspace)] == [record_id]


PROFILE = {
    "name": {"firstName": "Augusta", "lastName": "King"},
    "avatarUrl": "https://example.com/ada.png",
    "colorScheme": "Dark",
    "locale": "fr",
    "timeZone": "Europe/Paris",
    "dateFormat": "DAY_FIRST",
    "timeFormat": "HOUR_24",
    "numberFormat": "COMMAS_AND_DOT",
    "calendarStartDay": 1,
}


def test_members_change_their_own_profile_without_any_right(workspace: Workspace) -> None:
    ada, record_id = member_of(workspace)
    changed = ada.patch(f"/rest/workspaceMembers/{record_id.upper()}", PROFILE)
    assert changed.status == 200, changed.body
    [seen] = people(workspace)
    assert {name: seen[name] for name in PROFILE} == PROFILE
    mutation = f'mutation {{ updateWorkspaceMember(id: "{record_id}", data: {{locale: "de"}}) {{ locale }} }}'
    assert ada.data(mutation) == {"updateWorkspaceMember": {"locale": "de"}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"userEmail": "boss@example.com"}, id="sign-in address"),
        pytest.param({"userId": NOWHERE}, id="user"),
        pytest.param({"position": 1}, id="place in lists"),
        pytest.param({"locale": "fr", "userEmail": "boss@example.com"}, id="one of two"),
    ],
)
def test_members_change_nothing_else_of_their_record(workspace: Workspace, body: dict[str, Any]) -> None:
    ada, record_id = member_of(workspace, **EVERY_RECORD_RIGHT)
    before = people(workspace)
    assert_denied(ada.patch(f"/rest/workspaceMembers/{record_id}", body), "WORKSPACE_MEMBERS", "workspaceMember")
    assert people(workspace) == before


def test_members_change_nobody_elses_profile(workspace: Workspace) -> None:
    ada, _ = member_of(workspace, **EVERY_RECORD_RIGHT)
    _, other = member_of(workspace)
    before = people(workspace)
    answer = ada.patch(f"/rest/workspaceMembers/{other}", {"locale": "fr"})
    assert_denied(answer, "WORKSPACE_MEMBERS", "workspaceMember")
    assert people(workspace) == before


def test_a_locked_field_of_ones_own_profile_stays_locked(workspace: Workspace) -> None:
    ada, record_id = member_of(workspace, "WORKSPACE_MEMBERS")
    locale = FieldMetadata.objects.get(object__workspace_id=workspace.id, name="locale")
    role = Member.objects.get(member_record_id=UUID(record_id)).role
    item = {"objectMetadataId": str(locale.object_id), "fieldMetadataId": str(locale.id), "canUpdateFieldValue": False}
    field_permissions_upsert(principal_of(workspace), role_id=role.id, items=[item])
    permission_flags_upsert(principal_of(workspace), role_id=role.id, flags=[])
    answer = ada.patch(f"/rest/workspaceMembers/{record_id}", {"locale": "fr"})
    assert (answer.status, answer.body["code"]) == (403, "PERMISSION_DENIED")
    assert ada.patch(f"/rest/workspaceMembers/{record_id}", {"timeZone": "Europe/Paris"}).status == 200


# Workflows -------------------------------------------------------------------------------------------


def test_workflows_follow_their_flag_and_no_record_right(workspace: Workspace) -> None:
    without = api_with(workspace, **EVERY_RECORD_RIGHT)
    with_flag = api_with(workspace, "WORKFLOWS")
    for singular in WORKFLOWS:
        path = f"/rest/{plural(workspace, singular)}"
        for answer in (without.get(path), without.post(path, {}), without.delete(f"{path}/{NOWHERE}")):
            assert_denied(answer, "WORKFLOWS", singular)
        assert_denied_in_graphql(without.graphql(f"{{ {plural(workspace, singular)} {{ totalCount }} }}"), "WORKFLOWS")
        made = with_flag.post(path, {})
        assert made.status == 201, made.body
        [record] = made.body["data"].values()
        assert with_flag.delete(f"{path}/{record['id']}").status == 200


def test_workflows_ignore_overrides(workspace: Workspace) -> None:
    label = "Overridden"
    role = made_role(workspace, label)
    described = ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular="workflow")
    object_permissions_upsert(
        principal_of(workspace),
        role_id=role.id,
        items=[{"objectMetadataId": str(described.id), "canReadObjectRecords": True}],
    )
    assert_denied(Api(key_of(workspace, role=label)).get("/rest/workflows"), "WORKFLOWS", "workflow")


def test_the_kept_plans_of_one_role_are_not_anothers(workspace: Workspace) -> None:
    """Roles that differ by a flag only: what the first was answered decides nothing for the second."""
    with_flag = api_with(workspace, "WORKFLOWS", canReadAllObjectRecords=True, canUpdateAllObjectRecords=True)
    without = api_with(workspace, canReadAllObjectRecords=True)
    workflow = with_flag.post("/rest/workflows", {"name": "Nightly"}).body["data"]["createWorkflow"]["id"]
    made = with_flag.post("/rest/favorites", {"workflowId": workflow})
    assert made.status == 201, made.body
    [seen] = with_flag.records("/rest/favorites?depth=1")
    assert seen["workflow"]["name"] == "Nightly"
    [seen] = without.records("/rest/favorites?depth=1")
    assert "workflow" not in seen and seen["workflowId"] == workflow


# Secrets ---------------------------------------------------------------------------------------------

TOKENS = {"accessToken": "at-5f1e", "refreshToken": "rt-77c0", "connectionParameters": {"password": "pw-93aa"}}
TEXTS = ("at-5f1e", "rt-77c0", "pw-93aa")


@pytest.fixture
def account(workspace: Workspace) -> str:
    made = api_of(workspace).post("/rest/connectedAccounts", {"handle": "ada@example.com", **TOKENS})
    assert made.status == 201, made.body
    assert not any(each in str(made.body) for each in TEXTS)
    record_id: str = made.body["data"]["createConnectedAccount"]["id"]
    return record_id


def test_tokens_of_connected_accounts_are_answered_to_nobody(workspace: Workspace, account: str) -> None:
    admin = api_of(workspace)
    changed = admin.patch(f"/rest/connectedAccounts/{account}", {"accessToken": "at-5f1e2"})
    assert changed.status == 200
    for answer in (
        changed,
        admin.get(f"/rest/connectedAccounts/{account}"),
        admin.get("/rest/connectedAccounts?depth=1"),
        admin.get(f"/rest/connectedAccounts/{account}/history"),
        admin.get(f"/rest/connectedAccounts/{account}?depth=1"),
        admin.graphql(f'{{ connectedAccount(filter: {{id: {{eq: "{account}"}}}}) {{ id handle }} }}'),
    ):
        assert answer.status == 200, answer.body
        assert not any(each in str(answer.body) for each in (*TEXTS, *TOKENS))


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_no_filter_order_aggregate_or_group(workspace: Workspace, account: str, name: str) -> None:
    admin = api_of(workspace)
    path = "/rest/connectedAccounts"
    refusals = {
        "filter": admin.get(f"{path}?filter={name}[is]:NOT_NULL"),
        "order": admin.get(f"{path}?order_by={name}[AscNullsFirst]"),
        "group": admin.get(f'{path}/groupBy?group_by=[{{"{name}":true}}]'),
    }
    for way, answer in refusals.items():
        assert answer.status == 403, (way, answer.body)
        assert answer.body["messages"] == [f'{DENIED}: no permission to read field "{name}" on "connectedAccount"']
        assert not any(each in str(answer.body) for each in TEXTS)
    for document in (
        f"{{ connectedAccounts {{ edges {{ node {{ {name} }} }} }} }}",
        f"{{ connectedAccounts(filter: {{ {name}: {{ is: NOT_NULL }} }}) {{ totalCount }} }}",
    ):
        answer = admin.graphql(document)
        assert answer.body.get("errors"), answer.body
        assert not any(each in str(answer.body) for each in TEXTS)


def test_writing_a_token_needs_connected_accounts(workspace: Workspace, account: str) -> None:
    rights = {"canReadAllObjectRecords": True, "canUpdateAllObjectRecords": True}
    without, with_flag = api_with(workspace, **rights), api_with(workspace, "CONNECTED_ACCOUNTS", **rights)
    path = f"/rest/connectedAccounts/{account}"
    answer = without.patch(path, {"refreshToken": "x"})
    assert (answer.status, answer.body["code"]) == (403, "PERMISSION_DENIED")
    assert without.patch(path, {"handle": "byron@example.com"}).status == 200
    assert with_flag.patch(path, {"refreshToken": "x"}).status == 200
