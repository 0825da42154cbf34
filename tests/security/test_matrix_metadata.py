"""The permission matrix of the metadata APIs: every resource and verb, every root field, by every kind of access.

Cells are made of the rows here and the kinds of access, as in `test_matrix_core`. Webhooks have a matrix of their
own (`test_webhook_rights`), records another. Of each refusal the exact answer is asked, and that nothing was written;
of every cell, allowed or refused, that no body, header or line of the log holds a mark (`marks`) of what that kind of
access may not see. GraphQL is asked for all that an answer can have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from graphql import get_introspection_query

from apikeys.services.api_keys import apikey_create
from apikeys.services.members import member_create
from apikeys.services.roles import role_create
from apikeys.services.tokens import apikey_token
from metadata import cache
from metadata.graphql.schema import schema as metadata_schema
from metadata.services.layout.kinds import RESOURCES
from metadata.services.layout.members import Resource
from tests.factories import principal_of
from tests.security.access import DENIED, HIDDEN, KINDS, Kind, World, make_world, sees
from tests.security.marks import everything, hidden, logged, told
from tests.security.scene import NOBODY, PASSWORD, Caller, Reply, Scene, undone
from tests.security.test_every_route_asks import path_of, routes

pytestmark = pytest.mark.long

PREFIX = "/rest/metadata"
FILES = "deal.papers"  # a field whose refusals name it

FLAG_KINDS = tuple(
    Kind(f"only {flag}", flags=frozenset({flag}))
    for flag in ("VIEWS", "LAYOUTS", "WORKSPACE", "SECURITY", "EXPORT_CSV", "UPLOAD_FILE", "DOWNLOAD_FILE")
)
ALL_KINDS = (*KINDS, *FLAG_KINDS, Kind("keys and roles", flags=frozenset({"API_KEYS_AND_WEBHOOKS", "ROLES"})))


@dataclass(frozen=True, slots=True)
class Row:
    """What is sent (with `%(name)s` for the scene's ids), and what it needs: one flag of each group.

    `reads`: a field whose values decide. `ok` is the status, or the code of a GraphQL error, where nothing is lacking.
    """

    name: str
    method: str  # or the name of a root field
    path: str  # or the document
    body: Any = None
    needs: tuple[tuple[str, ...], ...] = ()
    ok: Any = 200
    reads: str | None = None
    writes: str | None = None
    is_graphql: bool = False
    unfound: bool = False  # who may not is told that there is no such thing
    form: bool = field(default=False)
    is_public: bool = False  # needs no token, and does not look at one

    def refusal(self, kind: Kind) -> tuple[Any, ...] | None:
        refused: tuple[int, str, str] | None = None
        if self.is_public:
            return None
        if kind.refusal is not None:
            each = kind.refusal
            if not self.is_graphql:
                return (each.status, each.error, each.message)
            if kind.name == "no key":
                return (200, "FORBIDDEN", "Forbidden resource")
            return (200, each.graphql_code, each.message)
        lacks = any(not any(map(kind.has, group)) for group in self.needs)
        message = DENIED
        if not lacks and self.writes == FILES and FILES in kind.locked:
            message = f'{DENIED}: no permission to write field "papers" on "deal"'
        if lacks or self._may_not(kind, "read", self.reads) or self._may_not(kind, "update", self.writes):
            refused = (200, "FORBIDDEN", message) if self.is_graphql else (403, "ForbiddenException", message)
        if refused is not None and self.unfound and self._may_not(kind, "read", self.reads):
            return (200, "NOT_FOUND") if self.is_graphql else (404, "NotFoundException")
        return refused

    @staticmethod
    def _may_not(kind: Kind, verb: Any, path: str | None) -> bool:
        if path is None:
            return False
        singular = path.split(".")[0]
        return not kind.may(verb, singular) or path in (kind.unreadable if verb == "read" else kind.locked)


def rest(method: str, path: str, body: Any = None, *needs: str, ok: int = 200, **more: Any) -> Row:
    return Row(f"{method} {path}", method, f"{PREFIX}/{path}", body, tuple((each,) for each in needs), ok, **more)


def gql(name: str, arguments: str = "", *needs: str, ok: Any = 200, word: str = "mutation", but: Sequence[str] = (),
        **more: Any) -> Row:  # fmt: skip
    call = name + (f"({arguments})" if arguments else "") + everything(name, word, but)
    groups = tuple(tuple(each.split("|")) for each in needs)
    return Row(f"GraphQL {name}", name, f"{word} {{ {call} }}", None, groups, ok, is_graphql=True, **more)


def query(name: str, arguments: str = "", *needs: str, **more: Any) -> Row:
    return gql(name, arguments, *needs, word="query", **more)


MODEL, KEYS, ROLES, MEMBERS = "DATA_MODEL", "API_KEYS_AND_WEBHOOKS", "ROLES", "WORKSPACE_MEMBERS"
NEW_OBJECT = {
    "nameSingular": "box", "namePlural": "boxes", "labelSingular": "Box", "labelPlural": "Boxes", "icon": "IconBox",
}  # fmt: skip
NEW_FIELD = {"objectMetadataId": "%(deal)s", "type": "TEXT", "name": "note", "label": "Note"}
EXPIRES = "2040-01-01T00:00:00.000Z"
SCHEMA = {"objects": []}

REST: list[Row] = [
    rest("GET", "objects", None, MODEL),
    rest("POST", "objects", NEW_OBJECT, MODEL, ok=201),
    rest("GET", "objects/%(deal)s", None, MODEL),
    rest("PATCH", "objects/%(deal)s", {"description": "x"}, MODEL),
    rest("PUT", "objects/%(deal)s", {"description": "x"}, MODEL),
    rest("DELETE", "objects/%(idle)s", None, MODEL),
    rest("GET", "objects/" + NOBODY, None, MODEL, ok=404),
    rest("GET", "fields", None, MODEL),
    rest("POST", "fields", NEW_FIELD, MODEL, ok=201),
    rest("GET", "fields/%(region)s", None, MODEL),
    rest("PATCH", "fields/%(region)s", {"description": "x"}, MODEL),
    rest("PUT", "fields/%(region)s", {"description": "x"}, MODEL),
    rest("DELETE", "fields/%(idle_field)s", None, MODEL),
    rest("POST", "fields/%(memo)s/changeType", {"type": "NUMBER"}, MODEL, reads="deal.memo", ok=400),
    rest("POST", "fields/%(memo)s/changeType", {"type": "NUMBER", "dryRun": True}, MODEL, reads="deal.memo"),
    rest("POST", "fields/%(memo)s/changeType", {"type": "ARRAY"}, MODEL, reads="deal.memo"),
    rest("POST", "fields/%(code)s/changeType", {"type": "NUMBER", "dryRun": True}, MODEL, reads="deal.code",
         writes="deal.code"),
    rest("POST", "fields/%(code)s/changeType", {"type": "ARRAY"}, MODEL, reads="deal.code", writes="deal.code"),
    rest("GET", "schema", None, MODEL),
    rest("POST", "schema?dryRun=true&allowDestructive=true", SCHEMA, MODEL),
    rest("GET", "workspace"),
    rest("PATCH", "workspace", {"displayName": "x"}, "WORKSPACE"),
    rest("PATCH", "workspace", {"isPasswordAuthEnabled": True}, "SECURITY"),
    rest("PATCH", "workspace", {"isPasswordAuthEnabled": True, "displayName": "x"}, "SECURITY", "WORKSPACE"),
    rest("GET", "apiKeys", None, KEYS),
    rest("POST", "apiKeys", {"name": "x", "expiresAt": EXPIRES, "roleId": "%(least)s"}, KEYS, ROLES, ok=201),
    rest("GET", "apiKeys/me"),
    rest("GET", "apiKeys/%(key)s", None, KEYS),
    rest("PATCH", "apiKeys/%(key)s", {"name": "x"}, KEYS),
    rest("PUT", "apiKeys/%(key)s", {"name": "x"}, KEYS),
    rest("DELETE", "apiKeys/%(key)s", None, KEYS),
    rest("POST", "apiKeys/%(key)s/token", {"expiresAt": EXPIRES}, KEYS, ok=201),
    rest("GET", "apiKeys/%(key)s/tokens", None, KEYS),
    rest("DELETE", "apiKeys/%(key)s/tokens/%(token)s", None, KEYS),
    rest("POST", "apiKeys/%(key)s/roll", {"overlapHours": 1}, KEYS, ok=201),
    rest("POST", "apiKeys/%(key)s/duplicate", {"name": "x"}, KEYS, ROLES, ok=201),
    rest("POST", "files", None, "UPLOAD_FILE", writes="deal.papers", ok=201, form=True),
    rest("GET", "files/%(file)s", reads="deal.papers", unfound=True),
    rest("DELETE", "files/%(file)s", reads="deal.papers", writes="deal.papers", unfound=True),
]  # fmt: skip


def _new(one: str) -> dict[str, Any]:
    return {
        "view": {"name": "x", "icon": "Icon", "objectMetadataId": "%(deal)s"},
        "viewField": {"viewId": "%(view)s", "fieldMetadataId": "%(budget)s"},
        "viewFieldGroup": {"viewId": "%(view)s", "name": "x"},
        "viewFilter": {"viewId": "%(view)s", "fieldMetadataId": "%(region)s", "operand": "CONTAINS", "value": "x"},
        "viewSort": {"viewId": "%(view)s", "fieldMetadataId": "%(region)s"},
        "viewGroup": {"viewId": "%(view)s", "fieldValue": "x"},
        "viewFilterGroup": {"viewId": "%(view)s"},
        "pageLayout": {"name": "x"},
        "pageLayoutTab": {"pageLayoutId": "%(pageLayout)s", "title": "x"},
        "pageLayoutWidget": {"pageLayoutTabId": "%(pageLayoutTab)s", "title": "x"},
    }[one]


_CHANGE: Mapping[str, dict[str, Any]] = {
    "view": {"isCompact": True},
    "viewField": {"isVisible": False},
    "viewFieldGroup": {"name": "y"},
    "viewFilter": {"operand": "DOES_NOT_CONTAIN"},
    "viewSort": {"direction": "DESC"},
    "viewGroup": {"isVisible": False},
    "viewFilterGroup": {"logicalOperator": "OR"},
    "pageLayout": {"name": "y"},
    "pageLayoutTab": {"title": "y"},
    "pageLayoutWidget": {"title": "y"},
}


def _rest_rows(each: Resource) -> Iterator[Row]:
    item, may = f"{each.many}/%({each.one})s", ((each.flag, MODEL),)
    parent = f"?{each.parent}=%({each.parent[:-2]})s" if each.is_parent_asked and each.parent else ""
    yield rest("GET", each.many + parent)
    yield rest("GET", item)
    for method, path, body, ok in (
        ("POST", each.many, _new(each.one), 201),
        ("PATCH", item, _CHANGE[each.one], 200),
        ("DELETE", item, None, 200),
        ("DELETE", item + "?destroy=true", None, 200),
    ):
        yield Row(f"{method} {path}", method, f"{PREFIX}/{path}", body, may, ok)


def literal(value: Any) -> str:
    """A value as GraphQL writes it; texts in capitals are members of enums."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, str) and value.isupper():
        return value
    return json.dumps(value)


def _graphql_rows(each: Resource) -> Iterator[Row]:
    id, may = f'"%({each.one})s"', f"{each.flag}|{MODEL}"
    takes_id = each.one in ("view", "viewFilterGroup")
    yield query(f"get{each.pascal}", f"id: {id}")
    yield query(f"get{each.pascal}s", 'viewId: "%(view)s"' if each.one != "view" else "")
    yield gql(f"create{each.pascal}", f"input: {literal(_new(each.one))}", may)
    if each.one in ("viewField", "viewFieldGroup", "viewGroup"):
        yield gql(f"createMany{each.pascal}s", f"inputs: [{literal(_new(each.one))}]", may)
    change = literal(_CHANGE[each.one])
    update = f"id: {id}, input: {change}" if takes_id else f"input: {{id: {id}, update: {change}}}"
    yield gql(f"update{each.pascal}", update, may)
    for verb in ("delete", "destroy"):
        yield gql(f"{verb}{each.pascal}", f"id: {id}" if takes_id else f"input: {{id: {id}}}", may)


LABELS = {each: NEW_OBJECT[each] for each in NEW_OBJECT}
FIELD_LITERAL = '{objectMetadataId: "%(deal)s", type: TEXT, name: "note", label: "Note"}'
INDEX_LITERAL = '{objectMetadataId: "%(deal)s", indexType: BTREE, fields: [{fieldMetadataId: "%(budget)s"}]}'
ROLE_LITERAL = 'roleId: "%(least)s"'
DEFAULT = ("defaultRole",)  # what it says is for those who give roles
PEOPLE = ("workspaceMembers",)  # who has a role is for those who give roles
GRAPHQL: list[Row] = [
    query("objects", "paging: {first: 2}, filter: {}"),
    query("object", 'id: "%(deal)s"'),
    query("fields", "paging: {first: 2}, filter: {}"),
    query("field", 'id: "%(region)s"'),
    query("index", 'id: "%(index)s"'),
    query("indexMetadatas", "paging: {first: 2}, filter: {}"),
    query("objectRecordCounts", ""),
    query("minimalMetadata", ""),
    query("currentWorkspace", "", but=DEFAULT),
    query("currentWorkspace", "", ROLES),  # all of it, so with what a role may do
    query("currentUser", "", ok="FORBIDDEN"),  # a key is nobody
    query("apiKeys", "", KEYS, but=("role",)),
    query("apiKeys", "", KEYS, but=PEOPLE, ok="BAD_USER_INPUT"),  # one of them has no role
    query("apiKey", 'input: {id: "%(key)s"}', KEYS, but=PEOPLE),
    query("apiKey", 'input: {id: "%(key)s"}', KEYS, ROLES),  # all of it, so with who has the role
    query("getApiKeyRoles", "", KEYS, but=PEOPLE),
    query("getRoles", "", ROLES),
    query("getPublicWorkspaceDataByDomain", 'origin: "https://%(subdomain)s.crm.example"', is_public=True),
    gql("getLoginTokenFromCredentials", r'email: "a\u0000", password: "x", origin: ""',
        ok="BAD_USER_INPUT", is_public=True),
    gql("getAuthTokensFromLoginToken", 'loginToken: "x", origin: ""',
        ok="UNAUTHENTICATED", is_public=True),
    gql("renewToken", 'appToken: "x"', ok="UNAUTHENTICATED", is_public=True),
    gql("updateWorkspaceMemberSettings", 'input: {workspaceMemberId: "%(member)s", update: {locale: "fr"}}',
        MEMBERS, ok="NOT_FOUND"),  # by the id of a membership without a record; one's own takes no right
    gql("updateManyViewGroups", 'inputs: [{id: "%(viewGroup)s", update: {isVisible: false}}]', "VIEWS|DATA_MODEL"),
    gql("upsertFieldsWidget", 'input: {widgetId: "%(fieldsWidget)s", fields: []}', "VIEWS|DATA_MODEL"),
    gql("upsertViewWidget", 'input: {widgetId: "%(fieldsWidget)s", viewSorts: []}', "VIEWS|DATA_MODEL"),
    gql("createOneObject", f"input: {{object: {literal(LABELS)}}}", MODEL),
    gql("updateOneObject", 'input: {id: "%(deal)s", update: {description: "x"}}', MODEL),
    gql("updateManyObjects", 'inputs: [{id: "%(deal)s", update: {description: "x"}}]', MODEL),
    gql("deleteOneObject", 'input: {id: "%(idle)s"}', MODEL),
    gql("createOneField", f"input: {{field: {FIELD_LITERAL}}}", MODEL),
    gql("updateOneField", 'input: {id: "%(region)s", update: {description: "x"}}', MODEL),
    gql("deleteOneField", 'input: {id: "%(idle_field)s"}', MODEL),
    gql("createOneIndex", f"input: {{index: {INDEX_LITERAL}}}", MODEL),
    gql("deleteOneIndex", 'input: {id: "%(index)s"}', MODEL),
    gql("changeFieldType", 'input: {fieldMetadataId: "%(memo)s", type: NUMBER}', MODEL,
        reads="deal.memo", ok="METADATA_VALIDATION_FAILED"),
    gql("changeFieldType", 'input: {fieldMetadataId: "%(memo)s", type: NUMBER, dryRun: true}', MODEL,
        reads="deal.memo"),
    gql("updateWorkspace", 'data: {displayName: "x"}', "WORKSPACE", but=DEFAULT),
    gql("updateWorkspace", "data: {isPasswordAuthEnabled: true}", "SECURITY", but=DEFAULT),
    gql("updateWorkspace", 'data: {isPasswordAuthEnabled: true, displayName: "x"}', "SECURITY", "WORKSPACE", but=DEFAULT),
    gql("updateLabPublicFeatureFlag", 'input: {publicFeatureFlag: "X", value: true}', "WORKSPACE"),
    gql("deleteCurrentWorkspace", "", "WORKSPACE", but=DEFAULT),
    gql("deleteFile", 'fileId: "%(file)s"', reads="deal.papers", writes="deal.papers", unfound=True),
    gql("deleteUserFromWorkspace", 'workspaceMemberIdToDelete: "%(member)s"', MEMBERS, but=("roles", *DEFAULT)),
    gql("createApiKey", f'input: {{name: "x", expiresAt: "{EXPIRES}", {ROLE_LITERAL}}}', KEYS, ROLES),
    gql("updateApiKey", 'input: {id: "%(key)s", name: "x"}', KEYS, but=PEOPLE),
    gql("revokeApiKey", 'input: {id: "%(key)s"}', KEYS, but=PEOPLE),
    gql("assignRoleToApiKey", 'apiKeyId: "%(key)s", roleId: "%(least)s"', KEYS, ROLES),
    gql("generateApiKeyToken", f'apiKeyId: "%(key)s", expiresAt: "{EXPIRES}"', KEYS),
    gql("revokeApiKeyToken", 'apiKeyId: "%(key)s", tokenId: "%(token)s"', KEYS),
    gql("rollApiKey", 'apiKeyId: "%(key)s", overlapHours: 1', KEYS),
    gql("duplicateApiKey", 'apiKeyId: "%(key)s", name: "x"', KEYS, ROLES, but=PEOPLE),
    gql("generatePlaygroundToken", "", ok="FORBIDDEN"),  # for members, who sign in
    gql("createOneRole", 'createRoleInput: {label: "x"}', ROLES),
    gql("updateOneRole", 'updateRoleInput: {id: "%(least)s", update: {label: "y"}}', ROLES),
    gql("deleteOneRole", 'roleId: "%(unused)s"', ROLES),
    gql("upsertObjectPermissions", f"upsertObjectPermissionsInput: {{{ROLE_LITERAL}, objectPermissions:"
        ' [{objectMetadataId: "%(deal)s", canReadObjectRecords: false}]}', ROLES),
    gql("upsertFieldPermissions", f"upsertFieldPermissionsInput: {{{ROLE_LITERAL}, fieldPermissions:"
        ' [{objectMetadataId: "%(deal)s", fieldMetadataId: "%(code)s", canReadFieldValue: false}]}', ROLES,
        ok="BAD_USER_INPUT"),  # the object is not readable as it is
    gql("upsertPermissionFlags", f"upsertPermissionFlagsInput: {{{ROLE_LITERAL}, permissionFlagKeys: []}}",
        ROLES),
    gql("updateWorkspaceMemberRole", 'workspaceMemberId: "%(member)s", roleId: "%(least)s"', ROLES),
]  # fmt: skip

REST += [row for each in RESOURCES.values() for row in _rest_rows(each)]
GRAPHQL += [row for each in RESOURCES.values() if each.flag == "VIEWS" for row in _graphql_rows(each)]
ROWS = (*REST, *GRAPHQL)


# The scene -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(uncommitted: None) -> World:
    return make_world(fill, ALL_KINDS)


def fill(scene: Scene, sign: str, number: int) -> tuple[dict[str, str], dict[str, Sequence[str]]]:
    """One of everything, by its name; what can be told carries the sign."""
    ids = {singular: str(each.id) for singular, each in scene.objects.items()}
    ids |= {name: str(scene.field(f"deal.{name}").id) for name in ("region", "memo", "code", "budget")}
    ids["serial"] = str(scene.field("vault.serial").id)

    def asked(method: str, path: str, body: dict[str, Any]) -> Any:
        sent = json.loads(json.dumps(body) % ids)
        reply = scene.admin.ask(method, f"{PREFIX}/{path % ids}", sent)
        assert reply.status == (201 if method == "POST" else 200), reply.body
        return reply.json

    def made(path: str, body: dict[str, Any]) -> str:
        answer = asked("POST", path, body)
        if "data" in answer:
            [answer] = answer["data"].values()
        id: str = answer["id"]
        return id

    for path, name in (("objects/%(vault)s", "vault"), ("fields/%(serial)s", "serial"), ("fields/%(code)s", "code")):
        told = {"description": f"{sign}about{name}", "icon": f"Icon{sign}{name}"}
        label = {"labelPlural": f"{sign}many{name}"} if name == "vault" else {"label": f"{sign}label{name}"}
        asked("PATCH", path, {**told, **label})
    ids["idle"] = made("objects", {**NEW_OBJECT, "nameSingular": "chest", "namePlural": "chests"})
    ids["idle_field"] = made("fields", {**NEW_FIELD, "name": "idle", "label": f"{sign}idle"})
    for what in ("objects/%(idle)s", "fields/%(idle_field)s"):
        asked("PATCH", what, {"isActive": False})
    marks = ("name", "title", "value", "fieldValue")
    for each in RESOURCES.values():
        new = {name: f"{sign}{each.one}" if name in marks else value for name, value in _new(each.one).items()}
        if each.one == "viewField":
            new["fieldMetadataId"] = "%(memo)s"
        ids[each.one] = made(each.many, new)
    condition = {"operand": "CONTAINS", "value": f"{sign}condition"}
    made("viewFilters", {"viewId": "%(view)s", "fieldMetadataId": "%(code)s", **condition})
    tables = {
        "name": f"{sign}vaults",
        "icon": "Icon",
        "objectMetadataId": "%(vault)s",
        "anyFieldFilterValue": f"{sign}anywhere",
    }
    made(
        "viewFilters",
        {"viewId": made("views", tables), "fieldMetadataId": "%(serial)s", **condition, "value": f"{sign}tableserial"},
    )
    records = [{"fieldMetadataId": ids["code"], "operand": "IS", "value": f"{sign}records"}]
    configuration = {"viewId": ids["view"], "filter": {"recordFilters": records}}
    widget = {"pageLayoutTabId": "%(pageLayoutTab)s", "title": f"{sign}widget", "configuration": configuration}
    ids |= {"fieldsWidget": made("pageLayoutWidgets", widget), "subdomain": scene.workspace.subdomain}
    index = INDEX_LITERAL.replace("budget", "region") % ids
    reply = scene.admin.graphql(f"mutation {{ createOneIndex(input: {{index: {index}}}) {{ id }} }}", "/metadata")
    ids["index"] = reply.json["data"]["createOneIndex"]["id"]
    hook = asked("POST", "webhooks", {"targetUrl": f"https://{sign}hook.example/", "description": f"{sign}hook"})
    deal = {"code": f"{sign}acode", "memo": f"{sign}amemo", "budget": int(f"{number}{number}")}
    assert scene.admin.ask("POST", "/rest/deals", deal).status == 201
    asked("PATCH", "workspace", {"displayName": f"{sign}workspace"})

    system = principal_of(scene.workspace)
    given = {"canBeAssignedToApiKeys": True, "canBeAssignedToUsers": True, "description": f"{sign}aboutrole"}
    least, unused = (role_create(system, values={"label": f"{sign}role {n}", **given}) for n in (1, 2))
    key = apikey_create(system, name=f"{sign}key", expires_at=None, role_id=least.id)
    issued = apikey_token(system, key_id=key.id)
    token, ids["token"] = issued.token, str(issued.id)
    member = member_create(workspace=scene.workspace, email=f"{sign}@example.com", password=PASSWORD, role=least)
    ids |= {"least": str(least.id), "unused": str(unused.id), "key": str(key.id), "member": str(member.id)}
    ids["file"] = upload(scene.admin, f"{sign}file.txt").json["data"]["createOneFile"]["id"]
    cache.forget(scene.workspace.id)
    shown = [each.one for each in RESOURCES.values() if set(_new(each.one)).intersection(marks)]
    return ids, {
        **dict.fromkeys((f"{sign}aboutvault", f"Icon{sign}vault", f"{sign}manyvault"), ("model", "vault")),
        **dict.fromkeys((f"{sign}aboutserial", f"Icon{sign}serial", f"{sign}labelserial"), ("model", "vault")),
        **dict.fromkeys((f"{sign}aboutcode", f"Icon{sign}code", f"{sign}labelcode"), ("model", "deal", "deal.code")),
        f"{sign}idle": ("model",),
        **dict.fromkeys((f"{sign}{one}" for one in shown if one != "viewFilter"), ("here",)),
        **dict.fromkeys((f"{sign}vaults", f"{sign}widget", f"{sign}workspace"), ("here",)),
        f"{sign}viewFilter": ("here", "deal"),
        **dict.fromkeys((f"{sign}condition", f"{sign}records"), ("here", "deal", "deal.code")),
        **dict.fromkeys((f"{sign}tableserial", f"{sign}anywhere"), ("here", "vault")),
        f"{sign}amemo": ("deal", "deal.memo"),
        f"{sign}acode": ("deal", "deal.code"),
        f"{number}{number}": ("nobody",),
        **dict.fromkeys((f"{sign}role", f"{sign}aboutrole"), ("roles",)),
        f"{sign}key": ("keys",),
        f"{sign}@example": ("people",),
        f"{sign}file": ("here", "deal", "deal.papers"),
        **dict.fromkeys((f"{sign}hook", hook["secret"], token.split(".")[2], member.user.password), ("nobody",)),
    }


def upload(caller: Caller, name: str = "new.txt") -> Reply:
    sent = {} if caller.token is None else {"Authorization": f"Bearer {caller.token}"}
    form = {"fieldMetadataId": "deal.papers", "file": SimpleUploadedFile(name, b"a")}
    return Reply.of(caller.client.post(f"{PREFIX}/files", form, headers=sent))


def send(world: World, caller: Caller, row: Row) -> tuple[Reply, bytes]:
    """The answer, and all that was said in the request."""
    if row.form:
        return upload(caller), b""
    path = row.path % world.made
    if row.is_graphql:
        return caller.graphql(path, "/metadata"), path.encode()
    body = None if row.body is None else json.loads(json.dumps(row.body) % world.made)
    return caller.ask(row.method, path, body), repr((path, body)).encode()


def secrets(world: World, kind: Kind, row: Row) -> list[str]:
    """What this kind of access must not find in the answer to the row."""
    if row.is_public and row.method == "getPublicWorkspaceDataByDomain":
        return [each for each in (*world.marks, *world.marks_elsewhere) if not each.endswith("workspace")]
    if kind.is_elsewhere or kind.refusal is not None:
        return [*world.marks, *world.marks_elsewhere]
    seen = {"here", *sees(kind)}
    if kind.has("DATA_MODEL") or row.is_graphql:  # names are no secret, but REST asks for the right
        seen |= {"model"}
    marks = {
        mark: [each for each in needed if "model" not in needed or each == "model"]
        for mark, needed in world.marks.items()
    }
    if kind.has("API_KEYS_AND_WEBHOOKS"):
        seen |= {"keys", "roles"}
    if kind.has("ROLES"):
        seen |= {"keys", "roles", "people"}
    if kind.has("WORKSPACE_MEMBERS"):
        seen |= {"people"}
    return [*hidden(marks, seen), *world.marks_elsewhere]


def outcome(row: Row, reply: Reply) -> tuple[Any, ...]:
    """(status, code, message) of a refusal, (status,) of what was done."""
    if not row.is_graphql:
        if reply.status < 400:
            return (reply.status,)
        return (reply.status, reply.json["error"], *reply.json["messages"])
    body = reply.json
    if "errors" not in body:
        return (reply.status,)
    assert not _reached(body.get("data"), body["errors"][0].get("path", []))
    [told] = {(error["extensions"]["code"], error["message"]) for error in body["errors"]}
    return (reply.status, *told)


def _reached(data: Any, path: Sequence[Any]) -> bool:
    """Whether there is anything where an error says there is nothing."""
    for step in path:
        data = None if data is None else data[step]
    return data not in (None, {})


def is_as_expected(found: tuple[Any, ...], row: Row, refusal: tuple[Any, ...] | None) -> bool:
    if refusal is not None:
        return found[: len(refusal)] == refusal
    if isinstance(row.ok, str):
        return len(found) == 3 and found[1] == row.ok and found[2] != DENIED
    return found[0] == row.ok and (row.ok >= 400 or len(found) == 1)


COUNTED = ("apikeys_ratebucket",)  # that somebody asked


def rows_written() -> dict[str, int]:
    """Rows inserted, updated and deleted by the transaction so far, by table, those that were taken back among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname <> ALL(%s)",
            [list(COUNTED)],
        )
        return dict(cursor.fetchall())


def contents(scene: Scene) -> str:
    """A digest of the workspace's rows in every table, records and all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name, bool_or(column_name = 'workspace_id') FROM information_schema.columns"
            " WHERE table_schema IN ('public', %s) GROUP BY 1, 2 HAVING table_schema <> 'public'"
            " OR bool_or(column_name = 'workspace_id') ORDER BY 1, 2",
            [scene.workspace.database_schema],
        )
        parts = [
            f"SELECT '{table}', coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '')"
            f' FROM "{space}"."{table}" t' + (f" WHERE workspace_id = '{scene.workspace.id}'" if is_shared else "")
            for space, table, is_shared in cursor.fetchall()
        ]
        cursor.execute(" UNION ALL ".join(parts))
        return repr(sorted(cursor.fetchall()))


