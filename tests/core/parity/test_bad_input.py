"""What no client should send, sent to every API: the contract's error, never a fault of ours, nothing written."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.db import connection

from tests.api_client import Answer
from tests.golden.system import SolarSystem, planet_id


def rows(system: SolarSystem) -> dict[str, Any]:
    """Everything the workspace holds, and how much stands in the shared tables."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for each in system.objects:
            table = f'"{system.workspace.database_schema}"."o_{each.id.hex}"'
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t")
            found[each.name_singular] = cursor.fetchone()
        for table in ("metadata_objectmetadata", "metadata_fieldmetadata", "apikeys_apikey", "webhooks_webhook"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()
    return found


def nested(depth: int, opening: str, closing: str) -> bytes:
    return (opening * depth + closing * depth).encode()


BIG = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
BODIES: dict[str, tuple[bytes, set[int]]] = {
    "malformed JSON": (b"{bad", {400}),
    "half an object": (b'{"name": "x"', {400}),
    "two values": (b"{} {}", {400}),
    "not UTF-8": (b'{"name": "\xff\xfe"}', {400}),
    "a number": (b"5", {400}),
    "a text": (b'"x"', {400}),
    "null": (b"null", {400}),
    "an array of numbers": (b"[1, 2]", {400}),
    "NaN": (b'{"radius": NaN}', {400}),
    "Infinity": (b'{"radius": Infinity}', {400}),
    "minus Infinity": (b'{"radius": -Infinity}', {400}),
    "NaN beside a long number": (b'{"radius": NaN, "price": {"amountMicros": 12345678901234567890}}', {400}),
    "a number beyond any": (b'{"radius": 1e999}', {400}),
    "an unknown member": (b'{"mass": 1}', {400}),
    "a wrong type": (b'{"name": 5}', {400}),
    "an object for a number": (b'{"radius": {"a": 1}}', {400}),
    "an unknown option": (b'{"kind": "PLASMA"}', {400}),
    "a NUL character": (b'{"name": "a\\u0000b"}', {400}),
    "a NUL character in a name": (b'{"na\\u0000me": "x"}', {400}),
    "a raw NUL": (b'{"name": "a\0b"}', {400}),
    "deep nesting": (nested(100_000, "[", "]"), {400}),
    "deep nesting of objects": (nested(100_000, '{"a":', "}"), {400}),
    "deep nesting of a value": (b'{"name": ' + nested(900, "[", "]") + b"}", {400}),
    "over 10 MB": (BIG, {413}),
    "a bad UUID": (b'{"id": "abc"}', {400}),
    "a huge id": (b'{"id": ' + b"9" * 5000 + b"}", {400}),
    "a number of 5,000 digits": (b'{"radius": ' + b"9" * 5000 + b"}", {400}),
    "an amount beyond numeric": (b'{"price": {"amountMicros": ' + b"9" * 200_000 + b"}}", {400}),
    "a huge exponent": (b'{"radius": "1e1000000000"}', {400}),
    "a bad position": (b'{"position": "sideways"}', {400}),
    "a time beyond years": (b'{"firstSeen": "99999-01-01"}', {400}),
    "a member of the prototype": (b'{"__proto__": {"a": 1}}', {400}),
}


def refused(answer: Answer, statuses: set[int]) -> None:
    assert answer.status in statuses, answer.body
    assert answer.body["statusCode"] == answer.status
    assert answer.body["messages"] and all(isinstance(each, str) and each for each in answer.body["messages"])
    assert answer.body["error"] and answer.body["code"]
    text = json.dumps(answer.body)
    assert len(text) < 5_000
    assert "Traceback" not in text and "psycopg2" not in text and "SELECT" not in text


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "planets"),
        ("POST", "planets?upsert=true"),
        ("POST", "batch/planets"),
        ("PATCH", f"planets/{planet_id(1)}"),
        ("PATCH", "planets?filter=id[is]:NOT_NULL"),
        ("POST", "planets/duplicates"),
        ("PATCH", "planets/merge"),
    ],
)
def test_bodies_of_core_rest(system: SolarSystem, method: str, path: str, name: str) -> None:
    body, statuses = BODIES[name]
    if path.startswith("batch") and body.startswith(b"{") and not body.startswith((b"{bad", b'{"a":{"a"')):
        body = b"[" + body + b"]"
    before = rows(system)
    refused(system.api.request(method, f"/rest/{path}", body), statuses)
    assert rows(system) == before


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["metadata/objects", "metadata/fields", "metadata/webhooks", "metadata/apiKeys"])
def test_bodies_of_the_other_rest_routes(system: SolarSystem, path: str, name: str) -> None:
    before = rows(system)
    body, statuses = BODIES[name]
    refused(system.api.request("POST", f"/rest/{path}", body), statuses)
    assert rows(system) == before


