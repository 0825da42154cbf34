"""Settings → Activity, Requests: what is written down of a request, and what never is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from apikeys.activity import facts
from apikeys.activity.models import RequestEntry
from apikeys.authentication import principal_of_member_id
from apikeys.models import ApiKey, Member
from apikeys.services.api_keys import apikey_revoke
from apikeys.services.roles import role_create
from apikeys.services.tokens import playground_token
from metadata.models import Workspace
from tests.apikeys.activity.conftest import entries
from tests.factories import Api, api_of, key_of, principal_of, workspace_with

ONE_BOOK = "{ books(first: 1) { edges { node { id } } } }"
OBJECTS = "{ objects(paging: {first: 1}) { edges { node { id } } } }"


def told(entry: RequestEntry) -> tuple[Any, ...]:
    return (entry.api, entry.method, entry.path, entry.operation, entry.object_name, entry.status, entry.error_code)


def test_a_call_of_each_api_by_a_key_is_one_entry(acme: Workspace, importer: Api) -> None:
    importer.get("/rest/books?limit=2")
    importer.graphql(ONE_BOOK)
    importer.get("/rest/metadata/objects?limit=1")
    importer.graphql(OBJECTS, path="/metadata")
    found = entries(acme)
    assert [told(each) for each in found] == [
        ("rest", "GET", "/rest/books?limit=…", None, "book", 200, None),
        ("graphql", "POST", "/graphql", "query books", "book", 200, None),
        ("metadata-rest", "GET", "/rest/metadata/objects?limit=…", None, None, 200, None),
        ("metadata-graphql", "POST", "/metadata", "query objects", None, 200, None),
    ]
    key = ApiKey.objects.get(workspace_id=acme.id, name="Importer")
    assert {(each.is_key, each.caller_id, each.caller_name, each.address) for each in found} == {
        (True, key.id, "Importer", "127.0.0.1")
    }
    assert all(each.duration_ms > 0 for each in found)


def test_a_call_of_each_api_by_a_member_bears_their_name(acme: Workspace, ada: Member) -> None:
    member = Api(playground_token(principal_of_member_id(acme.id, ada.id)).token)
    member.get("/rest/books")
    member.graphql(ONE_BOOK)
    member.get("/rest/metadata/objects")
    member.graphql(OBJECTS, path="/metadata")
    found = entries(acme)
    assert [each.api for each in found] == ["rest", "graphql", "metadata-rest", "metadata-graphql"]
    assert {(each.is_key, each.caller_id, each.caller_name) for each in found} == {(False, ada.id, "Ada Lovelace")}


def test_forms_of_the_pages_are_entries_and_looking_at_pages_is_none(acme: Workspace, browser: Client) -> None:
    browser.get("/settings/members")
    browser.post("/settings/workspace", {"workspace": str(acme.id)})
    assert [told(each)[:3] for each in entries(acme)] == [("pages", "POST", "/settings/workspace")]


def test_the_id_of_an_answer_is_that_of_its_entry(acme: Workspace, importer: Api) -> None:
    made = importer.get("/rest/books").headers["X-Request-Id"]
    importer.get("/rest/books", X_Request_Id="proxy-4711")
    first, second = entries(acme)
    assert (first.id.hex, first.request_id) == (made, made)
    assert second.request_id == "proxy-4711"


REFUSALS = [
    ("GET", "/rest/books?limit=many", None, 400, "INVALID_QUERY_INPUT", "book"),
    ("GET", "/rest/bokks", None, 400, "OBJECT_NOT_FOUND", None),
    ("GET", "/rest/books/5f0c6a3e-0000-4000-8000-000000000000", None, 404, "RECORD_NOT_FOUND", "book"),
    ("POST", "/rest/books", {"pages": "many"}, 400, "INVALID_ARGS_DATA", "book"),
    ("GET", "/rest/metadata/objects/5f0c6a3e-0000-4000-8000-000000000000", None, 404, None, None),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "name"), REFUSALS)
def test_a_refusal_is_an_entry_with_its_code(
    acme: Workspace, importer: Api, method: str, path: str, body: Any, status: int, code: str | None, name: str | None
) -> None:
    answer = importer.request(method, path, body)
    [entry] = entries(acme)
    assert (entry.status, entry.outcome, entry.object_name) == (status, 4, name) and answer.status == status
    assert entry.error_code == (code or answer.body["code"])
    assert entry.error_message


def test_an_error_of_graphql_counts_as_one_though_its_status_is_200(acme: Workspace, importer: Api) -> None:
    importer.graphql("{ bokks { id } }")
    importer.graphql('mutation { updateBook(id: "5f0c6a3e-0000-4000-8000-000000000000", data: {}) { id } }')
    unknown, missing = entries(acme)
    assert (unknown.status, unknown.outcome) == (200, 4) and unknown.error_code
    assert (missing.status, missing.outcome) == (200, 4)
    assert (missing.operation, missing.object_name) == ("mutation updateBook", "book")


def test_a_key_that_may_not_is_refused_and_seen(acme: Workspace) -> None:
    role_create(principal_of(acme), values={"label": "Nothing at all"})
    answer = api_of(acme, role="Nothing at all", name="Curious").get("/rest/books")
    [entry] = entries(acme)
    assert (answer.status, entry.status, entry.caller_name, entry.object_name) == (403, 403, "Curious", "book")
    assert entry.error_code == answer.body["code"]


def test_a_revoked_key_is_seen_trying(acme: Workspace, browser: Client) -> None:
    token = key_of(acme, name="Old one")
    key = ApiKey.objects.get(workspace_id=acme.id, name="Old one")
    apikey_revoke(principal_of(acme), key_id=key.id)
    assert Api(token).get("/rest/books").status == 403
    [entry] = entries(acme)
    assert (entry.status, entry.caller_id, entry.error_message) == (403, key.id, "This API Key is revoked")
    assert "Old one" in browser.get("/settings/activity").content.decode()


def test_nobodys_requests_are_in_nobodys_log(acme: Workspace, anonymous: Api) -> None:
    before = RequestEntry.objects.count()
    anonymous.get("/rest/books")
    Api("eyJhbGciOiJIUzI1NiJ9.e30.forged").get("/rest/books")
    anonymous.get("/healthz")
    assert entries(acme) == [] and RequestEntry.objects.count() == before


# What is never kept ----------------------------------------------------------------------------------

MARK = "Zq7Marker"


def test_no_value_and_no_secret_is_in_an_entry(acme: Workspace) -> None:
    importer = api_of(acme, name="Importer")
    assert importer.token is not None
    secret = {
        "Cookie": f"session={MARK}",
        "X-Api-Key": MARK,
        "Referer": f"https://x.example/?q={MARK}",
        "User-Agent": f"curl Bearer {importer.token}",
        "X-Request-Id": importer.token[:100],
    }
    importer.get(f"/rest/books?filter=title[eq]:{MARK}&{MARK}&limit={MARK}", **secret)
    importer.get(f"/rest/books/{MARK}", **secret)
    importer.get(f"/rest/books/{importer.token}")
    importer.get(f"/rest/books?order_by={MARK}[{MARK}]")
    importer.get("/rest/books?filter=pages[eq]:%5A%71%37Marker")
    importer.post("/rest/books", {"title": MARK})
    importer.post("/rest/books", {"title": MARK})  # taken
    importer.post("/rest/books", {"pages": MARK})
    importer.post("/rest/books", {"pages": f"{MARK}\"{MARK}'{MARK}"})
    importer.post("/rest/books", {MARK: MARK})
    importer.post("/rest/books", f'{{"title": "{MARK}'.encode())
    importer.graphql(f'mutation {MARK} {{ createBook(data: {{pages: "{MARK}", title: "{MARK}"}}) {{ id }} }}')
    importer.graphql(f'{{ {MARK}: books(filter: {{title: {{eq: "{MARK}"}}}}) {{ edges {{ node {{ {MARK} }} }} }} }}')
    importer.graphql("query ($v: String) { books(filter: {title: {eq: $v}}) { totalCount } }", {"v": MARK})
    importer.graphql(f'{{ object(id: "{MARK}") {{ id }} }}', path="/metadata")
    importer.post("/rest/metadata/webhooks", {"targetUrl": f"ftp://{MARK}", "secret": f"whsec_{MARK}"})
    importer.post("/rest/apiKeys", {"name": MARK, "expiresAt": MARK})
    found = entries(acme)
    assert len(found) == 17
    for each in found:
        kept = json.dumps({name: str(value) for name, value in vars(each).items()})
        assert MARK not in kept and importer.token[:30] not in kept and "eyJ" not in kept, each.path
    assert RequestEntry.objects.filter(workspace_id=acme.id, error_message__isnull=False).count() >= 9


def test_messages_keep_what_the_data_model_calls_things(acme: Workspace, importer: Api) -> None:
    importer.post("/rest/books", {"pages": "many"})
    assert entries(acme)[0].error_message == "Invalid number value '…' for field \"pages\""


def test_of_large_bodies_no_message_is_kept(acme: Workspace, importer: Api) -> None:
    importer.post("/rest/books", {"pages": "x" * facts.LARGEST_SEARCHED})
    [entry] = entries(acme)
    assert (entry.status, entry.error_code, entry.error_message) == (400, "INVALID_ARGS_DATA", None)


def test_texts_of_any_kind_can_be_kept(acme: Workspace) -> None:
    """Tabs, line breaks, backslashes and NUL would end a value, or the whole, where they are copied into the log."""
    odd = api_of(acme, name='Tab\tbreak\nback\\slash\\N "☃"')
    odd.get("/rest/books", User_Agent="a\\tb\\.")
    [entry] = entries(acme)
    assert entry.caller_name == 'Tab\tbreak\nback\\slash\\N "☃"'
    assert json.loads(entry.headers)["User-Agent"] == "a\\tb\\."


def test_requests_of_another_workspace_are_another_log(acme: Workspace, importer: Api, browser: Client) -> None:
    other = workspace_with(name="Other")
    api_of(other, name="Foreign key").get("/rest/workspaceMembers")
    importer.get("/rest/books")
    assert [each.caller_name for each in entries(acme)] == ["Importer"]
    [foreign] = entries(other)
    page = browser.get("/settings/activity").content.decode()
    assert "Importer" in page and "Foreign key" not in page
    assert browser.get(f"/settings/activity/requests/{foreign.id}").status_code == 404
    assert browser.get(f"/settings/activity?q={foreign.id.hex}").status_code == 200
    assert "Foreign key" not in browser.get(f"/settings/activity?by={foreign.caller_id}").content.decode()
    exported = b"".join(browser.get("/settings/activity/requests/export").streaming_content).decode()
    assert "Importer" in exported and "Foreign key" not in exported
