"""The same question to Core REST and Core GraphQL: the same records, or the same error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from django.db import transaction

from config import errors
from tests.api_client import Answer
from tests.factories import Api
from tests.golden.system import SolarSystem, planet_id

MOON = (
    "id name radius planetId position deletedAt createdAt updatedAt createdBy { source name workspaceMemberId context }"
)
MEMBERS = [word for word in MOON.split("{")[0].split() if word != "createdBy"] + ["createdBy"]


class Find(NamedTuple):
    """A question both APIs can be asked, and the moons that answer it, by name."""

    filter: str | None = None
    where: Mapping[str, Any] | None = None
    order: str | None = None
    order_by: tuple[Mapping[str, Any], ...] | None = None
    limit: int | None = None
    names: tuple[str, ...] = ()
    total: int | None = None  # when it is not the number of names


ALL = ("Moon", "Io", "Europa", "Ganymede", "Stray")
FINDS = {
    "everything": Find(names=ALL),
    "a page": Find(limit=2, names=ALL[:2], total=5),
    "no record of a page": Find(limit=0, names=(), total=5),
    "eq": Find("name[eq]:Io", {"name": {"eq": "Io"}}, names=("Io",)),
    "eq minds case": Find("name[eq]:io", {"name": {"eq": "io"}}),
    "eq of no text": Find('name[eq]:""', {"name": {"eq": ""}}),
    "neq leaves out what has no value": Find("radius[neq]:1737", {"radius": {"neq": 1737}}, names=ALL[1:4]),
    "in": Find("name[in]:[Io,Moon,X]", {"name": {"in": ["Io", "Moon", "X"]}}, names=("Moon", "Io")),
    "gt and lte": Find(
        "radius[gt]:1561,radius[lte]:1822",
        {"and": [{"radius": {"gt": 1561}}, {"radius": {"lte": 1822}}]},
        names=("Moon", "Io"),
    ),
    "a number as text": Find('radius[eq]:"1822.0"', {"radius": {"eq": 1822.0}}, names=("Io",)),
    "is null": Find("planetId[is]:NULL", {"planetId": {"is": "NULL"}}, names=("Stray",)),
    "is not null": Find("radius[is]:NOT_NULL", {"radius": {"is": "NOT_NULL"}}, names=ALL[:4]),
    "like": Find("name[like]:%o%", {"name": {"like": "%o%"}}, names=("Moon", "Io", "Europa")),
    "ilike": Find("name[ilike]:G%", {"name": {"ilike": "g%"}}, names=("Ganymede",)),
    "startsWith": Find("name[startsWith]:St", {"name": {"startsWith": "St"}}, names=("Stray",)),
    "or": Find(
        "or(name[eq]:Io,radius[lt]:1600)", {"or": [{"name": {"eq": "Io"}}, {"radius": {"lt": 1600}}]}, names=("Io", "Europa")
    ),
    "not": Find("not(radius[gt]:1600)", {"not": {"radius": {"gt": 1600}}}, names=("Europa", "Stray")),
    "by relation id": Find(
        f"planetId[eq]:{planet_id(2)}", {"planetId": {"eq": planet_id(2)}}, names=("Io", "Europa", "Ganymede")
    ),
    "through a relation": Find("planet.name[eq]:Earth", {"planet": {"name": {"eq": "Earth"}}}, names=("Moon",)),
    "through a relation to a select": Find(
        "planet.kind[in]:[GAS]", {"planet": {"kind": {"in": ["GAS"]}}}, names=("Io", "Europa", "Ganymede")
    ),
    "order": Find(
        order="radius[DescNullsLast]",
        order_by=({"radius": "DescNullsLast"},),
        names=("Ganymede", "Io", "Moon", "Europa", "Stray"),
    ),
    "order by default": Find(order="name", order_by=({"name": "AscNullsFirst"},), names=tuple(sorted(ALL))),
    "order through a relation": Find(
        order="planet.name[DescNullsFirst],radius[AscNullsLast]",
        order_by=({"planet": {"name": "DescNullsFirst"}}, {"radius": "AscNullsLast"}),
        names=("Stray", "Europa", "Io", "Ganymede", "Moon"),
    ),
    "filter, order and page": Find(
        "radius[is]:NOT_NULL", {"radius": {"is": "NOT_NULL"}}, "name[DescNullsLast]", ({"name": "DescNullsLast"},), 2,
        ("Moon", "Io"), 4,
    ),
}  # fmt: skip

LIST = f"""query ($filter: MoonFilterInput, $orderBy: [MoonOrderByInput!], $first: Int) {{
  moons(filter: $filter, orderBy: $orderBy, first: $first) {{
    totalCount edges {{ node {{ {MOON} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"""


@pytest.mark.parametrize("find", FINDS.values(), ids=FINDS)
def test_records(system: SolarSystem, find: Find) -> None:
    given = {"filter": find.filter, "order_by": find.order, "limit": find.limit}
    query = "&".join(f"{name}={quote(str(value))}" for name, value in given.items() if value is not None)
    rest = system.api.get(f"/rest/moons?{query}")
    assert rest.status == 200, rest.body
    variables = {"filter": find.where, "orderBy": find.order_by, "first": find.limit}
    graphql = system.api.data(LIST, {name: value for name, value in variables.items() if value is not None})["moons"]
    nodes = [edge["node"] for edge in graphql["edges"]]
    shown = [{name: record[name] for name in MEMBERS} for record in rest.body["data"]["moons"]]
    assert nodes == shown
    assert [node["name"] for node in nodes] == list(find.names)
    total = len(find.names) if find.total is None else find.total
    assert rest.body["totalCount"] == graphql["totalCount"] == total
    assert rest.body["pageInfo"] == graphql["pageInfo"]


# Refusals ----------------------------------------------------------------------------------------------

UNKNOWN = "00000000-0000-4000-8000-00000000dead"


class Refusal(NamedTuple):
    """A question that both refuse: REST's method, path and body, GraphQL's document and variables."""

    method: str
    path: str
    body: Any
    query: str
    variables: Mapping[str, Any]
    status: int
    message: str


MOONS = "query ($f: MoonFilterInput, $o: [MoonOrderByInput!], $n: Int, $a: String, $b: String) { moons(filter: $f, orderBy: $o, first: $n, after: $a, before: $b) { totalCount } }"
CREATE = "mutation ($data: PlanetCreateInput!) { createPlanet(data: $data) { id } }"
CREATE_MOON = "mutation ($data: MoonCreateInput!) { createMoon(data: $data) { id } }"
CREATE_MANY = "mutation ($data: [PlanetCreateInput!]!) { createPlanets(data: $data) { id } }"
UPDATE = "mutation ($id: UUID!, $data: PlanetUpdateInput!) { updatePlanet(id: $id, data: $data) { id } }"
REFUSALS = {
    "find a missing one": Refusal(
        "GET", f"moons/{UNKNOWN}", None, "query ($id: UUID) { moon(filter: {id: {eq: $id}}) { id } }", {"id": UNKNOWN},
        404, "Record not found",
    ),
    "update a missing one": Refusal(
        "PATCH", f"planets/{UNKNOWN}", {"name": "X"}, UPDATE, {"id": UNKNOWN, "data": {"name": "X"}}, 404, "Record not found"
    ),
    "delete a missing one": Refusal(
        "DELETE", f"planets/{UNKNOWN}?soft_delete=true", None,
        "mutation ($id: UUID!) { deletePlanet(id: $id) { id } }", {"id": UNKNOWN}, 404, "Record not found",
    ),
    "destroy a missing one": Refusal(
        "DELETE", f"planets/{UNKNOWN}", None,
        "mutation ($id: UUID!) { destroyPlanet(id: $id) { id } }", {"id": UNKNOWN}, 404, "Record not found",
    ),
    "restore a missing one": Refusal(
        "PATCH", f"planets/{UNKNOWN}/restore", None,
        "mutation ($id: UUID!) { restorePlanet(id: $id) { id } }", {"id": UNKNOWN}, 404, "Record not found",
    ),
    "a bad cursor": Refusal("GET", "moons?starting_after=zzz", None, MOONS, {"a": "zzz"}, 400, "Invalid cursor: zzz"),
    "a cursor of another order": Refusal(
        "GET", "moons?order_by=name&starting_after=eyJpZCI6ICJ4In0=", None, MOONS,
        {"o": [{"name": "AscNullsFirst"}], "a": "eyJpZCI6ICJ4In0="}, 400,
        'Cursor is missing the value for orderBy field "name": it was encoded for a different orderBy. Restart pagination without a cursor.',
    ),
    "both cursors": Refusal(
        "GET", "moons?starting_after=e30=&ending_before=e30=", None, MOONS, {"a": "e30=", "b": "e30="}, 400,
        "Cannot provide both before and after",
    ),
    "a bad day in a filter": Refusal(
        "GET", "planets?filter=firstSeen[gt]:soon", None,
        "query ($f: PlanetFilterInput) { planets(filter: $f) { totalCount } }", {"f": {"firstSeen": {"gt": "soon"}}}, 400, "",
    ),
    "a bad day": Refusal(
        "POST", "planets", {"firstSeen": "soon"}, CREATE, {"data": {"firstSeen": "soon"}}, 400, ""
    ),
    "a duplicate": Refusal(
        "POST", "planets", {"code": "E"}, CREATE, {"data": {"code": "E"}}, 400, "A duplicate entry was detected"
    ),
    "a duplicate of a soft-deleted one": Refusal(
        "POST", "planets", {"code": "R"}, CREATE, {"data": {"code": "R"}}, 400, "A duplicate entry was detected"
    ),
    "a duplicate id": Refusal(
        "POST", "planets", {"id": planet_id(1)}, CREATE, {"data": {"id": planet_id(1)}}, 400, "A duplicate entry was detected"
    ),
    "a duplicate by update": Refusal(
        "PATCH", f"planets/{planet_id(1)}", {"code": "J"}, UPDATE, {"id": planet_id(1), "data": {"code": "J"}}, 400,
        "A duplicate entry was detected",
    ),
    "a creation date that is none, though an update takes none over": Refusal(
        "PATCH", f"planets/{planet_id(1)}", {"createdAt": "soon"}, UPDATE,
        {"id": planet_id(1), "data": {"createdAt": "soon"}}, 400,
        "Invalid value 'soon' for date-time field \"createdAt\". Expected format: 'YYYY-MM-DDTHH:mm:ssZ'",
    ),
    "a relation to nothing": Refusal(
        "POST", "moons", {"planetId": UNKNOWN}, CREATE_MOON, {"data": {"planetId": UNKNOWN}}, 400,
        f"planetId: no planet with id {UNKNOWN}",
    ),
    "a connection to nothing": Refusal(
        "POST", "moons", {"planet": {"connect": {"where": {"code": "X"}}}}, CREATE_MOON,
        {"data": {"planet": {"connect": {"where": {"code": "X"}}}}}, 400,
        "Expected 1 record to connect to planet, but found 0 for code = X",
    ),
    "too many": Refusal(
        "POST", "batch/planets", [{}] * 61, CREATE_MANY, {"data": [{}] * 61}, 400,
        "Maximum number of records to upsert is 60.",
    ),
    "the same unique value twice in an upsert": Refusal(
        "POST", "batch/planets?upsert=true", [{"code": "A"}, {"code": "A"}],
        "mutation ($data: [PlanetCreateInput!]!) { createPlanets(upsert: true, data: $data) { id } }",
        {"data": [{"code": "A"}, {"code": "A"}]}, 400, "A duplicate entry was detected",
    ),
    "a NUL character": Refusal(
        "POST", "planets", {"name": "a\0b"}, CREATE, {"data": {"name": "a\0b"}}, 400,
        'Invalid string value for text field "name": it contains a NUL character',
    ),
    "a bad currency": Refusal(
        "POST", "planets", {"price": {"amountMicros": 1.5}}, CREATE, {"data": {"price": {"amountMicros": 1.5}}}, 400, ""
    ),
}  # fmt: skip


def codes_of(rest_code: str) -> Iterator[tuple[str, str | None]]:
    """What GraphQL may call a fault that REST calls this: one list of errors makes both."""
    for each in vars(errors).values():
        if isinstance(each, type) and issubclass(each, errors.ApiError) and each.code == rest_code:
            yield each.graphql_code, each.sub_code


def all_records(api: Api) -> list[Answer]:
    return [
        api.get(f"/rest/{plural}?limit=200&filter=or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)").body
        for plural in ("planets", "moons")
    ]


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_refusals(system: SolarSystem, case: Refusal) -> None:
    api = system.api
    before = all_records(api)
    with transaction.atomic():
        rest = api.request(case.method, f"/rest/{case.path}", case.body)
        graphql = api.graphql(case.query, case.variables)
        assert all_records(api) == before
    assert rest.status == case.status, rest.body
    [message] = rest.body["messages"]
    [error] = graphql.body["errors"]
    assert error["message"] == message
    assert message == case.message or not case.message
    codes = (error["extensions"]["code"], error["extensions"].get("subCode"))
    assert codes in set(codes_of(rest.body["code"])), rest.body
    assert rest.body.get("hint") == error["extensions"].get("hint")


# Writes ------------------------------------------------------------------------------------------------

PLANET = "id name code kind radius firstSeen price { amountMicros currencyCode } position deletedAt createdBy { source name }"


def without_moments(record: dict[str, Any]) -> dict[str, Any]:
    actor = {name: record["createdBy"][name] for name in ("source", "name")}
    left = {
        name: value
        for name, value in record.items()
        if name not in ("createdAt", "updatedAt", "createdBy", "updatedBy")
    }
    return {**left, "createdBy": actor}


NEW = {"id": UNKNOWN, "name": "Vulcan", "kind": "ROCK", "price": {"amountMicros": 10**17, "currencyCode": "EUR"}}
WRITES: Mapping[str, tuple[str, str, Any, str, Mapping[str, Any]]] = {
    "create": ("POST", "planets", NEW, f"mutation ($d: PlanetCreateInput!) {{ createPlanet(data: $d) {{ {PLANET} }} }}", {"d": NEW}),
    "update": (
        "PATCH", f"planets/{planet_id(1)}", {"price": {"currencyCode": "USD"}, "radius": None},
        f"mutation ($i: UUID!, $d: PlanetUpdateInput!) {{ updatePlanet(id: $i, data: $d) {{ {PLANET} }} }}",
        {"i": planet_id(1), "d": {"price": {"currencyCode": "USD"}, "radius": None}},
    ),
    "upsert": (
        "POST", "planets?upsert=true", {"code": "E", "firstSeen": "1500-02-03"},
        f"mutation ($d: PlanetCreateInput!) {{ createPlanet(data: $d, upsert: true) {{ {PLANET} }} }}",
        {"d": {"code": "E", "firstSeen": "1500-02-03"}},
    ),
    "restore": (
        "PATCH", f"planets/{planet_id(4)}/restore", None,
        f"mutation ($i: UUID!) {{ restorePlanet(id: $i) {{ {PLANET} }} }}", {"i": planet_id(4)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
def test_writes(system: SolarSystem, name: str) -> None:
    method, path, body, query, variables = WRITES[name]
    found = []
    for send in (
        lambda: system.api.request(method, f"/rest/{path}", body).body["data"],
        lambda: system.api.data(query, variables),
    ):
        with transaction.atomic():
            [record] = send().values()
            found.append(without_moments(record))
            transaction.set_rollback(True)
    rest, graphql = found
    assert {each: rest[each] for each in graphql} == graphql