# The matrix ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [each for each in ALL_KINDS if not each.is_elsewhere], ids=lambda kind: kind.name)
def test_every_cell(world: World, kind: Kind) -> None:
    """Each cell is taken back."""
    caller, wrong = world.callers[kind.name], list[tuple[Any, ...]]()
    caller.ask("GET", f"{PREFIX}/apiKeys/me")  # that the key was used is noted once a minute
    with logged() as log:
        for row in ROWS:
            refusal = row.refusal(kind)
            with undone():
                before = {} if refusal is None else rows_written()
                reply, asked = send(world, caller, row)
                found = outcome(row, reply)
                if marks := told(reply, secrets(world, kind, row), asked):
                    wrong.append((row.name, "told", marks))
                if not is_as_expected(found, row, refusal):
                    wrong.append((row.name, found, refusal or row.ok))
                if refusal is not None and rows_written() != before:
                    wrong.append((row.name, "wrote something", rows_written()))
            if refusal is None:
                cache.forget(world.scene.workspace.id)  # versions that were taken back will come again
    assert not wrong, "\n".join(map(str, wrong))
    assert log.lines and not log.holding([*world.marks, *world.marks_elsewhere])


@pytest.mark.django_db
def test_a_key_of_another_workspace_finds_and_changes_nothing_of_this_one(world: World) -> None:
    caller, before = world.callers["other workspace's"], contents(world.scene)
    kind = next(each for each in KINDS if each.is_elsewhere)
    with logged() as log:
        for row in ROWS:
            with undone():
                reply, asked = send(world, caller, row)
                assert reply.status < 500, (row.name, reply.body)
                secret = [each for each in secrets(world, kind, row) if each not in world.marks_elsewhere]
                assert not told(reply, secret, asked), (row.name, reply.body)
                assert contents(world.scene) == before, row.name
            cache.forget(world.other.workspace.id)
    assert log.lines and not log.holding(world.marks)


