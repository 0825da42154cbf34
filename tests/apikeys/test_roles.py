"""Roles: what they compile to, what exceeds what, and every rule of changing them, over /metadata."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from apikeys.authentication import principal_of_member_id
from apikeys.models import ApiKey, FieldPermission, Member, ObjectPermission, Role
from apikeys.roles import VERBS, Reach, compile_permissions, excess, lacking_restrictions
from apikeys.services.api_keys import apikey_create
from apikeys.services.members import member_create
from apikeys.services.permissions import object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create
from apikeys.services.tokens import apikey_token, playground_token
from apikeys.services.workspaces import system_principal
from config.principal import EVERYTHING, FLAGS, SETTINGS_FLAGS, TOOL_FLAGS, Guard, Permissions, Principal
from config.principal import ObjectPermission as Override
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.apikeys.conftest import role
from tests.factories import Api, api_of

INVALID = "METADATA_VALIDATION_FAILED"
BOOK, SHELF, TITLE = UUID(int=1), UUID(int=2), UUID(int=3)


@dataclass(frozen=True)
class Thing:
    """An object, as far as rights are concerned."""

    id: UUID
    guard: Guard | None = None


@dataclass(frozen=True)
class Part:
    """A field, as far as rights are concerned."""

    id: UUID
    secret_flag: str | None = None


THINGS = {each: Thing(each) for each in (BOOK, SHELF)}
REACH = Reach(THINGS, {TITLE: THINGS[BOOK]})


@pytest.fixture
def api(acme: Workspace) -> Api:
    return api_of(acme)


def gql(api: Api, query: str, **variables: Any) -> Any:
    return api.data(query, variables, path="/metadata")


def error_of(api: Api, query: str, **variables: Any) -> tuple[str, str]:
    """(code, message) of the one error of a call that changed nothing."""
    before = state()
    answer = api.graphql(query, variables, path="/metadata")
    assert answer.status == 200, answer.body
    [error] = answer.body["errors"]
    assert state() == before
    return error["extensions"]["code"], error["message"]


def state() -> list[Any]:
    models = (Role, ObjectPermission, FieldPermission, Member)
    return [list(model.objects.order_by("id").values()) for model in models] + [
        list(ApiKey.objects.order_by("id").values("id", "name", "role_id", "expires_at", "revoked_at"))
    ]


def object_id(workspace: Workspace, name: str) -> str:
    return str(ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular=name).id)


def field_id(workspace: Workspace, name: str, field: str) -> str:
    return str(FieldMetadata.objects.get(object_id=UUID(object_id(workspace, name)), name=field).id)


CREATE = "mutation($v: CreateRoleInput!) { createOneRole(createRoleInput: $v) { id label canReadAllObjectRecords } }"
UPDATE = (
    "mutation($v: UpdateRoleInput!) { updateOneRole(updateRoleInput: $v) { id label icon canReadAllObjectRecords } }"
)
DELETE = "mutation($id: UUID!) { deleteOneRole(roleId: $id) }"
OBJECTS = """mutation($v: UpsertObjectPermissionsInput!) { upsertObjectPermissions(upsertObjectPermissionsInput: $v) {
    objectMetadataId canReadObjectRecords canUpdateObjectRecords canSoftDeleteObjectRecords canDestroyObjectRecords
    restrictedFields } }"""
FIELDS = """mutation($v: UpsertFieldPermissionsInput!) { upsertFieldPermissions(upsertFieldPermissionsInput: $v) {
    roleId objectMetadataId fieldMetadataId canReadFieldValue canUpdateFieldValue } }"""
FLAGS_SET = """mutation($v: UpsertPermissionFlagsInput!) { upsertPermissionFlags(upsertPermissionFlagsInput: $v) {
    roleId flag } }"""


# Data ------------------------------------------------------------------------------------------------


def test_permissions_compile_from_rows_of_text_and_of_uuids() -> None:
    rights = (False, True, True, False, False, False)
    as_text = compile_permissions(
        rights, ["VIEWS"], [(str(BOOK), None, True, None, False)], [(str(SHELF), False, None), (str(BOOK), None, False)]
    )
    assert as_text == Permissions(
        read=True,
        objects={BOOK: Override(None, True, None, False)},
        unreadable_fields=frozenset({SHELF}),
        locked_fields=frozenset({BOOK}),
        tools=True,
        flags=frozenset({"VIEWS"}),
    )
    assert as_text == compile_permissions(
        rights, ["VIEWS"], [(BOOK, None, True, None, False)], [(SHELF, False, None), (BOOK, None, False)]
    )


@pytest.mark.parametrize(
    ("wanted", "own", "missing"),
    [
        pytest.param(Permissions(), Permissions(), None, id="nothing of nothing"),
        pytest.param(EVERYTHING, EVERYTHING, None, id="all of all"),
        pytest.param(Permissions(read=True), Permissions(), "canReadAllObjectRecords", id="reading"),
        pytest.param(Permissions(settings=True), Permissions(tools=True), "canUpdateAllSettings", id="settings"),
        pytest.param(Permissions(tools=True), Permissions(settings=True), "canAccessAllTools", id="tools"),
        pytest.param(Permissions(flags=frozenset({"ROLES"})), Permissions(settings=True), None, id="implied flag"),
        pytest.param(Permissions(flags=frozenset({"AI"})), Permissions(settings=True), "AI", id="tool flag"),
        pytest.param(
            Permissions(objects={BOOK: Override(True)}),
            Permissions(),
            f"canReadAllObjectRecords on {BOOK}",
            id="one object more",
        ),
        pytest.param(
            Permissions(objects={BOOK: Override(True)}),
            Permissions(objects={BOOK: Override(True)}),
            None,
            id="same object",
        ),
        pytest.param(
            Permissions(read=True),
            Permissions(read=True, objects={BOOK: Override(False)}),
            f"canReadAllObjectRecords on {BOOK}",
            id="an object denied to the giver",
        ),
        pytest.param(
            Permissions(read=True),
            Permissions(read=True, unreadable_fields=frozenset({TITLE})),
            "canReadFieldValue",
            id="a field hidden from the giver",
        ),
        pytest.param(
            Permissions(read=True, update=True),
            Permissions(read=True, update=True, locked_fields=frozenset({TITLE})),
            "canUpdateFieldValue",
            id="a field locked for the giver",
        ),
    ],
)
def test_what_exceeds_what(wanted: Permissions, own: Permissions, missing: str | None) -> None:
    assert excess(wanted, own, REACH) == missing


@pytest.mark.parametrize(
    ("wanted", "own"),
    [
        pytest.param(
            Permissions(),
            Permissions(read=True, unreadable_fields=frozenset({TITLE})),
            id="hidden, but not read at all",
        ),
        pytest.param(
            Permissions(read=True, objects={BOOK: Override(False)}),
            Permissions(read=True, unreadable_fields=frozenset({TITLE})),
            id="hidden, on an object that is denied",
        ),
        pytest.param(
            Permissions(read=True),
            Permissions(read=True, update=True, locked_fields=frozenset({TITLE})),
            id="locked, but nothing is written",
        ),
        pytest.param(
            Permissions(read=True),
            Permissions(read=True, objects={uuid4(): Override(False)}),
            id="an object that is gone",
        ),
        pytest.param(
            Permissions(read=True),
            Permissions(read=True, unreadable_fields=frozenset({uuid4()})),
            id="a field that is gone",
        ),
    ],
)
def test_restrictions_that_take_nothing_are_none(wanted: Permissions, own: Permissions) -> None:
    assert excess(wanted, own, REACH) is None


answers = st.sampled_from([None, True, False])
some_permissions = st.builds(
    Permissions,
    read=st.booleans(),
    update=st.booleans(),
    soft_delete=st.booleans(),
    destroy=st.booleans(),
    objects=st.dictionaries(st.sampled_from([BOOK, SHELF]), st.builds(Override, answers, answers, answers, answers)),
    settings=st.booleans(),
    tools=st.booleans(),
    flags=st.frozensets(st.sampled_from(sorted(FLAGS)), max_size=3),
    unreadable_fields=st.frozensets(st.just(TITLE)),
    locked_fields=st.frozensets(st.just(TITLE)),
).map(
    lambda each: (  # as the database has it: no role-wide right to write without that to read
        each if each.read else replace(each, update=False, soft_delete=False, destroy=False)
    )
)


@given(some_permissions, some_permissions)
def test_a_subset_never_allows_what_its_giver_may_not(wanted: Permissions, own: Permissions) -> None:
    if excess(wanted, own, REACH) is None:
        for verb in VERBS:
            for each in (*THINGS.values(), Thing(UUID(int=4))):
                assert own.allows(verb, each) or not wanted.allows(verb, each)
        for flag in FLAGS:
            assert own.has_flag(flag) or not wanted.has_flag(flag)
        assert not own.hides(Part(TITLE)) or wanted.hides(Part(TITLE)) or not wanted.allows("read", THINGS[BOOK])
        assert not own.locks(Part(TITLE)) or wanted.locks(Part(TITLE)) or not wanted.allows("update", THINGS[BOOK])
    assert excess(wanted, wanted, REACH) is None
    assert excess(wanted, EVERYTHING, REACH) is None


@given(some_permissions, some_permissions)
def test_with_the_givers_restrictions_only_whole_rights_exceed(wanted: Permissions, own: Permissions) -> None:
    objects, hidden, locked = lacking_restrictions(wanted, own, REACH)
    cut = replace(
        wanted,
        objects={
            **wanted.objects,
            **{
                each: Override(False, False, False, False)
                if "read" in verbs
                else replace(wanted.objects.get(each, Override()), **dict.fromkeys(verbs, False))
                for each, verbs in objects.items()
            },
        },
        unreadable_fields=wanted.unreadable_fields | set(hidden),
        locked_fields=wanted.locked_fields | set(locked),
    )
    missing = excess(cut, own, REACH)
    assert missing is None or " on " not in missing
    assert missing not in ("canReadFieldValue", "canUpdateFieldValue")


def test_every_flag_belongs_to_one_kind() -> None:
    assert frozenset() == SETTINGS_FLAGS & TOOL_FLAGS
    assert {"API_KEYS_AND_WEBHOOKS", "ROLES", "DATA_MODEL", "IMPORT_CSV"} <= FLAGS


# Roles of a workspace --------------------------------------------------------------------------------


def test_a_new_workspace_has_admin_and_member(api: Api, acme: Workspace) -> None:
    found = gql(
        api,
        """{ getRoles { label isEditable canUpdateAllSettings canReadAllObjectRecords canDestroyAllObjectRecords
             canBeAssignedToApiKeys permissionFlags { flag } objectPermissions { objectMetadataId } agents { id }
             apiKeys { name } workspaceMembers { id } } currentWorkspace { defaultRole { label } } }""",
    )
    assert found["currentWorkspace"] == {"defaultRole": {"label": "Member"}}
    shared = {
        "canReadAllObjectRecords": True,
        "canDestroyAllObjectRecords": True,
        "canBeAssignedToApiKeys": True,
        "permissionFlags": [],
        "objectPermissions": [],
        "agents": [],
        "workspaceMembers": [],
    }
    assert found["getRoles"] == [
        {
            "label": "Admin",
            "isEditable": False,
            "canUpdateAllSettings": True,
            "apiKeys": [{"name": "Test key"}],
            **shared,
        },
        {"label": "Member", "isEditable": True, "canUpdateAllSettings": False, "apiKeys": [], **shared},
    ]


def test_a_role_needs_a_label_only(api: Api) -> None:
    own_id = str(uuid4())
    assert gql(api, CREATE, v={"label": "Guest", "id": own_id})["createOneRole"] == {
        "id": own_id,
        "label": "Guest",
        "canReadAllObjectRecords": False,
    }


def test_a_role_is_changed_by_the_members_that_are_named(api: Api, admin: Principal) -> None:
    made = gql(api, CREATE, v={"label": "Guest", "icon": "IconEye", "canReadAllObjectRecords": True})["createOneRole"]
    changed = gql(api, UPDATE, v={"id": made["id"], "update": {"label": " Visitor "}})["updateOneRole"]
    assert changed == {"id": made["id"], "label": "Visitor", "icon": "IconEye", "canReadAllObjectRecords": True}
    assert role(admin, "Visitor").version == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"label": "Admin"}, (INVALID, "A role with this label already exists"), id="label taken"),
        pytest.param({"label": " "}, ("BAD_USER_INPUT", "label should not be empty"), id="empty label"),
        pytest.param(
            {"label": "X", "icon": "x" * 256},
            ("BAD_USER_INPUT", "icon must be shorter than or equal to 255 characters"),
            id="icon too long",
        ),
        pytest.param(
            {"label": "X", "description": "x" * 1001},
            ("BAD_USER_INPUT", "description must be shorter than or equal to 1000 characters"),
            id="description too long",
        ),
        pytest.param(
            {"label": "X", "canUpdateAllObjectRecords": True},
            (INVALID, "Cannot give writing permission without reading permission"),
            id="write without read",
        ),
        pytest.param(
            {
                "label": "X",
                "canBeAssignedToUsers": False,
                "canBeAssignedToAgents": False,
                "canBeAssignedToApiKeys": False,
            },
            ("BAD_USER_INPUT", "Role must be assignable to at least one target type"),
            id="no target",
        ),
    ],
)
def test_roles_that_cannot_be_made(api: Api, values: dict[str, Any], expected: tuple[str, str]) -> None:
    before = Role.objects.count()
    assert error_of(api, CREATE, v=values) == expected
    assert Role.objects.count() == before


def test_the_texts_of_a_role_may_be_as_long_as_is_said(api: Api, admin: Principal) -> None:
    made = gql(api, CREATE, v={"label": "x" * 255, "icon": "x" * 255, "description": "x" * 1000})["createOneRole"]
    update = {"icon": "y" * 256}
    assert error_of(api, UPDATE, v={"id": made["id"], "update": update}) == (
        "BAD_USER_INPUT",
        "icon must be shorter than or equal to 255 characters",
    )
    kept = role(admin, "x" * 255)
    assert (kept.icon, kept.description, kept.version) == ("x" * 255, "x" * 1000, 1)


def test_the_admin_role_is_not_editable(api: Api, acme: Workspace, admin: Principal) -> None:
    admin_role = str(role(admin, "Admin").id)
    refused = (INVALID, "Role is not editable")
    assert error_of(api, UPDATE, v={"id": admin_role, "update": {"label": "Boss"}}) == refused
    assert error_of(api, DELETE, id=admin_role) == refused
    items = [{"objectMetadataId": object_id(acme, "book"), "canReadObjectRecords": False}]
    assert error_of(api, OBJECTS, v={"roleId": admin_role, "objectPermissions": items}) == refused
    assert error_of(api, FLAGS_SET, v={"roleId": admin_role, "permissionFlagKeys": []}) == refused


def test_an_unknown_role_is_not_found(api: Api, other: Workspace) -> None:
    foreign = Role.objects.get(workspace_id=other.id, label="Member")
    for each in (str(uuid4()), str(foreign.id)):
        assert error_of(api, UPDATE, v={"id": each, "update": {"label": "X"}}) == ("NOT_FOUND", "Role not found")
        assert error_of(api, DELETE, id=each) == ("NOT_FOUND", "Role not found")


def test_the_default_role_stays(api: Api, admin: Principal) -> None:
    assert error_of(api, DELETE, id=str(role(admin, "Member").id)) == ("FORBIDDEN", "Default role cannot be deleted")


def test_deleting_a_role_moves_members_to_the_default_and_stops_keys(
    api: Api, acme: Workspace, admin: Principal
) -> None:
    made = role_create(admin, values={"label": "Sales", "canReadAllObjectRecords": True})
    member = member_create(workspace=acme, email="a@example.com", password="correct horse", role=made)
    key = apikey_create(admin, name="sales", expires_at=None, role_id=made.id)
    token = apikey_token(admin, key_id=key.id).token
    assert gql(api, DELETE, id=str(made.id)) == {"deleteOneRole": str(made.id)}
    member.refresh_from_db()
    assert member.role.label == "Member"
    answer = Api(token).get("/rest/metadata/apiKeys/me")
    assert (answer.status, answer.body["messages"]) == (403, ["API key has no role assigned"])


# Restrictions ----------------------------------------------------------------------------------------


@pytest.fixture
def reader(admin: Principal) -> Role:
    return role_create(admin, values={"label": "Reader", "canReadAllObjectRecords": True})


def test_object_permissions_are_set_and_null_inherits(api: Api, acme: Workspace, reader: Role) -> None:
    book = object_id(acme, "book")
    item = {"objectMetadataId": book, "canUpdateObjectRecords": True, "canReadObjectRecords": None}
    [stored] = gql(api, OBJECTS, v={"roleId": str(reader.id), "objectPermissions": [item]})["upsertObjectPermissions"]
    assert stored == {
        "objectMetadataId": book,
        "canReadObjectRecords": None,
        "canUpdateObjectRecords": True,
        "canSoftDeleteObjectRecords": None,
        "canDestroyObjectRecords": None,
        "restrictedFields": {},
    }
    item = {"objectMetadataId": book, "canUpdateObjectRecords": None, "canDestroyObjectRecords": True}
    [stored] = gql(api, OBJECTS, v={"roleId": str(reader.id), "objectPermissions": [item]})["upsertObjectPermissions"]
    assert (stored["canUpdateObjectRecords"], stored["canDestroyObjectRecords"]) == (None, True)
    assert ObjectPermission.objects.filter(role=reader).count() == 1


def test_object_permissions_that_are_refused(api: Api, acme: Workspace, other: Workspace, reader: Role) -> None:
    def refused(object_metadata_id: str, **rights: bool | None) -> tuple[str, str]:
        item = {"objectMetadataId": object_metadata_id, **rights}
        return error_of(api, OBJECTS, v={"roleId": str(reader.id), "objectPermissions": [item]})

    without_read = (INVALID, "Cannot give update permission to non-readable object")
    book = object_id(acme, "book")
    assert refused(book, canReadObjectRecords=False, canUpdateObjectRecords=True) == without_read
    assert refused(object_id(other, "book"), canReadObjectRecords=True) == ("NOT_FOUND", "Object metadata not found")
    object_permissions_upsert(
        system_principal(acme),
        role_id=reader.id,
        items=[{"objectMetadataId": book, "canReadObjectRecords": None, "canUpdateObjectRecords": True}],
    )
    narrowed = {"id": str(reader.id), "update": {"canReadAllObjectRecords": False}}
    assert error_of(api, UPDATE, v=narrowed) == without_read


def test_field_permissions_only_take_away(api: Api, acme: Workspace, reader: Role) -> None:
    place = {"objectMetadataId": object_id(acme, "book"), "fieldMetadataId": field_id(acme, "book", "title")}

    def sent(**rights: bool | None) -> dict[str, Any]:
        return {"roleId": str(reader.id), "fieldPermissions": [{**place, **rights}]}

    [stored] = gql(api, FIELDS, v=sent(canReadFieldValue=False))["upsertFieldPermissions"]
    assert stored == {"roleId": str(reader.id), **place, "canReadFieldValue": False, "canUpdateFieldValue": None}
    assert error_of(api, FIELDS, v=sent(canReadFieldValue=True)) == (
        "BAD_USER_INPUT",
        "Field permission can only introduce a restriction",
    )
    assert error_of(api, FIELDS, v=sent(canUpdateFieldValue=False)) == (
        "BAD_USER_INPUT",
        "Field restriction on update only makes sense on an updatable object",
    )
    assert gql(api, FIELDS, v=sent(canReadFieldValue=None)) == {"upsertFieldPermissions": []}
    assert FieldPermission.objects.count() == 0
    assert error_of(api, FIELDS, v=sent()) == (
        "BAD_USER_INPUT",
        "Field permission must restrict reading or updating",
    )


def test_ids_stay_readable(api: Api, acme: Workspace, reader: Role) -> None:
    """Cursors and addresses are made of them."""
    place = {"objectMetadataId": object_id(acme, "book"), "fieldMetadataId": field_id(acme, "book", "id")}
    sent = {"roleId": str(reader.id), "fieldPermissions": [{**place, "canReadFieldValue": False}]}
    assert error_of(api, FIELDS, v=sent) == (
        "BAD_USER_INPUT",
        "Field restriction on reading the id is not allowed",
    )


def test_restrictions_that_hid_an_id_are_gone_after_the_migration(api: Api, acme: Workspace, reader: Role) -> None:
    book, title = UUID(object_id(acme, "book")), UUID(field_id(acme, "book", "title"))
    other = role_create(system_principal(acme), values={"label": "Other"})
    for owner, field, can_update in (
        (reader, UUID(field_id(acme, "book", "id")), None),
        (reader, title, None),
        (other, UUID(field_id(acme, "book", "id")), False),
    ):
        FieldPermission.objects.create(
            role=owner, object_metadata_id=book, field_metadata_id=field, can_read=False, can_update=can_update
        )
    versions = {each.id: each.version for each in Role.objects.all()}
    state = MigrationExecutor(connection).loader.project_state(
        [("apikeys", "0004_ids_are_readable"), ("metadata", "0001_initial")]
    )
    import_module("apikeys.migrations.0004_ids_are_readable").ids_show(state.apps, None)
    left = FieldPermission.objects.values_list("role_id", "field_metadata_id", "can_read", "can_update")
    assert set(left) == {(reader.id, title, False, None), (other.id, UUID(field_id(acme, "book", "id")), None, False)}
    changed = {each.id for each in Role.objects.all() if each.version != versions[each.id]}
    assert changed == {reader.id, other.id}


def test_a_field_belongs_to_the_object_it_is_named_with(api: Api, acme: Workspace, reader: Role) -> None:
    item = {
        "objectMetadataId": object_id(acme, "shelf"),
        "fieldMetadataId": field_id(acme, "book", "title"),
        "canReadFieldValue": False,
    }
    assert error_of(api, FIELDS, v={"roleId": str(reader.id), "fieldPermissions": [item]}) == (
        "NOT_FOUND",
        "Field metadata not found",
    )


def test_flags_replace_the_set_and_may_be_enum_values(api: Api, reader: Role) -> None:
    sent = {"roleId": str(reader.id), "permissionFlagKeys": ["VIEWS", "AI", "VIEWS"]}
    assert gql(api, FLAGS_SET, v=sent)["upsertPermissionFlags"] == [
        {"roleId": str(reader.id), "flag": "AI"},
        {"roleId": str(reader.id), "flag": "VIEWS"},
    ]
    literal = FLAGS_SET.replace("($v: UpsertPermissionFlagsInput!)", "").replace(
        "$v", f'{{roleId: "{reader.id}", permissionFlagKeys: [DATA_MODEL]}}'
    )
    assert gql(api, literal)["upsertPermissionFlags"] == [{"roleId": str(reader.id), "flag": "DATA_MODEL"}]
    sent["permissionFlagKeys"] = ["EVERYTHING"]
    assert error_of(api, FLAGS_SET, v=sent) == (
        INVALID,
        "Invalid permission setting (unknown value): EVERYTHING",
    )


def test_a_broken_rule_of_roles_is_told_by_its_own_code(
    api: Api, acme: Workspace, admin: Principal, reader: Role
) -> None:
    """As clients of the reference read it: one code for all rules, a sub-code and a report for each."""
    admin_id, reader_id = str(role(admin, "Admin").id), str(reader.id)
    writes = [
        {"objectMetadataId": object_id(acme, "book"), "canReadObjectRecords": False, "canUpdateObjectRecords": True}
    ]
    cannot = "Cannot give update permission to non-readable object"
    calls: list[tuple[str, dict[str, Any], str, str, str]] = [
        (UPDATE, {"id": admin_id, "update": {"label": "X"}}, "role", "ROLE_NOT_EDITABLE", "Role is not editable"),
        (CREATE, {"label": "Admin"}, "role", "ROLE_LABEL_ALREADY_EXISTS", "A role with this label already exists"),
        (CREATE, {"label": "X", "canDestroyAllObjectRecords": True}, "role",
         "CANNOT_GIVE_WRITING_PERMISSION_WITHOUT_READING_PERMISSION", cannot),
        (OBJECTS, {"roleId": reader_id, "objectPermissions": writes}, "objectPermission",
         "CANNOT_GIVE_WRITING_PERMISSION_ON_NON_READABLE_OBJECT", cannot),
        (FLAGS_SET, {"roleId": reader_id, "permissionFlagKeys": ["FLY", "AI", "DIVE"]}, "rolePermissionFlag",
         "INVALID_SETTING_PERMISSIONS", "Invalid permission setting (unknown value): DIVE, FLY"),
    ]  # fmt: skip
    before = state()
    for query, sent, kind, code, shown in calls:
        [error] = api.graphql(query, {"v": sent}, "/metadata").body["errors"]
        extensions = error["extensions"]
        assert (extensions["code"], extensions["subCode"], extensions["userFriendlyMessage"]) == (INVALID, code, shown)
        assert extensions["summary"] == {"totalErrors": 1, kind: 1}
        [failure] = extensions["errors"][kind]
        [problem] = failure["errors"]
        assert (problem["code"], problem["message"], problem["userFriendlyMessage"]) == (code, error["message"], shown)
    assert state() == before


# Who may give what -----------------------------------------------------------------------------------

DENIED = ("FORBIDDEN", "Entity performing the request does not have permission")
CREATE_KEY = "mutation($v: CreateApiKeyInput!) { createApiKey(input: $v) { id } }"
ASSIGN = "mutation($key: UUID!, $role: UUID!) { assignRoleToApiKey(apiKeyId: $key, roleId: $role) }"
TOKEN = 'mutation($key: UUID!) { generateApiKeyToken(apiKeyId: $key, expiresAt: "2100-01-01") { token } }'


def holder(admin: Principal, acme: Workspace, *flags: str) -> Api:
    """A key that reads records and has some flags."""
    made = role_create(admin, values={"label": "Holder", "canReadAllObjectRecords": True})
    permission_flags_upsert(admin, role_id=made.id, flags=flags)
    return api_of(acme, role="Holder", name="holder")


def test_a_member_key_manages_nothing(acme: Workspace, admin: Principal, key: ApiKey) -> None:
    member = api_of(acme, role="Member", name="member")
    for query in ("{ apiKeys { id } }", "{ getRoles { id } }", "{ getApiKeyRoles { id } }"):
        assert error_of(member, query) == DENIED
    assert error_of(member, TOKEN, key=str(key.id)) == DENIED
    assert error_of(member, CREATE, v={"label": "X"}) == DENIED


def test_the_keys_flag_alone_binds_no_role(acme: Workspace, admin: Principal, key: ApiKey) -> None:
    api = holder(admin, acme, "API_KEYS_AND_WEBHOOKS")
    for label in ("Admin", "Holder"):
        new = {"name": "x", "expiresAt": "2100-01-01", "roleId": str(role(admin, label).id)}
        assert error_of(api, CREATE_KEY, v=new) == DENIED
        assert error_of(api, ASSIGN, key=str(key.id), role=str(role(admin, label).id)) == DENIED
    assert error_of(api, TOKEN, key=str(key.id)) == DENIED  # a token of an Admin key would act as Admin


def test_with_the_roles_flag_only_roles_within_ones_own_rights_are_bound(
    acme: Workspace, admin: Principal, key: ApiKey
) -> None:
    api = holder(admin, acme, "API_KEYS_AND_WEBHOOKS", "ROLES")
    narrow = role_create(admin, values={"label": "Narrow", "canReadAllObjectRecords": True})
    for label in ("Admin", "Member"):
        new = {"name": "x", "expiresAt": "2100-01-01", "roleId": str(role(admin, label).id)}
        assert error_of(api, CREATE_KEY, v=new) == DENIED
    new = {"name": "x", "expiresAt": "2100-01-01", "roleId": str(narrow.id)}
    made = gql(api, CREATE_KEY, v=new)["createApiKey"]
    assert error_of(api, ASSIGN, key=made["id"], role=str(role(admin, "Admin").id)) == DENIED
    assert gql(api, ASSIGN, key=made["id"], role=str(role(admin, "Holder").id)) == {"assignRoleToApiKey": True}
    assert error_of(api, CREATE, v={"label": "Boss", "canUpdateAllSettings": True}) == DENIED
    assert error_of(api, UPDATE, v={"id": str(narrow.id), "update": {"canAccessAllTools": True}}) == DENIED


def test_a_role_that_keys_may_not_have_is_not_bound(api: Api, admin: Principal) -> None:
    made = role_create(admin, values={"label": "People", "canBeAssignedToApiKeys": False})
    new = {"name": "x", "expiresAt": "2100-01-01", "roleId": str(made.id)}
    assert error_of(api, CREATE_KEY, v=new) == ("BAD_USER_INPUT", 'Role "People" cannot be assigned to API keys')
    labels = [each["label"] for each in gql(api, "{ getApiKeyRoles { label } }")["getApiKeyRoles"]]
    assert labels == ["Admin", "Member"]


def test_a_member_gets_another_role_but_never_changes_their_own(api: Api, acme: Workspace, admin: Principal) -> None:
    query = "mutation($m: UUID!, $r: UUID!) { updateWorkspaceMemberRole(workspaceMemberId: $m, roleId: $r) { roles { label } } }"
    member = member_create(workspace=acme, email="a@example.com", password="correct horse", role=role(admin, "Admin"))
    member_role = str(role(admin, "Member").id)
    own = playground_token(member_principal(member, acme)).token
    assert error_of(Api(own), query, m=str(member.id), r=member_role) == ("FORBIDDEN", "Cannot update self role")
    assert error_of(api, query, m=str(member.id), r=member_role) == (
        "FORBIDDEN",
        "Cannot unassign admin role from last admin of the workspace",
    )
    member_create(workspace=acme, email="b@example.com", password="correct horse", role=role(admin, "Admin"))
    assert gql(api, query, m=str(member.id), r=member_role) == {
        "updateWorkspaceMemberRole": {"roles": [{"label": "Member"}]}
    }


def member_principal(member: Member, workspace: Workspace) -> Principal:
    return principal_of_member_id(workspace.id, member.id)
