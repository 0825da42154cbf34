"""Writes that are sent again under one key happen once: the key is claimed before, the answer kept with the write.

A claim is a row without an answer, made in a transaction of its own so that a request that comes
meanwhile sees it. It holds for a lease: the key of a request that died is free when that ends, and one
that outlived its lease cannot keep its answer, thus not commit, once another has claimed the key.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from config.errors import ApiError, BadRequest, Conflict, IdempotencyKeyInUse, IdempotencyMismatch
from config.http.rendering import dumps
from config.principal import Permissions, Principal
from core.sql.execute import fetch
from core.sql.fragment import Sql
from core.sql.lateness import note_again
from metadata.models import Workspace

LONGEST_KEY = 255
KEPT = "interval '24 hours'"
LEASE = "interval '60 seconds'"
FORGET_EVERY = 64  # one in so many claims deletes old rows
FORGOTTEN_AT_ONCE = 500
PASSING = frozenset((409, 429))  # refusals that say: try again

_TABLE = "public.core_idempotencykey"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    content: bytes
    content_type: str
    etag: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this request holds; `lease_until` tells its claim from any other of the same row."""

    id: int
    lease_until: datetime
    using: str


def claim(principal: Principal, key: str, method: str, path: str, body: bytes) -> Claim | KeptAnswer:
    """Claim the key for a request, or give the answer that the same request got before.

    `path` is with the query. Raises IdempotencyMismatch when the key came with another request, or with other
    rights to read, in the last 24 hours, IdempotencyKeyInUse while its request runs, BadRequest for a text that
    is no key.
    Call it outside of a transaction.
    """
    if not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadRequest(
            f"Idempotency-Key should be 1 to {LONGEST_KEY} printable ASCII characters", path="Idempotency-Key"
        )
    using = principal.workspace.shard
    owner = (str(principal.workspace_id), str(_id_of(principal)), key)
    digest = sha256(body + _rights(principal.permissions)).digest()
    if random.randrange(FORGET_EVERY) == 0:  # noqa: S311 - nobody gains by guessing it
        forget(using)
    while True:
        rows = fetch(
            Sql(
                f"INSERT INTO {_TABLE} AS k"
                " (workspace_id, principal_id, key, method, path, digest, created_at, lease_until)"
                f" VALUES (%s::uuid, %s::uuid, %s, %s, %s, %s::bytea, now(), clock_timestamp() + {LEASE})"
                " ON CONFLICT (workspace_id, principal_id, key) DO UPDATE SET method = excluded.method,"
                " path = excluded.path, digest = excluded.digest, created_at = excluded.created_at,"
                " lease_until = excluded.lease_until, status = NULL, answer = NULL, content_type = NULL, etag = NULL"
                f" WHERE k.created_at < now() - {KEPT} OR (k.status IS NULL AND k.lease_until < now())"
                " RETURNING id, lease_until",
                (*owner, method, path, digest),
            ),
            using,
        )
        if rows:
            [(row_id, lease_until)] = rows
            return Claim(row_id, lease_until, using)
        found = fetch(
            Sql(
                "SELECT method = %s AND path = %s AND digest = %s::bytea, status, answer, content_type, etag"
                f" FROM {_TABLE}"
                " WHERE workspace_id = %s::uuid AND principal_id = %s::uuid AND key = %s",
                (method, path, digest, *owner),
            ),
            using,
        )
        if found:  # else its request was let go between the two statements
            kept = _kept(*found[0])
            note_again(principal.workspace)
            return kept


def _kept(
    is_same: bool, status: int | None, content: memoryview | None, content_type: str, etag: str | None
) -> KeptAnswer:
    if not is_same:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for another request",
            hint="Send the same method, path and body again with the same role, or take a new key.",
            path="Idempotency-Key",
        )
    if status is None or content is None:
        raise IdempotencyKeyInUse(
            "The first request with this Idempotency-Key is still running", hint="Try again.", path="Idempotency-Key"
        )
    return KeptAnswer(status, bytes(content), content_type, etag)


def write_once(claimed: Claim, write: Callable[[], KeptAnswer]) -> None:
    """Run a write and keep its answer in one transaction. What the write raises goes up, and nothing is kept.

    The write's own transaction becomes a savepoint, to which it returns when it has to try again after a
    deadlock; no lock is held from before it.
    """
    with transaction.atomic(using=claimed.using):
        _keep(claimed, write())


def settle(claimed: Claim, answer: KeptAnswer, status: int) -> None:
    """Keep the answer of a write that was refused, or free the key where the refusal is a passing one.

    `status` is the refusal's, whatever status it is answered with. When the database cannot be reached, the
    lease frees the key.
    """
    try:
        if status >= 500 or status in PASSING:
            row = (claimed.id, claimed.lease_until)
            fetch(Sql(f"DELETE FROM {_TABLE} WHERE id = %s::bigint AND lease_until = %s", row), claimed.using)
        else:
            _keep(claimed, answer)
    except ApiError:
        pass


def forget(using: str) -> None:
    """Delete some of the rows that are older than a key is kept."""
    fetch(
        Sql(
            f"DELETE FROM {_TABLE} WHERE id IN (SELECT id FROM {_TABLE} WHERE created_at < now() - {KEPT}"
            f" LIMIT {FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED)"
        ),
        using,
    )


def workspace_purged(workspace: Workspace) -> None:
    """Remove the keys of a workspace that is gone."""
    fetch(Sql(f"DELETE FROM {_TABLE} WHERE workspace_id = %s::uuid", (str(workspace.id),)), workspace.shard)


def _keep(claimed: Claim, answer: KeptAnswer) -> None:
    kept = fetch(
        Sql(
            f"UPDATE {_TABLE} SET status = %s::smallint, answer = %s::bytea, content_type = %s, etag = %s"
            " WHERE id = %s::bigint AND lease_until = %s AND status IS NULL RETURNING id",
            (answer.status, answer.content, answer.content_type, answer.etag, claimed.id, claimed.lease_until),
        ),
        claimed.using,
    )
    if not kept:
        raise Conflict("The request took too long and another with its Idempotency-Key began", hint="Try again.")


def _rights(permissions: Permissions) -> bytes:
    """What tells apart who may read what: an answer kept for wider rights is not repeated to narrower ones."""
    objects = sorted(str(each) for each, says in permissions.objects.items() if says.read is False)
    fields = sorted(map(str, permissions.unreadable_fields))
    if permissions.read and not objects and not fields:
        return b""
    readable = sorted(str(each) for each, says in permissions.objects.items() if says.read)
    return dumps([permissions.read, objects, readable, fields, permissions.settings, sorted(permissions.flags)])


def _id_of(principal: Principal) -> UUID:
    return principal.api_key_id or principal.user_id or principal.member_id or UUID(int=0)
