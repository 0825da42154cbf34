"""One's own profile: name and time zone, and where one is signed in."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache  # noqa: F401 - Django reads catalogues once it is there
from django.test import Client
from django.utils import timezone, translation

from apikeys.activity.models import AuditEntry
from apikeys.authentication import principal_of_member_id
from apikeys.models import ApiKey, Member, OpenSession, Preferences
from apikeys.services.tokens import playground_token
from config.http import sessions as session_times
from metadata.models import Workspace
from tests.factories import Api, api_of
from tests.settings_pages.conftest import PASSWORD, add_member
from tests.settings_pages.test_keys import form as key_form
from tests.settings_pages.test_keys import make_key

PROFILE = "/settings/profile"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML) Version/18.0 Safari/604.1"
YOU = {"first_name": "Ada", "last_name": "Lovelace", "time_zone": ""}


@pytest.fixture
def at_home(ada: Member) -> Client:
    return signed_in(FIREFOX, "203.0.113.7")


@pytest.fixture
def on_the_way(ada: Member) -> Client:
    return signed_in(IPHONE, "2001:db8::7")


def signed_in(user_agent: str, address: str) -> Client:
    client = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=address)
    client.post("/settings/login", {"email": "ada@example.com", "password": PASSWORD})
    assert client.get(PROFILE).status_code == 200
    return client


def rows(browser: Client) -> list[str]:
    table = browser.get(PROFILE).content.decode().split("sessions-title")[2].split("</tbody>")[0]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in table.split("<tr>")[2:]]


def marks(browser: Client) -> list[str]:
    return [
        each
        for each in re.findall(r'name="session" value="(\w+)"', browser.get(PROFILE).content.decode())
        if each != "others"
    ]


def is_in(browser: Client) -> bool:
    return browser.get(PROFILE).status_code == 200


def test_one_sees_where_one_is_signed_in(at_home: Client, on_the_way: Client) -> None:
    own, other = rows(at_home)
    assert own.startswith(" Firefox on Linux This one 203.0.113.7 ")
    assert other.startswith(" Safari on an iPhone 2001:db8::7 ") and other.endswith(
        "End Safari on an iPhone at 2001:db8::7 "
    )
    page = at_home.get(PROFILE).content.decode()
    assert not any(key in page for key in OpenSession.objects.values_list("session_key", flat=True))


def test_an_ended_sign_in_opens_nothing_at_its_next_request(
    acme: Workspace, ada: Member, at_home: Client, on_the_way: Client
) -> None:
    token = playground_token(principal_of_member_id(acme.id, ada.id)).token
    [mark] = marks(at_home)
    assert (
        "That sign-in has ended."
        in at_home.post(f"{PROFILE}/sessions", {"session": mark}, follow=True).content.decode()
    )
    assert (is_in(on_the_way), is_in(at_home)) == (False, True)
    assert Api(token).get("/rest/metadata/apiKeys").status == 403
    assert len(rows(at_home)) == 1
    again = at_home.post(f"{PROFILE}/sessions", {"session": mark}, follow=True)
    assert "That sign-in had ended already." in again.content.decode()
    entry = AuditEntry.objects.filter(act="session.closed").get()
    assert (entry.actor_id, entry.after) == (ada.id, {"signIns": 1})


def test_all_others_are_ended_together(at_home: Client, on_the_way: Client) -> None:
    third = signed_in("curl/8.5.0", "203.0.113.9")
    page = at_home.post(f"{PROFILE}/sessions", {"session": "others"}, follow=True).content.decode()
    assert "2 other sign-ins ended." in page
    assert [is_in(each) for each in (at_home, on_the_way, third)] == [True, False, False]


def test_nobody_ends_the_sign_ins_of_others(acme: Workspace, at_home: Client, on_the_way: Client) -> None:
    bob = add_member(acme, "bob@example.com", "Admin")
    stranger = Client()
    stranger.force_login(bob.user)
    for value in (*marks(at_home), "others", "", OpenSession.objects.filter(user__email="ada@example.com")[0].pk):
        stranger.post(f"{PROFILE}/sessions", {"session": value})
    assert is_in(at_home) and is_in(on_the_way)


def test_a_new_password_leaves_this_sign_in_alone(at_home: Client, on_the_way: Client) -> None:
    new = {"old_password": PASSWORD, "new_password1": "battery correct", "new_password2": "battery correct"}
    assert at_home.post(PROFILE, new).status_code == 302
    assert (is_in(at_home), is_in(on_the_way)) == (True, False)
    assert OpenSession.objects.filter(user__email="ada@example.com").count() == 1 and len(rows(at_home)) == 1


def test_what_an_operator_ended_by_a_password_is_not_listed(at_home: Client, on_the_way: Client, ada: Member) -> None:
    ada.user.set_password("battery correct")  # as `manage.py changepassword` does
    ada.user.save()
    again = Client()
    again.post("/settings/login", {"email": "ada@example.com", "password": "battery correct"})
    assert len(rows(again)) == 1 and not is_in(at_home)


def test_where_it_was_last_used_follows_the_use(at_home: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later:
        @staticmethod
        def time() -> float:
            return datetime.now(UTC).timestamp() + session_times.NOTED_EVERY_S

    monkeypatch.setattr(session_times, "time", Later)
    at_home.get(PROFILE, REMOTE_ADDR="198.51.100.4")
    assert " 198.51.100.4 " in rows(at_home)[0]


def test_a_name_is_changed_for_every_workspace_and_told(browser: Client, acme: Workspace, ada: Member) -> None:
    changed = browser.post(PROFILE, YOU | {"last_name": "King", "time_zone": "Asia/Tokyo"}, follow=True)
    assert "Saved." in changed.content.decode()
    ada.user.refresh_from_db()
    assert ada.user.get_full_name() == "Ada King"
    entry = AuditEntry.objects.filter(act="member.profileUpdated").get()
    assert (entry.before, entry.after) == (
        {"lastName": "Lovelace", "timeZone": ""},
        {"lastName": "King", "timeZone": "Asia/Tokyo"},
    )
    record = api_of(acme).get(f"/rest/workspaceMembers/{ada.member_record_id}").body["data"]["workspaceMember"]
    assert (record["name"], record["timeZone"]) == ({"firstName": "Ada", "lastName": "King"}, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "", "This field is required."),
        ("first_name", "\u200b", "Use at least one character that can be seen."),
        ("time_zone", "Mars/Olympus", "Select a valid choice. Mars/Olympus is not one of the available choices."),
        ("language", "de", "The form has no member &quot;language&quot;"),
    ],
)
def test_what_cannot_be_is_refused(browser: Client, ada: Member, field: str, value: str, said: str) -> None:
    refused = browser.post(PROFILE, YOU | {"last_name": "King", field: value})
    assert refused.status_code == 422 and said in refused.content.decode()
    ada.user.refresh_from_db()
    assert ada.user.last_name == "Lovelace" and not Preferences.objects.exists()


def test_dates_are_shown_in_the_zone_one_chose(browser: Client, acme: Workspace) -> None:
    moment = datetime(2031, 6, 30, 20, 30, tzinfo=UTC)
    key = make_key(acme, expires_at=moment)

    def end() -> str:
        page = browser.get(f"/settings/api-webhooks/keys/{key.id}").content.decode()
        found = re.search(r'<time datetime="2031-06-30T20:30:00Z"[^>]*>[^<]*2031[^<]*</time>', page)
        assert found, page
        return found[0]

    assert end() == '<time datetime="2031-06-30T20:30:00Z" data-local>30 Jun 2031, 20:30 UTC</time>'
    browser.post(PROFILE, YOU | {"time_zone": "Asia/Tokyo"})
    assert (
        end()
        == '<time datetime="2031-06-30T20:30:00Z" title="30 Jun 2031, 20:30 UTC" data-zone>1 Jul 2031, 05:30</time>'
    )
    browser.post(PROFILE, YOU | {"time_zone": "Etc/UTC"})
    assert " data-zone>30 Jun 2031, 20:30</time>" in end()
    assert timezone.get_current_timezone_name() == "UTC"  # nothing of it stays for whoever is answered next


def test_a_day_chosen_for_a_key_is_the_day_shown(browser: Client, acme: Workspace) -> None:
    browser.post(PROFILE, YOU | {"time_zone": "Asia/Tokyo"})
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    made = browser.post("/settings/api-webhooks/keys/new", key_form(acme, expires="custom", expires_on=day.isoformat()))
    assert made.status_code == 302
    key = ApiKey.objects.get()
    assert key.expires_at.astimezone(UTC).time().isoformat() == "14:59:59"
    assert f">{day:%-d %b %Y}, 23:59</time>" in browser.get(f"/settings/api-webhooks/keys/{key.id}").content.decode()


def test_no_language_is_offered_while_there_is_but_one(browser: Client) -> None:
    assert 'name="language"' not in browser.get(PROFILE).content.decode()


def test_a_translation_that_is_there_can_be_chosen(browser: Client, settings: Any, tmp_path: Path) -> None:
    catalogue = tmp_path / "de" / "LC_MESSAGES" / "django.mo"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_bytes(compiled({"": "Content-Type: text/plain; charset=UTF-8\n"}))
    settings.LOCALE_PATHS = [tmp_path]
    assert ">Deutsch</option>" in browser.get(PROFILE).content.decode()
    assert browser.post(PROFILE, YOU | {"language": "fr"}).status_code == 422
    assert browser.post(PROFILE, YOU | {"language": "de"}).status_code == 302
    refused = browser.post(PROFILE, YOU | {"language": "de", "first_name": ""}).content.decode()
    assert "Dieses Feld ist zwingend erforderlich." in refused and '<html lang="de">' in refused
    assert translation.get_language() == "en-us"


def compiled(texts: dict[str, str]) -> bytes:
    """A catalogue as msgfmt makes it (GNU gettext manual, “MO Files”)."""
    pairs = [(name.encode(), text.encode()) for name, text in sorted(texts.items())]
    at = 28 + 16 * len(pairs)
    tables, body = [b"", b""], b""
    for side in (0, 1):
        for pair in pairs:
            tables[side] += struct.pack("<II", len(pair[side]), at + len(body))
            body += pair[side] + b"\0"
    return struct.pack("<IIIIIII", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + b"".join(tables) + body


def test_the_sign_ins_of_before_stay(acme: Workspace, ada: Member, browser_of: Callable[[Member], Client]) -> None:
    """The migration that moved them to a table of ours."""
    from importlib import import_module

    from django.apps import apps
    from django.contrib.sessions.models import Session

    browser = browser_of(ada)
    kept = OpenSession.objects.get()
    Session.objects.create(session_key="k" * 32, session_data=kept.session_data, expire_date=kept.expire_date)
    Session.objects.create(session_key="o" * 32, session_data="nonsense", expire_date=kept.expire_date)
    import_module("apikeys.migrations.0009_people").take_over_sessions(apps, None)
    browser.cookies["sessionid"] = "k" * 32
    assert is_in(browser)
    assert {each.session_key for each in OpenSession.objects.filter(user=ada.user)} == {"k" * 32, kept.session_key}
