"""North's key on every REST route, with South's ids in every place of the path, the query and the body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from tests.api_client import Answer
from tests.isolation.scene import Side, leaks, state

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """The URL table's routes below /rest but the records', whose objects are no part of it."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern) and route.startswith("rest/") and "<path:" not in route:
            yield route


TABLE = sorted(routes())
BODIES: dict[str, Any] = {
    "objects": {"labelSingular": "Taken", "labelPlural": "Takens", "labelIdentifierFieldMetadataId": "{field}"},
    "fields": {"objectMetadataId": "{object}", "type": "TEXT", "name": "taken", "label": "Taken"},
    "apiKeys": {"name": "Taken", "roleId": "{role}", "expiresAt": "2099-01-01T00:00:00.000Z"},
    "webhooks": {"id": "{webhook}", "targetUrl": "https://taken.example", "operations": ["*.*"]},
    "webhookDeliveries": {},
}


def filled(template: Any, south: Side) -> Any:
    text = json.dumps(template)
    for what, value in south.ids.items():
        text = text.replace(f"{{{what}}}", value)
    return json.loads(text)


def ask(north: Side, south: Side, method: str, path: str, body: Any = None) -> Answer:
    """Ask, take back what North changed of its own, and see that South is as it was made and untold."""
    with transaction.atomic():
        answer = north.api.request(method, path, body)
        after = state(south.workspace)
        transaction.set_rollback(True)
    assert after == south.state, (method, path)
    assert leaks(south, json.dumps(answer.body, ensure_ascii=False), path + json.dumps(body)) == [], (method, path)
    assert answer.status < 500, answer.body
    return answer


def test_the_table_has_routes() -> None:
    assert len(TABLE) > 15
    assert {route.split("/")[-1] for route in TABLE} >= {"objects", "fields", "apiKeys", "webhooks"}


@pytest.mark.parametrize("route", TABLE)
def test_metadata_keys_and_webhooks(north: Side, south: Side, route: str) -> None:
    kind = next((part for part in route.split("/") if part in BODIES), "")
    body = filled(BODIES.get(kind, {}), south)
    if "<" not in route:
        ask(north, south, "GET", f"/{route}")
        ask(north, south, "GET", f"/{route}?limit=1000")
        answer = ask(north, south, "POST", f"/{route}", body)
        assert answer.status >= 400 or kind in ("objects", "")
        return
    for sent in set(south.ids.values()):
        path = "/" + re.sub(r"<\w+:\w+>", sent, route)
        for method in METHODS:
            answer = ask(north, south, method, path, None if method in ("GET", "DELETE") else body)
            is_nothing = (answer.status, answer.body) == (200, None)  # how an unknown key or webhook is answered
            assert is_nothing or answer.status in (400, 403, 404, 405), (method, path, answer.body)


RECORDS = [  # method, path, body, expected status, records answered
    ("GET", "planets/{planet}", None, 404, None),
    ("GET", "planets/{planet}?depth=1", None, 404, None),
    ("PATCH", "planets/{planet}", {"name": "Taken"}, 404, None),
    ("PUT", "planets/{planet}", {"name": "Taken"}, 404, None),
    ("DELETE", "planets/{planet}", None, 404, None),
    ("DELETE", "planets/{planet}?soft_delete=true", None, 404, None),
    ("PATCH", "planets/{planet}/restore", None, 404, None),
    ("PATCH", "restore/planets/{planet}", None, 404, None),
    ("GET", "planets?filter=id[eq]:{planet}", None, 200, 0),
    ("GET", "planets?filter=id[in]:[{planet}]&depth=1", None, 200, 0),
    ("GET", "planets?filter=or(id[neq]:{planet},code[eq]:South E)", None, 200, 2),
    ("GET", "moons?filter=planetId[eq]:{planet}", None, 200, 0),
    ("GET", "moons?filter=planet.code[eq]:South E", None, 200, 0),
    ("GET", "planets?depth=1", None, 200, 2),
    ("GET", "moons?depth=1", None, 200, 1),
    ("PATCH", "planets?filter=id[eq]:{planet}", {"name": "Taken"}, 200, 0),
    ("DELETE", "planets?filter=id[in]:[{planet}]", None, 200, 0),
    ("DELETE", "planets?filter=id[in]:[{planet}]&soft_delete=true", None, 200, 0),
    ("PATCH", "planets/restore?filter=id[eq]:{planet}", None, 200, 0),
    ("POST", "moons", {"name": "Taken", "planetId": "{planet}"}, 400, None),
    ("POST", "batch/moons", [{"planetId": "{planet}"}], 400, None),
    ("POST", "batch/moons?upsert=true", [{"id": "{moon}", "planetId": "{planet}"}], 400, None),
    ("POST", "moons", {"planet": {"connect": {"where": {"id": "{planet}"}}}}, 400, None),
    ("POST", "moons", {"planet": {"connect": {"where": {"code": "South E"}}}}, 400, None),
    ("POST", "planets/duplicates", {"ids": ["{planet}"]}, 200, None),
    ("PATCH", "planets/merge", {"ids": ["{planet}", "{planet}"], "conflictPriorityIndex": 0}, 400, None),
    ("GET", 'planets/groupBy?group_by=[{"code":true}]', None, 200, None),
    ("GET", "southSecrets", None, 400, None),
    ("GET", "southSecrets/{planet}", None, 400, None),
    ("POST", "southSecrets", {}, 400, None),
    ("GET", "open-api/core", None, 200, None),
    ("GET", "open-api/metadata", None, 200, None),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "count"), RECORDS)
def test_records(north: Side, south: Side, method: str, path: str, body: Any, status: int, count: int | None) -> None:
    for what, value in south.ids.items():
        path = path.replace(f"{{{what}}}", value)
    answer = ask(north, south, method, f"/rest/{path}", None if body is None else filled(body, south))
    assert answer.status == status, answer.body
    if count is not None:
        [records] = answer.body["data"].values()
        assert len(records) == count


def test_the_same_id_is_free_in_another_workspace(north: Side, south: Side) -> None:
    """Whether an id exists elsewhere cannot be found out by using it."""
    answer = ask(north, south, "POST", "/rest/planets", {"id": south.ids["planet"], "code": "South E"})
    assert answer.status == 201
    answer = ask(north, south, "POST", "/rest/planets?upsert=true", {"id": south.ids["planet"], "name": "Mine"})
    assert (answer.status, answer.body["data"]["createPlanet"]["code"]) == (201, "")


def test_a_cursor_of_another_workspace_shows_own_records_only(north: Side, south: Side) -> None:
    page = south.api.get("/rest/planets?limit=1&order_by=name").body
    cursor = page["pageInfo"]["endCursor"]
    answer = ask(north, south, "GET", f"/rest/planets?order_by=name&starting_after={cursor}")
    assert (answer.status, answer.body["data"]["planets"]) == (200, [])
    answer = ask(north, south, "GET", f"/rest/planets?order_by=name&ending_before={cursor}")
    assert [each["name"] for each in answer.body["data"]["planets"]] == ["North Earth", "North Mars"]
