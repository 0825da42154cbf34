"""`Idempotency-Key` on mutations: executed once, answered alike."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import Answer
from tests.core.graphql.conftest import without_samples
from tests.factories import Api

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-4000-8000-000000000000"
CREATE = "mutation ($d: X) { createCompany(data: $d) { id name } }"


@pytest.fixture(scope="module")
def api(uncommitted: None) -> Api:
    return without_samples()


def send(api: Api, query: str, variables: Any = None, key: str = "k-1", **headers: str) -> Answer:
    return api.post("/graphql", {"query": query, "variables": variables}, Idempotency_Key=key, **headers)


def names(api: Api) -> list[str]:
    edges = api.data("{ companies(orderBy: [{name: AscNullsFirst}]) { edges { node { name } } } }")["companies"][
        "edges"
    ]
    return [edge["node"]["name"] for edge in edges]


def message(answer: Answer) -> str:
    [error] = answer.body["errors"]
    return str(error["message"])


def test_a_mutation_sent_again_is_executed_once(api: Api) -> None:
    first, second = (send(api, CREATE, {"d": {"name": "Acme"}}) for _ in range(2))
    assert first.body["data"]["createCompany"]["name"] == "Acme"
    assert second.body == first.body
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert names(api) == ["Acme"]
    send(api, CREATE, {"d": {"name": "Acme"}}, key="k-2")
    assert names(api) == ["Acme", "Acme"]


def test_another_mutation_under_the_key_is_refused(api: Api) -> None:
    send(api, CREATE, {"d": {"name": "Acme"}})
    other = send(api, CREATE, {"d": {"name": "Other"}})
    assert (other.status, message(other)) == (200, "This Idempotency-Key was used for another request")
    other = send(api, CREATE, {"d": {"name": "Other"}}, Accept="application/graphql-response+json")
    assert other.status == 422
    assert names(api) == ["Acme"]


def test_what_one_field_did_is_kept_with_the_error_of_the_other(api: Api) -> None:
    both = f'''mutation {{ a: createCompany(data: {{name: "A"}}) {{ name }}
                            b: createPerson(data: {{companyId: "{NOBODY}"}}) {{ id }} }}'''
    first, second = send(api, both), send(api, both)
    assert first.body["data"] == {"a": {"name": "A"}, "b": None}
    assert message(first) == f"companyId: no company with id {NOBODY}"
    assert second.body == first.body
    assert names(api) == ["A"]


def test_queries_take_no_notice(api: Api) -> None:
    query = "{ companies { totalCount } }"
    assert send(api, query).body == {"data": {"companies": {"totalCount": 0}}}
    send(api, CREATE, {"d": {"name": "Acme"}}, key="k-2")
    assert send(api, query).body == {"data": {"companies": {"totalCount": 1}}}
