"""What a webhook may ask for: objects that exist, under the names that they have."""

from __future__ import annotations

from typing import Any

import pytest

from apikeys.models import Role
from metadata import services
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, add_object, api_of, workspace_with
from webhooks.models import Delivery, Webhook

URL = "http://127.0.0.1:9/hook"
PATH = "/rest/metadata/webhooks"


@pytest.fixture
def own(db: None) -> Workspace:
    return workspace_with(
        [
            {"nameSingular": "rocket", "namePlural": "rockets", "fields": [{"type": "TEXT", "name": "motto"}]},
            {"nameSingular": "crewMember", "namePlural": "crew"},
        ]
    )


@pytest.fixture
def api(own: Workspace) -> Api:
    return api_of(own)


def create(api: Api, *operations: str, **more: Any) -> dict[str, Any]:
    answer = api.post(PATH, {"targetUrl": URL, "operations": list(operations), **more})
    assert answer.status == 201, answer.body
    return answer.body


def update(own: Workspace, name: str, **changes: Any) -> None:
    found = ObjectMetadata.objects.get(workspace=own, name_singular=name)
    services.object_update(workspace_id=own.id, object_id=found.id, update=changes)


def test_an_object_that_does_not_exist_is_refused_with_the_nearest(api: Api) -> None:
    hook = create(api, "rocket.created")
    for name, meant in {
        "rockets": "rocket",  # its plural
        "ROCKET": "rocket",
        "roket": "rocket",
        "crew": "crewMember",
        "crewmember": "crewMember",
        "entirelyUnlike": None,
    }.items():
        for answer in (
            api.post(PATH, {"targetUrl": URL, "operations": ["rocket.created", f"{name}.created"]}),
            api.patch(f"{PATH}/{hook['id']}", {"operations": [f"{name}.created"]}),
        ):
            assert (answer.status, answer.body["code"]) == (400, "WEBHOOK_OBJECT_NOT_FOUND")
            assert answer.body["messages"] == [f'No object is called "{name}", so "{name}.created" would never be sent']
            assert answer.body["path"] == "operations"
            assert answer.body.get("hint") == (None if meant is None else f'Did you mean "{meant}"?')
    text = 'mutation { createWebhook(input: {targetUrl: "https://example.com", operations: ["rokcet.*"]}) { id } }'
    [error] = api.graphql(text, path="/metadata").body["errors"]
    assert error["extensions"]["subCode"] == "WEBHOOK_OBJECT_NOT_FOUND"
    assert error["extensions"]["hint"] == 'Did you mean "rocket"?'
    assert [each.operations for each in Webhook.objects.all()] == [["rocket.created"]]


def test_patterns_and_changes_of_the_data_model_name_no_object(api: Api) -> None:
    operations = ["*.*", "*.created", "metadata.*", "metadata.*.*", "metadata.fieldMetadata.updated", "rocket.*"]
    made = create(api, *operations)
    assert (made["operations"], made["staleOperations"], made["warnings"]) == (operations, [], [])


def test_a_deactivated_object_exists(api: Api, own: Workspace) -> None:
    update(own, "rocket", isActive=False)
    made = create(api, "rocket.created")
    assert made["staleOperations"] == []


def test_a_role_that_does_not_read_everything_learns_of_no_object(api: Api, own: Workspace) -> None:
    Role.objects.create(workspace_id=own.id, label="Hooks", permission_flags=["API_KEYS_AND_WEBHOOKS"])
    hooks = api_of(own, role="Hooks")
    for name in ("rocket", "rockets", "nothing"):
        answer = hooks.post(PATH, {"targetUrl": URL, "operations": [f"{name}.created"]})
        assert answer.body["messages"] == [f'Object "{name}" does not exist, or the role "Hooks" may not read it']
        assert answer.body["hint"] == "Write *.* for everything that the role may read"


