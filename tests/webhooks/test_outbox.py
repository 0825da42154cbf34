"""Which events become deliveries, with which bytes, and that they share the record's transaction."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from config.events import emit
from config.principal import EVERYTHING, Principal, WorkspaceRef
from tests.factories import system_of
from tests.webhooks.conftest import START, event, make_workspace, principal_of
from webhooks.delivery import outbox
from webhooks.delivery.outbox import Subscription
from webhooks.models import Delivery, Webhook, message_id, time_ordered_id
from webhooks.services import webhook_create, webhook_delete, webhook_update

pytestmark = pytest.mark.django_db

URL = "http://127.0.0.1:9/hook"


@pytest.mark.parametrize(
    ("operation", "matched"),
    [
        ("person.created", {"person.created"}),
        ("*.created", {"person.created", "company.created"}),
        ("person.*", {"person.created", "person.deleted", "person.destroyed"}),
        ("*.*", {"person.created", "person.deleted", "person.destroyed", "company.created", "company.updated"}),
        ("person.deleted", {"person.deleted"}),
        ("person.destroyed", {"person.destroyed"}),
        ("*.updated", {"company.updated"}),
        ("workflowRun.*", set()),
        ("workflowRun.updated", {"workflowRun.updated"}),
        ("pers.*", set()),
        ("metadata.*.*", set()),
    ],
)
def test_matching(operation: str, matched: set[str]) -> None:
    subscription = Subscription(uuid4(), URL, frozenset({operation}))
    names = {
        "person.created",
        "person.deleted",
        "person.destroyed",
        "company.created",
        "company.updated",
        "workflowRun.updated",
    }
    assert {name for name in names if subscription.matches(*name.split("."))} == matched


def test_body_bytes() -> None:
    """Byte for byte the body that the signature vectors are over."""
    from tests.webhooks.test_signing import BODY

    workspace_id = UUID("0b9c7f7e-52a3-4f0e-8a53-6a1d5f2c9e01")
    principal = Principal(
        WorkspaceRef(workspace_id, 1), EVERYTHING, "Zoë", member_id=UUID("c2a4e6f8-1b3d-4f5a-8c7e-9d0b1a2c3e4f")
    )
    Webhook.objects.create(
        id=UUID("9d7e3b52-6c1f-4c38-9f7a-1be2f4a6d0c3"),
        workspace_id=workspace_id,
        target_url="https://hooks.example.test/crm",
        operations=["*.*"],
    )
    record: dict[str, Any] = {
        "id": "5a1e0c9b-7d2f-4b6a-8e3c-0f9d8c7b6a54",
        "name": "Zoë & Söhne",
        "employees": 12.0,
        "deletedAt": None,
    }
    emit(
        [event(principal, "updated", record=record, record_id=UUID(record["id"]), updated_fields=("employees",))],
        "default",
    )
    delivery = Delivery.objects.get()
    assert bytes(delivery.body) == BODY
    assert (delivery.event_name, delivery.object_name, delivery.status) == ("company.updated", "company", "pending")
    assert (delivery.record_id, delivery.workspace_id) == (UUID(record["id"]), workspace_id)
    assert (delivery.created_at, delivery.next_attempt_at, delivery.attempts) == (START, START, 0)


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("created", None),
        ("updated", ["name"]),
        ("deleted", ["name"]),
        ("restored", ["name"]),
        ("destroyed", None),
    ],
)
def test_updated_fields_by_action(workspace_id: UUID, action: str, names: list[str] | None) -> None:
    webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    emit([event(principal_of(workspace_id), action, updated_fields=("name",))], "default")
    assert json.loads(bytes(Delivery.objects.get().body)).get("updatedFields") == names


def test_keys_and_their_order_for_a_member(workspace_id: UUID) -> None:
    webhook = webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    user_id, member_id = uuid4(), uuid4()
    emit(
        [event(principal_of(workspace_id, user_id=user_id, member_id=member_id), "updated", updated_fields=())],
        "default",
    )
    body = json.loads(bytes(Delivery.objects.get().body))
    assert list(body) == [
        "targetUrl", "eventName", "objectMetadata", "workspaceId", "webhookId", "eventDate",
        "userId", "workspaceMemberId", "record", "updatedFields",
    ]  # fmt: skip
    assert (body["userId"], body["workspaceMemberId"]) == (str(user_id), str(member_id))
    assert (body["webhookId"], body["eventDate"], body["updatedFields"]) == (
        str(webhook.id),
        "2026-02-03T04:05:06.789Z",
        [],
    )


def test_a_key_leaves_no_user(workspace_id: UUID) -> None:
    webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    emit([event(principal_of(workspace_id, api_key_id=uuid4()))], "default")
    body = json.loads(bytes(Delivery.objects.get().body))
    assert "userId" not in body and "workspaceMemberId" not in body and "secret" not in body


def test_a_record_field_named_secret_is_kept(workspace_id: UUID) -> None:
    webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    emit([event(principal_of(workspace_id), record={"secret": "recipe"})], "default")
    assert json.loads(bytes(Delivery.objects.get().body))["record"] == {"secret": "recipe"}


def test_many_events_and_webhooks_are_one_statement(workspace_id: UUID, django_assert_num_queries: Any) -> None:
    first = webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    second = webhook_create(system_of(workspace_id), data={"targetUrl": URL, "operations": ["company.created"]})
    webhook_create(system_of(workspace_id), data={"targetUrl": URL, "operations": ["person.*"]})
    principal = principal_of(workspace_id)
    events = [event(principal) for _ in range(5)] + [event(principal, "updated", updated_fields=("name",))]
    outbox.wants(principal.workspace, "company", "created")
    with django_assert_num_queries(1):
        emit(events, "default")
    written = list(Delivery.objects.order_by("id").values_list("webhook_id", "record_id", "event_name"))
    assert written == [
        *((first.id, each.record_id, each.name) for each in events),
        *((second.id, each.record_id, "company.created") for each in events[:5]),
    ]


def test_wants_costs_nothing_when_warm(workspace_id: UUID, django_assert_num_queries: Any) -> None:
    webhook_create(system_of(workspace_id), data={"targetUrl": URL, "operations": ["person.created"]})
    workspace = principal_of(workspace_id).workspace
    with django_assert_num_queries(1):
        assert outbox.wants(workspace, "person", "created")
    with django_assert_num_queries(0):
        assert outbox.wants(workspace, "person", "created")
        assert not outbox.wants(workspace, "person", "updated")


def test_every_write_of_a_webhook_is_seen_at_once(workspace_id: UUID) -> None:
    def wanted() -> bool:
        return outbox.wants(principal_of(workspace_id).workspace, "person", "created")

    assert not wanted()
    webhook = webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    assert wanted()
    webhook_update(system_of(workspace_id), webhook_id=webhook.id, data={"operations": ["company.*"]})
    assert not wanted()
    webhook_update(system_of(workspace_id), webhook_id=webhook.id, data={"operations": ["person.*"]})
    assert wanted()
    webhook_update(system_of(workspace_id), webhook_id=webhook.id, data={"isActive": False})
    assert not wanted()
    webhook_update(system_of(workspace_id), webhook_id=webhook.id, data={"isActive": True})
    assert wanted()
    webhook_delete(system_of(workspace_id), webhook_id=webhook.id)
    assert not wanted()


def test_a_rollback_leaves_nothing(workspace_id: UUID) -> None:
    webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    with pytest.raises(RuntimeError), transaction.atomic():
        emit([event(principal_of(workspace_id))], "default")
        assert Delivery.objects.count() == 1
        raise RuntimeError
    assert Delivery.objects.count() == 0


def test_workspaces_are_apart(workspace_id: UUID) -> None:
    other = make_workspace()
    mine = webhook_create(system_of(workspace_id), data={"targetUrl": URL})
    webhook_create(system_of(other), data={"targetUrl": URL})
    emit([event(principal_of(workspace_id))], "default")
    assert list(Delivery.objects.values_list("workspace_id", "webhook_id")) == [(workspace_id, mine.id)]


def test_ids_sort_by_time_and_are_version_4() -> None:
    ids = [time_ordered_id(START, sequence) for sequence in range(300)]
    assert (
        ids == sorted(ids)
        and {each.version for each in ids} == {4}
        and {each.variant for each in ids} == {ids[0].variant}
    )
    assert all(len(message_id(each)) == 30 for each in ids) and len({message_id(each) for each in ids}) == 300
