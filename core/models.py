"""The templates that every workspace's tables are cloned from; the ORM never reads records.

`metadata.storage` makes `ws_<workspace>.o_<object>` as `LIKE core_record INCLUDING ALL`, so the
columns, defaults and indexes here are those of every object.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now


class MillisecondField(models.DateTimeField):
    """A timestamp of the precision that the APIs print, so that a printed value compares equal to the stored one."""

    def db_type(self, connection: Any) -> str:
        return "timestamp(3) with time zone"


class Record(models.Model):
    """One record. `data` holds the fields by their storage key; an absent key is null."""

    id = models.UUIDField(primary_key=True)
    data = models.JSONField(db_default={})
    search = SearchVectorField(null=True)
    position = models.FloatField(null=True)
    created_at = MillisecondField(db_default=Now())
    updated_at = MillisecondField(db_default=Now())
    deleted_at = MillisecondField(null=True)
    created_by = models.JSONField(null=True)
    updated_by = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at", "id"], name="core_record_created", condition=models.Q(deleted_at__isnull=True)
            ),
            models.Index(
                fields=["position", "id"], name="core_record_position", condition=models.Q(deleted_at__isnull=True)
            ),
            GinIndex(fields=["search"], name="core_record_search"),
        ]


class RecordCount(models.Model):
    """Kept totals: the sum of `live` over an object's rows is its number of records that are not deleted.

    Every write that changes the number adds a row in its own statement, so no two writers wait for
    each other; `core.records.totals` folds the rows now and then.
    """

    object_id = models.UUIDField(db_index=True)
    live = models.BigIntegerField()