@pytest.mark.django_db
def test_the_marks_are_seen_by_those_who_may_see_them(world: World) -> None:
    """Else the matrix would look for what is nowhere."""
    seen: set[str] = set()
    for row in ROWS:
        with undone():
            reply, _ = send(world, world.callers["admin"], row)
        cache.forget(world.scene.workspace.id)
        seen |= set(told(reply, world.marks, b""))
    assert seen == {mark for mark, needed in world.marks.items() if "nobody" not in needed}


def described_to_others(world: World, kind: Kind) -> list[str]:
    """What must not stand in a document or schema: all but descriptions of what may be read or written."""
    if kind.is_elsewhere:
        return list(world.marks)
    writes = {each for each in HIDDEN if kind.may("update", each.split(".")[0]) and each not in kind.locked}
    seen = {"model", *sees(kind), *writes}
    marks = {mark: needed if "model" in needed else ("nobody",) for mark, needed in world.marks.items()}
    return [*hidden(marks, seen), *world.marks_elsewhere]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_schemas_describe_what_the_caller_may_use(world: World, kind: Kind, path: str) -> None:
    question = get_introspection_query(descriptions=True)
    reply = world.callers[kind.name].graphql(question, path)
    type_, may = (b'"Deal"', kind.may("read", "deal")) if path == "/graphql" else (b'"Object"', kind.refusal is None)
    assert (reply.status, type_ in reply.body) == (200, may)
    assert not told(reply, described_to_others(world, kind), b"")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", ["core", "metadata"])
