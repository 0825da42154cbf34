"""Keys that have less than their role: that only read, that reach some objects, that are used from some networks.

That every verb of the four APIs follows is asked by the matrices (`access.KINDS`); here is what they cannot ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.activity import requests as request_log
from apikeys.activity.models import RequestEntry
from apikeys.models import ApiKey, ApiKeyToken, Role
from apikeys.services.api_keys import apikey_create, apikey_update
from apikeys.services.tokens import apikey_roll, apikey_token, apikey_token_revoke
from config.principal import Principal
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, api_of, principal_of, workspace_with

KEYS = "/rest/metadata/apiKeys"
BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}
SHELVES = {"nameSingular": "shelf", "namePlural": "shelves", "fields": [{"type": "TEXT", "name": "place"}]}
DENIED = "Entity performing the request does not have permission"
REFUSED = "This API Key may not be used from this address"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


@dataclass(frozen=True)
class Lib:
    workspace: Workspace
    system: Principal

    def object_id(self, singular: str) -> str:
        return str(ObjectMetadata.objects.get(workspace_id=self.workspace.id, name_singular=singular).id)

    def key(self, name: str, more: Mapping[str, Any], role: str = "Admin") -> ApiKey:
        role_id = Role.objects.get(workspace_id=self.workspace.id, label=role).id
        return apikey_create(self.system, name=name, expires_at=None, role_id=role_id, more=more)

    def api(self, key: ApiKey, address: str = HERE) -> Api:
        token = apikey_token(self.system, key_id=key.id).token
        return Api(token, Client(raise_request_exception=False, REMOTE_ADDR=address))

    def change(self, key: ApiKey, **values: Any) -> None:
        apikey_update(self.system, key_id=key.id, values=values)


@pytest.fixture(scope="module")
def workspace_of_the_module(uncommitted: None) -> Workspace:
    return workspace_with([BOOKS, SHELVES])


@pytest.fixture
def lib(db: None, workspace_of_the_module: Workspace) -> Lib:
    workspace = Workspace.objects.get(id=workspace_of_the_module.id)
    return Lib(workspace, principal_of(workspace))


def titles(api: Api) -> list[str]:
    return [each["title"] for each in api.records("/rest/books")]


QUERY = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }"


def names_of(api: Api) -> tuple[set[str], set[str]]:
    """The queries and mutations of /graphql that introspection shows."""
    schema = api.data(QUERY)["__schema"]
    return tuple(
        {each["name"] for each in (schema[kind] or {"fields": ()})["fields"]} for kind in ("queryType", "mutationType")
    )  # type: ignore[return-value]


def test_keys_of_one_role_share_no_plan_schema_or_document(lib: Lib) -> None:
    """Whoever asks first fills the caches: in both orders everybody gets their own."""
    book = lib.object_id("book")
    narrow: dict[str, dict[str, Any]] = {"reads": {"isReadOnly": True}, "books": {"objectMetadataIds": [book]}}
    for order in (("all", "reads", "books"), ("books", "reads", "all")):
        lib.workspace.save()
        apis = {name: lib.api(lib.key(name, narrow.get(name, {}))) for name in order}
        for _ in range(2):
            shown = {name: names_of(apis[name]) for name in order}
            assert {"books", "shelves"} <= shown["all"][0] and {"createBook", "createShelf"} <= shown["all"][1]
            assert {"books", "shelves"} <= shown["reads"][0]
            assert not {"createBook", "updateBooks", "destroyBook", "createShelf"} & shown["reads"][1]
            assert "books" in shown["books"][0] and "shelves" not in shown["books"][0]
            assert "createBook" in shown["books"][1] and "createShelf" not in shown["books"][1]
            paths = {name: apis[name].get("/rest/open-api/core").body["paths"] for name in order}
            assert ["/shelves" in paths[name] for name in ("all", "reads", "books")] == [True, True, False]
            assert ["post" in paths[name]["/books"] for name in ("all", "reads", "books")] == [True, False, True]


def test_a_read_only_key_changes_nothing_and_reads_on(lib: Lib) -> None:
    admin = lib.api(lib.key("all", {}))
    id = admin.post("/rest/books", {"title": "Dune"}).body["data"]["createBook"]["id"]
    reader = lib.api(lib.key("reads", {"isReadOnly": True}))
    assert titles(reader) == ["Dune"]
    for method, path, body in (
        ("POST", "/rest/books", {"title": "x"}),
        ("PATCH", f"/rest/books/{id}", {"title": "x"}),
        ("DELETE", f"/rest/books/{id}", None),
        ("POST", KEYS, {"name": "x", "expiresAt": "2100-01-01", "roleId": str(uuid4())}),
        ("POST", "/rest/metadata/objects", {"nameSingular": "pen", "namePlural": "pens"}),
        ("POST", "/rest/metadata/webhooks", {"targetUrl": "https://example.com", "operations": ["*.*"]}),
    ):
        answer = reader.request(method, path, body)
        assert (answer.status, answer.body["messages"]) == (403, [DENIED]), path
    assert titles(admin) == ["Dune"]
    assert not ObjectMetadata.objects.filter(workspace_id=lib.workspace.id, name_singular="pen").exists()


def test_it_reads_what_its_role_reads_of_objects_that_a_flag_guards() -> None:
    """Told by the permissions themselves: of records the matrices ask."""
    from apikeys.roles import narrowed
    from config.principal import EVERYTHING, Guard, Permissions

    @dataclass(frozen=True)
    class Guarded:
        id: UUID
        guard: Guard | None

    flow = Guarded(uuid4(), Guard(read="WORKFLOWS", write="WORKFLOWS"))
    person = Guarded(uuid4(), Guard(write="WORKSPACE_MEMBERS"))
    reads = narrowed(EVERYTHING, is_read_only=True, object_ids=None)
    assert [reads.allows(verb, flow) for verb in ("read", "update", "destroy")] == [True, False, False]
    assert [reads.allows(verb, person) for verb in ("read", "update", "destroy")] == [True, False, False]
    apart = narrowed(EVERYTHING, is_read_only=False, object_ids=[flow.id])
    assert [apart.allows(verb, flow) for verb in ("read", "update", "destroy")] == [True, True, True]
    assert [apart.allows(verb, person) for verb in ("read", "update", "destroy")] == [False, False, False]
    none = narrowed(Permissions(), is_read_only=False, object_ids=[flow.id, uuid4()])
    assert [none.allows("read", each) for each in (flow, person)] == [False, False]
    assert len({each.as_key for each in (EVERYTHING, reads, apart, none)}) == 4


def test_it_is_never_more_than_the_role(lib: Lib) -> None:
    Role.objects.create(workspace_id=lib.workspace.id, label="Nothing")
    nothing = lib.api(lib.key("n", {"objectMetadataIds": [lib.object_id("book")]}, role="Nothing"))
    assert nothing.get("/rest/books").status == 403


def warmed(api: Api) -> Api:
    """A client whose key is remembered: the first request notes the use, the second remembers, the third relies."""
    for _ in range(3):
        assert api.get("/rest/books").status == 200
    return api


def test_a_change_holds_from_the_next_request_on(lib: Lib) -> None:
    key = lib.key("k", {})
    api = warmed(lib.api(key))
    assert api.post("/rest/books", {"title": "a"}).status == 201
    lib.change(key, isReadOnly=True)
    assert api.post("/rest/books", {"title": "b"}).status == 403
    lib.change(key, isReadOnly=False, objectMetadataIds=[lib.object_id("shelf")])
    assert api.get("/rest/books").status == 403
    assert api.get("/rest/shelves").status == 200
    lib.change(key, objectMetadataIds=None)
    warmed(api)
    lib.change(key, allowedNetworks=["192.0.2.0/24"])
    assert api.get("/rest/books").status == 403
    lib.change(key, allowedNetworks=None)
    assert titles(warmed(api)) == ["a"]
    lib.change(key, objectMetadataIds=[lib.object_id("shelf")])
    assert api.get("/rest/books").status == 403
    assert api.graphql("{ books { edges { node { title } } } }").body["data"] == {"books": None}


def test_one_who_is_remembered_is_still_asked_where_they_are_and_which_token_they_have(lib: Lib) -> None:
    key = lib.key("k", {"allowedNetworks": ["203.0.113.0/24"]})
    first, second = (
        apikey_token(lib.system, key_id=key.id, expires_at=timezone.now() + timedelta(days=days)) for days in (1, 2)
    )
    here = [Api(each.token, Client(REMOTE_ADDR=HERE)) for each in (first, second)]
    away = Api(first.token, Client(REMOTE_ADDR=ELSEWHERE))
    for each in here:
        warmed(each)
    assert away.get("/rest/books").body["error"] == "IP_NOT_ALLOWED"
    assert away.graphql("{ books { edges { node { title } } } }").body["errors"][0]["message"] == REFUSED
    assert first.id is not None
    apikey_token_revoke(lib.system, key_id=key.id, token_id=first.id)
    assert [each.get("/rest/books").status for each in here] == [403, 200]
    apikey_roll(lib.system, key_id=key.id, overlap_hours=0)
    assert [each.get("/rest/books").status for each in here] == [403, 403]


# Networks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        (["203.0.113.0/24"], HERE, 200),
        (["203.0.113.7"], HERE, 200),
        (["203.0.113.8/29"], HERE, 403),
        (["203.0.113.0/24"], ELSEWHERE, 403),
        (["198.51.100.0/24", "203.0.113.0/24"], HERE, 200),
        (["203.0.113.0/24"], "::ffff:203.0.113.7", 200),
        (["::ffff:203.0.113.0/120"], HERE, 200),
        (["2001:db8::/32"], "2001:db8:1::7", 200),
        (["2001:db8::/32"], "2001:db9::7", 403),
        (["2001:db8::/32"], HERE, 403),
        (["0.0.0.0/0"], "2001:db8::1", 403),
        (["0.0.0.0/0", "::/0"], "", 403),  # a Unix socket
    ],
)
def test_a_key_is_used_from_its_networks_only(lib: Lib, networks: list[str], address: str, status: int) -> None:
    key = lib.key("k", {"allowedNetworks": networks})
    answer = lib.api(key, address).post("/rest/books", {"title": "a"})
    assert answer.status == (201 if status == 200 else 403)
    assert titles(api_of(lib.workspace)) == (["a"] if status == 200 else [])
    if status == 403:
        assert (answer.body["error"], answer.body["code"]) == ("IP_NOT_ALLOWED", "IP_NOT_ALLOWED")
        assert answer.body["messages"] == [REFUSED]


def test_the_refusal_of_graphql_and_of_the_data_model(lib: Lib) -> None:
    key = lib.key("k", {"allowedNetworks": ["192.0.2.0/24"]})
    api = lib.api(key)
    for path in ("/graphql", "/metadata"):
        answer = api.graphql("{ __typename }", path=path)
        [error] = answer.body["errors"]
        assert (error["message"], error["extensions"]["code"], error["extensions"]["subCode"]) == (
            REFUSED,
            "FORBIDDEN",
            "IP_NOT_ALLOWED",
        )
    assert api.get("/rest/metadata/objects").body["error"] == "IP_NOT_ALLOWED"


def test_a_refused_call_is_logged_and_no_use(lib: Lib) -> None:
    key = lib.key("k", {"allowedNetworks": ["192.0.2.0/24"]})
    lib.api(key).get("/rest/books")
    request_log.flush()
    [entry] = RequestEntry.objects.filter(caller_id=key.id)
    assert (entry.status, entry.error_code, entry.address, entry.path) == (403, "IP_NOT_ALLOWED", HERE, "/rest/books")
    key.refresh_from_db()
    assert (key.last_used_at, key.last_used_address, key.last_used_api) == (None, None, None)
    lib.api(key, "192.0.2.9").graphql("{ __typename }")
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert (key.last_used_address, key.last_used_api) == ("192.0.2.9", "graphql")


def test_only_a_trusted_proxy_tells_another_address(lib: Lib, settings: Any) -> None:
    api = lib.api(lib.key("k", {"allowedNetworks": ["192.0.2.0/24"]}), HERE)
    assert api.get("/rest/books", X_Forwarded_For="192.0.2.9").status == 403
    settings.TRUSTED_PROXIES = [HERE]
    assert api.get("/rest/books", X_Forwarded_For="192.0.2.9").status == 200
    assert api.get("/rest/books", X_Forwarded_For=f"192.0.2.9, {ELSEWHERE}").status == 403


# What is taken and refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"isReadOnly": "yes"}, "isReadOnly must be a boolean value"),
        ({"objectMetadataIds": "x"}, "objectMetadataIds must be an array, or null"),
        (
            {"objectMetadataIds": []},
            "objectMetadataIds should not be empty; null lets the key reach every object of its role",
        ),
        ({"objectMetadataIds": ["x"]}, "objectMetadataIds[0] must be a UUID"),
        ({"allowedNetworks": []}, "allowedNetworks should not be empty; null lets the key be used from everywhere"),
        ({"allowedNetworks": [7]}, "allowedNetworks[0]: must be a string, as 203.0.113.0/24"),
        (
            {"allowedNetworks": ["203.0.113.0/24", "office"]},
            'allowedNetworks[1]: "office" is no network, as 203.0.113.0/24 or 2001:db8::/32, and no address',
        ),
        (
            {"allowedNetworks": ["203.0.113.7/24"]},
            'allowedNetworks[0]: "203.0.113.7/24" is an address within a network:'
            " did you mean 203.0.113.0/24 or 203.0.113.7/32?",
        ),
        ({"description": 5}, "description must be a string"),
        ({"description": "x" * 1_001}, "description must be shorter than or equal to 1000 characters"),
    ],
)
def test_wrong_limits_are_refused_and_nothing_is_made(lib: Lib, more: dict[str, Any], message: str) -> None:
    api = api_of(lib.workspace)
    role_id = str(Role.objects.get(workspace_id=lib.workspace.id, label="Member").id)
    before = ApiKey.objects.count()
    answer = api.post(KEYS, {"name": "k", "expiresAt": "2100-01-01", "roleId": role_id, **more})
    assert (answer.status, answer.body["messages"]) == (400, [message])
    assert ApiKey.objects.count() == before
    key = lib.key("k", {"isReadOnly": True, "description": "Reports"})
    assert api.patch(f"{KEYS}/{key.id}", more).body["messages"] == [message]
    key.refresh_from_db()
    assert (key.is_read_only, key.object_ids, key.allowed_networks, key.description) == (True, None, None, "Reports")


def test_objects_of_another_workspace_are_unknown(lib: Lib) -> None:
    other = workspace_with([BOOKS], name="Other")
    theirs = str(ObjectMetadata.objects.get(workspace_id=other.id, name_singular="book").id)
    api = api_of(lib.workspace)
    key = lib.key("k", {})
    messages = []
    for id in (theirs, str(uuid4())):
        answer = api.patch(f"{KEYS}/{key.id}", {"objectMetadataIds": [lib.object_id("book"), id]})
        assert (answer.status, answer.body["code"]) == (404, "OBJECT_METADATA_NOT_FOUND")
        messages.append(answer.body["messages"][0].replace(id, "…"))
    assert messages == ["Object with id … not found"] * 2
    key.refresh_from_db()
    assert key.object_ids is None


def test_so_many_networks_and_objects_and_not_one_more(lib: Lib, settings: Any) -> None:
    settings.API_KEY_MAX_NETWORKS = settings.API_KEY_MAX_OBJECTS = 2
    key = lib.key("k", {})
    api = api_of(lib.workspace)
    ids = [lib.object_id("book"), lib.object_id("shelf")]
    networks = ["203.0.113.0/24", "2001:db8::/32"]
    answer = api.patch(f"{KEYS}/{key.id}", {"objectMetadataIds": ids, "allowedNetworks": networks})
    assert (answer.body["objectMetadataIds"], answer.body["allowedNetworks"]) == (ids, networks)
    for name, values in (("objectMetadataIds", [*ids, ids[0]]), ("allowedNetworks", [*networks, "192.0.2.1"])):
        answer = api.patch(f"{KEYS}/{key.id}", {name: values})
        assert (answer.status, answer.body["messages"]) == (400, [f"{name} must contain no more than 2 elements"])
    key.refresh_from_db()
    assert (key.object_ids, key.allowed_networks) == (ids, networks)


def test_the_same_over_graphql(lib: Lib) -> None:
    api = api_of(lib.workspace)
    members = "description isReadOnly objectMetadataIds allowedNetworks apiVersion isPaused"
    made = api.data(
        f"mutation($input: CreateApiKeyInput!) {{ createApiKey(input: $input) {{ id {members} }} }}",
        {
            "input": {
                "name": "k",
                "expiresAt": "2100-01-01",
                "roleId": str(Role.objects.get(workspace_id=lib.workspace.id, label="Member").id),
                "description": "Reports",
                "isReadOnly": True,
                "objectMetadataIds": [lib.object_id("book")],
                "allowedNetworks": ["203.0.113.7", "2001:DB8::/32"],
                "apiVersion": "2",
            }
        },
        "/metadata",
    )["createApiKey"]
    id = made.pop("id")
    assert made == {
        "description": "Reports",
        "isReadOnly": True,
        "objectMetadataIds": [lib.object_id("book")],
        "allowedNetworks": ["203.0.113.7/32", "2001:db8::/32"],
        "apiVersion": "2",
        "isPaused": False,
    }
    changed = api.data(
        f"mutation($input: UpdateApiKeyInput!) {{ updateApiKey(input: $input) {{ {members} }} }}",
        {
            "input": {
                "id": id,
                "objectMetadataIds": None,
                "allowedNetworks": None,
                "isReadOnly": False,
                "isPaused": True,
            }
        },
        "/metadata",
    )["updateApiKey"]
    assert changed == {
        "description": "Reports",
        "isReadOnly": False,
        "objectMetadataIds": None,
        "allowedNetworks": None,
        "apiVersion": "2",
        "isPaused": True,
    }


# Nobody widens ------------------------------------------------------------------------------------------


def test_a_key_held_to_networks_gets_at_none_that_is_held_to_fewer(lib: Lib) -> None:
    held = lib.key("held", {"allowedNetworks": ["203.0.113.0/24"]})
    free = lib.key("free", {})
    api = lib.api(held)
    role_id = str(Role.objects.get(workspace_id=lib.workspace.id, label="Member").id)
    new = {"name": "made", "expiresAt": "2100-01-01", "roleId": role_id}
    tokens = ApiKeyToken.objects.count()

    assert api.post(f"{KEYS}/{free.id}/token").status == 403
    assert api.patch(f"{KEYS}/{free.id}", {"name": "mine"}).status == 403
    assert api.patch(f"{KEYS}/{held.id}", {"allowedNetworks": None}).status == 403
    assert api.patch(f"{KEYS}/{held.id}", {"allowedNetworks": ["203.0.113.0/25"]}).status == 403  # its own, never
    assert api.post(KEYS, {**new, "allowedNetworks": ["203.0.112.0/23"]}).status == 403
    assert api.post(KEYS, {**new, "allowedNetworks": None}).status == 403
    assert not ApiKey.objects.filter(name__in=["made", "mine"]).exists()
    assert ApiKeyToken.objects.count() == tokens
    held.refresh_from_db()
    assert held.allowed_networks == ["203.0.113.0/24"]

    assert api.post(KEYS, new).body["allowedNetworks"] == ["203.0.113.0/24"]
    assert api.post(KEYS, {**new, "allowedNetworks": ["203.0.113.9"]}).body["allowedNetworks"] == ["203.0.113.9/32"]


@pytest.mark.parametrize("more", [{"isReadOnly": True}, {"objectMetadataIds": ...}])
def test_a_narrowed_key_manages_no_keys(lib: Lib, more: dict[str, Any]) -> None:
    more = {name: [lib.object_id("book")] if value is ... else value for name, value in more.items()}
    own = lib.key("own", more)
    free = lib.key("free", {})
    api = lib.api(own)
    role_id = str(Role.objects.get(workspace_id=lib.workspace.id, label="Admin").id)
    tokens = ApiKeyToken.objects.count()
    assert api.post(f"{KEYS}/{free.id}/token").status == 403
    assert api.patch(f"{KEYS}/{own.id}", {"isReadOnly": False, "objectMetadataIds": None}).status == 403
    assert api.post(KEYS, {"name": "made", "expiresAt": "2100-01-01", "roleId": role_id}).status == 403
    own.refresh_from_db()
    assert (own.is_read_only, own.object_ids) == (more.get("isReadOnly", False), more.get("objectMetadataIds"))
    assert (ApiKey.objects.filter(name="made").count(), ApiKeyToken.objects.count()) == (0, tokens)
    assert api.get(f"{KEYS}/me").body["name"] == "own"
