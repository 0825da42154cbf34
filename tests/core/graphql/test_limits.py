"""Documents and bodies meant to hurt: each ends in an error that says which limit it met."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

BIG = {"nameSingular": "big", "namePlural": "bigs", "fields": [{"type": "TEXT", "name": "text"}]}


@pytest.fixture(scope="module")
def api(uncommitted: None) -> Api:
    return api_of(workspace_with([BIG]))


def fragments(count: int, body: str, last: str) -> str:
    parts = [f"fragment F{index} on {body.format(next=f'...F{index + 1}')}" for index in range(count)]
    return " ".join(parts) + f" fragment F{count} on {last}"


def nested_filter(levels: int) -> Any:
    nested: Any = {"id": {"is": "NULL"}}
    for _ in range(levels):
        nested = {"and": [nested]}
    return nested


TOO_COMPLEX = ("BAD_USER_INPUT", "TOO_COMPLEX_QUERY")
SYNTAX = ("GRAPHQL_PARSE_FAILED", None)
INVALID = ("GRAPHQL_VALIDATION_FAILED", None)
DOCUMENTS: dict[str, tuple[str, Any, tuple[str, str | None], str]] = {
    "deep": ("{ bigs " + "{ a " * 3000 + "}" * 3001, None, SYNTAX, "Syntax Error: Document is nested too deeply. Parsing aborted."),
    "deep fragments": ("{ bigs " + "{ ... " * 1000 + "{ totalCount }" + "}" * 1001, None, SYNTAX, "Syntax Error: Document is nested too deeply. Parsing aborted."),
    "deep list": ("{ bigs(filter: {and: " + "[" * 10_000 + "]" * 10_000 + "}) { totalCount } }", None, SYNTAX, "Syntax Error: Document is nested too deeply. Parsing aborted."),
    "wide": ("{ bigs { edges { node { " + " ".join(f"a{n}: id" for n in range(5_000)) + " } } } }", None, TOO_COMPLEX, "Query too complex - Too many fields requested: 5003 - Maximum allowed fields: 2000"),
    "2001 fields": ("{ bigs { " + " ".join(f"a{n}: totalCount" for n in range(2_000)) + " } }", None, TOO_COMPLEX, "Query too complex - Too many fields requested: 2001 - Maximum allowed fields: 2000"),
    "aliased root": ("{ " + " ".join(f"a{n}: bigs {{ totalCount }}" for n in range(1_000)) + " }", None, TOO_COMPLEX, "Query too complex - Too many root resolvers requested: 1000 - Maximum allowed root resolvers: 20"),
    "same root": ("{ bigs { totalCount } a: bigs { totalCount } }", None, ("BAD_USER_INPUT", "INVALID_QUERY_INPUT"), 'Duplicate root resolver: "bigs"'),
    "many tokens": ("{ bigs { " + "...A " * 60_000 + "} } fragment A on BigConnection { totalCount }", None, SYNTAX, "Syntax Error: Document contains more than 20000 tokens. Parsing aborted."),
    "fragment cycle": ("{ bigs { ...A } } fragment A on BigConnection { ...B } fragment B on BigConnection { ...A }", None, INVALID, 'Cannot spread fragment "A" within itself via "B".'),
    "fragment chain": ("{ bigs { ...F0 } } " + fragments(1_000, "BigConnection {{ {next} }}", "BigConnection { totalCount }"), None, TOO_COMPLEX, "Query too complex - Too many definitions: 1002 - Maximum allowed definitions: 200"),
    "fragment bomb": ("{ bigs { edges { node { ...F0 } } } } " + fragments(30, "Big {{ a: noteTargets {{ edges {{ node {{ targetBig {{ {next} }} }} }} }} b: noteTargets {{ edges {{ node {{ targetBig {{ {next} }} }} }} }} }}", "Big { id }"), None, TOO_COMPLEX, "Query too complex - Too many fields requested: more than 1000000000 - Maximum allowed fields: 2000"),
    "deep variables": ("query ($f: X) { bigs(filter: $f) { totalCount } }", {"f": nested_filter(60)}, TOO_COMPLEX, "Filter is nested more than 40 levels deep"),
    "wide variables": ("query ($f: X) { bigs(filter: $f) { totalCount } }", {"f": {"or": [{"name": {"eq": "x"}}] * 5_000}}, TOO_COMPLEX, "Filter has more than 1000 conditions"),
    "many groups": ("query ($g: X) { bigsGroupBy(groupBy: $g) { totalCount } }", {"g": [{"name": True}] * 1_000}, TOO_COMPLEX, "At most 5 dimensions can be grouped by, not 1000"),
    "long number": ("{ bigs(first: " + "9" * 10_000 + ") { totalCount } }", None, TOO_COMPLEX, "A number has too many digits"),
    "large page": ("{ bigs(first: 1001) { totalCount } }", None, TOO_COMPLEX, "At most 1000 records can be asked for in one page, not 1001"),
    "many creates": ("mutation ($d: X) { createBigs(data: $d) { id } }", {"d": [{}] * 61}, ("BAD_USER_INPUT", "TOO_MANY_RECORDS_TO_UPDATE"), "Maximum number of records to upsert is 60."),
    "infinite page": ("{ bigs(first: 1e308) { totalCount } }", None, ("BAD_USER_INPUT", "INVALID_QUERY_INPUT"), 'Invalid argument: "first" must be a number'),
}  # fmt: skip


def test_hostile_documents(api: Api) -> None:
    answers = {}
    for name, (text, variables, _, _) in DOCUMENTS.items():
        answer = api.graphql(text, variables)
        [error] = answer.body["errors"]
        answers[name] = ((error["extensions"]["code"], error["extensions"].get("subCode")), error["message"])
        assert answer.status == 200
        assert not (answer.body.get("data") or {}).get("bigs")
    assert answers == {name: (codes, message) for name, (_, _, codes, message) in DOCUMENTS.items()}


def test_lists_nested_beyond_all_measure_in_variables(api: Api) -> None:
    for levels in (120, 10_000, 1_000_000):
        nested = "[" * levels + "]" * levels
        body = f'{{"query": "query ($f: X) {{ bigs(filter: $f) {{ totalCount }} }}", "variables": {{"f": {{"and": {nested}}}}}}}'
        answer = api.post("/graphql", body.encode())
        if levels == 120:
            assert (answer.status, answer.body) == (200, {"data": {"bigs": {"totalCount": 0}}})
        else:
            assert answer.status == 400
            assert answer.body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_bodies_up_to_10_mb_are_read(api: Api) -> None:
    def body(size: int) -> bytes:
        asked = {"query": "query ($text: String) { bigs(filter: {text: {eq: $text}}) { totalCount } }"}
        room = size - len(json.dumps({**asked, "variables": {"text": ""}}))
        return json.dumps({**asked, "variables": {"text": "x" * room}}).encode()

    assert api.post("/graphql", body(10 * 1024 * 1024)).body == {"data": {"bigs": {"totalCount": 0}}}
    answer = api.post("/graphql", body(10 * 1024 * 1024 + 1))
    assert answer.status == 413
    assert answer.body["errors"][0]["message"] == "Body is larger than 10485760 bytes"


def test_thousands_of_aliases_within_the_limit_are_answered(api: Api) -> None:
    counts = " ".join(f"a{number}: countUniqueValuesText b{number}: totalCount" for number in range(100))
    data = api.data(f"{{ bigs {{ {counts} }} }}")["bigs"]
    assert len(data) == 200
    assert set(data.values()) == {0}
    edges = " ".join(f"a{number}: edges {{ cursor }}" for number in range(900))
    assert set(map(str, api.data(f"{{ bigs {{ {edges} }} }}")["bigs"].values())) == {"[]"}


def test_nested_pages_that_multiply_are_refused_by_their_cost(workspace: Any) -> None:
    text = """{ companies(first: %d) { edges { node { people(first: 1000) { edges { node { company {
                 people(first: %d) { totalCount } } } } } } } } }"""
    api = api_of(workspace)
    answer = api.graphql(text % (1000, 3))
    assert answer.body["data"] == {"companies": None}
    [error] = answer.body["errors"]
    assert error["message"] == (
        "Query complexity is too high: it could answer 3000000 records, more than 2000000."
        " Ask for smaller pages of nested relations."
    )
    assert error["extensions"]["subCode"] == "TOO_COMPLEX_QUERY"
    assert len(api.data(text % (1, 2))["companies"]["edges"]) == 1


def test_a_statement_that_takes_too_long_is_ended(api: Api, settings: Any) -> None:
    api.data("mutation ($t: String) { createBig(data: {text: $t}) { id } }", {"t": "aB" * 500_000})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 50")
    text = "query ($f: X) { bigs(filter: $f) { totalCount } }"
    answer = api.graphql(text, {"f": {"or": [{"text": {"ilike": f"%b{number}%"}} for number in range(500)]}})
    assert answer.body["data"] == {"bigs": None}
    [error] = answer.body["errors"]
    assert error["message"] == f"The query took longer than {settings.STATEMENT_TIMEOUT_MS} ms"
    assert error["extensions"]["code"] == "TIMEOUT"
