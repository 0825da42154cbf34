"""Rate limits as clients meet them: who is counted, what it costs, what a refusal says, who may change a limit."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from apikeys import keys
from apikeys.models import ApiKey, Member, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.members import member_create
from apikeys.services.tokens import playground_token
from apikeys.services.workspaces import system_principal
from metadata.models import Workspace
from tests.budgets.recording import recording
from tests.factories import Api, api_of, key_of, principal_of, workspace_with
from tests.security.rates import START_S, Clock, leases

BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}
NONE = (0, 1.0)


@pytest.fixture
def shelf(db: Any) -> Workspace:
    return workspace_with([BOOKS])


@pytest.fixture(autouse=True)
def rates(settings: Any, clock: Clock) -> Any:
    """Only what a test names is limited."""
    settings.RATE_LIMIT_SHORT = settings.RATE_LIMIT_LONG = settings.RATE_LIMIT_WORKSPACE = NONE
    settings.RATE_LIMIT_ADDRESS = NONE
    return settings


def statuses(api: Api, path: str, count: int) -> list[int]:
    return [api.get(path).status for _ in range(count)]


# Who is counted --------------------------------------------------------------------------------------


def test_the_nth_request_passes_and_the_next_is_refused_until_the_refill(
    shelf: Workspace, rates: Any, clock: Clock
) -> None:
    rates.RATE_LIMIT_SHORT = (5, 1.0)
    api = api_of(shelf)
    assert statuses(api, "/rest/books", 6) == [200] * 5 + [429]
    clock.go(0.19)
    assert statuses(api, "/rest/books", 1) == [429]
    clock.go(0.02)
    assert statuses(api, "/rest/books", 2) == [200, 429]
    clock.go(60)
    assert statuses(api, "/rest/books", 6) == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/rest/books", None),
        ("POST", "/rest/books", {"title": "x"}),
        ("GET", "/rest/search?query=x", None),
        ("GET", "/rest/books/export?format=nothing", None),
        ("POST", "/rest/books/import?format=jsonl", b'{"title": "x"}'),
        ("GET", "/rest/metadata/objects", None),
        ("GET", "/rest/metadata/workspace", None),
        ("GET", "/rest/metadata/apiKeys", None),
        ("GET", "/rest/apiKeys", None),
        ("GET", "/rest/metadata/webhooks", None),
        ("GET", "/rest/metadata/files/20202020-0000-4000-8000-000000000000", None),
        ("GET", "/rest/open-api/core", None),
        ("GET", "/open-api/metadata", None),
        ("GET", "/rest/metadata/nothing-is-here", None),
        ("GET", "/rest/nothing/is/here/at/all", None),
        ("POST", "/rest/books", b"{bad"),
    ],
)
def test_every_route_counts(shelf: Workspace, rates: Any, clock: Clock, method: str, path: str, body: Any) -> None:
    rates.RATE_LIMIT_LONG = (2, 60.0)
    api = api_of(shelf)
    assert api.request(method, path, body).headers["X-RateLimit-Remaining"] == "1"
    assert api.request(method, path, body).headers["X-RateLimit-Remaining"] == "0"
    refused = api.request(method, path, body)
    assert (refused.status, refused.body["error"]) == (429, "RATE_LIMITED")
    clock.go(30.1)
    books = api.get("/rest/books").body["data"]["books"]
    assert len(books) == (2 if method == "POST" and body != b"{bad" else 0), "the refused one wrote nothing"


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_graphql_counts_and_answers_in_its_own_shape(shelf: Workspace, rates: Any, path: str) -> None:
    rates.RATE_LIMIT_LONG = (1, 60.0)
    api = api_of(shelf)
    assert api.graphql("{ __typename }", path=path).status == 200
    refused = api.graphql("{ __typename }", path=path)
    assert refused.status == 200
    assert list(refused.body) == ["errors"]
    [error] = refused.body["errors"]
    assert error["message"] == "Too many requests, slow down."
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["subCode"] == "LIMIT_REACHED"
    assert error["extensions"]["userFriendlyMessage"] == "Rate limit reached. Please try again later."
    assert error["extensions"]["retryAfterSeconds"] == 60
    assert refused.headers["Retry-After"] == "60"
    assert refused.headers["Content-Type"].startswith("application/json")
    wanted = api.post(path, {"query": "{ __typename }"}, Accept="application/graphql-response+json")
    assert (wanted.status, wanted.headers["Content-Type"]) == (429, "application/graphql-response+json; charset=utf-8")


def test_keys_have_buckets_of_their_own_and_their_workspace_one_of_all(
    shelf: Workspace, rates: Any, clock: Clock
) -> None:
    rates.RATE_LIMIT_SHORT, rates.RATE_LIMIT_WORKSPACE = (3, 1.0), (5, 60.0)
    first, second, elsewhere = api_of(shelf), api_of(shelf), api_of(workspace_with([BOOKS]))
    assert statuses(first, "/rest/books", 4) == [200, 200, 200, 429]
    assert statuses(second, "/rest/books", 3) == [200, 200, 429]
    assert second.get("/rest/books").body["scope"]["spenderType"] == "workspace"
    assert statuses(elsewhere, "/rest/books", 3) == [200, 200, 200]


def test_a_playground_token_counts_as_its_member(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_SHORT = (2, 1.0)
    admin = Role.objects.get(workspace_id=shelf.id, label="Admin")
    members = [
        member_create(workspace=shelf, email=f"{name}@example.com", password="correct horse", role=admin)
        for name in ("ada", "bob")
    ]
    ada, bob = (Api(playground_token(_principal(shelf, each)).token) for each in members)
    assert statuses(ada, "/rest/books", 3) == [200, 200, 429]
    assert statuses(bob, "/rest/books", 1) == [200]
    assert ada.get("/rest/books").body["scope"]["spenderType"] == "workspaceMember"


def _principal(workspace: Workspace, member: Member) -> Any:
    from apikeys.authentication import principal_of_member_id

    return principal_of_member_id(workspace.id, member.id)


def test_pages_are_not_counted(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_SHORT = rates.RATE_LIMIT_ADDRESS = (1, 60.0)
    browser = Client()
    assert [browser.get("/settings/login").status_code for _ in range(3)] == [200] * 3
    assert [browser.get("/healthz").status_code for _ in range(3)] == [200] * 3
    assert [browser.options("/rest/books").status_code for _ in range(3)] == [204] * 3


# Without a key that works ----------------------------------------------------------------------------


def tokens_that_do_not_work(workspace: Workspace) -> dict[str, str | None]:
    revoked = key_of(workspace)
    ApiKey.objects.filter(workspace_id=workspace.id).update(revoked_at="2026-01-01T00:00Z")
    forged = keys.make_api_key_token(
        "another", workspace_id=workspace.id, api_key_id=UUID(int=1), generation=1, issued_at=0, expires_at=2**33
    )
    return {"none": None, "nonsense": "abc", "forged": forged, "revoked": revoked}


@pytest.mark.parametrize("kind", ["none", "nonsense", "forged", "revoked"])
def test_failed_authentications_count_by_address(shelf: Workspace, rates: Any, kind: str) -> None:
    token = tokens_that_do_not_work(shelf)[kind]
    rates.RATE_LIMIT_ADDRESS = (3, 60.0)
    stranger = Api(token)
    assert 429 not in statuses(stranger, "/rest/books", 3)
    refused = stranger.get("/rest/books")
    assert (refused.status, refused.body["scope"]["spenderType"]) == (429, "ipAddress")
    assert Api(None).get("/rest/open-api/core").status == 429, "the address, not the token"
    assert Api(None, Client(REMOTE_ADDR="203.0.113.9")).get("/rest/books").status == 403, "another address"
    assert api_of(shelf).get("/rest/books").status == 200, "a key works from there all the same"


def test_addresses_of_one_ipv6_network_are_one(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_ADDRESS = (2, 60.0)
    found = [Api(None, Client(REMOTE_ADDR=f"2001:db8::{each}")).get("/rest/books").status for each in range(1, 4)]
    assert found == [403, 403, 429]
    assert Api(None, Client(REMOTE_ADDR="2001:db8:0:1::1")).get("/rest/books").status == 403


def test_a_trusted_proxy_speaks_for_its_clients(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_ADDRESS, rates.TRUSTED_PROXIES = (1, 60.0), ["10.0.0.1"]
    proxy = Client(REMOTE_ADDR="10.0.0.1")

    def ask(**headers: str) -> int:
        return proxy.get("/rest/books", headers=headers).status_code

    assert [ask(x_forwarded_for="203.0.113.1") for _ in range(2)] == [403, 429]
    assert ask(x_forwarded_for="203.0.113.2") == 403
    assert [ask() for _ in range(3)] == [403] * 3, "the proxy itself is not limited"


# What it costs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("records", "cost"), [(0, 1), (1, 1), (99, 1), (100, 2), (250, 3)])
def test_a_batch_costs_one_more_for_each_hundred_records(shelf: Workspace, rates: Any, records: int, cost: int) -> None:
    rates.RATE_LIMIT_LONG = (1000, 60.0)
    Workspace.objects.filter(id=shelf.id).update(max_batch_size=1000)
    api = api_of(shelf)
    answer = api.post("/rest/batch/books", [{"title": str(each)} for each in range(records)])
    assert answer.status == 201
    assert answer.headers["X-RateLimit-Remaining"] == str(1000 - cost)


def test_every_way_to_write_many_counts_them(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_LONG = (1000, 60.0)
    Workspace.objects.filter(id=shelf.id).update(max_batch_size=1000)
    api = api_of(shelf)

    def cost(answer: Any) -> int:
        nonlocal left
        before, left = left, int(answer.headers["X-RateLimit-Remaining"])
        assert answer.status in (200, 201) and "errors" not in answer.body, answer.body
        return before - left

    left = 1000
    lines = b"\n".join(b'{"title": "%d"}' % each for each in range(500))
    assert cost(api.post("/rest/books/import?format=jsonl", lines)) == 6
    assert cost(api.patch("/rest/books?filter=title[neq]:x", {"title": "y"})) == 6
    books = [{"id": each["id"], "title": "z"} for each in api.records("/rest/books?limit=200")]
    left -= 1
    assert cost(api.post("/rest/batch/books?upsert=true", books)) == 3
    many = json.dumps([{"title": "g"}] * 300).replace('"title"', "title")
    assert cost(api.graphql(f"mutation {{ createBooks(data: {many}) {{ id }} }}")) == 4
    assert cost(api.delete("/rest/books?filter=title[eq]:z&soft_delete=true")) == 3
    assert cost(api.patch("/rest/restore/books?filter=title[eq]:z")) == 3
    assert cost(api.delete("/rest/books?filter=title[eq]:z")) == 3


def test_a_write_beyond_the_bucket_is_done_and_paid_afterwards(shelf: Workspace, rates: Any, clock: Clock) -> None:
    rates.RATE_LIMIT_SHORT = (4, 1.0)
    Workspace.objects.filter(id=shelf.id).update(max_batch_size=1000)
    api = api_of(shelf)
    answer = api.post("/rest/batch/books", [{"title": str(each)} for each in range(1000)])
    assert (answer.status, answer.headers["X-RateLimit-Remaining"]) == (201, "0")
    refused = api.get("/rest/books")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
    clock.go(2.01)
    assert api.get("/rest/books").body["totalCount"] == 1000


# What is answered ------------------------------------------------------------------------------------


def test_headers_of_an_answer(shelf: Workspace, rates: Any, clock: Clock) -> None:
    rates.RATE_LIMIT_SHORT, rates.RATE_LIMIT_LONG, rates.RATE_LIMIT_WORKSPACE = (200, 1.0), (6000, 60.0), (20000, 60.0)
    headers = api_of(shelf).get("/rest/books").headers
    assert headers["RateLimit-Policy"] == '"short";q=200;w=1, "long";q=6000;w=60, "workspace";q=20000;w=60'
    assert headers["RateLimit"] == '"short";r=199;t=1, "long";r=5999;t=1, "workspace";r=19999;t=1'
    assert headers["X-RateLimit-Limit"] == "200"
    assert headers["X-RateLimit-Remaining"] == "199"
    assert headers["X-RateLimit-Reset"] == str(int(START_S) + 1)
    assert "Retry-After" not in headers
    assert "RateLimit" in headers["Access-Control-Expose-Headers"]


def test_body_and_headers_of_a_refusal(shelf: Workspace, rates: Any, clock: Clock) -> None:
    rates.RATE_LIMIT_LONG = (10, 60.0)
    api = api_of(shelf)
    statuses(api, "/rest/books", 10)
    clock.go(0.5)
    refused = api.get("/rest/books", X_Request_Id="mine-1")
    assert refused.status == 429
    assert refused.body == {
        "statusCode": 429,
        "error": "RATE_LIMITED",
        "messages": ["Too many requests, slow down."],
        "limitKind": "speed",
        "scope": {"spenderType": "apiKey", "spenderId": None, "operationType": "API_REQUEST"},
        "limit": 10,
        "remaining": 0,
        "periodCount": 60,
        "periodUnit": "SECOND",
        "retryAfterSeconds": 6,
        "code": "LIMIT_REACHED",
        "hint": "At most 10 in 60 s. Wait 6 s, as Retry-After says.",
        "requestId": "mine-1",
    }
    assert refused.headers["Retry-After"] == "6"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    clock.go(6)
    assert api.get("/rest/books").status == 200, "waiting as long as Retry-After says is enough"


def test_refusals_cost_the_check_of_the_key_alone(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_SHORT, rates.RATE_STORAGE = (1, 1.0), "tests.security.rates.noted_lease"
    api = api_of(shelf)
    statuses(api, "/rest/books", 2)
    leases.clear()
    with recording() as statements:
        assert statuses(api, "/rest/books", 50) == [429] * 50
    assert leases == []
    assert len(statements) == 50
    assert {each.text.partition("(")[0] for each in statements} == {statements[0].text.partition("(")[0]}
    assert {str(each.params[2]) for each in statements} == {str(shelf.id)}, "signing key, key and workspace"


def test_leases_are_one_statement_in_many_requests(shelf: Workspace, rates: Any, clock: Clock) -> None:
    rates.RATE_LIMIT_SHORT, rates.RATE_LIMIT_LONG, rates.RATE_LIMIT_WORKSPACE = (200, 1.0), (6000, 60.0), (20000, 60.0)
    rates.RATE_STORAGE = "tests.security.rates.noted_lease"
    api = api_of(shelf)
    leases.clear()
    for _ in range(120):
        assert api.get("/rest/metadata/apiKeys/me").status == 200
        clock.go(0.05)
    assert len(leases) <= 15


def test_without_limits_nothing_is_counted_or_said(shelf: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM apikeys_ratebucket")  # of other tests' requests
    answer = api_of(shelf).get("/rest/books")
    assert [name for name in answer.headers if name.startswith(("RateLimit", "X-RateLimit"))] == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM apikeys_ratebucket")
        assert cursor.fetchone() == (0,)


# Limits of a workspace's own and of a key's own ------------------------------------------------------


def test_a_key_with_limits_of_its_own(shelf: Workspace, rates: Any, clock: Clock) -> None:
    rates.RATE_LIMIT_SHORT = rates.RATE_LIMIT_LONG = (100, 1.0)
    admin = api_of(shelf)
    role = str(Role.objects.get(workspace_id=shelf.id, label="Admin").id)
    made = admin.post(
        "/rest/metadata/apiKeys",
        {
            "name": "Slow",
            "expiresAt": "2100-01-01",
            "roleId": role,
            "maxRequestsPerSecond": 2,
            "maxRequestsPerMinute": 600,
        },
    )
    assert (made.status, made.body["maxRequestsPerSecond"], made.body["maxRequestsPerMinute"]) == (201, 2, 600)
    slow = Api(admin.post(f"/rest/metadata/apiKeys/{made.body['id']}/token", {}).body["token"])
    assert slow.get("/rest/books").headers["RateLimit-Policy"] == '"short";q=2;w=1, "long";q=600;w=60'
    assert statuses(slow, "/rest/books", 2) == [200, 429]
    changed = admin.patch(f"/rest/metadata/apiKeys/{made.body['id']}", {"maxRequestsPerSecond": None})
    assert (changed.status, changed.body["maxRequestsPerSecond"]) == (200, None)
    clock.go(1)
    assert slow.get("/rest/books").headers["RateLimit-Policy"] == '"short";q=100;w=1, "long";q=600;w=60'
    query = "{ apiKeys { name maxRequestsPerSecond maxRequestsPerMinute } }"
    assert {"name": "Slow", "maxRequestsPerSecond": None, "maxRequestsPerMinute": 600} in admin.data(
        query, path="/metadata"
    )["apiKeys"]


def test_limits_of_a_key_over_graphql(shelf: Workspace) -> None:
    admin = api_of(shelf)
    role = str(Role.objects.get(workspace_id=shelf.id, label="Admin").id)
    create = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { id maxRequestsPerSecond } }"
    wanted = {"name": "k", "expiresAt": "2100-01-01", "roleId": role, "maxRequestsPerSecond": 7}
    made = admin.data(create, {"input": wanted}, "/metadata")["createApiKey"]
    assert made["maxRequestsPerSecond"] == 7
    update = "mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { maxRequestsPerMinute } }"
    changed = admin.data(update, {"input": {"id": made["id"], "maxRequestsPerMinute": 70}}, "/metadata")
    assert changed == {"updateApiKey": {"maxRequestsPerMinute": 70}}
    assert ApiKey.objects.get(id=made["id"]).max_requests_per_second == 7


@pytest.mark.parametrize("value", [-1, 1.5, "10", True, 10**10])
def test_a_limit_that_is_none_is_refused(shelf: Workspace, value: Any) -> None:
    admin = api_of(shelf, name="mine")
    other = apikey_create(
        system_principal(shelf),
        name="other",
        expires_at=None,
        role_id=Role.objects.get(workspace_id=shelf.id, label="Admin").id,
    )
    answer = admin.patch(f"/rest/metadata/apiKeys/{other.id}", {"maxRequestsPerSecond": value})
    assert answer.status == 400
    assert answer.body["messages"] == ["maxRequestsPerSecond must be an integer from 0 to 1000000000, or null"]
    assert ApiKey.objects.get(id=other.id).max_requests_per_second is None


def test_nobody_raises_their_own_limit(shelf: Workspace, rates: Any) -> None:
    rates.RATE_LIMIT_LONG = (600, 60.0)
    admin = api_of(shelf, name="slow")
    own = ApiKey.objects.get(workspace_id=shelf.id, name="slow")
    ApiKey.objects.filter(id=own.id).update(max_requests_per_second=50)
    refused = admin.patch(f"/rest/metadata/apiKeys/{own.id}", {"maxRequestsPerSecond": 60})
    assert (refused.status, refused.body["messages"]) == (403, ["Cannot update own rate limits"])
    role = str(Role.objects.get(workspace_id=shelf.id, label="Admin").id)
    wanted = {"name": "fast", "expiresAt": "2100-01-01", "roleId": role}
    for wider in (
        {"maxRequestsPerSecond": 51},
        {"maxRequestsPerSecond": 0},
        {"maxRequestsPerSecond": None},
        {"maxRequestsPerMinute": 601},
        {"maxRequestsPerMinute": 0},
    ):
        assert admin.post("/rest/metadata/apiKeys", wanted | wider).status == 403, wider
    assert list(ApiKey.objects.filter(workspace_id=shelf.id).values_list("name", flat=True)) == ["slow"]
    made = admin.post("/rest/metadata/apiKeys", wanted | {"maxRequestsPerMinute": 600})
    assert (made.status, made.body["maxRequestsPerSecond"], made.body["maxRequestsPerMinute"]) == (201, 50, 600)


def test_a_workspace_with_a_limit_of_its_own(shelf: Workspace, rates: Any, clock: Clock) -> None:
    rates.RATE_LIMIT_WORKSPACE = (100, 60.0)
    admin, member = api_of(shelf), api_of(shelf, role="Member")
    assert member.patch("/rest/metadata/workspace", {"maxRequestsPerMinute": 0}).status == 403
    changed = admin.patch("/rest/metadata/workspace", {"maxRequestsPerMinute": 3})
    assert (changed.status, changed.body["maxRequestsPerMinute"]) == (200, 3)
    clock.go(60)
    assert [each.get("/rest/books").status for each in (admin, member, admin, member)] == [200, 200, 200, 429]
    clock.go(60)
    update = "mutation { updateWorkspace(data: { maxRequestsPerMinute: 0 }) { maxRequestsPerMinute } }"
    assert admin.data(update, path="/metadata") == {"updateWorkspace": {"maxRequestsPerMinute": 0}}
    assert statuses(member, "/rest/books", 10) == [200] * 10
    assert admin.patch("/rest/metadata/workspace", {"maxRequestsPerMinute": None}).body["maxRequestsPerMinute"] is None


def test_the_keys_page_shows_and_changes_its_limits(shelf: Workspace) -> None:
    admin = Role.objects.get(workspace_id=shelf.id, label="Admin")
    ada = member_create(workspace=shelf, email="ada@example.com", password="correct horse", role=admin)
    key = apikey_create(principal_of(shelf), name="k", expires_at=None, role_id=admin.id)
    browser = Client()
    browser.force_login(ada.user)
    page = f"/settings/api-webhooks/keys/{key.id}"
    assert 'placeholder="The server&#x27;s: no limit"' in browser.get(page).content.decode()
    assert browser.post(page, {"per_second": "20", "per_minute": ""}).status_code == 302
    key.refresh_from_db()
    assert (key.max_requests_per_second, key.max_requests_per_minute) == (20, None)
    assert 'value="20"' in browser.get(page).content.decode()
    assert browser.post(page, {"per_second": "-1", "per_minute": ""}).status_code == 422
    key.refresh_from_db()
    assert key.max_requests_per_second == 20
