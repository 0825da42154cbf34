"""axe over every page of the settings, narrow and wide, light and dark: it finds nothing.

The pages are found by their links, one of each kind, so that a page that is added is looked at too. axe cannot see
all of WCAG 2.2 AA, but what it sees it sees on every page.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import get_resolver, resolve
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import keep_screenshot, opened, sign_in
from tests.server import Server

pytestmark = pytest.mark.long

WIDTHS = (1280, 360)
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, off by default
}
OF_COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
PICTURED = ((1280, "light"), (360, "dark"))  # the others look like these
VARIANTS = {"light": RULES, "dark": OF_COLOURS}  # nothing but colours differs
# What is found inside of a viewer that others made begins with an asterisk; also what it has replaced by now.
RUN = """([viewer, options]) => axe.run(document, {...options, elementRef: true}).then(({violations}) => {
    const within = viewer && document.querySelector(viewer);
    const isTheirs = element => within.contains(element) || !element.isConnected;
    const mark = node => within && isTheirs(node.element) ? "*" : "";
    return violations.flatMap(({id, nodes}) => nodes.map(node => `${mark(node)}${id}: ${node.html.slice(0, 200)}`));
})"""
KNOWN = {  # of the viewers, whose parts are not ours: Swagger UI (rest), GraphiQL (graphql)
    "rest color-contrast", "rest heading-order", "rest landmark-main-is-top-level", "rest landmark-no-duplicate-main",
    "rest select-name", "graphql color-contrast", "graphql nested-interactive", "graphql scrollable-region-focusable",
}  # fmt: skip
CONSOLES = {"rest-console", "graphql-console"}  # others made what they show
DOWNLOADS = {
    "model-file", "docs-object-export", "docs-openapi", "request-export", "audit-export", "workspace-export",
    "workspace-logo",
}  # fmt: skip
# What is asked for by a form, and answered by one of the other pages.
ACTS = {
    "sign-out", "switch-workspace", "invitation-end", "settings", "object-switch", "field-switch", "index-new",
    "index-delete", "api-key-roll", "webhook-rotate", "webhook-switch", "webhook-test", "webhook-recover",
    "webhook-redeliver", "playground-token", "first-steps-hide", "member-reset", "workspace-enter",
    "workspace-restore", "session-close",
}  # fmt: skip


def findings(page: Page, name: str, viewer: str | None = None) -> list[str]:
    """What axe finds on the page as it stands, in each variant: `name width scheme: rule: element`, the rule with an
    asterisk where the element is one of the `viewer`."""
    page.evaluate(AXE_SCRIPT)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width} px"
        for scheme, options in VARIANTS.items():
            page.emulate_media(color_scheme=scheme)
            found += [f"{name} {width} {scheme}: {each}" for each in page.evaluate(RUN, [viewer, options])]
            if (width, scheme) in PICTURED:
                keep_screenshot(page, f"{width}-{scheme}/{name}")
    return found


def test_axe_sees_what_is_wrong(browser: Browser) -> None:
    """Else its silence about our pages would say nothing."""
    with opened(browser, reduced_motion="reduce") as page:
        page.set_content("<html lang=en><title>x</title><main><h1>x</h1><input><p style='color: #ccc'>pale</p></main>")
        found = " ".join(findings(page, "bad"))
    assert "bad 1280 light: label: <input>" in found and "bad 360 dark: color-contrast: <p" in found


class Walk:
    """Pages that were looked at, by the names of their routes, and what was found there."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.seen: set[str] = set()
        self.found: list[str] = []

    def look(self, as_name: str = "") -> None:
        """At the page that is open."""
        name = self.name(urlsplit(self.page.url).path)
        self.seen.add(name)
        self.found += findings(self.page, as_name or name)
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def open(self, path: str, as_name: str = "") -> None:
        self.page.goto(self.base_url + path)
        self.look(as_name)

    def send_empty(self, path: str, form: int = 0) -> None:
        """The page as it is when that form of it was filled in with nothing."""
        self.page.goto(self.base_url + path)
        self.page.evaluate("for (const each of document.querySelectorAll('main [required]')) each.required = false")
        self.page.locator("main form[method=post] .button-primary, main form[method=post] .button-danger-solid").nth(
            form
        ).click()
        expect(self.page).to_have_title(re.compile("^Error: "))
        self.look(f"{self.name(path)}-refused")

    def follow(self, *starts: str) -> None:
        """Links from there on, one page of each kind that was not looked at yet."""
        queue = deque(starts)
        while queue:
            path = queue.popleft()
            name = self.name(path.partition("?")[0])
            if name in self.seen | CONSOLES | DOWNLOADS | ACTS:
                continue
            self.open(path)
            hrefs = self.page.eval_on_selector_all(
                "a[href^='/settings']", "links => links.map(a => a.getAttribute('href'))"
            )
            queue.extend(each.partition("#")[0] for each in hrefs)

    @staticmethod
    def name(path: str) -> str:
        return resolve(path).url_name or path


