"""What every list of `/rest/metadata/*` answers alike."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.models import Workspace
from tests.factories import Api, add_object, api_of, workspace_with
from tests.metadata.rest.conftest import PATH, Metadata
from tests.metadata.rest.test_layout import BODIES, Scene
from tests.metadata.rest.test_layout import scene as scene

pytestmark = pytest.mark.django_db

LISTS = ["objects", "fields", "webhooks", "apiKeys", *BODIES]


def query(scene: Scene, name: str) -> str:
    """What the list needs to be asked with: tabs and widgets those of one parent."""
    if name not in ("pageLayoutTabs", "pageLayoutWidgets"):
        return ""
    parent = "pageLayoutId" if name == "pageLayoutTabs" else "pageLayoutTabId"
    return f"?{parent}={scene.create(name, **BODIES[name](scene))[parent]}"


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_a_page_with_a_total(scene: Scene, name: str) -> None:
    answer = scene.paged.get(f"{PATH}/{name}{query(scene, name)}")
    assert (answer.status, answer.body.keys()) == (200, {"data", "pageInfo", "totalCount"})
    items, page = answer.body["data"], answer.body["pageInfo"]
    assert page.keys() == {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"}
    assert type(answer.body["totalCount"]) is int
    assert len(items) == min(answer.body["totalCount"], 60)
    cursors = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    assert (page["startCursor"], page["endCursor"]) == cursors


@pytest.mark.parametrize("name", ["webhooks", "apiKeys"])
def test_the_aliases_answer_raw_arrays(scene: Scene, name: str) -> None:
    for api in (scene.api, scene.paged):
        answer = api.get(f"/rest/{name}")
        assert (answer.status, type(answer.body)) == (200, list)


@pytest.mark.parametrize("name", ["objects", "fields"])
def test_the_page_before_the_second_is_within_the_first(metadata: Metadata, name: str) -> None:
    first, page, total = metadata.list(name, "?limit=3")
    second, _, second_total = metadata.list(name, f"?limit=3&starting_after={page['endCursor']}")
    assert {each["id"] for each in first}.isdisjoint(each["id"] for each in second)
    back, page, back_total = metadata.list(name, f"?limit=2&ending_before={second[0]['id']}")
    assert back == first[1:]
    assert page["hasNextPage"] is True
    assert total == second_total == back_total


def test_the_largest_page_holds_every_object(workspace: Workspace) -> None:
    for number in range(70):
        add_object(workspace, f"thing{number}", f"things{number}")
    for version in ("1", "2"):
        metadata = Metadata(workspace, api_of(workspace, api_version=version), version == "1")
        items, page, total = metadata.list("objects", "?limit=200")
        assert (len(items), page["hasNextPage"]) == (total, False)
        assert all(each["fields"] for each in items)
        assert len(metadata.list("objects")[0]) == 60


@pytest.mark.parametrize("name", LISTS)
def test_lists_show_their_own_workspace_only(scene: Scene, name: str) -> None:
    asked = query(scene, name)
    other: Workspace = workspace_with(name="Other")
    stranger: Api = api_of(other, api_version="2")
    answer: Any = stranger.get(f"{PATH}/{name}{asked}")
    mine = {each["id"] for each in scene.paged.get(f"{PATH}/{name}{asked}").body["data"]}
    assert answer.status == 200, answer.body
    assert mine.isdisjoint(each["id"] for each in answer.body["data"])