def test_subscriptions_follow_an_object_that_is_renamed(api: Api, own: Workspace) -> None:
    hook = create(api, "rocket.created", "*.deleted", "crewMember.*", "metadata.rocket.*")
    other = create(api, "crewMember.updated")
    foreign = workspace_with([{"nameSingular": "rocket", "namePlural": "rockets"}], name="Other")
    create(api_of(foreign), "rocket.created")
    before = Webhook.objects.get(id=other["id"]).updated_at
    update(own, "rocket", nameSingular="starship", namePlural="starships")
    shown = api.get(f"{PATH}/{hook['id']}").body
    assert shown["operations"] == ["starship.created", "*.deleted", "crewMember.*", "metadata.rocket.*"]
    assert shown["staleOperations"] == []
    assert Webhook.objects.get(id=other["id"]).updated_at == before
    assert Webhook.objects.get(workspace_id=foreign.id).operations == ["rocket.created"]
    assert api.post("/rest/starships", {"name": "One"}).status == 201
    assert [each.event_name for each in Delivery.objects.all()] == ["starship.created"]


def test_a_deactivated_object_is_followed_too(api: Api, own: Workspace) -> None:
    hook = create(api, "rocket.created")
    update(own, "rocket", isActive=False)
    update(own, "rocket", nameSingular="starship", namePlural="starships")
    assert api.get(f"{PATH}/{hook['id']}").body["operations"] == ["starship.created"]


def test_a_rename_that_is_refused_leaves_the_subscriptions(api: Api, own: Workspace) -> None:
    hook = create(api, "rocket.created")
    found = ObjectMetadata.objects.get(workspace=own, name_singular="rocket")
    answer = api.patch(f"/rest/metadata/objects/{found.id}", {"nameSingular": "crewMember", "namePlural": "starships"})
    assert answer.status == 400
    assert api.get(f"{PATH}/{hook['id']}").body["operations"] == ["rocket.created"]


def test_what_names_a_deleted_object_is_shown_as_stale_and_may_stay(api: Api, own: Workspace) -> None:
    hook = create(api, "rocket.created", "rocket.deleted", "*.updated")
    found = ObjectMetadata.objects.get(workspace=own, name_singular="rocket")
    services.object_delete(workspace_id=own.id, object_id=found.id)
    path = f"{PATH}/{hook['id']}"
    shown = api.get(path).body
    assert shown["staleOperations"] == ["rocket.created", "rocket.deleted"]
    assert shown["warnings"] == [
        'No object is called "rocket": rocket.created is never sent',
        'No object is called "rocket": rocket.deleted is never sent',
    ]
    assert api.get(PATH).body == [shown]
    query = "query ($id: UUID!) { webhook(id: $id) { staleOperations warnings } }"
    assert api.data(query, {"id": hook["id"]}, path="/metadata")["webhook"] == {
        "staleOperations": shown["staleOperations"],
        "warnings": shown["warnings"],
    }
    kept = api.patch(path, {"operations": ["rocket.created", "crewMember.created"]})
    assert (kept.status, kept.body["staleOperations"]) == (200, ["rocket.created"])
    add_object(own, "rocket", "rockets")
    assert api.get(path).body["staleOperations"] == []


def test_a_short_secret_is_warned_of(api: Api) -> None:
    warning = "The secret is shorter than 16 characters: one delivery is enough to guess it"
    short = create(api, "*.*", secret="s" * 15)
    assert short["warnings"] == [warning]
    assert create(api, "*.*", secret="s" * 16)["warnings"] == []
    assert create(api, "*.*")["warnings"] == []
    assert api.patch(f"{PATH}/{short['id']}", {"secret": "s" * 16}).body["warnings"] == []
    assert api.patch(f"{PATH}/{short['id']}", {"secret": "geheim"}).body["warnings"] == [warning]


def test_the_limit_of_a_list_holds_in_every_version(api: Api, own: Workspace) -> None:
    made = [create(api, "*.*")["id"] for _ in range(3)]
    newer = api_of(own, api_version="2")
    assert [each["id"] for each in api.get(f"{PATH}?limit=2").body] == made[:2]
    assert [each["id"] for each in api.get(f"/rest/webhooks?limit=1&starting_after={made[0]}").body] == made[1:2]
    assert [each["id"] for each in newer.get("/rest/webhooks?limit=2").body] == made[:2]
    assert [each["id"] for each in newer.get(f"{PATH}?limit=2").body["data"]] == made[:2]
    assert [each["id"] for each in api.get(PATH).body] == made
    assert api.get(f"{PATH}?limit=many").status == newer.get(f"{PATH}?limit=many").status == 400