def test_axe_finds_nothing_on_any_page(browser: Browser, server: Server, receiver: tuple) -> None:
    address, _ = receiver
    made = {"nameSingular": "machine", "namePlural": "machines", "labelSingular": "Machine", "labelPlural": "Machines"}
    assert server.ask("POST", "/rest/metadata/objects", made).status == 201
    with opened(browser, reduced_motion="reduce") as page:
        walk = Walk(page, server.url)
        walk.open("/settings/login")
        walk.send_empty("/settings/login")
        walk.open("/settings/forgot")
        walk.open("/settings/reset")
        sign_in(page, server.url, server.demo["admin_email"], server.demo["admin_password"])

        page.goto(server.url + "/settings/api-webhooks/keys/new")
        page.get_by_label("Name").fill("Nightly sync of everything")
        page.locator("label.choice", has_text="Admin").click()
        page.get_by_role("button", name="Create key").click()
        page.locator("summary").first.click()
        walk.look()
        page.get_by_role("link", name="Done").click()
        page.goto(server.url + "/settings/api-webhooks/webhooks/new")
        page.get_by_label("URL").fill(address)
        page.get_by_label("Object of row 1").select_option("company")
        page.get_by_label("Action of row 1").select_option("created")
        page.get_by_role("button", name="Create webhook").click()
        walk.look()
        page.get_by_role("link", name="Done").click()
        page.get_by_role("button", name="Send test").click()
        walk.look()
        page.goto(server.url + "/settings/members")
        page.get_by_label("E-mail", exact=True).fill("eve@example.com")
        page.locator("#id_role").select_option(label="Member")
        page.get_by_role("button", name="Make the link").click()
        link = page.locator("#invitation-link").inner_text()
        walk.look()

        page.goto(server.url + "/settings/data-model/objects/machine/fields/new?type=TEXT")
        page.get_by_label("Label", exact=True).fill("Serial number")
        page.get_by_role("button", name="Create field").click()
        walk.follow("/settings/data-model/objects/machine/fields/serialNumber")
        page.goto(server.url + "/settings/data-model/objects/machine/fields/serialNumber")
        page.get_by_role("button", name="Switch off").click()
        expect(page.get_by_role("heading", name="Switch off Serial number?")).to_be_visible()
        walk.look("switch-off")
        page.goto(server.url + "/settings/roles/new")
        page.get_by_label("Name", exact=True).fill("Reader")
        page.get_by_role("button", name="Create role").click()
        page.wait_for_url(re.compile("/settings/roles/[0-9a-f-]{36}$"))
        walk.seen.discard("role-detail")  # that of Admin, which has no more to see
        walk.follow(urlsplit(page.url).path)
        page.goto(server.url + "/settings/api-webhooks")
        page.locator("td.pick input").first.check()
        page.get_by_role("button", name="Revoke chosen keys").click()
        walk.look()

        walk.follow("/settings/data-model/objects/machine", "/settings/data-model", "/settings/profile")
        for path in (
            "/settings/data-model/new", "/settings/data-model/objects/machine/fields/new?type=SELECT",
            "/settings/data-model/objects/machine/delete", "/settings/api-webhooks/keys/new",
            "/settings/api-webhooks/webhooks/new", "/settings/roles/new", "/settings/members",
        ):  # fmt: skip
            walk.send_empty(path)
        walk.send_empty("/settings/profile", form=1)  # the password's
        for path, name in (("/settings/nothing", "404"), ("/settings/api-webhooks/keys/x", "404-key")):
            page.goto(server.url + path)
            walk.found += findings(page, name)
        page.context.clear_cookies()
        page.goto(link)
        walk.look()
    assert walk.found == []
    routes = {each.name for each in _routes() if each.name}
    assert routes - walk.seen - CONSOLES - DOWNLOADS - ACTS == set()


def test_axe_finds_in_the_consoles_what_is_known(page: Page, server: Server) -> None:
    """Nothing around the viewers, which others made; in these what is listed, to be looked at when they change."""
    around: list[str] = []
    found: set[str] = set()
    for console, viewer in (
        ("rest/core", "#swagger"),
        ("rest/metadata", "#swagger"),
        ("graphql/core", "#graphiql"),
        ("graphql/metadata", "#graphiql"),
    ):
        page.goto(f"{server.url}/settings/api-webhooks/playground/{console}")
        expect(page.locator("#swagger[data-ready], .graphiql-editors").first).to_be_visible(timeout=90_000)
        kind = console.partition("/")[0]
        for each in findings(page, console, viewer):
            rule = each.split(": ")[1]
            if rule.startswith("*"):
                found.add(f"{kind} {rule[1:]}")
            else:
                around.append(each)
    assert {each.split(": ")[1] for each in around} <= {"landmark-no-duplicate-main"}  # Swagger UI has one of its own
    assert found <= KNOWN


def _routes() -> Iterator[Any]:
    """Every route below /settings."""
    queue = [(each, "") for each in get_resolver().url_patterns]
    while queue:
        each, before = queue.pop()
        whole = before + str(each.pattern).lstrip("^")
        if hasattr(each, "url_patterns"):
            queue += [(inner, whole) for inner in each.url_patterns]
        elif whole.startswith("settings"):
            yield each
