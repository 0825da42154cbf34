"""No page of the settings sends more than 15 statements, however many things there are to show.

A dozen of each stand here: what asks once for each of them is beyond. `make bench LARGE=1` measures the same pages with
hundreds, and how long they take.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apikeys.activity import requests
from apikeys.activity.models import AuditEntry
from apikeys.models import ApiKey, Member, Role
from apikeys.services.tokens import apikey_token
from config.time_ids import time_ordered_id
from metadata.cache import current_schema
from metadata.models import Workspace
from tests.budgets.recording import recording
from tests.budgets.settings_pages import settings_pages
from tests.factories import principal_of
from webhooks.models import Delivery, Webhook

STATEMENTS = 15
EACH = 12
# Of forms, which answer to POST alone, and of what is led on from: no page.
UNSEEN = {
    "playground-token", "object-switch", "index-new", "index-delete", "field-switch", "switch-workspace",
    "first-steps-hide", "workspace-enter", "workspace-restore", "session-close", "invitation-end", "member-reset",
    "api-key-roll", "webhook-rotate", "webhook-switch", "webhook-test", "webhook-recover", "webhook-redeliver",
    "api-keys-revoke",
}  # fmt: skip


@pytest.fixture
def things(workspace: Workspace, client: Client) -> dict[str, object]:
    """What the pages are asked for; the client is signed in as an operator who is an admin of the workspace."""
    principal, now, sequence = principal_of(workspace), timezone.now(), count()
    own = {"workspace_id": workspace.id}
    admin = Role.objects.get(**own, label="Admin")
    roles = Role.objects.bulk_create(
        Role(**own, label=f"Role {number}", can_read_all_object_records=True) for number in range(EACH)
    )
    users = User.objects.bulk_create(
        User(username=f"p{number}", email=f"p{number}@example.com") for number in range(EACH)
    )
    members = Member.objects.bulk_create(Member(**own, user=each, role=roles[0]) for each in users)
    operator = User.objects.create(username="o", email="o@example.com", is_superuser=True)
    Member.objects.create(**own, user=operator, role=admin)
    keys = ApiKey.objects.bulk_create(
        ApiKey(**own, name=f"Key {number}", role=admin, expires_at=now + timedelta(days=9)) for number in range(EACH)
    )
    apikey_token(principal, key_id=keys[0].id)
    webhooks = Webhook.objects.bulk_create(
        Webhook(**own, target_url=f"https://w{number}.example/hook", operations=["*.*"], role_id=admin.id)
        for number in range(EACH)
    )
    company = current_schema(workspace.id).by_singular["company"]
    deliveries = Delivery.objects.bulk_create(
        Delivery(
            **own, id=time_ordered_id(now, next(sequence)), webhook=each, event_name="company.created", body=b"{}",
            object_name="company", object_id=company.id, record_id=uuid4(), status="failed",
        )
        for each in webhooks
    )  # fmt: skip
    entry = time_ordered_id(now, next(sequence))
    values = {
        "id": entry.hex, "workspace_id": workspace.id, "is_key": "t", "caller_id": keys[0].id, "caller_name": "Key 0",
        "api": "rest", "method": "GET", "path": "/rest/companies", "operation": None, "object_name": "company",
        "status": 200, "outcome": 2, "error_code": None, "error_message": None, "error_hint": None,
        "duration_ms": 1.5, "address": "203.0.113.7", "headers": "{}", "given_id": None,
    }  # fmt: skip
    requests.write([("", requests.line_of(values.values()))])
    client.force_login(operator)
    return {
        "workspace_id": workspace.id, "singular": "person", "name": "company", "object_id": company.id,
        "index_id": uuid4(), "member_id": members[0].id, "invitation_id": uuid4(), "role_id": roles[0].id,
        "key_id": keys[0].id, "webhook_id": webhooks[0].id, "delivery_id": deliveries[0].id,
        "record_id": deliveries[0].record_id, "token_id": keys[0].tokens.get().id, "entry_id": entry, "middle": entry,
        "audit-detail entry_id": AuditEntry.objects.filter(**own).latest("id").id,
    }  # fmt: skip


def test_no_page_sends_more_statements_than_it_may(client: Client, things: dict[str, object]) -> None:
    beyond, unseen = {}, set()
    client.get("/settings/docs")  # the data model is read once in a process
    for name, path in settings_pages(things):
        with recording() as statements:
            response = client.get(path)
        if response.status_code in (302, 405):
            unseen.add(name)
            continue
        assert response.status_code == 200, (path, response.status_code)
        if len(statements) > STATEMENTS:
            beyond[name] = [each.text for each in statements]
    assert beyond == {}
    assert unseen <= UNSEEN
