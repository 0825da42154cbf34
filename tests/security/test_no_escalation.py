"""Nobody gives, keeps or takes more than they have: every way to change roles, members and keys, over all APIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from apikeys.authentication import principal_of_member_id
from apikeys.models import ApiKey, ApiKeyToken, FieldPermission, Member, ObjectPermission, Role
from apikeys.services.api_keys import apikey_set_enabled
from apikeys.services.members import member_create
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_update
from apikeys.services.tokens import apikey_token, apikey_token_issued, playground_token
from config.errors import PermissionDenied
from config.principal import Principal
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, key_of, principal_of, workspace_with

BOOKS = {
    "nameSingular": "book",
    "namePlural": "books",
    "fields": [{"type": "TEXT", "name": "title"}, {"type": "NUMBER", "name": "price"}],
}
SHELVES = {"nameSingular": "shelf", "namePlural": "shelves"}
DENIED = "Entity performing the request does not have permission"
RECORDS = ("Read", "Update", "SoftDelete", "Destroy")
ALL_RECORDS = {f"can{verb}AllObjectRecords": True for verb in RECORDS}


@dataclass(frozen=True)
class Lib:
    """A workspace with a manager of roles and keys who sees no prices and no shelves."""

    workspace: Workspace
    system: Principal
    manager: Api
    manager_role: Role
    manager_key: ApiKey
    admin_key: ApiKey

    def role(self, label: str) -> Role:
        return Role.objects.get(workspace_id=self.workspace.id, label=label)

    def object_id(self, singular: str) -> str:
        return str(ObjectMetadata.objects.get(workspace_id=self.workspace.id, name_singular=singular).id)

    def field_id(self, name: str) -> str:
        return str(FieldMetadata.objects.get(object_id=UUID(self.object_id("book")), name=name).id)

    def made_role(self, label: str, *flags: str, **rights: bool) -> Role:
        role = role_create(self.system, values={"label": label, **rights})
        if flags:
            permission_flags_upsert(self.system, role_id=role.id, flags=list(flags))
        return role

    def member(self, role: Role) -> Member:
        return member_create(
            workspace=self.workspace, email=f"{uuid4().hex}@example.com", password="correct horse battery", role=role
        )


@pytest.fixture
def lib(db: Any) -> Lib:
    workspace = workspace_with([BOOKS, SHELVES])
    system = principal_of(workspace)
    role = role_create(system, values={"label": "Manager", **ALL_RECORDS})
    permission_flags_upsert(
        system, role_id=role.id, flags=["API_KEYS_AND_WEBHOOKS", "ROLES", "WORKSPACE", "WORKSPACE_MEMBERS"]
    )
    described = {each.name_singular: each for each in ObjectMetadata.objects.filter(workspace_id=workspace.id)}
    shelf = {f"can{verb}ObjectRecords": False for verb in RECORDS}
    object_permissions_upsert(
        system, role_id=role.id, items=[{"objectMetadataId": str(described["shelf"].id), **shelf}]
    )
    price = FieldMetadata.objects.get(object=described["book"], name="price")
    field_permissions_upsert(
        system,
        role_id=role.id,
        items=[
            {
                "objectMetadataId": str(described["book"].id),
                "fieldMetadataId": str(price.id),
                "canReadFieldValue": False,
            }
        ],
    )
    token = key_of(workspace, role="Manager", name="manager")
    key_of(workspace, role="Admin", name="admin")
    return Lib(
        workspace,
        principal_of(workspace),
        Api(token),
        Role.objects.get(id=role.id),
        ApiKey.objects.get(name="manager"),
        ApiKey.objects.get(name="admin"),
    )


def state() -> list[Any]:
    models = (Role, ObjectPermission, FieldPermission, Member, ApiKeyToken)
    rows: list[Any] = [list(each.objects.order_by("id").values()) for each in models]
    keys = ApiKey.objects.order_by("id").values("id", "name", "role_id", "expires_at", "revoked_at", "enabled")
    return [*rows, list(keys), list(Workspace.objects.values("id", "default_role_id"))]


def refused(api: Api, document: str, **variables: Any) -> str:
    """The right that a refused call on /metadata lacked; it changed nothing."""
    before = state()
    answer = api.graphql(document, variables, path="/metadata")
    assert answer.status == 200
    [error] = answer.body["errors"]
    found = (error["message"], error["extensions"]["code"], error["extensions"]["subCode"])
    assert found == (DENIED, "FORBIDDEN", "PERMISSION_DENIED"), error
    assert state() == before
    missing: str = error["extensions"]["required"]["permission"]
    return missing


def forbidden(api: Api, document: str, **variables: Any) -> str:
    """The message of a call that nobody may make so; it changed nothing."""
    before = state()
    [error] = api.graphql(document, variables, path="/metadata").body["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert state() == before
    message: str = error["message"]
    return message


def refused_over_rest(api: Api, method: str, path: str, body: Any = None) -> str:
    before = state()
    answer = api.request(method, path, body)
    assert (answer.status, answer.body["code"], answer.body["messages"]) == (403, "PERMISSION_DENIED", [DENIED])
    assert state() == before
    missing: str = answer.body["permission"]
    return missing


CREATE_ROLE = "mutation ($v: CreateRoleInput!) { createOneRole(createRoleInput: $v) { id } }"
UPDATE_ROLE = "mutation ($v: UpdateRoleInput!) { updateOneRole(updateRoleInput: $v) { id } }"
DELETE_ROLE = "mutation ($id: UUID!) { deleteOneRole(roleId: $id) }"
SET_OBJECTS = """mutation ($v: UpsertObjectPermissionsInput!) {
    upsertObjectPermissions(upsertObjectPermissionsInput: $v) { objectMetadataId } }"""
SET_FIELDS = """mutation ($v: UpsertFieldPermissionsInput!) {
    upsertFieldPermissions(upsertFieldPermissionsInput: $v) { fieldMetadataId } }"""
SET_FLAGS = """mutation ($v: UpsertPermissionFlagsInput!) {
    upsertPermissionFlags(upsertPermissionFlagsInput: $v) { flag } }"""
SET_MEMBER = """mutation ($member: UUID!, $role: UUID!) {
    updateWorkspaceMemberRole(workspaceMemberId: $member, roleId: $role) { id } }"""
REMOVE_MEMBER = """mutation ($id: String!) { deleteUserFromWorkspace(workspaceMemberIdToDelete: $id) {
    user { email } } }"""
CREATE_KEY = "mutation ($v: CreateApiKeyInput!) { createApiKey(input: $v) { id } }"
UPDATE_KEY = "mutation ($v: UpdateApiKeyInput!) { updateApiKey(input: $v) { id } }"
SET_KEY = "mutation ($key: UUID!, $role: UUID!) { assignRoleToApiKey(apiKeyId: $key, roleId: $role) }"
TOKEN = 'mutation ($key: UUID!) { generateApiKeyToken(apiKeyId: $key, expiresAt: "") { token } }'
WORKSPACE = "mutation ($role: UUID) { updateWorkspace(data: {defaultRoleId: $role}) { id } }"


# Roles of a restricted manager ---------------------------------------------------------------------------


def test_a_restricted_manager_makes_a_lesser_role(lib: Lib) -> None:
    made = lib.manager.data(CREATE_ROLE, {"v": {"label": "Nothing"}}, path="/metadata")["createOneRole"]
    role = Role.objects.get(id=made["id"])
    assert (role.label, role.is_restricted, role.can_read_all_object_records) == ("Nothing", False, False)


def test_a_new_role_starts_with_its_makers_restrictions(lib: Lib) -> None:
    values = {"label": "Reader", "canReadAllObjectRecords": True, "canUpdateAllObjectRecords": True}
    made = lib.manager.data(CREATE_ROLE, {"v": values}, path="/metadata")["createOneRole"]
    [on_object] = ObjectPermission.objects.filter(role_id=made["id"]).values(
        "object_metadata_id", "can_read", "can_update", "can_soft_delete", "can_destroy"
    )
    assert on_object == {
        "object_metadata_id": UUID(lib.object_id("shelf")),
        "can_read": False,
        "can_update": False,
        "can_soft_delete": False,
        "can_destroy": False,
    }
    [on_field] = FieldPermission.objects.filter(role_id=made["id"]).values(
        "field_metadata_id", "can_read", "can_update"
    )
    assert on_field == {"field_metadata_id": UUID(lib.field_id("price")), "can_read": False, "can_update": None}
    reader = Api(key_of(lib.workspace, role="Reader"))
    reader.post("/rest/books", {"title": "Emma", "price": 7})
    [book] = reader.records("/rest/books")
    assert book["title"] == "Emma" and "price" not in book
    assert reader.get("/rest/shelves").status == 403


def test_widening_a_role_keeps_the_restrictions_of_who_widens_it(lib: Lib) -> None:
    role = lib.made_role("Lesser")
    update = {"id": str(role.id), "update": {"canReadAllObjectRecords": True}}
    lib.manager.data(UPDATE_ROLE, {"v": update}, path="/metadata")
    assert ObjectPermission.objects.get(role=role).object_metadata_id == UUID(lib.object_id("shelf"))
    assert FieldPermission.objects.get(role=role).field_metadata_id == UUID(lib.field_id("price"))


def test_giving_an_object_hides_the_fields_that_the_giver_does_not_see(lib: Lib) -> None:
    role = lib.made_role("Lesser")
    items = [{"objectMetadataId": lib.object_id("book"), "canReadObjectRecords": True}]
    lib.manager.data(SET_OBJECTS, {"v": {"roleId": str(role.id), "objectPermissions": items}}, path="/metadata")
    assert FieldPermission.objects.get(role=role).field_metadata_id == UUID(lib.field_id("price"))


def test_what_a_restricted_manager_cannot_give(lib: Lib) -> None:
    role = lib.made_role("Lesser")
    assert refused(lib.manager, CREATE_ROLE, v={"label": "X", "canUpdateAllSettings": True}) == "canUpdateAllSettings"
    assert refused(lib.manager, CREATE_ROLE, v={"label": "X", "canAccessAllTools": True}) == "canAccessAllTools"
    for flag in ("DATA_MODEL", "EXPORT_CSV"):
        assert refused(lib.manager, SET_FLAGS, v={"roleId": str(role.id), "permissionFlagKeys": [flag]}) == flag
    shelf = lib.object_id("shelf")
    items = [{"objectMetadataId": shelf, "canReadObjectRecords": True}]
    missing = refused(lib.manager, SET_OBJECTS, v={"roleId": str(role.id), "objectPermissions": items})
    assert missing == f"canReadAllObjectRecords on {shelf}"


def test_a_restriction_is_not_lifted_by_who_is_under_it(lib: Lib) -> None:
    made = lib.manager.data(CREATE_ROLE, {"v": {"label": "Reader", "canReadAllObjectRecords": True}}, path="/metadata")
    place = {"objectMetadataId": lib.object_id("book"), "fieldMetadataId": lib.field_id("price")}
    for role_id in (made["createOneRole"]["id"], str(lib.manager_role.id)):
        lifted = {"roleId": role_id, "fieldPermissions": [{**place, "canReadFieldValue": None}]}
        assert refused(lib.manager, SET_FIELDS, v=lifted) == "canReadFieldValue"
        shelf = lib.object_id("shelf")
        items = [{"objectMetadataId": shelf, "canReadObjectRecords": None}]
        missing = refused(lib.manager, SET_OBJECTS, v={"roleId": role_id, "objectPermissions": items})
        assert missing == f"canReadAllObjectRecords on {shelf}"


def test_a_role_above_is_not_touched(lib: Lib) -> None:
    """Not even to take rights from it."""
    above = lib.made_role("Above", canReadAllObjectRecords=True)
    role_id, book = str(above.id), lib.object_id("book")
    missing = f"canReadAllObjectRecords on {lib.object_id('shelf')}"
    rename = {"id": role_id, "update": {"label": "Below"}}
    less = {"id": role_id, "update": {"canReadAllObjectRecords": False}}
    items = [{"objectMetadataId": book, "canReadObjectRecords": False}]
    place = {"objectMetadataId": book, "fieldMetadataId": lib.field_id("title"), "canReadFieldValue": False}
    assert refused(lib.manager, UPDATE_ROLE, v=rename) == missing
    assert refused(lib.manager, UPDATE_ROLE, v=less) == missing
    assert refused(lib.manager, SET_OBJECTS, v={"roleId": role_id, "objectPermissions": items}) == missing
    assert refused(lib.manager, SET_FIELDS, v={"roleId": role_id, "fieldPermissions": [place]}) == missing
    assert refused(lib.manager, SET_FLAGS, v={"roleId": role_id, "permissionFlagKeys": []}) == missing
    assert refused(lib.manager, DELETE_ROLE, id=role_id) == missing


def test_ones_own_role_is_narrowed_and_never_widened_or_deleted(lib: Lib) -> None:
    own = str(lib.manager_role.id)
    wider = {"id": own, "update": {"canAccessAllTools": True}}
    assert refused(lib.manager, UPDATE_ROLE, v=wider) == "canAccessAllTools"
    flags = {"roleId": own, "permissionFlagKeys": ["API_KEYS_AND_WEBHOOKS", "ROLES", "DATA_MODEL"]}
    assert refused(lib.manager, SET_FLAGS, v=flags) == "DATA_MODEL"
    assert forbidden(lib.manager, DELETE_ROLE, id=own) == "Cannot update self role"
    narrower = {"id": own, "update": {"canDestroyAllObjectRecords": False}}
    lib.manager.data(UPDATE_ROLE, {"v": narrower}, path="/metadata")
    assert not Role.objects.get(id=own).can_destroy_all_object_records


def test_an_object_and_a_field_that_are_gone_restrict_nobody(lib: Lib) -> None:
    from metadata import services as model

    for singular in ("shelf", "book"):
        model.object_delete(workspace_id=lib.workspace.id, object_id=UUID(lib.object_id(singular)))
    made = lib.manager.data(CREATE_ROLE, {"v": {"label": "All", **ALL_RECORDS}}, path="/metadata")["createOneRole"]
    assert not ObjectPermission.objects.filter(role_id=made["id"]).exists()


# Deleting roles, and the default one ---------------------------------------------------------------------


def test_deleting_a_role_lifts_nobody_beyond_who_deletes_it(lib: Lib) -> None:
    """The default role, Member, has all tools and all records: more than the manager."""
    low = lib.made_role("Low")
    member = lib.member(low)
    assert refused(lib.manager, DELETE_ROLE, id=str(low.id)) == "canAccessAllTools"
    role_update(lib.system, role_id=lib.role("Member").id, values=dict.fromkeys(ALL_RECORDS, False))
    role_update(lib.system, role_id=lib.role("Member").id, values={"canAccessAllTools": False})
    assert lib.manager.data(DELETE_ROLE, {"id": str(low.id)}, path="/metadata") == {"deleteOneRole": str(low.id)}
    member.refresh_from_db()
    assert member.role.label == "Member"


def test_a_role_that_nobody_has_is_deleted_whatever_the_default_is(lib: Lib) -> None:
    low = lib.made_role("Low")
    assert lib.manager.data(DELETE_ROLE, {"id": str(low.id)}, path="/metadata") == {"deleteOneRole": str(low.id)}


def test_the_default_role_is_of_this_workspace_assignable_and_within_the_callers_rights(lib: Lib) -> None:
    other = workspace_with(name="Other")
    foreign = Role.objects.get(workspace_id=other.id, label="Member")
    for_keys = lib.made_role("Keys", canBeAssignedToUsers=False)
    low, admin = lib.made_role("Low"), lib.role("Admin")
    before = state()
    for role_id, code, message in (
        (str(foreign.id), "NOT_FOUND", "Role not found"),
        (str(uuid4()), "NOT_FOUND", "Role not found"),
        (str(for_keys.id), "BAD_USER_INPUT", 'Role "Keys" cannot be assigned to members'),
    ):
        [error] = lib.manager.graphql(WORKSPACE, {"role": role_id}, path="/metadata").body["errors"]
        assert (error["extensions"]["code"], error["message"]) == (code, message)
        answer = lib.manager.patch("/rest/metadata/workspace", {"defaultRoleId": role_id})
        assert (answer.status, answer.body["messages"]) == (404 if code == "NOT_FOUND" else 400, [message])
    assert state() == before
    assert refused(lib.manager, WORKSPACE, role=str(admin.id)) == "canUpdateAllSettings"
    missing = refused_over_rest(lib.manager, "PATCH", "/rest/metadata/workspace", {"defaultRoleId": str(admin.id)})
    assert missing == "canUpdateAllSettings"
    lib.manager.data(WORKSPACE, {"role": str(low.id)}, path="/metadata")
    assert Workspace.objects.get(id=lib.workspace.id).default_role_id == low.id


def test_the_default_role_stays_assignable_to_members(lib: Lib) -> None:
    update = {"id": str(lib.role("Member").id), "update": {"canBeAssignedToUsers": False}}
    before = state()
    [error] = Api(key_of(lib.workspace)).graphql(UPDATE_ROLE, {"v": update}, path="/metadata").body["errors"]
    assert error["message"] == "The default role must be assignable to members"
    assert state()[:3] == before[:3]


# Members -------------------------------------------------------------------------------------------------


def test_a_member_above_is_not_touched(lib: Lib) -> None:
    low = lib.made_role("Low")
    lib.member(lib.role("Admin"))
    boss = lib.member(lib.role("Admin"))
    member_id = str(boss.member_record_id)
    assert refused(lib.manager, SET_MEMBER, member=member_id, role=str(low.id)) == "canUpdateAllSettings"
    assert refused(lib.manager, REMOVE_MEMBER, id=member_id) == "canUpdateAllSettings"


def test_a_member_is_given_no_more_than_the_caller_has(lib: Lib) -> None:
    low = lib.made_role("Low")
    member_id = str(lib.member(low).member_record_id)
    assert refused(lib.manager, SET_MEMBER, member=member_id, role=str(lib.role("Admin").id)) == "canUpdateAllSettings"
    assert refused(lib.manager, SET_MEMBER, member=member_id, role=str(lib.role("Member").id)) == "canAccessAllTools"
    lib.manager.data(SET_MEMBER, {"member": member_id, "role": str(lib.manager_role.id)}, path="/metadata")
    assert Member.objects.get(member_record_id=member_id).role_id == lib.manager_role.id


def test_a_member_is_removed_with_their_record(lib: Lib) -> None:
    member = lib.member(lib.made_role("Low"))
    token = playground_token(principal_of_member_id(lib.workspace.id, member.id)).token
    gone = lib.manager.data(REMOVE_MEMBER, {"id": str(member.member_record_id)}, path="/metadata")
    assert gone == {"deleteUserFromWorkspace": {"user": {"email": member.user.email}}}
    assert not Member.objects.filter(id=member.id).exists()
    assert lib.manager.get(f"/rest/workspaceMembers/{member.member_record_id}").status == 404
    assert Api(token).get("/rest/books").status == 403
    without = Api(key_of(lib.workspace, role=lib.made_role("Keys", "ROLES").label))
    other = lib.member(lib.role("Low"))
    assert refused(without, REMOVE_MEMBER, id=str(other.member_record_id)) == "WORKSPACE_MEMBERS"


def test_the_last_admin_stays(lib: Lib) -> None:
    boss = lib.member(lib.role("Admin"))
    admin = Api(key_of(lib.workspace))
    message = "Cannot unassign admin role from last admin of the workspace"
    assert forbidden(admin, REMOVE_MEMBER, id=str(boss.member_record_id)) == message
    low = str(lib.made_role("Low").id)
    assert forbidden(admin, SET_MEMBER, member=str(boss.member_record_id), role=low) == message


# Keys ----------------------------------------------------------------------------------------------------


def test_a_key_is_given_no_more_than_the_caller_has(lib: Lib) -> None:
    low = lib.made_role("Low")
    admin = str(lib.role("Admin").id)
    values = {"name": "x", "expiresAt": "2040-01-01"}
    assert refused(lib.manager, CREATE_KEY, v={**values, "roleId": admin}) == "canUpdateAllSettings"
    missing = refused_over_rest(lib.manager, "POST", "/rest/metadata/apiKeys", {**values, "roleId": admin})
    assert missing == "canUpdateAllSettings"
    made = lib.manager.post("/rest/metadata/apiKeys", {**values, "roleId": str(low.id)})
    assert made.status == 201
    assert refused(lib.manager, SET_KEY, key=made.body["id"], role=admin) == "canUpdateAllSettings"


def test_a_key_above_can_only_be_stopped(lib: Lib) -> None:
    low = lib.made_role("Low")
    key_id, missing = str(lib.admin_key.id), "canUpdateAllSettings"
    path = f"/rest/metadata/apiKeys/{key_id}"
    assert refused(lib.manager, TOKEN, key=key_id) == missing
    assert refused_over_rest(lib.manager, "POST", f"{path}/token", {}) == missing
    assert refused(lib.manager, UPDATE_KEY, v={"id": key_id, "name": "mine"}) == missing
    assert refused(lib.manager, UPDATE_KEY, v={"id": key_id, "expiresAt": "2090-01-01"}) == missing
    assert refused_over_rest(lib.manager, "PATCH", path, {"name": "mine"}) == missing
    assert refused_over_rest(lib.manager, "PATCH", f"/rest/apiKeys/{key_id}", {"name": "mine"}) == missing
    assert refused(lib.manager, SET_KEY, key=key_id, role=str(low.id)) == missing
    assert lib.manager.delete(path).status == 200
    lib.admin_key.refresh_from_db()
    assert lib.admin_key.revoked_at is not None


def test_a_token_of_a_key_above_is_not_shown_again(lib: Lib) -> None:
    issued = apikey_token(lib.system, key_id=lib.admin_key.id)
    assert issued.id is not None
    member = lib.member(lib.manager_role)
    manager = principal_of_member_id(lib.workspace.id, member.id)
    with pytest.raises(PermissionDenied):
        apikey_token_issued(manager, key_id=lib.admin_key.id, token_id=issued.id)


def test_the_pages_refuse_the_same(lib: Lib) -> None:
    member = lib.member(lib.manager_role)
    browser = Client()
    browser.force_login(member.user)
    apikey_set_enabled(lib.system, key_id=lib.admin_key.id, enabled=False)
    page = f"/settings/api-webhooks/keys/{lib.admin_key.id}"
    low = str(lib.made_role("Low").id)
    before = state()
    denied = "The role may do more than you: change all settings. Ask an admin."
    for form in ({"enabled": "1"}, {"name": "mine"}, {"role": low}):
        answer = browser.post(page, form, follow=True)
        assert denied in answer.content.decode()
    assert denied in browser.post(f"{page}/token", follow=True).content.decode()
    assert state() == before


def test_a_key_does_not_change_its_own_role(lib: Lib) -> None:
    low = str(lib.made_role("Low").id)
    assert forbidden(lib.manager, SET_KEY, key=str(lib.manager_key.id), role=low) == "Cannot update self role"


# Tools ---------------------------------------------------------------------------------------------------


def test_imports_and_exports_ask_their_flags(lib: Lib) -> None:
    tools = {flag: lib.made_role(flag, flag, **ALL_RECORDS) for flag in ("IMPORT_CSV", "EXPORT_CSV")}
    importer, exporter = (Api(key_of(lib.workspace, role=role.label)) for role in tools.values())

    def load(api: Api, **parameters: str) -> Any:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        headers = {"Authorization": f"Bearer {api.token}"}
        return api.client.post(
            f"/rest/books/import?{query}", b"title\nEmma\n", content_type="text/csv", headers=headers
        )

    for form in ("csv", "jsonl"):
        assert refused_over_rest(importer, "GET", f"/rest/books/export?format={form}") == "EXPORT_CSV"
    for dry_run in ("true", "false"):
        answer = load(exporter, dry_run=dry_run)
        assert (answer.status_code, answer.json()["permission"]) == (403, "IMPORT_CSV")
    assert importer.get("/rest/books").body["totalCount"] == 0
    answer = load(importer)
    assert (answer.status_code, answer.json()["data"]["import"]["created"]) == (200, 1)
    headers = {"Authorization": f"Bearer {exporter.token}"}
    response = exporter.client.get("/rest/books/export?fields=title", headers=headers)
    assert response.status_code == 200
    assert [line.split(",")[-1] for line in b"".join(response).decode().split()] == ["title", "Emma"]
