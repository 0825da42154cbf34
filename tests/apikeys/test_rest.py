"""API keys over REST: shapes of both API versions, the alias, tokens, and who may do what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from apikeys import keys
from apikeys.models import ApiKey, ApiKeyToken
from apikeys.services.api_keys import apikey_create, apikey_update
from apikeys.services.roles import role_create
from apikeys.services.tokens import apikey_token
from apikeys.services.workspaces import system_principal
from config.principal import Principal
from metadata.models import Workspace
from tests.apikeys.conftest import role
from tests.factories import Api, api_of

KEYS = "/rest/metadata/apiKeys"
ALIAS = "/rest/apiKeys"


@pytest.fixture
def api(acme: Workspace) -> Api:
    return api_of(acme, name="Caller")


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(key: ApiKey) -> dict[str, Any]:
    key.refresh_from_db()
    return {
        "id": str(key.id),
        "name": key.name,
        "expiresAt": iso(key.expires_at),
        "revokedAt": iso(key.revoked_at) if key.revoked_at else None,
        "workspaceId": str(key.workspace_id),
        "createdAt": iso(key.created_at),
        "updatedAt": iso(key.updated_at),
        "maxRequestsPerSecond": key.max_requests_per_second,
        "maxRequestsPerMinute": key.max_requests_per_minute,
        "description": key.description,
        "apiVersion": key.api_version,
        "isPaused": not key.enabled,
        "isReadOnly": key.is_read_only,
        "objectMetadataIds": key.object_ids,
        "allowedNetworks": key.allowed_networks,
        "lastUsedAt": iso(key.last_used_at) if key.last_used_at else None,
        "lastUsedAddress": key.last_used_address,
        "lastUsedApi": key.last_used_api,
    }


def new(admin: Principal, **changed: Any) -> dict[str, Any]:
    body = {
        "name": "Zapier",
        "expiresAt": "2100-06-30T00:00:00.000Z",
        "roleId": str(role(admin, "Member").id),
        **changed,
    }
    return {name: value for name, value in body.items() if value is not ...}


@pytest.mark.parametrize("path", [KEYS, ALIAS])
def test_version_1_lists_a_bare_array(api: Api, key: ApiKey, path: str) -> None:
    answer = api.get(path)
    assert answer.status == 200
    assert answer.body == [shown(each) for each in ApiKey.objects.order_by("created_at")]


def test_version_2_lists_a_page_and_the_alias_still_an_array(acme: Workspace, key: ApiKey) -> None:
    api = api_of(acme, api_version="2")
    ids = sorted((str(each) for each in ApiKey.objects.values_list("id", flat=True)), reverse=True)
    answer = api.get(f"{KEYS}?limit=1")
    assert [each["id"] for each in answer.body["data"]] == ids[:1]
    assert answer.body["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": ids[0],
        "endCursor": ids[0],
    }
    assert answer.body["totalCount"] == 2
    answer = api.get(f"{KEYS}?limit=1&starting_after={ids[0]}")
    assert [each["id"] for each in answer.body["data"]] == ids[1:]
    assert {each["id"] for each in api.get(ALIAS).body} == set(ids)


@pytest.mark.parametrize("path", [KEYS, ALIAS])
def test_a_key_is_created_without_a_token(api: Api, admin: Principal, path: str) -> None:
    answer = api.post(path, new(admin))
    made = ApiKey.objects.get(name="Zapier")
    assert (answer.status, answer.body) == (201, shown(made))
    assert made.expires_at == datetime(2100, 6, 30, tzinfo=UTC)
    assert (made.role, made.api_version, made.created_by_name) == (role(admin, "Member"), "1", "Caller")
    assert not ApiKeyToken.objects.filter(api_key=made).exists()


def test_a_date_is_taken_and_the_workspace_gives_the_version(api: Api, admin: Principal, acme: Workspace) -> None:
    Workspace.objects.filter(id=acme.id).update(default_api_version="2")
    assert api.post(KEYS, new(admin, expiresAt="2100-06-30")).body["expiresAt"] == "2100-06-30T00:00:00.000Z"
    assert ApiKey.objects.get(name="Zapier").api_version == "2"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"name": ...}, "name should not be empty", id="no name"),
        pytest.param({"name": "  "}, "name should not be empty", id="blank name"),
        pytest.param({"name": 5}, "name should not be empty", id="name is a number"),
        pytest.param({"name": "x" * 256}, "name must be shorter than or equal to 255 characters", id="long name"),
        pytest.param({"name": "a\u0000"}, "name must not contain the character NUL", id="null character"),
        pytest.param({"expiresAt": ...}, "expiresAt should not be empty", id="no expiry"),
        pytest.param({"expiresAt": "soon"}, "expiresAt must be a valid ISO 8601 date string", id="no date"),
        pytest.param({"expiresAt": "2026-02-30"}, "expiresAt must be a valid ISO 8601 date string", id="no such day"),
        pytest.param({"expiresAt": 5}, "expiresAt must be a valid ISO 8601 date string", id="expiry is a number"),
        pytest.param({"expiresAt": "2020-01-01"}, "expiresAt must be in the future", id="past"),
        pytest.param({"roleId": ...}, "Could not find role for given roleId", id="no role"),
        pytest.param({"roleId": str(uuid4())}, "Could not find role for given roleId", id="unknown role"),
        pytest.param({"roleId": "x"}, "roleId must be a UUID", id="role is no UUID"),
        pytest.param({"apiVersion": "3"}, 'apiVersion must be "1" or "2"', id="unknown version"),
    ],
)
def test_keys_that_cannot_be_made(api: Api, admin: Principal, changed: dict[str, Any], message: str) -> None:
    before = ApiKey.objects.count()
    answer = api.post(KEYS, new(admin, **changed))
    assert (answer.status, answer.body["statusCode"], answer.body["messages"]) == (400, 400, [message])
    assert ApiKey.objects.count() == before


@pytest.mark.parametrize("body", [[], "x", 5])
def test_a_body_that_is_no_object_is_refused(api: Api, body: Any) -> None:
    answer = api.post(KEYS, body)
    assert (answer.status, answer.body["messages"]) == (400, ["Body must be a JSON object"])


@pytest.mark.parametrize("path", [KEYS, ALIAS])
def test_one_key_is_read_in_any_letter_case(api: Api, key: ApiKey, path: str) -> None:
    assert api.get(f"{path}/{str(key.id).upper()}").body == shown(key)


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_unknown_id_is_answered_with_nothing(api: Api, method: str) -> None:
    answer = api.request(method, f"{KEYS}/{uuid4()}", {} if method in ("PATCH", "PUT") else None)
    assert (answer.status, answer.body) == (200, None)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_malformed_id_is_refused(api: Api, method: str) -> None:
    answer = api.request(method, f"{KEYS}/nope", {} if method == "PATCH" else None)
    assert answer.status == 400
    assert answer.body["message"] == "Validation failed (uuid is expected)"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_key_is_renamed_and_its_end_moved(api: Api, key: ApiKey, method: str) -> None:
    answer = api.request(method, f"{KEYS}/{key.id}", {"name": " Sync ", "expiresAt": "2090-01-01"})
    assert (answer.status, answer.body) == (200, shown(key))
    assert (key.name, key.expires_at) == ("Sync", datetime(2090, 1, 1, tzinfo=UTC))


def test_a_key_is_revoked_and_stays_so(api: Api, admin: Principal, key: ApiKey) -> None:
    token = apikey_token(admin, key_id=key.id).token
    answer = api.delete(f"{KEYS}/{key.id}")
    assert (answer.status, answer.body) == (200, shown(key))
    first = key.revoked_at
    assert first is not None
    assert Api(token).get(f"{KEYS}/me").status == 403
    assert [each["name"] for each in api.get(KEYS).body] == ["Caller"]
    assert api.get(f"{KEYS}/{key.id}").body == shown(key)  # reading one answers revoked keys too
    api.delete(f"{KEYS}/{key.id}")
    api.patch(f"{KEYS}/{key.id}", {"revokedAt": "", "name": "Alive"})
    api.patch(f"{KEYS}/{key.id}", {"revokedAt": None})
    key.refresh_from_db()
    assert key.revoked_at == first


def test_a_token_is_issued_and_only_its_digest_is_kept(api: Api, key: ApiKey) -> None:
    apikey_update(
        system_principal(Workspace.objects.get(id=key.workspace_id)),
        key_id=key.id,
        values={"expiresAt": "2090-01-01"},
    )
    answer = api.post(f"{KEYS}/{key.id}/token", {"expiresAt": "2099-01-01"})
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body["expiresAt"] == "2090-01-01T00:00:00.000Z"  # no later than the key
    token = answer.body["token"]
    kid = jwt.get_unverified_header(token)["kid"]
    secret = keys.signing_secret(settings.SECRET_KEY, str(key.workspace_id), "API_KEY", kid)
    claims = jwt.decode(token, secret, algorithms=["HS256"])
    assert (claims["jti"], claims["exp"]) == (str(key.id), int(datetime(2090, 1, 1, tzinfo=UTC).timestamp()))
    row = ApiKeyToken.objects.get(api_key=key)
    assert (row.digest, row.last_four) == (keys.digest(settings.SECRET_KEY, token), token[-4:])
    assert token not in repr(ApiKeyToken.objects.filter(id=row.id).values())
    assert Api(token).get(f"{KEYS}/me").body["id"] == str(key.id)


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        pytest.param({"revoked_at": timezone.now()}, 403, "This API Key is revoked", id="revoked"),
        pytest.param({"expires_at": timezone.now() - timedelta(1)}, 400, "This API Key has expired", id="expired"),
        pytest.param({"role": None}, 400, "API key has no role assigned", id="no role"),
    ],
)
def test_no_token_of_a_dead_key(api: Api, key: ApiKey, changed: dict[str, Any], status: int, message: str) -> None:
    ApiKey.objects.filter(id=key.id).update(**changed)
    answer = api.post(f"{KEYS}/{key.id}/token")
    assert (answer.status, answer.body["messages"]) == (status, [message])
    assert not ApiKeyToken.objects.filter(api_key=key).exists()


def test_no_token_of_an_unknown_key(api: Api) -> None:
    unknown = uuid4()
    answer = api.post(f"{KEYS}/{unknown}/token")
    assert (answer.status, answer.body["messages"]) == (404, [f"API Key with id {unknown} not found"])


def test_a_key_reads_itself_without_any_right(acme: Workspace, admin: Principal) -> None:
    made = role_create(admin, values={"label": "Nothing"})
    body = api_of(acme, role="Nothing", name="mute").get(f"{KEYS}/me").body
    mute = ApiKey.objects.get(name="mute")
    assert {name: body[name] for name in ("id", "name", "role", "apiVersion")} == {
        "id": str(mute.id),
        "name": "mute",
        "role": {"id": str(made.id), "label": "Nothing"},
        "apiVersion": "1",
    }
    assert body["fingerprint"] == f"{str(mute.id)[:4]}…{str(mute.id)[-4:]}"


CALLS = [
    ("GET", KEYS, None),
    ("POST", KEYS, {"name": "x", "expiresAt": "2100-01-01"}),
    ("GET", KEYS + "/{id}", None),
    ("PATCH", KEYS + "/{id}", {"name": "x"}),
    ("DELETE", KEYS + "/{id}", None),
    ("POST", KEYS + "/{id}/token", None),
    ("GET", ALIAS, None),
    ("DELETE", ALIAS + "/{id}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_without_the_flag_nothing_is_answered_or_changed(
    acme: Workspace, key: ApiKey, method: str, path: str, body: Any
) -> None:
    member = api_of(acme, role="Member")
    member.get(f"{KEYS}/me")  # that it is used is noted of a key
    before = [shown(each) for each in ApiKey.objects.order_by("id")]
    answer = member.request(method, path.format(id=key.id), body)
    assert answer.status == 403
    assert answer.body["code"] == "PERMISSION_DENIED"
    assert answer.body["messages"] == ["Entity performing the request does not have permission"]
    assert answer.body["permission"] == "API_KEYS_AND_WEBHOOKS"
    assert [shown(each) for each in ApiKey.objects.order_by("id")] == before


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_without_a_token_every_call_is_refused(key: ApiKey, method: str, path: str, body: Any) -> None:
    answer = Api(None).request(method, path.format(id=key.id), body)
    assert (answer.status, answer.body["messages"]) == (403, ["Missing authentication token"])


def test_two_workspaces_never_see_each_others_keys(api: Api, key: ApiKey, other: Workspace, admin: Principal) -> None:
    stranger = api_of(other, name="Stranger")
    before = shown(key)
    assert [each["name"] for each in stranger.get(KEYS).body] == ["Stranger"]
    assert stranger.get(f"{KEYS}/{key.id}").body is None
    assert stranger.patch(f"{KEYS}/{key.id}", {"name": "stolen"}).body is None
    assert stranger.delete(f"{KEYS}/{key.id}").body is None
    assert stranger.post(f"{KEYS}/{key.id}/token").status == 404
    assert stranger.post(KEYS, new(admin)).body["messages"] == ["Could not find role for given roleId"]
    assert shown(key) == before


# The same life over GraphQL --------------------------------------------------------------------------


def test_a_key_lives_over_graphql(api: Api, admin: Principal) -> None:
    created = api.data(
        "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { id name expiresAt role { id label } } }",
        {"input": new(admin)},
        path="/metadata",
    )["createApiKey"]
    member = role(admin, "Member")
    assert created == {
        "id": created["id"],
        "name": "Zapier",
        "expiresAt": "2100-06-30T00:00:00.000Z",
        "role": {"id": str(member.id), "label": "Member"},
    }
    issued = api.data(
        'mutation($id: UUID!) { generateApiKeyToken(apiKeyId: $id, expiresAt: "2090-01-01T00:00:00Z") { token } }',
        {"id": created["id"]},
        path="/metadata",
    )["generateApiKeyToken"]
    assert Api(issued["token"]).get(f"{KEYS}/me").body["name"] == "Zapier"
    listed = api.data("{ apiKeys { id name revokedAt updatedAt role { label } } }", path="/metadata")["apiKeys"]
    assert [(each["name"], each["revokedAt"], each["role"]["label"]) for each in listed] == [
        ("Caller", None, "Admin"),
        ("Zapier", None, "Member"),
    ]
    renamed = api.data(
        "mutation($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { name } }",
        {"input": {"id": created["id"], "name": "Make"}},
        path="/metadata",
    )
    assert renamed == {"updateApiKey": {"name": "Make"}}
    revoked = api.data(
        "mutation($id: UUID!) { revokeApiKey(input: {id: $id}) { revokedAt } }", {"id": created["id"]}, path="/metadata"
    )
    assert revoked["revokeApiKey"]["revokedAt"] is not None
    assert [each["name"] for each in api.data("{ apiKeys { name } }", path="/metadata")["apiKeys"]] == ["Caller"]
    one = "query($id: UUID!) { apiKey(input: {id: $id}) { name } }"
    assert api.data(one, {"id": created["id"]}, path="/metadata") == {"apiKey": {"name": "Make"}}


def test_an_unknown_key_is_null_over_graphql(api: Api) -> None:
    unknown = str(UUID(int=7))
    for query in (
        "query($id: UUID!) { found: apiKey(input: {id: $id}) { id } }",
        'mutation($id: UUID!) { found: updateApiKey(input: {id: $id, name: "x"}) { id } }',
        "mutation($id: UUID!) { found: revokeApiKey(input: {id: $id}) { id } }",
    ):
        assert api.data(query, {"id": unknown}, path="/metadata") == {"found": None}
    token = 'mutation($id: UUID!) { generateApiKeyToken(apiKeyId: $id, expiresAt: "2090-01-01") { token } }'
    [error] = api.graphql(token, {"id": unknown}, path="/metadata").body["errors"]
    assert (error["message"], error["extensions"]["code"]) == (f"API Key with id {unknown} not found", "NOT_FOUND")


def test_listing_keys_costs_the_same_for_one_and_for_many(
    api: Api, admin: Principal, django_assert_num_queries: Any
) -> None:
    query = "{ apiKeys { name role { label permissionFlags { flag } } } }"
    api.data(query, path="/metadata")
    for each in range(5):
        apikey_create(admin, name=f"k{each}", expires_at=None, role_id=role(admin, "Member").id)
    with django_assert_num_queries(2):  # the caller, the keys with their roles
        assert len(api.data(query, path="/metadata")["apiKeys"]) == 6
