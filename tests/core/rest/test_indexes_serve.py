"""The index a user makes serves a filter and an order together: PostgreSQL reads a page and little more from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from config.server.prepared import _numbered
from core.records import find
from core.sql.fragment import Sql
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, api_of, workspace_with

CARDS = {
    "nameSingular": "card",
    "namePlural": "cards",
    "fields": [{"type": "TEXT", "name": name} for name in ("city", "family", "given")]
    + [{"type": "NUMBER", "name": "rank"}],
}
RECORDS, CITIES = 4_000, 8
PAGE = 60


@pytest.fixture(scope="module")
def cards(uncommitted: None) -> Workspace:
    """4,000 cards in 8 cities, every tenth without a family name; families differ only by their case in places."""
    workspace = workspace_with([CARDS], name="Cards")
    card = ObjectMetadata.objects.get(workspace=workspace, name_singular="card")
    keys = [
        FieldMetadata.objects.get(object=card, name=name).storage_key for name in ("city", "family", "given", "rank")
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO "{workspace.database_schema}"."o_{card.id.hex}" (id, data, position, created_by, updated_by)
            SELECT gen_random_uuid(), jsonb_strip_nulls(jsonb_build_object(
                %s::text, CASE WHEN n %% 16 < {CITIES} THEN 'City ' ELSE 'CITY ' END || n %% {CITIES},
                %s::text, CASE WHEN n %% 10 > 0 THEN CASE WHEN n %% 3 = 0 THEN 'FAMILY ' ELSE 'family ' END || n / 7 END,
                %s::text, 'Given ' || n %% 5, %s::text, n %% 100)), n, '{{}}', '{{}}'
            FROM generate_series(1, {RECORDS}) n""",
            keys,
        )
    index(workspace, "city", "family", "given")
    index(workspace, "rank", "city", "family")
    with connection.cursor() as cursor:
        cursor.execute(f'ANALYZE "{workspace.database_schema}"."o_{card.id.hex}"')
    return workspace


def index(workspace: Workspace, *names: str) -> None:
    card = ObjectMetadata.objects.get(workspace=workspace, name_singular="card")
    columns = [{"fieldMetadataId": str(FieldMetadata.objects.get(object=card, name=name).id)} for name in names]
    services.index_create(workspace_id=workspace.id, values={"objectMetadataId": str(card.id), "fields": columns})


@pytest.fixture
def api(cards: Workspace, db: None) -> Api:
    return api_of(cards)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sql]]:
    """The statements of pages, as they are sent."""
    statements: list[Sql] = []
    fetch = find.fetch_confirming

    def noted(sql: Sql, using: str, **more: Any) -> Any:
        statements.append(sql)
        return fetch(sql, using, **more)

    monkeypatch.setattr(find, "fetch_confirming", noted)
    yield statements


def rows_read(sql: Sql, mode: str) -> int:
    """The most rows that a part of the plan reads, those it throws away counted."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
        cursor.execute(f"PREPARE page AS {_numbered(sql.text)}")
        marks = ",".join(["%s"] * len(sql.params))
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page({marks})", list(sql.params))
        (found,) = cursor.fetchone()
        cursor.execute("DEALLOCATE page")
    [plan] = json.loads(found) if isinstance(found, str) else found

    def most(node: dict[str, Any]) -> int:
        removed = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
        return max([node["Actual Rows"] * node["Actual Loops"] + removed, *map(most, node.get("Plans", []))])

    return int(most(plan["Plan"]))


PAGES: dict[str, tuple[str, int]] = {
    "one city by family": ("filter=city[eq]:City 3&order_by=family", 4 * PAGE),
    "one city by family, backwards": ("filter=city[eq]:City 3&order_by=family[DescNullsLast]", 4 * PAGE),
    "one city by family, the empty ones last": ("filter=city[eq]:City 3&order_by=family[AscNullsLast]", 4 * PAGE),
    "one city and family by given": ("filter=city[eq]:City 3,family[eq]:family 33&order_by=given", PAGE),
    "a number, then a city by family": ("filter=rank[eq]:43,city[eq]:City 3&order_by=family", PAGE),
    "one city alone": ("filter=city[eq]:City 3&limit=300", 600),
}


@pytest.mark.parametrize("mode", ["custom", "generic"])
@pytest.mark.parametrize(("query", "most"), PAGES.values(), ids=PAGES)
def test_a_page_reads_little_more_than_itself(api: Api, sent: list[Sql], query: str, most: int, mode: str) -> None:
    assert_reads(api, sent, query, most, mode)


def test_of_a_list_of_values_only_their_records_are_read(api: Api, sent: list[Sql]) -> None:
    """With a custom plan, which PostgreSQL stays with: a generic one does not know how many values a list has."""
    assert_reads(api, sent, "filter=city[in]:[City 3,CITY 77]&limit=300", 600, "custom")


def assert_reads(api: Api, sent: list[Sql], query: str, most: int, mode: str) -> None:
    answer = api.get(f"/rest/cards?count=none&{query}".replace(" ", "%20"))
    assert answer.status == 200, answer.body
    assert rows_read(sent[-1], mode) <= most


def expected(where: Callable[[int], bool]) -> list[int]:
    return sorted(number for number in range(1, RECORDS + 1) if where(number))


@pytest.mark.parametrize("name", ["city", "given"])  # with an index and, alone, without
def test_what_differs_by_its_case_is_another_value(api: Api, name: str) -> None:
    value = {"city": "City 3", "given": "Given 3"}[name]
    for given, count in ((value, RECORDS // {"city": 16, "given": 5}[name]), (value.lower(), 0)):
        for condition in (f"{name}[eq]:{given}", f"{name}[in]:[{given},nothing]"):
            path = f"/rest/cards?limit=1&filter={condition}".replace(" ", "%20")
            assert api.get(path).body["totalCount"] == count, condition
        path = f"/rest/cards?limit=1&filter=not({name}[eq]:{given})".replace(" ", "%20")
        assert api.get(path).body["totalCount"] == RECORDS - count


def test_pages_of_a_city_follow_each_other_through_all_of_it(api: Api) -> None:
    """In the order of the families without their case, the empty ones first, none twice and none left out."""
    families: list[str] = []
    after = ""
    while True:
        path = f"/rest/cards?filter=city[eq]:City 3&order_by=family&limit=60{after}".replace(" ", "%20")
        body = api.get(path).body
        families += [each["family"] for each in body["data"]["cards"]]
        if not body["pageInfo"]["hasNextPage"]:
            break
        after = f"&starting_after={body['pageInfo']['endCursor']}"
    numbers = expected(lambda number: number % 16 == 3)
    wanted = sorted("" if n % 10 == 0 else f"family {n // 7}" for n in numbers)
    assert [each.lower() for each in families] == wanted


def test_what_indexes_had_for_equality_before_is_dropped(api: Api, cards: Workspace) -> None:
    card = ObjectMetadata.objects.get(workspace=cards, name_singular="card")
    name = f"x_{card.id.hex}_v"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE INDEX "{name}" ON "{cards.database_schema}"."o_{card.id.hex}" (position)')
        assert services.former_indexes_drop() == 1
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = %s", [name])
        assert cursor.fetchone() == (0,)
    assert services.former_indexes_drop() == 0
