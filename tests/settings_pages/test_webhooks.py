"""The webhook pages as a browser without JavaScript uses them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.models import Role
from apikeys.services.members import member_create
from metadata.models import Workspace
from tests.factories import api_of, principal_of, system_of, workspace_with
from tests.webhooks.conftest import Receiver, event, loopback_allowed, new_receiver, receiver
from webhooks import services
from webhooks.delivery import outbox
from webhooks.models import Delivery, Webhook

__all__ = ["loopback_allowed", "new_receiver", "receiver"]  # fixtures
pytestmark = pytest.mark.django_db

HOME = "/settings/api-webhooks/webhooks"
URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def own(db: None) -> Workspace:
    return workspace_with([{"nameSingular": "rocket", "namePlural": "rockets"}], name="Acme")


def signed_in(workspace: Workspace, role: str = "Admin", email: str = "ada@example.com", **more: Any) -> Client:
    chosen = Role.objects.get(workspace_id=workspace.id, label=role)
    member = member_create(workspace=workspace, email=email, password="correct horse battery", role=chosen)
    client = Client(**more)
    client.force_login(member.user)
    return client


@pytest.fixture
def browser(own: Workspace) -> Client:
    return signed_in(own)


def made(workspace: Workspace, **more: Any) -> Webhook:
    return services.webhook_create(system_of(workspace.id), data={"targetUrl": URL, **more})


def text(response: Any) -> str:
    """The page's text, tags and blanks squeezed out."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def form(**more: Any) -> dict[str, Any]:
    return {
        "target_url": URL,
        "description": "CRM",
        "object": ["rocket", ""],
        "action": ["created", ""],
        "secret": "",
        "sure": "1",  # nobody listens there
        **more,
    }


def test_the_empty_list(browser: Client) -> None:
    response = browser.get(HOME)
    assert response.status_code == 200 and "No webhooks yet" in text(response)


def test_create_shows_the_secret_once(browser: Client, own: Workspace) -> None:
    assert browser.get(f"{HOME}/new").status_code == 200
    response = browser.post(f"{HOME}/new", form())
    webhook = Webhook.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"{HOME}/{webhook.id}/secret")
    assert (webhook.target_url, webhook.description, webhook.operations) == (URL, "CRM", ["rocket.created"])
    assert webhook.workspace_id == own.id
    shown = browser.get(response["Location"])
    assert shown["Cache-Control"] == "no-store" and webhook.secret in text(shown)
    again = browser.get(response["Location"])
    assert (again.status_code, again["Location"]) == (302, f"{HOME}/{webhook.id}")
    for page in (HOME, f"{HOME}/{webhook.id}", f"{HOME}/{webhook.id}/edit"):
        assert webhook.secret not in browser.get(page).content.decode()


def test_revealing_is_an_explicit_act(browser: Client, own: Workspace) -> None:
    webhook = made(own, secret="correct horse")
    assert browser.get(f"{HOME}/{webhook.id}/secret")["Location"] == f"{HOME}/{webhook.id}"
    asked = browser.post(f"{HOME}/{webhook.id}/secret")
    page = text(browser.get(asked["Location"]))
    assert "correcthorse" in page and "whsec_Y29ycmVjdGhvcnNl" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target_url": ""}, "This field is required."),
        ({"target_url": "nonsense"}, "Invalid target URL provided. URL must start with http:// or https://."),
        (
            {"target_url": "http://10.0.0.1/"},
            "Target URL is refused: 10.0.0.1 is the private or reserved address 10.0.0.1.",
        ),
        ({"object": ["rocket"], "action": [""]}, "Choose both an object and an action in every row, or neither."),
        ({"object": [""], "action": [""]}, "Choose one event or more."),
    ],
)
def test_refused_forms_keep_what_was_typed(browser: Client, change: dict[str, Any], message: str) -> None:
    response = browser.post(f"{HOME}/new", form(**change))
    assert response.status_code == 422 and message in text(response)
    assert ">CRM</textarea>" in response.content.decode().replace("\n", "")
    assert Webhook.objects.count() == 0


def chosen_rows(response: Any) -> list[str]:
    rows = response.content.decode().partition("<fieldset")[2].partition("</fieldset>")[0]
    return re.findall(r'<option value="([^"]*)" selected>', rows)


