"""The templates that every workspace's tables are cloned from; the ORM never reads records.

`metadata.storage` makes `ws_<workspace>.o_<object>` as `LIKE core_record INCLUDING ALL`, so the
columns, defaults and indexes here are those of every object.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now


class MillisecondField(models.DateTimeField):  # type: ignore[type-arg]
    """A timestamp of the precision that the APIs print, so that a printed value compares equal to the stored one."""

    def db_type(self, connection: object) -> str:
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


class HistoryEntry(models.Model):
    """One change of one record, written in the statement that makes the change.

    `changes` is `{"before": {…}, "after": {…}}` by storage key, null where the action says it all.
    Entries outlive their record; they go with the object.
    """

    object_id = models.UUIDField()
    record_id = models.UUIDField()
    action = models.TextField()
    at = MillisecondField()
    actor = models.JSONField(null=True)
    changes = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["object_id", "record_id", "id"], name="core_history_record")]


class StoredFile(models.Model):
    """A file uploaded for a FILES field; its content is the `FilePart`s. Cloned into every workspace, as records are.

    `unused_since` is null while some record has it; `core.records.files` deletes what nobody has used for days.
    """

    id = models.UUIDField(primary_key=True)
    field_id = models.UUIDField()
    path = models.TextField()  # files-field/<universal identifier of the field>/<id><extension>
    name = models.TextField()
    content_type = models.TextField()
    size_bytes = models.BigIntegerField()
    created_at = MillisecondField(db_default=Now())
    created_by = models.JSONField(null=True)
    unused_since = models.DateTimeField(null=True, db_default=Now())


class FilePart(models.Model):
    """A piece of a file's content, not compressed by PostgreSQL; the pieces are numbered from 0."""

    pk = models.CompositePrimaryKey("file_id", "number")
    file_id = models.UUIDField()
    number = models.IntegerField()
    content = models.BinaryField()


class IdempotencyKey(models.Model):
    """A write that its client may send again, and its answer: null as long as the write runs.

    Kept in the database of the workspace's records, so that it commits with them. `core.records.idempotency`
    reads and writes it.
    """

    workspace_id = models.UUIDField()
    principal_id = models.UUIDField()
    key = models.CharField(max_length=255)
    method = models.TextField()
    path = models.TextField()
    digest = models.BinaryField()
    status = models.SmallIntegerField(null=True)
    answer = models.BinaryField(null=True)
    content_type = models.TextField(null=True)
    etag = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "principal_id", "key"], name="core_idempotencykey_key")
        ]
        indexes = [models.Index(fields=["created_at"], name="core_idempotencykey_created")]