# What is a value of GraphQL, and so is answered beside the data of other root fields:
VALUES = {
    "a number", "a text", "null", "an array of numbers", "an unknown member", "a wrong type", "an object for a number",
    "an unknown option", "a NUL character", "a NUL character in a name", "a bad UUID", "a huge exponent",
    "a bad position", "a time beyond years", "a member of the prototype",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_bodies_of_graphql(system: SolarSystem, path: str, name: str) -> None:
    """As the whole body, and as a variable of a mutation."""
    body, statuses = BODIES[name]
    before = rows(system)
    mutation = (
        "mutation ($data: PlanetCreateInput!) { createPlanet(data: $data) { id } }"
        if path == "/graphql"
        else "mutation ($data: CreateOneObjectInput!) { createOneObject(input: $data) { id } }"
    )
    wrapped = b'{"query": ' + json.dumps(mutation).encode() + b', "variables": {"data": ' + body + b"}}"
    as_variable = {200} if path == "/graphql" and name in VALUES else statuses
    for sent, expected in ((body, statuses), (wrapped, as_variable)):
        answer = system.api.request("POST", path, sent)
        assert {answer.status} == expected, answer.body
        assert (answer.body["errors"] and answer.body.get("data") is None) or answer.body["data"] == {
            "createPlanet": None
        }
        for error in answer.body["errors"]:
            assert error["message"] and error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", answer.body
    assert rows(system) == before


def test_61_records(system: SolarSystem) -> None:
    before = rows(system)
    answer = system.api.post("/rest/batch/planets", [{"name": f"P{number}"} for number in range(61)])
    refused(answer, {400})
    assert answer.body["messages"] == ["Maximum number of records to upsert is 60."]
    assert rows(system) == before


def test_of_a_key_given_twice_the_last_counts(system: SolarSystem) -> None:
    """As RFC 8259 §4 says most parsers do."""
    answer = system.api.post("/rest/planets", b'{"name": "first", "name": "last"}')
    assert (answer.status, answer.body["data"]["createPlanet"]["name"]) == (201, "last")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a\\ud800b"}',
        b'{"name": "a\\udc00b", "radius": 9223372036854775808}',
        b'{"\\ud800": 9223372036854775808}',
        b'{"notes": {"a": [{"\\ud800": 9223372036854775808}]}}',
        b'{"notes": {"a": ["\\udfff\\ud800"], "b": 9223372036854775808}}',
        b'{"name": "a\xed\xa0\x80b", "radius": 9223372036854775808}',
        b'{"name": "\xff"}',
        '{"name": "x", "radius": 9223372036854775808}'.encode("utf-16"),
    ],
)
def test_broken_unicode_is_refused(system: SolarSystem, body: bytes) -> None:
    """No text in UTF-8 can hold a lone surrogate."""
    before = rows(system)
    rest = system.api.post("/rest/planets", body)
    assert (rest.status, rest.body["code"]) == (400, "MALFORMED_BODY")
    query = "mutation ($d: PlanetCreateInput!) { createPlanet(data: $d) { name } }"
    graphql = system.api.post(
        "/graphql", b'{"query": ' + json.dumps(query).encode() + b', "variables": {"d": ' + body + b"}}"
    )
    assert graphql.status == 400
    assert rows(system) == before


def test_integers_of_any_size_stay_exact(system: SolarSystem) -> None:
    for number in (2**53 + 1, 2**63, 10**30, -(10**30)):
        body = f'{{"price": {{"amountMicros": {number}, "currencyCode": "EUR"}}, "radius": {number}}}'.encode()
        answer = system.api.post("/rest/planets", body)
        assert answer.status == 201, answer.body
        created = answer.body["data"]["createPlanet"]
        assert (created["price"]["amountMicros"], created["radius"]) == (number, number)


def cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode()


PARAMETERS = {
    "an unknown object": ("worlds", 400),
    "the singular": ("planet", 400),
    "a bad id": ("planets/abc", 400),
    "a NUL in the path": ("planets%00", 400),
    "a filter of an unknown field": ("planets?filter=mass[eq]:1", 400),
    "an unknown comparator": ("planets?filter=name[about]:1", 400),
    "half a filter": ("planets?filter=or(name[eq]:a", 400),
    "a filter of wrong type": ("planets?filter=radius[eq]:big", 400),
    "a filter with a NUL": ("planets?filter=name[eq]:a%00b", 400),
    "a filter of a huge number": ("planets?filter=radius[eq]:1e1000000000", 400),
    "a filter nested deeply": ("planets?filter=" + "not(" * 3_000 + "name[eq]:a" + ")" * 3_000, 400),
    "an order of an unknown field": ("planets?order_by=mass", 400),
    "an unknown direction": ("planets?order_by=name[Up]", 400),
    "a limit that is none": ("planets?limit=many", 400),
    "a negative limit": ("planets?limit=-1", 400),
    "depth 2": ("planets?depth=2", 400),
    "an unknown member in fields": ("planets?fields=mass", 400),
    "a misspelt flag": (f"planets/{planet_id(1)}?depth=yes", 400),
    "a cursor of an array": (f"planets?starting_after={cursor([1])}", 400),
    "a cursor without an id": (f"planets?starting_after={cursor({})}", 400),
    "a cursor with a bad id": (f"planets?starting_after={cursor({'id': 5})}", 400),
    "a cursor with a NUL": (
        f"planets?order_by=name&starting_after={cursor({'name': chr(0), 'id': planet_id(1)})}",
        400,
    ),
    "a cursor of bytes": (f"planets?starting_after={cursor(bytes(range(200, 256)))}", 400),
    "a cursor nested deeply": (f"planets?starting_after={cursor(nested(1_000, '[', ']'))}", 400),
    "a group by of nothing": ("planets/groupBy", 400),
    "a group by of broken JSON": ("planets/groupBy?group_by=[", 400),
    "a group by of an unknown field": ('planets/groupBy?group_by=[{"mass":true}]', 400),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_paths_and_parameters(system: SolarSystem, name: str) -> None:
    path, status = PARAMETERS[name]
    refused(system.api.get(f"/rest/{path}"), {status})


DOCUMENTS = {
    "no document": "{",
    "an unknown root": "{ worlds { totalCount } }",
    "an unknown member": "{ planets { edges { node { mass } } } }",
    "an unknown argument": "{ planets(mass: 1) { totalCount } }",
    "a negative first": "{ planets(first: -1) { totalCount } }",
    "a first beyond the limit": "{ planets(first: 1001) { totalCount } }",
    "first and last": "{ planets(first: 1, last: 1) { totalCount } }",
    "first beyond Int": "{ planets(first: 99999999999) { totalCount } }",
    "a bad cursor": '{ planets(after: "zzz") { totalCount } }',
    "selection nested deeply": "{ planets " + "{ edges { node { moons " * 30 + "{ totalCount }" + "} } }" * 30 + " }",
    "parser bombed": "{" * 50_000,
    "a list nested deeply": "{ planets(filter: " + "{not: " * 5_000 + "{}" + "}" * 5_000 + ") { totalCount } }",
    "fragments in a circle": "query { planets { ...A } } fragment A on PlanetConnection { ...A }",
    "aliases by the thousand": "{" + " ".join(f"a{number}: planets {{ totalCount }}" for number in range(5_000)) + "}",
    "a missing variable": "query ($id: UUID!) { planet(filter: {id: {eq: $id}}) { id } }",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(system: SolarSystem, name: str) -> None:
    answer = system.api.graphql(DOCUMENTS[name])
    assert answer.status == 200, answer.body
    assert answer.body["errors"], answer.body
    for error in answer.body["errors"]:
        assert error["message"] and error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", answer.body
