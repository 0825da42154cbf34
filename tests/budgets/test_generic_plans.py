"""The busiest statements are planned once: after a few runs PostgreSQL keeps a plan that fits any values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from django.db import connection

from tests.api_client import Answer
from tests.factories import Api
from tests.golden.system import SolarSystem

REQUESTS = 14
CUSTOM = 5  # how often PostgreSQL plans anew before it compares (plancache.c)
_numbers = count()


def create(api: Api) -> Answer:
    return api.post("/rest/planets", {"name": f"Planet {next(_numbers)}"})


def create_by_graphql(api: Api) -> Answer:
    text = "mutation ($name: String) { createPlanet(data: {name: $name}) { id name } }"
    return api.graphql(text, {"name": f"Planet {next(_numbers)}"})


def update(api: Api) -> Answer:
    return api.patch(f"/rest/planets/{first(api)}", {"name": f"Planet {next(_numbers)}"})


def first(api: Api) -> str:
    found: str = api.get("/rest/planets?limit=1").body["data"]["planets"][0]["id"]
    return found


BUSIEST: dict[str, tuple[Callable[[Api], Answer], str]] = {
    "a page": (lambda api: api.get("/rest/planets?limit=60"), "string_agg"),
    "one record": (lambda api: api.get(f"/rest/planets/{first(api)}"), "(r.id) = $4::uuid"),
    "a GraphQL page": (lambda api: api.graphql("{ planets(first: 60) { edges { node { name } } } }"), "row_number()"),
    "a create": (create, "INSERT INTO"),
    "a GraphQL create": (create_by_graphql, "INSERT INTO"),
    "an update": (update, "SET data = (r.data || x.d)"),
}


@pytest.mark.parametrize(("ask", "mark"), BUSIEST.values(), ids=BUSIEST)
def test_it_is_planned_once(system: SolarSystem, ask: Callable[[Api], Answer], mark: str) -> None:
    before = plans(mark)
    for _ in range(REQUESTS):
        answer = ask(system.api)
        assert answer.status == (201 if ask is create else 200) and "errors" not in answer.body, answer.body
    grown = {
        name: (generic - before.get(name, (0, 0))[0], custom - before.get(name, (0, 0))[1])
        for name, (generic, custom) in plans(mark).items()
    }
    often = [each for each in grown.values() if sum(each) >= REQUESTS - 2]  # the first two find out who asks
    assert often, grown
    assert all(custom <= CUSTOM for _, custom in often), often


def plans(mark: str) -> dict[str, tuple[int, int]]:
    """By the name of a prepared statement with that text in it: how often it ran with a generic and a custom plan."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement, generic_plans, custom_plans FROM pg_prepared_statements")
        return {name: (generic, custom) for name, text, generic, custom in cursor.fetchall() if mark in text}
