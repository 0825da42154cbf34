"""ISO 3166 and ISO 4217, as pycountry ships them, through a whole server: modelled, loaded, read back.

The data model is made over the two metadata APIs, half and half; `currency` is a reserved name, so
currencies are called `isoCurrency` here, and `kind` stands for a subdivision's `type`, reserved too.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pycountry
import pytest

from tests.real_input.workers import one_for_each_worker, worker_of
from tests.server import Connection, Server, running

BATCH = 60
WORKERS = 2

COUNTRIES: Sequence[Mapping[str, Any]] = [
    {
        "name": each.name,
        "alpha2": each.alpha_2,
        "alpha3": each.alpha_3,
        "numericCode": each.numeric,
        "officialName": getattr(each, "official_name", ""),
        "flag": each.flag,
    }
    for each in pycountry.countries
]
CURRENCIES: Sequence[Mapping[str, Any]] = [
    {"name": each.name, "code": each.alpha_3, "numericCode": each.numeric} for each in pycountry.currencies
]
SUBDIVISIONS: Sequence[Mapping[str, Any]] = [
    {"name": each.name, "code": each.code, "kind": each.type, "country": each.country_code, "parent": each.parent_code}
    for each in pycountry.subdivisions
]


def levels() -> Iterator[list[Mapping[str, Any]]]:
    """Subdivisions, those before whose parents are already there."""
    left = list(SUBDIVISIONS)
    known: set[str | None] = {None}
    while left:
        ready = [each for each in left if each["parent"] in known]
        assert ready
        yield ready
        known |= {each["code"] for each in ready}
        left = [each for each in left if each["code"] not in known]


def as_record(subdivision: Mapping[str, Any]) -> dict[str, Any]:
    record = {name: subdivision[name] for name in ("name", "code", "kind")}
    record["country"] = {"connect": {"where": {"alpha2": subdivision["country"]}}}
    if subdivision["parent"]:
        record["parent"] = {"connect": {"where": {"code": subdivision["parent"]}}}
    return record


# A record's creation: its plural, its GraphQL input type, and all records in an order they can be created in.
LOADS: Mapping[str, tuple[str, list[list[Mapping[str, Any]]]]] = {
    "countries": ("Country", [list(COUNTRIES)]),
    "isoCurrencies": ("IsoCurrency", [list(CURRENCIES)]),
    "subdivisions": ("Subdivision", [[as_record(each) for each in level] for level in levels()]),
}


def model(connection: Connection) -> None:
    """Objects, fields and relations; every second request goes to the other API."""

    def make_object(singular: str, plural: str, label: str, labels: str) -> str:
        values = {"nameSingular": singular, "namePlural": plural, "labelSingular": label, "labelPlural": labels}
        if next(turn):
            answer = connection.post("/rest/metadata/objects", values)
            assert answer.status == 201, answer.body
            return str(answer.body["data"]["createOneObject"]["id"])
        query = "mutation ($i: CreateOneObjectInput!) { createOneObject(input: $i) { id } }"
        return str(connection.data(query, {"i": {"object": values}}, "/metadata")["createOneObject"]["id"])

    def make_field(object_id: str, kind: str, name: str, **more: Any) -> None:
        values = {"objectMetadataId": object_id, "type": kind, "name": name, "label": name.capitalize(), **more}
        if next(turn):
            answer = connection.post("/rest/metadata/fields", values)
            assert answer.status == 201, answer.body
            return
        query = "mutation ($i: CreateOneFieldMetadataInput!) { createOneField(input: $i) { id } }"
        connection.data(query, {"i": {"field": values}}, "/metadata")

    def to_one(target: str, inverse: str) -> dict[str, Any]:
        payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": target, "targetFieldLabel": inverse}
        return {"relationCreationPayload": {**payload, "targetFieldIcon": "IconMap"}}

    turn = itertools.cycle((True, False))
    country = make_object("country", "countries", "Country", "Countries")
    subdivision = make_object("subdivision", "subdivisions", "Subdivision", "Subdivisions")
    currency = make_object("isoCurrency", "isoCurrencies", "ISO currency", "ISO currencies")
    for name in ("alpha2", "alpha3"):
        make_field(country, "TEXT", name, isUnique=True)
    for name in ("numericCode", "officialName", "flag"):
        make_field(country, "TEXT", name)
    make_field(subdivision, "TEXT", "code", isUnique=True)
    make_field(subdivision, "TEXT", "kind")
    make_field(subdivision, "RELATION", "country", **to_one(country, "Subdivisions"))
    make_field(subdivision, "RELATION", "parent", **to_one(subdivision, "Children"))
    make_field(currency, "TEXT", "code", isUnique=True)
    make_field(currency, "TEXT", "numericCode")


def load(connection: Connection, *, upsert: bool = False) -> int:
    """Every record, 60 a call, every second call over the other API; gives how many were answered."""
    turn = itertools.cycle((True, False))
    answered = 0
    for plural, (pascal, parts) in LOADS.items():
        create = f"create{plural[0].upper()}{plural[1:]}"
        query = (
            f"mutation ($data: [{pascal}CreateInput!]!, $upsert: Boolean)"
            f" {{ {create}(data: $data, upsert: $upsert) {{ id }} }}"
        )
        for part in parts:
            for start in range(0, len(part), BATCH):
                records = part[start : start + BATCH]
                if next(turn):
                    answer = connection.post(f"/rest/batch/{plural}?fields=id&upsert={str(upsert).lower()}", records)
                    assert answer.status == 201, answer.body
                    made = answer.body["data"][create]
                else:
                    made = connection.data(query, {"data": records, "upsert": upsert})[create]
                assert len(made) == len(records)
                answered += len(made)
    return answered


def read_rest(connection: Connection, plural: str, query: str = "") -> list[dict[str, Any]]:
    """All records over REST, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = connection.get(f"/rest/{plural}?limit=200{query}{after}")
        assert answer.status == 200, answer.body
        found += answer.body["data"][plural]
        if not answer.body["pageInfo"]["hasNextPage"]:
            assert answer.body["totalCount"] == len(found)
            return found
        after = f"&starting_after={quote(answer.body['pageInfo']['endCursor'])}"


