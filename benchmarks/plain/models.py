"""Companies and people with a column per value."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models


def _source() -> dict[str, Any]:
    return {"source": "API", "workspaceMemberId": None, "name": "Benchmark", "context": {}}


class Dated(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.JSONField(default=_source)
    updated_by = models.JSONField(default=_source)
    position = models.FloatField(default=0)
    linkedin_label = models.TextField(blank=True, default="")
    linkedin_url = models.TextField(blank=True, default="")
    linkedin_others = models.JSONField(blank=True, default=list)
    x_label = models.TextField(blank=True, default="")
    x_url = models.TextField(blank=True, default="")
    x_others = models.JSONField(blank=True, default=list)

    class Meta:
        abstract = True


class Company(Dated):
    name = models.TextField()
    domain_label = models.TextField(blank=True, default="")
    domain_url = models.TextField(blank=True, default="")
    domain_others = models.JSONField(blank=True, default=list)
    street1 = models.TextField(blank=True, default="")
    street2 = models.TextField(blank=True, default="")
    address_city = models.TextField(blank=True, default="")
    postcode = models.TextField(blank=True, default="")
    state = models.TextField(blank=True, default="")
    country = models.TextField(blank=True, default="")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    employees = models.FloatField(null=True, blank=True)
    revenue_micros = models.FloatField(null=True, blank=True)
    revenue_currency = models.TextField(null=True, blank=True)
    is_ideal_customer = models.BooleanField(default=False)
    account_owner = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ["id"]


class Person(Dated):
    first_name = models.TextField(blank=True, default="")
    last_name = models.TextField(blank=True, default="")
    primary_email = models.TextField(unique=True)
    additional_emails = models.JSONField(blank=True, default=list)
    job_title = models.TextField(blank=True, default="")
    phone_number = models.TextField(blank=True, default="")
    phone_country = models.TextField(blank=True, default="")
    phone_calling_code = models.TextField(blank=True, default="")
    additional_phones = models.JSONField(blank=True, default=list)
    city = models.TextField(blank=True, default="")
    avatar_url = models.TextField(blank=True, default="")
    avatar_file = models.JSONField(null=True, blank=True)
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True, related_name="people")
    department = models.TextField(blank=True, default="")
    seniority = models.FloatField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("city", "last_name", "id", name="plain_city_last_name")]
