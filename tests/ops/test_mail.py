"""A server that is told of a mail server: it sends by a thread of its own, and answers at once whatever that does."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from config import mail
from tests.server import Server, running
from tests.smtp import receiving


@pytest.fixture
def two_places(settings: Any) -> Iterator[None]:
    settings.MAIL_THREAD, settings.MAIL_QUEUE = True, 2
    for each in (mail._thread, mail._places):
        each.cache_clear()
    yield
    mail._thread().shutdown()
    for each in (mail._thread, mail._places):
        each.cache_clear()


def test_so_many_mails_wait_and_not_one_more(two_places: None, caplog: pytest.LogCaptureFixture) -> None:
    goes_on, done = threading.Event(), threading.Barrier(2)

    def work() -> None:
        goes_on.wait(30)

    assert [mail.later(work) for _ in range(3)] == [True, True, False]
    assert "a mail was not sent: 2 wait already (MAIL_QUEUE)" in caplog.text
    goes_on.set()
    mail._thread().submit(done.wait, 30)  # behind the two
    done.wait(30)
    assert mail.later(lambda: 1 / 0)
    mail._thread().shutdown()
    assert "what a mail is for could not be done" in caplog.text  # and its place is free again
    assert mail._places()._value == 2


class Browser:
    """What keeps cookies and fills in forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))

    def get(self, path: str) -> str:
        with self.opener.open(self.url + path) as answer:
            return str(answer.read().decode())

    def post(self, path: str, form: dict[str, str], at: str | None = None) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(at or path))
        assert token is not None
        sent = urlencode({**form, "csrfmiddlewaretoken": token[1]}).encode()
        with self.opener.open(self.url + path, sent) as answer:
            return str(answer.read().decode())


def ask(server: Server, email: str) -> float:
    """Seconds until the answer, which is always the same."""
    started = time.monotonic()
    assert "Look into your mail" in Browser(server.url).post("/settings/forgot", {"email": email})
    return time.monotonic() - started


@pytest.mark.long
def test_a_forgotten_password_is_set_anew_by_mail(tmp_path: Path) -> None:
    address = "http://crm.example"
    with receiving() as post:
        environment = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(post.port), "EMAIL_FROM": "crm@example.com"}
        with running(tmp_path, "--no-assets", WORKERS="1", SERVER_URL=address, **environment) as server:
            ask(server, server.demo["admin_email"])
            [mail] = post.wait_for(1)
            assert (mail["From"], mail["To"]) == ("crm@example.com", server.demo["admin_email"])
            link = re.search(rf"{address}(/settings/reset\?token=(\S+))", mail.get_content())
            assert link is not None
            new = {"token": link[2], "new_password1": "stapler horse battery", "new_password2": "stapler horse battery"}
            assert "Your password is set." in Browser(server.url).post("/settings/reset", new, at=link[1])
            signing_in = {"email": server.demo["admin_email"], "password": "stapler horse battery"}
            browser = Browser(server.url)
            assert "Data model" in browser.post("/settings/login", signing_in)
            ask(server, "nobody@example.com")
            ask(server, server.demo["admin_email"])
            assert len(post.wait_for(2)) == 2  # and none to nobody
            post.is_deaf.set()  # from here on it takes connections and says nothing
            assert ask(server, server.demo["admin_email"]) < 5  # EMAIL_TIMEOUT is 10
            assert link[2] not in server.log.read_text()