def read_graphql(connection: Connection, plural: str, members: str, arguments: str = "") -> list[dict[str, Any]]:
    """All records over GraphQL, page by page."""
    query = (
        f"query ($after: String) {{ {plural}(first: 1000, after: $after{arguments}) {{ totalCount"
        f" edges {{ node {{ {members} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = connection.data(query, {"after": after})[plural]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


def everything(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, but when it was written."""
    return {
        plural: [
            {name: value for name, value in each.items() if name != "updatedAt"}
            for each in read_rest(connection, plural)
        ]
        for plural in LOADS
    }


@dataclass(frozen=True, slots=True)
class Iso:
    server: Server
    connection: Connection


@pytest.fixture(scope="module")
def iso() -> Iterator[Iso]:
    data_dir = Path(tempfile.mkdtemp(prefix="fourgate-iso-", dir="/tmp"))
    data_dir.chmod(0o755)
    try:
        with running(data_dir, "--no-assets", WORKERS=str(WORKERS)) as server:
            connection = server.connect()
            model(connection)
            assert load(connection) == len(COUNTRIES) + len(CURRENCIES) + len(SUBDIVISIONS)
            yield Iso(server, connection)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def test_the_data_is_the_real_one() -> None:
    assert (len(COUNTRIES), len(CURRENCIES) > 150, len(SUBDIVISIONS) > 5_000) == (249, True, True)
    assert sum(not each["name"].isascii() for each in SUBDIVISIONS) > 1_000


def test_reserved_names_are_refused(iso: Iso) -> None:
    values = {"nameSingular": "currency", "namePlural": "currencies", "labelSingular": "C", "labelPlural": "Cs"}
    answer = iso.connection.post("/rest/metadata/objects", values)
    assert answer.status == 400
    assert "reserved" in str(answer.body)


@pytest.mark.parametrize(("plural", "given"), [("countries", COUNTRIES), ("isoCurrencies", CURRENCIES)])
def test_flat_records_read_back_as_given(iso: Iso, plural: str, given: Sequence[Mapping[str, Any]]) -> None:
    expected = sorted(map(dict, given), key=str)
    members = list(given[0])
    rest = [{name: each[name] for name in members} for each in read_rest(iso.connection, plural)]
    assert sorted(rest, key=str) == expected
    assert sorted(read_graphql(iso.connection, plural, " ".join(members)), key=str) == expected


def test_subdivisions_read_back_as_given(iso: Iso) -> None:
    expected = {each["code"]: dict(each) for each in SUBDIVISIONS}
    members = "name code kind country { alpha2 } parent { code }"
    for records in (
        read_rest(iso.connection, "subdivisions", "&depth=1&fields=name,code,kind,country,parent"),
        read_graphql(iso.connection, "subdivisions", members),
    ):
        found = {
            each["code"]: {
                **{name: each[name] for name in ("name", "code", "kind")},
                "country": each["country"]["alpha2"],
                "parent": each["parent"] and each["parent"]["code"],
            }
            for each in records
        }
        assert found == expected


def test_the_subdivisions_of_a_country_in_one_request(iso: Iso) -> None:
    query = """query ($code: String) { country(filter: {alpha2: {eq: $code}}) { name
      subdivisions(first: 500, orderBy: [{code: AscNullsLast}]) { totalCount edges { node { code parent { code } } } } } }"""
    for code in ("FR", "GB", "CH", "VA"):
        own = sorted((each for each in SUBDIVISIONS if each["country"] == code), key=lambda each: each["code"].lower())
        country = iso.connection.data(query, {"code": code})["country"]
        assert country["name"] == pycountry.countries.get(alpha_2=code).name
        assert country["subdivisions"]["totalCount"] == len(own)
        shown = [(edge["node"]["code"], edge["node"]["parent"] and edge["node"]["parent"]["code"])
                 for edge in country["subdivisions"]["edges"]]  # fmt: skip
        assert shown == [(each["code"], each["parent"]) for each in own]


def lowered(text: str) -> str:
    """Letter by letter, as databases do: `İ` stays one letter."""
    return "".join(letter.lower()[0] for letter in text)


FILTERS = {
    "part of a name": ("name[ilike]:%ø%", {"name": {"ilike": "%ø%"}}, lambda each: "ø" in lowered(each["name"])),
    "beginning": ("name[startsWith]:Š", {"name": {"startsWith": "Š"}}, lambda each: each["name"].startswith("Š")),
    "whole name": ("name[eq]:Zürich", {"name": {"eq": "Zürich"}}, lambda each: each["name"] == "Zürich"),
    "after a letter": ("name[gte]:ž", {"name": {"gte": "ž"}}, lambda each: lowered(each["name"]) >= "ž"),
    "through a relation": (
        "country.name[eq]:Côte d'Ivoire,kind[eq]:District", {"country": {"name": {"eq": "Côte d'Ivoire"}}, "kind": {"eq": "District"}},
        lambda each: (each["country"], each["kind"]) == ("CI", "District"),
    ),
    "without a parent": (
        "parentId[is]:NULL,code[startsWith]:IT-", {"parentId": {"is": "NULL"}, "code": {"startsWith": "IT-"}},
        lambda each: each["parent"] is None and each["country"] == "IT",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_filters_find_what_python_finds(iso: Iso, name: str) -> None:
    rest, graphql, matches = FILTERS[name]
    expected = sorted(each["code"] for each in SUBDIVISIONS if matches(each))
    assert expected
    found = read_rest(iso.connection, "subdivisions", f"&fields=code&filter={quote(rest)}")
    assert sorted(each["code"] for each in found) == expected
    query = "query ($f: SubdivisionFilterInput) { subdivisions(filter: $f, first: 1000) { edges { node { code } } } }"
    edges = iso.connection.data(query, {"f": graphql})["subdivisions"]["edges"]
    assert sorted(edge["node"]["code"] for edge in edges) == expected


def test_order_is_pythons_over_names_of_all_alphabets(iso: Iso) -> None:
    expected = sorted(((lowered(each["name"]), lowered(each["code"])) for each in SUBDIVISIONS), reverse=True)
    order = "[{name: DescNullsLast}, {code: DescNullsLast}]"
    for records in (
        read_rest(iso.connection, "subdivisions", "&fields=name,code&order_by=name[DescNullsLast],code[DescNullsLast]"),
        read_graphql(iso.connection, "subdivisions", "name code", f", orderBy: {order}"),
    ):
        assert [(lowered(each["name"]), lowered(each["code"])) for each in records] == expected


def test_a_second_load_changes_nothing_and_adds_nothing(iso: Iso) -> None:
    before = everything(iso.connection)
    assert load(iso.connection, upsert=True) == sum(map(len, before.values()))
    assert everything(iso.connection) == before


def test_a_new_object_is_there_at_once_in_every_worker_process(iso: Iso) -> None:
    connections = one_for_each_worker(iso.server, WORKERS)
    for connection in connections.values():  # every worker knows the data model as it is before
        assert connection.get("/rest/countries?limit=1").status == 200
        assert connection.get("/rest/open-api/core").status == 200
    for place, maker in enumerate(connections.values()):
        singular, plural = f"volcano{place}", f"volcanoes{place}"
        values = {"nameSingular": singular, "namePlural": plural, "labelSingular": singular, "labelPlural": plural}
        made = maker.post("/rest/metadata/objects", values)
        assert made.status == 201, made.body
        object_id = made.body["data"]["createOneObject"]["id"]
        for connection in connections.values():
            assert connection.get(f"/rest/{plural}").body["data"] == {plural: []}
            assert connection.data(f"{{ {plural} {{ totalCount }} }}") == {plural: {"totalCount": 0}}
            found = connection.get(f"/rest/metadata/objects/{object_id}").body["data"]["object"]
            assert found["namePlural"] == plural
            query = "query ($id: UUID!) { object(id: $id) { namePlural } }"
            assert connection.data(query, {"id": object_id}, "/metadata") == {"object": {"namePlural": plural}}
            assert f"/{plural}" in connection.get("/rest/open-api/core").body["paths"]
            assert connection.post(f"/rest/{plural}", {"name": "Etna"}).status == 201
            assert len(connection.get(f"/rest/{plural}").body["data"][plural]) == 1
            assert connection.request("DELETE", f"/rest/{plural}?filter=id[is]:NOT_NULL").status == 200
    assert {worker_of(connection) for connection in connections.values()} == set(connections)
