"""Notices that a key is about to end: 14, 3 and 1 days before, an entry of the audit; the pages show who is near."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy

from apikeys.models import ApiKey
from config import audit
from config.http.notices import Notice, Source

NOTICE_DAYS = (1, 3, 14)  # before the end, the last one first
AT_ONCE = 500  # keys of one transaction


def days_of_notice(key: ApiKey, now: datetime) -> int | None:
    """Which of NOTICE_DAYS a key that works has come to; None when its end is further away, or past."""
    if key.revoked_at is not None or key.expires_at <= now:
        return None
    return next((days for days in NOTICE_DAYS if key.expires_at <= now + timedelta(days=days)), None)


def _told(id: UUID, name: str, expires_at: datetime | None, reason: str | None) -> Notice:
    said = gettext("{name} stops working {at}. Give it a later end, or whatever uses it another key.")
    return Notice(f"/settings/api-webhooks/keys/{id}", name, said, expires_at)


PAGE_NOTICES = Source(
    select=f"""
        SELECT id, name, expires_at, NULL
        FROM apikeys_apikey
        WHERE workspace_id = %(workspace_id)s AND revoked_at IS NULL AND expires_at > now()
            AND expires_at <= now() + interval '{max(NOTICE_DAYS)} days'
        ORDER BY expires_at, id""",  # noqa: S608 - a number of ours
    told=_told,
    others=ngettext_lazy(
        "{count} other key stops working in the next two weeks.",
        "{count} other keys stop working in the next two weeks.",
        "count",
    ),
)


def notices_give() -> int:
    """Note in the audit which keys have come to a notice that was not given; gives how many. `maintain` calls it."""
    now = timezone.now()
    given = 0
    while rows := _give_some(now):
        given += rows
    return given


@transaction.atomic
def _give_some(now: datetime) -> int:
    near = ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + timedelta(days=max(NOTICE_DAYS))
    )
    due = []
    for key in near.select_for_update(skip_locked=True).order_by("expires_at", "id"):
        days = days_of_notice(key, now)
        if days is not None and (key.expiry_notice_days is None or days < key.expiry_notice_days):
            key.expiry_notice_days = days
            due.append(key)
        if len(due) == AT_ONCE:
            break
    ApiKey.objects.bulk_update(due, ["expiry_notice_days"])
    for key in due:
        facts = {"expiresAt": key.expires_at, "isPaused": not key.enabled}
        audit.note(key.workspace_id, "apiKey.expiring", subject_id=key.id, name=key.name, after=facts)
    return len(due)
