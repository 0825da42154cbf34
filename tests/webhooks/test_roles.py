"""Webhooks act as a role: what they tell of, from the record that is written to the receiver and the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test.utils import override_settings
from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_delete
from metadata.models import ObjectMetadata, Workspace
from tests.budgets.recording import recording
from tests.factories import Api, add_field, api_of, principal_of, workspace_with
from tests.security.webhook_scene import FLAG, HOOK, PATH, READS_ALL, Scene, make_role, make_scene
from tests.settings_pages.test_webhooks import signed_in, text
from tests.webhooks.conftest import Receiver, network
from webhooks.delivery.worker import NOT_READABLE, Worker
from webhooks.models import Delivery, Webhook, WebhookAct

pytestmark = pytest.mark.django_db

ROLE_DELETED = "The role it acted as was deleted: choose another role, then switch it on"


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(clock=timezone.now, chance=lambda: 0.5, network=network())
    yield worker
    worker.close()


def bodies(webhook: dict[str, Any]) -> list[dict[str, Any]]:
    rows = Delivery.objects.filter(webhook_id=webhook["id"]).order_by("id")
    return [json.loads(bytes(each.body)) for each in rows]


def names(webhook: dict[str, Any]) -> list[str]:
    return [each["eventName"] for each in bodies(webhook)]


def rocket(scene: Scene, **more: Any) -> str:
    made = scene.admin.post("/rest/rockets", {"motto": "Up", "fuel": "kerosene", **more})
    assert made.status == 201, made.body
    id: str = made.body["data"]["createRocket"]["id"]
    return id


def test_only_readable_objects_and_fields_leave(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    own = scene.webhook(scene.hooks, targetUrl=receiver.url())
    full = scene.webhook(scene.admin)
    rocket(scene)
    assert scene.admin.post("/rest/vaults", {"code": "1234"}).status == 201
    assert names(own) == ["rocket.created"]
    assert names(full) == ["rocket.created", "vault.created"]
    [told], [whole, _] = bodies(own), bodies(full)
    assert "fuel" not in told["record"]
    assert whole["record"] == {**told["record"], "fuel": "kerosene"}
    worker.run_once()
    [received] = receiver.received
    assert json.loads(received.body) == told and b"kerosene" not in received.body


def test_an_update_of_hidden_fields_only_is_not_told(scene: Scene) -> None:
    own, full = scene.webhook(scene.hooks), scene.webhook(scene.admin)
    id = rocket(scene)
    scene.admin.patch(f"/rest/rockets/{id}", {"fuel": "hydrogen"})
    scene.admin.patch(f"/rest/rockets/{id}", {"fuel": "methane", "motto": "On"})
    assert [each.get("updatedFields") for each in bodies(own)] == [None, ["motto"]]
    assert [each.get("updatedFields") for each in bodies(full)] == [None, ["fuel"], ["fuel", "motto"]]
    for act in (
        lambda: scene.admin.delete(f"/rest/rockets/{id}?soft_delete=true"),
        lambda: scene.admin.delete(f"/rest/rockets/{id}"),
    ):
        assert act().status == 200
    assert names(own) == ["rocket.created", "rocket.updated", "rocket.deleted", "rocket.destroyed"]
    assert all("fuel" not in each["record"] for each in bodies(own))


def test_asking_the_role_costs_a_write_no_statement(scene: Scene) -> None:
    def statements() -> int:
        rocket(scene)  # what is kept by version is read once
        with recording() as sent:
            rocket(scene)
        return len(sent)

    scene.webhook(scene.admin)
    as_admin = statements()
    Webhook.objects.all().delete()
    scene.webhook(scene.hooks)
    assert statements() == as_admin
    scene.hide_field("Hooks", "rocket", "motto")
    assert statements() == as_admin


def test_the_role_is_asked_when_the_event_is_written(scene: Scene) -> None:
    hook = scene.webhook(scene.plain)
    rocket(scene)
    scene.hide_field("Plain", "rocket", "fuel")
    rocket(scene)
    scene.hide_object("Plain", "rocket")
    rocket(scene)
    assert ["fuel" in each["record"] for each in bodies(hook)] == [True, False]


def test_the_role_is_asked_when_it_is_sent(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    """Bodies were made while the role could read more; what it lost since does not leave."""
    scene.webhook(scene.plain, targetUrl=receiver.url())
    id = rocket(scene)
    scene.admin.patch(f"/rest/rockets/{id}", {"fuel": "hydrogen"})
    scene.admin.post("/rest/vaults", {"code": "1234"})
    scene.hide_field("Plain", "rocket", "fuel")
    scene.hide_object("Plain", "vault")
    worker.run_once()
    [received] = receiver.received
    assert json.loads(received.body)["eventName"] == "rocket.created"
    assert b"fuel" not in received.body and b"kerosene" not in received.body
    rows = list(Delivery.objects.order_by("id").values_list("event_name", "status", "last_error", "attempts"))
    assert rows == [
        ("rocket.created", "delivered", None, 1),
        ("rocket.updated", "failed", NOT_READABLE, 0),
        ("vault.created", "failed", NOT_READABLE, 0),
    ]
    assert bytes(Delivery.objects.get(event_name="rocket.created").body) == received.body


def test_a_renamed_field_stays_hidden(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    """The body has it under the name it had."""
    scene.webhook(scene.plain, targetUrl=receiver.url())
    rocket(scene)
    scene.hide_field("Plain", "rocket", "fuel")
    renamed = scene.admin.patch(
        f"/rest/metadata/fields/{scene.field_id('rocket', 'fuel')}", {"name": "propellant", "label": "Propellant"}
    )
    assert renamed.status == 200, renamed.body
    worker.run_once()
    assert b"kerosene" not in receiver.received[0].body and b'"motto":"Up"' in receiver.received[0].body


def test_revoking_its_makers_key_does_not_stop_it(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    hook = scene.webhook(scene.hooks, targetUrl=receiver.url())
    ApiKey.objects.filter(role_id=scene.role_id("Hooks")).update(revoked_at=timezone.now())
    assert scene.hooks.get(PATH).status == 403
    rocket(scene)
    worker.run_once()
    assert len(receiver.received) == 1
    shown = scene.admin.get(f"{PATH}/{hook['id']}").body
    assert (shown["state"], shown["stateReason"], shown["roleLabel"]) == ("active", None, "Hooks")


def test_it_pauses_and_says_so_when_its_role_is_deleted(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    browser = signed_in(scene.workspace)
    hook = scene.webhook(scene.hooks, targetUrl=receiver.url())
    path = f"{PATH}/{hook['id']}"
    rocket(scene)
    role_delete(principal_of(scene.workspace), role_id=scene.role_id("Hooks"))
    rocket(scene)
    assert worker.run_once() == 0 and receiver.received == []
    assert list(Delivery.objects.values_list("status", flat=True)) == ["held"]
    shown = scene.admin.get(path).body
    assert (shown["isActive"], shown["state"], shown["roleLabel"]) == (False, "paused", None)
    assert shown["stateReason"] == shown["disabledReason"] == ROLE_DELETED
    page = text(browser.get(f"/settings/api-webhooks/webhooks/{hook['id']}"))
    assert ROLE_DELETED in page and "A role that was deleted" in page

    refused = scene.admin.patch(path, {"isActive": True})
    assert (refused.status, refused.body["code"], refused.body["path"]) == (400, "WEBHOOK_ROLE_DELETED", "roleId")
    assert scene.admin.get(path).body == shown
    on = scene.admin.patch(path, {"roleId": str(scene.role_id("Plain")), "isActive": True})
    assert (on.status, on.body["state"], on.body["disabledReason"], on.body["roleLabel"]) == (
        200,
        "active",
        None,
        "Plain",
    )
    assert worker.run_once() == 1 and len(receiver.received) == 1


def test_a_role_deleted_behind_our_back_is_noticed_by_the_worker(
    scene: Scene, receiver: Receiver, worker: Worker
) -> None:
    hook = scene.webhook(scene.hooks, targetUrl=receiver.url())
    rocket(scene)
    Webhook.objects.update(role_id=uuid4())
    assert worker.run_once() == 0 and receiver.received == []
    assert scene.admin.get(f"{PATH}/{hook['id']}").body["disabledReason"] == ROLE_DELETED
    assert Delivery.objects.get().status == "held"


def test_an_admin_changes_the_role_within_their_rights(scene: Scene) -> None:
    hook = scene.webhook(scene.admin)
    path = f"{PATH}/{hook['id']}"
    changed = scene.admin.patch(path, {"roleId": str(scene.role_id("Hooks"))})
    assert (changed.status, changed.body["roleLabel"]) == (200, "Hooks")
    scene.admin.post("/rest/vaults", {"code": "1234"})
    assert bodies(hook) == []

    for api, role, code in (
        (scene.hooks, "Plain", "PERMISSION_DENIED"),  # without ROLES
        (scene.hooks, "Admin", "PERMISSION_DENIED"),
        (scene.admin, None, "ROLE_NOT_FOUND"),
    ):
        refused = api.patch(path, {"roleId": str(uuid4() if role is None else scene.role_id(role))})
        assert refused.body["code"] == code
    assert scene.admin.patch(path, {"roleId": 5}).body["messages"] == ["roleId must be a UUID"]
    assert scene.admin.get(path).body["roleLabel"] == "Hooks"


def test_nobody_gives_a_role_beyond_their_own(scene: Scene) -> None:
    make_role(scene.workspace, "Keeper", [FLAG, "ROLES"], **READS_ALL)
    keeper = api_of(scene.workspace, role="Keeper")
    hook = scene.webhook(keeper)
    for answer in (
        keeper.patch(f"{PATH}/{hook['id']}", {"roleId": str(scene.role_id("Admin"))}),
        keeper.post(PATH, {"targetUrl": HOOK, "roleId": str(scene.role_id("Admin"))}),
    ):
        assert (answer.status, answer.body["code"]) == (403, "PERMISSION_DENIED")
        assert answer.body["permission"] == "canUpdateAllSettings"
    assert [each.role_id for each in Webhook.objects.all()] == [scene.role_id("Keeper")]
    given = keeper.patch(f"{PATH}/{hook['id']}", {"roleId": str(scene.role_id("Hooks"))})
    assert (given.status, given.body["roleLabel"]) == (200, "Hooks")
    made = keeper.post(PATH, {"targetUrl": HOOK, "roleId": str(scene.role_id("Plain"))})
    assert (made.status, made.body["roleLabel"]) == (201, "Plain")


@pytest.mark.parametrize("operation", ["vault.created", "vault.*", "nothing.created"])
def test_a_subscription_to_what_the_maker_may_not_read_is_refused(scene: Scene, operation: str) -> None:
    """One that is hidden and one that is not there are refused alike."""
    name = operation.partition(".")[0]
    refused = scene.hooks.post(PATH, {"targetUrl": HOOK, "operations": ["rocket.*", operation]})
    assert (refused.status, refused.body["code"], refused.body["path"]) == (
        400,
        "WEBHOOK_OBJECT_NOT_READABLE",
        "operations",
    )
    assert refused.body["messages"] == [f'Object "{name}" does not exist, or the role "Hooks" may not read it']
    assert Webhook.objects.count() == 0
    hook = scene.webhook(scene.hooks, operations=["rocket.*", "*.*", "*.created"])
    again = scene.hooks.patch(f"{PATH}/{hook['id']}", {"operations": [operation]})
    assert (again.status, again.body["messages"]) == (400, refused.body["messages"])
    assert Webhook.objects.get().operations == ["rocket.*", "*.*", "*.created"]


def test_a_role_that_may_not_read_what_the_webhook_hears_of_is_refused(scene: Scene) -> None:
    hook = scene.webhook(scene.admin, operations=["vault.*"])
    refused = scene.admin.patch(f"{PATH}/{hook['id']}", {"roleId": str(scene.role_id("Hooks"))})
    assert (refused.status, refused.body["code"]) == (400, "WEBHOOK_OBJECT_NOT_READABLE")
    assert Webhook.objects.get().role_id == scene.role_id("Admin")


# What is shown --------------------------------------------------------------------------------------


def log(api: Api, hook: dict[str, Any]) -> list[tuple[str, str]]:
    listed = api.get(f"{PATH}/{hook['id']}/deliveries").body["data"]
    return [(each["id"], each["eventName"]) for each in reversed(listed)]


def test_the_log_follows_the_viewers_role(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    browser = signed_in(scene.workspace, role="Hooks", email="hooks@example.com")
    receiver.answer = (200, {"X-Echo": "kerosene"}, b"kerosene")
    hook = scene.webhook(scene.admin, targetUrl=receiver.url("/secret-path"))
    id = rocket(scene)
    scene.admin.patch(f"/rest/rockets/{id}", {"fuel": "hydrogen"})
    scene.admin.patch(f"/rest/rockets/{id}", {"motto": "On", "fuel": "methane"})
    scene.admin.post("/rest/vaults", {"code": "1234"})
    worker.run_once()
    everything = log(scene.admin, hook)
    assert [name for _, name in everything] == ["rocket.created", "rocket.updated", "rocket.updated", "vault.created"]
    created, hidden, both, vault = (each for each, _ in everything)
    assert log(scene.hooks, hook) == [(created, "rocket.created"), (both, "rocket.updated")]

    for each in (hidden, vault, str(uuid4())):
        answer = scene.hooks.get(f"/rest/metadata/webhookDeliveries/{each}")
        assert (answer.status, answer.body["messages"]) == (404, ["Delivery not found"])
    whole = scene.admin.get(f"/rest/metadata/webhookDeliveries/{both}").body
    assert whole["isRedacted"] is False and whole["attemptLog"][0]["responseBody"] == "kerosene"
    assert json.loads(whole["body"])["updatedFields"] == ["motto", "fuel"]
    shown = scene.hooks.get(f"/rest/metadata/webhookDeliveries/{both}")
    body = json.loads(shown.body["body"])
    assert (shown.body["isRedacted"], body["updatedFields"]) == (True, ["motto"])
    assert body["targetUrl"] == f"http://127.0.0.1:{receiver.port}/••••"
    assert "fuel" not in body["record"] and body["record"]["motto"] == "On"
    assert (
        "methane" not in str(shown.body) and "kerosene" not in str(shown.body) and "secret-path" not in str(shown.body)
    )

    query = "query ($id: UUID!) { webhookDelivery(id: $id) { body isRedacted attemptLog { responseBody } } }"
    one = scene.hooks.data(query, {"id": both}, path="/metadata")["webhookDelivery"]
    assert one == {"body": shown.body["body"], "isRedacted": True, "attemptLog": [{"responseBody": None}]}
    listing = "query ($id: UUID!) { webhookDeliveries(webhookId: $id) { edges { node { id body } } } }"
    edges = scene.hooks.data(listing, {"id": hook["id"]}, path="/metadata")["webhookDeliveries"]["edges"]
    assert [each["node"]["id"] for each in edges] == [both, created]
    assert edges[0]["node"]["body"] == shown.body["body"]

    home = f"/settings/api-webhooks/webhooks/{hook['id']}"
    page = browser.get(home).content.decode()
    assert page.count('data-label="Status"') == 2 and "vault" not in page and "secret-path" not in page
    detail = browser.get(f"{home}/deliveries/{both}").content.decode()
    assert "methane" not in detail and "kerosene" not in detail and "motto" in detail
    assert browser.get(f"{home}/deliveries/{vault}").status_code == 404
    listed = browser.get("/settings/api-webhooks/webhooks").content.decode()
    assert "secret-path" not in listed and "••••" in listed
    assert hook["id"] not in browser.get("/settings/api-webhooks/webhooks", {"q": "secret-path"}).content.decode()


def test_the_last_delivery_on_the_list_is_one_that_may_be_seen(scene: Scene) -> None:
    browser = signed_in(scene.workspace, role="Hooks", email="hooks@example.com")
    scene.webhook(scene.admin, description="the one")
    scene.admin.post("/rest/vaults", {"code": "1234"})
    assert "None yet" in text(browser.get("/settings/api-webhooks/webhooks"))
    id = rocket(scene)
    Delivery.objects.update(status="delivered")
    scene.admin.patch(f"/rest/rockets/{id}", {"fuel": "hydrogen"})
    assert "Delivered" in text(browser.get("/settings/api-webhooks/webhooks"))
    scene.admin.patch(f"/rest/rockets/{id}", {"motto": "On"})
    assert "Waiting" in text(browser.get("/settings/api-webhooks/webhooks"))


def test_the_log_follows_the_webhooks_role_too(scene: Scene) -> None:
    hook = scene.webhook(scene.plain)
    rocket(scene)
    [(id, _)] = log(scene.admin, hook)
    scene.hide_field("Plain", "rocket", "fuel")
    shown = scene.admin.get(f"/rest/metadata/webhookDeliveries/{id}").body
    assert "kerosene" not in shown["body"] and shown["isRedacted"] is True
    scene.hide_object("Plain", "rocket")
    shown = scene.admin.get(f"/rest/metadata/webhookDeliveries/{id}").body
    assert json.loads(shown["body"])["record"] == {}
    assert scene.plain.get(f"/rest/metadata/webhookDeliveries/{id}").status == 404


def test_a_test_is_made_of_what_the_role_reads(scene: Scene, receiver: Receiver) -> None:
    hook = scene.webhook(scene.hooks, targetUrl=receiver.url())
    path = f"{PATH}/{hook['id']}/test"
    for name in ("vault", "nothing"):
        refused = scene.hooks.post(path, {"object": name, "action": "created"})
        assert (refused.status, refused.body["messages"]) == (400, [f"Object {name} does not exist"])
        assert scene.admin.post(path, {"object": name, "action": "created"}).status == 400
    assert scene.hooks.post(path, {"object": "rocket", "action": "created"}).status == 200
    [received] = receiver.received
    record = json.loads(received.body)["record"]
    assert "motto" in record and "fuel" not in record
    assert [each["eventName"] for each in scene.hooks.get(f"{PATH}/{hook['id']}/deliveries").body["data"]] == [
        "rocket.created"
    ]
    page = signed_in(scene.workspace, role="Hooks", email="hooks@example.com").get(
        f"/settings/api-webhooks/webhooks/{hook['id']}"
    )
    assert '<option value="rocket"' in page.content.decode() and '<option value="vault"' not in page.content.decode()


# Other people's secrets -----------------------------------------------------------------------------


def test_secrets_of_a_role_above_are_masked(scene: Scene) -> None:
    hook = scene.webhook(scene.admin, operations=["vault.created", "rocket.*", "*.destroyed"])
    secret = hook["secret"]
    assert scene.admin.get(f"{PATH}/{hook['id']}").body["secret"] == secret
    shown = scene.hooks.get(f"{PATH}/{hook['id']}").body
    assert (shown["secret"], shown["targetUrl"]) == (None, "http://127.0.0.1:9/••••")
    assert shown["operations"] == ["rocket.*", "*.destroyed"]
    assert scene.hooks.get(PATH).body == [shown]
    one = scene.hooks.data("{ webhooks { secret targetUrl } }", path="/metadata")["webhooks"]
    assert one == [{"secret": None, "targetUrl": "http://127.0.0.1:9/••••"}]
    own = scene.webhook(scene.hooks)
    assert scene.hooks.get(f"{PATH}/{own['id']}").body["secret"] == own["secret"]
    assert scene.plain.get(f"{PATH}/{own['id']}").body["secret"] == own["secret"]  # may read all that Hooks may
    assert scene.admin.get(f"{PATH}/{own['id']}").body["secret"] == own["secret"]


def test_revealing_is_noted(scene: Scene) -> None:
    hook = scene.webhook(scene.hooks, secret="correct horse")
    path = f"{PATH}/{hook['id']}"
    answer = scene.hooks.post(f"{path}/revealSecret")
    assert (answer.status, answer.body) == (
        200,
        {"secret": "correcthorse", "standardSecret": "whsec_Y29ycmVjdGhvcnNl"},
    )
    assert answer.headers["Cache-Control"] == "no-store"
    query = "mutation ($id: UUID!) { revealWebhookSecret(id: $id) { secret standardSecret } }"
    assert scene.admin.data(query, {"id": hook["id"]}, path="/metadata")["revealWebhookSecret"] == answer.body
    browser = signed_in(scene.workspace)
    home = f"/settings/api-webhooks/webhooks/{hook['id']}"
    assert "correcthorse" in text(browser.get(browser.post(f"{home}/secret")["Location"]))
    acts = scene.admin.get(f"{path}/acts").body["data"]
    key = ApiKey.objects.get(role_id=scene.role_id("Hooks"))
    assert [(each["act"], each["byName"]) for each in acts] == [
        ("secretRevealed", "ada@example.com"),
        ("secretRevealed", "Test key"),
        ("secretRevealed", "Test key"),
        ("created", "Test key"),
    ]
    assert (acts[2]["byApiKeyId"], acts[2]["byMemberId"]) == (str(key.id), None)
    assert acts[0]["byApiKeyId"] is None and acts[0]["byMemberId"] is not None
    listed = "query ($id: UUID!) { webhookActs(webhookId: $id) { act byName at } }"
    over_graphql = scene.admin.data(listed, {"id": hook["id"]}, path="/metadata")["webhookActs"]
    assert over_graphql == [{name: each[name] for name in ("act", "byName", "at")} for each in acts]
    assert "ada@example.com saw its secret" in text(browser.get(home))
    assert "correcthorse" not in str(acts)


def test_every_act_is_noted_without_values(scene: Scene) -> None:
    hook = scene.webhook(scene.admin)
    path = f"{PATH}/{hook['id']}"
    scene.admin.patch(path, {"description": "x", "secret": "geheim", "operations": ["*.*"]})
    scene.admin.post(f"{path}/rotateSecret", {"overlapHours": 0})
    scene.admin.delete(path)
    acts = WebhookAct.objects.order_by("id").values_list("act", "members")
    assert list(acts) == [
        ("created", []),
        ("updated", ["description", "secret"]),
        ("secretRotated", []),
        ("deleted", []),
    ]


@override_settings(WEBHOOK_SECRETS_MASKED=True)
def test_the_strict_setting_masks_what_was_not_asked_for(scene: Scene) -> None:
    hook = scene.webhook(scene.admin)
    path = f"{PATH}/{hook['id']}"
    assert hook["secret"].startswith("whsec_")
    assert scene.admin.get(path).body["secret"] is None
    assert scene.admin.patch(path, {"description": "x"}).body["secret"] is None
    assert scene.admin.data("{ webhooks { secret } }", path="/metadata")["webhooks"] == [{"secret": None}]
    assert scene.admin.post(f"{path}/revealSecret").body["secret"] == hook["secret"]
    rotated = scene.admin.post(f"{path}/rotateSecret", {"overlapHours": 0}).body["secret"]
    assert rotated is not None and rotated != hook["secret"]


# Files and secrets -------------------------------------------------------------------------------------


def looks_and_downloads(workspace: Workspace) -> tuple[Api, Api]:
    """Two that read everything, the second files too."""
    make_role(workspace, "Looks", [FLAG], **READS_ALL)
    make_role(workspace, "Downloads", [FLAG, "DOWNLOAD_FILE"], **READS_ALL)
    return api_of(workspace, role="Looks"), api_of(workspace, role="Downloads")


def test_addresses_of_files_follow_the_webhooks_role(scene: Scene, receiver: Receiver, worker: Worker) -> None:
    rocket = ObjectMetadata.objects.get(id=scene.object_id("rocket"))
    add_field(scene.workspace, rocket, "FILES", "drawings", settings={"maxNumberOfValues": 2})
    looks, downloads = looks_and_downloads(scene.workspace)
    hooks = [
        scene.webhook(each, targetUrl=receiver.url(), operations=["rocket.created"]) for each in (looks, downloads)
    ]
    file = scene.admin.uploaded("rocket.drawings", "a.txt")
    made = scene.admin.post("/rest/rockets", {"drawings": [{"fileId": file, "label": "A"}]})
    assert made.status == 201, made.body
    without, with_address = (bodies(each)[0]["record"]["drawings"][0] for each in hooks)
    assert without == {"fileId": file, "label": "A", "extension": ".txt", "url": None}
    assert with_address["url"].startswith("http") and "token=" in with_address["url"]
    worker.run_once()
    received = [json.loads(each.body)["record"]["drawings"][0]["url"] for each in receiver.received]
    assert sorted(received, key=str) == sorted([None, with_address["url"]], key=str)

    [row] = scene.admin.get(f"{PATH}/{hooks[1]['id']}/deliveries").body["data"]
    for api, url in ((scene.admin, with_address["url"]), (looks, None)):
        shown = api.get(f"/rest/metadata/webhookDeliveries/{row['id']}").body
        assert json.loads(shown["body"])["record"]["drawings"][0]["url"] == url
        assert shown["isRedacted"] is (url is None)


def test_an_address_is_left_out_of_what_was_written_before_the_right_went(
    scene: Scene, receiver: Receiver, worker: Worker
) -> None:
    rocket = ObjectMetadata.objects.get(id=scene.object_id("rocket"))
    add_field(scene.workspace, rocket, "FILES", "drawings", settings={"maxNumberOfValues": 2})
    _, downloads = looks_and_downloads(scene.workspace)
    scene.webhook(downloads, targetUrl=receiver.url(), operations=["rocket.created"])
    file = scene.admin.uploaded("rocket.drawings", "a.txt")
    scene.admin.post("/rest/rockets", {"motto": "Up", "drawings": [{"fileId": file, "label": "A"}]})
    permission_flags_upsert(principal_of(scene.workspace), role_id=scene.role_id("Downloads"), flags=[FLAG])
    worker.run_once()
    [request] = receiver.received
    record = json.loads(request.body)["record"]
    assert (record["motto"], record["drawings"][0]["url"]) == ("Up", None)


def test_tokens_of_connected_accounts_stand_in_no_body_sample_or_delivery(
    receiver: Receiver, worker: Worker, db: Any
) -> None:
    workspace = workspace_with(empty=False)
    admin = api_of(workspace)
    hook = admin.post(PATH, {"targetUrl": receiver.url(), "operations": ["connectedAccount.*"]}).body
    tokens = {"accessToken": "at-5f1e", "refreshToken": "rt-77c0", "connectionParameters": {"password": "pw-93aa"}}
    made = admin.post("/rest/connectedAccounts", {"handle": "ada@example.com", **tokens})
    record_id = made.body["data"]["createConnectedAccount"]["id"]
    assert admin.patch(f"/rest/connectedAccounts/{record_id}", {"accessToken": "at-5f1e2"}).status == 200
    assert admin.delete(f"/rest/connectedAccounts/{record_id}?soft_delete=true").status == 200
    assert admin.delete(f"/rest/connectedAccounts/{record_id}").status == 200
    worker.run_once()
    sample = admin.post(f"{PATH}/{hook['id']}/test", {"object": "connectedAccount", "action": "created"})
    assert sample.status == 200, sample.body
    rows = admin.get(f"{PATH}/{hook['id']}/deliveries").body["data"]
    shown = [admin.get(f"/rest/metadata/webhookDeliveries/{each['id']}").body["body"] for each in rows]
    sent = [each.body.decode() for each in receiver.received]
    assert [len(rows), len(sent)] == [5, 5]
    for body in (*sent, *shown):
        record = json.loads(body)["record"]
        assert record["handle"] and not tokens.keys() & record.keys()
        assert not any(each in body for each in ("at-5f1e", "rt-77c0", "pw-93aa"))
