"""Every page of the settings at things that are there: what the budgets of statements and the benchmark of pages walk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from apikeys.activity import requests
from apikeys.activity.models import AuditEntry
from apikeys.models import ApiKey, Member, Role
from apikeys.services.tokens import apikey_token
from config.time_ids import time_ordered_id
from metadata.cache import current_schema
from metadata.models import Workspace
from tests.factories import principal_of
from webhooks.models import Delivery, Webhook

# What is asked for beside the plain address, by the name of the route: the states of a page that cost differently.
QUERIES: Mapping[str, tuple[str, ...]] = {
    "object-list": ("q=thing", "sort=name", "page=3"),
    "field-new": ("type=RELATION", "type=SELECT"),
    "member-list": ("q=ada", "sort=seen", "page=2"),
    "role-detail": ("q=thing", "page=3"),
    "role-try": ("role={role_id}&object={object_id}&verb=read",),
    "request-list": ("span=24h", "by={key_id}", "outcome=failed", "q=nowhere", "sort=oldest", "before={middle}"),
    "audit-list": ("q=nowhere", "sort=oldest", "kind=role"),
    "api-key-list": ("q=key", "sort=used", "revoked=1", "page=3"),
    "api-key-new": ("from={key_id}",),
    "webhook-list": ("q=example", "sort=state", "page=2"),
    "webhook-detail": ("status=failed", "q=nowhere", "sort=oldest", "q={record_id}"),
    "delivery-list": (
        "status=failed", "q=nowhere", "q={record_id}", "sort=oldest", "object={singular}&action=updated",
        "webhook={webhook_id}&span=24h", "older={delivery_id}",
    ),
    "rest-console": ("objects={singular}",),
    "graphql-console": ("object={singular}",),
}  # fmt: skip
# Answered with no page: files, and what only forms ask for.
NO_PAGES = frozenset((
    "docs-object-export", "model-file", "workspace-logo", "workspace-export", "docs-openapi", "request-export",
    "audit-export", "sign-out", "settings", "join", "reset", "sign-in", "forgot", "api-key-token", "webhook-secret",
))  # fmt: skip


_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def settings_pages(things: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name of the route, path) of every page of the settings. `things` are the values of routes' parameters, `"role-detail
    role_id"` that of one route alone.

    A page that is added is among them; a parameter that is new is a KeyError.
    """
    for name, route in settings_routes():
        if name in NO_PAGES:
            continue
        path = _PARAMETER.sub(lambda match, name=name: str(things.get(f"{name} {match[1]}") or things[match[1]]), route)
        yield name, path
        for query in QUERIES.get(name, ()):
            yield f"{name}?{query.format(**things)}", f"{path}?{query.format(**things)}"


def settings_routes() -> Iterator[tuple[str, str]]:
    """(name, path) of everything below /settings, with `<uuid:key_id>` for what is to be filled in; of what a regular
    expression names (`core` or `metadata`) the first."""
    for name, route in _routes(get_resolver().url_patterns, ""):
        plain = re.sub(r"\(\?P<\w+>(\w+)\|\w+\)", r"\1", route).strip("^$").replace("\\", "")
        if plain.startswith("settings"):
            yield name, f"/{plain}"


def _routes(patterns: Any, before: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield each.name or route, route
        else:
            yield from _routes(each.url_patterns, route)


def things_of(workspace: Workspace, singular: str, field: str, each: int) -> tuple[dict[str, Any], User]:
    """So many of each thing that there are pages of, as `settings_pages` takes one of each; and an operator who is an
    admin of the workspace. `field` is one of the object with that name."""
    principal, now, sequence = principal_of(workspace), timezone.now(), count()
    own = {"workspace_id": workspace.id}
    admin = Role.objects.get(**own, label="Admin")
    roles = Role.objects.bulk_create(
        Role(**own, label=f"Role {number}", can_read_all_object_records=True) for number in range(each)
    )
    users = User.objects.bulk_create(
        User(username=f"p{number}", email=f"p{number}@example.com") for number in range(each)
    )
    members = Member.objects.bulk_create(Member(**own, user=user, role=roles[0]) for user in users)
    operator = User.objects.create(username="o", email="o@example.com", is_superuser=True)
    Member.objects.create(**own, user=operator, role=admin)
    keys = ApiKey.objects.bulk_create(
        ApiKey(**own, name=f"Key {number}", role=admin, expires_at=now + timedelta(days=9)) for number in range(each)
    )
    apikey_token(principal, key_id=keys[0].id)
    webhooks = Webhook.objects.bulk_create(
        Webhook(**own, target_url=f"https://w{number}.example/hook", operations=["*.*"], role_id=admin.id)
        for number in range(each)
    )
    subject = current_schema(workspace.id).by_singular[singular]
    deliveries = Delivery.objects.bulk_create(
        Delivery(
            **own, id=time_ordered_id(now, next(sequence)), webhook=webhook, event_name=f"{singular}.created", body=b"{}",
            object_name=singular, object_id=subject.id, record_id=uuid4(), status="failed",
        )
        for webhook in webhooks
    )  # fmt: skip
    entry = time_ordered_id(now, next(sequence))
    values = {
        "id": entry.hex, "workspace_id": workspace.id, "is_key": "t", "caller_id": keys[0].id, "caller_name": "Key 0",
        "api": "rest", "method": "GET", "path": f"/rest/{subject.plural}", "operation": None, "object_name": singular,
        "status": 200, "outcome": 2, "error_code": None, "error_message": None, "error_hint": None,
        "duration_ms": 1.5, "address": "203.0.113.7", "headers": "{}", "given_id": None,
    }  # fmt: skip
    requests.write([("", requests.line_of(values.values()))])
    found = {
        "workspace_id": workspace.id, "singular": singular, "name": field, "docs-object name": singular, "object_id": subject.id,
        "index_id": uuid4(), "member_id": members[0].id, "invitation_id": uuid4(), "role_id": roles[0].id,
        "key_id": keys[0].id, "webhook_id": webhooks[0].id, "delivery_id": deliveries[0].id,
        "record_id": deliveries[0].record_id, "token_id": keys[0].tokens.get().id, "entry_id": entry, "middle": entry,
        "audit-detail entry_id": AuditEntry.objects.filter(**own).latest("id").id,
    }  # fmt: skip
    return found, operator
