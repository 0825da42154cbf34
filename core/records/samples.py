"""The sample records that a new workspace starts with, so that its first requests answer something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.principal import system
from core.query import ir
from core.records.create import create
from metadata.cache import current_schema
from metadata.models import Workspace

_SF = "San Francisco"
_US = "United States"
_COMPANIES = (  # id, name, domain, street, street 2, city, state, postcode, country
    ("c776ee49-f608-4a77-8cc8-6fe96ae1e43f", "Airbnb", "airbnb.com", "888 Brannan St", "", _SF, "CA", "94103", _US),
    (
        "f45ee421-8a3e-4aa5-a1cf-7207cc6754e1",
        "Anthropic",
        "anthropic.com",
        "548 Market Street",
        "",
        _SF,
        "CA",
        "94104",
        _US,
    ),
    ("1f70157c-4ea5-4d81-bc49-e1401abfbb94", "Stripe", "stripe.com", "Eutaw Street", "", "Dublin", "", "", "Ireland"),
    ("9d5bcf43-7d38-4e88-82cb-d6d4ce638bf0", "Figma", "figma.com", "760 Market St", "Floor 10", _SF, "", "94102", _US),
    ("06290608-8bf0-4806-99ae-a715a6a93fad", "Notion", "notion.com", "2300 Harrison St", "", _SF, "CA", "94110", _US),
)
_PEOPLE = (  # id, first name, last name, e-mail, phone, company
    ("a2e78a5e-338b-46df-8811-fa08c7d19d35", "Brian", "Chesky", "chesky@airbnb.com", "123456789", 0),
    ("93c72d2e-e65c-44c4-99ad-f87f50349dcf", "Dario", "Amodei", "amodei@anthropic.com", "555123456", 1),
    ("edf6d445-13a7-4373-9a47-8f89e8c0a877", "Patrick", "Collison", "collison@stripe.com", "987625341", 2),
    ("b1e26fa6-c757-4c88-abfa-4b11f5cf3acf", "Dylan", "Field", "field@figma.com", "098822619", 3),
    ("7a93d1e5-3f74-4945-8a65-d7f996083f72", "Ivan", "Zhao", "zhao@notion.com", "882261739", 4),
)
_OPPORTUNITIES = (  # id, name, dollars, stage, close date, company and contact
    ("822639e5-9bf7-40f1-8882-a11140362339", "Platform Migration", 60_000, "PROPOSAL", "2026-01-31T16:25:00.000Z", 2),
    ("fc747edc-cb00-4078-8d6b-1fab2611dae4", "AI Model Training", 100_000, "CUSTOMER", "2026-02-15T16:25:00.000Z", 1),
    ("75de302f-1044-4957-8da4-1f67ebefd52b", "Workspace Expansion", 45_000, "MEETING", "2026-01-20T16:26:00.000Z", 4),
    (
        "2beb07b0-340c-41d7-be33-5aa91757f329",
        "API Integration Deal",
        75_000,
        "SCREENING",
        "2026-01-25T16:26:00.000Z",
        2,
    ),
    ("9543adcf-ec03-44e2-9233-3c2d3ebae98a", "Enterprise Plan Upgrade", 50_000, "NEW", "2026-03-10T16:26:00.000Z", 0),
    ("9457f8e9-16ae-43b9-92ee-cbd21f3dded5", "Design Partnership", 30_000, "NEW", "2026-01-15T16:27:00.000Z", 3),
)
_ADDRESS = ("addressStreet1", "addressStreet2", "addressCity", "addressState", "addressPostcode", "addressCountry")


def workspace_created(workspace: Workspace, empty: bool) -> None:
    """Handler of settings.WORKSPACE_CREATED_HANDLERS: the sample records, unless the workspace is to be empty."""
    if empty:
        return
    schema = current_schema(workspace.id)
    principal = system(workspace.ref())
    for object_name, records in (("company", _companies()), ("person", _people()), ("opportunity", _opportunities())):
        create(principal, schema, ir.Create(object_name, tuple(records), ir.Everything(only=("id",))))


def _companies() -> Sequence[Mapping[str, object]]:
    return [
        {
            "id": record_id,
            "name": name,
            "domainName": {"primaryLinkUrl": f"https://{domain}"},
            "address": dict(zip(_ADDRESS, address, strict=True)),
            "position": position,
        }
        for position, (record_id, name, domain, *address) in enumerate(_COMPANIES, 1)
    ]


def _people() -> Sequence[Mapping[str, object]]:
    return [
        {
            "id": record_id,
            "name": {"firstName": first, "lastName": last},
            "emails": {"primaryEmail": email},
            "phones": {"primaryPhoneNumber": phone, "primaryPhoneCallingCode": "+1"},
            "companyId": _COMPANIES[company][0],
            "position": position,
        }
        for position, (record_id, first, last, email, phone, company) in enumerate(_PEOPLE, 1)
    ]


def _opportunities() -> Sequence[Mapping[str, object]]:
    return [
        {
            "id": record_id,
            "name": name,
            "amount": {"amountMicros": dollars * 1_000_000, "currencyCode": "USD"},
            "stage": stage,
            "closeDate": close_date,
            "companyId": _COMPANIES[place][0],
            "pointOfContactId": _PEOPLE[place][0],
            "position": position,
        }
        for position, (record_id, name, dollars, stage, close_date, place) in enumerate(_OPPORTUNITIES, 1)
    ]
