"""The items of the table: what is asked of Fourgate, of the hand-written views and of the plain application.

People have twenty members. A request is a template: `benchmarks.load` puts other numbers into it each time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks import data
from benchmarks.load import CLIENT, NUMBER
from benchmarks.plain import names

BATCH = 60
CITY = "Oslo"
KEPT = 32  # batches that an upsert meets: one for each client


class Asked(NamedTuple):
    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Item:
    """`by_hand` sends the statement of `statement_of`, where that is another item. `to_reach_ms`: CPU of server and
    PostgreSQL a request; `of_hand`: requests/s as a part of the hand-written view's; `twin`: the REST item that gives
    the same data as this GraphQL one."""

    key: str
    title: str
    to_reach_ms: float
    postgraphile_ms: float | None
    fourgate: Sequence[Asked]
    by_hand: Sequence[Asked]
    plain: Sequence[Asked]
    of_hand: float | None = None
    twin: str | None = None
    is_write: bool = False

    def sides(self) -> dict[str, Sequence[Asked]]:
        return {"fourgate": self.fourgate, "by hand": self.by_hand, "plain": self.plain}


def incoming(companies: int, mail: str, place: int = 0) -> dict[str, Any]:
    """A person as programs send it, in the forms in which they are stored."""
    person = data.person(place, companies)
    return {
        **person,
        "emails": {"primaryEmail": f"{mail}x{place}@people.example", "additionalEmails": [f"q{place}@people.example"]},
        "jobTitle": f"Job {NUMBER}",
        "phones": {
            "primaryPhoneNumber": f"1701{place:06}",
            "primaryPhoneCountryCode": "DE",
            "primaryPhoneCallingCode": "+49",
        },
    }


def in_columns(person: Mapping[str, Any], company: str) -> dict[str, Any]:
    """The same person for the plain application; `company` is what it calls the relation."""
    columns = names.columns_of(person, names.PERSON)
    return {company: columns.pop("company_id"), **columns}


class Items:
    """All items over one workspace: `ids` are people's, `person` and `company` GraphQL selections of all members."""

    def __init__(self, ids: Sequence[str], person: str, company: str, companies: int) -> None:
        self.ids = list(ids)
        random.Random(1).shuffle(self.ids)
        self.person, self.company, self.companies = person, company, companies
        self.plain_person, self.plain_company = names.selection(names.PERSON), names.selection(names.COMPANY)

    def kept(self, client: int) -> list[dict[str, Any]]:
        """The people whom that client's upserts meet."""
        people = [incoming(self.companies, f"c{CLIENT}", place) for place in range(BATCH)]
        text = json.dumps(people).replace(CLIENT, f"{client:07}").replace(NUMBER, "0" * 10)
        kept: list[dict[str, Any]] = json.loads(text)
        return kept

    def all(self) -> list[Item]:
        return [*self._rest_reads(), *self._rest_writes(), *self._graphql_reads(), *self._graphql_writes()]

    def _rest_reads(self) -> list[Item]:
        filtered = f"filter=city[eq]:{CITY}&order_by=name.lastName&limit=60&count=none"
        return [
            Item(
                "rest-one",
                "REST get one",
                0.50,
                None,
                [Asked("GET", f"/rest/people/{each}") for each in self.ids],
                [Asked("GET", f"/handwritten/read/rest-one/{each}") for each in self.ids],
                [Asked("GET", f"/plain/people/{each}/") for each in self.ids],
                of_hand=0.55,
            ),
            _read("rest-list", "REST list 60 x 20", 0.90, "/rest/people?limit=60&count=none", "/plain/people/", 0.70),
            _read("rest-total", "  … with its total", 0.93, "/rest/people?limit=60", "/plain/counted-people/"),
            _read(
                "rest-filter",
                "  … filter city, order lastName",
                1.00,
                f"/rest/people?{filtered}",
                f"/plain/ordered-people/?city={CITY}&ordering=last_name",
            ),
            _read(
                "rest-depth",
                "REST depth 1, 20",
                0.90,
                "/rest/people?limit=20&depth=1&count=none",
                "/plain/deep-people/?limit=20",
                0.55,
            ),
        ]

    def _rest_writes(self) -> list[Item]:
        one = incoming(self.companies, f"n{NUMBER}")
        many = [incoming(self.companies, f"m{NUMBER}", place) for place in range(BATCH)]
        met = [incoming(self.companies, f"c{CLIENT}", place) for place in range(BATCH)]
        job = {"jobTitle": f"Job {NUMBER}"}
        plain_job = data.dumped({"job_title": f"Job {NUMBER}"})

        def plain(people: Sequence[Mapping[str, Any]]) -> bytes:
            return data.dumped([in_columns(person, "company") for person in people])

        return [
            Item(
                "rest-create",
                "REST create one",
                0.85,
                None,
                [Asked("POST", "/rest/people", data.dumped(one))],
                [Asked("POST", "/handwritten/people", data.dumped(one))],
                [Asked("POST", "/plain/people/", data.dumped(in_columns(one, "company")))],
                of_hand=0.65,
                is_write=True,
            ),
            Item(
                "rest-create-60",
                "REST create 60",
                5.0,
                None,
                [Asked("POST", "/rest/batch/people", data.dumped(many))],
                [Asked("POST", "/handwritten/batch", data.dumped(many))],
                [Asked("POST", "/plain/people/batch/", plain(many))],
                is_write=True,
            ),
            Item(
                "rest-update",
                "REST update one",
                0.85,
                None,
                [Asked("PATCH", f"/rest/people/{each}", data.dumped(job)) for each in self.ids],
                [Asked("PATCH", f"/handwritten/people/{each}", data.dumped(job)) for each in self.ids],
                [Asked("PATCH", f"/plain/people/{each}/", plain_job) for each in self.ids],
                is_write=True,
            ),
            Item(
                "rest-upsert-60",
                "REST upsert 60",
                5.5,
                None,
                [Asked("POST", "/rest/batch/people?upsert=true", data.dumped(met))],
                [Asked("POST", "/handwritten/upsert", data.dumped(met))],
                [Asked("POST", "/plain/people/upsert/", plain(met))],
                is_write=True,
            ),
        ]

    def _graphql_reads(self) -> list[Item]:
        nodes, plain_nodes = _nodes(self.person), _nodes(self.plain_person)
        condition = f'filter: {{city: {{eq: "{CITY}"}}}}, orderBy: [{{name: {{lastName: AscNullsLast}}}}]'
        plain_condition = f'city: "{CITY}", orderBy: "last_name"'
        company, plain_company = self.company, self.plain_company
        one = "query ($id: UUID!) { person(filter: {id: {eq: $id}}) { %s company { %s } } }"
        plain_one = "query ($id: ID!) { person(id: $id) { %s company { %s } } }"

        def nested(company: str, people: str) -> str:
            return f"{{ companies(first: 20) {{ totalCount {_nodes(f'{company} people(first: 10) {people}')} }} }}"

        return [
            _asked(
                "graphql-list",
                "GraphQL list 60 x 20",
                (0.92, 1.52),
                f"{{ people(first: 60) {{ {nodes} }} }}",
                f"{{ people(first: 60) {{ {plain_nodes} }} }}",
                "rest-list",
            ),
            _asked(
                "graphql-total",
                "  … with its total",
                (0.95, 5.4),
                f"{{ people(first: 60) {{ totalCount {nodes} }} }}",
                f"{{ people(first: 60) {{ totalCount {plain_nodes} }} }}",
                "rest-total",
            ),
            _asked(
                "graphql-filter",
                "GraphQL filter + order",
                (1.00, 1.54),
                f"{{ people(first: 60, {condition}) {{ {nodes} }} }}",
                f"{{ people(first: 60, {plain_condition}) {{ {plain_nodes} }} }}",
                "rest-filter",
            ),
            _asked(
                "graphql-nested",
                "GraphQL 20 x 10 nested, totals",
                (1.30, 2.41),
                nested(company, f"{{ totalCount {nodes} }}"),
                nested(plain_company, f"{{ totalCount {plain_nodes} }}"),
            ),
            Item(
                "graphql-one",
                "GraphQL get one with its company",
                0.50,
                0.57,
                [_graphql(one % (self.person, company), {"id": each}) for each in self.ids],
                [Asked("GET", f"/handwritten/read/graphql-one/{each}") for each in self.ids],
                [
                    _graphql(
                        plain_one % (self.plain_person, plain_company),
                        {"id": _global_id("Person", each)},
                        "/plain/graphql",
                    )
                    for each in self.ids
                ],
            ),
        ]

    def _graphql_writes(self) -> list[Item]:
        one = incoming(self.companies, f"g{NUMBER}")
        many = [incoming(self.companies, f"h{NUMBER}", place) for place in range(BATCH)]
        met = [incoming(self.companies, f"c{CLIENT}", place) for place in range(BATCH)]
        job = {"jobTitle": f"Job {NUMBER}"}
        updated = "mutation ($id: UUID!, $data: PersonUpdateInput!) { updatePerson(id: $id, data: $data) { %s } }"
        created = "mutation ($data: PersonCreateInput!) { createPerson(data: $data) { %s } }"
        batch = "mutation ($data: [PersonCreateInput!]!) { createPeople(data: $data%s) { %s } }"
        plain_one = "mutation ($data: PersonInput!) { createPerson(data: $data) { person { %s } } }"
        plain_update = (
            "mutation ($id: UUID!, $data: PersonInput!) { updatePerson(id: $id, data: $data) { person { %s } } }"
        )
        plain_many = "mutation ($data: [PersonInput!]!) { %s(data: $data) { people { %s } } }"
        plain_job = {"jobTitle": f"Job {NUMBER}"}

        def plain(people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
            columns = [in_columns(person, "company_id") for person in people]
            return [{names.camel(column): value for column, value in each.items()} for each in columns]

        def by_plain(text: str, **variables: Any) -> Asked:
            return _graphql(text, variables, "/plain/graphql")

        return [
            Item(
                "graphql-create",
                "GraphQL create one",
                0.80,
                0.67,
                [_graphql(created % self.person, {"data": one})],
                [Asked("POST", "/handwritten/people", data.dumped(one))],
                [by_plain(plain_one % self.plain_person, data=plain([one])[0])],
                twin="rest-create",
                is_write=True,
            ),
            Item(
                "graphql-update",
                "GraphQL update one",
                0.77,
                0.64,
                [_graphql(updated % self.person, {"id": each, "data": job}) for each in self.ids],
                [Asked("PATCH", f"/handwritten/people/{each}", data.dumped(job)) for each in self.ids],
                [by_plain(plain_update % self.plain_person, id=each, data=plain_job) for each in self.ids],
                twin="rest-update",
                is_write=True,
            ),
            Item(
                "graphql-create-60",
                "GraphQL create 60",
                5.0,
                30.5,
                [_graphql(batch % ("", self.person), {"data": many})],
                [Asked("POST", "/handwritten/batch", data.dumped(many))],
                [by_plain(plain_many % ("createPeople", self.plain_person), data=plain(many))],
                twin="rest-create-60",
                is_write=True,
            ),
            Item(
                "graphql-upsert-60",
                "GraphQL upsert 60",
                5.5,
                None,
                [_graphql(batch % (", upsert: true", self.person), {"data": met})],
                [Asked("POST", "/handwritten/upsert", data.dumped(met))],
                [by_plain(plain_many % ("upsertPeople", self.plain_person), data=plain(met))],
                twin="rest-upsert-60",
                is_write=True,
            ),
        ]


def _read(key: str, title: str, to_reach_ms: float, path: str, plain_path: str, of_hand: float | None = None) -> Item:
    by_hand = [Asked("GET", f"/handwritten/read/{key}")]
    return Item(key, title, to_reach_ms, None, [Asked("GET", path)], by_hand, [Asked("GET", plain_path)], of_hand)


def _asked(key: str, title: str, ms: tuple[float, float], text: str, plain: str, twin: str | None = None) -> Item:
    """`ms`: to reach, and PostGraphile's."""
    by_hand = [Asked("GET", f"/handwritten/read/{key}")]
    by_plain = [_graphql(plain, path="/plain/graphql")]
    return Item(key, title, *ms, [_graphql(text)], by_hand, by_plain, twin=twin)


def _nodes(selection: str) -> str:
    return f"edges {{ node {{ {selection} }} }}"


def _graphql(text: str, variables: Mapping[str, Any] | None = None, path: str = "/graphql") -> Asked:
    return Asked("POST", path, data.dumped({"query": text, "variables": variables or {}}))


def _global_id(kind: str, record_id: str) -> str:
    from graphql_relay import to_global_id

    return str(to_global_id(kind, record_id))
