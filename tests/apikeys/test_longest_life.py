"""A workspace that lets keys live so many days, and not one more: asked of every way to make or extend one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apikeys.models import ApiKey, Member, Role
from metadata.models import Workspace
from metadata.services import workspace_update
from tests.factories import Api, api_of, workspace_with
from tests.settings_pages.conftest import add_member

KEYS = "/rest/metadata/apiKeys"
REFUSAL = "expiresAt must be within 30 days, the longest life of a key in this workspace"

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    return workspace_with(name="Acme")


@pytest.fixture
def api(acme: Workspace) -> Api:
    """An Admin key of before, which may live on."""
    api = api_of(acme)
    workspace_update(workspace_id=acme.id, update={"maxApiKeyLifetimeDays": 30})
    return api


def after(days: float) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def day_after(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).date().isoformat()


def role_id(acme: Workspace) -> str:
    return str(Role.objects.get(workspace_id=acme.id, label="Admin").id)


def count() -> int:
    return ApiKey.objects.count()


def test_over_rest(acme: Workspace, api: Api) -> None:
    given = {"name": "Robot", "roleId": role_id(acme)}
    refused = api.post(KEYS, {**given, "expiresAt": after(31)})
    assert (refused.status, refused.body["messages"], count()) == (400, [REFUSAL], 1)
    made = api.post(KEYS, {**given, "expiresAt": after(30)})
    assert made.status == 201 and count() == 2
    key = ApiKey.objects.get(name="Robot")
    refused = api.patch(f"{KEYS}/{key.id}", {"expiresAt": after(31)})
    assert (refused.status, refused.body["messages"]) == (400, [REFUSAL])
    assert ApiKey.objects.get(id=key.id).expires_at == key.expires_at
    assert api.patch(f"{KEYS}/{key.id}", {"name": "Other"}).status == 200  # nothing of its end
    copied = api.post(f"{KEYS}/{ApiKey.objects.get(name='Test key').id}/duplicate", {})
    assert copied.status == 201, copied.body
    assert datetime.fromisoformat(copied.body["expiresAt"]) <= timezone.now() + timedelta(days=30)


def test_over_graphql(acme: Workspace, api: Api) -> None:
    text = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { id } }"
    given = {"name": "Robot", "roleId": role_id(acme)}
    answer = api.graphql(text, {"input": {**given, "expiresAt": after(31)}}, path="/metadata")
    assert ([each["message"] for each in answer.body["errors"]], count()) == ([REFUSAL], 1)
    answer = api.graphql(text, {"input": {**given, "expiresAt": after(29)}}, path="/metadata")
    assert "errors" not in answer.body and count() == 2


def test_by_command(acme: Workspace, api: Api) -> None:
    def create(expires: str) -> None:
        call_command("apikey", "create", "--workspace", "Acme", "--name", "r", "--role", "Admin", "--expires", expires)

    for expires in ("31d", "never"):
        with pytest.raises(CommandError, match="within 30 days"):
            create(expires)
    assert count() == 1
    create("30d")
    assert count() == 2


def test_on_the_page(acme: Workspace, api: Api) -> None:
    browser = Client()
    ada: Member = add_member(acme, "ada@example.com", "Admin")
    browser.force_login(ada.user)
    page = browser.get("/settings/api-webhooks/keys/new").content.decode()
    assert 'value="30" checked' in page
    assert 'value="90"' not in page and 'value="never"' not in page

    def send(**expiry: Any) -> int:
        given = {"name": "Robot", "role": role_id(acme), **expiry}
        answer = browser.post("/settings/api-webhooks/keys/new", given)
        if answer.status_code == 422 and expiry["expires"] == "custom":
            assert "Keys of this workspace live 30 days at most." in answer.content.decode()
        return answer.status_code

    assert send(expires="90") == send(expires="never") == 422
    assert send(expires="custom", expires_on=day_after(31)) == 422 and count() == 1
    assert send(expires="custom", expires_on=day_after(30)) == 302 and count() == 2


def test_where_no_longest_life_is_set_a_key_may_never_end(acme: Workspace) -> None:
    call_command("apikey", "create", "--workspace", "Acme", "--name", "r", "--role", "Admin", "--expires", "never")
    assert ApiKey.objects.get().expires_at > timezone.now() + timedelta(days=36_000)
