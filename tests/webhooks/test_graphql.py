"""Webhooks over GraphQL, in the words of both generations of clients."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from apikeys.models import Role
from metadata.models import Workspace
from tests.factories import Api, api_of, principal_of, workspace_with
from tests.webhooks.conftest import Receiver
from tests.webhooks.conftest import event as make_event
from webhooks.delivery import outbox
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db

URL = "http://127.0.0.1:9/hook"
MEMBERS = "id targetUrl operations description secret"


@pytest.fixture
def own(db: None) -> Workspace:
    return workspace_with([{"nameSingular": "rocket", "namePlural": "rockets"}])


@pytest.fixture
def api(own: Workspace) -> Api:
    return api_of(own)


def ask(api: Api, query: str, **variables: Any) -> Any:
    return api.data(query, variables, path="/metadata")


def refused(api: Api, query: str, **variables: Any) -> dict[str, Any]:
    answer = api.graphql(query, variables, path="/metadata")
    assert answer.status == 200 and answer.body["data"] is None
    (error,) = answer.body["errors"]
    return error


def create(api: Api, **more: Any) -> dict[str, Any]:
    query = f"mutation ($input: CreateWebhookInput!) {{ createWebhook(input: $input) {{ {MEMBERS} }} }}"
    return ask(api, query, input={"targetUrl": URL, "operations": ["*.*"], **more})["createWebhook"]


def test_create_and_read(api: Api, own: Workspace) -> None:
    made = create(api, description="CRM", secret="mine")
    assert made == {"id": made["id"], "targetUrl": URL, "operations": ["*.*"], "description": "CRM", "secret": "mine"}
    assert ask(api, f"{{ webhooks {{ {MEMBERS} }} }}")["webhooks"] == [made]
    query = "query ($id: UUID!) { webhook(id: $id) { id applicationId isActive createdAt updatedAt deletedAt } }"
    one = ask(api, query, id=made["id"])["webhook"]
    assert (one["id"], one["applicationId"], one["isActive"]) == (made["id"], str(own.custom_application_id), True)
    assert one["createdAt"].endswith("Z") and one["deletedAt"] is None


def test_both_forms_of_reading_one(api: Api) -> None:
    made = create(api)
    old = f"query ($input: GetWebhookInput!) {{ webhook(input: $input) {{ {MEMBERS} }} }}"
    assert ask(api, old, input={"id": made["id"]})["webhook"] == made
    assert ask(api, f"query ($id: UUID!) {{ webhook(id: $id) {{ {MEMBERS} }} }}", id=made["id"])["webhook"] == made
    assert ask(api, "query ($id: UUID!) { webhook(id: $id) { id } }", id=str(uuid4()))["webhook"] is None


@pytest.mark.parametrize("is_nested", [True, False], ids=["nested", "flat"])
def test_both_forms_of_an_update(api: Api, is_nested: bool) -> None:
    made = create(api)
    change = {"operations": ["rocket.updated"], "description": "x"}
    query = f"mutation ($input: UpdateWebhookInput!) {{ updateWebhook(input: $input) {{ {MEMBERS} }} }}"
    sent = {"id": made["id"], **({"update": change} if is_nested else change)}
    assert ask(api, query, input=sent)["updateWebhook"] == {**made, **change}


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("mutation ($id: UUID!) { deleteWebhook(id: $id) { id } }", "row"),
        ("mutation ($id: UUID!) { deleteWebhook(input: {id: $id}) { id } }", "row"),
        ("mutation ($id: UUID!) { deleteWebhook(input: {id: $id}) }", True),
        ("mutation ($id: UUID!) { deleteWebhook(id: $id) }", True),
    ],
)
def test_every_form_of_a_deletion(api: Api, query: str, answer: Any) -> None:
    made = create(api)
    expected = {"id": made["id"]} if answer == "row" else answer
    assert ask(api, query, id=made["id"]) == {"deleteWebhook": expected}
    assert Webhook.objects.get().deleted_at is not None
    assert ask(api, "{ webhooks { id } }")["webhooks"] == []


def test_refusals(api: Api) -> None:
    query = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }"
    error = refused(api, query, input={"targetUrl": "nonsense", "operations": ["*.*"]})
    assert error["message"] == "Invalid target URL provided"
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("BAD_USER_INPUT", "INVALID_TARGET_URL")
    assert Webhook.objects.count() == 0
    gone = refused(api, "mutation ($id: UUID!) { deleteWebhook(id: $id) { id } }", id=str(uuid4()))
    assert (gone["message"], gone["extensions"]["code"]) == ("Webhook not found", "NOT_FOUND")


def test_permission(own: Workspace, api: Api) -> None:
    create(api)
    Role.objects.create(workspace_id=own.id, label="Reader", can_read_all_object_records=True)
    reader = api_of(own, role="Reader")
    for query in ("{ webhooks { id } }", f'mutation {{ deleteWebhook(id: "{Webhook.objects.get().id}") }}'):
        error = refused(reader, query)
        assert error["message"] == "Entity performing the request does not have permission"
        assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("FORBIDDEN", "PERMISSION_DENIED")
    assert Webhook.objects.get().deleted_at is None


def test_deliveries(api: Api, own: Workspace, receiver: Receiver) -> None:
    made = create(api, targetUrl=receiver.url())
    principal = principal_of(own)
    outbox.handle([make_event(principal) for _ in range(3)], "default")
    ids = [str(each) for each in Delivery.objects.order_by("-id").values_list("id", flat=True)]
    query = """query ($id: UUID!, $first: Int, $after: ConnectionCursor, $filter: WebhookDeliveryFilter) {
        webhookDeliveries(webhookId: $id, first: $first, after: $after, filter: $filter) {
            edges { node { id status eventName } cursor } pageInfo { hasNextPage endCursor } } }"""
    page = ask(api, query, id=made["id"], first=2)["webhookDeliveries"]
    assert [each["node"]["id"] for each in page["edges"]] == ids[:2]
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": ids[1]}
    rest = ask(api, query, id=made["id"], after=ids[1])["webhookDeliveries"]
    assert [each["node"] for each in rest["edges"]] == [
        {"id": ids[2], "status": "pending", "eventName": "company.created"}
    ]
    assert ask(api, query, id=made["id"], filter={"status": "failed"})["webhookDeliveries"]["edges"] == []

    Delivery.objects.update(status="failed")
    again = "mutation ($id: UUID!) { redeliverWebhook(deliveryId: $id) { id status } }"
    assert ask(api, again, id=ids[0])["redeliverWebhook"] == {"id": ids[0], "status": "pending"}
    recover = 'mutation ($id: UUID!) { recoverWebhook(id: $id, since: "2026-01-01T00:00:00Z") }'
    assert ask(api, recover, id=made["id"]) == {"recoverWebhook": 2}
    test = 'mutation ($id: UUID!) { testWebhook(id: $id, object: "rocket", action: "created") { statusCode responseBody } }'
    assert ask(api, test, id=made["id"]) == {"testWebhook": {"statusCode": 200, "responseBody": "ok"}}
    one = "query ($id: UUID!) { webhookDelivery(id: $id) { messageId body attemptLog { number statusCode } } }"
    tested = Delivery.objects.get(event_name="rocket.created")
    assert ask(api, one, id=str(tested.id))["webhookDelivery"] == {
        "messageId": tested.message_id,
        "body": bytes(tested.body).decode(),
        "attemptLog": [{"number": 1, "statusCode": 200}],
    }
    rotate = "mutation ($id: UUID!) { rotateWebhookSecret(id: $id) { secret } }"
    assert ask(api, rotate, id=made["id"])["rotateWebhookSecret"]["secret"] != made["secret"]