def test_documents_name_what_the_caller_may_use(world: World, kind: Kind, name: str) -> None:
    reply = world.callers[kind.name].ask("GET", f"/rest/open-api/{name}")
    assert reply.status == 200, reply.body
    if kind.refusal is not None:
        assert list(reply.json["paths"]) == [f"/open-api/{name}"]
    assert not told(reply, described_to_others(world, kind), b"")
    if kind.refusal is None and name == "core":
        paths = reply.json["paths"]
        assert ("/vaults" in paths) == kind.may("read", "vault")
        assert ("/deals" in paths) == kind.may("read", "deal")
        assert ("/deals/export" in paths) == (kind.may("read", "deal") and kind.has("EXPORT_CSV"))
        assert ("/deals/import" in paths) == (kind.may("update", "deal") and kind.has("IMPORT_CSV"))


# The table -----------------------------------------------------------------------------------------------


def test_every_route_and_root_field_is_in_the_table() -> None:
    known = {row.path.split("?")[0].replace(PREFIX, "rest/metadata") for row in REST}
    shapes = {each.replace(NOBODY, "<id>") for each in known}
    shapes = {part if "%(" not in part else _shape(part) for part in shapes}
    walked = {
        pattern.replace("<str:key_id>", "<id>").replace("<str:token_id>", "<id>").replace("<str:id>", "<id>")
        for pattern in routes(of_pages=False)
        if pattern.startswith("rest/metadata/") and "webhook" not in pattern
    }
    assert walked == shapes
    assert path_of("rest/metadata/objects") == "/rest/metadata/objects"
    whole = metadata_schema().graphql_schema
    roots = {name for root in (whole.query_type, whole.mutation_type) for name in (root.fields if root else ())}
    elsewhere = {each for each in roots if "ebhook" in each or each.startswith("uploadFilesFieldFile")}
    assert {row.method for row in GRAPHQL} == roots - elsewhere


def _shape(path: str) -> str:
    return "/".join("<id>" if part.startswith("%(") else part for part in path.split("/"))


def test_the_number_of_cells() -> None:
    assert (len(REST), len(GRAPHQL), len(ALL_KINDS)) == (99, 104, 29)
    assert len(ROWS) * len(ALL_KINDS) == 5_887
