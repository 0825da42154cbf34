"""One server as `make run` starts it, one browser, and pages of the admin that the first start makes.

The server is there once for all modules that a process runs: a start takes longer than most tests. So what a module makes
in the demo workspace has names of its own. The browser is not: Django refuses its database while one is there.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.server import Server, running

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder to keep what was seen in; CI keeps it


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("data"), WEBHOOK_ALLOWED_HOSTS="127.0.0.1") as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of a context of its own that allows no error on its console, but for answers of 4xx that were asked for."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    faults: list[str] = []
    refused = "the server responded with a status of 4"
    page.on(
        "console",
        lambda message: (
            faults.append(message.text) if message.type == "error" and refused not in message.text else None
        ),
    )
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    context.close()
    assert faults == []


def sign_in(page: Page, base_url: str, email: str, password: str) -> None:
    page.goto(base_url + "/settings/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/settings/login"))


@pytest.fixture(scope="module")
def admin(browser: Browser, server: Server) -> Any:
    """The cookies of the admin of the first start, who signs in once: each time costs the server a third of a second."""
    with opened(browser) as shown:
        sign_in(shown, server.url, server.demo["admin_email"], server.demo["admin_password"])
        return shown.context.storage_state()


@pytest.fixture
def page(browser: Browser, server: Server, admin: Any) -> Iterator[Page]:
    """A page of the admin of the first start, in the section of keys."""
    with opened(browser, storage_state=admin, permissions=["clipboard-read"], reduced_motion="reduce") as shown:
        shown.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        shown.goto(server.url + "/settings/api-webhooks")
        expect(shown.get_by_role("heading", level=1)).to_be_visible()
        yield shown


def keep_screenshot(page: Page, name: str) -> None:
    """The whole page as a picture for people to look at, where the run was told to keep them."""
    if SCREENSHOTS:
        path = Path(SCREENSHOTS) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=True)


@pytest.fixture
def receiver() -> Iterator[tuple[str, queue.Queue[tuple[dict[str, str], bytes]]]]:
    """A real HTTP server that keeps what is posted to it."""
    received: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what arrived."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}/hook", received
    listening.shutdown()
    thread.join()
    listening.server_close()
