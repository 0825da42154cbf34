"""What the plain application calls the members of Fourgate's records, and its answers in Fourgate's words."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

_OF_ALL = {
    "id": "id",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "deleted_at": "deletedAt",
    "created_by": "createdBy",
    "updated_by": "updatedBy",
    "position": "position",
    "linkedin_label": "linkedinLink.primaryLinkLabel",
    "linkedin_url": "linkedinLink.primaryLinkUrl",
    "linkedin_others": "linkedinLink.secondaryLinks",
    "x_label": "xLink.primaryLinkLabel",
    "x_url": "xLink.primaryLinkUrl",
    "x_others": "xLink.secondaryLinks",
}
PERSON = {
    **_OF_ALL,
    "first_name": "name.firstName",
    "last_name": "name.lastName",
    "primary_email": "emails.primaryEmail",
    "additional_emails": "emails.additionalEmails",
    "job_title": "jobTitle",
    "phone_number": "phones.primaryPhoneNumber",
    "phone_country": "phones.primaryPhoneCountryCode",
    "phone_calling_code": "phones.primaryPhoneCallingCode",
    "additional_phones": "phones.additionalPhones",
    "city": "city",
    "avatar_url": "avatarUrl",
    "avatar_file": "avatarFile",
    "company": "companyId",
    "department": "department",
    "seniority": "seniority",
    "started_at": "startedAt",
}
COMPANY = {
    **_OF_ALL,
    "name": "name",
    "domain_label": "domainName.primaryLinkLabel",
    "domain_url": "domainName.primaryLinkUrl",
    "domain_others": "domainName.secondaryLinks",
    "street1": "address.addressStreet1",
    "street2": "address.addressStreet2",
    "address_city": "address.addressCity",
    "postcode": "address.addressPostcode",
    "state": "address.addressState",
    "country": "address.addressCountry",
    "latitude": "address.addressLat",
    "longitude": "address.addressLng",
    "employees": "employees",
    "revenue_micros": "annualRecurringRevenue.amountMicros",
    "revenue_currency": "annualRecurringRevenue.currencyCode",
    "is_ideal_customer": "idealCustomerProfile",
    "account_owner": "accountOwnerId",
}
_JSON = ("created_by", "updated_by", "avatar_file", "linkedin_others", "x_others", "domain_others")
_JSON += ("additional_emails", "additional_phones")


def camel(column: str) -> str:
    """The name that graphene gives a column."""
    first, *others = column.split("_")
    return first + "".join(each.title() for each in others)


def selection(names: Mapping[str, str]) -> str:
    """A GraphQL selection of all columns."""
    return " ".join(_in_graphql(column) for column in names)


def _in_graphql(column: str) -> str:
    return camel("company_id" if column == "company" else column)


def columns_of(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A record of Fourgate's REST, by column; `company` becomes `company_id`. Members it lacks are left out."""
    columns = {}
    for column, path in names.items():
        value: Any = record
        for part in path.split("."):
            value = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
        if value is not _MISSING:
            columns["company_id" if column == "company" else column] = value
    return columns


_MISSING = object()


def record_of(answered: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A record that the plain application answered over REST or GraphQL, by Fourgate's paths (`name.firstName`)."""
    record: dict[str, Any] = {}
    for column, path in names.items():
        in_graphql = _in_graphql(column)
        value = answered[in_graphql] if in_graphql in answered else answered[column]
        if isinstance(value, str) and column in _JSON:
            value = json.loads(value)
        if column == "id":
            value = _plain_id(value)
        record[path] = value
    return record


def _plain_id(value: str) -> str:
    """The UUID inside of a relay node's id."""
    return value if value.count("-") == 4 else base64.b64decode(value).decode().partition(":")[2]
