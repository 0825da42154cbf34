"""The pages of the request log: filters, search, pages, one entry, files, and who may see what."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.activity import reading, requests
from apikeys.models import ApiKey, Member
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from config.time_ids import time_ordered_id
from metadata.models import Workspace
from tests.apikeys.activity.conftest import entries
from tests.budgets.recording import recording
from tests.factories import Api, principal_of
from tests.settings_pages.conftest import add_member

PAGE = "/settings/activity"
_sequence = count()


def add(workspace: Workspace, at: datetime | None = None, **parts: Any) -> UUID:
    """Write an entry as a request at that moment would have made it."""
    own = time_ordered_id(at or timezone.now(), next(_sequence))
    values = {
        "id": own.hex, "workspace_id": workspace.id, "is_key": "t", "caller_id": uuid4(), "caller_name": "Importer",
        "api": "rest", "method": "GET", "path": "/rest/books", "operation": None, "object_name": "book", "status": 200,
        "outcome": 2, "error_code": None, "error_message": None, "error_hint": None, "duration_ms": 1.5,
        "address": "203.0.113.7", "headers": "{}", "given_id": None,
    }  # fmt: skip
    requests.write([("", requests.line_of((values | parts).values()))])
    return own


def shown(browser: Client, query: str = "") -> list[str]:
    """The ids of the entries on a page, from the top."""
    response = browser.get(f"{PAGE}?{query}")
    assert response.status_code == 200
    return re.findall(r"/settings/activity/requests/([0-9a-f-]{36})", response.content.decode())


def link(browser: Client, query: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="\?([^"]*)"', browser.get(f"{PAGE}?{query}").content.decode())
    return None if found is None else found[1].replace("&amp;", "&")


def test_the_side_bar_leads_to_it_and_an_empty_page_says_what_to_do(browser: Client, acme: Workspace) -> None:
    page = browser.get(PAGE).content.decode()
    assert f'<a href="{PAGE}" aria-current="page">' in page and "Nothing was asked yet" in page


def test_each_filter_narrows_and_several_narrow_together(browser: Client, acme: Workspace) -> None:
    key = ApiKey.objects.create(workspace_id=acme.id, name="Nightly", expires_at=timezone.now())
    now = timezone.now()
    plain = add(acme, now)
    by_key = add(acme, now - timedelta(minutes=5), caller_id=key.id)
    graphql = add(acme, now - timedelta(minutes=10), api="graphql", operation="query authors", object_name="author")
    refused = add(acme, now - timedelta(hours=2), status=400, outcome=4, error_code="INVALID_QUERY_INPUT")
    hidden = add(acme, now - timedelta(days=2), status=200, outcome=4, api="graphql")
    broken = add(acme, now - timedelta(days=8), status=500, outcome=5)
    expected: dict[str, Sequence[UUID]] = {
        "": (plain, by_key, graphql, refused, hidden, broken),
        "span=1h": (plain, by_key, graphql),
        "span=24h": (plain, by_key, graphql, refused),
        "span=7d": (plain, by_key, graphql, refused, hidden),
        f"by={key.id}": (by_key,),
        "api=graphql": (graphql, hidden),
        "object=author": (graphql,),
        "outcome=ok": (plain, by_key, graphql),
        "outcome=failed": (refused, hidden, broken),
        "outcome=refused": (refused, hidden),
        "outcome=fault": (broken,),
        "outcome=failed&api=graphql": (hidden,),
        "outcome=failed&span=24h": (refused,),
        f"outcome=failed&by={key.id}": (),
        "span=nonsense&api=nonsense&outcome=nonsense&by=nonsense": (plain, by_key, graphql, refused, hidden, broken),
    }
    for query, ids in expected.items():
        assert shown(browser, query) == [str(each) for each in ids], query


def test_search_finds_paths_operations_addresses_codes_and_request_ids(browser: Client, acme: Workspace) -> None:
    one = add(acme, path="/rest/books/5f0c6a3e-0000-4000-8000-000000000000", address="198.51.100.9")
    two = add(acme, api="graphql", path="/graphql", operation="mutation createBook", given_id="proxy-1")
    three = add(acme, status=429, outcome=4, error_code="RATE_LIMITED", path="/rest/authors")
    for search, id in (
        ("5F0C6A3E", one),
        ("198.51.100", one),
        ("CREATEBOOK", two),
        ("proxy-1", two),
        ("rate_limited", three),
        ("authors", three),
    ):
        assert shown(browser, f"q={search}") == [str(id)], search
    assert shown(browser, "q=100%25") == []
    for id in (one, two):
        assert browser.get(f"{PAGE}?q={id.hex}")["Location"] == f"{PAGE}/requests/{id}"
    page = browser.get(f"{PAGE}?q=nowhere").content.decode()
    assert "No request is like that" in page and "Show all requests" in page


def test_pages_of_50_go_there_and_back(browser: Client, acme: Workspace) -> None:
    now = timezone.now()
    ids = [str(add(acme, now - timedelta(seconds=place))) for place in range(101)]
    assert shown(browser) == ids[:50] and link(browser, "", "prev") is None
    older = link(browser, "", "next")
    assert older is not None and shown(browser, older) == ids[50:100]
    last = link(browser, older, "next")
    assert last is not None and shown(browser, last) == ids[100:] and link(browser, last, "next") is None
    back = link(browser, last, "prev")
    assert back is not None and shown(browser, back) == ids[50:100]
    first = link(browser, back, "prev")
    assert first is not None and shown(browser, first) == ids[:50] and link(browser, first, "prev") is None


def test_the_oldest_come_first_when_asked_for_so(browser: Client, acme: Workspace) -> None:
    now = timezone.now()
    ids = [str(add(acme, now - timedelta(seconds=place))) for place in range(101)][::-1]
    start = "sort=oldest"
    assert shown(browser, start) == ids[:50] and link(browser, start, "prev") is None
    newer = link(browser, start, "next")
    assert newer is not None and shown(browser, newer) == ids[50:100]
    last = link(browser, newer, "next")
    assert last is not None and shown(browser, last) == ids[100:] and link(browser, last, "next") is None
    back = link(browser, last, "prev")
    assert back is not None and shown(browser, back) == ids[50:100]
    first = link(browser, back, "prev")
    assert first is not None and shown(browser, first) == ids[:50] and link(browser, first, "prev") is None
    assert shown(browser, "sort=nonsense") == ids[:-51:-1]


def test_the_oldest_that_pass_a_filter_are_looked_for_piece_by_piece(
    browser: Client, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOOKED_AT", 60)
    now = timezone.now()
    for place in range(61):
        add(acme, now - timedelta(seconds=100 + place))
    wanted = str(add(acme, now, object_name="author"))
    query = "object=author&sort=oldest"
    assert shown(browser, query) == []
    assert "Nothing up to" in browser.get(f"{PAGE}?{query}").content.decode()
    further = link(browser, query, "next")
    assert further is not None and shown(browser, further) == [wanted] and link(browser, further, "next") is None


def test_fifty_entries_are_one_page(browser: Client, acme: Workspace) -> None:
    for _ in range(50):
        add(acme)
    assert len(shown(browser)) == 50 and link(browser, "", "next") is None


def test_a_rare_thing_in_a_long_log_is_found_by_looking_further_back(
    browser: Client, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOOKED_AT", 10)
    now = timezone.now()
    for place in range(25):
        add(acme, now - timedelta(seconds=place))
    rare = add(acme, now - timedelta(seconds=30), path="/rest/authors")
    query = "q=authors"
    for _ in range(2):
        page = browser.get(f"{PAGE}?{query}").content.decode()
        assert "There is more further back" in page and "Look further back" in page
        query = link(browser, query, "next") or ""
    assert shown(browser, query) == [str(rare)]
    assert "Look further back" not in browser.get(f"{PAGE}?{query}").content.decode()


def test_one_entry_opens_with_all_that_is_known(browser: Client, acme: Workspace) -> None:
    key = ApiKey.objects.create(workspace_id=acme.id, name="Nightly", expires_at=timezone.now())
    id = add(
        acme, caller_id=key.id, caller_name="Nightly", status=400, outcome=4, error_code="INVALID_QUERY_INPUT",
        error_message="Unknown field <b>…</b>", error_hint="Did you mean title?", path="/rest/books?filter=…",
        headers='{"User-Agent": "curl/8 <i>"}', given_id="proxy-1", duration_ms=12.345,
    )  # fmt: skip
    page = browser.get(f"{PAGE}/requests/{id}").content.decode()
    for text in (
        "GET /rest/books?filter=…", "INVALID_QUERY_INPUT", "Unknown field &lt;b&gt;…&lt;/b&gt;", "Did you mean title?",
        "12.35 ms", "203.0.113.7", "proxy-1", "curl/8 &lt;i&gt;", f"/settings/api-webhooks/keys/{key.id}", ">400<",
    ):  # fmt: skip
        assert text in page, text
    assert browser.get(f"{PAGE}/requests/{uuid4()}").status_code == 404


def test_the_page_of_a_key_leads_to_its_requests(browser: Client, acme: Workspace, importer: Api) -> None:
    importer.get("/rest/books")
    [entry] = entries(acme)
    add(acme, caller_name="Somebody else")
    page = browser.get(f"/settings/api-webhooks/keys/{entry.caller_id}").content.decode()
    assert f'href="{PAGE}?by={entry.caller_id}"' in page
    assert shown(browser, f"by={entry.caller_id}") == [str(entry.id)]


def test_files_hold_what_the_filter_lets_through_and_no_formulas(browser: Client, acme: Workspace) -> None:
    at = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    add(acme, at, caller_name="=HYPERLINK(1)")
    add(acme, at, status=500, outcome=5)
    lines = b"".join(browser.get(f"{PAGE}/requests/export?outcome=ok").streaming_content).decode()
    [row] = list(csv.DictReader(io.StringIO(lines)))
    assert (row["at"], row["by"], row["status"]) == ("2026-01-31T09:30:00.000Z", "'=HYPERLINK(1)", "200")
    response = browser.get(f"{PAGE}/requests/export?outcome=fault&format=jsonl")
    assert response["Content-Disposition"] == 'attachment; filename="requests.jsonl"'
    [one] = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert (one["status"], one["by"], one["headers"]) == (500, "Importer", {})


# Who may see what ------------------------------------------------------------------------------------


@pytest.fixture
def person(acme: Workspace, browser_of: Callable[[Member], Client]) -> Callable[..., tuple[Client, Member]]:
    def with_flags(*flags: str) -> tuple[Client, Member]:
        role = role_create(principal_of(acme), values={"label": "Of " + " ".join(flags)})
        permission_flags_upsert(principal_of(acme), role_id=role.id, flags=flags)
        member = add_member(acme, f"{'-'.join(flags).lower() or 'none'}@example.com", role.label)
        return browser_of(member), member

    return with_flags


def test_without_the_right_a_sentence_says_whom_to_ask(person: Any) -> None:
    client, _ = person("ROLES")
    for path in (PAGE, f"{PAGE}/audit", f"{PAGE}/requests/export", f"{PAGE}/audit/export", f"{PAGE}/audit/{uuid4()}"):
        response = client.get(path)
        page = response.content.decode()
        assert (
            response.status_code == 403 and "Ask an admin of Acme for the right to" in page and "WORKSPACE" not in page
        ), page
    assert f'href="{PAGE}"' not in client.get("/settings/roles").content.decode()


def test_the_right_for_keys_shows_requests_of_keys_and_ones_own(acme: Workspace, person: Any) -> None:
    client, member = person("API_KEYS_AND_WEBHOOKS")
    other = add(acme, is_key="f", caller_name="Bob")
    own = add(acme, is_key="f", caller_id=member.id, caller_name="Ada")
    key = add(acme)
    assert shown(client) == [str(key), str(own)] and shown(client, "outcome=ok") == [str(key), str(own)]
    assert client.get(f"{PAGE}/requests/{other}").status_code == 404
    assert client.get(f"{PAGE}?q={other.hex}").status_code == 200
    exported = b"".join(client.get(f"{PAGE}/requests/export").streaming_content).decode()
    assert "Importer" in exported and "Bob" not in exported
    assert client.get(f"{PAGE}/audit").status_code == 403
    assert f"{PAGE}/audit" not in client.get(PAGE).content.decode()


def test_the_right_for_the_workspace_shows_all(acme: Workspace, person: Any) -> None:
    client, _ = person("WORKSPACE")
    other, key = add(acme, is_key="f", caller_name="Bob"), add(acme)
    assert shown(client) == [str(key), str(other)]
    assert client.get(f"{PAGE}/audit").status_code == 200


def test_the_right_for_security_leads_to_the_audit_alone(person: Any) -> None:
    client, _ = person("SECURITY")
    assert client.get(PAGE)["Location"] == f"{PAGE}/audit"
    assert client.get(f"{PAGE}/audit").status_code == 200
    assert client.get(f"{PAGE}/requests/export").status_code == 403


def test_nobody_signed_in_is_led_to_the_sign_in() -> None:
    assert Client().get(PAGE)["Location"] == "/settings/login?next=%2Fsettings%2Factivity"


@pytest.mark.parametrize("query", ["", "outcome=failed", "q=books", "api=rest&object=book&span=7d"])
def test_a_page_asks_at_most_15_statements(browser: Client, acme: Workspace, query: str) -> None:
    for _ in range(60):
        add(acme)
    browser.get(PAGE)
    with recording() as statements:
        browser.get(f"{PAGE}?{query}")
    assert len(statements) <= 15, statements


def test_what_no_database_can_look_for_is_refused(browser: Client) -> None:
    assert browser.get(f"{PAGE}?q=%00").status_code == 400
    assert browser.get(f"{PAGE}?before=x&after=y&by=%F0%9F%98%80").status_code == 200
