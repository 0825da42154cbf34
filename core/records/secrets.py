"""Values that are answered to nobody (tokens of connected accounts) are kept encrypted, as JSON text.

They are sealed before anything is made of an input, so records, their history and files of them hold the same
ciphertext. Each sealing gives another one: that a value is written anew tells nobody whether it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from config.encryption import PREFIX, CannotDecrypt, decrypt, encrypt, is_encrypted, is_newest
from config.http.rendering import dumps, loads
from core.query.scope import Scope
from core.query.writes import RecordInput, plan_inputs
from core.sql.execute import fetch
from core.sql.filters import table_of
from core.sql.fragment import Sql, quoted
from metadata.cache import current_schema
from metadata.models import Workspace
from metadata.schema import FieldSchema, ObjectSchema

BATCH = 500


def sealed_inputs(
    scope: Scope, subject: ObjectSchema, records: Sequence[object], *, is_update: bool = False, as_batch: bool = True
) -> list[RecordInput]:
    """`core.query.writes.plan_inputs` for values that are stored."""
    inputs = plan_inputs(scope, subject, records, is_update=is_update, as_batch=as_batch)
    for field in subject.secret_fields:
        for record in inputs:
            value = record.values.get(field)
            if value is not None:
                record.values[field] = encrypt(dumps(value).decode())
    return inputs


def secrets_seal() -> int:
    """Encrypt what was stored before anything was; gives how many values."""
    return sum(secrets_rotate(only_plain=True)[:1])


def secrets_rotate(*, only_plain: bool = False) -> tuple[int, int, int]:
    """Encrypt all of these values under the newest key: how many were, how many were already, how many no key reads.

    What the history knows of values from before they were encrypted is taken out of it. A value is written only
    where it still is what was read, so the server may run meanwhile.
    """
    anew = newest = unreadable = 0
    for workspace in Workspace.objects.filter(deleted_at=None).order_by("created_at"):
        for subject in current_schema(workspace.id).objects:
            for field in subject.secret_fields:
                _forget_plain(subject, field, workspace.shard)
                for record_id, stored in _stored(subject, field, workspace.shard):
                    value = loads(stored.encode())
                    is_sealed = isinstance(value, str) and is_encrypted(value)
                    if is_sealed and (only_plain or is_newest(value)):
                        newest += 1
                        continue
                    try:
                        text = decrypt(value) if is_sealed else stored
                    except CannotDecrypt:
                        unreadable += 1
                        continue
                    anew += _replace(subject, field, record_id, stored, encrypt(text), workspace.shard)
    return anew, newest, unreadable


def _stored(subject: ObjectSchema, field: FieldSchema, using: str) -> Iterator[tuple[UUID, str]]:
    """The records that have a value, by id, each with its JSON text."""
    last = "00000000-0000-0000-0000-000000000000"
    while True:
        rows = fetch(
            Sql(
                f"SELECT id, data -> %s::text FROM {table_of(subject)} WHERE id > %s::uuid AND data ? %s::text"
                f" ORDER BY id LIMIT {BATCH}",
                (field.storage_key, last, field.storage_key),
            ),
            using,
            prepare=False,
        )
        yield from rows
        if len(rows) < BATCH:
            return
        last = str(rows[-1][0])


def _replace(subject: ObjectSchema, field: FieldSchema, record_id: UUID, stored: str, sealed: str, using: str) -> int:
    """Without a trace: the record is as it was for everybody."""
    key = field.storage_key
    return len(
        fetch(
            Sql(
                f"UPDATE {table_of(subject)} SET data = jsonb_set(data, ARRAY[%s::text], to_jsonb(%s::text))"
                " WHERE id = %s::uuid AND data -> %s::text = %s::jsonb RETURNING id",
                (key, sealed, str(record_id), key, stored),
            ),
            using,
            prepare=False,
        )
    )


def _forget_plain(subject: ObjectSchema, field: FieldSchema, using: str) -> None:
    key = field.storage_key
    fetch(
        Sql(
            f"UPDATE {quoted(subject.schema_name)}.history"
            " SET changes = (changes #- ARRAY['before', %s::text]) #- ARRAY['after', %s::text]"
            " WHERE object_id = %s::uuid AND ("
            f" coalesce(changes #>> ARRAY['before', %s::text], '{PREFIX}') NOT LIKE '{PREFIX}%%'"
            f" OR coalesce(changes #>> ARRAY['after', %s::text], '{PREFIX}') NOT LIKE '{PREFIX}%%')",
            (key, key, str(subject.id), key, key),
        ),
        using,
        prepare=False,
    )