def test_adding_and_removing_rows_saves_nothing(browser: Client) -> None:
    typed = form(target_url="half", object=["*", "rocket"], action=["created", "*"])
    added = browser.post(f"{HOME}/new", {**typed, "add": "1"})
    assert added.status_code == 200
    assert chosen_rows(added) == ["*", "created", "rocket", "*"]
    assert added.content.decode().count('<select class="grow" name="object"') == 3
    assert 'value="half"' in added.content.decode()
    removed = browser.post(f"{HOME}/new", {**typed, "remove": "0"})
    assert chosen_rows(removed) == ["rocket", "*"]
    assert Webhook.objects.count() == 0


def test_every_action_and_object_can_be_chosen(browser: Client) -> None:
    page = browser.get(f"{HOME}/new").content.decode()
    for value in ("*", "created", "updated", "deleted", "restored", "destroyed", "rocket"):
        assert f'<option value="{value}"' in page


def test_edit(browser: Client, own: Workspace) -> None:
    webhook = made(own, operations=["rocket.created", "metadata.fieldMetadata.*"])
    Webhook.objects.update(operations=["gone.created", "metadata.fieldMetadata.*"])
    page = browser.get(f"{HOME}/{webhook.id}/edit")
    assert "gone (does not exist) metadata.fieldMetadata (the data model)" in text(page)
    assert chosen_rows(page) == ["gone", "created", "metadata.fieldMetadata", "*"]
    response = browser.post(f"{HOME}/{webhook.id}/edit", form(description="", object=["*"], action=["*"]))
    assert response["Location"] == f"{HOME}/{webhook.id}"
    before = webhook.secret
    webhook.refresh_from_db()
    assert (webhook.operations, webhook.description, webhook.secret) == (["*.*"], None, before)


def test_the_list_tells_of_state_and_last_delivery(browser: Client, own: Workspace) -> None:
    made(own, description="the quiet one", isActive=False)
    busy = made(own, operations=["rocket.created", "rocket.updated", "rocket.deleted", "rocket.restored"])
    outbox.handle([event(principal_of(own), object_name="rocket")], "default")
    Delivery.objects.update(status="failed")
    page = text(browser.get(HOME))
    assert "the quiet one Paused All events None yet" in page
    assert "Active rocket.created, rocket.updated, rocket.deleted and 1 more Failed" in page
    found = browser.get(HOME, {"q": "QUIET"}).content.decode()
    assert "the quiet one" in found and str(busy.id) not in found


def test_the_log_and_a_redelivery(browser: Client, own: Workspace) -> None:
    webhook = made(own)
    outbox.handle([event(principal_of(own)) for _ in range(55)], "default")
    newest = Delivery.objects.order_by("-id")[0]
    Delivery.objects.filter(id=newest.id).update(status="failed", last_error="The receiver answered 500")
    detail = browser.get(f"{HOME}/{webhook.id}").content.decode()
    assert detail.count('data-label="Status"') == 50 and 'rel="next"' in detail and 'rel="prev"' not in detail
    older = re.search(r'rel="next" href="([^"]*)"', detail)
    assert older is not None
    second = browser.get(f"{HOME}/{webhook.id}{older[1].replace('&amp;', '&')}").content.decode()
    assert second.count('data-label="Status"') == 5 and 'rel="prev"' in second
    failed = browser.get(f"{HOME}/{webhook.id}", {"status": "failed"}).content.decode()
    assert failed.count('data-label="Status"') == 1

    path = f"{HOME}/{webhook.id}/deliveries/{newest.id}"
    page = text(browser.get(path))
    assert newest.message_id in page and "The receiver answered 500" in page and "Zoë &amp; Söhne" in page
    assert browser.post(f"{path}/redeliver")["Location"] == path
    newest.refresh_from_db()
    assert newest.status == "pending"


def test_a_test_is_sent_and_shown(browser: Client, own: Workspace, receiver: Receiver) -> None:
    webhook = made(own, targetUrl=receiver.url())
    response = browser.post(f"{HOME}/{webhook.id}/test", {"object": "rocket", "action": "restored"}, follow=True)
    assert "The receiver answered 200 in" in text(response)
    assert b'"eventName":"rocket.restored"' in receiver.received[0].body
    assert response.redirect_chain == [(f"{HOME}/{webhook.id}/deliveries/{Delivery.objects.get().id}", 302)]


def test_pause_resume_rotate_recover(browser: Client, own: Workspace) -> None:
    webhook = made(own)
    browser.post(f"{HOME}/{webhook.id}/switch", {"active": "0"})
    assert not Webhook.objects.get().is_active
    browser.post(f"{HOME}/{webhook.id}/switch", {"active": "1"})
    assert Webhook.objects.get().is_active
    rotated = browser.post(f"{HOME}/{webhook.id}/rotate", {"hours": "24"})
    assert rotated["Location"] == f"{HOME}/{webhook.id}/secret"
    row = Webhook.objects.get()
    assert row.secret != webhook.secret and row.previous_secret == webhook.secret
    assert "0 failed deliveries are sent again." in text(
        browser.post(f"{HOME}/{webhook.id}/recover", {"days": "7"}, follow=True)
    )


