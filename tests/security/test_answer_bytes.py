"""However large records are, an answer ends where it has more than MAX_ANSWER_BYTES, while it is being made.

Each way to be answered with records is asked for as much as may be (2 s of one core and 200 MB at most) and for
more, which is refused early and changes nothing; a single record has at most MAX_RECORD_BYTES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from config.http.bounds import MAX
from tests.api_client import Answer
from tests.factories import Api
from tests.security.costs import measure
from tests.security.shelves import COUNT, fill, shelves_and_boxes, stored

pytestmark = pytest.mark.alone  # measures what things cost

MOST_CPU_S, MOST_MEMORY_MB, MOST_REFUSING_S = 2.0, 200.0, 1.0
MESSAGE = f"The answer, or what is read for it, has more than {MAX.answer_bytes} bytes"


@pytest.fixture(scope="module")
def _shelves(uncommitted: None) -> Api:
    return shelves_and_boxes()


@pytest.fixture
def api(_shelves: Api, db: None) -> Api:
    return _shelves


def first_id(api: Api) -> str:
    return str(api.get("/rest/boxes?limit=1&fields=id").body["data"]["boxes"][0]["id"])


def graphql(text: str, variables: Any = None) -> Callable[[Api], Answer]:
    return lambda api: api.graphql(text, variables or {})


EVERY_BOX = 'filter: {kind: {eq: "k"}}'
IN_PAGES: dict[str, Callable[[Api], Answer]] = {
    "REST, a page": lambda api: api.get("/rest/boxes?limit=60"),
    "REST, related records": lambda api: api.get("/rest/shelves?depth=1"),
    "REST, groups": lambda api: api.get(
        '/rest/boxes/groupBy?group_by=[{"text":true}]&aggregate=["countNotEmptyId"]&limit=60'
    ),
    "GraphQL, related records": graphql("{ shelves { edges { node { boxes { edges { node { text } } } } } } }"),
    "GraphQL, groups": graphql("{ boxesGroupBy(groupBy: [{text: true}], limit: 60) { groupByDimensionValues } }"),
    "GraphQL, records updated": graphql(f'mutation {{ updateBoxes({EVERY_BOX}, data: {{more: "m"}}) {{ id }} }}'),
    "GraphQL, records destroyed": graphql(f"mutation {{ destroyBoxes({EVERY_BOX}) {{ text }} }}"),
    "REST, records deleted": lambda api: api.delete("/rest/boxes?filter=kind[eq]:k&soft_delete=true"),
}


ONE_OF_SIX_LISTS = ("REST, related records",)  # each may have half of what an answer may


@contextmanager
def taken_back() -> Iterator[None]:
    """A read that PostgreSQL refuses breaks the transaction around a test; there is none around one of a server."""
    place = transaction.savepoint()
    yield
    transaction.savepoint_rollback(place)


def refusal(answer: Answer) -> tuple[str, str]:
    """Code and message."""
    if "errors" in answer.body:
        [error] = answer.body["errors"]
        return error["extensions"]["subCode"], error["message"]
    assert answer.status == 400, answer.body
    return answer.body["code"], answer.body["messages"][0]


@pytest.mark.parametrize("name", IN_PAGES)
def test_as_much_as_may_be_is_answered_and_more_is_not(api: Api, name: str) -> None:
    ask = IN_PAGES[name]
    fill(MAX.answer_bytes * 2)
    before = stored()
    with taken_back():
        refused = measure(lambda: ask(api))
    assert refusal(refused.answer) == ("TOO_COMPLEX_QUERY", MESSAGE)
    assert stored() == before
    assert (refused.total_s <= MOST_REFUSING_S, refused.memory_mb <= MOST_MEMORY_MB) == (True, True), refused
    share = 45 if name in ONE_OF_SIX_LISTS else 98
    fill(MAX.answer_bytes * share // 100)
    cost = measure(lambda: ask(api))
    assert cost.answer.status in (200, 201), cost.answer.body
    assert "errors" not in cost.answer.body
    assert (cost.total_s <= MOST_CPU_S, cost.memory_mb <= MOST_MEMORY_MB) == (True, True), (
        cost.cpu_s,
        cost.database_cpu_s,
        cost.memory_mb,
    )


def test_one_large_text_under_many_names_ends_early(api: Api) -> None:
    fill(4_000_000, 1)
    names = " ".join(f"t{place}: text" for place in range(1_900))
    cost = measure(lambda: api.graphql(f"{{ boxes(first: 1) {{ edges {{ node {{ {names} }} }} }} }}"))
    assert refusal(cost.answer) == ("TOO_COMPLEX_QUERY", MESSAGE)
    assert (cost.total_s <= MOST_REFUSING_S, cost.memory_mb <= MOST_MEMORY_MB) == (True, True), cost


def test_one_list_of_large_records_under_many_names_ends_early(api: Api) -> None:
    fill(30_000_000)
    lists = " ".join(f"l{place}: boxes {{ edges {{ node {{ text }} }} }}" for place in range(40))
    cost = measure(lambda: api.graphql(f"{{ shelves {{ edges {{ node {{ {lists} }} }} }} }}"))
    assert refusal(cost.answer) == ("TOO_COMPLEX_QUERY", MESSAGE)
    assert (cost.total_s <= MOST_REFUSING_S, cost.memory_mb <= MOST_MEMORY_MB) == (True, True), cost


def test_root_fields_share_what_a_request_may_be_answered_with(api: Api) -> None:
    fill(MAX.answer_bytes * 60 // 100)
    roots = (
        "boxes(first: 60) { edges { node { text } } } shelves { edges { node { boxes { edges { node { text } } } } } }"
    )
    answer = api.graphql(f'{{ {roots} box(filter: {{kind: {{eq: "k"}}}}) {{ kind }} }}')
    assert [name for name, value in answer.body["data"].items() if value is not None] == ["boxes"]
    assert {error["extensions"]["subCode"] for error in answer.body["errors"]} == {"TOO_COMPLEX_QUERY"}


def test_deleting_many_large_records_reads_nothing_of_them(api: Api) -> None:
    fill(MAX.answer_bytes * 3)
    answer = api.graphql(f"mutation {{ deleteBoxes({EVERY_BOX}) {{ id }} }}")
    assert len(answer.body["data"]["deleteBoxes"]) == COUNT


def test_a_record_has_at_most_so_many_bytes(api: Api) -> None:
    """Made and changed, in one call or part by part; what is larger already can be made smaller."""
    box_id = first_id(api)
    half = "x" * (MAX.record_bytes // 2)
    before = stored()
    for answer in (
        api.post("/rest/boxes", {"text": half, "more": half}),
        api.graphql(
            "mutation ($d: [BoxCreateInput!]!) { createBoxes(data: $d) { id } }", {"d": [{"text": half, "more": half}]}
        ),
        api.graphql(
            "mutation ($d: [BoxCreateInput!]!) { createBoxes(data: $d, upsert: true) { id } }",
            {"d": [{"id": box_id, "text": half, "more": half}]},
        ),
    ):
        code, message = refusal(answer)
        assert (code, message.endswith(f" bytes, more than {MAX.record_bytes}")) == ("TOO_COMPLEX_QUERY", True)
        assert stored() == before
    report = api.request("POST", "/rest/boxes/import?format=csv", f"text,more\n{half},{half}\n".encode()).body
    assert (report["data"]["import"]["created"], report["data"]["import"]["failed"]) == (0, 1), report
    assert stored() == before
    assert api.patch(f"/rest/boxes/{box_id}", {"text": half}).status == 200
    before = stored()
    assert refusal(api.patch(f"/rest/boxes/{box_id}", {"more": half}))[0] == "TOO_COMPLEX_QUERY"
    assert stored() == before
    assert api.patch(f"/rest/boxes/{box_id}", {"more": half[:-1_000]}).status == 200
    assert api.patch(f"/rest/boxes/{box_id}", {"text": "x"}).status == 200


def test_numbers_that_are_kept_with_hundreds_of_digits_are_counted(api: Api) -> None:
    assert api.post("/rest/boxes", {"raw": [1e300] * MAX.far_numbers}).status == 201
    before = stored()
    refused = api.post("/rest/boxes", {"raw": [*([1e-300] * MAX.far_numbers), 1e21]})
    assert refusal(refused)[0] == "TOO_COMPLEX_QUERY"
    assert stored() == before
