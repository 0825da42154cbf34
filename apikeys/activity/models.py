"""The rows of both logs. Their tables are partitioned by id, which sorts by time (`config.time_ids`), so the migration
makes them and Django only reads: `apikeys.activity.partitions` says how partitions come and go.

Names are kept as they were then; nothing here leads to another table, so that a row outlives what it is about.
"""

from __future__ import annotations

from datetime import datetime

import orjson
from django.db import models

from config.time_ids import moment_of, time_ordered_id


class _Entry(models.Model):
    id = models.UUIDField(primary_key=True, default=time_ordered_id, editable=False)
    workspace_id = models.UUIDField()

    class Meta:
        abstract = True

    @property
    def at(self) -> datetime:
        return moment_of(self.id)


class RequestEntry(_Entry):
    """One request of a caller whose workspace is known. No body, no value of a query, no secret (`facts.py`)."""

    is_key = models.BooleanField()  # else a member
    caller_id = models.UUIDField(null=True)  # null: the log itself, which could not keep up
    caller_name = models.TextField()  # empty when the token was refused before its name was read
    api = models.TextField()  # of facts.APIS
    method = models.TextField()
    path = models.TextField()
    operation = models.TextField(null=True)  # of GraphQL: `query people, companies`
    object_name = models.TextField(null=True)  # nameSingular
    status = models.SmallIntegerField()
    outcome = models.SmallIntegerField()  # first digit of the status, or of the one that a GraphQL error stands for
    error_code = models.TextField(null=True)
    error_message = models.TextField(null=True)
    error_hint = models.TextField(null=True)
    duration_ms = models.FloatField()
    address = models.TextField()
    headers = models.TextField()  # JSON
    given_id = models.TextField(null=True)  # X-Request-Id of the client; null: the request has the entry's own id

    class Meta:
        managed = False
        db_table = "apikeys_requestlog"
        ordering = ["-id"]

    @property
    def request_id(self) -> str:
        return self.id.hex if self.given_id is None else self.given_id


class AuditEntry(_Entry):
    """One act of an admin, written in the transaction that acts. `before` and `after` hold what differs, no secrets."""

    actor_kind = models.TextField()  # key, member or system
    actor_id = models.UUIDField(null=True)
    actor_name = models.TextField()
    act = models.TextField()  # `role.updated`
    subject_id = models.UUIDField(null=True)
    subject_name = models.TextField()
    before_json = models.TextField(db_column="before")  # as text: its members keep their order
    after_json = models.TextField(db_column="after")
    address = models.TextField()  # empty for the command line
    user_agent = models.TextField()
    request_id = models.TextField()

    class Meta:
        managed = False
        db_table = "apikeys_auditlog"
        ordering = ["-id"]

    @property
    def before(self) -> dict[str, object]:
        """By API name; empty for what was not there, or what has no state."""
        found: dict[str, object] = orjson.loads(self.before_json)
        return found

    @property
    def after(self) -> dict[str, object]:
        found: dict[str, object] = orjson.loads(self.after_json)
        return found
