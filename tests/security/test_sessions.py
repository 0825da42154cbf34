"""How long a sign-in to the pages lasts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.authentication import principal_of_member_id
from apikeys.models import Member, Role
from apikeys.models import OpenSession as Session
from apikeys.services.tokens import playground_token
from config.http import sessions
from metadata.models import Workspace
from tests.factories import Api
from tests.security.scene import PASSWORD

HOME = "/settings/api-webhooks"
IDLE_S, MAX_S = 4 * 3600, 24 * 3600


class Clock:
    """What `time.time` of the module answers; starts now."""

    def __init__(self) -> None:
        self.now = 1_900_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(sessions, "time", made)
    return made


@pytest.fixture
def browser(ada: Member) -> Client:
    client = Client()
    client.post("/settings/login", {"email": "ada@example.com", "password": PASSWORD})
    return client


def is_signed_in(browser: Client) -> bool:
    return browser.get(HOME).status_code == 200


def test_a_session_ends_after_its_idle_time_and_not_a_second_before(browser: Client, clock: Clock) -> None:
    assert is_signed_in(browser)
    clock.now += IDLE_S - 1
    assert is_signed_in(browser)
    clock.now += IDLE_S
    answer = browser.get(HOME)
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/settings/login?next=%2Fsettings%2Fapi-webhooks&ended=idle",
    )
    assert "You were signed out after a while without use." in browser.get(answer["Location"]).content.decode()
    assert not is_signed_in(browser)


def test_use_does_not_keep_it_beyond_its_greatest_length(browser: Client, clock: Clock) -> None:
    assert is_signed_in(browser)
    for _ in range(7):
        clock.now += IDLE_S - 1200
        clock.now = min(clock.now, 1_900_000_000.0 + MAX_S - 1)
        assert is_signed_in(browser)
    clock.now += 1
    assert browser.get(HOME)["Location"].endswith("&ended=max")
    assert not is_signed_in(browser)


def test_the_settings_say_how_long(browser: Client, clock: Clock, settings: Any) -> None:
    settings.SESSION_IDLE_S = 60
    assert is_signed_in(browser)
    clock.now += 59
    assert is_signed_in(browser)
    clock.now += 60
    assert not is_signed_in(browser)


def test_it_ends_for_admin_too(ada: Member, browser: Client, clock: Clock) -> None:
    ada.user.is_staff = ada.user.is_superuser = True
    ada.user.save()
    assert browser.get("/admin/").status_code == 200
    clock.now += IDLE_S
    assert browser.get("/admin/").status_code == 302


def test_a_form_that_comes_too_late_changes_nothing(browser: Client, clock: Clock) -> None:
    from apikeys.models import ApiKey

    assert is_signed_in(browser)
    clock.now += IDLE_S
    role = Role.objects.get(label="Admin")
    answer = browser.post(f"{HOME}/keys/new", {"name": "Late", "role": str(role.id), "expires": "90"})
    assert (answer.status_code, answer["Location"]) == (302, "/settings/login?ended=idle")
    assert ApiKey.objects.count() == 0


def test_its_console_tokens_end_with_it(acme: Workspace, ada: Member, browser: Client, clock: Clock) -> None:
    token = playground_token(principal_of_member_id(acme.id, ada.id)).token
    assert is_signed_in(browser)
    assert Api(token).get("/rest/metadata/apiKeys").status == 200
    clock.now += IDLE_S
    assert not is_signed_in(browser)
    assert Api(token).get("/rest/metadata/apiKeys").status == 403


def test_a_use_is_written_once_a_minute(browser: Client, clock: Clock) -> None:
    def written() -> bool:
        before = Session.objects.get().session_data
        assert is_signed_in(browser)
        return Session.objects.get().session_data != before

    assert written()
    clock.now += 59
    assert not written()
    clock.now += 1
    assert written()
    assert not written()


def test_signing_in_again_begins_anew(browser: Client, clock: Clock) -> None:
    assert is_signed_in(browser)
    first = browser.cookies["sessionid"].value
    clock.now += MAX_S
    assert not is_signed_in(browser)
    browser.post("/settings/login", {"email": "ada@example.com", "password": PASSWORD})
    assert is_signed_in(browser)
    assert browser.cookies["sessionid"].value != first
    assert not Session.objects.filter(session_key=first).exists()


def test_a_cookie_opens_no_api_and_is_not_looked_at_there(browser: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert browser.get("/rest/companies").status_code == 403


def test_sessions_that_are_over_are_deleted(browser: Client) -> None:
    assert is_signed_in(browser)
    assert sessions.sessions_sweep() == 0
    Session.objects.update(expire_date=timezone.now())
    assert sessions.sessions_sweep() == 1
    assert Session.objects.count() == 0


def test_a_session_outlives_a_change_of_the_secret_key_as_long_as_the_old_one_is_known(
    browser: Client, settings: Any
) -> None:
    second = Client()
    second.post("/settings/login", {"email": "ada@example.com", "password": PASSWORD})
    assert is_signed_in(browser) and is_signed_in(second)
    earlier, settings.SECRET_KEY = settings.SECRET_KEY, "another secret key of fifty characters and some more"
    settings.SECRET_KEY_FALLBACKS = [earlier]
    assert is_signed_in(browser)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_signed_in(browser)  # it was made one of today's when it was used
    assert not is_signed_in(second)
