"""The audit: what settings.AUDIT names. One row for an act, in the transaction that acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from apikeys.activity.facts import secretless
from config.audit import Facts
from config.errors import bounded
from config.http.client_address import client_address
from config.http.rendering import dumps
from config.http.server_url import answering
from config.principal import Principal
from config.time_ids import time_ordered_hex

_INSERT = (
    "INSERT INTO apikeys_auditlog (id, workspace_id, actor_kind, actor_id, actor_name, act, subject_id, subject_name,"
    " before, after, address, user_agent, request_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
COMMAND_LINE = "Command line"
LONGEST_NAME = 300


def note(
    workspace_id: UUID,
    act: str,
    subject_id: UUID | None,
    name: str,
    before: Facts | None,
    after: Facts | None,
    by: Principal | None,
) -> None:
    """See `config.audit.note`."""
    was, became = differing(before or {}, after or {})
    if before is None or after is None:  # it came or went: what it had, and not what it had not
        was, became = ({name: value for name, value in each.items() if value is not None} for each in (was, became))
    if before is not None and after is not None and not became and not was:
        return
    request: Any = answering.get()
    principal: Principal | None = getattr(request, "principal", None)
    if by is not None and not (by.is_system and principal is not None):
        principal = by
    kind, actor_id, actor_name = _actor(principal)
    meta = {} if request is None else request.META
    values = (
        time_ordered_hex(),
        str(workspace_id),
        kind,
        None if actor_id is None else str(actor_id),
        actor_name[:LONGEST_NAME],
        act,
        None if subject_id is None else str(subject_id),
        name[:LONGEST_NAME].replace("\0", ""),
        _json(was),
        _json(became),
        "" if request is None else client_address(request),
        secretless(meta.get("HTTP_USER_AGENT", "")),
        "" if request is None else secretless(getattr(request, "request_id", "")),
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)


def differing(before: Facts, after: Facts) -> tuple[dict[str, object], dict[str, object]]:
    """What each has that the other has not, or has otherwise.

    >>> differing({"name": "a", "role": "x"}, {"name": "b", "role": "x"})
    ({'name': 'a'}, {'name': 'b'})
    """
    return _beyond(before, after), _beyond(after, before)


def _beyond(facts: Facts, others: Facts) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name not in others or others[name] != value}


def _json(facts: Mapping[str, object]) -> str:
    return dumps(bounded(facts)).decode().replace("\\u0000", "")


def _actor(principal: Principal | None) -> tuple[str, UUID | None, str]:
    if principal is None or principal.is_system:
        return "system", None, COMMAND_LINE
    if principal.api_key_id is not None:
        return "key", principal.api_key_id, principal.name
    return "member", principal.user_id, principal.name
