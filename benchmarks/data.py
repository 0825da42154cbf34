"""The workspace that is measured: companies and the people who work for them, made by number."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from apikeys.services.roles import role_list
from apikeys.services.tokens import apikey_create_with_token
from config.principal import Principal, system
from core.query import ir
from core.records.create import create
from metadata import services
from metadata.cache import current_schema
from metadata.models import Workspace
from metadata.schema import ObjectSchema, WorkspaceSchema

BATCH = 60
_FIRST = ("Ada", "Bob", "Chloé", "Dmitri", "Eva", "Farid", "Grace", "Hồ", "Ines", "Jürgen", "Kaya", "Łukasz", "Mei")
_LAST = ("Lovelace", "Ōe", "Müller", "Nakamura", "Okafor", "Pérez", "Quint", "Rossi", "Sørensen", "Tanaka", "Ünal")
_CITIES = ("Zürich", "Paris", "München", "東京", "Lagos", "São Paulo", "Kraków", "Oslo", "Toronto", "Quito")
_JOBS = ("Engineer", "CFO", "Head of sales", "Designer", "Lawyer", "Nurse", "Analyst")


def company_id(number: int) -> str:
    return str(UUID(int=0xC0 << 120 | number, version=4))


def company(number: int) -> dict[str, Any]:
    return {
        "id": company_id(number),
        "name": f"{_LAST[number % 11]} {_CITIES[number % 10]} {number}",
        "domainName": {"primaryLinkUrl": f"https://c{number}.example", "primaryLinkLabel": f"C{number}"},
        "address": {"addressStreet1": f"Street {number % 977}", "addressCity": _CITIES[number % 10]},
        "employees": number % 5_000,
        "linkedinLink": {"primaryLinkUrl": f"https://linkedin.example/c{number}"},
        "annualRecurringRevenue": {"amountMicros": number * 1_000_003, "currencyCode": "EUR"},
        "idealCustomerProfile": number % 3 == 0,
        "position": number,
    }


def person(number: int, companies: int) -> dict[str, Any]:
    first, last = _FIRST[number % 13], _LAST[number % 11]
    return {
        "name": {"firstName": first, "lastName": f"{last} {number}"},
        "emails": {"primaryEmail": f"p{number}@people.example", "additionalEmails": [f"q{number}@people.example"]},
        "linkedinLink": {"primaryLinkUrl": f"https://linkedin.example/p{number}"},
        "xLink": {"primaryLinkUrl": f"https://x.example/p{number}"},
        "jobTitle": _JOBS[number % 7],
        "phones": {"primaryPhoneNumber": f"0170{number % 10_000_000:07}", "primaryPhoneCountryCode": "DE"},
        "city": _CITIES[number % 10],
        "avatarUrl": f"https://img.example/{number}.png",
        "companyId": company_id(number % companies),
        "position": number,
        "department": _JOBS[(number + 3) % 7],
        "seniority": number % 40,
        "startedAt": f"20{number % 25:02}-0{number % 9 + 1}-15T08:30:00.000Z",
    }


PLAIN = ("TEXT", "TEXT", "TEXT", "TEXT", "NUMBER", "NUMBER", "NUMBER", "DATE_TIME", "DATE", "BOOLEAN", "CURRENCY")


def plain(number: int) -> dict[str, Any]:
    """A record without e-mails, phones, links and relations, whose values need no cleaning to speak of."""
    values = {
        "TEXT": f"{_JOBS[number % 7]} {number}",
        "NUMBER": number,
        "DATE_TIME": "2026-01-31T09:30:00.000Z",
        "DATE": "2026-01-31",
        "BOOLEAN": number % 2 == 0,
        "CURRENCY": {"amountMicros": number * 1_000_003, "currencyCode": "EUR"},
    }
    return {"name": f"Plain {number}", **{f"value{place}": values[kind] for place, kind in enumerate(PLAIN)}}


def add_plain_object(workspace: Workspace) -> None:
    """An object of twenty members for `plain` records."""
    names = {"nameSingular": "plain", "namePlural": "plains", "labelSingular": "Plain", "labelPlural": "Plains"}
    made = services.object_create(workspace_id=workspace.id, values=names)
    for place, kind in enumerate(PLAIN):
        values = {"objectMetadataId": str(made.id), "type": kind, "name": f"value{place}", "label": f"Value {place}"}
        services.field_create(workspace_id=workspace.id, values=values)


def token_of(workspace: Workspace) -> str:
    principal = principal_of(workspace)
    role_id = next(role.id for role in role_list(principal) if role.label == "Admin")
    _, issued = apikey_create_with_token(principal, name="Benchmark", expires_at=None, role_id=role_id)
    return issued.token


def workspace_to_measure(name: str) -> Workspace:
    """The standard objects, with people of twenty members."""
    workspace = services.workspace_create(name=name, empty=False)
    person = current_schema(workspace.id).by_singular["person"]
    for name, kind in (("department", "TEXT"), ("seniority", "NUMBER"), ("startedAt", "DATE_TIME")):
        values = {"objectMetadataId": str(person.id), "type": kind, "name": name, "label": name}
        services.field_create(workspace_id=workspace.id, values=values)
    return workspace


def principal_of(workspace: Workspace) -> Principal:
    workspace.refresh_from_db()
    return system(workspace.ref())


def seed(workspace: Workspace, companies: int, people: int) -> float:
    """Create them in batches through what both APIs call; gives people per second."""
    principal, schema = principal_of(workspace), current_schema(workspace.id)
    _create(principal, schema, "company", (company(number) for number in range(companies)), companies)
    started = time.perf_counter()
    _create(principal, schema, "person", (person(number, companies) for number in range(people)), people)
    return people / (time.perf_counter() - started)


def _create(
    principal: Principal, schema: WorkspaceSchema, name: str, records: Iterator[dict[str, Any]], count: int
) -> None:
    for start in range(0, count, BATCH):
        batch = tuple(record for _, record in zip(range(min(BATCH, count - start)), records, strict=False))
        create(principal, schema, ir.Create(name, batch, ir.Everything(only=("id",))))
        if start % (BATCH * 100) == 0:
            print(f"\r  {name}: {start:,} of {count:,}", end="", file=sys.stderr, flush=True)
    print(f"\r  {name}: {count:,} of {count:,}", file=sys.stderr)


def graphql_members(subject: ObjectSchema, record: Mapping[str, Any]) -> str:
    """A GraphQL selection of the members that a REST record has."""
    parts = []
    for name in record:
        field = subject.by_name.get(name)
        subfields: Collection[str] = field.type.subfields if field is not None else ()
        if field is not None and field.type.name == "FILES":
            subfields = ("fileId",)
        parts.append(f"{name} {{ {' '.join(subfields)} }}" if subfields else name)
    return " ".join(parts)


def model_of_size(name: str, objects: int, fields: int) -> Workspace:
    """An otherwise empty workspace with that many objects, each with that many fields."""
    workspace = services.workspace_create(name=name, empty=True)
    schema = current_schema(workspace.id)
    for number in range(objects - len(schema.objects)):
        values = {
            "nameSingular": f"thing{number}",
            "namePlural": f"things{number}",
            "labelSingular": f"Thing {number}",
            "labelPlural": f"Things {number}",
        }
        made = services.object_create(workspace_id=workspace.id, values=values)
        have = made.fields.count()
        for place in range(max(0, fields - have)):
            kind = ("TEXT", "NUMBER", "DATE_TIME", "CURRENCY", "LINKS", "BOOLEAN")[place % 6]
            services.field_create(
                workspace_id=workspace.id,
                values={
                    "objectMetadataId": str(made.id),
                    "type": kind,
                    "name": f"value{place}",
                    "label": f"Value {place}",
                },
            )
    return workspace


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
