"""A new admin on an empty workspace: an object of every kind of field, a role, a colleague, a key, a webhook; the call
stands in Activity and the delivery in the webhook's log. By mouse, by keyboard alone, and without JavaScript.
"""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import keep_screenshot, opened
from tests.server import ROOT, Server

pytestmark = pytest.mark.long

WAYS = ("mouse", "keyboard", "no script")
PASSWORD = "a long and quiet walk"
NEXT_KEY = """each => each === document.activeElement ? null
    : each.type === 'radio' && each.name === document.activeElement.name ? 'ArrowDown' : 'Tab'"""
# How many Tabs surely lie between what has the focus and the element: a group of radio buttons has one.
TABS_BETWEEN = """each => {
    const found = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
    const groups = new Set();
    const stops = [...document.querySelectorAll(found)].filter((one) => {
        if (one.disabled || !one.checkVisibility() || one.tabIndex < 0) return false;
        if (one.type !== 'radio') return true;
        const isNew = !groups.has(one.name);
        groups.add(one.name);
        return isNew;
    });
    const from = stops.indexOf(document.activeElement);
    const to = stops.indexOf(each);
    return from < 0 || to < 0 ? 0 : Math.max(0, to - from - 2);
}"""
MAX_TABS = 150  # to anything on a page
MAKE = """
from apikeys.models import Role
from apikeys.services.members import member_create
from metadata.services import workspace_create
for name in {names!r}:
    workspace = workspace_create(name=name, empty=True)
    role = Role.objects.get(workspace_id=workspace.id, label="Admin")
    member_create(workspace=workspace, email=name + "@example.com", password={password!r}, role=role)
"""


@pytest.fixture(scope="module")
def walked(server: Server) -> Iterator[Server]:
    """The server, with an empty workspace and its admin for each way."""
    environment = {**os.environ, "DATA_DIR": str(server.data_dir)}
    environment.pop("DATABASE_URL", None)
    names = [name_of(each) for each in WAYS]
    code = MAKE.format(names=names, password=PASSWORD)
    subprocess.run([sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, env=environment, check=True)
    yield server


def name_of(way: str) -> str:
    return way.replace(" ", "")


class Hand:
    """Somebody at a page, with a mouse or with nothing but a keyboard."""

    def __init__(self, page: Page, way: str) -> None:
        self.page = page
        self.is_keyboard = way == "keyboard"

    def press(self, target: Locator) -> None:
        if not self.is_keyboard:
            target.click()
            return
        self.reach(target)
        is_choice = target.evaluate("each => each.matches('[type=radio], [type=checkbox]')")
        self.page.keyboard.press("Space" if is_choice else "Enter")

    def fill(self, target: Locator, text: str) -> None:
        if not self.is_keyboard:
            target.fill(text)
            return
        self.reach(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, target: Locator, label: str) -> None:
        """In a list that opens; typing its words chooses too."""
        if not self.is_keyboard:
            target.select_option(label=label)
            return
        self.reach(target)
        self.page.keyboard.type(label)
        assert target.evaluate("each => each.selectedOptions[0].label") == label

    def reach(self, target: Locator) -> None:
        """By Tab. Of a group of radio buttons Tab reaches one; the arrows the others."""
        expect(target).to_have_count(1)
        held = target.element_handle()
        if held.evaluate("each => document.activeElement === document.body && !!each.closest('#content')"):
            self.page.keyboard.press("Tab")  # to “Skip to content”
            self.page.keyboard.press("Enter")
        for _ in range(held.evaluate(TABS_BETWEEN)):  # to ask after each where it led to takes as long as the rest
            self.page.keyboard.press("Tab")
        for _ in range(MAX_TABS):
            key = held.evaluate(NEXT_KEY)
            if key is None:
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"Tab does not lead to {target}")


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize("way", WAYS)
def test_from_an_empty_workspace_to_a_delivery(browser: Browser, walked: Server, receiver: Any, way: str) -> None:
    address, received = receiver
    with opened(browser, java_script_enabled=way != "no script", reduced_motion="reduce") as page:
        hand = Hand(page, way)
        page.goto(walked.url + "/")
        hand.fill(page.get_by_label("E-mail"), f"{name_of(way)}@example.com")
        hand.fill(page.get_by_label("Password"), PASSWORD)
        hand.press(button(page, "Sign in"))
        expect(page.get_by_role("heading", name="First steps")).to_be_visible()
        keep_screenshot(page, f"walk/{name_of(way)}/first-steps")

        hand.press(link(page, "Make an object"))
        hand.fill(page.get_by_label("Name of one", exact=True), "Machine")
        hand.fill(page.get_by_label("Name of many", exact=True), "Machines")
        hand.press(button(page, "Create object"))
        make_fields(page, hand)
        keep_screenshot(page, f"walk/{name_of(way)}/object")

        invitation = invite_a_reader(page, hand, f"eve.{name_of(way)}@example.com")
        token = make_key(page, hand)
        make_webhook(page, hand, address)
        see_what_came(page, hand, walked, token, received)
        keep_screenshot(page, f"walk/{name_of(way)}/delivery")
        page.goto(walked.url + "/settings/data-model")
        expect(page.get_by_role("heading", name="First steps")).to_have_count(0)
    with opened(browser, java_script_enabled=way != "no script", reduced_motion="reduce") as page:
        join(page, Hand(page, way), invitation, walked)


