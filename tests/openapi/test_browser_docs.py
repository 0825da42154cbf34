"""The consoles in a real browser: one call over REST, one query over GraphQL, nothing from other hosts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from config.assets import fetch_assets
from metadata.models import Workspace
from tests.factories import workspace_with
from tests.openapi.conftest import sign_in

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
Scheme = Literal["light", "dark"]
TIMEOUT_MS = 90_000  # on a machine that does much else
SMALL = [
    {"nameSingular": "rocket", "namePlural": "rockets", "fields": [{"type": "TEXT", "name": "engine"}]},
    {"nameSingular": "crew", "namePlural": "crews", "fields": [{"type": "FULL_NAME", "name": "captain"}]},
]

PLAYGROUND = "/settings/api-webhooks/playground"


@pytest.fixture(scope="module", autouse=True)
def assets() -> None:
    """The GraphQL console's files, as a fresh checkout fetches them."""
    fetch_assets(Path(settings.DATA_DIR))


@pytest.fixture(scope="module", autouse=True)
def _static_files_are_our_own() -> Iterator[None]:
    """The live server would serve them before our middleware is asked, and knows no names with digests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "_should_handle", lambda self, path: False)
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Django refuses its synchronous database while playwright's event loop runs in this thread.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser, transactional_db: None, live_server: LiveServer) -> Iterator[Page]:
    """A page of a signed-in member of a workspace with two objects."""
    yield from _page(browser, live_server, workspace_with(SMALL))


@pytest.fixture
def standard_page(browser: Browser, transactional_db: None, live_server: LiveServer) -> Iterator[Page]:
    """The same in a workspace with all standard objects."""
    yield from _page(browser, live_server, workspace_with(empty=False))


def _page(browser: Browser, live_server: LiveServer, workspace: Workspace) -> Iterator[Page]:
    """Fails when anything is refused or asked of another host."""
    client = Client()
    sign_in(client, workspace)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda asked: troubles.append(asked.url) if not _is_ours(asked.url, live_server.url) else None)
    yield page
    assert troubles == []
    context.close()


def _is_ours(url: str, base_url: str) -> bool:
    return url.startswith((f"{base_url}/", "data:", "blob:"))


def test_swagger_ui_sends_a_request_as_the_member(standard_page: Page, live_server: LiveServer) -> None:
    page = standard_page
    page.goto(f"{live_server.url}{PLAYGROUND}/rest/core?objects=person#/people/findManyPeople")
    operation = page.locator("#operations-people-findManyPeople")
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response").first
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer.locator(".response-col_description")).to_contain_text('"people"')
    snippet = operation.locator(".request-snippets .curl")
    expect(snippet).to_contain_text("/rest/people")
    expect(snippet).to_contain_text("Bearer YOUR_TOKEN")
    assert "eyJhbGci" not in page.content()  # no JWT is anywhere in the page
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"
    assert page.evaluate("JSON.stringify(sessionStorage)") == "{}"


def test_swagger_ui_asks_before_it_deletes(page: Page, live_server: LiveServer) -> None:
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.goto(f"{live_server.url}{PLAYGROUND}/rest/core#/rockets/deleteOneRocket")
    operation = page.locator("#operations-rockets-deleteOneRocket")
    operation.locator("tr[data-param-name=id] input").fill("20202020-1c25-4d02-bf25-6aeccf7ea419")
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("Not sent")
    assert asked == ["This deletes data of Test. Send it?"]
    assert "DELETE" not in sent


@pytest.mark.parametrize(
    ("operation", "question"),
    [
        ("updateManyRockets", "This changes every record that matches, in data of Test. Send it?"),
        ("mergeManyRockets", "This merges records into one, for good, in data of Test. Send it?"),
    ],
)
def test_swagger_ui_asks_before_it_changes_many(
    page: Page, live_server: LiveServer, operation: str, question: str
) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.goto(f"{live_server.url}{PLAYGROUND}/rest/core#/rockets/{operation}")
    shown = page.locator(f"#operations-rockets-{operation}")
    for each in shown.locator("tr[data-param-name=filter] input").all():
        each.fill("engine[eq]:x")
    shown.get_by_role("button", name="Execute").click()
    expect(shown.locator(".live-responses-table")).to_contain_text("Not sent")
    assert asked == [question]


def test_descriptions_never_become_html(browser: Browser, transactional_db: None, live_server: LiveServer) -> None:
    told = "<img src=x onerror=document.title='owned'> **bold** <a href='https://evil.example'>here</a>"
    rocket = {**SMALL[0], "description": told}
    shown = _page(browser, live_server, workspace_with([rocket]))
    page = next(shown)
    page.goto(f"{live_server.url}{PLAYGROUND}/rest/core#/rockets/findManyRockets")
    expect(page.locator("#operations-rockets-findManyRockets .opblock-body")).to_be_visible()
    assert page.locator("#swagger img[src=x], #swagger a[href*=evil], #swagger strong:text('bold')").count() == 0
    expect(page.locator("#swagger")).to_contain_text("**bold**")
    next(shown, None)


def test_the_rest_console_shows_one_object_or_all(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/rest/core?objects=crew")
    expect(page.locator("#operations-tag-crews")).to_be_visible()
    expect(page.locator("#operations-tag-rockets")).to_have_count(0)
    page.get_by_label("Object", exact=True).select_option("All objects")
    expect(page.locator("#operations-tag-rockets")).to_be_visible()


def test_graphiql_asks_before_it_removes_or_changes_many(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/graphql/core?object=rocket")
    expect(page.locator(".graphiql-query-editor .CodeMirror")).to_be_visible()
    ask = "([query, name]) => questionBefore({query, operationName: name})"

    def question(query: str, name: str | None = None) -> str | None:
        answer: str | None = page.evaluate(ask, [query, name])
        return answer

    assert (
        question("mutation { destroyRocket(id: 1) { id } }")
        == "destroyRocket changes or removes data of Test. Send it?"
    )
    for name in (
        "deleteRocket(id: 1)",
        "mergeRockets(ids: [])",
        "updateRockets(filter: {}, data: {})",
        "deleteOneField",
    ):
        assert question(f"mutation M {{ a: {name} {{ id }} }}"), name
    for query in (
        "{ rockets { edges { node { id } } } }",
        'mutation { createRocket(data: {engine: "deleteRocket"}) { id } } # destroyRocket',
        "query deleteRocket { rockets { totalCount } }",
        "mutation { updateRocket(id: 1, data: {}) { id } }",
    ):
        assert question(query) is None, query
    both = "query Look { rockets { totalCount } } mutation Gone { destroyRockets(filter: {}) { id } }"
    assert (question(both, "Look"), question(both, "Gone") is None) == (None, False)


def test_editors_have_names_and_tab_and_esc_leave_them(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/graphql/core?object=rocket")
    editor = page.get_by_role("textbox", name="Query Editor")
    editor.focus()
    inside = "!!document.activeElement.closest('.graphiql-query-editor .CodeMirror')"
    assert page.evaluate(inside)
    before = page.evaluate("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()")
    page.keyboard.press("Escape")
    assert not page.evaluate(inside)
    editor.focus()
    page.keyboard.press("Tab")
    assert not page.evaluate(inside)
    after = page.evaluate("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()")
    assert after == before


def test_graphiql_fills_the_screen_when_asked(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/graphql/core?object=rocket")
    expect(page.locator(".graphiql-query-editor .CodeMirror")).to_be_visible()
    page.get_by_role("button", name="Full screen").click()
    box = page.locator("#graphiql").bounding_box()
    assert box is not None and box["width"] > 1200 and box["height"] > 850
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_without_javascript_a_console_says_that_it_needs_it(
    browser: Browser, page: Page, live_server: LiveServer
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    for console in ("rest/core", "graphql/core"):
        plain.goto(f"{live_server.url}{PLAYGROUND}/{console}")
        expect(plain.get_by_text("The console needs JavaScript.")).to_be_visible()
        expect(plain.get_by_text("You act as yourself")).to_be_hidden()
        expect(plain.get_by_text("Loading")).to_be_hidden()
    context.close()


def test_graphiql_runs_the_first_example(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/graphql/core?object=rocket")
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text('"totalCount"')
    expect(page.locator(".result-window")).to_contain_text('"rockets"')
    stored = page.evaluate("JSON.stringify(localStorage)")
    assert "eyJhbGci" not in stored


def test_graphiql_creates_with_the_prefilled_variables(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/graphql/core?object=crew")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text('"createCrew"')
    expect(page.locator(".result-window")).not_to_contain_text("errors")


def test_graphiql_reads_the_data_model(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}{PLAYGROUND}/graphql/metadata")
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text('"nameSingular"')


@pytest.mark.parametrize(
    "path", ["/settings/docs", "/settings/docs/objects/rocket", f"{PLAYGROUND}/rest/core", f"{PLAYGROUND}/graphql/core"]
)
def test_pages_fit_the_screen(page: Page, live_server: LiveServer, path: str) -> None:
    page.goto(f"{live_server.url}{path}")
    page.wait_for_load_state("networkidle")
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") == width, (scheme, width)
