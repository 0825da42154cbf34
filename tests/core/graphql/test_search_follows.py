"""What is searched follows the data model at once, and no record is rewritten for it but by `manage.py maintain`."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from core.records import reindex
from core.records.reindex import searches_rebuild
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

NOTES = {
    "nameSingular": "memo",
    "namePlural": "memos",
    "fields": [
        {"type": "TEXT", "name": "topic", "isSearchable": True},
        {"type": "TEXT", "name": "place"},
    ],
}
SEARCH = "query ($text: String!) { search(searchInput: $text, limit: 50) { edges { node { label } } } }"


@pytest.fixture
def space() -> Workspace:
    return workspace_with([NOTES], name="Memos")


@pytest.fixture
def api(space: Workspace) -> Api:
    client = api_of(space)
    memos = [
        {"name": "One", "topic": "rockets", "place": "Kourou"},
        {"name": "Two", "topic": "rockets and wine", "place": "Reims"},
        {"name": "Three", "place": "Kourou"},
        {"name": "Four"},
    ]
    assert client.post("/rest/batch/memos", memos).status == 201
    return client


def memo(space: Workspace) -> ObjectMetadata:
    return ObjectMetadata.objects.get(workspace=space, name_singular="memo")


def field(space: Workspace, name: str) -> FieldMetadata:
    return FieldMetadata.objects.get(object=memo(space), name=name)


def found(api: Api, text: str) -> list[str]:
    return sorted(edge["node"]["label"] for edge in api.data(SEARCH, {"text": text})["search"]["edges"])


def update(space: Workspace, name: str, **values: Any) -> None:
    services.field_update(workspace_id=space.id, field_id=field(space, name).id, update=values)


def rows(space: Workspace) -> dict[str, tuple[str, str, str]]:
    """By the record's name: its row's version, its words and its stored keys."""
    table = f'"{space.database_schema}"."o_{memo(space).id.hex}"'
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data->>'name', ctid::text, array_to_string(tsvector_to_array(search), ' '),"
            f" (SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(data) k) FROM {table}"
        )
        return {name: (version, words or "", keys) for name, version, words, keys in cursor.fetchall()}


def waiting(space: Workspace) -> dict[str, Any] | None:
    noted: dict[str, Any] | None = memo(space).search_rebuild
    return noted


def test_a_new_text_is_searched_only_when_it_says_so(api: Api) -> None:
    assert found(api, "rockets") == ["One", "Two"]
    assert found(api, "Kourou") == []
    assert found(api, "Four") == ["Four"]  # the label identifier always is


def test_a_new_field_leaves_every_record_alone(api: Api, space: Workspace) -> None:
    before = rows(space)
    given = {
        "objectMetadataId": str(memo(space).id),
        "type": "TEXT",
        "name": "mood",
        "label": "Mood",
        "isSearchable": True,
    }
    services.field_create(workspace_id=space.id, values=given)
    assert (rows(space), waiting(space)) == (before, None)
    api.post("/rest/memos", {"name": "Five", "mood": "cheerful"})
    assert found(api, "cheerful") == ["Five"]


def test_a_field_that_is_searched_from_now_on_is_found_at_once(api: Api, space: Workspace) -> None:
    before = rows(space)
    update(space, "place", isSearchable=True)
    assert rows(space) == before
    assert found(api, "Kourou") == ["One", "Three"]
    assert found(api, "rockets Kourou") == ["One", "Three", "Two"]  # any of the words
    assert searches_rebuild() == 3  # those that have a place
    after = rows(space)
    assert after["Three"][1] == "kourou three"
    assert after["Four"] == before["Four"]
    assert waiting(space) is None
    assert found(api, "Kourou") == ["One", "Three"]
    assert searches_rebuild() == 0


def test_a_deleted_field_is_not_found_any_more_at_once(api: Api, space: Workspace) -> None:
    before = rows(space)
    services.field_delete(workspace_id=space.id, field_id=field(space, "topic").id)
    assert rows(space) == before
    assert found(api, "rockets") == []
    assert found(api, "Two") == ["Two"]
    assert searches_rebuild() == 2
    after = rows(space)
    assert after["Two"][1:] == ("two", "name place")
    assert after["Three"] == before["Three"]
    assert (found(api, "rockets"), found(api, "Two")) == ([], ["Two"])


def test_a_field_that_is_switched_off_keeps_its_values(api: Api, space: Workspace) -> None:
    update(space, "topic", isActive=False)
    assert found(api, "rockets") == []
    searches_rebuild()
    assert rows(space)["Two"][1:] == ("two", "name place topic")
    update(space, "topic", isActive=True)
    assert found(api, "rockets") == ["One", "Two"]
    searches_rebuild()
    assert rows(space)["Two"][1] == "and rockets two wine"
    assert api.get("/rest/memos?filter=name[eq]:Two").body["data"]["memos"][0]["topic"] == "rockets and wine"


def test_who_is_cut_off_goes_on_from_there(api: Api, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 2)
    update(space, "place", isSearchable=True)
    batches = reindex._rebuilds(memo(space).id)
    assert next(batches) == 2
    batches.close()
    progress = waiting(space)
    assert progress is not None and progress["done"] == 2
    assert found(api, "Kourou") == ["One", "Three"]
    assert searches_rebuild() == 1
    assert waiting(space) is None


def test_a_change_in_between_begins_it_anew(api: Api, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 2)
    update(space, "place", isSearchable=True)
    assert next(reindex._rebuilds(memo(space).id)) == 2
    services.field_delete(workspace_id=space.id, field_id=field(space, "topic").id)
    progress = waiting(space)
    assert progress is not None
    assert (progress["keys"], progress["deleted"], progress["done"]) == (["place", "topic"], ["topic"], 0)
    assert (found(api, "Kourou"), found(api, "rockets")) == (["One", "Three"], [])
    assert searches_rebuild() == 3
    assert (found(api, "Kourou"), found(api, "rockets")) == (["One", "Three"], [])


def test_a_record_that_is_written_meanwhile_has_its_words(api: Api, space: Workspace) -> None:
    update(space, "place", isSearchable=True)
    three = api.get("/rest/memos?filter=name[eq]:Three").body["data"]["memos"][0]["id"]
    assert api.patch(f"/rest/memos/{three}", {"place": "Baikonur"}).status == 200
    assert (found(api, "Kourou"), found(api, "Baikonur")) == (["One"], ["Three"])
    searches_rebuild()
    assert (found(api, "Kourou"), found(api, "Baikonur")) == (["One"], ["Three"])


def test_another_workspace_is_left_alone(api: Api, space: Workspace) -> None:
    other = workspace_with([NOTES], name="Others")
    others = api_of(other)
    others.post("/rest/memos", {"name": "Far", "topic": "rockets"})
    services.field_delete(workspace_id=space.id, field_id=field(space, "topic").id)
    assert (found(api, "rockets"), found(others, "rockets")) == ([], ["Far"])
    searches_rebuild()
    assert found(others, "rockets") == ["Far"]