def test_delete_asks_for_the_word(browser: Client, own: Workspace) -> None:
    webhook = made(own)
    assert browser.get(f"{HOME}/{webhook.id}/delete").status_code == 200
    refused = browser.post(f"{HOME}/{webhook.id}/delete", {"confirmation": "yes"})
    assert refused.status_code == 422 and Webhook.objects.get().deleted_at is None
    assert browser.post(f"{HOME}/{webhook.id}/delete", {"confirmation": "delete"})["Location"] == HOME
    assert Webhook.objects.get().deleted_at is not None
    assert browser.get(f"{HOME}/{webhook.id}").status_code == 404


PAGES = ["", "/new", "/{id}", "/{id}/edit", "/{id}/secret", "/{id}/delete"]
ACTS = [
    "/new",
    "/{id}/edit",
    "/{id}/secret",
    "/{id}/rotate",
    "/{id}/switch",
    "/{id}/test",
    "/{id}/recover",
    "/{id}/delete",
]


@pytest.mark.parametrize("path", PAGES)
def test_nobody_signed_in(own: Workspace, path: str) -> None:
    response = Client().get(HOME + path.format(id=made(own).id))
    assert response.status_code == 302 and response["Location"].startswith("/settings/login")


@pytest.mark.parametrize("path", ACTS)
def test_a_member_without_the_permission_changes_nothing(own: Workspace, path: str) -> None:
    webhook = made(own)
    before = Webhook.objects.values().get()
    response = signed_in(own, role="Member").post(
        HOME + path.format(id=webhook.id), form(confirmation="delete", active="0")
    )
    assert response.status_code == 403
    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize("path", [each for each in ACTS if "{id}" in each])
def test_another_workspaces_webhook_is_not_there(own: Workspace, path: str) -> None:
    webhook = made(own)
    stranger = signed_in(workspace_with(name="Other"), email="eve@example.com")
    response = stranger.post(HOME + path.format(id=webhook.id), form(confirmation="delete", active="0", hours="0"))
    assert response.status_code == 404
    row = Webhook.objects.get()
    assert (row.is_active, row.deleted_at, row.secret) == (True, None, webhook.secret)


@pytest.mark.parametrize("path", ACTS)
def test_forms_need_their_token(own: Workspace, path: str) -> None:
    webhook = made(own)
    before = Webhook.objects.values().get()
    browser = signed_in(own, enforce_csrf_checks=True)
    assert browser.post(HOME + path.format(id=webhook.id), form(confirmation="delete")).status_code == 403
    assert Webhook.objects.values().get() == before


def test_a_short_secret_and_a_deleted_object_are_warned_of(browser: Client, own: Workspace) -> None:
    answer = browser.post(f"{HOME}/new", form(secret="fifteen letters".replace(" ", "-")))
    webhook = Webhook.objects.get()
    assert answer["Location"] == f"{HOME}/{webhook.id}/secret"
    warning = "The secret is shorter than 16 characters: one delivery is enough to guess it."
    assert warning in text(browser.get(f"{HOME}/{webhook.id}/secret"))
    Webhook.objects.update(secret="s" * 16, operations=["rocket.created", "gone.*"])
    page = text(browser.get(f"{HOME}/{webhook.id}"))
    assert warning not in page
    assert "No object is called &quot;gone&quot;: gone.* is never sent." in page
    assert "rocket.created , gone.* Stale" in page
    assert "rocket.created, gone.* Stale" in text(browser.get(HOME))


def test_a_member_that_the_form_has_not_is_refused_by_name(browser: Client, own: Workspace) -> None:
    answer = browser.post(f"{HOME}/new", form(target_uri="https://example.com/"))
    assert answer.status_code == 422
    assert "The form has no member &quot;target_uri&quot;" in text(answer)
    assert "Did you mean &quot;target_url&quot;?" in text(answer)
    assert Webhook.objects.count() == 0