def make_fields(page: Page, hand: Hand) -> None:
    """A field of every type that the page offers."""
    hand.press(link(page, "Add field"))
    expect(page.get_by_role("heading", name="New field", level=1)).to_be_visible()
    types = page.locator("td.main a[href^='?type=']").all_inner_texts()
    assert len(types) > 15 and "Relation" in types
    for number, type_ in enumerate(types):
        if number:
            hand.press(link(page, "Add field"))
        hand.press(page.locator("td.main").get_by_role("link", name=type_, exact=True))
        hand.fill(page.get_by_label("Label", exact=True), f"Part {number}")
        if page.get_by_label("Label of option 1").count():
            hand.fill(page.get_by_label("Label of option 1"), "Runs well")
        if page.get_by_label("Label on the other side").count():
            hand.fill(page.get_by_label("Label on the other side"), f"Back {number}")
        several = page.get_by_role("group", name="Leads to one of")
        if several.count():
            hand.press(several.get_by_role("checkbox", name="Workspace Member", exact=True))
        hand.press(button(page, "Create field"))
        expect(page.get_by_role("status").filter(has_text=f"Part {number} is made")).to_be_visible()


def invite_a_reader(page: Page, hand: Hand, email: str) -> str:
    """A role of one's own, and the link for a colleague who gets it."""
    hand.press(link(page, "Roles"))
    hand.press(link(page, "Create role"))
    hand.fill(page.get_by_label("Name", exact=True), "Reader")
    hand.press(button(page, "Create role"))
    expect(page.get_by_role("heading", name="Reader", level=1)).to_be_visible()
    hand.press(link(page, "Members"))
    hand.fill(page.locator("#id_email"), email)
    hand.choose(page.locator("#id_role"), "Reader")
    hand.press(button(page, "Make the link"))
    return page.locator("#invitation-link").inner_text()


def make_key(page: Page, hand: Hand) -> str:
    """Its token."""
    hand.press(link(page, "API keys"))
    hand.press(link(page, "Create API key"))
    hand.fill(page.get_by_label("Name", exact=True), "Nightly sync")
    hand.press(page.locator("label.choice", has_text="Admin").locator("input"))
    hand.press(button(page, "Create key"))
    hand.press(page.locator("summary", has_text="Reveal the token"))
    token = page.locator("#token").inner_text()
    page.on("dialog", lambda dialog: dialog.accept())  # that the token was not copied
    hand.press(link(page, "Done"))
    return token


def make_webhook(page: Page, hand: Hand, address: str) -> None:
    hand.press(link(page, "Webhooks"))
    hand.press(link(page, "Create webhook"))
    hand.fill(page.get_by_label("URL to call"), address)
    hand.choose(page.get_by_label("Object of row 1"), "Machine")
    hand.choose(page.get_by_label("Action of row 1"), "created")
    hand.press(button(page, "Create webhook"))
    expect(page.locator("#secret")).to_contain_text("whsec_")
    hand.press(link(page, "Done"))


def see_what_came(page: Page, hand: Hand, server: Server, token: str, received: queue.Queue[Any]) -> None:
    """The call in Activity, the delivery in the webhook's log."""
    answer = server.ask("POST", "/rest/machines", {"name": "M1"}, token=token)
    assert answer.status == 201
    headers, body = received.get(timeout=30)
    assert answer.body["data"]["createMachine"]["id"].encode() in body and "webhook-signature" in headers
    hand.press(link(page, "Activity"))
    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()
    while not link(page, "POST /rest/machines").count():  # entries are written each half second
        page.reload()
    hand.press(link(page, "POST /rest/machines").first)
    expect(page.get_by_role("heading", name="POST /rest/machines")).to_be_visible()
    hand.press(link(page, "Webhooks"))
    hand.press(page.locator("td.main a"))
    expect(page.get_by_role("heading", name="Deliveries")).to_be_visible()
    while not page.locator("td", has_text="Delivered").count():
        page.reload()
    hand.press(link(page, "machine.created"))
    expect(page.get_by_text("Attempt 1")).to_be_visible()


def join(page: Page, hand: Hand, invitation: str, server: Server) -> None:
    """The colleague comes in by the link, and is shown what the role allows: of the settings nothing."""
    page.goto(invitation)
    hand.fill(page.get_by_label("First name"), "Eve")
    hand.fill(page.get_by_label("Password"), PASSWORD)
    hand.press(button(page, "Join"))
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    expect(page.locator("nav.sections a")).to_have_count(0)
    refused = page.goto(server.url + "/settings/data-model")
    assert refused is not None and refused.status == 403
    expect(page.get_by_text(re.compile("Ask an admin of .* for the right to change the data model"))).to_be_visible()
