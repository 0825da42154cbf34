"""A member without rights at every page and every form of the settings: told in a sentence whom to ask for what, and
never the API name of a right. What is not theirs to do is not done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from apikeys.models import ApiKey, Invitation, Role
from config.http.rights import lacking
from config.http.sentences import sentence
from config.principal import FLAGS
from config.right_words import RECORD_WORDS, SETTINGS_WORDS
from metadata.models import FieldMetadata, ObjectMetadata
from tests.budgets.settings_pages import settings_routes
from tests.factories import principal_of
from tests.security.scene import ALL, Scene
from tests.security.test_navigation_follows_the_role import signed_in
from webhooks.models import Webhook
from webhooks.services import webhook_create

ROLES = {"Records only": {"rights": ALL}, "Keys and roles": {"flags": ["API_KEYS_AND_WEBHOOKS", "ROLES"]}}
NAMES = re.compile(r"\b(" + "|".join(sorted({*FLAGS, *RECORD_WORDS} - {"AI"}, key=len, reverse=True)) + r")\b")
WORDS_OF_APIS = ("Entity performing", "permission", "principal", "Forbidden resource")
NOBODY = "f0000000-0000-4000-8000-00000000000f"
VALUES = {"singular": "deal", "name": "deal"}
# Routes that ask for no right of a role: one's own person, and what is there without signing in.
OPEN = {
    "sign-in", "sign-out", "forgot", "reset", "join", "settings", "switch-workspace", "profile", "session-close",
    "first-steps-hide", "playground-token", "workspace-logo",
}  # fmt: skip
RIGHT_OF = {  # path → the right that opens what is below it
    "/settings/data-model": "DATA_MODEL",
    "/settings/api-webhooks": "API_KEYS_AND_WEBHOOKS",
    "/settings/docs": "API_KEYS_AND_WEBHOOKS",
    "/settings/activity/audit": "WORKSPACE",
    "/settings/activity": "API_KEYS_AND_WEBHOOKS",
    "/settings/members": "WORKSPACE_MEMBERS",
    "/settings/roles": "ROLES",
    "/settings/general": "WORKSPACE",
}
OPERATORS = "This page is for operators of the server"


def settings_paths() -> Iterator[tuple[str, str]]:
    """(name, path) of every page and form below /settings, of the scene's own things where it names one."""
    for name, route in settings_routes():
        yield (
            name,
            re.sub(r"<(?:(\w+):)?(\w+)>", lambda match: NOBODY if match[1] == "uuid" else VALUES[match[2]], route),
        )


def main_of(text: str) -> str:
    """What is said on the page, without its markup."""
    found = re.search(r"<main.*?</main>", text, re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", found[0] if found else text))


def told(scene: Scene, path: str) -> str:
    """The sentence that refuses the path."""
    right = next((each for start, each in RIGHT_OF.items() if path.startswith(start)), None)
    if right is None:
        return OPERATORS
    return f"Ask an admin of {scene.workspace.display_name} for the right to {SETTINGS_WORDS[right]}."


def kept() -> tuple[Any, ...]:
    models = (ApiKey, Role, Webhook, Invitation, ObjectMetadata, FieldMetadata)
    return tuple(
        frozenset(each.objects.values_list("pk", "updated_at" if hasattr(each, "updated_at") else "pk"))
        for each in models
    )


@pytest.mark.django_db
def test_who_has_no_right_is_told_whom_to_ask_at_every_page_and_form(scene: Scene, client: Client) -> None:
    signed_in(client, scene, "Records only")
    before, refused = kept(), set()
    for name, path in settings_paths():
        if name in OPEN:
            continue
        for method in ("get", "post"):
            response = getattr(client, method)(path)
            if response.status_code == 405:
                continue
            text = main_of(response.getvalue().decode())
            assert not NAMES.search(text), (method, path, NAMES.search(text))
            assert not any(each in text for each in WORDS_OF_APIS), (method, path, text)
            assert response.status_code == 403, (method, path, response.status_code)
            assert told(scene, path) in text, (method, path, text)
            refused.add(name)
    assert kept() == before
    assert len(refused) > 60


@pytest.mark.django_db
def test_what_exceeds_ones_rights_is_said_in_words(scene: Scene, client: Client) -> None:
    """Of a key one may manage keys, but not give them more than oneself; nor see the secret of an admin's webhook."""
    signed_in(client, scene, "Keys and roles")
    admin = Role.objects.get(workspace_id=scene.workspace.id, label="Admin")
    webhook = webhook_create(principal_of(scene.workspace), data={"targetUrl": "https://example.org/hook"})
    before = kept()
    values = {"name": "Sync", "role": str(admin.id), "expires": "90", "objects_from": "role"}
    response = client.post("/settings/api-webhooks/keys/new", values)
    assert response.status_code == 422
    for path in ("secret", "edit", "delete", "rotate", "test"):
        response = client.post(f"/settings/api-webhooks/webhooks/{webhook.id}/{path}", {"hours": "24"})
        text = main_of(response.getvalue().decode())
        assert response.status_code == 403, path
        assert not NAMES.search(text), text
        assert "The role that the webhook acts as may do more than you: change all settings. Ask an admin." in text, (
            path
        )
    assert kept() == before


@pytest.mark.parametrize("right", sorted({*FLAGS, *RECORD_WORDS, "canReadAllObjectRecords on 4f0a"}))
def test_every_api_says_it_in_words_too(right: str) -> None:
    """Programs find the name in `required`; what people read has none."""
    error = lacking(right)
    assert error.extensions["required"] == {"permission": right}
    assert sentence(error).startswith("Ask an admin for the right to ")
    assert not NAMES.search(f"{error.message} {error.user_message} {error.hint} {sentence(error)}")
