"""Webhooks over REST: shapes of both API versions, refusals, deliveries and what can be done with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apikeys.models import Role
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, api_of, principal_of, workspace_with
from tests.webhooks.conftest import START, Receiver, network
from tests.webhooks.conftest import event as make_event
from webhooks.delivery import outbox
from webhooks.delivery.worker import Worker
from webhooks.models import Attempt, Delivery, Webhook

pytestmark = pytest.mark.django_db

URL = "http://127.0.0.1:9/hook"
PATH = "/rest/metadata/webhooks"


@pytest.fixture(scope="module")
def own(uncommitted: None) -> Workspace:
    return workspace_with(
        [{"nameSingular": "rocket", "namePlural": "rockets", "fields": [{"type": "TEXT", "name": "motto"}]}]
    )


@pytest.fixture
def api(own: Workspace) -> Api:
    return api_of(own)


@pytest.fixture
def newer(own: Workspace) -> Api:
    """A key of API version 2."""
    return api_of(own, api_version="2")


@pytest.fixture
def keyless(own: Workspace) -> Api:
    """A key whose role lacks API_KEYS_AND_WEBHOOKS."""
    Role.objects.create(workspace_id=own.id, label="Reader", can_read_all_object_records=True)
    return api_of(own, role="Reader")


def create(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.post(PATH, {"targetUrl": URL, **more})
    assert answer.status == 201, answer.body
    return answer.body


def test_create_with_defaults(api: Api, own: Workspace) -> None:
    made = create(api)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made.pop("secret"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["createdAt"])
    row = Webhook.objects.get()
    assert made == {
        "id": str(row.id),
        "targetUrl": URL,
        "operations": ["*.*"],
        "description": None,
        "applicationId": str(own.custom_application_id),
        "createdAt": made["createdAt"],
        "updatedAt": made["updatedAt"],
        "deletedAt": None,
        "workspaceId": str(own.id),
        "isActive": True,
        "disabledReason": None,
        "roleId": str(Role.objects.get(workspace_id=own.id, label="Admin").id),
        "roleLabel": "Admin",
        "state": "active",
        "stateReason": None,
        "staleOperations": [],
        "warnings": [],
    }
    assert row.workspace_id == own.id
    own.refresh_from_db()
    assert own.webhooks_version == 1


def test_create_with_everything(api: Api) -> None:
    id = str(uuid4())
    made = create(
        api,
        id=id.upper(),
        targetUrl="HTTP://127.0.0.1:9",
        operations=["rocket.created", " *.destroyed ", "rocket.created", "metadata.fieldMetadata.updated"],
        description="Zoë’s",
        secret=" my own secret ",
    )
    assert made["id"] == id
    assert made["targetUrl"] == "http://127.0.0.1:9/"
    assert made["operations"] == ["rocket.created", "*.destroyed", "metadata.fieldMetadata.updated"]
    assert (made["description"], made["secret"]) == ("Zoë’s", "myownsecret")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({}, "INVALID_TARGET_URL", "targetUrl should not be empty"),
        ({"targetUrl": ""}, "INVALID_TARGET_URL", "targetUrl should not be empty"),
        ({"targetUrl": 5}, "INVALID_TARGET_URL", "targetUrl must be a string"),
        ({"targetUrl": "not-a-url"}, "INVALID_TARGET_URL", "Invalid target URL provided"),
        ({"targetUrl": "ftp://x.io"}, "INVALID_TARGET_URL", "Invalid target URL provided"),
        ({"targetUrl": "https://a:b@x.io"}, "INVALID_TARGET_URL", "Invalid target URL provided"),
        (
            {"targetUrl": "http://10.0.0.1/"},
            "INVALID_TARGET_URL",
            "Target URL is refused: 10.0.0.1 is the private or reserved address 10.0.0.1",
        ),
        (
            {"targetUrl": "http://0xa9fea9fe/latest/meta-data"},
            "INVALID_TARGET_URL",
            "Target URL is refused: 169.254.169.254 is the private or reserved address 169.254.169.254",
        ),
        (
            {"targetUrl": "https://8.8.8.8:8443/"},
            "INVALID_TARGET_URL",
            "Target URL is refused: Port 8443 is not allowed: use 80 or 443",
        ),
        ({"targetUrl": URL, "operations": []}, "INVALID_WEBHOOK_INPUT", "operations must name one event or more"),
        ({"targetUrl": URL, "operations": "*.*"}, "INVALID_WEBHOOK_INPUT", "each value in operations must be a string"),
        ({"targetUrl": URL, "operations": ["company"]}, "INVALID_WEBHOOK_INPUT", 'Invalid operation "company"'),
        ({"targetUrl": URL, "operations": ["a.removed"]}, "INVALID_WEBHOOK_INPUT", 'Invalid operation "a.removed"'),
        ({"targetUrl": URL, "secret": 5}, "INVALID_WEBHOOK_INPUT", "secret must have 1 to 512 characters"),
        ({"targetUrl": URL, "id": "x"}, "INVALID_WEBHOOK_INPUT", "id must be a UUID"),
        ({"targetUrl": URL, "isActive": "yes"}, "INVALID_WEBHOOK_INPUT", "isActive must be a boolean value"),
    ],
)
def test_refused_creations(api: Api, own: Workspace, body: Any, code: str, message: str) -> None:
    answer = api.post(PATH, body)
    assert (answer.status, answer.body["code"], answer.body["messages"]) == (400, code, [message])
    assert Webhook.objects.count() == 0
    own.refresh_from_db()
    assert own.webhooks_version == 0


def test_an_id_that_is_taken(api: Api) -> None:
    made = create(api)
    answer = api.post(PATH, {"targetUrl": URL, "id": made["id"]})
    assert (answer.status, answer.body["messages"]) == (400, ["A duplicate entry was detected"])


def test_get_update_delete(api: Api, own: Workspace) -> None:
    made = create(api)
    one = f"{PATH}/{made['id'].upper()}"
    assert api.get(one).body == made
    changed = api.patch(one, {"operations": ["rocket.*"], "description": "CRM", "targetUrl": "http://127.0.0.1:8/x"})
    assert changed.status == 200
    assert changed.body == {
        **made,
        "operations": ["rocket.*"],
        "description": "CRM",
        "targetUrl": "http://127.0.0.1:8/x",
        "updatedAt": changed.body["updatedAt"],
    }
    assert api.patch(one, {"description": None, "operations": None}).body["operations"] == ["rocket.*"]
    gone = api.delete(one)
    assert (gone.status, gone.body) == (200, True)
    assert (api.get(PATH).body, api.get(one).status, api.get(one).body) == ([], 200, None)
    assert Webhook.objects.get().deleted_at is not None
    own.refresh_from_db()
    assert own.webhooks_version == 4


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_changing_an_unknown_webhook(api: Api, method: str) -> None:
    answer = getattr(api, method)(f"{PATH}/{uuid4()}", {})
    assert (answer.status, answer.body["messages"]) == (404, ["Webhook not found"])


def test_a_refused_update_changes_nothing(api: Api) -> None:
    made = create(api)
    answer = api.patch(f"{PATH}/{made['id']}", {"description": "x", "targetUrl": "http://192.168.0.1/"})
    assert (answer.status, answer.body["path"]) == (400, "targetUrl")
    assert api.get(f"{PATH}/{made['id']}").body == made


def test_lists_by_api_version(api: Api, newer: Api) -> None:
    made = [create(api, description=str(number)) for number in range(3)]
    assert api.get(PATH).body == made
    assert api.get("/rest/webhooks").body == made
    assert newer.get("/rest/webhooks").body == made
    assert newer.get(PATH).body == {
        "data": made,
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": made[0]["id"],
            "endCursor": made[2]["id"],
        },
        "totalCount": 3,
    }
    assert newer.get("/rest/webhooks/" + made[0]["id"]).body == made[0]


def test_an_empty_page(newer: Api) -> None:
    info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert newer.get(PATH).body == {"data": [], "pageInfo": info, "totalCount": 0}


def test_walking_pages_both_ways(newer: Api) -> None:
    ids = [create(newer)["id"] for _ in range(5)]

    def page(query: str) -> tuple[list[str], bool, bool]:
        body = newer.get(f"{PATH}?limit=2&{query}").body
        return (
            [each["id"] for each in body["data"]],
            body["pageInfo"]["hasPreviousPage"],
            body["pageInfo"]["hasNextPage"],
        )

    assert page("") == (ids[:2], False, True)
    assert page(f"starting_after={ids[1]}") == (ids[2:4], True, True)
    assert page(f"starting_after={ids[3]}") == (ids[4:], True, False)
    assert page(f"ending_before={ids[4]}") == (ids[2:4], True, True)
    assert page(f"ending_before={ids[2]}") == (ids[:2], False, True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=abc", "limit 'abc' is invalid. Should be an integer"),
        ("starting_after=zzz", "Invalid cursor: zzz"),
        (
            f"starting_after={uuid4()}&ending_before={uuid4()}",
            "'starting_after' and 'ending_before' cannot be used together.",
        ),
    ],
    ids=["limit", "cursor", "both"],
)
def test_bad_pages(newer: Api, query: str, message: str) -> None:
    answer = newer.get(f"{PATH}?{query}")
    assert (answer.status, answer.body["messages"]) == (400, [message])


def test_who_may(own: Workspace, api: Api, keyless: Api) -> None:
    made = create(api)
    one = f"{PATH}/{made['id']}"
    for refused in (
        keyless.get(PATH), keyless.get(one), keyless.post(PATH, {"targetUrl": URL}), keyless.patch(one, {}),
        keyless.delete(one), keyless.get(f"{one}/deliveries"), keyless.post(f"{one}/rotateSecret", {}),
    ):  # fmt: skip
        assert (refused.status, refused.body["code"]) == (403, "PERMISSION_DENIED")
        assert refused.body["messages"] == ["Entity performing the request does not have permission"]
    anonymous = Api(None)
    assert [each.status for each in (anonymous.get(PATH), anonymous.post(PATH, {"targetUrl": URL}))] == [403, 403]
    assert Webhook.objects.count() == 1 and Webhook.objects.get().deleted_at is None


def test_workspaces_are_apart(api: Api) -> None:
    other = api_of(workspace_with(name="Other"))
    made = create(api)
    one = f"{PATH}/{made['id']}"
    assert (other.get(PATH).body, other.get(one).body) == ([], None)
    assert [each.status for each in (other.patch(one, {"description": "x"}), other.delete(one))] == [404, 404]
    assert other.get(f"{one}/deliveries").status == 404
    assert api.get(one).body == made


def deliver(own: Workspace, number: int = 1, **more: Any) -> list[Delivery]:
    principal = principal_of(own)
    known = set(Delivery.objects.values_list("id", flat=True))
    outbox.handle([make_event(principal, **more) for _ in range(number)], "default")
    return list(Delivery.objects.exclude(id__in=known).order_by("-id"))


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(clock=lambda: START, chance=lambda: 0.5, network=network())
    yield worker
    worker.close()


def test_the_log(api: Api, own: Workspace, receiver: Receiver, worker: Worker) -> None:
    made = create(api, targetUrl=receiver.url())
    (delivery,) = deliver(own)
    receiver.answers = [(500, {}, b"oops")]
    worker.run_once()
    listed = api.get(f"{PATH}/{made['id']}/deliveries")
    line = {
        "id": str(delivery.id),
        "messageId": delivery.message_id,
        "webhookId": made["id"],
        "eventName": "company.created",
        "objectName": "company",
        "recordId": str(delivery.record_id),
        "status": "pending",
        "attempts": 1,
        "nextAttemptAt": "2026-02-03T04:05:11.789Z",
        "lastStatusCode": 500,
        "lastError": "The receiver answered 500",
        "createdAt": "2026-02-03T04:05:06.789Z",
        "finishedAt": None,
        "isTest": False,
    }
    assert (listed.status, listed.body["data"]) == (200, [line])
    one = api.get(f"/rest/metadata/webhookDeliveries/{delivery.id}").body
    assert {name: one[name] for name in line} == line
    assert one["body"] == bytes(delivery.body).decode()
    (attempt,) = one["attemptLog"]
    assert (attempt["number"], attempt["statusCode"], attempt["responseBody"]) == (1, 500, "oops")
    assert attempt["requestHeaders"]["webhook-id"] == delivery.message_id


def test_answers_of_internal_receivers_are_for_admins(
    api: Api, own: Workspace, receiver: Receiver, worker: Worker
) -> None:
    Role.objects.create(
        workspace_id=own.id,
        label="Hooks",
        can_read_all_object_records=True,
        permission_flags=["API_KEYS_AND_WEBHOOKS"],
    )
    limited = api_of(own, role="Hooks")
    create(limited, targetUrl=receiver.url())  # acts as Hooks, so nothing but the network is why
    rocket = ObjectMetadata.objects.get(workspace_id=own.id, name_singular="rocket")
    (delivery,) = deliver(own, object_name="rocket", object_id=rocket.id)
    worker.run_once()
    path = f"/rest/metadata/webhookDeliveries/{delivery.id}"
    assert api.get(path).body["attemptLog"][0]["responseBody"] == "ok"
    (attempt,) = limited.get(path).body["attemptLog"]
    assert (attempt["statusCode"], attempt["responseBody"], attempt["responseHeaders"]) == (200, None, None)


def test_filters_and_pages_of_the_log(api: Api, own: Workspace) -> None:
    made = create(api)
    ids = [str(each.id) for each in deliver(own, 4)]  # newest first
    (updated,) = deliver(own, action="updated", updated_fields=("name",), at=START + timedelta(seconds=1))
    Delivery.objects.filter(id=ids[3]).update(status="failed")
    path = f"{PATH}/{made['id']}/deliveries"

    def listed(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"{path}?{query}").body["data"]]

    assert listed("") == [str(updated.id), *ids]
    assert listed("status=failed") == [ids[3]]
    assert listed("event=company.updated") == [str(updated.id)]
    assert listed(f"event=company.created&limit=2&starting_after={ids[0]}") == ids[1:3]
    assert listed(f"limit=2&ending_before={ids[2]}") == ids[:2]
    assert api.get(f"{path}?limit=5").body["pageInfo"]["hasNextPage"] is False
    refused = api.get(f"{path}?status=lost")
    assert (refused.status, refused.body["messages"]) == (
        400,
        ['Invalid status "lost". Valid values are: pending, delivering, held, delivered, failed'],
    )


def test_redeliver(api: Api, own: Workspace, receiver: Receiver, worker: Worker) -> None:
    made = create(api, targetUrl=receiver.url())
    (delivery,) = deliver(own)
    worker.run_once()
    answer = api.post(f"/rest/metadata/webhookDeliveries/{delivery.id}/redeliver")
    assert (answer.status, answer.body["status"], answer.body["messageId"]) == (202, "pending", delivery.message_id)
    api.patch(f"{PATH}/{made['id']}", {"isActive": False})
    refused = api.post(f"/rest/metadata/webhookDeliveries/{delivery.id}/redeliver")
    assert (refused.status, refused.body["code"]) == (400, "WEBHOOK_NOT_ACTIVE")
    other = api_of(workspace_with(name="Other"))
    assert other.post(f"/rest/metadata/webhookDeliveries/{delivery.id}/redeliver").status == 404
    assert other.get(f"/rest/metadata/webhookDeliveries/{delivery.id}").status == 404


def test_recover(api: Api, own: Workspace) -> None:
    made = create(api)
    deliver(own, 3)
    Delivery.objects.update(status="failed", created_at=timezone.now())
    path = f"{PATH}/{made['id']}/recover"
    assert api.post(path, {"since": "soon"}).status == 400
    answer = api.post(path, {"since": "2026-01-01T00:00:00Z"})
    assert (answer.status, answer.body) == (202, {"count": 3})
    assert Delivery.objects.filter(status="pending").count() == 3


def test_rotate(api: Api) -> None:
    made = create(api)
    answer = api.post(f"{PATH}/{made['id']}/rotateSecret", {"overlapHours": 24})
    assert answer.status == 200 and answer.body["secret"] != made["secret"]
    assert answer.headers["Cache-Control"] == "no-store"
    row = Webhook.objects.get()
    assert row.signing_secrets(timezone.now()) == (answer.body["secret"], made["secret"])
    assert row.signing_secrets(timezone.now() + timedelta(hours=25)) == (answer.body["secret"],)
    assert api.post(f"{PATH}/{made['id']}/rotateSecret", {"overlapHours": 999}).status == 400


def test_send_a_test(api: Api, own: Workspace, receiver: Receiver) -> None:
    made = create(api, targetUrl=receiver.url())
    receiver.answer = (418, {}, b"teapot")
    answer = api.post(f"{PATH}/{made['id']}/test", {"object": "rocket", "action": "updated"})
    assert (answer.status, answer.body["statusCode"], answer.body["responseBody"]) == (200, 418, "teapot")
    (received,) = receiver.received
    assert b'"eventName":"rocket.updated"' in received.body and b'"motto":' in received.body
    delivery = Delivery.objects.get()
    assert (delivery.status, bytes(delivery.body)) == ("failed", received.body)
    assert Attempt.objects.get().status_code == 418
    refused = api.post(f"{PATH}/{made['id']}/test", {"object": "nothing", "action": "updated"})
    assert (refused.status, len(receiver.received)) == (400, 1)


def test_a_record_written_over_rest_arrives(api: Api, own: Workspace, receiver: Receiver, worker: Worker) -> None:
    """From the API to the receiver: the write, its delivery, the call."""
    create(api, targetUrl=receiver.url(), operations=["rocket.*"])
    made = api.post("/rest/rockets", {"motto": "Up"})
    assert made.status == 201, made.body
    Delivery.objects.update(next_attempt_at=START)
    assert worker.run_once() == 1
    body = receiver.received[0].body
    assert b'"eventName":"rocket.created"' in body and b'"motto":"Up"' in body and b"searchVector" not in body


def test_where_https_is_wanted_no_webhook_goes_elsewhere(api: Api, own: Workspace) -> None:
    old = create(api)["id"]
    assert api.patch("/rest/metadata/workspace", {"isWebhookHttpsRequired": True}).status == 200
    refused = api.post(PATH, {"targetUrl": URL})
    assert (refused.status, refused.body["code"]) == (400, "INVALID_TARGET_URL")
    assert refused.body["messages"] == ["targetUrl must begin with https://"]
    assert Webhook.objects.filter(workspace_id=own.id).count() == 1
    assert api.patch(f"{PATH}/{old}", {"description": "Old"}).status == 400
    assert Webhook.objects.get(id=old).description is None
    assert api.patch(f"{PATH}/{old}", {"isActive": False}).status == 200
    assert api.patch(f"{PATH}/{old}", {"isActive": True}).status == 400
    moved = api.patch(f"{PATH}/{old}", {"targetUrl": "https://127.0.0.1:9/hook", "isActive": True})
    assert moved.status == 200, moved.body
    api.patch("/rest/metadata/workspace", {"isWebhookHttpsRequired": False})
    assert create(api)["targetUrl"] == URL
