"""How many statements a request sends, the key's included: for every golden request a checked-in number.

`UPDATE_BUDGETS=1` writes query_counts.json anew. The requests are those of tests/golden.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.budgets.recording import recording
from tests.factories import system_of
from tests.golden.files import NAMES, read_request
from tests.golden.system import SolarSystem
from webhooks.services import webhook_create

FILE = Path(__file__).parent / "query_counts.json"
BARS = {"read": 1, "write": 4, "write with a webhook": 5}
# What a bar does not hold for, and by how much:
MORE = {
    "rest_destroy_one": 1,  # one statement for each object whose records point at the destroyed one
    "graphql_destroy_one": 1,
    "rest_group_by": 1,  # it has many rows, in an order that a join does not promise to keep
    "graphql_group_by": 1,
}


def counts(system: SolarSystem, names: list[str]) -> dict[str, int]:
    """The statements of each request, asked when the data model is read and the key's use is noted."""
    for _ in range(2):  # the second is remembered
        system.api.get("/rest/planets?limit=0")
    counted = {}
    for name in names:
        request = read_request(name)
        with transaction.atomic(), recording() as statements:
            answer = request.send(system.api)
            transaction.set_rollback(True)
        assert answer.status < 300 or "missing" in name or "duplicate" in name, answer.body
        counted[name] = len(statements)
    return counted


@pytest.fixture
def counted(system: SolarSystem) -> dict[str, Any]:
    reads = [name for name in NAMES if read_request(name).is_read]
    writes = [name for name in NAMES if name not in reads]
    found = {"read": counts(system, reads), "write": counts(system, writes)}
    webhook_create(system_of(system.workspace.id), data={"targetUrl": "https://receiver.example/hook"})
    counts(system, ["rest_create_one"])  # the workspace's webhooks are read once and kept by their version
    found["write with a webhook"] = counts(system, writes)
    return found


def test_numbers_are_the_checked_in_ones(counted: dict[str, Any]) -> None:
    if os.environ.get("UPDATE_BUDGETS"):
        FILE.write_text(json.dumps(counted, indent=2) + "\n")
    assert counted == json.loads(FILE.read_text())


@pytest.mark.parametrize("kind", BARS)
def test_numbers_hold_the_bar(kind: str) -> None:
    over = {
        name: count
        for name, count in json.loads(FILE.read_text())[kind].items()
        if count > BARS[kind] + MORE.get(name, 0)
    }
    assert over == {}


def test_a_page_costs_the_same_whatever_its_size(system: SolarSystem) -> None:
    api = system.api
    for _ in range(2):
        api.get("/rest/planets?limit=0")
    for small, large in (
        ("/rest/planets?depth=1&limit=1", "/rest/planets?depth=1&limit=60"),
        ("/rest/moons?limit=1", "/rest/moons?limit=60"),
    ):
        numbers = []
        for path in (small, large):
            with recording() as statements:
                api.get(path)
            numbers.append(len(statements))
        assert numbers == [1, 1]


def test_a_batch_costs_the_same_whatever_its_size(system: SolarSystem) -> None:
    numbers = []
    system.api.get("/rest/planets?limit=0")
    for size in (1, 60):
        with recording() as statements:
            answer = system.api.post("/rest/batch/planets", [{"name": f"P{place}"} for place in range(size)])
        assert answer.status == 201
        numbers.append(len(statements))
    assert numbers == [1, 1]