def test_send_again_takes_what_waits_for_a_retry_too(browser: Client, own: Workspace) -> None:
    webhook = made(own)
    outbox.handle([event(principal_of(own)) for _ in range(3)], "default")
    failed, waiting, fresh = Delivery.objects.order_by("id")
    later = timezone.now() + timedelta(hours=5)
    Delivery.objects.update(created_at=timezone.now())
    Delivery.objects.filter(id=failed.id).update(status="failed", attempts=10)
    Delivery.objects.filter(id=waiting.id).update(attempts=3, next_attempt_at=later)
    said = text(browser.post(f"{HOME}/{webhook.id}/recover", {"days": "1"}, follow=True))
    assert "2 failed deliveries are sent again." in said
    for each in (failed, waiting):
        each.refresh_from_db()
        assert each.status == "pending" and each.next_attempt_at is not None and each.next_attempt_at < later
    before = fresh.next_attempt_at
    fresh.refresh_from_db()
    assert fresh.next_attempt_at == before


def test_the_red_notice_switches_on(browser: Client, own: Workspace) -> None:
    webhook = made(own)
    Webhook.objects.filter(id=webhook.id).update(is_active=False, disabled_reason="Nothing but failures for five days")
    page = browser.get(f"{HOME}/{webhook.id}").content.decode()
    notice = page[page.index("notice-bad") :]
    assert "Switch on" in notice[: notice.index("</form>")]


def test_a_test_says_so_in_body_header_and_log(browser: Client, own: Workspace, receiver: Receiver) -> None:
    webhook = made(own, targetUrl=receiver.url())
    browser.post(f"{HOME}/{webhook.id}/test", {"object": "rocket", "action": "created", "record": ""})
    [got] = receiver.received
    assert json.loads(got.body)["isTest"] is True and got.headers["X-Fourgate-Test"] == "true"
    delivery = Delivery.objects.get()
    assert delivery.is_test
    assert "rocket.created Test" in text(browser.get(f"{HOME}/{webhook.id}"))
    assert "Test Sent by hand" in text(browser.get(f"{HOME}/{webhook.id}/deliveries/{delivery.id}"))


def test_a_test_tells_of_a_real_record(browser: Client, own: Workspace, receiver: Receiver) -> None:
    api = api_of(own)
    ids = [api.post("/rest/rockets", {"name": name}).body["data"]["createRocket"]["id"] for name in ("Ada", "Eve")]
    webhook = made(own, targetUrl=receiver.url())
    for record in ("newest", ids[0]):
        browser.post(f"{HOME}/{webhook.id}/test", {"object": "rocket", "action": "created", "record": record})
    told = [json.loads(each.body)["record"] for each in receiver.received if b"isTest" in each.body]
    assert [(each["id"], each["name"]) for each in told] == [(ids[1], "Eve"), (ids[0], "Ada")]
    for record, said in (("none", "recordId must be a UUID"), (str(webhook.id), "Record not found")):
        given = {"object": "rocket", "action": "created", "record": record}
        assert said in text(browser.post(f"{HOME}/{webhook.id}/test", given, follow=True))
    assert Delivery.objects.filter(is_test=True).count() == 2


def test_what_speaks_against_a_webhook_is_told_before_it_is_saved(
    browser: Client, own: Workspace, receiver: Receiver
) -> None:
    asked = {name: value for name, value in form().items() if name != "sure"}
    refused = browser.post(f"{HOME}/new", asked)
    assert "takes no connections just now" in text(refused) and "Create all the same" in text(refused)
    assert not Webhook.objects.exists()
    made(own, targetUrl=receiver.url(), operations=["*.created"])
    twice = browser.post(f"{HOME}/new", {**asked, "target_url": receiver.url()})
    assert "Another webhook sends some of these events to this address: each would come twice." in text(twice)
    assert Webhook.objects.count() == 1
    other = {**asked, "target_url": receiver.url(), "action": ["deleted", ""]}
    assert browser.post(f"{HOME}/new", other).status_code == 302
    assert browser.post(f"{HOME}/new", form(target_url=receiver.url())).status_code == 302
    assert Webhook.objects.count() == 3


def test_webhooks_come_in_pages_by_state_and_in_order(browser: Client, own: Workspace) -> None:
    for number in range(52):
        made(own, targetUrl=f"http://127.0.0.1:9/{99 - number}", isActive=number != 3)
    first = browser.get(HOME).content.decode()
    assert (first.count('<td class="main">'), "Page 1 of 2" in first) == (50, True)
    assert browser.get(HOME, {"page": "2"}).content.decode().count('<td class="main">') == 2
    paused = browser.get(HOME, {"state": "paused"}).content.decode()
    assert paused.count('<td class="main">') == 1 and "127.0.0.1:9/96" in paused
    by_address = browser.get(HOME, {"sort": "url"}).content.decode()
    assert by_address.index("127.0.0.1:9/50") < by_address.index("127.0.0.1:9/51")
